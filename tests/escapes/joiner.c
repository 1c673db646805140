/*
 * joiner: lies in wait, inside a container, for processes that join it, and tries to get hold of what they have of
 * the host. PROG of whoever joins must be /escapes/joined, which does nothing; all other that can be looked into is
 * a catch. Says each kind of catch once: "WAY: WHAT".
 *
 *   joiner [storm]   storm: with processes that fork all the time, so that numbers and processors are taken
 *
 * It ends when it is killed.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stat joined, root;

static int is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static void caught(const char *way, const char *what)
{
    static char seen[32][PATH_MAX + 16];
    char line[PATH_MAX + 16];
    snprintf(line, sizeof line, "%s: %s\n", way, what);
    for (int i = 0; i < 32; i++) {
        if (strcmp(seen[i], line) == 0)
            return;
        if (!*seen[i]) {
            strcpy(seen[i], line);
            break;
        }
    }
    if (write(STDOUT_FILENO, line, strlen(line)) < 0)
        _exit(1);
}

/* A program of the host, which could be read, or written to when it has ended (CVE-2019-5736). */
static void look_at_program(const char *process)
{
    char path[64], target[PATH_MAX] = "";
    struct stat status;
    snprintf(path, sizeof path, "%s/exe", process);
    if (stat(path, &status) < 0 || is_same(&status, &joined))
        return;
    /* It may just have executed PROG. */
    if (readlink(path, target, sizeof target - 1) <= 0 || strcmp(target, "/escapes/joined") == 0)
        return;
    caught("exe", target);
    if (access(path, W_OK) == 0 && stat(path, &status) == 0 && !is_same(&status, &joined))
        caught("exe", "can be written");
}

/* A directory that is none of the container's: of the descriptors, the working directory, the root. */
static void look_at_directories(const char *process)
{
    static const char *const names[] = {"cwd", "root", "fd/3", "fd/4", "fd/5", "fd/6", "fd/7"};
    char path[64], target[PATH_MAX];
    struct stat status;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", process, names[i]);
        if (stat(path, &status) < 0 || is_same(&status, &root))
            continue;
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length < 0 ? 0 : length] = '\0';
        caught(names[i], target);
    }
}

/* Its memory, by which it can be made to do anything. What runs /escapes/joined already is no catch, so that is
 * looked at once the memory is held. */
static void look_at_memory(const char *process, pid_t pid)
{
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "%s/mem", process);
    int memory = open(path, O_RDWR);
    snprintf(path, sizeof path, "%s/exe", process);
    if (memory >= 0) {
        if (stat(path, &status) == 0 && !is_same(&status, &joined))
            caught("mem", "opened");
        close(memory);
    }
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
        return;
    if (stat(path, &status) == 0 && !is_same(&status, &joined))
        caught("ptrace", "seized");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, __WALL);
}

static void storm(void)
{
    for (;;) {
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        waitpid(child, NULL, 0);
    }
}

/* Those that fork, and that are forked by them, are no joiners. */
static int is_ours(const char *process)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "%s/comm", process);
    int file = open(path, O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, name, sizeof name - 1);
    if (file >= 0)
        close(file);
    return length < 0 || strcmp(name, "joiner\n") == 0;
}

/* Returns the number that was given to a process last (proc_loadavg(5)). */
static pid_t newest(void)
{
    char text[128] = "";
    int file = open("/proc/loadavg", O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) < 0)
        _exit(2);
    close(file);
    return (pid_t)atoi(strrchr(text, ' '));
}

int main(int argc, char **argv)
{
    (void)argv;
    if (stat("/escapes/joined", &joined) < 0 || stat("/", &root) < 0)
        return 2;
    for (int i = 1; i < argc; i++)
        if (fork() == 0)
            storm();
    printf("waiting\n");
    fflush(stdout);
    /* The newest numbers, again and again. */
    for (pid_t next = 1, last = 0;; next++) {
        char process[32];
        if (next > last) {
            last = newest() + 2;
            next = last > 130 ? last - 128 : 1;
        }
        snprintf(process, sizeof process, "/proc/%d", (int)next);
        if (next == 1 || next == getpid() || is_ours(process))
            continue;
        look_at_program(process);
        look_at_directories(process);
        look_at_memory(process, next);
    }
}
