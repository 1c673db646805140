/* ctr-pause: halt all processes of a container. */
#include "container.h"
#include "freeze.h"

static const struct program program = {
    "ctr-pause",
    "[OPTION...] NAME...",
    "Halt all processes of the containers, until ctr-resume",
    parent_option,
};

int main(int argc, char **argv)
{
    return for_each_container(&program, argc, argv, freeze_container);
}
