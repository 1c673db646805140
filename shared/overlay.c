#include "overlay.h"

#include "allocate.h"
#include "kernel.h"
#include "message.h"
#include "mount.h"
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char attribute[] = "trusted.minictr.layers";
enum { MOST = 64 * 1024 }; /* XATTR_SIZE_MAX */

/* The kernel takes layers as text in which some bytes have a meaning, and no more than 255 of them. The number of a
 * descriptor in /proc/self/fd has none of these, and is short, whatever the directory is called. */
int make_overlay(const int *layers, int count, int upper, int work, unsigned flags, const char *where)
{
    char lower[LAYERS * 12] = "", upper_name[12], work_name[12];
    struct mount_option settings[5] = {{"lowerdir", lower}}, *next = settings + 1;
    size_t length = 0;
    for (int i = 0; i < count; i++)
        length += (size_t)sprintf(lower + length, "%s%d", i ? ":" : "", layers[i]);
    if (upper >= 0) {
        sprintf(upper_name, "%d", upper);
        sprintf(work_name, "%d", work);
        *next++ = (struct mount_option){"upperdir", upper_name};
        *next++ = (struct mount_option){"workdir", work_name};
    }
    /* Else the kernel would need attributes that only the host's root can set. */
    if (in_user_namespace())
        *next++ = (struct mount_option){"userxattr", NULL};
    int here = open_at(AT_FDCWD, ".", O_PATH | O_DIRECTORY);
    if (here < 0 || chdir("/proc/self/fd") < 0)
        fail("cannot mount overlay on %s: /proc/self/fd", where);
    int overlay = make_mount("overlay", settings, flags, where);
    if (fchdir(here) < 0)
        fail("cannot return to the working directory");
    close(here);
    return overlay;
}

/* Adds a layer to TEXT; returns how long that is then, or 0 when it cannot be. */
static size_t add_layer(char *text, size_t length, int layer)
{
    struct stat status;
    char link[32], path[PATH_MAX];
    sprintf(link, "/proc/self/fd/%d", layer);
    ssize_t size = readlink(link, path, sizeof path);
    if (size <= 0 || size == sizeof path || fstat(layer, &status) < 0)
        return 0;
    int added = snprintf(text + length, MOST - length, "%" PRIu64 ":%" PRIu64 " %.*s", (uint64_t)status.st_dev,
                         (uint64_t)status.st_ino, (int)size, path);
    return (size_t)added < MOST - length ? length + (size_t)added + 1 : 0;
}

void record_layers(int overlay, const int *layers, int count)
{
    char text[MOST];
    size_t length = 0;
    int root = open_at(overlay, ".", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < count && (i == 0 || length); i++)
        length = add_layer(text, length, layers[i]);
    /* An upper layer of before may have others. */
    if (root >= 0 && (length == 0 || fsetxattr(root, attribute, text, length, 0) < 0))
        fremovexattr(root, attribute);
    close(root);
}

char *recorded_layers(int directory, size_t *length)
{
    char *text = allocate(MOST + 1, 1);
    ssize_t size = fgetxattr(directory, attribute, text, MOST);
    if (size < 0 && errno != ENODATA && errno != ENOTSUP)
        fail("cannot read the layers of the root: %s", attribute);
    *length = size < 0 ? 0 : (size_t)size;
    return size > 0 ? text : NULL;
}

static int open_recorded(const char *line)
{
    struct stat status;
    uint64_t device, inode;
    int at = 0;
    if (sscanf(line, "%" SCNu64 ":%" SCNu64 "%n", &device, &inode, &at) != 2 || line[at] != ' ')
        refuse("the layers of the root are garbled: %s", attribute);
    const char *path = line + at + 1;
    int layer = open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY);
    if (layer < 0 || fstat(layer, &status) < 0)
        fail("cannot open %s, a layer of the root", path);
    if (status.st_dev != device || status.st_ino != inode)
        refuse("%s is no more what it was, a layer of the root", path);
    return layer;
}

int open_recorded_layers(const char *text, size_t length, int layers[LAYERS])
{
    int count = 0;
    for (const char *line = text; line < text + length && count < LAYERS; line += strlen(line) + 1)
        layers[count++] = open_recorded(line);
    return count;
}
