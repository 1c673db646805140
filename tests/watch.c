/*
 * watch: says what is done to files and directories, and what is in those, until it is killed: each
 * open, read, change of a mode, ... (inotify(7)). For canaries: nobody may touch them.
 *
 *   watch PATH...
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    _Alignas(struct inotify_event) char events[4096];
    int queue = inotify_init1(IN_CLOEXEC);
    for (int i = 1; i < argc; i++)
        if (inotify_add_watch(queue, argv[i], IN_ALL_EVENTS) < 0) {
            perror(argv[i]);
            return 1;
        }
    puts("watching");
    fflush(stdout);
    for (ssize_t length; (length = read(queue, events, sizeof events)) > 0;)
        for (char *at = events; at < events + length;) {
            struct inotify_event event;
            memcpy(&event, at, sizeof event);
            printf("%s %s %#x\n", event.wd > 0 && event.wd < argc ? argv[event.wd] : "?",
                   event.len ? at + sizeof event : "", (unsigned)event.mask);
            fflush(stdout);
            at += sizeof event + event.len;
        }
    return 1;
}
