#include "process.h"

#include "container.h"
#include "file.h"
#include "grow.h"
#include "kernel.h"
#include "message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Says whether a group could not be read since it is gone, or threaded: then its processes are
 * listed above it (cgroups(7)). */
static int is_empty(int error)
{
    return error == ENOENT || error == ENODEV || error == EOPNOTSUPP;
}

static int visit_members(int directory, int (*visit)(int directory, pid_t pid, void *context),
                         void *context)
{
    struct lines lines;
    int result = 0;
    if (!open_lines(&lines, directory, "cgroup.procs"))
        return is_empty(errno) ? 0 : -1;
    for (char *line; !result && (line = next_line(&lines));) {
        pid_t pid = (pid_t)strtol(line, NULL, 10);
        if (pid > 0) /* 0: of a PID namespace that we do not see */
            result = visit(directory, pid, context);
    }
    if (result) {
        int error = errno;
        close_lines(&lines);
        errno = error;
        return result;
    }
    errno = lines.error;
    return errno && !is_empty(errno) ? -1 : 0;
}

int visit_processes(int directory, int (*visit)(int directory, pid_t pid, void *context),
                    void *context)
{
    struct stat status;
    int result = visit_members(directory, visit, context);
    /* A directory has a link from each one in it, and two more. */
    if (result || fstat(directory, &status) < 0 || status.st_nlink <= 2)
        return result;
    int again = open_at(directory, ".", O_RDONLY | O_DIRECTORY);
    DIR *list = again < 0 ? NULL : fdopendir(again);
    if (!list) /* only its owner may list it, see cgroup.c */
        return errno == ENOENT || errno == EACCES ? 0 : -1;
    for (struct dirent *entry; !result && (entry = readdir(list));) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        int below = open_at(directory, entry->d_name, O_PATH | O_DIRECTORY);
        if (below < 0) {
            result = errno == ENOENT ? 0 : -1;
            continue;
        }
        result = visit_processes(below, visit, context);
        close(below);
    }
    closedir(list);
    return result;
}

/* The name, in brackets, may have anything in it. */
int read_process(struct process *process, pid_t pid)
{
    char path[32], text[1024];
    unsigned long long user, system, child_user, child_system, start;
    int parent;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_file(AT_FDCWD, path, text, sizeof text) <= 0)
        return 0;
    char *name = strchr(text, '('), *end = strrchr(text, ')');
    if (!name || !end ||
        sscanf(
            end + 1,
            " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu %*d %*d %*d %*d %llu",
            &parent, &user, &system, &child_user, &child_system, &start) != 6)
        return 0;
    *process = (struct process){.pid = pid,
                                .parent = parent,
                                .start = start,
                                .user = user + child_user,
                                .system = system + child_system};
    *end = '\0';
    snprintf(process->name, sizeof process->name, "%s", name + 1);
    return 1;
}

static int has_ended(int error)
{
    return error == ESRCH || error == ENOENT;
}

int pin_process(pid_t pid, uint64_t start)
{
    struct process process;
    int pidfd = pidfd_open_of(pid);
    if (pidfd < 0 && errno != ESRCH)
        fail("cannot open process %d", (int)pid);
    if (pidfd < 0)
        return -1;
    errno = ESRCH;
    int is_it = read_process(&process, pid) ? process.start == start : 0;
    if (!is_it && !has_ended(errno))
        fail("cannot read when process %d was started: /proc/%d/stat", (int)pid, (int)pid);
    /* The number is not given away while the process is there. */
    if (is_it && (pidfd_signal(pidfd, 0) == 0 || errno == EPERM))
        return pidfd;
    if (is_it && !has_ended(errno))
        fail("cannot find out whether process %d is there", (int)pid);
    close(pidfd);
    return -1;
}

static int add_process(int directory, pid_t pid, void *context)
{
    struct processes *processes = context;
    (void)directory;
    processes->list = one_more(processes->list, processes->count, sizeof *processes->list);
    processes->count += read_process(&processes->list[processes->count], pid);
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct process *left = a, *right = b;
    return left->start != right->start ? (left->start > right->start) - (left->start < right->start)
                                       : (left->pid > right->pid) - (left->pid < right->pid);
}

void read_processes(const struct container *container, struct processes *processes)
{
    free(processes->list);
    *processes = (struct processes){0};
    if (visit_processes(main_group(container), add_process, processes) < 0)
        fail("cannot read the processes of %s: cgroup.procs", container->name);
    if (processes->count)
        qsort(processes->list, (size_t)processes->count, sizeof *processes->list, by_start);
}

/* Says whether the process is process 1 of a PID namespace below ours. */
static int is_first(pid_t pid)
{
    struct lines lines;
    char path[32];
    int first = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    open_lines(&lines, AT_FDCWD, path);
    for (char *line; (line = next_line(&lines));) {
        /* NSpid: PID [PID-BELOW]... */
        const char *last = strrchr(line, '\t');
        if (strncmp(line, "NSpid:", 6) != 0)
            continue;
        first = last > line + 6 && strcmp(last, "\t1") == 0;
        break;
    }
    close_lines(&lines);
    return first;
}

int is_supervisor(const struct process *process)
{
    static const char *const names[] = {"cg-limit", "ns-enter", "pid-fork", "pid-init", "tty-pty", "tty-relay"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(process->name, names[i]) == 0)
            return 1;
    return 0;
}

/* From a process down to one that is no supervisor, by way of the oldest children. */
static const struct process *below_supervisors(const struct processes *processes,
                                               const struct process *process)
{
    for (int i = 0; is_supervisor(process) && i < processes->count; i++)
        if (processes->list[i].parent == process->pid) {
            process = &processes->list[i];
            i = -1;
        }
    return process;
}

const struct process *first_process(const struct processes *processes)
{
    for (int i = 0; i < processes->count; i++)
        if (is_first(processes->list[i].pid))
            return &processes->list[i];
    return processes->count ? below_supervisors(processes, processes->list) : NULL;
}

const struct process *main_process(const struct processes *processes, const struct process *first)
{
    return first ? below_supervisors(processes, first) : NULL;
}

void find_first_process(const struct container *container, struct process *first, struct process *prog)
{
    struct processes processes = {0};
    read_processes(container, &processes);
    const struct process *found = first_process(&processes);
    if (!found)
        refuse("the container %s has no process", container->name);
    *first = *found;
    *prog = *main_process(&processes, found);
    free(processes.list);
}

static uint64_t ticks_to_microseconds(uint64_t ticks)
{
    return ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

void times_of_processes(const struct processes *processes, uint64_t *user, uint64_t *system)
{
    uint64_t users = 0, systems = 0;
    for (int i = 0; i < processes->count; i++) {
        users += processes->list[i].user;
        systems += processes->list[i].system;
    }
    *user = ticks_to_microseconds(users);
    *system = ticks_to_microseconds(systems);
}

uint64_t process_age(const struct process *process)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    uint64_t since = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    uint64_t start = ticks_to_microseconds(process->start);
    return since > start ? since - start : 0;
}
