#include "value.h"

#include "file.h"
#include "message.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

static const char digits[] = "0123456789";

/* Reads digits of a base up to ten; *end is what follows. Says no more than whether they fit. */
static int read_digits(const char *text, unsigned base, uint64_t *number, const char **end)
{
    uint64_t sum = 0;
    for (; *text >= '0' && *text < (char)('0' + base); text++)
        if (__builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(*text - '0'), &sum))
            return 0;
    *number = sum;
    *end = text;
    return 1;
}

uint64_t read_number(const char *what, const char *text, uint64_t least, uint64_t most)
{
    uint64_t number;
    const char *end;

    if (!*text)
        refuse("%s: the number is empty", what);
    if (strspn(text, digits) != strlen(text))
        refuse("%s: \"%s\" is not a number: only digits may stand in it", what, text);
    if (!read_digits(text, 10, &number, &end) || number > most)
        refuse("%s: %s is too large: at most %llu", what, text, (unsigned long long)most);
    if (number < least)
        refuse("%s: %s is too small: at least %llu", what, text, (unsigned long long)least);
    return number;
}

uint64_t read_size(const char *what, const char *text, uint64_t least)
{
    static const char suffixes[] = "KkMmGgTt";
    uint64_t size;
    const char *end = text + strspn(text, digits);
    const char *suffix = *end ? strchr(suffixes, *end) : NULL;

    if (!*text)
        refuse("%s: the size is empty", what);
    if (end == text || (*end && (!suffix || end[1])))
        refuse("%s: \"%s\" is not a size: digits, then nothing or one of K, M, G, T", what, text);
    unsigned shift = suffix ? 10 * (unsigned)((suffix - suffixes) / 2 + 1) : 0;
    if (!read_digits(text, 10, &size, &end) || size > (uint64_t)INT64_MAX >> shift)
        refuse("%s: %s is too large: at most 2^63-1 bytes", what, text);
    size <<= shift;
    if (size < least)
        refuse("%s: %s is too small: at least %llu byte%s", what, text, (unsigned long long)least,
               least == 1 ? "" : "s");
    return size;
}

unsigned read_mode(const char *what, const char *text)
{
    uint64_t mode;
    const char *end;

    if (!*text || !read_digits(text, 8, &mode, &end) || *end || mode > 07777)
        refuse("%s: \"%s\" is not a mode: octal, 0 to 7777", what, text);
    return (unsigned)mode;
}

int is_name(const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(text);
    return length > 0 && length <= 64 && strspn(text, plain) == length && !strchr("._-", *text);
}

const char *read_name(const char *what, const char *text)
{
    if (!*text)
        refuse("%s: the name is empty", what);
    if (strlen(text) > 64)
        refuse("%s: the name is %zu bytes long: at most 64", what, strlen(text));
    if (!is_name(text))
        refuse("%s: \"%s\" is not a name: letters, digits, '.', '-' and '_', "
               "the first a letter or a digit",
               what, text);
    return text;
}

const char *read_group(const char *what, const char *text)
{
    if (!*text)
        refuse("%s: the path is empty", what);
    if (strlen(text) > PATH_MAX / 2)
        refuse("%s: the path is %zu bytes long: at most %d", what, strlen(text), PATH_MAX / 2);
    if (list_has(text, "/", ".."))
        refuse("%s: \"%s\" has \"..\" in it", what, text);
    return text;
}
