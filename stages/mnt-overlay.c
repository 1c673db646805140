/* mnt-overlay: open the new root as a writable view of directories that stay as they are. */
#include "chain.h"
#include "idmap.h"
#include "kernel.h"
#include "message.h"
#include "mount.h"
#include "namespace.h"
#include "overlay.h"
#include "userns.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { LOWER = 256, UPPER, WORK, SIZE, NODEV, MAP };

static const struct option options[] = {
    {LOWER, "lower", "LAYER...", "a layer below DIR; each one is below those before it"},
    {UPPER, "upper", "DIR", "keep the changes there (default: in a tmpfs, and gone at the end)"},
    {WORK, "work", "DIR", "an empty directory on the same file system, for the kernel's use"},
    {NODEV, "nodev", NULL, "device nodes in it are none"},
    {MAP, "map", "FROM:TO:COUNT...", "the ids of the layers that begin at FROM are those that begin at\nTO in the view"},
    {SIZE, "size", "SIZE", "of that tmpfs: at most so many bytes (default: half of the memory)"},
    {0},
};

static const struct program program = {
    "mnt-overlay",
    "[OPTION...] DIR PROG [ARG...]",
    "Open the new root: a writable view of DIR, which does not change. As behind root-open it\n"
    "is the working directory until \"root-setup .\"",
    options,
};

/* Its ids are shown as a user namespace has them, unless that is -1, by a mount of its own that covers it. */
static int open_layer(const char *dir, int ids)
{
    int layer = open_at(AT_FDCWD, dir, O_PATH | O_DIRECTORY);
    if (layer < 0)
        fail("cannot open the layer %s", dir);
    if (ids < 0)
        return layer;
    int tree = clone_tree(layer, NULL, 0);
    if (tree < 0 || map_mount_ids(tree, ids, 0) < 0)
        fail("cannot map the ids of the layer %s", dir);
    put_mount(tree, layer, "the layer", dir);
    close(layer);
    return tree;
}

static int check_count(int count)
{
    if (count < LAYERS)
        return count;
    refuse("--lower: more than %d layers", LAYERS - 1);
}

/* What a layer's own mount forbids (nosuid, nodev, noexec), the overlay forbids, too. The numbers are
 * the same in statvfs(3) and mount_setattr(2). */
static unsigned flags_of(int layer)
{
    struct statvfs system;
    if (fstatvfs(layer, &system) < 0)
        fail("cannot look at the layers");
    return (unsigned)system.f_flag & (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* Mounts a tmpfs on DIR, since a layer has to be in a mount of this namespace, with the two directories
 * that an overlay needs. Returns it: the overlay is going to cover it. */
static int make_upper(const char *dir, int target, const char *size, int *upper, int *work)
{
    struct stat status;
    const struct mount_option settings[] = {{"mode", "700"}, {*size ? "size" : NULL, size}, {0}};
    int tree = make_mount("tmpfs", settings, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, dir);
    put_mount(tree, target, "tmpfs", dir);
    /* The root of an overlay has the owner and the mode of its upper layer. An owner that this user namespace
     * does not have (EINVAL) cannot be given to it. */
    if (fstat(target, &status) < 0 || mkdirat(tree, "upper", 0700) < 0 ||
        (fchownat(tree, "upper", status.st_uid, status.st_gid, 0) < 0 && errno != EINVAL) ||
        fchmodat(tree, "upper", status.st_mode & 07777, 0) < 0 || mkdirat(tree, "work", 0700) < 0 ||
        (*upper = open_at(tree, "upper", O_PATH | O_DIRECTORY)) < 0 ||
        (*work = open_at(tree, "work", O_PATH | O_DIRECTORY)) < 0)
        fail("cannot make the upper layer of %s", dir);
    return tree;
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    const char *lower[LAYERS], *upper = NULL, *work = NULL;
    struct idmap map = {0};
    char size[24] = "";
    int layers[LAYERS], count = 1;
    unsigned flags = 0;
    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case LOWER:
            lower[check_count(count)] = words.value;
            count++;
            break;
        case UPPER:
            upper = words.value;
            break;
        case WORK:
            work = words.value;
            break;
        case NODEV:
            flags = MOUNT_ATTR_NODEV;
            break;
        case MAP:
            add_id_range(&map, words.option, "FROM:TO:COUNT", words.value);
            break;
        case SIZE:
            snprintf(size, sizeof size, "%llu",
                     (unsigned long long)read_size(words.option, words.value, 1));
            break;
        }
    lower[0] = next_operand(&words, "DIR");
    char **rest = next_program(&words);
    if (!upper != !work)
        refuse("--upper and --work go together");
    if (upper && *size)
        refuse("--size is that of the tmpfs, and --upper takes its place");
    if (upper && map.ranges)
        refuse("--map and --upper: only one of them"); /* upper and work have to be in one mount */

    need_own_namespace('m');
    if (chain_made('/'))
        refuse("a new root is open already");
    int ids = map.ranges ? make_user_namespace(&map, &map) : -1;
    for (int i = 0; i < count; i++)
        layers[i] = open_layer(lower[i], ids);
    close(ids);
    int upper_layer, work_layer, top = layers[0];
    if (upper) {
        upper_layer = open_layer(upper, -1);
        work_layer = open_layer(work, -1);
    } else {
        top = make_upper(lower[0], layers[0], size, &upper_layer, &work_layer);
    }

    flags |= upper ? flags_of(upper_layer) : 0;
    for (int i = 0; i < count; i++)
        flags |= flags_of(layers[i]);
    int tree = make_overlay(layers, count, upper_layer, work_layer, flags, lower[0]);
    record_layers(tree, layers, count);
    put_mount(tree, top, "overlay", lower[0]);
    chain_fix_directory();
    if (fchdir(tree) < 0)
        fail("cannot enter the new root %s", lower[0]);
    while (count > 0)
        close(layers[--count]);
    if (!upper)
        close(top);
    close(upper_layer);
    close(work_layer);
    close(tree);
    chain_note_made("/");
    chain(rest);
}
