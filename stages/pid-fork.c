/* pid-fork: start PROG in the PID namespace that ns-enter has joined, and stay outside it. */
#include "chain.h"
#include "message.h"
#include "supervise.h"
#include "words.h"

#include <sys/prctl.h>
#include <unistd.h>

static const struct program program = {
    "pid-fork",
    "PROG [ARG...]",
    "Start PROG in the PID namespace that an ns-enter --target --no-fork has joined, and stay\n"
    "outside as its supervisor",
    NULL,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct supervisor supervisor;
    next_option(&words);
    char **rest = next_program(&words);

    if (!chain_made('f')) {
        hint("put \"ns-enter --target PID --pid --no-fork\" before this stage");
        refuse("no PID namespace was joined for it");
    }
    /* Until it executes PROG the child is seen inside as what it is, a program of the host: nobody there may
     * look into it, and there is nothing of the host in it. */
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        fail("cannot hide the new process from those inside");
    chain_note_gone('f');
    chain_note_made("p");
    chain_prepare(rest);
    pid_t child = fork_into_joined(&supervisor);
    if (child < 0)
        fail("cannot start a process in the PID namespace");
    if (child > 0)
        _exit(supervise(&supervisor));
    chain(rest);
}
