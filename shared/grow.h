/*
 * grow.h: memory that grows with what is in it.
 */
#ifndef GROW_H
#define GROW_H

#include <stddef.h>

/* Makes room for one more element, of SIZE bytes, in a list of COUNT that only this function has
 * made longer; NULL is an empty one. Returns the list, which may have moved. Ends with 125 and a
 * message when there is no memory. The caller frees it. */
void *one_more(void *list, int count, size_t size);

/* Makes room for at least SIZE bytes in MEMORY, which has *ROOM; NULL has none. Returns it, which may have moved. Ends
 * with 125 and a message when there is none. */
void *grow_to(void *memory, size_t *room, size_t size);

#endif
