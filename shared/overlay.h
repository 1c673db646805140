/*
 * overlay.h: overlays (the kernel's overlayfs), and of which layers one was made.
 *
 * /proc/PID/mountinfo has the descriptors that were the layers once, and must not have more: the container reads
 * it, too. So the layers are kept with the root of the overlay, where its upper layer has it, as an extended
 * attribute (xattr(7)) that only the host's root can read and write, trusted.minictr.layers: the number of the
 * device, a colon, that of the inode, a space, the path, a zero byte, for each, the uppermost first.
 */
#ifndef OVERLAY_H
#define OVERLAY_H

#include <stddef.h>

enum { LAYERS = 64 }; /* at most so many below an upper one */

/*
 * Makes an overlay of COUNT directories, the uppermost first, below UPPER, with WORK for the kernel's use; UPPER -1:
 * below none, and then of two at least. All of them are descriptors. Returns the detached mount, which has these
 * MOUNT_ATTR_* flags. Ends with 125 and a message, in which WHERE names its place, when the kernel refuses.
 */
int make_overlay(const int *layers, int count, int upper, int work, unsigned flags, const char *where);

/* Keeps these layers with the overlay. Where that cannot be, for want of CAP_SYS_ADMIN or of room (a disk has some
 * 4 KiB for it, a tmpfs 64), none are kept with it. */
void record_layers(int overlay, const int *layers, int count);

/* Returns what is kept with the overlay that DIRECTORY is the root of, and puts into *LENGTH how long it is; NULL
 * when nothing is. Ends with 125 and a message when it cannot be read. */
char *recorded_layers(int directory, size_t *length);

/* Opens the layers of such a text (O_PATH) into LAYERS; returns how many. Ends with 125 and a message when the path
 * of one no longer leads to it. */
int open_recorded_layers(const char *text, size_t length, int layers[LAYERS]);

#endif
