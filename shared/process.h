/*
 * process.h: the processes of a container, by its control group (container.h). Any of them may end
 * at any moment: what has done so counts as not there.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>
#include <sys/types.h>

struct container;

struct process {
    pid_t pid, parent;
    char name[32];         /* as it calls itself (comm, proc(5)) */
    uint64_t start;        /* ticks after the machine's start, sysconf(_SC_CLK_TCK) to a second */
    uint64_t user, system; /* ticks of processor time, with the children it has waited for */
};

struct processes {
    struct process *list; /* the oldest first */
    int count;
};

/* Reads about a process from /proc/PID/stat; returns whether it could. */
int read_process(struct process *process, pid_t pid);

/* Pins a process: returns its pidfd (pidfd_open(2)), surely of the one that has this number and was started then,
 * or -1 when that is gone. Ends with 125 and a message when the kernel refuses. */
int pin_process(pid_t pid, uint64_t start);

/* Calls VISIT for each process of a group and of the groups below it, with the directory of the
 * group that lists it, until it returns other than 0; returns that, or 0, or -1 and errno when a
 * list cannot be read. What cannot be seen into is left out, and what is gone. */
int visit_processes(int directory, int (*visit)(int directory, pid_t pid, void *context),
                    void *context);

/* Reads the processes; those of before are freed, so at first there must be none ({0}). Ends with
 * 125 and a message when they cannot be read. */
void read_processes(const struct container *container, struct processes *processes);

/*
 * Returns the first process: process 1 of the container's PID namespace; without one, the oldest
 * that is no supervisor of ours (supervise.h). NULL when there is none.
 */
const struct process *first_process(const struct processes *processes);

/* Returns that of PROG: FIRST, or the oldest child of that when it is a supervisor. FIRST is what
 * first_process() has returned; NULL for NULL. */
const struct process *main_process(const struct processes *processes, const struct process *first);

/* Reads the processes, and copies these two. Ends with 125 and a message when the container has none. When PROG is a
 * stage by its name, the chain is still at work. */
void find_first_process(const struct container *container, struct process *first, struct process *prog);

/* Says whether it is a supervisor of ours, by its name: one that calls itself so counts as one. */
int is_supervisor(const struct process *process);

/* Returns how many microseconds the process has been running for. */
uint64_t process_age(const struct process *process);

/* Puts the time that all of them have spent in user space and in the kernel, in microseconds, into
 * *USER and *SYSTEM. */
void times_of_processes(const struct processes *processes, uint64_t *user, uint64_t *system);

#endif
