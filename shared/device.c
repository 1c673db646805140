#include "device.h"

#include "file.h"
#include "message.h"
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Whether the block device is a part of a disk; into DISK goes the number of that. */
static int is_partition(dev_t device, char *disk, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/sys/dev/block/%u:%u/partition", major(device), minor(device));
    if (access(path, F_OK) < 0)
        return 0;
    snprintf(path, sizeof path, "/sys/dev/block/%u:%u/../dev", major(device), minor(device));
    read_file(AT_FDCWD, path, disk, size);
    disk[strcspn(disk, "\n")] = '\0';
    return 1;
}

dev_t read_device(const char *what, const char *text, size_t length)
{
    char name[PATH_MAX], path[PATH_MAX + 64], disk[32];
    struct stat status;
    dev_t device;

    if (length >= sizeof name)
        refuse("%s: the path of the device is %zu bytes long", what, length);
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    char *colon = strchr(name, ':');
    if (colon && name[strspn(name, "0123456789:")] == '\0') {
        *colon = '\0';
        device = makedev((unsigned)read_number(what, name, 0, 4095),
                         (unsigned)read_number(what, colon + 1, 0, 1048575));
        *colon = ':';
        snprintf(path, sizeof path, "/sys/dev/block/%s", name);
        if (access(path, F_OK) < 0 && errno == ENOENT && access("/sys/dev/block", F_OK) == 0)
            refuse("%s: there is no block device %s", what, name);
    } else {
        if (stat(name, &status) < 0)
            fail("%s: cannot find the device %s", what, name);
        if (!S_ISBLK(status.st_mode))
            refuse("%s: %s is not a block device", what, name);
        device = status.st_rdev;
    }
    if (is_partition(device, disk, sizeof disk)) {
        hint("its disk is %s", disk);
        refuse("%s: %s is a partition: only a whole disk can be limited", what, name);
    }
    return device;
}
