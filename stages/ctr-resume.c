/* ctr-resume: let the processes of a container go on that ctr-pause has halted. */
#include "container.h"
#include "freeze.h"
#include "value.h"
#include "words.h"

enum { PARENT = 256 };

static const struct option options[] = {
    {PARENT, PARENT_OPTION},
    {0},
};

static const struct program program = {
    "ctr-resume",
    "[OPTION...] NAME...",
    "Let the processes of the containers go on that ctr-pause has halted",
    options,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct containers all;
    const char *parent = NULL;
    int count;

    while (next_option(&words))
        parent = read_group(words.option, words.value);
    struct container *list = need_containers(&all, parent, &words, &count);
    for (int i = 0; i < count; i++)
        thaw_container(&list[i]);
    return 0;
}
