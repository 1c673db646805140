/*
 * report.h: what a container has used, told at its end: to people when the kernel killed for memory,
 * and to programs as one line of JSON (RFC 8259).
 */
#ifndef REPORT_H
#define REPORT_H

#include "cgroup.h"

#include <time.h>

struct report {
    int fd; /* where the line of JSON goes, or -1 */
    struct timespec start;
    struct cgroup_usage usage;
};

/* Reads the number of the descriptor that the line goes to, and keeps it from PROG. OPTION stands at
 * the beginning of messages: ends with 125 and one when it is not open for writing. */
void report_to(struct report *report, const char *option, const char *text);

/* Notes the time. Cannot fail. */
void report_start(struct report *report);

/*
 * Says how many processes were killed for memory, if any, on standard error; writes the line of JSON
 * where it is asked for:
 *
 *   {"container":"web","group":"/sys/fs/cgroup/minictr/web","status":137,"signal":9,"oom_kills":1,
 *    "memory_limit":67108864,"memory_peak":67108864,"cpu_us":12000,"wall_us":52000}
 *
 * STATUS is what the supervisor ends with; signal is null unless KILLED_BY one; memory in bytes, time
 * in microseconds, null where it is not limited or not known. A line that cannot be written is
 * complained of.
 */
void report_end(struct report *report, const struct cgroup *group, int status, int killed_by);

#endif
