#include "usage.h"

#include "cgroup.h"
#include "file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct usage_form usage_forms[USAGES] = {
    [MEMORY] = {"memory", BYTES},
    [MEMORY_PEAK] = {"memory_peak", BYTES},
    [MEMORY_LIMIT] = {"memory_limit", BYTES},
    [SWAP] = {"swap", BYTES},
    [SWAP_LIMIT] = {"swap_limit", BYTES},
    [OOM_KILLS] = {"oom_kills", PIECES},
    [CPU] = {"cpu_us", MICROSECONDS},
    [CPU_USER] = {"cpu_user_us", MICROSECONDS},
    [CPU_SYSTEM] = {"cpu_system_us", MICROSECONDS},
    [THROTTLED] = {"throttled", PIECES},
    [THROTTLED_TIME] = {"throttled_us", MICROSECONDS},
    [TASKS] = {"tasks", PIECES},
    [TASKS_LIMIT] = {"tasks_limit", PIECES},
};

enum { ANY = -1 };

/* Where a number stands. */
struct source {
    int controller;   /* in the group that has this one; ANY: in the v2 group */
    const char *file; /* NULL: nowhere */
    const char *word; /* the number behind this word; NULL: the only one in the file */
    unsigned divisor;
};

/* On v1 and on v2. */
static const struct source sources[USAGES][2] = {
    [MEMORY] = {{CGROUP_MEMORY, "memory.usage_in_bytes", NULL, 1},
                {CGROUP_MEMORY, "memory.current", NULL, 1}},
    [MEMORY_PEAK] = {{CGROUP_MEMORY, "memory.max_usage_in_bytes", NULL, 1},
                     {CGROUP_MEMORY, "memory.peak", NULL, 1}},
    [MEMORY_LIMIT] = {{CGROUP_MEMORY, "memory.limit_in_bytes", NULL, 1},
                      {CGROUP_MEMORY, "memory.max", NULL, 1}},
    [SWAP] = {{CGROUP_MEMORY, "memory.memsw.usage_in_bytes", NULL, 1},
              {CGROUP_MEMORY, "memory.swap.current", NULL, 1}},
    [SWAP_LIMIT] = {{CGROUP_MEMORY, "memory.memsw.limit_in_bytes", NULL, 1},
                    {CGROUP_MEMORY, "memory.swap.max", NULL, 1}},
    [OOM_KILLS] = {{CGROUP_MEMORY, NULL, NULL, 1}, /* in several groups */
                   {CGROUP_MEMORY, "memory.events", "oom_kill", 1}},
    [CPU] = {{CGROUP_CPUACCT, "cpuacct.usage", NULL, 1000}, {ANY, "cpu.stat", "usage_usec", 1}},
    [CPU_USER] = {{CGROUP_CPUACCT, "cpuacct.usage_user", NULL, 1000},
                  {ANY, "cpu.stat", "user_usec", 1}},
    [CPU_SYSTEM] = {{CGROUP_CPUACCT, "cpuacct.usage_sys", NULL, 1000},
                    {ANY, "cpu.stat", "system_usec", 1}},
    [THROTTLED] = {{CGROUP_CPU, "cpu.stat", "nr_throttled", 1},
                   {CGROUP_CPU, "cpu.stat", "nr_throttled", 1}},
    [THROTTLED_TIME] = {{CGROUP_CPU, "cpu.stat", "throttled_time", 1000},
                        {CGROUP_CPU, "cpu.stat", "throttled_usec", 1}},
    [TASKS] = {{CGROUP_PIDS, "pids.current", NULL, 1}, {CGROUP_PIDS, "pids.current", NULL, 1}},
    [TASKS_LIMIT] = {{CGROUP_PIDS, "pids.max", NULL, 1}, {CGROUP_PIDS, "pids.max", NULL, 1}},
};

static uint64_t read_source(const struct container *container, enum usage what, int version)
{
    const struct source *source = &sources[what][version - 1];
    char text[2048];
    uint64_t number = COUNT_UNKNOWN;
    int found = 2, group = source->controller == ANY
                               ? unified_group(container)
                               : container_group(container, source->controller, &found);
    if (group < 0 || found != version || !source->file)
        return COUNT_UNKNOWN;
    if (!source->word)
        number = read_count(group, source->file);
    else if (read_file(group, source->file, text, sizeof text) > 0)
        number = number_after(text, source->word, 10);
    return number >= COUNT_UNLIMITED ? number : number / source->divisor;
}

static uint64_t difference(uint64_t both, uint64_t memory)
{
    if (both >= COUNT_UNLIMITED)
        return both;
    return memory >= both ? 0 : both - memory;
}

/* What is no single number in v1. */
static uint64_t add_up(const struct container *container, enum usage what, uint64_t number)
{
    int version = 2, group = container_group(container, CGROUP_MEMORY, &version);
    if (version == 2)
        return number;
    switch (what) {
    case SWAP: /* it counts memory and swap together */
        return difference(number, read_source(container, MEMORY, 1));
    case SWAP_LIMIT:
        return difference(number, read_source(container, MEMORY_LIMIT, 1));
    case OOM_KILLS: /* in the groups below it, too: those only the owner may list */
        return faccessat(group, ".", R_OK, 0) == 0 ? count_kills(group, ".") : COUNT_UNKNOWN;
    default:
        return number;
    }
}

/* The processes that live, and the children they have waited for. */
static uint64_t sum_of_processes(const struct processes *processes, enum usage what)
{
    uint64_t user, system;
    times_of_processes(processes, &user, &system);
    switch (what) {
    case CPU:
        return user + system;
    case CPU_USER:
        return user;
    case CPU_SYSTEM:
        return system;
    default:
        return COUNT_UNKNOWN;
    }
}

uint64_t read_usage(const struct container *container, const struct processes *processes,
                    enum usage what)
{
    uint64_t number = read_source(container, what, 1);
    if (number == COUNT_UNKNOWN)
        number = read_source(container, what, 2);
    number = add_up(container, what, number);
    return number == COUNT_UNKNOWN ? sum_of_processes(processes, what) : number;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", and a line that begins with "full". */
static void find_pressure(const char *text, const char *degree, struct pressure *pressure)
{
    const char *line = strstr(text, degree);
    pressure->is_known =
        line && sscanf(line, "%*s avg10=%15[0-9.] avg60=%15[0-9.] avg300=%15[0-9.] total=%llu",
                       pressure->average[0], pressure->average[1], pressure->average[2],
                       &pressure->total) == 4;
}

void read_pressure(const struct container *container, const char *resource, struct pressure *some,
                   struct pressure *full)
{
    char file[32], text[512] = "";
    int unified = unified_group(container);
    snprintf(file, sizeof file, "%s.pressure", resource);
    if (unified >= 0)
        read_file(unified, file, text, sizeof text);
    find_pressure(text, "some", some);
    find_pressure(text, "full", full);
}

/* Returns the entry of a disk, a new one if need be; NULL when there is no more room. */
static struct disk *entry_of(struct disk *list, int *count, unsigned major, unsigned minor)
{
    for (int i = 0; i < *count; i++)
        if (list[i].major == major && list[i].minor == minor)
            return &list[i];
    if (*count == MOST_DISKS)
        return NULL;
    list[*count] = (struct disk){.major = major, .minor = minor};
    return &list[(*count)++];
}

/* v1: lines of MAJOR:MINOR, Read or Write, and a number. Returns whether there is such a file. */
static int read_v1_disks(int group, const char *file, int is_bytes, struct disk *list, int *count)
{
    struct lines lines;
    unsigned major, minor;
    char verb[16];
    uint64_t number;
    if (!open_lines(&lines, group, file))
        return 0;
    for (char *line; (line = next_line(&lines));) {
        if (sscanf(line, "%u:%u %15s %" SCNu64, &major, &minor, verb, &number) != 4)
            continue;
        int is_read = strcmp(verb, "Read") == 0;
        struct disk *disk =
            is_read || strcmp(verb, "Write") == 0 ? entry_of(list, count, major, minor) : NULL;
        if (disk && is_bytes)
            *(is_read ? &disk->read_bytes : &disk->written_bytes) = number;
        else if (disk)
            *(is_read ? &disk->reads : &disk->writes) = number;
    }
    return 1;
}

/* v2: lines of MAJOR:MINOR and the four numbers. */
static int read_v2_disks(int group, struct disk *list, int *count)
{
    struct lines lines;
    struct disk found, *disk;
    if (!open_lines(&lines, group, "io.stat"))
        return 0;
    for (char *line; (line = next_line(&lines));)
        if (sscanf(line,
                   "%u:%u rbytes=%" SCNu64 " wbytes=%" SCNu64 " rios=%" SCNu64 " wios=%" SCNu64,
                   &found.major, &found.minor, &found.read_bytes, &found.written_bytes,
                   &found.reads, &found.writes) == 6 &&
            (disk = entry_of(list, count, found.major, found.minor)))
            *disk = found;
    return 1;
}

int read_disks(const struct container *container, struct disk *list)
{
    int version, count = 0, is_known = 0;
    int group = container_group(container, CGROUP_IO, &version);
    if (group >= 0 && version == 2)
        is_known = read_v2_disks(group, list, &count);
    else if (group >= 0)
        is_known =
            read_v1_disks(group, "blkio.throttle.io_service_bytes_recursive", 1, list, &count) |
            read_v1_disks(group, "blkio.throttle.io_serviced_recursive", 0, list, &count);
    return is_known ? count : -1;
}
