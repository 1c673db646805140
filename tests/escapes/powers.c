/*
 * powers: what root of a user namespace must not be able to do, with all capabilities that there are in it, since
 * they are capabilities over the machine, or over ids that it was not given. Each is tried, in ways that do no
 * harm when they succeed.
 *
 *   powers DIR ID      in this directory, with an id that the namespace does not have; says what came of each
 *                      way; 0 when one has worked, 1 when all were refused
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int worked;

static void tried(const char *way, long result)
{
    printf("%s: %s\n", way, result < 0 ? strerror(errno) : "done");
    fflush(stdout);
    worked |= result >= 0;
}

static long put(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    long result = file < 0 ? -1 : write(file, text, strlen(text));
    int error = errno;
    if (file >= 0)
        close(file);
    errno = error;
    return result;
}

static long raise_limit(int resource)
{
    struct rlimit limit;
    if (syscall(SYS_prlimit64, 0, resource, NULL, &limit) < 0)
        return -1;
    if (limit.rlim_max == RLIM_INFINITY) { /* that is no raise: go down first */
        limit.rlim_cur = limit.rlim_max = 1024;
        if (syscall(SYS_prlimit64, 0, resource, &limit, NULL) < 0)
            return -1;
    }
    limit.rlim_max++;
    return syscall(SYS_prlimit64, 0, resource, &limit, NULL);
}

/* A user namespace below this one, with an id that this one does not have. */
static long map(const char *file, unsigned id)
{
    char path[64], text[64];
    int ready[2];
    char byte;
    if (pipe(ready) < 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWUSER) < 0 || write(ready[1], "", 1) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        return -1;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)child, file);
    snprintf(text, sizeof text, "0 %u 1\n", id);
    long result = put(path, text);
    int error = errno;
    close(ready[0]);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    errno = error;
    return result;
}

static void try_ids(unsigned id)
{
    const gid_t group = id;
    tried("another user", syscall(SYS_setresuid, id, id, id));
    tried("another group", syscall(SYS_setresgid, id, id, id));
    tried("a supplementary group", syscall(SYS_setgroups, 1, &group));
    tried("the user of files", syscall(SYS_setfsuid, id) < 0 || syscall(SYS_setfsuid, -1) != (long)id ? -1 : 0);
    tried("a map of users", map("uid_map", id));
    tried("a map of groups", map("gid_map", id));
    tried("chown", chown("file", id, (gid_t)-1));
    tried("chgrp", chown("file", (uid_t)-1, id));
}

int main(int argc, char **argv)
{
    static const char *const systems[] = {"ext4", "vfat", "iso9660", "squashfs", "btrfs", "xfs", "nfs", "debugfs",
                                          "tracefs", "securityfs", "configfs", "pstore", "efivarfs", "hugetlbfs"};
    const struct sched_param first = {.sched_priority = 1};
    const int limits[] = {RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_CORE};
    if (argc != 3 || chdir(argv[1]) < 0)
        return 2;
    int file = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    close(file);
    errno = EPERM; /* for what says less */
    try_ids((unsigned)strtoul(argv[2], NULL, 10));
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        tried("a limit", raise_limit(limits[i]));
    tried("nice", setpriority(PRIO_PROCESS, 0, -5));
    tried("real time", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &first));
    tried("out of memory", put("/proc/self/oom_score_adj", "-1000"));
    mkdir("dir", 0700);
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        tried(systems[i], mount("none", "dir", systems[i], 0, NULL));
    tried("mknod", mknod("node", S_IFCHR | 0600, 1 << 8 | 3));
    rmdir("dir");
    unlink("file");
    unlink("node");
    return !worked;
}
