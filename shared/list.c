#include "list.h"

#include "message.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 65535 };

/* Reads a number at *text, and steps over it; returns whether there was one. One that is larger than
 * MOST becomes MOST + 1. */
static int read_item(const char **text, unsigned *number)
{
    char *end;
    if (**text < '0' || **text > '9')
        return 0;
    unsigned long read = strtoul(*text, &end, 10);
    *number = read > MOST ? MOST + 1 : (unsigned)read;
    *text = end;
    return 1;
}

/* Reads the next range of a list, and steps over the comma behind it; returns whether it is one. */
static int read_range(const char **text, unsigned *first, unsigned *last)
{
    if (!read_item(text, first))
        return 0;
    *last = *first;
    if (**text == '-') {
        ++*text;
        if (!read_item(text, last) || *last < *first)
            return 0;
    }
    if (**text == ',' && (*text)[1])
        ++*text;
    else if (**text)
        return 0;
    return 1;
}

static int has(const char *list, unsigned number)
{
    unsigned first, last;
    while (*list && read_range(&list, &first, &last))
        if (first <= number && number <= last)
            return 1;
    return 0;
}

void check_list(const char *what, const char *text)
{
    unsigned first, last;
    if (!*text)
        refuse("%s: the list is empty", what);
    for (const char *rest = text; *rest;) {
        const char *range = rest;
        if (!read_range(&rest, &first, &last))
            refuse("%s: \"%s\" is not a list: numbers and ranges, as 0-2,5", what, text);
        if (last > MOST)
            refuse("%s: %.*s is too large: at most %d", what, (int)strcspn(range, ","), range, MOST);
    }
}

int list_is_within(const char *list, const char *other, unsigned *missing)
{
    unsigned first, last;
    while (*list && read_range(&list, &first, &last))
        for (*missing = first; *missing <= last; ++*missing)
            if (!has(other, *missing))
                return 0;
    return 1;
}
