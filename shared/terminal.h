/*
 * terminal.h: a pseudoterminal (pty(7)) for a container, and the supervisor that carries bytes between
 * it and the caller's own terminal.
 *
 * The pty is made inside, from the container's own devpts, and its master end goes to a supervisor
 * that is best outside: who can open that end, or the caller's terminal, can type into it.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "supervise.h"

/* Makes a pty from /dev/ptmx; returns its master end, which does not block, and in *slave the other.
 * Ends with status 125 and a message when that is not there, or not the device 5:2. */
int make_pty(int *slave);

/* Makes the slave end the controlling terminal of a new session of the calling process, and its
 * standard input, output and error; closes it. Ends with 125 and a message when the kernel refuses. */
void take_terminal(int slave);

/* Sends the master end through a socket to a relay, and waits until that is ready. Ends with 125 and a
 * message when it has gone. */
void send_master(int socket, int master);

/*
 * Supervises as supervise() does, and meanwhile carries bytes between standard input and output and the
 * master end of a pty; what standard input is a terminal of is passed on to it: its modes at the
 * start, its size at all times; it is raw meanwhile, and as before at the end and when stopped. In the
 * background it is left alone, and looked at ten times a second for the foreground.
 * MASTER, or -1: then it comes through SOCKET, if it does. Returns the status to end with.
 */
int supervise_terminal(struct supervisor *supervisor, int master, int socket);

#endif
