/*
 * mount.h: mounting by descriptor. A path is resolved once; what is mounted goes where that led.
 */
#ifndef MOUNT_H
#define MOUNT_H

/*
 * Opens the directory DIR to mount on (O_PATH), after making what is missing of it, mode 0755.
 * Ends with status 125 and a message when it is no directory or cannot be made.
 */
int open_mount_point(const char *dir);

struct mount_option {
    const char *key, *value;
};

/*
 * Mounts a new file system of this type, with its options (ended by one without a key) and
 * MOUNT_ATTR_* flags, on the directory that TARGET refers to; WHERE names it in messages. Ends with
 * status 125 and a message when the kernel refuses, with the kernel's own words as the hint where
 * it has any (fsopen(2)).
 */
void mount_new(const char *type, const struct mount_option *options, unsigned flags, int target,
               const char *where);

#endif
