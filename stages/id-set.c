/* id-set: set the user, the groups and the file mode mask. */
#include "account.h"
#include "chain.h"
#include "identity.h"
#include "large.h"
#include "message.h"
#include "trace.h"
#include "value.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    static struct identity identity LARGE;
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
    take_ids(identity.user, identity.group, identity.groups, identity.count);
    did("user %u, group %u", (unsigned)geteuid(), (unsigned)getegid());
    if (mask)
        umask((mode_t)mode);
    chain(rest);
}
