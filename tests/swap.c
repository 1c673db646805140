/*
 * swap: exchanges what two names refer to, again and again, until it is killed. It is the neighbour who
 * puts a symbolic link where a directory was just looked at.
 *
 *   swap A B [MICROSECONDS]     and waits that long after each time
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    useconds_t pause_between = argc > 3 ? (useconds_t)atoi(argv[3]) : 0;
    while (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0)
        if (pause_between)
            usleep(pause_between);
    perror("swap");
    return 1;
}
