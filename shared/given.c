#include "given.h"

#include "allocate.h"
#include "capability.h"
#include "file.h"
#include "large.h"
#include "limit.h"
#include "message.h"
#include "policy.h"
#include "resource.h"
#include "value.h"

#include <limits.h>
#include <string.h>

const struct option given_options[] = {
    {ROOT, "root", "DIR",
     "directory that becomes the root\n(default: $MINICTR_ROOT, else rootfs/base beside bin/)"},
    {NAME, "name", "NAME", "name of the container: of its control group (default: random)"},
    {HOSTNAME, "hostname", "NAME", "host name (default: the name of the container, else minictr)"},
    {NET, "net", "host|none",
     "the host's network, or none but a loopback interface\n(default: host; in a user namespace none)"},
    {USERNS, "userns", "host|auto",
     "the host's user namespace, or a new one, whose root is a user\nwithout power outside (default: host; without root auto)"},
    {NO_LIMITS, "no-limits", NULL, "make no control group, where this user can make none"},
    {MEMORY, "memory", "SIZE", "memory of all processes together, or max (default: 512M)"},
    {SWAP, "swap", "SIZE", "swap beyond it, or max (default: 0)"},
    {PIDS, "pids", "N", "number of processes and threads, or max (default: 512)"},
    {CPU, "cpu", "CORES", "processor time: 1.5 is one and a half cores"},
    {CPUS, "cpus", "LIST", "run on these processors only: 0-2,5"},
    {IO, "io", "DEVICE:KEY=N[,KEY=N]...", "limit a disk: rbps, wbps, riops, wiops (cg-limit(1))"},
    {STATUS_FD, "status-fd", "N", "report the end as a line of JSON to this descriptor"},
    {TMPFS, "tmpfs", "DIR[:SIZE]...",
     "mount a tmpfs on DIR, of at most SIZE bytes; may be repeated\n(default: /mytemp)"},
    {BIND, "bind", "SOURCE:DIR[:ro]...",
     "show a file or directory of the host as DIR, with what is\nmounted below it"},
    {EPHEMERAL, "ephemeral", NULL, "what is written to the root is gone at the end"},
    {READ_ONLY, "read-only", NULL, "make the root read-only"},
    {ENV, "env", "NAME=VALUE...", "set a variable of the environment"},
    {CWD, "cwd", "DIR", "begin in this directory (default: /)"},
    {RLIMIT, "rlimit", "NAME=SOFT[:HARD]...", "set a resource limit, as nofile=1024 (res-limit(1))"},
    {USER, "user", "USER[:GROUP]", "run PROG as this user of the container (default: root)"},
    {CAP_KEEP, "cap-keep", "LIST",
     "capabilities of PROG: names, default, all or none (default:\ndefault, or with a --user none; cap-keep(1))"},
    {SYS_FILTER, "sys-filter", "FILE", "policy for system calls, or default or none (sys-filter(1))"},
    {PRIVILEGED, "privileged", NULL,
     "leave out cap-keep, priv-lock, sys-filter, and --nodev of binds"},
    {TTY, "tty", NULL,
     "give it a terminal of its own (default: when standard\ninput and output are one)"},
    {NO_TTY, "no-tty", NULL, "leave it on this terminal"},
    {NO_INIT, "no-init", NULL, "PROG is process 1 itself, without pid-init above it"},
    {BARE, "bare", NULL, "only name, limits, namespaces, root, tmpfs and /proc"},
    {DETACH, "detach", NULL, "start it in the background, and print its name when PROG runs"},
    {LOG, "log", "FILE", "append to this file what PROG writes in the background"},
    {INLINE, "inline", NULL, "run the stages in one process, without executing each: the same,\nin less time"},
    {PRINT, "print", "[=json]", "print the chain as a command line of the shell, and end; or\nas an array of its stages"},
    {TRACE, "trace", "[=FILE]",
     "each stage says when it starts, what it did, and when it\nhands over: to standard error, or a file (chain(7))"},
    {TIME, "time", "[=svg:FILE]",
     "show at the end how long each step took, or draw it\n(chain-time(1))"},
    {BREAK, "break", "STAGE...", "a shell before each stage of this name, or before PROG\n(chain-break(1))"},
    {BREAK_AFTER, "break-after", "STAGE...", "a shell after it"},
    {0},
};

static struct arguments given[END - ROOT];

struct arguments *arguments_of(int letter)
{
    return &given[letter - ROOT];
}

char given_policy[256 * 1024] LARGE;

int is_given(int letter)
{
    return arguments_of(letter)->count > 0;
}

const char *value_of(int letter, const char *otherwise)
{
    return is_given(letter) ? arguments_of(letter)->items[0] : otherwise;
}

static void check_policy(const char *name)
{
    static struct policy policy LARGE;
    if (strcmp(name, "none") == 0 || strcmp(name, "default") == 0)
        return;
    begin_policy(&policy);
    size_t length = read_whole(name, given_policy, sizeof given_policy);
    add_rules(&policy, name, 1, given_policy, length);
    if (strlen(given_policy) != length)
        refuse("%s: there is a zero byte in it", name);
}

/* Checks an argument as the stage that gets it will, before anything has been done. */
static void check(int letter, const char *option, const char *value)
{
    static struct limits limits LARGE;
    switch (letter) {
    case ROOT:
        if (!*value)
            refuse("%s: the directory is empty", option);
        break;
    case NAME:
    case HOSTNAME:
        read_name(option, value);
        break;
    case MEMORY:
        limit_memory(&limits, value);
        break;
    case SWAP:
        limit_swap(&limits, value);
        break;
    case PIDS:
        limit_pids(&limits, value);
        break;
    case CPU:
        limit_cpu(&limits, value);
        break;
    case CPUS:
        limit_cpus(&limits, value);
        break;
    case IO:
        limit_io(&limits, value);
        break;
    case STATUS_FD:
        read_number(option, value, 0, INT_MAX);
        break;
    case NET:
        if (strcmp(value, "host") != 0 && strcmp(value, "none") != 0)
            refuse("%s: \"%s\" is not host or none", option, value);
        break;
    case USERNS:
        if (strcmp(value, "host") != 0 && strcmp(value, "auto") != 0)
            refuse("%s: \"%s\" is not host or auto", option, value);
        break;
    case USER:
        if (!*value)
            refuse("%s: the user is empty", option);
        break;
    case CAP_KEEP:
        read_capability_set(value, &(int){0});
        break;
    case SYS_FILTER:
        check_policy(value);
        break;
    case ENV:
        if (!strchr(value, '='))
            refuse("%s: \"%s\" is not NAME=VALUE", option, value);
        break;
    case PRINT:
        if (value && strcmp(value, "json") != 0)
            refuse("%s: \"%s\" is not json", option, value);
        break;
    case LOG:
    case TRACE:
        if (value && !*value)
            refuse("%s: the name of the file is empty", option);
        break;
    case TIME:
        if (value && (strncmp(value, "svg:", 4) != 0 || !value[4]))
            refuse("%s: \"%s\" is not svg:FILE", option, value);
        break;
    case RLIMIT:
        read_resource_limit(value, &(struct rlimit){0});
        break;
    }
}

static const char *option_name(int letter)
{
    const struct option *option = given_options;
    while (option->letter != letter)
        option++;
    return option->name;
}

static void only_one(int one, int other)
{
    if (is_given(one) && is_given(other))
        refuse("--%s and --%s: only one of them", option_name(one), option_name(other));
}

void read_given(struct words *words, int most)
{
    for (int letter; (letter = next_option(words));) {
        struct arguments *list = arguments_of(letter);
        check(letter, words->option, words->value);
        if (!list->items)
            list->items = allocate((size_t)most, sizeof *list->items);
        list->items[list->count++] = words->value;
    }
    if (is_given(LOG) && !is_given(DETACH))
        refuse("--log: only with --detach");
    only_one(TTY, NO_TTY);
    only_one(TRACE, TIME);
    only_one(EPHEMERAL, READ_ONLY);
    static const int attended[] = {TTY, TIME, BREAK, BREAK_AFTER};
    for (int i = 0; i < 4; i++)
        only_one(DETACH, attended[i]);
    static const int limits[] = {MEMORY, SWAP, PIDS, CPU, CPUS, IO, STATUS_FD};
    for (int i = 0; i < 7; i++)
        only_one(NO_LIMITS, limits[i]);
}
