/* minictr: compose the chain of a container, and run it or print it. */
#include "account.h"
#include "allocate.h"
#include "chain.h"
#include "capability.h"
#include "cgroup.h"
#include "compose.h"
#include "container_ids.h"
#include "given.h"
#include "identity.h"
#include "idmap.h"
#include "inline.h"
#include "landlock.h"
#include "message.h"
#include "namespace.h"
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

static const struct program program = {
    "minictr",
    "[OPTION...] PROG [ARG...]",
    "Run PROG in a container: new namespaces, limits, a root file system, /proc and a tmpfs",
    given_options,
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
    const char *directory = chain_directory();
    size_t length = (size_t)(strrchr(directory, '/') - directory);
    char *path = memcpy(allocate(length + sizeof base, 1), directory, length);
    strcpy(path + length, base);
    return path;
}

static void check_root(const char *root, int chosen)
{
    struct stat status;
    if (stat(root, &status) < 0) {
        if (errno == ENOENT && !chosen)
            hint("make one, as by %.*s/from-host %s, or choose one with --root", (int)(strrchr(root, '/') - root), root,
                 root);
        fail("cannot use %s as the root", root);
    }
    if (!S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        fail("cannot use %s as the root", root);
    }
}

/* Adds the stage for DIR[:SIZE]. A colon that a slash follows belongs to the directory. */
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

/* Cuts :ro or :rw off; returns whether it was :ro. A colon that a slash follows belongs to the directory. */
static int cut_mode(char *dir)
{
    char *mode = strrchr(dir, ':');
    if (!mode || strchr(mode, '/'))
        return 0;
    if (strcmp(mode, ":ro") != 0 && strcmp(mode, ":rw") != 0) {
        hint("a directory that has a colon in its name is followed by :ro or :rw");
        refuse("--bind: \"%s\" is neither ro nor rw", mode + 1);
    }
    *mode = '\0';
    return mode[2] == 'o';
}

/* Adds the stage for SOURCE:DIR[:ro|:rw]. */
static void add_bind(struct composition *chain, const char *text, const char *map)
{
    char *copy = copy_of(text), *source = allocate(PATH_MAX, 1);
    char *dir = split_bind(copy, text);
    int read_only = cut_mode(dir);
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
    const struct arguments *binds = arguments_of(BIND);
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
    const struct arguments *list = arguments_of(ENV);
    if (list->count)
        add_stage(chain, "env-set");
    for (int i = 0; i < list->count; i++)
        add_pair(chain, list->items[i]);
}

/* Adds the limits of PROG that are raised, which takes a capability, or else those that are not. */
static void add_rlimits(struct composition *chain, int raised)
{
    const struct arguments *list = arguments_of(RLIMIT);
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
    for (int i = 0; i < arguments_of(IO)->count; i++)
        add_option(chain, "--io", arguments_of(IO)->items[i]);
    add_option(chain, "--name", name);
    add_option(chain, "--status-fd", value_of(STATUS_FD, NULL));
}

static void add_tmpfs_mounts(struct composition *chain)
{
    const struct arguments *tmpfs = arguments_of(TMPFS);
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
    for (char *rest = given_policy, *line; (line = strsep(&rest, "\n"));) {
        size_t length = strcspn(line, "#");
        while (length && strchr(" \t\r", line[length - 1]))
            length--;
        line[length] = '\0';
        if (line[strspn(line, " \t\r,")])
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
    for (int i = 0; i < arguments_of(BREAK)->count; i++)
        add_break(chain, "--break", arguments_of(BREAK)->items[i], 0);
    for (int i = 0; i < arguments_of(BREAK_AFTER)->count; i++)
        add_break(chain, "--break-after", arguments_of(BREAK_AFTER)->items[i], 1);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    read_given(&words, argc);
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

    struct composition composed = {0};
    if (is_given(TIME)) {
        const char *picture = value_of(TIME, NULL);
        add_stage(&composed, "chain-time");
        add_option(&composed, "--svg", picture ? picture + strlen("svg:") : NULL);
    }
    if (is_given(DETACH)) {
        add_stage(&composed, "chain-detach");
        add_option(&composed, "--log", value_of(LOG, NULL));
        add_option(&composed, "--name", is_given(NO_LIMITS) ? NULL : name);
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
