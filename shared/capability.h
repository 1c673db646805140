/*
 * capability.h: the capabilities of the calling process (capabilities(7)). A set is a number with a
 * bit for each, by the kernel's numbers.
 */
#ifndef CAPABILITY_H
#define CAPABILITY_H

#include <stdint.h>

/* From linux/capability.h, linux/securebits.h: musl has no kernel headers beside it. */
enum {
    CAPABILITY_DAC_OVERRIDE = 1,
    CAPABILITY_SETGID = 6,
    CAPABILITY_SETUID = 7,
    CAPABILITY_SETPCAP = 8,
    CAPABILITY_SYS_ADMIN = 21,
    CAPABILITY_SETFCAP = 31, /* to map user 0 takes it, too (user_namespaces(7)) */
};
enum {
    SECUREBIT_NOROOT = 1 << 0,
    SECUREBIT_NO_SETUID_FIXUP = 1 << 2,
    SECUREBIT_KEEP_CAPS = 1 << 4,
    SECUREBIT_NO_CAP_AMBIENT_RAISE = 1 << 6,
};

struct capabilities {
    uint64_t effective, permitted, inheritable;
};

/* capget(2), capset(2). Return 0, or -1 and errno. What leaves the permitted or the inheritable set
 * leaves the ambient set, too. */
int get_capabilities(struct capabilities *have);
int set_capabilities(const struct capabilities *wanted);

/* Says whether this one is effective. Ends with 125 and a message when that cannot be read. */
int has_capability(int number);

/* Gives up all capabilities that this process has: capset(2) with empty sets. Its bounding set stays.
 * Returns 0, or -1 and errno. */
int drop_capabilities(void);

/* Reads the bounding set, with what this kernel has beyond the names below (PR_CAPBSET_READ, prctl(2)).
 * Returns 0, or -1 and errno. */
int get_bounding_set(uint64_t *set);

/* Drops these from the bounding set (PR_CAPBSET_DROP), which takes CAP_SETPCAP. Returns 0, or -1 and errno. */
int shrink_bounding_set(uint64_t gone);

/* Adds those that are missing to the ambient set (PR_CAP_AMBIENT_RAISE): then they are kept when a user
 * other than root executes a program. They must be permitted and inheritable. Returns 0, or -1 and
 * errno. */
int raise_ambient(uint64_t set);

/*
 * Makes the capabilities of this process last over the execution of the next stages, although its
 * user id gives it none any more: all that are permitted, and in the bounding set, become effective,
 * inheritable and ambient. The chain notes it ('c', chain.h), and drops them before PROG. Ends with 125
 * and a message when the kernel refuses.
 */
void hold_capabilities(void);

/* After a system call has failed with EPERM, or for want of dac_override with EACCES: keeps a hint when it was for want
 * of this capability, in a process that once had more. Keeps errno. */
void hint_missing(int capability);

/* Returns the name of a capability, as in capabilities(7), but in lower case and without "cap_"; "capability
 * 41" for one that has none here. The text stays until the next call. Cannot fail. */
const char *capability_name(int number);

/*
 * Reads a list of names, with commas between them: as in capabilities(7), in either case, with or
 * without "cap_". Ends with 125 and a message when it has an unknown name, an empty one, or one twice.
 */
uint64_t read_capabilities(const char *list);

/*
 * Reads what cap-keep(1) takes: such a list, or one of the words none, all (with those of a newer kernel) and
 * default (what is left to root in a container). *BOUND is set for one of the words: of what they stand for
 * a process may lack some.
 */
uint64_t read_capability_set(const char *word, int *bound);

#endif
