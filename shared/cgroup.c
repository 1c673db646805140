#include "cgroup.h"

#include "chain.h"
#include "file.h"
#include "kernel.h"
#include "message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static const char base_name[] = "minictr", leaf_name[] = "minictr-leaf";

/* Where the controllers are recorded that were passed on when the leaf was made. */
static const char passed_on[] = "user.minictr.passed-on";

static void remove_made(struct cgroup *group);

/*
 * Why the kernel refused.
 */

/* Cuts the last component off the path of a group; returns 0 at the mount point. */
static int ascend(const struct hierarchy *hierarchy, char *path)
{
    if (strcmp(path, hierarchy->mount) == 0)
        return 0;
    *strrchr(path, '/') = '\0';
    return 1;
}

static ssize_t read_in(const char *group, const char *name, char *text, size_t size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", group, name);
    ssize_t length = read_file(AT_FDCWD, path, text, size);
    text[strcspn(text, "\n")] = '\0';
    return length;
}

/* Keeps a hint when a group, or one above it, is full: FILE has the limit, and NOW of FIELD ("" when
 * it is a number alone) is what there is. */
static void hint_at_full(const struct hierarchy *hierarchy, const char *file, const char *now,
                         const char *field)
{
    char path[PATH_MAX], limit[32], there[512];
    snprintf(path, sizeof path, "%s", hierarchy->path);
    do {
        char number[PATH_MAX + 64];
        if (read_in(path, file, limit, sizeof limit) <= 0 || strcmp(limit, "max") == 0)
            continue;
        snprintf(number, sizeof number, "%s/%s", path, now);
        read_file(AT_FDCWD, number, there, sizeof there);
        uint64_t count = *field ? number_after(there, field, 10) : strtoull(there, NULL, 10);
        if (count >= strtoull(limit, NULL, 10))
            hint("%s/%s is %s", path, file, limit);
    } while (ascend(hierarchy, path));
}

static int is_threaded(const struct hierarchy *hierarchy)
{
    char type[32];
    return hierarchy->version == 2 &&
           read_in(hierarchy->path, "cgroup.type", type, sizeof type) > 0 &&
           strcmp(type, "domain") != 0;
}

void cgroup_hint_at_start(const struct cgroup *group)
{
    int error = errno;
    const struct cgroup_place *place = cgroup_place(group, CGROUP_PIDS);
    if (place && error == EAGAIN)
        hint_at_full(&place->hierarchy, "pids.max", "pids.current", "");
    errno = error;
}

/* A controller that the parent lacks got lost at some group above it: name that one. */
static _Noreturn void refuse_controller(struct cgroup *group, const struct cgroup_place *place,
                                        int controller)
{
    const struct hierarchy *hierarchy = &place->hierarchy;
    const char *name = controller_name(controller, 2);
    char path[PATH_MAX], list[512];

    snprintf(path, sizeof path, "%s", hierarchy->path);
    while (ascend(hierarchy, path))
        if (read_in(path, "cgroup.controllers", list, sizeof list) > 0 &&
            list_has(list, " ", name)) {
            hint("%s/cgroup.subtree_control does not pass it on", path);
            break;
        }
    remove_made(group);
    refuse("the controller %s is missing in %s/cgroup.controllers", name, hierarchy->path);
}

/*
 * The controllers of a v2 group, which its parents pass on.
 */

/* Moves all processes of one group into another; returns 0, or -1 and errno. */
static int move_all(int from, int to)
{
    char list[8192], number[16];
    for (int tries = 0; tries < 1000; tries++) {
        ssize_t length = read_file(from, "cgroup.procs", list, sizeof list);
        if (length <= 0)
            return (int)length;
        for (char *pid = list; *pid; pid = strchr(pid, '\n') + 1) {
            if (!strchr(pid, '\n'))
                break; /* the rest did not fit */
            snprintf(number, sizeof number, "%.*s", (int)strcspn(pid, "\n"), pid);
            if (write_file(to, "cgroup.procs", number) < 0 && errno != ESRCH)
                return -1;
        }
    }
    errno = EBUSY;
    return -1;
}

/* Makes room for groups in the caller's own: one that has processes may not pass controllers on
 * ("no internal processes", cgroups(7)). Returns 0, or -1 and errno. */
static int move_into_leaf(const struct cgroup_place *place)
{
    char before[512];
    int made = mkdirat(place->parent, leaf_name, 0755) == 0;
    int leaf = open_at(place->parent, leaf_name, O_RDONLY | O_DIRECTORY);
    if (leaf < 0)
        return -1;
    ssize_t length =
        read_file(place->parent, "cgroup.subtree_control", before, sizeof before);
    if (made && length >= 0)
        fsetxattr(leaf, passed_on, before, (size_t)length, 0);
    int result = move_all(place->parent, leaf);
    int error = errno;
    close(leaf);
    errno = error;
    return result;
}

/* The opposite, when nobody needs it any more: the kernel refuses each step as long as somebody
 * does, and then the last one to end will do it. */
static void move_back_from_leaf(const struct cgroup_place *place)
{
    char list[512], before[512], words[256] = "";
    int leaf = open_at(place->parent, leaf_name, O_RDONLY | O_DIRECTORY);
    if (leaf < 0)
        return;
    ssize_t length = fgetxattr(leaf, passed_on, before, sizeof before - 1);
    before[length < 0 ? 0 : length] = '\0';
    read_file(place->parent, "cgroup.subtree_control", list, sizeof list);
    for (char *name = strtok(list, " \n"); name; name = strtok(NULL, " \n"))
        if (!list_has(before, " \n", name) && strlen(words) + strlen(name) + 3 < sizeof words)
            strcat(strcat(words, " -"), name);
    if ((!*words || write_file(place->parent, "cgroup.subtree_control", words) == 0) &&
        move_all(leaf, place->parent) == 0)
        unlinkat(place->parent, leaf_name, AT_REMOVEDIR);
    close(leaf);
}

/* Makes a v2 group pass on the controllers that the place wants and it does not pass on yet; returns
 * 0, or -1 and errno. One it does not have itself is not tried. */
static int pass_on(int directory, unsigned controllers)
{
    char list[512], has[512], words[256] = "";
    if (read_file(directory, "cgroup.subtree_control", list, sizeof list) < 0)
        return -1;
    for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
        const char *name = controller_name(i, 2);
        if (!(controllers >> i & 1) || list_has(list, " \n", name))
            continue;
        if (!*words && read_file(directory, "cgroup.controllers", has, sizeof has) < 0)
            return -1;
        if (list_has(has, " \n", name))
            strcat(strcat(words, " +"), name);
    }
    return *words ? write_file(directory, "cgroup.subtree_control", words) : 0;
}

static void pass_on_controllers(struct cgroup *group, struct cgroup_place *place, unsigned needed)
{
    struct hierarchy *hierarchy = &place->hierarchy;
    char list[512];

    int result = pass_on(place->parent, hierarchy->controllers);
    for (int tries = 0; result < 0 && errno == EBUSY && hierarchy->is_own && tries < 100; tries++)
        if ((result = move_into_leaf(place)) == 0)
            result = pass_on(place->parent, hierarchy->controllers);
    if (result == 0)
        result = pass_on(place->base, hierarchy->controllers);
    if (result < 0) {
        int error = errno;
        remove_made(group);
        if (error == EBUSY)
            refuse("the control group %s holds processes, so it cannot have groups with limits "
                   "below it",
                   hierarchy->path);
        if (is_threaded(hierarchy))
            refuse("the control group %s is threaded: only whole processes can be limited",
                   hierarchy->path);
        errno = error;
        fail("cannot pass the controllers on: %s/cgroup.subtree_control", hierarchy->path);
    }
    read_file(place->base, "cgroup.subtree_control", list, sizeof list);
    for (int i = 0; i < CGROUP_CONTROLLERS; i++)
        if (hierarchy->controllers >> i & 1 && !list_has(list, " \n", controller_name(i, 2))) {
            if (needed >> i & 1)
                refuse_controller(group, place, i);
            hierarchy->controllers &= ~(1U << i);
        }
}

/* A new v1 group may use no processor and no memory node, and takes no process until it may. */
static int inherit_cpuset(int from, int to)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    char list[4096];
    for (int i = 0; i < 2; i++) {
        if (read_file(to, files[i], list, sizeof list) < 0)
            return -1;
        if (*list && *list != '\n')
            continue;
        if (read_file(from, files[i], list, sizeof list) < 0 || write_file(to, files[i], list) < 0)
            return -1;
    }
    return 0;
}

/*
 * Killing and removing.
 */

/* Returns whether the group that DIRECTORY refers to lists the process. */
static int has_process(int directory, pid_t pid)
{
    int file = open_at(directory, "cgroup.procs", O_RDONLY);
    FILE *list = file < 0 ? NULL : fdopen(file, "r");
    int listed, found = 0;
    while (list && !found && fscanf(list, "%d", &listed) == 1)
        found = listed == pid;
    if (list)
        fclose(list);
    return found;
}

/* Brings a process into the root group of the v1 freezer, which is never frozen: a process that is
 * does not even die. */
static void thaw(pid_t pid)
{
    struct hierarchy list[CGROUP_CONTROLLERS];
    char path[PATH_MAX], number[16];
    if (find_hierarchies(list, 1U << CGROUP_FREEZER, "/") != 1 || list[0].version != 1)
        return;
    snprintf(path, sizeof path, "%s/cgroup.procs", list[0].path);
    snprintf(number, sizeof number, "%d", (int)pid);
    write_file(AT_FDCWD, path, number);
}

/*
 * Kills the processes of one group. Without cgroup.kill a number may have passed to a stranger since
 * it was read: so the process is pinned by a pidfd first, and signalled only when the group lists
 * the number still, which is then its own. That no more of them start meanwhile pids.max sees to.
 */
static void kill_members(int directory, int stubborn)
{
    if (write_file(directory, "cgroup.kill", "1") == 0)
        return;
    write_file(directory, "pids.max", "0");
    int file = open_at(directory, "cgroup.procs", O_RDONLY);
    FILE *list = file < 0 ? NULL : fdopen(file, "r");
    int pid;
    while (list && fscanf(list, "%d", &pid) == 1) {
        int process = pid > 0 ? pidfd_open_of(pid) : -1;
        if (process >= 0 && has_process(directory, pid)) {
            pidfd_signal(process, SIGKILL);
            if (stubborn)
                thaw(pid);
        }
        close(process);
    }
    if (list)
        fclose(list);
}

/* Kills and removes a group with all below it; returns 0, or -1 and errno of the last try. */
static int remove_tree(int parent, const char *name, int stubborn)
{
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    int directory = open_at(parent, name, O_RDONLY | O_DIRECTORY);
    if (directory < 0)
        return -1;
    kill_members(directory, stubborn);
    DIR *list = fdopendir(directory);
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_tree(directory, entry->d_name, stubborn);
    if (list)
        closedir(list);
    return unlinkat(parent, name, AT_REMOVEDIR);
}

/* The same, and waits for it to drain, at most about so many milliseconds. */
static int remove_soon(int parent, const char *name, int milliseconds)
{
    struct timespec pause = {.tv_nsec = 250000};
    long waited = 0;
    for (int tries = 0; remove_tree(parent, name, tries > 3) < 0; tries++) {
        if (waited / 1000000 >= milliseconds)
            return -1;
        nanosleep(&pause, NULL);
        waited += pause.tv_nsec;
        if (pause.tv_nsec < 32000000)
            pause.tv_nsec *= 2;
    }
    return 0;
}

/* Lets go of a place, and removes minictr where it is empty: with the lock, since whoever makes a
 * group has it, too. */
static void close_place(struct cgroup_place *place)
{
    if (place->base < 0)
        return;
    flock(place->base, LOCK_EX);
    if (unlinkat(place->parent, base_name, AT_REMOVEDIR) == 0 && place->hierarchy.version == 2)
        move_back_from_leaf(place);
    if (place->group >= 0)
        close(place->group);
    close(place->base);
    place->group = place->base = -1;
}

/* Removes what there is of a group that is not complete: nobody has been in it. Keeps errno. */
static void remove_made(struct cgroup *group)
{
    int error = errno;
    for (int i = 0; i < group->count; i++) {
        struct cgroup_place *place = &group->places[i];
        if (place->group >= 0)
            unlinkat(place->base, group->name, AT_REMOVEDIR);
        close_place(place);
    }
    errno = error;
}

/*
 * Making.
 */

static _Noreturn void blame_place(struct cgroup *group, const char *what,
                                  const struct cgroup_place *place)
{
    remove_made(group);
    fail("cannot %s the control group %s/%s", what, place->hierarchy.path, base_name);
}

/* Says whether the descriptor still is the directory of that name, and not one that was removed. */
static int is_in_tree(const struct cgroup_place *place)
{
    struct stat own, named;
    return fstat(place->base, &own) == 0 && fstatat(place->parent, base_name, &named, 0) == 0 &&
           own.st_ino == named.st_ino && own.st_dev == named.st_dev;
}

/* Opens minictr, making it when missing, and locks it. Only its owner may read it: who can open a
 * directory can lock it, and keep everyone waiting. */
static void lock_base(struct cgroup *group, struct cgroup_place *place)
{
    for (int tries = 0; tries < 1000; tries++) {
        if (mkdirat(place->parent, base_name, 0711) < 0 && errno != EEXIST) {
            if (errno == EAGAIN)
                hint_at_full(&place->hierarchy, "cgroup.max.descendants", "cgroup.stat",
                             "nr_descendants");
            blame_place(group, "make", place);
        }
        place->base = open_at(place->parent, base_name, O_RDONLY | O_DIRECTORY);
        if (place->base < 0 && errno == ENOENT)
            continue; /* somebody removed it in between */
        if (place->base < 0)
            blame_place(group, "open", place);
        if (flock(place->base, LOCK_EX) < 0)
            blame_place(group, "lock", place);
        if (is_in_tree(place))
            return;
        close(place->base);
        place->base = -1;
    }
    blame_place(group, "make", place);
}

static int open_and_lock(const struct cgroup_place *place, const char *name)
{
    int directory = open_at(place->base, name, O_RDONLY | O_DIRECTORY);
    if (directory < 0 || flock(directory, LOCK_EX | LOCK_NB) == 0)
        return directory;
    close(directory);
    errno = EEXIST;
    return -1;
}

/* Makes the group in one hierarchy, locked; returns 0, or -1 and errno. */
static int make_in(struct cgroup_place *place, const char *name)
{
    int made = mkdirat(place->base, name, 0711);
    if (made < 0 && errno == EEXIST) {
        int dead = open_and_lock(place, name);
        if (dead < 0)
            return -1;
        made = remove_soon(place->base, name, 10000);
        close(dead);
        if (made == 0)
            made = mkdirat(place->base, name, 0711);
    }
    if (made < 0)
        return -1;
    place->group = open_and_lock(place, name);
    if (place->group < 0) {
        int error = errno;
        unlinkat(place->base, name, AT_REMOVEDIR);
        errno = error;
        return -1;
    }
    return 0;
}

static void random_name(char *name, size_t size)
{
    uint32_t number;
    if (getrandom(&number, sizeof number, 0) < 0)
        fail("cannot make up a name for the control group");
    snprintf(name, size, "%08x", number);
}

static _Noreturn void blame_making(struct cgroup *group, const struct cgroup_place *place)
{
    const char *path = place->hierarchy.path;
    if (errno == EAGAIN)
        hint_at_full(&place->hierarchy, "cgroup.max.descendants", "cgroup.stat", "nr_descendants");
    remove_made(group);
    if (errno == ENOTDIR)
        refuse("the name %s is in use: %s/%s/%s is a file of the kernel's", group->name, path,
               base_name, group->name);
    if (errno == EEXIST)
        refuse("the name %s is in use: %s/%s/%s is the control group of a running container",
               group->name, path, base_name, group->name);
    fail("cannot make the control group %s/%s/%s", path, base_name, group->name);
}

/* Makes the group in one hierarchy, when it is there in those before; returns 0, or -1 and errno. */
static int make_place(struct cgroup *group, struct cgroup_place *place, unsigned needed)
{
    int result = -1;
    lock_base(group, place);
    if (place->hierarchy.version == 2)
        pass_on_controllers(group, place, needed);
    else if (place->hierarchy.controllers >> CGROUP_CPUSET & 1 &&
             inherit_cpuset(place->parent, place->base) < 0)
        blame_place(group, "prepare", place);
    result = make_in(place, group->name);
    if (result == 0 && place->hierarchy.version == 1 &&
        place->hierarchy.controllers >> CGROUP_CPUSET & 1)
        result = inherit_cpuset(place->base, place->group);
    int error = errno;
    flock(place->base, LOCK_UN);
    errno = error;
    return result;
}

static _Noreturn void refuse_hierarchies(void)
{
    int error = errno;
    if (chain_kept_stages() >= 0)
        hint("put this stage before root-setup");
    if (error == ENODEV)
        refuse("no cgroup file system is mounted");
    errno = error;
    fail("cannot find the control groups: /proc/self/mountinfo");
}

void cgroup_make(struct cgroup *group, const char *name, const char *parent, unsigned needed,
                 int measured)
{
    struct hierarchy list[CGROUP_CONTROLLERS];
    unsigned found = 0, wished = 1U << CGROUP_MEMORY | 1U << CGROUP_PIDS;
    if (measured)
        wished |= 1U << CGROUP_CPUACCT;

    group->count = find_hierarchies(list, needed | wished, parent);
    if (group->count < 0)
        refuse_hierarchies();
    for (int i = 0; i < group->count; i++) {
        group->places[i] = (struct cgroup_place){list[i], -1, -1, -1};
        found |= list[i].controllers;
    }
    for (int i = 0; i < CGROUP_CONTROLLERS; i++)
        if (needed >> i & 1 && !(found >> i & 1))
            refuse("no mounted cgroup hierarchy has the controller %s", controller_name(i, 2));
    if (group->count == 0)
        refuse("no mounted cgroup hierarchy has the controller memory or pids");

    for (int i = 0; i < group->count; i++) {
        struct cgroup_place *place = &group->places[i];
        if (!place->hierarchy.path)
            refuse("--parent: %s would be below the caller's own control group, which cannot be "
                   "seen in %s",
                   parent, place->hierarchy.mount);
        place->parent = open_at(AT_FDCWD, place->hierarchy.path, O_RDONLY | O_DIRECTORY);
        if (place->parent < 0)
            fail("cannot open the control group %s", place->hierarchy.path);
    }
    for (int tries = 0; tries < 100; tries++) {
        int i = 0, result = 0;
        if (name)
            strcpy(group->name, name);
        else
            random_name(group->name, sizeof group->name);
        for (; i < group->count && result == 0; i++)
            result = make_place(group, &group->places[i], needed);
        if (result == 0)
            return;
        if (errno != EEXIST || name || tries == 99)
            blame_making(group, &group->places[i - 1]);
        remove_made(group);
    }
}

const struct cgroup_place *cgroup_place(const struct cgroup *group, int controller)
{
    for (int i = 0; i < group->count; i++)
        if (group->places[i].hierarchy.controllers >> controller & 1)
            return &group->places[i];
    return NULL;
}

int cgroup_clone_target(const struct cgroup *group)
{
    for (int i = 0; i < group->count; i++)
        if (group->places[i].hierarchy.version == 2)
            return group->places[i].group;
    return -1;
}

void cgroup_enter(const struct cgroup *group)
{
    for (int i = 0; i < group->count; i++)
        if (group->places[i].hierarchy.version == 1 &&
            write_file(group->places[i].group, "cgroup.procs", "0") < 0)
            fail("cannot enter the control group %s/%s/%s", group->places[i].hierarchy.path,
                 base_name, group->name);
}

void cgroup_sweep(const struct cgroup *group)
{
    /* Backwards: where pids.max is, a group is kept from growing while it is killed. */
    for (int i = group->count - 1; i >= 0; i--) {
        const struct cgroup_place *place = &group->places[i];
        int again = open_at(place->base, ".", O_RDONLY | O_DIRECTORY);
        if (again < 0)
            continue;
        if (flock(again, LOCK_EX | LOCK_NB) < 0) {
            close(again);
            continue;
        }
        DIR *list = fdopendir(again);
        for (struct dirent *entry; list && (entry = readdir(list));) {
            if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
                strcmp(entry->d_name, group->name) == 0)
                continue;
            int dead = open_and_lock(place, entry->d_name);
            if (dead >= 0)
                remove_soon(place->base, entry->d_name, 100);
            close(dead);
        }
        if (list)
            closedir(list);
    }
}

/* Reads a number from a file of the group; UINT64_MAX when there is none, or it stands for none:
 * "max", or what v1 writes in its place. */
static uint64_t read_count(int directory, const char *file)
{
    char text[64];
    if (read_file(directory, file, text, sizeof text) <= 0 || *text < '0' || *text > '9')
        return UINT64_MAX;
    uint64_t count = strtoull(text, NULL, 10);
    return count > UINT64_C(1) << 62 ? UINT64_MAX : count;
}

/* Reads what the group has used. A file that is gone leaves what was read before. */
static void measure(const struct cgroup *group, struct cgroup_usage *usage)
{
    const struct cgroup_place *memory = cgroup_place(group, CGROUP_MEMORY);
    const struct cgroup_place *time = cgroup_place(group, CGROUP_CPUACCT);
    static const char *const v1[] = {"memory.oom_control", "memory.limit_in_bytes",
                                     "memory.max_usage_in_bytes"};
    static const char *const v2[] = {"memory.events", "memory.max", "memory.peak"};
    const char *const *files = memory && memory->hierarchy.version == 2 ? v2 : v1;
    char text[2048];

    if (memory && read_file(memory->group, files[0], text, sizeof text) > 0) {
        usage->oom_kills = number_after(text, "oom_kill", 10);
        if (usage->oom_kills || usage->complete) {
            usage->memory_limit = read_count(memory->group, files[1]);
            usage->memory_peak = read_count(memory->group, files[2]);
        }
    }
    if (!usage->complete)
        return;
    if (time && time->hierarchy.version == 1) {
        uint64_t nanoseconds = read_count(time->group, "cpuacct.usage");
        if (nanoseconds != UINT64_MAX)
            usage->cpu_time = nanoseconds / 1000;
    } else if (cgroup_clone_target(group) >= 0 &&
               read_file(cgroup_clone_target(group), "cpu.stat", text, sizeof text) > 0) {
        usage->cpu_time = number_after(text, "usage_usec", 10);
    }
}

void cgroup_remove(struct cgroup *group, struct cgroup_usage *usage)
{
    struct timespec pause = {.tv_nsec = 250000};
    int error = errno, left;

    for (int tries = 0;; tries++) {
        if (usage)
            measure(group, usage);
        left = 0;
        for (int i = 0; i < group->count; i++)
            left += remove_tree(group->places[i].base, group->name, tries > 3) < 0;
        if (!left || tries == 320)
            break;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 32000000)
            pause.tv_nsec *= 2;
    }
    for (int i = 0; i < group->count; i++) {
        struct cgroup_place *place = &group->places[i];
        if (left && remove_tree(place->base, group->name, 1) < 0)
            complain("cannot remove the control group %s/%s/%s", place->hierarchy.path, base_name,
                     group->name);
        close_place(place);
    }
    errno = error;
}
