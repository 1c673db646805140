#include "start.h"

#include "file.h"
#include "message.h"
#include "variable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

const char start_variable[] = "MINICTR_START";

static int handover = -1, messages = -1;

static int is_passed(uint64_t fd)
{
    return fd > STDERR_FILENO && fd <= INT_MAX && fcntl((int)fd, F_GETFD) >= 0;
}

void start_begin(void)
{
    const char *text = variable_value(start_variable);
    uint64_t fds[2];
    handover = messages = -1;
    if (!text)
        return;
    const char *rest = numbers_in(text, ":", fds, 2);
    if (!rest || *rest || !is_passed(fds[0]) || !is_passed(fds[1])) {
        hint("it is for the stages to set, not for the user");
        refuse("the variable %s is \"%s\", which is no descriptor of theirs", start_variable, text);
    }
    handover = (int)fds[0];
    messages = (int)fds[1];
}

void start_pass_on(int first, int second)
{
    static char entry[64];
    handover = first;
    messages = second;
    if (fcntl(handover, F_SETFD, 0) < 0 || (messages >= 0 && fcntl(messages, F_SETFD, 0) < 0))
        fail("cannot pass on the descriptors %d and %d", handover, messages);
    snprintf(entry, sizeof entry, "%s=%d:%d", start_variable, handover, messages);
    variable_set(entry);
}

int is_starting(void)
{
    return handover >= 0;
}

int start_descriptors(int fds[2])
{
    fds[0] = handover;
    fds[1] = messages;
    return is_starting() ? 2 : 0;
}

void start_tell(const char *line, size_t length)
{
    if (messages >= 0)
        write_or_lose(messages, line, length);
}

void start_failed(void)
{
    static const char word = START_FAILED;
    if (handover >= 0)
        write_or_lose(handover, &word, 1);
}

/* By write(2), like a message: a filter of system calls that PROG is to have may refuse all others by now, and the
 * word of failure must come through. */
void start_leave(void)
{
    static const char word = START_LEAVES;
    if (!is_starting())
        return;
    variable_forget(start_variable);
    if (fcntl(handover, F_SETFD, FD_CLOEXEC) < 0 || fcntl(messages, F_SETFD, FD_CLOEXEC) < 0 ||
        (errno = write_or_lose(handover, &word, 1)))
        fail("cannot tell chain-detach that PROG is next");
}

void start_stay(int is_seen)
{
    variable_forget(start_variable);
    if (handover >= 0) {
        close(handover);
        handover = -1;
    }
    if (is_seen && messages >= 0) {
        close(messages);
        messages = -1;
    }
}
