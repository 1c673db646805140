/*
 * floor: the system calls of the default chain in one process: what the kernel itself asks for a
 * container. Not a program to use: it checks little and cleans up only when all goes well.
 *
 *   floor DIR PROG [ARG...]
 */
#include "cgroup.h"
#include "kernel.h"
#include "limit.h"
#include "message.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static void mount_at(const char *type, const char *where, unsigned flags)
{
    int target = open_at(AT_FDCWD, where, O_PATH | O_DIRECTORY);
    int context = open_filesystem(type);
    configure_filesystem(context, "source", type);
    create_filesystem(context);
    int tree = mount_filesystem(context, flags);
    if (attach_mount(tree, target) < 0)
        fail("cannot mount %s", type);
    close(target);
    close(context);
    close(tree);
}

int main(int argc, char **argv)
{
    static struct limits limits;
    struct cgroup group;
    int status;

    if (argc < 3)
        return 2;
    close_descriptors(3, ~0U);
    limit_memory(&limits, "512M");
    limit_pids(&limits, "512");
    cgroup_make(&group, NULL, NULL, complete_limits(&limits), 0);
    set_limits(&group, &limits);
    pid_t child = fork_with(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |
                                CLONE_NEWCGROUP,
                            cgroup_clone_target(&group));
    if (child == 0) {
        cgroup_enter(&group);
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
        if (sethostname("minictr", 7) < 0)
            fail("cannot set the host name");
        int target = open_at(AT_FDCWD, argv[1], O_PATH | O_DIRECTORY);
        int tree = clone_tree(target, NULL, 1);
        if (attach_mount(tree, target) < 0 || fchdir(tree) < 0 || pivot_root_to(".", ".") < 0 ||
            umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
            fail("cannot change the root");
        close(tree);
        close(target);
        mount_at("tmpfs", "/mytemp", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
        mount_at("proc", "/proc", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        child = fork_with(0, -1);
        if (child == 0) {
            execv(argv[2], argv + 2);
            _exit(127);
        }
        wait(&status);
        _exit(WEXITSTATUS(status));
    }
    waitpid(child, &status, 0);
    cgroup_remove(&group, NULL);
    return WEXITSTATUS(status);
}
