/*
 * freeze.h: halting all processes of a container by the freezer (cgroups(7)), and letting them go
 * on.
 *
 * On v2 each group has its freezer. On v1 it is a hierarchy of its own, where cg-limit makes no
 * groups: a container that is frozen has one there, minictr/NAME below the group that it was in, as
 * long as it is.
 */
#ifndef FREEZE_H
#define FREEZE_H

#include "container.h"

/*
 * Freezes a container and waits until all its processes are, at most five seconds. One that is
 * frozen stays so. When it cannot be, it is thawed again, and the program ends with 125 and a
 * message, which names a process that is in the way, if one can be found.
 */
void freeze_container(const struct container *container);

/* Thaws it. One that is not frozen stays as it is. Ends with 125 and a message when the kernel
 * refuses. */
void thaw_container(const struct container *container);

/* Returns whether it is frozen, as seen by one of its processes (NULL: there is none). */
int is_frozen(const struct container *container, const struct process *process);

#endif
