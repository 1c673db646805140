/*
 * stay: starts each command, whose payload stays, and so many seconds later executes LOOK LABEL PAYLOAD PID...: with
 * the process of the payload and all others of this container. Then the payload is killed.
 *
 *   stay LOOK SECONDS <SUBJECTS (bench.h)
 */
#include "bench.h"

static int look_at(char *look, char *label)
{
    char numbers[64][16], *words[70] = {look, label, NULL, NULL};
    int count = find_descendants(), others = 3, status;
    for (int i = 0; i < count && i < 64; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%d", (int)found[i].pid);
        words[found[i].is_payload ? 2 : others++] = numbers[i];
    }
    words[others] = NULL;
    fflush(stdout);
    pid_t child = words[2] ? fork() : -1;
    if (child == 0) {
        execv(look, words);
        _exit(127);
    }
    return child < 0 || waitpid(child, &status, 0) < 0 || status != 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc != 3)
        return 2;
    int wait = atoi(argv[2]);
    read_subjects();
    for (int i = 0; i < subject_count; i++) {
        struct start start;
        begin(&subjects[i], &start);
        await_first(&subjects[i], &start);
        nanosleep(&(struct timespec){wait, 50000000}, NULL); /* whoever still has something to do does it */
        failed |= look_at(argv[1], subjects[i].label);
        end_all();
    }
    return failed;
}
