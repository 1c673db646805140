#include "overlay.h"

#include "compose.h"
#include "kernel.h"
#include "message.h"
#include "mount.h"
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char attribute[] = "trusted.minictr.layers";
enum { MOST = 64 * 1024 }; /* XATTR_SIZE_MAX */

/* The kernel takes layers as text in which some bytes have a meaning. The path of a descriptor has
 * none of them, whatever the directory is called. */
static const char *name_of(int layer, char *name)
{
    sprintf(name, "/proc/self/fd/%d", layer);
    return name;
}

int make_overlay(const int *layers, int count, int upper, int work, unsigned flags, const char *where)
{
    struct mount_option settings[LAYERS + 4] = {{0}}, *next = settings;
    char names[LAYERS + 2][32], joined[LAYERS * 32] = "";
    for (int i = 0; i < count; i++)
        strcat(strcat(joined, i ? ":" : ""), name_of(layers[i], names[i]));
    /* A value may have 255 bytes; to add layers one by one takes Linux 6.8. */
    if (strlen(joined) < 256)
        *next++ = (struct mount_option){"lowerdir", joined};
    else
        for (int i = 0; i < count; i++)
            *next++ = (struct mount_option){"lowerdir+", names[i]};
    if (upper >= 0) {
        *next++ = (struct mount_option){"upperdir", name_of(upper, names[LAYERS])};
        *next++ = (struct mount_option){"workdir", name_of(work, names[LAYERS + 1])};
    }
    /* Else the kernel would need attributes that only the host's root can set. */
    if (in_user_namespace())
        *next++ = (struct mount_option){"userxattr", NULL};
    return make_mount("overlay", settings, flags, where);
}

/* Adds a layer to TEXT; returns how long that is then, or 0 when it cannot be. */
static size_t add_layer(char *text, size_t length, int layer)
{
    struct stat status;
    char link[32], path[PATH_MAX];
    ssize_t size = readlink(name_of(layer, link), path, sizeof path);
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
    if (size > 0)
        return text;
    free(text);
    return NULL;
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
