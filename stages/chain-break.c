/* chain-break: a shell at this point of the chain. */
#include "blame.h"
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "quote.h"
#include "start.h"
#include "trace.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct program program = {
    "chain-break",
    "PROG [ARG...]",
    "Run a shell at this point of the chain; go on with PROG when it ends with 0, else give up",
    NULL,
};

/* The rest of the chain, a line for each stage. */
static void show(char **rest)
{
    fputs("chain-break: the rest of the chain, which \"exit 0\" goes on with, and \"exit 1\" gives up:", stderr);
    for (char **word = rest; *word; word++) {
        char text[1024];
        quote_word(text, sizeof text, *word);
        fprintf(stderr, "%s%s", word == rest || is_stage(*word) ? "\n    " : " ", text);
    }
    putc('\n', stderr);
}

/* This process as the host's proc shows it, /proc/PID; empty where that is not there. */
static char step[32];

static void find_step(int host)
{
    char pid[16] = "";
    if ((host >= 0 ? readlinkat(host, "proc/self", pid, sizeof pid - 1)
                   : readlink("/proc/self", pid, sizeof pid - 1)) > 0)
        snprintf(step, sizeof step, "/proc/%s", pid);
}

/* Makes the host's file system the root again, for this process alone, which works in the root of the chain. */
static int enter_host(int host)
{
    char root[48];
    int here = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
    if (here < 0)
        return -1;
    int result = fchdir(host) < 0 ? -1 : chroot(".");
    snprintf(root, sizeof root, "%s/root", step);
    /* By this path a shell can say where it is. */
    if (result == 0 && *step && setenv("PWD", root, 1) == 0 && chdir(root) == 0)
        return 0;
    if (fchdir(here) < 0)
        fail("cannot go back to the root of the chain");
    return result;
}

/* Nothing that the chain passes on is for the shell; what has been made it may know. */
static _Noreturn void run_shell(const char *next)
{
    char prompt[128];
    int host = chain_host(), is_inside = chain_kept_stages() >= 0;
    snprintf(prompt, sizeof prompt, "before %.64s%s", next, geteuid() == 0 ? "# " : "$ ");
    if (is_inside && host >= 0 && enter_host(host) == 0)
        fputs("chain-break: the shell is the host's, and so is \"/\", read-only; it works in the root of the chain,\n"
              "    $STEP/root; $STEP/mounts are its mounts\n",
              stderr);
    else if (is_inside)
        fputs("chain-break: the shell is that of the new root: the host's cannot be entered from here\n", stderr);
    chain_drop_stages();
    chain_drop_terminal();
    trace_drop();
    if (setenv("PS1", prompt, 1) < 0 || setenv("STEP", step, 1) < 0 || unsetenv("ENV") < 0)
        fail("cannot set the prompt");
    /* Job control would take the terminal from a group that cannot be named from inside the PID namespace, to
     * give it back. */
    int is_terminal = isatty(STDIN_FILENO);
    const char *interactive = is_terminal ? "-i" : NULL, *jobs = getpgrp() > 0 ? NULL : "+m";
    if (!jobs) /* bash takes the terminal even with +m */
        execl("/bin/bash", "bash", "--norc", "--noprofile", interactive, (char *)NULL);
    execl("/bin/sh", "sh", interactive, jobs, (char *)NULL);
    fail("cannot execute a shell");
}

/* What the keys of the terminal send is for the shell, and the terminal is taken back from it; SIGCHLD ignored
 * would keep its status from us. */
static const int signals[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD};
enum { SIGNALS = sizeof signals / sizeof *signals };

static void set_aside(struct sigaction *before)
{
    struct sigaction ours = {.sa_handler = SIG_IGN};
    for (int i = 0; i < SIGNALS; i++) {
        if (signals[i] == SIGCHLD)
            ours.sa_handler = SIG_DFL;
        sigaction(signals[i], &ours, &before[i]);
    }
}

static void put_back(const struct sigaction *before)
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct sigaction before[SIGNALS];
    int status;
    next_option(&words);
    char **rest = next_program(&words);
    if (is_starting())
        refuse("behind chain-detach nobody could answer the shell");

    show(rest);
    find_step(chain_host());
    set_aside(before);
    pid_t shell = fork();
    if (shell < 0)
        fail("cannot start a shell");
    if (shell == 0) {
        put_back(before);
        run_shell(rest[0]);
    }
    while (waitpid(shell, &status, 0) < 0)
        if (errno != EINTR)
            fail("cannot wait for the shell");
    if (getpgrp() > 0 && tcgetpgrp(STDIN_FILENO) >= 0)
        tcsetpgrp(STDIN_FILENO, getpgrp());
    put_back(before);
    if (WIFSIGNALED(status))
        refuse("given up: signal %d has killed the shell", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        refuse("given up: the shell has ended with %d", WEXITSTATUS(status));
    did("the shell has ended with 0");
    chain(rest);
}
