/*
 * allocate.h: memory that is never given back.
 */
#ifndef ALLOCATE_H
#define ALLOCATE_H

#include <stddef.h>

/* Returns COUNT zeroed elements of SIZE bytes, aligned for any type (malloc(3)). Ends with 125 and a message when
 * there is no memory. */
void *allocate(size_t count, size_t size);

/* Returns a copy of the string, as strdup(3) does. Ends as allocate() does. */
char *copy_of(const char *text);

/* Returns DIRECTORY/NAME, likewise. */
char *path_in(const char *directory, const char *name);

#endif
