/*
 * payload: what the bench starts in every container: writes the time (CLOCK_MONOTONIC, a struct timespec)
 * to standard output by its first instructions, and ends; with an argument it waits to be killed. No libc.
 */
#if defined __x86_64__
__asm__(".globl _start\n"
        "_start:\n"
        "    mov (%rsp), %rbx\n"    /* argc */
        "    sub $16, %rsp\n"
        "    mov $1, %edi\n"        /* CLOCK_MONOTONIC */
        "    mov %rsp, %rsi\n"
        "    mov $228, %eax\n"      /* clock_gettime */
        "    syscall\n"
        "    mov $1, %edi\n"
        "    mov %rsp, %rsi\n"
        "    mov $16, %edx\n"
        "    mov $1, %eax\n"        /* write */
        "    syscall\n"
        "    cmp $1, %rbx\n"
        "    jle 2f\n"
        "1:  mov $34, %eax\n"       /* pause */
        "    syscall\n"
        "    jmp 1b\n"
        "2:  xor %edi, %edi\n"
        "    mov $231, %eax\n"      /* exit_group */
        "    syscall\n");
#else
#error "payload.c: write the four system calls for this machine"
#endif
