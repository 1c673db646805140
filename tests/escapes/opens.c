/*
 * opens: opens files, and leaves it at that: it reads and writes nothing, since these may be files
 * by which the machine is changed (core_pattern, release_agent), or that are read only once (kmsg).
 *
 *   opens read|write FILE...     says of each whether it could; 0 when it could open one, else 1
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int opened = 0;
    if (argc < 3)
        return 2;
    int mode = strcmp(argv[1], "write") == 0 ? O_WRONLY : O_RDONLY;
    for (char **path = argv + 2; *path; path++) {
        int file = open(*path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        printf("%s: %s\n", *path, file < 0 ? strerror(errno) : "opened");
        if (file < 0)
            continue;
        opened = 1;
        close(file);
    }
    return !opened;
}
