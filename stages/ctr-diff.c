/* ctr-diff: what a container has changed in its root. */
#include "compare.h"
#include "container.h"
#include "grammar.h"
#include "grow.h"
#include "json.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "overlay.h"
#include "process.h"
#include "quote.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { JSON = 256, PARENT };

static const struct option options[] = {
    {JSON, "json", NULL, "print an array of JSON"},
    {PARENT, PARENT_OPTION},
    {0},
};

static const struct program program = {
    "ctr-diff",
    "[OPTION...] NAME",
    "Show what a container has changed in its root: A, C or D, added, changed or deleted, and\n"
    "the path",
    options,
};

/* Nothing is opened in either tree but directories, and nothing can be changed. */
enum { LOOK_ONLY = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static struct {
    FILE *stream;
    char *text;
    size_t length;
    int json, count;
    char *line;
    size_t room;
} out;

static void open_output(void)
{
    out.stream = open_memstream(&out.text, &out.length);
    if (!out.stream)
        fail("cannot show the changes");
}

static void flush_output(void)
{
    if (fclose(out.stream) != 0)
        fail("cannot show the changes");
    say(out.text);
    free(out.text);
}

/* A tree can be so deep that all its paths have no room in memory: they are written as they come. */
static void print(char change, const char *path)
{
    size_t length = strlen(path);
    out.line = grow_to(out.line, &out.room, 6 * length + 16);
    if (out.json) {
        out.line[add_json_text(out.line, 0, out.room, path, length)] = '\0';
        fprintf(out.stream, "%s{\"change\":\"%c\",\"path\":\"%s\"}", out.count ? ",\n " : "", change, out.line);
    } else {
        quote_line(out.line, out.room, path);
        fprintf(out.stream, "%c %s\n", change, out.line);
    }
    out.count++;
    if (ftell(out.stream) < 65536)
        return;
    flush_output();
    open_output();
}

/* The first process, pinned, and a process of the container still; whether a stage of the chain runs in it. */
struct target {
    int pidfd;
    pid_t pid;
    int is_being_made;
};

static struct target find_target(const struct container *container)
{
    struct processes processes = {0};
    struct process first, prog;
    find_first_process(container, &first, &prog);
    struct target target = {.pid = first.pid, .is_being_made = find_stage_program(prog.name) != NULL};
    target.pidfd = pin_process(target.pid, first.start);
    /* Its number may have passed to a stranger before its start was read. */
    read_processes(container, &processes);
    for (int i = 0; target.pidfd >= 0 && i < processes.count; i++)
        if (processes.list[i].pid == target.pid && processes.list[i].start == first.start)
            return target;
    refuse("the container %s has ended", container->name);
}

/* Returns the root of the container's mount namespace as a mount of its own, without what is mounted in it. Nothing
 * that its processes make of their own root matters. */
static int copy_root(const struct target *target, const char *name)
{
    int own = open_at(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY);
    if (own < 0 || setns(target->pidfd, CLONE_NEWNS) < 0) {
        if (errno == EPERM && geteuid() != 0)
            hint("only root can, and of a container that root has started");
        fail("cannot enter the mount namespace of %s", name);
    }
    int root = clone_tree(-1, "/", 0);
    if (root < 0 && errno == EINVAL && clone_tree(-1, "/", 1) >= 0)
        hint("what is mounted in it from outside of its user namespace is locked to its place (--userns with --bind)");
    if (root < 0 || add_mount_flags(root, LOOK_ONLY, 0) < 0)
        fail("cannot open the root of %s", name);
    if (setns(own, CLONE_NEWNS) < 0)
        fail("cannot leave the mount namespace of %s", name);
    close(own);
    return root;
}

static _Noreturn void refuse_root(const struct target *target, const char *name)
{
    if (target->is_being_made) {
        hint("try again when PROG runs");
        refuse("the container %s is still being made", name);
    }
    hint("\"minictr --ephemeral\" makes one, or mnt-overlay in a chain");
    refuse("the root of %s is no overlay: what it changes is not kept apart", name);
}

/* Returns the tree below the overlay, as it is without it. */
static int open_lower(int root, const struct target *target, const char *name)
{
    enum { OVERLAYFS = 0x794c7630 }; /* statfs(2) */
    struct statfs system;
    size_t length;
    int layers[LAYERS];
    int directory = open_at(root, ".", O_RDONLY | O_DIRECTORY);
    if (directory < 0 || fstatfs(directory, &system) < 0)
        fail("cannot open the root of %s", name);
    char *text = system.f_type == OVERLAYFS ? recorded_layers(directory, &length) : NULL;
    if (system.f_type != OVERLAYFS || (!text && target->is_being_made))
        refuse_root(target, name);
    if (!text)
        refuse("the layers of the root of %s are not known: mnt-overlay has not kept them", name);
    close(directory);
    int count = open_recorded_layers(text, length, layers);
    int lower = count > 1 ? make_overlay(layers, count, -1, -1, LOOK_ONLY, "the layers")
                          : clone_tree(layers[0], NULL, 0);
    if (lower < 0 || (count == 1 && add_mount_flags(lower, LOOK_ONLY, 0) < 0))
        fail("cannot open what is below the root of %s", name);
    while (count > 0)
        close(layers[--count]);
    return lower;
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct containers all;
    struct container container;
    const char *parent = NULL;
    for (int letter; (letter = next_option(&words));)
        if (letter == JSON)
            out.json = 1;
        else
            parent = read_group(words.option, words.value);
    const char *name = read_name_operand(next_operand(&words, "NAME"));
    no_more_words(&words);

    find_containers(&all, parent);
    need_container(&container, &all, name);
    struct target target = find_target(&container);
    if (!is_other_namespace(target.pid, 'm'))
        refuse_root(&target, name);
    int root = copy_root(&target, name);
    int lower = open_lower(root, &target, name);
    open_output();
    if (out.json)
        fputc('[', out.stream);
    int is_whole = compare_trees(root, lower, print);
    if (out.json)
        fputs("]\n", out.stream);
    flush_output();
    if (is_whole)
        return 0;
    hint("\"ctr-pause %s\" holds it still", name);
    refuse("parts of the root were moved while they were read, and are left out");
}
