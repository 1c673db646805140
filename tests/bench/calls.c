/*
 * calls: system calls and hardly anything else, to time what stands before each of them.
 *
 *   calls getppid N      that, N times
 *   calls files DIR N    makes 100 files in the new directory DIR; then N times: opens each, reads it, looks
 *                        at it and closes it; and removes them
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILES = 100 };

static int use_files(const char *directory, long rounds)
{
    static char text[4096];
    char names[FILES][16];
    struct stat status;
    if (mkdir(directory, 0700) < 0 || chdir(directory) < 0)
        return 1;
    for (int i = 0; i < FILES; i++) {
        snprintf(names[i], sizeof names[i], "file-%d", i);
        int file = open(names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0 || write(file, text, sizeof text) < 0 || close(file) < 0)
            return 1;
    }
    while (rounds-- > 0)
        for (int i = 0; i < FILES; i++) {
            int file = open(names[i], O_RDONLY | O_CLOEXEC);
            if (file < 0 || fstat(file, &status) < 0 || read(file, text, sizeof text) < 0 ||
                read(file, text, sizeof text) != 0 || close(file) < 0)
                return 1;
        }
    for (int i = 0; i < FILES; i++)
        unlink(names[i]);
    return rmdir(directory) < 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "files") == 0)
        return use_files(argv[2], atol(argv[3]));
    if (argc != 3 || strcmp(argv[1], "getppid") != 0)
        return 2;
    for (long left = atol(argv[2]); left > 0; left--)
        syscall(SYS_getppid);
    return 0;
}
