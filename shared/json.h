/*
 * json.h: strings and numbers of JSON (RFC 8259), added to a line that is being written.
 *
 * Each takes the line, which has SIZE bytes, how LONG it is so far, and returns how long it is
 * then. What does not fit is left out: the caller has room for all that there can be.
 */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdint.h>

/* Adds TEXT, of so many bytes, without the quotes around it: at most six bytes for each. What is
 * not valid UTF-8 becomes U+FFFD. */
size_t add_json_text(char *line, size_t length, size_t size, const char *text, size_t bytes);

/* Adds ,"NAME":NUMBER, or null for COUNT_UNKNOWN and COUNT_UNLIMITED (file.h). */
size_t add_json_number(char *line, size_t length, size_t size, const char *name, uint64_t number);

#endif
