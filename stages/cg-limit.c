/* cg-limit: put the rest of the chain into a control group of its own, with limits. */
#include "cgroup.h"
#include "chain.h"
#include "message.h"
#include "supervise.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { MEMORY = 256, PIDS, NAME };

static const struct option options[] = {
    {MEMORY, "memory", "SIZE", "memory of all processes together, in bytes (K, M, G, T); no swap"},
    {PIDS, "pids", "N", "number of processes and threads"},
    {NAME, "name", "NAME", "name of the group, below minictr (default: random)"},
    {0},
};

static const struct program program = {
    "cg-limit",
    "[OPTION...] PROG [ARG...]",
    "Run PROG in a new control group with limits, and remove the group when PROG has ended",
    options,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct cgroup_limit limits[3];
    struct cgroup group;
    struct supervisor supervisor;
    const char *name = NULL;
    char memory[24], pids[24];
    int count = 0;

    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case MEMORY:
            snprintf(memory, sizeof memory, "%" PRIu64, read_size(words.option, words.value, 1));
            limits[count++] = (struct cgroup_limit){CGROUP_MEMORY, "memory.limit_in_bytes", memory,
                                                    "memory.max", memory, 0};
            /* Swap would only put off the end. v1 counts it together with the memory. */
            limits[count++] = (struct cgroup_limit){CGROUP_MEMORY, "memory.memsw.limit_in_bytes",
                                                    memory, "memory.swap.max", "0", 1};
            break;
        case PIDS:
            snprintf(pids, sizeof pids, "%" PRIu64,
                     read_number(words.option, words.value, 1, INT_MAX));
            limits[count++] =
                (struct cgroup_limit){CGROUP_PIDS, "pids.max", pids, "pids.max", pids, 0};
            break;
        case NAME:
            name = read_name(words.option, words.value);
            break;
        }
    char **rest = next_program(&words);

    cgroup_make(&group, name, limits, count);
    pid_t child = fork_supervised(&supervisor, 0);
    if (child == 0) {
        cgroup_enter(&group);
        chain(rest);
    }
    if (child < 0) {
        int error = errno;
        cgroup_remove(&group);
        errno = error;
        fail("cannot start a process in the control group minictr/%s", group.name);
    }
    int status = supervise(&supervisor);
    cgroup_remove(&group);
    _exit(status);
}
