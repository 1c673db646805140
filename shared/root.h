/*
 * root.h: the new root, from the time it is opened until it is the root.
 *
 * In between it is the working directory, and chain_made('/') says so to the stages that mount in it.
 */
#ifndef ROOT_H
#define ROOT_H

#include "idmap.h"

/*
 * Makes the directory DIR, with what is mounted below it, a mount of its own, with these MOUNT_ATTR_*
 * flags on all of it, and its ids shown as MAP has them (NULL, or one without ranges: as they are), and the
 * working directory. Ends with status 125 and a message when the kernel
 * refuses (open_tree(2), mount_setattr(2), move_mount(2)).
 */
void open_root(const char *dir, unsigned flags, const struct idmap *map);

#endif
