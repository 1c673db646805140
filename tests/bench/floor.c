/*
 * floor: the system calls of minictr --bare in one process, and the same processes: what the kernel itself asks
 * for such a container. Left out is what only a chain needs. Not a program to use: it checks little and
 * cleans up only when all goes well.
 *
 *   floor DIR PROG [ARG...]
 */
#include "cgroup.h"
#include "kernel.h"
#include "limit.h"
#include "message.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void mount_at(const char *type, const char *where, const char *mode, unsigned flags)
{
    int target = open_at(AT_FDCWD, where, O_PATH | O_DIRECTORY);
    int context = open_filesystem(type);
    configure_filesystem(context, "source", type);
    if (mode)
        configure_filesystem(context, "mode", mode);
    create_filesystem(context);
    int tree = mount_filesystem(context, flags);
    if (attach_mount(tree, target) < 0)
        fail("cannot mount %s", type);
    close(target);
    close(context);
    close(tree);
}

static void make_container(char **words)
{
    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (sethostname("minictr", 7) < 0)
        fail("cannot set the host name");
    int target = open_at(AT_FDCWD, words[0], O_PATH | O_DIRECTORY);
    int tree = clone_tree(target, NULL, 1);
    if (attach_mount(tree, target) < 0 || fchdir(tree) < 0 || pivot_root_to(".", ".") < 0 ||
        umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        fail("cannot change the root");
    close(tree);
    close(target);
    mount_at("tmpfs", "/mytemp", "1777", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    mount_at("proc", "/proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    execv(words[1], words + 1);
    _exit(127);
}

/* Waits for the child, as the supervisors do, and returns its status. */
static int await_end(pid_t child)
{
    int status;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    static struct limits limits;
    struct cgroup group;

    if (argc < 3)
        return 2;
    limit_memory(&limits, "512M");
    limit_pids(&limits, "512");
    cgroup_make(&group, NULL, NULL, complete_limits(&limits), 0);
    set_limits(&group, &limits);
    pid_t outer = fork_with(0, cgroup_clone_target(&group));
    if (outer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        cgroup_enter(&group);
        pid_t inner = fork_with(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP, -1);
        if (inner == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            make_container(argv + 1);
        }
        _exit(await_end(inner));
    }
    int status = await_end(outer);
    cgroup_remove(&group, NULL);
    return status;
}
