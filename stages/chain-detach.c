/* chain-detach: start the rest of the chain in the background, and wait until PROG runs. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "start.h"
#include "trace.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOG = 256, NAME };

static const struct option options[] = {
    {LOG, "log", "FILE", "append what PROG writes to this file (default: it is lost)"},
    {NAME, "name", "NAME", "print this when PROG runs (default: the process id of the chain)"},
    {0},
};

static const struct program program = {
    "chain-detach",
    "[OPTION...] PROG [ARG...]",
    "Start PROG, the rest of the chain, in the background; end when PROG runs",
    options,
};

/* The streams that the chain goes on with. */
struct streams {
    int input, output;
};

static struct streams open_streams(const char *log)
{
    struct streams streams = {open_at(AT_FDCWD, "/dev/null", O_RDONLY), -1};
    streams.output = above_standard(open(log ? log : "/dev/null", O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC |
                                         (log ? O_CREAT : 0), 0600));
    if (streams.input < 0 || streams.output < 0)
        fail("cannot open %s", streams.input < 0 || !log ? "/dev/null" : log);
    return streams;
}

static void use(const struct streams *streams)
{
    if (dup2(streams->input, STDIN_FILENO) < 0 || dup2(streams->output, STDOUT_FILENO) < 0 ||
        dup2(streams->output, STDERR_FILENO) < 0)
        fail("cannot set the standard streams");
}

/* Ends as a process has ended. */
static _Noreturn void end_as(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* Passes on what the chain says, until PROG is executed, or it has failed; or CALLER has ended, and nobody waits
 * for it any more. Returns whether PROG runs. */
static int wait_for_start(int socket, int caller, pid_t child)
{
    struct pollfd events[] = {{.fd = socket, .events = POLLIN}, {.fd = caller, .events = POLLIN}};
    char line[16384];
    int leaves = 0, failed = 0;
    for (;;) {
        if (poll(events, 2, -1) < 0 && errno != EINTR)
            fail("cannot wait for the chain");
        if (events[1].revents)
            kill(child, SIGTERM);
        if (events[1].revents)
            events[1].fd = -1;
        if (!events[0].revents)
            continue;
        ssize_t length = recv(socket, line, sizeof line, 0);
        if (length == 0)
            return leaves && !failed;
        if (length == 1 && *line == START_LEAVES)
            leaves = 1;
        else if (length == 1 && *line == START_FAILED)
            failed = 1;
        else if (length < 0 || write(STDERR_FILENO, line, (size_t)length) < 0)
            continue;
    }
}

/* In a session of its own, so that the terminal's signals reach the caller alone. */
static _Noreturn void start(const struct streams *streams, int caller, const char *name, char **rest)
{
    int ends[2];
    char number[32];
    if (setsid() < 0)
        fail("cannot begin a session");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        fail("cannot make a socket");
    /* Nobody waits for it when it has been started, so that it is not tied to this process. */
    pid_t child = fork_with(0, -1);
    if (child < 0)
        fail("cannot start a process");
    if (child == 0) {
        start_pass_on(above_standard(ends[1]));
        use(streams);
        start_begin();
        chain(rest);
    }
    close(ends[1]);
    if (!wait_for_start(ends[0], caller, child))
        end_as(child);
    snprintf(number, sizeof number, "%d\n", (int)child);
    say(name ? name : number);
    if (name)
        say("\n");
    _exit(0);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    const char *log = NULL, *name = NULL;
    for (int letter; (letter = next_option(&words));)
        if (letter == LOG)
            log = words.value;
        else
            name = read_name(words.option, words.value);
    char **rest = next_program(&words);
    if (log && !*log)
        refuse("--log: the name of the file is empty");
    if (start_descriptor() >= 0)
        refuse("this chain is in the background already");
    if (is_traced() && trace_descriptor() < 0)
        refuse("the trace of a chain in the background cannot go to standard error");

    struct streams streams = open_streams(log);
    int self = pidfd_open_of(getpid());
    if (self < 0)
        fail("cannot find this process");
    pid_t child = fork_with(0, -1);
    if (child < 0)
        fail("cannot start a process");
    if (child == 0)
        start(&streams, self, name, rest);
    end_as(child);
}
