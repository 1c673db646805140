/*
 * quote.h: words as a shell reads them back.
 */
#ifndef QUOTE_H
#define QUOTE_H

#include <stddef.h>

/*
 * Writes WORD into TEXT (SIZE bytes) so that a shell reads back every byte: bare when it is plain, else in
 * single quotes. Returns the length of the whole, as snprintf(3) does: what does not fit is left out. TEXT
 * always ends in a zero byte, unless SIZE is 0.
 */
size_t quote_word(char *text, size_t size, const char *word);

/* The same in one line that does nothing on a terminal but to be seen: a word that has other bytes than the
 * printable ones of ASCII is written as $'...', with \NNN for each of these, which bash, zsh and the POSIX of 2024
 * read back. */
size_t quote_line(char *text, size_t size, const char *word);

#endif
