#include "container.h"

#include "closest.h"
#include "drain.h"
#include "file.h"
#include "kernel.h"
#include "message.h"
#include "value.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

struct lock { /* an exclusive flock(2): who has it, on what */
    dev_t device;
    ino_t inode;
    pid_t holder;
};

/* Makes room for one more element in a list that grows; returns the list, which may have moved. */
static void *one_more(void *list, int count, size_t size)
{
    if (count & (count - 1))
        return list; /* it has room until their number is a power of two */
    list = realloc(list, (size_t)(count ? 2 * count : 1) * size);
    if (!list)
        fail("cannot list the containers");
    return list;
}

static void read_locks(struct containers *all)
{
    struct lines lines;
    struct lock lock;
    unsigned major, minor;
    unsigned long long inode;
    all->lock_count = 0;
    if (!open_lines(&lines, AT_FDCWD, "/proc/locks"))
        fail("cannot find the supervisors: /proc/locks");
    for (char *line; (line = next_line(&lines));) {
        /* NUMBER: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE START END */
        if (sscanf(line, "%*s FLOCK %*s WRITE %d %x:%x:%llu", &lock.holder, &major, &minor,
                   &inode) != 4)
            continue;
        lock.device = makedev(major, minor);
        lock.inode = (ino_t)inode;
        all->locks = one_more(all->locks, all->lock_count, sizeof lock);
        all->locks[all->lock_count++] = lock;
    }
    errno = lines.error;
    if (errno)
        fail("cannot find the supervisors: /proc/locks");
}

void find_containers(struct containers *all, const char *parent)
{
    char path[PATH_MAX + 16];
    int exists = 0;
    *all = (struct containers){0};
    all->count = find_hierarchies(all->hierarchies, (1U << CGROUP_CONTROLLERS) - 1, parent);
    if (all->count < 0 && errno == ENODEV)
        refuse("no cgroup file system is mounted");
    if (all->count < 0)
        fail("cannot find the control groups: /proc/self/mountinfo");
    for (int i = 0; i < all->count; i++) {
        const struct hierarchy *hierarchy = &all->hierarchies[i];
        all->bases[i] = -1;
        exists |= *hierarchy->path && faccessat(AT_FDCWD, hierarchy->path, F_OK, 0) == 0;
        /* What is there in a freezer of its own is ctr-pause's. */
        if (!*hierarchy->path || hierarchy->controllers == 1U << CGROUP_FREEZER)
            continue;
        snprintf(path, sizeof path, "%s/minictr", hierarchy->path);
        all->bases[i] = open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY);
        if (all->bases[i] < 0 && errno != ENOENT)
            fail("cannot open the control group %s", path);
    }
    if (parent && !exists)
        refuse("there is no control group %s in any hierarchy", parent);
    read_locks(all);
}

void release_containers(struct containers *all)
{
    for (int i = 0; i < all->count; i++)
        if (all->bases[i] >= 0)
            close(all->bases[i]);
    free(all->locks);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

char (*list_containers(const struct containers *all, int *count))[65]
{
    char(*names)[65] = NULL;
    int found = 0;
    for (int i = 0; i < all->count; i++) {
        if (all->bases[i] < 0)
            continue;
        int directory = open_at(all->bases[i], ".", O_RDONLY | O_DIRECTORY);
        DIR *list = directory < 0 ? NULL : fdopendir(directory);
        if (!list && errno != ENOENT)
            complain("cannot list the control group %s/minictr", all->hierarchies[i].path);
        for (struct dirent *entry; list && (entry = readdir(list));)
            if (entry->d_type == DT_DIR && is_name(entry->d_name)) {
                names = one_more(names, found, sizeof *names);
                strcpy(names[found++], entry->d_name);
            }
        if (list)
            closedir(list);
    }
    *count = 0;
    if (found)
        qsort(names, (size_t)found, sizeof *names, by_name);
    for (int i = 0; i < found; i++)
        if (*count == 0 || strcmp(names[*count - 1], names[i]) != 0)
            memmove(names[(*count)++], names[i], sizeof *names);
    return names;
}

/* Returns who has the lock on a directory, or 0. */
static pid_t holder(const struct containers *all, const struct stat *status)
{
    for (int i = 0; i < all->lock_count; i++)
        if (all->locks[i].device == status->st_dev && all->locks[i].inode == status->st_ino)
            return all->locks[i].holder;
    return 0;
}

static pid_t find_supervisor(const struct container *container)
{
    struct stat status;
    for (int i = 0; i < container->all->count; i++)
        if (container->groups[i] >= 0 && fstat(container->groups[i], &status) == 0) {
            pid_t found = holder(container->all, &status);
            if (found)
                return found;
        }
    return 0;
}

int open_container(struct container *container, struct containers *all, const char *name)
{
    int found = 0;
    container->all = all;
    strcpy(container->name, name);
    for (int i = 0; i < all->count; i++) {
        container->groups[i] =
            all->bases[i] < 0 ? -1 : open_at(all->bases[i], name, O_PATH | O_DIRECTORY);
        if (container->groups[i] >= 0)
            found = 1;
        else if (all->bases[i] >= 0 && errno != ENOENT && errno != ENOTDIR)
            fail("cannot open the control group %s/minictr/%s", all->hierarchies[i].path, name);
    }
    container->supervisor = found ? find_supervisor(container) : 0;
    /* It may have begun after the locks were read. */
    if (found && !container->supervisor) {
        read_locks(all);
        container->supervisor = find_supervisor(container);
    }
    return found;
}

void close_container(struct container *container)
{
    for (int i = 0; i < container->all->count; i++)
        if (container->groups[i] >= 0)
            close(container->groups[i]);
}

static _Noreturn void refuse_unknown(const struct containers *all, const char *name)
{
    const char *best = NULL;
    int count;
    char(*names)[65] = list_containers(all, &count);
    for (int i = 0; i < count; i++)
        best = closer(name, best, names[i]);
    if (best)
        hint("did you mean %s?", best);
    else
        hint("\"ctr-ls\" lists the containers");
    refuse("there is no container %s", name);
}

const char *read_name_operand(const char *text)
{
    if (*text == '-')
        hint("options stand before the names");
    return read_name("NAME", text);
}

void need_container(struct container *container, struct containers *all, const char *name)
{
    if (!open_container(container, all, name))
        refuse_unknown(all, name);
    if (container->supervisor)
        return;
    hint("\"cg-limit true\" kills and removes what is left of it");
    refuse("the container %s is dead: its supervisor was killed", name);
}

struct container *need_containers(struct containers *all, const char *parent, struct words *words,
                                  int *count)
{
    struct container *list = NULL;
    char **first = words->next;
    *count = 0;
    do
        read_name_operand(next_operand(words, "NAME"));
    while (*words->next);
    find_containers(all, parent);
    for (char **name = first; name < words->next; name++) {
        list = one_more(list, *count, sizeof *list);
        need_container(&list[(*count)++], all, *name);
    }
    return list;
}

int pin_supervisor(const struct container *container)
{
    int pidfd = pidfd_open_of(container->supervisor);
    if (pidfd < 0 && errno != ESRCH)
        fail("cannot open process %d, the supervisor of %s", (int)container->supervisor,
             container->name);
    /* The number may have passed to a stranger before it was pinned. */
    read_locks(container->all);
    if (pidfd >= 0 && find_supervisor(container) == container->supervisor)
        return pidfd;
    close(pidfd);
    return -1;
}

int container_group(const struct container *container, int controller, int *version)
{
    for (int i = 0; i < container->all->count; i++)
        if (container->groups[i] >= 0 &&
            container->all->hierarchies[i].controllers >> controller & 1) {
            *version = container->all->hierarchies[i].version;
            return container->groups[i];
        }
    return -1;
}

int main_group(const struct container *container)
{
    int version, group = container_group(container, CGROUP_PIDS, &version);
    for (int i = 0; group < 0 && i < container->all->count; i++)
        group = container->groups[i];
    return group;
}

int unified_group(const struct container *container)
{
    for (int i = 0; i < container->all->count; i++)
        if (container->groups[i] >= 0 && container->all->hierarchies[i].version == 2)
            return container->groups[i];
    return -1;
}

uint64_t container_count(const struct container *container, int controller, const char *v1,
                         const char *v2)
{
    int version, group = container_group(container, controller, &version);
    const char *file = group < 0 ? NULL : version == 2 ? v2 : v1;
    return file ? read_count(group, file) : COUNT_UNKNOWN;
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

uint64_t container_cpu(const struct container *container, const struct processes *processes)
{
    char text[2048];
    uint64_t user, system;
    uint64_t nanoseconds = container_count(container, CGROUP_CPUACCT, "cpuacct.usage", NULL);
    if (nanoseconds != COUNT_UNKNOWN)
        return nanoseconds / 1000;
    if (unified_group(container) >= 0 &&
        read_file(unified_group(container), "cpu.stat", text, sizeof text) > 0)
        return number_after(text, "usage_usec", 10);
    times_of_processes(processes, &user, &system);
    return user + system;
}

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

/* Reads /proc/PID/stat; returns whether it could. The name, in brackets, may have anything in it.
 */
static int read_process(struct process *process, pid_t pid)
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
    static const char *const names[] = {"cg-limit", "ns-enter", "pid-init", "tty-pty", "tty-relay"};
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

uint64_t process_age(const struct process *process)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    uint64_t since = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    uint64_t start = ticks_to_microseconds(process->start);
    return since > start ? since - start : 0;
}

enum { PEOPLE = 24 }; /* bytes for a number */

/* In place of what is no number. */
static char *no_number(uint64_t count, char *text)
{
    return strcpy(text, count == COUNT_UNKNOWN ? "-" : "max");
}

char *size_for_people(uint64_t size, char *text)
{
    static const char units[] = "KMGTPE";
    if (size >= COUNT_UNLIMITED)
        return no_number(size, text);
    if (size < 1024) {
        snprintf(text, PEOPLE, "%" PRIu64, size);
        return text;
    }
    int unit = 0;
    uint64_t tenths = 10 * (size >> 10) + (size % 1024 * 10 >> 10);
    for (; tenths >= 10240; unit++)
        tenths /= 1024;
    if (tenths % 10 == 0 || tenths >= 1000)
        snprintf(text, PEOPLE, "%" PRIu64 "%c", tenths / 10, units[unit]);
    else
        snprintf(text, PEOPLE, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10, units[unit]);
    return text;
}

char *time_for_people(uint64_t microseconds, char *text)
{
    unsigned long long seconds = microseconds / 1000000, rest = microseconds % 1000000;
    if (microseconds >= COUNT_UNLIMITED)
        return no_number(microseconds, text);
    if (seconds < 60)
        snprintf(text, PEOPLE, "%llu.%02llus", seconds, rest / 10000);
    else if (seconds < 3600)
        snprintf(text, PEOPLE, "%llum%02llus", seconds / 60, seconds % 60);
    else if (seconds < 86400)
        snprintf(text, PEOPLE, "%lluh%02llum", seconds / 3600, seconds / 60 % 60);
    else
        snprintf(text, PEOPLE, "%llud%02lluh", seconds / 86400, seconds / 3600 % 24);
    return text;
}

char *count_for_people(uint64_t count, char *text)
{
    if (count >= COUNT_UNLIMITED)
        return no_number(count, text);
    snprintf(text, PEOPLE, "%" PRIu64, count);
    return text;
}
