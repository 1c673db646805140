/*
 * value.h: the one way to read numbers, sizes, modes, names and groups from the command line.
 *
 * WHAT names the option or operand in messages ("--size"). Anything but the form described ends the
 * program with status 125 and a message that says what is wrong: no sign, no space, no trailing
 * junk, no overflow.
 */
#ifndef VALUE_H
#define VALUE_H

#include <stdint.h>

/* A decimal number from LEAST to MOST. */
uint64_t read_number(const char *what, const char *text, uint64_t least, uint64_t most);

/* A size in bytes of at least LEAST: a decimal number, then nothing or K, M, G or T (powers of
 * 1024, either case). At most 2^63-1, the largest that the kernel takes for a size. */
uint64_t read_size(const char *what, const char *text, uint64_t least);

/* The permission bits of a file, octal, 0 to 7777 (chmod(1)). */
unsigned read_mode(const char *what, const char *text);

/* A name of a host or container: 1 to 64 bytes (HOST_NAME_MAX, sethostname(2)), letters, digits,
 * '.', '-' and '_', the first one a letter or a digit. Returns TEXT. */
const char *read_name(const char *what, const char *text);

/* Says whether TEXT is such a name. */
int is_name(const char *text);

/* The path of a control group, as /proc/PID/cgroup shows it, or "." or a path below that: no "..".
 * Returns TEXT. */
const char *read_group(const char *what, const char *text);

#endif
