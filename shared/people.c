#include "people.h"

#include "file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* In place of what is no number. */
static char *no_number(uint64_t count, char *text)
{
    return strcpy(text, count == COUNT_UNKNOWN ? "-" : "max");
}

char *size_for_people(uint64_t size, char *text)
{
    static const char units[] = "KMGTPE";
    if (size >= COUNT_UNLIMITED)
        return no_number(size, text);
    if (size < 1024) {
        snprintf(text, PEOPLE, "%" PRIu64, size);
        return text;
    }
    int unit = 0;
    uint64_t tenths = 10 * (size >> 10) + (size % 1024 * 10 >> 10);
    for (; tenths >= 10240; unit++)
        tenths /= 1024;
    if (tenths % 10 == 0 || tenths >= 1000)
        snprintf(text, PEOPLE, "%" PRIu64 "%c", tenths / 10, units[unit]);
    else
        snprintf(text, PEOPLE, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10, units[unit]);
    return text;
}

char *time_for_people(uint64_t microseconds, char *text)
{
    unsigned long long seconds = microseconds / 1000000, rest = microseconds % 1000000;
    if (microseconds >= COUNT_UNLIMITED)
        return no_number(microseconds, text);
    if (seconds < 60)
        snprintf(text, PEOPLE, "%llu.%02llus", seconds, rest / 10000);
    else if (seconds < 3600)
        snprintf(text, PEOPLE, "%llum%02llus", seconds / 60, seconds % 60);
    else if (seconds < 86400)
        snprintf(text, PEOPLE, "%lluh%02llum", seconds / 3600, seconds / 60 % 60);
    else
        snprintf(text, PEOPLE, "%llud%02lluh", seconds / 86400, seconds / 3600 % 24);
    return text;
}

char *count_for_people(uint64_t count, char *text)
{
    if (count >= COUNT_UNLIMITED)
        return no_number(count, text);
    snprintf(text, PEOPLE, "%" PRIu64, count);
    return text;
}

char *number_for_people(uint64_t number, enum unit unit, char *text)
{
    switch (unit) {
    case BYTES:
        return size_for_people(number, text);
    case MICROSECONDS:
        return time_for_people(number, text);
    default:
        return count_for_people(number, text);
    }
}
