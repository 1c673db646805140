/*
 * trace: reads and changes the memory of another process, by ptrace(2), process_vm_writev(2),
 * /proc/PID/mem, and takes a descriptor of it (pidfd_getfd(2)).
 *
 *   trace victim          waits for SIGTERM, and says then which of the three ways has changed it
 *   trace attack PID      changes it; the two are the same file, so that the addresses are the same
 *   trace unshare|group PID    writes code into process 1 (a stage that waits for signals), and wakes it: it
 *                         makes a user namespace, or signals its process group (SIGURG); then it ends, with
 *                         status 40, or 40 + the error
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile long changed[3];

static void *address_of(int i)
{
    return (void *)(uintptr_t)&changed[i];
}

static int could;

static void report(const char *way, long result)
{
    printf("%s: %s\n", way, result < 0 ? strerror(errno) : "done");
    fflush(stdout);
    could |= result >= 0;
}

static int be_victim(void)
{
    sigset_t wanted;
    int number;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    puts("ready");
    fflush(stdout);
    sigwait(&wanted, &number);
    printf("%ld%ld%ld\n", changed[0], changed[1], changed[2]);
    return 0;
}

static int open_memory(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    return open(path, O_RDWR | O_CLOEXEC);
}

static long poke(pid_t pid)
{
    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0)
        return -1;
    waitpid(pid, NULL, __WALL);
    long result = ptrace(PTRACE_POKEDATA, pid, address_of(1), (void *)1L);
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return result;
}

static int attack(pid_t pid)
{
    long one = 1;
    struct iovec here = {&one, sizeof one}, there = {address_of(0), sizeof one};
    report("process_vm_readv", process_vm_readv(pid, &here, 1, &there, 1, 0));
    one = 1;
    report("process_vm_writev", process_vm_writev(pid, &here, 1, &there, 1, 0));
    report("ptrace", poke(pid));
    report("seize", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
    int memory = open_memory(pid);
    report("mem", memory < 0 ? -1 : (long)pwrite(memory, &one, sizeof one, (off_t)address_of(2)));
    int handle = (int)syscall(SYS_pidfd_open, pid, 0);
    report("pidfd_getfd", handle < 0 ? -1 : syscall(SYS_pidfd_getfd, handle, 0, 0));
    return !could;
}

static int inject(pid_t pid, unsigned char call, unsigned char high, unsigned char second)
{
#ifdef __x86_64__
    /* exit_group(40 - CALL(HIGH << 24, SECOND)) */
    const unsigned char code[] = {
        0xb8, call, call == 62 ? 0 : 1, 0x00, 0x00, 0xbf, 0x00, 0x00, 0x00, high,
        0xbe, second, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xf7, 0xd8, 0x8d,
        0x78, 0x28, 0xb8, 0xe7, 0x00, 0x00, 0x00, 0x0f, 0x05,
    };
    char path[64], text[256] = "";
    unsigned long pointer = 0;
    snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
    /* It is asleep in sigtimedwait(2), and will go on where that returns to: the last word of the line. */
    for (int tries = 0; tries < 500 && !pointer; tries++) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
        if (length < 0)
            return report("where it is", -1), 1;
        text[length] = '\0';
        close(file);
        const char *last = strrchr(text, ' ');
        if (last && strtol(text, NULL, 10) == SYS_rt_sigtimedwait)
            pointer = strtoul(last + 1, NULL, 16);
        usleep(10000);
    }
    int memory = open_memory(pid);
    if (!pointer)
        return 2;
    if (memory < 0 || pwrite(memory, code, sizeof code, (off_t)pointer) != sizeof code)
        return report("mem", -1), 1;
    kill(pid, SIGCHLD);
    sleep(10); /* we end with process 1 */
#endif
    (void)pid, (void)call, (void)high, (void)second;
    return 2;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "victim") == 0)
        return be_victim();
    if (argc == 3 && strcmp(argv[1], "attack") == 0)
        return attack(atoi(argv[2]));
    if (argc == 3 && strcmp(argv[1], "unshare") == 0)
        return inject(atoi(argv[2]), SYS_unshare & 0xff, CLONE_NEWUSER >> 24, 0);
    if (argc == 3 && strcmp(argv[1], "group") == 0)
        return inject(atoi(argv[2]), SYS_kill & 0xff, 0, SIGURG);
    return 2;
}
