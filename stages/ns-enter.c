/* ns-enter: run the rest of the chain in new namespaces. */
#include "account.h"
#include "capability.h"
#include "chain.h"
#include "idmap.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "process.h"
#include "root.h"
#include "supervise.h"
#include "trace.h"
#include "userns.h"
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

/* Adds to what was given the caller's own ids: as 'r' or 'c' says, with 0 only where nothing was given; and its
 * ranges. */
static void complete_maps(struct idmap *users, struct idmap *groups, int own, int automatic)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    if (own || (!users->ranges && !groups->ranges)) {
        const char *option = own == 'c' ? "--map-current" : "--map-root";
        add_one_id(users, option, own == 'c' ? user : 0, user);
        add_one_id(groups, option, own == 'c' ? group : 0, group);
    }
    if (automatic) {
        struct login login = find_login(user);
        uint64_t user_count = add_subordinate_ids(users, "/etc/subuid", login.name, user);
        if (user_count == 0 || add_subordinate_ids(groups, "/etc/subgid", login.name, user) == 0) {
            hint("add a line %s:START:65536 there, or see usermod(8)", login.name);
            refuse("--map-auto: %s has no ranges for %s", user_count ? "/etc/subgid" : "/etc/subuid", login.name);
        }
    }
    if (!groups->ranges)
        refuse("--map-user: --map-group is missing");
    if (!users->ranges)
        refuse("--map-group: --map-user is missing");
    check_id_maps(users, groups);
}

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
    struct userns_ids ids = {0};
    int all = flags == 0;
    for (const struct namespace *kind = namespaces; kind->name; kind++) {
        if (all && is_other_namespace(target->pid, kind->letter))
            flags |= kind->flag;
        if (!(flags & kind->flag))
            continue;
        joined[strlen(joined)] = kind->letter;
        if (kind->flag == CLONE_NEWUSER)
            ids = userns_ids_of(target->pid);
        if (kind->flag == CLONE_NEWPID) /* the processes that are forked are in it, not we */
            continue;
        chain_note_gone(kind->letter);
        if (is_own_namespace_of(target->pid, kind->letter))
            own[strlen(own)] = kind->letter;
    }
    if (!flags)
        refuse("process %d has no other namespaces than we have", (int)target->pid);
    if (flags & CLONE_NEWNS && has_capability(CAPABILITY_SYS_ADMIN))
        chain_keep_stages(rest);
    else if (flags & CLONE_NEWNS && flags & CLONE_NEWUSER)
        chain_have_stages_kept();
    if (setns(target->pidfd, flags) < 0) {
        if (!(flags & CLONE_NEWUSER))
            hint_at_users_of(target->pid);
        fail("cannot join the namespaces of process %d (-%s)", (int)target->pid, joined);
    }
    did("joined the namespaces of process %d (-%s)", (int)target->pid, joined);
    close(target->pidfd);
    if (flags & CLONE_NEWUSER)
        take_ids_in(&ids);
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
        complete_maps(&users, &groups, own, automatic);

    if (target.pidfd >= 0) {
        flags = join(&target, flags, rest);
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
        pid_t child = fork_supervised(&supervisor, (uint64_t)flags, -1);
        if (child < 0) {
            hint_at_refused(flags);
            fail("cannot start a process in new namespaces (-%s)", made);
        }
        if (child > 0)
            _exit(supervise(&supervisor));
    } else if (flags && unshare(flags) < 0) {
        hint_at_refused(flags);
        fail("cannot make new namespaces (-%s)", made);
    }
    if (flags & CLONE_NEWTIME && !(flags & CLONE_NEWPID))
        enter_time();
    if (flags & CLONE_NEWNS && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        fail("cannot make the mounts private");
    if (flags & CLONE_NEWNS)
        chain_note_gone('j');
    /* What came from a more privileged namespace cannot be moved any more; a copy of it can (mount_namespaces(7)). */
    if (flags & CLONE_NEWNS && chain_made('/') && strchr(made, 'U'))
        open_root(".", 0, NULL);
    chain_note_made(made);
    if (is_traced())
        tell_namespaces(made);
    chain(rest);
}
