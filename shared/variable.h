/*
 * variable.h: the variables by which stages pass something on: one here and there in an environment that is the
 * user's. Like getenv(3) and its relatives, without what these keep: malloc(3) is dear in a program that ends in an
 * execution.
 */
#ifndef VARIABLE_H
#define VARIABLE_H

/* Returns the value of the first variable of this name, or NULL. */
const char *variable_value(const char *name);

/* Sets one: ENTRY, NAME=VALUE, is kept as a pointer, as by putenv(3). Ends with 125 and a message when there is no
 * memory. */
void variable_set(char *entry);

/* Removes all of this name. */
void variable_forget(const char *name);

#endif
