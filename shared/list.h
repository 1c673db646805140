/*
 * list.h: lists of processors and of memory nodes, as cpuset(7) writes them ("List format"): numbers
 * and ranges of them, with commas in between: 0-2,5.
 */
#ifndef LIST_H
#define LIST_H

/* Refuses what is no such list, or has a number above 65535, with status 125 and a message that
 * begins with WHAT ("--cpus"). */
void check_list(const char *what, const char *text);

/* Returns whether everything in LIST is in OTHER; if not, *missing is the first number that is not. */
int list_is_within(const char *list, const char *other, unsigned *missing);

#endif
