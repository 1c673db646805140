#include "namespace.h"

#include "capability.h"
#include "chain.h"
#include "file.h"
#include "kernel.h"
#include "message.h"
#include "mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

const struct namespace namespaces[] = {
    {'U', "user", "user", CLONE_NEWUSER},
    {'m', "mount", "mnt", CLONE_NEWNS},
    {'u', "uts", "uts", CLONE_NEWUTS},
    {'i', "ipc", "ipc", CLONE_NEWIPC},
    {'n', "net", "net", CLONE_NEWNET},
    {'p', "pid", "pid", CLONE_NEWPID},
    {'C', "cgroup", "cgroup", CLONE_NEWCGROUP},
    {'T', "time", "time", CLONE_NEWTIME},
    {0},
};

/* Returns the number of a process's namespace, or 0 and errno. */
static ino_t identity(const char *process, const struct namespace *kind)
{
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%s/ns/%s", process, kind->file);
    return stat(path, &status) < 0 ? 0 : status.st_ino;
}

/* Where even root may not look at process 1, the kernel's own threads will do: they live in the
 * machine's first namespaces. The first of them is process 2, and has no program. */
static ino_t host_identity(const struct namespace *kind)
{
    char program[1];
    ino_t host = identity("1", kind);
    if (host == 0 && errno == EACCES && readlink("/proc/2/exe", program, 1) < 0 && errno == ENOENT)
        host = identity("2", kind);
    return host;
}

#ifndef NS_GET_USERNS
#define NS_GET_USERNS _IO(0xb7, 1) /* linux/nsfs.h */
#endif

/* The numbers of the machine's first namespaces are fixed (linux/proc_ns.h). */
enum { FIRST_PID = 0xeffffffc, FIRST_USER = 0xeffffffd };

static const struct namespace *kind_of(char letter)
{
    const struct namespace *kind = namespaces;
    while (kind->letter != letter)
        kind++;
    return kind;
}

/* Says whether this is process 1 of the machine, as in a small system that starts with a stage: it
 * has nobody else to hurt. */
static int is_first_process(void)
{
    return getpid() == 1 && identity("self", kind_of('p')) == FIRST_PID;
}

int in_user_namespace(void)
{
    ino_t own = identity("self", kind_of('U'));
    return own != 0 && own != FIRST_USER;
}

int is_host_root(void)
{
    return geteuid() == 0 && !in_user_namespace();
}

/* Says whether a file of /proc/sys has this value. */
static int is_set_to(const char *path, const char *value)
{
    char text[32];
    return read_file(AT_FDCWD, path, text, sizeof text) > 0 && strcmp(text, value) == 0;
}

static void hint_at_limit(const struct namespace *kind)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/sys/user/max_%s_namespaces", kind->file);
    if (is_set_to(path, "0\n"))
        hint("%s is 0", path);
}

/* Says whether the root directory is no mount: chroot(2) has set it. */
static int is_in_chroot(void)
{
    struct lines lines;
    struct mounted mount;
    int found = 0;
    if (!open_lines(&lines, AT_FDCWD, "/proc/self/mountinfo"))
        return 0;
    while (next_mounted(&lines, &mount))
        found |= strcmp(mount.point, "/") == 0;
    return !found;
}

/* The first is Debian's; the second lets the namespace be made, and takes its capabilities. */
static void hint_at_user_namespaces(void)
{
    static const char clone[] = "/proc/sys/kernel/unprivileged_userns_clone";
    static const char apparmor[] = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
    if (is_set_to(clone, "0\n"))
        hint("%s is 0: users may make no user namespaces", clone);
    else if (is_set_to(apparmor, "1\n"))
        hint("AppArmor allows user namespaces only to programs with a profile for that (%s): minictr.apparmor is one",
             apparmor);
    else if (is_in_chroot())
        hint("the root directory was set by chroot(2): there the kernel makes no user namespaces");
}

/* Says whether it is a filter that refuses them (seccomp(2)): the kernel, which looks at all flags first, finds these
 * invalid with a signal, and in a clone that shares handlers but no memory. */
static int is_filtered(int flags)
{
    if (prctl(PR_GET_SECCOMP) != 2)
        return 0;
    return (unshare(flags | SIGCHLD) < 0 && errno != EINVAL) ||
           (fork_unnoticed((uint64_t)flags | CLONE_SIGHAND) < 0 && errno != EINVAL);
}

void hint_at_refused(int flags)
{
    int error = errno;
    if (error == EPERM && (flags & CLONE_NEWUSER || geteuid() == 0) && is_filtered(flags))
        hint("a filter of system calls refuses it: for that of docker run there is --security-opt "
             "seccomp=unconfined, for that of minictr --privileged");
    else if (error == EPERM && !(flags & CLONE_NEWUSER) && geteuid() != 0)
        hint("this user is not root: give -U as well, for a user namespace of its own, or run it with sudo");
    for (const struct namespace *kind = namespaces; error == ENOSPC && kind->name; kind++)
        if (flags & kind->flag)
            hint_at_limit(kind);
    if (flags & CLONE_NEWUSER && (error == EPERM || error == EACCES))
        hint_at_user_namespaces();
    errno = error;
    if (!(flags & CLONE_NEWUSER)) /* which anybody may make */
        hint_missing(CAPABILITY_SYS_ADMIN);
}

/* Whoever made this mount namespace may have left its mounts shared, so that what is mounted here
 * would show outside, too. What is mounted outside still shows here. */
static void stop_propagation(void)
{
    if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        fail("cannot keep the mounts from showing outside");
}

int has_own_namespace(char letter)
{
    if (chain_made(letter))
        return 1;
    const struct namespace *kind = kind_of(letter);
    ino_t own = identity("self", kind), host = own ? host_identity(kind) : 0;
    if (host == 0 && errno != ENOENT && errno != EACCES)
        fail("cannot compare the %s namespace with that of process 1", kind->name);
    return host != 0 && own != host;
}

static ino_t identity_of(pid_t pid, const struct namespace *kind)
{
    char process[16];
    snprintf(process, sizeof process, "%d", (int)pid);
    return identity(process, kind);
}

int is_own_namespace_of(pid_t pid, char letter)
{
    const struct namespace *kind = kind_of(letter);
    ino_t its = identity_of(pid, kind), host = its ? host_identity(kind) : 0;
    return host != 0 && its != host;
}

int is_other_namespace(pid_t pid, char letter)
{
    const struct namespace *kind = kind_of(letter);
    ino_t own = identity("self", kind), its = own ? identity_of(pid, kind) : 0;
    if (own == 0 && errno == ENOENT && faccessat(AT_FDCWD, "/proc/self/ns", F_OK, 0) == 0)
        return 0; /* this kernel does not have that kind */
    if (own && its == 0 && errno == ENOENT)
        refuse("process %d has ended", (int)pid);
    if (its == 0)
        fail("cannot compare the %s namespace with that of process %d", kind->name, (int)pid);
    return its != own;
}

void hint_at_users_of(pid_t pid)
{
    int error = errno;
    ino_t own = identity("self", kind_of('U')), its = identity_of(pid, kind_of('U'));
    if (error == EPERM && own && its && own != its)
        hint("they belong to another user namespace: join that as well, with --user");
    errno = error;
}

/* Says whether our namespace of this kind belongs to our user namespace or to one in it, so that it is none of the
 * host's. The kernel does not tell of others (ioctl_ns(2)). */
static int is_of_our_users(const struct namespace *kind)
{
    char path[32];
    if (!in_user_namespace())
        return 0;
    snprintf(path, sizeof path, "/proc/self/ns/%s", kind->file);
    int own = open_at(AT_FDCWD, path, O_RDONLY), users = own < 0 ? -1 : ioctl(own, NS_GET_USERNS);
    close(own);
    close(users);
    return users >= 0;
}

void need_own_namespace(char letter)
{
    if (chain_made(letter)) {
        if (letter == 'm' && chain_made('j'))
            stop_propagation();
        return;
    }
    const struct namespace *kind = kind_of(letter);
    ino_t own = identity("self", kind), host = own ? host_identity(kind) : 0;
    int error = errno, is_ours = host == 0 && error == EACCES && is_of_our_users(kind);
    if (host == 0 && !is_ours) {
        if (error == ENOENT)
            hint("without /proc only an ns-enter --%s in the same chain can tell", kind->name);
        if (error == EACCES && in_user_namespace())
            hint("process 1 is outside of this user namespace: put \"ns-enter --%s\" before this stage",
                 kind->name);
        errno = error;
        fail("cannot compare the %s namespace with that of process 1", kind->name);
    }
    if (own != host && letter == 'm') {
        stop_propagation();
        chain_note_made("m");
    }
    if (own != host || is_first_process())
        return;
    ino_t first = identity("1", kind_of('p'));
    if (first == 0 || first == FIRST_PID)
        hint("put \"ns-enter --%s\" before this stage", kind->name);
    else
        hint("process 1 is the container's own: put \"ns-enter --%s\" before this stage, and no program "
             "that is no stage in between",
             kind->name);
    refuse("this is the host's %s namespace", kind->name);
}
