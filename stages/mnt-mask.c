/* mnt-mask: hide what would show or change the host. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "mount.h"
#include "namespace.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { HIDE = 256, RO, DEFAULT, PATHS = 64 };

static const struct option options[] = {
    {DEFAULT, "default", NULL, "hide and write-protect what container engines do, as far as it exists"},
    {HIDE, "hide", "PATH...", "nothing is to be seen there: an empty file or directory"},
    {RO, "ro", "PATH...", "read-only, with all below it"},
    {0},
};

static const struct program program = {
    "mnt-mask",
    "OPTION... PROG [ARG...]",
    "Hide files and directories, or make them read-only, then run PROG",
    options,
};

/* The default set of the engines, and dynamic_debug: what of proc(5) and sysfs(5) tells of the host, or acts on it.
 * The directories are first. */
static const char *const hidden[] = {
    "/proc/acpi",         "/proc/asound",        "/proc/dynamic_debug", "/proc/scsi",
    "/sys/devices/virtual/powercap", "/sys/firmware",
    "/proc/interrupts",   "/proc/kcore",         "/proc/keys",          "/proc/kpagecgroup",
    "/proc/kpagecount",   "/proc/kpageflags",    "/proc/latency_stats", "/proc/sched_debug",
    "/proc/timer_list",   "/proc/timer_stats",
};
static const char *const protected[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

/* The directories that the paths below them are looked up in: what is checked is what the path is then
 * looked up in, so that whoever fills the root cannot put a tree of his own in its place in between. */
static struct base {
    const char *path;
    int fd; /* or -1 */
} bases[] = {{"/proc", -1}, {"/sys", -1}};

static struct base *base_of(const char *path)
{
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        size_t length = strlen(bases[i].path);
        if (strncmp(path, bases[i].path, length) == 0 && path[length] == '/')
            return &bases[i];
    }
    return NULL;
}

/* A tree that the image made in place of proc or sysfs would hide nothing of the real one. */
static void open_base(struct base *base, const char *path)
{
    if (base->fd >= 0)
        return;
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        if (bases[i].fd >= 0)
            close(bases[i].fd);
        bases[i].fd = -1;
    }
    base->fd = open_kernel_tree(base->path);
    if (base->fd < 0)
        refuse("cannot protect %s: %s is not %s", path, base->path,
               base == bases ? "proc" : "sysfs");
}

/* Opens what is to be covered; no link is followed in the end. Returns -1 for what is not there and
 * need not be. */
static int open_covered(const char *path, int optional, struct stat *status)
{
    struct base *base = base_of(path);
    if (base)
        open_base(base, path);
    int fd = base ? open_path(base->fd, path + strlen(base->path) + 1, O_NOFOLLOW, INSIDE)
                  : open_path(AT_FDCWD, path, O_NOFOLLOW, BY_NAMES);
    if (fd < 0 && errno == ENOENT && optional)
        return -1;
    if (fd < 0 || fstat(fd, status) < 0)
        fail("cannot find %s", path);
    if (S_ISLNK(status->st_mode))
        refuse("%s is a symbolic link: name what it leads to", path);
    if (is_root(fd))
        refuse("%s is the root itself: what covers it is not seen", path);
    return fd;
}

/* An empty directory. */
static int make_empty(const char *path)
{
    const struct mount_option settings[] = {{"size", "4k"}, {"mode", "755"}, {0}};
    return make_mount("tmpfs", settings,
                      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, path);
}

/* The null device: from the container's own /dev, if it is the real one. */
static int make_null(const char *path)
{
    struct stat status;
    int null = open_at(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW);
    if (null < 0 || fstat(null, &status) < 0) {
        if (errno == ENOENT)
            hint("put \"mnt-dev /dev\" before this stage");
        fail("cannot hide %s with /dev/null", path);
    }
    if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) {
        hint("put \"mnt-dev /dev\" before this stage");
        refuse("cannot hide %s: /dev/null is not the null device", path);
    }
    int tree = clone_tree(null, NULL, 0);
    if (tree < 0 ||
        add_mount_flags(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0) < 0)
        fail("cannot hide %s with /dev/null", path);
    close(null);
    return tree;
}

/* The last cover of a file or a directory; one more of that kind is a copy of its mount. */
static struct {
    int tree; /* or -1 */
    int is_directory;
} last;

static void cover(int target, int is_directory, const char *path)
{
    int tree = -1, is_copy = last.tree >= 0 && last.is_directory == is_directory;
    if (is_copy && (tree = clone_tree(last.tree, NULL, 0)) < 0)
        fail("cannot hide %s", path);
    if (last.tree >= 0)
        close(last.tree);
    if (!is_copy)
        tree = is_directory ? make_empty(path) : make_null(path);
    put_mount(tree, target, "an empty cover", path);
    last.tree = tree;
    last.is_directory = is_directory;
}

static void hide(const char *path, int optional)
{
    struct stat status;
    int target = open_covered(path, optional, &status);
    if (target < 0)
        return;
    cover(target, S_ISDIR(status.st_mode), path);
    close(target);
}

static void write_protect(const char *path, int optional)
{
    struct stat status;
    int target = open_covered(path, optional, &status);
    if (target < 0)
        return;
    int tree = clone_tree(target, NULL, 1);
    if (tree < 0 || add_mount_flags(tree, MOUNT_ATTR_RDONLY, 1) < 0)
        fail("cannot make %s read-only", path);
    put_mount(tree, target, path, path);
    close(tree);
    close(target);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct {
        const char *path;
        int ro;
    } list[PATHS];
    int count = 0, by_default = 0;
    for (int letter; (letter = next_option(&words));) {
        if (letter == DEFAULT) {
            by_default = 1;
            continue;
        }
        if (count == PATHS)
            refuse("more than %d paths", PATHS);
        if (*words.value != '/')
            refuse("%s: \"%s\" is not an absolute path", words.option, words.value);
        list[count].path = words.value;
        list[count++].ro = letter == RO;
    }
    char **rest = next_program(&words);
    if (!count && !by_default)
        refuse("nothing is to be hidden: give --default, --hide PATH or --ro PATH");

    if (chain_made('/')) {
        hint("put this stage behind root-setup");
        refuse("the paths are those of the new root, which is not the root yet");
    }
    need_own_namespace('m');
    bases[0].fd = bases[1].fd = last.tree = -1;
    if (by_default)
        open_base(&bases[0], "/proc");
    for (size_t i = 0; by_default && i < sizeof hidden / sizeof *hidden; i++)
        if (base_of(hidden[i]) == &bases[0] || chain_made('s') || access(hidden[i], F_OK) == 0)
            hide(hidden[i], 1);
    for (size_t i = 0; by_default && i < sizeof protected / sizeof *protected; i++)
        write_protect(protected[i], 1);
    for (int i = 0; i < count; i++)
        if (list[i].ro)
            write_protect(list[i].path, 0);
        else
            hide(list[i].path, 0);
    chain(rest);
}
