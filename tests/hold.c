/* hold: a stage for tests: stays between two others until it is killed. */
#include "words.h"

#include <unistd.h>

static const struct program program = {"hold", "PROG [ARG...]", "Wait for a signal", NULL};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    next_option(&words);
    next_program(&words);
    for (;;)
        pause();
}
