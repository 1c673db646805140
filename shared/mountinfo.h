/*
 * mountinfo.h: the lines of /proc/PID/mountinfo (proc(5)).
 */
#ifndef MOUNTINFO_H
#define MOUNTINFO_H

#include "file.h"

/* A line of it: ID PARENT DEVICE ROOT POINT OPTIONS [TAG...] - TYPE SOURCE SETTINGS. ROOT and POINT are decoded. */
struct mounted {
    char *id, *parent, *root, *point, *options, *type, *settings;
};

/* Takes a line apart, in place; returns whether it is one. */
int read_mounted(char *line, struct mounted *mount);

/* Reads the next line that is one, of a file that open_lines() has opened; returns whether there was one. */
int next_mounted(struct lines *lines, struct mounted *mount);

#endif
