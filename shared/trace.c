#include "trace.h"

#include "allocate.h"
#include "file.h"
#include "kernel.h"
#include "large.h"
#include "message.h"
#include "quote.h"
#include "variable.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

const char trace_variable[] = "MINICTR_TRACE";

enum { LINE = 4096, MOST_WORDS = 1024 };

static int trace = -1; /* its descriptor */
static const char *stage;
static uint64_t origin, last; /* nanoseconds: when the chain began, when the stage before handed over */
static char done[2048] LARGE; /* what did() was told, each with "; " before it */
static size_t done_length;
static int has_handed_over;

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void pass_on(void)
{
    static char entry[96];
    snprintf(entry, sizeof entry, "%s=%d:%" PRIu64 ":%" PRIu64, trace_variable, trace, origin, last);
    variable_set(entry);
}

void trace_begin(const char *name)
{
    const char *text = variable_value(trace_variable);
    uint64_t numbers[3]; /* the descriptor, and two times */
    int fd = -1;
    stage = name;
    trace = -1;
    has_handed_over = 0;
    done_length = 0;
    if (!text || !*text)
        return;
    const char *rest = numbers_in(text, ":", numbers, 3);
    if (rest && !*rest) {
        fd = numbers[0] <= INT_MAX ? (int)numbers[0] : -1;
        origin = numbers[1];
        last = numbers[2];
    } else {
        origin = last = now();
        if (strspn(text, "0123456789") == strlen(text)) {
            fd = strlen(text) < 8 ? atoi(text) : -1;
        } else {
            fd = above_standard(open(text, O_WRONLY | O_APPEND | O_CREAT, 0666));
            if (fd < 0)
                fail("cannot open the trace %s", text);
        }
    }
    if (fd == STDOUT_FILENO)
        refuse("%s: the trace cannot go to standard output, which is PROG's", trace_variable);
    int is_passed = fd <= STDERR_FILENO || fcntl(fd, F_SETFD, 0) == 0;
    if (!is_passed && errno != EBADF)
        fail("cannot pass on descriptor %d, the trace", fd);
    if (fd < 0 || !is_passed) {
        hint("a descriptor that is open for writing, or a file");
        refuse("the variable %s is \"%s\", which is no open descriptor", trace_variable, text);
    }
    trace = fd;
    pass_on();
}

static const char *file_named;

void trace_to(const char *file)
{
    static char digits[PATH_MAX] LARGE;
    /* A file whose name is a number is one all the same. */
    if (file && snprintf(digits, sizeof digits, "./%s", file) < (int)sizeof digits &&
        strspn(file, "0123456789:") == strlen(file))
        file = digits;
    file_named = file ? file : "2";
    size_t size = strlen(trace_variable) + 1 + strlen(file_named) + 1;
    char *entry = allocate(size, 1);
    snprintf(entry, size, "%s=%s", trace_variable, file_named);
    variable_set(entry);
}

const char *trace_file(void)
{
    return file_named;
}

int trace_to_memory(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    trace = above_standard(memfd_create("trace", 0));
    int copy = trace < 0 ? -1 : above_standard(fcntl(trace, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (copy < 0 || fcntl(trace, F_SETFD, 0) < 0)
        fail("cannot make a file in memory for the trace");
    origin = last = now() - (uint64_t)used.tv_sec * 1000000000 - (uint64_t)used.tv_nsec;
    pass_on();
    return copy;
}

int is_traced(void)
{
    return trace >= 0;
}

__attribute__((format(printf, 2, 3)))
static void write_line(uint64_t time, const char *format, ...)
{
    char line[LINE];
    uint64_t since = time - origin;
    int length = snprintf(line, sizeof line, "%" PRIu64 ".%06" PRIu64 " %d ", since / 1000000000,
                          since / 1000 % 1000000, (int)getpid());
    va_list arguments;
    va_start(arguments, format);
    length += vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof line - 2)
        length = sizeof line - 2;
    for (int i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 127)
            line[i] = '?';
    line[length++] = '\n';
    write_or_lose(trace, line, (size_t)length);
}

void trace_start(char *const *first, char *const *prog)
{
    char words[MOST_WORDS];
    size_t length = 0;
    if (!is_traced())
        return;
    for (*words = '\0'; first < prog && length < sizeof words - 1; first++) {
        words[length++] = ' ';
        length += quote_word(words + length, sizeof words - length, *first);
    }
    if (length >= sizeof words)
        strcpy(words + sizeof words - 4, "...");
    write_line(now(), "start %s%s", stage, words);
}

void did(const char *format, ...)
{
    va_list arguments;
    if (!is_traced() || done_length + 2 >= sizeof done)
        return;
    strcpy(done + done_length, "; ");
    va_start(arguments, format);
    vsnprintf(done + done_length + 2, sizeof done - done_length - 2, format, arguments);
    va_end(arguments);
    done_length += strlen(done + done_length);
}

static uint64_t microseconds(uint64_t time)
{
    return (time - last) / 1000;
}

void trace_next(const char *next)
{
    char word[MOST_WORDS];
    if (!is_traced() || has_handed_over)
        return;
    uint64_t time = now();
    quote_word(word, sizeof word, next);
    write_line(time, "next %s %" PRIu64 ": %s%.*s", stage, microseconds(time), word, (int)done_length, done);
    has_handed_over = 1;
    last = time;
    pass_on();
}

void trace_stay(pid_t child)
{
    if (!is_traced())
        return;
    uint64_t time = now();
    write_line(time, "stay %s %" PRIu64 ": %d", stage, microseconds(time), (int)child);
}

void trace_end(int status)
{
    if (is_traced())
        write_line(now(), "end %s %d", stage, status);
}

void trace_fail(const char *message, int error)
{
    if (!is_traced())
        return;
    uint64_t time = now();
    write_line(time, "fail %s %" PRIu64 ": %s%s%s", stage, microseconds(time), message,
               error ? ": " : "", error ? strerror(error) : "");
}

int trace_descriptor(void)
{
    return trace > STDERR_FILENO ? trace : -1;
}

void trace_drop(void)
{
    variable_forget(trace_variable);
    if (trace > STDERR_FILENO)
        close(trace);
    trace = -1;
}
