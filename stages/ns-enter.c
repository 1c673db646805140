/* ns-enter: run the rest of the chain in new namespaces. */
#include "capability.h"
#include "chain.h"
#include "idmap.h"
#include "join.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "root.h"
#include "supervise.h"
#include "trace.h"
#include "userns.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TARGET = 256, NO_FORK, MAP_USER, MAP_GROUP, MAP_AUTO };

static const struct option options[] = {
    {'U', "user", NULL, "new user namespace (default: --map-root)"},
    {'r', "map-root", NULL, "it has the caller as its root"},
    {'c', "map-current", NULL, "it has the caller, by the same ids"},
    {MAP_AUTO, "map-auto", NULL,
     "it has the ranges of ids that are the caller's, too\n(/etc/subuid, /etc/subgid)"},
    {MAP_USER, "map-user", "INNER:OUTER:COUNT...", "it has these users of the outer one"},
    {MAP_GROUP, "map-group", "INNER:OUTER:COUNT...", "it has these groups"},
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

/* What is to be done in the new namespaces, by their letters, before the chain goes on. */
static void settle(void *context)
{
    const char *made = context;
    if (strchr(made, 'm')) {
        if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
            fail("cannot make the mounts private");
        chain_note_gone('j');
        /* What came from a more privileged namespace cannot be moved any more; a copy of it can
         * (mount_namespaces(7)). */
        if (chain_made('/') && strchr(made, 'U'))
            open_root(".", 0, NULL);
    }
    chain_note_made(made);
    if (is_traced())
        tell_namespaces(made);
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
    struct idmap users = {0}, groups = {0};
    int flags = 0, count = 0, no_fork = 0, own = 0, automatic = 0;

    for (int letter; (letter = next_option(&words));) {
        switch (letter) {
        case TARGET:
            target = find_target(words.option, words.value);
            break;
        case NO_FORK:
            no_fork = 1;
            break;
        case MAP_USER:
            add_id_range(&users, words.option, "INNER:OUTER:COUNT", words.value);
            break;
        case MAP_GROUP:
            add_id_range(&groups, words.option, "INNER:OUTER:COUNT", words.value);
            break;
        case MAP_AUTO:
            automatic = 1;
            break;
        case 'r':
        case 'c':
            if (own && own != letter)
                refuse("--map-root and --map-current: only one of them");
            own = letter;
            break;
        }
        for (const struct namespace *kind = namespaces; kind->name; kind++)
            if (kind->letter == letter && !(flags & kind->flag)) {
                flags |= kind->flag;
                made[count++] = kind->letter;
            }
    }
    char **rest = next_program(&words);
    int maps = own || automatic || users.ranges || groups.ranges;
    if (target.pidfd >= 0 && maps)
        refuse("--target: the maps of ids are for a new user namespace");
    if (target.pidfd < 0 && no_fork)
        refuse("--no-fork: only with --target");
    if (maps && !(flags & CLONE_NEWUSER)) {
        flags |= CLONE_NEWUSER;
        made[count++] = 'U';
    }
    if (target.pidfd < 0 && !flags)
        refuse("no namespace is asked for");
    if (target.pidfd < 0 && flags & CLONE_NEWUSER)
        complete_id_maps(&users, &groups, own, automatic);

    if (target.pidfd >= 0) {
        flags = join_namespaces(&target, flags, rest);
        if (flags & CLONE_NEWPID && !no_fork)
            fork_there(rest);
        if (flags & CLONE_NEWPID)
            chain_note_made("f");
        chain(rest);
    }
    /* First the user namespace, which the others then belong to. Root that is nobody in it may have no way any more
     * to the directory of the stages. */
    if (flags & CLONE_NEWUSER && !has_outer_id(&users, geteuid()) && has_capability(CAPABILITY_SYS_ADMIN))
        chain_keep_stages(rest);
    if (flags & CLONE_NEWUSER)
        enter_user_namespace(&users, &groups);
    flags &= ~CLONE_NEWUSER;
    /* Only a new process can be process 1; the one that forks it stays in the namespaces outside. */
    if (flags & CLONE_NEWPID) {
        if (start_supervised(&supervisor, (uint64_t)flags, -1, settle, made, rest) < 0) {
            hint_at_refused(flags);
            fail("cannot start a process in new namespaces (-%s)", made);
        }
        _exit(supervise(&supervisor));
    }
    if (flags && unshare(flags) < 0) {
        hint_at_refused(flags);
        fail("cannot make new namespaces (-%s)", made);
    }
    if (flags & CLONE_NEWTIME)
        enter_time();
    settle(made);
    chain(rest);
}
