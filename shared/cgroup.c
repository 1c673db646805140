#include "cgroup.h"

#include "allocate.h"
#include "capability.h"
#include "chain.h"
#include "drain.h"
#include "file.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "subtree.h"
#include "trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A start that sweeps looks at no more groups that live, so that it takes as long with a thousand. */
enum { SEEN_ALIVE = 8 };

static const char base_name[] = "minictr", self[] = "../minictr"; /* seen from itself */

/* Keeps a hint when a group is full that is at or above the one we make ours in: FILE has its limit,
 * and what there is stands in NOW, behind FIELD unless that is empty. */
static void hint_at_full(const struct hierarchy *hierarchy, const char *file, const char *now,
                         const char *field)
{
    char path[PATH_MAX], name[PATH_MAX + 32], limit[32], there[512];
    strcpy(path, hierarchy->path);
    do {
        snprintf(name, sizeof name, "%s/%s", path, file);
        if (read_file(AT_FDCWD, name, limit, sizeof limit) <= 0 || *limit == 'm')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, now);
        read_file(AT_FDCWD, name, there, sizeof there);
        uint64_t count = *field ? number_after(there, field, 10) : strtoull(there, NULL, 10);
        if (count >= strtoull(limit, NULL, 10))
            hint("%s/%s is %.*s", path, file, (int)strcspn(limit, "\n"), limit);
    } while (ascend(hierarchy, path));
}

/* The same for the depth of the tree: DEPTH is how far below the parent a group is made. */
static void hint_at_depth(const struct hierarchy *hierarchy, unsigned depth)
{
    char path[PATH_MAX], name[PATH_MAX + 32], limit[32];
    strcpy(path, hierarchy->path);
    do {
        snprintf(name, sizeof name, "%s/cgroup.max.depth", path);
        if (read_file(AT_FDCWD, name, limit, sizeof limit) > 0 && *limit != 'm' &&
            strtoul(limit, NULL, 10) < depth)
            hint("%s is %.*s", name, (int)strcspn(limit, "\n"), limit);
        depth++;
    } while (ascend(hierarchy, path));
}

/* Keeps errno. */
static void hint_at_many_groups(const struct cgroup_place *place, unsigned depth)
{
    int error = errno;
    if (error == EAGAIN) {
        hint_at_depth(place->hierarchy, depth);
        hint_at_full(place->hierarchy, "cgroup.max.descendants", "cgroup.stat", "nr_descendants");
    } else if (error == EACCES && !is_host_root() && place->hierarchy->version == 2) {
        hint("no control group is delegated to this user: put "
             "\"systemd-run --user --scope -p Delegate=yes\" before it, leave the limits out "
             "(minictr --no-limits), or run it with sudo");
    } else if (error == EACCES && !is_host_root()) {
        hint("no control group is delegated to this user: root can (cg-limit(1) shows how); leave the "
             "limits out (minictr --no-limits), or run it with sudo");
    } else if (error == EROFS) {
        hint("the control groups are mounted read-only here: leave the limits out (minictr --no-limits)");
    }
    errno = error;
    hint_missing(CAPABILITY_DAC_OVERRIDE);
}

/* In a cgroup namespace, with the mounts from before it: its root counts as "/", which is another group
 * than theirs, and with nsdelegate no process can go there from it (cgroup_namespaces(7)). */
static void hint_at_namespace(const struct hierarchy *hierarchy)
{
    if (hierarchy->is_outside)
        hint("the control groups are mounted from outside of this cgroup namespace: put this stage "
             "before %s",
             chain_made('C') ? "\"ns-enter --cgroup\"" : "what made it");
}

/* In v2 a user moves a process only where the group that is above both places, the old and the new one, lets
 * it (cgroups(7), "Delegation containment rules"). */
static void hint_at_containment(const struct hierarchy *hierarchy)
{
    char own[PATH_MAX], path[PATH_MAX], file[PATH_MAX + 32];
    if (hierarchy->version != 2 || !group_of_process(hierarchy, 0, own))
        return;
    strcpy(path, hierarchy->path);
    for (;;) {
        size_t length = strlen(path) - hierarchy->mount;
        if (strncmp(own, path + hierarchy->mount, length) == 0 &&
            (length == 0 || own[length] == '/' || !own[length]))
            break;
        if (!ascend(hierarchy, path))
            return;
    }
    snprintf(file, sizeof file, "%s/cgroup.procs", path);
    if (faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) < 0)
        hint("this user may not write to %s, which is above both groups: start from within what is "
             "delegated, as by \"systemd-run --user --scope -p Delegate=yes\"",
             file);
}

void cgroup_hint_at_start(const struct cgroup *group)
{
    int error = errno;
    const struct cgroup_place *place = cgroup_place(group, CGROUP_PIDS);
    if (place && error == EAGAIN)
        hint_at_full(place->hierarchy, "pids.max", "pids.current", "");
    for (int i = 0; error == ENOENT && i < group->count; i++)
        hint_at_namespace(group->places[i].hierarchy);
    for (int i = 0; error == EACCES && i < group->count; i++)
        hint_at_containment(group->places[i].hierarchy);
    errno = error;
}

/* A new v1 group may use no processor and no memory node, and takes no process until it may: gives it
 * what another has. Both are seen from BASE. Returns 0, or -1 and errno. */
static int inherit_cpuset(int base, const char *from, const char *to)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    char path[128], list[4096];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s", from, files[i]);
        if (read_file(base, path, list, sizeof list) < 0)
            return -1;
        snprintf(path, sizeof path, "%s%s", to, files[i]);
        if (write_file(base, path, list) < 0)
            return -1;
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
    if (unlinkat(place->base, self, AT_REMOVEDIR) == 0 && place->hierarchy->version == 2)
        leave_leaf(place->base);
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

static _Noreturn void blame_place(struct cgroup *group, const char *what,
                                  const struct cgroup_place *place)
{
    hint_at_many_groups(place, 1);
    remove_made(group);
    fail("cannot %s the control group %s/%s", what, place->hierarchy->path, base_name);
}

/* Opens minictr, making it when missing, and locks it. Only its owner may read it: who can open a
 * directory can lock it, and keep everyone waiting. */
static void lock_base(struct cgroup *group, struct cgroup_place *place)
{
    const char *path = path_in(place->hierarchy->path, base_name);
    for (int tries = 0; place->base < 0; tries++) {
        place->is_new = mkdir(path, 0711) == 0;
        if (!place->is_new && errno != EEXIST)
            blame_place(group, "make", place);
        place->base = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
        /* Somebody may have removed it in between. */
        if (place->base < 0 && (errno != ENOENT || tries == 1000))
            blame_place(group, "make", place);
    }
    if (flock(place->base, LOCK_EX) < 0)
        blame_place(group, "lock", place);
}

/* Prepares minictr for a group with the controllers that are needed; returns 0, or -1 and errno when
 * it has been removed meanwhile. */
static int prepare_base(struct cgroup *group, struct cgroup_place *place, unsigned needed)
{
    struct hierarchy *hierarchy = place->hierarchy;
    unsigned missing = needed & hierarchy->controllers;
    int result = hierarchy->version == 2 ? pass_on_controllers(place->base, hierarchy, needed)
                 : hierarchy->controllers >> CGROUP_CPUSET & 1
                     ? inherit_cpuset(place->base, "../", "")
                     : 0;
    missing &= ~hierarchy->controllers;
    if (result == 0 ? !missing : errno == ENODEV || errno == ENOENT)
        return result;
    int error = errno, threaded = is_threaded(place->base);
    if (result == 0 && !threaded)
        hint_at_missing(hierarchy, __builtin_ctz(missing));
    errno = error;
    remove_made(group);
    if (threaded)
        refuse("the control group %s is threaded: only threads can be limited in it",
               hierarchy->path);
    if (result == 0)
        refuse("the controller %s is missing in %s/cgroup.controllers",
               controller_name(__builtin_ctz(missing), 2), hierarchy->path);
    if (errno == EBUSY)
        refuse("the control group %s has processes, so groups below it can have no limits",
               hierarchy->path);
    fail("cannot prepare the control group %s/%s", hierarchy->path, base_name);
}

/* Opens a group and locks it; returns -1 and errno, which is EEXIST when somebody has the lock. */
static int open_and_lock(int base, const char *name)
{
    int directory = open_at(base, name, O_RDONLY | O_DIRECTORY);
    if (directory < 0 || flock(directory, LOCK_EX | LOCK_NB) == 0)
        return directory;
    int error = errno;
    close(directory);
    errno = error == EWOULDBLOCK ? EEXIST : error;
    return -1;
}

/* Makes the group in one hierarchy, locked; returns 0, or -1 and errno. */
static int make_in(struct cgroup_place *place, const char *name)
{
    int made = mkdirat(place->base, name, 0711);
    if (made < 0 && errno == EEXIST) {
        int dead = open_and_lock(place->base, name);
        if (dead < 0)
            return -1;
        made = remove_soon(place->base, name, 10000);
        close(dead);
        if (made == 0)
            made = mkdirat(place->base, name, 0711);
    }
    if (made < 0)
        return -1;
    place->group = open_and_lock(place->base, name);
    if (place->group < 0) {
        int error = errno;
        unlinkat(place->base, name, AT_REMOVEDIR);
        errno = error;
        return -1;
    }
    return 0;
}

void random_name(char *name, size_t size)
{
    uint32_t number;
    if (getrandom(&number, sizeof number, 0) < 0)
        fail("cannot make up a name for the control group");
    snprintf(name, size, "%08x", number);
}

static _Noreturn void blame_making(struct cgroup *group, const struct cgroup_place *place)
{
    const char *path = place->hierarchy->path;
    hint_at_many_groups(place, 2);
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
    char prefix[80];
    lock_base(group, place);
    int result = prepare_base(group, place, needed);
    if (result == 0)
        result = make_in(place, group->name);
    if (result == 0 && place->hierarchy->version == 1 &&
        place->hierarchy->controllers >> CGROUP_CPUSET & 1) {
        snprintf(prefix, sizeof prefix, "%s/", group->name);
        result = inherit_cpuset(place->base, "", prefix);
    }
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
    unsigned found = 0, wished = 1U << CGROUP_MEMORY | 1U << CGROUP_PIDS;
    if (measured)
        wished |= 1U << CGROUP_CPUACCT;

    int count = find_hierarchies(group->hierarchies, needed | wished, parent);
    if (count < 0)
        refuse_hierarchies();
    group->count = 0;
    group->parent = parent;
    for (int i = 0; i < CGROUP_CONTROLLERS; i++)
        for (int j = 0; j < count; j++)
            if (group->hierarchies[j].controllers >> i & 1 && !(found >> i & 1)) {
                found |= group->hierarchies[j].controllers;
                group->places[group->count++] =
                    (struct cgroup_place){&group->hierarchies[j], -1, 0, -1};
            }
    for (int i = 0; i < CGROUP_CONTROLLERS; i++)
        if (needed >> i & 1 && !(found >> i & 1))
            refuse("no mounted cgroup hierarchy has the controller %s", controller_name(i, 2));
    if (group->count == 0)
        refuse("no mounted cgroup hierarchy has the controller memory or pids");

    for (int i = 0; i < count; i++)
        if (!*group->hierarchies[i].path) {
            hint_at_namespace(&group->hierarchies[i]);
            refuse("the caller's own control group cannot be seen in the hierarchy of %s, or its "
                   "path is too long",
                   controller_name(__builtin_ctz(group->hierarchies[i].controllers), 2));
        }
    for (int tries = 0; tries < 100; tries++) {
        int made = 0, result = 0;
        if (name)
            strcpy(group->name, name);
        else
            random_name(group->name, sizeof group->name);
        while (made < group->count && result == 0)
            result = make_place(group, &group->places[made++], needed);
        if (result == 0) {
            for (int i = 0; i < made; i++)
                did("made the control group %s/%s/%s", group->places[i].hierarchy->path, base_name,
                    group->name);
            return;
        }
        /* Whoever removed the last group of minictr removed that as well: begin anew. */
        int gone = errno == ENOENT || errno == ENODEV;
        if (tries == 99 || !(gone || (errno == EEXIST && !name)))
            blame_making(group, &group->places[made - 1]);
        remove_made(group);
    }
}

const struct cgroup_place *cgroup_place(const struct cgroup *group, int controller)
{
    for (int i = 0; i < group->count; i++)
        if (group->places[i].hierarchy->controllers >> controller & 1)
            return &group->places[i];
    return NULL;
}

int cgroup_clone_target(const struct cgroup *group)
{
    for (int i = 0; i < group->count; i++)
        if (group->places[i].hierarchy->version == 2)
            return group->places[i].group;
    return -1;
}

void cgroup_enter(const struct cgroup *group)
{
    for (int i = 0; i < group->count; i++)
        if (group->places[i].hierarchy->version == 1 &&
            enter_group(group->places[i].group, 1) < 0)
            fail("cannot enter the control group %s/%s/%s", group->places[i].hierarchy->path,
                 base_name, group->name);
}

/* Removes a group if it is dead; returns whether it was. */
static int sweep_group(int base, const char *name)
{
    int dead = open_and_lock(base, name);
    if (dead < 0)
        return 0;
    remove_soon(base, name, 100);
    close(dead);
    return 1;
}

/* Removes the dead groups from where LIST stands, until *ALIVE has counted enough that live; returns how many. */
static int sweep_from(int list, int base, const char *own, int *alive)
{
    alignas(struct entry) char entries[1024];
    int swept = 0;
    for (int size; *alive < SEEN_ALIVE && (size = read_entries(list, entries, sizeof entries)) > 0;)
        for (int at = 0; at < size && *alive < SEEN_ALIVE;) {
            const struct entry *entry = (const void *)(entries + at);
            at += entry->size;
            if (entry->type != DT_DIR || entry->name[0] == '.' || strcmp(entry->name, own) == 0)
                continue;
            int was_dead = sweep_group(base, entry->name);
            swept += was_dead;
            *alive += !was_dead;
        }
    return swept;
}

/* Removes dead groups below one minictr, unless somebody is at it; returns how many. */
static int sweep_base(int base, const char *own)
{
    int list = open_at(base, ".", O_RDONLY | O_DIRECTORY), alive = 0, swept = 0;
    uint32_t place = 0;
    if (list >= 0 && flock(list, LOCK_EX | LOCK_NB) == 0) {
        /* From anywhere: in a directory of control groups the position is a hash of the name, and the kernel finds it
         * without reading what is before (kernfs). */
        getrandom(&place, sizeof place, GRND_NONBLOCK);
        lseek(list, place & INT32_MAX, SEEK_SET);
        swept += sweep_from(list, base, own, &alive);
        lseek(list, 0, SEEK_SET);
        swept += sweep_from(list, base, own, &alive);
    }
    close(list); /* and the lock with it */
    return swept;
}

/* Sweeps in the hierarchies that this group does not use: a dead one may have had more limits. */
static void sweep_elsewhere(const struct cgroup *group)
{
    struct hierarchy others[CGROUP_CONTROLLERS];
    char path[PATH_MAX + sizeof base_name];
    unsigned used = 1U << CGROUP_FREEZER;
    for (int i = 0; i < group->count; i++)
        used |= group->places[i].hierarchy->controllers;
    int count = find_hierarchies(others, ~used & ((1U << CGROUP_CONTROLLERS) - 1), group->parent);
    for (int i = 0; i < count; i++) {
        if (!*others[i].path)
            continue;
        snprintf(path, sizeof path, "%s/%s", others[i].path, base_name);
        int base = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
        if (base < 0)
            continue;
        sweep_base(base, "");
        unlinkat(base, self, AT_REMOVEDIR);
        close(base);
    }
}

void cgroup_sweep(const struct cgroup *group)
{
    int swept = 0;
    /* Backwards: where pids.max is, a group is kept from growing while it is killed. */
    for (int i = group->count - 1; i >= 0; i--)
        if (!group->places[i].is_new)
            swept += sweep_base(group->places[i].base, group->name);
    if (swept)
        sweep_elsewhere(group);
}

uint64_t count_kills(int parent, const char *name)
{
    char text[256];
    int directory = open_at(parent, name, O_RDONLY | O_DIRECTORY);
    DIR *list = directory < 0 ? NULL : fdopendir(directory);
    if (!list)
        return 0;
    read_file(directory, "memory.oom_control", text, sizeof text);
    uint64_t kills = number_after(text, "oom_kill", 10);
    for (struct dirent *entry; (entry = readdir(list));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            kills += count_kills(directory, entry->d_name);
    closedir(list);
    return kills;
}

/* Reads what the group has used. A file that is gone leaves what was read before. */
static void measure(const struct cgroup *group, struct cgroup_usage *usage)
{
    const struct cgroup_place *memory = cgroup_place(group, CGROUP_MEMORY);
    const struct cgroup_place *time = cgroup_place(group, CGROUP_CPUACCT);
    static const char *const v1[] = {"memory.oom_control", "memory.limit_in_bytes",
                                     "memory.max_usage_in_bytes"};
    static const char *const v2[] = {"memory.events", "memory.max", "memory.peak"};
    int version = memory ? memory->hierarchy->version : 2;
    const char *const *files = version == 2 ? v2 : v1;
    char text[2048];

    if (memory && read_file(memory->group, files[0], text, sizeof text) > 0) {
        struct stat status;
        uint64_t kills = number_after(text, "oom_kill", 10);
        /* A directory without others in it has two links; to read it would cost more. */
        if (version == 1 && fstat(memory->group, &status) == 0 && status.st_nlink > 2)
            kills = count_kills(memory->base, group->name);
        /* Fewer are counted when some of the groups are gone. */
        if (kills > usage->oom_kills)
            usage->oom_kills = kills;
        if (usage->oom_kills || usage->complete) {
            uint64_t limit = read_count(memory->group, files[1]);
            usage->memory_limit = limit == COUNT_UNLIMITED ? UINT64_MAX : limit;
            usage->memory_peak = read_count(memory->group, files[2]);
        }
    }
    if (!usage->complete)
        return;
    if (time && time->hierarchy->version == 1) {
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
            complain("cannot remove the control group %s/%s/%s", place->hierarchy->path, base_name,
                     group->name);
        close_place(place);
    }
    errno = error;
}
