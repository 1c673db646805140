/* mnt-proc: mount proc, for the processes of this PID namespace. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "mount.h"
#include "namespace.h"
#include "words.h"

#include <string.h>

enum { HIDEPID = 256, SUBSET };

static const struct option options[] = {
    {HIDEPID, "hidepid", "LEVEL", "other users' processes: off, noaccess, invisible or ptraceable"},
    {SUBSET, "subset", "pid", "only the processes, nothing else of /proc"},
    {0},
};

static const struct program program = {
    "mnt-proc",
    "[OPTION...] DIR PROG [ARG...]",
    "Mount a new proc on DIR (made when missing), then run PROG",
    options,
};

static const char *read_level(const char *what, const char *text)
{
    static const char *const levels[] = {"off", "noaccess", "invisible", "ptraceable", NULL};
    for (int i = 0; levels[i]; i++)
        if (strcmp(levels[i], text) == 0)
            return levels[i];
    refuse("%s: \"%s\" is none of off, noaccess, invisible, ptraceable", what, text);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct mount_option settings[3] = {{0}};
    int count = 0;
    for (int letter; (letter = next_option(&words));) {
        if (letter == HIDEPID)
            settings[count++] =
                (struct mount_option){"hidepid", read_level(words.option, words.value)};
        else if (strcmp(words.value, "pid") == 0)
            settings[count++] = (struct mount_option){"subset", "pid"};
        else
            refuse("%s: \"%s\" is not pid", words.option, words.value);
    }
    const char *dir = next_operand(&words, "DIR");
    char **rest = next_program(&words);

    need_own_namespace('m');
    mount_new("proc", settings, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
              open_mount_point(dir, 0), dir);
    chain(rest);
}
