/* cg-limit: put the rest of the chain into a control group of its own, with limits. */
#include "cgroup.h"
#include "chain.h"
#include "limit.h"
#include "message.h"
#include "record.h"
#include "report.h"
#include "supervise.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <unistd.h>

enum {
    MEMORY = 256, MEMORY_HIGH, SWAP, OOM_GROUP, PIDS, CPU, CPU_WEIGHT, CPUS, MEMS, IO,
    NAME, PARENT, STATUS_FD
};

static const struct option options[] = {
    {MEMORY, "memory", "SIZE",
     "memory of all processes together, in bytes (K, M, G, T);\nno swap, unless --swap allows some"},
    {MEMORY_HIGH, "memory-high", "SIZE", "slow them down and reclaim beyond this (v2)"},
    {SWAP, "swap", "SIZE", "swap beyond the memory"},
    {OOM_GROUP, "oom-group", NULL, "out of memory: kill all, not one (v2)"},
    {PIDS, "pids", "N", "number of processes and threads"},
    {CPU, "cpu", "CORES", "processor time: 1.5 is one and a half cores"},
    {CPU_WEIGHT, "cpu-weight", "N", "share of a busy processor, 1 to 10000 (others: 100)"},
    {CPUS, "cpus", "LIST", "run on these processors only: 0-2,5"},
    {MEMS, "mems", "LIST", "use the memory of these nodes only"},
    {IO, "io", "DEVICE:KEY=N[,KEY=N]...",
     "limit a disk: rbps, wbps (bytes a second), riops, wiops;\nDEVICE: a path or MAJOR:MINOR"},
    {NAME, "name", "NAME", "name of the group (default: random)"},
    {PARENT, "parent", "GROUP",
     "make it below this group: /PATH, or PATH below the caller's own\n"
     "(default: the caller's own when delegated to it, else the root)"},
    {STATUS_FD, "status-fd", "N", "report the end as a line of JSON to this descriptor"},
    {0},
};

static const struct program program = {
    "cg-limit",
    "[OPTION...] PROG [ARG...]",
    "Run PROG in a new control group with limits, and remove the group when PROG has ended.\n"
    "A limit of \"max\" is none",
    options,
};

static void enter(void *group)
{
    cgroup_enter(group);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct limits limits = {0};
    struct report report = {.fd = -1};
    struct cgroup group;
    struct supervisor supervisor;
    const char *name = NULL, *parent = NULL;

    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case MEMORY:
            limit_memory(&limits, words.value);
            break;
        case MEMORY_HIGH:
            limit_memory_high(&limits, words.value);
            break;
        case SWAP:
            limit_swap(&limits, words.value);
            break;
        case OOM_GROUP:
            limit_oom_group(&limits);
            break;
        case PIDS:
            limit_pids(&limits, words.value);
            break;
        case CPU:
            limit_cpu(&limits, words.value);
            break;
        case CPU_WEIGHT:
            limit_cpu_weight(&limits, words.value);
            break;
        case CPUS:
            limit_cpus(&limits, words.value);
            break;
        case MEMS:
            limit_mems(&limits, words.value);
            break;
        case IO:
            limit_io(&limits, words.value);
            break;
        case NAME:
            name = read_name(words.option, words.value);
            break;
        case PARENT:
            parent = read_group(words.option, words.value);
            break;
        case STATUS_FD:
            report_to(&report, words.option, words.value);
            break;
        }
    char **rest = next_program(&words);

    if (chain_made('c')) {
        hint("put this stage before the id-set or priv-lock");
        refuse("the group could not be removed: capabilities are held for the stages only");
    }
    hold_signals(); /* one that came now would leave the group behind */
    cgroup_make(&group, name, parent, complete_limits(&limits), report.fd >= 0);
    set_limits(&group, &limits);
    record_chain(&group, rest);
    report_start(&report);
    if (start_supervised(&supervisor, 0, cgroup_clone_target(&group), enter, &group, rest) < 0) {
        cgroup_hint_at_start(&group);
        cgroup_remove(&group, NULL);
        fail("cannot start a process in the control group minictr/%s", group.name);
    }
    cgroup_sweep(&group);
    int status = supervise(&supervisor);
    cgroup_remove(&group, &report.usage);
    report_end(&report, &group, status, supervisor.killed_by);
    _exit(status);
}
