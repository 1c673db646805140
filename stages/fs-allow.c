/* fs-allow: allow some files and directories, and refuse all others. */
#include "chain.h"
#include "kernel.h"
#include "landlock.h"
#include "message.h"
#include "trace.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RO = 256, RW, EXEC, BEST_EFFORT, PATHS = 256 };

static const struct option options[] = {
    {RO, "ro", "PATH...", "read it, and list it when it is a directory, with all below it"},
    {RW, "rw", "PATH...", "write as well, make, remove and rename, but no device nodes"},
    {EXEC, "exec", "PATH...", "read, and execute"},
    {BEST_EFFORT, "best-effort", NULL, "do without what this kernel cannot refuse yet"},
    {0},
};

static const struct program program = {
    "fs-allow",
    "OPTION... PROG [ARG...]",
    "Run PROG so that it reaches these files and directories only",
    options,
};

enum {
    READ = LANDLOCK_READ_FILE | LANDLOCK_READ_DIR,
    EXECUTE = READ | LANDLOCK_EXECUTE,
    WRITE = READ | LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE | LANDLOCK_IOCTL_DEV |
            LANDLOCK_MAKE_DIR | LANDLOCK_MAKE_REG | LANDLOCK_MAKE_SOCK | LANDLOCK_MAKE_FIFO |
            LANDLOCK_MAKE_SYM | LANDLOCK_REMOVE_DIR | LANDLOCK_REMOVE_FILE | LANDLOCK_REFER,
};

struct rule {
    const char *path;
    unsigned rights;
};

/* What came after the first version. */
static const struct {
    const char *name;
    unsigned right;
    int version;
} later[] = {
    {"REFER", LANDLOCK_REFER, 2},
    {"TRUNCATE", LANDLOCK_TRUNCATE, 3},
    {"IOCTL_DEV", LANDLOCK_IOCTL_DEV, 5},
};

/* Returns the rights that the kernel can refuse. */
static unsigned find_rights(int best_effort)
{
    unsigned rights = LANDLOCK_ALL;
    int version = landlock_version();
    if (!version) {
        if (errno == EOPNOTSUPP)
            hint("the kernel has it, but \"lsm=\" of its command line does not name landlock");
        fail("this kernel has no Landlock");
    }
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        if (version >= later[i].version)
            continue;
        if (!best_effort) {
            hint("--best-effort does without");
            refuse("this kernel has version %d of Landlock, and the right %s needs version %d",
                   version, later[i].name, later[i].version);
        }
        rights &= ~later[i].right;
    }
    return rights;
}

/* A file that is given rights of directories is an error to the kernel. */
static void allow(int ruleset, const char *path, unsigned rights)
{
    struct stat status;
    int fd = open_path(AT_FDCWD, path, 0, ANYWHERE);
    if (fd < 0 || fstat(fd, &status) < 0)
        fail("cannot find %s", path);
    if (!S_ISDIR(status.st_mode))
        rights &= LANDLOCK_OF_FILES;
    if (landlock_allow(ruleset, fd, rights) < 0)
        fail("cannot allow %s", path);
    close(fd);
}

/* The next stage, and those behind it, are to be executed, wherever they are. When there is none,
 * nothing is allowed that the command line does not say. */
static void allow_stages(int ruleset, const char *next)
{
    int stages = chain_kept_stages();
    if (strchr(next, '/'))
        return;
    if (stages < 0) {
        const char *directory = chain_directory();
        stages = open_path(AT_FDCWD, directory, 0, ANYWHERE);
        if (stages < 0)
            fail("cannot find the directory of the stages: %s", directory);
    }
    if (faccessat(stages, next, F_OK, 0) == 0 && landlock_allow(ruleset, stages, EXECUTE) < 0)
        fail("cannot allow the directory of the stages");
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct rule rules[PATHS], *end = rules;
    int best_effort = 0;
    for (int letter; (letter = next_option(&words));) {
        if (letter == BEST_EFFORT) {
            best_effort = 1;
            continue;
        }
        if (end == rules + PATHS)
            refuse("more than %d paths", PATHS);
        *end++ = (struct rule){words.value, letter == RO ? READ : letter == RW ? WRITE : EXECUTE};
    }
    char **rest = next_program(&words);
    if (end == rules) {
        hint("PROG itself needs --exec PATH");
        refuse("nothing is allowed: give --ro PATH, --rw PATH or --exec PATH");
    }

    if (chain_made('/')) {
        hint("put this stage behind root-setup");
        refuse("the paths are those of the new root, which is not the root yet");
    }
    unsigned rights = find_rights(best_effort);
    int ruleset = landlock_ruleset(rights);
    if (ruleset < 0)
        fail("cannot make a ruleset of Landlock");
    for (struct rule *rule = rules; rule < end; rule++)
        allow(ruleset, rule->path, rule->rights & rights);
    allow_stages(ruleset, *rest);
    if (landlock_restrict(ruleset) < 0) {
        if (errno == EPERM && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
            hint("put \"priv-lock\" before this stage");
        if (errno == E2BIG)
            hint("this process has as many rulesets already as the kernel takes: 16");
        fail("cannot apply the rules");
    }
    did("Landlock: %d rules", (int)(end - rules));
    chain(rest);
}
