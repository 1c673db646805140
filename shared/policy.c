#include "policy.h"

#include "message.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char container_text[] =
#include "container.inc"
    ;

/* A line that is being read, and where it comes from. */
struct reader {
    struct policy *policy;
    const char *where;
    unsigned line;
    int lenient; /* calls that are unknown here are left out */
    const char *next, *end;
    char word[128];
};

/* Refuses the line with a message about the word that was read last. */
static _Noreturn void refuse_word(const struct reader *reader, const char *what)
{
    if (reader->line)
        refuse("%s, line %u: %s \"%s\"", reader->where, reader->line, what, reader->word);
    refuse("%s: %s \"%s\"", reader->where, what, reader->word);
}

static _Noreturn void refuse_line(const struct reader *reader, const char *what)
{
    if (reader->line)
        refuse("%s, line %u: %s", reader->where, reader->line, what);
    refuse("%s: %s", reader->where, what);
}

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == ',';
}

/* Reads the next word of the line into reader->word; returns whether there is one. */
static int next_word(struct reader *reader)
{
    size_t length = 0;
    while (reader->next < reader->end && is_space(*reader->next))
        reader->next++;
    for (; reader->next < reader->end && !is_space(*reader->next); reader->next++) {
        if (!*reader->next)
            refuse_line(reader, "there is a zero byte in it");
        if (length + 1 == sizeof reader->word) {
            reader->word[length] = '\0';
            refuse_word(reader, "a word is too long:");
        }
        reader->word[length++] = *reader->next;
    }
    reader->word[length] = '\0';
    return length > 0;
}

static int word_is(const struct reader *reader, const char *word)
{
    return strcmp(reader->word, word) == 0;
}

static uint32_t read_action(const struct reader *reader)
{
    if (word_is(reader, "allow"))
        return ACTION_ALLOW;
    if (word_is(reader, "log"))
        return ACTION_LOG;
    if (word_is(reader, "trap"))
        return ACTION_TRAP;
    if (word_is(reader, "kill"))
        return ACTION_KILL;
    if (word_is(reader, "kill-thread"))
        return ACTION_KILL_THREAD;
    int error = error_number(reader->word);
    if (error < 0) {
        hint("a line begins with allow, log, trap, kill, kill-thread or an error, as EPERM; "
             "or with default, unknown or foreign and one of these; or is: include container");
        refuse_word(reader, "there is no action");
    }
    return ACTION_ERROR | (uint32_t)error;
}

/* Reads the word as a number, decimal, octal (0...) or hexadecimal (0x...), or a constant, or several of
 * these with | between them. */
static uint64_t read_value(const struct reader *reader)
{
    uint64_t sum = 0, value;
    char copy[sizeof reader->word], *rest = copy, *end;
    strcpy(copy, reader->word);
    for (char *part; (part = strsep(&rest, "|"));) {
        errno = 0;
        value = strtoull(part, &end, 0);
        if (!*part || strchr("+- \t\n\v\f\r", *part) || *end || errno)
            if (!constant_value(part, &value))
                refuse_word(reader, errno == ERANGE ? "a number is too large:"
                                                    : "there is no number or constant");
        sum |= value;
    }
    return sum;
}

static void expect_word(struct reader *reader, const char *what)
{
    if (!next_word(reader)) {
        hint("a condition is: argN == VALUE, or != < <= > >=; or argN & MASK == VALUE");
        refuse_line(reader, what);
    }
}

static void read_comparison(struct reader *reader, struct condition *condition)
{
    static const struct {
        const char *sign;
        enum comparison comparison;
        unsigned char negated;
    } signs[] = {{"==", EQUAL, 0},   {"!=", EQUAL, 1}, {">", GREATER, 0}, {">=", GREATER_OR_EQUAL, 0},
                 {"<=", GREATER, 1}, {"<", GREATER_OR_EQUAL, 1}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (word_is(reader, signs[i].sign)) {
            condition->comparison = signs[i].comparison;
            condition->negated = signs[i].negated;
            return;
        }
    hint("a condition is: argN == VALUE, or != < <= > >=; or argN & MASK == VALUE");
    refuse_word(reader, "there is no comparison");
}

/* Reads argN[:32|:64] [& MASK] SIGN VALUE. Says in *chosen whether the width was given. */
static struct condition read_condition(struct reader *reader, int *chosen)
{
    struct condition condition = {.mask = UINT64_MAX};
    expect_word(reader, "a condition is missing");
    const char *word = reader->word;
    if (strncmp(word, "arg", 3) != 0 || word[3] < '0' || word[3] > '5' ||
        (word[4] && strcmp(word + 4, ":32") != 0 && strcmp(word + 4, ":64") != 0)) {
        hint("a condition begins with arg0 to arg5; arg0:32 and arg0:64 say how many bits count");
        refuse_word(reader, "there is no argument");
    }
    condition.argument = (unsigned char)(word[3] - '0');
    *chosen = word[4] != '\0';
    condition.narrow = word[4] && word[5] == '3';
    expect_word(reader, "a comparison is missing");
    if (word_is(reader, "&")) {
        expect_word(reader, "a mask is missing");
        condition.mask = read_value(reader);
        expect_word(reader, "a comparison is missing");
    }
    read_comparison(reader, &condition);
    expect_word(reader, "a value is missing");
    condition.value = read_value(reader);
    return condition;
}

/* Adds a rule for one call; returns its conditions, for their widths. */
static void add_rule(struct reader *reader, int call, uint32_t action, const struct condition *conditions,
                     const int *chosen, int count)
{
    struct policy *policy = reader->policy;
    if (policy->rule_count + 1 >= RULES || policy->condition_count + count > CONDITIONS)
        refuse_line(reader, "the policy has too many rules");
    struct rule *rule = &policy->rules[++policy->rule_count];
    *rule = (struct rule){action, policy->condition_count, (short)count, policy->newest[call]};
    for (int i = 0; i < count; i++) {
        struct condition *own = &policy->conditions[policy->condition_count++];
        *own = conditions[i];
        if (!chosen[i])
            own->narrow = (unsigned char)call_is_narrow(call, own->argument);
        if (own->narrow && own->mask == UINT64_MAX)
            own->mask = UINT32_MAX;
        if (own->narrow && (own->value | own->mask) > UINT32_MAX)
            refuse_line(reader, "a value or mask has more than the 32 bits of the argument");
    }
    policy->newest[call] = policy->rule_count;
    policy->allows |= action == ACTION_ALLOW;
}

static int find_call(const struct reader *reader)
{
    int call = call_number(reader->word);
    if (call < 0 && !reader->lenient) {
        const char *like = call_like(reader->word);
        if (like)
            hint("did you mean %s?", like);
        refuse_word(reader, "there is no system call");
    }
    return call;
}

/* Each call of a line gets a copy of the conditions behind them. */
static void read_calls(struct reader *reader, uint32_t action)
{
    struct condition conditions[CONDITIONS_OF_RULE];
    int chosen[CONDITIONS_OF_RULE], count = 0, calls = 0;
    short call[CALLS];
    while (next_word(reader) && !word_is(reader, "if")) {
        if (calls < CALLS)
            call[calls++] = (short)find_call(reader);
        else
            refuse_line(reader, "a rule has too many system calls");
    }
    if (!calls)
        refuse_line(reader, "a system call is missing");
    if (word_is(reader, "if"))
        do {
            if (count == CONDITIONS_OF_RULE)
                refuse_line(reader, "a rule has too many conditions");
            conditions[count] = read_condition(reader, &chosen[count]);
            count++;
        } while (next_word(reader) && word_is(reader, "and"));
    if (*reader->word && count)
        refuse_word(reader, "behind a condition comes \"and\", not");
    for (int i = 0; i < calls; i++)
        if (call[i] >= 0)
            add_rule(reader, call[i], action, conditions, chosen, count);
}

/* Reads what stands behind default, unknown or foreign. */
static uint32_t read_only_action(struct reader *reader, int *has)
{
    if (!next_word(reader))
        refuse_line(reader, "an action is missing");
    uint32_t action = read_action(reader);
    if (next_word(reader))
        refuse_word(reader, "nothing can follow here:");
    *has = 1;
    return action;
}

/* The only policy that has a name is ours. */
static void read_include(struct reader *reader)
{
    if (!next_word(reader) || !word_is(reader, "container"))
        refuse_line(reader, "what can be included is \"container\"");
    if (next_word(reader))
        refuse_word(reader, "nothing can follow here:");
    add_container_rules(reader->policy);
}

static void read_line(struct reader *reader)
{
    struct policy *policy = reader->policy;
    if (!next_word(reader))
        return;
    if (word_is(reader, "default"))
        policy->otherwise = read_only_action(reader, &policy->has_default);
    else if (word_is(reader, "unknown"))
        policy->unknown = read_only_action(reader, &policy->has_unknown);
    else if (word_is(reader, "foreign"))
        policy->foreign = read_only_action(reader, &policy->has_foreign);
    else if (word_is(reader, "include"))
        read_include(reader);
    else
        read_calls(reader, read_action(reader));
}

static void read_lines(struct reader *reader, const char *text, size_t length)
{
    for (const char *end = text + length; text < end; reader->line += reader->line > 0) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            stop = end;
        const char *comment = memchr(text, '#', (size_t)(stop - text));
        reader->next = text;
        reader->end = comment ? comment : stop;
        read_line(reader);
        text = stop + 1;
    }
}

/* Of the lists only what is counted is ever looked at. */
void begin_policy(struct policy *policy)
{
    memset(policy, 0, offsetof(struct policy, conditions));
}

void add_rules(struct policy *policy, const char *where, unsigned line, const char *text,
               size_t length)
{
    struct reader reader = {.policy = policy, .where = where, .line = line};
    read_lines(&reader, text, length);
}

void add_calls(struct policy *policy, const char *where, const char *list, const char *action)
{
    struct reader reader = {.policy = policy, .where = where, .next = action, .end = strchr(action, 0)};
    if (!next_word(&reader))
        refuse_line(&reader, "an action is missing");
    uint32_t verdict = read_action(&reader);
    if (next_word(&reader))
        refuse_word(&reader, "nothing can follow here:");
    reader.next = list;
    reader.end = strchr(list, 0);
    read_calls(&reader, verdict);
}

void add_container_rules(struct policy *policy)
{
    struct reader reader = {.policy = policy, .where = "container.policy", .lenient = 1};
    read_lines(&reader, container_text, sizeof container_text - 1);
}

const char *container_rules(void)
{
    return container_text;
}

void complete_policy(struct policy *policy)
{
    if (!policy->has_default)
        policy->otherwise = policy->allows ? ACTION_ERROR | EPERM : ACTION_ALLOW;
    if (!policy->has_unknown)
        policy->unknown = policy->otherwise == ACTION_ALLOW || policy->otherwise == ACTION_LOG
                              ? policy->otherwise
                              : ACTION_ERROR | ENOSYS;
    if (!policy->has_foreign)
        policy->foreign = ACTION_KILL;
}
