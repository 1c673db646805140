/*
 * resource.h: the limits of a process (getrlimit(2)), by name.
 */
#ifndef RESOURCE_H
#define RESOURCE_H

#include <sys/resource.h>

enum { RESOURCES = 16 }; /* RLIMIT_* are below this */

/* Reads NAME=SOFT[:HARD], each a number, a size where it is one of bytes, or max. Returns RLIMIT_*, and
 * the limits. Ends with 125 and a message when it is something else. */
int read_resource_limit(const char *word, struct rlimit *limits);

/* Says whether setting it takes a capability: the hard limit is above that which this process has
 * (getrlimit(2)). */
int raises_limit(int resource, const struct rlimit *limits);

/* Returns the name of a limit, as in "nofile". */
const char *resource_name(int resource);

#endif
