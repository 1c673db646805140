/*
 * policy.h: which system calls a program may make, as text. sys-filter(1) describes the language:
 *
 *     default EPERM
 *     allow read write close ioctl
 *     EPERM ioctl if arg1 == TIOCSTI
 *     allow socket if arg0 == AF_UNIX and arg1 & 0xf == SOCK_STREAM
 *
 *     include container
 *
 * A line holds for the calls it names; of several for one call the last whose conditions hold decides,
 * and without any the default.
 */
#ifndef POLICY_H
#define POLICY_H

#include "calls.h"

#include <stddef.h>
#include <stdint.h>

enum { RULES = 4096, CONDITIONS = 1024, CONDITIONS_OF_RULE = 12 };

/* The actions are the return values of seccomp(2), with their data: 0x7fff0000 allows. */
enum action {
    ACTION_KILL_THREAD = 0x00000000,
    ACTION_TRAP = 0x00030000,
    ACTION_ERROR = 0x00050000, /* | the number of the error */
    ACTION_LOG = 0x7ffc0000,
    ACTION_ALLOW = 0x7fff0000,
};
#define ACTION_KILL 0x80000000U /* no int holds it */

enum comparison { EQUAL, GREATER, GREATER_OR_EQUAL };

struct condition {
    unsigned char argument; /* 0 to 5 */
    unsigned char narrow;   /* only its lower 32 bits count */
    unsigned char negated;  /* holds when the comparison does not */
    enum comparison comparison;
    uint64_t mask, value;   /* (argument & mask) COMPARISON value */
};

struct rule {
    uint32_t action;
    short first, count; /* its conditions, which must all hold */
    short before;       /* the rule for the same call that stands before it, or 0 */
};

struct policy {
    uint32_t otherwise; /* the default, as soon as has_default */
    uint32_t unknown;   /* for numbers that calls.h has no name for, as soon as has_unknown */
    uint32_t foreign;   /* for the calls of other architectures */
    int has_default, has_unknown, has_foreign, allows;
    short rule_count, condition_count;
    short newest[CALLS]; /* of each call the rule that stands last, or 0 */
    struct condition conditions[CONDITIONS];
    struct rule rules[RULES]; /* from 1 on */
};

/* Begins an empty policy. */
void begin_policy(struct policy *policy);

/*
 * Adds the rules of TEXT, which has LENGTH bytes, a line each; "#" begins a comment. POLICY has
 * been begun. WHERE names the text in messages ("--rule", a file's name); LINE, if not
 * 0, is the number of its first line, for these too. Ends the program with status 125 and a message
 * when something in it is no rule.
 */
void add_rules(struct policy *policy, const char *where, unsigned line, const char *text,
               size_t length);

/* Adds a rule with this ACTION for the calls of LIST, CALL[,CALL]... */
void add_calls(struct policy *policy, const char *where, const char *list, const char *action);

/* Adds the rules for containers, container.policy. Calls in it that this architecture or these headers
 * have not got are left out. */
void add_container_rules(struct policy *policy);

/* The text of these rules. */
const char *container_rules(void);

/* Fills in what no line has set: the default is EPERM when some call is allowed, and to allow when not;
 * unknown numbers get the default where that lets a call through, else ENOSYS; other architectures are
 * killed. */
void complete_policy(struct policy *policy);

#endif
