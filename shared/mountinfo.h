/*
 * mountinfo.h: the lines of /proc/PID/mountinfo (proc(5)).
 */
#ifndef MOUNTINFO_H
#define MOUNTINFO_H

/* A line of it: ID PARENT DEVICE ROOT POINT OPTIONS [TAG...] - TYPE SOURCE SETTINGS. ROOT and POINT are decoded. */
struct mounted {
    char *id, *parent, *root, *point, *options, *type, *settings;
};

/* Takes a line apart, in place; returns whether it is one. */
int read_mounted(char *line, struct mounted *mount);

#endif
