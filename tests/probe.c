/*
 * probe: looks at the place it runs in, and at itself, from inside a container. Static, so that it
 * runs in any root. A verb a question; the answer goes to standard output.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void usage(void)
{
    fputs("usage: probe fds|signals|groups|args|env|env-bytes|in-env|alloc|child-alloc|forks|opens"
          "|orphans|exit|die|catch|exec|realtime|stage-exe|pty|type|shm|mqueue|nobody|unshare|burn|bomb|escape|power\n"
          "       probe abstract|reach NAME\n"
          "       probe make|truncate|ioctl PATH\n"
          "       probe view [PATH...]\n"
          "       probe rename OLD NEW\n",
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

/* What the kernel lets this process do: who it is, its capabilities, what is locked; and by which signal
 * it dies with its parent. */
static int power(void)
{
    static const char *const fields[] = {"Umask:", "Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:"};
    char line[4096];
    int death = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status))
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            if (strncmp(line, fields[i], strlen(fields[i])) == 0)
                fputs(line, stdout);
    prctl(PR_GET_PDEATHSIG, &death);
    printf("Securebits:\t%02x\nDeath:\t%d\n", (unsigned)prctl(PR_GET_SECUREBITS), death);
    return !status || fclose(status) != 0;
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

/* Executes what follows "--" in exactly this environment, which a shell would tidy up: names that
 * are there twice, entries without "=". */
static int in_env(char **words)
{
    char **rest = words;
    while (*rest && strcmp(*rest, "--") != 0)
        rest++;
    if (!rest[0] || !rest[1])
        usage();
    *rest++ = NULL;
    execve(*rest, rest, words);
    perror(*rest);
    return 1;
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

/* Opens up to N descriptors; says how many, and the number of the error that was in the way. */
static int opens(int most)
{
    int count = 0;
    while (count < most && open("/", O_RDONLY | O_DIRECTORY) >= 0)
        count++;
    printf("opened %d, error %d\n", count, count < most ? errno : 0);
    return 0;
}

/* Takes this real-time priority; musl's own function for it does nothing. */
static int realtime(int priority)
{
    const struct sched_param wanted = {.sched_priority = priority};
    int failed = syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &wanted) < 0;
    printf("priority %d %s\n", priority, failed ? strerror(errno) : "taken");
    return failed;
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

static long microseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Computes for so many milliseconds; says how many microseconds of processor time it got, and how
 * many have passed. */
static int burn(int milliseconds)
{
    long start = microseconds(CLOCK_MONOTONIC), passed;
    do
        passed = microseconds(CLOCK_MONOTONIC) - start;
    while (passed < milliseconds * 1000L);
    printf("%ld %ld\n", microseconds(CLOCK_PROCESS_CPUTIME_ID), passed);
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

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Opens a new terminal, sends a line through it, prints its name and becomes PROG with it open. */
static int pty(char **words)
{
    char text[16] = "";
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
        give_up("ptmx");
    const char *name = ptsname(master);
    int terminal = name ? open(name, O_RDWR | O_NOCTTY) : -1;
    if (terminal < 0 || !isatty(terminal))
        give_up(name ? name : "ptsname");
    if (write(master, "line\n", 5) != 5 || read(terminal, text, sizeof text - 1) != 5)
        give_up("no line came through");
    printf("%s %s", name, text);
    fflush(stdout);
    return *words ? (execvp(*words, words), 1) : 0;
}

/* Types text into the terminal on standard input, as if a person had (TIOCSTI). */
static int type(const char *text)
{
    for (; *text; text++)
        if (ioctl(STDIN_FILENO, TIOCSTI, text) < 0)
            give_up("TIOCSTI");
    return 0;
}

/* Shares memory by its name with another process: both must see what the other wrote. */
static int shm(void)
{
    int status = 1;
    int file = shm_open("/probe", O_RDWR | O_CREAT | O_EXCL, 0600);
    if (file < 0 || ftruncate(file, 8192) < 0)
        give_up("shm_open");
    pid_t child = fork();
    if (child == 0) {
        int same = shm_open("/probe", O_RDWR, 0);
        char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, same, 0);
        if (same < 0 || memory == MAP_FAILED)
            _exit(1);
        memory[8191] = 'c';
        _exit(0);
    }
    char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    waitpid(child, &status, 0);
    if (memory == MAP_FAILED || status != 0)
        give_up("mmap");
    printf("child wrote %c\n", memory[8191]);
    return shm_unlink("/probe") < 0;
}

/* Makes a message queue of this name, and sends itself a message. It stays. */
static int message_queue(const char *name)
{
    char text[64] = "";
    struct mq_attr size = {.mq_maxmsg = 2, .mq_msgsize = sizeof text};
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &size);
    if (queue == (mqd_t)-1 || mq_send(queue, "message", 7, 0) < 0 ||
        mq_receive(queue, text, sizeof text, NULL) != 7)
        give_up(name);
    puts(text);
    return 0;
}

/* Becomes PROG as a user without powers. */
static int nobody(char **words)
{
    if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
        give_up("setuid");
    return execvp(*words, words), 1;
}

/* Starts PROG as root of user, mount and PID namespaces of its own, which any user may be. */
static int unshare_user(char **words)
{
    char map[32];
    int status = 1;
    snprintf(map, sizeof map, "0 %d 1", (int)geteuid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
        give_up("unshare");
    int file = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, map, strlen(map)) < 0)
        give_up("uid_map");
    close(file);
    puts("unshared");
    fflush(stdout);
    if (fork() == 0)
        _exit((execvp(*words, words), 127));
    wait(&status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* Breaks out of a chroot in the old way; prints the number of the directory that it gets to. */
static int escape(void)
{
    struct stat status;
    int root = open("/", O_RDONLY | O_DIRECTORY);
    if (mkdir("/jail", 0700) < 0 || chroot("/jail") < 0)
        give_up("chroot");
    if (fchdir(root) < 0)
        give_up("fchdir");
    for (int i = 0; i < 100; i++)
        if (chdir("..") < 0)
            give_up("..");
    if (chroot(".") < 0 || stat("/", &status) < 0 || rmdir("/jail") < 0)
        give_up("/");
    printf("%llu\n", (unsigned long long)status.st_ino);
    return 0;
}

/* A socket with a name in the network namespace, and in no file system (unix(7)). */
static int abstract_socket(struct sockaddr_un *address, socklen_t *length, const char *name)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int size = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "%s", name);
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

/* Listens there, and becomes PROG. */
static int abstract(char **words)
{
    struct sockaddr_un address;
    socklen_t length;
    int listener = abstract_socket(&address, &length, *words++);
    if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0)
        give_up("bind");
    return execvp(*words, words), 1;
}

static int reach(const char *name)
{
    struct sockaddr_un address;
    socklen_t length;
    int client = abstract_socket(&address, &length, name);
    int reached = connect(client, (struct sockaddr *)&address, length) == 0;
    puts(reached ? "reached" : strerror(errno));
    return !reached;
}

static int say_whether(const char *what, int result)
{
    printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done");
    return result < 0;
}

/* Makes a file of each kind in this directory, and takes it away again. */
static int make(const char *directory)
{
    const struct {
        const char *name;
        mode_t type;
        dev_t device;
    } kinds[] = {{"file", S_IFREG, 0},           {"fifo", S_IFIFO, 0},
                 {"socket", S_IFSOCK, 0},        {"null", S_IFCHR, makedev(1, 3)},
                 {"loop", S_IFBLK, makedev(7, 0)}};
    if (chdir(directory) < 0)
        give_up(directory);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        say_whether(kinds[i].name, mknod(kinds[i].name, kinds[i].type | 0600, kinds[i].device));
        unlink(kinds[i].name);
    }
    say_whether("link", symlink("to", "link"));
    say_whether("directory", mkdir("directory", 0700));
    unlink("link");
    rmdir("directory");
    return 0;
}

/* Asks a device what only a terminal knows. */
static int ask_device(const char *path)
{
    struct winsize size;
    int device = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (device < 0)
        give_up(path);
    return say_whether("ioctl", ioctl(device, TIOCGWINSZ, &size));
}

/* The file system as it is mounted: no ids, since they differ from run to run. */
static void mounts(void)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen("/proc/self/mountinfo", "re");
    while (file && getline(&line, &size, file) > 0) {
        char *type = strstr(line, " - "), *place = line;
        for (int i = 0; place && i < 3; i++)
            place = strchr(place + 1, ' ');
        char *options = place ? strchr(strchr(place + 1, ' ') + 1, ' ') : NULL;
        char *end = options ? strchr(options + 1, ' ') : NULL;
        if (type && end && end <= type)
            printf("mount%.*s%s%s", (int)(end - place), place, end < type ? " (propagates)" : "", type + 2);
    }
    free(line);
    if (file)
        fclose(file);
}

static int is_visible(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

/* What a file contains, or the files in a directory. */
static void show(const char *path)
{
    struct dirent **list;
    struct stat status;
    char text[1024];
    int count = scandir(path, &list, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%s/%s", path, list[i]->d_name);
        int found = lstat(text, &status);
        printf("%s %o %d:%d\n", text, found < 0 ? 0 : status.st_mode, (int)major(status.st_rdev),
               (int)minor(status.st_rdev));
    }
    if (count >= 0)
        return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text);
    if (length < 0)
        printf("%s: %s\n", path, strerror(errno));
    else
        printf("%s: %.*s\n", path, (int)length, text);
    close(file);
}

/* All that a stage may change of the process that becomes PROG, without what differs from run to run. */
static int view(char **paths)
{
    char text[4096] = "";
    struct rlimit limit;
    /* Where standard output is a terminal, that is asked about here, and the answer goes to a file. */
    int output = *paths && **paths == '>' ? dup(STDOUT_FILENO) : -1;
    int is_terminal = isatty(STDIN_FILENO) + isatty(STDOUT_FILENO) + isatty(STDERR_FILENO);
    if (output >= 0 && !freopen(*paths++ + 1, "we", stdout))
        give_up("file");
    gethostname(text, sizeof text);
    printf("host %s\n", text);
    printf("directory %s\n", getcwd(text, sizeof text) ? text : strerror(errno));
    for (char **entry = environ; *entry; entry++)
        printf("variable %s\n", *entry);
    for (int i = 0; i < RLIM_NLIMITS; i++)
        if (syscall(SYS_prlimit64, 0, i, NULL, &limit) == 0)
            printf("limit %d %llu %llu\n", i, (unsigned long long)limit.rlim_cur,
                   (unsigned long long)limit.rlim_max);
    printf("process 1: %d, leader: %d, terminal: %d\n", getpid() == 1, getsid(0) == getpid(), is_terminal);
    for (int i = 0; i < 3; i++)
        printf("capabilities %d: %d\n", i, prctl(PR_CAPBSET_READ, i, 0, 0, 0));
    power();
    fds();
    signals();
    mounts();
    for (; *paths; paths++)
        show(*paths);
    say_whether("signal", kill(getppid(), 0));
    say_whether("personality", (int)syscall(SYS_personality, 0xffffffff));
    say_whether("unshare", unshare(CLONE_NEWUSER));
    fflush(stdout);
    return output >= 0 && write(output, "seen\n", 5) < 0;
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
    if (strcmp(verb, "power") == 0)
        return power();
    if (strcmp(verb, "args") == 0)
        return args(argv + 2);
    if (strcmp(verb, "env") == 0) {
        for (char **entry = environ; *entry; entry++)
            puts(*entry);
        return 0;
    }
    if (strcmp(verb, "env-bytes") == 0)
        return args(environ);
    if (strcmp(verb, "in-env") == 0)
        return in_env(argv + 2);
    if (strcmp(verb, "alloc") == 0)
        return alloc(number);
    if (strcmp(verb, "child-alloc") == 0)
        return child_alloc(number);
    if (strcmp(verb, "forks") == 0)
        return forks(number);
    if (strcmp(verb, "opens") == 0)
        return opens(number);
    if (strcmp(verb, "realtime") == 0)
        return realtime(number);
    if (strcmp(verb, "orphans") == 0)
        return orphans(number);
    if (strcmp(verb, "burn") == 0)
        return burn(number);
    if (strcmp(verb, "bomb") == 0)
        for (;;)
            fork();
    if (strcmp(verb, "exit") == 0)
        return number;
    if (strcmp(verb, "die") == 0)
        return kill(getpid(), number), 1;
    if (strcmp(verb, "catch") == 0)
        return catch_signals(argv + 2);
    if (strcmp(verb, "stage-exe") == 0 && argc > 2)
        return stage_exe(argv[2]);
    if (strcmp(verb, "pty") == 0)
        return pty(argv + 2);
    if (strcmp(verb, "type") == 0 && argc > 2)
        return type(argv[2]);
    if (strcmp(verb, "shm") == 0)
        return shm();
    if (strcmp(verb, "mqueue") == 0 && argc > 2)
        return message_queue(argv[2]);
    if (strcmp(verb, "nobody") == 0 && argc > 2)
        return nobody(argv + 2);
    if (strcmp(verb, "unshare") == 0 && argc > 2)
        return unshare_user(argv + 2);
    if (strcmp(verb, "escape") == 0)
        return escape();
    if (strcmp(verb, "abstract") == 0 && argc > 3)
        return abstract(argv + 2);
    if (strcmp(verb, "reach") == 0 && argc > 2)
        return reach(argv[2]);
    if (strcmp(verb, "make") == 0 && argc > 2)
        return make(argv[2]);
    if (strcmp(verb, "view") == 0)
        return view(argv + 2);
    if (strcmp(verb, "truncate") == 0 && argc > 2)
        return say_whether("truncate", truncate(argv[2], 0));
    if (strcmp(verb, "rename") == 0 && argc > 3)
        return say_whether("rename", rename(argv[2], argv[3]));
    if (strcmp(verb, "ioctl") == 0 && argc > 2)
        return ask_device(argv[2]);
    if (strcmp(verb, "exec") == 0 && argc > 3)
        return execv(argv[2], argv + 3), 1;
    usage();
}
