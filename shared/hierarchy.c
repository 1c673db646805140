#include "hierarchy.h"

#include "allocate.h"
#include "file.h"
#include "large.h"
#include "mountinfo.h"
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

const char *controller_name(int controller, int version)
{
    static const char *const names[CGROUP_CONTROLLERS] = {"memory", "pids",    "cpu",    "cpuset",
                                                          "io",     "cpuacct", "freezer"};
    return controller == CGROUP_IO && version == 1 ? "blkio" : names[controller];
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

/* Joins two paths with one slash in between and none at the end; returns whether they fit. */
static int join(char *both, const char *path, const char *more)
{
    size_t length = strlen(path), rest;
    while (length > 0 && path[length - 1] == '/')
        length--;
    more += strspn(more, "/");
    for (rest = strlen(more); rest > 0 && more[rest - 1] == '/'; rest--)
        ;
    return snprintf(both, PATH_MAX, "%.*s%s%.*s", (int)length, path, rest || !length ? "/" : "",
                    (int)rest, more) < PATH_MAX;
}

int group_of_process(const struct hierarchy *hierarchy, pid_t pid, char *path)
{
    struct lines lines;
    char file[32] = "/proc/self/cgroup";

    if (pid)
        snprintf(file, sizeof file, "/proc/%d/cgroup", (int)pid);
    if (!open_lines(&lines, AT_FDCWD, file))
        return 0;
    for (char *line; (line = next_line(&lines));) {
        /* ID:CONTROLLERS:PATH */
        char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        names++;
        int matches = hierarchy->version == 2 && !*names;
        for (int i = 0; hierarchy->version == 1 && i < CGROUP_CONTROLLERS; i++)
            matches |= hierarchy->controllers >> i & 1 &&
                       list_has(names, ",", controller_name(i, 1));
        if (!matches)
            continue;
        close_lines(&lines);
        return snprintf(path, PATH_MAX, "%s", group) < PATH_MAX;
    }
    errno = lines.error;
    return 0;
}

/*
 * Writes the path of the caller's own group in a hierarchy, seen through this mount of it; returns
 * whether it can be seen there: /proc/self/cgroup counts from the root of the hierarchy, the mount
 * from ROOT; or -1 and errno when it cannot be read.
 */
static int own_group(char *own, const struct mounted *mount, const struct hierarchy *hierarchy)
{
    char path[PATH_MAX];
    size_t length = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);

    errno = 0;
    if (!group_of_process(hierarchy, 0, path))
        return errno ? -1 : 0;
    char *leaf = strrchr(path, '/');
    if (leaf && strcmp(leaf, "/minictr-leaf") == 0)
        *leaf = '\0';
    return strncmp(path, mount->root, length) == 0 && (!path[length] || path[length] == '/') &&
           strncmp(path, "/..", 3) != 0 && join(own, mount->point, path + length);
}

/* Whether a group is that of a container of ours, or below one: its limits are to hold. PATH counts from
 * the root of the hierarchy. */
static int is_container(const char *path)
{
    return strstr(path, "/minictr/") != NULL;
}

static int is_delegated(const char *path, int version)
{
    char value[2];
    if (!is_host_root())
        return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
    return version == 2 && getxattr(path, "trusted.delegate", value, sizeof value) == 1 &&
           value[0] == '1';
}

/* Finds out where in the hierarchy groups are made. Returns 0, or -1 and errno. */
static int choose_parent(struct hierarchy *hierarchy, const struct mounted *mount, const char *parent)
{
    char own[PATH_MAX], path[PATH_MAX];
    int fits, seen = own_group(own, mount, hierarchy);
    if (seen < 0)
        return -1;
    hierarchy->mount = strlen(mount->point);
    if (parent && *parent == '/')
        fits = join(path, mount->point, parent);
    else if (parent)
        fits = seen && join(path, own, strcmp(parent, ".") == 0 ? "" : parent);
    else if (seen && (is_container(own + hierarchy->mount) || is_delegated(own, hierarchy->version)))
        fits = join(path, own, "");
    else
        fits = join(path, mount->point, "");
    hierarchy->path = fits ? copy_of(path) : "";
    hierarchy->is_own = seen && strcmp(own, hierarchy->path) == 0;
    hierarchy->is_outside = list_has(mount->root, "/", "..");
    return 0;
}

/*
 * Where v1 hierarchies mostly are, each with a controller of its own: that spares the kernel to write
 * down all mounts, which costs more than a group does. Returns how many, or 0 when one is not there,
 * or the same as another, or none to make groups in, as for all but root.
 */
static int find_usual(struct hierarchy *list, unsigned controllers)
{
    enum { CGROUP_V1 = 0x27e0eb }; /* CGROUP_SUPER_MAGIC, statfs(2) */
    struct statfs found[CGROUP_CONTROLLERS];
    char path[64];
    int count = 0;
    for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
        struct hierarchy *hierarchy = &list[count];
        if (!(controllers >> i & 1))
            continue;
        int length = sprintf(path, "/sys/fs/cgroup/%s", controller_name(i, 1));
        if (statfs(path, &found[count]) < 0 || found[count].f_type != CGROUP_V1 ||
            faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0)
            return 0;
        for (int j = 0; j < count; j++)
            if (memcmp(&found[j].f_fsid, &found[count].f_fsid, sizeof found[j].f_fsid) == 0)
                return 0;
        hierarchy->version = 1;
        hierarchy->controllers = 1U << i;
        hierarchy->mount = (size_t)length;
        hierarchy->path = copy_of(path);
        hierarchy->is_own = hierarchy->is_outside = 0;
        count++;
    }
    return count;
}

static int is_nested(void)
{
    static struct lines lines LARGE; /* on the stack it would be two pages */
    int found = 0;
    open_lines(&lines, AT_FDCWD, "/proc/self/cgroup");
    for (char *line; !found && (line = next_line(&lines));)
        found = is_container(line);
    close_lines(&lines);
    return found;
}

/* Not inlined: what it has on the stack would be a page fault more for all that do without. */
__attribute__((noinline))
static int find_mounted(struct hierarchy *list, unsigned controllers, const char *parent)
{
    struct lines lines;
    struct mounted mount;
    int count = 0, mounted = 0;

    if (!open_lines(&lines, AT_FDCWD, "/proc/self/mountinfo"))
        return -1;
    for (char *line; controllers && (line = next_line(&lines));) {
        if (!strstr(line, " - cgroup") || !read_mounted(line, &mount))
            continue;
        mounted = 1;
        struct hierarchy *hierarchy = &list[count];
        hierarchy->version = strcmp(mount.type, "cgroup2") == 0 ? 2 : 1;
        hierarchy->controllers = controllers & held_controllers(&mount, hierarchy->version);
        if (!hierarchy->controllers)
            continue;
        controllers &= ~hierarchy->controllers;
        if (choose_parent(hierarchy, &mount, parent) < 0) {
            close_lines(&lines);
            return -1;
        }
        count++;
    }
    if (lines.error) {
        errno = lines.error;
        return -1;
    }
    close_lines(&lines);
    errno = ENODEV;
    return mounted ? count : -1;
}

int find_hierarchies(struct hierarchy *list, unsigned controllers, const char *parent)
{
    int usual = parent ? 0 : find_usual(list, controllers);
    return usual > 0 && !is_nested() ? usual : find_mounted(list, controllers, parent);
}

int ascend(const struct hierarchy *hierarchy, char *path)
{
    if (strlen(path) <= hierarchy->mount)
        return 0;
    *strrchr(path, '/') = '\0';
    return 1;
}

/* To move a whole process, the kernel waits until nobody on the machine forks or ends: for milliseconds. Not so for
 * the thread itself, which only v1 can move alone. */
int enter_group(int directory, int version)
{
    return write_file(directory, version == 1 ? "tasks" : "cgroup.procs", "0");
}
