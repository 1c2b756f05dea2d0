/* SPDX-License-Identifier: MIT */
/*
 * Row 6's worker: LINES lines of 100 bytes, in blocks of 64 KiB or ("lines") one write a line. Its
 * first act is to write the time (monotonic, nanoseconds) to FILE, the third argument.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int write_start(const char *path)
{
    struct timespec now;
    FILE *file = fopen(path, "w");

    if (!file)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    fprintf(file, "%lld\n", (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    return fclose(file);
}

/* The next number, in place: formatting would cost more than writing. */
static void count_up(char *last_digit)
{
    while (*last_digit == '9')
        *last_digit-- = '0';
    (*last_digit)++;
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 0;
    int single = argc > 2 && strcmp(argv[2], "lines") == 0;
    static char block[65500], line[101];
    size_t used = 0;

    if (argc > 3 && write_start(argv[3]) < 0)
        return 2;
    snprintf(line, sizeof(line), "%010d %088d\n", 0, 0);
    for (long i = 0; i < count; i++) {
        memcpy(block + used, line, 100);
        count_up(line + 9);
        used += 100;
        if (single || used == sizeof(block) || i == count - 1) {
            for (size_t at = 0; at < used;) {
                ssize_t sent = write(1, block + at, used - at);

                if (sent < 0)
                    return 1;
                at += (size_t)sent;
            }
            used = 0;
        }
    }
    return 0;
}
