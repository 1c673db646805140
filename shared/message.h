/*
 * message.h: what a program says when it cannot go on, and the status it ends with.
 *
 * A message is one line on standard error: "NAME: what could not be done, to what: reason". A hint,
 * where there is one, is a second line. Each line is one write(2), so the lines of several
 * processes do not mix; control characters in it are shown as '?', so it stays one line.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

enum {
    STATUS_FAILED = 125,     /* a stage failed, or was called wrongly */
    STATUS_NOT_RUN = 126,    /* PROG is there, but could not be executed */
    STATUS_NOT_FOUND = 127,  /* PROG is not there */
};

/* Sets the name that stands before every message. Kept as a pointer. Cannot fail. */
void name_messages(const char *name);

/* Returns that name. */
const char *own_name(void);

/*
 * Keeps a hint (printf(3) format) to be shown below the message that comes next. Only for causes
 * that have been found out, never for guesses. A later hint replaces an earlier one.
 */
void hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says the message with the reason of errno (strerror(3)) and goes on. Of EPERM and EACCES without a hint it says
 * itself that the caller is not root, or that a security module confines it (confine.h), if so. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says the message with the reason of errno (strerror(3)) and ends with STATUS_FAILED. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says the message as it is and ends with STATUS_FAILED. */
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says the message as it is and ends with this status. */
_Noreturn void end_with(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
