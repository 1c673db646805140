/* env-set: set, remove and clear variables of the environment. */
#include "chain.h"
#include "message.h"
#include "words.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLEAR = 256, UNSET };

static const struct option options[] = {
    {CLEAR, "clear", NULL, "begin with an empty environment"},
    {UNSET, "unset", "NAME...", "remove the variable NAME"},
    {0},
};

static const struct program program = {
    "env-set",
    "[OPTION...] [NAME=VALUE...] PROG [ARG...]",
    "Change variables of the environment, then run PROG",
    options,
};

/* What the stages tell each other is not for the user to change (chain(7)). */
static void check_name(const char *name, size_t length)
{
    if (length == 0)
        refuse("the name of a variable is empty");
    if (chain_owns(name, length))
        refuse("the variable %.*s is for the stages to set", (int)length, name);
}

static void clear(void)
{
    char **to = environ;
    for (char **entry = environ; *entry; entry++)
        if (chain_owns(*entry, strcspn(*entry, "=")) && strchr(*entry, '='))
            *to++ = *entry;
    *to = NULL;
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    char **from = argv; /* the names to remove take the place of words that have been read */
    int clearing = 0, removed = 0;
    for (int letter; (letter = next_option(&words));) {
        if (letter == CLEAR) {
            clearing = 1;
            continue;
        }
        check_name(words.value, strlen(words.value));
        if (strchr(words.value, '='))
            refuse("%s: \"%s\" has a \"=\" in it", words.option, words.value);
        from[removed++] = (char *)(uintptr_t)words.value;
    }
    char **first = words.next, **last = first;
    for (; *last && strchr(*last, '='); last++)
        check_name(*last, strcspn(*last, "="));
    words.next = last;
    words.next += last > first && *last && strcmp(*last, "--") == 0;
    char **rest = next_program(&words);

    if (clearing)
        clear();
    for (int i = 0; i < removed; i++)
        unsetenv(from[i]);
    for (; first < last; first++) {
        char *value = strchr(*first, '=');
        *value = '\0';
        unsetenv(*first); /* all of the name: of several, a shell takes the last */
        *value = '=';
        if (putenv(*first) != 0)
            fail("cannot set %.*s", (int)(value - *first), *first);
    }
    chain(rest);
}
