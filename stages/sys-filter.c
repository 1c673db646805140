/* sys-filter: allow and refuse system calls. */
#include "chain.h"
#include "file.h"
#include "filter.h"
#include "kernel.h"
#include "large.h"
#include "message.h"
#include "policy.h"
#include "trace.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEFAULT = 256, FILE_, RULE, ALLOW, DENY, BPF, PRINT, POLICY };

static const struct option options[] = {
    {DEFAULT, "default", NULL, "begin with the policy of containers"},
    {FILE_, "file", "FILE...", "add the rules in a file, a line each"},
    {RULE, "rule", "RULE...", "add a rule: \"EPERM ioctl if arg1 == TIOCSTI\""},
    {ALLOW, "allow", "LIST...", "allow system calls: CALL[,CALL]..."},
    {DENY, "deny", "LIST[:ACTION]...",
     "refuse them, with an error (default: EPERM), or kill, log or trap"},
    {BPF, "bpf", "FILE", "apply a program of classic BPF, as the kernel takes it, instead"},
    {PRINT, "print", NULL, "print the program and end"},
    {POLICY, "policy", NULL, "print the policy of containers and end"},
    {0},
};

static const struct program program = {
    "sys-filter",
    "[OPTION...] PROG [ARG...]",
    "Run PROG with a filter of system calls. The last rule for a call whose conditions hold\n"
    "counts. What no rule names is refused if a rule allows something, else allowed",
    options,
};

static void add_file(struct policy *policy, const char *path)
{
    static char text[256 * 1024] LARGE;
    add_rules(policy, path, 1, text, read_whole(path, text, sizeof text));
}

/* Adds the rule for CALL[,CALL]...[:ACTION]. */
static void add_refusal(struct policy *policy, const char *option, const char *value)
{
    static char list[64 * 1024] LARGE;
    const char *colon = strchr(value, ':');
    size_t length = colon ? (size_t)(colon - value) : strlen(value);
    if (length >= sizeof list)
        refuse("%s: the list is too long", option);
    if (colon && strchr(colon, ','))
        refuse("%s: \"%s\": the action comes last, and holds for all", option, value);
    memcpy(list, value, length);
    list[length] = '\0';
    add_calls(policy, option, list, colon ? colon + 1 : "EPERM");
}

static void read_program(struct filter *filter, const char *path)
{
    static char code[sizeof filter->code + 1] LARGE;
    size_t length = read_whole(path, code, sizeof code), one = sizeof *filter->code;
    if (!length || length % one)
        refuse("%s is no BPF program: it has %zu bytes, and an instruction has %zu", path, length, one);
    memcpy(filter->code, code, length);
    filter->length = (unsigned short)(length / one);
}

static _Noreturn void end_output(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        fail("cannot write to standard output");
    _exit(0);
}

/* The filter that is on for good must not keep us from executing PROG. */
static void let_own_exec_through(struct filter *filter)
{
    uint64_t password;
    if (getrandom(&password, sizeof password, 0) != sizeof password)
        fail("cannot get a random number");
    let_exec_through(filter, password);
    exec_password(password);
}

int main(int argc, char **argv)
{
    static struct policy policy LARGE;
    static struct filter filter LARGE;
    struct words words = read_words(&program, argc, argv);
    const char *bpf = NULL;
    int print = 0, rules = 0;
    begin_policy(&policy);
    for (int letter; (letter = next_option(&words)); rules += letter != BPF && letter != PRINT)
        switch (letter) {
        case DEFAULT:
            add_container_rules(&policy);
            break;
        case FILE_:
            add_file(&policy, words.value);
            break;
        case RULE:
            add_rules(&policy, words.option, 0, words.value, strlen(words.value));
            break;
        case ALLOW:
            add_calls(&policy, words.option, words.value, "allow");
            break;
        case DENY:
            add_refusal(&policy, words.option, words.value);
            break;
        case BPF:
            bpf = words.value;
            break;
        case PRINT:
            print = 1;
            break;
        case POLICY:
            fputs(container_rules(), stdout);
            end_output();
        }
    char **rest = print ? NULL : next_program(&words);
    if (bpf && rules)
        refuse("--bpf and a policy: only one of them");
    if (!bpf && !rules) {
        hint("--default is the policy of containers");
        refuse("the policy is missing");
    }
    if (bpf) {
        read_program(&filter, bpf);
    } else {
        complete_policy(&policy);
        compile(&policy, &filter);
    }
    if (print) {
        print_filter(&filter);
        end_output();
    }

    did("filter of system calls: %d instructions", (int)filter.length);
    chain_prepare(rest);
    if (bpf || !always_allows(&policy, SYS_execve) || !always_allows(&policy, SYS_execveat))
        let_own_exec_through(&filter);
    if (apply_filter(&filter) < 0) {
        if (errno == EACCES && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
            hint("put \"priv-lock\" before this stage");
        fail("cannot apply the filter");
    }
    chain(rest);
}
