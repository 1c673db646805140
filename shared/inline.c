#include "inline.h"

#include "allocate.h"
#include "chain.h"
#include "kernel.h"
#include "trace.h"

#include <setjmp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct inlined *stages;
static jmp_buf next_stage; /* where the stack is empty again */
static char **next_words;

static const struct inlined *find(const char *name)
{
    const struct inlined *stage = stages;
    while (stage && stage->name && strcmp(stage->name, name) != 0)
        stage++;
    return stage && stage->name ? stage : NULL;
}

int is_inlined(const char *name)
{
    return find(name) != NULL;
}

/* The memory of the words that this program was executed with, which /proc/PID/cmdline shows: up to a zero byte,
 * when its last byte is none (proc_pid_cmdline(5)). */
static char *shown;
static size_t shown_size;

/* What else is there is for nobody to see, least of all from inside. */
static void show(char **words)
{
    char *to = shown, *end = shown + shown_size - 2;
    for (; *words && to < end; words++) {
        if (to > shown)
            *to++ = ' ';
        for (const char *from = *words; *from && to < end; from++)
            *to++ = *from;
    }
    memset(to, 0, (size_t)(end + 1 - to));
    end[1] = '.';
}

/* Moves the words of the chain out of that memory. */
static void move_words(char **words)
{
    for (; *words; words++)
        if (*words >= shown && *words < shown + shown_size)
            *words = copy_of(*words);
}

static void do_as_if_executed(char **words)
{
    close_like_exec();
    exec_password(0);
    show(words);
    prctl(PR_SET_NAME, words[0]);
    prctl(PR_SET_DUMPABLE, 1);
}

void call_inlined(char **words)
{
    if (!find(words[0]))
        return;
    next_words = words;
    longjmp(next_stage, 1);
}

_Noreturn void run_inline(const struct inlined *all, char **words, int argc, char **argv)
{
    stages = all;
    next_words = words;
    shown = argv[0];
    shown_size = (size_t)(argv[argc - 1] - argv[0]) + strlen(argv[argc - 1]) + 1;
    move_words(words);
    chain_fix_directory();
    trace_next(words[0]);
    if (setjmp(next_stage) == 0 && !find(words[0]))
        chain(words);
    int count = 0;
    while (next_words[count])
        count++;
    do_as_if_executed(next_words);
    _exit(find(next_words[0])->main(count, next_words));
}
