/*
 * start.h: how a chain tells the chain-detach in front of it that PROG is executed, or why it is not.
 *
 * The variable MINICTR_START holds the descriptor of a socket, which the stages pass on like those of chain.h;
 * supervisors that stay let go of it, and the execution of PROG closes it. So its end without a word of failure is
 * the execution of PROG. What goes through it are packets: a line of a message, or one byte of enum start_word.
 * Nothing happens here when the variable is not set.
 */
#ifndef START_H
#define START_H

#include <stddef.h>

extern const char start_variable[]; /* MINICTR_START */

enum start_word {
    START_LEAVES = 1, /* the chain leaves the stages: PROG is next */
    START_FAILED = 2  /* it ends with a message, which went before */
};

/* Reads the variable. Ends with 125 and a message when it holds no socket's descriptor. */
void start_begin(void);

/* Passes such a socket on to the stages that follow; what this process says goes through it only after
 * start_begin(). Ends with 125 and a message when there is no memory. */
void start_pass_on(int socket);

/* Returns the descriptor, or -1. */
int start_descriptor(void);

/* Tells a line, and that the chain has failed. */
void start_tell(const char *line, size_t length);
void start_failed(void);

/* The chain leaves the stages: what is executed gets neither the variable nor the descriptor. Ends with 125 and a
 * message when that cannot be told. */
void start_leave(void);

/* Closes it and forgets it: for a supervisor, and for who takes the trouble to stay. */
void start_drop(void);

#endif
