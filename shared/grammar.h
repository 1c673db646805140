/*
 * grammar.h: which words of a chain belong to which stage. It comes from the tables that the stages themselves
 * read their words by, and --help prints.
 */
#ifndef GRAMMAR_H
#define GRAMMAR_H

#include "words.h"

/* Returns the stage of this name, or NULL when it is none: PROG, or a program that knows nothing of a chain. */
const struct program *find_stage_program(const char *name);

enum operands { NO_OPERANDS, OPERANDS, PAIRS /* NAME=VALUE, as many as there are */ };

/* Returns what operands a stage has before PROG, and puts how many OPERANDS there are into *COUNT. */
enum operands operands_of(const struct program *stage, int *count);

/* Returns what follows the words of a stage, in a chain that begins with it. Ends with 125 and a message when
 * these words are wrong. */
char **behind_stage(const struct program *stage, char **words);

#endif
