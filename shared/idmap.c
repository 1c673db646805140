#include "idmap.h"

#include "file.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "value.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void add_id_range(struct idmap *map, const char *what, const char *text)
{
    unsigned *parts[] = {map->from, map->to, map->count};
    const char *part = text;
    char number[16];

    if (map->ranges == IDMAP_RANGES)
        refuse("%s: more than %d ranges", what, IDMAP_RANGES);
    for (int i = 0; i < 3; i++) {
        size_t length = strcspn(part, ":");
        if (length == 0 || length >= sizeof number || (part[length] == ':') != (i < 2))
            refuse("%s: \"%s\" is not FROM:TO:COUNT", what, text);
        snprintf(number, sizeof number, "%.*s", (int)length, part);
        parts[i][map->ranges] = (unsigned)read_number(what, number, i == 2, UINT_MAX - 1);
        part += length + 1;
    }
    int last = map->ranges++;
    const unsigned *starts[] = {map->from, map->to};
    for (int i = 0; i < 2; i++)
        for (int j = 0; j <= last; j++) {
            uint64_t start = starts[i][last], other = starts[i][j], count = map->count[last];
            if (start + count > UINT_MAX)
                refuse("%s: \"%s\" goes beyond the largest id", what, text);
            if (j < last && start < other + map->count[j] && other < start + count)
                refuse("%s: \"%s\" overlaps with another range", what, text);
        }
}

/* A process that does nothing until it is killed, at the latest with us. */
static pid_t fork_idle(void)
{
    pid_t parent = getpid(), child = fork_with(CLONE_NEWUSER, -1);
    if (child == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
        _exit(STATUS_FAILED);
    if (child == 0)
        for (;;)
            pause();
    return child;
}

int make_id_namespace(const struct idmap *map)
{
    char path[48], lines[IDMAP_RANGES * 40] = "";
    pid_t child = fork_idle();
    if (child < 0) {
        hint_at_refused(CLONE_NEWUSER);
        fail("cannot make a user namespace for the map of ids");
    }
    for (int i = 0; i < map->ranges; i++)
        sprintf(lines + strlen(lines), "%u %u %u\n", map->from[i], map->to[i], map->count[i]);
    int namespace = -1;
    snprintf(path, sizeof path, "/proc/%d/uid_map", (int)child);
    if (write_file(AT_FDCWD, path, lines) == 0) {
        snprintf(path, sizeof path, "/proc/%d/gid_map", (int)child);
        if (write_file(AT_FDCWD, path, lines) == 0) {
            snprintf(path, sizeof path, "/proc/%d/ns/user", (int)child);
            namespace = open_at(AT_FDCWD, path, O_RDONLY);
        }
    }
    if (namespace < 0)
        complain("cannot set the map of ids: %s", path);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    if (namespace < 0)
        _exit(STATUS_FAILED);
    return namespace;
}
