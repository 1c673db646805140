/*
 * closest.h: what somebody may have meant who mistyped a word.
 */
#ifndef CLOSEST_H
#define CLOSEST_H

/*
 * Returns whichever of BEST (or NULL) and CANDIDATE takes fewer single-letter edits to come from
 * WORD (Levenshtein distance), as long as those are at most two and fewer than half of its letters;
 * else BEST. Words of over 63 bytes are like nothing. Cannot fail.
 */
const char *closer(const char *word, const char *best, const char *candidate);

#endif
