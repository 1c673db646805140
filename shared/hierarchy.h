/*
 * hierarchy.h: where the control groups are (cgroups(7)): which hierarchy holds a controller, and the
 * group in it below which ours are made.
 *
 * On a v2 host one hierarchy holds all controllers; on a v1 or hybrid host there are several. They
 * are found in /proc/self/mountinfo, and the caller's own group in /proc/self/cgroup.
 */
#ifndef HIERARCHY_H
#define HIERARCHY_H

#include <stddef.h>
#include <sys/types.h>

enum {
    CGROUP_MEMORY,
    CGROUP_PIDS,
    CGROUP_CPU,
    CGROUP_CPUSET,
    CGROUP_IO,
    CGROUP_CPUACCT,
    CGROUP_FREEZER,
    CGROUP_CONTROLLERS
};

struct hierarchy {
    int version;          /* 1 or 2 */
    unsigned controllers; /* which of those asked for it holds: bits, 1 << CGROUP_... */
    int is_own;           /* PATH is the caller's own group */
    int is_outside;       /* the mount shows groups above the root of the caller's cgroup namespace */
    size_t mount;         /* how many bytes of PATH are the mount point */
    const char *path;     /* the group below which ours are made, the mount point included; empty: it
                             is below the caller's own group, and that cannot be seen */
};

/* The name of a controller: in files of that version, and as people and v2 say it. */
const char *controller_name(int controller, int version);

/*
 * Finds the hierarchies of these controllers, a bit each, and puts them into LIST (CGROUP_CONTROLLERS
 * entries); returns how many. One that is not mounted is left out. PARENT is where groups are made:
 * an absolute path in the hierarchy, or one below the caller's own group; NULL stands for the
 * caller's own group where that is the group of a container, or was delegated to the caller (v2: the
 * extended attribute trusted.delegate that systemd sets; without root: a directory that it may
 * write), and for the root of the hierarchy otherwise. A caller in a leaf (subtree.h) counts as one in
 * the group above. Returns -1 and errno when /proc/self/mountinfo or /proc/self/cgroup cannot be read; errno is ENODEV
 * when no cgroup file system is mounted at all.
 */
int find_hierarchies(struct hierarchy *list, unsigned controllers, const char *parent);

/* Writes the path of the group of a process (0: the caller) in a hierarchy into PATH (PATH_MAX bytes), as
 * /proc/PID/cgroup shows it: from the root of the hierarchy, or of the caller's cgroup namespace.
 * Returns whether it is known, else errno: ENOENT or ESRCH when the process is gone. */
int group_of_process(const struct hierarchy *hierarchy, pid_t pid, char *path);

/* Moves the calling process, which has a single thread, into the group of a hierarchy of that version whose
 * directory this is. Returns 0, or -1 and errno. */
int enter_group(int directory, int version);

/* Cuts the last component off PATH, a group of the hierarchy; returns 0 at its mount point. */
int ascend(const struct hierarchy *hierarchy, char *path);

#endif
