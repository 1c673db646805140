#include "variable.h"

#include "allocate.h"

#include <string.h>
#include <unistd.h>

/* Returns where the variable stands in the environment, or NULL. The first byte tells most of them apart. */
static char **entry_of(const char *name, size_t length)
{
    for (char **entry = environ; *entry; entry++)
        if (**entry == *name && strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return entry;
    return NULL;
}

const char *variable_value(const char *name)
{
    size_t length = strlen(name);
    char **entry = entry_of(name, length);
    return entry ? *entry + length + 1 : NULL;
}

/* Returns where one more entry has its place: at the end of a list of ours. */
static char **one_more_entry(void)
{
    enum { MORE = 8 };
    static char **ours;
    static size_t room;
    size_t count = 0;
    while (environ[count])
        count++;
    if (environ != ours || count + 1 >= room) {
        room = count + 1 + MORE;
        ours = allocate(room, sizeof *ours);
        environ = memcpy(ours, environ, count * sizeof *ours);
    }
    ours[count + 1] = NULL;
    return &ours[count];
}

void variable_set(char *entry)
{
    char **place = entry_of(entry, strcspn(entry, "="));
    *(place ? place : one_more_entry()) = entry;
}

void variable_forget(const char *name)
{
    size_t length = strlen(name);
    for (char **entry; (entry = entry_of(name, length));)
        do
            entry[0] = entry[1];
        while (*++entry);
}
