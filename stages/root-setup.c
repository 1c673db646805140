/* root-setup: make a directory the root, and let go of the old one. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "words.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

static const struct option options[] = {
    {'r', "read-only", NULL, "mount the new root, and all below it, read-only"},
    {0},
};

static const struct program program = {
    "root-setup",
    "[OPTION...] DIR PROG [ARG...]",
    "Make DIR the root directory (pivot_root), then run PROG in it",
    options,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    int read_only = 0;
    while (next_option(&words))
        read_only = 1;
    const char *dir = next_operand(&words, "DIR");
    char **rest = next_program(&words);

    need_own_namespace('m');
    int target = open_at(AT_FDCWD, dir, O_PATH | O_DIRECTORY);
    if (target < 0)
        fail("cannot open the new root %s", dir);
    chain_keep_stages();

    /* The root has to be a mount: a copy of the directory as one, with what is mounted below it. */
    int tree = clone_tree(target, NULL, 1);
    if (tree < 0)
        fail("cannot make a mount of the new root %s", dir);
    if (read_only && add_mount_flags(tree, MOUNT_ATTR_RDONLY, 1) < 0)
        fail("cannot make the new root %s read-only", dir);
    if (attach_mount(tree, target) < 0)
        fail("cannot mount the new root %s", dir);

    /* With "." for both, the old root ends up on top of the new one, where it is taken off at once;
     * no directory in the new root is needed for it (pivot_root(2), NOTES). */
    if (fchdir(tree) < 0)
        fail("cannot enter the new root %s", dir);
    if (pivot_root_to(".", ".") < 0)
        fail("cannot make %s the root", dir);
    if (umount2(".", MNT_DETACH) < 0)
        fail("cannot let go of the old root");
    if (chdir("/") < 0)
        fail("cannot enter the new root %s", dir);
    close(tree);
    close(target);
    if (!chain_made('m'))
        chain_note_made("m");
    chain(rest);
}
