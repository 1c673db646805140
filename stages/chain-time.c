/* chain-time: show how long each step of the chain took. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "supervise.h"
#include "timing.h"
#include "trace.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SVG = 256 };

static const struct option options[] = {
    {SVG, "svg", "FILE", "draw the timeline of every process of the chain, instead of the table"},
    {0},
};

static const struct program program = {
    "chain-time",
    "[OPTION...] PROG [ARG...]",
    "Run PROG, the rest of the chain; show on standard error how long each of its steps took",
    options,
};

/* Bold is for a terminal, and for who has not asked for none (NO_COLOR). */
static int has_color(void)
{
    const char *none = getenv("NO_COLOR");
    return isatty(STDERR_FILENO) && !(none && *none);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct supervisor supervisor;
    struct timing timing;
    const char *picture = NULL;
    FILE *svg = NULL;
    while (next_option(&words))
        picture = words.value;
    char **rest = next_program(&words);
    if (is_traced())
        refuse("this chain is traced already");

    if (picture && !(svg = fopen(picture, "we")))
        fail("cannot write %s", picture);
    int log = trace_to_memory();
    if (start_supervised(&supervisor, 0, -1, NULL, NULL, rest) < 0)
        fail("cannot start a process");
    int status = supervise(&supervisor);
    read_timing(&timing, log);
    if (!svg)
        print_timing(&timing, stderr, has_color());
    else
        draw_timing(&timing, svg);
    if (svg && (fflush(svg) != 0 || ferror(svg)))
        fail("cannot write %s", picture);
    _exit(status);
}
