/*
 * floor: the system calls of minictr --bare in one process, and the same processes: what the kernel itself asks
 * for such a container. With --default those of minictr as it is without --bare. Left out is what only a chain needs.
 * Not a program to use: it checks little and cleans up only when all goes well.
 *
 *   floor [--default] DIR PROG [ARG...]
 */
#include "capability.h"
#include "cgroup.h"
#include "filter.h"
#include "kernel.h"
#include "landlock.h"
#include "limit.h"
#include "message.h"
#include "mount.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PLAIN = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
    QUIET = PLAIN | MOUNT_ATTR_NOEXEC,
    FIXED = QUIET | MOUNT_ATTR_RDONLY,
};

static const struct mount_option none[] = {{0}};

/* Puts it on a path from a directory on. */
static void put(int tree, int directory, const char *where)
{
    int target = open_at(directory, where, O_PATH | O_DIRECTORY);
    if (attach_mount(tree, target) < 0)
        fail("cannot mount %s", where);
    close(target);
    close(tree);
}

static void mount_at(int directory, const char *type, const char *where, const struct mount_option *options,
                     unsigned flags)
{
    put(make_mount(type, options, flags, where), directory, where);
}

/* The same in a directory that is made for it. */
static void mount_in(int directory, const char *type, const char *name, const struct mount_option *options,
                     unsigned flags)
{
    mkdirat(directory, name, 0755);
    mount_at(directory, type, name, options, flags);
}

static void make_dev(void)
{
    static const struct {
        const char *name;
        unsigned major, minor;
    } devices[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
    static const char *const links[][2] = {{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"},
        {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"}};
    umask(0);
    int dev = make_mount("tmpfs", (struct mount_option[]){{"mode", "755"}, {"size", "64k"}, {0}},
                         MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "/dev");
    int target = open_at(AT_FDCWD, "/dev", O_PATH | O_DIRECTORY);
    attach_mount(dev, target);
    close(target);
    for (int i = 0; i < 6; i++)
        mknodat(dev, devices[i].name, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor));
    for (int i = 0; i < 5; i++)
        symlinkat(links[i][1], dev, links[i][0]);
    close(open_at(dev, "console", O_WRONLY | O_CREAT | O_EXCL));
    mount_in(dev, "devpts", "pts",
             (struct mount_option[]){{"mode", "620"}, {"ptmxmode", "666"}, {"gid", "5"}, {0}},
             MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    mount_in(dev, "tmpfs", "shm", (struct mount_option[]){{"mode", "1777"}, {0}}, QUIET);
    mount_in(dev, "mqueue", "mqueue", none, QUIET);
    close(dev);
    umask(022);
}

static void make_sys(const struct cgroup *group)
{
    mount_at(AT_FDCWD, "sysfs", "/sys", none, FIXED);
    if (group->places[0].hierarchy->version == 2) {
        mount_at(AT_FDCWD, "cgroup2", "/sys/fs/cgroup", none, FIXED);
        return;
    }
    int groups = make_mount("tmpfs", (struct mount_option[]){{"mode", "755"}, {"size", "64k"}, {0}}, QUIET, "/sys/fs/cgroup");
    for (int i = 0; i < group->count; i++) {
        const char *name = strrchr(group->places[i].hierarchy->path, '/') + 1;
        mount_in(groups, "cgroup", name, (struct mount_option[]){{name, NULL}, {0}}, FIXED);
    }
    add_mount_flags(groups, MOUNT_ATTR_RDONLY, 0);
    put(groups, AT_FDCWD, "/sys/fs/cgroup");
}

/* A copy of the mount goes on each of the paths that is there. */
static void cover(int tree, const char *const *paths)
{
    for (; *paths; paths++) {
        int target = open_at(AT_FDCWD, *paths, O_PATH | O_NOFOLLOW), copy = target < 0 ? -1 : clone_tree(tree, NULL, 0);
        if (target < 0)
            continue;
        attach_mount(copy, target);
        close(copy);
        close(target);
    }
    close(tree);
}

static void mask(void)
{
    static const char *const directories[] = {"/proc/acpi", "/proc/asound", "/proc/dynamic_debug", "/proc/scsi",
                                              "/sys/devices/virtual/powercap", "/sys/firmware", NULL};
    static const char *const files[] = {"/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/kpagecgroup",
        "/proc/kpagecount", "/proc/kpageflags", "/proc/latency_stats", "/proc/sched_debug", "/proc/timer_list",
        "/proc/timer_stats", NULL};
    static const char *const fixed[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
    cover(make_mount("tmpfs", (struct mount_option[]){{"size", "4k"}, {"mode", "755"}, {0}}, FIXED, "the masks"), directories);
    int null = open_at(AT_FDCWD, "/dev/null", O_PATH), nothing = clone_tree(null, NULL, 0);
    close(null);
    add_mount_flags(nothing, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0);
    cover(nothing, files);
    for (int i = 0; i < 5; i++) {
        int target = open_at(AT_FDCWD, fixed[i], O_PATH), copy = target < 0 ? -1 : clone_tree(target, NULL, 1);
        if (target < 0)
            continue;
        add_mount_flags(copy, MOUNT_ATTR_RDONLY, 1);
        attach_mount(copy, target);
        close(copy);
        close(target);
    }
}

static void lock(void)
{
    static const struct filter filter = {3, {{0x20, 0, 0, 0}, {0x15, 0, 0, UINT32_MAX}, {0x06, 0, 0, ACTION_ALLOW}}};
    struct capabilities have;
    uint64_t bounding;
    int bound;
    uint64_t wanted = read_capability_set("default", &bound);
    get_capabilities(&have);
    get_bounding_set(&bounding);
    uint64_t kept = wanted & have.permitted & bounding;
    shrink_bounding_set(bounding & ~kept);
    set_capabilities(&(struct capabilities){kept, kept, 0});
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (landlock_version() >= LANDLOCK_SCOPES)
        landlock_scope(LANDLOCK_SCOPE_SOCKETS);
    if (apply_filter(&filter) < 0)
        fail("cannot apply the filter");
}

static _Noreturn void run(char **words)
{
    execv(words[0], words);
    _exit(127);
}

static int run_in_session(void *words)
{
    setsid();
    run(words);
}

static void make_container(char **words, const struct cgroup *all)
{
    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (sethostname("minictr", 7) < 0)
        fail("cannot set the host name");
    int target = open_at(AT_FDCWD, words[0], O_PATH | O_DIRECTORY);
    int tree = clone_tree(target, NULL, 1);
    if (all)
        add_mount_flags(tree, MOUNT_ATTR_NODEV, 1);
    if (attach_mount(tree, target) < 0 || fchdir(tree) < 0 || pivot_root_to(".", ".") < 0 ||
        umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        fail("cannot change the root");
    close(tree);
    close(target);
    mount_at(AT_FDCWD, "tmpfs", "/mytemp", (struct mount_option[]){{"mode", "1777"}, {0}}, PLAIN);
    mount_at(AT_FDCWD, "proc", "/proc", none, QUIET);
    if (all) {
        make_dev();
        make_sys(all);
        mask();
        lock();
        if (fork_sharing(0, run_in_session, words + 1) < 0)
            fail("cannot start a process");
    } else {
        run(words + 1);
    }
}

/* Waits for the child, as the supervisors do, and returns its status. */
static int await_end(pid_t child)
{
    int status;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    static struct limits limits;
    struct cgroup group;

    int all = argc > 1 && strcmp(argv[1], "--default") == 0;
    argv += all;
    if (argc < 3 + all)
        return 2;
    if (all)
        close_descriptors(STDERR_FILENO + 1, ~0U);
    limit_memory(&limits, "512M");
    limit_pids(&limits, "512");
    cgroup_make(&group, NULL, NULL, complete_limits(&limits), 0);
    set_limits(&group, &limits);
    pid_t outer = fork_with(0, cgroup_clone_target(&group));
    if (outer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        cgroup_enter(&group);
        pid_t inner = fork_with(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP, -1);
        if (inner == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            make_container(argv + 1, all ? &group : NULL);
            _exit(await_end(-1));
        }
        _exit(await_end(inner));
    }
    int status = await_end(outer);
    cgroup_remove(&group, NULL);
    return status;
}
