#include "message.h"

#include "capability.h"
#include "confine.h"
#include "file.h"
#include "kernel.h"
#include "large.h"
#include "start.h"
#include "trace.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { LINE = 2 * PATH_MAX + 256 };

static const char *program_name = "minictr";
static char hint_text[LINE] LARGE;
static int has_hint;

void name_messages(const char *name)
{
    program_name = name;
    has_hint = 0;
}

const char *own_name(void)
{
    return program_name;
}

void hint(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(hint_text, sizeof hint_text, format, arguments);
    va_end(arguments);
    has_hint = 1;
}

static void write_line(const char *label, const char *text, const char *reason)
{
    char line[LINE + 128];
    int length = snprintf(line, sizeof line, "%s: %s%s%s%s", program_name, label, text,
                          *reason ? ": " : "", reason);
    if (length > (int)sizeof line - 1)
        length = sizeof line - 1;
    for (int i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)line[i], next = (unsigned char)line[i + 1];
        if (byte < ' ' || byte == 127)
            line[i] = '?';
        if (byte == 0xc2 && next >= 0x80 && next <= 0x9f) /* U+0080 to U+009F, which terminals obey, too */
            line[i] = line[i + 1] = '?';
    }
    line[length++] = '\n';
    start_tell(line, (size_t)length);
    /* Nobody is left to tell when standard error is closed; the exit status still speaks. */
    write_or_lose(STDERR_FILENO, line, (size_t)length);
}

/* Root that has the capability lacks no power that the kernel gives by itself. */
static void hint_at_powers(void)
{
    if (geteuid() != 0) {
        hint("this user is not root: run it with sudo");
        return;
    }
    struct capabilities have;
    if (get_capabilities(&have) < 0 || !(have.effective >> CAPABILITY_SYS_ADMIN & 1))
        return;
    const char *by = confinement();
    int is_filtered = prctl(PR_GET_SECCOMP) == 2;
    if (by || is_filtered)
        hint("this process is confined by %s%s%s", is_filtered ? "a filter of system calls (seccomp(2))" : "",
             by && is_filtered ? ", and by " : "", by ? by : "");
}

static void hint_at_kernel(void)
{
    struct utsname here;
    const char *version, *call = missing_call(&version);
    if (!call || uname(&here) < 0)
        return;
    if (strverscmp(here.release, version) < 0)
        hint("this needs Linux %s: %s(2)", version, call);
    else
        hint("Linux has %s(2) since %s, so a filter of system calls refuses it", call, version);
}

__attribute__((format(printf, 2, 0)))
static void say(int error, const char *format, va_list arguments)
{
    char text[LINE];
    vsnprintf(text, sizeof text, format, arguments);
    write_line("", text, error ? strerror(error) : "");
    trace_fail(text, error);
    if ((error == EPERM || error == EACCES) && !has_hint)
        hint_at_powers();
    if (error == ENOSYS && !has_hint)
        hint_at_kernel();
    if (has_hint)
        write_line("hint: ", hint_text, "");
    has_hint = 0;
}

void complain(const char *format, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    say(error, format, arguments);
    va_end(arguments);
}

void fail(const char *format, ...)
{
    int error = errno;
    va_list arguments;
    start_failed();
    va_start(arguments, format);
    say(error, format, arguments);
    va_end(arguments);
    _exit(STATUS_FAILED);
}

void refuse(const char *format, ...)
{
    va_list arguments;
    start_failed();
    va_start(arguments, format);
    say(0, format, arguments);
    va_end(arguments);
    _exit(STATUS_FAILED);
}

void end_with(int status, const char *format, ...)
{
    va_list arguments;
    start_failed();
    va_start(arguments, format);
    say(0, format, arguments);
    va_end(arguments);
    _exit(status);
}
