#include "container_ids.h"

#include "account.h"
#include "capability.h"
#include "file.h"
#include "message.h"
#include "namespace.h"
#include "userns.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

/* Looks where execvp(3) does. */
static int is_program(const char *name)
{
    const char *path = getenv("PATH");
    if (!path)
        path = "/usr/local/bin:/bin:/usr/bin";
    while (path) {
        char file[PATH_MAX];
        int length = (int)strcspn(path, ":");
        int whole = snprintf(file, sizeof file, "%.*s%s/%s", length, path, length ? "" : ".", name);
        if (whole < (int)sizeof file && access(file, X_OK) == 0)
            return 1;
        path = path[length] ? path + length + 1 : NULL;
    }
    return 0;
}

/* Says whether this user has ranges, and what it takes to map them. */
static int may_map_ranges(void)
{
    struct login login = find_login(geteuid());
    for (int kind = 0; kind < 2; kind++) {
        struct idmap map = {0};
        if (!is_program(id_kinds[kind].program) ||
            add_subordinate_ids(&map, id_kinds[kind].ranges, login.name, geteuid()) == 0)
            return 0;
    }
    return 1;
}

/* Says whether somebody has ids of the 65536 from FIRST on. */
static int is_taken(uint64_t first)
{
    int taken = 0;
    for (int kind = 0; kind < 2; kind++) {
        struct lines lines;
        if (!open_lines(&lines, AT_FDCWD, id_kinds[kind].ranges) && errno != ENOENT)
            fail("cannot read %s", id_kinds[kind].ranges);
        for (char *line; (line = next_line(&lines));) {
            unsigned start, count;
            if (sscanf(line, "%*[^:]:%u:%u", &start, &count) == 2 && first < (uint64_t)start + count &&
                start < first + 65536)
                taken = 1;
        }
        errno = lines.error;
        if (errno)
            fail("cannot read %s", id_kinds[kind].ranges);
    }
    return taken;
}

/* Says whether a process is root of those. In a container one always is, if only the supervisor. */
static int is_used(uint64_t first)
{
    errno = 0;
    return getpriority(PRIO_USER, (id_t)first) != -1 || errno != ESRCH;
}

/* From a random place on in what systemd leaves to containers. Writes INNER:OUTER:COUNT into TEXT; returns it. */
static const char *choose_range(char *text, size_t size)
{
    enum { FIRST = 8, COUNT = 28664 }; /* times 65536 */
    uint32_t number;
    if (getrandom(&number, sizeof number, 0) < 0)
        fail("cannot choose ids for the user namespace");
    for (int tries = 0; tries < COUNT; tries++) {
        uint64_t first = (FIRST + (number + (uint64_t)tries) % COUNT) * 65536;
        if (is_taken(first) || is_used(first))
            continue;
        snprintf(text, size, "0:%" PRIu64 ":65536", first);
        return text;
    }
    refuse("cannot choose ids for the user namespace: all are in %s, in %s or in use", id_kinds[0].ranges,
           id_kinds[1].ranges);
}

struct container_ids choose_container_ids(int has_power)
{
    static char range[40];
    struct container_ids ids = {0};
    if (has_power && !in_user_namespace()) {
        ids.shift = choose_range(range, sizeof range);
        return ids;
    }
    int may_be_anyone = has_capability(CAPABILITY_SETUID) && has_capability(CAPABILITY_SETGID) &&
                        has_capability(CAPABILITY_SETFCAP);
    ids.are_ranges = !(may_be_anyone && in_user_namespace()) && may_map_ranges();
    if (may_be_anyone && !ids.are_ranges) {
        add_ids_of(&ids.users, "/proc/self/uid_map");
        add_ids_of(&ids.groups, "/proc/self/gid_map");
    }
    return ids;
}
