/*
 * swap: exchanges what two names refer to, again and again, until it is killed. It is the neighbour who
 * puts a symbolic link where a directory was just looked at.
 *
 *   swap A B
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    while (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0)
        ;
    perror("swap");
    return 1;
}
