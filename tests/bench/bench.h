/*
 * bench.h: how the bench starts what it measures, and ends it. For the programs of tests/bench that read
 * subjects: a line each, the label and the words of the command, with a tab between two. "@" in a word
 * stands for a name that no other start has, with MINICTR_BENCH of the environment in it. A first word
 * "ns=FILE" is a mount namespace to start in.
 *
 * Each command has a process group of its own, /dev/null as standard input, and as standard output a pipe
 * from which the time that the payload wrote is read. SIGINT and SIGTERM, and a minute without any news,
 * end all that was started, and then the program: all of it are descendants of ours, for we are the
 * subreaper (prctl(2)) also of what leaves its parent.
 */
#ifndef BENCH_H
#define BENCH_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SUBJECTS = 64, WORDS = 128, LINE = 8192, PATIENCE = 60000, PROCESSES = 65536 };

struct subject {
    char *label;
    char *words[WORDS];
    int namespace; /* a mount namespace, or -1 */
};

struct start {
    pid_t pid;
    int output; /* the pipe */
    struct timespec begin, end;
    int status;
};

struct found {
    pid_t pid, parent;
    int is_ours, is_payload;
};

static struct subject subjects[SUBJECTS];
static int subject_count;
static int news = -1; /* signalfd(2) of SIGCHLD, SIGINT and SIGTERM */
static struct found found[PROCESSES];

static inline double microseconds(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
}

/* Looks for all processes below this one: they are in found[], as many as it returns. */
static inline int find_descendants(void)
{
    int count = 0, last, ours = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc)) && count < PROCESSES;) {
        char path[300], text[512], *name, *end;
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = file < 0 ? -1 : read(file, text, sizeof text - 1);
        close(file);
        if (got <= 0)
            continue;
        text[got] = '\0';
        name = strchr(text, '(');
        end = strrchr(text, ')');
        if (!name || !end || end[2] == 'Z')
            continue;
        found[count].pid = (pid_t)atol(text);
        found[count].parent = (pid_t)atol(end + 4);
        found[count].is_payload = strncmp(name, "(payload)", 9) == 0;
        found[count++].is_ours = 0;
    }
    if (proc)
        closedir(proc);
    do {
        last = ours;
        for (int i = 0; i < count; i++)
            for (int j = 0; j < count && !found[i].is_ours; j++)
                if (found[i].parent == getpid() || (found[j].pid == found[i].parent && found[j].is_ours)) {
                    found[i].is_ours = 1;
                    ours++;
                }
    } while (ours > last);
    for (int i = ours = 0; i < count; i++)
        if (found[i].is_ours)
            found[ours++] = found[i];
    return ours;
}

/* Kills the payloads, so that whoever is above them tidies up as after any end; what is still there
 * after half a minute is killed, too. Returns when nothing is left. */
static inline void end_all(void)
{
    struct timespec begin, now, last = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        int is_late = microseconds(begin, now) > 3e7, count = 0;
        if (microseconds(last, now) > 1e6) {
            last = now;
            count = find_descendants();
        }
        for (int i = 0; i < count; i++)
            if (found[i].is_payload || is_late)
                kill(found[i].pid, SIGKILL);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
            return;
        poll(&(struct pollfd){news, POLLIN, 0}, 1, 50);
        while (read(news, &(struct signalfd_siginfo){0}, sizeof(struct signalfd_siginfo)) > 0)
            ;
    }
}

static inline _Noreturn void give_up(const char *label, const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", label, what);
    end_all();
    exit(1);
}

/* Reads the subjects from standard input, and prepares for starting them. */
static inline void read_subjects(void)
{
    static char line[LINE];
    sigset_t set;
    while (subject_count < SUBJECTS && fgets(line, sizeof line, stdin)) {
        struct subject *subject = &subjects[subject_count++];
        int count = 0;
        line[strcspn(line, "\n")] = '\0';
        char *rest = strdup(line);
        subject->label = strsep(&rest, "\t");
        subject->namespace = -1;
        if (rest && strncmp(rest, "ns=", 3) == 0)
            subject->namespace = open(strsep(&rest, "\t") + 3, O_RDONLY | O_CLOEXEC);
        for (char *word; count < WORDS - 1 && (word = strsep(&rest, "\t"));)
            subject->words[count++] = word;
        if (count == 0) {
            fprintf(stderr, "bench: %s: no command\n", line);
            exit(2);
        }
    }
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGINT, SIG_DFL); /* a shell ignores it for what it starts in the background */
    news = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Puts a name of this start's own in place of "@". */
static inline void complete_words(char *const *words, char **complete, char (*texts)[256])
{
    static unsigned number;
    const char *mark = getenv("MINICTR_BENCH");
    int used = 0;
    number++;
    for (; *words; words++) {
        const char *at = strchr(*words, '@');
        *complete++ = at && used < 8 ? texts[used] : *words;
        if (at && used < 8)
            snprintf(texts[used++], sizeof *texts, "%.*sbench-%s-%d-%u%s", (int)(at - *words), *words, mark ? mark : "0",
                     (int)getpid(), number, at + 1);
    }
    *complete = NULL;
}

static inline void begin(const struct subject *subject, struct start *start)
{
    char *words[WORDS], texts[8][256];
    int ends[2];
    sigset_t none;

    sigemptyset(&none);
    complete_words(subject->words, words, texts);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
        give_up(subject->label, strerror(errno));
    clock_gettime(CLOCK_MONOTONIC, &start->begin);
    start->pid = vfork(); /* NOLINT: no stack is used behind it but by what follows */
    if (start->pid == 0) {
        setpgid(0, 0);
        sigprocmask(SIG_SETMASK, &none, NULL);
        dup2(null, 0);
        dup2(ends[1], 1);
        if (subject->namespace < 0 || setns(subject->namespace, CLONE_NEWNS) == 0)
            execv(words[0], words);
        _exit(127);
    }
    if (start->pid < 0)
        give_up(subject->label, strerror(errno));
    close(null);
    close(ends[1]);
    start->output = ends[0];
    start->status = -1;
}

/* Waits for something to read at the pipe, unless that is -1, or for a signal. Returns whether the pipe
 * has something. */
static inline int await_news(const struct subject *subject, int output)
{
    struct signalfd_siginfo signal;
    struct pollfd ready[2] = {{news, POLLIN, 0}, {output, POLLIN, 0}};
    if (poll(ready, 2, PATIENCE) == 0)
        give_up(subject->label, "nothing happens");
    while (read(news, &signal, sizeof signal) == (ssize_t)sizeof signal)
        if (signal.ssi_signo != SIGCHLD)
            give_up(subject->label, "interrupted");
    return ready[1].revents != 0;
}

/* The time from the start to the payload's first instruction, in microseconds; -1 when it wrote none, and
 * does not now. Closes the pipe. */
static inline double first_instruction(const struct start *start)
{
    struct timespec first;
    ssize_t got = read(start->output, &first, sizeof first);
    close(start->output);
    return got == (ssize_t)sizeof first ? microseconds(start->begin, first) : -1;
}

/* Waits until the payload runs, and says since when. */
static inline double await_first(const struct subject *subject, struct start *start)
{
    while (!await_news(subject, start->output))
        ;
    double first = first_instruction(start);
    if (first < 0)
        give_up(subject->label, "it ended before the payload ran");
    return first;
}

/* Waits until the command itself has ended, and sets its time. */
static inline void finish(const struct subject *subject, struct start *start)
{
    int status;
    for (;;) {
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
            if (pid == start->pid)
                start->status = status;
        if (start->status >= 0)
            break;
        await_news(subject, -1);
    }
    clock_gettime(CLOCK_MONOTONIC, &start->end);
    fcntl(start->output, F_SETFL, O_NONBLOCK);
}

#endif
