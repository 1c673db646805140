/*
 * namespace.h: the kinds of namespaces (namespaces(7)), and the guard that keeps a stage typed by
 * hand from changing the host's.
 */
#ifndef NAMESPACE_H
#define NAMESPACE_H

struct namespace {
    char letter;      /* unshare(1)'s short option */
    const char *name; /* its long option */
    const char *file; /* below /proc/PID/ns */
    int flag;         /* CLONE_NEW* (clone(2)) */
};

/* All kinds that ns-enter can make, ended by one without a name. */
extern const struct namespace namespaces[];

/*
 * Ends the program with status 125 unless the namespace of this kind (its letter) was made for the
 * chain. It was when an ns-enter of this chain says so in the environment; else when it differs
 * from that of process 1, or this process is process 1 of the machine. Fails, too, when that cannot
 * be found out (no /proc). In a mount namespace that no ns-enter made, mounts stop propagating
 * outside (MS_SLAVE, mount_namespaces(7)).
 */
void need_own_namespace(char letter);

/* Returns whether the namespace of this kind is not that of process 1, as far as can be found out. */
int has_own_namespace(char letter);

#endif
