/*
 * signals: signals a process of the host, by all calls that can; each way has a signal of its own.
 *
 *   signals victim                    says which signals come, until SIGTERM
 *   signals send PID                  40 and up, one for each way, to this process
 *   signals group                     SIGURG to the own process group: kill(0)
 *   signals everyone NAMESPACE        SIGURG to all that can be seen: kill(-1); not in this PID namespace
 *                                     (readlink /proc/self/ns/pid), which is the host's, nor in the first one
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define FIRST_NAMESPACE "pid:[4026531836]" /* PROC_PID_INIT_INO */

static int could;

static long report(const char *way, long result)
{
    printf("%s: %s\n", way, result < 0 ? strerror(errno) : "done");
    could |= result >= 0;
    return result;
}

static int be_victim(void)
{
    sigset_t all;
    siginfo_t info;
    memset(&all, 0xff, sizeof all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    puts("ready");
    fflush(stdout);
    for (int ends = 0; !ends || sigtimedwait(&all, &info, &(struct timespec){0}) > 0;) {
        if (!ends && sigwaitinfo(&all, &info) < 0)
            continue;
        if (info.si_signo == SIGTERM)
            ends = 1; /* with what is pending still */
        else if (info.si_signo != SIGCHLD)
            printf("%d\n", info.si_signo);
        fflush(stdout);
    }
    return 0;
}

/* Has the kernel signal the owner of a pipe, when something comes through it. */
static void send_by_owner(const char *way, int signal, int command, long owner)
{
    int ends[2];
    if (pipe(ends) < 0 || fcntl(ends[0], F_SETFL, O_ASYNC) < 0 || fcntl(ends[0], F_SETSIG, signal) < 0)
        exit(2);
    if (report(way, fcntl(ends[0], command, owner)) >= 0 && write(ends[1], "x", 1) < 0)
        exit(2);
}

static int send_all(pid_t pid)
{
    struct f_owner_ex owner = {F_OWNER_PID, pid};
    siginfo_t info = {.si_code = SI_QUEUE};
    report("kill", kill(pid, 40));
    report("kill, group", kill(-pid, 41));
    report("tkill", syscall(SYS_tkill, pid, 42));
    report("tgkill", syscall(SYS_tgkill, pid, pid, 43));
    info.si_signo = 44;
    report("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, pid, 44, &info));
    info.si_signo = 45;
    report("rt_tgsigqueueinfo", syscall(SYS_rt_tgsigqueueinfo, pid, pid, 45, &info));
    int handle = (int)report("pidfd_open", syscall(SYS_pidfd_open, pid, 0));
    if (handle >= 0)
        report("pidfd_send_signal", syscall(SYS_pidfd_send_signal, handle, 46, NULL, 0));
    send_by_owner("F_SETOWN", 47, F_SETOWN, pid);
    send_by_owner("F_SETOWN, group", 48, F_SETOWN, -pid);
    send_by_owner("F_SETOWN_EX", 49, F_SETOWN_EX, (long)&owner);
    int link = socket(AF_UNIX, SOCK_STREAM, 0);
    report("FIOSETOWN", ioctl(link, FIOSETOWN, &pid));
    report("SIOCSPGRP", ioctl(link, SIOCSPGRP, &pid));
    report("TIOCSPGRP", ioctl(STDIN_FILENO, TIOCSPGRP, &pid));
    return !could;
}

static int send_everyone(const char *host)
{
    char own[64] = "";
    if (readlink("/proc/self/ns/pid", own, sizeof own - 1) < 0 || strncmp(host, "pid:[", 5) != 0 ||
        strcmp(own, host) == 0 || strcmp(own, FIRST_NAMESPACE) == 0)
        return 2;
    report("kill(-1)", kill(-1, SIGURG));
    return !could;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "victim") == 0)
        return be_victim();
    if (argc == 3 && strcmp(argv[1], "send") == 0 && atoi(argv[2]) > 1)
        return send_all(atoi(argv[2]));
    if (argc == 2 && strcmp(argv[1], "group") == 0)
        return report("kill(0)", kill(0, SIGURG)), !could;
    if (argc == 3 && strcmp(argv[1], "everyone") == 0)
        return send_everyone(argv[2]);
    return 2;
}
