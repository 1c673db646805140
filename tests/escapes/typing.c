/*
 * typing: types into the terminal that it shares with its caller, as if the user had: TIOCSTI
 * (CVE-2017-5226), with bits set that a filter may look at and the kernel does not (CVE-2019-7303), and
 * pasting on a console (TIOCLINUX, CVE-2023-1523).
 *
 *   typing into                     does that with standard input: a, b, c
 *   typing steal                    takes the terminal away from its session, for one of its own
 *   typing on-terminal PROG...      runs PROG on a new terminal; says afterwards what has been typed into it
 *   typing filter                   prints a filter that compares 64 bits (sys-filter --bpf)
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int could;

static void report(const char *way, unsigned long request, const char *data)
{
    long result = syscall(SYS_ioctl, STDIN_FILENO, request, data);
    printf("%s: %s\r\n", way, result < 0 ? strerror(errno) : "done");
    could |= result >= 0;
}

static int type(void)
{
    report("TIOCSTI", TIOCSTI, "a");
    report("TIOCSTI, one more bit", TIOCSTI | 1UL << 32, "b");
    report("TIOCSTI, more bits", TIOCSTI | ~0UL << 32, "c");
    report("TIOCLINUX", TIOCLINUX, "\003"); /* paste what is selected */
    report("TIOCLINUX, more bits", TIOCLINUX | ~0UL << 32, "\003");
    return !could;
}

static int steal(void)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        setsid();
        report("TIOCSCTTY", TIOCSCTTY, (const char *)1);
        fflush(stdout);
        _exit(!could);
    }
    waitpid(child, &status, 0);
    return status != 0;
}

/* Copies what the terminal shows until PROG has ended and nothing more comes. */
static void show(int master, pid_t child, int *status)
{
    struct pollfd shown = {.fd = master, .events = POLLIN};
    char text[512];
    int ended = 0;
    for (;;) {
        ended = ended || waitpid(child, status, WNOHANG) == child;
        if (poll(&shown, 1, 20) > 0) {
            ssize_t length = read(master, text, sizeof text);
            if (length > 0 && write(STDOUT_FILENO, text, (size_t)length) == length)
                continue;
        }
        if (ended)
            return;
    }
}

static int run_on_terminal(char **words)
{
    struct termios raw;
    char text[64] = "";
    int status = 0, master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
        return 2;
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (terminal < 0 || tcgetattr(terminal, &raw) < 0)
        return 2;
    raw.c_lflag = 0; /* what is typed can be read at once, and is not shown */
    tcsetattr(terminal, TCSANOW, &raw);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        int own = open(ptsname(master), O_RDWR);
        for (int fd = 0; fd < 3; fd++)
            dup2(own, fd);
        if (own > 2)
            close(own);
        execvp(*words, words);
        _exit(2);
    }
    show(master, child, &status);
    if (read(terminal, text, sizeof text - 1) < 0)
        text[0] = '\0';
    printf("typed: %s\n", text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

/* Refuses TIOCSTI when all of its 64 bits are those. */
static int print_filter(void)
{
    static const struct {
        uint16_t code;
        uint8_t if_true, if_false;
        uint32_t value;
    } code[] = {
        {0x20, 0, 0, 0},       {0x15, 0, 5, SYS_ioctl}, /* the number */
        {0x20, 0, 0, 28},      {0x15, 0, 3, 0},         /* the upper half */
        {0x20, 0, 0, 24},      {0x15, 0, 1, TIOCSTI},   /* the lower half */
        {0x06, 0, 0, 0x50001}, {0x06, 0, 0, 0x7fff0000},
    };
    return fwrite(code, sizeof code, 1, stdout) != 1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "into") == 0)
        return type();
    if (argc == 2 && strcmp(argv[1], "steal") == 0)
        return steal();
    if (argc > 2 && strcmp(argv[1], "on-terminal") == 0)
        return run_on_terminal(argv + 2);
    if (argc == 2 && strcmp(argv[1], "filter") == 0)
        return print_filter();
    return 2;
}
