/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into the supervisor by tests: clocks that jump. The file named by CLOCK_SHIM_FILE holds
 * three 64-bit numbers of nanoseconds that the test changes at will: they are added to the wall
 * clock, to CLOCK_MONOTONIC and to CLOCK_BOOTTIME. Waits in the kernel keep to the real clocks, as
 * they do for a machine that was paused.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SHIM_WALL, SHIM_MONOTONIC, SHIM_BOOTTIME, SHIM_CLOCKS };

static volatile const int64_t *shim_offsets;

__attribute__((constructor)) static void shim_open(void)
{
    const char *path = getenv("CLOCK_SHIM_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map;

    if (fd < 0)
        return;
    map = mmap(NULL, SHIM_CLOCKS * sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        shim_offsets = map;
}

static int64_t shim_offset(clockid_t id)
{
    if (!shim_offsets)
        return 0;
    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        return shim_offsets[SHIM_WALL];
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
        return shim_offsets[SHIM_MONOTONIC];
    case CLOCK_BOOTTIME:
        return shim_offsets[SHIM_BOOTTIME];
    default:
        return 0;
    }
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    long rc = syscall(SYS_clock_gettime, id, ts);
    int64_t sum;

    if (rc < 0)
        return -1;
    sum = (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec + shim_offset(id);
    ts->tv_sec = (time_t)(sum / 1000000000);
    ts->tv_nsec = (long)(sum % 1000000000);
    return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    tv->tv_sec = now.tv_sec;
    tv->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
