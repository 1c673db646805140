#include "terminal.h"

#include "kernel.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

int make_pty(int *slave)
{
    enum { GET_PEER = 0x5441 }; /* TIOCGPTPEER, ioctl_tty(2): the other end without its path */
    struct stat status;
    int unlocked = 0;
    int master = open_at(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY);
    if (master < 0) {
        if (errno == ENOENT)
            hint("put \"mnt-dev /dev\" before this stage");
        fail("cannot make a terminal: /dev/ptmx");
    }
    if (fstat(master, &status) < 0 || !S_ISCHR(status.st_mode) ||
        status.st_rdev != makedev(5, 2)) {
        hint("put \"mnt-dev /dev\" before this stage");
        refuse("cannot make a terminal: /dev/ptmx is not the device 5:2");
    }
    if (ioctl(master, TIOCSPTLCK, &unlocked) < 0 ||
        (*slave = above_standard(ioctl(master, GET_PEER, O_RDWR | O_NOCTTY | O_CLOEXEC))) < 0)
        fail("cannot make a terminal");
    return master;
}

void take_terminal(int slave)
{
    if (setsid() < 0 && getsid(0) != getpid())
        fail("cannot begin a session");
    if (ioctl(slave, TIOCSCTTY, 0) < 0)
        fail("cannot take the new terminal");
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (dup2(slave, fd) < 0)
            fail("cannot make the new terminal descriptor %d", fd);
    close(slave);
}

/* A message of one byte and one descriptor (unix(7), SCM_RIGHTS). */
struct parcel {
    struct msghdr message;
    struct iovec part;
    char byte;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
};

static void wrap(struct parcel *parcel)
{
    memset(parcel, 0, sizeof *parcel);
    parcel->part = (struct iovec){&parcel->byte, 1};
    parcel->message.msg_iov = &parcel->part;
    parcel->message.msg_iovlen = 1;
    parcel->message.msg_control = &parcel->control;
    parcel->message.msg_controllen = sizeof parcel->control;
}

void send_master(int socket, int master)
{
    struct parcel parcel;
    char ready;
    wrap(&parcel);
    struct cmsghdr *header = CMSG_FIRSTHDR(&parcel.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof master);
    memcpy(CMSG_DATA(header), &master, sizeof master);
    if (sendmsg(socket, &parcel.message, MSG_NOSIGNAL) < 0)
        fail("cannot hand the terminal to tty-relay");
    if (read(socket, &ready, 1) != 1)
        refuse("cannot hand the terminal to tty-relay: it has gone");
}

/* Returns the master end, or -1. */
static int receive_master(int socket)
{
    struct parcel parcel;
    int master = -1;
    wrap(&parcel);
    if (recvmsg(socket, &parcel.message, MSG_CMSG_CLOEXEC) <= 0)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&parcel.message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&master, CMSG_DATA(header), sizeof master);
    return above_standard(master);
}

/* The caller's terminal as it was, when standard input is one. */
static struct termios before;
static int is_terminal, is_raw;

/* A job in the background leaves the terminal to whoever has it. */
static int in_foreground(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* From now on the terminal only passes bytes on. */
static void make_raw(void)
{
    if (!is_terminal || is_raw || !in_foreground())
        return;
    struct termios raw = before;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void make_as_before(void)
{
    if (is_raw && in_foreground())
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    is_raw = 0;
}

/* Whoever sees us stopped finds the terminal as it was. */
static void on_stop(int stopping)
{
    if (stopping)
        make_as_before();
    else
        make_raw();
}

static void copy_size(int master)
{
    struct winsize size;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        ioctl(master, TIOCSWINSZ, &size);
}

/* The new terminal begins as the caller's is. */
static void connect_terminals(int master)
{
    is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    if (!is_terminal)
        return;
    tcsetattr(master, TCSANOW, &before);
    copy_size(master);
    make_raw();
}

/* One direction: what has been read and not yet been written. */
struct stream {
    int from, to; /* -1: at its end */
    size_t start, length;
    char bytes[8192];
};

static int wants_to_read(const struct stream *stream)
{
    return stream->from >= 0 && stream->length == 0;
}

/* Reads when READABLE; returns 0 at the end of the file. */
static int fill(struct stream *stream)
{
    ssize_t length = read(stream->from, stream->bytes, sizeof stream->bytes);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return 1;
    stream->start = 0;
    stream->length = length > 0 ? (size_t)length : 0;
    return length > 0;
}

static void flush(struct stream *stream)
{
    if (stream->length == 0)
        return;
    ssize_t length = write(stream->to, stream->bytes + stream->start, stream->length);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length < 0) { /* nobody is there to read it */
        stream->length = 0;
        return;
    }
    stream->start += (size_t)length;
    stream->length -= (size_t)length;
}

/* At the end of standard input the terminal gets its end-of-file key; again and again, since it means
 * nothing to a program that does not read at the moment. */
static void end_input(struct stream *in, int master)
{
    struct termios modes;
    in->from = -1;
    in->start = 0;
    in->length = 1;
    in->bytes[0] = tcgetattr(master, &modes) == 0 ? (char)modes.c_cc[VEOF] : 4;
}

int supervise_terminal(struct supervisor *supervisor, int master, int socket)
{
    enum { SIGNALS, SOCKET, IN, IN_WRITE, OUT, OUT_WRITE, COUNT };
    static struct stream in, out;
    struct signalfd_siginfo info;
    sigset_t all;
    int ended, at_end = 0;

    memset(&all, 0xff, sizeof all);
    int signals = above_standard(signalfd(-1, &all, SFD_CLOEXEC));
    if (signals < 0)
        complain("cannot relay the terminal");
    supervisor->on_stop = on_stop;
    in.from = in.to = out.from = out.to = -1;
    ended = supervise_signal(supervisor, 0, 0);
    for (int connected = 0; !ended && signals >= 0;) {
        if (master >= 0 && !connected) {
            connect_terminals(master);
            in.from = STDIN_FILENO;
            out.from = in.to = master;
            out.to = STDOUT_FILENO;
            connected = 1;
            if (socket >= 0 && write(socket, "", 1) < 0)
                complain("cannot answer tty-pty");
        }
        struct pollfd list[COUNT] = {
            [SIGNALS] = {signals, POLLIN, 0},
            [SOCKET] = {connected ? -1 : socket, POLLIN, 0},
            [IN] = {wants_to_read(&in) && is_raw == is_terminal ? in.from : -1, POLLIN, 0},
            [IN_WRITE] = {in.length ? in.to : -1, POLLOUT, 0},
            [OUT] = {wants_to_read(&out) ? out.from : -1, POLLIN, 0},
            [OUT_WRITE] = {out.length ? out.to : -1, POLLOUT, 0},
        };
        int ready = poll(list, COUNT, at_end ? 100 : -1);
        if (ready < 0)
            continue;
        if (ready == 0 && in.length == 0)
            end_input(&in, master);
        if (list[SOCKET].revents && (master = receive_master(socket)) < 0)
            socket = -1; /* the chain has no tty-pty */
        if (list[IN].revents && !fill(&in)) {
            at_end = 1;
            in.from = -1;
        }
        if (list[OUT].revents && !fill(&out))
            out.from = -1;
        if (list[IN_WRITE].revents)
            flush(&in);
        if (list[OUT_WRITE].revents)
            flush(&out);
        if (list[SIGNALS].revents && read(signals, &info, sizeof info) == sizeof info) {
            if (info.ssi_signo == SIGCONT)
                make_raw(); /* it may be in the foreground now */
            if (info.ssi_signo == SIGWINCH && master >= 0)
                copy_size(master);
            else
                ended = supervise_signal(supervisor, (int)info.ssi_signo, info.ssi_code);
        }
    }
    if (signals < 0)
        return supervise(supervisor);
    /* What was written last is still on its way; who goes on writing is not waited for. */
    struct pollfd last = {master, POLLIN, 0};
    for (int parts = 0; master >= 0 && parts < 64; parts++) {
        while (out.length)
            flush(&out);
        if (poll(&last, 1, 0) <= 0 || !fill(&out))
            break;
    }
    make_as_before();
    return supervise_end(supervisor);
}
