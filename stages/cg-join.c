/* cg-join: put the rest of the chain into the control group of a running container. */
#include "chain.h"
#include "container.h"
#include "kernel.h"
#include "message.h"
#include "process.h"
#include "trace.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* Enters the group of the container's first process: below the container's own, which can have no process itself
 * where groups below it have controllers (cgroups(7)). Returns 0, or -1 and errno. */
static int enter_beside_first(const struct container *container, int i)
{
    const struct hierarchy *hierarchy = &container->all->hierarchies[i];
    struct process first, prog;
    char path[PATH_MAX], own[PATH_MAX + 80];
    size_t length = (size_t)snprintf(own, sizeof own, "%s/minictr/%s/", hierarchy->path + hierarchy->mount,
                                     container->name);
    find_first_process(container, &first, &prog);
    if (!group_of_process(hierarchy, first.pid, path))
        return -1;
    if (strncmp(path, own, length) != 0) {
        errno = EBUSY;
        return -1;
    }
    int group = open_at(container->groups[i], path + length, O_PATH | O_DIRECTORY);
    int result = group < 0 ? -1 : enter_group(group, hierarchy->version);
    close(group);
    return result;
}

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
            enter_group(container.groups[i], all.hierarchies[i].version) == 0 ||
            (errno == EBUSY && enter_beside_first(&container, i) == 0))
            continue;
        fail("cannot enter the control group %s/minictr/%s", all.hierarchies[i].path, name);
    }
    did("entered the control group minictr/%s", name);
    chain(rest);
}
