#include "terminal.h"

#include "kernel.h"
#include "large.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

/* Opens the other end of a pty, without its path (TIOCGPTPEER, ioctl_tty(2)). */
static int open_slave(int master)
{
    enum { GET_PEER = 0x5441 };
    return above_standard(ioctl(master, GET_PEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

/* What was found there, or with -1 the reason why nothing was. */
static void need_ptmx(int found, const struct stat *status)
{
    int is_device = found >= 0 && S_ISCHR(status->st_mode) && status->st_rdev == makedev(5, 2);
    if (is_device)
        return;
    if (found >= 0 || errno == ENOENT || errno == ENODEV)
        hint("put \"mnt-dev /dev\" before this stage");
    if (found < 0)
        fail("cannot make a terminal: /dev/ptmx");
    refuse("cannot make a terminal: /dev/ptmx is not the device 5:2");
}

int make_pty(int *slave)
{
    struct stat status;
    int unlocked = 0;
    /* Looked at before it is opened, since that can already be to use a device. Opened not to block:
     * who writes to the terminal must go on reading from it. */
    need_ptmx(stat("/dev/ptmx", &status), &status);
    int master = open_at(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    need_ptmx(master < 0 ? -1 : fstat(master, &status), &status);
    if (ioctl(master, TIOCSPTLCK, &unlocked) < 0 || (*slave = open_slave(master)) < 0)
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

/* What tty-relay answers: a byte that says whether it has the terminal. */
enum { READY = 0, FAILED = 1 };

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
    ssize_t length = read(socket, &ready, 1);
    if (length < 0)
        fail("cannot hand the terminal to tty-relay");
    if (length > 0 && ready == FAILED) /* it has said why */
        _exit(STATUS_FAILED);
    if (length == 0)
        refuse("cannot hand the terminal to tty-relay: it has gone");
}

/* Returns 0, or -1 and errno; also when there is no socket. */
static int answer(int socket, char word)
{
    return write(socket, &word, 1) < 0 ? -1 : 0;
}

/* Returns the master end, or -1 when there is none, or when it could not be taken, and that has been said. */
static int receive_master(int socket)
{
    struct parcel parcel;
    int master = -1;
    wrap(&parcel);
    ssize_t length = recvmsg(socket, &parcel.message, MSG_CMSG_CLOEXEC);
    if (length == 0)
        return -1;
    struct cmsghdr *header = length < 0 ? NULL : CMSG_FIRSTHDR(&parcel.message);
    if (length >= 0 && parcel.message.msg_flags & MSG_CTRUNC)
        errno = EMFILE;
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&master, CMSG_DATA(header), sizeof master);
    master = above_standard(master);
    if (master < 0) {
        complain("cannot take the terminal of tty-pty");
        answer(socket, FAILED);
    }
    return master;
}

/* The master end of the new terminal, once it is there. */
static int new_terminal = -1;

/* The caller's terminal as it was when we took it, when standard input is one. */
static struct termios before;
static int is_terminal, is_raw;

/* Output that could not be written, and not for want of a reader. */
static int is_output_terminal, has_lost_output;

/* A job in the background leaves the terminal to whoever has it. A terminal that does not control us
 * knows no such thing. */
static int in_foreground(void)
{
    pid_t foreground = tcgetpgrp(STDIN_FILENO);
    return foreground < 0 || foreground == getpgrp();
}

static void copy_size(void)
{
    struct winsize size;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        ioctl(new_terminal, TIOCSWINSZ, &size);
}

/* From now on the caller's terminal only passes bytes on, if we may use it now. Who was stopped by
 * SIGSTOP could not leave it as it was, and finds it as somebody else wants it. */
static void take_over(void)
{
    if (!is_terminal || !in_foreground()) {
        is_raw = 0;
        return;
    }
    if (!is_raw && tcgetattr(STDIN_FILENO, &before) < 0)
        return;
    struct termios raw = before;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
    copy_size(); /* in the background nobody was told of a change */
}

static void give_back(void)
{
    if (is_raw && in_foreground())
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    is_raw = 0;
}

/* Whoever sees us stopped finds the terminal as it was. */
static void on_stop(int stopping)
{
    if (stopping)
        give_back();
    else
        take_over();
}

/* The new terminal begins as the caller's is, unless somebody else is using that at the moment. Returns -1 and errno
 * when it cannot be held open. */
static int connect_terminals(int master)
{
    struct termios modes;
    new_terminal = master;
    is_terminal = tcgetattr(STDIN_FILENO, &modes) == 0;
    is_output_terminal = isatty(STDOUT_FILENO);
    if (is_terminal && in_foreground())
        tcsetattr(new_terminal, TCSANOW, &modes);
    copy_size();
    take_over();
    /* Held open, since the master reports its end whenever nobody has the other end open. */
    return open_slave(new_terminal);
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

/* Reads what is there; returns 0 at the end of the file. */
static int fill(struct stream *stream)
{
    ssize_t length = read(stream->from, stream->bytes, sizeof stream->bytes);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return 1;
    stream->start = 0;
    stream->length = length > 0 ? (size_t)length : 0;
    return length > 0;
}

/* A pipe with room for something takes so much (PIPE_BUF); for more the write would wait, and no signal be taken. */
static void flush(struct stream *stream)
{
    if (stream->length == 0)
        return;
    size_t part = stream->length < PIPE_BUF ? stream->length : PIPE_BUF;
    ssize_t length = write(stream->to, stream->bytes + stream->start, part);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length < 0) { /* nobody is there to read it; of that SIGPIPE or SIGHUP tells PROG */
        if (stream->to == STDOUT_FILENO && errno != EPIPE && errno != EBADF && !is_output_terminal &&
            !has_lost_output++)
            complain("cannot write to standard output");
        stream->length = 0;
        return;
    }
    stream->start += (size_t)length;
    stream->length -= (size_t)length;
}

/* At the end of standard input the terminal gets its end-of-file key; again and again, since it means
 * nothing to a program that does not read at the moment. */
static void end_input(struct stream *in)
{
    struct termios modes;
    in->start = 0;
    in->length = 1;
    in->bytes[0] = 4;
    if (tcgetattr(new_terminal, &modes) == 0)
        memcpy(in->bytes, &modes.c_cc[VEOF], 1);
}

/* When PROG has ended: waits until more can be written; returns 0 when a signal says not to. Meanwhile the caller's
 * terminal is as it was, so that its keys make signals. */
static int await_room(const struct stream *out, int signals)
{
    struct signalfd_siginfo info;
    for (int tries = 0;; tries++) {
        struct pollfd list[] = {{out->to, POLLOUT, 0}, {signals, POLLIN, 0}};
        if (tries == 1)
            give_back();
        if (poll(list, 2, tries ? -1 : 0) < 0)
            return 0;
        if (list[0].revents)
            return 1;
        if (list[1].revents && read(signals, &info, sizeof info) == sizeof info && info.ssi_signo != SIGCHLD &&
            info.ssi_signo != SIGCONT && info.ssi_signo != SIGWINCH)
            return 0;
    }
}

int supervise_terminal(struct supervisor *supervisor, int master, int socket)
{
    enum { SIGNALS, SOCKET, IN, IN_WRITE, OUT, OUT_WRITE, COUNT };
    static struct stream in LARGE, out LARGE;
    struct signalfd_siginfo info;
    sigset_t all = all_signals();
    int at_end = 0;

    int signals = above_standard(signalfd(-1, &all, SFD_CLOEXEC));
    if (signals < 0) {
        complain("cannot wait for signals");
        answer(socket, FAILED);
        close(master);
        kill(supervisor->child, SIGTERM);
        supervise(supervisor);
        return STATUS_FAILED;
    }
    supervisor->on_stop = on_stop;
    in.from = in.to = out.from = out.to = -1;
    int ended = master < 0 && supervise_signal(supervisor, 0, 0);
    while (!ended) {
        if (master >= 0 && new_terminal < 0) {
            int works = connect_terminals(master);
            in.from = STDIN_FILENO;
            out.from = in.to = master;
            out.to = STDOUT_FILENO;
            if (works < 0)
                complain("cannot hold the new terminal open");
            else if (socket >= 0 && (works = answer(socket, READY)) < 0)
                complain("cannot answer tty-pty");
            if (works < 0 && socket >= 0)
                answer(socket, FAILED);
            else if (works < 0)
                supervise_no_more(supervisor);
            close(socket); /* without an answer tty-pty gives up */
            socket = -1;
            /* PROG may have ended before this, and what it wrote must not be lost. */
            if ((ended = supervise_signal(supervisor, 0, 0)))
                break;
        }
        int waits = is_terminal && !is_raw; /* for the foreground, of which nobody tells */
        struct pollfd list[COUNT] = {
            [SIGNALS] = {signals, POLLIN, 0},
            [SOCKET] = {socket, POLLIN, 0},
            [IN] = {wants_to_read(&in) && !waits ? in.from : -1, POLLIN, 0},
            [IN_WRITE] = {in.length ? in.to : -1, POLLOUT, 0},
            [OUT] = {wants_to_read(&out) ? out.from : -1, POLLIN, 0},
            [OUT_WRITE] = {out.length ? out.to : -1, POLLOUT, 0},
        };
        int ready = poll(list, COUNT, at_end || waits ? 100 : -1);
        if (ready < 0 && errno != EINVAL)
            continue;
        if (ready < 0) { /* there may be fewer descriptors than these (RLIMIT_NOFILE) */
            complain("cannot wait for the terminals");
            supervise_no_more(supervisor);
            give_back();
            return supervise(supervisor);
        }
        if (waits)
            take_over();
        if (ready == 0 && at_end && in.length == 0)
            end_input(&in);
        if (list[SOCKET].revents && (master = receive_master(socket)) < 0) {
            close(socket); /* the chain has no tty-pty */
            socket = -1;
        }
        if (list[IN].revents && is_terminal && !in_foreground())
            is_raw = 0;
        else if (list[IN].revents && !fill(&in)) {
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
                take_over();
            if (info.ssi_signo == SIGWINCH && new_terminal >= 0)
                copy_size();
            else
                ended = supervise_signal(supervisor, (int)info.ssi_signo, info.ssi_code);
        }
    }
    /* What was written last is still on its way; who goes on writing is not waited for. */
    struct pollfd last = {new_terminal, POLLIN, 0};
    for (int parts = 0; new_terminal >= 0 && parts < 64; parts++) {
        while (out.length && await_room(&out, signals))
            flush(&out);
        if (out.length || poll(&last, 1, 0) <= 0 || !fill(&out))
            break;
    }
    give_back();
    if (has_lost_output)
        supervisor->status = STATUS_FAILED;
    return supervise_end(supervisor);
}
