/*
 * compose.h: a chain under construction, and how it is written as a command line of the shell.
 */
#ifndef COMPOSE_H
#define COMPOSE_H

struct composition { /* all zero: no words yet */
    char **words; /* ended by NULL */
    int count, room;
    unsigned char *begins; /* whether a stage begins with the word */
    int has_operand; /* the last stage has one, so that its options are over */
    int takes_pairs; /* the operands of the last stage are all words with "=" in them */
};

/* Adds a word; the name of a stage; an option with its value, when there is one. Words are kept as
 * pointers. Ends with 125 and a message when there is no memory. */
void add(struct composition *chain, const char *word);
void add_stage(struct composition *chain, const char *name);
void add_option(struct composition *chain, const char *option, const char *value);

/* Adds an operand of a stage: what begins with a dash does not become an option of it. */
void add_operand(struct composition *chain, const char *word);

/* Adds an operand of the form NAME=VALUE. */
void add_pair(struct composition *chain, const char *word);

/* Adds PROG and its arguments, ended by NULL, so that they do not become words of the last stage. */
void add_program(struct composition *chain, char **words);

/* Puts a chain-break before each stage of this name (PROG: before the program), or AFTER it. Ends with 125 and a
 * message, in which OPTION is what asked for it, when there is none. */
void add_break(struct composition *chain, const char *option, const char *stage, int after);

/* Writes the chain to standard output as JSON: an array of objects, {"stage":NAME,"arguments":[...]}, the last
 * one {"program":PROG,"arguments":[...]}. What is not valid UTF-8 becomes U+FFFD. Ends as print_chain() does. */
_Noreturn void print_stages(const struct composition *chain);

/*
 * Writes the chain to standard output, one stage a line, quoted so that a shell reads back every byte,
 * and ends with status 0, or 125 and a message. The first word is written as a path, since only from
 * it on the stages find each other.
 */
_Noreturn void print_chain(const struct composition *chain);

#endif
