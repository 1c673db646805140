#include "file.h"

#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
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
    if (text && length >= 0) {
        length = pread(file, text, size - 1, 0);
        text[length < 0 ? 0 : length] = '\0';
    }
    int error = errno;
    close(file);
    errno = error;
    return length < 0 ? -1 : 0;
}

int write_file(int directory, const char *path, const char *value)
{
    return write_and_reread(directory, path, value, NULL, 0);
}

unsigned long long number_after(const char *text, const char *word, int base)
{
    size_t length = strlen(word);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, length) == 0 && strchr(" :\t", line[length]))
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
