/*
 * subtree.h: the controllers of a v2 group, which the groups above it have to pass on
 * (cgroup.subtree_control, cgroups(7)).
 *
 * BASE is the directory minictr, which is held open; the group above it, at HIERARCHY's path, is
 * reached as its "..".
 */
#ifndef SUBTREE_H
#define SUBTREE_H

#include "hierarchy.h"

/*
 * Makes the group above minictr, and minictr, pass on the controllers of HIERARCHY that they have; the
 * others are taken out of it. Those NEEDED, a bit each, the groups further up are asked for, too; the
 * others are left out when they cannot be had. A group with processes may not do that ("no internal processes"): when
 * it is the caller's own, all of them move into a leaf beside minictr for as long as it is needed.
 * Returns 0, or -1 and errno: ENODEV or ENOENT when minictr has been removed meanwhile.
 */
int pass_on_controllers(int base, struct hierarchy *hierarchy, unsigned needed);

/* Undoes that, when minictr has been removed: the processes move back from the leaf, if there is
 * one. The kernel refuses as long as somebody else needs it; who ends last will do it. */
void leave_leaf(int base);

/* Keeps a hint that names the group which has the controller and does not pass it on. */
void hint_at_missing(const struct hierarchy *hierarchy, int controller);

/* Returns whether the group above minictr is threaded: there only threads can be limited. */
int is_threaded(int base);

#endif
