/*
 * rate: how many containers a second, with AT_ONCE of them on their way all the time. In every round
 * each command has its turn. Writes a line each: the round, the label, -1, starts per second.
 *
 *   rate ROUNDS MILLISECONDS AT_ONCE <SUBJECTS (bench.h)
 */
#include "bench.h"

enum { MOST = 256 };

static double turn(const struct subject *subject, double length, int at_once)
{
    struct start starts[MOST], whole;
    int running = 0, done = 0, status;
    memset(starts, 0, sizeof starts);
    clock_gettime(CLOCK_MONOTONIC, &whole.begin);
    whole.end = whole.begin;
    do {
        for (int i = 0; i < at_once && microseconds(whole.begin, whole.end) < length; i++)
            if (starts[i].pid == 0) {
                begin(subject, &starts[i]);
                running++;
            }
        await_news(subject, -1);
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
            for (int i = 0; i < at_once; i++)
                if (starts[i].pid == pid) {
                    if (status != 0)
                        give_up(subject->label, "it failed when others ran");
                    close(starts[i].output);
                    starts[i].pid = 0;
                    running--;
                    done++;
                }
        clock_gettime(CLOCK_MONOTONIC, &whole.end);
    } while (running > 0);
    return done / microseconds(whole.begin, whole.end) * 1e6;
}

int main(int argc, char **argv)
{
    int rounds = argc == 4 ? atoi(argv[1]) : 0, at_once = argc == 4 ? atoi(argv[3]) : 0;
    if (rounds < 1 || at_once < 1 || at_once > MOST)
        return 2;
    read_subjects();
    for (int round = 1; round <= rounds; round++)
        for (int i = 0; i < subject_count; i++)
            printf("%d\t%s\t-1\t%.1f\n", round, subjects[i].label, turn(&subjects[i], atof(argv[2]) * 1e3, at_once));
    return fflush(stdout) != 0;
}
