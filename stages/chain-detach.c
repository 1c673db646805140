/* chain-detach: start the rest of the chain in the background, and wait until PROG runs. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "start.h"
#include "supervise.h"
#include "trace.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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

/* Where it stands, there must be nothing that would end with this process, or that it has for the stages only. */
static void check_place(void)
{
    if (is_starting())
        refuse("this chain is in the background already");
    if (is_traced() && trace_descriptor() < 0)
        refuse("the trace of a chain in the background cannot go to standard error");
    if (chain_made('p') || chain_made('f')) {
        hint("put this stage before \"ns-enter --pid\"");
        refuse("the rest of the chain would end with this PID namespace");
    }
    if (chain_terminal() >= 0) {
        hint("leave out tty-relay and tty-pty");
        refuse("the terminal of tty-relay ends with this process");
    }
    if (chain_made('c')) {
        hint("put this stage before the id-set or priv-lock");
        refuse("capabilities are held for the stages only");
    }
}

static int open_log(const char *log)
{
    int fd = above_standard(open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
    if (fd < 0)
        fail("cannot open %s", log);
    return fd;
}

struct pipe {
    int from, to;
};

static struct pipe make_pipe(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        fail("cannot make a pipe");
    for (int i = 0; i < 2; i++)
        if ((ends[i] = above_standard(ends[i])) < 0)
            fail("cannot make a pipe");
    return (struct pipe){ends[0], ends[1]};
}

/* What this process and that of the chain know of each other. */
struct start {
    struct pipe handover, messages; /* from the chain, see start.h */
    struct pipe caller;             /* from this process: a byte when all is well; its end when not */
    struct sigaction on_child;      /* what the caller did with SIGCHLD */
    int input, output;
};

/* Returns a signal that ends the stages, since the caller neither blocks nor ignores it. They can undo what they made
 * then, which they cannot at SIGKILL. */
static int ending_signal(const sigset_t *blocked)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGALRM};
    struct sigaction action;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL &&
            !sigismember(blocked, signals[i]))
            return signals[i];
    return SIGKILL;
}

/* Ends the chain when its caller ends before PROG has been executed, by any means. It is in the process group of the
 * chain, which it can so signal without naming it. */
static _Noreturn void guard(const struct start *start, int signal)
{
    char word;
    ssize_t length;
    close(start->handover.to);
    close(start->messages.to);
    while ((length = read(start->caller.from, &word, 1)) < 0)
        ;
    if (length == 0)
        kill(0, signal);
    _exit(0);
}

/* The guard is born as a child of this process's parent, so that PROG gets none that it does not know. */
static void start_guard(const struct start *start)
{
    sigset_t all = all_signals(), before;
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t child = fork_with(CLONE_PARENT, -1);
    if (child == 0)
        guard(start, ending_signal(&before));
    if (child < 0)
        fail("cannot start the process that guards the start");
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static _Noreturn void run_chain(const struct start *start, char **rest)
{
    close(start->handover.from);
    close(start->messages.from);
    close(start->caller.to);
    start_pass_on(start->handover.to, -1);
    if (setsid() < 0)
        fail("cannot begin a session");
    start_guard(start);
    close(start->caller.from);
    if (dup2(start->input, STDIN_FILENO) < 0 || dup2(start->output, STDOUT_FILENO) < 0 ||
        dup2(start->output, STDERR_FILENO) < 0)
        fail("cannot set the standard streams");
    start_pass_on(start->handover.to, start->messages.to);
    sigaction(SIGCHLD, &start->on_child, NULL);
    did("in the background, as process %d", (int)getpid());
    chain(rest);
}

/* Reads what has come, or the end of the pipe, which is watched no more then. Returns how many bytes. */
static size_t read_some(struct pollfd *pipe, char *text, size_t size)
{
    if (!pipe->revents)
        return 0;
    ssize_t length = read(pipe->fd, text, size);
    if (length < 0)
        fail("cannot wait for the chain");
    if (length == 0)
        pipe->fd = -1;
    return (size_t)length;
}

/* Waits until PROG has been executed and returns 1, or until the chain has ended without it and returns 0; what the
 * chain says goes to standard error meanwhile. *SAID is whether there was a message. */
static int await_prog(const struct start *start, int process, int *said)
{
    enum { HANDOVER, MESSAGES, PROCESS, ALL };
    struct pollfd watched[ALL] = {{.fd = start->handover.from, .events = POLLIN},
                                  {.fd = start->messages.from, .events = POLLIN},
                                  {.fd = process, .events = POLLIN}};
    int is_next = 0, has_failed = 0, has_ended = 0;
    for (;;) {
        char text[4096];
        /* Then only what is there already is taken. When the chain has ended, the guard may have the pipes still. */
        int is_known = has_ended || (is_next && !has_failed && watched[HANDOVER].fd < 0);
        int count = poll(watched, ALL, is_known ? 0 : -1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            fail("cannot wait for the chain");
        if (is_known && count == 0)
            return is_next && !has_failed;
        size_t length = read_some(&watched[MESSAGES], text, sizeof text);
        fwrite(text, 1, length, stderr);
        *said |= length > 0;
        length = read_some(&watched[HANDOVER], text, sizeof text);
        is_next |= memchr(text, START_LEAVES, length) != NULL;
        has_failed |= memchr(text, START_FAILED, length) != NULL;
        *said |= has_failed;
        if (watched[PROCESS].revents) {
            has_ended = 1;
            watched[PROCESS].fd = -1;
        }
    }
}

static int status_of(pid_t child)
{
    int change = 0;
    while (waitpid(child, &change, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(change) ? 128 + WTERMSIG(change) : WEXITSTATUS(change);
}

static void wait_for_start(const struct start *start, pid_t child)
{
    int said = 0, process = pidfd_open_of(child);
    if (process < 0)
        fail("cannot watch the chain");
    if (await_prog(start, process, &said))
        return;
    int status = status_of(child);
    if (said && status)
        _exit(status);
    end_with(status ? status : STATUS_FAILED, "the chain has ended with %d before PROG was executed", status);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    struct start start;
    const char *log = NULL, *name = NULL;
    char line[80];
    for (int letter; (letter = next_option(&words));)
        if (letter == NAME)
            name = read_name(words.option, words.value);
        else if (!*(log = words.value))
            refuse("%s: the name of the file is empty", words.option);
    char **rest = next_program(&words);
    check_place();

    start.input = open_at(AT_FDCWD, "/dev/null", O_RDWR);
    if (start.input < 0)
        fail("cannot open /dev/null");
    start.output = log ? open_log(log) : start.input;
    start.handover = make_pipe();
    start.messages = make_pipe();
    start.caller = make_pipe();
    sigaction(SIGCHLD, &by_default, &start.on_child);
    pid_t child = fork();
    if (child < 0)
        fail("cannot start a process");
    if (child == 0)
        run_chain(&start, rest);
    close(start.handover.to);
    close(start.messages.to);
    close(start.caller.from);
    signal(SIGPIPE, SIG_IGN); /* whether a message can be written does not change the status */
    wait_for_start(&start, child);
    /* Whoever has read the line may end us, and PROG runs on. */
    sigset_t all = all_signals();
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (name)
        snprintf(line, sizeof line, "%s\n", name);
    else
        snprintf(line, sizeof line, "%d\n", (int)child);
    say(line);
    if (write(start.caller.to, "", 1) < 0)
        fail("cannot end the guard of the start");
    _exit(0);
}
