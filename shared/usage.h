/*
 * usage.h: what a container uses and may use, as its control groups count it (cgroups(7)): the one
 * place that knows how v1 and v2 spell that. Numbers that cannot be read are not known; no function
 * here ends the program.
 */
#ifndef USAGE_H
#define USAGE_H

#include "container.h"
#include "people.h"

#include <stdint.h>

enum usage {
    MEMORY,
    MEMORY_PEAK,
    MEMORY_LIMIT,
    SWAP,
    SWAP_LIMIT,
    OOM_KILLS, /* processes that the kernel killed for memory */
    CPU,       /* processor time, of those that have ended, too */
    CPU_USER,
    CPU_SYSTEM,
    THROTTLED, /* periods in which it had to wait, since it had used up its share */
    THROTTLED_TIME,
    TASKS,
    TASKS_LIMIT,
    USAGES
};

/* What each of them is called in JSON, and what it is counted in. */
extern const struct usage_form {
    const char *name;
    enum unit unit;
} usage_forms[USAGES];

/*
 * Returns one of these numbers: bytes, microseconds or pieces. COUNT_UNKNOWN (file.h) when the
 * container has no such file, or it cannot be read; COUNT_UNLIMITED for a limit that there is not.
 * Where no group counts processor time, it is the sum of PROCESSES, those of the container.
 */
uint64_t read_usage(const struct container *container, const struct processes *processes,
                    enum usage what);

/* How long processes had to wait for something (PSI, Documentation/accounting/psi.rst). */
struct pressure {
    char average[3][16];      /* percent of the last 10, 60 and 300 seconds: "0.25" */
    unsigned long long total; /* microseconds */
    int is_known;
};

/* Reads how long some of the processes had to wait, and how long all of them, for what RESOURCE is:
 * "cpu", "memory" or "io". */
void read_pressure(const struct container *container, const char *resource, struct pressure *some,
                   struct pressure *full);

/* What went to and came from a disk: bytes, and in how many operations. */
struct disk {
    unsigned major, minor;
    uint64_t read_bytes, written_bytes, reads, writes;
};
enum { MOST_DISKS = 64 };

/* Reads the disks that the container has used, at most MOST_DISKS, into LIST; returns how many, or
 * -1 when that is not known. */
int read_disks(const struct container *container, struct disk *list);

#endif
