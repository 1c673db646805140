/*
 * oracle: judges the compiler of sys-filter: what a policy means is worked out here a second time, from
 * the text or from the picture that the text was made of, and nothing of policy.c or filter.c is used for
 * that. The programs run in an interpreter of classic BPF of its own, as strict as the kernel's checker.
 *
 *   oracle SEED COUNT        so many random policies, every number, a table of arguments
 *   oracle default           the policy of containers
 *   oracle kernel SEED COUNT random policies, and random programs, in the kernel: it must say the same
 *   oracle bpf WORD...       writes a program: "allow", or CODE:TRUE:FALSE:VALUE; "N*WORD" N times
 *   oracle call NAME ARG...  makes a system call; "null", "pty" and "pid" are a descriptor of that, and its
 *                            own number; what begins with "/" is a pointer to that
 *   oracle thread NAME       makes it in a second thread, and says whether the first outlives that
 *   oracle trap NAME         the same under a handler for SIGSYS
 *   oracle int80 NUMBER      the same by the entry of 32-bit programs
 *   oracle exec WORD PROG... executes PROG with this word as the sixth argument
 */
#include "calls.h"
#include "filter.h"
#include "message.h"
#include "policy.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined __x86_64__
enum { HAS_X32 = 1 };
static const uint32_t native = 0xc000003e, other = 0xc00000b7;
#else
enum { HAS_X32 = 0 };
static const uint32_t native = 0xc00000b7, other = 0xc000003e;
#endif

/* What seccomp(2) answers, as its page has it. */
static const uint32_t answer_allow = 0x7fff0000, answer_log = 0x7ffc0000, answer_trap = 0x00030000,
                      answer_kill = 0x80000000, answer_kill_thread = 0, answer_error = 0x00050000;

/* struct seccomp_data */
struct call {
    uint32_t number, architecture;
    uint64_t pointer, arguments[6];
};

static uint64_t random_state;

static uint64_t random64(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static unsigned below(unsigned limit)
{
    return (unsigned)((random64() >> 32) % limit);
}

/* --- The machine of classic BPF ------------------------------------------------------------------ */

enum { LD, LDX, ST, STX, ALU, JMP, RET, MISC };
enum { IMM = 0x00, ABS = 0x20, MEM = 0x60, LEN = 0x80 };
enum { ADD = 0x00, SUB = 0x10, MUL = 0x20, DIV = 0x30, OR = 0x40, AND = 0x50, LSH = 0x60, RSH = 0x70,
       NEG = 0x80, XOR = 0xa0 };
enum { JA = 0x00, JEQ = 0x10, JGT = 0x20, JGE = 0x30, JSET = 0x40 };
enum { K = 0x00, X = 0x08, A = 0x10, TAX = 0x00, TXA = 0x80, CELLS = 16 };

static int is_known(unsigned code)
{
    static const unsigned char known[] = {
        LD | ABS, LD | LEN, LDX | LEN, LD | IMM, LDX | IMM, LD | MEM, LDX | MEM, ST, STX,
        RET | K, RET | A, MISC | TAX, MISC | TXA,
        ALU | ADD | K, ALU | ADD | X, ALU | SUB | K, ALU | SUB | X, ALU | MUL | K, ALU | MUL | X,
        ALU | DIV | K, ALU | DIV | X, ALU | AND | K, ALU | AND | X, ALU | OR | K, ALU | OR | X,
        ALU | XOR | K, ALU | XOR | X, ALU | LSH | K, ALU | LSH | X, ALU | RSH | K, ALU | RSH | X,
        ALU | NEG, JMP | JA, JMP | JEQ | K, JMP | JEQ | X, JMP | JGE | K, JMP | JGE | X,
        JMP | JGT | K, JMP | JGT | X, JMP | JSET | K, JMP | JSET | X};
    return code < 256 && memchr(known, (int)code, sizeof known) != NULL;
}

/* Returns what is wrong with a program, or NULL. */
static const char *find_fault(const struct instruction *code, unsigned length)
{
    static uint16_t written[FILTER_LENGTH]; /* which cells are, on every way to an instruction */
    uint16_t now = 0;
    if (length == 0 || length > FILTER_LENGTH)
        return "its length";
    memset(written, 0xff, length * sizeof *written);
    for (unsigned i = 0; i < length; i++) {
        const struct instruction *at = &code[i];
        unsigned kind = at->code & 7U, left = length - i - 1;
        if (!is_known(at->code))
            return "an unknown code";
        if (at->code == (LD | ABS) && (at->value % 4 || at->value >= sizeof(struct call)))
            return "a load from outside";
        if (at->code == (ALU | DIV | K) && at->value == 0)
            return "a division by zero";
        if ((at->code == (ALU | LSH | K) || at->code == (ALU | RSH | K)) && at->value >= 32)
            return "a shift too far";
        if (at->code == (JMP | JA) && at->value >= left)
            return "a jump out of it";
        if (kind == JMP && at->code != (JMP | JA) && (at->if_true >= left || at->if_false >= left))
            return "a jump out of it";
        int memory = kind == ST || kind == STX || at->code == (LD | MEM) || at->code == (LDX | MEM);
        if (memory && at->value >= CELLS)
            return "a cell that does not exist";
        now &= written[i];
        if (kind == ST || kind == STX)
            now |= (uint16_t)(1U << at->value);
        else if (memory && !(now >> at->value & 1))
            return "a cell that is not written";
        else if (at->code == (JMP | JA))
            written[i + 1 + at->value] &= now;
        else if (kind == JMP)
            written[i + 1 + at->if_true] &= now, written[i + 1 + at->if_false] &= now;
        if (kind == JMP)
            now = 0xffff; /* what follows is reached by jumps, or not at all */
    }
    return (code[length - 1].code & 7) == RET ? NULL : "no return at its end";
}

static uint32_t compute(unsigned operation, uint32_t a, uint32_t b)
{
    switch (operation) {
    case ADD:
        return a + b;
    case SUB:
        return a - b;
    case MUL:
        return a * b;
    case DIV:
        return a / b;
    case OR:
        return a | b;
    case AND:
        return a & b;
    case LSH:
        return a << (b & 31);
    case RSH:
        return a >> (b & 31);
    case XOR:
        return a ^ b;
    default:
        return -a;
    }
}

/* Runs a program that has no fault. */
static uint32_t run(const struct instruction *code, const struct call *call)
{
    uint32_t a = 0, x = 0, cells[CELLS] = {0}, words[sizeof *call / 4];
    memcpy(words, call, sizeof words);
    for (const struct instruction *at = code;; at++) {
        uint32_t operand = at->code & X ? x : at->value;
        switch (at->code & 7) {
        case LD:
        case LDX: {
            unsigned mode = at->code & 0xe0U;
            uint32_t loaded = mode == ABS   ? words[at->value / 4]
                              : mode == LEN ? (uint32_t)sizeof *call
                              : mode == MEM ? cells[at->value]
                                            : at->value;
            *((at->code & 7) == LD ? &a : &x) = loaded;
            break;
        }
        case ST:
            cells[at->value] = a;
            break;
        case STX:
            cells[at->value] = x;
            break;
        case ALU:
            if ((at->code & 0xf0) == DIV && operand == 0)
                return 0; /* as the kernel */
            a = compute(at->code & 0xf0, a, operand);
            break;
        case JMP: {
            unsigned kind = at->code & 0xf0U;
            if (kind == JA) {
                at += at->value;
                break;
            }
            int holds = kind == JEQ   ? a == operand
                        : kind == JGT ? a > operand
                        : kind == JGE ? a >= operand
                                      : (a & operand) != 0;
            at += holds ? at->if_true : at->if_false;
            break;
        }
        case RET:
            return at->code & A ? a : at->value;
        default:
            if (at->code & TXA)
                a = x;
            else
                x = a;
        }
    }
}

/* --- What a policy means ------------------------------------------------------------------------- */

enum { LINES = 700, MOST_CONDITIONS = 12 };
enum relation { IS, IS_NOT, LESS, AT_MOST, MORE, AT_LEAST };
static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};

struct clause {
    int argument, width; /* 32, 64, or 0: what the kernel makes of it */
    enum relation relation;
    uint64_t mask, value;
};

struct line {
    enum { RULE, DEFAULT, UNKNOWN, FOREIGN } kind;
    uint32_t answer;
    unsigned char names[CALLS]; /* 1 for each call that it names */
    int count;
    struct clause clauses[MOST_CONDITIONS];
};

static struct line lines[LINES];
static int line_count;
static const char *names[CALLS]; /* of each number */

/* From the kernel's sources: arguments that it takes as 32 bits, and others that it takes whole. */
static const struct {
    const char *name, *narrow, *wide;
} arguments[] = {
    {"ioctl", "01", "2"},       {"socket", "012", ""},       {"personality", "0", ""},
    {"mmap", "4", "01235"},     {"mprotect", "", "012"},     {"kill", "01", ""},
    {"clone", "0", "1"},        {"mknodat", "023", "1"},     {"openat", "023", "1"},
    {"fcntl", "01", "2"},       {"futex", "125", "03"},      {"prctl", "0", "1234"},
    {"write", "0", "12"},       {"read", "0", "12"},         {"execve", "", "012"},
    {"execveat", "04", "123"},  {"unshare", "", "0"},        {"mount", "", "01234"},
    {"setns", "01", ""},        {"seccomp", "01", "2"},      {"sendto", "035", "124"},
    {"tgkill", "012", ""},      {"setresuid", "012", ""},    {"umask", "0", ""},
    {"bpf", "02", "1"},         {"keyctl", "0", "1234"},     {"lseek", "02", "1"},
    {"dup3", "012", ""},        {"fallocate", "01", "23"},   {"newfstatat", "03", "12"},
    {"writev", "0", "12"},      {"memfd_create", "1", "0"},  {"setregid", "01", ""},
    {"close_range", "012", ""}, {"brk", "", "0"},            {"mremap", "", "01234"},
    {"mknod", "12", "0"},       {"chmod", "1", "0"},
};
enum { KNOWN = sizeof arguments / sizeof *arguments };

static const struct {
    const char *name;
    uint64_t value;
} constants[] = {
    {"AF_UNIX", 1},           {"AF_INET", 2},            {"AF_NETLINK", 16},
    {"AF_VSOCK", 40},         {"TIOCSTI", 0x5412},       {"TIOCLINUX", 0x541c},
    {"S_IFMT", 0170000},      {"S_IFBLK", 0060000},      {"S_IFCHR", 0020000},
    {"S_ISUID", 04000},       {"CLONE_NEWNS", 0x20000},  {"CLONE_NEWUSER", 0x10000000},
    {"CLONE_NEWTIME", 0x80},  {"CLONE_NEWPID", 0x20000000}, {"SOCK_RAW", 3},
    {"PROT_READ", 1},         {"PROT_WRITE", 2},         {"PROT_EXEC", 4},
};
enum { CONSTANTS = sizeof constants / sizeof *constants };

/* 32 or 64, or 0 where that is not known here. */
static unsigned char widths[CALLS][6];

static void learn_names(void)
{
    for (int i = 0; i < CALLS; i++)
        names[i] = call_name(i);
    for (int i = 0; i < KNOWN; i++)
        for (int a = 0; a < 6; a++)
            if (call_number(arguments[i].name) >= 0)
                widths[call_number(arguments[i].name)][a] =
                    strchr(arguments[i].narrow, '0' + a) ? 32
                    : strchr(arguments[i].wide, '0' + a) ? 64
                                                         : 0;
}

static int holds(const struct clause *clause, int number, uint64_t argument)
{
    int width = clause->width ? clause->width : widths[number][clause->argument];
    if (width == 32)
        argument = (uint32_t)argument;
    argument &= clause->mask;
    switch (clause->relation) {
    case IS:
        return argument == clause->value;
    case IS_NOT:
        return argument != clause->value;
    case LESS:
        return argument < clause->value;
    case AT_MOST:
        return argument <= clause->value;
    case MORE:
        return argument > clause->value;
    default:
        return argument >= clause->value;
    }
}

/* Says whether its first conditions hold, so many. */
static int clauses_hold(const struct line *line, int count, const struct call *call)
{
    for (int i = 0; i < count; i++)
        if (!holds(&line->clauses[i], (int)call->number,
                   call->arguments[line->clauses[i].argument]))
            return 0;
    return 1;
}

/* Returns the answer of the last line of a kind, or else this one. */
static uint32_t last_of(int kind, uint32_t otherwise)
{
    for (int i = line_count; i-- > 0;)
        if ((int)lines[i].kind == kind)
            return lines[i].answer;
    return otherwise;
}

/* What holds for what no line names, once all lines are there. */
static uint32_t otherwise, for_unknown, for_foreign;

static void find_defaults(void)
{
    otherwise = answer_allow;
    for (int i = 0; i < line_count; i++)
        if (lines[i].kind == RULE && lines[i].answer == answer_allow)
            otherwise = answer_error | 1; /* EPERM */
    otherwise = last_of(DEFAULT, otherwise);
    int lets = otherwise == answer_allow || otherwise == answer_log;
    for_unknown = last_of(UNKNOWN, lets ? otherwise : answer_error | 38); /* ENOSYS */
    for_foreign = last_of(FOREIGN, answer_kill);
}

static uint32_t meaning(const struct call *call)
{
    if (call->architecture != native)
        return for_foreign;
    if (HAS_X32 && call->number >= 0x40000000)
        return answer_error | 38;
    if (call->number >= CALLS || !names[call->number])
        return for_unknown;
    for (int i = line_count; i-- > 0;)
        if (lines[i].kind == RULE && lines[i].names[call->number] &&
            clauses_hold(&lines[i], lines[i].count, call))
            return lines[i].answer;
    return otherwise;
}

/* --- Judging ------------------------------------------------------------------------------------- */

static char text[512 * 1024];
static size_t text_length;
static unsigned long verdicts, long_jumps, longest, rules_at_most;

static _Noreturn void disagree(const char *what, const struct call *call, uint32_t expected,
                               uint32_t given)
{
    fwrite(text, 1, text_length, stdout);
    printf("\n%s: call %#x %s of %#x:", what, call->number,
           call->number < CALLS && names[call->number] ? names[call->number] : "?",
           call->architecture);
    for (int i = 0; i < 6; i++)
        printf(" %#llx", (unsigned long long)call->arguments[i]);
    printf("\nthe policy says %#x, the program %#x\n", expected, given);
    exit(1);
}

static void judge(const struct filter *filter, const struct call *call, const struct policy *policy)
{
    uint32_t expected = meaning(call), given = run(filter->code, call);
    verdicts++;
    if (given != expected)
        disagree("the verdict", call, expected, given);
    if (call->number < CALLS && names[call->number] && call->architecture == native &&
        expected != answer_allow && always_allows(policy, (int)call->number))
        disagree("always_allows()", call, expected, answer_allow);
}

/* Whatever makes a difference, and what must not. */
static uint64_t odd_value(void)
{
    static const uint64_t odd[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001,
                                   UINT64_MAX, UINT64_MAX - 1, INT64_MAX, 0xffffffff00000000,
                                   0x8000000000000000};
    switch (below(4)) {
    case 0:
        return odd[below(sizeof odd / sizeof *odd)];
    case 1:
        return below(64);
    case 2:
        return (uint32_t)random64();
    default:
        return random64() >> below(64);
    }
}

static void fill(struct call *call)
{
    call->pointer = random64();
    for (int i = 0; i < 6; i++)
        call->arguments[i] = odd_value();
}

/* Chooses arguments that the line holds for, where that is easy. */
static void satisfy(const struct line *line, struct call *call)
{
    for (int i = 0; i < line->count; i++) {
        const struct clause *clause = &line->clauses[i];
        uint64_t *argument = &call->arguments[clause->argument];
        uint64_t noise = random64();
        const uint64_t tries[] = {*argument, clause->value, clause->value | (noise & ~clause->mask),
                                  clause->value | noise << 32, clause->value + 1, clause->value - 1,
                                  0, UINT64_MAX, noise, noise & clause->mask};
        for (size_t t = 0; t < sizeof tries / sizeof *tries; t++) {
            *argument = tries[t];
            if (clauses_hold(line, i + 1, call))
                break;
        }
    }
}

static void judge_line(const struct filter *filter, const struct policy *policy,
                       const struct line *line, struct call *call)
{
    for (int i = 0; i < line->count; i++) {
        const struct clause *clause = &line->clauses[i];
        uint64_t value = clause->value, bit = UINT64_C(1) << below(64);
        const uint64_t cases[] = {value, value - 1, value + 1, value ^ UINT64_C(1) << (32 + below(32)),
                                  value | UINT64_C(0xffffffff00000000), value ^ clause->mask,
                                  value ^ ~clause->mask, value ^ (clause->mask & bit),
                                  value ^ (~clause->mask & bit), value << 32, value >> 32,
                                  0, UINT64_MAX, random64()};
        fill(call);
        satisfy(line, call);
        judge(filter, call, policy);
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            call->arguments[clause->argument] = cases[c];
            judge(filter, call, policy);
        }
    }
}

/* Whether a number is allowed without a look at its arguments, so that always_allows() must know. */
static int plainly_allowed(int number)
{
    for (int i = line_count; i-- > 0;)
        if (lines[i].kind == RULE && lines[i].names[number])
            return lines[i].count == 0 && lines[i].answer == answer_allow;
    return otherwise == answer_allow;
}

static void check_program(const struct filter *filter)
{
    const char *fault = find_fault(filter->code, filter->length);
    if (fault) {
        fwrite(text, 1, text_length, stdout);
        printf("\nthe kernel would refuse the program: %s\n", fault);
        exit(1);
    }
}

/* With the right password the two are allowed, whatever the policy says; with any other word nothing is
 * as if it were not there. */
static void judge_exec(const struct filter *filter, const struct policy *policy)
{
    static struct filter opened;
    uint64_t password = random64();
    struct call call = {.architecture = native};
    const int some[] = {SYS_execve, SYS_execveat, SYS_read, (int)below(CALLS), (int)below(CALLS)};
    if (filter->length > FILTER_LENGTH - 16)
        return;
    memcpy(&opened, filter, sizeof opened);
    let_exec_through(&opened, password);
    check_program(&opened);
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        call.number = (uint32_t)some[i];
        fill(&call);
        const uint64_t wrong[] = {call.arguments[5], 0, UINT64_MAX, password ^ 1, ~password,
                                  password ^ UINT64_C(1) << 63, password << 32, password >> 32,
                                  (uint32_t)password, password ^ UINT64_C(1) << 32, password + 1};
        for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++)
            if ((call.arguments[5] = wrong[w]) != password)
                judge(&opened, &call, policy);
        call.architecture = 0x40000003;
        judge(&opened, &call, policy);
        call.architecture = native;
        call.arguments[5] = password;
        if (i > 1 && some[i] != SYS_execve && some[i] != SYS_execveat)
            judge(&opened, &call, policy);
        else if (run(opened.code, &call) != answer_allow)
            disagree("with the password", &call, answer_allow, run(opened.code, &call));
    }
}

static void judge_all(const struct filter *filter, const struct policy *policy)
{
    static const uint32_t beyond[] = {CALLS, CALLS + 1, 600, 0x3fffffff, 0x40000000, 0x40000001,
                                      0x4000003b, 0x400001ff, 0x40000200, 0x7fffffff, 0x80000000,
                                      0xffffffff};
    const uint32_t foreign[] = {0x40000003, other, 0, 1, 0x3e, native ^ 1, native ^ 0x80000000,
                                native & 0xffff, UINT32_MAX, native + 1, native - 1};
    struct call call = {.architecture = native};
    find_defaults();
    check_program(filter);
    fill(&call);
    for (uint32_t i = 0; i < CALLS; i++) {
        call.number = i;
        call.arguments[i % 6] = odd_value();
        judge(filter, &call, policy);
        if (plainly_allowed((int)i) && names[i] && !always_allows(policy, (int)i))
            disagree("always_allows() is missing", &call, answer_allow, 0);
    }
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        fill(&call);
        call.number = beyond[i];
        judge(filter, &call, policy);
        call.number = (uint32_t)random64();
        judge(filter, &call, policy);
        call.number = 0x40000000 | below(CALLS);
        judge(filter, &call, policy);
    }
    for (size_t i = 0; i < 3 * sizeof foreign / sizeof *foreign; i++) {
        fill(&call);
        call.architecture = foreign[i % (sizeof foreign / sizeof *foreign)];
        call.number = i % 3 ? below(CALLS) : (uint32_t)random64();
        judge(filter, &call, policy);
    }
    call.architecture = native;
    for (int i = 0; i < line_count; i++) {
        unsigned at = below(CALLS), tries = 0;
        for (unsigned number = at; lines[i].kind == RULE && number < at + CALLS && tries < 3; number++)
            if (lines[i].names[number % CALLS]) {
                call.number = number % CALLS;
                judge_line(filter, policy, &lines[i], &call);
                tries++;
            }
    }
    judge_exec(filter, policy);
    for (unsigned i = 0; i < filter->length; i++)
        long_jumps += filter->code[i].code == (JMP | JA);
    if (filter->length > longest)
        longest = filter->length;
}

/* --- Random policies ----------------------------------------------------------------------------- */

static void put(const char *word)
{
    size_t length = strlen(word);
    if (text_length + length >= sizeof text)
        abort();
    strcpy(text + text_length, word);
    text_length += length;
}

static void put_space(void)
{
    static const char *const spaces[] = {" ", " ", " ", " ", "  ", "\t", ",", ", ", " , ", "\r "};
    put(spaces[below(sizeof spaces / sizeof *spaces)]);
}

static void put_plain_number(uint64_t value)
{
    unsigned long long number = value;
    char digits[64];
    for (int i = 0; i < CONSTANTS; i++)
        if (constants[i].value == value && below(2)) {
            put(constants[i].name);
            return;
        }
    switch (below(4)) {
    case 0:
        snprintf(digits, sizeof digits, "%llu", number);
        break;
    case 1:
        snprintf(digits, sizeof digits, "%#llx", number);
        break;
    case 2:
        snprintf(digits, sizeof digits, "0x%llX", number);
        break;
    default:
        snprintf(digits, sizeof digits, "%#llo", number);
    }
    put(digits);
}

static void put_number(uint64_t value)
{
    uint64_t part = value & random64();
    if (below(8)) {
        put_plain_number(value);
    } else { /* in two parts, which may share bits */
        put_plain_number(part);
        put("|");
        put_plain_number(value & (~part | random64()));
    }
}

static void put_answer(uint32_t answer)
{
    put(answer == answer_allow         ? "allow"
        : answer == answer_log         ? "log"
        : answer == answer_trap        ? "trap"
        : answer == answer_kill        ? "kill"
        : answer == answer_kill_thread ? "kill-thread"
                                       : error_name((int)(answer & 0xffff)));
}

static uint32_t random_answer(void)
{
    const uint32_t others[] = {answer_log, answer_trap, answer_kill, answer_kill_thread};
    int error;
    if (below(8) < 3)
        return answer_allow;
    if (below(3) == 0)
        return others[below(4)];
    do
        error = 1 + (int)below(130);
    while (!error_name(error));
    return answer_error | (uint32_t)error;
}

static void put_random_comment(void)
{
    if (below(12) == 0)
        put(below(2) ? " # allow kill if arg9" : "#");
    put(below(10) ? "\n" : below(2) ? "\r\n" : "\n\n \t\n# a comment\n");
}

/* How much of what a policy may have is left. */
struct budget {
    int rules, conditions, instructions;
};

static void random_clause(struct clause *clause, const struct line *line)
{
    int narrow = 0, known = 1;
    clause->argument = (int)below(6);
    for (int i = 0; i < CALLS; i++)
        if (line->names[i]) {
            int width = widths[i][clause->argument];
            narrow |= width == 32;
            known &= width != 0;
        }
    clause->width = known && below(4) ? 0 : below(2) ? 32 : 64;
    if (clause->width)
        narrow = clause->width == 32;
    uint64_t most = narrow ? UINT32_MAX : UINT64_MAX;
    clause->relation = (enum relation)below(6);
    clause->value = below(6) ? odd_value() : constants[below(CONSTANTS)].value;
    clause->mask = UINT64_MAX;
    put("arg");
    char digits[] = {(char)('0' + clause->argument), '\0'};
    put(digits);
    if (clause->width)
        put(clause->width == 32 ? ":32" : ":64");
    put_space();
    if (below(3) == 0) {
        static const uint64_t masks[] = {0xffffffff, 0xffff0000, 0xff, 0170000, 0xffffffff00000000,
                                         0xf0f0f0f0f0f0f0f0, 0x80000000, 0x8000000000000000};
        clause->mask = most & (below(2) ? masks[below(8)] : below(2) ? odd_value()
                                                                     : random64() & random64());
        if (below(4))
            clause->value &= clause->mask;
        put("&");
        put_space();
        put_number(clause->mask);
        put_space();
    }
    clause->value &= most;
    put(signs[clause->relation]);
    put_space();
    put_number(clause->value);
}

/* Adds a line for calls, and says it. */
static void random_rule(struct line *line, struct budget *budget)
{
    int count = 0, most = below(12) ? 1 + (int)below(4) : 1 + (int)below(80);
    int informed = (int)below(2), row = below(4) == 0;
    int number = (int)below(CALLS);
    line->answer = random_answer();
    put_answer(line->answer);
    for (int tries = 0; tries < 200 && count < most; tries++) {
        number = informed ? call_number(arguments[below(KNOWN)].name)
                 : row    ? (number + 1) % CALLS
                          : (int)below(CALLS);
        if (number < 0 || !names[number] || (line->names[number] && below(8)))
            continue;
        line->names[number] = 1;
        put_space();
        put(names[number]);
        count++; /* one that is named twice counts twice */
    }
    if (!count) {
        line->names[SYS_read] = 1;
        put(" read");
        count = 1;
    }
    int clauses = below(2) ? 0 : below(10) ? 1 + (int)below(3) : (int)below(MOST_CONDITIONS + 1);
    while (clauses && (count * clauses > budget->conditions ||
                       count * (7 * clauses + 1) > budget->instructions))
        clauses--;
    budget->rules -= count;
    budget->conditions -= count * clauses;
    budget->instructions -= clauses ? count * (7 * clauses + 1) : 0;
    for (line->count = 0; line->count < clauses; line->count++) {
        put(line->count ? " and" : " if");
        put_space();
        random_clause(&line->clauses[line->count], line);
    }
    put_random_comment();
}

static void random_line(struct budget *budget)
{
    struct line *line = &lines[line_count++];
    static const char *const words[] = {"", "default", "unknown", "foreign"};
    memset(line, 0, sizeof *line);
    unsigned kind = below(30);
    if (below(20) == 0)
        put_space();
    if (kind == 0 || kind > 3) {
        random_rule(line, budget);
        return;
    }
    line->kind = kind;
    line->answer = random_answer();
    put(words[kind]);
    put_space();
    put_answer(line->answer);
    put_random_comment();
}

static void judge_policies(unsigned count)
{
    static struct policy policy;
    static struct filter filter;
    for (unsigned i = 0; i < count; i++) {
        struct budget budget = {4000, 1024, 2900};
        unsigned size = i % 100 == 0 ? 200 + below(400) : i % 10 == 0 ? below(80) : below(16);
        memset(&policy, 0, sizeof policy);
        line_count = 0;
        text_length = 0;
        size_t taken = 0;
        while ((unsigned)line_count < size && budget.rules > 100) {
            random_line(&budget);
            if (below(8) == 0) { /* in several parts, the line break at the end of each left out or not */
                add_rules(&policy, "the oracle", 1, text + taken, text_length - taken - below(2));
                taken = text_length;
            }
        }
        add_rules(&policy, "the oracle", 1, text + taken, text_length - taken);
        complete_policy(&policy);
        compile(&policy, &filter);
        if ((unsigned long)(4000 - budget.rules) > rules_at_most)
            rules_at_most = (unsigned long)(4000 - budget.rules);
        judge_all(&filter, &policy);
    }
    printf("%u policies, at most %lu rules and %lu instructions, %lu long jumps, %lu verdicts\n", count,
           rules_at_most, longest, long_jumps, verdicts);
}

/* --- The policy of containers, read from its text ------------------------------------------------ */

static uint32_t answer_of(const char *word)
{
    return strcmp(word, "allow") == 0  ? answer_allow
           : strcmp(word, "kill") == 0 ? answer_kill
                                       : answer_error | (uint32_t)error_number(word);
}

static uint64_t value_of(char *word)
{
    uint64_t sum = 0;
    for (char *rest = word, *part; (part = strsep(&rest, "|"));) {
        uint64_t value = strtoull(part, NULL, 0);
        if (*part > '9' && !constant_value(part, &value))
            abort();
        sum |= value;
    }
    return sum;
}

static void read_clauses(struct line *line, char **rest)
{
    for (char *word; (word = strtok_r(NULL, " ", rest)); line->count++) {
        struct clause *clause = &line->clauses[line->count];
        if (strcmp(word, "and") == 0)
            word = strtok_r(NULL, " ", rest);
        clause->argument = word[3] - '0';
        clause->mask = UINT64_MAX;
        char *sign = strtok_r(NULL, " ", rest);
        if (*sign == '&') {
            clause->mask = value_of(strtok_r(NULL, " ", rest));
            sign = strtok_r(NULL, " ", rest);
        }
        clause->relation = *sign == '=' ? IS : IS_NOT; /* it has no other */
        clause->value = value_of(strtok_r(NULL, " ", rest));
    }
}

static void judge_container_rules(void)
{
    static struct policy policy;
    static struct filter filter;
    text_length = 0;
    put(container_rules());
    text[text_length] = '\0';
    char *copy = strdup(text), *next = copy, *word, *rest;
    for (char *row; copy && (row = strsep(&next, "\n"));) {
        struct line *line = &lines[line_count];
        if (!(word = strtok_r(row, " ", &rest)))
            continue;
        line_count++;
        line->kind = strcmp(word, "default") == 0   ? DEFAULT
                     : strcmp(word, "unknown") == 0 ? UNKNOWN
                     : strcmp(word, "foreign") == 0 ? FOREIGN
                                                    : RULE;
        line->answer = answer_of(line->kind == RULE ? word : strtok_r(NULL, " ", &rest));
        while ((word = strtok_r(NULL, " ", &rest)) && strcmp(word, "if") != 0)
            if (call_number(word) >= 0)
                line->names[call_number(word)] = 1;
        if (word)
            read_clauses(line, &rest);
    }
    add_container_rules(&policy);
    complete_policy(&policy);
    compile(&policy, &filter);
    for (int i = 0; i < 300; i++)
        judge_all(&filter, &policy);
    printf("%d lines, %u instructions, %lu verdicts\n", line_count, filter.length, verdicts);
    free(copy);
}

/* --- The same in the kernel ---------------------------------------------------------------------- */

/* These look at no argument and do no harm. */
static const int harmless[] = {SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getppid,
                               SYS_getpid, SYS_gettid,  SYS_sched_yield};
enum { HARMLESS = sizeof harmless / sizeof *harmless };

static void ask_kernel(const struct filter *filter, struct call *call)
{
    const uint64_t *a = call->arguments;
    uint32_t expected = run(filter->code, call);
    errno = 0;
    long result = syscall((long)(int)call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    uint32_t given = result < 0 ? answer_error | (uint32_t)errno : answer_allow;
    if (given != expected)
        disagree("in the kernel", call, expected, given);
}

/* Has a child ask; it ends with 1 when it disagrees. */
static void in_child(const struct filter *filter, unsigned questions)
{
    int status = 1, valid = !find_fault(filter->code, filter->length);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct call call = {.architecture = native};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
            fail("no_new_privs");
        int taken = apply_filter(filter) == 0;
        if (taken != valid) {
            printf("the kernel %s the program, and find_fault() says %s\n",
                   taken ? "takes" : "refuses", valid ? "nothing" : find_fault(filter->code, filter->length));
            exit(1);
        }
        for (unsigned i = 0; taken && i < questions; i++) {
            call.number = (uint32_t)harmless[below(HARMLESS)];
            fill(&call);
            const struct line *line = line_count ? &lines[below((unsigned)line_count)] : NULL;
            if (line && line->kind == RULE && line->count && below(3)) {
                satisfy(line, &call);
                if (below(2))
                    call.arguments[line->clauses[0].argument] ^= UINT64_C(1) << below(64);
            }
            ask_kernel(filter, &call);
        }
        fflush(stdout);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
        printf("the child ended with %#x\n", (unsigned)status);
        exit(1);
    }
}

static void random_policy_for_kernel(struct filter *filter)
{
    static struct policy policy;
    static const uint32_t answers[] = {answer_allow, answer_error | EXDEV, answer_error | EDOM,
                                       answer_error | EBADMSG};
    memset(&policy, 0, sizeof policy);
    line_count = 0;
    text_length = 0;
    put("default allow\n");
    for (unsigned left = 1 + below(12); left; left--) {
        struct line *line = &lines[line_count++];
        memset(line, 0, sizeof *line);
        line->answer = answers[below(4)];
        put_answer(line->answer);
        for (unsigned calls = 1 + below(4); calls; calls--) {
            int number = harmless[below(HARMLESS)];
            line->names[number] = 1;
            put(" ");
            put(names[number]);
        }
        for (unsigned clauses = below(4); clauses; clauses--, line->count++) {
            put(line->count ? " and " : " if ");
            random_clause(&line->clauses[line->count], line);
        }
        put("\n");
    }
    add_rules(&policy, "the oracle", 1, text, text_length);
    complete_policy(&policy);
    compile(&policy, filter);
}

/* A program for getppid(2) only, most of them valid, so that the machine above is proved as well. */
static void random_program(struct filter *filter)
{
    static const struct instruction start[] = {{LD | ABS, 0, 0, 0},
                                               {JMP | JEQ, 1, 0, SYS_getppid},
                                               {RET, 0, 0, 0x7fff0000},
                                               {LD | IMM, 0, 0, 0}};
    static const unsigned char codes[] = {
        LD | ABS, LD | ABS, LD | ABS, LD | LEN, LDX | LEN, LD | IMM, LDX | IMM, LD | MEM, LDX | MEM, ST,
        ST, STX, MISC | TAX, MISC | TAX, MISC | TXA, ALU | ADD, ALU | ADD | X, ALU | SUB, ALU | SUB | X,
        ALU | MUL, ALU | MUL | X, ALU | DIV, ALU | DIV | X, ALU | AND, ALU | AND | X, ALU | OR,
        ALU | OR | X, ALU | XOR, ALU | XOR | X, ALU | LSH, ALU | RSH, ALU | LSH | X, ALU | RSH | X,
        ALU | NEG, JMP | JA, JMP | JEQ, JMP | JEQ | X, JMP | JGE, JMP | JGE | X, JMP | JGT,
        JMP | JGT | X, JMP | JSET, JMP | JSET | X};
    unsigned size = 2 + below(14), first = sizeof start / sizeof *start;
    line_count = 0;
    text_length = 0;
    memcpy(filter->code, start, sizeof start);
    for (unsigned i = 0; i < size; i++) {
        struct instruction *at = &filter->code[first + i];
        unsigned left = size - i;
        *at = (struct instruction){codes[below(sizeof codes)], 0, 0, (uint32_t)odd_value()};
        if (below(300) == 0)
            at->code = (uint16_t)below(256);
        if (at->code == (LD | ABS))
            at->value = below(40) ? below(14) * 4 : below(80);
        if (at->code == (LD | ABS) && (at->value == 8 || at->value == 12))
            at->value = 16; /* where it is called from is the kernel's to know */
        if ((at->code & 7) == ST || (at->code & 7) == STX || (at->code & 0xe0) == MEM)
            at->value = below(40) ? below(3) : below(20);
        if (at->code == (ALU | LSH) || at->code == (ALU | RSH))
            at->value = below(33);
        if (at->code == (JMP | JA))
            at->value = below(20) ? below(left) : left + 2; /* just out of it */
        if ((at->code & 7) == JMP && at->code != (JMP | JA)) {
            at->if_true = (uint8_t)(below(20) ? below(left) : left + 2);
            at->if_false = (uint8_t)(below(20) ? below(left) : left + 2);
        }
        if ((at->code & 7) == RET)
            at->code = RET, at->value = answer_error | (1 + below(100));
    }
    /* Its answer is what it has computed: an error below 64, never 0. */
    filter->code[first + size] = (struct instruction){ALU | AND, 0, 0, 63};
    filter->code[first + size + 1] = (struct instruction){ALU | OR, 0, 0, 0x00050040};
    filter->code[first + size + 2] =
        (struct instruction){(uint16_t)(below(50) ? RET | A : LD | IMM), 0, 0, 0};
    filter->length = (unsigned short)(first + size + 3);
}

static void judge_kernel(unsigned count)
{
    static struct filter filter;
    unsigned valid = 0;
    for (unsigned i = 0; i < count; i++) {
        random_policy_for_kernel(&filter);
        in_child(&filter, 100);
        random_program(&filter);
        /* A division by zero kills, which is the answer 0. */
        int divides = 0;
        for (unsigned c = 0; c < filter.length; c++)
            divides |= filter.code[c].code == (ALU | DIV | X);
        in_child(&filter, divides ? 0 : 50);
        valid += !find_fault(filter.code, filter.length);
    }
    printf("%u policies and %u programs, %u of them valid\n", count, count, valid);
}

/* --- Verbs for the tests ------------------------------------------------------------------------- */

static void write_program(char **words)
{
    for (; *words; words++) {
        char *star = strchr(*words, '*'), *word = star ? star + 1 : *words, *next = word;
        unsigned long times = star ? strtoul(*words, NULL, 0) : 1, fields[4] = {RET, 0, 0, answer_allow};
        if (strcmp(word, "allow") != 0)
            for (int i = 0; i < 4; i++, next += *next == ':')
                fields[i] = strtoul(next, &next, 0);
        struct instruction instruction = {(uint16_t)fields[0], (uint8_t)fields[1], (uint8_t)fields[2],
                                          (uint32_t)fields[3]};
        while (times--)
            fwrite(&instruction, sizeof instruction, 1, stdout);
    }
}

static long open_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
        return -1;
    const char *name = ptsname(master);
    return name ? open(name, O_RDWR | O_NOCTTY) : -1;
}

static long argument_of(const char *word)
{
    if (*word == '/')
        return (long)(intptr_t)word;
    if (strcmp(word, "null") == 0)
        return open("/dev/null", O_RDWR | O_CLOEXEC);
    if (strcmp(word, "pty") == 0)
        return open_terminal();
    if (strcmp(word, "pid") == 0)
        return getpid();
    return (long)strtoull(word, NULL, 0);
}

static int number_of(const char *word)
{
    int number = call_number(word);
    return number < 0 ? (int)strtoul(word, NULL, 0) : number;
}

static int say_result(long result)
{
    const char *error = result < 0 ? error_name(errno) : NULL;
    if (result < 0)
        puts(error ? error : "an error without a name");
    else
        printf("%ld\n", result);
    return 0;
}

static int make_call(char **words)
{
    int number = number_of(*words++);
    long all[6] = {0};
    for (int i = 0; *words && i < 6; i++)
        all[i] = argument_of(*words++);
    return say_result(syscall(number, all[0], all[1], all[2], all[3], all[4], all[5]));
}

static volatile long thread_id;

static void *call_in_thread(void *word)
{
    thread_id = syscall(SYS_gettid);
    syscall(number_of(word));
    return NULL;
}

static int in_thread(char *name)
{
    pthread_t thread;
    char path[64];
    if (pthread_create(&thread, NULL, call_in_thread, name) != 0)
        return 1;
    /* One that was killed cannot be joined. */
    for (int tries = 0; tries < 100; tries++) {
        usleep(20000);
        snprintf(path, sizeof path, "/proc/self/task/%ld", thread_id);
        if (thread_id && access(path, F_OK) < 0)
            break;
    }
    puts(access(path, F_OK) < 0 ? "alive, the thread is gone" : "alive");
    fflush(stdout);
    _exit(0);
}

static void say_trap(int signal, siginfo_t *info, void *context)
{
    char line[64];
    (void)context;
    int length = snprintf(line, sizeof line, "signal %d code %d call %s\n", signal, info->si_code,
                          call_name(info->si_syscall));
    if (write(1, line, (size_t)length) < 0)
        _exit(1);
}

static int call_trapped(const char *name)
{
    struct sigaction action = {.sa_sigaction = say_trap, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, NULL);
    syscall(number_of(name));
    return 0;
}

static int call_as_32_bits(const char *word)
{
#ifdef __x86_64__
    long result = strtol(word, NULL, 0);
    __asm__ volatile("int $0x80" : "+a"(result) : : "r8", "r9", "r10", "r11", "memory");
    if (result < 0)
        errno = (int)-result;
    return say_result(result < 0 ? -1 : result);
#else
    (void)word;
    return 77;
#endif
}

static int execute(char **words)
{
    const char *word = words[0], *path = words[1];
    syscall(SYS_execve, path, words + 1, environ, 0L, 0L, strtoull(word, NULL, 0));
    int first = errno;
    syscall(SYS_execveat, AT_FDCWD, path, words + 1, environ, 0L, strtoull(word, NULL, 0));
    printf("%s %s\n", error_name(first), error_name(errno));
    return 1;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    name_messages("oracle");
    learn_names();
    if (argc == 4 && strcmp(verb, "kernel") == 0) {
        random_state = strtoull(argv[2], NULL, 0) * 2 + 1;
        judge_kernel((unsigned)strtoul(argv[3], NULL, 0));
    } else if (argc == 3 && *verb >= '0' && *verb <= '9') {
        random_state = strtoull(verb, NULL, 0) * 2 + 1;
        judge_policies((unsigned)strtoul(argv[2], NULL, 0));
    } else if (strcmp(verb, "default") == 0) {
        random_state = 1;
        judge_container_rules();
    } else if (strcmp(verb, "bpf") == 0) {
        write_program(argv + 2);
    } else if (strcmp(verb, "call") == 0 && argc > 2) {
        return make_call(argv + 2);
    } else if (strcmp(verb, "thread") == 0 && argc > 2) {
        return in_thread(argv[2]);
    } else if (strcmp(verb, "trap") == 0 && argc > 2) {
        return call_trapped(argv[2]);
    } else if (strcmp(verb, "int80") == 0 && argc > 2) {
        return call_as_32_bits(argv[2]);
    } else if (strcmp(verb, "exec") == 0 && argc > 3) {
        return execute(argv + 2);
    } else {
        fputs("usage: oracle SEED COUNT | default | kernel SEED COUNT | bpf WORD... | call NAME ARG...\n"
              "       oracle thread NAME | trap NAME | int80 NUMBER | exec WORD PROG...\n",
              stderr);
        return 2;
    }
    return 0;
}
