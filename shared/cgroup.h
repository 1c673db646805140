/*
 * cgroup.h: a control group of ours, minictr/NAME, in every hierarchy that is needed (hierarchy.h).
 *
 * Whoever makes a group holds a lock on its directory (flock(2)) until it ends. So a group whose
 * directory can be locked is one whose supervisor is dead, whatever is still in it, and everything
 * below minictr belongs to us. Groups are reached by descriptors, which stay right when the root
 * changes.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include "hierarchy.h"

#include <stdint.h>

struct cgroup_place {
    struct hierarchy *hierarchy;
    int base;   /* the directory minictr in it, or -1 */
    int is_new; /* minictr was not there before */
    int group;  /* the directory of the group, locked, or -1 */
};

struct cgroup {
    int count;
    struct cgroup_place places[CGROUP_CONTROLLERS]; /* in the order of their first controller */
    const char *parent; /* as it was asked for, or NULL */
    char name[65];
    struct hierarchy hierarchies[CGROUP_CONTROLLERS];
};

struct cgroup_usage {
    int complete;          /* asked for: the rest also when nothing was killed */
    uint64_t oom_kills;    /* processes that the kernel killed for memory */
    uint64_t memory_limit; /* bytes; UINT64_MAX: none, or not known */
    uint64_t memory_peak;  /* bytes; UINT64_MAX: not known */
    uint64_t cpu_time;     /* microseconds; UINT64_MAX: not known */
};

/*
 * Makes the group; nobody is in it yet. NAME: at most 64 bytes, checked by the caller; NULL: eight
 * random hexadecimal digits. NEEDED are the controllers that it must have, a bit each; memory and
 * pids it has where they are to be had, and with MEASURED what its processor time is read from.
 * PARENT: see find_hierarchies(). A group of that name whose supervisor is dead is killed and removed
 * first. Ends with status 125 and a message when a controller is missing, the name is in use, or the
 * kernel refuses; what it had made is then removed. On v2 the parents pass the controllers on, see
 * pass_on_controllers().
 */
void cgroup_make(struct cgroup *group, const char *name, const char *parent, unsigned needed,
                 int measured);

/* Makes up a name, eight random hexadecimal digits. Ends with 125 and a message when the kernel has none
 * (getrandom(2)). */
void random_name(char *name, size_t size);

/* The place with this controller; NULL when there is none. */
const struct cgroup_place *cgroup_place(const struct cgroup *group, int controller);

/* The directory of the group in the v2 hierarchy, for start_supervised(), or -1. */
int cgroup_clone_target(const struct cgroup *group);

/* Moves the calling process into the group in all v1 hierarchies: into the v2 one it is born. Ends
 * with 125 and a message when the kernel refuses. */
void cgroup_enter(const struct cgroup *group);

/* Finds out why a process could not be started in the group, and keeps a hint. Keeps errno. */
void cgroup_hint_at_start(const struct cgroup *group);

/* Kills and removes groups beside this one whose supervisors are dead, unless somebody is at it. */
void cgroup_sweep(const struct cgroup *group);

/* How many processes were killed for memory in a group, NAME below the directory PARENT, and in all below
 * it: v1 counts a kill in the group of the victim alone. */
uint64_t count_kills(int parent, const char *name);

/*
 * Kills what is left in the group (cgroup.kill; on v1 by pidfd, and never a process that is not in
 * it), and removes it in every hierarchy, with all groups below it, and minictr when nobody else
 * has a group there. Waits up to ten seconds for it to drain; a message says when it did not. Into
 * USAGE, unless NULL, goes what the group had used when it was removed. Keeps errno.
 */
void cgroup_remove(struct cgroup *group, struct cgroup_usage *usage);

#endif
