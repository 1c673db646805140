/*
 * mount.h: mounting by descriptor. A path is resolved once; what is mounted goes where that led.
 */
#ifndef MOUNT_H
#define MOUNT_H

/*
 * Opens what is to be mounted on (O_PATH), after making what is missing of it: directories of mode
 * 0755, and at the end an empty file where a FILE is to be mounted on. Between root-open(1) and
 * root-setup(1) the path is one in the new root: nothing in it leads out. Ends with status 125 and
 * a message when it is something else or cannot be made.
 */
int open_mount_point(const char *path, int file);

/* Opens /proc or /sys (O_PATH) when it is proc or sysfs, and no tree that the image has in its place.
 * Otherwise keeps a hint and returns -1. */
int open_kernel_tree(const char *path);

/* Says whether FD refers to the root directory, or until root-setup to what becomes it: what is mounted on that is not
 * seen. */
int is_root(int fd);

struct mount_option {
    const char *key, *value;
};

/*
 * Makes a new file system of this type, with its options (ended by one without a key; one without a
 * value is a flag) and MOUNT_ATTR_* flags; returns the detached mount. WHERE names its place in
 * messages. Ends with status 125 and a message when the kernel refuses, with the kernel's own words as
 * the hint where it has any (fsopen(2)).
 */
int make_mount(const char *type, const struct mount_option *options, unsigned flags,
               const char *where);

/* Attaches a detached mount (move_mount(2)) to what TARGET refers to. Ends with 125 and a message that
 * WHAT cannot be mounted on WHERE. */
void put_mount(int tree, int target, const char *what, const char *where);

/* Both in one, on the directory that TARGET refers to, and closes that. */
void mount_new(const char *type, const struct mount_option *options, unsigned flags, int target,
               const char *where);

#endif
