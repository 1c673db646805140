#include "idmap.h"

#include "file.h"
#include "message.h"
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int overlap(uint64_t start, uint64_t count, uint64_t other, uint64_t other_count)
{
    return start < other + other_count && other < start + count;
}

/* TEXT is how the range was written. */
static void add_range(struct idmap *map, const char *what, const char *text, uint64_t inner, uint64_t outer,
                      uint64_t count)
{
    if (map->ranges == IDMAP_RANGES)
        refuse("%s: more than %d ranges", what, IDMAP_RANGES);
    if (inner + count > UINT_MAX || outer + count > UINT_MAX)
        refuse("%s: \"%s\" goes beyond the largest id", what, text);
    for (int i = 0; i < map->ranges; i++)
        if (overlap(inner, count, map->inner[i], map->count[i]) ||
            overlap(outer, count, map->outer[i], map->count[i]))
            refuse("%s: \"%s\" overlaps with another range", what, text);
    map->inner[map->ranges] = (unsigned)inner;
    map->outer[map->ranges] = (unsigned)outer;
    map->count[map->ranges++] = (unsigned)count;
}

void add_id_range(struct idmap *map, const char *what, const char *form, const char *text)
{
    uint64_t values[3];
    const char *part = text;
    char number[16];
    for (int i = 0; i < 3; i++) {
        size_t length = strcspn(part, ":");
        if (length == 0 || length >= sizeof number || (part[length] == ':') != (i < 2))
            refuse("%s: \"%s\" is not %s", what, text, form);
        snprintf(number, sizeof number, "%.*s", (int)length, part);
        values[i] = read_number(what, number, i == 2, UINT_MAX - (i < 2));
        part += length + 1;
    }
    add_range(map, what, text, values[0], values[1], values[2]);
}

void add_one_id(struct idmap *map, const char *what, unsigned inner, unsigned outer)
{
    char text[40];
    snprintf(text, sizeof text, "%u:%u:1", inner, outer);
    add_range(map, what, text, inner, outer, 1);
}

/* Puts COUNT ids where there is none yet, from the lowest on. */
static void fill(struct idmap *map, const char *what, const char *text, uint64_t outer, uint64_t count)
{
    for (uint64_t inner = 0; count > 0;) {
        uint64_t room = UINT_MAX - inner, next = 0;
        for (int i = 0; i < map->ranges; i++) {
            uint64_t start = map->inner[i], end = start + map->count[i];
            if (start <= inner && inner < end)
                next = end;
            else if (inner < start && start - inner < room)
                room = start - inner;
        }
        if (next) {
            inner = next;
            continue;
        }
        if (room > count)
            room = count;
        add_range(map, what, text, inner, outer, room);
        inner += room;
        outer += room;
        count -= room;
    }
}

uint64_t add_subordinate_ids(struct idmap *map, const char *file, const char *name, unsigned id)
{
    struct lines lines;
    uint64_t total = 0;
    char number[16];
    snprintf(number, sizeof number, "%u", id);
    if (!open_lines(&lines, AT_FDCWD, file)) {
        if (errno != ENOENT)
            fail("cannot read %s", file);
        return 0;
    }
    for (char *line; (line = next_line(&lines));) {
        char owner[256], start[16], count[16], rest;
        /* NAME:START:COUNT */
        int parts = sscanf(line, "%255[^:]:%15[0-9]:%15[0-9]%c", owner, start, count, &rest);
        if (parts < 1 || (strcmp(owner, name) != 0 && strcmp(owner, number) != 0))
            continue;
        if (parts != 3)
            refuse("%s: \"%s\" is not NAME:START:COUNT", file, line);
        uint64_t ids = read_number(file, count, 0, UINT_MAX);
        fill(map, file, line, read_number(file, start, 0, UINT_MAX - 1), ids);
        total += ids;
    }
    errno = lines.error;
    if (errno)
        fail("cannot read %s", file);
    return total;
}

void add_ids_of(struct idmap *map, const char *path)
{
    struct lines lines;
    if (!open_lines(&lines, AT_FDCWD, path))
        fail("cannot read %s", path);
    for (char *line; (line = next_line(&lines));) {
        uint64_t range[3]; /* inner, outer, count */
        if (numbers_in(line, " ", range, 3))
            add_range(map, path, line, (unsigned)range[0], (unsigned)range[0], (unsigned)range[2]);
    }
    errno = lines.error;
    if (errno)
        fail("cannot read %s", path);
}

static int has_id(const unsigned *starts, const struct idmap *map, unsigned id)
{
    for (int i = 0; i < map->ranges; i++)
        if (id >= starts[i] && id - starts[i] < map->count[i])
            return 1;
    return 0;
}

int has_outer_id(const struct idmap *map, unsigned outer)
{
    return has_id(map->outer, map, outer);
}

int has_inner_id(const struct idmap *map, unsigned inner)
{
    return has_id(map->inner, map, inner);
}

int is_in_map(const char *path, unsigned id)
{
    struct lines lines;
    int found = 0;
    if (!open_lines(&lines, AT_FDCWD, path)) {
        if (errno == ENOENT)
            return 1;
        fail("cannot read %s", path);
    }
    for (char *line; (line = next_line(&lines));) {
        uint64_t range[3]; /* inner, outer, count */
        if (numbers_in(line, " ", range, 3) && id >= range[0] && id - range[0] < range[2])
            found = 1;
    }
    errno = lines.error;
    if (errno)
        fail("cannot read %s", path);
    return found;
}

void print_id_map(const struct idmap *map, char *text)
{
    *text = '\0';
    for (int i = 0; i < map->ranges; i++)
        text += sprintf(text, "%u %u %u\n", map->inner[i], map->outer[i], map->count[i]);
}
