/*
 * container.h: the running containers, as the kernel shows them: there is no other record of them.
 *
 * A container is its control group, minictr/NAME (cgroup.h), in one hierarchy or several, and its
 * supervisor is who holds the lock on it (flock(2)). That is read from /proc/locks: a lock taken to
 * try would be in the way of a cg-limit that starts. Any of this may vanish at any moment; what has
 * done so counts as not there.
 */
#ifndef CONTAINER_H
#define CONTAINER_H

#include "hierarchy.h"
#include "words.h"

#include <stdint.h>
#include <sys/types.h>

struct containers {
    struct hierarchy hierarchies[CGROUP_CONTROLLERS];
    int bases[CGROUP_CONTROLLERS]; /* the directory minictr in each (O_PATH), or -1 */
    int count;
    struct lock *locks; /* those of /proc/locks, as they were read last */
    int lock_count;
};

struct container {
    struct containers *all;
    char name[65];
    int groups[CGROUP_CONTROLLERS]; /* its directory in each hierarchy (O_PATH), or -1 */
    pid_t supervisor;               /* 0: it is dead, and what is in the group is left over */
};

struct process {
    pid_t pid, parent;
    char name[32];  /* as it calls itself (comm, proc(5)) */
    uint64_t start; /* ticks after the machine's start, sysconf(_SC_CLK_TCK) to a second */
    uint64_t user,
        system; /* ticks of processor time, with those of the children it has waited for */
};

struct processes {
    struct process *list; /* the oldest first */
    int count;
};

/* The name of an option that all programs have which look for containers, and what it says. */
#define PARENT_OPTION "parent", "GROUP", "containers below this group (see cg-limit --parent)"

/*
 * Looks where containers are. PARENT: see find_hierarchies(). Ends with 125 and a message when no
 * cgroup file system is mounted, /proc/self/mountinfo or /proc/locks cannot be read, PARENT is
 * nowhere, or a directory cannot be opened. To look again, release them first.
 */
void find_containers(struct containers *all, const char *parent);
void release_containers(struct containers *all);

/* Returns the names of all groups that there are, sorted, dead ones among them; *COUNT is how many.
 * The caller frees them. A directory that may not be read is complained of, and left out. */
char (*list_containers(const struct containers *all, int *count))[65];

/* Opens a container; returns whether there is one of that name. Ends with 125 and a message when it
 * cannot be opened for another reason. */
int open_container(struct container *container, struct containers *all, const char *name);
void close_container(struct container *container);

/* Reads an operand that is the name of a container. */
const char *read_name_operand(const char *text);

/* Finds and opens the containers that the words left name, at least one; *COUNT is how many. Ends
 * with 125 and a message when one of them does not run: with a hint at a name that is spelt like
 * it. */
struct container *need_containers(struct containers *all, const char *parent, struct words *words,
                                  int *count);

/* The same for one NAME, when they have been found. */
void need_container(struct container *container, struct containers *all, const char *name);

/* Pins the supervisor: returns its pidfd (pidfd_open(2)), surely of the process that holds the
 * lock, or -1 when it has ended. Ends with 125 and a message when the kernel refuses. */
int pin_supervisor(const struct container *container);

/* Returns the directory of the group that has this controller, or -1; *VERSION is that of its
 * hierarchy. */
int container_group(const struct container *container, int controller, int *version);

/* Returns the directory of a group that has all processes of the container: where the number of
 * processes is limited, if possible. */
int main_group(const struct container *container);

/* Returns the directory of the v2 group, or -1. */
int unified_group(const struct container *container);

/* Reads a number from a file of the group with this controller: V1 or V2 is the file, NULL: there
 * is none. Returns COUNT_UNKNOWN or COUNT_UNLIMITED (file.h) in place of one. */
uint64_t container_count(const struct container *container, int controller, const char *v1,
                         const char *v2);

/* Processor time of all processes together, in microseconds: as the kernel counts it for the group
 * (v2, or the v1 controller cpuacct), else the sum of those that live and the children they have
 * waited for. */
uint64_t container_cpu(const struct container *container, const struct processes *processes);

/* That sum: the time in user space and in the kernel, in microseconds. */
void times_of_processes(const struct processes *processes, uint64_t *user, uint64_t *system);

/* Calls VISIT for each process of a group and of the groups below it, with the directory of the
 * group that lists it, until it returns other than 0; returns that, or 0, or -1 and errno when a
 * list cannot be read. What cannot be seen into is left out, and what is gone. */
int visit_processes(int directory, int (*visit)(int directory, pid_t pid, void *context),
                    void *context);

/* Reads the processes; those of before are dropped. Ends with 125 and a message when they cannot be
 * read. */
void read_processes(const struct container *container, struct processes *processes);

/*
 * Returns the first process: process 1 of the container's PID namespace; without one, the oldest
 * that is no supervisor of ours (supervise.h). NULL when there is none.
 */
const struct process *first_process(const struct processes *processes);

/* Returns that of PROG: FIRST, or the oldest child of that when it is a supervisor. FIRST is what
 * first_process() has returned; NULL for NULL. */
const struct process *main_process(const struct processes *processes, const struct process *first);

/* Says whether it is a supervisor of ours, by its name: one that calls itself so counts as one. */
int is_supervisor(const struct process *process);

/* Microseconds that the process has been running for. */
uint64_t process_age(const struct process *process);

/* Numbers as people read them, into TEXT (24 bytes), which is returned: sizes with K, M, G, T as
 * powers of 1024 (12.3M), microseconds (1.25s, 3m05s, 2h11m, 4d02h); "-" for COUNT_UNKNOWN, "max"
 * for COUNT_UNLIMITED. */
char *size_for_people(uint64_t size, char *text);
char *time_for_people(uint64_t microseconds, char *text);
char *count_for_people(uint64_t count, char *text);

#endif
