/*
 * signal_name.h: signals by name or number, as kill(1) takes them.
 */
#ifndef SIGNAL_NAME_H
#define SIGNAL_NAME_H

/* Says whether TEXT spells a signal: a name that there is, in either case, with or without SIG; or
 * a decimal number of any size. */
int is_signal(const char *text);

/* Reads a signal: a name, or a number from 0 to 64. WHAT names the option or operand in messages
 * ("--signal"). Returns its number; ends with 125 and a message when it is none. */
int read_signal(const char *what, const char *text);

#endif
