/* ctr-kill: send a signal to a container, or end it. */
#include "container.h"
#include "file.h"
#include "freeze.h"
#include "kernel.h"
#include "message.h"
#include "send.h"
#include "signal_name.h"
#include "value.h"
#include "words.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PARENT = 256, ALL, TIMEOUT, SIGNAL };

static const struct option options[] = {
    {ALL, "all", NULL, "to every process of the container, not to PROG alone"},
    {TIMEOUT, "timeout", "SECONDS",
     "wait until it has ended; kill all its processes when it has\nnot by then"},
    {SIGNAL, "signal", "SIGNAL", "name, with or without SIG, or number (default: TERM)"},
    {PARENT, PARENT_OPTION},
    {0},
};

static const struct program program = {
    "ctr-kill",
    "[OPTION...] NAME... | NAME SIGNAL",
    "Send a signal to PROG of the containers, by their supervisors",
    options,
};

/* Says whether a word is written as signals are. */
static int is_like_a_signal(const char *word)
{
    return is_signal(word) || !word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")];
}

/*
 * Takes the signal off the form NAME SIGNAL, if it is that; returns it, or -1. What spells a signal
 * and is the name of a container, too, is not guessed at.
 */
static int take_second_word(const struct words *words, const char *parent)
{
    char **name = words->next;
    struct containers all;
    struct container container;
    if (!name[0] || !name[1] || name[2] || !is_like_a_signal(name[1]))
        return -1;
    find_containers(&all, parent);
    int is_container = is_name(name[1]) && open_container(&container, &all, name[1]);
    if (is_container && is_signal(name[1])) {
        hint("put \"--signal %s\" or \"--signal TERM\" before the names", name[1]);
        refuse("%s is a signal, and the name of a container", name[1]);
    }
    if (is_container)
        close_container(&container);
    release_containers(&all);
    if (is_container)
        return -1;
    int signal = read_signal("SIGNAL", name[1]);
    name[1] = NULL;
    return signal;
}

/* A container, and its supervisor as a pidfd; -1: it has ended. */
struct target {
    const struct container *container;
    int supervisor;
};

/* Lets it act on what it was sent, when it is paused, or stopped with its supervisor. */
static void let_go(const struct target *target)
{
    thaw_container(target->container);
    pidfd_signal(target->supervisor, SIGCONT);
}

/* Returns whether the supervisor has ended: the group is gone then. */
static int has_ended(const struct target *target, int milliseconds)
{
    struct pollfd end = {.fd = target->supervisor, .events = POLLIN};
    return target->supervisor < 0 || poll(&end, 1, milliseconds) != 0;
}

static void send_signal(const struct target *target, int signal, int all)
{
    const struct container *container = target->container;
    int sent = send_directly(container, signal, all);
    if (!is_direct(signal) && pidfd_signal(target->supervisor, signal) < 0 && errno != ESRCH)
        fail("cannot send signal %d to process %d, the supervisor of %s", signal,
             (int)container->supervisor, container->name);
    /* Either it is about to end, or it has not begun. */
    if (is_direct(signal) && !sent && !has_ended(target, 1000))
        refuse("the container %s has no process", container->name);
    if (signal == SIGKILL)
        let_go(target);
}

enum { PATIENCE = 10000 }; /* milliseconds */

/* Without cgroup.kill (v1): one by one, until there is none. */
static void kill_each(const struct target *target, int group)
{
    /* PROG first, so that it is killed, and does not end since it can start no process any more. */
    send_directly(target->container, SIGKILL, 0);
    write_file(group, "pids.max", "0");
    for (int waited = 0; waited < PATIENCE && !has_ended(target, 10); waited += 10) {
        int sent = send_directly(target->container, SIGKILL, 1);
        thaw_container(target->container);
        if (!sent)
            break;
    }
}

static void kill_all(const struct target *target)
{
    int group = main_group(target->container);
    if (write_file(group, "cgroup.kill", "1") < 0)
        kill_each(target, group);
    let_go(target);
}

static long milliseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for the end of all of them together, and kills what is left. */
static void end_in_time(const struct target *targets, int count, uint64_t seconds)
{
    long end = milliseconds_now() + (long)seconds * 1000;
    for (int i = 0; i < count; i++)
        let_go(&targets[i]);
    for (int i = 0; i < count; i++) {
        long left = end - milliseconds_now();
        if (!has_ended(&targets[i], left > 0 ? (int)left : 0))
            kill_all(&targets[i]);
    }
    for (int i = 0; i < count; i++)
        if (!has_ended(&targets[i], PATIENCE))
            refuse("the container %s has not ended: process %d, its supervisor, is still there",
                   targets[i].container->name, (int)targets[i].container->supervisor);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct containers all;
    const char *parent = NULL;
    int to_all = 0, is_bounded = 0, signal = -1, count;
    uint64_t seconds = 0;

    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case ALL:
            to_all = 1;
            break;
        case TIMEOUT:
            seconds = read_number(words.option, words.value, 0, 86400);
            is_bounded = 1;
            break;
        case SIGNAL:
            signal = read_signal(words.option, words.value);
            break;
        case PARENT:
            parent = read_group(words.option, words.value);
            break;
        }
    if (signal < 0)
        signal = take_second_word(&words, parent);
    if (signal < 0)
        signal = SIGTERM;

    struct container *list = need_containers(&all, parent, &words, &count);
    struct target *targets = calloc((size_t)count, sizeof *targets);
    if (!targets)
        fail("cannot list the containers");
    for (int i = 0; i < count; i++) {
        targets[i].container = &list[i];
        targets[i].supervisor = pin_supervisor(&list[i]);
    }
    for (int i = 0; i < count; i++)
        if (targets[i].supervisor >= 0 && to_all && signal == SIGKILL)
            kill_all(&targets[i]);
        else if (targets[i].supervisor >= 0)
            send_signal(&targets[i], signal, to_all);
    if (is_bounded)
        end_in_time(targets, count, seconds);
    free(targets);
    return 0;
}
