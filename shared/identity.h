/*
 * identity.h: the ids of this process (credentials(7)).
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Takes on these ids, real, effective and saved, and COUNT supplementary groups; with GROUPS NULL those stay. What
 * root has of capabilities, and another user is not given, is held for the next stages (capability.h). The kernel
 * forgets by whose death this process is to die (PR_SET_PDEATHSIG, prctl(2)): it is told again. Ends with 125 and a
 * message, with a hint at what is missing, when the kernel refuses (setresuid(2), setgroups(2)).
 */
void take_ids(uid_t user, gid_t group, const gid_t *groups, size_t count);

/* Says whether the user namespace of this process forbids setgroups(2) (/proc/PID/setgroups, user_namespaces(7)). */
int keeps_groups(pid_t pid);

#endif
