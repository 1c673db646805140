/* mnt-overlay: open the new root as a writable view of directories that stay as they are. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "mount.h"
#include "namespace.h"
#include "value.h"
#include "words.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOWER = 256, UPPER, WORK, SIZE, LAYERS = 64 };

static const struct option options[] = {
    {LOWER, "lower", "LAYER...", "a layer below DIR; each one is below those before it"},
    {UPPER, "upper", "DIR", "keep the changes there (default: in a tmpfs, and gone at the end)"},
    {WORK, "work", "DIR", "an empty directory on the same file system, for the kernel's use"},
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

/* The kernel takes layers as text in which some bytes have a meaning. The path of a descriptor has
 * none of them, whatever the directory is called. */
static int open_layer(const char *dir)
{
    int layer = open_at(AT_FDCWD, dir, O_PATH | O_DIRECTORY);
    if (layer < 0)
        fail("cannot open the layer %s", dir);
    return layer;
}

/* Mounts a tmpfs on DIR, since a layer has to be in a mount of this namespace, with the two directories
 * that an overlay needs. Returns it: the overlay is going to cover it. */
static int make_upper(const char *dir, int target, const char *size, int *upper, int *work)
{
    const struct mount_option settings[] = {{"mode", "700"}, {size ? "size" : NULL, size}, {0}};
    int tree = make_mount("tmpfs", settings, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, dir);
    put_mount(tree, target, "tmpfs", dir);
    if (mkdirat(tree, "upper", 0755) < 0 || mkdirat(tree, "work", 0700) < 0 ||
        (*upper = open_at(tree, "upper", O_PATH | O_DIRECTORY)) < 0 ||
        (*work = open_at(tree, "work", O_PATH | O_DIRECTORY)) < 0)
        fail("cannot make the upper layer of %s", dir);
    return tree;
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    const char *lower[LAYERS], *upper = NULL, *work = NULL, *size = NULL;
    int layers[LAYERS], count = 1;
    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case LOWER:
            if (count == LAYERS)
                refuse("%s: more than %d layers", words.option, LAYERS - 1);
            lower[count++] = words.value;
            break;
        case UPPER:
            upper = words.value;
            break;
        case WORK:
            work = words.value;
            break;
        case SIZE:
            read_size(words.option, words.value, 1);
            size = words.value;
            break;
        }
    lower[0] = next_operand(&words, "DIR");
    char **rest = next_program(&words);
    if (!upper != !work)
        refuse("--upper and --work go together");
    if (upper && size)
        refuse("--size is that of the tmpfs, and --upper takes its place");

    need_own_namespace('m');
    if (chain_made('/'))
        refuse("a new root is open already");
    for (int i = 0; i < count; i++)
        layers[i] = open_layer(lower[i]);
    int upper_layer, work_layer, top = layers[0];
    if (upper) {
        upper_layer = open_layer(upper);
        work_layer = open_layer(work);
    } else {
        top = make_upper(lower[0], layers[0], size, &upper_layer, &work_layer);
    }

    char lower_text[LAYERS * 32] = "", upper_text[32], work_text[32];
    for (int i = 0; i < count; i++)
        sprintf(lower_text + strlen(lower_text), "%s/proc/self/fd/%d", i ? ":" : "", layers[i]);
    snprintf(upper_text, sizeof upper_text, "/proc/self/fd/%d", upper_layer);
    snprintf(work_text, sizeof work_text, "/proc/self/fd/%d", work_layer);
    const struct mount_option settings[] = {
        {"lowerdir", lower_text}, {"upperdir", upper_text}, {"workdir", work_text}, {0}};
    int tree = make_mount("overlay", settings, 0, lower[0]);
    put_mount(tree, top, "overlay", lower[0]);
    if (fchdir(tree) < 0)
        fail("cannot enter the new root %s", lower[0]);
    for (int i = 0; i < count; i++)
        close(layers[i]);
    if (!upper)
        close(top);
    close(upper_layer);
    close(work_layer);
    close(tree);
    chain_note_made("/");
    chain(rest);
}
