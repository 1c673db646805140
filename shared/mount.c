#include "mount.h"

#include "kernel.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void make_directories(const char *dir)
{
    char path[PATH_MAX];
    struct statvfs system;

    if (strlen(dir) >= sizeof path) {
        errno = ENAMETOOLONG;
        fail("cannot make the mount point %s", dir);
    }
    strcpy(path, dir);
    mode_t caller = umask(022); /* a place in the file system is for everyone, whoever starts us */
    for (char *slash = path; slash;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST) {
            if (errno == EROFS && statvfs("/", &system) == 0 && system.f_flag & ST_RDONLY)
                hint("the root is read-only: make the directory in it beforehand");
            fail("cannot make the mount point %s", path);
        }
        if (slash)
            *slash = '/';
    }
    umask(caller);
}

int open_mount_point(const char *dir)
{
    int fd = open_at(AT_FDCWD, dir, O_PATH | O_DIRECTORY);
    if (fd < 0 && errno == ENOENT) {
        make_directories(dir);
        fd = open_at(AT_FDCWD, dir, O_PATH | O_DIRECTORY);
    }
    if (fd < 0)
        fail("cannot mount on %s", dir);
    return fd;
}

/* The kernel's own account of what is wrong, for example "e tmpfs: Bad value for 'size'". */
static void hint_from(int context)
{
    char text[256];
    ssize_t length = read(context, text, sizeof text - 1);
    if (length <= 2)
        return;
    text[length] = '\0';
    hint("the kernel says: %.*s", (int)strcspn(text + 2, "\n"), text + 2);
}

void mount_new(const char *type, const struct mount_option *options, unsigned flags, int target,
               const char *where)
{
    int context = open_filesystem(type);
    if (context < 0)
        fail("cannot mount %s on %s", type, where);
    configure_filesystem(context, "source", type); /* a name for mountinfo, no more */
    for (; options->key; options++) {
        if (configure_filesystem(context, options->key, options->value) == 0)
            continue;
        int error = errno;
        hint_from(context);
        errno = error;
        fail("cannot mount %s on %s with %s=%s", type, where, options->key, options->value);
    }
    int tree = create_filesystem(context) < 0 ? -1 : mount_filesystem(context, flags);
    if (tree < 0 || attach_mount(tree, target) < 0) {
        int error = errno;
        hint_from(context);
        errno = error;
        fail("cannot mount %s on %s", type, where);
    }
    close(context);
    close(tree);
    close(target);
}
