/* fd-close: close every descriptor that was inherited by accident. */
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "start.h"
#include "trace.h"
#include "value.h"
#include "words.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEEP = 256 };

static const struct option options[] = {
    {KEEP, "keep", "LIST", "leave these open: numbers with commas between them"},
    {0},
};

static const struct program program = {
    "fd-close",
    "[OPTION...] PROG [ARG...]",
    "Close all descriptors but standard input, output and error, then run PROG",
    options,
};

/* A directory is as good as one that was left open: from it ".." leads to all of the host. */
static void check_streams(void)
{
    struct stat status;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
            refuse("standard stream %d is a directory", fd);
}

enum { MOST_KEPT = 64 };

/* Reads LIST into KEPT; returns how many there are. */
static int read_list(const char *what, const char *text, unsigned *kept)
{
    char number[16];
    int count = 0;
    for (;; text++) {
        size_t length = strcspn(text, ",");
        if (length >= sizeof number)
            refuse("%s: %.*s is too large: at most %d", what, (int)length, text, INT_MAX);
        memcpy(number, text, length);
        number[length] = '\0';
        if (count == MOST_KEPT)
            refuse("%s: more than %d descriptors", what, MOST_KEPT);
        kept[count++] = (unsigned)read_number(what, number, 0, INT_MAX);
        text += length;
        if (!*text)
            return count;
    }
}

static int by_number(const void *a, const void *b)
{
    unsigned left = *(const unsigned *)a, right = *(const unsigned *)b;
    return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    unsigned kept[MOST_KEPT + 6];
    int count = 0;
    while (next_option(&words))
        count = read_list(words.option, words.value, kept);
    char **rest = next_program(&words);

    check_streams();
    int ours[6] = {chain_kept_stages(), chain_terminal(), chain_host(), trace_descriptor()};
    int ours_count = 4 + start_descriptors(ours + 4);
    for (int i = 0; i < ours_count; i++)
        if (ours[i] >= 0)
            kept[count++] = (unsigned)ours[i];
    qsort(kept, (size_t)count, sizeof *kept, by_number);

    /* Close what lies between those that are kept, and all above them. */
    unsigned first = STDERR_FILENO + 1;
    for (int i = 0; i < count; i++) {
        if (kept[i] > first && close_descriptors(first, kept[i] - 1) < 0)
            fail("cannot close the descriptors %u to %u", first, kept[i] - 1);
        if (kept[i] >= first)
            first = kept[i] + 1;
    }
    if (close_descriptors(first, UINT_MAX) < 0)
        fail("cannot close the descriptors from %u", first);
    did("closed all descriptors above 2 but %d", count);
    chain(rest);
}
