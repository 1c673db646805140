/* cwd-set: change the working directory. */
#include "chain.h"
#include "message.h"
#include "trace.h"
#include "words.h"

#include <limits.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct program program = {
    "cwd-set",
    "DIR PROG [ARG...]",
    "Make DIR the working directory, then run PROG",
    NULL,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    next_option(&words);
    const char *dir = next_operand(&words, "DIR");
    char **rest = next_program(&words), path[PATH_MAX];

    if (chain_made('/')) {
        hint("put this stage behind root-setup");
        refuse("the working directory is the new root");
    }
    chain_fix_directory();
    if (chdir(dir) < 0)
        fail("cannot change to the directory %s", dir);
    /* A link to a descriptor, as that of the stages, may lead out of the root: then the kernel says
     * "(unreachable)/...", which getcwd(3) makes an error of. */
    *path = '\0';
    if (syscall(SYS_getcwd, path, sizeof path) > 0 && *path != '/')
        refuse("the directory %s is not below the root", dir);
    did("the working directory is %s", path);
    chain(rest);
}
