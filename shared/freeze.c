#include "freeze.h"

#include "drain.h"
#include "file.h"
#include "kernel.h"
#include "message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 5000 }; /* milliseconds */

/* A group of the v1 freezer: that of the container while it is frozen, and the one above minictr,
 * where its processes are otherwise. */
struct freezer {
    const struct container *container;
    const struct hierarchy *hierarchy;
    char path[2 * PATH_MAX + 128]; /* the mount point included */
    char below[80];                /* the end of that: minictr/NAME */
    int group, above;              /* directories (O_PATH), or -1 */
    int is_own;  /* the supervisor has made it, with another controller: it stays */
    int outside; /* how many processes had to be moved the last time */
};

static const struct hierarchy *find_freezer(const struct containers *all)
{
    for (int i = 0; i < all->count; i++)
        if (all->hierarchies[i].controllers >> CGROUP_FREEZER & 1)
            return &all->hierarchies[i];
    return NULL;
}

/* Writes where a process is in the freezer, the mount point included; returns whether it is known.
 */
static int freezer_path(const struct hierarchy *hierarchy, pid_t pid, char *path)
{
    char group[PATH_MAX];
    if (!group_of_process(hierarchy, pid, group))
        return 0;
    sprintf(path, "%.*s%s", (int)hierarchy->mount, hierarchy->path,
            strcmp(group, "/") == 0 ? "" : group);
    return 1;
}

/* Cuts PATH off behind /minictr/NAME, when that is in it; returns whether. */
static int cut_behind(char *path, const char *name)
{
    char own[80];
    size_t length = (size_t)snprintf(own, sizeof own, "/minictr/%s", name);
    for (char *at = path; (at = strstr(at, own)); at++)
        if (!at[length] || at[length] == '/') {
            at[length] = '\0';
            return 1;
        }
    return 0;
}

/* Returns whether it is in that group or below it; or gone. */
static int is_inside(const struct freezer *freezer, pid_t pid)
{
    char path[sizeof freezer->path];
    size_t length = strlen(freezer->path);
    if (!freezer_path(freezer->hierarchy, pid, path))
        return errno == ENOENT || errno == ESRCH;
    return strncmp(path, freezer->path, length) == 0 && (!path[length] || path[length] == '/');
}

/*
 * Moves a process that the group LISTED has into the group TO. The number may have passed to a
 * stranger: so it is pinned, and looked for, first; and when it has ended by then, whoever has the
 * number now is brought to BACK. Returns 0, also when it has ended, or -1 and errno.
 */
static int move(pid_t pid, int listed, int to, int back)
{
    char number[16];
    int result = 0, process = pidfd_open_of(pid);
    if (process < 0)
        return errno == ESRCH ? 0 : -1;
    snprintf(number, sizeof number, "%d", (int)pid);
    if (has_process(listed, pid)) {
        result = write_file(to, "cgroup.procs", number);
        if (result < 0 && errno == ESRCH)
            result = 0;
        else if (result == 0 && pidfd_signal(process, 0) < 0 && errno == ESRCH)
            write_file(back, "cgroup.procs", number);
    }
    int error = errno;
    close(process);
    errno = error;
    return result;
}

static int move_in(int directory, pid_t pid, void *context)
{
    struct freezer *freezer = context;
    if (is_inside(freezer, pid))
        return 0;
    freezer->outside++;
    return move(pid, directory, freezer->group, freezer->above);
}

/* Whoever is frozen and has been moved out goes on: there nobody is frozen by us. */
static int move_out(int directory, pid_t pid, void *context)
{
    struct freezer *freezer = context;
    return move(pid, directory, freezer->above, freezer->above);
}

/* Waits a moment; returns 0 when these have taken too long. */
static int wait_a_moment(int *tries)
{
    struct timespec pause = {.tv_nsec = *tries < 100 ? 500000 : 10000000};
    nanosleep(&pause, NULL);
    return ++*tries < 100 + PATIENCE / 10;
}

/* Says whether a process of the container has not begun to end. Who has is shown in the root of each v1 hierarchy. */
static int is_living(const struct container *container, pid_t pid)
{
    char group[PATH_MAX];
    for (int i = 0; i < container->all->count; i++)
        if (container->groups[i] >= 0)
            return group_of_process(&container->all->hierarchies[i], pid, group) && strcmp(group, "/") != 0;
    return 0;
}

/* Looks for the frozen group by the processes; returns whether there is one. When there is none,
 * the path is that of the group where they are; empty without a process, or when that is not known.
 */
static int find_group(struct freezer *freezer, const struct container *container)
{
    struct processes processes = {0};
    int found = 0;
    *freezer = (struct freezer){.container = container,
                                .hierarchy = find_freezer(container->all),
                                .group = -1,
                                .above = -1};
    snprintf(freezer->below, sizeof freezer->below, "minictr/%s", container->name);
    if (!freezer->hierarchy)
        return 0;
    read_processes(container, &processes);
    for (int i = 0; !found && i < processes.count; i++)
        found = freezer_path(freezer->hierarchy, processes.list[i].pid, freezer->path) &&
                cut_behind(freezer->path, container->name);
    int known = found;
    for (int i = 0; !known && i < processes.count; i++)
        known = freezer_path(freezer->hierarchy, processes.list[i].pid, freezer->path) &&
                is_living(container, processes.list[i].pid);
    if (!known)
        *freezer->path = '\0';
    free(processes.list);
    return found;
}

static int has_members(int directory, pid_t pid, void *context)
{
    (void)directory;
    (void)context;
    return pid;
}

/* Makes minictr and the group in it. Returns 0, or -1 and errno. */
static int make_group(const struct freezer *freezer)
{
    for (int tries = 0; tries < 1000; tries++) {
        if (mkdirat(freezer->above, "minictr", 0711) < 0 && errno != EEXIST)
            return -1;
        /* Somebody may remove minictr in between, with the last group in it. */
        if (mkdirat(freezer->above, freezer->below, 0711) == 0 || errno == EEXIST)
            return 0;
        if (errno != ENOENT)
            break;
    }
    return -1;
}

static int is_same(int a, int b)
{
    struct stat one, other;
    return a >= 0 && b >= 0 && fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Opens the group, and makes it when it is MISSING; the path is that of the group above minictr
 * then. Returns 0, or -1 and errno. */
static int open_group(struct freezer *freezer, int missing)
{
    char *end = freezer->path + strlen(freezer->path);
    if (!missing)
        end -= 1 + strlen(freezer->below);
    *end = '\0';
    freezer->above = open_at(AT_FDCWD, freezer->path, O_PATH | O_DIRECTORY);
    sprintf(end, "/%s", freezer->below);
    if (freezer->above < 0 || (missing && make_group(freezer) < 0))
        return -1;
    freezer->group = open_at(freezer->above, freezer->below, O_PATH | O_DIRECTORY);
    /* A container of this name that is elsewhere may be frozen there. */
    if (missing && freezer->group >= 0 && visit_processes(freezer->group, has_members, NULL)) {
        errno = EEXIST;
        return -1;
    }
    for (int i = 0; i < freezer->container->all->count; i++)
        freezer->is_own |= is_same(freezer->group, freezer->container->groups[i]);
    return freezer->group < 0 ? -1 : 0;
}

/* Thaws the group, brings its processes back to where they were, and removes it. Returns 0, or -1
 * and errno. */
static int undo(struct freezer *freezer)
{
    int tries = 0;
    if (write_file(freezer->group, "freezer.state", "THAWED") < 0)
        return errno == ENODEV ? 0 : -1;
    while (!freezer->is_own && unlinkat(freezer->above, freezer->below, AT_REMOVEDIR) < 0) {
        if (errno == ENOENT)
            return 0;
        if (errno != EBUSY || visit_processes(freezer->group, move_out, freezer) < 0 ||
            !wait_a_moment(&tries))
            return -1;
    }
    if (!freezer->is_own)
        unlinkat(freezer->above, "minictr", AT_REMOVEDIR); /* others may have groups there */
    return 0;
}

/* Finds a thread in a call that nothing interrupts; what is frozen looks the same, so when nobody
 * is. */
static int find_blocked(int directory, pid_t pid, void *context)
{
    char path[64], text[1024];
    pid_t *blocked = context;
    (void)directory;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *list = opendir(path);
    for (struct dirent *entry; list && !*blocked && (entry = readdir(list));) {
        char file[400];
        snprintf(file, sizeof file, "%s/%s/stat", path, entry->d_name);
        const char *end =
            read_file(AT_FDCWD, file, text, sizeof text) > 0 ? strrchr(text, ')') : NULL;
        if (end && strncmp(end, ") D", 3) == 0)
            *blocked = pid;
    }
    if (list)
        closedir(list);
    return *blocked != 0;
}

static _Noreturn void refuse_to_freeze(const struct container *container)
{
    char path[32], name[64] = "";
    struct timespec pause = {.tv_nsec = 50000000};
    pid_t blocked = 0;
    nanosleep(&pause, NULL); /* the others wake up */
    visit_processes(main_group(container), find_blocked, &blocked);
    if (!blocked)
        refuse("the container %s is not frozen after %d seconds", container->name, PATIENCE / 1000);
    snprintf(path, sizeof path, "/proc/%d/comm", (int)blocked);
    read_file(AT_FDCWD, path, name, sizeof name);
    refuse("the container %s is not frozen after %d seconds: process %d (%.*s) is in a call of the "
           "kernel that nothing interrupts",
           container->name, PATIENCE / 1000, (int)blocked, (int)strcspn(name, "\n"), name);
}

static void freeze_unified(const struct container *container, int group)
{
    char text[512];
    int tries = 0;
    if (write_file(group, "cgroup.freeze", "1") < 0)
        fail("cannot freeze the container %s: cgroup.freeze", container->name);
    do
        if (read_file(group, "cgroup.events", text, sizeof text) < 0) {
            if (errno == ENOENT || errno == ENODEV)
                return; /* it is gone */
            fail("cannot freeze the container %s: cgroup.events", container->name);
        } else if (number_after(text, "frozen", 10)) {
            return;
        }
    while (wait_a_moment(&tries));
    write_file(group, "cgroup.freeze", "0");
    refuse_to_freeze(container);
}

/* Moves the processes into the freezer until none is left outside: those that are not there yet may
 * start others. Returns 0, or -1 and errno. */
static int gather(struct freezer *freezer)
{
    int tries = 0;
    do {
        freezer->outside = 0;
        if (visit_processes(main_group(freezer->container), move_in, freezer) < 0)
            return -1;
        if (!freezer->outside)
            return 0;
    } while (wait_a_moment(&tries));
    errno = EAGAIN;
    return -1;
}

/*
 * Returns whether it is frozen in time, or -1 and errno. A process that is just being started or
 * ends can be overlooked, and the group then stays on its way for ever: so it is told again and
 * again, and now and then to thaw in between (freezer-subsystem.rst: "should FREEZING be returned,
 * userspace should either retry or thaw").
 */
static int freeze_gathered(const struct freezer *freezer)
{
    char state[32];
    int tries = 0;
    do {
        if (tries % 50 == 49 && write_file(freezer->group, "freezer.state", "THAWED") < 0)
            return -1;
        if (write_file(freezer->group, "freezer.state", "FROZEN") < 0 ||
            read_file(freezer->group, "freezer.state", state, sizeof state) < 0)
            return -1;
        if (strcmp(state, "FROZEN\n") == 0)
            return 1;
    } while (wait_a_moment(&tries));
    return 0;
}

void freeze_container(const struct container *container)
{
    struct freezer freezer;
    const char *name = container->name;
    int unified = unified_group(container);
    if (unified >= 0) {
        freeze_unified(container, unified);
        return;
    }
    int found = find_group(&freezer, container);
    if (!freezer.hierarchy)
        refuse("no mounted cgroup hierarchy has the controller freezer");
    if (!found && freezer.hierarchy->controllers != 1U << CGROUP_FREEZER)
        /* A cg-limit that uses the other controller would take the group for a dead one. */
        refuse("the container %s cannot be frozen: the freezer shares its hierarchy with another "
               "controller",
               name);
    if (!*freezer.path)
        refuse("the container %s has no process", name);
    int result = open_group(&freezer, !found);
    if (result < 0 && errno == EACCES && geteuid() != 0)
        hint("no group of the freezer is delegated to this user: cg-limit(1) shows how root does that");
    if (result < 0)
        fail("cannot make the control group %s", freezer.path);
    if (gather(&freezer) < 0) {
        int error = errno;
        undo(&freezer);
        errno = error;
        fail("cannot move the processes of %s into the control group %s", name, freezer.path);
    }
    result = freeze_gathered(&freezer);
    /* Somebody may have joined the container meanwhile. */
    if (result > 0)
        result = gather(&freezer) < 0 ? -1 : freeze_gathered(&freezer);
    /* Who was about to end has done so by now: nobody would come back for an empty group. */
    if (result > 0 && !visit_processes(freezer.group, has_members, NULL)) {
        undo(&freezer);
        refuse("the container %s has ended", name);
    }
    if (result > 0) {
        close(freezer.group);
        close(freezer.above);
        return;
    }
    int error = errno;
    undo(&freezer);
    errno = error;
    if (result < 0)
        fail("cannot freeze the container %s: %s/freezer.state", name, freezer.path);
    refuse_to_freeze(container);
}

void thaw_container(const struct container *container)
{
    struct freezer freezer;
    int unified = unified_group(container);
    if (unified >= 0) {
        if (write_file(unified, "cgroup.freeze", "0") < 0 && errno != ENOENT && errno != ENODEV)
            fail("cannot thaw the container %s: cgroup.freeze", container->name);
        return;
    }
    if (!find_group(&freezer, container))
        return;
    if (open_group(&freezer, 0) < 0 ? errno != ENOENT : undo(&freezer) < 0)
        fail("cannot thaw the container %s: %s", container->name, freezer.path);
    close(freezer.group);
    close(freezer.above);
}

int is_frozen(const struct container *container, const struct process *process)
{
    char path[2 * PATH_MAX + 128], text[512];
    int unified = unified_group(container);
    if (unified >= 0)
        return read_file(unified, "cgroup.events", text, sizeof text) > 0 &&
               number_after(text, "frozen", 10);
    const struct hierarchy *hierarchy = find_freezer(container->all);
    if (!hierarchy || !process || !freezer_path(hierarchy, process->pid, path) ||
        !path[hierarchy->mount]) /* the root is never frozen */
        return 0;
    strcat(path, "/freezer.state");
    /* FREEZING, too: who has been told to stop waits for the others. */
    return read_file(AT_FDCWD, path, text, sizeof text) > 0 && strncmp(text, "FR", 2) == 0;
}
