/* minictr: compose the chain of a container, and run it or print it. */
#include "account.h"
#include "chain.h"
#include "capability.h"
#include "cgroup.h"
#include "compose.h"
#include "container_ids.h"
#include "file.h"
#include "identity.h"
#include "idmap.h"
#include "inline.h"
#include "landlock.h"
#include "limit.h"
#include "message.h"
#include "namespace.h"
#include "policy.h"
#include "resource.h"
#include "trace.h"
#include "value.h"
#include "visible.h"
#include "words.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROOT = 256, NAME, HOSTNAME, NET, USERNS, NO_LIMITS, MEMORY, SWAP, PIDS, CPU, CPUS, IO, STATUS_FD,
    TMPFS, BIND, EPHEMERAL, READ_ONLY, ENV, CWD, RLIMIT, USER, CAP_KEEP, SYS_FILTER, PRIVILEGED,
    TTY, NO_TTY, NO_INIT, BARE, DETACH, LOG, INLINE, PRINT, TRACE, TIME, BREAK, BREAK_AFTER, END
};

static const struct option options[] = {
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

static const struct program program = {
    "minictr",
    "[OPTION...] PROG [ARG...]",
    "Run PROG in a container: new namespaces, limits, a root file system, /proc and a tmpfs",
    options,
};

/* The main functions of all stages. */
#define STAGE(name, identifier) int identifier##_main(int argc, char **argv);
#include "stages.inc"
#undef STAGE
#define STAGE(name, identifier) {#name, identifier##_main},
static const struct inlined stages[] = {
#include "stages.inc"
    {0},
};

/* rootfs/base in the directory that holds bin/. */
static const char *default_root(void)
{
    static const char base[] = "/rootfs/base";
    char *path = allocate(PATH_MAX + sizeof base, 1);
    chain_directory(path);
    char *slash = strrchr(path, '/');
    strcpy(slash ? slash : path, base);
    return path;
}

static void check_root(const char *root, int chosen)
{
    struct stat status;
    if (stat(root, &status) < 0) {
        if (errno == ENOENT && !chosen)
            hint("make one with rootfs/from-host, or choose one with --root");
        fail("cannot use %s as the root", root);
    }
    if (!S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        fail("cannot use %s as the root", root);
    }
}

/* Adds the stage for DIR[:SIZE]. A colon that no size follows belongs to the directory. */
static void add_tmpfs(struct composition *chain, const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!*text || colon == text)
        refuse("--tmpfs: \"%s\" has no directory", text);
    add_stage(chain, "mnt-tmpfs");
    if (!colon || strchr(colon, '/')) {
        add_operand(chain, text);
        return;
    }
    char *dir = allocate((size_t)(colon - text) + 1, 1);
    memcpy(dir, text, (size_t)(colon - text));
    read_size("--tmpfs", colon + 1, 1);
    add_option(chain, "--size", colon + 1);
    add_operand(chain, dir);
}

/* The arguments of each option, in their order; NULL for an option without one. */
static struct list {
    const char **items;
    int count;
} given[END - ROOT];

static struct list *all(int letter)
{
    return &given[letter - ROOT];
}

/* The file of --sys-filter, and how many lines it has at most. */
static char policy_text[256 * 1024];
static size_t policy_lines;

static int is_given(int letter)
{
    return all(letter)->count > 0;
}

/* The argument of an option that is given at most once. */
static const char *value_of(int letter, const char *otherwise)
{
    return is_given(letter) ? all(letter)->items[0] : otherwise;
}

static void check_policy(const char *name)
{
    static struct policy policy;
    if (strcmp(name, "none") == 0 || strcmp(name, "default") == 0)
        return;
    begin_policy(&policy);
    size_t length = read_whole(name, policy_text, sizeof policy_text);
    add_rules(&policy, name, 1, policy_text, length);
    for (size_t i = 0; i <= length; i++)
        policy_lines += policy_text[i] == '\n';
}

/* Checks an argument as the stage that gets it will, before anything has been done. */
static void check(int letter, const char *option, const char *value)
{
    static struct limits limits;
    switch (letter) {
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
    const struct option *option = options;
    while (option->letter != letter)
        option++;
    return option->name;
}

static void only_one(int one, int other)
{
    if (is_given(one) && is_given(other))
        refuse("--%s and --%s: only one of them", option_name(one), option_name(other));
}

static void read_options(struct words *words, int most)
{
    for (int letter; (letter = next_option(words));) {
        struct list *list = all(letter);
        check(letter, words->option, words->value);
        if (!list->items)
            list->items = allocate((size_t)most, sizeof *list->items);
        list->items[list->count++] = words->value;
        if (letter == TTY || letter == NO_TTY) /* the last one counts */
            all(letter == TTY ? NO_TTY : TTY)->count = 0;
    }
    if (is_given(LOG) && !is_given(DETACH))
        refuse("--log: only with --detach");
    only_one(TRACE, TIME);
    only_one(EPHEMERAL, READ_ONLY);
    static const int attended[] = {TTY, TIME, BREAK, BREAK_AFTER};
    for (int i = 0; i < 4; i++)
        only_one(DETACH, attended[i]);
    static const int limits[] = {MEMORY, SWAP, PIDS, CPU, CPUS, IO, STATUS_FD};
    for (int i = 0; i < 7; i++)
        only_one(NO_LIMITS, limits[i]);
}

/* Cuts SOURCE:DIR apart and returns DIR. The last ":/" divides, since both may have colons in them. */
static char *split_bind(char *copy, const char *text)
{
    for (char *at = copy + strlen(copy); at > copy; at--)
        if (at[0] == ':' && at[1] == '/') {
            *at = '\0';
            return at + 1;
        }
    refuse("--bind: \"%s\" is not SOURCE:DIR or SOURCE:DIR:ro", text);
}

/* Adds the stage for SOURCE:DIR[:ro]. */
static void add_bind(struct composition *chain, const char *text, const char *map)
{
    char *copy = allocate(strlen(text) + 1, 1), *source = allocate(PATH_MAX, 1);
    size_t length = strlen(strcpy(copy, text));
    int read_only = length > 3 && strcmp(copy + length - 3, ":ro") == 0;
    if (read_only)
        copy[length - 3] = '\0';
    char *dir = split_bind(copy, text);
    if (!realpath(copy, source))
        fail("--bind: cannot find %s", copy);
    add_stage(chain, "mnt-bind");
    if (read_only)
        add(chain, "--ro");
    add(chain, "--rec");
    if (!is_given(BARE) && !is_given(PRIVILEGED))
        add(chain, "--nodev");
    add_option(chain, "--map", map);
    add_operand(chain, source);
    add_operand(chain, dir);
}

/* Opens the root, for what is to be mounted in it from outside, or over it. */
static void open_root_for(struct composition *chain, const char *root, const char *map)
{
    const struct list *binds = all(BIND);
    add_stage(chain, is_given(EPHEMERAL) ? "mnt-overlay" : "root-open");
    if (is_given(READ_ONLY))
        add(chain, "--read-only");
    if (!is_given(BARE))
        add(chain, "--nodev");
    add_option(chain, "--map", map);
    add_operand(chain, root);
    for (int i = 0; i < binds->count; i++)
        add_bind(chain, binds->items[i], map);
}

static void add_id_map(struct composition *chain, const char *option, const struct idmap *map)
{
    for (int i = 0; i < map->ranges; i++) {
        char *text = allocate(40, 1);
        snprintf(text, 40, "%u:%u:%u", map->inner[i], map->outer[i], map->count[i]);
        add_option(chain, option, text);
    }
}

/* What takes power outside of the new user namespace. In a container the masks of /proc and /sys are locked in there,
 * and then the kernel gives it no proc and no sysfs: it has to see some that hide nothing. */
static void prepare_userns(struct composition *chain, const struct container_ids *ids, int sys, const char *root)
{
    int proc = is_masked("proc");
    sys &= is_masked("sysfs");
    if (ids->shift || proc || sys) {
        add_stage(chain, "ns-enter");
        add(chain, "-m");
    }
    if (proc) {
        add_stage(chain, "mnt-proc");
        add_operand(chain, "/proc");
    }
    if (sys) {
        add_stage(chain, "mnt-sys");
        add_operand(chain, "/sys");
    }
    if (ids->shift)
        open_root_for(chain, root, ids->shift);
}

static void add_namespaces(struct composition *chain, int userns, const struct container_ids *ids, int net)
{
    add_stage(chain, "ns-enter");
    add_option(chain, "--map-user", ids->shift);
    add_option(chain, "--map-group", ids->shift);
    add_id_map(chain, "--map-user", &ids->users);
    add_id_map(chain, "--map-group", &ids->groups);
    if (ids->are_ranges)
        add(chain, "--map-auto");
    if (userns)
        add(chain, net ? "-UmuipCn" : "-UmuipC");
    else
        add(chain, net ? "-muipCn" : "-muipC");
}

static void add_root_setup(struct composition *chain, const char *root, int is_open)
{
    add_stage(chain, "root-setup");
    if (!is_open && is_given(READ_ONLY))
        add(chain, "--read-only");
    if (!is_open && !is_given(BARE))
        add(chain, "--nodev");
    add_operand(chain, is_open ? "." : root);
}

static void add_environment(struct composition *chain)
{
    const struct list *list = all(ENV);
    if (list->count)
        add_stage(chain, "env-set");
    for (int i = 0; i < list->count; i++)
        add_pair(chain, list->items[i]);
}

/* Adds the limits of PROG that are raised, which takes a capability, or else those that are not. */
static void add_rlimits(struct composition *chain, int raised)
{
    const struct list *list = all(RLIMIT);
    for (int i = 0, begun = 0; i < list->count; i++) {
        struct rlimit wanted;
        int resource = read_resource_limit(list->items[i], &wanted);
        if (raises_limit(resource, &wanted) != raised)
            continue;
        if (!begun++)
            add_stage(chain, "res-limit");
        add_pair(chain, list->items[i]);
    }
}

static void add_limits(struct composition *chain, const char *name)
{
    add_stage(chain, "cg-limit");
    add_option(chain, "--memory", value_of(MEMORY, "512M"));
    add_option(chain, "--swap", value_of(SWAP, NULL));
    add_option(chain, "--pids", value_of(PIDS, "512"));
    add_option(chain, "--cpu", value_of(CPU, NULL));
    add_option(chain, "--cpus", value_of(CPUS, NULL));
    for (int i = 0; i < all(IO)->count; i++)
        add_option(chain, "--io", all(IO)->items[i]);
    add_option(chain, "--name", name);
    add_option(chain, "--status-fd", value_of(STATUS_FD, NULL));
}

static void add_tmpfs_mounts(struct composition *chain)
{
    const struct list *tmpfs = all(TMPFS);
    if (tmpfs->count == 0)
        add_tmpfs(chain, "/mytemp");
    for (int i = 0; i < tmpfs->count; i++)
        add_tmpfs(chain, tmpfs->items[i]);
}

/* The file systems that show what the kernel has. */
static void add_kernel_mounts(struct composition *chain, int dev, int sys)
{
    add_stage(chain, "mnt-proc");
    add_operand(chain, "/proc");
    if (dev) {
        add_stage(chain, "mnt-dev");
        add_operand(chain, "/dev");
    }
    if (sys) {
        add_stage(chain, "mnt-sys");
        add_operand(chain, "/sys");
    }
}

/* The stage cannot read the file any more: it gets the rules one by one, a line each. */
static void add_policy(struct composition *chain, const char *name)
{
    add_stage(chain, "sys-filter");
    if (strcmp(name, "default") == 0) {
        add(chain, "--default");
        return;
    }
    for (char *rest = policy_text, *line; (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "#\r")] = '\0';
        if (line[strspn(line, " \t,")])
            add_option(chain, "--rule", line);
    }
}

/* What gives up powers. Each of these may need those that the next one takes. Only root has capabilities unless
 * they are asked for. */
static void add_locks(struct composition *chain, int tty, int drops_groups)
{
    int defaults = !is_given(BARE) && !is_given(PRIVILEGED);
    const char *user = value_of(USER, NULL);
    const char *kept = value_of(CAP_KEEP, !defaults ? NULL : !user || names_root(user) ? "default" : "none");
    const char *policy = value_of(SYS_FILTER, defaults ? "default" : "none");
    int filters = strcmp(policy, "none") != 0;
    if (user) {
        add_stage(chain, "id-set");
        add(chain, "--env");
        add_operand(chain, user);
    } else if (drops_groups) {
        add_stage(chain, "id-set");
        add(chain, "--clear-groups");
        add_operand(chain, "0:0");
    }
    add_environment(chain);
    if (tty)
        add_stage(chain, "tty-pty"); /* the terminal belongs to the user */
    if (kept) {
        add_stage(chain, "cap-keep");
        add_operand(chain, kept);
    }
    if (defaults || filters)
        add_stage(chain, "priv-lock");
    if (defaults && landlock_version() >= LANDLOCK_SCOPES)
        add_option(chain, "--scope", "sockets");
    if (filters)
        add_policy(chain, policy);
}

/* The chain with a chain-break in each place that is asked for. */
static void add_breaks(struct composition *chain)
{
    for (int i = 0; i < all(BREAK)->count; i++)
        add_break(chain, "--break", all(BREAK)->items[i], 0);
    for (int i = 0; i < all(BREAK_AFTER)->count; i++)
        add_break(chain, "--break-after", all(BREAK_AFTER)->items[i], 1);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    read_options(&words, argc);
    char **rest = next_program(&words);

    const char *root = value_of(ROOT, getenv("MINICTR_ROOT")), *cwd = value_of(CWD, NULL);
    int chosen = root && *root, bare = is_given(BARE);
    int tty = is_given(TTY) || (!is_given(NO_TTY) && !is_given(DETACH) && !bare && isatty(STDIN_FILENO) &&
                                isatty(STDOUT_FILENO));
    if (!chosen)
        root = default_root();

    int has_power = has_capability(CAPABILITY_SYS_ADMIN);
    int userns = strcmp(value_of(USERNS, has_power ? "host" : "auto"), "auto") == 0;
    int weak = userns || in_user_namespace(), net = strcmp(value_of(NET, weak ? "none" : "host"), "none") == 0;
    struct container_ids ids = {0};
    if (userns)
        ids = choose_container_ids(has_power);

    /* What is started in the background is found by its name. */
    char made_up[16];
    const char *name = value_of(NAME, NULL);
    if (!name && is_given(DETACH) && !is_given(NO_LIMITS)) {
        random_name(made_up, sizeof made_up);
        name = made_up;
    }

    /* The most is mnt-tmpfs --size SIZE -- DIR, or mnt-bind with four words, for a word of ours. */
    struct composition composed = compose(5 * (size_t)argc + 2 * policy_lines + 90 + (size_t)4 * IDMAP_RANGES);
    if (is_given(TIME)) {
        const char *picture = value_of(TIME, NULL);
        add_stage(&composed, "chain-time");
        add_option(&composed, "--svg", picture ? picture + strlen("svg:") : NULL);
    }
    if (is_given(DETACH)) {
        add_stage(&composed, "chain-detach");
        add_option(&composed, "--log", value_of(LOG, NULL));
        add_option(&composed, "--name", name);
    }
    if (!bare) {
        add_stage(&composed, "fd-close");
        add_option(&composed, "--keep", value_of(STATUS_FD, NULL));
    }
    if (tty)
        add_stage(&composed, "tty-relay");
    if (!is_given(NO_LIMITS))
        add_limits(&composed, name);
    if (userns && has_power)
        prepare_userns(&composed, &ids, !bare && net, root);
    add_namespaces(&composed, userns, &ids, net);
    add_stage(&composed, "uts-name");
    add_operand(&composed, value_of(HOSTNAME, value_of(NAME, "minictr")));
    if (net)
        add_stage(&composed, "net-up");
    int is_open = weak || is_given(EPHEMERAL) || is_given(BIND);
    if (is_open && !ids.shift)
        open_root_for(&composed, root, NULL);
    /* In a user namespace that takes those of the host to be seen, until root-setup. The network's part of sysfs can
     * only be shown where that is its own. */
    if (weak)
        add_kernel_mounts(&composed, !bare || tty, !bare && net);
    add_root_setup(&composed, root, is_open);
    add_tmpfs_mounts(&composed);
    if (!weak)
        add_kernel_mounts(&composed, !bare || tty, !bare);
    if (!bare) {
        add_stage(&composed, "mnt-mask");
        add(&composed, "--default");
    }
    if (cwd) {
        add_stage(&composed, "cwd-set");
        add_operand(&composed, cwd);
    }
    add_rlimits(&composed, 1);
    int drops_groups = (ids.are_ranges || ids.users.ranges) && !keeps_groups(getpid());
    add_locks(&composed, tty, drops_groups);
    if (!bare && !is_given(NO_INIT))
        add_stage(&composed, "pid-init");
    add_rlimits(&composed, 0); /* for PROG alone: a stage may need more */
    add_program(&composed, rest);

    add_breaks(&composed);

    if (is_given(TRACE))
        trace_to(value_of(TRACE, NULL));
    if (is_given(PRINT) && value_of(PRINT, NULL))
        print_stages(&composed);
    if (is_given(PRINT))
        print_chain(&composed);
    check_root(root, chosen);
    if (is_given(TRACE))
        trace_begin(program.name);
    if (is_given(INLINE))
        run_inline(stages, composed.words, argc, argv);
    chain(composed.words);
}
