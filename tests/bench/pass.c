/* pass: a stage that does nothing: what a stage costs. */
#include "chain.h"
#include "words.h"

#include <stddef.h>

static const struct program program = {"pass", "PROG [ARG...]", "Run PROG", NULL};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    next_option(&words);
    chain(next_program(&words));
}
