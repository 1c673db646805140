/*
 * calls.h: the names that a seccomp policy is written in: of system calls, of errors, and of the
 * values that their arguments are compared with. They are those of the headers that this was built
 * with (syscalls(2), errno(3)); system calls that are newer than these are here as well.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdint.h>

enum { CALLS = 512 }; /* every number is below this */

/* Returns the number of the system call on this architecture, or -1 when it has none of that name. */
int call_number(const char *name);

/* Returns its name, or NULL. */
const char *call_name(int number);

/* Sets what stands in KNOWN for each call that has a name to 1. */
void mark_calls(unsigned char known[CALLS]);

/* Returns the name of a system call that is spelt like this one, or NULL. */
const char *call_like(const char *name);

/* Says whether the kernel takes this argument, counted from 0, as 32 bits: it does not look at the
 * upper half of the register then. */
int call_is_narrow(int number, int argument);

/* Returns the number of an error by its name (EPERM), or -1. */
int error_number(const char *name);

/* Returns its name, or NULL. */
const char *error_name(int number);

/* Finds the value of a constant that is compared with (TIOCSTI, CLONE_NEWUSER); returns whether there
 * is one of that name. */
int constant_value(const char *name, uint64_t *value);

#endif
