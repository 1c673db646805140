/* cg-join: put the rest of the chain into the control group of a running container. */
#include "chain.h"
#include "container.h"
#include "message.h"
#include "trace.h"
#include "value.h"
#include "words.h"

#include <errno.h>

enum { PARENT = 256 };

static const struct option options[] = {
    {PARENT, PARENT_OPTION},
    {0},
};

static const struct program program = {
    "cg-join",
    "[OPTION...] NAME PROG [ARG...]",
    "Run PROG in the control group of a container, under its limits: it ends with the container",
    options,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct containers all;
    struct container container;
    const char *parent = NULL;
    while (next_option(&words))
        parent = read_group(words.option, words.value);
    const char *name = read_name_operand(next_operand(&words, "NAME"));
    char **rest = next_program(&words);

    find_containers(&all, parent);
    need_container(&container, &all, name);
    for (int i = 0; i < all.count; i++) {
        if (container.groups[i] < 0 ||
            enter_group(container.groups[i], all.hierarchies[i].version) == 0)
            continue;
        if (errno == EBUSY)
            hint("groups below it have controllers, so that it can have no process itself (cgroups(7))");
        fail("cannot enter the control group %s/minictr/%s", all.hierarchies[i].path, name);
    }
    did("entered the control group minictr/%s", name);
    chain(rest);
}
