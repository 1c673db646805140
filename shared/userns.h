/*
 * userns.h: a user namespace for the rest of the chain (user_namespaces(7)).
 */
#ifndef USERNS_H
#define USERNS_H

#include "idmap.h"

#include <sys/types.h>

/* Of users, and of groups: the file below /proc/PID, the program that writes it for who has no power, and the file with
 * the ranges that it allows (newuidmap(1), subuid(5)). */
extern const struct id_kind {
    const char *file, *program, *ranges;
} id_kinds[2];

/* Adds to maps that were given what else of the caller's was asked for: its own ids, with OWN 'r' as 0, with 'c' as they
 * are, with 0 as 0 where nothing was given; and AUTOMATIC its ranges. Refuses maps that leave no user, or no group, to
 * be in the namespace. Ends with 125 and a message that names the option of ns-enter(1). */
void complete_id_maps(struct idmap *users, struct idmap *groups, int own, int automatic);

/*
 * Makes one, and returns a descriptor of it; whoever made it does not enter it. With CAP_SETUID and CAP_SETGID it gets
 * the maps as they are; else by newuidmap(1) and newgidmap(1), which are searched in PATH. Ends with 125 and a
 * message, with a hint at what the host lacks.
 */
int make_user_namespace(const struct idmap *users, const struct idmap *groups);

/*
 * Makes one and enters it. A process without power may map one own id for users and groups each by itself; the groups
 * stay for good then, as the kernel demands (setgroups(2) is denied).
 *
 * An id that the maps do not have becomes 0, and the supplementary groups go with it, and with a user's its session
 * keyring. Who is another user than 0 in there has all capabilities for the stages only (hold_capabilities(),
 * capability.h). Ends as make_user_namespace() does.
 */
void enter_user_namespace(const struct idmap *users, const struct idmap *groups);

/* What is asked of the target before setns(2): whether its user namespace has a user 0 and a group 0 (then this process
 * becomes them), and whether groups can be changed in it. */
struct userns_ids {
    int has_root, keeps_groups;
};
struct userns_ids userns_ids_of(pid_t pid);

/* Takes on the ids of a user namespace that has been joined. Ends with 125 and a message. */
void take_ids_in(const struct userns_ids *ids);

#endif
