/* ctr-stat: what a container uses, and where it is held up. */
#include "cgroup.h"
#include "container.h"
#include "file.h"
#include "json.h"
#include "message.h"
#include "value.h"
#include "words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { JSON = 256, PARENT };

static const struct option options[] = {
    {JSON, "json", NULL, "print an object of JSON, with numbers in bytes and microseconds"},
    {PARENT, PARENT_OPTION},
    {0},
};

static const struct program program = {
    "ctr-stat",
    "[OPTION...] NAME",
    "Show what a container uses, what it may use, and where it is held up",
    options,
};

enum kind { SIZE, TIME, COUNT };

/* The numbers, in the order in which they are shown. */
enum {
    MEMORY,
    MEMORY_PEAK,
    MEMORY_LIMIT,
    SWAP,
    SWAP_LIMIT,
    OOM_KILLS,
    CPU,
    CPU_USER,
    CPU_SYSTEM,
    THROTTLED,
    THROTTLED_TIME,
    TASKS,
    TASKS_LIMIT,
    NUMBERS
};

static const struct {
    const char *label, *name; /* for people, and in JSON */
    enum kind kind;
} numbers[NUMBERS] = {
    [MEMORY] = {"memory", "memory", SIZE},
    [MEMORY_PEAK] = {"memory, most", "memory_peak", SIZE},
    [MEMORY_LIMIT] = {"memory, limit", "memory_limit", SIZE},
    [SWAP] = {"swap", "swap", SIZE},
    [SWAP_LIMIT] = {"swap, limit", "swap_limit", SIZE},
    [OOM_KILLS] = {"killed for memory", "oom_kills", COUNT},
    [CPU] = {"processor", "cpu_us", TIME},
    [CPU_USER] = {"processor, user", "cpu_user_us", TIME},
    [CPU_SYSTEM] = {"processor, system", "cpu_system_us", TIME},
    [THROTTLED] = {"throttled, periods", "throttled", COUNT},
    [THROTTLED_TIME] = {"throttled, time", "throttled_us", TIME},
    [TASKS] = {"tasks", "tasks", COUNT},
    [TASKS_LIMIT] = {"tasks, limit", "tasks_limit", COUNT},
};

/* What the kernel writes of pressure (PSI): "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", in
 * percent and microseconds, and a line that begins with "full". */
struct pressure {
    char average[3][16];
    unsigned long long total;
    int is_known;
};

static const char *const pressed[] = {"cpu", "memory", "io"};
static const char *const degrees[] = {"some", "full"};

enum { MOST_DEVICES = 64 };

struct device {
    unsigned major, minor;
    uint64_t read_bytes, written_bytes, reads, writes;
};

struct stat_of {
    uint64_t number[NUMBERS];
    struct pressure pressure[3][2];
    int devices; /* -1: not known */
    struct device device[MOST_DEVICES];
};

/* v1 counts memory and swap together: the rest is swap. */
static uint64_t difference(uint64_t both, uint64_t memory)
{
    if (both >= COUNT_UNLIMITED)
        return both;
    return memory >= both ? 0 : both - memory;
}

static void read_memory(const struct container *container, uint64_t *number)
{
    int version, group = container_group(container, CGROUP_MEMORY, &version);
    char text[2048];
    number[MEMORY] =
        container_count(container, CGROUP_MEMORY, "memory.usage_in_bytes", "memory.current");
    number[MEMORY_PEAK] =
        container_count(container, CGROUP_MEMORY, "memory.max_usage_in_bytes", "memory.peak");
    number[MEMORY_LIMIT] =
        container_count(container, CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max");
    number[SWAP] = container_count(container, CGROUP_MEMORY, "memory.memsw.usage_in_bytes",
                                   "memory.swap.current");
    number[SWAP_LIMIT] =
        container_count(container, CGROUP_MEMORY, "memory.memsw.limit_in_bytes", "memory.swap.max");
    number[OOM_KILLS] = COUNT_UNKNOWN;
    if (group >= 0 && version == 1) {
        number[SWAP] = difference(number[SWAP], number[MEMORY]);
        number[SWAP_LIMIT] = difference(number[SWAP_LIMIT], number[MEMORY_LIMIT]);
        /* In the groups below it, too: those only the owner may list. */
        if (faccessat(group, ".", R_OK, 0) == 0)
            number[OOM_KILLS] = count_kills(group, ".");
    } else if (group >= 0 && read_file(group, "memory.events", text, sizeof text) > 0) {
        number[OOM_KILLS] = number_after(text, "oom_kill", 10);
    }
}

static void read_cpu(const struct container *container, uint64_t *number)
{
    struct processes processes = {0};
    char text[2048];
    int unified = unified_group(container);
    int version, group = container_group(container, CGROUP_CPU, &version);
    read_processes(container, &processes);
    number[CPU] = container_cpu(container, &processes);
    number[CPU_USER] = container_count(container, CGROUP_CPUACCT, "cpuacct.usage_user", NULL);
    number[CPU_SYSTEM] = container_count(container, CGROUP_CPUACCT, "cpuacct.usage_sys", NULL);
    if (number[CPU_USER] != COUNT_UNKNOWN) {
        number[CPU_USER] /= 1000;
        number[CPU_SYSTEM] /= 1000;
    } else if (unified >= 0 && read_file(unified, "cpu.stat", text, sizeof text) > 0) {
        number[CPU_USER] = number_after(text, "user_usec", 10);
        number[CPU_SYSTEM] = number_after(text, "system_usec", 10);
    } else {
        times_of_processes(&processes, &number[CPU_USER], &number[CPU_SYSTEM]);
    }
    number[THROTTLED] = number[THROTTLED_TIME] = COUNT_UNKNOWN;
    if (group >= 0 && read_file(group, "cpu.stat", text, sizeof text) > 0) {
        number[THROTTLED] = number_after(text, "nr_throttled", 10);
        number[THROTTLED_TIME] = version == 2 ? number_after(text, "throttled_usec", 10)
                                              : number_after(text, "throttled_time", 10) / 1000;
    }
}

static void read_pressure(const struct container *container, struct pressure (*pressure)[2])
{
    char file[32], text[512];
    int unified = unified_group(container);
    for (int i = 0; i < 3; i++) {
        snprintf(file, sizeof file, "%s.pressure", pressed[i]);
        if (unified < 0 || read_file(unified, file, text, sizeof text) <= 0)
            continue;
        for (int j = 0; j < 2; j++) {
            const char *line = strstr(text, degrees[j]);
            struct pressure *p = &pressure[i][j];
            p->is_known =
                line &&
                sscanf(line, "%*s avg10=%15[0-9.] avg60=%15[0-9.] avg300=%15[0-9.] total=%llu",
                       p->average[0], p->average[1], p->average[2], &p->total) == 4;
        }
    }
}

static struct device *device_of(struct stat_of *stat, unsigned major, unsigned minor)
{
    for (int i = 0; i < stat->devices; i++)
        if (stat->device[i].major == major && stat->device[i].minor == minor)
            return &stat->device[i];
    if (stat->devices == MOST_DEVICES)
        return NULL;
    stat->device[stat->devices] = (struct device){.major = major, .minor = minor};
    return &stat->device[stat->devices++];
}

/* v1: lines of MAJOR:MINOR, Read or Write, and a number. */
static void read_throttle(int group, const char *file, struct stat_of *stat, int is_bytes)
{
    struct lines lines;
    unsigned major, minor;
    char verb[16];
    uint64_t count;
    if (!open_lines(&lines, group, file))
        return;
    if (stat->devices < 0)
        stat->devices = 0;
    for (char *line; (line = next_line(&lines));) {
        if (sscanf(line, "%u:%u %15s %" SCNu64, &major, &minor, verb, &count) != 4)
            continue;
        int is_read = strcmp(verb, "Read") == 0;
        struct device *device =
            is_read || strcmp(verb, "Write") == 0 ? device_of(stat, major, minor) : NULL;
        if (!device)
            continue;
        if (is_bytes)
            *(is_read ? &device->read_bytes : &device->written_bytes) = count;
        else
            *(is_read ? &device->reads : &device->writes) = count;
    }
}

static void read_io(const struct container *container, struct stat_of *stat)
{
    struct lines lines;
    struct device found;
    int version, group = container_group(container, CGROUP_IO, &version);
    stat->devices = -1;
    if (group >= 0 && version == 1) {
        read_throttle(group, "blkio.throttle.io_service_bytes_recursive", stat, 1);
        read_throttle(group, "blkio.throttle.io_serviced_recursive", stat, 0);
        return;
    }
    if (group < 0 || !open_lines(&lines, group, "io.stat"))
        return;
    stat->devices = 0;
    for (char *line; (line = next_line(&lines));) {
        struct device *device;
        if (sscanf(line,
                   "%u:%u rbytes=%" SCNu64 " wbytes=%" SCNu64 " rios=%" SCNu64 " wios=%" SCNu64,
                   &found.major, &found.minor, &found.read_bytes, &found.written_bytes,
                   &found.reads, &found.writes) == 6 &&
            (device = device_of(stat, found.major, found.minor)))
            *device = found;
    }
}

static void print_text(FILE *out, const struct stat_of *stat)
{
    char text[32], more[32];
    for (int i = 0; i < NUMBERS; i++) {
        uint64_t number = stat->number[i];
        fprintf(out, "%-24s%s\n", numbers[i].label,
                numbers[i].kind == SIZE   ? size_for_people(number, text)
                : numbers[i].kind == TIME ? time_for_people(number, text)
                                          : count_for_people(number, text));
    }
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 2; j++) {
            const struct pressure *p = &stat->pressure[i][j];
            snprintf(text, sizeof text, "pressure, %s, %s", pressed[i], degrees[j]);
            if (p->is_known)
                fprintf(out, "%-24s%s%% %s%% %s%% %s\n", text, p->average[0], p->average[1],
                        p->average[2], time_for_people(p->total, more));
            else
                fprintf(out, "%-24s-\n", text);
        }
    for (int i = 0; i < stat->devices; i++) {
        const struct device *device = &stat->device[i];
        snprintf(text, sizeof text, "disk %u:%u", device->major, device->minor);
        fprintf(out, "%-24s%s read", text, size_for_people(device->read_bytes, more));
        fprintf(out, " in %" PRIu64 ", %s written", device->reads,
                size_for_people(device->written_bytes, more));
        fprintf(out, " in %" PRIu64 "\n", device->writes);
    }
    if (stat->devices <= 0)
        fprintf(out, "%-24s%s\n", "disks", stat->devices < 0 ? "-" : "none");
}

static void print_json(FILE *out, const struct stat_of *stat, const char *name)
{
    char line[4096];
    size_t length = (size_t)snprintf(line, sizeof line, "{\"name\":\"%s\"", name);
    for (int i = 0; i < NUMBERS; i++) {
        uint64_t number = stat->number[i] >= COUNT_UNLIMITED ? UINT64_MAX : stat->number[i];
        length = add_json_number(line, length, sizeof line, numbers[i].name, number);
    }
    fprintf(out, "%s,\"pressure\":{", line);
    for (int i = 0; i < 3; i++) {
        fprintf(out, "%s\"%s\":{", i ? "," : "", pressed[i]);
        for (int j = 0; j < 2; j++) {
            const struct pressure *p = &stat->pressure[i][j];
            fprintf(out, "%s\"%s\":", j ? "," : "", degrees[j]);
            if (p->is_known)
                fprintf(out, "{\"avg10\":%s,\"avg60\":%s,\"avg300\":%s,\"total_us\":%llu}",
                        p->average[0], p->average[1], p->average[2], p->total);
            else
                fputs("null", out);
        }
        putc('}', out);
    }
    fputs(stat->devices < 0 ? "},\"io\":null" : "},\"io\":[", out);
    for (int i = 0; i < stat->devices; i++) {
        const struct device *device = &stat->device[i];
        fprintf(out,
                "%s{\"device\":\"%u:%u\",\"read_bytes\":%" PRIu64 ",\"written_bytes\":%" PRIu64
                ",\"reads\":%" PRIu64 ",\"writes\":%" PRIu64 "}",
                i ? "," : "", device->major, device->minor, device->read_bytes,
                device->written_bytes, device->reads, device->writes);
    }
    fputs(stat->devices < 0 ? "}\n" : "]}\n", out);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    static struct stat_of stat;
    struct containers all;
    struct container container;
    const char *parent = NULL;
    char *text = NULL;
    size_t length = 0;
    int json = 0;

    for (int letter; (letter = next_option(&words));)
        if (letter == JSON)
            json = 1;
        else
            parent = read_group(words.option, words.value);
    const char *name = read_name_operand(next_operand(&words, "NAME"));
    no_more_words(&words);

    find_containers(&all, parent);
    need_container(&container, &all, name);
    read_memory(&container, stat.number);
    read_cpu(&container, stat.number);
    stat.number[TASKS] = container_count(&container, CGROUP_PIDS, "pids.current", "pids.current");
    stat.number[TASKS_LIMIT] = container_count(&container, CGROUP_PIDS, "pids.max", "pids.max");
    read_pressure(&container, stat.pressure);
    read_io(&container, &stat);
    FILE *out = open_memstream(&text, &length);
    if (!out)
        fail("cannot show the container %s", name);
    if (json)
        print_json(out, &stat, name);
    else
        print_text(out, &stat);
    fclose(out);
    say(text);
    return 0;
}
