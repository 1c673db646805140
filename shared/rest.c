#include "rest.h"

#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#if defined __x86_64__
enum { PAGE = 4096, STACK = 128 * 1024, WORD = 8 };

struct range {
    uintptr_t from, to;
};

/* By no function: it would be in another page. */
static inline __attribute__((always_inline)) long call(long number, uintptr_t first, uintptr_t second, long third)
{
    long result;
    register long fourth __asm__("r10") = WORD; /* of sigtimedwait(2): how many bytes a set of signals has */
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}

static inline __attribute__((always_inline)) void give_back(uintptr_t from, uintptr_t to)
{
    call(SYS_madvise, from, to - from, MADV_DONTNEED);
}

/* Alone in its page, which is not given back. */
__attribute__((noinline, aligned(PAGE), section(".text.rest")))
static long rest(struct range program, const sigset_t *set, siginfo_t *info)
{
    uintptr_t own = (uintptr_t)rest, stack = (uintptr_t)__builtin_frame_address(0) / PAGE * PAGE - PAGE;
    give_back(stack - STACK, stack);
    give_back(program.from, own);
    give_back(own + PAGE, program.to);
    return call(SYS_rt_sigtimedwait, (uintptr_t)set, (uintptr_t)info, 0);
}

/* What of the program cannot be written: from its header to the first segment that can be. */
static struct range find_program(void)
{
    const Elf64_Phdr *segment = (const Elf64_Phdr *)getauxval(AT_PHDR);
    struct range program = {(uintptr_t)segment / PAGE * PAGE, 0};
    uintptr_t bias = program.from;
    int is_first = 1;
    for (unsigned long i = getauxval(AT_PHNUM); i > 0 && !program.to; i--, segment++) {
        if (segment->p_type != PT_LOAD)
            continue;
        if (is_first)
            bias -= segment->p_vaddr;
        is_first = 0;
        if (segment->p_flags & PF_W)
            program.to = (bias + segment->p_vaddr) / PAGE * PAGE;
    }
    return program;
}

static int rest_until_signal(const sigset_t *set, siginfo_t *info)
{
    long result = rest(find_program(), set, info);
    if (result >= 0)
        return (int)result;
    errno = (int)-result;
    return -1;
}
#else
static int rest_until_signal(const sigset_t *set, siginfo_t *info)
{
    return sigwaitinfo(set, info);
}
#endif

int await_signal(const sigset_t *set, siginfo_t *info)
{
    struct timespec a_while = {.tv_sec = 10};
    int result = sigtimedwait(set, info, &a_while);
    return result < 0 && errno == EAGAIN ? rest_until_signal(set, info) : result;
}
