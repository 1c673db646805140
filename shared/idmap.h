/*
 * idmap.h: tables of ids, as user namespaces and id-mapped mounts have them (user_namespaces(7), mount_setattr(2)).
 */
#ifndef IDMAP_H
#define IDMAP_H

#include <stddef.h>
#include <stdint.h>

enum { IDMAP_RANGES = 32, IDMAP_TEXT = IDMAP_RANGES * 36 };

/* COUNT ids that begin at INNER in the namespace, or on a file system, are those that begin at OUTER outside, or as
 * the mount shows them. */
struct idmap {
    unsigned inner[IDMAP_RANGES], outer[IDMAP_RANGES], count[IDMAP_RANGES];
    int ranges;
};

/* Adds a range of the form A:B:N, which FORM spells ("INNER:OUTER:COUNT"). Refuses with status 125 and a message
 * that begins with WHAT what is none, goes beyond the largest id (4294967294), or overlaps with another range. */
void add_id_range(struct idmap *map, const char *what, const char *form, const char *text);

/* Adds one id, with the same checks. */
void add_one_id(struct idmap *map, const char *what, unsigned inner, unsigned outer);

/*
 * Adds the ranges that a file like /etc/subuid (subuid(5)) gives to a user, by its name or its number, one behind
 * the other: they become the lowest inner ids that the map does not have yet. Returns how many ids these are. Ends
 * with 125 and a message when the file cannot be read or is garbled; 0 when it is not there.
 */
uint64_t add_subordinate_ids(struct idmap *map, const char *file, const char *name, unsigned id);

/* Adds all ids that a user namespace has, by the same numbers: the inner ones of a file like /proc/self/uid_map. Ends
 * with 125 and a message when it cannot be read. */
void add_ids_of(struct idmap *map, const char *path);

/* Says whether the map has an outer id, or an inner one. */
int has_outer_id(const struct idmap *map, unsigned outer);
int has_inner_id(const struct idmap *map, unsigned inner);

/* Says whether a user namespace has this inner id, by a file like /proc/self/gid_map; when that is not there, it
 * has. Ends with 125 and a message when it cannot be read. */
int is_in_map(const char *path, unsigned id);

/* Writes the map as /proc/PID/uid_map takes it, a line for each range, into TEXT (IDMAP_TEXT bytes). */
void print_id_map(const struct idmap *map, char *text);

#endif
