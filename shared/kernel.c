#include "kernel.h"

#include "large.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/mount.h, linux/sched.h: musl has no kernel headers beside it. */
enum {
    TREE_CLONE = 1,             /* OPEN_TREE_CLONE */
    MOVE_FROM_EMPTY = 0x04,     /* MOVE_MOUNT_F_EMPTY_PATH */
    MOVE_TO_EMPTY = 0x40,       /* MOVE_MOUNT_T_EMPTY_PATH */
    CONTEXT_CLOEXEC = 1,        /* FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC */
    CONTEXT_SET_FLAG = 0,       /* FSCONFIG_SET_FLAG */
    CONTEXT_SET_STRING = 1,     /* FSCONFIG_SET_STRING */
    CONTEXT_CREATE = 6,         /* FSCONFIG_CMD_CREATE */
};
enum { SET_FILTER = 1 }; /* SECCOMP_SET_MODE_FILTER, from linux/seccomp.h */
enum {
    NO_MAGIC_LINKS = 0x02, /* RESOLVE_NO_MAGICLINKS, from linux/openat2.h */
    IN_ROOT = 0x10,        /* RESOLVE_IN_ROOT */
    ID_MAPPED = 0x00100000 /* MOUNT_ATTR_IDMAP */
};
static const uint64_t INTO_CGROUP = 0x200000000; /* CLONE_INTO_CGROUP */

struct clone_arguments { /* struct clone_args, its third version (CLONE_ARGS_SIZE_VER2) */
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
};

struct mount_attributes { /* struct mount_attr */
    uint64_t set, clear, propagation, userns_fd;
};

static const char *missing, *missing_since;

/* Passes on the result of a CALL that Linux has SINCE a version; notes whether it is missing. */
static long since(const char *version, const char *call, long result)
{
    missing = result < 0 && errno == ENOSYS ? call : NULL;
    missing_since = version;
    return result;
}

const char *missing_call(const char **version)
{
    *version = missing_since;
    return missing;
}

/* The greatest that was opened. */
static int greatest;

static int note(int fd)
{
    if (fd > greatest)
        greatest = fd;
    return fd;
}

int above_standard(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return note(fd);
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(fd);
    errno = error;
    return note(moved);
}

void close_like_exec(void)
{
    for (int fd = STDERR_FILENO + 1; fd <= greatest; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0 && flags & FD_CLOEXEC)
            close(fd);
    }
    greatest = 0;
}

int open_at(int directory, const char *path, int flags)
{
    return above_standard(openat(directory, path, flags | O_CLOEXEC));
}

int open_path(int directory, const char *path, int flags, enum resolution resolution)
{
    struct { /* struct open_how */
        uint64_t flags, mode, resolve;
    } how = {.flags = (uint64_t)(flags | O_PATH | O_CLOEXEC),
             .resolve = resolution == INSIDE     ? IN_ROOT | NO_MAGIC_LINKS
                        : resolution == BY_NAMES ? NO_MAGIC_LINKS
                                                 : 0};
    int fd;
    /* In a root the kernel gives up when anything was renamed meanwhile: that is no error. */
    for (int tries = 0; tries < 100000; tries++)
        if ((fd = (int)since("5.6", "openat2", syscall(SYS_openat2, directory, path, &how, sizeof how))) >= 0 ||
            errno != EAGAIN)
            break;
    return above_standard(fd);
}

pid_t fork_with(uint64_t flags, int cgroup)
{
    struct clone_arguments arguments = {.flags = flags, .exit_signal = SIGCHLD};
    /* What clone(2) can do is left to it, since a filter of system calls cannot judge clone3(2). */
    if (cgroup < 0 && !(flags & CLONE_NEWTIME))
        return (pid_t)syscall(SYS_clone, (unsigned long)flags | SIGCHLD, NULL, NULL, NULL, NULL);
    if (cgroup >= 0) {
        arguments.flags |= INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup;
    }
    return (pid_t)since(cgroup >= 0 ? "5.7" : "5.6", "clone3", syscall(SYS_clone3, &arguments, sizeof arguments));
}

pid_t fork_sharing(uint64_t flags, int (*run)(void *context), void *context)
{
#ifdef __SANITIZE_ADDRESS__ /* it knows one stack, and keeps in mind what is on it when nobody returns */
    pid_t copy = fork_with(flags, -1);
    if (copy == 0)
        _exit(run(context));
    return copy;
#else
    enum { PAGE = 4096, SIZE = 16 * PAGE };
    static char memory[SIZE + PAGE] LARGE; /* aligned by the linker, it would move what is small to a page of its own */
    char *stack = memory + PAGE - (uintptr_t)memory % PAGE;
    pid_t child = clone(run, stack + SIZE, (int)flags | CLONE_VM | CLONE_VFORK | SIGCHLD, context);
    if (child > 0)
        madvise(stack, SIZE, MADV_DONTNEED); /* nobody is on it any more */
    return child;
#endif
}

pid_t fork_unnoticed(uint64_t flags)
{
    return (pid_t)syscall(SYS_clone, (unsigned long)flags, NULL, NULL, NULL, NULL);
}

int read_entries(int directory, void *entries, size_t size)
{
    return (int)syscall(SYS_getdents64, directory, entries, size);
}

int close_descriptors(unsigned first, unsigned last)
{
    return (int)since("5.9", "close_range", syscall(SYS_close_range, first, last, 0));
}

int pidfd_open_of(pid_t pid)
{
    return above_standard((int)since("5.3", "pidfd_open", syscall(SYS_pidfd_open, pid, 0)));
}

int pidfd_signal(int pidfd, int signal)
{
    return (int)since("5.1", "pidfd_send_signal", syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int clone_tree(int directory, const char *path, int recursive)
{
    unsigned flags = TREE_CLONE | O_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
    long tree = directory >= 0 ? syscall(SYS_open_tree, directory, "", flags | AT_EMPTY_PATH)
                               : syscall(SYS_open_tree, AT_FDCWD, path, flags);
    return above_standard((int)since("5.2", "open_tree", tree));
}

int attach_mount(int tree, int target)
{
    return (int)since("5.2", "move_mount",
                      syscall(SYS_move_mount, tree, "", target, "", MOVE_FROM_EMPTY | MOVE_TO_EMPTY));
}

static int set_mount_attributes(int tree, const struct mount_attributes *attributes, int recursive)
{
    return (int)since("5.12", "mount_setattr",
                      syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
                              attributes, sizeof *attributes));
}

int add_mount_flags(int tree, unsigned flags, int recursive)
{
    struct mount_attributes attributes = {.set = flags};
    return set_mount_attributes(tree, &attributes, recursive);
}

int map_mount_ids(int tree, int user_namespace, int recursive)
{
    struct mount_attributes attributes = {.set = ID_MAPPED,
                                          .userns_fd = (uint64_t)user_namespace};
    return set_mount_attributes(tree, &attributes, recursive);
}

int open_filesystem(const char *type)
{
    return above_standard((int)since("5.2", "fsopen", syscall(SYS_fsopen, type, CONTEXT_CLOEXEC)));
}

int configure_filesystem(int context, const char *key, const char *value)
{
    return (int)syscall(SYS_fsconfig, context, CONTEXT_SET_STRING, key, value, 0);
}

int set_filesystem_flag(int context, const char *key)
{
    return (int)syscall(SYS_fsconfig, context, CONTEXT_SET_FLAG, key, NULL, 0);
}

int create_filesystem(int context)
{
    return (int)syscall(SYS_fsconfig, context, CONTEXT_CREATE, NULL, NULL, 0);
}

int mount_filesystem(int context, unsigned flags)
{
    return above_standard((int)syscall(SYS_fsmount, context, CONTEXT_CLOEXEC, flags));
}

int pivot_root_to(const char *new_root, const char *put_old)
{
    return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int set_resource_limit(int resource, uint64_t soft, uint64_t hard)
{
    const uint64_t limit[] = {soft, hard}; /* struct rlimit64 */
    return (int)syscall(SYS_prlimit64, 0, resource, limit, NULL);
}

int get_hard_limit(int resource, uint64_t *hard)
{
    uint64_t limit[2];
    if (syscall(SYS_prlimit64, 0, resource, NULL, limit) < 0)
        return -1;
    *hard = limit[1];
    return 0;
}

static uint64_t password;

void exec_password(uint64_t word)
{
    password = word;
}

int exec_at(int directory, const char *name, char **words, char **environment)
{
    return (int)syscall(SYS_execveat, directory, name, words, environment, 0, password);
}

int exec_path(const char *path, char **words, char **environment)
{
    return (int)syscall(SYS_execve, path, words, environment, 0L, 0L, password);
}

int seccomp_filter(const void *program)
{
    return (int)syscall(SYS_seccomp, SET_FILTER, 0, program);
}
