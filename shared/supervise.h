/*
 * supervise.h: a process that stays behind its child: it relays signals, stops and continues with
 * the child, and ends as the child ended. One implementation for all stages that fork.
 */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

struct supervisor {
    pid_t child;
    int is_init;       /* this is process 1 of its PID namespace */
    int new_session;   /* the child leads a session of its own */
    int child_is_init; /* the child is process 1 of a new PID namespace */
    int killed_by;     /* at the end: the signal that killed the child, or 0 */
    int acted_for;     /* the signal on behalf of which such a child was killed, or 0 */
    int terminal;      /* whose foreground group we were at the start, or -1 */
    int has_failed;    /* it ends with STATUS_FAILED, however the child does */
    int stop_relayed;  /* a stop from outside was passed on */
    int status;        /* at the end: its exit status, or 128+N when signal N killed it */
    void (*on_stop)(int stopping); /* called before the supervisor stops, and when it goes on */
    sigset_t mask;     /* what the caller had blocked */
    struct sigaction on_child; /* what the caller did with SIGCHLD */
};

/* Blocks all signals from here on, for a stage that makes something before it forks: a signal then waits, and
 * is relayed. start_supervised() gives the child the mask of before. Cannot fail. */
void hold_signals(void);

/*
 * Starts a child, with CLONE_NEW* flags (clone(2)), which is born in the v2 control group whose directory CGROUP is,
 * or with -1 in the caller's own. It does a STEP with CONTEXT, if there is one, and executes REST (chain()). It has the
 * caller's signal mask and dispositions, and is killed when the supervisor dies by any means (PR_SET_PDEATHSIG,
 * prctl(2)). Returns its pid to the supervisor, which has all signals blocked and no longer holds what the stages pass
 * on: the directory of the stages, the socket to a tty-relay, the capabilities that are held for them (chain.h).
 * Returns -1 and errno when the kernel refuses.
 *
 * In front of a program to execute, where nothing is passed on, the child does so in the memory of the supervisor, who
 * waits meanwhile (CLONE_VFORK): there is nothing to copy then. So what STEP changes in memory, the supervisor may see
 * changed, or not.
 *
 * In a supervisor that is process 1 the child needs no such signal, since the kernel kills all when
 * process 1 ends. There the child gets a session of its own instead (setsid(2)), so that it cannot
 * signal the process group of whoever started the container ("kill 0"), unless standard input,
 * output and error are all the controlling terminal: then it stays in the group, for job control.
 */
pid_t start_supervised(struct supervisor *supervisor, uint64_t flags, int cgroup, void (*step)(void *context),
                       void *context, char **rest);

/* The same for a process that has joined another PID namespace, where the child begins; but it returns 0 in the child,
 * whose step is the caller's. The child gets a session of its own as below process 1, since it can signal the process
 * group of the caller as well; and with it the terminal of the session that the caller leads (tty-pty(1)), if it does. */
pid_t fork_into_joined(struct supervisor *supervisor);

/*
 * Waits for the child to end; process 1 reaps every other process too (wait(2)). Returns its exit
 * status, or 128+N when signal N killed it. Leaves the terminal to the group that had it. Cannot
 * fail.
 *
 * The kernel drops signals to process 1 of a PID namespace that it has no handler for
 * (pid_namespaces(7)), also while the stages of a chain still run as that process. Such a signal
 * has its default effect all the same: the supervisor stops the child, or kills it and returns
 * 128+N.
 */
int supervise(struct supervisor *supervisor);

/* For one that has more to do than wait: acts on a signal that was taken (its si_signo and si_code), or
 * with 0 only looks. Returns whether the child has ended. */
int supervise_signal(struct supervisor *supervisor, int signal, int code);

/* Kills the child, since the supervisor could not do what is its part, and has said so. */
void supervise_no_more(struct supervisor *supervisor);

/* Leaves the terminal to the group that had it; returns the status to end with. */
int supervise_end(struct supervisor *supervisor);

/* All signals, those included that a libc keeps for itself and sigfillset(3) leaves out. */
sigset_t all_signals(void);

#endif
