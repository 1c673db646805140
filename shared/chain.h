/*
 * chain.h: how a stage becomes the next one, and what the stages of a chain know of each other.
 *
 * Four variables travel through the environment, and never reach PROG:
 *   MINICTR_NS      the letters of the namespaces that ns-enter made in this chain; '/' while the
 *                   new root is open and not yet the root; 's' and 'd' when mnt-sys and mnt-dev have
 *                   mounted something that mnt-mask and tty-pty then must find; 'j' in a mount namespace that was
 *                   joined, where others live; 'f' when the next process that is forked begins in such a PID
 *                   namespace, for pid-fork; 'c' while this process
 *                   has capabilities that its user does not give it: they are for the stages only, and
 *                   chain() drops them before PROG, supervisors when they stay behind (capability.h)
 *   MINICTR_STAGES  after root-setup: the descriptor of the directory of the stages (a detached,
 *                   read-only mount), since the root no longer holds them
 *   MINICTR_HOST    the same of the host's whole file system, where a chain-break follows
 *   MINICTR_TTY     behind tty-relay: the descriptor of a socket to it, for tty-pty
 */
#ifndef CHAIN_H
#define CHAIN_H

#include <stddef.h>

/*
 * Executes the rest of the chain; the end of every stage. A bare name is looked up among the
 * stages (the descriptor after root-setup, the directory of the running program before it), then in
 * PATH; once it is none of ours, or has a slash, the variables and the descriptors are gone for what
 * is executed, and the capabilities that were held for the stages. When these cannot be dropped: a message,
 * and status 125. When it cannot be executed: a message that says why, and status 127 when
 * nothing of that name was found, else 126.
 */
_Noreturn void chain(char **words);

/*
 * Does ahead what chain() will do but for the execution itself, for a stage that may forbid itself the
 * system calls for it. Between the two nothing that chain() knows may change. Ends with 125 and a
 * message when that fails.
 */
void chain_prepare(char **words);

/* Says whether the stages before have left anything to this one: whether any variable is set that is for them. */
int chain_passes_on(void);

/* Says whether an ns-enter of this chain made the namespace of this letter; or what else a letter in
 * MINICTR_NS stands for. */
int chain_made(char letter);

/* Adds letters to what chain_made() knows, for the stages that follow. Ends with 125 and a message
 * when there is no memory, or no room. */
void chain_note_made(const char *letters);

/* Says whether a variable of this name is for the stages to set: one of those above, MINICTR_TRACE
 * (trace.h) or MINICTR_START (start.h). */
int chain_owns(const char *name, size_t length);

/* Takes a letter out of it again. */
void chain_note_gone(char letter);

/* Returns the descriptor of the directory of the stages when a root-setup of this chain has changed
 * the root, else -1. Ends with 125 and a message when the variable holds something else. */
int chain_kept_stages(void);

/*
 * Keeps the directory of the stages for the time after the root has changed, as a descriptor that
 * the next stages inherit: of a copy of its mount, read-only, so that nobody inside can write to a stage by
 * /proc/PID/exe, nor go up from it. Nothing to do when one is kept already. Ends with 125 and a message when
 * the kernel refuses (open_tree(2), mount_setattr(2)). Where REST, the rest of the chain, has a word
 * chain-break in it, the host's file systems are kept as well, read-only, for its shell.
 */
void chain_keep_stages(char **rest);

/* The same without the power over mounts: the copy is made in a user namespace for it alone. The host's file systems
 * are not kept. */
void chain_have_stages_kept(void);

/* Returns the descriptor of the host's file system, or -1: see chain_keep_stages(). */
int chain_host(void);

/* Closes these descriptors and forgets them: for a supervisor, which executes nothing any more. */
void chain_drop_stages(void);

/* Returns the descriptor of the socket to a tty-relay of this chain, or -1. Ends with 125 and a message
 * when the variable holds something else. */
int chain_terminal(void);

/* Passes such a socket on to the stages that follow. Ends with 125 and a message when there is no
 * memory. */
void chain_keep_terminal(int socket);

/* Closes it and forgets it. */
void chain_drop_terminal(void);

/*
 * Returns the absolute path of the directory of the running program: from how it was called (AT_EXECFN,
 * getauxval(3)) when that leads to it, else from /proc/self/exe. It does not end in a slash, but for "/". Ends with
 * 125 and a message when neither can be had, or there is no memory.
 */
const char *chain_directory(void);

/* Finds it now and remembers it, for a stage that changes the working directory; behind root-setup it is a
 * descriptor, and there is nothing to do. */
void chain_fix_directory(void);

#endif
