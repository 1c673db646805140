#include "calls.h"

#include "closest.h"
#include "file.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kernel.h"

struct name {
    const char *name;
    int number;
};
#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Made by the build from the system's headers, in the order of strcmp(3). */
static const struct name calls[] = {
#include "calls.inc"
};
static const struct name errors[] = {
#include "errors.inc"
};

/* Newer than some headers; since 424 a number is the same on every architecture. */
static const struct name newer[] = {
    {"quotactl_fd", 443},
    {"landlock_create_ruleset", 444},
    {"landlock_add_rule", 445},
    {"landlock_restrict_self", 446},
    {"memfd_secret", 447},
    {"process_mrelease", 448},
    {"futex_waitv", 449},
    {"set_mempolicy_home_node", 450},
    {"cachestat", 451},
    {"fchmodat2", 452},
    {"map_shadow_stack", 453},
    {"futex_wake", 454},
    {"futex_wait", 455},
    {"futex_requeue", 456},
    {"statmount", 457},
    {"listmount", 458},
    {"lsm_get_self_attr", 459},
    {"lsm_set_self_attr", 460},
    {"lsm_list_modules", 461},
    {"mseal", 462},
    {"setxattrat", 463},
    {"getxattrat", 464},
    {"listxattrat", 465},
    {"removexattrat", 466},
    {"open_tree_attr", 467},
    {"file_getattr", 468},
    {"file_setattr", 469},
};

/*
 * Arguments that the kernel declares as int, unsigned int or smaller; and the first of clone(2), the
 * descriptors of readv(2), writev(2) and mmap(2), the process of ptrace(2): declared as long, and cut to
 * that further on.
 */
static const struct {
    const char *arguments, *names;
} narrow[] = {
    {"0",
     "accept alarm arch_prctl clock_adjtime clock_getres clock_gettime clock_settime clone "
     "close dup epoll_create epoll_create1 eventfd exit exit_group fchdir fdatasync fgetxattr "
     "flistxattr fremovexattr fstat fstatfs fsync ftruncate futimesat get_robust_list "
     "getgroups getitimer getpeername getpgid getrlimit getrusage getsid getsockname "
     "inotify_init1 inotify_rm_watch io_setup io_uring_setup iopl keyctl memfd_secret "
     "migrate_pages mlockall modify_ldt mq_getsetattr mq_notify mq_timedreceive openat2 "
     "personality pkey_free prctl pread64 preadv process_vm_readv process_vm_writev pselect6 "
     "pwrite64 pwritev read readahead readv rt_sigaction rt_sigprocmask "
     "sched_get_priority_max sched_get_priority_min sched_getparam sched_getscheduler "
     "sched_rr_get_interval sched_setparam select set_mempolicy setfsgid setfsuid setgid "
     "setgroups setitimer setrlimit setuid signalfd syncfs sysfs timer_create timer_delete "
     "timer_getoverrun timer_gettime timerfd_gettime umask userfaultfd ustat write writev"},
    {"01",
     "clock_nanosleep dup2 eventfd2 fallocate fanotify_init fchmod fcntl flock getpriority "
     "ioctl ioprio_get kexec_file_load kill landlock_restrict_self listen msgctl msgget "
     "pidfd_open prlimit64 process_mrelease rt_sigqueueinfo sched_getaffinity "
     "sched_setaffinity sched_setscheduler seccomp sendfile setns setpgid setregid setreuid "
     "shmctl shutdown timer_settime timerfd_create timerfd_settime tkill"},
    {"012",
     "close_range dup3 epoll_ctl fchown fsmount getsockopt ioprio_set kcmp membarrier "
     "pidfd_getfd quotactl_fd reboot rt_tgsigqueueinfo semctl semget setpriority setresgid "
     "setresuid socket socketpair tgkill"},
    {"0123", "io_uring_enter"},
    {"0124", "setsockopt"},
    {"013", "fanotify_mark io_uring_register pidfd_send_signal tee waitid"},
    {"014", "fsconfig"},
    {"02",
     "bind bpf connect epoll_pwait2 faccessat fchmodat finit_module fspick getdents "
     "getdents64 getxattrat inotify_add_watch listxattrat lseek mkdirat mount_setattr "
     "open_by_handle_at open_tree open_tree_attr quotactl recvmsg removexattrat renameat "
     "sched_setattr semop semtimedop sendmsg setxattrat shmat shmget syslog unlinkat wait4"},
    {"023",
     "epoll_pwait epoll_wait faccessat2 fchmodat2 lsm_set_self_attr mknodat openat recvmmsg "
     "sched_getattr sendmmsg statx"},
    {"0234", "fchownat"},
    {"024", "linkat move_mount renameat2"},
    {"025", "copy_file_range splice"},
    {"03",
     "accept4 cachestat fadvise64 landlock_add_rule lsm_get_self_attr mq_timedsend msgsnd "
     "newfstatat readlinkat recvfrom signalfd4 sync_file_range utimensat vmsplice"},
    {"034", "process_madvise"},
    {"035", "sendto"},
    {"04", "execveat file_getattr file_setattr fsetxattr msgrcv name_to_handle_at"},
    {"05", "move_pages preadv2 pwritev2"},
    {"1",
     "access chmod creat delete_module fsopen memfd_create mkdir pipe2 ppoll ptrace "
     "setdomainname sethostname swapon symlinkat umount2"},
    {"12", "chown lchown mknod mq_open open poll"},
    {"123", "futex_requeue perf_event_open rseq"},
    {"124", "futex_waitv"},
    {"125", "futex"},
    {"2",
     "getrandom ioperm landlock_create_ruleset lsm_list_modules madvise mlock2 msync readlink"},
    {"23", "futex_wake"},
    {"3", "listmount pkey_mprotect request_key statmount"},
    {"35", "futex_wait"},
    {"4", "add_key lsetxattr mmap setxattr"},
    {"5", "mbind"},
};

static const struct {
    const char *name;
    uint64_t value;
} constants[] = {
    {"AF_ALG", AF_ALG}, {"AF_INET", AF_INET}, {"AF_INET6", AF_INET6}, {"AF_NETLINK", AF_NETLINK},
    {"AF_PACKET", AF_PACKET}, {"AF_UNIX", AF_UNIX}, {"AF_VSOCK", AF_VSOCK},
    {"CLONE_NEWCGROUP", CLONE_NEWCGROUP}, {"CLONE_NEWIPC", CLONE_NEWIPC},
    {"CLONE_NEWNET", CLONE_NEWNET}, {"CLONE_NEWNS", CLONE_NEWNS}, {"CLONE_NEWPID", CLONE_NEWPID},
    {"CLONE_NEWTIME", CLONE_NEWTIME}, {"CLONE_NEWUSER", CLONE_NEWUSER},
    {"CLONE_NEWUTS", CLONE_NEWUTS},
    {"MAP_ANONYMOUS", MAP_ANONYMOUS}, {"MAP_SHARED", MAP_SHARED}, {"PROT_EXEC", PROT_EXEC},
    {"PROT_READ", PROT_READ}, {"PROT_WRITE", PROT_WRITE},
    {"S_IFBLK", S_IFBLK}, {"S_IFCHR", S_IFCHR}, {"S_IFMT", S_IFMT}, {"S_ISGID", S_ISGID},
    {"S_ISUID", S_ISUID}, {"SOCK_DGRAM", SOCK_DGRAM}, {"SOCK_RAW", SOCK_RAW},
    {"SOCK_STREAM", SOCK_STREAM},
    {"TIOCLINUX", TIOCLINUX}, {"TIOCSETD", TIOCSETD}, {"TIOCSTI", TIOCSTI},
};

static int by_name(const void *key, const void *item)
{
    return strcmp(key, ((const struct name *)item)->name);
}

static int number_of(const struct name *table, size_t count, const char *name)
{
    const struct name *found = bsearch(name, table, count, sizeof *table, by_name);
    return found ? found->number : -1;
}

static const char *name_of(const struct name *table, size_t count, int number)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].number == number)
            return table[i].name;
    return NULL;
}

int call_number(const char *name)
{
    int number = number_of(calls, COUNT(calls), name);
    for (size_t i = 0; number < 0 && i < COUNT(newer); i++)
        if (strcmp(newer[i].name, name) == 0)
            number = newer[i].number;
    return number;
}

const char *call_name(int number)
{
    const char *name = name_of(calls, COUNT(calls), number);
    return name ? name : name_of(newer, COUNT(newer), number);
}

void mark_calls(unsigned char known[CALLS])
{
    for (size_t i = 0; i < COUNT(calls); i++)
        if (calls[i].number < CALLS) /* others are of an architecture within this one */
            known[calls[i].number] = 1;
    for (size_t i = 0; i < COUNT(newer); i++)
        known[newer[i].number] = 1;
}

const char *call_like(const char *name)
{
    const char *best = NULL;
    for (size_t i = 0; i < COUNT(calls); i++)
        best = closer(name, best, calls[i].name);
    for (size_t i = 0; i < COUNT(newer); i++)
        best = closer(name, best, newer[i].name);
    return best;
}

int call_is_narrow(int number, int argument)
{
    const char *name = call_name(number);
    for (size_t i = 0; name && i < COUNT(narrow); i++)
        if (strchr(narrow[i].arguments, '0' + argument) && list_has(narrow[i].names, " ", name))
            return 1;
    return 0;
}

int error_number(const char *name)
{
    return number_of(errors, COUNT(errors), name);
}

const char *error_name(int number)
{
    return name_of(errors, COUNT(errors), number);
}

int constant_value(const char *name, uint64_t *value)
{
    for (size_t i = 0; i < COUNT(constants); i++)
        if (strcmp(constants[i].name, name) == 0) {
            *value = constants[i].value;
            return 1;
        }
    return 0;
}
