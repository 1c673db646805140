/*
 * send.h: signals to the processes of a container that its supervisors do not relay.
 */
#ifndef SEND_H
#define SEND_H

#include "container.h"

/* Says whether a signal reaches no process by way of a supervisor, which cannot take it, or does
 * not relay it (supervise.c). */
int is_direct(int signal);

/*
 * Sends each process of the container the signal that no supervisor relays to it, once: to PROG one
 * that is_direct(), and with ALL any signal to the others; to the supervisors themselves only
 * SIGKILL. Returns how many got it. Ends with 125 and a message when the processes cannot be read,
 * or one of them must not be signalled.
 */
int send_directly(const struct container *container, int signal, int all);

#endif
