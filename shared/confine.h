/*
 * confine.h: whether SELinux or AppArmor confines the calling process.
 */
#ifndef CONFINE_H
#define CONFINE_H

/*
 * Returns what confines it, to be put behind "this process is confined by", from /proc/self/attr/current: a
 * profile of AppArmor that is enforced, or a context of SELinux, unless that is unconfined_t or the machine is
 * permissive. NULL when there is none, or when it cannot be found out. The text stays until the next
 * call. Keeps errno.
 */
const char *confinement(void);

#endif
