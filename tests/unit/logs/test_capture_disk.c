/* SPDX-License-Identifier: MIT */
/*
 * Captures when the disk or the file is not as it was: taken away, cut, full, without inodes. Every
 * line that a full disk swallows must be counted.
 */
#include "capture_fixture.h"

static void removed_file_is_made_again(void **state)
{
    char moved[PATH_MAX + 16], *directory;
    struct buf old = {0};
    struct fixture f;

    (void)state;
    fixture_init(&f, "removed");
    fixture_start(&f);
    print_text(&f, "one\n");
    snprintf(moved, sizeof(moved), "%s.moved", f.path);
    assert_int_equal(rename(f.path, moved), 0);
    f.wall += CLOCK_S / 2;
    print_text(&f, "two\n");
    f.wall += CLOCK_S;
    print_text(&f, "three\n");
    append_file(&old, moved);
    assert_string_equal(buf_string(&old), "one\ntwo\n");
    expect_file(&f, "three\n");
    /* The directory too. */
    directory = file_directory(f.path);
    unlink(f.path);
    unlink(moved);
    assert_int_equal(rmdir(directory), 0);
    f.wall += 2 * CLOCK_S;
    print_text(&f, "four\n");
    expect_file(&f, "four\n");
    /* The wall clock set back by a year is no reason not to look. */
    unlink(f.path);
    f.wall -= 365 * 86400 * CLOCK_S;
    print_text(&f, "five\n");
    expect_file(&f, "five\n");
    assert_int_equal(capture_dropped(f.capture), 0);
    free(directory);
    buf_fini(&old);
    fixture_fini(&f);
}

static void truncated_file_goes_on(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, "truncated");
    fixture_start(&f);
    print_text(&f, "one\n");
    assert_int_equal(truncate(f.path, 0), 0);
    f.wall += 2 * CLOCK_S;
    print_text(&f, "two\n");
    expect_file(&f, "two\n");
    fixture_fini(&f);
}

/* A small disk of our own; false where that is not permitted. */
static bool mount_small(const char *options)
{
    if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return false;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return false;
    return mount("tmpfs", base, "tmpfs", 0, options) == 0;
}

enum { SKIPPED = 77 };

/* What the log says about dropped lines, added up; lines of ours are counted and must be whole. */
static unsigned long long add_up(const char *text, unsigned *written)
{
    unsigned long long dropped = 0, number;

    for (; *text; text = strchr(text, '\n') + 1) {
        unsigned line;

        if (sscanf(text, "lifeguard: %llu lines dropped: No space", &number) == 1) {
            dropped += number;
            continue;
        }
        assert_int_equal(sscanf(text, "line %8u of the test", &line), 1);
        assert_int_equal(text[27], '\n');
        ++*written;
    }
    return dropped;
}

static void fill_disk(struct fixture *f, unsigned from, unsigned count)
{
    char line[64];

    for (unsigned i = from; i < from + count; i++) {
        snprintf(line, sizeof(line), "line %08u of the test..\n", i);
        assert_int_equal(strlen(line), 28);
        print_text(f, line);
        f->wall += CLOCK_MS;
    }
}

static int drop_on_full_disk(void)
{
    struct fixture f;
    struct buf all, other = {0};
    unsigned written = 0;
    char ballast[128];
    int fd;

    if (!mount_small("size=64k"))
        return SKIPPED;
    snprintf(ballast, sizeof(ballast), "%s/ballast", base);
    fd = open(ballast, O_WRONLY | O_CREAT, 0600);
    buf_reserve(&other, 20000);
    memset(buf_data(&other), 'b', 20000);
    file_write_all(fd, buf_data(&other), 20000);
    close(fd);
    fixture_init(&f, "full");
    fixture_start(&f);
    fill_disk(&f, 0, 4000);
    assert_true(capture_dropped(f.capture) > 1000);
    assert_true(capture_waiting(f.capture));
    unlink(ballast);
    f.wall += CLOCK_S;
    capture_flush(f.capture, f.wall);
    assert_false(capture_waiting(f.capture));
    fill_disk(&f, 4000, 100);
    assert_false(capture_waiting(f.capture));
    read_parts(&f, 0, &all);
    assert_int_equal(add_up(buf_string(&all), &written), capture_dropped(f.capture));
    assert_int_equal(written + capture_dropped(f.capture), 4100);
    assert_int_equal(capture_lines(f.capture), 4100);
    return 0;
}

static int hold_on_full_disk(void)
{
    struct fixture f;
    struct buf all, other = {0};
    unsigned written = 0, printed = 0;
    char ballast[128];
    int fd, result = CAPTURE_MORE;

    if (!mount_small("size=64k"))
        return SKIPPED;
    snprintf(ballast, sizeof(ballast), "%s/ballast", base);
    fd = open(ballast, O_WRONLY | O_CREAT, 0600);
    buf_reserve(&other, 40000);
    memset(buf_data(&other), 'b', 40000);
    file_write_all(fd, buf_data(&other), 40000);
    close(fd);
    fixture_init(&f, "hold");
    f.options.block_when_full = true;
    fixture_start(&f);
    while (result == CAPTURE_MORE) {
        char line[64];

        snprintf(line, sizeof(line), "line %08u of the test..\n", printed++);
        assert_int_equal(file_write_all(f.out[1], line, 28), 0);
        result = capture_read(f.capture, f.out[0], 'o', f.wall);
        f.wall += CLOCK_MS;
    }
    assert_int_equal(result, -EAGAIN);
    assert_true(capture_waiting(f.capture));
    /* Paused: what is printed now stays in the pipe. */
    assert_int_equal(file_write_all(f.out[1], "line 99999999 of the test..\n", 28), 0);
    f.wall += CLOCK_S;
    assert_int_equal(capture_read(f.capture, f.out[0], 'o', f.wall), -EAGAIN);
    assert_int_equal(capture_lines(f.capture), printed);
    unlink(ballast);
    f.wall += CLOCK_S;
    assert_int_equal(capture_read(f.capture, f.out[0], 'o', f.wall), CAPTURE_MORE);
    assert_false(capture_waiting(f.capture));
    read_parts(&f, 0, &all);
    assert_int_equal(add_up(buf_string(&all), &written), 0);
    assert_int_equal(written, printed + 1);
    assert_int_equal(capture_dropped(f.capture), 0);
    return 0;
}

/* No inode for a new file: the old one stays in use and nothing is lost. */
static int rotate_without_inodes(void)
{
    struct fixture f;
    struct buf all;
    unsigned written = 0;

    if (!mount_small("size=1m,nr_inodes=3"))
        return SKIPPED;
    fixture_init(&f, "inodes");
    f.options.max_size = 4096;
    fixture_start(&f);
    fill_disk(&f, 0, 1000);
    read_parts(&f, 5, &all);
    assert_int_equal(add_up(buf_string(&all), &written), 0);
    assert_int_equal(written, 1000);
    assert_int_equal(capture_dropped(f.capture), 0);
    return 0;
}

static void run_apart(int (*body)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(body());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void full_disk_is_counted_exactly(void **state)
{
    (void)state;
    run_apart(drop_on_full_disk);
}

static void full_disk_pauses_where_asked(void **state)
{
    (void)state;
    run_apart(hold_on_full_disk);
}

static void missing_inodes_keep_the_file(void **state)
{
    (void)state;
    run_apart(rotate_without_inodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removed_file_is_made_again),
        cmocka_unit_test(truncated_file_goes_on),
        cmocka_unit_test(full_disk_is_counted_exactly),
        cmocka_unit_test(full_disk_pauses_where_asked),
        cmocka_unit_test(missing_inodes_keep_the_file),
    };

    return cmocka_run_group_tests(tests, make_base, remove_base);
}
