/*
 * calls: makes system calls that change the machine, or by which it has been taken over: each with arguments
 * that make no sense, so that none can succeed, whoever is asked; but iopl and ioperm, which give what this
 * process makes no use of. The error says who has refused: the
 * filter (EPERM), or the kernel behind it, which has seen the argument, or has no such call (ENOSYS).
 *
 *   calls      0 when one came through to the kernel, 1 when none did
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

static const char nowhere[] = "/nonexistent/minictr";
static struct timex bad_tick = {.modes = ADJ_TICK, .tick = 1};

#define BAD ((long)0x1) /* no address */

static const struct {
    const char *name;
    long number, arguments[5];
} calls[] = {
#ifdef SYS_iopl
    {"iopl", SYS_iopl, {3}},
    {"ioperm", SYS_ioperm, {0x80, 1, 1}},
#endif
#ifdef SYS_kexec_load
    {"kexec_load", SYS_kexec_load, {0, 1 << 20, BAD, -1}},
#endif
#ifdef SYS_kexec_file_load
    {"kexec_file_load", SYS_kexec_file_load, {-1, -1, 0, BAD, -1}},
#endif
    {"reboot", SYS_reboot, {0, 0, 0, BAD}},
    {"init_module", SYS_init_module, {BAD, 1, BAD}},
    {"finit_module", SYS_finit_module, {-1, BAD, -1}},
    {"delete_module", SYS_delete_module, {BAD, O_NONBLOCK}},
    {"bpf", SYS_bpf, {-1, BAD, 0}},
    {"perf_event_open", SYS_perf_event_open, {BAD, -1, -1, -1, -1}},
    {"userfaultfd", SYS_userfaultfd, {0xffff}},
    {"io_uring_setup", SYS_io_uring_setup, {0, BAD}},
    {"io_uring_enter", SYS_io_uring_enter, {-1, 0, 0, 0, 0}},
    {"io_uring_register", SYS_io_uring_register, {-1, 0, 0, 0}},
    {"acct", SYS_acct, {(long)nowhere}},
    {"swapon", SYS_swapon, {(long)nowhere, 0}},
    {"swapoff", SYS_swapoff, {(long)nowhere}},
    {"sethostname", SYS_sethostname, {BAD, -1}},
    {"setdomainname", SYS_setdomainname, {BAD, -1}},
    {"settimeofday", SYS_settimeofday, {BAD, 0}},
    {"clock_settime", SYS_clock_settime, {0, BAD}},
    {"adjtimex", SYS_adjtimex, {(long)&bad_tick}},
    {"clock_adjtime", SYS_clock_adjtime, {0, (long)&bad_tick}},
    {"syslog", SYS_syslog, {-1, BAD, 0}},
    {"quotactl", SYS_quotactl, {-1, BAD, 0, BAD}},
    {"fanotify_init", SYS_fanotify_init, {-1, 0}},
    {"ptrace", SYS_ptrace, {-1, 0, 0, 0}},
    {"kcmp", SYS_kcmp, {0, 0, -1, 0, 0}},
    {"move_pages", SYS_move_pages, {0, 1, BAD, 0, 0}},
    {"migrate_pages", SYS_migrate_pages, {0, -1, BAD, BAD}},
    {"process_madvise", SYS_process_madvise, {-1, BAD, 0, 0, 0}},
    {"setns", SYS_setns, {-1, 0}},
    {"unshare", SYS_unshare, {1}},
    {"add_key", SYS_add_key, {BAD, BAD, BAD, 0, 0}},
    {"request_key", SYS_request_key, {BAD, BAD, BAD, 0}},
    {"keyctl", SYS_keyctl, {-1}},
    {"open_by_handle_at", SYS_open_by_handle_at, {-1, BAD, -1}},
    {"pidfd_getfd", SYS_pidfd_getfd, {-1, -1, -1}},
    {"socket of the hypervisor", SYS_socket, {40, 99, 0}},
};

int main(void)
{
    int came_through = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const long *a = calls[i].arguments;
        long result = syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4]);
        printf("%s: %s\n", calls[i].name, result < 0 ? strerror(errno) : "done");
        came_through |= result >= 0 || (errno != EPERM && errno != ENOSYS);
    }
    return !came_through;
}
