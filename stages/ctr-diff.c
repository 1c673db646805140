/* ctr-diff: what a container has changed in its root. */
#include "compose.h"
#include "container.h"
#include "grammar.h"
#include "json.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "overlay.h"
#include "process.h"
#include "quote.h"
#include "value.h"
#include "words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

enum { OPEN = 100 }; /* so many levels keep their directories open; below them only the last one does */

/* A directory of one of the two trees. */
struct place {
    int fd;    /* O_PATH; -1: there is none, or it is not open now */
    dev_t device;
    ino_t inode;
};

/* A directory that is being compared. */
struct level {
    struct place view, lower; /* as the container has it, and as it was */
    char *text;               /* the names in both, each with a byte of IN_* before it and a zero behind */
    size_t length, room;
    char **names; /* sorted */
    size_t count, next;
    size_t path; /* how long that of the directory is */
};

enum { IN_VIEW = 1, IN_LOWER = 2 };

static struct {
    struct level *levels;
    size_t depth, room;
    char *path; /* from the root, "" for that */
    size_t path_room;
    int is_cut; /* something could not be found again */
} walk;

static struct {
    FILE *stream;
    char *text;
    size_t length;
    int json, count;
    char *line;
    size_t room;
} out;

/* Returns LIST with room for COUNT bytes at least. */
static void *grow(void *list, size_t *room, size_t count)
{
    if (count <= *room)
        return list;
    *room = count < 256 ? 512 : 2 * count;
    list = realloc(list, *room);
    if (!list)
        fail("cannot compare the root");
    return list;
}

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

static const char *path_for_people(void)
{
    return *walk.path ? walk.path : "/";
}

/* A tree can be so deep that all its paths have no room in memory: they are written as they come. */
static void print(char change)
{
    const char *path = path_for_people();
    size_t length = strlen(path);
    out.line = grow(out.line, &out.room, 6 * length + 16);
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

/* The container goes on while it is looked at. */
static int is_gone(void)
{
    return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ESTALE;
}

/* Looks at a name of a directory, and follows no link. Returns whether it is there: in a layer, a character device
 * 0:0 says that it is not. */
static int look(const struct place *directory, const char *name, struct stat *status)
{
    if (fstatat(directory->fd, name, status, AT_SYMLINK_NOFOLLOW) == 0)
        return !S_ISCHR(status->st_mode) || status->st_rdev != 0;
    if (!is_gone())
        fail("cannot look at %s", path_for_people());
    return 0;
}

/* Opens a directory: no link, and no device or FIFO even for a moment (O_PATH, O_DIRECTORY). Names have no slash, and
 * nothing is mounted in the two trees. Returns whether it is there. */
static int enter(struct place *place, const struct place *above, const char *name)
{
    struct stat status;
    place->fd = open_at(above->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (place->fd < 0 && is_gone())
        return 0;
    if (place->fd < 0 || fstat(place->fd, &status) < 0)
        fail("cannot open %s", path_for_people());
    place->device = status.st_dev;
    place->inode = status.st_ino;
    return 1;
}

static void leave_place(struct place *place)
{
    if (place->fd >= 0)
        close(place->fd);
    place->fd = -1;
}

/* Opens PLACE again from a directory in it, unless that was moved elsewhere. */
static void enter_again(struct place *place, const struct place *below)
{
    struct place found;
    if (place->fd >= 0 || below->fd < 0 || !enter(&found, below, ".."))
        return;
    if (found.device == place->device && found.inode == place->inode)
        place->fd = found.fd;
    else
        close(found.fd);
}

static void add_name(struct level *level, const char *name, char in)
{
    size_t size = strlen(name) + 1;
    level->text = grow(level->text, &level->room, level->length + 1 + size);
    level->text[level->length] = in;
    memcpy(level->text + level->length + 1, name, size);
    level->length += 1 + size;
    level->count++;
}

static void read_names(struct level *level, const struct place *place, char in)
{
    struct dirent *entry;
    struct stat status;
    int again = open_at(place->fd, ".", O_RDONLY | O_DIRECTORY);
    DIR *list = again < 0 ? NULL : fdopendir(again);
    while (list && (errno = 0, entry = readdir(list))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (in == IN_LOWER && (entry->d_type == DT_CHR || entry->d_type == DT_UNKNOWN) &&
            !look(place, entry->d_name, &status))
            continue;
        add_name(level, entry->d_name, in);
    }
    if (errno && !is_gone())
        fail("cannot read %s", path_for_people());
    if (list)
        closedir(list);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the names, and makes one of two that are the same. */
static void sort_names(struct level *level)
{
    size_t count = 0;
    char *text = level->text;
    level->names = allocate(level->count + 1, sizeof *level->names);
    for (size_t i = 0; i < level->count; i++, text += strlen(text) + 1)
        level->names[i] = text + 1;
    if (level->count)
        qsort(level->names, level->count, sizeof *level->names, by_name);
    for (size_t i = 0; i < level->count; i++)
        if (count && strcmp(level->names[count - 1], level->names[i]) == 0)
            level->names[count - 1][-1] = (char)(level->names[count - 1][-1] | level->names[i][-1]);
        else
            level->names[count++] = level->names[i];
    level->count = count;
}

static int has_other_names(const struct level *level)
{
    for (size_t i = 0; i < level->count; i++)
        if (level->names[i][-1] != (IN_VIEW | IN_LOWER))
            return 1;
    return 0;
}

/* Adds a level for the directory that the path names, in the container's tree and, or with a fd of -1 not, in that
 * of before. */
static struct level *descend(struct place view, struct place lower)
{
    walk.levels = grow(walk.levels, &walk.room, (walk.depth + 1) * sizeof *walk.levels);
    struct level *level = &walk.levels[walk.depth++];
    *level = (struct level){.view = view, .lower = lower, .path = strlen(walk.path)};
    if (walk.depth > OPEN) {
        leave_place(&level[-1].view);
        if (lower.fd >= 0)
            leave_place(&level[-1].lower);
    }
    read_names(level, &view, IN_VIEW);
    if (lower.fd >= 0)
        read_names(level, &lower, IN_LOWER);
    sort_names(level);
    return level;
}

static void ascend_from(struct level *level)
{
    struct level *above = level - 1;
    free(level->text);
    free(level->names);
    if (--walk.depth > 0) {
        enter_again(&above->view, &level->view);
        enter_again(&above->lower, &level->lower);
        /* A level that had both has them again, or neither is of use. */
        if (above->view.fd < 0 || (above->lower.inode && above->lower.fd < 0)) {
            walk.is_cut |= above->next < above->count;
            above->next = above->count;
        }
    }
    leave_place(&level->view);
    leave_place(&level->lower);
}

/* What was made or written to, or is another one, has another time of change than that of before: a copy is made
 * of it first, and nobody sets that time. Of a directory a copy is made before one of anything in it. */
static int is_untouched(const struct stat *view, const struct stat *lower)
{
    return view->st_mode == lower->st_mode && view->st_ctim.tv_sec == lower->st_ctim.tv_sec &&
           view->st_ctim.tv_nsec == lower->st_ctim.tv_nsec;
}

static int has_other_attributes(const struct stat *view, const struct stat *lower)
{
    return view->st_mode != lower->st_mode || view->st_uid != lower->st_uid || view->st_gid != lower->st_gid;
}

static int has_other_time(const struct stat *view, const struct stat *lower)
{
    return view->st_mtim.tv_sec != lower->st_mtim.tv_sec || view->st_mtim.tv_nsec != lower->st_mtim.tv_nsec;
}

static void set_path(size_t length, const char *name)
{
    size_t size = strlen(name) + 1;
    walk.path = grow(walk.path, &walk.path_room, length + 1 + size);
    walk.path[length] = '/';
    memcpy(walk.path + length + 1, name, size);
}

/* A directory that is in both: it has changed when its list of names has. */
static void compare_directories(const struct level *level, const char *name, int is_changed)
{
    struct place view, lower;
    if (!enter(&view, &level->view, name))
        return;
    if (!enter(&lower, &level->lower, name))
        lower = (struct place){.fd = -1};
    if (has_other_names(descend(view, lower)) || is_changed)
        print('C');
}

static void show_new_directory(const struct level *level, const char *name)
{
    struct place view;
    if (enter(&view, &level->view, name))
        descend(view, (struct place){.fd = -1});
}

static void compare(const struct level *level, const char *name)
{
    struct stat view, lower;
    int is_there, was_there;
    set_path(level->path, name);
    is_there = name[-1] & IN_VIEW && look(&level->view, name, &view);
    was_there = name[-1] & IN_LOWER && look(&level->lower, name, &lower);
    if (!is_there && was_there)
        print('D');
    if (!is_there || (was_there && is_untouched(&view, &lower)))
        return;
    if (was_there && S_ISDIR(view.st_mode) && S_ISDIR(lower.st_mode)) {
        compare_directories(level, name, has_other_attributes(&view, &lower) || has_other_time(&view, &lower));
        return;
    }
    print(was_there ? 'C' : 'A');
    if (S_ISDIR(view.st_mode))
        show_new_directory(level, name);
}

/* Of the root itself the time says nothing: that of the overlay is new. */
static void compare_roots(int view_root, int lower_root)
{
    struct place view, lower;
    struct stat view_status, lower_status;
    set_path(0, "");
    *walk.path = '\0';
    if (!enter(&view, &(struct place){.fd = view_root}, ".") || fstat(view.fd, &view_status) < 0 ||
        !enter(&lower, &(struct place){.fd = lower_root}, ".") || fstat(lower.fd, &lower_status) < 0)
        fail("cannot open the root");
    if (has_other_attributes(&view_status, &lower_status))
        print('C');
    descend(view, lower);
    while (walk.depth > 0) {
        struct level *level = &walk.levels[walk.depth - 1];
        if (level->next < level->count)
            compare(level, level->names[level->next++]);
        else
            ascend_from(level);
    }
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
    if (own < 0 || setns(target->pidfd, CLONE_NEWNS) < 0)
        fail("cannot enter the mount namespace of %s", name);
    int root = clone_tree(-1, "/", 0);
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
    free(text);
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
    compare_roots(root, lower);
    if (out.json)
        fputs("]\n", out.stream);
    flush_output();
    if (!walk.is_cut)
        return 0;
    hint("\"ctr-pause %s\" holds it still", name);
    refuse("parts of the root were moved while they were read, and are left out");
}
