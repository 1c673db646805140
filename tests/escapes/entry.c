/*
 * entry: enters the kernel by doors that a filter of system calls may have forgotten: the 32-bit one (int
 * 0x80), where the numbers mean other calls; the numbers of x32; bits above the number. Each asks for a user
 * namespace, in a process of its own, since the answer may be its death.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
enum { GETPID_32 = 20, MOUNT_32 = 21, UNSHARE_32 = 310, X32 = 0x40000000 };

static int could;

static long call_32(long number, long first)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(0L), "d"(0L), "S"(0L), "D"(0L)
                     : "r8", "r9", "r10", "r11", "memory");
    return (int)result;
}

/* Bypasses the libc, which may cut the number. */
static long call_64(long number, long first)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(0L), "d"(0L)
                     : "rcx", "r11", "memory");
    return result;
}

/* A result of -EFAULT means that the call was made, with an argument that makes no sense. */
static void report(const char *way, long (*call)(long, long), long number, long first)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        long result = call(number, first);
        _exit(result < 0 && result != -EFAULT ? (int)-result : 0);
    }
    waitpid(child, &status, 0);
    const char *end = WIFSIGNALED(status)        ? strsignal(WTERMSIG(status))
                      : WEXITSTATUS(status) == 0 ? "done"
                                                 : strerror(WEXITSTATUS(status));
    printf("%s: %s\n", way, end);
    could |= status == 0;
}

int main(void)
{
    report("32-bit getpid", call_32, GETPID_32, 0);
    report("32-bit mount", call_32, MOUNT_32, 0);
    report("32-bit unshare", call_32, UNSHARE_32, CLONE_NEWUSER);
    report("x32 unshare", call_64, X32 | SYS_unshare, CLONE_NEWUSER);
    report("x32 execve", call_64, X32 | 520, 0);
    report("unshare, more bits", call_64, 1L << 32 | SYS_unshare, CLONE_NEWUSER);
    report("unshare, negative", call_64, (long)(~0UL << 32) | SYS_unshare, CLONE_NEWUSER);
    return !could;
}
#else
int main(void)
{
    return 2;
}
#endif
