/*
 * filter.h: programs of classic BPF that judge system calls, seccomp(2): made from a policy, shown,
 * and applied.
 */
#ifndef FILTER_H
#define FILTER_H

#include "policy.h"

#include <stddef.h>
#include <stdint.h>

enum { FILTER_LENGTH = 4096 }; /* BPF_MAXINSNS */

/* struct sock_filter, struct sock_fprog: linux/filter.h. */
struct instruction {
    uint16_t code;
    uint8_t if_true, if_false; /* how many instructions a jump leaves out */
    uint32_t value;
};

struct filter {
    unsigned short length;
    struct instruction code[FILTER_LENGTH];
};

/* Makes the program for a policy that is complete. The architecture is checked first; on x86-64 the
 * numbers of x32 get ENOSYS, as from a kernel without it. Then a tree of comparisons finds the call. Ends
 * with 125 and a message when the program has more than FILTER_LENGTH instructions. */
void compile(const struct policy *policy, struct filter *filter);

/* Whether it lets every call of this number, which has a name, through, whatever its arguments are: 0 also
 * where rules with conditions would have to be looked at for that. */
int always_allows(const struct policy *policy, int call);

/* Puts in front that execve(2) and execveat(2) are allowed with this password as their sixth argument,
 * which the kernel does not look at (exec_password(), kernel.h). Ends with 125 and a message when
 * the program gets too long. */
void let_exec_through(struct filter *filter, uint64_t password);

/* Prints it to standard output, an instruction a line; names what it can. */
void print_filter(const struct filter *filter);

/* Applies it to this thread and what comes of it, for good (SECCOMP_SET_MODE_FILTER). Returns 0, or -1 and
 * errno: EACCES without no_new_privs and CAP_SYS_ADMIN, EINVAL when it is no valid program. */
int apply_filter(const struct filter *filter);

#endif
