/*
 * inline.h: a chain in one process: the next stage is called instead of executed.
 *
 * What an execution would have done to the process is done here as far as a stage, or who looks at it, can tell
 * (execve(2)): descriptors that are to be closed are, the process has the name and shows the words of the stage, it
 * is dumpable, and its capabilities no longer survive a change of user. What is left over from the stages before is
 * their memory. So a stage must not rely on what its static variables begin with, but where nothing has changed them.
 */
#ifndef INLINE_H
#define INLINE_H

struct inlined {
    const char *name;
    int (*main)(int argc, char **argv);
};

/* Runs the chain WORDS, its stages in this process, what is none of the STAGES (ended by one without a name) by
 * execution. ARGC and ARGV are those that the program was executed with, whose memory is used. Ends as the chain
 * does, or with 125 and a message when there is no memory. */
_Noreturn void run_inline(const struct inlined *stages, char **words, int argc, char **argv);

/* Says whether a stage of this name would be called. */
int is_inlined(const char *name);

/* Calls the stage that WORDS begin with; returns when it is none of those. */
void call_inlined(char **words);

#endif
