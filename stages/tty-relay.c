/* tty-relay: stay outside as the other end of the terminal that tty-pty makes inside. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "supervise.h"
#include "terminal.h"
#include "words.h"

#include <sys/socket.h>
#include <unistd.h>

static const struct program program = {
    "tty-relay",
    "PROG [ARG...]",
    "Run PROG, and carry bytes between this terminal and the one that a tty-pty further on makes",
    NULL,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct supervisor supervisor;
    int ends[2];
    next_option(&words);
    char **rest = next_program(&words);
    if (chain_terminal() >= 0)
        refuse("this chain has a tty-relay already");

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ||
        (ends[0] = above_standard(ends[0])) < 0 || (ends[1] = above_standard(ends[1])) < 0)
        fail("cannot make a socket for the terminal");
    chain_keep_terminal(ends[1]);
    if (start_supervised(&supervisor, 0, -1, NULL, NULL, rest) < 0)
        fail("cannot start a process");
    _exit(supervise_terminal(&supervisor, -1, ends[0]));
}
