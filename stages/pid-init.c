/* pid-init: process 1 of a PID namespace: runs PROG as its child and reaps every process. */
#include "chain.h"
#include "message.h"
#include "supervise.h"
#include "words.h"

#include <unistd.h>

static const struct program program = {
    "pid-init",
    "PROG [ARG...]",
    "Run PROG as a child of process 1, which relays signals and reaps every process",
    NULL,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct supervisor supervisor;
    next_option(&words);
    char **rest = next_program(&words);

    if (getpid() != 1) {
        hint("put \"ns-enter --pid\" before this stage");
        refuse("this is not process 1 of a PID namespace, but process %d", (int)getpid());
    }
    if (start_supervised(&supervisor, 0, -1, NULL, NULL, rest) < 0)
        fail("cannot start the child of process 1");
    _exit(supervise(&supervisor));
}
