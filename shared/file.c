#include "file.h"

#include "kernel.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ssize_t read_file(int directory, const char *path, char *text, size_t size)
{
    text[0] = '\0';
    int file = open_at(directory, path, O_RDONLY);
    if (file < 0)
        return -1;
    ssize_t length = read(file, text, size - 1);
    int error = errno;
    close(file);
    errno = error;
    text[length < 0 ? 0 : length] = '\0';
    return length;
}

int write_and_reread(int directory, const char *path, const char *value, char *text, size_t size)
{
    int file = open_at(directory, path, text ? O_RDWR : O_WRONLY);
    if (file < 0)
        return -1;
    ssize_t length = write(file, value, strlen(value));
    if (text)
        text[0] = '\0';
    if (text && length >= 0) {
        length = pread(file, text, size - 1, 0);
        text[length < 0 ? 0 : length] = '\0';
    }
    int error = errno;
    close(file);
    errno = error;
    return length < 0 ? -1 : 0;
}

uint64_t read_count(int directory, const char *path)
{
    char text[64];
    if (read_file(directory, path, text, sizeof text) <= 0)
        return COUNT_UNKNOWN;
    if (*text < '0' || *text > '9')
        return strcmp(text, "max\n") == 0 ? COUNT_UNLIMITED : COUNT_UNKNOWN;
    uint64_t count = strtoull(text, NULL, 10);
    return count > UINT64_C(1) << 62 ? COUNT_UNLIMITED : count;
}

size_t read_whole(const char *path, char *text, size_t size)
{
    size_t length = 0;
    int file = open_at(AT_FDCWD, path, O_RDONLY);
    if (file < 0)
        fail("cannot open %s", path);
    for (ssize_t got; (got = read(file, text + length, size - length)); length += (size_t)got) {
        if (got < 0)
            fail("cannot read %s", path);
        if (length + (size_t)got == size)
            refuse("%s is too long: at most %zu bytes", path, size - 1);
    }
    close(file);
    return length;
}

int write_file(int directory, const char *path, const char *value)
{
    return write_and_reread(directory, path, value, NULL, 0);
}

int write_or_lose(int fd, const char *text, size_t length)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN}, pipe = {0}, size = {0};
    int error = errno;
    sigaction(SIGPIPE, &ignored, &pipe);
    sigaction(SIGXFSZ, &ignored, &size);
    int reason = write(fd, text, length) < 0 ? errno : 0;
    if (reason) { /* a pending signal goes when it is ignored once more */
        sigaction(SIGPIPE, &ignored, NULL);
        sigaction(SIGXFSZ, &ignored, NULL);
    }
    sigaction(SIGXFSZ, &size, NULL);
    sigaction(SIGPIPE, &pipe, NULL);
    errno = error;
    return reason;
}

int open_lines(struct lines *lines, int directory, const char *path)
{
    lines->from = lines->to = 0;
    lines->error = 0;
    lines->file = open_at(directory, path, O_RDONLY);
    return lines->file >= 0;
}

void close_lines(struct lines *lines)
{
    if (lines->file >= 0)
        close(lines->file);
    lines->file = -1;
}

char *next_line(struct lines *lines)
{
    while (lines->file >= 0) {
        char *line = lines->text + lines->from;
        char *end = memchr(line, '\n', lines->to - lines->from);
        if (end) {
            *end = '\0';
            lines->cut = 0;
            lines->from += (size_t)(end - line) + 1;
            return line;
        }
        memmove(lines->text, line, lines->to - lines->from);
        lines->to -= lines->from;
        lines->from = 0;
        /* In small parts: the kernel writes each when it is asked for, and the rest may not be. */
        size_t room = sizeof lines->text - 1 - lines->to;
        ssize_t length = read(lines->file, lines->text + lines->to, room < 1024 ? room : 1024);
        if (length > 0) {
            lines->to += (size_t)length;
            continue;
        }
        lines->error = length < 0 ? errno : 0;
        if (lines->to > 0 && length == 0) { /* it is too long, or the last one and has no end */
            lines->text[lines->to] = '\0';
            lines->to = 0;
            lines->cut = room == 0;
            return lines->text;
        }
        close_lines(lines);
    }
    return NULL;
}

unsigned long long number_after(const char *text, const char *word, int base)
{
    size_t length = strlen(word);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, length) == 0 && line[length] && strchr(" :\t", line[length]))
            return strtoull(line + length + 1, NULL, base);
    }
    return 0;
}

int list_has(const char *list, const char *separators, const char *word)
{
    size_t length = strlen(word);
    while (*list) {
        size_t item = strcspn(list, separators);
        if (item == length && strncmp(list, word, length) == 0)
            return 1;
        list += item + (list[item] != '\0');
    }
    return 0;
}

const char *numbers_in(const char *text, const char *between, uint64_t *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        text += strspn(text, between);
        if (*text < '0' || *text > '9')
            return NULL;
        char *end;
        numbers[i] = strtoull(text, &end, 10);
        text = end;
    }
    return text;
}
