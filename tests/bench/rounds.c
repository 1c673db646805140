/*
 * rounds: times commands against each other on a noisy machine: in every round each command runs
 * once, one after the other, and what is shown is the median, and the median of the ratio to the
 * first command within a round.
 *
 *   rounds N LABEL COMMAND... ';' LABEL COMMAND... ';' ...
 *
 * A command that does not end with 0 ends the measurement with 1. Nothing is resolved by PATH.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS = 16, ROUNDS = 2000 };

static double times[COMMANDS][ROUNDS];

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
    return values[count / 2];
}

static double run(char **command)
{
    struct timespec start, end;
    pid_t child;
    int status;
    posix_spawn_file_actions_t quiet;

    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (!command[0] || posix_spawn(&child, command[0], &quiet, NULL, command, environ) != 0) {
        fprintf(stderr, "rounds: cannot run %s\n", command[0] ? command[0] : "nothing");
        exit(1);
    }
    waitpid(child, &status, 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    posix_spawn_file_actions_destroy(&quiet);
    if (status != 0) {
        fprintf(stderr, "rounds: %s ended with status %#x\n", command[0], (unsigned)status);
        exit(1);
    }
    return (double)(end.tv_sec - start.tv_sec) * 1e6 + (double)(end.tv_nsec - start.tv_nsec) / 1e3;
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[1]) : 0, commands = 0;
    char *labels[COMMANDS], **starts[COMMANDS];
    static double ratios[ROUNDS];

    for (int i = 2; i + 1 < argc && commands < COMMANDS; i++) {
        labels[commands] = argv[i++];
        starts[commands++] = argv + i;
        while (i < argc && strcmp(argv[i], ";") != 0)
            i++;
        if (i < argc)
            argv[i] = NULL;
    }
    if (rounds < 1 || rounds > ROUNDS || commands == 0) {
        fputs("usage: rounds N LABEL COMMAND... ';' LABEL COMMAND... ';' ...\n", stderr);
        return 2;
    }
    for (int round = -3; round < rounds; round++) /* three rounds to warm up */
        for (int i = 0; i < commands; i++)
            times[i][round < 0 ? 0 : round] = run(starts[i]);
    printf("%-28s %12s %12s\n", "", "median us", "ratio");
    for (int i = commands - 1; i >= 0; i--)
        for (int round = 0; round < rounds && i > 0; round++)
            times[i][round] /= times[0][round]; /* the first stays as it is */
    double first = median(memcpy(ratios, times[0], sizeof ratios), rounds);
    for (int i = 0; i < commands; i++) {
        double ratio = i ? median(times[i], rounds) : 1;
        printf("%-28s %12.0f %12.2f\n", labels[i], ratio * first, ratio);
    }
    return 0;
}
