/*
 * rest.h: waiting for a signal with as little memory as can be, for the processes that stay.
 */
#ifndef REST_H
#define REST_H

#include <signal.h>

/*
 * Waits for a signal of the set, like sigwaitinfo(2). When none comes for ten seconds, gives the memory of the program
 * back to the kernel but for the page that waits, and the stack that is not in use (madvise(2), MADV_DONTNEED): the
 * kernel reads it in again from the file when the signal comes. It is not done at once, since it costs more than what
 * ends soon can save. Where that cannot be, it only waits. Returns the signal, or -1 and errno.
 */
int await_signal(const sigset_t *set, siginfo_t *info);

#endif
