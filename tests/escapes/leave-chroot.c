/*
 * leave-chroot: chroot out of chroot, as old as chroot(2), which is no boundary for root: ".." does
 * not stop at the root for a process whose working directory is outside of that. So it makes a root
 * below the one that it has, and stays where it was.
 *
 *   leave-chroot FILE     climbs as far as it gets, and adds a line to FILE as seen from there;
 *                         0 when it could, 1 when there is no such file, 2 without chroot(2)
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const char jail[] = "leave-chroot.jail";
    if (argc < 2 || chdir("/") < 0 || mkdir(jail, 0700) < 0 || chroot(jail) < 0) {
        perror("leave-chroot");
        return 2;
    }
    rmdir(jail);
    for (int i = 0; i < 100; i++)
        if (chdir("..") < 0)
            return 2;
    int file = chroot(".") < 0 ? -1 : open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file < 0) {
        perror(argv[1]);
        return 1;
    }
    return write(file, "escaped\n", 8) == 8 ? 0 : 2;
}
