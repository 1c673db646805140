/*
 * landlock.h: rules that a process without privileges makes for itself and for all that it starts,
 * and that are never taken back (landlock(7)).
 *
 * A ruleset handles some rights: what it handles, and no rule of it allows, is refused from
 * landlock_restrict() on. What was opened before stays open.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stdint.h>

/* The rights to files and directories (LANDLOCK_ACCESS_FS_*): the version that brought them is 1, but
 * for REFER (2), TRUNCATE (3) and IOCTL_DEV (5). */
enum {
    LANDLOCK_EXECUTE = 1 << 0,
    LANDLOCK_WRITE_FILE = 1 << 1,
    LANDLOCK_READ_FILE = 1 << 2,
    LANDLOCK_READ_DIR = 1 << 3,
    LANDLOCK_REMOVE_DIR = 1 << 4,
    LANDLOCK_REMOVE_FILE = 1 << 5,
    LANDLOCK_MAKE_CHAR = 1 << 6,
    LANDLOCK_MAKE_DIR = 1 << 7,
    LANDLOCK_MAKE_REG = 1 << 8,
    LANDLOCK_MAKE_SOCK = 1 << 9,
    LANDLOCK_MAKE_FIFO = 1 << 10,
    LANDLOCK_MAKE_BLOCK = 1 << 11,
    LANDLOCK_MAKE_SYM = 1 << 12,
    LANDLOCK_REFER = 1 << 13,
    LANDLOCK_TRUNCATE = 1 << 14,
    LANDLOCK_IOCTL_DEV = 1 << 15,
    LANDLOCK_ALL = (1 << 16) - 1,
    /* Those that a file can have; a rule with any other for a file is an error. */
    LANDLOCK_OF_FILES = LANDLOCK_EXECUTE | LANDLOCK_WRITE_FILE | LANDLOCK_READ_FILE |
                        LANDLOCK_TRUNCATE | LANDLOCK_IOCTL_DEV,
};

/* Returns the version (ABI) of Landlock that the kernel has; 0 and errno when it has none (ENOSYS),
 * or it was left out at boot (EOPNOTSUPP). landlock_create_ruleset(2),
 * LANDLOCK_CREATE_RULESET_VERSION. */
int landlock_version(void);

/* Makes a ruleset that handles these rights, and returns its descriptor; -1 and errno when the kernel
 * does not know one of them (EINVAL). landlock_create_ruleset(2). */
int landlock_ruleset(uint64_t rights);

/* Adds the rule that allows these rights to what the descriptor FD refers to, which may be of O_PATH,
 * and to all below it. They must be handled, and not be empty. Returns 0, or -1 and errno.
 * landlock_add_rule(2), LANDLOCK_RULE_PATH_BENEATH. */
int landlock_allow(int ruleset, int fd, uint64_t rights);

/* Applies a ruleset to this process. Needs no_new_privs (prctl(2)) or CAP_SYS_ADMIN, else EPERM;
 * E2BIG: it has 16 already. Returns 0, or -1 and errno. landlock_restrict_self(2). */
int landlock_restrict(int ruleset);

/* Applies one without any rights to files, but which keeps abstract sockets (unix(7)), or signals, from
 * processes that are outside of it: version 6, Linux 6.12. An older kernel gives E2BIG. Returns 0, or -1
 * and errno. */
enum { LANDLOCK_SCOPES = 6, LANDLOCK_SCOPE_SOCKETS = 1, LANDLOCK_SCOPE_SIGNALS = 2 };
int landlock_scope(uint64_t scopes);

#endif
