#include "send.h"

#include "drain.h"
#include "message.h"

#include <signal.h>
#include <stdlib.h>

struct sending {
    const struct container *container;
    int signal, all;
    int sent; /* to how many processes */
    struct processes processes;
    const struct process *prog;
};

int is_direct(int signal)
{
    return signal == SIGKILL || signal == SIGSTOP || signal == SIGCHLD;
}

/* Says whether a process gets the signal. One that is newer than what was read does. */
static int is_meant(const struct sending *sending, pid_t pid)
{
    if (sending->prog && sending->prog->pid == pid)
        return is_direct(sending->signal);
    if (!sending->all || sending->signal == SIGKILL)
        return sending->all;
    for (int i = 0; i < sending->processes.count; i++)
        if (sending->processes.list[i].pid == pid)
            return !is_supervisor(&sending->processes.list[i]);
    return 1;
}

static int send_to(int directory, pid_t pid, void *context)
{
    struct sending *sending = context;
    int sent = is_meant(sending, pid) ? signal_member(directory, pid, sending->signal) : 0;
    if (sent < 0)
        fail("cannot send signal %d to process %d of %s", sending->signal, (int)pid,
             sending->container->name);
    sending->sent += sent;
    return 0;
}

int send_directly(const struct container *container, int signal, int all)
{
    struct sending sending = {.container = container, .signal = signal, .all = all};
    if (!all && !is_direct(signal))
        return 0;
    if (!all || signal != SIGKILL) { /* else nobody is left out */
        read_processes(container, &sending.processes);
        sending.prog = main_process(&sending.processes, first_process(&sending.processes));
    }
    if (visit_processes(main_group(container), send_to, &sending) < 0)
        fail("cannot read the processes of %s: cgroup.procs", container->name);
    free(sending.processes.list);
    return sending.sent;
}
