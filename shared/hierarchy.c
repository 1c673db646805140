#include "hierarchy.h"

#include "file.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A line of mountinfo: ID PARENT DEVICE ROOT MOUNT-POINT OPTIONS [TAG...] - TYPE SOURCE SETTINGS */
struct mounted {
    char *root, *point, *type, *settings;
};

const char *controller_name(int controller, int version)
{
    static const char *const names[CGROUP_CONTROLLERS] = {"memory", "pids",    "cpu",    "cpuset",
                                                          "io",     "cpuacct", "freezer"};
    return controller == CGROUP_IO && version == 1 ? "blkio" : names[controller];
}

/* Decodes the octal escapes of mountinfo (proc(5)) in place. */
static char *decode(char *text)
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
    return text;
}

/* Takes a line apart, in place; returns whether it is that of a cgroup file system. */
static int read_mount(char *line, struct mounted *mount)
{
    char *kind = strstr(line, " - cgroup");
    if (!kind)
        return 0;
    *kind = '\0';
    strtok(line, " ");
    strtok(NULL, " ");
    strtok(NULL, " ");
    mount->root = strtok(NULL, " ");
    mount->point = strtok(NULL, " ");
    mount->type = strtok(kind + strlen(" - "), " ");
    strtok(NULL, " ");
    mount->settings = strtok(NULL, "\n");
    if (!mount->root || !mount->point || !mount->type || !mount->settings)
        return 0;
    decode(mount->root);
    decode(mount->point);
    return 1;
}

/* Which controllers a hierarchy holds: v1 says it in the mount's settings, v2 in a file. */
static unsigned held_controllers(const struct mounted *mount, int version)
{
    char path[PATH_MAX], text[512];
    const char *list = mount->settings;
    unsigned held = 0;
    if (version == 2) {
        snprintf(path, sizeof path, "%s/cgroup.controllers", mount->point);
        read_file(AT_FDCWD, path, text, sizeof text);
        list = text;
    }
    for (int i = 0; i < CGROUP_CONTROLLERS; i++)
        if (list_has(list, version == 2 ? " \n" : ",", controller_name(i, version)))
            held |= 1U << i;
    return held;
}

/* Joins two paths with one slash in between and none at the end; returns new memory. */
static char *join(const char *path, const char *more)
{
    size_t length = strlen(path), rest;
    while (length > 0 && path[length - 1] == '/')
        length--;
    more += strspn(more, "/");
    for (rest = strlen(more); rest > 0 && more[rest - 1] == '/'; rest--)
        ;
    char *both = malloc(length + rest + 2);
    if (!both)
        fail("cannot remember where the control groups are");
    sprintf(both, "%.*s%s%.*s", (int)length, path, rest || !length ? "/" : "", (int)rest, more);
    return both;
}

/*
 * Returns the path of the caller's own group in a hierarchy, seen through this mount of it, or NULL
 * when it cannot be seen there: /proc/self/cgroup counts from the root of the hierarchy, the mount
 * from ROOT.
 */
static char *own_group(const struct mounted *mount, int version, unsigned controllers)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char *line = NULL, *found = NULL;
    size_t size = 0;
    while (file && !found && getline(&line, &size, file) > 0) {
        /* ID:CONTROLLERS:PATH */
        char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        names++;
        path[strcspn(path, "\n")] = '\0';
        int matches = version == 2 && !*names;
        for (int i = 0; version == 1 && i < CGROUP_CONTROLLERS; i++)
            matches |= controllers >> i & 1 && list_has(names, ",", controller_name(i, 1));
        if (!matches)
            continue;
        size_t length = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
        if (strncmp(path, mount->root, length) != 0 || (path[length] && path[length] != '/') ||
            strncmp(path, "/..", 3) == 0)
            break;
        found = join(mount->point, path + length);
    }
    free(line);
    if (file)
        fclose(file);
    return found;
}

static int is_delegated(const char *path, int version)
{
    char value[2];
    if (geteuid() != 0)
        return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
    return version == 2 && getxattr(path, "trusted.delegate", value, sizeof value) == 1 &&
           value[0] == '1';
}

/* Finds out where in the hierarchy groups are made. */
static void choose_parent(struct hierarchy *hierarchy, const struct mounted *mount,
                          const char *parent)
{
    char *own = NULL;
    if (parent || hierarchy->version == 2 || geteuid() != 0)
        own = own_group(mount, hierarchy->version, hierarchy->controllers);
    hierarchy->mount = join(mount->point, "");
    if (parent && *parent == '/')
        hierarchy->path = join(mount->point, parent);
    else if (parent)
        hierarchy->path = own ? join(own, strcmp(parent, ".") == 0 ? "" : parent) : NULL;
    else if (own && is_delegated(own, hierarchy->version))
        hierarchy->path = join(own, "");
    else
        hierarchy->path = join(mount->point, "");
    hierarchy->is_own = own && hierarchy->path && strcmp(own, hierarchy->path) == 0;
    free(own);
}

int find_hierarchies(struct hierarchy *list, unsigned controllers, const char *parent)
{
    struct hierarchy found[CGROUP_CONTROLLERS];
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    int count = 0, sorted = 0, mounted = 0;
    unsigned left = controllers;

    if (!file)
        return -1;
    while (left && getline(&line, &size, file) > 0) {
        struct mounted mount;
        if (!read_mount(line, &mount))
            continue;
        mounted = 1;
        struct hierarchy hierarchy = {.version = strcmp(mount.type, "cgroup2") == 0 ? 2 : 1};
        hierarchy.controllers = left & held_controllers(&mount, hierarchy.version);
        if (!hierarchy.controllers)
            continue;
        left &= ~hierarchy.controllers;
        choose_parent(&hierarchy, &mount, parent);
        found[count++] = hierarchy;
    }
    free(line);
    fclose(file);
    if (!mounted) {
        errno = ENODEV;
        return -1;
    }
    for (int i = 0; i < CGROUP_CONTROLLERS; i++)
        for (int j = 0; j < count; j++)
            if (found[j].controllers >> i & 1 &&
                !(found[j].controllers & ((1U << i) - 1)))
                list[sorted++] = found[j];
    return sorted;
}
