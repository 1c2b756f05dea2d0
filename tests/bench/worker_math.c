/* SPDX-License-Identifier: MIT */
/*
 * The worker in C of rows 2, 3 and 11: squares a number, or counts the primes, or sums the square
 * roots, of a range "FROM TO" (from included, to not). Without a supervisor: "once WORK RANGE"
 * does one range, "half WORK N" every second line of its standard input from the Nth (0 or 1) on.
 */
#include <lifeguard/worker.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_prime(unsigned long n)
{
    if (n < 2 || (n % 2 == 0 && n != 2))
        return 0;
    for (unsigned long d = 3; d * d <= n; d += 2)
        if (n % d == 0)
            return 0;
    return 1;
}

static int do_range(const char *work, unsigned long from, unsigned long to, char *result,
                    size_t size)
{
    unsigned long primes = 0;
    double sum = 0;

    if (strcmp(work, "primes") == 0) {
        for (unsigned long n = from; n < to; n++)
            primes += (unsigned long)is_prime(n);
        return snprintf(result, size, "%lu", primes);
    }
    for (unsigned long n = from; n < to; n++)
        sum += sqrt((double)n);
    return snprintf(result, size, "%.6f", sum);
}

/* snprintf alone would cost as much as all the rest of a square. */
static int do_square(const char *payload, char *result, size_t size)
{
    unsigned long value = strtoul(payload, NULL, 10);
    size_t at = size - 1, len;

    value *= value;
    result[at] = '\0';
    do {
        result[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    len = size - 1 - at;
    memmove(result, result + at, len + 1);
    return (int)len;
}

static int do_task(const char *work, const char *payload, char *result, size_t size)
{
    char *end;
    unsigned long from;

    if (strcmp(work, "square") == 0)
        return do_square(payload, result, size);
    from = strtoul(payload, &end, 10);
    return do_range(work, from, strtoul(end, NULL, 10), result, size);
}

/* What half of the ideal does: the same ranges, and nobody who hands them out. */
static int do_half(const char *work, int skip)
{
    char line[64], result[64];

    for (int i = 0; fgets(line, sizeof(line), stdin); i++)
        if (i % 2 == skip) {
            do_task(work, line, result, sizeof(result));
            puts(result);
        }
    return 0;
}

static int serve(const char *work)
{
    const struct lg_task *task;
    struct lg_worker *worker;
    char result[64];

    if (lg_worker_open(&worker) < 0)
        return 1;
    lg_worker_gather(worker, 1);
    while (lg_worker_next(worker, &task) > 0) {
        int len = do_task(work, task->payload, result, sizeof(result));

        lg_worker_ok(worker, task, result, (size_t)len);
    }
    lg_worker_close(worker);
    return 0;
}

int main(int argc, char **argv)
{
    char result[64];

    if (argc > 3 && strcmp(argv[1], "half") == 0)
        return do_half(argv[2], atoi(argv[3]));
    if (argc > 3 && strcmp(argv[1], "once") == 0) {
        do_task(argv[2], argv[3], result, sizeof(result));
        return puts(result) < 0;
    }
    return serve(argc > 1 ? argv[1] : "square");
}
