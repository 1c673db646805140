#include "resource.h"

#include "closest.h"
#include "kernel.h"
#include "message.h"
#include "value.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int resource, in_bytes;
} kinds[] = {
    {"as", RLIMIT_AS, 1},           {"core", RLIMIT_CORE, 1},         {"cpu", RLIMIT_CPU, 0},
    {"data", RLIMIT_DATA, 1},       {"fsize", RLIMIT_FSIZE, 1},       {"locks", RLIMIT_LOCKS, 0},
    {"memlock", RLIMIT_MEMLOCK, 1}, {"msgqueue", RLIMIT_MSGQUEUE, 1}, {"nice", RLIMIT_NICE, 0},
    {"nofile", RLIMIT_NOFILE, 0},   {"nproc", RLIMIT_NPROC, 0},       {"rss", RLIMIT_RSS, 1},
    {"rtprio", RLIMIT_RTPRIO, 0},   {"rttime", RLIMIT_RTTIME, 0},
    {"sigpending", RLIMIT_SIGPENDING, 0}, {"stack", RLIMIT_STACK, 1},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int find_kind(const char *word, size_t length)
{
    const char *best = NULL;
    char name[32];
    for (int i = 0; i < KINDS; i++)
        if (strlen(kinds[i].name) == length && strncmp(word, kinds[i].name, length) == 0)
            return i;
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    for (int i = 0; i < KINDS; i++)
        best = closer(name, best, kinds[i].name);
    if (best)
        hint("did you mean %s?", best);
    refuse("there is no resource limit of the name \"%.*s\"", (int)length, word);
}

static rlim_t read_limit(int kind, const char *text)
{
    if (strcmp(text, "max") == 0)
        return RLIM_INFINITY;
    return kinds[kind].in_bytes ? read_size(kinds[kind].name, text, 0)
                                : read_number(kinds[kind].name, text, 0, INT64_MAX);
}

/* Reads SOFT[:HARD]. */
static struct rlimit read_pair(int kind, const char *text)
{
    char soft[64];
    const char *hard = strchr(text, ':');
    if (!hard) {
        rlim_t both = read_limit(kind, text);
        return (struct rlimit){both, both};
    }
    if ((size_t)(hard - text) >= sizeof soft)
        refuse("%s: %s is too large", kinds[kind].name, text);
    snprintf(soft, sizeof soft, "%.*s", (int)(hard - text), text);
    struct rlimit limits = {read_limit(kind, soft), read_limit(kind, hard + 1)};
    if (limits.rlim_cur > limits.rlim_max)
        refuse("%s: the soft limit %s is above the hard limit %s", kinds[kind].name, soft, hard + 1);
    return limits;
}

int read_resource_limit(const char *word, struct rlimit *limits)
{
    size_t length = strcspn(word, "=");
    if (!word[length])
        refuse("\"%s\" is not NAME=SOFT or NAME=SOFT:HARD, as nofile=1024", word);
    int kind = find_kind(word, length);
    *limits = read_pair(kind, word + length + 1);
    return kinds[kind].resource;
}

int raises_limit(int resource, const struct rlimit *limits)
{
    uint64_t hard;
    return get_hard_limit(resource, &hard) == 0 && limits->rlim_max > hard;
}

const char *resource_name(int resource)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].resource == resource)
            return kinds[i].name;
    return "?";
}
