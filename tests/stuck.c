/* stuck: waits in a call that nothing interrupts, for the end of a child (CLONE_VFORK, clone(2)). */
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    if (syscall(SYS_clone, (unsigned long)CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL) == 0)
        for (;;)
            pause();
    return 0;
}
