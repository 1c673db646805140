#include "timing.h"

#include "message.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads the whole trace into memory. */
static char *read_trace(int trace)
{
    struct stat status;
    char *text = NULL;
    ssize_t length = -1;
    if (fstat(trace, &status) == 0 && (text = malloc((size_t)status.st_size + 1)))
        length = pread(trace, text, (size_t)status.st_size, 0);
    if (length < 0)
        fail("cannot read the trace");
    text[length] = '\0';
    return text;
}

static void add_step(struct timing *timing, enum stretch_kind kind, const char *name, int pid, uint64_t to)
{
    struct stretch *step = &timing->steps[timing->step_count];
    step->kind = kind;
    step->pid = pid;
    step->from = timing->step_count ? step[-1].to : 0;
    step->to = to;
    snprintf(step->name, sizeof step->name, "%s", name);
    timing->step_count++;
}

void read_timing(struct timing *timing, int trace)
{
    char *text = read_trace(trace), event[8], stage[32], prog[48] = "";
    size_t lines = 1;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    *timing = (struct timing){.steps = calloc(lines, sizeof *timing->steps),
                              .others = calloc(lines, sizeof *timing->others)};
    if (!timing->steps || !timing->others)
        fail("cannot read the trace");

    enum stretch_kind running = PROG;
    int last_pid = 0; /* what the next end of a child is the end of */
    char ending[48] = "";
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        uint64_t seconds, micros;
        int pid, words = 0;
        if (sscanf(line, "%" SCNu64 ".%" SCNu64 " %d %7s %31[^ :]%n", &seconds, &micros, &pid, event,
                   stage, &words) != 5)
            continue;
        uint64_t time = seconds * 1000000 + micros;
        if (strcmp(event, "next") == 0) {
            add_step(timing, STEP, stage, pid, time);
            sscanf(line + words, " %*u: %47[^;]", prog);
            last_pid = pid;
        } else if (strcmp(event, "fail") == 0) {
            running = FAILED;
            last_pid = pid;
            snprintf(ending, sizeof ending, "%s", stage);
        } else if (strcmp(event, "stay") == 0) {
            struct stretch *other = &timing->others[timing->other_count++];
            *other = (struct stretch){.kind = SUPERVISION, .pid = pid, .from = time, .to = time};
            snprintf(other->name, sizeof other->name, "%s", stage);
        } else if (strcmp(event, "end") == 0) {
            add_step(timing, running, running == PROG ? prog : ending, last_pid, time);
            for (int i = 0; i < timing->other_count; i++)
                if (timing->others[i].pid == pid && strcmp(timing->others[i].name, stage) == 0)
                    timing->others[i].to = time;
            running = CLEANUP;
            last_pid = pid;
            snprintf(ending, sizeof ending, "%s", stage);
        }
    }
    /* Who is seen from inside the container has no trace any more, and ends with PROG. */
    for (int i = 0; i < timing->other_count; i++)
        for (int j = 0; j < timing->step_count; j++)
            if (timing->others[i].to == timing->others[i].from && timing->steps[j].kind == PROG)
                timing->others[i].to = timing->steps[j].to;
    free(text);
}

static uint64_t length_of(const struct stretch *step)
{
    return step->to > step->from ? step->to - step->from : 0;
}

static const struct stretch *longest_of(const struct timing *timing)
{
    const struct stretch *longest = NULL;
    for (const struct stretch *step = timing->steps; step < timing->steps + timing->step_count; step++)
        if (step->kind != PROG && (!longest || length_of(step) > length_of(longest)))
            longest = step;
    return longest;
}

/* What stands behind the name. */
static const char *remark(const struct stretch *step)
{
    return step->kind == FAILED ? " failed" : step->kind == CLEANUP ? " end" : "";
}

enum { LABEL = 22, BAR = 30 };

void print_timing(const struct timing *timing, FILE *out, int color)
{
    static const char bar[] = "##############################";
    const struct stretch *longest = longest_of(timing);
    if (!longest)
        return;
    uint64_t total = longest ? timing->steps[timing->step_count - 1].to : 0;
    uint64_t scale = longest && length_of(longest) ? length_of(longest) : 1;
    fprintf(out, "%-*s %12s %6s\n", LABEL, "step", "microseconds", "share");
    for (const struct stretch *step = timing->steps; step < timing->steps + timing->step_count; step++) {
        char label[LABEL + 1];
        uint64_t length = length_of(step);
        int filled = step->kind == PROG ? 0 : (int)((length * BAR + scale - 1) / scale);
        const char *tail = remark(step);
        snprintf(label, sizeof label, "%.*s%s", (int)(LABEL - strlen(tail)), step->name, tail);
        fprintf(out, "%s%-*s %12" PRIu64 " %5" PRIu64 "%%  %.*s%s%s\n",
                color && step == longest ? "\033[1m" : "", LABEL, label, length,
                total ? (length * 100 + total / 2) / total : 0, filled, bar,
                step == longest ? " *" : step->kind == PROG ? "(PROG)" : "",
                color && step == longest ? "\033[0m" : "");
    }
    fprintf(out, "%-*s %12" PRIu64 " %5d%%  * the longest step\n", LABEL, "total", total, 100);
}

/* In a text of XML. */
static void put_text(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
            fprintf(out, "&#%d;", *text);
        else
            putc(*text, out);
}

enum { WIDTH = 960, LEFT = 110, ROW = 30, TOP = 50, MOST_ROWS = 256 };

struct picture {
    FILE *out;
    int rows[MOST_ROWS]; /* the pid of each */
    int count;
    double scale; /* of microseconds */
};

static int row_of(struct picture *picture, int pid)
{
    for (int i = 0; i < picture->count; i++)
        if (picture->rows[i] == pid)
            return i;
    if (picture->count == MOST_ROWS)
        return MOST_ROWS - 1;
    picture->rows[picture->count] = pid;
    return picture->count++;
}

static void draw(struct picture *picture, const struct stretch *stretch)
{
    static const char *const colors[] = {
        [STEP] = "#4a90c2", [FAILED] = "#c0392b", [PROG] = "#58a55c", [CLEANUP] = "#d79b3f",
        [SUPERVISION] = "#dde3e8"};
    FILE *out = picture->out;
    double x = LEFT + (double)stretch->from * picture->scale;
    double width = (double)length_of(stretch) * picture->scale;
    int y = TOP + ROW * row_of(picture, stretch->pid);
    fprintf(out, "<g><title>");
    put_text(out, stretch->name);
    fprintf(out, "%s%s: %" PRIu64 " us</title><rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/>",
            remark(stretch), stretch->kind == SUPERVISION ? " stays" : "", length_of(stretch), x, y,
            width < 0.5 ? 0.5 : width, ROW - 6, colors[stretch->kind]);
    /* A name is written where there is room for it: seven points a letter. */
    if (width > 7.0 * (double)strlen(stretch->name)) {
        fprintf(out, "<text x=\"%.2f\" y=\"%d\">", x + 3, y + 16);
        put_text(out, stretch->name);
        fprintf(out, "</text>");
    }
    fprintf(out, "</g>\n");
}

void draw_timing(const struct timing *timing, FILE *out)
{
    struct picture picture = {.out = out};
    uint64_t total = timing->step_count ? timing->steps[timing->step_count - 1].to : 0;
    picture.scale = (WIDTH - LEFT - 20) / (double)(total ? total : 1);
    for (int i = 0; i < timing->step_count; i++)
        row_of(&picture, timing->steps[i].pid);
    for (int i = 0; i < timing->other_count; i++)
        row_of(&picture, timing->others[i].pid);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"11\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
            "<text x=\"10\" y=\"20\" font-size=\"14\">The chain, %" PRIu64 " microseconds</text>\n",
            WIDTH, TOP + ROW * picture.count + 30, total);
    for (int i = 0; i < picture.count; i++)
        fprintf(out, "<text x=\"10\" y=\"%d\">process %d</text>\n", TOP + ROW * i + 16, picture.rows[i]);
    for (int i = 0; i < timing->other_count; i++)
        draw(&picture, &timing->others[i]);
    for (int i = 0; i < timing->step_count; i++)
        draw(&picture, &timing->steps[i]);
    for (uint64_t fifths = 0; fifths <= 5; fifths++) {
        uint64_t time = total * fifths / 5;
        fprintf(out, "<text x=\"%.2f\" y=\"%d\" text-anchor=\"middle\">%" PRIu64 "</text>\n",
                LEFT + (double)time * picture.scale, TOP + ROW * picture.count + 16, time);
    }
    fprintf(out, "</svg>\n");
}
