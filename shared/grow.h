/*
 * grow.h: a list that grows by one element at a time.
 */
#ifndef GROW_H
#define GROW_H

#include <stddef.h>

/* Makes room for one more element, of SIZE bytes, in a list of COUNT that only this function has
 * made longer; NULL is an empty one. Returns the list, which may have moved. Ends with 125 and a
 * message when there is no memory. The caller frees it. */
void *one_more(void *list, int count, size_t size);

#endif
