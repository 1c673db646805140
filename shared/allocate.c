#include "allocate.h"

#include "large.h"
#include "message.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNED = alignof(max_align_t) };

/* What a start needs has room here, and costs no more than the pages that it fills: mostly none, as it begins in one
 * that other variables are in. The first use of malloc(3) takes four system calls, and three pages. */
static alignas(ALIGNED) char memory[32 * 1024] FILLED;
static size_t used;

void *allocate(size_t count, size_t size)
{
    size_t bytes = count * size;
    bytes += -bytes % ALIGNED;
    if (size && count > (SIZE_MAX - ALIGNED) / size) {
        errno = ENOMEM;
        fail("cannot get memory");
    }
    if (bytes <= sizeof memory - used) {
        used += bytes;
        return memory + used - bytes;
    }
    void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        fail("cannot get %zu bytes of memory", bytes);
    return mapped;
}

char *copy_of(const char *text)
{
    return strcpy(allocate(strlen(text) + 1, 1), text);
}

char *path_in(const char *directory, const char *name)
{
    char *path = allocate(strlen(directory) + 1 + strlen(name) + 1, 1);
    strcpy(stpcpy(stpcpy(path, directory), "/"), name);
    return path;
}
