#include "identity.h"

#include "capability.h"
#include "file.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* An id that the user namespace does not map is invalid to the kernel, which has no other use for EINVAL
 * here. Keeps errno. */
static void hint_unmapped(const char *map)
{
    if (errno == EINVAL)
        hint("it is not in %s: this user namespace has no such id", map);
}

int keeps_groups(pid_t pid)
{
    char path[48], text[8];
    snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
    return read_file(AT_FDCWD, path, text, sizeof text) > 0 && strcmp(text, "deny\n") == 0;
}

static void set_groups(const gid_t *groups, size_t count)
{
    if (setgroups(count, groups) == 0)
        return;
    int error = errno;
    hint_missing(CAPABILITY_SETGID);
    hint_unmapped("/proc/self/gid_map");
    if (error == EPERM && keeps_groups(getpid()))
        hint("/proc/self/setgroups says deny: this user namespace was made by a user without privileges");
    errno = error;
    fail("cannot set the supplementary groups");
}

static void set_ids(uid_t user, gid_t group)
{
    if (setresgid(group, group, group) < 0) {
        hint_missing(CAPABILITY_SETGID);
        hint_unmapped("/proc/self/gid_map");
        fail("cannot set the group %u", group);
    }
    if (setresuid(user, user, user) < 0) {
        hint_missing(CAPABILITY_SETUID);
        hint_unmapped("/proc/self/uid_map");
        fail("cannot set the user %u", user);
    }
}

/* The capabilities of root end with its user id, but the next stages may need them. Those that another
 * user has do not come from its id, and stay as they are. */
static void change(uid_t user, gid_t group, const gid_t *groups, size_t count)
{
    int loses_power = geteuid() == 0 && user != 0;
    if (loses_power && prctl(PR_SET_KEEPCAPS, 1) < 0)
        fail("cannot keep the capabilities for the next stages");
    if (groups)
        set_groups(groups, count);
    set_ids(user, group);
    if (loses_power) {
        prctl(PR_SET_KEEPCAPS, 0); /* as the next execution does */
        hold_capabilities();
    }
}

/* A parent that died while the signal was forgotten is noticed by another one being there; not so in process 1
 * of a PID namespace, where getppid(2) is 0 either way. It is for these few system calls only. */
void take_ids(uid_t user, gid_t group, const gid_t *groups, size_t count)
{
    int signal = 0;
    pid_t parent = getppid();
    if (prctl(PR_GET_PDEATHSIG, &signal) < 0)
        fail("cannot find out the parent-death signal");
    change(user, group, groups, count);
    if (signal && prctl(PR_SET_PDEATHSIG, signal) < 0)
        fail("cannot set the parent-death signal again");
    if (signal && getppid() != parent)
        raise(signal);
}
