/* root-open: open the directory that is to become the root, so that things can be mounted in it. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "root.h"
#include "words.h"

#include <stddef.h>

enum { NODEV = 256 };

static const struct option options[] = {
    {'r', "read-only", NULL, "mount it, and all below it, read-only"},
    {NODEV, "nodev", NULL, "its device nodes, and those below it, are none"},
    {0},
};

static const struct program program = {
    "root-open",
    "[OPTION...] DIR PROG [ARG...]",
    "Open the new root DIR: until \"root-setup .\" it is the working directory, and mnt-bind\n"
    "and the other mnt-* work in it",
    options,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    unsigned flags = 0;
    for (int letter; (letter = next_option(&words));)
        flags |= letter == NODEV ? MOUNT_ATTR_NODEV : MOUNT_ATTR_RDONLY;
    const char *dir = next_operand(&words, "DIR");
    char **rest = next_program(&words);

    need_own_namespace('m');
    if (chain_made('/'))
        refuse("a new root is open already");
    open_root(dir, flags);
    chain_note_made("/");
    chain(rest);
}
