#include "root.h"

#include "capability.h"
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "trace.h"
#include "userns.h"

#include <fcntl.h>
#include <unistd.h>

void open_root(const char *dir, unsigned flags, const struct idmap *map)
{
    int target = open_at(AT_FDCWD, dir, O_PATH | O_DIRECTORY);
    if (target < 0)
        fail("cannot open the new root %s", dir);
    /* The root has to be a mount: a copy of the directory as one, with what is mounted below it. */
    int tree = clone_tree(target, NULL, 1);
    if (tree < 0) {
        hint_missing(CAPABILITY_SYS_ADMIN);
        fail("cannot make a mount of the new root %s", dir);
    }
    if (map && map->ranges && map_mount_ids(tree, make_user_namespace(map, map), 1) < 0)
        fail("cannot map the ids of the new root %s", dir);
    if (flags && add_mount_flags(tree, flags, 1) < 0)
        fail("cannot set the flags of the new root %s", dir);
    if (attach_mount(tree, target) < 0)
        fail("cannot mount the new root %s", dir);
    did("opened %s as the new root", dir);
    chain_fix_directory();
    if (fchdir(tree) < 0)
        fail("cannot enter the new root %s", dir);
    close(tree);
    close(target);
}
