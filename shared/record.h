/*
 * record.h: the chain that made a container, kept with its control group for those that come later, as an
 * extended attribute (xattr(7)): the words behind those of cg-limit, each ended by a zero byte. What root has made
 * only root can read and write, in trusted.minictr.chain; the attribute of others is user.minictr.chain.
 */
#ifndef RECORD_H
#define RECORD_H

#include "cgroup.h"
#include "container.h"

/* Keeps WORDS. Where that cannot be, as with more than 64 KiB of them, the container has none, and does without. */
void record_chain(const struct cgroup *group, char *const *words);

/* Returns the words that are kept with a container, ended by NULL; NULL when there are none. Ends with 125 and
 * a message when they cannot be read. */
char **recorded_chain(const struct container *container);

#endif
