/* ns-enter: run the rest of the chain in new namespaces. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "process.h"
#include "supervise.h"
#include "trace.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TARGET = 256, NO_FORK };

static const struct option options[] = {
    {'m', "mount", NULL, "new mount namespace; its mounts are private"},
    {'u', "uts", NULL, "new UTS namespace: host name and domain name"},
    {'i', "ipc", NULL, "new IPC namespace"},
    {'n', "net", NULL, "new network namespace"},
    {'p', "pid", NULL, "new PID namespace: the rest of the chain is its process 1"},
    {'C', "cgroup", NULL, "new cgroup namespace, rooted at the present groups"},
    {'T', "time", NULL, "new time namespace"},
    {TARGET, "target", "PID[:START]",
     "join those of this process instead (default: all that are\nnot ours); START: it was started then (proc_pid_stat(5))"},
    {NO_FORK, "no-fork", NULL, "join a PID namespace for a later pid-fork"},
    {0},
};

static const struct program program = {
    "ns-enter",
    "OPTION... PROG [ARG...]",
    "Run PROG in new namespaces, or in those of another process",
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

/* A process whose namespaces are joined, by its pidfd. */
struct target {
    int pidfd; /* -1: there is none */
    pid_t pid;
};

static struct target find_target(const char *option, const char *text)
{
    struct target target;
    char number[16];
    const char *colon = strchr(text, ':');
    if (snprintf(number, sizeof number, "%.*s", (int)(colon ? colon - text : INT_MAX), text) >= (int)sizeof number)
        refuse("%s: %s is too large: at most %d", option, text, INT_MAX);
    target.pid = (pid_t)read_number(option, number, 1, INT_MAX);
    if (colon) {
        target.pidfd = pin_process(target.pid, read_number(option, colon + 1, 0, INT64_MAX));
        if (target.pidfd < 0)
            refuse("%s: process %d has ended", option, (int)target.pid);
    } else {
        target.pidfd = pidfd_open_of(target.pid);
        if (target.pidfd < 0)
            fail("%s: cannot open process %d", option, (int)target.pid);
    }
    return target;
}

/* Joins the namespaces of these kinds, or with 0 all that are not ours; returns which. The stages come along. What
 * was known of those that are left is forgotten; of those that are not the host's it becomes known that they were
 * made for somebody (need_own_namespace()). */
static int join(const struct target *target, int flags, char **rest)
{
    char own[16] = "", joined[16] = "";
    int all = flags == 0;
    for (const struct namespace *kind = namespaces; kind->name; kind++) {
        if (all && is_other_namespace(target->pid, kind->letter))
            flags |= kind->flag;
        if (!(flags & kind->flag))
            continue;
        joined[strlen(joined)] = kind->letter;
        if (kind->flag == CLONE_NEWPID) /* the processes that are forked are in it, not we */
            continue;
        chain_note_gone(kind->letter);
        if (is_own_namespace_of(target->pid, kind->letter))
            own[strlen(own)] = kind->letter;
    }
    if (!flags)
        refuse("process %d has no other namespaces than we have", (int)target->pid);
    if (flags & CLONE_NEWNS)
        chain_keep_stages(rest);
    if (setns(target->pidfd, flags) < 0)
        fail("cannot join the namespaces of process %d (-%s)", (int)target->pid, joined);
    did("joined the namespaces of process %d (-%s)", (int)target->pid, joined);
    close(target->pidfd);
    if (flags & CLONE_NEWNS) {
        for (const char *letter = "/sd"; *letter; letter++)
            chain_note_gone(*letter);
        own[strlen(own)] = 'j';
    }
    chain_note_made(own);
    return flags;
}

/* Starts the rest of the chain in the PID namespace that was joined. */
static void fork_there(char **rest)
{
    struct supervisor supervisor;
    pid_t child = fork_into_joined(&supervisor);
    if (child < 0)
        fail("cannot start a process in the PID namespace");
    if (child > 0)
        _exit(supervise(&supervisor));
    chain_note_made("p");
    chain(rest);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct supervisor supervisor;
    char made[16] = "";
    struct target target = {.pidfd = -1};
    int flags = 0, count = 0, no_fork = 0;

    for (int letter; (letter = next_option(&words));) {
        if (letter == TARGET)
            target = find_target(words.option, words.value);
        no_fork |= letter == NO_FORK;
        for (const struct namespace *kind = namespaces; kind->name; kind++)
            if (kind->letter == letter && !(flags & kind->flag)) {
                flags |= kind->flag;
                made[count++] = kind->letter;
            }
    }
    char **rest = next_program(&words);
    if (target.pidfd < 0 && no_fork)
        refuse("--no-fork: only with --target");
    if (target.pidfd < 0 && !flags)
        refuse("no namespace is asked for");

    if (target.pidfd >= 0) {
        flags = join(&target, flags, rest);
        if (flags & CLONE_NEWPID && !no_fork)
            fork_there(rest);
        if (flags & CLONE_NEWPID)
            chain_note_made("f");
        chain(rest);
    }
    /* Only a new process can be process 1; the one that forks it stays in the namespaces outside. */
    if (flags & CLONE_NEWPID) {
        pid_t child = fork_supervised(&supervisor, (uint64_t)flags, -1);
        if (child < 0) {
            hint_at_refused(flags);
            fail("cannot start a process in new namespaces (-%s)", made);
        }
        if (child > 0)
            _exit(supervise(&supervisor));
    } else if (unshare(flags) < 0) {
        hint_at_refused(flags);
        fail("cannot make new namespaces (-%s)", made);
    }
    if (flags & CLONE_NEWTIME && !(flags & CLONE_NEWPID))
        enter_time();
    if (flags & CLONE_NEWNS && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        fail("cannot make the mounts private");
    if (flags & CLONE_NEWNS)
        chain_note_gone('j');
    chain_note_made(made);
    if (is_traced())
        tell_namespaces(made);
    chain(rest);
}
