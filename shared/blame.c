#include "blame.h"

#include "capability.h"
#include "closest.h"
#include "confine.h"
#include "kernel.h"
#include "message.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What the two kinds of headers (elf(5)) have in common stands at the same place in both. */
union elf_header {
    Elf32_Ehdr narrow;
    Elf64_Ehdr wide;
};

/* The linker's name for this program's own header. */
extern const union elf_header __ehdr_start;

/* Where the chain left the stages, behind root-setup; else NULL. */
static char **left_words;

void blame_left(char **words)
{
    left_words = words;
}

#define STAGE(name, identifier) #name,
static const char *const programs[] = {
#include "stages.inc"
    "minictr",
};
enum { PROGRAMS = sizeof programs / sizeof *programs };

int is_stage(const char *word)
{
    for (size_t i = 0; i < PROGRAMS; i++)
        if (strcmp(word, programs[i]) == 0)
            return 1;
    return 0;
}

/* PATH is not found. */
static void hint_at_stages(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!left_words)
        return;
    if (slash && is_stage(slash + 1)) {
        hint("behind root-setup no path leads to a stage: write %s alone", slash + 1);
        return;
    }
    for (char **word = left_words + 1; *word; word++)
        if (is_stage(*word)) {
            hint("%s is none of the stages, and behind root-setup only a stage can be followed by one, as "
                 "%s",
                 path, *word);
            return;
        }
}

/* Reads what follows "#!" up to the first space. Returns whether the file is a script. */
static int read_interpreter(const char *start, char *interpreter)
{
    if (strncmp(start, "#!", 2) != 0)
        return 0;
    start += 2 + strspn(start + 2, " \t");
    size_t length = strcspn(start, " \t\n");
    memcpy(interpreter, start, length);
    interpreter[length] = '\0';
    return 1;
}

static int is_wide(const union elf_header *header)
{
    return header->wide.e_ident[EI_CLASS] == ELFCLASS64;
}

/* Reads the header of an ELF file; returns whether it is one, as far as a file of this length can be. */
static int read_header(int file, union elf_header *header)
{
    *header = (union elf_header){.wide = {.e_ident = {0}}};
    return pread(file, header, sizeof *header, 0) >= SELFMAG &&
           memcmp(header->wide.e_ident, ELFMAG, SELFMAG) == 0;
}

/* Reads where the segment number I lies in the file; returns whether it names a loader (PT_INTERP). */
static int read_segment(int file, const union elf_header *header, int i, off_t *where, size_t *size)
{
    Elf32_Phdr narrow = {0};
    Elf64_Phdr wide = {0};
    if (is_wide(header)) {
        off_t at = (off_t)(header->wide.e_phoff + (unsigned)i * sizeof wide);
        int is_read = pread(file, &wide, sizeof wide, at) == (ssize_t)sizeof wide;
        *where = (off_t)wide.p_offset;
        *size = wide.p_filesz;
        return is_read && wide.p_type == PT_INTERP;
    }
    off_t at = (off_t)(header->narrow.e_phoff + (unsigned)i * sizeof narrow);
    int is_read = pread(file, &narrow, sizeof narrow, at) == (ssize_t)sizeof narrow;
    *where = (off_t)narrow.p_offset;
    *size = narrow.p_filesz;
    return is_read && narrow.p_type == PT_INTERP;
}

/* Reads the loader that an ELF file asks for; the empty string when none. */
static void read_loader(int file, const union elf_header *header, char *loader)
{
    int count = is_wide(header) ? header->wide.e_phnum : header->narrow.e_phnum;
    off_t where;
    size_t size;
    *loader = '\0';
    for (int i = 0; i < count; i++) {
        if (!read_segment(file, header, i, &where, &size))
            continue;
        ssize_t length = pread(file, loader, size < PATH_MAX ? size : PATH_MAX - 1, where);
        loader[length < 0 ? 0 : length] = '\0';
        return;
    }
}

/* After ENOEXEC: says whether an ELF file is for another machine; then writes its number, and keeps a hint
 * that says what each is called by uname(1). */
static int is_foreign(const union elf_header *header, int *machine)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {EM_386, "i686, "},     {EM_X86_64, "x86_64, "}, {EM_ARM, "arm, "},
        {EM_PPC, "ppc, "},      {EM_PPC64, "ppc64, "},   {EM_AARCH64, "aarch64, "},
        {EM_RISCV, "riscv, "},  {EM_S390, "s390, "},     {EM_MIPS, "mips, "},
    };
    const unsigned char *ident = header->wide.e_ident, *own = __ehdr_start.wide.e_ident;
    const char *name = "";
    struct utsname here;
    *machine = header->wide.e_machine;
    if (ident[EI_DATA] != own[EI_DATA])
        *machine = *machine >> 8 | (*machine & 0xff) << 8;
    if (ident[EI_CLASS] == own[EI_CLASS] && ident[EI_DATA] == own[EI_DATA] &&
        *machine == __ehdr_start.wide.e_machine)
        return 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == *machine)
            name = names[i].name;
    if (uname(&here) == 0)
        hint("that is for %sELF machine %d, and this is %s, ELF machine %d", name, *machine, here.machine,
             __ehdr_start.wide.e_machine);
    return 1;
}

static int is_on_noexec(int file)
{
    struct statvfs system;
    return file >= 0 && fstatvfs(file, &system) == 0 && system.f_flag & ST_NOEXEC;
}

/* After EPERM: the kernel executes no file that is to have capabilities which the process cannot get
 * (capabilities(7), "Safety checking for capability-dumb binaries"). */
static void hint_at_capabilities(int file, const char *path)
{
    enum { EFFECTIVE = 1 };
    struct { /* struct vfs_ns_cap_data */
        uint32_t magic, permitted, inheritable, permitted_high, inheritable_high, root;
    } has = {0};
    uint64_t bounding;
    if (file < 0 || fgetxattr(file, "security.capability", &has, sizeof has) < 0 ||
        !(le32toh(has.magic) & EFFECTIVE) || get_bounding_set(&bounding) < 0)
        return;
    uint64_t permitted = (uint64_t)le32toh(has.permitted_high) << 32 | le32toh(has.permitted);
    for (int i = 0; i < 64; i++)
        if (permitted >> i & 1 && !(bounding >> i & 1)) {
            hint("it has the file capability %s, which no process here can get: let cap-keep keep that, or "
                 "\"setcap -r %s\"",
                 capability_name(i), path);
            return;
        }
}

/* After EACCES: permissions that would have allowed it leave only rules like those of Landlock,
 * which access(2) does not look at. */
static int is_ruled_out(int directory, const char *path)
{
    if (faccessat(directory, path, R_OK | X_OK, 0) < 0)
        return 0;
    const char *by = confinement();
    if (by)
        hint("its permissions allow it, but this process is confined by %s", by);
    else
        hint("its permissions allow it: rules of fs-allow, or of another security module, do not");
    return 1;
}

/* Ends the program when what an interpreter needs itself, an ELF file, is what kept it from running. */
static void blame_interpreter(const char *path, const char *part, int file, int error)
{
    union elf_header header;
    char loader[PATH_MAX];
    int machine;
    if (file < 0 || !read_header(file, &header))
        return;
    if (error == ENOEXEC && is_foreign(&header, &machine))
        end_with(STATUS_NOT_RUN,
                 "cannot execute %s: its interpreter %s is for another machine (ELF machine %d)",
                 path, part, machine);
    read_loader(file, &header, loader);
    if (error == ENOENT && *loader && access(loader, F_OK) < 0)
        end_with(STATUS_NOT_RUN,
                 "cannot execute %s: the loader %s of its interpreter %s is missing", path, loader,
                 part);
}

/* ERROR is that of the execution. A part of an interpreter may be to blame as well: certain is then only what
 * blame_interpreter() finds, and that it cannot even be read. */
static _Noreturn void blame_missing_part(const char *path, const char *what, const char *part,
                                         int error, int has_parts)
{
    struct stat status;
    size_t length = strlen(part);
    if (stat(part, &status) < 0) {
        if (length && part[length - 1] == '\r')
            hint("its first line ends in a carriage return: sed -i 's/\\r$//' %s", path);
        end_with(STATUS_NOT_RUN, "cannot execute %s: its %s %s is missing", path, what, part);
    }
    if (!S_ISREG(status.st_mode) || !(status.st_mode & 0111))
        end_with(STATUS_NOT_RUN, "cannot execute %s: its %s %s is not executable", path, what,
                 part);
    int file = open_at(AT_FDCWD, part, O_RDONLY | O_NONBLOCK), unread = file < 0 ? errno : 0;
    if (error == EACCES && is_on_noexec(file))
        end_with(STATUS_NOT_RUN, "cannot execute %s: the file system of its %s %s is mounted noexec",
                 path, what, part);
    if (has_parts) {
        blame_interpreter(path, part, file, error);
        error = unread;
    }
    if (error == EACCES && is_ruled_out(AT_FDCWD, part))
        end_with(STATUS_NOT_RUN, "cannot execute %s or its %s %s: %s", path, what, part,
                 strerror(error));
    end_with(STATUS_NOT_RUN, "cannot execute %s: its %s %s cannot be executed", path, what, part);
}

void blame_exec(const char *path, int stages)
{
    int error = errno;
    int directory = stages >= 0 && !strchr(path, '/') ? stages : AT_FDCWD;
    struct stat status;
    char start[256 + 1], part[PATH_MAX];
    union elf_header header;
    int machine;

    if (fstatat(directory, path, &status, 0) < 0) {
        int missing = errno == ENOENT || errno == ENOTDIR, reason = errno;
        if (missing)
            hint_at_stages(path);
        end_with(missing ? STATUS_NOT_FOUND : STATUS_NOT_RUN, "cannot execute %s: %s", path,
                 strerror(reason));
    }
    if (S_ISDIR(status.st_mode))
        end_with(STATUS_NOT_RUN, "cannot execute %s: it is a directory", path);
    if (!S_ISREG(status.st_mode))
        end_with(STATUS_NOT_RUN, "cannot execute %s: it is not a regular file", path);
    if (!(status.st_mode & 0111)) {
        hint("chmod +x would make it executable");
        end_with(STATUS_NOT_RUN, "cannot execute %s: it has no execute permission", path);
    }
    int file = open_at(directory, path, O_RDONLY);
    ssize_t length = file < 0 ? -1 : pread(file, start, sizeof start - 1, 0);
    if (error == EACCES && is_on_noexec(file))
        end_with(STATUS_NOT_RUN, "cannot execute %s: its file system is mounted noexec", path);
    if (error == EACCES && file < 0 && errno == EACCES)
        is_ruled_out(directory, path);
    if (error == EPERM)
        hint_at_capabilities(file, path);
    if (length < 0 || (error != ENOENT && error != EACCES && error != ENOEXEC))
        end_with(STATUS_NOT_RUN, "cannot execute %s: %s", path, strerror(error));

    start[length] = '\0';
    if (length == 0)
        end_with(STATUS_NOT_RUN, "cannot execute %s: it is empty", path);
    if (read_interpreter(start, part))
        blame_missing_part(path, "interpreter", part, error, 1);
    if (!read_header(file, &header)) {
        hint("a script starts with a line like #!/bin/sh");
        end_with(STATUS_NOT_RUN, "cannot execute %s: it is neither a program nor a script", path);
    }
    if (error == ENOEXEC && is_foreign(&header, &machine))
        end_with(STATUS_NOT_RUN, "cannot execute %s: it is for another machine (ELF machine %d)",
                 path, machine);
    read_loader(file, &header, part);
    if (*part)
        blame_missing_part(path, "loader", part, error, 0);
    if (error == EACCES)
        is_ruled_out(directory, path);
    end_with(STATUS_NOT_RUN, "cannot execute %s: %s", path, strerror(error));
}

void blame_search(const char *name, const char *searched)
{
    const char *best = NULL;
    if (left_words)
        hint("it was looked for in the new root");
    hint_at_stages(name);
    for (size_t i = 0; i < PROGRAMS; i++)
        best = closer(name, best, programs[i]);
    if (best)
        hint("did you mean the stage %s?", best);
    if (*name == '-')
        hint("the options of a stage stand before its operands");
    end_with(STATUS_NOT_FOUND, "cannot find %s in PATH: %s", name, searched);
}
