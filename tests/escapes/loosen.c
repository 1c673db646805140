/*
 * loosen: tries to get rid of its locks: to put a filter that allows all over the one that is there, to take
 * back no_new_privs, to raise capabilities, to be root. Then it looks whether that has changed anything:
 * another filter or securebit that gains nothing may well be granted.
 *
 *   loosen [FILE]     FILE is to become a copy of this program with file capabilities
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* linux/seccomp.h, linux/capability.h */
enum { SET_FILTER = 1, TSYNC = 1, NEW_LISTENER = 8, ALLOW = 0x7fff0000, ADMIN = 21 };

static void report(const char *way, long result)
{
    printf("%s: %s\n", way, result < 0 ? strerror(errno) : "done");
    fflush(stdout);
}

static uint64_t effective(void)
{
    uint32_t header[2] = {0x20080522, 0}, data[6] = {0};
    syscall(SYS_capget, header, data);
    return data[0] | (uint64_t)data[3] << 32;
}

static int may_unshare(void)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        _exit(unshare(CLONE_NEWUSER) < 0);
    waitpid(child, &status, 0);
    return status == 0;
}

/* What counts, in the end: to be another user, more capabilities, a system call that was refused. */
static int has_gained(uint64_t before, uid_t user)
{
    int more = (effective() & ~before) != 0, other = geteuid() != user, unshares = may_unshare();
    printf("gained: capabilities %d, user %d, unshare %d\n", more, other, unshares);
    fflush(stdout);
    return more || other || unshares;
}

static void loosen_filter(void)
{
    static const uint64_t code[] = {0x06 | (uint64_t)ALLOW << 32}; /* return ALLOW */
    const struct {
        unsigned short length;
        const uint64_t *code;
    } allow_all = {1, code};
    report("filter", prctl(PR_SET_SECCOMP, 2, &allow_all));
    report("filter again", syscall(SYS_seccomp, SET_FILTER, TSYNC, &allow_all));
    report("listener", syscall(SYS_seccomp, SET_FILTER, NEW_LISTENER, &allow_all));
    report("no filter", prctl(PR_SET_SECCOMP, 0, NULL));
    report("privileges", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    report("dumpable", prctl(PR_SET_DUMPABLE, 1));
}

static void raise_capabilities(void)
{
    uint32_t header[2] = {0x20080522, 0}, all[6] = {~0U, ~0U, ~0U, ~0U, ~0U, ~0U};
    report("securebits", prctl(PR_SET_SECUREBITS, 0));
    report("keepcaps", prctl(PR_SET_KEEPCAPS, 1));
    report("capset", syscall(SYS_capset, header, all));
    all[0] = all[3] = (uint32_t)effective();
    all[1] = all[4] = (uint32_t)(effective() >> 32);
    report("inheritable", syscall(SYS_capset, header, all));
    report("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, ADMIN, 0, 0));
    report("setuid", setresuid(0, 0, 0));
}

/* Copies itself to FILE and gives that all capabilities; returns whether it could. */
static int give_capabilities(const char *path)
{
    const uint32_t all[5] = {0x02000001, ~0U, ~0U, 0x1ff, 0x1ff}; /* struct vfs_cap_data, effective */
    struct stat status;
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (from < 0 || file < 0 || fstat(from, &status) < 0 ||
        sendfile(file, from, NULL, (size_t)status.st_size) != status.st_size || close(file) < 0)
        return 0;
    return setxattr(path, "security.capability", all, sizeof all, 0) == 0;
}

int main(int argc, char **argv)
{
    uint64_t before = effective();
    uid_t user = geteuid();
    unsigned long long told;
    if (argc > 2) { /* what the copy with file capabilities has */
        sscanf(argv[2], "%llx", &told);
        return !has_gained(told, user);
    }
    raise_capabilities();
    loosen_filter();
    int gained = has_gained(before, user);
    if (argc == 2 && give_capabilities(argv[1])) {
        char text[32];
        int status = 1;
        snprintf(text, sizeof text, "%llx", (unsigned long long)before);
        pid_t child = fork();
        if (child == 0) {
            execl(argv[1], argv[1], "had", text, NULL);
            report("file capabilities", -1);
            _exit(1);
        }
        waitpid(child, &status, 0);
        gained |= status == 0;
    }
    return !gained;
}
