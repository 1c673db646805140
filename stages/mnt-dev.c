/* mnt-dev: mount a /dev of the container's own. */
#include "chain.h"
#include "idmap.h"
#include "kernel.h"
#include "message.h"
#include "mount.h"
#include "namespace.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { SHM_SIZE = 256 };

static const struct option options[] = {
    {SHM_SIZE, "shm-size", "SIZE", "shared memory: at most so many bytes (default: half of the memory)"},
    {0},
};

static const struct program program = {
    "mnt-dev",
    "[OPTION...] DIR PROG [ARG...]",
    "Mount a small new /dev on DIR (made when missing), then run PROG: null, zero, full, random,\n"
    "urandom, tty, pts, shm, mqueue, and the links to them",
    options,
};

static const struct {
    const char *name;
    unsigned major, minor;
} devices[] = {
    {"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static const struct {
    const char *name, *to;
} links[] = {
    {"fd", "/proc/self/fd"},         {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},   {"ptmx", "pts/ptmx"},
};

static void make_file(int dev, const char *name, mode_t mode)
{
    int file = above_standard(openat(dev, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode));
    if (file < 0)
        fail("cannot make %s", name);
    close(file);
}

/* Without the power to make a device, the host's own takes its place; that of the image never. */
static void bind_device(int dev, const char *name, dev_t device)
{
    char path[32];
    struct stat status;
    if (!chain_made('/')) {
        hint("put this stage between root-open and root-setup: there it can take the host's devices");
        errno = EPERM;
        fail("cannot make the device %s", name);
    }
    snprintf(path, sizeof path, "/dev/%s", name);
    int source = open_at(AT_FDCWD, path, O_PATH | O_NOFOLLOW);
    if (source < 0 || fstat(source, &status) < 0)
        fail("cannot take the host's %s", path);
    if (!S_ISCHR(status.st_mode) || status.st_rdev != device)
        refuse("the host's %s is not the device %u:%u", path, major(device), minor(device));
    int tree = clone_tree(source, NULL, 0);
    /* Read-only, or the mode of the host's node could be changed here; it can be written all the same. */
    if (tree < 0 ||
        add_mount_flags(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0) < 0)
        fail("cannot take the host's %s", path);
    make_file(dev, name, 0666);
    int target = open_at(dev, name, O_PATH | O_NOFOLLOW);
    if (target < 0)
        fail("cannot open %s", name);
    put_mount(tree, target, path, name);
    close(source);
    close(tree);
    close(target);
}

static void mount_in(int dev, const char *name, const char *type,
                     const struct mount_option *settings, unsigned flags)
{
    if (mkdirat(dev, name, 0755) < 0)
        fail("cannot make %s", name);
    int target = open_at(dev, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (target < 0)
        fail("cannot open %s", name);
    mount_new(type, settings, flags, target, name);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    char shm_size[24] = "";
    while (next_option(&words))
        snprintf(shm_size, sizeof shm_size, "%llu",
                 (unsigned long long)read_size(words.option, words.value, 1));
    const char *dir = next_operand(&words, "DIR");
    char **rest = next_program(&words);

    const struct mount_option none[] = {{0}}, small[] = {{"mode", "755"}, {"size", "64k"}, {0}};
    /* Group 5 is tty everywhere; a user namespace of one group does not have it. */
    const struct mount_option terminals[] = {{"mode", "620"},
                                             {"ptmxmode", "666"},
                                             {is_in_map("/proc/self/gid_map", 5) ? "gid" : NULL, "5"},
                                             {0}};
    const struct mount_option shared[] = {
        {"mode", "1777"}, {*shm_size ? "size" : NULL, shm_size}, {0}};
    const unsigned plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;

    need_own_namespace('m');
    mode_t caller = umask(0);
    int dev = make_mount("tmpfs", small, plain, dir);
    int target = open_mount_point(dir, 0);
    put_mount(dev, target, "tmpfs", dir);
    close(target);
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        dev_t device = makedev(devices[i].major, devices[i].minor);
        if (mknodat(dev, devices[i].name, S_IFCHR | 0666, device) == 0)
            continue;
        if (errno != EPERM)
            fail("cannot make the device %s", devices[i].name);
        bind_device(dev, devices[i].name, device);
    }
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlinkat(links[i].to, dev, links[i].name) < 0)
            fail("cannot make the link %s", links[i].name);
    make_file(dev, "console", 0600); /* for tty-pty to mount the terminal on */
    mount_in(dev, "pts", "devpts", terminals, plain);
    mount_in(dev, "shm", "tmpfs", shared, plain | MOUNT_ATTR_NODEV);
    /* In the host's IPC namespace they would be the host's message queues. */
    if (has_own_namespace('i'))
        mount_in(dev, "mqueue", "mqueue", none, plain | MOUNT_ATTR_NODEV);
    close(dev);
    umask(caller);
    chain_note_made("d"); /* for tty-pty: there is a console */
    chain(rest);
}
