/* res-limit: set resource limits. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "resource.h"
#include "trace.h"
#include "words.h"

#include <string.h>

static const struct program program = {
    "res-limit",
    "NAME=SOFT[:HARD]... PROG [ARG...]",
    "Set resource limits, then run PROG. NAME: as, core, cpu, data, fsize, locks, memlock,\n"
    "msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending or stack",
    NULL,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct rlimit limits[RESOURCES];
    unsigned given = 0;
    next_option(&words);
    do {
        const char *word = next_operand(&words, "NAME=SOFT...");
        struct rlimit read;
        int resource = read_resource_limit(word, &read);
        if (given >> resource & 1)
            refuse("%.*s is given twice", (int)strcspn(word, "="), word);
        given |= 1U << resource;
        limits[resource] = read;
    } while (*words.next && strchr(*words.next, '='));
    words.next += *words.next && strcmp(*words.next, "--") == 0;
    char **rest = next_program(&words);

    for (int i = 0; i < RESOURCES; i++)
        if (given >> i & 1 && set_resource_limit(i, limits[i].rlim_cur, limits[i].rlim_max) < 0)
            fail("cannot set the limit %s", resource_name(i));
        else if (given >> i & 1)
            did("set the limit %s", resource_name(i));
    chain(rest);
}
