/* ctr-exec: run a program in a running container, under the locks of the chain that made it. */
#include "account.h"
#include "allocate.h"
#include "chain.h"
#include "compose.h"
#include "container.h"
#include "freeze.h"
#include "grammar.h"
#include "message.h"
#include "namespace.h"
#include "process.h"
#include "record.h"
#include "value.h"
#include "words.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PARENT = 256, ENV, CWD, USER, PRIVILEGED, TTY, NO_TTY, PRINT };

static const struct option options[] = {
    {ENV, "env", "NAME=VALUE...", "set a variable of the environment, besides the container's"},
    {CWD, "cwd", "DIR", "begin in this directory (default: as the container)"},
    {USER, "user", "USER[:GROUP]", "run PROG as this user (default: as the container)"},
    {PRIVILEGED, "privileged", NULL, "leave out cap-keep, priv-lock, fs-allow and sys-filter"},
    {TTY, "tty", NULL, "give it a terminal of its own (default: when standard\ninput and output are one)"},
    {NO_TTY, "no-tty", NULL, "leave it on this terminal"},
    {PRINT, "print", "[=json]", "print the chain as a command line of the shell, and end; or\nas an array of its stages"},
    {PARENT, PARENT_OPTION},
    {0},
};

static const struct program program = {
    "ctr-exec",
    "[OPTION...] NAME PROG [ARG...]",
    "Run PROG in a running container: in its control group, namespaces and root, with the ids,\n"
    "limits and locks of the chain that made it",
    options,
};

static struct {
    const char **variables; /* of --env */
    int variable_count;
    const char *cwd, *user, *print, *parent;
    int privileged, tty, no_tty, prints;
} given;

static void read_options(struct words *words, int argc)
{
    given.variables = allocate((size_t)argc, sizeof *given.variables);
    for (int letter; (letter = next_option(words));)
        switch (letter) {
        case ENV:
            if (!strchr(words->value, '=') || *words->value == '=')
                refuse("%s: \"%s\" is not NAME=VALUE", words->option, words->value);
            given.variables[given.variable_count++] = words->value;
            break;
        case CWD:
        case USER:
            if (!*words->value)
                refuse("%s: its argument is empty", words->option);
            *(letter == CWD ? &given.cwd : &given.user) = words->value;
            break;
        case PRIVILEGED:
            given.privileged = 1;
            break;
        case TTY:
            given.tty = 1;
            break;
        case NO_TTY:
            given.no_tty = 1;
            break;
        case PRINT:
            if (words->value && strcmp(words->value, "json") != 0)
                refuse("%s: \"%s\" is not json", words->option, words->value);
            given.prints = 1;
            given.print = words->value;
            break;
        case PARENT:
            given.parent = read_group(words->option, words->value);
            break;
        }
    if (given.tty && given.no_tty)
        refuse("--tty and --no-tty: only one of them");
    if (!given.tty && !given.no_tty)
        given.tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* A process that forked before the chain changed the root stays in that of the host, and so do its namespaces. */
static void need_same_root(const struct container *container, const struct process *first, const struct process *prog)
{
    const struct process *processes[] = {first, prog};
    struct stat roots[2];
    char path[32];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/proc/%d/root", (int)processes[i]->pid);
        if (stat(path, &roots[i]) < 0)
            fail("cannot look at the root of process %d", (int)processes[i]->pid);
    }
    if (roots[0].st_dev == roots[1].st_dev && roots[0].st_ino == roots[1].st_ino)
        return;
    hint("\"ns-enter --target %d\" joins those of any process", (int)prog->pid);
    refuse("the first process of %s has another root than its program: these namespaces are not to be joined",
           container->name);
}

/* Finds the process whose namespaces are joined: the first one, when PROG is there and the chain is over, since
 * before it has changed the root that is the host's. */
static struct process find_target(const struct container *container)
{
    struct process first, prog;
    find_first_process(container, &first, &prog);
    if (find_stage_program(prog.name)) {
        hint("try again when PROG runs");
        refuse("the container %s is still being made: process %d is %s", container->name,
               (int)prog.pid, prog.name);
    }
    if (is_frozen(container, &first)) {
        hint("\"ctr-resume %s\" lets it go on", container->name);
        refuse("the container %s is paused", container->name);
    }
    need_same_root(container, &first, &prog);
    return first;
}

/* Returns whether there is a PID namespace among them, in which PROG is to be started. */
static int add_namespaces(struct composition *chain, const struct process *target)
{
    static char process[48], letters[24] = "-";
    for (const struct namespace *kind = namespaces; kind->name; kind++)
        if (is_other_namespace(target->pid, kind->letter))
            letters[strlen(letters)] = kind->letter;
    snprintf(process, sizeof process, "%d:%" PRIu64, (int)target->pid, target->start);
    if (!letters[1])
        return 0;
    add_stage(chain, "ns-enter");
    add_option(chain, "--target", process);
    if (strchr(letters, 'p'))
        add(chain, "--no-fork");
    add(chain, letters);
    return strchr(letters, 'p') != NULL;
}

/* What a stage of the chain means to one that comes later. */
enum meaning {
    MADE,     /* a namespace, a mount: it is there */
    STATE,    /* of the process: done again */
    IDENTITY, /* the same, and --user stands for it */
    PLACE,    /* the same, and --cwd stands for it */
    LOCK      /* the same, unless --privileged */
};

static enum meaning meaning_of(const char *stage)
{
    static const struct {
        const char *stage;
        enum meaning meaning;
    } meanings[] = {
        {"env-set", STATE}, {"res-limit", STATE}, {"id-set", IDENTITY}, {"cwd-set", PLACE},
        {"cap-keep", LOCK}, {"priv-lock", LOCK},  {"fs-allow", LOCK},   {"sys-filter", LOCK},
    };
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strcmp(meanings[i].stage, stage) == 0)
            return meanings[i].meaning;
    return MADE;
}

/* A policy that was read from a file inside is whatever the container has made of that meanwhile. */
static void refuse_policy_files(char **words, char **end)
{
    if (strcmp(words[0], "sys-filter") != 0)
        return;
    for (char **word = words; word < end; word++)
        if (strncmp(*word, "--file", 6) == 0 || strncmp(*word, "--bpf", 5) == 0) {
            hint("--privileged leaves out all locks; minictr --sys-filter FILE keeps the rules themselves");
            refuse("the policy of the container's sys-filter was a file: %s cannot be done again", *word);
        }
}

static void add_words(struct composition *chain, const struct program *stage, char **words, char **end)
{
    int count;
    enum operands operands = operands_of(stage, &count);
    add_stage(chain, words[0]);
    while (++words < end)
        add(chain, *words);
    chain->takes_pairs = operands == PAIRS;
    chain->has_operand = operands == OPERANDS || strcmp(end[-1], "--") == 0;
}

static void add_user(struct composition *chain)
{
    if (!given.user)
        return;
    add_stage(chain, "id-set");
    add(chain, "--env");
    add_operand(chain, given.user);
    given.user = NULL;
}

/* Before the first lock: what takes power. */
static void add_powerful(struct composition *chain)
{
    add_user(chain);
    if (given.tty)
        add_stage(chain, "tty-pty");
    given.tty = 0;
}

/* Behind all that is recorded: what would undo these, and whom a relative path would lead elsewhere. */
static void add_last(struct composition *chain)
{
    if (given.cwd) {
        add_stage(chain, "cwd-set");
        add_operand(chain, given.cwd);
    }
    if (given.variable_count)
        add_stage(chain, "env-set");
    for (int i = 0; i < given.variable_count; i++)
        add_pair(chain, given.variables[i]);
}

static int has_stage(char **words, const char *name)
{
    const struct program *stage;
    for (; *words && (stage = find_stage_program(*words)); words = behind_stage(stage, words))
        if (strcmp(*words, name) == 0)
            return 1;
    return 0;
}

/* Adds what the recorded chain did to the process, from its first stage to the one before PROG. */
static void add_recorded(struct composition *chain, char **words, const char *name)
{
    const int has_user = given.user != NULL, is_weak = has_user && !names_root(given.user);
    const struct program *stage;
    if (!has_stage(words, "root-setup")) {
        hint("\"ns-enter --target PID\" joins the namespaces of any process");
        refuse("the chain that made %s left the stages before it had a root of its own: what it locked is not known",
               name);
    }
    for (char **end; *words && (stage = find_stage_program(*words)); words = end) {
        end = behind_stage(stage, words);
        enum meaning meaning = meaning_of(*words);
        if (meaning == MADE || (meaning == LOCK && given.privileged))
            continue;
        /* A relative path of fs-allow begins there. */
        if (meaning == PLACE && given.cwd && !has_stage(words, "fs-allow"))
            continue;
        if (meaning == IDENTITY && has_user) {
            add_user(chain);
            continue;
        }
        if (meaning == LOCK) {
            add_powerful(chain);
            refuse_policy_files(words, end);
        }
        if (is_weak && strcmp(*words, "cap-keep") == 0) {
            add_stage(chain, *words);
            add_operand(chain, "none");
            continue;
        }
        add_words(chain, stage, words, end);
    }
    add_powerful(chain);
    add_last(chain);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct containers all;
    struct container container;
    read_options(&words, argc);
    const char *name = read_name_operand(next_operand(&words, "NAME"));
    char **rest = next_program(&words);

    find_containers(&all, given.parent);
    need_container(&container, &all, name);
    struct process target = find_target(&container);
    char **recorded = recorded_chain(&container);
    if (!recorded)
        refuse("no chain is kept with the container %s: it was not made by %s, or is longer than 64 KiB",
               name, is_host_root() ? "root" : "this user");

    struct composition composed = {0};
    add_stage(&composed, "fd-close");
    if (given.tty)
        add_stage(&composed, "tty-relay");
    add_stage(&composed, "cg-join");
    add_option(&composed, "--parent", given.parent);
    add_operand(&composed, name);
    int has_pids = add_namespaces(&composed, &target);
    add_recorded(&composed, recorded, name);
    if (has_pids)
        add_stage(&composed, "pid-fork");
    add_program(&composed, rest);
    if (given.print)
        print_stages(&composed);
    if (given.prints)
        print_chain(&composed);
    chain(composed.words);
}
