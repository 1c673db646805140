/* cap-keep: keep these capabilities, and give up all others for good. */
#include "capability.h"
#include "chain.h"
#include "message.h"
#include "trace.h"
#include "words.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct program program = {
    "cap-keep",
    "LIST PROG [ARG...]",
    "Run PROG with these capabilities, and none else, for good. LIST: names as in\n"
    "capabilities(7), with commas between them, as chown,net_bind_service; or default, all or none",
    NULL,
};

/* Whether the execution of PROG gives this process capabilities for being root (capabilities(7)). */
static int is_root(void)
{
    int bits = prctl(PR_GET_SECUREBITS);
    if (bits < 0)
        fail("cannot find out the securebits");
    return geteuid() == 0 && !(bits & SECUREBIT_NOROOT);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct capabilities have;
    uint64_t bounding;
    int bound;
    next_option(&words);
    uint64_t wanted = read_capability_set(next_operand(&words, "LIST"), &bound);
    char **rest = next_program(&words);

    if (get_capabilities(&have) < 0 || get_bounding_set(&bounding) < 0)
        fail("cannot find out the capabilities");
    uint64_t kept = wanted & have.permitted & bounding;
    for (int i = 0; !bound && i < 64; i++)
        if ((wanted & ~kept) >> i & 1)
            refuse("cannot keep %s: this process has not got it", capability_name(i));

    /* For root the bounding set decides what PROG has, for all others the ambient set. What leaves the
     * inheritable set leaves the ambient one, too. The bounding set is first: it takes a capability. */
    uint64_t passed_on = is_root() ? 0 : kept;
    if (shrink_bounding_set(bounding & ~kept) < 0) {
        hint_missing(CAPABILITY_SETPCAP);
        fail("cannot limit the bounding set");
    }
    if (set_capabilities(&(struct capabilities){kept, kept, passed_on}) < 0)
        fail("cannot set the capabilities");
    if (raise_ambient(passed_on) < 0) {
        int error = errno;
        if (prctl(PR_GET_SECUREBITS) & SECUREBIT_NO_CAP_AMBIENT_RAISE)
            hint("the securebit no-cap-ambient-raise is set: put this stage before the one that sets it");
        errno = error;
        fail("cannot set the ambient capabilities");
    }
    did("kept the capabilities 0x%llx", (unsigned long long)kept);
    chain_note_gone('c');
    chain(rest);
}
