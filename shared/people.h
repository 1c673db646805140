/*
 * people.h: numbers as people read them.
 *
 * Each function writes the number into TEXT, which has PEOPLE bytes, and returns that: "-" for
 * COUNT_UNKNOWN and "max" for COUNT_UNLIMITED (file.h). None of them can fail.
 */
#ifndef PEOPLE_H
#define PEOPLE_H

#include <stdint.h>

enum { PEOPLE = 24 };
enum unit { BYTES, MICROSECONDS, PIECES };

/* Bytes, with K, M, G ... as powers of 1024: 512, 12.3M, 2G. */
char *size_for_people(uint64_t size, char *text);

/* Microseconds, in the two largest units: 1.25s, 3m05s, 2h11m, 4d02h. */
char *time_for_people(uint64_t microseconds, char *text);

/* A plain number. */
char *count_for_people(uint64_t count, char *text);

/* Whichever of these it is. */
char *number_for_people(uint64_t number, enum unit unit, char *text);

#endif
