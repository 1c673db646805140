/*
 * device: makes a node for a device of the host, and opens it, to read only, and reads nothing.
 *
 *   device make char|block MAJOR MINOR DIR...    in each of these directories, by each call
 *   device open FILE                             one that is there already
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int could;

static int open_node(const char *path)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    printf("%s: open: %s\n", path, file < 0 ? strerror(errno) : "done");
    could |= file >= 0;
    return file < 0;
}

static void try(const char *way, const char *directory, long result)
{
    printf("%s: %s: %s\n", directory, way, result < 0 ? strerror(errno) : "done");
    if (result < 0)
        return;
    open_node("escape-node");
    unlink("escape-node");
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "open") == 0)
        return open_node(argv[2]);
    if (argc < 6 || strcmp(argv[1], "make") != 0)
        return 2;
    long mode = (strcmp(argv[2], "block") == 0 ? S_IFBLK : S_IFCHR) | 0600;
    long device = (long)makedev((unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]));
    for (char **directory = argv + 5; *directory; directory++) {
        if (chdir(*directory) < 0)
            return 2;
#ifdef SYS_mknod
        try("mknod", *directory, syscall(SYS_mknod, "escape-node", mode, device));
#endif
        try("mknodat", *directory, syscall(SYS_mknodat, AT_FDCWD, "escape-node", mode, device));
        /* The kernel looks at 16 bits of the mode. */
        try("mknodat, more bits", *directory,
            syscall(SYS_mknodat, AT_FDCWD, "escape-node", mode | 0x10000L << 20 | 0x30000L, device));
    }
    return !could;
}
