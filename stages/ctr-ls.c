/* ctr-ls: list the running containers. */
#include "container.h"
#include "file.h"
#include "freeze.h"
#include "json.h"
#include "message.h"
#include "people.h"
#include "usage.h"
#include "value.h"
#include "words.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { JSON = 256, WATCH, PARENT };

static const struct option options[] = {
    {JSON, "json", NULL, "print an array of JSON, with numbers in bytes and microseconds"},
    {WATCH, "watch", "SECONDS", "print it again and again, so far apart"},
    {PARENT, PARENT_OPTION},
    {0},
};

static const struct program program = {
    "ctr-ls",
    "[OPTION...] [NAME...]",
    "List the running containers, or these",
    options,
};

/* The numbers that are shown. */
static const struct {
    const char *head;
    enum usage what;
} columns[] = {
    {"MEM", MEMORY}, {"PEAK", MEMORY_PEAK}, {"LIMIT", MEMORY_LIMIT}, {"CPU", CPU}, {"TASKS", TASKS},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* A row of the table, and what it is made of. */
struct row {
    char name[65];
    const char *state;
    uint64_t pid, uptime; /* COUNT_UNKNOWN: there is no process */
    uint64_t usage[COLUMNS];
    char command[4096]; /* arguments with a zero byte behind each */
    size_t length;
};

/* One that has no arguments, as while it ends, is shown by its name in brackets, as ps(1) does. */
static void read_command(struct row *row, const struct process *prog)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)prog->pid);
    ssize_t length = read_file(AT_FDCWD, path, row->command, sizeof row->command);
    if (length <= 0)
        length = sprintf(row->command, "[%s]", prog->name) + 1;
    row->length = (size_t)length;
}

/* Reads what is shown of a container; returns 0 when there is none any more. */
static int read_row(struct row *row, struct containers *all, const char *name)
{
    static struct processes processes;
    struct container container;
    if (!open_container(&container, all, name))
        return 0;
    read_processes(&container, &processes);
    const struct process *first = first_process(&processes);
    const struct process *prog = main_process(&processes, first);
    *row = (struct row){
        .state = !container.supervisor          ? "dead"
                 : is_frozen(&container, first) ? "paused"
                                                : "running",
        .pid = first ? (uint64_t)first->pid : COUNT_UNKNOWN,
        .uptime = first ? process_age(first) : COUNT_UNKNOWN,
    };
    strcpy(row->name, name);
    for (int i = 0; i < COLUMNS; i++)
        row->usage[i] = read_usage(&container, &processes, columns[i].what);
    if (prog)
        read_command(row, prog);
    close_container(&container);
    return container.supervisor || first;
}

/* As it is on one line of a terminal, and does nothing there but to be seen. */
static void print_command(FILE *out, const struct row *row, size_t most)
{
    size_t length = row->length;
    if (length && !row->command[length - 1])
        length--;
    for (size_t i = 0; i < length && i < most; i++) {
        char byte = row->command[i];
        putc(!byte ? ' ' : byte < ' ' || byte > '~' ? '?' : byte, out);
    }
    if (!length)
        putc('-', out);
    putc('\n', out);
}

enum { NAME, STATE, PID, UPTIME, USAGE, CELLS = USAGE + COLUMNS };

static void print_table(FILE *out, const struct row *rows, int count)
{
    static const char *const heads[] = {"NAME", "STATE", "PID", "UPTIME"};
    struct winsize size;
    int width[CELLS] = {0}, used = 0;
    char(*cells)[CELLS][65] = calloc((size_t)count + 1, sizeof *cells);
    if (!cells)
        fail("cannot list the containers");
    for (int i = 0; i < CELLS; i++)
        strcpy(cells[0][i], i < USAGE ? heads[i] : columns[i - USAGE].head);
    for (int j = 0; j < count; j++) {
        char(*cell)[65] = cells[j + 1];
        strcpy(cell[NAME], rows[j].name);
        strcpy(cell[STATE], rows[j].state);
        count_for_people(rows[j].pid, cell[PID]);
        time_for_people(rows[j].uptime, cell[UPTIME]);
        for (int i = 0; i < COLUMNS; i++)
            number_for_people(rows[j].usage[i], usage_forms[columns[i].what].unit, cell[USAGE + i]);
    }
    for (int i = 0; i < CELLS; i++) {
        for (int j = 0; j <= count; j++)
            if ((int)strlen(cells[j][i]) > width[i])
                width[i] = (int)strlen(cells[j][i]);
        used += width[i] + 1;
    }
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
        size.ws_col = 80;
    for (int j = 0; j <= count; j++) {
        for (int i = 0; i < CELLS; i++)
            fprintf(out, "%*s ", i <= STATE ? -width[i] : width[i], cells[j][i]);
        if (j == 0)
            fputs("COMMAND\n", out);
        else
            print_command(out, &rows[j - 1], size.ws_col > used ? (size_t)(size.ws_col - used) : 1);
    }
    free(cells);
}

static void print_json(FILE *out, const struct row *rows, int count)
{
    static char line[8 * sizeof rows->command];
    size_t size = sizeof line;
    putc('[', out);
    for (int i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        size_t length = (size_t)snprintf(line, size, "%s{\"name\":\"%s\",\"state\":\"%s\"",
                                         i ? ",\n " : "", row->name, row->state);
        length = add_json_number(line, length, size, "pid", row->pid);
        length += (size_t)snprintf(line + length, size - length, ",\"command\":[");
        for (size_t at = 0; at < row->length; at += strlen(row->command + at) + 1) {
            const char *word = row->command + at;
            length += (size_t)snprintf(line + length, size - length, at ? ",\"" : "\"");
            length = add_json_text(line, length, size, word, strlen(word));
            length += (size_t)snprintf(line + length, size - length, "\"");
        }
        length += (size_t)snprintf(line + length, size - length, "]");
        length = add_json_number(line, length, size, "uptime_us", row->uptime);
        for (int j = 0; j < COLUMNS; j++)
            length = add_json_number(line, length, size, usage_forms[columns[j].what].name,
                                     row->usage[j]);
        fprintf(out, "%s}", line);
    }
    fputs("]\n", out);
}

/* Prints the containers of these names, or with COUNT 0 all. */
static void list(const char *parent, char **names, int count, int is_strict, int json)
{
    struct containers all;
    struct container container;
    char(*found)[65] = NULL, *text = NULL;
    size_t length = 0;
    int every = count == 0, filled = 0;
    find_containers(&all, parent);
    for (int i = 0; is_strict && i < count; i++) {
        need_container(&container, &all, names[i]);
        close_container(&container);
    }
    if (every)
        found = list_containers(&all, &count);
    struct row *rows = calloc((size_t)count + 1, sizeof *rows);
    if (!rows)
        fail("cannot list the containers");
    for (int i = 0; i < count; i++)
        filled += read_row(&rows[filled], &all, every ? found[i] : names[i]);
    FILE *out = open_memstream(&text, &length);
    if (!out)
        fail("cannot list the containers");
    (json ? print_json : print_table)(out, rows, filled);
    fclose(out);
    say(text);
    free(text);
    free(rows);
    free(found);
    release_containers(&all);
}

int main(int argc, char **argv)
{
    struct words words = read_words(&program, argc, argv);
    struct timespec pause = {0};
    const char *parent = NULL;
    int json = 0, count = 0;

    for (int letter; (letter = next_option(&words));)
        switch (letter) {
        case JSON:
            json = 1;
            break;
        case WATCH:
            pause.tv_sec = (time_t)read_number(words.option, words.value, 1, 86400);
            break;
        case PARENT:
            parent = read_group(words.option, words.value);
            break;
        }
    char **names = words.next;
    for (; *words.next; count++)
        read_name_operand(next_operand(&words, "NAME"));

    list(parent, names, count, 1, json);
    while (pause.tv_sec) {
        nanosleep(&pause, NULL);
        if (!json && isatty(STDOUT_FILENO))
            say("\033[H\033[J");
        list(parent, names, count, 0, json);
    }
    return 0;
}
