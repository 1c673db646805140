/*
 * rounds: times commands against each other on a noisy machine: in every round each command runs
 * once, one after the other. Writes what it measured, a line each: the round, the label, microseconds
 * from the start to the payload's first instruction (-1 when it wrote no time), to the end of the command.
 *
 *   rounds N <SUBJECTS (start.h)
 *
 * A command that does not end with 0 ends the measurement with 1. Nothing is resolved by PATH.
 */
#include "start.h"

int main(int argc, char **argv)
{
    int rounds = argc == 2 ? atoi(argv[1]) : 0;
    if (rounds < 1) {
        fputs("usage: rounds N <SUBJECTS\n", stderr);
        return 2;
    }
    read_subjects();
    for (int round = rounds == 1 ? 1 : -2; round <= rounds; round++) /* three rounds to warm up */
        for (int i = 0; i < subject_count; i++) {
            struct start start;
            begin(&subjects[i], &start);
            finish(&subjects[i], &start);
            double first = first_instruction(&start);
            if (start.status != 0) {
                fprintf(stderr, "bench: %s: status %#x\n", subjects[i].label, (unsigned)start.status);
                end_all();
                return 1;
            }
            if (round > 0)
                printf("%d\t%s\t%.1f\t%.1f\n", round, subjects[i].label, first, microseconds(start.begin, start.end));
        }
    return fflush(stdout) != 0;
}
