/*
 * limit.h: the limits of a control group: how each is read from the command line, which file of
 * which controller it is on cgroup v1 and v2, and whether the kernel took it (cgroups(7), and
 * admin-guide/cgroup-v1 and cgroup-v2 of the kernel's documentation).
 *
 * Every function that reads refuses what is wrong with status 125 and a message that names the
 * option ("--memory"). "max" is no limit: nothing is written, since that is how a group begins.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include "cgroup.h"

enum { LIMITS = 80 };

struct limit {
    const char *option;
    int controller;
    int optional;        /* a file that is not there is no error */
    int is_none;         /* "max": nothing is written */
    const char *file[2]; /* on v1, v2; NULL: there is none like it */
    const char *value[2]; /* likewise: what is written */
};

struct limits { /* all zero: none */
    int count;
    uint64_t memory, swap; /* bytes, when there is such a limit */
    int has_memory, has_swap;
    int swap_given;        /* also as "max" */
    struct limit *list[LIMITS];
};

void limit_memory(struct limits *limits, const char *text);
void limit_memory_high(struct limits *limits, const char *text);
void limit_swap(struct limits *limits, const char *text);
void limit_oom_group(struct limits *limits);
void limit_pids(struct limits *limits, const char *text);

/* CORES: a decimal number of at least 0.01, as 1.5: so much processor time in every 100 ms. */
void limit_cpu(struct limits *limits, const char *text);

/* WEIGHT: 1 to 10000; 100 is what every group has. */
void limit_cpu_weight(struct limits *limits, const char *text);

/* LIST: numbers and ranges with commas between them, as 0-2,5 (cpuset(7)). */
void limit_cpus(struct limits *limits, const char *text);
void limit_mems(struct limits *limits, const char *text);

/* DEVICE:KEY=N[,KEY=N...]: DEVICE is the path of a disk, or MAJOR:MINOR; KEY is rbps, wbps (bytes a
 * second, with K M G T), riops or wiops (operations a second). */
void limit_io(struct limits *limits, const char *text);

/* To be called when all options have been read: what depends on two of them. Returns the controllers
 * that are needed, a bit each. */
unsigned complete_limits(struct limits *limits);

/*
 * Sets them on a group, and reads back what the kernel took. Ends with 125 and a message when it
 * refuses one, took something else, or has nothing of the kind; the group is then removed.
 */
void set_limits(struct cgroup *group, const struct limits *limits);

#endif
