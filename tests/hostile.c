/*
 * hostile: starts a program in surroundings that a shell cannot make.
 *
 *   hostile argc0 PROG            with an empty argument vector
 *   hostile nofile N PROG...      with RLIMIT_NOFILE of N
 *   hostile chld-ignored PROG...  with SIGCHLD ignored
 *   hostile blocked PROG...       with all signals blocked
 *   hostile fds N PROG...         with N more descriptors open, on a directory of the host
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    char **rest = argv + 2;
    if (strcmp(argv[1], "argc0") == 0) {
        char *none[] = {NULL};
        execve(*rest, none, environ);
        return 2;
    }
    if (strcmp(argv[1], "nofile") == 0) {
        rlim_t most = (rlim_t)atoi(*rest++);
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){most, most});
    } else if (strcmp(argv[1], "chld-ignored") == 0) {
        signal(SIGCHLD, SIG_IGN);
    } else if (strcmp(argv[1], "blocked") == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
    } else if (strcmp(argv[1], "fds") == 0) {
        for (int count = atoi(*rest++); count > 0; count--)
            open("/", O_RDONLY | O_DIRECTORY);
    } else {
        return 2;
    }
    execvp(*rest, rest);
    return 2;
}
