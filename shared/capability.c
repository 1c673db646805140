#include "capability.h"

#include "chain.h"
#include "closest.h"
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { VERSION_3 = 0x20080522 }; /* _LINUX_CAPABILITY_VERSION_3 */

struct call_header { /* struct __user_cap_header_struct */
    uint32_t version;
    int pid; /* 0: the caller */
};

struct call_half { /* struct __user_cap_data_struct: 32 capabilities each */
    uint32_t effective, permitted, inheritable;
};

/* By their numbers. */
static const char *const names[] = {
    "chown",           "dac_override",     "dac_read_search", "fowner",       "fsetid",
    "kill",            "setgid",           "setuid",          "setpcap",      "linux_immutable",
    "net_bind_service", "net_broadcast",   "net_admin",       "net_raw",      "ipc_lock",
    "ipc_owner",       "sys_module",       "sys_rawio",       "sys_chroot",   "sys_ptrace",
    "sys_pacct",       "sys_admin",        "sys_boot",        "sys_nice",     "sys_resource",
    "sys_time",        "sys_tty_config",   "mknod",           "lease",        "audit_write",
    "audit_control",   "setfcap",          "mac_override",    "mac_admin",    "syslog",
    "wake_alarm",      "block_suspend",    "audit_read",      "perfmon",      "bpf",
    "checkpoint_restore",
};
enum { NAMES = sizeof names / sizeof *names };

int get_capabilities(struct capabilities *have)
{
    struct call_header header = {.version = VERSION_3};
    struct call_half half[2];
    if (syscall(SYS_capget, &header, half) < 0)
        return -1;
    have->effective = half[0].effective | (uint64_t)half[1].effective << 32;
    have->permitted = half[0].permitted | (uint64_t)half[1].permitted << 32;
    have->inheritable = half[0].inheritable | (uint64_t)half[1].inheritable << 32;
    return 0;
}

int has_capability(int number)
{
    struct capabilities have;
    if (get_capabilities(&have) < 0)
        fail("cannot read the capabilities");
    return (have.effective >> number & 1) != 0;
}

int set_capabilities(const struct capabilities *wanted)
{
    struct call_header header = {.version = VERSION_3};
    const struct call_half half[2] = {
        {(uint32_t)wanted->effective, (uint32_t)wanted->permitted, (uint32_t)wanted->inheritable},
        {(uint32_t)(wanted->effective >> 32), (uint32_t)(wanted->permitted >> 32),
         (uint32_t)(wanted->inheritable >> 32)},
    };
    return (int)syscall(SYS_capset, &header, half);
}

int drop_capabilities(void)
{
    return set_capabilities(&(struct capabilities){0});
}

/* The first number that is none of this kernel's is invalid to it; those that have a name here all are. */
int get_bounding_set(uint64_t *set)
{
    *set = 0;
    for (int i = 0; i < 64; i++) {
        int there = prctl(PR_CAPBSET_READ, i);
        if (there < 0)
            return i >= NAMES && errno == EINVAL ? 0 : -1;
        *set |= (uint64_t)there << i;
    }
    return 0;
}

int shrink_bounding_set(uint64_t gone)
{
    for (int i = 0; i < 64; i++)
        if (gone >> i & 1 && prctl(PR_CAPBSET_DROP, i) < 0)
            return -1;
    return 0;
}

int raise_ambient(uint64_t set)
{
    for (int i = 0; i < 64; i++)
        if (set >> i & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) != 1 &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
            return -1;
    return 0;
}

void hold_capabilities(void)
{
    struct capabilities have;
    uint64_t bounding;
    if (get_capabilities(&have) < 0 || get_bounding_set(&bounding) < 0)
        fail("cannot find out the capabilities");
    uint64_t held = have.permitted & bounding;
    if (set_capabilities(&(struct capabilities){held, held, held}) < 0)
        fail("cannot hold the capabilities for the next stages");
    if (held && !chain_made('c'))
        chain_note_made("c");
    if (raise_ambient(held) < 0) {
        if (prctl(PR_GET_SECUREBITS) & SECUREBIT_NO_CAP_AMBIENT_RAISE)
            hint("the securebit no-cap-ambient-raise is set: put this stage before the one that sets it");
        fail("cannot hold the capabilities for the next stages: ambient set");
    }
}

void hint_missing(int capability)
{
    struct capabilities have;
    int error = errno;
    int want = capability == CAPABILITY_DAC_OVERRIDE ? EACCES : EPERM;
    if (error == want && get_capabilities(&have) == 0 && !(have.effective >> capability & 1) &&
        (geteuid() == 0 || have.permitted))
        hint("that takes the capability %s, which this process has not: "
             "put this stage before the one that took it",
             names[capability]);
    errno = error;
}

const char *capability_name(int number)
{
    static char text[32];
    snprintf(text, sizeof text, "capability %d", number);
    return number < NAMES ? names[number] : text;
}

static int find_capability(const char *name)
{
    const char *best = NULL, *bare = strncasecmp(name, "cap_", 4) == 0 ? name + 4 : name;
    for (int i = 0; i < NAMES; i++)
        if (strcasecmp(bare, names[i]) == 0)
            return i;
    for (int i = 0; i < NAMES; i++)
        best = closer(bare, best, names[i]);
    if (best)
        hint("did you mean %s?", best);
    refuse("there is no capability of the name \"%s\"", name);
}

uint64_t read_capabilities(const char *list)
{
    uint64_t set = 0;
    char name[64];
    for (const char *item = list;; item++) {
        size_t length = strcspn(item, ",");
        if (length == 0)
            refuse("the list of capabilities \"%s\" has an empty name in it", list);
        /* What does not fit is no name, and is unknown when it is cut, too. */
        snprintf(name, sizeof name, "%.*s", (int)length, item);
        int number = find_capability(name);
        if (set >> number & 1)
            refuse("the capability %s is given twice", names[number]);
        set |= UINT64_C(1) << number;
        item += length;
        if (!*item)
            return set;
    }
}

/* What container engines leave to root, but for those that reach further without a device control group
 * (mknod) or a network namespace (net_raw), and for writing to the audit log (audit_write). */
static const char by_default[] =
    "chown,dac_override,fowner,fsetid,kill,net_bind_service,setfcap,setgid,setpcap,setuid,sys_chroot";

uint64_t read_capability_set(const char *word, int *bound)
{
    *bound = 1;
    if (strcmp(word, "all") == 0)
        return UINT64_MAX;
    if (strcmp(word, "none") == 0)
        return 0;
    if (strcmp(word, "default") == 0)
        return read_capabilities(by_default);
    *bound = 0;
    return read_capabilities(word);
}
