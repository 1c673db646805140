#include "grammar.h"

#include "container.h" /* for a table */

#include <string.h>

/* For each stage a function stage_NAME(), which returns its table. */
#include "grammar.inc"

#define STAGE(name, identifier) stage_##identifier,
static const struct program *(*const all_stages[])(void) = {
#include "stages.inc"
};

const struct program *find_stage_program(const char *name)
{
    for (size_t i = 0; i < sizeof all_stages / sizeof *all_stages; i++)
        if (strcmp(all_stages[i]()->name, name) == 0)
            return all_stages[i]();
    return NULL;
}

/* The synopsis is "[OPTION...] OPERAND... PROG [ARG...]". */
enum operands operands_of(const struct program *stage, int *count)
{
    *count = 0;
    for (const char *word = stage->synopsis; strncmp(word, "PROG", 4) != 0;) {
        size_t length = strcspn(word, " ");
        if (memchr(word, '=', length))
            return PAIRS;
        *count += !memmem(word, length, "OPTION", 6);
        word += length + strspn(word + length, " ");
    }
    return *count ? OPERANDS : NO_OPERANDS;
}

char **behind_stage(const struct program *stage, char **words)
{
    struct words reading = {.program = stage, .first = words + 1, .next = words + 1};
    int count;
    while (next_option(&reading))
        ;
    if (operands_of(stage, &count) == PAIRS) {
        char **pairs = reading.next;
        while (*reading.next && strchr(*reading.next, '='))
            reading.next++;
        reading.next += reading.next > pairs && *reading.next && strcmp(*reading.next, "--") == 0;
    }
    for (; count > 0; count--)
        next_operand(&reading, "an operand");
    return reading.next;
}
