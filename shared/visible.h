/*
 * visible.h: why a process that is root in a user namespace of its own only may not mount a file system that
 * shows what the kernel has (mount_namespaces(7), user_namespaces(7)). Each keeps a hint when it is so,
 * and errno.
 */
#ifndef VISIBLE_H
#define VISIBLE_H

/* After EPERM from fsopen(2) or FSCONFIG_CMD_CREATE: what a new proc, sysfs or cgroup file system would show
 * belongs to a namespace that this user namespace does not own (NS_GET_USERNS, ioctl_ns(2)). */
void hint_at_owner(const char *type);

/*
 * After EPERM from fsmount(2) with these MOUNT_ATTR_* flags: the proc or sysfs from outside that can be seen
 * here has mounts on it that hide something, or flags that the new one would not have; these are locked.
 * Behind root-setup(1) none can be seen any more: the kernel's own words, of which TOO_REVEALING says
 * whether they are there, must do then.
 */
void hint_at_view(const char *type, unsigned flags, int too_revealing);

/* Says whether the file system of this type (proc, sysfs) that is seen last has something mounted on it that hides a
 * part: then a process in a new user namespace may mount none. */
int is_masked(const char *type);

#endif
