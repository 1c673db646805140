#include "filter.h"

#include "kernel.h"
#include "large.h"
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* From linux/bpf_common.h: what an instruction is made of. */
enum {
    LOAD = 0x20,      /* BPF_LD | BPF_W | BPF_ABS */
    LOAD_VALUE = 0x00, /* BPF_LD | BPF_IMM */
    AND = 0x54,       /* BPF_ALU | BPF_AND | BPF_K */
    JUMP = 0x05,      /* BPF_JMP | BPF_JA */
    IF_EQUAL = 0x15,  /* BPF_JMP | BPF_JEQ | BPF_K */
    IF_GREATER = 0x25,
    IF_AT_LEAST = 0x35,
    IF_ANY = 0x45,    /* BPF_JSET */
    RETURN = 0x06,    /* BPF_RET | BPF_K */
};

/* struct seccomp_data: where what a filter looks at is. */
enum { NUMBER = 0, ARCHITECTURE = 4, POINTER = 8, ARGUMENTS = 16, LOW = 0, HIGH = 4 };

/* AUDIT_ARCH_*, linux/audit.h; both are little-endian. */
#if defined __x86_64__
#define OUR_ARCHITECTURE 0xc000003eU
static const char architecture_name[] = "x86-64";
#elif defined __aarch64__
#define OUR_ARCHITECTURE 0xc00000b7U
static const char architecture_name[] = "aarch64";
#else
#error "sys-filter knows x86-64 and arm64"
#endif
#define X32 0x40000000U

/* Appends an instruction. */
static void emit(struct filter *filter, unsigned code, uint32_t value, unsigned if_true, unsigned if_false)
{
    if (filter->length == FILTER_LENGTH)
        refuse("the filter has more than %d instructions", FILTER_LENGTH);
    filter->code[filter->length++] =
        (struct instruction){(uint16_t)code, (uint8_t)if_true, (uint8_t)if_false, value};
}

/* One word of an argument, masked. */
static void emit_load(struct filter *filter, const struct condition *condition, unsigned half)
{
    uint32_t mask = (uint32_t)(half == HIGH ? condition->mask >> 32 : condition->mask);
    emit(filter, LOAD, ARGUMENTS + 8U * condition->argument + half, 0, 0);
    if (mask != UINT32_MAX)
        emit(filter, AND, mask, 0, 0);
}

/*
 * Appends a condition. It goes on with the next instruction when it holds; else it jumps to the end of
 * the rule, which is not known yet: such a jump is TO_END until end_rule().
 */
enum { TO_END = 255 };

static void emit_condition(struct filter *filter, const struct condition *condition)
{
    static const unsigned codes[] = {IF_EQUAL, IF_GREATER, IF_AT_LEAST};
    unsigned code = codes[condition->comparison];
    unsigned yes = condition->negated ? TO_END : 0, no = condition->negated ? 0 : TO_END;
    if (!condition->narrow) {
        /* The upper halves decide, unless they are equal: then the lower ones do. */
        uint32_t high = (uint32_t)(condition->value >> 32);
        unsigned rest = (uint32_t)condition->mask == UINT32_MAX ? 2 : 3; /* that part's length */
        emit_load(filter, condition, HIGH);
        if (condition->comparison != EQUAL)
            emit(filter, IF_GREATER, high, yes ? yes : rest + 1, 0);
        emit(filter, IF_EQUAL, high, 0, no ? no : rest);
    }
    emit_load(filter, condition, LOW);
    emit(filter, code, (uint32_t)condition->value, yes, no);
}

/* Makes the jumps since START that leave the rule lead to the next instruction. */
static void end_rule(struct filter *filter, unsigned short start)
{
    for (unsigned short i = start; i < filter->length; i++) {
        struct instruction *at = &filter->code[i];
        uint8_t distance = (uint8_t)(filter->length - i - 1); /* CONDITIONS_OF_RULE keeps it small */
        if (at->code != IF_EQUAL && at->code != IF_GREATER && at->code != IF_AT_LEAST)
            continue;
        if (at->if_true == TO_END)
            at->if_true = distance;
        if (at->if_false == TO_END)
            at->if_false = distance;
    }
}

/* What decides when none of the rules with conditions does. */
static uint32_t last_action(const struct policy *policy, int call)
{
    for (short i = policy->newest[call]; i; i = policy->rules[i].before)
        if (policy->rules[i].count == 0)
            return policy->rules[i].action;
    return policy->otherwise;
}

/* Returns the rule with conditions that is to be looked at from this one on, or 0. */
static short next_condition(const struct policy *policy, short i)
{
    if (policy->rules[i].count == 0) /* also of rule 0, which is none */
        return 0;
    return i;
}

/* The numbers FIRST up to that of the next range are judged in the same way. */
struct range {
    uint32_t first;
    uint32_t action;
    short rule; /* with conditions, or 0 */
};

static unsigned find_ranges(const struct policy *policy, struct range *ranges)
{
    unsigned char known[CALLS + 1] = {0};
    unsigned count = 0;
    mark_calls(known);
    for (int call = 0; call <= CALLS; call++) {
        struct range range = {(uint32_t)call, policy->unknown, 0};
        if (known[call]) {
            range.rule = next_condition(policy, policy->newest[call]);
            range.action = last_action(policy, call);
        }
        if (count && !range.rule && !ranges[count - 1].rule && range.action == ranges[count - 1].action)
            continue;
        ranges[count++] = range;
    }
#ifdef __x86_64__
    ranges[count++] = (struct range){X32, ACTION_ERROR | ENOSYS, 0};
#endif
    return count;
}

/* The rules for one call, the last one first. */
static void emit_range(const struct policy *policy, struct filter *filter, const struct range *range)
{
    for (short i = range->rule; i; i = next_condition(policy, policy->rules[i].before)) {
        const struct rule *rule = &policy->rules[i];
        unsigned short start = filter->length;
        for (int c = 0; c < rule->count; c++)
            emit_condition(filter, &policy->conditions[rule->first + c]);
        emit(filter, RETURN, rule->action, 0, 0);
        end_rule(filter, start);
    }
    emit(filter, RETURN, range->action, 0, 0);
}

/* A balanced tree of comparisons over ranges, the lower half first. */
static void emit_tree(const struct policy *policy, struct filter *filter, const struct range *ranges,
                      unsigned count)
{
    if (count == 1) {
        emit_range(policy, filter, ranges);
        return;
    }
    unsigned half = count / 2;
    unsigned short at = filter->length;
    emit(filter, IF_AT_LEAST, ranges[half].first, 0, 0);
    emit_tree(policy, filter, ranges, half);
    unsigned distance = filter->length - at - 1U;
    if (distance > UINT8_MAX) {
        /* Too far for a conditional jump: one over a jump that is not. Those inside are relative. */
        emit(filter, JUMP, 0, 0, 0);
        memmove(&filter->code[at + 2], &filter->code[at + 1], distance * sizeof *filter->code);
        filter->code[at].if_false = 1;
        filter->code[at + 1] = (struct instruction){JUMP, 0, 0, distance};
    } else {
        filter->code[at].if_true = (uint8_t)distance;
    }
    emit_tree(policy, filter, ranges + half, count - half);
}

void compile(const struct policy *policy, struct filter *filter)
{
    static struct range ranges[CALLS + 2] LARGE;
    filter->length = 0;
    emit(filter, LOAD, ARCHITECTURE, 0, 0);
    emit(filter, IF_EQUAL, OUR_ARCHITECTURE, 1, 0);
    emit(filter, RETURN, policy->foreign, 0, 0);
    emit(filter, LOAD, NUMBER, 0, 0);
    unsigned count = find_ranges(policy, ranges);
    emit_tree(policy, filter, ranges, count);
}

int always_allows(const struct policy *policy, int call)
{
    return !next_condition(policy, policy->newest[call]) && last_action(policy, call) == ACTION_ALLOW;
}

void let_exec_through(struct filter *filter, uint64_t password)
{
    struct filter before = {.length = 0};
    enum { PASSWORD = ARGUMENTS + 8 * 5 };
    emit(&before, LOAD, NUMBER, 0, 0);
    emit(&before, IF_EQUAL, SYS_execve, 1, 0);
    emit(&before, IF_EQUAL, SYS_execveat, 0, 5);
    emit(&before, LOAD, PASSWORD + LOW, 0, 0);
    emit(&before, IF_EQUAL, (uint32_t)password, 0, 3);
    emit(&before, LOAD, PASSWORD + HIGH, 0, 0);
    emit(&before, IF_EQUAL, (uint32_t)(password >> 32), 0, 1);
    emit(&before, RETURN, ACTION_ALLOW, 0, 0);
    /* The accumulator is 0 at the start of a program. Not BPF_LD | BPF_IMM: with that the kernel does not
     * find out which calls are always allowed, which it keeps a table of. */
    emit(&before, AND, 0, 0, 0);
    if (filter->length + before.length > FILTER_LENGTH)
        refuse("the filter has more than %d instructions", FILTER_LENGTH);
    memmove(filter->code + before.length, filter->code, filter->length * sizeof *filter->code);
    memcpy(filter->code, before.code, before.length * sizeof *filter->code);
    filter->length = (unsigned short)(filter->length + before.length);
}

static void print_action(uint32_t action)
{
    const char *error;
    switch (action & 0xffff0000U) {
    case ACTION_ALLOW:
        printf("allow");
        break;
    case ACTION_LOG:
        printf("log");
        break;
    case ACTION_TRAP:
        printf("trap");
        break;
    case ACTION_KILL:
        printf("kill");
        break;
    case ACTION_KILL_THREAD:
        printf("kill-thread");
        break;
    case ACTION_ERROR:
        error = error_name((int)(action & 0xffff));
        if (error)
            printf("%s", error);
        else
            printf("error %u", (unsigned)(action & 0xffff));
        break;
    default:
        printf("%#x", action);
    }
}

static void print_place(uint32_t offset)
{
    unsigned argument = (offset - ARGUMENTS) / 8;
    if (offset == NUMBER)
        printf("number");
    else if (offset == ARCHITECTURE)
        printf("architecture");
    else if (offset < ARGUMENTS)
        printf("instruction pointer, %s half", offset == POINTER + LOW ? "lower" : "upper");
    else
        printf("arg%u, %s half", argument, offset % 8 == LOW ? "lower" : "upper");
}

/* What is compared: a number of a system call has its name behind it. */
static void print_value(const struct instruction *instruction, uint32_t loaded)
{
    const char *name =
        loaded == NUMBER && instruction->value < CALLS ? call_name((int)instruction->value) : NULL;
    if (loaded == ARCHITECTURE && instruction->value == OUR_ARCHITECTURE)
        printf("%s", architecture_name);
    else if (name)
        printf("%s", name);
    else
        printf(loaded == NUMBER && instruction->value < X32 ? "%u" : "%#x", instruction->value);
}

/*
 * What has been loaded when an instruction is reached, for each. Jumps lead forward only, so one pass finds
 * it; MIXED where it depends on the way.
 */
enum { MIXED = 1 };

static void find_loaded(const struct filter *filter, uint32_t *loaded)
{
    for (unsigned i = 0; i < filter->length; i++)
        loaded[i] = UINT32_MAX; /* not reached yet */
    loaded[0] = MIXED;
    for (unsigned i = 0; i < filter->length; i++) {
        const struct instruction *at = &filter->code[i];
        uint32_t now = at->code == LOAD ? at->value : at->code == LOAD_VALUE ? MIXED : loaded[i];
        uint64_t next[] = {i + 1U + (uint64_t)at->if_true, i + 1U + (uint64_t)at->if_false};
        if (at->code == RETURN)
            continue;
        if (at->code == JUMP)
            next[0] = next[1] = i + 1U + (uint64_t)at->value;
        for (int way = 0; way < 2; way++)
            if (next[way] < filter->length) {
                uint32_t *there = &loaded[next[way]];
                *there = *there == UINT32_MAX || *there == now ? now : MIXED;
            }
    }
}

void print_filter(const struct filter *filter)
{
    static const struct {
        unsigned code;
        const char *sign;
    } signs[] = {{IF_EQUAL, "=="}, {IF_GREATER, ">"}, {IF_AT_LEAST, ">="}, {IF_ANY, "&"}};
    static uint32_t loaded[FILTER_LENGTH] LARGE;
    find_loaded(filter, loaded);
    for (unsigned i = 0; i < filter->length; i++) {
        const struct instruction *at = &filter->code[i];
        const char *sign = NULL;
        for (size_t s = 0; s < sizeof signs / sizeof *signs; s++)
            if (signs[s].code == at->code)
                sign = signs[s].sign;
        printf("%4u  ", i);
        if (at->code == LOAD) {
            printf("load ");
            print_place(at->value);
        } else if (at->code == LOAD_VALUE) {
            printf("load %#x", at->value);
        } else if (at->code == AND) {
            printf("and %#x", at->value);
        } else if (at->code == RETURN) {
            printf("return ");
            print_action(at->value);
        } else if (at->code == JUMP) {
            printf("goto %u", i + 1 + at->value);
        } else if (sign) {
            printf("if %s ", sign);
            print_value(at, at->code == IF_ANY ? MIXED : loaded[i]); /* bits are no name */
            printf(" goto %u else %u", i + 1 + at->if_true, i + 1 + at->if_false);
        } else {
            printf("code %#x value %#x jumps %u %u", at->code, at->value, at->if_true, at->if_false);
        }
        putchar('\n');
    }
}

int apply_filter(const struct filter *filter)
{
    struct {
        unsigned short length;
        const struct instruction *code;
    } program = {filter->length, filter->code};
    return seccomp_filter(&program);
}
