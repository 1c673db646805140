#include "start.h"

#include "chain.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

const char start_variable[] = "MINICTR_START";

static int listener = -1;

void start_begin(void)
{
    const char *text = getenv(start_variable);
    listener = -1;
    if (!text)
        return;
    char *end;
    long fd = strtol(text, &end, 10);
    errno = EBADF;
    int is_passed = end > text && !*end && fd > STDERR_FILENO && fd < 1 << 20 && fcntl((int)fd, F_SETFD, 0) == 0;
    if (is_passed || errno != EBADF)
        listener = (int)fd;
    if (is_passed)
        return;
    if (listener >= 0)
        fail("cannot pass on descriptor %d", listener);
    hint("it is for the stages to set, not for the user");
    refuse("the variable %s is \"%s\", which is no descriptor of theirs", start_variable, text);
}

void start_pass_on(int socket)
{
    static char entry[32];
    snprintf(entry, sizeof entry, "%s=%d", start_variable, socket);
    if (putenv(entry) != 0)
        fail("cannot set %s", start_variable);
}

int start_descriptor(void)
{
    return listener;
}

void start_tell(const char *line, size_t length)
{
    int error = errno;
    if (listener >= 0)
        send(listener, line, length, MSG_NOSIGNAL);
    errno = error;
}

void start_failed(void)
{
    static const char failed[] = {START_FAILED};
    start_tell(failed, sizeof failed);
}

void start_leave(void)
{
    if (listener < 0)
        return;
    static const char leaves[] = {START_LEAVES};
    if (send(listener, leaves, sizeof leaves, MSG_NOSIGNAL) < 0 || fcntl(listener, F_SETFD, FD_CLOEXEC) < 0)
        fail("cannot tell chain-detach that PROG is next");
    unsetenv(start_variable);
}

void start_drop(void)
{
    unsetenv(start_variable);
    if (listener >= 0)
        close(listener);
    listener = -1;
}
