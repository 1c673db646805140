/* mnt-tmpfs: mount a new tmpfs. */
#include "chain.h"
#include "kernel.h"
#include "mount.h"
#include "namespace.h"
#include "value.h"
#include "words.h"

#include <stdio.h>

enum { SIZE = 256, MODE };

static const struct option options[] = {
    {SIZE, "size", "SIZE", "hold at most SIZE bytes (K, M, G, T; default: half of the memory)"},
    {MODE, "mode", "MODE", "permissions of its directory, octal (default: 1777)"},
    {0},
};

static const struct program program = {
    "mnt-tmpfs",
    "[OPTION...] DIR PROG [ARG...]",
    "Mount a new, empty tmpfs on DIR (made when missing), then run PROG",
    options,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    unsigned long long size = 0;
    unsigned mode = 01777;
    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case SIZE:
            size = read_size(words.option, words.value, 1);
            break;
        case MODE:
            mode = read_mode(words.option, words.value);
            break;
        }
    const char *dir = next_operand(&words, "DIR");
    char **rest = next_program(&words);

    char mode_text[16], size_text[32];
    snprintf(mode_text, sizeof mode_text, "%o", mode);
    snprintf(size_text, sizeof size_text, "%llu", size);
    const struct mount_option settings[] = {
        {"mode", mode_text}, {size ? "size" : NULL, size_text}, {0}};

    need_own_namespace('m');
    mount_new("tmpfs", settings, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, open_mount_point(dir, 0), dir);
    chain(rest);
}
