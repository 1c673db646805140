#include "account.h"

#include "closest.h"
#include "file.h"
#include "message.h"
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const uint32_t largest_id = UINT32_MAX - 1;

/* An entry: name:password:id:..., then group:full name:home in passwd, the members in group. */
struct entry {
    const char *name, *id, *fourth, *home; /* NULL: the line has not so many fields */
    int cut;                        /* it is longer than what can be read of it */
};

struct table {
    const char *path, *kind;
    struct lines lines;
    int in_long_line;
};

/* Opens the file; returns 0 when it is not there and OPTIONAL. Somebody else may have filled the root:
 * what is no plain file could keep us waiting forever. */
static int open_table(struct table *table, const char *path, const char *kind, const char *text, int optional)
{
    struct stat status;
    *table = (struct table){.path = path, .kind = kind};
    int there = stat(path, &status) == 0;
    if (there && !S_ISREG(status.st_mode))
        refuse("%s is no plain file", path);
    if (there && open_lines(&table->lines, AT_FDCWD, path))
        return 1;
    if (errno == ENOENT && optional)
        return 0;
    if (errno == ENOENT)
        hint("numbers need no file, as 1000:1000");
    fail("cannot look up the %s %s in %s", kind, text, path);
}

/* Returns what stands in a line before the next ':', and ends it there. */
static char *next_field(char **rest)
{
    char *field = *rest;
    if (!field)
        return NULL;
    *rest = strchr(field, ':');
    if (*rest)
        *(*rest)++ = '\0';
    return field;
}

/* Returns 0 at the end of the file. A line without a name is none. A line that is too long comes in
 * several parts, and only the first of them begins with a name. */
static int next_entry(struct table *table, struct entry *entry)
{
    for (char *line; (line = next_line(&table->lines));) {
        int continued = table->in_long_line;
        table->in_long_line = table->lines.cut;
        if (continued || strchr("+-:", *line))
            continue;
        entry->cut = table->in_long_line;
        entry->name = next_field(&line);
        next_field(&line);
        entry->id = next_field(&line);
        entry->fourth = next_field(&line);
        next_field(&line);
        entry->home = next_field(&line);
        return 1;
    }
    errno = table->lines.error;
    if (errno)
        fail("cannot read %s", table->path);
    return 0;
}

/* What is looked for, and the name that is most like it: a copy, since entries are gone with the next. */
struct guess {
    const char *wanted;
    char best[64];
};

static void compare(struct guess *guess, const char *name)
{
    const char *best = *guess->best ? guess->best : NULL;
    if (closer(guess->wanted, best, name) == name)
        snprintf(guess->best, sizeof guess->best, "%s", name);
}

static _Noreturn void unknown(const struct table *table, const struct guess *guess)
{
    if (*guess->best)
        hint("did you mean %s?", guess->best);
    refuse("there is no %s \"%s\" in %s", table->kind, guess->wanted, table->path);
}

static int is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

/* Reads an id of the entry that was looked for. */
static uint32_t read_field(const struct table *table, const struct entry *entry, const char *field,
                           const char *kind)
{
    char what[192];
    snprintf(what, sizeof what, "%s: the %s id of %.100s", table->path, kind, entry->name);
    if (field)
        return (uint32_t)read_number(what, field, 0, largest_id);
    refuse("%s is missing", what);
}

static int has_id(const struct entry *entry, uint32_t id)
{
    return entry->id && is_number(entry->id) && strtoull(entry->id, NULL, 10) == id;
}

int names_root(const char *user)
{
    size_t length = strcspn(user, ":");
    return (length == 1 && *user == '0') || (length == 4 && strncmp(user, "root", 4) == 0);
}

struct user find_user(const char *text, int need_group)
{
    struct user user = {0};
    struct table table;
    struct entry entry;
    struct guess guess = {.wanted = text};
    int by_number = is_number(text);

    if (by_number)
        user.id = (uid_t)read_number("USER", text, 0, largest_id);
    if (by_number && !need_group)
        return user;
    open_table(&table, "/etc/passwd", "user", text, 0);
    while (next_entry(&table, &entry)) {
        if (by_number ? !has_id(&entry, user.id) : strcmp(entry.name, text) != 0) {
            compare(&guess, entry.name);
            continue;
        }
        user.id = read_field(&table, &entry, entry.id, "user");
        if (need_group) {
            user.group = read_field(&table, &entry, entry.fourth, "group");
            if (strlen(entry.name) >= sizeof user.name)
                refuse("%s: the name of the user %s is too long", table.path, text);
            strcpy(user.name, entry.name);
        }
        close_lines(&table.lines);
        return user;
    }
    if (by_number) {
        hint("give the group, too, as %s:%s", text, text);
        refuse("the user %s has no entry in %s, which would name the group", text, table.path);
    }
    unknown(&table, &guess);
}

gid_t find_group(const char *what, const char *text)
{
    struct table table;
    struct entry entry;
    struct guess guess = {.wanted = text};

    if (is_number(text))
        return (gid_t)read_number(what, text, 0, largest_id);
    open_table(&table, "/etc/group", "group", text, 0);
    while (next_entry(&table, &entry)) {
        if (strcmp(entry.name, text) == 0) {
            gid_t id = read_field(&table, &entry, entry.id, "group");
            close_lines(&table.lines);
            return id;
        }
        compare(&guess, entry.name);
    }
    unknown(&table, &guess);
}

size_t find_groups(const char *what, const char *list, gid_t *groups)
{
    char name[256];
    size_t count = 0;
    for (const char *item = list;; item++) {
        size_t length = strcspn(item, ",");
        if (length == 0)
            refuse("%s: the list \"%s\" has an empty group in it", what, list);
        if (length >= sizeof name)
            refuse("%s: \"%.*s\" is too long", what, (int)length, item);
        if (count == MOST_GROUPS)
            refuse("%s: more than %d groups", what, MOST_GROUPS);
        snprintf(name, sizeof name, "%.*s", (int)length, item);
        groups[count++] = find_group(what, name);
        item += length;
        if (!*item)
            return count;
    }
}

size_t groups_of_user(const struct user *user, gid_t *groups)
{
    struct table table;
    struct entry entry;
    size_t count = 1;

    groups[0] = user->group;
    if (!open_table(&table, "/etc/group", "groups of", user->name, 1))
        return count;
    while (next_entry(&table, &entry)) {
        /* Who is in the part that cannot be read is not known. */
        if (entry.cut) {
            hint("name the groups with --groups, or use --clear-groups");
            refuse("%s: the line of %.100s is too long", table.path, entry.name);
        }
        if (!entry.fourth || !list_has(entry.fourth, ",", user->name))
            continue;
        gid_t id = read_field(&table, &entry, entry.id, "group");
        if (id == user->group)
            continue;
        if (count == MOST_GROUPS)
            refuse("%s: %s is in more than %d groups", table.path, user->name, MOST_GROUPS);
        groups[count++] = id;
    }
    return count;
}

struct login find_login(uid_t id)
{
    struct login login;
    struct table table;
    struct entry entry;
    snprintf(login.name, sizeof login.name, "%u", (unsigned)id);
    strcpy(login.home, "/");
    if (!open_table(&table, "/etc/passwd", "user", login.name, 1))
        return login;
    while (next_entry(&table, &entry))
        if (has_id(&entry, id)) {
            if (!entry.home || strlen(entry.name) >= sizeof login.name ||
                strlen(entry.home) >= sizeof login.home)
                refuse("%s: the entry of the user %s has no home directory, or too long a one", table.path,
                       login.name);
            strcpy(login.name, entry.name);
            if (*entry.home)
                strcpy(login.home, entry.home);
            close_lines(&table.lines);
            break;
        }
    return login;
}
