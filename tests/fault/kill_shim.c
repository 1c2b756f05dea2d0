/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into the supervisor by tests: KILL does not reach anybody while the file named by
 * KILL_SHIM_FILE exists, as if the kernel held them. (A real one can't be had for a while and then
 * not: what sleeps uninterruptibly and dies late needs a broken disk.)
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int kill(pid_t pid, int number)
{
    const char *path = getenv("KILL_SHIM_FILE");

    if (number == SIGKILL && path && access(path, F_OK) == 0)
        return 0;
    return (int)syscall(SYS_kill, pid, number);
}
