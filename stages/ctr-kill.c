/* ctr-kill: send a signal to a container, or end it. */
#include "container.h"
#include "drain.h"
#include "file.h"
#include "freeze.h"
#include "kernel.h"
#include "message.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { PARENT = 256, ALL, TIMEOUT, SIGNAL };

static const struct option options[] = {
    {ALL, "all", NULL, "to every process of the container, not to PROG alone"},
    {TIMEOUT, "timeout", "SECONDS",
     "wait until it has ended; kill all its processes when it has\nnot by then"},
    {SIGNAL, "signal", "SIGNAL", "name, with or without SIG, or number (default: TERM)"},
    {PARENT, PARENT_OPTION},
    {0},
};

static const struct program program = {
    "ctr-kill",
    "[OPTION...] NAME... | NAME SIGNAL",
    "Send a signal to PROG of the containers, by their supervisors",
    options,
};

static const char *const signals[] = {
    [SIGHUP] = "HUP",       [SIGINT] = "INT",   [SIGQUIT] = "QUIT",   [SIGILL] = "ILL",
    [SIGTRAP] = "TRAP",     [SIGABRT] = "ABRT", [SIGBUS] = "BUS",     [SIGFPE] = "FPE",
    [SIGKILL] = "KILL",     [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV",   [SIGUSR2] = "USR2",
    [SIGPIPE] = "PIPE",     [SIGALRM] = "ALRM", [SIGTERM] = "TERM",   [SIGCHLD] = "CHLD",
    [SIGCONT] = "CONT",     [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",   [SIGTTIN] = "TTIN",
    [SIGTTOU] = "TTOU",     [SIGURG] = "URG",   [SIGXCPU] = "XCPU",   [SIGXFSZ] = "XFSZ",
    [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH", [SIGIO] = "IO",
    [SIGPWR] = "PWR",       [SIGSYS] = "SYS",
};

/* Returns the number of a signal by its name, or -1. */
static int signal_by_name(const char *name)
{
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (int i = 1; i < (int)(sizeof signals / sizeof *signals); i++)
        if (signals[i] && strcasecmp(signals[i], name) == 0)
            return i;
    return -1;
}

static int read_signal(const char *what, const char *text)
{
    int number = signal_by_name(text);
    if (number > 0)
        return number;
    if (!*text || strspn(text, "0123456789") != strlen(text))
        refuse("%s: \"%s\" is no signal: a name as TERM, or a number", what, text);
    return (int)read_number(what, text, 0, 64);
}

/*
 * Takes the signal off the form NAME SIGNAL, if it is that; returns it, or -1. What spells a signal
 * and is the name of a container, too, is not guessed at.
 */
static int take_second_word(struct words *words, const char *parent)
{
    char **name = words->next;
    struct containers all;
    struct container container;
    if (!name[0] || !name[1] || name[2])
        return -1;
    if (signal_by_name(name[1]) < 0 &&
        (!*name[1] || strspn(name[1], "0123456789") != strlen(name[1])))
        return -1;
    find_containers(&all, parent);
    if (is_name(name[1]) && open_container(&container, &all, name[1])) {
        hint("put \"--signal %s\" or \"--signal TERM\" before the names", name[1]);
        refuse("%s is a signal, and the name of a container", name[1]);
    }
    int signal = read_signal("SIGNAL", name[1]);
    name[1] = NULL;
    release_containers(&all);
    return signal;
}

/* A container, its supervisor as a pidfd (-1: it has ended), and who gets what. */
struct target {
    struct container container;
    int supervisor;
    int signal;
    int all;
    int sent; /* to how many processes directly */
    struct processes processes;
    const struct process *prog;
};

/* What a supervisor cannot take, or does not relay (supervise.c). */
static int is_direct(int signal)
{
    return signal == SIGKILL || signal == SIGSTOP || signal == SIGCHLD;
}

/* Says whether a process gets the signal from us, and not from the supervisor that it has above it.
 * One that is newer than what was read does. */
static int is_meant(const struct target *target, pid_t pid)
{
    if (target->prog && target->prog->pid == pid)
        return is_direct(target->signal);
    for (int i = 0; target->signal != SIGKILL && i < target->processes.count; i++)
        if (target->processes.list[i].pid == pid)
            return target->all && !is_supervisor(&target->processes.list[i]);
    return target->all;
}

/* The process is pinned first, and then looked for in the group: so it is no stranger that has its
 * number by now. */
static int send_to(int directory, pid_t pid, void *context)
{
    struct target *target = context;
    if (!is_meant(target, pid))
        return 0;
    int process = pidfd_open_of(pid);
    if (process < 0 && errno == ESRCH)
        return 0;
    if (process < 0 || (has_process(directory, pid) && pidfd_signal(process, target->signal) < 0 &&
                        errno != ESRCH))
        fail("cannot send signal %d to process %d of %s", target->signal, (int)pid,
             target->container.name);
    close(process);
    target->sent++;
    return 0;
}

/* Lets it act on what it was sent, when it is paused, or stopped with its supervisor. */
static void let_go(const struct target *target)
{
    thaw_container(&target->container);
    pidfd_signal(target->supervisor, SIGCONT);
}

/* Returns whether the supervisor has ended: the group is gone then. */
static int has_ended(const struct target *target, int milliseconds)
{
    struct pollfd end = {.fd = target->supervisor, .events = POLLIN};
    return target->supervisor < 0 || poll(&end, 1, milliseconds) != 0;
}

static void send_signal(struct target *target)
{
    const struct container *container = &target->container;
    read_processes(container, &target->processes);
    target->prog = main_process(&target->processes, first_process(&target->processes));
    target->sent = 0;
    if ((target->all || is_direct(target->signal)) &&
        visit_processes(main_group(container), send_to, target) < 0)
        fail("cannot read the processes of %s: cgroup.procs", container->name);
    /* Either it is about to end, or it has not begun. */
    if (is_direct(target->signal) && !target->sent && !has_ended(target, 1000))
        refuse("the container %s has no process", container->name);
    if (!is_direct(target->signal) && pidfd_signal(target->supervisor, target->signal) < 0 &&
        errno != ESRCH)
        fail("cannot send signal %d to process %d, the supervisor of %s", target->signal,
             (int)container->supervisor, container->name);
    if (target->signal == SIGKILL)
        let_go(target);
}

enum { PATIENCE = 10000 }; /* milliseconds */

/* Kills every process. Without cgroup.kill (v1) one by one, until there is none. */
static void kill_all(struct target *target)
{
    int group = main_group(&target->container);
    int is_done = write_file(group, "cgroup.kill", "1") == 0;
    target->signal = SIGKILL;
    target->all = 0;
    if (!is_done) {
        /* PROG first, so that it is killed, and does not end since it can start no process any
         * more. */
        read_processes(&target->container, &target->processes);
        target->prog = main_process(&target->processes, first_process(&target->processes));
        visit_processes(group, send_to, target);
        write_file(group, "pids.max", "0");
    }
    target->all = 1;
    for (int waited = 0; !is_done && waited < PATIENCE && !has_ended(target, 10); waited += 10) {
        target->sent = 0;
        if (visit_processes(group, send_to, target) < 0)
            fail("cannot read the processes of %s: cgroup.procs", target->container.name);
        thaw_container(&target->container);
        is_done = !target->sent;
    }
    let_go(target);
}

static long milliseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for the end of all of them together, and kills what is left. */
static void end_in_time(struct target *targets, int count, uint64_t seconds)
{
    long end = milliseconds_now() + (long)seconds * 1000;
    for (int i = 0; i < count; i++)
        let_go(&targets[i]);
    for (int i = 0; i < count; i++) {
        long left = end - milliseconds_now();
        if (!has_ended(&targets[i], left > 0 ? (int)left : 0))
            kill_all(&targets[i]);
    }
    for (int i = 0; i < count; i++)
        if (!has_ended(&targets[i], PATIENCE))
            refuse("the container %s has not ended: process %d, its supervisor, is still there",
                   targets[i].container.name, (int)targets[i].container.supervisor);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct containers all;
    const char *parent = NULL;
    int to_all = 0, is_bounded = 0, signal = -1, count;
    uint64_t seconds = 0;

    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case ALL:
            to_all = 1;
            break;
        case TIMEOUT:
            seconds = read_number(words.option, words.value, 0, 86400);
            is_bounded = 1;
            break;
        case SIGNAL:
            signal = read_signal(words.option, words.value);
            break;
        case PARENT:
            parent = read_group(words.option, words.value);
            break;
        }
    if (signal < 0)
        signal = take_second_word(&words, parent);
    if (signal < 0)
        signal = SIGTERM;
    struct container *list = need_containers(&all, parent, &words, &count);
    struct target *targets = calloc((size_t)count, sizeof *targets);
    if (!targets)
        fail("cannot list the containers");
    for (int i = 0; i < count; i++)
        targets[i] = (struct target){.container = list[i],
                                     .supervisor = pin_supervisor(&list[i]),
                                     .signal = signal,
                                     .all = to_all};

    for (int i = 0; i < count; i++)
        if (targets[i].supervisor >= 0 && to_all && signal == SIGKILL)
            kill_all(&targets[i]);
        else if (targets[i].supervisor >= 0)
            send_signal(&targets[i]);
    if (is_bounded)
        end_in_time(targets, count, seconds);
    free(targets);
    return 0;
}
