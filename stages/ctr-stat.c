/* ctr-stat: what a container uses, and where it is held up. */
#include "container.h"
#include "file.h"
#include "json.h"
#include "message.h"
#include "people.h"
#include "usage.h"
#include "value.h"
#include "words.h"

#include <inttypes.h>
#include <stdio.h>

enum { JSON = 256, PARENT };

static const struct option options[] = {
    {JSON, "json", NULL, "print an object of JSON, with numbers in bytes and microseconds"},
    {PARENT, PARENT_OPTION},
    {0},
};

static const struct program program = {
    "ctr-stat",
    "[OPTION...] NAME",
    "Show what a container uses, what it may use, and where it is held up",
    options,
};

static const char *const labels[USAGES] = {
    [MEMORY] = "memory",
    [MEMORY_PEAK] = "memory, most",
    [MEMORY_LIMIT] = "memory, limit",
    [SWAP] = "swap",
    [SWAP_LIMIT] = "swap, limit",
    [OOM_KILLS] = "killed for memory",
    [CPU] = "processor",
    [CPU_USER] = "processor, user",
    [CPU_SYSTEM] = "processor, system",
    [THROTTLED] = "throttled, periods",
    [THROTTLED_TIME] = "throttled, time",
    [TASKS] = "tasks",
    [TASKS_LIMIT] = "tasks, limit",
};

static const char *const resources[] = {"cpu", "memory", "io"};
static const char *const degrees[] = {"some", "full"};
enum { RESOURCES = 3, DEGREES = 2 };

/* All that is shown of a container. */
struct numbers {
    uint64_t usage[USAGES];
    struct pressure pressure[RESOURCES][DEGREES];
    int disk_count; /* -1: not known */
    struct disk disks[MOST_DISKS];
};

static void read_numbers(const struct container *container, struct numbers *numbers)
{
    struct processes processes = {0};
    read_processes(container, &processes);
    for (int i = 0; i < USAGES; i++)
        numbers->usage[i] = read_usage(container, &processes, (enum usage)i);
    for (int i = 0; i < RESOURCES; i++)
        read_pressure(container, resources[i], &numbers->pressure[i][0], &numbers->pressure[i][1]);
    numbers->disk_count = read_disks(container, numbers->disks);
}

static void print_text(FILE *out, const struct numbers *numbers)
{
    char label[32], number[PEOPLE];
    for (int i = 0; i < USAGES; i++)
        fprintf(out, "%-24s%s\n", labels[i],
                number_for_people(numbers->usage[i], usage_forms[i].unit, number));
    for (int i = 0; i < RESOURCES; i++)
        for (int j = 0; j < DEGREES; j++) {
            const struct pressure *pressure = &numbers->pressure[i][j];
            snprintf(label, sizeof label, "pressure, %s, %s", resources[i], degrees[j]);
            if (pressure->is_known)
                fprintf(out, "%-24s%s%% %s%% %s%% %s\n", label, pressure->average[0],
                        pressure->average[1], pressure->average[2],
                        time_for_people(pressure->total, number));
            else
                fprintf(out, "%-24s-\n", label);
        }
    for (int i = 0; i < numbers->disk_count; i++) {
        const struct disk *disk = &numbers->disks[i];
        snprintf(label, sizeof label, "disk %u:%u", disk->major, disk->minor);
        fprintf(out, "%-24s%s read", label, size_for_people(disk->read_bytes, number));
        fprintf(out, " in %" PRIu64 ", %s written", disk->reads,
                size_for_people(disk->written_bytes, number));
        fprintf(out, " in %" PRIu64 "\n", disk->writes);
    }
    if (numbers->disk_count <= 0)
        fprintf(out, "%-24s%s\n", "disks", numbers->disk_count < 0 ? "-" : "none");
}

static void print_json(FILE *out, const struct numbers *numbers, const char *name)
{
    char line[4096];
    size_t length = (size_t)snprintf(line, sizeof line, "{\"name\":\"%s\"", name);
    for (int i = 0; i < USAGES; i++)
        length = add_json_number(line, length, sizeof line, usage_forms[i].name, numbers->usage[i]);
    fprintf(out, "%s,\"pressure\":{", line);
    for (int i = 0; i < RESOURCES; i++) {
        fprintf(out, "%s\"%s\":{", i ? "," : "", resources[i]);
        for (int j = 0; j < DEGREES; j++) {
            const struct pressure *pressure = &numbers->pressure[i][j];
            fprintf(out, "%s\"%s\":", j ? "," : "", degrees[j]);
            if (pressure->is_known)
                fprintf(out, "{\"avg10\":%s,\"avg60\":%s,\"avg300\":%s,\"total_us\":%llu}",
                        pressure->average[0], pressure->average[1], pressure->average[2],
                        pressure->total);
            else
                fputs("null", out);
        }
        putc('}', out);
    }
    fputs(numbers->disk_count < 0 ? "},\"io\":null" : "},\"io\":[", out);
    for (int i = 0; i < numbers->disk_count; i++) {
        const struct disk *disk = &numbers->disks[i];
        fprintf(out,
                "%s{\"device\":\"%u:%u\",\"read_bytes\":%" PRIu64 ",\"written_bytes\":%" PRIu64
                ",\"reads\":%" PRIu64 ",\"writes\":%" PRIu64 "}",
                i ? "," : "", disk->major, disk->minor, disk->read_bytes, disk->written_bytes,
                disk->reads, disk->writes);
    }
    fputs(numbers->disk_count < 0 ? "}\n" : "]}\n", out);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    static struct numbers numbers;
    struct containers all;
    struct container container;
    const char *parent = NULL;
    char *text = NULL;
    size_t length = 0;
    int json = 0;

    for (int letter; (letter = next_option(&words));)
        if (letter == JSON)
            json = 1;
        else
            parent = read_group(words.option, words.value);
    const char *name = read_name_operand(next_operand(&words, "NAME"));
    no_more_words(&words);

    find_containers(&all, parent);
    need_container(&container, &all, name);
    read_numbers(&container, &numbers);
    FILE *out = open_memstream(&text, &length);
    if (!out)
        fail("cannot show the container %s", name);
    if (json)
        print_json(out, &numbers, name);
    else
        print_text(out, &numbers);
    fclose(out);
    say(text);
    return 0;
}
