#include "record.h"

#include "allocate.h"
#include "kernel.h"
#include "message.h"
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Of a container that root has made, nobody else can change it: only root of the machine has trusted attributes. */
static const char *const by_root = "trusted.minictr.chain", *const by_user = "user.minictr.chain";

enum { MOST = 64 * 1024 }; /* XATTR_SIZE_MAX */

void record_chain(const struct cgroup *group, char *const *words)
{
    size_t length = 0;
    for (char *const *word = words; *word; word++)
        length += strlen(*word) + 1;
    if (length > MOST)
        return;
    char *text = allocate(length, 1), *end = text;
    for (; *words; words++)
        end = stpcpy(end, *words) + 1;
    if (fsetxattr(group->places[0].group, by_root, text, length, 0) < 0)
        fsetxattr(group->places[0].group, by_user, text, length, 0);
}

/* Returns how long the attribute is, or 0. */
static size_t read_attribute(int group, char *text)
{
    const char *attribute = is_host_root() ? by_root : by_user;
    int directory = open_at(group, ".", O_RDONLY | O_DIRECTORY);
    ssize_t length = directory < 0 ? -1 : fgetxattr(directory, attribute, text, MOST);
    if (length < 0 && errno != ENODATA && errno != ENOTSUP)
        fail("cannot read the chain of the container: %s", attribute);
    close(directory);
    return length < 0 ? 0 : (size_t)length;
}

char **recorded_chain(const struct container *container)
{
    char *text = allocate(MOST + 1, 1);
    size_t length = 0, count = 0;
    for (int i = 0; i < container->all->count && length == 0; i++)
        if (container->groups[i] >= 0)
            length = read_attribute(container->groups[i], text);
    if (length == 0)
        return NULL;
    for (size_t i = 0; i < length; i++)
        count += text[i] == '\0';
    char **words = allocate(count + 1, sizeof *words);
    for (size_t i = 0; i < count; text += strlen(text) + 1)
        words[i++] = text;
    return words;
}
