/*
 * probe: looks at the place it runs in, and at itself, from inside a container. Static, so that it
 * runs in any root. A verb a question; the answer goes to standard output.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void usage(void)
{
    fputs("usage: probe fds|signals|groups|args|env|alloc|child-alloc|forks|orphans|exit|die|catch"
          "|exec|stage-exe\n",
          stderr);
    exit(2);
}

/* The open descriptors, but the one that the question needs. */
static int fds(void)
{
    for (int fd = 0; fd < 1024; fd++)
        if (dup2(fd, 1023) >= 0) {
            printf("%d ", fd);
            close(1023);
        }
    putchar('\n');
    return 0;
}

/* The blocked and the ignored signals, by number. */
static int signals(void)
{
    sigset_t blocked;
    struct sigaction action;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int i = 1; i < 65; i++)
        if (sigismember(&blocked, i) == 1)
            printf("blocked %d\n", i);
    for (int i = 1; i < 65; i++)
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            printf("ignored %d\n", i);
    return 0;
}

static int groups(void)
{
    printf("pid %d ppid %d group %d session %d\n", (int)getpid(), (int)getppid(), (int)getpgrp(),
           (int)getsid(0));
    return 0;
}

/* Each argument in hexadecimal, one a line. */
static int args(char **words)
{
    for (; *words; words++) {
        for (const char *byte = *words; *byte; byte++)
            printf("%02x", (unsigned char)*byte);
        putchar('\n');
    }
    return 0;
}

/* Touches so many MiB, one after the other, and says how many it got. */
static int alloc(int mebibytes)
{
    for (int i = 0; i < mebibytes; i++) {
        char *page = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED)
            return 1;
        memset(page, i + 1, 1 << 20);
    }
    printf("got %d MiB\n", mebibytes);
    return 0;
}

/* Forks and reports how the child ended: its status, or 128+N. */
static int child_alloc(int mebibytes)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(alloc(mebibytes));
    waitpid(child, &status, 0);
    printf("child %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}

/* Starts up to N processes that wait; says how many there are, and ends them. */
static int forks(int most)
{
    int count = 0, gate[2];
    char end;
    if (pipe(gate) < 0)
        return 1;
    while (count < most) {
        pid_t child = fork();
        if (child < 0)
            break;
        if (child == 0) {
            close(gate[1]);
            _exit(read(gate[0], &end, 1) != 0);
        }
        count++;
    }
    close(gate[1]);
    while (wait(NULL) > 0)
        ;
    printf("forked %d\n", count);
    return 0;
}

/* Leaves N children to process 1, waits for them to end, and counts the zombies in /proc. */
static int orphans(int number)
{
    for (int i = 0; i < number; i++)
        if (fork() == 0) {
            if (fork() == 0) {
                usleep(50000);
                _exit(0);
            }
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    usleep(300000);
    int zombies = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        char path[300], text[512] = "";
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "re");
        if (!file)
            continue;
        size_t length = fread(text, 1, sizeof text - 1, file);
        text[length] = '\0';
        fclose(file);
        zombies += strstr(text, ") Z ") != NULL;
    }
    printf("zombies %d\n", zombies);
    return 0;
}

/* Waits for each of these signals once, in any order, and says which came. */
static int catch_signals(char **words)
{
    sigset_t waited;
    int count = 0, number;
    sigemptyset(&waited);
    for (; *words; words++, count++)
        sigaddset(&waited, atoi(*words));
    sigprocmask(SIG_BLOCK, &waited, NULL);
    puts("ready");
    fflush(stdout);
    while (count-- > 0 && sigwait(&waited, &number) == 0) {
        printf("caught %d\n", number);
        fflush(stdout);
    }
    return 0;
}

/* Tries to reach beyond the program behind /proc/PID/exe: to write it, and to list beside it. */
static int stage_exe(const char *pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/exe", pid);
    FILE *file = fopen(path, "r+e");
    printf("write %s\n", file ? "possible" : strerror(errno));
    if (file)
        fclose(file);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        usage();
    const char *verb = argv[1];
    int number = argc > 2 ? atoi(argv[2]) : 0;
    if (strcmp(verb, "fds") == 0)
        return fds();
    if (strcmp(verb, "signals") == 0)
        return signals();
    if (strcmp(verb, "groups") == 0)
        return groups();
    if (strcmp(verb, "args") == 0)
        return args(argv + 2);
    if (strcmp(verb, "env") == 0) {
        for (char **entry = environ; *entry; entry++)
            puts(*entry);
        return 0;
    }
    if (strcmp(verb, "alloc") == 0)
        return alloc(number);
    if (strcmp(verb, "child-alloc") == 0)
        return child_alloc(number);
    if (strcmp(verb, "forks") == 0)
        return forks(number);
    if (strcmp(verb, "orphans") == 0)
        return orphans(number);
    if (strcmp(verb, "exit") == 0)
        return number;
    if (strcmp(verb, "die") == 0)
        return kill(getpid(), number), 1;
    if (strcmp(verb, "catch") == 0)
        return catch_signals(argv + 2);
    if (strcmp(verb, "stage-exe") == 0 && argc > 2)
        return stage_exe(argv[2]);
    if (strcmp(verb, "exec") == 0 && argc > 3)
        return execv(argv[2], argv + 3), 1;
    usage();
}
