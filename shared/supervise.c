#include "supervise.h"

#include "capability.h"
#include "chain.h"
#include "file.h"
#include "inline.h"
#include "kernel.h"
#include "message.h"
#include "rest.h"
#include "start.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Signals of the terminal's stop keys, and of touching it from the background. */
static int is_stop(int signal)
{
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* Returns the first standard stream that is the controlling terminal with us in its foreground. */
static int own_terminal(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        pid_t foreground = tcgetpgrp(fd);
        if (foreground >= 0)
            return foreground == getpgrp() ? fd : -1;
    }
    return -1;
}

static int all_streams_are_terminal(void)
{
    return tcgetpgrp(0) >= 0 && tcgetpgrp(1) >= 0 && tcgetpgrp(2) >= 0;
}

sigset_t all_signals(void)
{
    sigset_t all;
    memset(&all, 0xff, sizeof all);
    return all;
}

void supervise_no_more(struct supervisor *supervisor)
{
    supervisor->has_failed = 1;
    start_failed();
    kill(supervisor->child, SIGKILL);
}

/* The child's side. A parent that dies before prctl(2) has run is noticed by its pidfd: in a new
 * PID namespace getppid(2) is 0 either way. */
static void tie_to_parent(int parent)
{
    struct pollfd end = {.fd = parent, .events = POLLIN};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        fail("cannot ask to be killed with the supervisor");
    int ended = poll(&end, 1, 0);
    if (ended < 0)
        fail("cannot find out whether the supervisor is there");
    if (ended > 0)
        _exit(STATUS_FAILED);
    close(parent);
}

/* The supervisor's side: it holds no more than it needs. Process 1 can be looked at from inside: its
 * working directory must follow when a stage further on changes the root, and only that of the old
 * root does (pivot_root(2)). */
static void stay_behind(struct supervisor *supervisor)
{
    int is_seen = !supervisor->child_is_init && chain_made('p'); /* from inside */
    trace_stay(supervisor->child);
    if (is_seen)
        trace_drop();
    chain_drop_stages();
    chain_drop_terminal();
    if (supervisor->is_init && chdir("/") < 0) {
        complain("cannot leave the working directory");
        supervise_no_more(supervisor);
    }
    /* Without its capabilities it is as weak as PROG, which could trace it (ptrace(2)) and have it do
     * what is locked only further on: not when it is not dumpable. */
    if (chain_made('c') && (prctl(PR_SET_DUMPABLE, 0) < 0 || drop_capabilities() < 0))
        fail("cannot drop the capabilities that were held for the stages");
    start_stay(is_seen);
}

/* What was blocked before hold_signals(). */
static sigset_t mask_before;
static int is_holding;

void hold_signals(void)
{
    sigset_t all = all_signals();
    sigprocmask(SIG_SETMASK, &all, &mask_before);
    is_holding = 1;
}

/* What comes before the fork: returns whether it could. *SELF becomes the pidfd of this process, or -1 for process 1. */
static int begin(struct supervisor *supervisor, uint64_t flags, int *self)
{
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t all = all_signals();

    *self = -1;
    supervisor->is_init = getpid() == 1;
    supervisor->new_session = supervisor->is_init && !all_streams_are_terminal();
    supervisor->terminal = supervisor->is_init ? -1 : own_terminal();
    supervisor->child_is_init = (flags & CLONE_NEWPID) != 0;
    supervisor->killed_by = supervisor->acted_for = supervisor->has_failed = 0;
    supervisor->stop_relayed = 0;
    supervisor->on_stop = NULL;
    supervisor->status = STATUS_FAILED;
    if (!supervisor->is_init && (*self = pidfd_open_of(getpid())) < 0)
        return 0;

    /* PROG may be of the same user and as powerful: it must not write into process 1, whose process group
     * is the caller's. The child is dumpable again with its next execution. */
    if (supervisor->is_init && prctl(PR_SET_DUMPABLE, 0) < 0)
        return 0;

    /* With SIGCHLD ignored the kernel would reap the child itself and keep its status. */
    sigaction(SIGCHLD, &by_default, &supervisor->on_child);

    /* A child that is process 1 must never have a signal blocked that the caller had not: what is
     * pending there is dropped when it is unblocked. So the supervisor blocks them only when the
     * child is there, and until then may be killed by one, and the child with it. */
    if (is_holding)
        supervisor->mask = mask_before;
    else
        sigprocmask(SIG_SETMASK, supervisor->child_is_init ? NULL : &all, &supervisor->mask);
    is_holding = 0;
    return 1;
}

/* What the caller did with signals is as it was, for the child, or when there is none. Keeps errno. */
static void give_signals_back(const struct supervisor *supervisor)
{
    int error = errno;
    sigaction(SIGCHLD, &supervisor->on_child, NULL);
    sigprocmask(SIG_SETMASK, &supervisor->mask, NULL);
    errno = error;
}

/* What follows in the child. */
static void become_child(const struct supervisor *supervisor, int self)
{
    if (supervisor->new_session && setsid() < 0)
        fail("cannot begin a session");
    if (self >= 0)
        tie_to_parent(self);
    give_signals_back(supervisor);
}

/* What follows in the supervisor; returns the pid of the child, or -1. */
static pid_t become_supervisor(struct supervisor *supervisor, int self)
{
    sigset_t all = all_signals();
    if (supervisor->child < 0) {
        give_signals_back(supervisor);
        return -1;
    }
    if (supervisor->child_is_init)
        sigprocmask(SIG_SETMASK, &all, NULL);
    stay_behind(supervisor);
    if (self >= 0)
        close(self);
    return supervisor->child;
}

struct task {
    struct supervisor *supervisor;
    int self;
    void (*step)(void *context);
    void *context;
    char **rest;
};

static int run_task(void *context)
{
    const struct task *task = context;
    become_child(task->supervisor, task->self);
    if (task->step)
        task->step(task->context);
    chain(task->rest);
}

/*
 * Says whether the child can do its task in our memory. It changes what the stages pass on to one another, so there
 * must be nothing of that; process 1, which has it all, lets go of it ahead, if PROG is next. And it must not go on
 * here as the next stage.
 */
static int can_share(const struct supervisor *supervisor, uint64_t flags, int cgroup, char **rest)
{
    if (flags & CLONE_NEWTIME || cgroup >= 0 || is_inlined(rest[0]) || is_traced() || is_starting())
        return 0;
    if (supervisor->is_init)
        chain_prepare(rest);
    return !chain_passes_on();
}

pid_t start_supervised(struct supervisor *supervisor, uint64_t flags, int cgroup, void (*step)(void *context),
                       void *context, char **rest)
{
    int self;
    if (!begin(supervisor, flags, &self))
        return -1;
    struct task task = {supervisor, self, step, context, rest};
    if (can_share(supervisor, flags, cgroup, rest))
        supervisor->child = fork_sharing(flags, run_task, &task);
    else if ((supervisor->child = fork_with(flags, cgroup)) == 0)
        run_task(&task);
    return become_supervisor(supervisor, self);
}

/* Leaves the terminal of a session that we lead, which hangs up its foreground: that is us. Returns whether it had
 * one. */
static int leave_terminal(void)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN}, before;
    if (getsid(0) != getpid())
        return 0;
    sigaction(SIGHUP, &ignored, &before);
    int had_one = ioctl(STDIN_FILENO, TIOCNOTTY) == 0;
    sigaction(SIGHUP, &before, NULL);
    return had_one;
}

pid_t fork_into_joined(struct supervisor *supervisor)
{
    /* What has a terminal of its own (tty-pty) leads a session, which has no number inside, and a shell there wants
     * to name what it gives the terminal back to. So it is the session of the child. */
    int is_terminal = all_streams_are_terminal(), takes_terminal = is_terminal && leave_terminal();
    int new_session = takes_terminal || !is_terminal;
    int self;
    if (!begin(supervisor, 0, &self))
        return -1;
    supervisor->child = fork_with(0, -1);
    if (supervisor->child == 0) {
        become_child(supervisor, self);
        if (new_session && !supervisor->new_session && setsid() < 0)
            fail("cannot begin a session");
        if (takes_terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
            fail("cannot take the terminal");
        return 0;
    }
    become_supervisor(supervisor, self);
    supervisor->new_session = new_session;
    return supervisor->child;
}

static int continue_is_pending(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGCONT) == 1;
}

/*
 * Stops with the child, so that whoever waits for us sees it. Process 1 cannot be stopped from
 * inside; it stops its process group instead, which are the supervisors outside (kill(2) with 0
 * crosses PID namespaces). It does so only for a stop that came from the terminal, or the
 * container could stop its caller at will. A continue that is on its way already wins.
 */
static void stop_with_child(struct supervisor *supervisor)
{
    if (continue_is_pending())
        return;
    if (supervisor->on_stop)
        supervisor->on_stop(1);
    if (!supervisor->is_init)
        kill(getpid(), SIGSTOP);
    else if (!supervisor->new_session || supervisor->stop_relayed)
        kill(0, SIGSTOP);
    supervisor->stop_relayed = 0;
    if (supervisor->on_stop)
        supervisor->on_stop(0);
}

/* What a process does with signals, a bit each, and how often it has slept; from /proc/PID/status. */
struct disposition {
    unsigned long long taken, slept;
};

/* Returns whether it could be read. The file may be long: it lists all groups of the process. */
static int read_disposition(pid_t process, struct disposition *disposition)
{
    static const char *const masks[] = {"SigBlk", "SigIgn", "SigCgt"};
    struct lines lines;
    char path[48];
    unsigned found = 0;
    *disposition = (struct disposition){0};
    snprintf(path, sizeof path, "/proc/%d/status", (int)process);
    open_lines(&lines, AT_FDCWD, path);
    for (char *line; (line = next_line(&lines));) {
        for (int i = 0; i < 3; i++)
            if (strncmp(line, masks[i], strlen(masks[i])) == 0) {
                disposition->taken |= number_after(line, masks[i], 16);
                found |= 1U << i;
            }
        disposition->slept += number_after(line, "voluntary_ctxt_switches", 10);
    }
    return found == 7;
}

/* The call of the kernel that the process is in (/proc/PID/syscall): its number, RUNNING, -1 when it sleeps outside of
 * calls, as for a page of memory that is to be read in, or UNKNOWN when that cannot be found out. */
enum { RUNNING = -2, UNKNOWN = -3 };
static long call_of(pid_t process)
{
    char path[48], call[256];
    snprintf(path, sizeof path, "/proc/%d/syscall", (int)process);
    if (read_file(AT_FDCWD, path, call, sizeof call) <= 0)
        return UNKNOWN;
    return strncmp(call, "running", strlen("running")) == 0 ? RUNNING : strtol(call, NULL, 10);
}

/* Nanoseconds that the process has had of a processor, or 0 when the kernel does not tell (/proc/PID/schedstat). */
static uint64_t processor_time(pid_t process)
{
    char path[48], text[64];
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)process);
    return read_file(AT_FDCWD, path, text, sizeof text) <= 0 ? 0 : strtoull(text, NULL, 10);
}

/*
 * Says whether the process neither catches, blocks, ignores nor awaits the signal (proc(5)). Who
 * awaits it in sigtimedwait(2) is shown as not blocking it meanwhile; so the call is looked at, too,
 * and what was read is believed only when the process has not slept meanwhile. One that has been woken
 * there, and waits for a processor, is shown as running, and as not blocking it: so who runs is believed only
 * when he has had a processor for a while without sleeping, or has got none for so long.
 */
static int takes_default(pid_t process, int signal)
{
    enum { A_WHILE = 2000000 /* ns */, SO_LONG = 10000 /* ms */, NOT_TOLD = 500 /* ms */ };
    const struct timespec millisecond = {.tv_nsec = 1000000};
    struct disposition before, after;
    uint64_t begin = 0;           /* of the processor's time: when he was first seen to run, */
    unsigned long long slept = 0; /* and how often he had slept by then */
    for (int tries = 0, waited = 0, was_running = 0; tries < 1000;) {
        if (!read_disposition(process, &before))
            return 0;
        long call = call_of(process);
        if (!read_disposition(process, &after))
            return 0;
        uint64_t now = call == RUNNING ? processor_time(process) : 0;
        if (!was_running || slept != after.slept)
            begin = now;
        was_running = call == RUNNING;
        slept = after.slept;
        if (was_running && now - begin < A_WHILE && waited < (now ? SO_LONG : NOT_TOLD)) {
            nanosleep(&millisecond, NULL);
            waited++;
            continue;
        }
        if (before.slept == after.slept)
            return call != UNKNOWN && call != SYS_rt_sigtimedwait && !(after.taken >> (signal - 1) & 1);
        tries++;
    }
    return 0;
}

/* Gives a signal that the kernel drops for process 1 its default effect. */
static int act_for_init(struct supervisor *supervisor, int signal)
{
    if (signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH ||
        !takes_default(supervisor->child, signal))
        return 0;
    if (!is_stop(signal))
        supervisor->acted_for = signal;
    kill(supervisor->child, is_stop(signal) ? SIGSTOP : SIGKILL);
    return 1;
}

/*
 * The terminal signals a whole process group: when the child is in ours it has the signal already.
 * In a session of its own the terminal never reaches it: it gets the signal as a group, and a stop
 * as SIGSTOP, since the kernel drops the others for a group without a shell (orphaned, setpgid(2)).
 */
static void relay(struct supervisor *supervisor, int given, int code)
{
    int signal = given;
    pid_t to = supervisor->child;
    pid_t group = getpgid(to);

    if (signal == SIGCONT) {
        kill(group > 0 && group != getpgrp() ? -group : to, SIGCONT);
        return;
    }
    if (supervisor->child_is_init && act_for_init(supervisor, signal))
        return;
    if (code == SI_KERNEL) {
        if (group == getpgrp())
            return;
        if (supervisor->new_session)
            to = -to;
    }
    if (supervisor->new_session && is_stop(signal)) {
        supervisor->stop_relayed = code == SI_KERNEL;
        signal = SIGSTOP;
    }
    kill(to, signal);
    /* Process 1 will not be seen to stop, so who sent it a stop by hand stops with it at once. */
    if (supervisor->child_is_init && is_stop(given))
        stop_with_child(supervisor);
}

/* Returns whether the child has ended. */
static int reap(struct supervisor *supervisor)
{
    int change;
    pid_t pid;

    while ((pid = waitpid(supervisor->is_init ? -1 : supervisor->child, &change,
                          WNOHANG | WUNTRACED)) > 0) {
        if (pid != supervisor->child)
            continue;
        if (WIFSTOPPED(change)) {
            stop_with_child(supervisor);
            continue;
        }
        if (!WIFEXITED(change))
            supervisor->killed_by =
                supervisor->acted_for ? supervisor->acted_for : WTERMSIG(change);
        supervisor->status =
            supervisor->killed_by ? 128 + supervisor->killed_by : WEXITSTATUS(change);
        if (supervisor->has_failed) {
            supervisor->killed_by = 0;
            supervisor->status = STATUS_FAILED;
        }
        return 1;
    }
    return 0;
}

int supervise_signal(struct supervisor *supervisor, int signal, int code)
{
    if (signal && signal != SIGCHLD)
        relay(supervisor, signal, code);
    return reap(supervisor);
}

int supervise_end(struct supervisor *supervisor)
{
    trace_end(supervisor->status);
    /* A shell inside that took the terminal for itself cannot name the group to give it back to. It has ended;
     * a group that is there is somebody else's, who has put us into the background.
     * All signals are blocked, so asking for it from there is no offence (SIGTTOU). */
    pid_t foreground = supervisor->terminal < 0 ? -1 : tcgetpgrp(supervisor->terminal);
    if (foreground > 0 && foreground != getpgrp() && kill(-foreground, 0) < 0 && errno == ESRCH)
        tcsetpgrp(supervisor->terminal, getpgrp());
    return supervisor->status;
}

int supervise(struct supervisor *supervisor)
{
    sigset_t all = all_signals();
    siginfo_t info = {0};

    /* The child may have ended before its signal was waited for. */
    while (!supervise_signal(supervisor, info.si_signo, info.si_code))
        while (await_signal(&all, &info) < 0)
            ;
    return supervise_end(supervisor);
}
