#include "compose.h"

#include "chain.h"
#include "message.h"
#include "quote.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        fail("cannot compose the chain");
    return memory;
}

struct composition compose(size_t room)
{
    return (struct composition){.words = allocate(room + 1, sizeof(char *)),
                                .begins = allocate(room + 1, 1)};
}

void add(struct composition *chain, const char *word)
{
    chain->words[chain->count++] = (char *)(uintptr_t)word;
}

void add_stage(struct composition *chain, const char *name)
{
    chain->begins[chain->count] = 1;
    chain->has_operand = chain->takes_pairs = 0;
    add(chain, name);
}

void add_operand(struct composition *chain, const char *word)
{
    if (*word == '-' && !chain->has_operand)
        add(chain, "--");
    add(chain, word);
    chain->has_operand = 1;
}

void add_pair(struct composition *chain, const char *word)
{
    add_operand(chain, word);
    chain->takes_pairs = 1;
}

void add_program(struct composition *chain, char **words)
{
    if (chain->takes_pairs ? strchr(words[0], '=') != NULL : *words[0] == '-' && !chain->has_operand)
        add(chain, "--");
    add_stage(chain, words[0]);
    for (int i = 1; words[i]; i++)
        add(chain, words[i]);
}

void add_option(struct composition *chain, const char *option, const char *value)
{
    if (!value)
        return;
    add(chain, option);
    add(chain, value);
}

static void print_word(const char *word)
{
    size_t size = quote_word(NULL, 0, word) + 1;
    char *text = allocate(size, 1);
    quote_word(text, size, word);
    fputs(text, stdout);
    free(text);
}

_Noreturn void print_chain(const struct composition *chain)
{
    char directory[PATH_MAX], path[PATH_MAX + 32];
    chain_directory(directory);
    snprintf(path, sizeof path, "%s/%s", directory, chain->words[0]);
    print_word(path);
    for (int i = 1; i < chain->count; i++) {
        fputs(chain->begins[i] ? " \\\n    " : " ", stdout);
        print_word(chain->words[i]);
    }
    putchar('\n');
    if (fflush(stdout) != 0 || ferror(stdout))
        fail("cannot write to standard output");
    _exit(0);
}
