#include "mountinfo.h"

#include <string.h>

/* Decodes the octal escapes in place. */
static char *decode(char *text)
{
    char *to = text;
    for (char *from = text; *from; from++)
        if (from[0] == '\\' && from[1] && from[2] && from[3]) {
            *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 3;
        } else {
            *to++ = *from;
        }
    *to = '\0';
    return text;
}

int read_mounted(char *line, struct mounted *mount)
{
    static const char separator[] = " - ";
    char *kind = strstr(line, separator);
    if (!kind)
        return 0;
    *kind = '\0';
    mount->id = strtok(line, " ");
    mount->parent = strtok(NULL, " ");
    strtok(NULL, " ");
    mount->root = strtok(NULL, " ");
    mount->point = strtok(NULL, " ");
    mount->options = strtok(NULL, " ");
    mount->type = strtok(kind + strlen(separator), " ");
    strtok(NULL, " ");
    mount->settings = strtok(NULL, "");
    if (!mount->options || !mount->settings)
        return 0;
    decode(mount->root);
    decode(mount->point);
    return 1;
}

int next_mounted(struct lines *lines, struct mounted *mount)
{
    for (char *line; (line = next_line(lines));)
        if (read_mounted(line, mount))
            return 1;
    return 0;
}
