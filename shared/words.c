#include "words.h"

#include "closest.h"
#include "message.h"
#include "start.h"
#include "trace.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static const struct option common[] = {
    {'h', "help", NULL, "show this and end"},
    {'V', "version", NULL, "show the version and end"},
    {0},
};

void say(const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t written = write(STDOUT_FILENO, text, left);
        if (written < 0)
            fail("cannot write to standard output");
        text += written;
        left -= (size_t)written;
    }
}

static void say_options(const struct option *options)
{
    for (; options && options->name; options++) {
        char left[64], line[160];
        int short_one = options->letter < 256;
        snprintf(left, sizeof left, "  %c%c%s--%s%s%s", short_one ? '-' : ' ',
                 short_one ? options->letter : ' ', short_one ? ", " : "  ", options->name,
                 options->value && *options->value != '[' ? " " : "",
                 options->value ? options->value : "");
        const char *help = options->help, *label = left;
        if (strlen(left) > 26) { /* too long for its column: a line of its own */
            say(left);
            say("\n");
            label = "";
        }
        for (; help; label = "") {
            int length = (int)strcspn(help, "\n");
            snprintf(line, sizeof line, "%-26s  %.*s\n", label, length, help);
            say(line);
            help = help[length] ? help + length + 1 : NULL;
        }
    }
}

static _Noreturn void say_help(const struct program *program)
{
    char line[256];
    snprintf(line, sizeof line, "usage: %s %s\n", program->name, program->synopsis);
    say(line);
    snprintf(line, sizeof line, "%s.\n\n", program->summary);
    say(line);
    say_options(program->options);
    say_options(common);
    _exit(0);
}

static _Noreturn void say_version(const struct program *program)
{
    char line[128];
    snprintf(line, sizeof line, "%s (minictr) %s\n", program->name, VERSION);
    say(line);
    _exit(0);
}

struct words read_words(const struct program *program, int argc, char **argv)
{
    name_messages(program->name);
    if (argc < 1)
        refuse("called with an empty argument vector");
    if (getauxval(AT_SECURE))
        refuse("must not be setuid, setgid or have file capabilities");
    start_begin();
    trace_begin(program->name);
    return (struct words){.program = program, .first = argv + 1, .next = argv + 1};
}

static _Noreturn void unknown(const struct words *words, const char *name, int length)
{
    const char *best = NULL;
    char given[64];
    snprintf(given, sizeof given, "%.*s", length, name);
    for (const struct option *o = words->program->options; o && o->name; o++)
        best = closer(given, best, o->name);
    for (const struct option *o = common; o->name; o++)
        best = closer(given, best, o->name);
    if (best)
        hint("did you mean --%s?", best);
    else
        hint("\"%s --help\" lists the options", words->program->name);
    refuse("unknown option --%.*s", length, name);
}

static const struct option *find(const struct words *words, int letter, const char *name,
                                 size_t length)
{
    const struct option *tables[] = {words->program->options, common};
    for (int i = 0; i < 2; i++)
        for (const struct option *o = tables[i]; o && o->name; o++)
            if (name ? strlen(o->name) == length && strncmp(o->name, name, length) == 0
                     : o->letter == letter)
                return o;
    return NULL;
}

/* Its argument, if any, stands in the same word, behind "=". */
static int is_optional(const struct option *option)
{
    return option->value && *option->value == '[';
}

static void allow_once(struct words *words, const struct option *option)
{
    if (strstr(option->value, "..."))
        return;
    uint64_t bit = UINT64_C(1) << (option - words->program->options);
    if (words->seen & bit)
        refuse("%s is given twice", words->option);
    words->seen |= bit;
}

int next_option(struct words *words)
{
    const struct option *option;
    const char *attached = NULL; /* an argument in the same word */

    if (!words->cluster) {
        const char *word = *words->next;
        if (!word || word[0] != '-' || word[1] == '\0')
            return 0;
        words->next++;
        if (strcmp(word, "--") == 0)
            return 0;
        if (word[1] == '-') {
            size_t length = strcspn(word + 2, "=");
            option = find(words, 0, word + 2, length);
            if (!option)
                unknown(words, word + 2, (int)length);
            if (word[2 + length] == '=')
                attached = word + 2 + length + 1;
            goto found;
        }
        words->cluster = word + 1;
    }
    option = find(words, (unsigned char)*words->cluster, NULL, 0);
    if (!option) {
        hint("\"%s --help\" lists the options", words->program->name);
        refuse("unknown option -%c", *words->cluster);
    }
    words->cluster++;
    if (option->value && !is_optional(option) && *words->cluster) {
        attached = words->cluster;
        words->cluster = NULL;
    } else if (!*words->cluster) {
        words->cluster = NULL;
    }

found:
    snprintf(words->spelling, sizeof words->spelling, "--%s", option->name);
    words->option = words->spelling;
    if (!option->value && attached)
        refuse("%s takes no argument", words->option);
    if (option == &common[0])
        say_help(words->program);
    if (option == &common[1])
        say_version(words->program);
    if (option->value && !is_optional(option) && !attached) {
        const char *dots = strstr(option->value, "...");
        if (!*words->next)
            refuse("%s needs its argument %.*s", words->option,
                   (int)(dots ? dots - option->value : (ptrdiff_t)strlen(option->value)),
                   option->value);
        attached = *words->next++;
    }
    words->value = attached;
    if (option->value)
        allow_once(words, option);
    return option->letter;
}

static _Noreturn void missing(const struct words *words, const char *name)
{
    hint("usage: %s %s", words->program->name, words->program->synopsis);
    refuse("%s is missing", name);
}

const char *next_operand(struct words *words, const char *name)
{
    if (!*words->next)
        missing(words, name);
    if (!**words->next)
        refuse("%s is empty", name);
    return *words->next++;
}

char **next_program(struct words *words)
{
    if (!*words->next)
        missing(words, "PROG");
    if (!**words->next)
        refuse("PROG is empty");
    trace_start(words->first, words->next);
    return words->next;
}

void no_more_words(const struct words *words)
{
    if (!*words->next)
        return;
    hint("usage: %s %s", words->program->name, words->program->synopsis);
    refuse("\"%s\" is one word too many", *words->next);
}
