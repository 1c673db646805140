#include "visible.h"

#include "chain.h"
#include "file.h"
#include "kernel.h"
#include "message.h"
#include "mountinfo.h"
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { OWNER_OF = 0xb701 }; /* NS_GET_USERNS, from linux/nsfs.h: musl has no kernel headers beside it */

void hint_at_owner(const char *type)
{
    static const struct {
        const char *type, *file;
    } shown[] = {{"proc", "pid"}, {"sysfs", "net"}, {"cgroup", "cgroup"}, {"cgroup2", "cgroup"}};
    int error = errno;
    for (size_t i = 0; error == EPERM && i < sizeof shown / sizeof *shown; i++) {
        char path[32];
        if (strcmp(type, shown[i].type) != 0)
            continue;
        snprintf(path, sizeof path, "/proc/self/ns/%s", shown[i].file);
        int namespace = open_at(AT_FDCWD, path, O_RDONLY);
        /* EPERM: the owner is none that is at or below our own user namespace. */
        if (namespace >= 0 && ioctl(namespace, OWNER_OF) < 0 && errno == EPERM)
            hint("this user namespace does not own the %s namespace: put \"ns-enter --%s\" before this "
                 "stage",
                 shown[i].file, shown[i].file);
        close(namespace);
    }
    errno = error;
}

/* Where the kernel has a directory that is always empty, for something to be mounted on: that hides nothing. */
static int hides_nothing(const char *place)
{
    static const char *const empty[] = {
        "/sys/fs/binfmt_misc", "/fs/nfsd",         "/openprom", /* of proc */
        "/fs/bpf",             "/fs/cgroup",       "/fs/fuse/connections",
        "/fs/pstore",          "/fs/resctrl",      "/fs/selinux",
        "/fs/smackfs",         "/kernel/config",   "/kernel/debug",
        "/kernel/security",    "/kernel/tracing",  "/firmware/efi/efivars",
        "/hypervisor/s390",
    };
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (strcmp(place, empty[i]) == 0)
            return 1;
    return 0;
}

/* The flag that the mount has, and a new one with these flags would not; or NULL. What changes the times of
 * access is the same thing as far as the lock goes. */
static const char *lacking(const struct mounted *mount, unsigned flags)
{
    if (!(flags & MOUNT_ATTR_RDONLY) &&
        (list_has(mount->options, ",", "ro") || list_has(mount->settings, ",", "ro")))
        return "ro";
    if (list_has(mount->options, ",", "noatime"))
        return "noatime";
    if (list_has(mount->options, ",", "nodiratime"))
        return "nodiratime";
    return list_has(mount->options, ",", "relatime") ? NULL : "strictatime";
}

/* A proc or sysfs that can be seen. */
struct view {
    char id[16], point[PATH_MAX];
    const char *flag; /* what it has, and a new one would not; or NULL */
};

/* Writes the places of the mounts on it that hide something, each behind a space; returns
 * whether there are any. */
static int find_masks(const struct view *view, char *masks, size_t size)
{
    struct lines lines;
    struct mounted mount;
    size_t length = 0, prefix = strlen(view->point);
    if (!open_lines(&lines, AT_FDCWD, "/proc/self/mountinfo"))
        return 0;
    while (next_mounted(&lines, &mount))
        if (strcmp(mount.parent, view->id) == 0 &&
            strlen(mount.point) >= prefix && !hides_nothing(mount.point + prefix) && length < size)
            length += (size_t)snprintf(masks + length, size - length, " %s", mount.point);
    return length > 0;
}

/* Finds the last mount of this type, which is the one that is seen where it covers another. Returns whether
 * there is one. */
static int find_view(struct view *view, const char *type, unsigned flags)
{
    struct lines lines;
    struct mounted mount;
    int found = 0;
    if (!open_lines(&lines, AT_FDCWD, "/proc/self/mountinfo"))
        return 0;
    while (next_mounted(&lines, &mount))
        if (strcmp(mount.type, type) == 0 && strcmp(mount.root, "/") == 0) {
            snprintf(view->id, sizeof view->id, "%s", mount.id);
            snprintf(view->point, sizeof view->point, "%s", mount.point);
            view->flag = lacking(&mount, flags);
            found = 1;
        }
    return found;
}

void hint_at_view(const char *type, unsigned flags, int too_revealing)
{
    struct view view;
    char masks[PATH_MAX];
    int error = errno;
    if (error != EPERM || (strcmp(type, "proc") != 0 && strcmp(type, "sysfs") != 0))
        return;
    if (!find_view(&view, type, flags)) {
        if (too_revealing && chain_kept_stages() >= 0)
            hint("no %s from outside can be seen here, so this user namespace may mount none: "
                 "put this stage between root-open and root-setup",
                 type);
    } else if (in_user_namespace() && view.flag) {
        hint("%s is mounted %s from outside of this user namespace, and a new %s must be, too: "
             "mount it without that there",
             view.point, view.flag, type);
    } else if (in_user_namespace() && find_masks(&view, masks, sizeof masks)) {
        hint("%s is masked from outside of this user namespace, and a new %s would show what that "
             "hides: unmount there%s",
             view.point, type, masks);
    }
    errno = error;
}

int is_masked(const char *type)
{
    struct view view;
    char masks[PATH_MAX];
    return find_view(&view, type, 0) && find_masks(&view, masks, sizeof masks);
}
