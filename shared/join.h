/*
 * join.h: joining the namespaces of another process (setns(2)).
 */
#ifndef JOIN_H
#define JOIN_H

#include <sys/types.h>

/* A process whose namespaces are joined, by its pidfd. */
struct target {
    int pidfd; /* -1: there is none */
    pid_t pid;
};

/* Opens the process that PID[:START] names, the argument of this option. Ends with 125 and a message when it is no such
 * thing, or has ended. */
struct target find_target(const char *option, const char *text);

/*
 * Joins the namespaces of these kinds (CLONE_NEW*), or with 0 all that are not ours; returns which. The stages come
 * along. Of a PID namespace it is the processes forked from now on that are in it. What was known of those that are
 * left is forgotten (chain.h); of those that are not the host's it becomes known that they were made for somebody.
 * Ends with 125 and a message when the kernel refuses.
 */
int join_namespaces(const struct target *target, int flags, char **rest);

#endif
