/*
 * container_ids.h: which ids a container has in a user namespace of its own.
 */
#ifndef CONTAINER_IDS_H
#define CONTAINER_IDS_H

#include "idmap.h"

/* With none of these it is one id: the caller's own. */
struct container_ids {
    const char *shift;           /* INNER:OUTER:COUNT, ids of nobody: files have to be shown with them */
    int are_ranges;              /* the caller's, and its ranges (subuid(5)) */
    struct idmap users, groups;  /* all that the caller's own namespace has */
};

/*
 * Chooses them. Root of the machine (HAS_POWER: over mounts) gets 65536 ids at random, of those that systemd leaves to
 * containers (524288 to 1879048191), and not in /etc/subuid or /etc/subgid: only it can show files with other ids. Who
 * may become any user of its user namespace gets all of these; others their ranges, where newuidmap(1) and newgidmap(1)
 * are there to map them. Ends with 125 and a message when the files cannot be read, or no range is left.
 */
struct container_ids choose_container_ids(int has_power);

#endif
