#include "report.h"

#include "json.h"
#include "kernel.h"
#include "message.h"
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void report_to(struct report *report, const char *option, const char *text)
{
    int fd = (int)read_number(option, text, 0, INT_MAX);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        fail("%s: cannot use the descriptor %d", option, fd);
    if ((flags & O_ACCMODE) == O_RDONLY)
        refuse("%s: the descriptor %d is not open for writing", option, fd);
    if (fd > STDERR_FILENO)
        fcntl(above_standard(fd), F_SETFD, FD_CLOEXEC); /* which close_like_exec() then knows of */
    report->fd = fd;
    report->usage.complete = 1;
}

void report_start(struct report *report)
{
    report->usage.memory_limit = report->usage.memory_peak = report->usage.cpu_time = UINT64_MAX;
    if (report->fd >= 0)
        clock_gettime(CLOCK_MONOTONIC, &report->start);
}

/* A size as people write it: in the largest unit that it is a whole number of, or nearly; NONE in place
 * of UINT64_MAX. */
static const char *size_text(uint64_t size, const char *none, char *text, size_t length)
{
    static const char units[] = " KMGT";
    int unit = 0;
    if (size == UINT64_MAX)
        return none;
    while (unit < 4 && size >= 1024 && (size % 1024 == 0 || size >= 10240)) {
        size /= 1024;
        unit++;
    }
    snprintf(text, length, "%" PRIu64 "%.*s", size, unit > 0, units + unit);
    return text;
}

static void say_killed(const struct report *report, const struct cgroup *group)
{
    const struct cgroup_usage *usage = &report->usage;
    char limit[32], peak[32];
    errno = 0;
    complain("container %s: out of memory: %" PRIu64 " killed, limit %s, peak %s", group->name,
             usage->oom_kills, size_text(usage->memory_limit, "none", limit, sizeof limit),
             size_text(usage->memory_peak, "unknown", peak, sizeof peak));
}

static void write_json(const struct report *report, const struct cgroup *group, int status,
                       int killed_by)
{
    const struct cgroup_usage *usage = &report->usage;
    struct timespec end;
    char line[PATH_MAX + 512];

    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t wall = (end.tv_sec - report->start.tv_sec) * INT64_C(1000000) +
                   (end.tv_nsec - report->start.tv_nsec) / 1000;
    size_t length = (size_t)snprintf(line, sizeof line, "{\"container\":\"%s\",\"group\":\"",
                                     group->name);
    const char *path = group->places[0].hierarchy->path;
    length = add_json_text(line, length, PATH_MAX, path, strlen(path));
    length += (size_t)snprintf(line + length, sizeof line - length, "/minictr/%s\"", group->name);
    length = add_json_number(line, length, sizeof line, "status", (uint64_t)status);
    length = add_json_number(line, length, sizeof line, "signal",
                        killed_by ? (uint64_t)killed_by : UINT64_MAX);
    length = add_json_number(line, length, sizeof line, "oom_kills", usage->oom_kills);
    length = add_json_number(line, length, sizeof line, "memory_limit", usage->memory_limit);
    length = add_json_number(line, length, sizeof line, "memory_peak", usage->memory_peak);
    length = add_json_number(line, length, sizeof line, "cpu_us", usage->cpu_time);
    length = add_json_number(line, length, sizeof line, "wall_us", (uint64_t)wall);
    length += (size_t)snprintf(line + length, sizeof line - length, "}\n");
    if (write(report->fd, line, length) < 0)
        complain("cannot report to the descriptor %d", report->fd);
}

void report_end(struct report *report, const struct cgroup *group, int status, int killed_by)
{
    if (report->usage.oom_kills)
        say_killed(report, group);
    if (report->fd >= 0)
        write_json(report, group, status, killed_by);
}
