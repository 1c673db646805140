/*
 * cgroup.h: a control group of ours, minictr/NAME, in every hierarchy that holds a controller we
 * use (cgroups(7)). On a v2 host that is one hierarchy; on a v1 or hybrid host it is one for each.
 * The group is reached by descriptors, which stay right when the root changes.
 */
#ifndef CGROUP_H
#define CGROUP_H

enum { CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CONTROLLERS };

struct cgroup_place {
    int version;                           /* 1 or 2 */
    int has[CGROUP_CONTROLLERS];           /* the controllers found there */
    int base;                              /* the directory minictr, or -1 */
    char mount[4096];                      /* where the hierarchy is mounted, for messages */
};

struct cgroup {
    struct cgroup_place places[CGROUP_CONTROLLERS];
    int count;
    char name[65];
};

/* One limit: what is written to which file of a controller, on each version. A file that a host may
 * lack (swap accounting) is optional. */
struct cgroup_limit {
    int controller;
    const char *v1_file, *v1_value;
    const char *v2_file, *v2_value;
    int optional;
};

/*
 * Makes the group and sets its limits, COUNT of them; nobody is in it yet. NAME: at most 64 bytes,
 * checked by the caller; NULL: eight random hexadecimal digits. A group of that name that is left
 * over and empty is taken away first. Ends with status 125 and a message when there is no hierarchy
 * with a controller that is needed, when the name is in use, when the kernel refuses a limit; what
 * it had made is then removed. Until cgroup_enter() or cgroup_remove(), an advisory lock (flock(2)
 * on minictr in every hierarchy) keeps others from taking the empty group for a left-over.
 */
void cgroup_make(struct cgroup *group, const char *name, const struct cgroup_limit *limits,
                 int count);

/* Moves the calling process into the group. Ends with 125 and a message when the kernel refuses. */
void cgroup_enter(const struct cgroup *group);

/*
 * Kills what is left in the group (cgroup.kill; on v1 by pidfd, and never a process that is not in
 * it), and removes it in every hierarchy, with all groups below it and with every other empty
 * left-over in minictr. Waits up to ten seconds for it to drain; a message says when it did not.
 */
void cgroup_remove(const struct cgroup *group);

#endif
