/*
 * user-namespace: makes a user namespace, in which it has all capabilities again, and mounts something
 * with them. By each call that can; and enters those of process 1 by setns(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NEW = CLONE_NEWUSER | CLONE_NEWNS };

static int could;

/* In the new namespace, if it is one: the process ends with 0 when it has got the power to mount. */
static _Noreturn void use(void)
{
    _exit(mount("none", "/mytemp", "tmpfs", 0, NULL) < 0 && mount("none", "/", "tmpfs", 0, NULL) < 0);
}

static void report(const char *way, long child)
{
    int status = 1;
    if (child == 0)
        use();
    int error = errno;
    if (child > 0)
        waitpid((pid_t)child, &status, __WALL);
    printf("%s: %s\n", way,
           child < 0 ? strerror(error) : status == 0 ? "can mount" : "new, without powers");
    fflush(stdout);
    could |= child > 0 && status == 0;
}

/* unshare(2), setns(2) in a child of their own. */
static void report_in_child(const char *way, long number, long first, long second)
{
    fflush(stdout);
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        if (syscall(number, first, second) < 0)
            _exit(errno);
        use();
    }
    waitpid(child, &status, 0);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    printf("%s: %s\n", way, code == 0 ? "can mount" : strerror(code));
    fflush(stdout);
    could |= code == 0;
}

int main(void)
{
    static const char *const kinds[] = {"user", "mnt", "uts", "ipc", "net", "pid", "cgroup"};
    const uint64_t arguments[8] = {[0] = NEW, [4] = SIGCHLD}; /* struct clone_args */
    report_in_child("unshare", SYS_unshare, CLONE_NEWUSER, 0);
    report_in_child("unshare with more", SYS_unshare, NEW, 0);
    report_in_child("unshare, more bits", SYS_unshare, (long)(NEW | 1UL << 40), 0);
#ifdef __x86_64__
    report("clone", syscall(SYS_clone, NEW | SIGCHLD, 0, 0, 0, 0));
    report("clone, more bits", syscall(SYS_clone, NEW | SIGCHLD | 1UL << 40, 0, 0, 0, 0));
#endif
    report("clone3", syscall(SYS_clone3, arguments, sizeof arguments));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char path[64], way[64];
        snprintf(path, sizeof path, "/proc/1/ns/%s", kinds[i]);
        snprintf(way, sizeof way, "setns %s", kinds[i]);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file >= 0)
            report_in_child(way, SYS_setns, file, 0);
    }
    int handle = (int)syscall(SYS_pidfd_open, 1, 0);
    if (handle >= 0)
        report_in_child("setns by pidfd", SYS_setns, handle, CLONE_NEWNS | CLONE_NEWUTS);
    return !could;
}
