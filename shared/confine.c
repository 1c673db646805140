#include "confine.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* "profile (enforce)"; other modes only log, and "unconfined" has none. */
static int is_enforced_profile(const char *current)
{
    const char *mode = strstr(current, " (enforce)");
    return mode && !mode[strlen(" (enforce)")];
}

/* "user:role:type:level" */
static int is_enforced_context(const char *current)
{
    char enforce[4];
    const char *role = strchr(current, ':'), *type = role ? strchr(role + 1, ':') : NULL;
    if (!type || strncmp(type, ":unconfined_t", strlen(":unconfined_t")) == 0)
        return 0;
    return read_file(AT_FDCWD, "/sys/fs/selinux/enforce", enforce, sizeof enforce) > 0 &&
           *enforce == '1';
}

const char *confinement(void)
{
    static char text[512];
    char current[400];
    int error = errno;
    ssize_t length = read_file(AT_FDCWD, "/proc/self/attr/current", current, sizeof current);
    errno = error;
    if (length <= 0)
        return NULL;
    current[strcspn(current, "\n")] = '\0';
    const char *by = is_enforced_profile(current)   ? "AppArmor"
                     : is_enforced_context(current) ? "SELinux"
                                                    : NULL;
    errno = error;
    if (!by)
        return NULL;
    snprintf(text, sizeof text, "%s as %s (/proc/self/attr/current): dmesg shows what it denies", by,
             current);
    return text;
}
