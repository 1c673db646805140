/*
 * drain.h: killing what is in a control group, and removing it.
 *
 * PARENT is the directory above the group, NAME its name. Who is in it is killed by cgroup.kill; on v1
 * and before Linux 5.14 one by one, and never a process that is not in it.
 */
#ifndef DRAIN_H
#define DRAIN_H

#include <sys/types.h>

/* Returns whether the group that DIRECTORY refers to lists the process: for a process that a pidfd pins, that
 * says that the number is its own still. */
int has_process(int directory, pid_t pid);

/* Sends a signal to a process of the group that DIRECTORY refers to, and never to a stranger that has
 * got its number by now. Returns whether it did: 0 when it has ended, or is in the group no more; or
 * -1 and errno. */
int signal_member(int directory, pid_t pid, int signal);

/* Kills the processes of a group and of all groups below it, and removes them; what does not go at
 * once stays. STUBBORN: it did not go for a while, so look whether it is frozen (v1). Returns 0, or
 * -1 and errno of the last try. */
int remove_tree(int parent, const char *name, int stubborn);

/* The same, and waits for it to drain, at most about so many milliseconds. */
int remove_soon(int parent, const char *name, int milliseconds);

#endif
