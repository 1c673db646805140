/*
 * timing.h: the trace of a chain (trace.h) as a table, and as a picture.
 */
#ifndef TIMING_H
#define TIMING_H

#include <stdint.h>
#include <stdio.h>

/* A stretch of time. Those of the steps follow each other without a gap, from the beginning of the chain to its
 * end, so that their sum is the whole. */
struct stretch {
    enum stretch_kind { STEP, FAILED, PROG, CLEANUP, SUPERVISION } kind;
    char name[48];     /* of the stage, or of PROG */
    int pid;           /* as the process itself sees it */
    uint64_t from, to; /* microseconds since the chain began */
};

struct timing {
    struct stretch *steps, *others; /* others: SUPERVISION, at the same time as steps */
    int step_count, other_count;
};

/* Reads a trace that is complete. Ends with 125 and a message when there is no memory, or it cannot be read. */
void read_timing(struct timing *timing, int trace);

/* Prints a line for each step, with a bar; the longest but PROG is marked. With COLOR it is bold. Bars are to the
 * scale of that one. At most 79 columns. */
void print_timing(const struct timing *timing, FILE *out, int color);

/* Draws it as SVG: a row for each process. */
void draw_timing(const struct timing *timing, FILE *out);

#endif
