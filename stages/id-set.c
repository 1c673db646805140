/* id-set: set the user, the groups and the file mode mask. */
#include "account.h"
#include "capability.h"
#include "chain.h"
#include "file.h"
#include "message.h"
#include "trace.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GROUPS = 256, CLEAR_GROUPS, UMASK, ENV };

static const struct option options[] = {
    {GROUPS, "groups", "LIST", "the supplementary groups, with commas between them"},
    {CLEAR_GROUPS, "clear-groups", NULL, "no supplementary groups"},
    {ENV, "env", NULL, "set HOME, USER and LOGNAME, too"},
    {UMASK, "umask", "MODE", "the file mode mask, octal: 022"},
    {0},
};

static const struct program program = {
    "id-set",
    "[OPTION...] USER[:GROUP] PROG [ARG...]",
    "Set the user and the groups, then run PROG, which has no capabilities then.\n"
    "Without GROUP, USER's groups are those of /etc/passwd and /etc/group",
    options,
};

struct identity {
    uid_t user;
    gid_t group;
    size_t count; /* of supplementary groups */
    gid_t groups[MOST_GROUPS];
};

/* Splits USER[:GROUP]; returns GROUP, or NULL. */
static const char *split(const char *word, char *user, size_t size)
{
    size_t length = strcspn(word, ":");
    if (length == 0)
        refuse("USER is empty in \"%s\"", word);
    if (length >= size)
        refuse("USER is %zu bytes long: at most %zu", length, size - 1);
    snprintf(user, size, "%.*s", (int)length, word);
    if (!word[length])
        return NULL;
    const char *group = word + length + 1;
    if (!*group)
        refuse("GROUP is empty in \"%s\"", word);
    if (strchr(group, ':'))
        refuse("\"%s\" is not USER or USER:GROUP", word);
    return group;
}

/* An id that the user namespace does not map is invalid to the kernel, which has no other use for EINVAL
 * here. Keeps errno. */
static void hint_unmapped(const char *map)
{
    if (errno == EINVAL)
        hint("it is not in %s: this user namespace has no such id", map);
}

static void set_groups(const struct identity *identity)
{
    char setgroups_allowed[8];
    if (setgroups(identity->count, identity->groups) == 0)
        return;
    int error = errno;
    hint_missing(CAPABILITY_SETGID);
    hint_unmapped("/proc/self/gid_map");
    if (error == EPERM && read_file(AT_FDCWD, "/proc/self/setgroups", setgroups_allowed,
                                    sizeof setgroups_allowed) > 0 &&
        strcmp(setgroups_allowed, "deny\n") == 0)
        hint("/proc/self/setgroups says deny: this user namespace was made by a user without privileges");
    errno = error;
    fail("cannot set the supplementary groups");
}

static void set_ids(const struct identity *identity)
{
    if (setresgid(identity->group, identity->group, identity->group) < 0) {
        hint_missing(CAPABILITY_SETGID);
        hint_unmapped("/proc/self/gid_map");
        fail("cannot set the group %u", identity->group);
    }
    if (setresuid(identity->user, identity->user, identity->user) < 0) {
        hint_missing(CAPABILITY_SETUID);
        hint_unmapped("/proc/self/uid_map");
        fail("cannot set the user %u", identity->user);
    }
}

/* The capabilities of root end with its user id, but the next stages may need them. Those that another
 * user has do not come from its id, and stay as they are. */
static void change(const struct identity *identity)
{
    int loses_power = geteuid() == 0 && identity->user != 0;
    if (loses_power && prctl(PR_SET_KEEPCAPS, 1) < 0)
        fail("cannot keep the capabilities for the next stages");
    set_groups(identity);
    set_ids(identity);
    if (loses_power)
        hold_capabilities();
}

/*
 * The kernel forgets by whose death this process is to die when it changes its ids (PR_SET_PDEATHSIG,
 * prctl(2)). A parent that died meanwhile is noticed by another one being there; not so in process 1 of
 * a PID namespace, where getppid(2) is 0 either way. It is for these few system calls only.
 */
static void change_tied(const struct identity *identity)
{
    int signal = 0;
    pid_t parent = getppid();
    if (prctl(PR_GET_PDEATHSIG, &signal) < 0)
        fail("cannot find out the parent-death signal");
    change(identity);
    if (signal && prctl(PR_SET_PDEATHSIG, signal) < 0)
        fail("cannot set the parent-death signal again");
    if (signal && getppid() != parent)
        raise(signal);
}

static void set_variable(const char *name, const char *value)
{
    if (setenv(name, value, 1) < 0)
        fail("cannot set %s", name);
}

static void set_environment(uid_t user)
{
    struct login login = find_login(user);
    set_variable("HOME", login.home);
    set_variable("USER", login.name);
    set_variable("LOGNAME", login.name);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    static struct identity identity;
    const char *groups = NULL, *mask = NULL;
    char name[256];
    int clear = 0, environment = 0;
    unsigned mode = 0;

    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case GROUPS:
            groups = words.value;
            break;
        case CLEAR_GROUPS:
            clear = 1;
            break;
        case ENV:
            environment = 1;
            break;
        case UMASK:
            mask = words.value;
            mode = read_mode(words.option, mask);
            break;
        }
    if (groups && clear)
        refuse("--groups and --clear-groups contradict each other");
    if (mode > 0777)
        refuse("--umask: %s is too large: at most 777", mask);
    const char *group = split(next_operand(&words, "USER"), name, sizeof name);
    char **rest = next_program(&words);

    struct user user = find_user(name, !group);
    identity.user = user.id;
    identity.group = group ? find_group("GROUP", group) : user.group;
    identity.count = 0;
    if (groups)
        identity.count = find_groups("--groups", groups, identity.groups);
    else if (!group && !clear)
        identity.count = groups_of_user(&user, identity.groups);
    if (environment)
        set_environment(identity.user);
    change_tied(&identity);
    did("user %u, group %u", (unsigned)geteuid(), (unsigned)getegid());
    if (mask)
        umask((mode_t)mode);
    chain(rest);
}
