/* mnt-bind: show a file or directory at another place, too. */
#include "capability.h"
#include "chain.h"
#include "idmap.h"
#include "kernel.h"
#include "message.h"
#include "mount.h"
#include "namespace.h"
#include "userns.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOSUID = 256, NODEV, NOEXEC, MAP };

static const struct option options[] = {
    {'r', "ro", NULL, "read-only"},
    {'R', "rec", NULL, "with all that is mounted below SOURCE; the other options hold for it too"},
    {NOSUID, "nosuid", NULL, "without set-user-ID and file capabilities"},
    {NODEV, "nodev", NULL, "without devices"},
    {NOEXEC, "noexec", NULL, "without programs"},
    {MAP, "map", "FROM:TO:COUNT...", "show the owners FROM and on as TO and on, users and groups"},
    {0},
};

static const struct program program = {
    "mnt-bind",
    "[OPTION...] SOURCE TARGET PROG [ARG...]",
    "Mount the file or directory SOURCE on TARGET (made when missing), then run PROG.\n"
    "Behind root-open TARGET is a path in the new root",
    options,
};

/* A mount that came from outside of the own user namespace covers something that must not be laid open: it
 * can only be taken along (mount_namespaces(7)). Keeps errno. */
static void hint_at_locked(int from, int recursive)
{
    int error = errno;
    if (error == EINVAL && !recursive && clone_tree(from, NULL, 1) >= 0)
        hint("what is mounted below it is locked to its place from outside of this user namespace: "
             "--rec takes it along");
    errno = error;
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct idmap map = {.ranges = 0};
    unsigned flags = 0;
    int recursive = 0;
    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case 'r':
            flags |= MOUNT_ATTR_RDONLY;
            break;
        case 'R':
            recursive = 1;
            break;
        case NOSUID:
            flags |= MOUNT_ATTR_NOSUID;
            break;
        case NODEV:
            flags |= MOUNT_ATTR_NODEV;
            break;
        case NOEXEC:
            flags |= MOUNT_ATTR_NOEXEC;
            break;
        case MAP:
            add_id_range(&map, words.option, "FROM:TO:COUNT", words.value);
            break;
        }
    const char *source = next_operand(&words, "SOURCE");
    const char *target = next_operand(&words, "TARGET");
    char **rest = next_program(&words);
    if (chain_made('/') && *source != '/')
        refuse("%s is not an absolute path: the working directory is the new root", source);

    need_own_namespace('m');
    struct stat status;
    int from = open_at(AT_FDCWD, source, O_PATH);
    if (from < 0 || fstat(from, &status) < 0)
        fail("cannot find %s", source);
    int tree = clone_tree(from, NULL, recursive);
    if (tree < 0) {
        hint_at_locked(from, recursive);
        hint_missing(CAPABILITY_SYS_ADMIN);
        fail("cannot take %s to mount it", source);
    }
    if (map.ranges && map_mount_ids(tree, make_user_namespace(&map, &map), recursive) < 0)
        fail("cannot map the ids of %s", source);
    if (flags && add_mount_flags(tree, flags, recursive) < 0)
        fail("cannot set the flags of %s", source);
    int to = open_mount_point(target, !S_ISDIR(status.st_mode));
    put_mount(tree, to, source, target);
    close(from);
    close(tree);
    close(to);
    chain(rest);
}
