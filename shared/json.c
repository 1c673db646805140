#include "json.h"

#include "file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Returns how many bytes the character of UTF-8 has that begins here (RFC 3629: the shortest form,
 * no surrogates), or 0. */
static size_t character(const unsigned char *text, size_t bytes)
{
    unsigned char first = text[0];
    size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first > 0xf4 || length > bytes)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (text[i] >> 6 != 2)
            return 0;
    if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
        (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

size_t add_json_text(char *line, size_t length, size_t size, const char *text, size_t bytes)
{
    const unsigned char *from = (const unsigned char *)text;
    for (size_t step; bytes > 0 && length + 8 < size; from += step, bytes -= step) {
        size_t whole = character(from, bytes);
        step = whole ? whole : 1;
        if (!whole)
            length += (size_t)snprintf(line + length, size - length, "\\ufffd");
        else if (*from < ' ' || *from == '"' || *from == '\\' || *from == 127)
            length += (size_t)snprintf(line + length, size - length, "\\u%04x", *from);
        else
            length += (size_t)snprintf(line + length, size - length, "%.*s", (int)whole,
                                       (const char *)from);
    }
    return length;
}

size_t add_json_number(char *line, size_t length, size_t size, const char *name, uint64_t number)
{
    int added = number >= COUNT_UNLIMITED
                    ? snprintf(line + length, size - length, ",\"%s\":null", name)
                    : snprintf(line + length, size - length, ",\"%s\":%" PRIu64, name, number);
    return length + (size_t)added;
}
