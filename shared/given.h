/*
 * given.h: the options of minictr(1), and what was given with them.
 */
#ifndef GIVEN_H
#define GIVEN_H

#include "words.h"

enum {
    ROOT = 256, NAME, HOSTNAME, NET, USERNS, NO_LIMITS, MEMORY, SWAP, PIDS, CPU, CPUS, IO, STATUS_FD,
    TMPFS, BIND, EPHEMERAL, READ_ONLY, ENV, CWD, RLIMIT, USER, CAP_KEEP, SYS_FILTER, PRIVILEGED,
    TTY, NO_TTY, NO_INIT, BARE, DETACH, LOG, INLINE, PRINT, TRACE, TIME, BREAK, BREAK_AFTER, END
};

extern const struct option given_options[];

/* The arguments of an option, in their order; NULL for an option without one. */
struct arguments {
    const char **items;
    int count;
};

/* Reads the options, of which there are MOST at the most, and checks their arguments as the stage that gets them will.
 * Ends with 125 and a message when one of them is none, or two exclude each other. */
void read_given(struct words *words, int most);

struct arguments *arguments_of(int letter);
int is_given(int letter);

/* Returns the argument of an option that is given at most once, or OTHERWISE. */
const char *value_of(int letter, const char *otherwise);

/* The file of --sys-filter. */
extern char given_policy[256 * 1024];

#endif
