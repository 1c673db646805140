/* uts-name: set the host name. */
#include "capability.h"
#include "chain.h"
#include "message.h"
#include "namespace.h"
#include "trace.h"
#include "value.h"
#include "words.h"

#include <string.h>
#include <unistd.h>

static const struct program program = {
    "uts-name",
    "NAME PROG [ARG...]",
    "Set the host name to NAME, then run PROG",
    NULL,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    next_option(&words);
    const char *name = read_name("NAME", next_operand(&words, "NAME"));
    char **rest = next_program(&words);

    need_own_namespace('u');
    if (sethostname(name, strlen(name)) < 0) {
        hint_missing(CAPABILITY_SYS_ADMIN);
        fail("cannot set the host name to %s", name);
    }
    did("the host name is %s", name);
    chain(rest);
}
