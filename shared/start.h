/*
 * start.h: how a chain tells the chain-detach in front of it that PROG is executed, or why it is not.
 *
 * The variable MINICTR_START holds the descriptors of two pipes, "HANDOVER:MESSAGES", which the stages pass on like
 * those of chain.h. Into the first goes one byte of enum start_word; supervisors that stay let go of it, and the
 * execution of PROG closes it. So its end without a word of failure is the execution of PROG. Into the second goes a
 * copy of each line of a message, also of what supervisors say. Nothing happens here when the variable is not set.
 */
#ifndef START_H
#define START_H

#include <stddef.h>

extern const char start_variable[]; /* MINICTR_START */

enum start_word {
    START_LEAVES = 1, /* the chain leaves the stages: PROG is next */
    START_FAILED = 2  /* it ends with a message */
};

/* Reads the variable. Ends with 125 and a message when it holds no such descriptors. */
void start_begin(void);

/* Passes these pipes on to the stages that follow, and uses them from here on. MESSAGES is -1 while standard error is
 * the caller's still. Ends with 125 and a message when there is no memory, or the kernel refuses (fcntl(2)). */
void start_pass_on(int handover, int messages);

/* Says whether a chain-detach waits. */
int is_starting(void);

/* Writes the descriptors into FDS; returns how many there are. */
int start_descriptors(int fds[2]);

/* Tells a line of a message. */
void start_tell(const char *line, size_t length);

/* Tells that this process cannot do its part. It must be told before its end. */
void start_failed(void);

/* The chain leaves the stages: what is executed gets neither the variable nor the descriptors. Ends with 125 and a
 * message when nobody waits any more. */
void start_leave(void);

/* For a supervisor that has done its part: lets go of the first pipe, and when it IS_SEEN from inside the container of
 * the second. */
void start_stay(int is_seen);

#endif
