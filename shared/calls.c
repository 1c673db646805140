#include "calls.h"

#include "closest.h"

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

/* Arguments that the kernel declares as int, unsigned int or smaller. */
static const struct {
    const char *name, *arguments;
} narrow[] = {
    {"accept4", "03"}, {"bpf", "02"}, {"chmod", "1"}, {"clock_settime", "0"}, {"clone", "0"},
    {"fchmod", "01"}, {"fchmodat", "02"}, {"fchmodat2", "023"}, {"fcntl", "01"}, {"flock", "01"},
    {"futex", "125"}, {"getpriority", "01"}, {"ioctl", "01"}, {"ioprio_set", "012"}, {"kcmp", "012"},
    {"keyctl", "0"}, {"kill", "01"}, {"lseek", "02"}, {"madvise", "2"}, {"memfd_create", "1"},
    {"mkdir", "1"}, {"mkdirat", "02"}, {"mknod", "12"}, {"mknodat", "023"}, {"open", "12"},
    {"openat", "023"}, {"perf_event_open", "123"}, {"personality", "0"}, {"pidfd_open", "01"},
    {"pidfd_send_signal", "013"}, {"prctl", "0"}, {"prlimit64", "01"}, {"quotactl", "02"},
    {"reboot", "012"}, {"renameat2", "024"}, {"sched_setscheduler", "01"}, {"seccomp", "01"},
    {"setgid", "0"}, {"setns", "01"}, {"setpriority", "012"}, {"setresgid", "012"},
    {"setresuid", "012"}, {"setreuid", "01"}, {"setrlimit", "0"}, {"setuid", "0"}, {"shmget", "02"},
    {"socket", "012"}, {"socketpair", "012"}, {"setsockopt", "0124"}, {"getsockopt", "012"},
    {"tgkill", "012"}, {"tkill", "01"}, {"umask", "0"}, {"umount2", "1"}, {"unlinkat", "02"},
    {"userfaultfd", "0"}, {"fallocate", "01"}, {"sendto", "035"}, {"sendmsg", "02"}, {"recvmsg", "02"},
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
        if (strcmp(narrow[i].name, name) == 0)
            return strchr(narrow[i].arguments, '0' + argument) != NULL;
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
