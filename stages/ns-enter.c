/* ns-enter: run the rest of the chain in new namespaces. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "supervise.h"
#include "trace.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option options[] = {
    {'m', "mount", NULL, "new mount namespace; its mounts are private"},
    {'u', "uts", NULL, "new UTS namespace: host name and domain name"},
    {'i', "ipc", NULL, "new IPC namespace"},
    {'n', "net", NULL, "new network namespace"},
    {'p', "pid", NULL, "new PID namespace: the rest of the chain is its process 1"},
    {'C', "cgroup", NULL, "new cgroup namespace, rooted at the present groups"},
    {'T', "time", NULL, "new time namespace"},
    {0},
};

static const struct program program = {
    "ns-enter",
    "OPTION... PROG [ARG...]",
    "Run PROG in new namespaces",
    options,
};

/* unshare(2) makes a time namespace for children; that PROG is in it, too, not every kernel sees to at
 * exec (time_namespaces(7)). */
static void enter_time(void)
{
    int children = open_at(AT_FDCWD, "/proc/self/ns/time_for_children", O_RDONLY);
    if (children < 0 || setns(children, CLONE_NEWTIME) < 0)
        fail("cannot enter the new time namespace");
    close(children);
}

/* By their inodes, as lsns(8) and ls -i of /proc/PID/ns show them. */
static void tell_namespaces(const char *letters)
{
    struct stat status;
    char path[32];
    for (const struct namespace *kind = namespaces; kind->name; kind++) {
        snprintf(path, sizeof path, "/proc/self/ns/%s", kind->file);
        if (strchr(letters, kind->letter) && stat(path, &status) == 0)
            did("%s namespace %llu", kind->name, (unsigned long long)status.st_ino);
    }
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct supervisor supervisor;
    char made[16] = "";
    int flags = 0, count = 0;

    for (int letter; (letter = next_option(&words));)
        for (const struct namespace *kind = namespaces; kind->name; kind++)
            if (kind->letter == letter && !(flags & kind->flag)) {
                flags |= kind->flag;
                made[count++] = kind->letter;
            }
    char **rest = next_program(&words);
    if (!flags)
        refuse("no namespace is asked for");

    /* Only a new process can be process 1; the one that forks it stays in the namespaces outside. */
    if (flags & CLONE_NEWPID) {
        pid_t child = fork_supervised(&supervisor, (uint64_t)flags, -1);
        if (child < 0)
            fail("cannot start a process in new namespaces (-%s)", made);
        if (child > 0)
            _exit(supervise(&supervisor));
    } else if (unshare(flags) < 0) {
        fail("cannot make new namespaces (-%s)", made);
    }
    if (flags & CLONE_NEWTIME && !(flags & CLONE_NEWPID))
        enter_time();
    if (flags & CLONE_NEWNS && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        fail("cannot make the mounts private");
    chain_note_made(made);
    if (is_traced())
        tell_namespaces(made);
    chain(rest);
}
