/* root-open: open the directory that is to become the root, so that things can be mounted in it. */
#include "chain.h"
#include "idmap.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "root.h"
#include "words.h"

#include <stddef.h>

enum { NODEV = 256, MAP };

static const struct option options[] = {
    {'r', "read-only", NULL, "mount it, and all below it, read-only"},
    {NODEV, "nodev", NULL, "its device nodes, and those below it, are none"},
    {MAP, "map", "FROM:TO:COUNT...", "show the ids that begin at FROM as those that begin at TO"},
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
    struct idmap map = {0};
    unsigned flags = 0;
    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case 'r':
            flags |= MOUNT_ATTR_RDONLY;
            break;
        case NODEV:
            flags |= MOUNT_ATTR_NODEV;
            break;
        case MAP:
            add_id_range(&map, words.option, "FROM:TO:COUNT", words.value);
            break;
        }
    const char *dir = next_operand(&words, "DIR");
    char **rest = next_program(&words);

    need_own_namespace('m');
    if (chain_made('/'))
        refuse("a new root is open already");
    open_root(dir, flags, &map);
    chain_note_made("/");
    chain(rest);
}
