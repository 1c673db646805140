/*
 * keyring: reads a key of the host, and leaves one there. Keyrings are in no namespace but that of users: a
 * container inherits the session keyring of its caller.
 *
 *   keyring with NAME TEXT PROG...    runs PROG with a new session keyring and a key in it; says afterwards
 *                                     whether another key has come into it
 *   keyring read NAME TEXT            finds and reads it, and leaves one; 0 when one of these succeeded
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SESSION = -3, USER = -4, JOIN = 1, SEARCH = 10, READ = 11 }; /* linux/keyctl.h */

static long add(const char *name, const char *text)
{
    return syscall(SYS_add_key, "user", name, text, strlen(text), SESSION);
}

static int with(char **words)
{
    int status;
    if (syscall(SYS_keyctl, JOIN, NULL) < 0 || add(words[0], words[1]) < 0)
        return 2;
    pid_t child = fork();
    if (child == 0)
        _exit((execvp(words[2], words + 2), 2));
    waitpid(child, &status, 0);
    if (syscall(SYS_keyctl, SEARCH, SESSION, "user", "planted", 0) > 0)
        puts("planted");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

/* Says what came of looking for the key; reads it. */
static int got(const char *way, long key, const char *text)
{
    char found[64] = "";
    const char *what = strerror(errno);
    int could = key > 0 && syscall(SYS_keyctl, READ, key, found, sizeof found - 1) > 0 &&
                strcmp(found, text) == 0;
    printf("%s: %s\n", way, could ? found : key > 0 ? "found" : what);
    return could;
}

int main(int argc, char **argv)
{
    if (argc > 4 && strcmp(argv[1], "with") == 0)
        return with(argv + 2);
    if (argc != 4 || strcmp(argv[1], "read") != 0)
        return 2;
    int could = got("request_key", syscall(SYS_request_key, "user", argv[2], NULL, 0), argv[3]);
    could |= got("session", syscall(SYS_keyctl, SEARCH, SESSION, "user", argv[2], 0), argv[3]);
    could |= got("user", syscall(SYS_keyctl, SEARCH, USER, "user", argv[2], 0), argv[3]);
    long planted = add("planted", "text");
    printf("add_key: %s\n", planted < 0 ? strerror(errno) : "done");
    return !could && planted < 0;
}
