/*
 * compare.h: what has changed in the root of a container, against what its overlay began with. The container goes on
 * meanwhile, and may be hostile: no link is followed, and nothing but directories is opened.
 */
#ifndef COMPARE_H
#define COMPARE_H

/*
 * Compares two trees, the root of an overlay and what is below it, by descriptors of their roots, in which nothing is
 * mounted. REPORT is called with A, C or D, added, changed or deleted, and the path, in the order of the paths, a
 * directory before what is in it; of a deleted tree only with its root. What has changed has another time of change
 * (st_ctime, inode(7)), since an overlay makes a copy of it first. Returns 1, or 0 when something was moved
 * away while it was read, so that parts are left out. Ends with 125 and a message when something cannot be
 * read, or there is no memory.
 */
int compare_trees(int view, int lower, void (*report)(char change, const char *path));

#endif
