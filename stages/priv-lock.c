/* priv-lock: lock the ways to gain privileges. */
#include "capability.h"
#include "chain.h"
#include "closest.h"
#include "filter.h"
#include "landlock.h"
#include "large.h"
#include "message.h"
#include "policy.h"
#include "trace.h"
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { SECUREBITS = 256, SCOPE, NO_USERNS };

static const struct option options[] = {
    {SCOPE, "scope", "LIST",
     "no abstract sockets of, no signals to processes outside:\nsockets, signals (Landlock, Linux 6.12)"},
    {NO_USERNS, "no-userns", NULL, "no new user namespaces"},
    {SECUREBITS, "securebits", "LIST",
     "noroot, no-setuid-fixup, no-cap-ambient-raise: set them, and lock them"},
    {0},
};

static const struct program program = {
    "priv-lock",
    "[OPTION...] PROG [ARG...]",
    "Run PROG so that no program that it executes gives it new privileges",
    options,
};

struct bit {
    const char *name;
    int bits;
};

/* Each with the one above it, which locks it. */
static const struct bit securebits[] = {
    {"noroot", SECUREBIT_NOROOT * 3},
    {"no-setuid-fixup", SECUREBIT_NO_SETUID_FIXUP * 3},
    {"no-cap-ambient-raise", SECUREBIT_NO_CAP_AMBIENT_RAISE * 3},
    {0},
};

static const struct bit scopes[] = {
    {"sockets", LANDLOCK_SCOPE_SOCKETS},
    {"signals", LANDLOCK_SCOPE_SIGNALS},
    {0},
};

static int find_bits(const struct bit *table, const char *option, const char *word, size_t length)
{
    const char *best = NULL;
    char name[32];
    for (const struct bit *bit = table; bit->name; bit++)
        if (strlen(bit->name) == length && strncmp(word, bit->name, length) == 0)
            return bit->bits;
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    for (const struct bit *bit = table; bit->name; bit++)
        best = closer(name, best, bit->name);
    if (best)
        hint("did you mean %s?", best);
    refuse("%s: there is no \"%.*s\"", option, (int)length, word);
}

/* Reads a list of names of a table, with commas between them. */
static int read_bits(const struct bit *table, const char *option, const char *list)
{
    int all = 0;
    for (const char *item = list;; item++) {
        size_t length = strcspn(item, ",");
        int bits = find_bits(table, option, item, length);
        if (all & bits)
            refuse("%s: %.*s is given twice", option, (int)length, item);
        all |= bits;
        item += length;
        if (!*item)
            return all;
    }
}

/* Once root counts as any other user, its capabilities, too, must be held for the next stages. */
static void set_securebits(int wanted)
{
    int have = prctl(PR_GET_SECUREBITS);
    if (have < 0)
        fail("cannot find out the securebits");
    if ((have | wanted) == have)
        return;
    if (wanted & ~have & SECUREBIT_NOROOT && geteuid() == 0)
        hold_capabilities();
    if (prctl(PR_SET_SECUREBITS, have | wanted) < 0) {
        hint_missing(CAPABILITY_SETPCAP);
        for (const struct bit *bit = securebits; errno == EPERM && bit->name; bit++)
            if (wanted & bit->bits && (have & bit->bits) == bit->bits / 3 * 2)
                hint("%s is locked, and is not set", bit->name);
        fail("cannot set the securebits");
    }
}

/* Says why the kernel has no scopes, if so. Keeps errno. */
static void hint_no_scopes(void)
{
    int error = errno, version = landlock_version();
    if (version == 0)
        hint("this kernel has no Landlock: %s", strerror(errno));
    else if (version < LANDLOCK_SCOPES)
        hint("this kernel has version %d of Landlock, and scopes came with %d", version,
             LANDLOCK_SCOPES);
    errno = error;
}

/* A new user namespace comes from one of three calls. Of clone3(2) a filter cannot see the flags; programs
 * fall back on clone(2). */
static void refuse_user_namespaces(void)
{
    static const char rules[] = "EPERM clone if arg0 & CLONE_NEWUSER != 0\n"
                                "EPERM unshare if arg0 & CLONE_NEWUSER != 0\n"
                                "ENOSYS clone3\n";
    static struct policy policy LARGE;
    static struct filter filter LARGE;
    begin_policy(&policy);
    add_rules(&policy, "--no-userns", 0, rules, sizeof rules - 1);
    complete_policy(&policy);
    compile(&policy, &filter);
    if (apply_filter(&filter) < 0)
        fail("cannot apply the filter of system calls");
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    int bits = 0, scope = 0, no_userns = 0;
    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case SECUREBITS:
            bits = read_bits(securebits, words.option, words.value);
            break;
        case NO_USERNS:
            no_userns = 1;
            break;
        case SCOPE:
            scope = read_bits(scopes, words.option, words.value);
            break;
        }
    char **rest = next_program(&words);

    set_securebits(bits);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        fail("cannot set no_new_privs");
    if (scope && landlock_scope((uint64_t)scope) < 0) {
        hint_no_scopes();
        fail("cannot apply the scope");
    }
    did("set no_new_privs");
    if (no_userns)
        refuse_user_namespaces();
    chain(rest);
}
