/*
 * userns.h: a user namespace for the rest of the chain (user_namespaces(7)).
 */
#ifndef USERNS_H
#define USERNS_H

#include "idmap.h"

#include <sys/types.h>

/* Refuses maps that leave no user, or no group, to be in the namespace: they need our own id, or 0. Ends with 125 and
 * a message. */
void check_id_maps(const struct idmap *users, const struct idmap *groups);

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
