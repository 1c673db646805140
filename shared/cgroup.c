#include "cgroup.h"

#include "chain.h"
#include "kernel.h"
#include "message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char base_name[] = "minictr";
static const char *const controllers[CGROUP_CONTROLLERS] = {"memory", "pids"};

/* Says whether WORD stands in a list with these separators. */
static int lists(const char *list, const char *separators, const char *word)
{
    size_t length = strlen(word);
    while (*list) {
        size_t item = strcspn(list, separators);
        if (item == length && strncmp(list, word, length) == 0)
            return 1;
        list += item + (list[item] != '\0');
    }
    return 0;
}

/* Reads a small file below DIRECTORY; returns how many bytes, or -1 and errno. */
static ssize_t read_file(int directory, const char *path, char *text, size_t size)
{
    int file = open_at(directory, path, O_RDONLY);
    if (file < 0)
        return -1;
    ssize_t length = read(file, text, size - 1);
    int error = errno;
    close(file);
    errno = error;
    text[length < 0 ? 0 : length] = '\0';
    return length;
}

/* Writes a value to a file below DIRECTORY in one write(2); returns 0, or -1 and errno. */
static int write_file(int directory, const char *path, const char *value)
{
    int file = open_at(directory, path, O_WRONLY);
    if (file < 0)
        return -1;
    ssize_t length = write(file, value, strlen(value));
    int error = errno;
    close(file);
    errno = error;
    return length < 0 ? -1 : 0;
}

static const char *in_group(char *path, const struct cgroup *group, const char *file)
{
    snprintf(path, PATH_MAX, "%s/%s", group->name, file);
    return path;
}

/* Decodes the octal escapes of mountinfo (proc(5)) in place. */
static void decode(char *text)
{
    char *to = text;
    for (char *from = text; *from; from++)
        if (from[0] == '\\' && from[1] && from[2] && from[3]) {
            *to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 3;
        } else {
            *to++ = *from;
        }
    *to = '\0';
}

/* Adds a hierarchy when it has a controller that none before it had. */
static void add_place(struct cgroup *group, const char *type, const char *mount,
                      const char *settings)
{
    char path[PATH_MAX], list[512] = "";
    int version = strcmp(type, "cgroup2") == 0 ? 2 : 1;
    struct cgroup_place place = {.version = version, .base = -1};
    int useful = 0;

    if (strlen(mount) >= sizeof place.mount - 64)
        return;
    strcpy(place.mount, mount);
    if (version == 2) {
        snprintf(path, sizeof path, "%s/cgroup.controllers", mount);
        if (read_file(AT_FDCWD, path, list, sizeof list) < 0)
            return;
        settings = list;
    }
    for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
        int known = 0;
        for (int j = 0; j < group->count; j++)
            known |= group->places[j].has[i];
        place.has[i] = !known && lists(settings, version == 2 ? " \n" : ",\n", controllers[i]);
        useful |= place.has[i];
    }
    if (useful)
        group->places[group->count++] = place;
}

static void hint_at_order(void)
{
    int error = errno;
    if (chain_kept_stages() >= 0)
        hint("put this stage before root-setup");
    errno = error;
}

static void find_places(struct cgroup *group)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    int mounted = 0;

    if (!file) {
        hint_at_order();
        fail("cannot find the control groups: /proc/self/mountinfo");
    }
    while (group->count < CGROUP_CONTROLLERS && getline(&line, &size, file) > 0) {
        /* ID PARENT DEVICE ROOT MOUNT-POINT OPTIONS [TAG...] - TYPE SOURCE SETTINGS */
        char *rest = strstr(line, " - "), *mount = line;
        if (!rest || strncmp(rest + 3, "cgroup", 6) != 0)
            continue;
        *rest = '\0';
        for (int i = 0; i < 4 && mount; i++)
            mount = strchr(mount + (i > 0), ' ');
        strtok(rest + 3, " ");
        strtok(NULL, " ");
        char *settings = strtok(NULL, "\n");
        if (!mount || !settings)
            continue;
        mount[1 + strcspn(mount + 1, " ")] = '\0';
        decode(mount + 1);
        mounted = 1;
        add_place(group, rest + 3, mount + 1, settings);
    }
    free(line);
    fclose(file);
    if (!mounted) {
        hint_at_order();
        refuse("no cgroup file system is mounted");
    }
    /* They are locked one after the other: everyone must do so in the same order. */
    if (group->count == 2 && group->places[1].has[CGROUP_MEMORY]) {
        struct cgroup_place first = group->places[1];
        group->places[1] = group->places[0];
        group->places[0] = first;
    }
}

/* Says whether the descriptor still is the directory of that name, and not one that was removed. */
static int is_in_tree(int base)
{
    struct stat own, named;
    return fstat(base, &own) == 0 && fstatat(base, "../minictr", &named, 0) == 0 &&
           own.st_ino == named.st_ino && own.st_dev == named.st_dev;
}

/* Opens minictr in a hierarchy, making it when missing; returns 0, or -1 and errno. Only its owner
 * may read it: who can open a directory can lock it, and keep everyone waiting. */
static int open_base(struct cgroup_place *place)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", place->mount, base_name);
    for (int tries = 0; tries < 1000; tries++) {
        if (mkdir(path, 0711) < 0 && errno != EEXIST)
            return -1;
        place->base = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
        if (place->base >= 0 || errno != ENOENT)
            break; /* else somebody removed it in between */
    }
    return place->base < 0 ? -1 : 0;
}

static void unlock(const struct cgroup *group)
{
    for (int i = 0; i < group->count; i++)
        flock(group->places[i].base, LOCK_UN);
}

/* On v2 a group has a controller only when its parents pass it on. A refusal shows when the limit
 * is set. */
static void pass_on_controllers(const struct cgroup_place *place)
{
    char word[32];
    for (int i = 0; place->version == 2 && i < CGROUP_CONTROLLERS; i++)
        if (place->has[i]) {
            snprintf(word, sizeof word, "+%s", controllers[i]);
            write_file(place->base, "../cgroup.subtree_control", word);
            write_file(place->base, "cgroup.subtree_control", word);
        }
}

static void random_name(char *name)
{
    uint32_t number;
    if (getrandom(&number, sizeof number, 0) < 0)
        fail("cannot make up a name for the control group");
    snprintf(name, sizeof(((struct cgroup *)0)->name), "%08x", number);
}

/* Makes the directories; returns NULL, or the place that failed and errno, with none of them left. */
static const struct cgroup_place *make_directories(struct cgroup *group)
{
    for (int i = 0; i < group->count; i++) {
        const struct cgroup_place *failed = &group->places[i];
        int base = group->places[i].base;
        int made = mkdirat(base, group->name, 0755);
        /* An empty group of that name is what kill -9 leaves: nobody is starting it now, for we
         * have the lock. One that is in use cannot be removed. */
        if (made < 0 && errno == EEXIST && unlinkat(base, group->name, AT_REMOVEDIR) == 0)
            made = mkdirat(base, group->name, 0755);
        if (made == 0)
            continue;
        int error = errno == EBUSY || errno == ENOTEMPTY ? EEXIST : errno;
        while (i-- > 0)
            unlinkat(group->places[i].base, group->name, AT_REMOVEDIR);
        errno = error;
        return failed;
    }
    return NULL;
}

/* Lets go of minictr, and removes it where it is empty. Keeps errno. */
static void close_bases(struct cgroup *group)
{
    int error = errno;
    for (int i = 0; i < group->count; i++) {
        if (group->places[i].base < 0)
            continue;
        unlinkat(group->places[i].base, "../minictr", AT_REMOVEDIR);
        close(group->places[i].base);
        group->places[i].base = -1;
    }
    errno = error;
}

static _Noreturn void blame_place(struct cgroup *group, const char *what,
                                  const struct cgroup_place *place)
{
    close_bases(group);
    fail("cannot %s the control group %s/%s", what, place->mount, base_name);
}

static void lock_base(struct cgroup *group, struct cgroup_place *place)
{
    for (;;) {
        if (open_base(place) < 0)
            blame_place(group, "make", place);
        if (flock(place->base, LOCK_EX) < 0)
            blame_place(group, "lock", place);
        if (is_in_tree(place->base))
            return;
        close(place->base);
        place->base = -1;
    }
}

static void make_group(struct cgroup *group, const char *name)
{
    const struct cgroup_place *failed;

    for (int tries = 0;; tries++) {
        for (int i = 0; i < group->count; i++)
            lock_base(group, &group->places[i]);
        for (int i = 0; i < group->count; i++)
            pass_on_controllers(&group->places[i]);
        if (name)
            strcpy(group->name, name);
        else
            random_name(group->name);
        failed = make_directories(group);
        if (!failed)
            return;
        close_bases(group);
        /* Whoever removed the last group of minictr removed that as well: begin anew. */
        int gone = errno == ENOENT || errno == ENODEV;
        if (tries == 100 || !(gone || (errno == EEXIST && !name)))
            break;
    }
    if (errno == ENOTDIR)
        refuse("the name %s is in use: %s/%s/%s is a file of the kernel's", group->name,
               failed->mount, base_name, group->name);
    if (errno == EEXIST)
        refuse("the name %s is in use: %s/%s/%s is a control group with processes", group->name,
               failed->mount, base_name, group->name);
    fail("cannot make the control group %s/%s/%s", failed->mount, base_name, group->name);
}

static struct cgroup_place *place_of(struct cgroup *group, int controller)
{
    for (int i = 0; i < group->count; i++)
        if (group->places[i].has[controller])
            return &group->places[i];
    refuse("no mounted cgroup hierarchy has the controller %s", controllers[controller]);
}

void cgroup_make(struct cgroup *group, const char *name, const struct cgroup_limit *limits,
                 int count)
{
    char path[PATH_MAX];

    *group = (struct cgroup){0};
    find_places(group);
    for (int i = 0; i < count; i++)
        place_of(group, limits[i].controller);
    if (group->count == 0)
        refuse("no mounted cgroup hierarchy has the controller memory or pids");
    make_group(group, name);
    for (int i = 0; i < count; i++) {
        struct cgroup_place *place = place_of(group, limits[i].controller);
        const char *file = place->version == 2 ? limits[i].v2_file : limits[i].v1_file;
        const char *value = place->version == 2 ? limits[i].v2_value : limits[i].v1_value;
        if (write_file(place->base, in_group(path, group, file), value) == 0 ||
            (errno == ENOENT && limits[i].optional))
            continue;
        int error = errno;
        cgroup_remove(group);
        errno = error;
        fail("cannot limit the control group: writing %s to %s/%s/%s", value,
             place->mount, base_name, path);
    }
}

void cgroup_enter(const struct cgroup *group)
{
    char path[PATH_MAX];
    for (int i = 0; i < group->count; i++)
        if (write_file(group->places[i].base, in_group(path, group, "cgroup.procs"), "0") < 0)
            fail("cannot enter the control group %s/%s/%s", group->places[i].mount, base_name,
                 group->name);
    unlock(group);
}

/* Returns whether the group that DIRECTORY refers to lists the process. */
static int has_process(int directory, pid_t pid)
{
    int file = open_at(directory, "cgroup.procs", O_RDONLY);
    FILE *list = file < 0 ? NULL : fdopen(file, "r");
    int listed, found = 0;
    while (list && !found && fscanf(list, "%d", &listed) == 1)
        found = listed == pid;
    if (list)
        fclose(list);
    return found;
}

/*
 * Kills the processes of one group. Without cgroup.kill a number may have passed to a stranger since
 * it was read: so the process is pinned by a pidfd first, and signalled only when the group lists
 * the number still, which is then its own.
 */
static void kill_members(int directory)
{
    if (write_file(directory, "cgroup.kill", "1") == 0)
        return;
    int file = open_at(directory, "cgroup.procs", O_RDONLY);
    FILE *list = file < 0 ? NULL : fdopen(file, "r");
    int pid;
    while (list && fscanf(list, "%d", &pid) == 1) {
        int process = pid > 0 ? pidfd_open_of(pid) : -1;
        if (process >= 0 && has_process(directory, pid))
            pidfd_signal(process, SIGKILL);
        close(process);
    }
    if (list)
        fclose(list);
}

/* Kills and removes a group with all below it; returns 0, or -1 and errno of the last try. */
static int remove_tree(int parent, const char *name)
{
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    int directory = open_at(parent, name, O_RDONLY | O_DIRECTORY);
    if (directory < 0)
        return -1;
    kill_members(directory);
    DIR *list = fdopendir(directory);
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_tree(directory, entry->d_name);
    if (list)
        closedir(list);
    return unlinkat(parent, name, AT_REMOVEDIR);
}

/* Removes minictr itself; when it is not empty, the empty groups in it that kill -9 left behind. */
static void sweep_place(const struct cgroup_place *place)
{
    static const char self[] = "../minictr";
    if (unlinkat(place->base, self, AT_REMOVEDIR) == 0)
        return;
    int again = open_at(place->base, ".", O_RDONLY | O_DIRECTORY);
    DIR *list = again < 0 ? NULL : fdopendir(again);
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            unlinkat(place->base, entry->d_name, AT_REMOVEDIR);
    if (list)
        closedir(list);
    unlinkat(place->base, self, AT_REMOVEDIR);
}

/* Sweeps where nobody is just making a group. */
static void sweep(const struct cgroup *group)
{
    for (int i = 0; i < group->count; i++) {
        const struct cgroup_place *place = &group->places[i];
        if (flock(place->base, LOCK_EX | LOCK_NB) < 0)
            continue;
        if (is_in_tree(place->base))
            sweep_place(place);
        flock(place->base, LOCK_UN);
    }
}

void cgroup_remove(const struct cgroup *group)
{
    unlock(group);
    for (int i = 0; i < group->count; i++) {
        struct timespec pause = {.tv_nsec = 1000000};
        int tries = 0;
        while (remove_tree(group->places[i].base, group->name) < 0 && ++tries < 200) {
            nanosleep(&pause, NULL);
            if (pause.tv_nsec < 50000000)
                pause.tv_nsec *= 2;
        }
        if (tries == 200)
            complain("cannot remove the control group %s/%s/%s", group->places[i].mount,
                     base_name, group->name);
    }
    sweep(group);
}
