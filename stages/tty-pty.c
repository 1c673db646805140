/* tty-pty: give the rest of the chain a terminal of its own. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "mount.h"
#include "namespace.h"
#include "supervise.h"
#include "terminal.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct program program = {
    "tty-pty",
    "PROG [ARG...]",
    "Run PROG on a new terminal of the container's own; a tty-relay before ns-enter is its other end,\n"
    "else this stage stays for that",
    NULL,
};

/* The empty file that mnt-dev left for it shows the terminal as /dev/console. */
static void mount_console(int slave)
{
    struct stat status;
    int console = open_at(AT_FDCWD, "/dev/console", O_PATH | O_NOFOLLOW);
    int is_there = console >= 0 && fstat(console, &status) == 0;
    if (!is_there && errno != ENOENT && chain_made('d'))
        fail("cannot mount the terminal on /dev/console");
    if (is_there && S_ISREG(status.st_mode) &&
        status.st_size == 0 && has_own_namespace('m')) {
        int tree = clone_tree(slave, NULL, 0);
        if (tree < 0)
            fail("cannot mount the terminal on /dev/console");
        put_mount(tree, console, "the terminal", "/dev/console");
        close(tree);
        chain_note_gone('d'); /* a tty-pty inside this one has no place there */
    } else if (chain_made('d')) {
        refuse("cannot mount the terminal on /dev/console: it is not that of mnt-dev");
    }
    if (console >= 0)
        close(console);
}

static void take(void *slave)
{
    take_terminal(*(int *)slave);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct supervisor supervisor;
    int slave;
    next_option(&words);
    char **rest = next_program(&words);

    int relay = chain_terminal();
    int master = make_pty(&slave);
    if (!chain_made('j')) /* a container that runs has its console */
        mount_console(slave);
    if (relay >= 0) {
        send_master(relay, master);
        close(master);
        chain_drop_terminal();
        take_terminal(slave);
        chain(rest);
    }
    if (start_supervised(&supervisor, 0, -1, take, &slave, rest) < 0)
        fail("cannot start a process on the new terminal");
    supervisor.new_session = 1;
    close(slave);
    _exit(supervise_terminal(&supervisor, master, -1));
}
