#include "compare.h"

#include "grow.h"
#include "kernel.h"
#include "message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    void (*report)(char change, const char *path);
} walk;

static const char *path_for_people(void)
{
    return *walk.path ? walk.path : "/";
}

static void report(char change)
{
    walk.report(change, path_for_people());
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
    level->text = grow_to(level->text, &level->room, level->length + 1 + size);
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
    size_t count = 0, room = 0;
    char *text = level->text;
    level->names = grow_to(NULL, &room, (level->count + 1) * sizeof *level->names);
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
    walk.levels = grow_to(walk.levels, &walk.room, (walk.depth + 1) * sizeof *walk.levels);
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
    walk.path = grow_to(walk.path, &walk.path_room, length + 1 + size);
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
        report('C');
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
        report('D');
    if (!is_there || (was_there && is_untouched(&view, &lower)))
        return;
    if (was_there && S_ISDIR(view.st_mode) && S_ISDIR(lower.st_mode)) {
        compare_directories(level, name, has_other_attributes(&view, &lower) || has_other_time(&view, &lower));
        return;
    }
    report(was_there ? 'C' : 'A');
    if (S_ISDIR(view.st_mode))
        show_new_directory(level, name);
}

/* Of the root itself the time says nothing: that of the overlay is new. */
int compare_trees(int view_root, int lower_root, void (*with)(char change, const char *path))
{
    struct place view, lower;
    struct stat view_status, lower_status;
    walk.report = with;
    walk.is_cut = 0;
    set_path(0, "");
    *walk.path = '\0';
    if (!enter(&view, &(struct place){.fd = view_root}, ".") || fstat(view.fd, &view_status) < 0 ||
        !enter(&lower, &(struct place){.fd = lower_root}, ".") || fstat(lower.fd, &lower_status) < 0)
        fail("cannot open the root");
    if (has_other_attributes(&view_status, &lower_status))
        report('C');
    descend(view, lower);
    while (walk.depth > 0) {
        struct level *level = &walk.levels[walk.depth - 1];
        if (level->next < level->count)
            compare(level, level->names[level->next++]);
        else
            ascend_from(level);
    }
    return !walk.is_cut;
}
