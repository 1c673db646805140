#include "mount.h"

#include "capability.h"
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "trace.h"
#include "visible.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Until root-setup, the new root is the working directory, and paths are paths in it. Behind it nothing but a
 * link to a descriptor of the stages could lead out. */
static int resolve(const char *path, int flags)
{
    return open_path(AT_FDCWD, path, flags, chain_made('/') ? INSIDE : BY_NAMES);
}

static _Noreturn void fail_to_make(const char *path, int file)
{
    struct statvfs system;
    int error = errno;
    if (error == EROFS && statvfs(chain_made('/') ? "." : "/", &system) == 0 &&
        system.f_flag & ST_RDONLY)
        hint("the root is read-only: make the %s in it beforehand", file ? "file" : "directory");
    errno = error;
    fail("cannot make the mount point %s", path);
}

/* Makes one component in a directory that was resolved before; no link is followed in that. */
static int make_in(int directory, const char *name, int file)
{
    if (!file)
        return mkdirat(directory, name, 0755);
    int made = above_standard(
        openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (made >= 0)
        close(made);
    return made < 0 ? -1 : 0;
}

/* What was there a moment ago and is not found leads nowhere, or has just been taken away. */
static void hint_at_link(const char *path)
{
    int link = resolve(path, O_NOFOLLOW);
    struct stat status;
    if (link >= 0 && fstat(link, &status) == 0 && S_ISLNK(status.st_mode))
        hint("%s is a symbolic link that leads nowhere", path);
    close(link);
    errno = ENOENT;
}

static void make_missing(const char *path, int file)
{
    char part[PATH_MAX];

    if (strlen(path) >= sizeof part) {
        errno = ENAMETOOLONG;
        fail("cannot make the mount point %s", path);
    }
    mode_t caller = umask(022); /* a place in the file system is for everyone, whoever starts us */
    int directory = resolve(*path == '/' ? "/" : ".", O_DIRECTORY);
    for (const char *name = path + strspn(path, "/"), *next; *name; name = next) {
        size_t length = strcspn(name, "/");
        next = name + length + strspn(name + length, "/");
        snprintf(part, sizeof part, "%.*s", (int)length, name);
        if (directory < 0 || (make_in(directory, part, file && !*next) < 0 && errno != EEXIST))
            fail_to_make(path, file);
        close(directory);
        snprintf(part, sizeof part, "%.*s", (int)(name + length - path), path);
        directory = resolve(part, *next ? O_DIRECTORY : 0);
        if (directory < 0 && errno == ENOENT)
            hint_at_link(part);
    }
    if (directory < 0)
        fail_to_make(path, file);
    close(directory);
    umask(caller);
}

int is_root(int fd)
{
    struct stat status, root;
    return fstat(fd, &status) == 0 && stat(chain_made('/') ? "." : "/", &root) == 0 &&
           status.st_dev == root.st_dev && status.st_ino == root.st_ino;
}

int open_mount_point(const char *path, int file)
{
    int fd = resolve(path, file ? 0 : O_DIRECTORY);
    if (fd < 0 && errno == ENOENT && *path) {
        make_missing(path, file);
        fd = resolve(path, file ? 0 : O_DIRECTORY);
    }
    struct stat status;
    if (fd >= 0 && file && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        fd = -1;
    }
    if (fd >= 0 && is_root(fd)) {
        hint("it is the root itself: what is mounted on that is not seen");
        errno = EBUSY;
        fd = -1;
    }
    if (fd < 0)
        fail("cannot mount on %s", path);
    return fd;
}

int open_kernel_tree(const char *path)
{
    enum { PROC = 0x9fa0, SYSFS = 0x62656572 }; /* statfs(2) */
    int is_proc = strcmp(path, "/proc") == 0;
    struct statfs system;
    int tree = open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY);
    int is_there = tree >= 0 || (errno != ENOENT && errno != ENOTDIR && errno != ELOOP);
    if (is_there && (tree < 0 || fstatfs(tree, &system) < 0))
        fail("cannot open %s", path);
    if (is_there && system.f_type == (is_proc ? PROC : SYSFS))
        return tree;
    if (tree >= 0)
        close(tree);
    hint("put \"%s %s\" before this stage", is_proc ? "mnt-proc" : "mnt-sys", path);
    return -1;
}

/* The kernel's own account of what is wrong, for example "e tmpfs: Bad value for 'size'". Returns whether
 * it has WORDS in it. Keeps errno. */
static int hint_from(int context, const char *words)
{
    char text[256];
    int error = errno;
    ssize_t length = read(context, text, sizeof text - 1);
    errno = error;
    if (length <= 2)
        return 0;
    text[length] = '\0';
    hint("the kernel says: %.*s", (int)strcspn(text + 2, "\n"), text + 2);
    return strstr(text, words) != NULL;
}

static _Noreturn void fail_to_create(int context, const char *type, const char *where)
{
    hint_missing(CAPABILITY_SYS_ADMIN);
    hint_at_owner(type);
    hint_from(context, "");
    fail("cannot mount %s on %s", type, where);
}

int make_mount(const char *type, const struct mount_option *options, unsigned flags,
               const char *where)
{
    int context = open_filesystem(type);
    if (context < 0 ||
        configure_filesystem(context, "source", type) < 0) /* a name for mountinfo, no more */
        fail_to_create(context, type, where);
    for (; options->key; options++) {
        if ((options->value ? configure_filesystem(context, options->key, options->value)
                            : set_filesystem_flag(context, options->key)) == 0)
            continue;
        hint_from(context, "");
        fail("cannot mount %s on %s with %s%s%s", type, where, options->key,
             options->value ? "=" : "", options->value ? options->value : "");
    }
    if (create_filesystem(context) < 0)
        fail_to_create(context, type, where);
    int tree = mount_filesystem(context, flags);
    if (tree < 0) {
        hint_at_view(type, flags, hint_from(context, "too revealing"));
        fail("cannot mount %s on %s", type, where);
    }
    close(context);
    return tree;
}

/* The flags are those that the kernel has set. */
static void tell_mount(int tree, const char *what, const char *where)
{
    struct statvfs system = {0};
    fstatvfs(tree, &system);
    did("mounted %s on %s (%s%s%s%s)", what, where, system.f_flag & ST_RDONLY ? "ro" : "rw",
        system.f_flag & ST_NOSUID ? ",nosuid" : "", system.f_flag & ST_NODEV ? ",nodev" : "",
        system.f_flag & ST_NOEXEC ? ",noexec" : "");
}

void put_mount(int tree, int target, const char *what, const char *where)
{
    if (attach_mount(tree, target) < 0)
        fail("cannot mount %s on %s", what, where);
    if (is_traced())
        tell_mount(tree, what, where);
}

void mount_new(const char *type, const struct mount_option *options, unsigned flags, int target,
               const char *where)
{
    int tree = make_mount(type, options, flags, where);
    put_mount(tree, target, type, where);
    close(tree);
    close(target);
}
