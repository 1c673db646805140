/* mnt-sys: mount sysfs, and the container's own control group in it, to be read only. */
#include "chain.h"
#include "file.h"
#include "kernel.h"
#include "message.h"
#include "mount.h"
#include "namespace.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct program program = {
    "mnt-sys",
    "DIR PROG [ARG...]",
    "Mount sysfs read-only on DIR (made when missing), with the own control group in fs/cgroup,\n"
    "then run PROG",
    NULL,
};

static const unsigned flags =
    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

/*
 * Makes the mount of a hierarchy; in the own cgroup namespace its root is the own group. Returns -1
 * when that is the root of all groups, since nobody made one for the container there: it would show
 * the groups of the host. Only there v1 has release_agent, and v2 has no cgroup.events. Nor is it the own group
 * when it has containers in it: a user's containers are in the group that is delegated to the user.
 */
static int make_hierarchy(const char *type, const struct mount_option *settings, const char *name)
{
    int tree = make_mount(type, settings, flags, name);
    int is_v2 = strcmp(type, "cgroup2") == 0;
    int found = faccessat(tree, is_v2 ? "cgroup.events" : "release_agent", F_OK, 0) == 0;
    if (!found && errno != ENOENT)
        fail("cannot look at the control group for %s", name);
    if (found == is_v2 && faccessat(tree, "minictr", F_OK, 0) < 0)
        return tree;
    close(tree);
    return -1;
}

/* Mounts a hierarchy in a directory of its own; returns whether there was something to show. */
static int mount_hierarchy(int cgroups, const char *name, const char *type,
                           const struct mount_option *settings)
{
    int tree = make_hierarchy(type, settings, name);
    if (tree < 0)
        return 0;
    if (mkdirat(cgroups, name, 0755) < 0)
        fail("cannot make fs/cgroup/%s", name);
    int target = open_at(cgroups, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (target < 0)
        fail("cannot open fs/cgroup/%s", name);
    put_mount(tree, target, type, name);
    close(tree);
    close(target);
    return 1;
}

/* Mounts the v1 hierarchy of these controllers ("cpu,cpuacct", "name=systemd"), with a link to it from
 * each of several. */
static void mount_v1(int cgroups, char *controllers)
{
    enum { MOST = 16 };
    struct mount_option settings[MOST + 1] = {{0}};
    char list[256];
    int count = 0;
    const char *name = controllers;

    snprintf(list, sizeof list, "%s", controllers);
    if (strncmp(list, "name=", 5) == 0) {
        name = controllers + 5;
        settings[count++] = (struct mount_option){"none", NULL};
        settings[count++] = (struct mount_option){"name", name};
    } else {
        for (char *one = strtok(list, ","); one && count < MOST; one = strtok(NULL, ","))
            settings[count++] = (struct mount_option){one, NULL};
    }
    if (!mount_hierarchy(cgroups, name, "cgroup", settings))
        return;
    for (int i = 0; count > 1 && i < count && settings[i].value == NULL && name == controllers; i++)
        if (symlinkat(name, cgroups, settings[i].key) < 0)
            fail("cannot make the link fs/cgroup/%s", settings[i].key);
}

/* Which hierarchies have no group but their root, a bit for each number (/proc/cgroups): there is nothing of the
 * container's own. Spares making a mount to look. */
static uint64_t find_empty(int proc)
{
    struct lines lines;
    uint64_t numbers[2], empty = 0; /* of the hierarchy, of its groups */
    open_lines(&lines, proc, "cgroups");
    for (char *line; (line = next_line(&lines));)
        if (numbers_in(line + strcspn(line, "\t"), "\t", numbers, 2) && numbers[1] == 1 && numbers[0] < 64)
            empty |= UINT64_C(1) << numbers[0];
    return empty;
}

/* Mounts what /proc/self/cgroup lists on fs/cgroup, and closes that: ID:CONTROLLERS:PATH, and nothing
 * between the colons for v2. */
static void mount_groups(int target)
{
    const struct mount_option none[] = {{0}}, small[] = {{"mode", "755"}, {"size", "64k"}, {0}};
    struct lines lines;
    char *groups[64] = {NULL}, text[4096];
    int count = 0, has_v1 = 0;
    size_t length = 0;

    int proc = open_kernel_tree("/proc");
    if (proc < 0)
        refuse("cannot find the own control groups: /proc is not proc");
    uint64_t empty = find_empty(proc);
    if (!open_lines(&lines, proc, "self/cgroup"))
        fail("cannot find the own control groups: /proc/self/cgroup");
    for (char *line; count < 64 && (line = next_line(&lines));) {
        unsigned long number = strtoul(line, NULL, 10);
        char *names = strchr(line, ':');
        has_v1 |= names && names[1] != ':';
        if (!names || (number < 64 && empty >> number & 1) || length + strlen(names) >= sizeof text)
            continue;
        names[1 + strcspn(names + 1, ":")] = '\0';
        groups[count++] = strcpy(text + length, names + 1);
        length += strlen(names + 1) + 1;
    }
    errno = lines.error;
    if (errno)
        fail("cannot find the own control groups: /proc/self/cgroup");
    close_lines(&lines);
    close(proc);

    if (!has_v1) {
        int tree = count ? make_hierarchy("cgroup2", none, "fs/cgroup") : -1;
        if (tree >= 0) {
            put_mount(tree, target, "cgroup2", "fs/cgroup");
            close(tree);
        }
        close(target);
        return;
    }
    int cgroups = make_mount("tmpfs", small, flags & ~(unsigned)MOUNT_ATTR_RDONLY, "fs/cgroup");
    put_mount(cgroups, target, "tmpfs", "fs/cgroup");
    close(target);
    for (int i = 0; i < count; i++)
        if (*groups[i])
            mount_v1(cgroups, groups[i]);
        else
            mount_hierarchy(cgroups, "unified", "cgroup2", none);
    if (add_mount_flags(cgroups, MOUNT_ATTR_RDONLY, 0) < 0)
        fail("cannot make fs/cgroup read-only");
    close(cgroups);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    next_option(&words);
    const char *dir = next_operand(&words, "DIR");
    char **rest = next_program(&words);

    const struct mount_option none[] = {{0}};
    need_own_namespace('m');
    int sys = make_mount("sysfs", none, flags, dir);
    int target = open_mount_point(dir, 0);
    put_mount(sys, target, "sysfs", dir);
    close(target);
    /* A kernel without control groups has no such directory. In the host's cgroup namespace they would
     * show the groups of the host. */
    int cgroups = open_at(sys, "fs/cgroup", O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (cgroups < 0 && errno != ENOENT)
        fail("cannot open fs/cgroup");
    close(sys);
    chain_note_made("s"); /* for mnt-mask: there is something to hide */
    if (cgroups >= 0 && has_own_namespace('C'))
        mount_groups(cgroups);
    else if (cgroups >= 0)
        close(cgroups);
    chain(rest);
}
