#include "userns.h"

#include "account.h"
#include "capability.h"
#include "chain.h"
#include "file.h"
#include "identity.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The two maps: of users, of groups. */
static const struct {
    const char *file, *program, *ranges;
} kinds[] = {
    {"uid_map", "newuidmap", "/etc/subuid"},
    {"gid_map", "newgidmap", "/etc/subgid"},
};

void check_id_maps(const struct idmap *users, const struct idmap *groups)
{
    if (!has_outer_id(users, geteuid()) && !has_inner_id(users, 0))
        refuse("no user could be in the namespace: neither user %u outside nor user 0 inside is mapped",
               (unsigned)geteuid());
    if (!has_outer_id(groups, getegid()) && !has_inner_id(groups, 0))
        refuse("no group could be in the namespace: neither group %u outside nor group 0 inside is mapped",
               (unsigned)getegid());
}

static int is_program(const char *name)
{
    const char *path = getenv("PATH");
    while (path) {
        char file[PATH_MAX];
        int length = (int)strcspn(path, ":");
        if (snprintf(file, sizeof file, "%.*s/%s", length, path, name) < (int)sizeof file && access(file, X_OK) == 0)
            return 1;
        path = path[length] ? path + length + 1 : NULL;
    }
    return 0;
}

int may_map_ranges(void)
{
    struct login login = find_login(geteuid());
    for (int kind = 0; kind < 2; kind++) {
        struct idmap map = {0};
        if (!is_program(kinds[kind].program) ||
            add_subordinate_ids(&map, kinds[kind].ranges, login.name, geteuid()) == 0)
            return 0;
    }
    return 1;
}

/* Says whether somebody has ids of the 65536 from FIRST on. */
static int is_taken(uint64_t first)
{
    int taken = 0;
    for (int kind = 0; kind < 2; kind++) {
        struct lines lines;
        if (!open_lines(&lines, AT_FDCWD, kinds[kind].ranges))
            continue;
        for (char *line; (line = next_line(&lines));) {
            unsigned start, count;
            if (sscanf(line, "%*[^:]:%u:%u", &start, &count) == 2 && first < (uint64_t)start + count &&
                start < first + 65536)
                taken = 1;
        }
    }
    return taken;
}

const char *choose_id_range(char *text, size_t size)
{
    enum { FIRST = 8, LAST = 28671 }; /* times 65536 */
    uint64_t first;
    int tries = 0;
    do {
        uint32_t number;
        if (getrandom(&number, sizeof number, 0) < 0)
            fail("cannot choose ids for the user namespace");
        first = (FIRST + number % (LAST - FIRST + 1)) * UINT64_C(65536);
        if (++tries == 1000)
            refuse("cannot choose ids for the user namespace: all are in %s or %s", kinds[0].ranges, kinds[1].ranges);
    } while (is_taken(first));
    snprintf(text, size, "0:%" PRIu64 ":65536", first);
    return text;
}

static int is_one_own(const struct idmap *map, unsigned own)
{
    return map->ranges == 1 && map->count[0] == 1 && map->outer[0] == own;
}

static int has_power_over_ids(void)
{
    return has_capability(CAPABILITY_SETUID) && has_capability(CAPABILITY_SETGID);
}

static int write_map(pid_t process, int kind, const struct idmap *map)
{
    char path[48], text[IDMAP_TEXT];
    print_id_map(map, text);
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, kinds[kind].file);
    return write_file(AT_FDCWD, path, text);
}

static _Noreturn void fail_to_map(int kind)
{
    hint_at_refused(CLONE_NEWUSER);
    fail("cannot map the %s: %s", kind ? "groups" : "users", kinds[kind].file);
}

static void map_own(const struct idmap *const maps[2])
{
    if (write_file(AT_FDCWD, "/proc/self/setgroups", "deny") < 0) {
        hint_at_refused(CLONE_NEWUSER);
        fail("cannot give up changing the groups: /proc/self/setgroups");
    }
    for (int kind = 0; kind < 2; kind++)
        if (write_map(getpid(), kind, maps[kind]) < 0)
            fail_to_map(kind);
}

/* What the process outside answers: 0, or why the map of this kind could not be written: an error of the kernel, or
 * one of these. */
enum { PROGRAM_MISSING = -1, PROGRAM_FAILED = -2 };
struct answer {
    int kind, error;
};

/* Runs newuidmap(1), which has said why when it fails. */
static int run_program(pid_t process, int kind, const struct idmap *map)
{
    char text[3 * IDMAP_RANGES + 1][12], name[16];
    char *words[3 * IDMAP_RANGES + 3] = {name, text[0]};
    int count = 2, change;
    snprintf(name, sizeof name, "%s", kinds[kind].program);
    snprintf(text[0], sizeof text[0], "%d", (int)process);
    for (int i = 0; i < map->ranges; i++) {
        const unsigned range[] = {map->inner[i], map->outer[i], map->count[i]};
        for (int part = 0; part < 3; part++, count++) {
            words[count] = text[count - 1];
            snprintf(words[count], sizeof text[0], "%u", range[part]);
        }
    }
    pid_t child = fork_unnoticed(0);
    if (child == 0) {
        execvp(name, words);
        _exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN);
    }
    if (child < 0 || waitpid(child, &change, __WALL) < 0)
        return errno;
    if (WIFEXITED(change) && WEXITSTATUS(change) == STATUS_NOT_FOUND)
        return PROGRAM_MISSING;
    return WIFEXITED(change) && WEXITSTATUS(change) == 0 ? 0 : PROGRAM_FAILED;
}

/* The process that stays outside: waits until the namespace is there, or will never be. */
static _Noreturn void map_from_outside(int line, pid_t process, const struct idmap *const maps[2])
{
    struct answer answer = {0};
    char is_made;
    signal(SIGCHLD, SIG_DFL); /* ignored, it would leave no status of the programs: exec makes it their last signal */
    if (read(line, &is_made, 1) != 1)
        _exit(STATUS_FAILED);
    int has_power = has_power_over_ids();
    for (int kind = 0; kind < 2 && !answer.error; kind++) {
        answer.kind = kind;
        if (!has_power)
            answer.error = run_program(process, kind, maps[kind]);
        else if (write_map(process, kind, maps[kind]) < 0)
            answer.error = errno;
    }
    write_or_lose(line, (const char *)&answer, sizeof answer);
    _exit(0);
}

struct outside {
    pid_t process;
    int line;
};

static struct outside fork_outside(const struct idmap *const maps[2])
{
    struct outside outside;
    pid_t process = getpid();
    int lines[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lines) < 0 ||
        (lines[0] = above_standard(lines[0])) < 0 || (lines[1] = above_standard(lines[1])) < 0 ||
        (outside.process = fork_unnoticed(0)) < 0)
        fail("cannot start the process that maps the ids from outside");
    outside.line = lines[outside.process == 0];
    close(lines[outside.process != 0]);
    if (outside.process == 0)
        map_from_outside(outside.line, process, maps);
    return outside;
}

static void be_mapped(const struct outside *outside)
{
    struct answer answer = {.error = EIO};
    write_or_lose(outside->line, "", 1);
    ssize_t length = read(outside->line, &answer, sizeof answer);
    close(outside->line);
    waitpid(outside->process, NULL, __WALL);
    if (length < 0)
        fail("cannot find out whether the ids are mapped");
    if (length < (ssize_t)sizeof answer)
        refuse("the process that maps the ids from outside has ended");
    const char *program = kinds[answer.kind].program, *ranges = kinds[answer.kind].ranges;
    errno = answer.error;
    if (answer.error == PROGRAM_MISSING) {
        hint("the package uidmap or shadow has it; without it only one own id can be mapped, as by --map-root");
        refuse("cannot map more than one own id: %s is not there", program);
    }
    if (answer.error == PROGRAM_FAILED) {
        hint("it maps what %s gives to this user, and the user itself", ranges);
        refuse("%s has not mapped the ids", program);
    }
    if (answer.error)
        fail_to_map(answer.kind);
}

void enter_user_namespace(const struct idmap *users, const struct idmap *groups)
{
    const struct idmap *const maps[] = {users, groups};
    uid_t user = geteuid();
    gid_t group = getegid();
    const gid_t none = 0;
    struct outside outside;
    int is_own = !has_power_over_ids() && is_one_own(users, user) && is_one_own(groups, group);

    if (!is_own)
        outside = fork_outside(maps);
    if (unshare(CLONE_NEWUSER) < 0) {
        hint_at_refused(CLONE_NEWUSER);
        fail("cannot make a user namespace");
    }
    if (is_own)
        map_own(maps);
    else
        be_mapped(&outside);
    chain_note_gone('c'); /* what was held is lost in there; root has its own */
    int keeps_user = has_outer_id(users, user), keeps_group = has_outer_id(groups, group);
    if (!keeps_user || !keeps_group)
        take_ids(keeps_user ? geteuid() : 0, keeps_group ? getegid() : 0, &none, 0);
    if (geteuid() != 0)
        hold_capabilities();
}

struct userns_ids userns_ids_of(pid_t pid)
{
    struct userns_ids ids;
    char path[48], text[8];
    snprintf(path, sizeof path, "/proc/%d/uid_map", (int)pid);
    ids.has_root = is_in_map(path, 0);
    snprintf(path, sizeof path, "/proc/%d/gid_map", (int)pid);
    ids.has_root &= is_in_map(path, 0);
    snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
    ids.keeps_groups = read_file(AT_FDCWD, path, text, sizeof text) > 0 && strcmp(text, "deny\n") == 0;
    return ids;
}

void take_ids_in(const struct userns_ids *ids)
{
    const gid_t none = 0;
    chain_note_gone('c');
    if (ids->has_root && (geteuid() != 0 || getegid() != 0))
        take_ids(0, 0, ids->keeps_groups ? NULL : &none, 0);
    if (geteuid() != 0)
        hold_capabilities();
}
