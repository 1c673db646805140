/*
 * trace.h: what each program of a chain writes of itself when MINICTR_TRACE says so (chain(7), TRACING).
 *
 * The variable names a descriptor, or a file that is made when it is missing, and written to at its end. The
 * first program of the chain opens it and passes the descriptor on, with the times that the next one needs.
 * Nothing of it reaches PROG, and nothing happens here when the variable is not set. What cannot be written is
 * lost: that must not change what the chain does.
 *
 * A line is "SECONDS PID EVENT ...", SECONDS since the chain began:
 *
 *   start STAGE WORDS                        its words have been read
 *   next STAGE MICROSECONDS: NEXT; DID...    it is about to execute NEXT; what it has done
 *   stay STAGE MICROSECONDS: PID             the rest of the chain is process PID; it stays as its supervisor
 *   fail STAGE MICROSECONDS: MESSAGE         what it says on standard error
 *   end STAGE STATUS                         a supervisor: what it has started has ended
 *
 * MICROSECONDS are those since the stage before handed over, so that the time for the execution is its own.
 */
#ifndef TRACE_H
#define TRACE_H

#include <sys/types.h>

extern const char trace_variable[]; /* MINICTR_TRACE */

/* Reads the variable, and opens what it names. NAME is the program's, kept as a pointer. Ends with 125 and a
 * message when that cannot be opened, or is no descriptor, or standard output. */
void trace_begin(const char *name);

/* Sets the variable, for a file or with NULL for standard error; trace_begin() opens it. Ends with 125 and a
 * message when there is no memory. */
void trace_to(const char *file);

/* Returns what trace_to() was given, or "2" for standard error; NULL when it was not called. */
const char *trace_file(void);

/* Begins a trace in memory, whose chain began as long ago as this process has used the processor. Returns a
 * descriptor to read it by. Ends with 125 and a message when the kernel refuses (memfd_create(2)). */
int trace_to_memory(void);

/* Writes the line for the start: the words from FIRST up to PROG. */
void trace_start(char *const *first, char *const *prog);

/* Says whether there is a trace: for what costs something to find out. */
int is_traced(void);

/* Keeps what the stage has done (printf(3) format), for the line when it hands over. */
void did(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The line when it hands over to the program NEXT. Of several in one process, only the first is written. */
void trace_next(const char *next);

/* The lines of a supervisor: when it has started CHILD, and when that has ended, with this status. */
void trace_stay(pid_t child);
void trace_end(int status);

/* The line for a message, with the reason of ERROR (errno), or 0. */
void trace_fail(const char *message, int error);

/* Returns the descriptor of the trace when it is to stay open until PROG, or -1. */
int trace_descriptor(void);

/* Closes it, unless it is standard error, and forgets it. */
void trace_drop(void);

#endif
