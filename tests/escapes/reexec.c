/*
 * reexec: executes itself again and again with the variables of the chain set by hand, and stage names as its
 * name, as if it were one: to get hold of the directory of the stages, or to run one of them.
 *
 *   reexec N [STAGE]     N times; then tries to execute STAGE by name from each descriptor that is open
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {"root-setup", "reexec", "pid-init", "sys-filter"};
static const char *const namespaces[] = {"MINICTR_NS=muipC", "MINICTR_NS=muipC/sdc", "MINICTR_NS="};

/* Whether a program of that name can be executed from there; it ends at once for want of PROG. */
static int has_stage(int directory, const char *stage)
{
    char *words[] = {(char *)(unsigned long)stage, NULL};
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        syscall(SYS_execveat, directory, stage, words, environ, 0);
        _exit(1);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 125;
}

static int look_around(const char *stage)
{
    int could = 0;
    for (int fd = 3; fd < 64; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            continue;
        int found = has_stage(fd, stage);
        printf("descriptor %d%s\n", fd, found ? ": stages" : "");
        could |= found;
    }
    puts("looked around");
    return !could;
}

int main(int argc, char **argv)
{
    char number[16], stages[32], terminal[32];
    int left = argc > 1 ? atoi(argv[1]) : 0;
    char *stage = argc > 2 ? argv[2] : (char[]){"pid-init"};
    if (left == 0)
        return look_around(stage);
    snprintf(number, sizeof number, "%d", left - 1);
    snprintf(stages, sizeof stages, "MINICTR_STAGES=%d", 3 + left % 7);
    snprintf(terminal, sizeof terminal, "MINICTR_TTY=%d", 3 + left % 5);
    char *own[] = {(char *)(unsigned long)names[left % 4], number, stage, NULL};
    char *variables[] = {(char *)(unsigned long)namespaces[left % 3], stages, terminal, stages, NULL};
    execve("/proc/self/exe", own, variables);
    perror("reexec");
    return 2;
}
