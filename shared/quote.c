#include "quote.h"

#include <string.h>

struct text {
    char *at;
    size_t size, length;
};

static void put(struct text *text, char byte)
{
    if (text->length + 1 < text->size)
        text->at[text->length] = byte;
    text->length++;
}

static void put_text(struct text *text, const char *word)
{
    while (*word)
        put(text, *word++);
}

/* Ends the text where it is, or where it was cut; returns how long it would be. */
static size_t finish(const struct text *text)
{
    if (text->size)
        text->at[text->length < text->size ? text->length : text->size - 1] = '\0';
    return text->length;
}

size_t quote_word(char *at, size_t size, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "_-+./:,@%=";
    struct text text = {at, size, 0};
    int is_plain = *word && *word != '=' && strspn(word, plain) == strlen(word); /* zsh expands =ls */
    if (!is_plain)
        put(&text, '\'');
    for (; *word; word++) {
        put(&text, *word);
        if (*word == '\'')
            put_text(&text, "\\''");
    }
    if (!is_plain)
        put(&text, '\'');
    return finish(&text);
}

size_t quote_line(char *at, size_t size, const char *word)
{
    struct text text = {at, size, 0};
    const char *byte = word;
    while (*byte >= ' ' && *byte <= '~')
        byte++;
    if (!*byte)
        return quote_word(at, size, word);
    put_text(&text, "$'");
    for (; *word; word++) {
        unsigned char value = (unsigned char)*word;
        int is_plain = value >= ' ' && value <= '~';
        if (!is_plain || value == '\'' || value == '\\')
            put(&text, '\\');
        if (is_plain)
            put(&text, *word);
        else
            for (int shift = 6; shift >= 0; shift -= 3)
                put(&text, (char)('0' + (value >> shift & 7)));
    }
    put_text(&text, "'");
    return finish(&text);
}
