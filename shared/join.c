#include "join.h"

#include "capability.h"
#include "chain.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"
#include "process.h"
#include "trace.h"
#include "userns.h"
#include "value.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct target find_target(const char *option, const char *text)
{
    struct target target;
    char number[16];
    const char *colon = strchr(text, ':');
    if (snprintf(number, sizeof number, "%.*s", (int)(colon ? colon - text : INT_MAX), text) >= (int)sizeof number)
        refuse("%s: %s is too large: at most %d", option, text, INT_MAX);
    target.pid = (pid_t)read_number(option, number, 1, INT_MAX);
    if (colon) {
        target.pidfd = pin_process(target.pid, read_number(option, colon + 1, 0, INT64_MAX));
        if (target.pidfd < 0)
            refuse("%s: process %d has ended", option, (int)target.pid);
    } else {
        target.pidfd = pidfd_open_of(target.pid);
        if (target.pidfd < 0)
            fail("%s: cannot open process %d", option, (int)target.pid);
    }
    return target;
}

int join_namespaces(const struct target *target, int flags, char **rest)
{
    char own[16] = "", joined[16] = "";
    struct userns_ids ids = {0};
    int all = flags == 0;
    for (const struct namespace *kind = namespaces; kind->name; kind++) {
        if (all && is_other_namespace(target->pid, kind->letter))
            flags |= kind->flag;
        if (!(flags & kind->flag))
            continue;
        joined[strlen(joined)] = kind->letter;
        if (kind->flag == CLONE_NEWUSER)
            ids = userns_ids_of(target->pid);
        if (kind->flag == CLONE_NEWPID) /* the processes that are forked are in it, not we */
            continue;
        chain_note_gone(kind->letter);
        if (is_own_namespace_of(target->pid, kind->letter))
            own[strlen(own)] = kind->letter;
    }
    if (!flags)
        refuse("process %d has no other namespaces than we have", (int)target->pid);
    if (flags & CLONE_NEWNS && has_capability(CAPABILITY_SYS_ADMIN))
        chain_keep_stages(rest);
    else if (flags & CLONE_NEWNS && flags & CLONE_NEWUSER)
        chain_have_stages_kept();
    if (setns(target->pidfd, flags) < 0) {
        if (!(flags & CLONE_NEWUSER))
            hint_at_users_of(target->pid);
        fail("cannot join the namespaces of process %d (-%s)", (int)target->pid, joined);
    }
    did("joined the namespaces of process %d (-%s)", (int)target->pid, joined);
    close(target->pidfd);
    if (flags & CLONE_NEWUSER)
        take_ids_in(&ids);
    if (flags & CLONE_NEWNS) {
        for (const char *letter = "/sd"; *letter; letter++)
            chain_note_gone(*letter);
        own[strlen(own)] = 'j';
    }
    chain_note_made(own);
    return flags;
}
