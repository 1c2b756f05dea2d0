/* SPDX-License-Identifier: MIT */
/*
 * Captures from a real pipe to real files: nothing lost, nothing reordered, nothing invented.
 */
#include "capture_fixture.h"

static void join_line(void *ctx, const struct log_line *line)
{
    struct buf *text = ctx;

    buf_printf(text, "%llu%c%s:", (unsigned long long)line->seq, line->stream,
               line->partial ? "+" : "");
    buf_append(text, line->bytes, line->len);
    buf_append_char(text, '|');
}

static void lines_go_everywhere(void **state)
{
    struct buf sink = {0}, tail = {0};
    struct fixture f;
    char last[8];

    (void)state;
    fixture_init(&f, "everywhere");
    fixture_start(&f);
    capture_set_sink(f.capture, join_line, &sink);
    print_text(&f, "one\ntwo\nthr");
    print_text(&f, "ee\nrest");
    capture_finish(f.capture, f.wall);
    capture_note(f.capture, f.wall, "ended\nbadly");
    assert_string_equal(buf_string(&sink), "1o:one|2o:two|3o:three|4o+:rest|5s:ended badly|");
    assert_int_equal(capture_tail(f.capture, 100, join_line, &tail), 5);
    assert_string_equal(buf_string(&tail), buf_string(&sink));
    expect_file(&f, "one\ntwo\nthree\nrest\nlifeguard: ended badly\n");
    capture_last_line(f.capture, last, sizeof(last));
    assert_string_equal(last, "rest"); /* the worker's own, not what is said of it */
    assert_int_equal(capture_lines(f.capture), 5);
    assert_int_equal(capture_bytes(f.capture), 18);
    assert_int_equal(capture_dropped(f.capture), 0);
    assert_string_equal(capture_path(f.capture), f.path);
    capture_set_sink(f.capture, NULL, NULL);
    print_text(&f, "six\n");
    assert_string_equal(buf_string(&sink), "1o:one|2o:two|3o:three|4o+:rest|5s:ended badly|");
    buf_fini(&sink);
    buf_fini(&tail);
    fixture_fini(&f);
}

static void end_of_file_is_told(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, "end");
    fixture_start(&f);
    assert_int_equal(capture_read(f.capture, f.out[0], 'o', f.wall), CAPTURE_MORE);
    assert_int_equal(file_write_all(f.out[1], "a\n", 2), 0);
    close(f.out[1]);
    f.out[1] = -1;
    assert_int_equal(capture_read(f.capture, f.out[0], 'o', f.wall), CAPTURE_MORE);
    assert_int_equal(capture_read(f.capture, f.out[0], 'o', f.wall), CAPTURE_END);
    assert_int_equal(capture_read(f.capture, -1, 'o', f.wall), -EBADF);
    fixture_fini(&f);
}

/* Unfinished lines of the two streams must not run into one another. */
static void streams_are_kept_apart(void **state)
{
    struct buf tail = {0};
    struct fixture f;
    int err[2];

    (void)state;
    fixture_init(&f, "streams");
    fixture_start(&f);
    assert_int_equal(file_pipe(err, true, false), 0);
    print_text(&f, "out be");
    assert_int_equal(file_write_all(err[1], "err\nerr be", 10), 0);
    assert_int_equal(capture_read(f.capture, err[0], 'e', f.wall), CAPTURE_MORE);
    print_text(&f, "gins\nout rest");
    capture_finish(f.capture, f.wall);
    capture_tail(f.capture, 10, join_line, &tail);
    assert_string_equal(buf_string(&tail), "1e:err|2o:out begins|3o+:out rest|4e+:err be|");
    expect_file(&f, "err\nout begins\nout rest\nerr be");
    /* The next life of the same file begins on a line of its own. */
    capture_free(f.capture);
    fixture_start(&f);
    print_text(&f, "next\n");
    expect_file(&f, "err\nout begins\nout rest\nerr be\nnext\n");
    buf_fini(&tail);
    close(err[0]);
    close(err[1]);
    fixture_fini(&f);
}

static void timestamps_are_put_before_lines(void **state)
{
    struct fixture f;

    (void)state;
    setenv("TZ", "UTC", 1);
    fixture_init(&f, "stamps");
    f.options.timestamps = true;
    fixture_start(&f);
    print_text(&f, "one\n\ntwo\nrest");
    f.wall += CLOCK_S;
    capture_finish(f.capture, f.wall);
    capture_note(f.capture, f.wall, "over");
    expect_file(&f, "2026-11-21T03:00:01.123+0000 o one\n"
                    "2026-11-21T03:00:01.123+0000 o \n"
                    "2026-11-21T03:00:01.123+0000 o two\n"
                    "2026-11-21T03:00:02.123+0000 o+rest\n"
                    "2026-11-21T03:00:02.123+0000 s over\n");
    fixture_fini(&f);
}

/* One-byte lines are the worst case for the batch of stamped lines. */
static void stamped_lines_are_all_there(void **state)
{
    enum { COUNT = 60000 };
    char *bytes = mem_new(2 * COUNT);
    struct fixture f;
    struct buf all;
    size_t count = 0;

    (void)state;
    fixture_init(&f, "many-stamps");
    f.options.timestamps = true;
    fixture_start(&f);
    for (int i = 0; i < COUNT; i++) {
        bytes[2 * i] = (char)('a' + i % 26);
        bytes[2 * i + 1] = '\n';
    }
    print(&f, bytes, 2 * COUNT);
    read_parts(&f, 0, &all);
    assert_int_equal(buf_len(&all), COUNT * 33);
    for (const char *at = buf_data(&all); count < COUNT; at += 33)
        assert_int_equal(at[31], 'a' + (int)(count++ % 26));
    buf_fini(&all);
    free(bytes);
    fixture_fini(&f);
}

/* Each line: number, filler of some length with NULs, and a sum over it. */
static size_t make_line(char *out, unsigned number)
{
    unsigned fill = number * 2654435761U % 120, sum = number;
    size_t len = (size_t)sprintf(out, "%08u ", number);

    for (unsigned i = 0; i < fill; i++) {
        out[len] = (char)((number * 31 + i * 7) % 256);
        if (out[len] == '\n')
            out[len] = '\0';
        sum = sum * 33 + (unsigned char)out[len++];
    }
    return len + (size_t)sprintf(out + len, " %08x\n", sum);
}

static void expect_all_lines(const char *bytes, size_t len, unsigned count)
{
    char line[256];

    for (unsigned i = 0; i < count; i++) {
        size_t want = make_line(line, i);

        assert_true(len >= want);
        assert_memory_equal(bytes, line, want);
        bytes += want;
        len -= want;
    }
    assert_int_equal(len, 0);
}

static void rotation_loses_nothing(void **state)
{
    enum { COUNT = 20000, MAX = 4096 };
    char *bytes = mem_new(COUNT * 200), part[PATH_MAX + 16];
    struct stat status;
    struct fixture f;
    struct buf all;
    size_t len = 0;

    (void)state;
    fixture_init(&f, "rotate");
    f.options.max_size = MAX;
    f.options.keep = 1000;
    fixture_start(&f);
    for (unsigned i = 0; i < COUNT; i++)
        len += make_line(bytes + len, i);
    for (size_t at = 0; at < len;) {
        size_t piece = (size_t)rand() % 9000 + 1;

        piece = piece < len - at ? piece : len - at;
        print(&f, bytes + at, piece);
        at += piece;
    }
    capture_finish(f.capture, f.wall);
    read_parts(&f, 1000, &all);
    expect_all_lines(buf_data(&all), buf_len(&all), COUNT);
    buf_fini(&all);
    for (int i = 0; i <= 1000; i++) {
        snprintf(part, sizeof(part), i ? "%s.%d" : "%s", f.path, i);
        if (lstat(part, &status) < 0)
            break;
        assert_true(status.st_size <= MAX);
        assert_true(i == 0 || status.st_size > MAX - 200);
    }
    free(bytes);
    fixture_fini(&f);
}

static void only_so_many_parts_are_kept(void **state)
{
    char line[1001], part[PATH_MAX + 16];
    struct fixture f;

    (void)state;
    fixture_init(&f, "keep");
    f.options.max_size = 4096;
    f.options.keep = 3;
    fixture_start(&f);
    memset(line, 'x', 1000);
    line[999] = '\n';
    for (int i = 0; i < 40; i++)
        print(&f, line, 1000);
    for (int i = 1; i <= 4; i++) {
        snprintf(part, sizeof(part), "%s.%d", f.path, i);
        assert_int_equal(access(part, F_OK), i <= 3 ? 0 : -1);
    }
    fixture_fini(&f);
    /* Keep 0: the file begins anew. */
    fixture_init(&f, "keep-none");
    f.options.max_size = 4096;
    f.options.keep = 0;
    fixture_start(&f);
    for (int i = 0; i < 10; i++)
        print(&f, line, 1000);
    snprintf(part, sizeof(part), "%s.1", f.path);
    assert_int_equal(access(part, F_OK), -1);
    fixture_fini(&f);
}

/* A line larger than a file is whole in one file of its own. */
static void large_lines_are_not_torn(void **state)
{
    char *line = mem_new(10001), part[PATH_MAX + 16];
    struct fixture f;
    struct stat status;

    (void)state;
    memset(line, 'x', 10000);
    line[9999] = '\n';
    fixture_init(&f, "large");
    f.options.max_size = 4096;
    fixture_start(&f);
    print_text(&f, "small\n");
    print(&f, line, 10000);
    print_text(&f, "small\n");
    snprintf(part, sizeof(part), "%s.1", f.path);
    assert_int_equal(lstat(part, &status), 0);
    assert_int_equal(status.st_size, 10000);
    expect_file(&f, "small\n");
    free(line);
    fixture_fini(&f);
}

static void earlier_life_is_rotated_away(void **state)
{
    char part[PATH_MAX + 16];
    struct fixture f;
    struct buf old = {0};

    (void)state;
    fixture_init(&f, "lives");
    f.options.append = false;
    fixture_start(&f);
    print_text(&f, "first\n");
    capture_free(f.capture);
    fixture_start(&f);
    print_text(&f, "second\n");
    expect_file(&f, "second\n");
    snprintf(part, sizeof(part), "%s.1", f.path);
    append_file(&old, part);
    assert_string_equal(buf_string(&old), "first\n");
    buf_fini(&old);
    fixture_fini(&f);
}

/* Bytes of all kinds and a line without end: the file has exactly what was printed. */
static void endless_line_is_stored_in_flat_memory(void **state)
{
    enum { CHUNK = 60000, CHUNKS = 1100 }; /* 63 MiB */
    char *chunk = mem_new(CHUNK), *got = mem_new(CHUNK);
    struct fixture f;
    int fd;

    (void)state;
    fixture_init(&f, "endless");
    fixture_start(&f);
    for (int i = 0; i < CHUNK; i++)
        chunk[i] = (char)(i % 251 == '\n' ? 255 : i % 251);
    for (int i = 0; i < CHUNKS; i++)
        print(&f, chunk, CHUNK);
    capture_finish(f.capture, f.wall);
    assert_int_equal(capture_bytes(f.capture), (uint64_t)CHUNK * CHUNKS);
    assert_int_equal(capture_lines(f.capture), ((uint64_t)CHUNK * CHUNKS + 65535) / 65536);
    fd = open(f.path, O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < CHUNKS; i++) {
        assert_int_equal(read(fd, got, CHUNK), CHUNK);
        assert_memory_equal(got, chunk, CHUNK);
    }
    assert_int_equal(read(fd, got, 1), 0);
    close(fd);
    unlink(f.path);
    free(chunk);
    free(got);
    fixture_fini(&f);
}

static void output_is_kept_for_results(void **state)
{
    struct fixture f;
    uint64_t total;
    size_t len;
    char *got;
    int err[2];

    (void)state;
    fixture_init(&f, "kept");
    f.options.path = NULL;
    fixture_start(&f);
    assert_int_equal(file_pipe(err, true, false), 0);
    capture_keep_output(f.capture, 10);
    print_text(&f, "ab\nc");
    assert_int_equal(file_write_all(err[1], "noise\n", 6), 0);
    capture_read(f.capture, err[0], 'e', f.wall);
    got = capture_take_output(f.capture, &len, &total);
    assert_int_equal(len, 4);
    assert_int_equal(total, 4);
    assert_memory_equal(got, "ab\nc", 4);
    free(got);
    print_text(&f, "0123456789ABCDEF");
    print_text(&f, "GHI");
    got = capture_take_output(f.capture, &len, &total);
    assert_int_equal(len, 10);
    assert_int_equal(total, 19);
    assert_memory_equal(got, "0123456789", 10);
    free(got);
    got = capture_take_output(f.capture, &len, &total);
    assert_int_equal(len, 0);
    assert_int_equal(total, 0);
    free(got);
    assert_null(capture_path(f.capture));
    assert_false(capture_waiting(f.capture));
    close(err[0]);
    close(err[1]);
    fixture_fini(&f);
}

static void bad_files_are_refused(void **state)
{
    char link_path[PATH_MAX + 16];
    struct err err = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f, "bad");
    fixture_start(&f);
    snprintf(link_path, sizeof(link_path), "%s.link", f.path);
    assert_int_equal(symlink(f.path, link_path), 0);
    f.options.path = link_path;
    assert_null(capture_new(f.logs, &f.options, &err));
    assert_int_equal(err.code, ELOOP);
    err_clear(&err);
    f.options.path = "/proc/nonsense/log";
    assert_null(capture_new(f.logs, &f.options, &err));
    assert_true(err.code != 0);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_go_everywhere),
        cmocka_unit_test(end_of_file_is_told),
        cmocka_unit_test(streams_are_kept_apart),
        cmocka_unit_test(timestamps_are_put_before_lines),
        cmocka_unit_test(stamped_lines_are_all_there),
        cmocka_unit_test(rotation_loses_nothing),
        cmocka_unit_test(only_so_many_parts_are_kept),
        cmocka_unit_test(large_lines_are_not_torn),
        cmocka_unit_test(earlier_life_is_rotated_away),
        cmocka_unit_test(endless_line_is_stored_in_flat_memory),
        cmocka_unit_test(output_is_kept_for_results),
        cmocka_unit_test(bad_files_are_refused),
    };

    return cmocka_run_group_tests(tests, make_base, remove_base);
}
