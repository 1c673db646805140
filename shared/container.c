#include "container.h"

#include "closest.h"
#include "file.h"
#include "grow.h"
#include "kernel.h"
#include "message.h"
#include "value.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 5 }; /* to find a lock in what the kernel shows of all: who reads that may miss one */

struct lock { /* an exclusive flock(2): who has it, on what */
    dev_t device;
    ino_t inode;
    pid_t holder;
};

static void read_locks(struct containers *all)
{
    struct lines lines;
    struct lock lock;
    unsigned major, minor;
    unsigned long long inode;
    all->lock_count = 0;
    if (!open_lines(&lines, AT_FDCWD, "/proc/locks"))
        fail("cannot find the supervisors: /proc/locks");
    for (char *line; (line = next_line(&lines));) {
        /* NUMBER: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE START END */
        if (sscanf(line, "%*s FLOCK %*s WRITE %d %x:%x:%llu", &lock.holder, &major, &minor,
                   &inode) != 4)
            continue;
        lock.device = makedev(major, minor);
        lock.inode = (ino_t)inode;
        all->locks = one_more(all->locks, all->lock_count, sizeof lock);
        all->locks[all->lock_count++] = lock;
    }
    errno = lines.error;
    if (errno)
        fail("cannot find the supervisors: /proc/locks");
}

void find_containers(struct containers *all, const char *parent)
{
    char path[PATH_MAX + 16];
    int exists = 0;
    *all = (struct containers){0};
    all->count = find_hierarchies(all->hierarchies, (1U << CGROUP_CONTROLLERS) - 1, parent);
    if (all->count < 0 && errno == ENODEV)
        refuse("no cgroup file system is mounted");
    if (all->count < 0)
        fail("cannot find the control groups: /proc/self/mountinfo");
    for (int i = 0; i < all->count; i++) {
        const struct hierarchy *hierarchy = &all->hierarchies[i];
        all->bases[i] = -1;
        exists |= *hierarchy->path && faccessat(AT_FDCWD, hierarchy->path, F_OK, 0) == 0;
        /* What is there in a freezer of its own is ctr-pause's. */
        if (!*hierarchy->path || hierarchy->controllers == 1U << CGROUP_FREEZER)
            continue;
        snprintf(path, sizeof path, "%s/minictr", hierarchy->path);
        all->bases[i] = open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY);
        if (all->bases[i] < 0 && errno != ENOENT)
            fail("cannot open the control group %s", path);
    }
    if (parent && !exists)
        refuse("there is no control group %s in any hierarchy", parent);
    read_locks(all);
}

void release_containers(struct containers *all)
{
    for (int i = 0; i < all->count; i++)
        if (all->bases[i] >= 0)
            close(all->bases[i]);
    free(all->locks);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

char (*list_containers(const struct containers *all, int *count))[65]
{
    char(*names)[65] = NULL;
    int found = 0;
    for (int i = 0; i < all->count; i++) {
        if (all->bases[i] < 0)
            continue;
        int directory = open_at(all->bases[i], ".", O_RDONLY | O_DIRECTORY);
        DIR *list = directory < 0 ? NULL : fdopendir(directory);
        if (!list && errno != ENOENT)
            complain("cannot list the control group %s/minictr", all->hierarchies[i].path);
        for (struct dirent *entry; list && (entry = readdir(list));)
            if (entry->d_type == DT_DIR && is_name(entry->d_name)) {
                names = one_more(names, found, sizeof *names);
                strcpy(names[found++], entry->d_name);
            }
        if (list)
            closedir(list);
    }
    *count = 0;
    if (found)
        qsort(names, (size_t)found, sizeof *names, by_name);
    for (int i = 0; i < found; i++)
        if (*count == 0 || strcmp(names[*count - 1], names[i]) != 0)
            memmove(names[(*count)++], names[i], sizeof *names);
    return names;
}

/* Returns who has the lock on a directory, or 0. */
static pid_t holder(const struct containers *all, const struct stat *status)
{
    for (int i = 0; i < all->lock_count; i++)
        if (all->locks[i].device == status->st_dev && all->locks[i].inode == status->st_ino)
            return all->locks[i].holder;
    return 0;
}

static pid_t find_supervisor(const struct container *container)
{
    struct stat status;
    for (int i = 0; i < container->all->count; i++)
        if (container->groups[i] >= 0 && fstat(container->groups[i], &status) == 0) {
            pid_t found = holder(container->all, &status);
            if (found)
                return found;
        }
    return 0;
}

int open_container(struct container *container, struct containers *all, const char *name)
{
    int found = 0;
    container->all = all;
    strcpy(container->name, name);
    for (int i = 0; i < all->count; i++) {
        container->groups[i] =
            all->bases[i] < 0 ? -1 : open_at(all->bases[i], name, O_PATH | O_DIRECTORY);
        if (container->groups[i] >= 0)
            found = 1;
        else if (all->bases[i] >= 0 && errno != ENOENT && errno != ENOTDIR)
            fail("cannot open the control group %s/minictr/%s", all->hierarchies[i].path, name);
    }
    container->supervisor = found ? find_supervisor(container) : 0;
    /* It may have begun after the locks were read. */
    for (int tries = 0; found && !container->supervisor && tries < TRIES; tries++) {
        read_locks(all);
        container->supervisor = find_supervisor(container);
    }
    return found;
}

void close_container(struct container *container)
{
    for (int i = 0; i < container->all->count; i++)
        if (container->groups[i] >= 0)
            close(container->groups[i]);
}

static _Noreturn void refuse_unknown(const struct containers *all, const char *name)
{
    const char *best = NULL;
    int count;
    char(*names)[65] = list_containers(all, &count);
    for (int i = 0; i < count; i++)
        best = closer(name, best, names[i]);
    if (best)
        hint("did you mean %s?", best);
    else
        hint("\"ctr-ls\" lists the containers");
    refuse("there is no container %s", name);
}

const char *read_name_operand(const char *text)
{
    if (*text == '-')
        hint("options stand before the names");
    return read_name("NAME", text);
}

void need_container(struct container *container, struct containers *all, const char *name)
{
    if (!open_container(container, all, name))
        refuse_unknown(all, name);
    if (container->supervisor)
        return;
    hint("\"cg-limit true\" kills and removes what is left of it");
    refuse("the container %s is dead: its supervisor was killed", name);
}

struct container *need_containers(struct containers *all, const char *parent, struct words *words,
                                  int *count)
{
    struct container *list = NULL;
    char **first = words->next;
    *count = 0;
    do
        read_name_operand(next_operand(words, "NAME"));
    while (*words->next);
    find_containers(all, parent);
    for (char **name = first; name < words->next; name++) {
        list = one_more(list, *count, sizeof *list);
        need_container(&list[(*count)++], all, *name);
    }
    return list;
}

enum { PARENT = 256 };

const struct option parent_option[] = {
    {PARENT, PARENT_OPTION},
    {0},
};

int for_each_container(const struct program *program, int argc, char **argv,
                       void (*act)(const struct container *))
{
    struct words words = read_words(program, argc, argv);
    struct containers all;
    const char *parent = NULL;
    int count;
    while (next_option(&words))
        parent = read_group(words.option, words.value);
    struct container *list = need_containers(&all, parent, &words, &count);
    for (int i = 0; i < count; i++)
        act(&list[i]);
    return 0;
}

int pin_supervisor(const struct container *container)
{
    int pidfd = pidfd_open_of(container->supervisor);
    if (pidfd < 0 && errno != ESRCH)
        fail("cannot open process %d, the supervisor of %s", (int)container->supervisor,
             container->name);
    /* The number may have passed to a stranger before it was pinned. */
    for (int tries = 0; pidfd >= 0 && tries < TRIES; tries++) {
        read_locks(container->all);
        if (find_supervisor(container) == container->supervisor)
            return pidfd;
        struct pollfd end = {.fd = pidfd, .events = POLLIN};
        if (poll(&end, 1, 0) != 0)
            break;
    }
    close(pidfd);
    return -1;
}

int container_group(const struct container *container, int controller, int *version)
{
    for (int i = 0; i < container->all->count; i++)
        if (container->groups[i] >= 0 &&
            container->all->hierarchies[i].controllers >> controller & 1) {
            *version = container->all->hierarchies[i].version;
            return container->groups[i];
        }
    return -1;
}

int main_group(const struct container *container)
{
    int version, group = container_group(container, CGROUP_PIDS, &version);
    for (int i = 0; group < 0 && i < container->all->count; i++)
        group = container->groups[i];
    return group;
}

int unified_group(const struct container *container)
{
    for (int i = 0; i < container->all->count; i++)
        if (container->groups[i] >= 0 && container->all->hierarchies[i].version == 2)
            return container->groups[i];
    return -1;
}
