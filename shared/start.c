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
    if (end == text || *end || fd <= STDERR_FILENO || fd > 1 << 20 || fcntl((int)fd, F_SETFD, 0) < 0) {
        hint("it is for the stages to set, not for the user");
        refuse("the variable %s is \"%s\", which is no descriptor of theirs", start_variable, text);
    }
    listener = (int)fd;
}

void start_pass_on(int socket)
{
    static char entry[32];
    snprintf(entry, sizeof entry, "%s=%d", start_variable, socket);
    if (putenv(entry) != 0)
        fail("cannot set %s", start_variable);
    start_begin();
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

static void say_word(enum start_word word)
{
    char byte = (char)word;
    start_tell(&byte, 1);
}

void start_failed(void)
{
    say_word(START_FAILED);
}

void start_leave(void)
{
    if (listener < 0)
        return;
    say_word(START_LEAVES);
    fcntl(listener, F_SETFD, FD_CLOEXEC);
    unsetenv(start_variable);
}

void start_drop(void)
{
    unsetenv(start_variable);
    if (listener >= 0)
        close(listener);
    listener = -1;
}
