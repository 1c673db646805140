/*
 * account.h: users and groups, by number or by name. Names are those of the files /etc/passwd and
 * /etc/group of the current root (passwd(5), group(5)); no other source of names is asked
 * (nsswitch.conf(5)). The first entry of a name counts. Lines that begin with '+' or '-' are none, nor
 * are lines that do not have the form of an entry, unless it is the very one that is looked for.
 *
 * Whatever consists of digits alone is a number, 0 to 4294967294: the one above is no id (chown(2)).
 * Every function here ends the program with status 125 and a message when it cannot answer.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stddef.h>
#include <sys/types.h>

enum { MOST_GROUPS = 65536 }; /* NGROUPS_MAX, setgroups(2) */

struct user {
    uid_t id;
    gid_t group;   /* its primary group, when that was asked for */
    char name[256]; /* when that was asked for */
};

/* Says whether a word USER[:GROUP] stands for user 0, by its number or its usual name; no file is asked. Cannot
 * fail. */
int names_root(const char *user);

/* Finds a user by TEXT, which is not empty. NEED_GROUP: with its primary group and its name, which takes
 * an entry in /etc/passwd also when TEXT is a number. */
struct user find_user(const char *text, int need_group);

/* Finds a group. WHAT names the option or operand in messages. */
gid_t find_group(const char *what, const char *text);

/* Finds the groups of a list with commas in it. Returns how many; at most MOST_GROUPS. */
size_t find_groups(const char *what, const char *list, gid_t *groups);

/* Finds the groups of a user as initgroups(3) does: the primary one, and those in /etc/group that list the
 * name; without that file there are none. Returns how many; at most MOST_GROUPS. */
size_t groups_of_user(const struct user *user, gid_t *groups);

struct login {
    char name[256], home[4096];
};

/* Finds the name and the home directory of a user in /etc/passwd; without an entry there they are its
 * number and "/". */
struct login find_login(uid_t id);

#endif
