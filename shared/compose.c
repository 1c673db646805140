#include "compose.h"

#include "allocate.h"
#include "chain.h"
#include "closest.h"
#include "grow.h"
#include "json.h"
#include "message.h"
#include "quote.h"
#include "trace.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void make_room(struct composition *chain)
{
    size_t count = (size_t)chain->count, room = count ? 2 * count : 96;
    unsigned char *begins = allocate(room, 1);
    char **words = allocate(room + 1, sizeof *words);
    if (count) {
        memcpy(begins, chain->begins, count);
        memcpy(words, chain->words, count * sizeof *words);
    }
    chain->begins = begins;
    chain->words = words;
    chain->room = (int)room;
}

void add(struct composition *chain, const char *word)
{
    if (chain->count == chain->room)
        make_room(chain);
    chain->words[chain->count++] = (char *)(uintptr_t)word;
}

void add_stage(struct composition *chain, const char *name)
{
    add(chain, name);
    chain->begins[chain->count - 1] = 1;
    chain->has_operand = chain->takes_pairs = 0;
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

void add_break(struct composition *chain, const char *option, const char *stage, int after)
{
    struct composition broken = {0};
    const char *best = NULL;
    int found = 0, prog = chain->count;
    while (!chain->begins[--prog])
        ;
    for (int i = 0, is_behind = 0; i < chain->count; i++) {
        const char *word = chain->words[i];
        int begins = chain->begins[i];
        int is_here = begins && strcmp(i == prog ? "PROG" : word, stage) == 0;
        if (begins && !is_here && i != prog)
            best = closer(stage, best, word);
        if (after ? begins && is_behind : is_here) {
            found = 1;
            add_stage(&broken, "chain-break");
            if (*word == '-')
                add(&broken, "--");
        }
        if (begins)
            is_behind = is_here;
        add(&broken, word);
        broken.begins[broken.count - 1] = (unsigned char)begins;
    }
    if (!found && best)
        hint("did you mean %s?", best);
    if (!found)
        refuse("%s: the chain has no stage %s%s", option, stage,
               strcmp(stage, "PROG") == 0 ? " to go on behind" : "");
    *chain = broken;
}

/* Returns room for a word as it is written. It is there until the next one. */
static char *room_for(size_t size)
{
    static char *text;
    static size_t room;
    return text = grow_to(text, &room, size);
}

static void print_word(const char *word)
{
    size_t size = quote_word(NULL, 0, word) + 1;
    char *text = room_for(size);
    quote_word(text, size, word);
    fputs(text, stdout);
}

static _Noreturn void end_output(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        fail("cannot write to standard output");
    _exit(0);
}

_Noreturn void print_chain(const struct composition *chain)
{
    if (trace_file()) {
        fputs("MINICTR_TRACE=", stdout);
        print_word(trace_file());
        fputs(" \\\n    ", stdout);
    }
    print_word(path_in(chain_directory(), chain->words[0]));
    for (int i = 1; i < chain->count; i++) {
        fputs(chain->begins[i] ? " \\\n    " : " ", stdout);
        print_word(chain->words[i]);
    }
    putchar('\n');
    end_output();
}

static void print_text(const char *word)
{
    size_t size = 6 * strlen(word) + 9;
    char *text = room_for(size);
    add_json_text(text, 0, size, word, strlen(word));
    printf("\"%s\"", text);
}

_Noreturn void print_stages(const struct composition *chain)
{
    int prog = chain->count;
    while (!chain->begins[--prog])
        ;
    for (int i = 0; i < chain->count; i++) {
        if (chain->begins[i]) {
            fputs(i ? "]},\n {" : "[{", stdout);
            fputs(i == prog ? "\"program\":" : "\"stage\":", stdout);
            print_text(chain->words[i]);
            fputs(",\"arguments\":[", stdout);
        } else {
            if (!chain->begins[i - 1])
                putchar(',');
            print_text(chain->words[i]);
        }
    }
    fputs("]}]\n", stdout);
    end_output();
}
