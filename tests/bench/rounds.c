/*
 * rounds: times commands against each other on a noisy machine: in every round each command runs
 * once, one after the other, in another order each time: what one leaves to the kernel to do falls on any
 * other. Writes what it measured, a line each: the round, the label, microseconds
 * from the start to the payload's first instruction (-1 when it wrote no time), to the end of the command.
 *
 *   rounds N <SUBJECTS (bench.h)
 *
 * A command that does not end with 0 ends the measurement with 1. Nothing is resolved by PATH.
 */
#include "bench.h"

/* The subjects, mixed anew, always the same way. */
static void mix(int *order)
{
    static unsigned state = 1;
    for (int i = subject_count - 1; i > 0; i--) {
        state = state * 1103515245 + 12345;
        int other = (int)((state >> 16) % (unsigned)(i + 1)), last = order[i];
        order[i] = order[other];
        order[other] = last;
    }
}

int main(int argc, char **argv)
{
    int rounds = argc == 2 ? atoi(argv[1]) : 0, order[SUBJECTS] = {0};
    double first[SUBJECTS] = {0}, whole[SUBJECTS] = {0};
    if (rounds < 1) {
        fputs("usage: rounds N <SUBJECTS\n", stderr);
        return 2;
    }
    read_subjects();
    for (int i = 0; i < subject_count; i++)
        order[i] = i;
    for (int round = rounds == 1 ? 1 : -2; round <= rounds; round++) { /* three rounds to warm up */
        mix(order);
        for (int j = 0; j < subject_count; j++) {
            struct start start;
            int i = order[j];
            begin(&subjects[i], &start);
            finish(&subjects[i], &start);
            first[i] = first_instruction(&start);
            whole[i] = microseconds(start.begin, start.end);
            if (start.status != 0) {
                fprintf(stderr, "bench: %s: status %#x\n", subjects[i].label, (unsigned)start.status);
                end_all();
                return 1;
            }
        }
        for (int i = 0; i < subject_count && round > 0; i++)
            printf("%d\t%s\t%.1f\t%.1f\n", round, subjects[i].label, first[i], whole[i]);
    }
    return fflush(stdout) != 0;
}
