#include "landlock.h"

#include "kernel.h"
#include "message.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/landlock.h: musl has no kernel headers beside it. */
enum {
    CREATE_VERSION = 1,    /* LANDLOCK_CREATE_RULESET_VERSION */
    RULE_PATH_BENEATH = 1, /* LANDLOCK_RULE_PATH_BENEATH */
};

struct ruleset { /* struct landlock_ruleset_attr; the last two since versions 4 and 6 */
    uint64_t files, network, scopes;
};

struct path_rule { /* struct landlock_path_beneath_attr, which is packed */
    uint64_t rights;
    int32_t fd;
} __attribute__((packed));

int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
    if (version < 0 && errno != ENOSYS && errno != EOPNOTSUPP)
        fail("cannot find out the version of Landlock");
    return version < 0 ? 0 : (int)version;
}

/* A kernel that knows only the beginning of the structure takes all of it when the rest is 0. */
static int create(const struct ruleset *ruleset)
{
    return above_standard(
        (int)syscall(SYS_landlock_create_ruleset, ruleset, sizeof *ruleset, 0));
}

int landlock_ruleset(uint64_t rights)
{
    return create(&(struct ruleset){.files = rights});
}

int landlock_allow(int ruleset, int fd, uint64_t rights)
{
    const struct path_rule rule = {rights, fd};
    return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
}

int landlock_restrict(int ruleset)
{
    return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

int landlock_scope(uint64_t scopes)
{
    int ruleset = create(&(struct ruleset){.scopes = scopes});
    if (ruleset < 0)
        return -1;
    int failed = landlock_restrict(ruleset), error = errno;
    close(ruleset);
    errno = error;
    return failed;
}
