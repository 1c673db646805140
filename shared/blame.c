#include "blame.h"

#include "chain.h"
#include "closest.h"
#include "kernel.h"
#include "message.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#if UINTPTR_MAX > 0xffffffff
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#endif

/* The linker's name for this program's own header. */
extern const elf_header __ehdr_start;

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

/* Reads the loader that an ELF file asks for (PT_INTERP, elf(5)); the empty string when none. */
static void read_loader(int file, const elf_header *header, char *loader)
{
    *loader = '\0';
    for (int i = 0; i < header->e_phnum; i++) {
        elf_segment segment;
        off_t where = (off_t)(header->e_phoff + (unsigned)i * sizeof segment);
        if (pread(file, &segment, sizeof segment, where) != (ssize_t)sizeof segment)
            return;
        if (segment.p_type != PT_INTERP)
            continue;
        size_t length = segment.p_filesz < PATH_MAX ? segment.p_filesz : PATH_MAX - 1;
        if (pread(file, loader, length, (off_t)segment.p_offset) == (ssize_t)length)
            loader[length] = '\0';
        else
            *loader = '\0';
        return;
    }
}

/* After EACCES: permissions that would have allowed it leave only rules like those of Landlock,
 * which access(2) does not look at. */
static int is_ruled_out(int directory, const char *path)
{
    if (faccessat(directory, path, R_OK | X_OK, 0) < 0)
        return 0;
    hint("its permissions allow it: rules of fs-allow, or of another security module, do not");
    return 1;
}

/* ERROR is that of the execution; or -1 where a part of the part may be to blame as well: certain is then
 * only that it cannot even be read. */
static _Noreturn void blame_missing_part(const char *path, const char *what, const char *part,
                                         int error)
{
    struct stat status;
    if (stat(part, &status) < 0)
        end_with(STATUS_NOT_RUN, "cannot execute %s: its %s %s is missing", path, what, part);
    if (!S_ISREG(status.st_mode) || !(status.st_mode & 0111))
        end_with(STATUS_NOT_RUN, "cannot execute %s: its %s %s is not executable", path, what,
                 part);
    if (error < 0)
        error = open_at(AT_FDCWD, part, O_RDONLY | O_NONBLOCK) < 0 ? errno : 0;
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
    struct statvfs system;
    char start[256 + 1], part[PATH_MAX];
    elf_header header = {0};

    if (fstatat(directory, path, &status, 0) < 0) {
        int missing = errno == ENOENT || errno == ENOTDIR;
        end_with(missing ? STATUS_NOT_FOUND : STATUS_NOT_RUN, "cannot execute %s: %s", path,
                 strerror(errno));
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
    if (error == EACCES && file >= 0 && fstatvfs(file, &system) == 0 &&
        system.f_flag & ST_NOEXEC)
        end_with(STATUS_NOT_RUN, "cannot execute %s: its file system is mounted noexec", path);
    if (error == EACCES && file < 0 && errno == EACCES)
        is_ruled_out(directory, path);
    if (length < 0 || (error != ENOENT && error != EACCES && error != ENOEXEC))
        end_with(STATUS_NOT_RUN, "cannot execute %s: %s", path, strerror(error));

    start[length] = '\0';
    if (length == 0)
        end_with(STATUS_NOT_RUN, "cannot execute %s: it is empty", path);
    if (read_interpreter(start, part))
        blame_missing_part(path, "interpreter", part, -1);
    if (memcmp(start, ELFMAG, SELFMAG) != 0) {
        hint("a script starts with a line like #!/bin/sh");
        end_with(STATUS_NOT_RUN, "cannot execute %s: it is neither a program nor a script", path);
    }
    if ((size_t)length >= sizeof header)
        memcpy(&header, start, sizeof header);
    if (header.e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
        header.e_machine != __ehdr_start.e_machine)
        end_with(STATUS_NOT_RUN, "cannot execute %s: it is for another machine (ELF machine %d)",
                 path, header.e_machine);
    read_loader(file, &header, part);
    if (*part)
        blame_missing_part(path, "loader", part, error);
    if (error == EACCES)
        is_ruled_out(directory, path);
    end_with(STATUS_NOT_RUN, "cannot execute %s: %s", path, strerror(error));
}

void blame_search(const char *name, const char *searched)
{
    static const char *const programs[] = {
#include "programs.inc"
    };
    const char *best = NULL;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        best = closer(name, best, programs[i]);
    if (best)
        hint("did you mean the stage %s?", best);
    end_with(STATUS_NOT_FOUND, "cannot find %s in PATH: %s", name, searched);
}
