/*
 * idmap.h: a user namespace for its table of ids alone, as an id-mapped mount needs it
 * (mount_setattr(2), user_namespaces(7)).
 */
#ifndef IDMAP_H
#define IDMAP_H

enum { IDMAP_RANGES = 32 };

struct idmap {
    unsigned from[IDMAP_RANGES], to[IDMAP_RANGES], count[IDMAP_RANGES];
    int ranges;
};

/* Adds a range of the form FROM:TO:COUNT: the ids that begin at FROM on the file system are seen as
 * those that begin at TO. Refuses what is none with status 125 and a message that begins with WHAT. */
void add_id_range(struct idmap *map, const char *what, const char *text);

/* Makes the namespace, for users and groups alike, and returns a descriptor of it. Ends with status
 * 125 and a message when the kernel refuses. */
int make_id_namespace(const struct idmap *map);

#endif
