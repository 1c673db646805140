#include "chain.h"

#include "allocate.h"
#include "blame.h"
#include "capability.h"
#include "inline.h"
#include "kernel.h"
#include "message.h"
#include "start.h"
#include "trace.h"
#include "variable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

/* After root-setup, the descriptor of the directory of the stages. */
static const char stages_variable[] = "MINICTR_STAGES";
/* The same where a chain-break follows, for its shell: that of the host's whole file system. */
static const char host_variable[] = "MINICTR_HOST";
/* Behind tty-relay, the descriptor of the socket to it. */
static const char terminal_variable[] = "MINICTR_TTY";
/* The letters of the namespaces that were made. */
static const char made_variable[] = "MINICTR_NS";

int chain_owns(const char *name, size_t length)
{
    const char *const ours[] = {stages_variable, host_variable, terminal_variable, made_variable, trace_variable,
                                start_variable};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strlen(ours[i]) == length && strncmp(name, ours[i], length) == 0)
            return 1;
    return 0;
}

int chain_passes_on(void)
{
    for (char **entry = environ; *entry; entry++)
        if (chain_owns(*entry, strcspn(*entry, "=")))
            return 1;
    return 0;
}

static _Noreturn void refuse_variable(const char *variable)
{
    hint("it is for the stages to set, not for the user");
    refuse("the variable %s is \"%s\", which is no descriptor of theirs", variable, variable_value(variable));
}

/* Returns the descriptor that a variable holds, or -1 when it is not set. */
static int descriptor_in(const char *variable)
{
    const char *text = variable_value(variable);
    if (!text)
        return -1;
    char *end;
    long fd = strtol(text, &end, 10);
    if (end == text || *end || fd <= STDERR_FILENO || fd > INT_MAX)
        refuse_variable(variable);
    return (int)fd;
}

/* Passes a descriptor on in a variable; ENTRY is where that stays. */
static void pass_on(const char *variable, char *entry, size_t size, int fd)
{
    if (fcntl(fd, F_SETFD, 0) < 0)
        fail("cannot pass on descriptor %d", fd);
    snprintf(entry, size, "%s=%d", variable, fd);
    variable_set(entry);
}

static void drop(const char *variable)
{
    int fd = descriptor_in(variable);
    if (fd < 0)
        return;
    close(fd);
    variable_forget(variable);
}

int chain_kept_stages(void)
{
    return descriptor_in(stages_variable);
}

int chain_host(void)
{
    return descriptor_in(host_variable);
}

void chain_drop_stages(void)
{
    drop(stages_variable);
    drop(host_variable);
}

int chain_terminal(void)
{
    return descriptor_in(terminal_variable);
}

void chain_keep_terminal(int socket)
{
    static char entry[64];
    pass_on(terminal_variable, entry, sizeof entry, socket);
}

void chain_drop_terminal(void)
{
    drop(terminal_variable);
}

/* Whether a path leads to this program itself: it may be that of a script that we interpret, or a link. */
static int is_own_path(const char *path)
{
    char target[1];
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash && strcmp(slash + 1, own_name()) == 0 &&
           readlink(path, target, sizeof target) < 0 && errno == EINVAL;
}

/* Returns the path of this program: CALLED, when that leads to it, from the working directory on. Not inlined: it would
 * be a page of the stack for all that are called by a whole path, as stages are. */
__attribute__((noinline))
static char *find_program(const char *called)
{
    char path[PATH_MAX];
    if (called && getcwd(path, sizeof path) && strlen(path) + 1 + strlen(called) < PATH_MAX)
        return path_in(path, called);
    /* What /proc says of a process is dear: it is made for each process anew. */
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        fail("cannot find out where this program is: /proc/self/exe");
    else
        path[length] = '\0';
    return copy_of(path);
}

/* Where the directory was before the working directory changed. */
static const char *fixed_directory;

const char *chain_directory(void)
{
    const char *called = (const char *)getauxval(AT_EXECFN);
    if (fixed_directory)
        return fixed_directory;
    if (!is_own_path(called))
        called = NULL;
    char *path = called && *called == '/' ? copy_of(called) : find_program(called), *slash = strrchr(path, '/');
    slash[slash == path] = '\0';
    return path;
}

void chain_fix_directory(void)
{
    if (chain_kept_stages() < 0)
        fixed_directory = chain_directory();
}

int chain_made(char letter)
{
    const char *made = variable_value(made_variable);
    return made && strchr(made, letter);
}

void chain_note_made(const char *letters)
{
    static char entry[64];
    char longer[sizeof entry];
    const char *before = variable_value(made_variable);
    int length = snprintf(longer, sizeof longer, "%s=%s", made_variable, before ? before : "");
    for (; *letters && length < (int)sizeof longer - 1; letters++)
        if (!chain_made(*letters))
            longer[length++] = *letters;
    if (*letters || length >= (int)sizeof longer)
        refuse("the variable %s is too long for one more letter", made_variable);
    longer[length] = '\0';
    variable_set(strcpy(entry, longer));
}

void chain_note_gone(char letter)
{
    char *made = (char *)(uintptr_t)variable_value(made_variable), *to = made;
    for (; made && *made; made++)
        if (*made != letter)
            *to++ = *made;
    if (made)
        *to = '\0';
}

/* Read-only, since it is for looking. */
static void keep_host(void)
{
    static char entry[64];
    int fd = clone_tree(-1, "/", 1);
    if (fd < 0 || add_mount_flags(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 1) < 0) {
        hint_missing(CAPABILITY_SYS_ADMIN);
        fail("cannot keep the host's file system for chain-break");
    }
    pass_on(host_variable, entry, sizeof entry, fd);
}

/* Returns the descriptor of a detached copy that is for executing alone. */
static int copy_directory(const char *path)
{
    int fd = clone_tree(-1, path, 0);
    if (fd < 0) {
        hint_missing(CAPABILITY_SYS_ADMIN);
        fail("cannot keep the directory of the stages: %s", path);
    }
    if (add_mount_flags(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0) < 0)
        fail("cannot make the copy of the directory of the stages read-only: %s", path);
    return fd;
}

/* The same for who has not the power to do so: it is made by a process in namespaces of its own, which has our table of
 * descriptors (CLONE_FILES, clone(2)) and puts it in the place of one of them. */
static int have_directory_copied(const char *path)
{
    int fd = open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY), change;
    pid_t child = fd < 0 ? -1 : fork_unnoticed(CLONE_NEWUSER | CLONE_NEWNS | CLONE_FILES);
    if (child == 0) {
        int copy = copy_directory(path);
        if (dup3(copy, fd, O_CLOEXEC) < 0)
            fail("cannot keep the directory of the stages: %s", path);
        close(copy);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &change, __WALL) < 0)
        fail("cannot keep the directory of the stages: %s", path);
    if (change)
        _exit(STATUS_FAILED); /* it has said why */
    return fd;
}

/* COPY makes the copy. */
static void keep_stages(int (*copy)(const char *path))
{
    static char entry[64];
    if (chain_kept_stages() < 0)
        pass_on(stages_variable, entry, sizeof entry, copy(chain_directory()));
}

void chain_keep_stages(char **rest)
{
    for (char **word = rest; *word && chain_host() < 0; word++)
        if (strcmp(*word, "chain-break") == 0)
            keep_host();
    keep_stages(copy_directory);
}

void chain_have_stages_kept(void)
{
    keep_stages(have_directory_copied);
}

/* Returns where a stage of this name would be: relative to the descriptor STAGES, or with -1 its whole path; NULL when
 * it can be none. */
static const char *find_stage(int stages, const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || !*name)
        return NULL;
    return stages >= 0 ? name : path_in(chain_directory(), name);
}

/* After ENOENT: says whether a stage is there all the same. What is none of ours is not looked for: a filter of system
 * calls (sys-filter) may kill for that. Keeps errno. */
static int lacks_loader(int stages, const char *path)
{
    int error = errno;
    const char *slash = strrchr(path, '/');
    int is_there = is_stage(slash ? slash + 1 : path) && faccessat(stages, path, F_OK, 0) == 0;
    errno = error;
    return is_there;
}

/* Executes a stage; returns when there is none of that name. */
static void exec_stage(int stages, char **words)
{
    const char *path = find_stage(stages, words[0]);
    if (!path)
        return;
    if (stages >= 0)
        exec_at(stages, path, words, environ);
    else
        exec_path(path, words, environ);
    if (stages >= 0 && (errno == EBADF || errno == ENOTDIR))
        refuse_variable(stages_variable);
    if ((errno != ENOENT && errno != ENAMETOOLONG) || lacks_loader(stages, path))
        blame_exec(path, stages);
}

/* Writes the path that NAME has in the directory that ELEMENT of PATH begins with; returns the next element, or
 * NULL. The path is empty when it would be too long. */
static const char *candidate_in(const char *element, const char *name, char *candidate)
{
    size_t length = strcspn(element, ":");
    const char *slash = length && element[length - 1] != '/' ? "/" : "";
    *candidate = '\0';
    if (length + strlen(name) + 2 <= PATH_MAX)
        snprintf(candidate, PATH_MAX, "%.*s%s%s", (int)length, element, slash, name);
    return element[length] ? element + length + 1 : NULL;
}

/* Executes a program from PATH as execvp(3) does; returns the error that says most. */
static void exec_from_path(char **words)
{
    const char *path = variable_value("PATH");
    char candidate[PATH_MAX], refused[PATH_MAX] = "";

    if (!path)
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    for (const char *element = path; element;) {
        element = candidate_in(element, words[0], candidate);
        exec_path(candidate, words, environ);
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            blame_exec(candidate, -1);
        if (errno == EACCES && !*refused)
            strcpy(refused, candidate);
    }
    if (*refused) {
        errno = EACCES;
        blame_exec(refused, -1);
    }
    /* Something of that name may be there all the same. It is looked for only now: a filter of system calls
     * (sys-filter) may kill for that. */
    for (const char *element = path; element;) {
        element = candidate_in(element, words[0], candidate);
        if (*candidate && access(candidate, F_OK) == 0) {
            exec_path(candidate, words, environ);
            blame_exec(candidate, -1);
        }
    }
    blame_search(words[0], path);
}

/* The chain leaves the stages, for good: no path, link or interpreter in the root may lead through their
 * descriptor. */
static int has_left;

static void leave_stages(char **words)
{
    if (chain_kept_stages() >= 0)
        blame_left(words);
    if (chain_made('c') && drop_capabilities() < 0)
        fail("cannot drop the capabilities that were held for the stages");
    chain_drop_stages();
    chain_drop_terminal();
    trace_drop();
    variable_forget(made_variable);
    start_leave();
    has_left = 1;
}

static int is_bare(const char *word)
{
    return !strchr(word, '/');
}

void chain_prepare(char **words)
{
    int stages = chain_kept_stages();
    const char *path;
    trace_next(words[0]);
    if (is_bare(words[0]) && is_inlined(words[0]))
        return;
    if (is_bare(words[0]) && (path = find_stage(stages, words[0])) && faccessat(stages, path, F_OK, 0) == 0)
        return;
    leave_stages(words);
}

void chain(char **words)
{
    trace_next(words[0]);
    if (!has_left) {
        if (is_bare(words[0]))
            call_inlined(words);
        if (is_bare(words[0]))
            exec_stage(chain_kept_stages(), words);
        leave_stages(words);
    }
    if (is_bare(words[0]))
        exec_from_path(words);
    exec_path(words[0], words, environ);
    blame_exec(words[0], -1);
}
