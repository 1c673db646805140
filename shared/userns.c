#include "userns.h"

#include "account.h"
#include "capability.h"
#include "chain.h"
#include "file.h"
#include "identity.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

const struct id_kind id_kinds[] = {
    {"uid_map", "newuidmap", "/etc/subuid"},
    {"gid_map", "newgidmap", "/etc/subgid"},
};

/* Refuses maps that leave no user, or no group, to be in the namespace. */
static void check_id_maps(const struct idmap *users, const struct idmap *groups)
{
    if (!has_outer_id(users, geteuid()) && !has_inner_id(users, 0))
        refuse("no user could be in the namespace: neither user %u outside nor user 0 inside is mapped",
               (unsigned)geteuid());
    if (!has_outer_id(groups, getegid()) && !has_inner_id(groups, 0))
        refuse("no group could be in the namespace: neither group %u outside nor group 0 inside is mapped",
               (unsigned)getegid());
}

void complete_id_maps(struct idmap *users, struct idmap *groups, int own, int automatic)
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
        uint64_t user_count = add_subordinate_ids(users, id_kinds[0].ranges, login.name, user);
        if (user_count == 0 || add_subordinate_ids(groups, id_kinds[1].ranges, login.name, user) == 0) {
            hint("add a line %s:START:65536 there, or see usermod(8)", login.name);
            refuse("--map-auto: %s has no ranges for %s", user_count ? "/etc/subgid" : id_kinds[0].ranges, login.name);
        }
    }
    if (!groups->ranges)
        refuse("--map-user: --map-group is missing");
    if (!users->ranges)
        refuse("--map-group: --map-user is missing");
    check_id_maps(users, groups);
}

static int is_one_own(const struct idmap *map, unsigned own)
{
    return map->ranges == 1 && map->count[0] == 1 && map->outer[0] == own;
}

static int has_power_over_ids(void)
{
    return has_capability(CAPABILITY_SETUID) && has_capability(CAPABILITY_SETGID);
}

/* Returns 0, or -1 and errno. */
static int write_map(pid_t process, int kind, const struct idmap *map)
{
    char path[48], text[IDMAP_TEXT];
    print_id_map(map, text);
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, id_kinds[kind].file);
    return write_file(AT_FDCWD, path, text);
}

/* Keeps errno. HAD_POWER: CAP_SETFCAP outside, which it takes to give a namespace the user 0. */
static void hint_at_map(int kind, const struct idmap *map, int had_power)
{
    int error = errno;
    hint_at_refused(CLONE_NEWUSER);
    if (error == EPERM && kind == 0 && !had_power && has_outer_id(map, 0))
        hint("without the capability setfcap user 0 cannot be in a user namespace");
    errno = error;
}

static void map_own(const struct idmap *const maps[2], int had_power)
{
    if (write_file(AT_FDCWD, "/proc/self/setgroups", "deny") < 0) {
        hint_at_refused(CLONE_NEWUSER);
        fail("cannot give up changing the groups: /proc/self/setgroups");
    }
    for (int kind = 0; kind < 2; kind++)
        if (write_map(getpid(), kind, maps[kind]) < 0) {
            hint_at_map(kind, maps[kind], had_power);
            fail("cannot map the ids: %s", id_kinds[kind].file);
        }
}

/* Executes newuidmap(1) with the map as its words, and returns when it has not been executed. */
static void execute_program(pid_t process, int kind, const struct idmap *map)
{
    char text[3 * IDMAP_RANGES + 1][12], name[16];
    char *words[3 * IDMAP_RANGES + 3] = {name, text[0]};
    int count = 2;
    snprintf(name, sizeof name, "%s", id_kinds[kind].program);
    snprintf(text[0], sizeof text[0], "%d", (int)process);
    for (int i = 0; i < map->ranges; i++) {
        const unsigned range[] = {map->inner[i], map->outer[i], map->count[i]};
        for (int part = 0; part < 3; part++, count++) {
            words[count] = text[count - 1];
            snprintf(words[count], sizeof text[0], "%u", range[part]);
        }
    }
    execvp(name, words);
}

/* Whatever has executed a program makes a signal when it ends: for a process in between, so that no SIGCHLD is left
 * for PROG, and none is lost that the caller ignores. Returns its status, or -1 and errno. */
static int run_program(pid_t process, int kind, const struct idmap *map)
{
    int change;
    pid_t between = fork_unnoticed(0);
    if (between == 0) {
        signal(SIGCHLD, SIG_DFL);
        pid_t child = fork_unnoticed(0);
        if (child == 0) {
            execute_program(process, kind, map);
            _exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN);
        }
        if (child < 0 || waitpid(child, &change, __WALL) < 0 || !WIFEXITED(change))
            _exit(STATUS_FAILED);
        _exit(WEXITSTATUS(change));
    }
    if (between < 0 || waitpid(between, &change, __WALL) < 0)
        return -1;
    return WIFEXITED(change) ? WEXITSTATUS(change) : STATUS_FAILED;
}

/* Says why it could not be done, and returns -1. */
static int map_by_program(pid_t process, int kind, const struct idmap *map)
{
    const char *program = id_kinds[kind].program;
    int status = run_program(process, kind, map);
    if (status == 0)
        return 0;
    if (status < 0) {
        complain("cannot start %s", program);
    } else if (status == STATUS_NOT_FOUND) {
        hint("the package uidmap or shadow has it; without it only one own id can be mapped, as by --map-root");
        errno = ENOENT;
        complain("cannot map more than one own id: %s", program);
    } else {
        hint("it maps what %s gives to this user, and the user itself", id_kinds[kind].ranges);
        errno = 0;
        complain("%s has not mapped the ids", program);
    }
    return -1;
}

static int map_of(pid_t process, int kind, const struct idmap *map)
{
    if (!has_power_over_ids())
        return map_by_program(process, kind, map);
    if (write_map(process, kind, map) == 0)
        return 0;
    hint_at_map(kind, map, has_capability(CAPABILITY_SETFCAP));
    complain("cannot map the ids: %s", id_kinds[kind].file);
    return -1;
}

/* A process in a new user namespace that does nothing until it is killed, at the latest with us. */
static pid_t fork_idle(void)
{
    pid_t parent = getpid(), child = fork_unnoticed(CLONE_NEWUSER);
    if (child == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
        _exit(STATUS_FAILED);
    if (child == 0)
        for (;;)
            pause();
    return child;
}

static _Noreturn void fail_to_make(void)
{
    hint_at_refused(CLONE_NEWUSER);
    fail("cannot make a user namespace");
}

int make_user_namespace(const struct idmap *users, const struct idmap *groups)
{
    int namespace = -1;
    char path[48];
    pid_t child = fork_idle();
    if (child < 0)
        fail_to_make();
    if (map_of(child, 0, users) == 0 && map_of(child, 1, groups) == 0) {
        snprintf(path, sizeof path, "/proc/%d/ns/user", (int)child);
        namespace = open_at(AT_FDCWD, path, O_RDONLY);
        if (namespace < 0)
            complain("cannot open the new user namespace: %s", path);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, __WALL);
    if (namespace < 0) {
        start_failed();
        _exit(STATUS_FAILED);
    }
    return namespace;
}

static void enter_made(const struct idmap *users, const struct idmap *groups)
{
    int namespace = make_user_namespace(users, groups);
    if (setns(namespace, CLONE_NEWUSER) < 0)
        fail("cannot enter the new user namespace");
    close(namespace);
}

/* Another user than we were would have our session keyring all the same, with all keys in it (session-keyring(7)). */
static void leave_keyring(void)
{
    enum { JOIN_SESSION_KEYRING = 1 }; /* from linux/keyctl.h: musl has no kernel headers beside it */
    if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
        fail("cannot leave the session keyring");
}

void enter_user_namespace(const struct idmap *users, const struct idmap *groups)
{
    const struct idmap *const maps[] = {users, groups};
    uid_t user = geteuid();
    gid_t group = getegid();
    const gid_t none = 0;
    int has_power = has_capability(CAPABILITY_SETFCAP);

    if (has_power_over_ids() || !is_one_own(users, user) || !is_one_own(groups, group))
        enter_made(users, groups);
    else if (unshare(CLONE_NEWUSER) == 0)
        map_own(maps, has_power);
    else
        fail_to_make();
    chain_note_gone('c'); /* what was held is lost in there; root has its own */
    int keeps_user = has_outer_id(users, user), keeps_group = has_outer_id(groups, group);
    if (!keeps_user || !keeps_group)
        take_ids(keeps_user ? geteuid() : 0, keeps_group ? getegid() : 0, &none, 0);
    if (!keeps_user)
        leave_keyring();
    if (geteuid() != 0)
        hold_capabilities();
}

struct userns_ids userns_ids_of(pid_t pid)
{
    struct userns_ids ids;
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/uid_map", (int)pid);
    ids.has_root = is_in_map(path, 0);
    snprintf(path, sizeof path, "/proc/%d/gid_map", (int)pid);
    ids.has_root &= is_in_map(path, 0);
    ids.keeps_groups = keeps_groups(pid);
    return ids;
}

void take_ids_in(const struct userns_ids *ids)
{
    const gid_t none = 0;
    chain_note_gone('c');
    int is_another = ids->has_root && geteuid() != 0;
    if (ids->has_root && (geteuid() != 0 || getegid() != 0))
        take_ids(0, 0, ids->keeps_groups ? NULL : &none, 0);
    if (is_another)
        leave_keyring();
    if (geteuid() != 0)
        hold_capabilities();
}
