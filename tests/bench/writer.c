/* SPDX-License-Identifier: MIT */
/*
 * Row 6's worker: LINES lines of 100 bytes, in blocks of 64 KiB or ("lines") one write a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 0;
    int single = argc > 2 && strcmp(argv[2], "lines") == 0;
    static char block[65500];
    size_t used = 0;

    for (long i = 0; i < count; i++) {
        char line[128];

        snprintf(line, sizeof(line), "%010ld %088d\n", i, 0);
        memcpy(block + used, line, 100);
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
