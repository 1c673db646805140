/*
 * words.h: the command line of a program, read from left to right:
 *
 *     STAGE [OPTION...] OPERAND... PROG [ARG...]
 *
 * Options stop at the first word that is none, or after "--". A table describes them once, for
 * reading and for --help. Every function here ends the program with status 125 and a message when
 * the command line is wrong; --help and --version answer on standard output and end with 0.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdint.h>

struct option {
    int letter;        /* what next_option() returns; below 256 it is the short option too */
    const char *name;  /* the long option, without its dashes */
    const char *value; /* the name of its argument, or NULL; with "..." at its end: repeatable;
                        * as "[=NAME]" one that may be left out */
    const char *help;  /* one line; a line break continues it */
};

struct program {
    const char *name;
    const char *synopsis;         /* what follows the name in the usage line */
    const char *summary;          /* what it does, one sentence without a full stop */
    const struct option *options; /* at most 64, ended by one without a name; NULL: none */
};

struct words {
    const struct program *program;
    char **first;        /* those of the program, without its name */
    char **next;         /* the next word */
    const char *cluster; /* the rest of a word of short options (-mup), or NULL */
    const char *option;  /* the option that was read last, as it is spelt in full: "--size" */
    const char *value;   /* its argument; NULL when it has none, or was left out */
    uint64_t seen;       /* which options with an argument were given, a bit each */
    char spelling[32];
};

/*
 * Starts reading. Names the program for messages, and refuses an empty argument vector (argc of 0,
 * execve(2)) and to run with powers that the caller lacks (AT_SECURE, getauxval(3)): none of the
 * programs may be setuid. Makes no system call.
 */
struct words read_words(const struct program *program, int argc, char **argv);

/*
 * Reads the next option, with its argument in words->value ("--size 4M", "--size=4M", "-s4M",
 * "-s 4M"). Returns its letter, or 0 when there is no further option.
 */
int next_option(struct words *words);

/* Reads the next word as the operand that --help calls NAME. */
const char *next_operand(struct words *words, const char *name);

/* Returns the rest, PROG and its arguments, ended by NULL; at least one word. */
char **next_program(struct words *words);

/* Writes TEXT to standard output: for an answer, which PROG never gets. Ends with 125 and a message when that
 * fails. */
void say(const char *text);

/* For a program that has no PROG: refuses a word that is left. */
void no_more_words(const struct words *words);

#endif
