/* minictr: compose the chain of a container, and run it or print it. */
#include "chain.h"
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
    TMPFS, READ_ONLY, NO_INIT, PRINT
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
    {READ_ONLY, "read-only", NULL, "make the root read-only"},
    {NO_INIT, "no-init", NULL, "PROG is process 1 itself, without pid-init above it"},
    {PRINT, "print", NULL, "print the chain as a command line of the shell and end"},
    {0},
};

static const struct program program = {
    "minictr",
    "[OPTION...] PROG [ARG...]",
    "Run PROG in a container: new namespaces, limits, a root file system, /proc and a tmpfs",
    options,
};

/* A chain under construction: the words, and where each stage begins. */
struct composition {
    char **words;
    int count;
    unsigned char *begins;
};

static void add(struct composition *chain, const char *word)
{
    chain->words[chain->count++] = (char *)(uintptr_t)word;
}

static void add_stage(struct composition *chain, const char *name)
{
    chain->begins[chain->count] = 1;
    add(chain, name);
}

/* The first operand of a stage: what begins with a dash must not become an option of it. */
static void add_operand(struct composition *chain, const char *word)
{
    if (*word == '-')
        add(chain, "--");
    add(chain, word);
}

/* An option with its value, when there is one. */
static void add_option(struct composition *chain, const char *option, const char *value)
{
    if (!value)
        return;
    add(chain, option);
    add(chain, value);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        fail("cannot compose the chain");
    return memory;
}

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

/* A word as the shell reads it back byte by byte: bare when it is plain, else in single quotes. */
static void print_word(const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "_-+./:,@%=";
    if (*word && strspn(word, plain) == strlen(word)) {
        fputs(word, stdout);
        return;
    }
    putchar('\'');
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*word);
    putchar('\'');
}

/* One stage a line. The first word is a path, since only from it on the stages find each other. */
static _Noreturn void print(const struct composition *chain)
{
    char directory[PATH_MAX], path[PATH_MAX + 32];
    chain_directory(directory);
    snprintf(path, sizeof path, "%s/%s", directory, chain->words[0]);
    print_word(path);
    for (int i = 1; i < chain->count; i++) {
        fputs(chain->begins[i] ? " \\\n    " : " ", stdout);
        print_word(chain->words[i]);
    }
    putchar('\n');
    if (fflush(stdout) != 0)
        fail("cannot write to standard output");
    _exit(0);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    const char *root = getenv("MINICTR_ROOT"), *name = NULL, *hostname = NULL;
    const char *memory = "512M", *pids = "512", *swap = NULL, *cpu = NULL, *cpus = NULL;
    const char *status_fd = NULL;
    const char **tmpfs = allocate((size_t)argc + 1, sizeof *tmpfs);
    const char **io = allocate((size_t)argc + 1, sizeof *io);
    static struct limits checked;
    int tmpfs_count = 0, io_count = 0, read_only = 0, init = 1, printing = 0;

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
            io[io_count++] = words.value;
            break;
        case STATUS_FD:
            read_number(words.option, words.value, 0, INT_MAX);
            status_fd = words.value;
            break;
        case TMPFS:
            tmpfs[tmpfs_count++] = words.value;
            break;
        case READ_ONLY:
            read_only = 1;
            break;
        case NO_INIT:
            init = 0;
            break;
        case PRINT:
            printing = 1;
            break;
        }
    char **rest = next_program(&words);
    int chosen = root && *root;
    if (!chosen)
        root = default_root();
    if (tmpfs_count == 0)
        tmpfs[tmpfs_count++] = "/mytemp";

    size_t room = 5 * (size_t)argc + 64; /* the most is mnt-tmpfs --size SIZE -- DIR for a word */
    struct composition composed = {allocate(room, sizeof(char *)), 0, allocate(room, 1)};
    add_stage(&composed, "fd-close");
    add_option(&composed, "--keep", status_fd);
    add_stage(&composed, "cg-limit");
    add_option(&composed, "--memory", memory);
    add_option(&composed, "--swap", swap);
    add_option(&composed, "--pids", pids);
    add_option(&composed, "--cpu", cpu);
    add_option(&composed, "--cpus", cpus);
    for (int i = 0; i < io_count; i++)
        add_option(&composed, "--io", io[i]);
    add_option(&composed, "--name", name);
    add_option(&composed, "--status-fd", status_fd);
    add_stage(&composed, "ns-enter");
    add(&composed, "-muipC");
    add_stage(&composed, "uts-name");
    add(&composed, hostname ? hostname : name ? name : "minictr");
    add_stage(&composed, "root-setup");
    if (read_only)
        add(&composed, "--read-only");
    add_operand(&composed, root);
    for (int i = 0; i < tmpfs_count; i++)
        add_tmpfs(&composed, tmpfs[i]);
    add_stage(&composed, "mnt-proc");
    add(&composed, "/proc");
    if (init) {
        add_stage(&composed, "pid-init");
        if (*rest[0] == '-')
            add(&composed, "--");
    }
    add_stage(&composed, rest[0]);
    for (int i = 1; rest[i]; i++)
        add(&composed, rest[i]);

    if (printing)
        print(&composed);
    check_root(root, chosen);
    chain(composed.words);
}
