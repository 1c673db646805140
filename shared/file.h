/*
 * file.h: the small files of proc(5) and cgroups(7), read and written whole.
 */
#ifndef FILE_H
#define FILE_H

#include <stdint.h>
#include <sys/types.h>

/* Reads at most SIZE-1 bytes of the file PATH below DIRECTORY (openat(2)) into TEXT, and ends them
 * with a zero byte, also when it fails. Returns how many, or -1 and errno. */
ssize_t read_file(int directory, const char *path, char *text, size_t size);

/* Returns the number in a file of cgroups(7); COUNT_UNKNOWN when there is none; COUNT_UNLIMITED for "max",
 * and for what v1 writes in its place. */
#define COUNT_UNKNOWN UINT64_MAX
#define COUNT_UNLIMITED (UINT64_MAX - 1)
uint64_t read_count(int directory, const char *path);

/* Reads a file of at most SIZE-1 bytes into TEXT; returns how many. Ends with 125 and a message when it
 * cannot be read, or is longer. */
size_t read_whole(const char *path, char *text, size_t size);

/* Writes VALUE to the file in one write(2): there each write is a command. Returns 0, or -1 and
 * errno. */
int write_file(int directory, const char *path, const char *value);

/* The same, and reads into TEXT what the file has then, as read_file() does. */
int write_and_reread(int directory, const char *path, const char *value, char *text, size_t size);

/* Writes TEXT in one write(2), so that the lines of several processes do not mix. Returns 0, or the reason
 * why it could not (errno), and keeps errno. What cannot be written is lost, and no signal comes of it (SIGPIPE,
 * SIGXFSZ), not even a pending one where they are blocked, as in a supervisor, which would take it for one to
 * relay. */
int write_or_lose(int fd, const char *text, size_t length);

/* A file that is read line by line, without the cost of stdio(3): that seeks back at the end, and a
 * file of proc(5) is then made anew. */
struct lines {
    int file;
    size_t from, to; /* what is still unread in TEXT */
    int cut;         /* the line that was returned last goes on in the next */
    int error;       /* at the end: why there was no more to read (errno), or 0 */
    char text[3 * 4096 + 256]; /* mountinfo has two paths in a line */
};

/* Opens the file; returns whether it could, else errno. */
int open_lines(struct lines *lines, int directory, const char *path);

/* Returns the next line, without its end, which may be written to; NULL at the end of the file, which
 * is closed then. What does not fit into TEXT is cut into several lines. */
char *next_line(struct lines *lines);

/* Closes it before its end. */
void close_lines(struct lines *lines);

/* Returns the number that follows WORD at the beginning of a line of TEXT ("WORD 12", "WORD: 0c"),
 * in this base; 0 when there is none. */
unsigned long long number_after(const char *text, const char *word, int base);

/* Reads COUNT decimal numbers, each behind any of the characters BETWEEN. Returns what follows the last, or NULL when
 * there are fewer. One that is too large is UINT64_MAX. */
const char *numbers_in(const char *text, const char *between, uint64_t *numbers, int count);

/* Says whether WORD stands in a list with any of these bytes between its items. */
int list_has(const char *list, const char *separators, const char *word);

#endif
