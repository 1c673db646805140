/* fault: prints "ready" and sleeps outside of any call of the kernel: in a page fault that nobody answers
 * (userfaultfd(2)). */
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/userfaultfd.h: musl has no kernel headers beside it. */
struct api {
    uint64_t api, features, ioctls;
};
struct range {
    uint64_t start, length, mode, ioctls;
};
enum { API = 0xaa, MISSING = 1, USER_MODE_ONLY = 1 };
#define SAY_API _IOWR(API, 0x3f, struct api)
#define REGISTER _IOWR(API, 0x00, struct range)

int main(void)
{
    enum { PAGE = 65536 }; /* or less */
    char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | USER_MODE_ONLY);
    struct api api = {.api = API};
    struct range range = {.start = (uintptr_t)memory, .length = PAGE, .mode = MISSING};
    if (memory == MAP_FAILED || faults < 0 || syscall(SYS_ioctl, faults, SAY_API, &api) < 0 ||
        syscall(SYS_ioctl, faults, REGISTER, &range) < 0 || write(STDOUT_FILENO, "ready\n", 6) < 0)
        return 1;
    return *(volatile char *)memory;
}
