/*
 * mounts: the ways to mount, to take masks off and to make what is read-only writable again, all by
 * which root has got out of a container that left it CAP_SYS_ADMIN. Each is tried.
 *
 *   mounts DIR     in this empty directory, and says what came of each way; 0 when one has worked,
 *                  1 when all were refused
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* From linux/mount.h. */
enum {
    TREE_CLONE = 1,      /* OPEN_TREE_CLONE */
    FROM_EMPTY = 0x04,   /* MOVE_MOUNT_F_EMPTY_PATH */
    CONFIG_CREATE = 6,   /* FSCONFIG_CMD_CREATE */
    ATTRIBUTE_RDONLY = 1 /* MOUNT_ATTR_RDONLY */
};

static int worked;

static void tried(const char *way, long result)
{
    printf("%s: %s\n", way, result < 0 ? strerror(errno) : "done");
    worked |= result >= 0;
}

static const char *place(const char *name)
{
    mkdir(name, 0700);
    return name;
}

int main(int argc, char **argv)
{
    const struct {
        uint64_t set, clear, propagation, userns_fd;
    } writable = {.clear = ATTRIBUTE_RDONLY};
    if (argc < 2 || chdir(argv[1]) < 0 || mkdir("here", 0700) < 0)
        return 2;

    tried("mount", mount("none", "here", "tmpfs", 0, NULL));
    tried("proc", mount("proc", place("proc"), "proc", 0, NULL));
    tried("bind", mount("/", place("bind"), NULL, MS_BIND, NULL));
    tried("remount", mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
    tried("propagation", mount(NULL, "/", NULL, MS_SHARED, NULL));
    tried("propagation-back", mount(NULL, "/", NULL, MS_PRIVATE, NULL));
    tried("umount", umount2("/proc/keys", MNT_DETACH));
    tried("move", mount("/sys", place("sys"), NULL, MS_MOVE, NULL));
    tried("mount-setattr",
          syscall(SYS_mount_setattr, AT_FDCWD, "/proc/irq", 0, &writable, sizeof writable));
    long tree = syscall(SYS_open_tree, AT_FDCWD, "/proc", TREE_CLONE);
    tried("open-tree", tree);
    tried("move-mount", syscall(SYS_move_mount, tree, "", AT_FDCWD, place("tree"), FROM_EMPTY));
    long context = syscall(SYS_fsopen, "tmpfs", 0);
    tried("fsopen", context);
    tried("fsconfig", syscall(SYS_fsconfig, context, CONFIG_CREATE, NULL, NULL, 0));
    tried("fsmount", syscall(SYS_fsmount, context, 0, 0));
    tried("fspick", syscall(SYS_fspick, AT_FDCWD, "/", 0));
    fflush(stdout);
    /* In a namespace of its own, if it can have one: the mounts above stay as they are. */
    pid_t child = fork();
    if (child == 0) {
        unshare(CLONE_NEWNS);
        tried("pivot-root", syscall(SYS_pivot_root, "bind", "bind"));
        fflush(stdout);
        _exit(!worked);
    }
    int status = 1;
    waitpid(child, &status, 0);
    return !worked && status != 0;
}
