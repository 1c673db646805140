#include "limit.h"

#include "allocate.h"
#include "device.h"
#include "file.h"
#include "list.h"
#include "message.h"
#include "value.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { V1, V2, VALUE = 160 /* bytes, the zero byte included */ };

static int is_max(const char *text)
{
    return strcmp(text, "max") == 0;
}

/* Adds a limit that has no values yet. */
static struct limit *add(struct limits *limits, const char *option, int controller,
                         const char *v1_file, const char *v2_file)
{
    if (limits->count == LIMITS)
        refuse("%s: these are too many limits: at most %d", option, LIMITS);
    struct limit *limit = limits->list[limits->count++] = allocate(1, sizeof *limit);
    *limit = (struct limit){.option = option, .controller = controller, .file = {v1_file, v2_file}};
    return limit;
}

/* Returns what snprintf(3) makes of it, in memory of its own. */
__attribute__((format(printf, 1, 2)))
static const char *written(const char *format, ...)
{
    char value[VALUE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    return copy_of(value);
}

static void set_number(struct limit *limit, uint64_t v1, uint64_t v2)
{
    limit->value[V1] = written("%" PRIu64, v1);
    limit->value[V2] = written("%" PRIu64, v2);
}

/* Memory is counted in pages: rounds down as the kernel does. The largest size there is, is none. */
static uint64_t read_memory(const char *option, const char *text, int may_be_none)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (is_max(text))
        return UINT64_MAX;
    uint64_t size = read_size(option, text, may_be_none ? 0 : page) / page * page;
    return size >= (uint64_t)INT64_MAX / page * page ? UINT64_MAX : size;
}

void limit_memory(struct limits *limits, const char *text)
{
    limits->memory = read_memory("--memory", text, 0);
    limits->has_memory = limits->memory != UINT64_MAX;
    if (limits->has_memory)
        set_number(add(limits, "--memory", CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max"),
                   limits->memory, limits->memory);
}

void limit_memory_high(struct limits *limits, const char *text)
{
    uint64_t size = read_memory("--memory-high", text, 0);
    if (size != UINT64_MAX)
        set_number(add(limits, "--memory-high", CGROUP_MEMORY, NULL, "memory.high"), size, size);
}

void limit_swap(struct limits *limits, const char *text)
{
    limits->swap = read_memory("--swap", text, 1);
    limits->has_swap = limits->swap != UINT64_MAX;
    limits->swap_given = 1;
}

void limit_oom_group(struct limits *limits)
{
    set_number(add(limits, "--oom-group", CGROUP_MEMORY, NULL, "memory.oom.group"), 1, 1);
}

void limit_pids(struct limits *limits, const char *text)
{
    if (is_max(text))
        return;
    uint64_t number = read_number("--pids", text, 1, INT_MAX);
    set_number(add(limits, "--pids", CGROUP_PIDS, "pids.max", "pids.max"), number, number);
}

void limit_cpu(struct limits *limits, const char *text)
{
    enum { PERIOD = 100000, DECIMALS = 5, MOST = 8192 };
    static const char digits[] = "0123456789";
    char scaled[32];

    if (is_max(text))
        return;
    size_t whole = strspn(text, digits), part = 0;
    if (text[whole] == '.')
        part = strspn(text + whole + 1, digits);
    size_t length = whole + (text[whole] == '.' ? 1 + part : 0);
    if (whole == 0 || text[length] || (text[whole] == '.' && part == 0))
        refuse("--cpu: \"%s\" is not a number of cores, as 2 or 0.5", text);
    if (part > DECIMALS)
        refuse("--cpu: %s has more than %d decimals", text, DECIMALS);
    if (whole > 8)
        refuse("--cpu: %s is too large: at most %d", text, MOST);
    /* Moves the point to the right by as many digits as PERIOD has zeros. */
    snprintf(scaled, sizeof scaled, "%.*s%.*s%.*s", (int)whole, text, (int)part, text + whole + 1,
             (int)(DECIMALS - part), "00000");
    uint64_t quota = strtoull(scaled, NULL, 10);
    if (quota < PERIOD / 100)
        refuse("--cpu: %s is too small: at least 0.01", text);
    if (quota > (uint64_t)MOST * PERIOD)
        refuse("--cpu: %s is too large: at most %d", text, MOST);
    struct limit *limit = add(limits, "--cpu", CGROUP_CPU, "cpu.cfs_quota_us", "cpu.max");
    limit->value[V1] = written("%" PRIu64, quota);
    limit->value[V2] = written("%" PRIu64 " %d", quota, PERIOD);
}

void limit_cpu_weight(struct limits *limits, const char *text)
{
    /* What every group begins with is 100 on v2, and 1024 shares on v1. */
    uint64_t weight = read_number("--cpu-weight", text, 1, 10000);
    set_number(add(limits, "--cpu-weight", CGROUP_CPU, "cpu.shares", "cpu.weight"), weight * 1024 / 100,
               weight);
}

static void limit_set(struct limits *limits, const char *option, const char *text, const char *file)
{
    check_list(option, text);
    if (strlen(text) >= VALUE)
        refuse("%s: the list is %zu bytes long: at most %d", option, strlen(text), VALUE - 1);
    struct limit *limit = add(limits, option, CGROUP_CPUSET, file, file);
    limit->value[V1] = limit->value[V2] = text;
}

void limit_cpus(struct limits *limits, const char *text)
{
    limit_set(limits, "--cpus", text, "cpuset.cpus");
}

void limit_mems(struct limits *limits, const char *text)
{
    limit_set(limits, "--mems", text, "cpuset.mems");
}

static const struct {
    const char *key, *v1_file;
    int is_size;
} keys[] = {
    {"rbps", "blkio.throttle.read_bps_device", 1},
    {"wbps", "blkio.throttle.write_bps_device", 1},
    {"riops", "blkio.throttle.read_iops_device", 0},
    {"wiops", "blkio.throttle.write_iops_device", 0},
};

/* Which key an item is about, KEY=N, LENGTH bytes. */
static int find_key(const char *item, size_t length)
{
    for (int i = 0; i < 4; i++) {
        size_t key = strlen(keys[i].key);
        if (length > key && strncmp(item, keys[i].key, key) == 0 && item[key] == '=')
            return i;
    }
    refuse("--io: \"%.*s\" is none of rbps=N, wbps=N, riops=N, wiops=N", (int)length, item);
}

void limit_io(struct limits *limits, const char *text)
{
    const char *colon = strrchr(text, ':'), *item = colon ? colon + 1 : "";
    char what[48], value[32];

    if (!colon || colon == text || !strchr(item, '='))
        refuse("--io: \"%s\" is not DEVICE:KEY=N, as /dev/sda:rbps=1M,wiops=100", text);
    dev_t device = read_device("--io", text, (size_t)(colon - text));
    for (size_t length; *item; item += length + (item[length] == ',')) {
        length = strcspn(item, ",");
        int i = find_key(item, length);
        size_t skip = strlen(keys[i].key) + 1;
        if (length - skip >= sizeof value)
            refuse("--io: %.*s is too large", (int)length, item);
        snprintf(value, sizeof value, "%.*s", (int)(length - skip), item + skip);
        snprintf(what, sizeof what, "--io: %s", keys[i].key);
        if (item[length] == ',' && !item[length + 1])
            refuse("--io: nothing follows the last comma of \"%s\"", text);
        uint64_t number = is_max(value)     ? 0
                          : keys[i].is_size ? read_size(what, value, 1)
                                            : read_number(what, value, 1, UINT_MAX - 1);
        struct limit *limit = add(limits, "--io", CGROUP_IO, keys[i].v1_file, "io.max");
        limit->is_none = is_max(value);
        limit->value[V1] = written("%u:%u %" PRIu64, major(device), minor(device), number);
        limit->value[V2] = written("%u:%u %s=%" PRIu64, major(device), minor(device), keys[i].key, number);
        size_t same = strcspn(limit->value[V2], "=") + 1;
        for (int j = 0; limits->list[j] != limit; j++)
            if (limits->list[j]->controller == CGROUP_IO &&
                strncmp(limits->list[j]->value[V2], limit->value[V2], same) == 0)
                refuse("--io: %.*s is given twice", (int)same - 1, limit->value[V2]);
    }
}

unsigned complete_limits(struct limits *limits)
{
    unsigned needed = 0;

    /* Where memory is limited and nothing is said of swap, there is none: it would only put off the
     * end. v1 counts both together, and where the kernel does not count swap it has no such file. */
    if (limits->has_swap || (limits->has_memory && !limits->swap_given)) {
        struct limit *limit =
            add(limits, limits->swap_given ? "--swap" : "--memory", CGROUP_MEMORY,
                limits->has_memory ? "memory.memsw.limit_in_bytes" : NULL, "memory.swap.max");
        if (limits->swap > INT64_MAX - limits->memory)
            refuse("--swap: memory and swap together are more than 2^63-1 bytes");
        set_number(limit, limits->memory + limits->swap, limits->swap);
        limit->optional = !limits->swap_given;
    }
    for (int i = 0; i < limits->count; i++)
        if (!limits->list[i]->is_none)
            needed |= 1U << limits->list[i]->controller;
    return needed;
}

/* Returns whether a line of the file has all words of the value that was written to it. */
static int was_taken(const char *text, const char *value)
{
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line != '\0') {
        int all = 1;
        for (const char *word = value; *word && all;) {
            char one[VALUE], whole[1024];
            size_t length = strcspn(word, " ");
            snprintf(one, sizeof one, "%.*s", (int)length, word);
            snprintf(whole, sizeof whole, "%.*s", (int)strcspn(line, "\n"), line);
            all = list_has(whole, " ", one);
            word += length + (word[length] != '\0');
        }
        if (all)
            return 1;
    }
    return 0;
}

static _Noreturn void refuse_limit(struct cgroup *group, const struct limit *limit,
                                   const struct cgroup_place *place, const char *reason)
{
    cgroup_remove(group, NULL);
    refuse("%s: %s/minictr/%s/%s %s", limit->option, place->hierarchy->path, group->name,
           limit->file[place->hierarchy->version - 1], reason);
}

/* The file has something else than what was written to it. */
__attribute__((noinline))
static _Noreturn void refuse_other(struct cgroup *group, const struct limit *limit, const struct cgroup_place *place,
                                   const char *text, const char *value)
{
    char reason[4096 + 64];
    snprintf(reason, sizeof reason, "is %.*s, not %s as it was told", (int)strcspn(text, "\n"), text, value);
    refuse_limit(group, limit, place, reason);
}

/* Which CPUs or nodes a group really has; the name of that file differs. */
static ssize_t read_effective(int directory, const char *file, int version, char *list, size_t size)
{
    const char *files[2][2] = {{"cpuset.effective_cpus", "cpuset.effective_mems"},
                               {"cpuset.cpus.effective", "cpuset.mems.effective"}};
    ssize_t length =
        read_file(directory, files[version - 1][strcmp(file, "cpuset.mems") == 0], list, size);
    list[strcspn(list, "\n")] = '\0';
    return length;
}

/* Into TEXT goes what the file has then. */
static void set_and_check(struct cgroup *group, const struct limit *limit, char *text, size_t size)
{
    const struct cgroup_place *place = cgroup_place(group, limit->controller);
    int version = place->hierarchy->version, is_set = limit->controller == CGROUP_CPUSET;
    const char *file = limit->file[version - 1], *value = limit->value[version - 1];
    unsigned missing;

    if (!file) {
        if (strcmp(limit->option, "--swap") == 0)
            hint("v1 counts memory and swap together: give --memory as well");
        cgroup_remove(group, NULL);
        refuse("%s: cgroup v%d has nothing like it", limit->option, version);
    }
    if (is_set) {
        read_effective(place->base, file, version, text, size);
        if (*text && !list_is_within(value, text, &missing)) {
            cgroup_remove(group, NULL);
            refuse("%s: %u is not in %s, which is what %s/minictr has", limit->option, missing,
                   text, place->hierarchy->path);
        }
    }
    if (write_and_reread(place->group, file, value, text, size) < 0) {
        if (errno == ENOENT && limit->optional)
            return;
        if (errno == ENOENT)
            refuse_limit(group, limit, place, "does not exist: this kernel has nothing like it");
        cgroup_remove(group, NULL);
        fail("%s: writing %s to %s/minictr/%s/%s", limit->option, value, place->hierarchy->path,
             group->name, file);
    }
    if (is_set && read_effective(place->group, file, version, text, size) < 0) {
        cgroup_remove(group, NULL);
        fail("%s: cannot find out what %s/minictr/%s has", limit->option, place->hierarchy->path,
             group->name);
    }
    if (is_set ? list_is_within(value, text, &missing) && list_is_within(text, value, &missing)
               : was_taken(text, value))
        return;
    refuse_other(group, limit, place, text, value);
}

/* A page of the stack is only for the files that have lists. */
__attribute__((noinline))
static void set_list(struct cgroup *group, const struct limit *limit)
{
    char text[4096];
    set_and_check(group, limit, text, sizeof text);
}

__attribute__((noinline))
static void set_one(struct cgroup *group, const struct limit *limit)
{
    char text[64];
    set_and_check(group, limit, text, sizeof text);
}

static void set_limit(struct cgroup *group, const struct limit *limit)
{
    int has_list = limit->controller == CGROUP_CPUSET || limit->controller == CGROUP_IO;
    (has_list ? set_list : set_one)(group, limit);
}

void set_limits(struct cgroup *group, const struct limits *limits)
{
    for (int i = 0; i < limits->count; i++)
        if (!limits->list[i]->is_none)
            set_limit(group, limits->list[i]);
}
