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

size_t quote_word(char *at, size_t size, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "_-+./:,@%=";
    struct text text = {at, size, 0};
    int is_plain = *word && strspn(word, plain) == strlen(word);
    if (!is_plain)
        put(&text, '\'');
    for (; *word; word++) {
        put(&text, *word);
        if (*word == '\'')
            for (const char *rest = "\\''"; *rest; rest++)
                put(&text, *rest);
    }
    if (!is_plain)
        put(&text, '\'');
    if (size)
        at[text.length < size ? text.length : size - 1] = '\0';
    return text.length;
}
