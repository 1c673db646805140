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

enum { NEW = CLONE_NEWUSER | CLONE_NEWNS, POWERLESS = 200 };

static int could;

/* In the new namespace: the process ends with 0 when it has got the power to mount. Without a mount namespace
 * it has not; but a user namespace is one step on the way. */
static _Noreturn void use(void)
{
    int failed = mount("none", "/mytemp", "tmpfs", 0, NULL) < 0 && mount("none", "/", "tmpfs", 0, NULL) < 0;
    _exit(failed ? POWERLESS : 0);
}

static void report(const char *way, int error)
{
    printf("%s: %s\n", way, error == 0 ? "can mount" : error == POWERLESS ? "done" : strerror(error));
    fflush(stdout);
    could |= error == 0 || error == POWERLESS;
}

static int end_of(long child)
{
    int status = 0;
    waitpid((pid_t)child, &status, __WALL);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* clone(2), clone3(2). */
static void report_child(const char *way, long child)
{
    if (child == 0)
        use();
    report(way, child < 0 ? errno : end_of(child));
}

/* unshare(2), setns(2) in a child of their own. */
static void report_in_child(const char *way, long number, long first, long second)
{
    pid_t child = fork();
    if (child == 0) {
        if (syscall(number, first, second) < 0)
            _exit(errno);
        use();
    }
    report(way, end_of(child));
}

int main(void)
{
    static const char *const kinds[] = {"user", "mnt", "uts", "ipc", "net", "pid", "cgroup"};
    const uint64_t arguments[8] = {[0] = NEW, [4] = SIGCHLD}; /* struct clone_args */
    report_in_child("unshare", SYS_unshare, CLONE_NEWUSER, 0);
    report_in_child("unshare with more", SYS_unshare, NEW, 0);
    report_in_child("unshare, more bits", SYS_unshare, (long)(NEW | 1UL << 40), 0);
#ifdef __x86_64__
    report_child("clone", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
    report_child("clone with more", syscall(SYS_clone, NEW | SIGCHLD, 0, 0, 0, 0));
    report_child("clone, more bits", syscall(SYS_clone, NEW | SIGCHLD | 1UL << 40, 0, 0, 0, 0));
#endif
    report_child("clone3", syscall(SYS_clone3, arguments, sizeof arguments));
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
