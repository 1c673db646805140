/*
 * group: what a control group costs the kernel: makes it in the hierarchies of memory and pids, with
 * limits, runs a program in it, and removes it, as cg-limit does: a directory in a directory. Knows
 * where they are, checks little.
 *
 *   group 1|2 MEMORY PIDS PROG [ARG...]
 *
 * MEMORY and PIDS are the outer directories to make, the same one on cgroup v2.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *directory, const char *name, const char *value)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, value, strlen(value)) < 0)
        perror(path);
    close(file);
}

int main(int argc, char **argv)
{
    char group[2][256];
    int status = 0;
    if (argc < 5)
        return 2;
    int v1 = *argv[1] == '1', places = v1 ? 2 : 1;
    for (int i = 0; i < places; i++) {
        snprintf(group[i], sizeof group[i], "%s/group", argv[2 + i]);
        if (mkdir(argv[2 + i], 0755) < 0)
            return 1;
        if (!v1)
            tell(argv[2], "cgroup.subtree_control", "+memory +pids");
        if (mkdir(group[i], 0755) < 0)
            return 1;
    }
    tell(group[0], v1 ? "memory.limit_in_bytes" : "memory.max", "536870912");
    tell(group[0], v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max", v1 ? "536870912" : "0");
    tell(group[places - 1], "pids.max", "512");
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < places; i++)
            tell(group[i], "cgroup.procs", "0");
        execv(argv[4], argv + 4);
        _exit(127);
    }
    waitpid(child, &status, 0);
    for (int i = 0; i < places; i++) {
        rmdir(group[i]);
        rmdir(argv[2 + i]);
    }
    return WEXITSTATUS(status);
}
