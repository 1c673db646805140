#include "drain.h"

#include "file.h"
#include "hierarchy.h"
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int has_process(int directory, pid_t pid)
{
    struct lines lines;
    int found = 0;
    open_lines(&lines, directory, "cgroup.procs");
    for (char *line; !found && (line = next_line(&lines));)
        found = atoi(line) == pid;
    close_lines(&lines);
    return found;
}

int signal_member(int directory, pid_t pid, int signal)
{
    int process = pidfd_open_of(pid), result = 0;
    /* Pinned first, and looked for then: the number that the group lists is its own. */
    if (process >= 0 && has_process(directory, pid))
        result = pidfd_signal(process, signal) < 0 ? -1 : 1;
    else if (process < 0)
        result = -1;
    int error = errno;
    close(process);
    errno = error;
    return result < 0 && error == ESRCH ? 0 : result;
}

static int move_to(const struct hierarchy *freezer, int length, const char *group, pid_t pid)
{
    char path[2 * PATH_MAX + 16], number[16];
    snprintf(path, sizeof path, "%s%.*s/cgroup.procs", freezer->path, length, group);
    snprintf(number, sizeof number, "%d", (int)pid);
    return write_file(AT_FDCWD, path, number);
}

/* Brings a process into the root group of the v1 freezer, which is never frozen: a process that is does not even die.
 * Who may not, into the one from which ctr-pause has taken it, above minictr. When it was the last one in a group that
 * ctr-pause has made, removes that. */
static void thaw(pid_t pid)
{
    struct hierarchy list[CGROUP_CONTROLLERS];
    char group[PATH_MAX], path[2 * PATH_MAX];
    if (find_hierarchies(list, 1U << CGROUP_FREEZER, "/") != 1 || list[0].version != 1)
        return;
    const char *end = group_of_process(&list[0], pid, group) ? strstr(group, "/minictr/") : NULL;
    if ((move_to(&list[0], 0, "", pid) < 0 && (!end || move_to(&list[0], (int)(end - group), group, pid) < 0)) || !end)
        return;
    snprintf(path, sizeof path, "%s%s", list[0].path, group);
    if (rmdir(path) == 0) {
        *strrchr(path, '/') = '\0';
        rmdir(path);
    }
}

/* Kills the processes of one group, without cgroup.kill one by one. That no more of them start
 * meanwhile pids.max sees to. */
static void kill_members(int directory, int stubborn)
{
    struct lines lines;
    if (write_file(directory, "cgroup.kill", "1") == 0)
        return;
    write_file(directory, "pids.max", "0");
    open_lines(&lines, directory, "cgroup.procs");
    for (char *line; (line = next_line(&lines));) {
        pid_t pid = atoi(line); /* 0: of a PID namespace that we do not see */
        if (pid > 0 && signal_member(directory, pid, SIGKILL) > 0 && stubborn)
            thaw(pid);
    }
}

int remove_tree(int parent, const char *name, int stubborn)
{
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    int directory = open_at(parent, name, O_RDONLY | O_DIRECTORY);
    if (directory < 0)
        return -1;
    kill_members(directory, stubborn);
    DIR *list = fdopendir(directory);
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_tree(directory, entry->d_name, stubborn);
    if (list)
        closedir(list);
    else
        close(directory);
    return unlinkat(parent, name, AT_REMOVEDIR);
}

int remove_soon(int parent, const char *name, int milliseconds)
{
    struct timespec pause = {.tv_nsec = 250000};
    long waited = 0;
    for (int tries = 0; remove_tree(parent, name, tries > 3) < 0; tries++) {
        if (waited / 1000000 >= milliseconds)
            return -1;
        nanosleep(&pause, NULL);
        waited += pause.tv_nsec;
        if (pause.tv_nsec < 32000000)
            pause.tv_nsec *= 2;
    }
    return 0;
}
