/*
 * device.h: block devices by name or number.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stddef.h>
#include <sys/types.h>

/* Reads LENGTH bytes of TEXT: the path of a disk, or MAJOR:MINOR. Refuses what is none, or is a
 * partition, with status 125 and a message that begins with WHAT ("--io"). */
dev_t read_device(const char *what, const char *text, size_t length);

#endif
