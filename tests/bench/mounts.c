/*
 * mounts: executes PROG in a mount namespace that has N mounts more, each a tmpfs on a directory of its
 * own. They lie in a tmpfs on DIR, and all are gone with the last process in that namespace.
 *
 *   mounts DIR N [/sys/DIR] PROG [ARG...]
 *
 * /sys/DIR is a mount to leave out.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("bench", argv[1], "tmpfs", 0, NULL) < 0) {
        perror("mounts: cannot mount a tmpfs");
        return 1;
    }
    for (int left = atoi(argv[2]); left > 0; left--) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%d", argv[1], left);
        if (mkdir(path, 0755) < 0 || mount("bench", path, "tmpfs", 0, NULL) < 0) {
            perror(path);
            return 1;
        }
    }
    char **rest = argv + 3;
    if (strncmp(*rest, "/sys/", 5) == 0 && umount2(*rest++, MNT_DETACH) < 0) {
        perror(argv[3]);
        return 1;
    }
    execv(*rest, rest);
    perror(*rest);
    return 127;
}
