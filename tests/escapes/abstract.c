/*
 * abstract: reaches sockets of the host that have a name in the network namespace, and in no file system
 * (unix(7)), as CVE-2020-15257 did with containerd's.
 *
 *   abstract take NAME              listens on a socket of each type, and says what comes
 *   abstract give NAME              sends to each; on an unconnected socket as standard input, too
 *   abstract holding TYPE PROG...   runs PROG with such a one: stream, dgram or seqpacket
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct {
    const char *name;
    int type;
} types[] = {{"stream", SOCK_STREAM}, {"dgram", SOCK_DGRAM}, {"seqpacket", SOCK_SEQPACKET}};
enum { TYPES = sizeof types / sizeof *types };

static int could;

static socklen_t make_address(struct sockaddr_un *address, const char *name, const char *type)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int size = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "%s-%s", name, type);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

static int take(const char *name)
{
    struct pollfd sockets[TYPES];
    struct sockaddr_un address;
    for (int i = 0; i < TYPES; i++) {
        socklen_t length = make_address(&address, name, types[i].name);
        sockets[i].fd = socket(AF_UNIX, types[i].type, 0);
        sockets[i].events = POLLIN;
        if (bind(sockets[i].fd, (struct sockaddr *)&address, length) < 0)
            return 2;
        if (types[i].type != SOCK_DGRAM)
            listen(sockets[i].fd, 8);
    }
    puts("ready");
    for (;;) {
        fflush(stdout);
        poll(sockets, TYPES, -1);
        for (int i = 0; i < TYPES; i++) {
            char text[64] = "";
            if (!(sockets[i].revents & POLLIN))
                continue;
            int from = types[i].type == SOCK_DGRAM ? dup(sockets[i].fd)
                                                   : accept(sockets[i].fd, NULL, NULL);
            if (recv(from, text, sizeof text - 1, 0) >= 0)
                printf("%s\n", text);
            close(from);
        }
    }
}

/* What is sent is the way it came. */
static void report(const char *type, const char *way, int link, int connects,
                   const struct sockaddr_un *address, socklen_t length)
{
    char text[64];
    int size = snprintf(text, sizeof text, "%s, %s", type, way);
    const struct sockaddr *to = (const struct sockaddr *)address;
    long result = !connects ? sendto(link, text, (size_t)size, 0, to, length)
                  : connect(link, to, length) < 0 ? -1 : send(link, text, (size_t)size, 0);
    printf("%s: %s\n", text, result < 0 ? strerror(errno) : "reached");
    could |= result >= 0;
}

static int give(const char *name)
{
    struct sockaddr_un address;
    int held = -1;
    socklen_t size = sizeof held;
    if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &held, &size) < 0)
        held = -1;
    for (int i = 0; i < TYPES; i++) {
        socklen_t length = make_address(&address, name, types[i].name);
        report(types[i].name, "connected", socket(AF_UNIX, types[i].type, 0), 1, &address, length);
        if (types[i].type == SOCK_DGRAM)
            report(types[i].name, "unconnected", socket(AF_UNIX, SOCK_DGRAM, 0), 0, &address, length);
        if (held == types[i].type)
            report(types[i].name, "inherited", STDIN_FILENO, held != SOCK_DGRAM, &address, length);
    }
    return !could;
}

static int hold(const char *type, char **words)
{
    for (int i = 0; i < TYPES; i++)
        if (strcmp(types[i].name, type) == 0 && dup2(socket(AF_UNIX, types[i].type, 0), 0) == 0)
            execvp(*words, words);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "take") == 0)
        return take(argv[2]);
    if (argc == 3 && strcmp(argv[1], "give") == 0)
        return give(argv[2]);
    if (argc > 3 && strcmp(argv[1], "holding") == 0)
        return hold(argv[2], argv + 3);
    return 2;
}
