/*
 * namespace.h: the kinds of namespaces (namespaces(7)), and the guard that keeps a stage typed by
 * hand from changing the host's.
 */
#ifndef NAMESPACE_H
#define NAMESPACE_H

#include <sys/types.h>

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
 * from that of process 1, or this process is process 1 of the machine; and where process 1 is outside of
 * our user namespace, when it belongs to that. Fails, too, when that cannot be found out (no /proc). In a mount
 * namespace that no ns-enter made, or that was joined, mounts stop propagating outside (MS_SLAVE,
 * mount_namespaces(7)).
 */
void need_own_namespace(char letter);

/* Returns whether the namespace of this kind is not that of process 1, as far as can be found out. */
int has_own_namespace(char letter);

/* The same of the namespace of another process: whether it is known to be not that of process 1, and whether it is
 * not ours. The second ends the program with 125 and a message when it cannot be found out. */
int is_own_namespace_of(pid_t pid, char letter);
int is_other_namespace(pid_t pid, char letter);

/* After EPERM for the namespaces of a process: keeps a hint when it is in another user namespace. Keeps errno. */
void hint_at_users_of(pid_t pid);

/* Says whether this process is known to be in a user namespace other than the machine's first. */
int in_user_namespace(void);

/* Says whether this process is root, and of the machine, as far as it knows. */
int is_host_root(void);

/*
 * After a failure to make namespaces (CLONE_NEW*), or to map ids in a new one of users: keeps a hint when this user
 * namespace may have none of a kind (/proc/sys/user, namespaces(7)), when user namespaces are turned off for users, when
 * a filter of system calls refuses them (seccomp(2)), or when the process lacks the capability. Keeps errno.
 */
void hint_at_refused(int flags);

#endif
