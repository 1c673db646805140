#include "signal_name.h"

#include "closest.h"
#include "message.h"
#include "value.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

static const char *const signals[] = {
    [SIGHUP] = "HUP",       [SIGINT] = "INT",   [SIGQUIT] = "QUIT",   [SIGILL] = "ILL",
    [SIGTRAP] = "TRAP",     [SIGABRT] = "ABRT", [SIGBUS] = "BUS",     [SIGFPE] = "FPE",
    [SIGKILL] = "KILL",     [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV",   [SIGUSR2] = "USR2",
    [SIGPIPE] = "PIPE",     [SIGALRM] = "ALRM", [SIGTERM] = "TERM",   [SIGCHLD] = "CHLD",
    [SIGCONT] = "CONT",     [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",   [SIGTTIN] = "TTIN",
    [SIGTTOU] = "TTOU",     [SIGURG] = "URG",   [SIGXCPU] = "XCPU",   [SIGXFSZ] = "XFSZ",
    [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH", [SIGIO] = "IO",
    [SIGPWR] = "PWR",       [SIGSYS] = "SYS",
};

/* Returns the number of a signal by its name, or 0. */
static int signal_by_name(const char *name)
{
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (int i = 1; i < (int)(sizeof signals / sizeof *signals); i++)
        if (signals[i] && strcasecmp(signals[i], name) == 0)
            return i;
    return 0;
}

int is_signal(const char *text)
{
    return signal_by_name(text) || (*text && !text[strspn(text, "0123456789")]);
}

int read_signal(const char *what, const char *text)
{
    int number = signal_by_name(text);
    const char *bare = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text, *best = NULL;
    for (size_t i = 1; !is_signal(text) && i < sizeof signals / sizeof *signals; i++)
        if (signals[i])
            best = closer(bare, best, signals[i]);
    if (best)
        hint("did you mean %s?", best);
    if (!is_signal(text))
        refuse("%s: \"%s\" is no signal: a name as TERM, or a number", what, text);
    return number ? number : (int)read_number(what, text, 0, 64);
}
