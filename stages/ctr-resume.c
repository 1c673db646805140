/* ctr-resume: let the processes of a container go on that ctr-pause has halted. */
#include "container.h"
#include "freeze.h"

static const struct program program = {
    "ctr-resume",
    "[OPTION...] NAME...",
    "Let the processes of the containers go on that ctr-pause has halted",
    parent_option,
};

int main(int argc, char **argv)
{
    return for_each_container(&program, argc, argv, thaw_container);
}
