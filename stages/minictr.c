/* minictr: compose the chain of a container, and run it or print it. */
#include "chain.h"
#include "compose.h"
#include "limit.h"
#include "message.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROOT = 256, NAME, HOSTNAME, MEMORY, SWAP, PIDS, CPU, CPUS, IO, STATUS_FD,
    TMPFS, BIND, EPHEMERAL, READ_ONLY, ENV, CWD, RLIMIT, TTY, NO_TTY, NO_INIT, BARE, PRINT
};

static const struct option options[] = {
    {ROOT, "root", "DIR",
     "directory that becomes the root\n(default: $MINICTR_ROOT, else rootfs/base beside bin/)"},
    {NAME, "name", "NAME", "name of the container: of its control group (default: random)"},
    {HOSTNAME, "hostname", "NAME", "host name (default: the name of the container, else minictr)"},
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
    {TTY, "tty", NULL,
     "give it a terminal of its own (default: when standard\ninput and output are one)"},
    {NO_TTY, "no-tty", NULL, "leave it on this terminal"},
    {NO_INIT, "no-init", NULL, "PROG is process 1 itself, without pid-init above it"},
    {BARE, "bare", NULL,
     "only name, limits, namespaces, root, tmpfs and /proc"},
    {PRINT, "print", NULL, "print the chain as a command line of the shell and end"},
    {0},
};

static const struct program program = {
    "minictr",
    "[OPTION...] PROG [ARG...]",
    "Run PROG in a container: new namespaces, limits, a root file system, /proc and a tmpfs",
    options,
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

/* What may be given several times. */
struct list {
    const char **items;
    int count;
};

static void append(struct list *list, const char *item)
{
    list->items[list->count++] = item;
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
static void add_bind(struct composition *chain, const char *text)
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
    add(chain, source);
    add(chain, dir);
}

/* The root: opened first where something is to be mounted in it from outside, or over it. */
static void add_root(struct composition *chain, const char *root, int ephemeral, int read_only,
                     const struct list *binds)
{
    if (ephemeral || binds->count) {
        add_stage(chain, ephemeral ? "mnt-overlay" : "root-open");
        if (read_only)
            add(chain, "--read-only");
        add_operand(chain, root);
        for (int i = 0; i < binds->count; i++)
            add_bind(chain, binds->items[i]);
        read_only = 0;
        root = ".";
    }
    add_stage(chain, "root-setup");
    if (read_only)
        add(chain, "--read-only");
    add_operand(chain, root);
}

/* A stage whose operands are all those of a list */
static void add_list(struct composition *chain, const char *stage, const struct list *list)
{
    if (!list->count)
        return;
    add_stage(chain, stage);
    add_operand(chain, list->items[0]);
    for (int i = 1; i < list->count; i++)
        add(chain, list->items[i]);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    const char *root = getenv("MINICTR_ROOT"), *name = NULL, *hostname = NULL, *cwd = NULL;
    const char *memory = "512M", *pids = "512", *swap = NULL, *cpu = NULL, *cpus = NULL;
    const char *status_fd = NULL;
    struct list io = {allocate((size_t)argc, sizeof(char *)), 0};
    struct list tmpfs = {allocate((size_t)argc, sizeof(char *)), 0};
    struct list binds = {allocate((size_t)argc, sizeof(char *)), 0};
    struct list variables = {allocate((size_t)argc, sizeof(char *)), 0};
    struct list rlimits = {allocate((size_t)argc, sizeof(char *)), 0};
    static struct limits checked;
    int ephemeral = 0, read_only = 0, init = 1, bare = 0, printing = 0, tty = -1;

    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case ROOT:
            root = words.value;
            break;
        case NAME:
            name = read_name(words.option, words.value);
            break;
        case HOSTNAME:
            hostname = read_name(words.option, words.value);
            break;
        case MEMORY:
            limit_memory(&checked, words.value);
            memory = words.value;
            break;
        case SWAP:
            limit_swap(&checked, words.value);
            swap = words.value;
            break;
        case PIDS:
            limit_pids(&checked, words.value);
            pids = words.value;
            break;
        case CPU:
            limit_cpu(&checked, words.value);
            cpu = words.value;
            break;
        case CPUS:
            limit_cpus(&checked, words.value);
            cpus = words.value;
            break;
        case IO:
            limit_io(&checked, words.value);
            append(&io, words.value);
            break;
        case STATUS_FD:
            read_number(words.option, words.value, 0, INT_MAX);
            status_fd = words.value;
            break;
        case TMPFS:
            append(&tmpfs, words.value);
            break;
        case BIND:
            append(&binds, words.value);
            break;
        case EPHEMERAL:
            ephemeral = 1;
            break;
        case READ_ONLY:
            read_only = 1;
            break;
        case ENV:
            if (!strchr(words.value, '='))
                refuse("%s: \"%s\" is not NAME=VALUE", words.option, words.value);
            append(&variables, words.value);
            break;
        case CWD:
            cwd = words.value;
            break;
        case RLIMIT:
            if (!strchr(words.value, '='))
                refuse("%s: \"%s\" is not NAME=SOFT or NAME=SOFT:HARD", words.option, words.value);
            append(&rlimits, words.value);
            break;
        case TTY:
        case NO_TTY:
            tty = letter == TTY;
            break;
        case NO_INIT:
            init = 0;
            break;
        case BARE:
            bare = 1;
            break;
        case PRINT:
            printing = 1;
            break;
        }
    char **rest = next_program(&words);
    if (ephemeral && read_only)
        refuse("--ephemeral and --read-only: only one of them");
    int chosen = root && *root;
    if (!chosen)
        root = default_root();
    if (tmpfs.count == 0)
        append(&tmpfs, "/mytemp");
    if (tty < 0)
        tty = !bare && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

    /* The most is mnt-tmpfs --size SIZE -- DIR, or mnt-bind with four words, for a word of ours. */
    struct composition composed = compose(5 * (size_t)argc + 64);
    if (!bare) {
        add_stage(&composed, "fd-close");
        add_option(&composed, "--keep", status_fd);
    }
    if (tty)
        add_stage(&composed, "tty-relay");
    add_stage(&composed, "cg-limit");
    add_option(&composed, "--memory", memory);
    add_option(&composed, "--swap", swap);
    add_option(&composed, "--pids", pids);
    add_option(&composed, "--cpu", cpu);
    add_option(&composed, "--cpus", cpus);
    for (int i = 0; i < io.count; i++)
        add_option(&composed, "--io", io.items[i]);
    add_option(&composed, "--name", name);
    add_option(&composed, "--status-fd", status_fd);
    add_stage(&composed, "ns-enter");
    add(&composed, "-muipC");
    add_stage(&composed, "uts-name");
    add(&composed, hostname ? hostname : name ? name : "minictr");
    add_root(&composed, root, ephemeral, read_only, &binds);
    for (int i = 0; i < tmpfs.count; i++)
        add_tmpfs(&composed, tmpfs.items[i]);
    add_list(&composed, "env-set", &variables);
    add_stage(&composed, "mnt-proc");
    add(&composed, "/proc");
    if (!bare || tty) {
        add_stage(&composed, "mnt-dev");
        add(&composed, "/dev");
    }
    if (!bare) {
        add_stage(&composed, "mnt-sys");
        add(&composed, "/sys");
        add_stage(&composed, "mnt-mask");
        add(&composed, "--default");
    }
    if (cwd) {
        add_stage(&composed, "cwd-set");
        add_operand(&composed, cwd);
    }
    if (tty)
        add_stage(&composed, "tty-pty");
    if (init && !bare)
        add_stage(&composed, "pid-init");
    /* They are PROG's own: a stage may need more. */
    add_list(&composed, "res-limit", &rlimits);
    /* PROG must be no limit, and no option where the last stage has no operand. */
    int has_operand = !(init && !bare) && !tty && (cwd || bare);
    if (rlimits.count ? strchr(rest[0], '=') != NULL : *rest[0] == '-' && !has_operand)
        add(&composed, "--");
    add_stage(&composed, rest[0]);
    for (int i = 1; rest[i]; i++)
        add(&composed, rest[i]);

    if (printing)
        print_chain(&composed);
    check_root(root, chosen);
    chain(composed.words);
}
