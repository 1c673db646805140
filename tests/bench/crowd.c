/*
 * crowd: starts N containers of each command, one after the other, all of which stay; then kills all their payloads.
 * Writes a line each: which one it was, the label, microseconds to its payload's first instruction; and a line
 * "end", the label, and the microseconds until the last process of all was gone.
 *
 *   crowd N <SUBJECTS (bench.h)
 */
#include "bench.h"

int main(int argc, char **argv)
{
    int most = argc == 2 ? atoi(argv[1]) : 0;
    if (most < 1)
        return 2;
    read_subjects();
    for (int i = 0; i < subject_count; i++) {
        struct start start;
        for (int number = 1; number <= most; number++) {
            begin(&subjects[i], &start);
            printf("%d\t%s\t%.1f\n", number, subjects[i].label, await_first(&subjects[i], &start));
        }
        clock_gettime(CLOCK_MONOTONIC, &start.begin);
        end_all();
        clock_gettime(CLOCK_MONOTONIC, &start.end);
        printf("end\t%s\t%.1f\n", subjects[i].label, microseconds(start.begin, start.end));
        fflush(stdout);
    }
    return 0;
}
