/* net-up: bring the loopback interface up. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "trace.h"
#include "words.h"

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct program program = {
    "net-up",
    "PROG [ARG...]",
    "Bring the loopback interface of a new network namespace up, then run PROG",
    NULL,
};

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct ifreq request = {.ifr_name = "lo"};
    next_option(&words);
    char **rest = next_program(&words);

    need_own_namespace('n');
    int any = above_standard(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (any < 0 || ioctl(any, SIOCGIFFLAGS, &request) < 0)
        fail("cannot find the interface lo");
    request.ifr_flags |= IFF_UP;
    if (ioctl(any, SIOCSIFFLAGS, &request) < 0)
        fail("cannot bring the interface lo up");
    close(any);
    did("the interface lo is up");
    chain(rest);
}
