#include "subtree.h"

#include "file.h"
#include "kernel.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char above[] = "../cgroup.procs", passes[] = "../cgroup.subtree_control";
static const char leaf[] = "../minictr-leaf", in_leaf[] = "../minictr-leaf/cgroup.procs";

/* What was passed on before the leaf was made, as it stands in cgroup.subtree_control. */
static const char passed_before[] = "user.minictr.passed-before";

/* Moves all processes of a group into another: their cgroup.procs. Returns 0, or -1 and errno. */
static int move_all(int base, const char *from, const char *to)
{
    struct lines lines;
    for (int tries = 0; tries < 1000; tries++) {
        int moved = 0;
        if (!open_lines(&lines, base, from))
            return -1;
        for (char *pid; (pid = next_line(&lines)); moved++) {
            /* 0 is a process outside of our PID namespace, which we cannot name. */
            int result = strcmp(pid, "0") == 0 ? -1 : write_file(base, to, pid);
            int error = *pid == '0' ? EBUSY : errno;
            if (result < 0 && error != ESRCH) {
                close_lines(&lines);
                errno = error;
                return -1;
            }
        }
        if (!moved)
            return 0;
    }
    errno = EBUSY;
    return -1;
}

static int move_into_leaf(int base)
{
    char before[512];
    ssize_t length = read_file(base, passes, before, sizeof before);
    if (length < 0)
        return -1;
    if (mkdirat(base, leaf, 0755) == 0) {
        int directory = open_at(base, leaf, O_RDONLY | O_DIRECTORY);
        fsetxattr(directory, passed_before, before, (size_t)length, 0);
        close(directory);
    } else if (errno != EEXIST) {
        return -1;
    }
    return move_all(base, above, in_leaf);
}

void leave_leaf(int base)
{
    char list[512], before[512], words[512] = "";
    int directory = open_at(base, leaf, O_RDONLY | O_DIRECTORY);
    if (directory < 0)
        return;
    ssize_t length = fgetxattr(directory, passed_before, before, sizeof before - 1);
    before[length < 0 ? 0 : length] = '\0';
    close(directory);
    read_file(base, passes, list, sizeof list / 2);
    for (char *name = strtok(list, " \n"); name; name = strtok(NULL, " \n"))
        if (!list_has(before, " \n", name))
            strcat(strcat(words, " -"), name);
    if ((!*words || write_file(base, passes, words) == 0) && move_all(base, in_leaf, above) == 0)
        unlinkat(base, leaf, AT_REMOVEDIR);
}

/* Makes one group pass on what it has and does not pass on yet, and takes out of CONTROLLERS what it
 * does not have. PREFIX leads from BASE to it. Returns 0, or -1 and errno. */
static int pass_on(int base, const char *prefix, unsigned *controllers)
{
    char path[64], passed[512], has[512] = "", words[256] = "";
    snprintf(path, sizeof path, "%scgroup.subtree_control", prefix);
    if (read_file(base, path, passed, sizeof passed) < 0)
        return -1;
    for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
        const char *name = controller_name(i, 2);
        if (!(*controllers >> i & 1) || list_has(passed, " \n", name))
            continue;
        snprintf(path, sizeof path, "%scgroup.controllers", prefix);
        if (!*has && read_file(base, path, has, sizeof has) < 0)
            return -1;
        if (list_has(has, " \n", name))
            strcat(strcat(words, " +"), name);
        else
            *controllers &= ~(1U << i);
    }
    snprintf(path, sizeof path, "%scgroup.subtree_control", prefix);
    return *words ? write_file(base, path, words) : 0;
}

/* Makes the groups from the mount point down to the one above ours pass on what is missing there, as
 * far as they let us. */
static void pass_on_from_above(const struct hierarchy *hierarchy, unsigned missing)
{
    char path[PATH_MAX + 32], word[32];
    for (size_t length = hierarchy->mount; hierarchy->path[length];) {
        snprintf(path, sizeof path, "%.*s/cgroup.subtree_control", (int)length, hierarchy->path);
        for (int i = 0; i < CGROUP_CONTROLLERS; i++)
            if (missing >> i & 1) {
                snprintf(word, sizeof word, "+%s", controller_name(i, 2));
                write_file(AT_FDCWD, path, word);
            }
        length += 1 + strcspn(hierarchy->path + length + 1, "/");
    }
}

int pass_on_controllers(int base, struct hierarchy *hierarchy, unsigned needed)
{
    unsigned wanted = hierarchy->controllers;
    int result = pass_on(base, "../", &hierarchy->controllers);
    if (needed & wanted & ~hierarchy->controllers) {
        pass_on_from_above(hierarchy, needed & wanted & ~hierarchy->controllers);
        hierarchy->controllers = wanted;
        result = pass_on(base, "../", &hierarchy->controllers);
    }
    for (int tries = 0; result < 0 && errno == EBUSY && hierarchy->is_own && tries < 100; tries++)
        if ((result = move_into_leaf(base)) == 0)
            result = pass_on(base, "../", &hierarchy->controllers);
    if (result < 0 && errno == EBUSY && !(needed & wanted)) {
        hierarchy->controllers = 0; /* it was only wished for */
        result = 0;
    }
    return result < 0 ? result : pass_on(base, "", &hierarchy->controllers);
}

void hint_at_missing(const struct hierarchy *hierarchy, int controller)
{
    char path[PATH_MAX], file[PATH_MAX + 32], list[512];
    strcpy(path, hierarchy->path);
    while (ascend(hierarchy, path)) {
        snprintf(file, sizeof file, "%s/cgroup.controllers", path);
        if (read_file(AT_FDCWD, file, list, sizeof list) > 0 &&
            list_has(list, " \n", controller_name(controller, 2))) {
            hint("%s/cgroup.subtree_control does not pass it on", path);
            return;
        }
    }
}

int is_threaded(int base)
{
    char type[32];
    return read_file(base, "../cgroup.type", type, sizeof type) > 0 &&
           strcmp(type, "domain\n") != 0;
}
