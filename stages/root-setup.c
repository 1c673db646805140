/* root-setup: make a directory the root, and let go of the old one. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "root.h"
#include "trace.h"
#include "words.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { NODEV = 256 };

static const struct option options[] = {
    {'r', "read-only", NULL, "mount the new root, and all below it, read-only"},
    {NODEV, "nodev", NULL, "its device nodes, and those below it, are none"},
    {0},
};

static const struct program program = {
    "root-setup",
    "[OPTION...] DIR PROG [ARG...]",
    "Make DIR the root directory (pivot_root), then run PROG in it; behind root-open or\n"
    "mnt-overlay DIR is \".\"",
    options,
};

static void set_flags(unsigned flags)
{
    int root = open_at(AT_FDCWD, ".", O_PATH | O_DIRECTORY);
    if (root < 0 || add_mount_flags(root, flags, 1) < 0)
        fail("cannot set the flags of the new root");
    close(root);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    unsigned flags = 0;
    for (int letter; (letter = next_option(&words));)
        flags |= letter == NODEV ? MOUNT_ATTR_NODEV : MOUNT_ATTR_RDONLY;
    const char *dir = next_operand(&words, "DIR");
    char **rest = next_program(&words);

    need_own_namespace('m');
    chain_keep_stages(rest);
    if (!chain_made('/')) {
        open_root(dir, flags, NULL);
    } else {
        if (strcmp(dir, ".") != 0) {
            hint("its name is \".\" here");
            refuse("a new root is open already, so %s cannot be it", dir);
        }
        if (flags)
            set_flags(flags);
    }

    /* With "." for both, the old root ends up on top of the new one, where it is taken off at once;
     * no directory in the new root is needed for it (pivot_root(2), NOTES). */
    if (pivot_root_to(".", ".") < 0)
        fail("cannot make %s the root", dir);
    if (umount2(".", MNT_DETACH) < 0)
        fail("cannot let go of the old root");
    if (chdir("/") < 0)
        fail("cannot enter the new root %s", dir);
    did("%s is the root", dir);
    chain_note_gone('/');
    if (!chain_made('m'))
        chain_note_made("m");
    chain(rest);
}
