/*
 * kernel.h: the system calls that a libc may not declare, as thin as they are in the kernel.
 *
 * Each returns what the manual page says: -1 and errno on failure. Descriptors come back
 * close-on-exec and never as 0, 1 or 2: when a standard stream was closed by the caller, it stays
 * closed for PROG.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdint.h>
#include <sys/types.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#define MOUNT_ATTR_NOSUID 0x00000002
#define MOUNT_ATTR_NODEV 0x00000004
#define MOUNT_ATTR_NOEXEC 0x00000008
#endif

/* Returns the name of the last of these calls that are newer than Linux 5.0, when it has failed with ENOSYS, and puts
 * the version that brought it into *VERSION; else NULL. */
const char *missing_call(const char **version);

/* Moves a descriptor off the standard streams when it landed there. Passes -1 through; returns -1
 * and errno when it cannot be moved (fcntl(2), F_DUPFD_CLOEXEC). */
int above_standard(int fd);

/* Closes what an execution would close of the descriptors that have come from here. Cannot fail. */
void close_like_exec(void);

/* openat(2), O_CLOEXEC added. Mode 0: creates nothing. */
int open_at(int directory, const char *path, int flags);

/* openat2(2) with O_PATH and O_CLOEXEC added. BY_NAMES: links to a descriptor or a process, as in
 * /proc/self/fd, are not followed (RESOLVE_NO_MAGICLINKS). INSIDE: nor does anything else in the path lead
 * out of DIRECTORY, as if that were the root (RESOLVE_IN_ROOT). */
enum resolution { ANYWHERE, BY_NAMES, INSIDE };
int open_path(int directory, const char *path, int flags, enum resolution resolution);

/* clone(2) or clone3(2) without a stack of its own, as fork(2) is: returns 0 in the child, its pid in the
 * parent. FLAGS are CLONE_NEW*. CGROUP is the directory of the v2 control group that the child is
 * born in (CLONE_INTO_CGROUP), or -1 for the parent's own. */
pid_t fork_with(uint64_t flags, int cgroup);

/* clone(2) with CLONE_VM and CLONE_VFORK: the child calls RUN with CONTEXT on a stack of its own, of 64 KiB, but in
 * the memory of the caller, who waits until it executes a program or ends. RUN must not return. Returns the pid, or
 * -1 and errno. For AddressSanitizer, which knows one stack, the child is a copy, as by fork_with(). */
pid_t fork_sharing(uint64_t flags, int (*run)(void *context), void *context);

/* fork_with(), without a signal when the child ends: so it leaves no trace in PROG. waitpid(2) takes it with __WALL. */
pid_t fork_unnoticed(uint64_t flags);

/* An entry of a directory: struct linux_dirent64. */
struct entry {
    uint64_t inode, position;
    unsigned short size; /* of the entry */
    unsigned char type;  /* DT_DIR and the like, readdir(3) */
    char name[];
};

/* getdents64(2): reads entries from where the directory stands into memory of SIZE bytes. Returns how many bytes, 0 at
 * the end, or -1 and errno. Unlike readdir(3) it needs no memory of its own. */
int read_entries(int directory, void *entries, size_t size);

/* close_range(2), flags 0: closes the descriptors FIRST to LAST, both included. */
int close_descriptors(unsigned first, unsigned last);

/* pidfd_open(2), pidfd_send_signal(2). */
int pidfd_open_of(pid_t pid);
int pidfd_signal(int pidfd, int signal);

/* open_tree(2) with OPEN_TREE_CLONE of what the descriptor DIRECTORY refers to, or with -1 of PATH:
 * a detached copy of the mount, with all below it when RECURSIVE. Of a file, it is that file. */
int clone_tree(int directory, const char *path, int recursive);

/* move_mount(2) of the detached mount TREE onto the directory that TARGET refers to. */
int attach_mount(int tree, int target);

/* mount_setattr(2): adds MOUNT_ATTR_* flags to a mount, or to all at and below it. */
int add_mount_flags(int tree, unsigned flags, int recursive);

/* mount_setattr(2) with MOUNT_ATTR_IDMAP: shows a detached mount with the ids of a user namespace. */
int map_mount_ids(int tree, int user_namespace, int recursive);

/* fsopen(2), fsconfig(2) with FSCONFIG_SET_STRING, FSCONFIG_SET_FLAG and FSCONFIG_CMD_CREATE, fsmount(2). */
int open_filesystem(const char *type);
int configure_filesystem(int context, const char *key, const char *value);
int set_filesystem_flag(int context, const char *key);
int create_filesystem(int context);
int mount_filesystem(int context, unsigned flags);

/* pivot_root(2). */
int pivot_root_to(const char *new_root, const char *put_old);

/* prlimit(2) of the calling process: sets RLIMIT_* to SOFT and HARD; gets the hard one. */
int set_resource_limit(int resource, uint64_t soft, uint64_t hard);
int get_hard_limit(int resource, uint64_t *hard);

/* execveat(2) of a name below a directory, flags 0; execve(2). They return only on failure. */
int exec_at(int directory, const char *name, char **words, char **environment);
int exec_path(const char *path, char **words, char **environment);

/* Has these two pass a word as their sixth argument from now on. The kernel does not look at it; a filter of
 * system calls can. */
void exec_password(uint64_t word);

/* seccomp(2) with SECCOMP_SET_MODE_FILTER and a struct sock_fprog. */
int seccomp_filter(const void *program);

#endif
