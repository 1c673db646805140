/*
 * container.h: the running containers, as the kernel shows them: there is no other record of them.
 *
 * A container is its control group, minictr/NAME (cgroup.h), in one hierarchy or several, and its
 * supervisor is who holds the lock on it (flock(2)). That is read from /proc/locks: a lock taken to
 * try would be in the way of a cg-limit that starts. Any of this may vanish at any moment; what has
 * done so counts as not there.
 */
#ifndef CONTAINER_H
#define CONTAINER_H

#include "hierarchy.h"
#include "process.h"
#include "words.h"

#include <sys/types.h>

struct containers {
    struct hierarchy hierarchies[CGROUP_CONTROLLERS];
    int bases[CGROUP_CONTROLLERS]; /* the directory minictr in each (O_PATH), or -1 */
    int count;
    struct lock *locks; /* those of /proc/locks, as they were read last */
    int lock_count;
};

struct container {
    struct containers *all;
    char name[65];
    int groups[CGROUP_CONTROLLERS]; /* its directory in each hierarchy (O_PATH), or -1 */
    pid_t supervisor;               /* 0: it is dead, and what is in the group is left over */
};

/* The name of an option that all programs have which look for containers, and what it says. */
#define PARENT_OPTION "parent", "GROUP", "containers below this group (see cg-limit --parent)"

/*
 * Looks where containers are. PARENT: see find_hierarchies(). Ends with 125 and a message when no
 * cgroup file system is mounted, /proc/self/mountinfo or /proc/locks cannot be read, PARENT is
 * nowhere, or a directory cannot be opened.
 */
void find_containers(struct containers *all, const char *parent);

/* Closes and frees what that has found: before it is called again. */
void release_containers(struct containers *all);

/* Returns the names of all groups that there are, sorted, dead ones among them; *COUNT is how many.
 * The caller frees them. A directory that may not be read is complained of, and left out. */
char (*list_containers(const struct containers *all, int *count))[65];

/* Opens a container; returns whether there is one of that name. Ends with 125 and a message when it
 * cannot be opened for another reason. */
int open_container(struct container *container, struct containers *all, const char *name);

/* Closes the directories of one that was opened. */
void close_container(struct container *container);

/* Returns TEXT, an operand that is the name of a container; ends with 125 and a message when it can
 * be none. */
const char *read_name_operand(const char *text);

/* Finds and opens the containers that the words left name, at least one; returns a list of them,
 * and *COUNT is how many. Ends with 125 and a message when one of them does not run: with a hint at
 * a name that is spelt like it. */
struct container *need_containers(struct containers *all, const char *parent, struct words *words,
                                  int *count);

/* The same for one NAME, when they have been found. */
void need_container(struct container *container, struct containers *all, const char *name);

/* A program of that one option, [OPTION...] NAME...: reads its words, and acts on each of the
 * containers, when all of them have been found. Returns 0; ends with 125 and a message as
 * need_containers() and ACT do. */
extern const struct option parent_option[];
int for_each_container(const struct program *program, int argc, char **argv,
                       void (*act)(const struct container *));

/* Pins the supervisor: returns its pidfd (pidfd_open(2)), surely of the process that holds the
 * lock, or -1 when it has ended. Ends with 125 and a message when the kernel refuses. */
int pin_supervisor(const struct container *container);

/* Returns the directory of the group that has this controller, or -1; *VERSION is that of its
 * hierarchy. */
int container_group(const struct container *container, int controller, int *version);

/* Returns the directory of a group that has all processes of the container: where the number of
 * processes is limited, if possible. */
int main_group(const struct container *container);

/* Returns the directory of the v2 group, or -1. */
int unified_group(const struct container *container);

#endif
