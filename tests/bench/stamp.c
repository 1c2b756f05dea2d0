/* SPDX-License-Identifier: MIT */
/*
 * Row 4's worker: its first act is to append "PID NANOSECONDS" (monotonic) to FILE; then it sleeps.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec now;
    char line[64];
    int file, len;

    clock_gettime(CLOCK_MONOTONIC, &now);
    file = open(argc > 1 ? argv[1] : "/dev/null", O_WRONLY | O_APPEND | O_CREAT, 0644);
    len = snprintf(line, sizeof(line), "%d %lld\n", (int)getpid(),
                   (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    if (file < 0 || write(file, line, (size_t)len) != len)
        return 1;
    for (;;)
        pause();
}
