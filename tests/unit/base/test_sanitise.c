/* SPDX-License-Identifier: MIT */
/* The display sanitiser: colours pass, nothing else reaches the terminal as a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/sanitise.h"
#include "base/utf8.h"

struct seen {
    struct buf text;
    struct text_style styles[512];
    size_t count;
    size_t cells;
};

static bool collect(void *owner, const struct glyph *glyph)
{
    struct seen *seen = owner;
    char bytes[4];

    buf_append(&seen->text, bytes, utf8_encode(bytes, glyph->codepoint));
    if (seen->count < ARRAY_LEN(seen->styles))
        seen->styles[seen->count] = glyph->style;
    seen->count++;
    seen->cells += (size_t)glyph->width;
    return true;
}

static void check(const char *bytes, size_t len, unsigned flags, const char *expected)
{
    struct seen seen = {0};

    sanitise_each(bytes, len, flags, collect, &seen);
    assert_string_equal(buf_string(&seen.text), expected);
    buf_fini(&seen.text);
}

#define CHECK(bytes, flags, expected) check(bytes, sizeof(bytes) - 1, flags, expected)

static void sequences_are_shown_not_obeyed(void **state)
{
    (void)state;
    CHECK("a\033]52;c;cm0gLXJm\a in", SANITISE_LOG, "a␛]52;c;cm0gLXJm␇ in");
    CHECK("x\033[2Jy", SANITISE_LOG, "x␛[2Jy");
    CHECK("x\033P1$qm\033\\y", SANITISE_LOG, "x␛P1$qm␛\\y");
    CHECK("x\033]0;title", SANITISE_LOG, "x␛]0;title");
    CHECK("x\033c\0337", SANITISE_LOG, "x␛c␛7");
    CHECK("x\033[>4;1m\033[?25l", SANITISE_LOG, "x␛[>4;1m␛[?25l");
    CHECK("\xc2\x9b"
          "31m\x9b"
          "31m",
          SANITISE_LOG, "\\x9b31m\\x9b31m");
    CHECK("bell\a back\b del\177 nul\0.", SANITISE_LOG, "bell␇ back␈ del␡ nul␀.");
    CHECK("end\033", SANITISE_LOG, "end␛");
    CHECK("two\nlines", SANITISE_LOG, "two␊lines");
    CHECK("\033[31;\033[1mx", SANITISE_LOG, "␛[31;x");
}

static void names_show_even_colours(void **state)
{
    (void)state;
    CHECK("\033[31mred\rls\t-l", 0, "␛[31mred␍ls␉-l");
    CHECK("caf\xc3\xa9 \033[1m", SANITISE_ASCII, "caf? \\x1b[1m");
    CHECK("日\xe2\x80\xae", SANITISE_ASCII, "??\\u202e");
}

static void carriage_returns_and_tabs(void **state)
{
    (void)state;
    CHECK("10%\r50%\r100%\r", SANITISE_LOG, "100%");
    CHECK("crlf\r", SANITISE_LOG, "crlf");
    CHECK("a\tb", SANITISE_LOG, "a       b");
    CHECK("日本日本\tb", SANITISE_LOG, "日本日本        b");
    CHECK("\r\r\r", SANITISE_LOG, "");
}

static void invisible_and_invalid_are_named(void **state)
{
    (void)state;
    CHECK("a\xe2\x80\xaegpj.exe", SANITISE_LOG, "a\\u202egpj.exe");
    CHECK("z\xe2\x80\x8bw", SANITISE_LOG, "z\\u200bw");
    CHECK("\xef\xbb\xbfx", SANITISE_LOG, "\\ufeffx");
    CHECK("\xc0\xaf\xff", SANITISE_LOG, "\\xc0\\xaf\\xff");
    CHECK("\xcc\x81x", SANITISE_LOG, "\\u0301x");
    CHECK("\xf3\xa0\x81\x81", SANITISE_LOG, "\\U0e0041");
    CHECK("⚠\xef\xb8\x8f!", SANITISE_LOG, "⚠!");
    CHECK("👩\xe2\x80\x8d👧", SANITISE_LOG, "👩👧");
    CHECK("a\xe2\x80\x8d"
          "b",
          SANITISE_LOG, "a\\u200db");
    /* A mark behind our own escape text must not settle on it. */
    CHECK("\xff\xcc\x81", SANITISE_LOG, "\\xff\\u0301");
}

static void marks_do_not_pile_up(void **state)
{
    struct seen seen = {0};
    char text[20001];

    (void)state;
    text[0] = 'e';
    for (size_t i = 1; i < sizeof(text); i += 2)
        memcpy(text + i, "\xcc\x81", 2);
    sanitise_each(text, sizeof(text), SANITISE_LOG, collect, &seen);
    assert_int_equal(seen.count, 4);
    assert_int_equal(seen.cells, 1);
    buf_fini(&seen.text);
}

static struct text_style style_of(const char *bytes)
{
    struct seen seen = {0};

    sanitise_each(bytes, strlen(bytes), SANITISE_LOG, collect, &seen);
    assert_string_equal(buf_string(&seen.text), "x");
    buf_fini(&seen.text);
    return seen.styles[0];
}

static void check_style(const char *bytes, int fg, int bg, unsigned attrs)
{
    struct text_style style = style_of(bytes);

    assert_int_equal(style.fg, fg);
    assert_int_equal(style.bg, bg);
    assert_int_equal(style.attrs, attrs);
}

static void sgr_becomes_a_style(void **state)
{
    (void)state;
    check_style("x", -1, -1, 0);
    check_style("\033[1;31mx", 1, -1, TEXT_BOLD);
    check_style("\033[1;4;7m\033[22;24mx", -1, -1, TEXT_REVERSE);
    check_style("\033[31m\033[mx", -1, -1, 0);
    check_style("\033[38;5;196;48;5;17mx", 196, 17, 0);
    check_style("\033[38;2;255;0;0mx", 196, -1, 0);
    check_style("\033[38:2::255:0:0mx", 196, -1, 0);
    check_style("\033[38:5:33mx", 33, -1, 0);
    check_style("\033[97;104mx", 15, 12, 0);
    check_style("\033[5;8mx", -1, -1, 0);
    check_style("\033[4:3mx", -1, -1, TEXT_UNDERLINE);
    check_style("\033[38;5mx", -1, -1, 0);
    check_style("\033[38;5;999;1mx", -1, -1, TEXT_BOLD);
    check_style("\033[30;40mx", 15, 0, 0);
    check_style("\033[38;5;231;48;5;231mx", 0, 231, 0);
}

static void long_lines_end_in_words(void **state)
{
    struct buf out = {0};
    char *text = mem_new(SANITISE_MAX + 100);

    (void)state;
    memset(text, 'a', SANITISE_MAX + 100);
    assert_int_equal(sanitise_to_terminal(&out, text, SANITISE_MAX + 100, false), 0);
    assert_int_equal(buf_len(&out), SANITISE_MAX + strlen(" [100 bytes more]"));
    free(text);
    buf_fini(&out);
}

static void check_terminal(const char *bytes, bool keep_sgr, const char *expected)
{
    struct buf out = {0};

    assert_int_equal(sanitise_to_terminal(&out, bytes, strlen(bytes), keep_sgr), 0);
    assert_string_equal(buf_string(&out), expected);
    buf_fini(&out);
}

static void terminal_text_keeps_lines_and_colours(void **state)
{
    (void)state;
    check_terminal("\033[1;31mred\nplain\033[2J\n", true,
                   "\033[0;1;31mred\033[0m\nplain\033[0;2m␛[2J\033[0m\n");
    check_terminal("\033[1;31mred\nplain\033[2J", false, "red\nplain␛[2J");
    check_terminal("\033[38;5;200;107mx", true, "\033[0;38;5;200;107mx\033[0m");
    check_terminal("\033]8;;http://x\nnext", false, "␛]8;;http://x\nnext");
}

static void a_full_buffer_is_an_error(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 4);
    assert_true(sanitise_to_terminal(&out, "abcdefgh", 8, true) < 0);
    buf_fini(&out);
}

/* Takes our own SGR away; whatever control is left then is a hole. */
static void assert_harmless(const char *bytes, size_t len)
{
    uint32_t c;

    assert_true(utf8_valid(bytes, len));
    for (size_t at = 0; at < len; at += utf8_decode(bytes + at, len - at, &c)) {
        if (bytes[at] == '\033') {
            assert_int_equal(bytes[++at], '[');
            at++;
            at += strspn(bytes + at, "0123456789;");
            assert_int_equal(bytes[at], 'm');
        }
        utf8_decode(bytes + at, len - at, &c);
        assert_true(c == '\n' || utf8_width(c) >= 0);
        assert_true(c < 0x202a || c > 0x202e);
    }
}

static void noise_never_becomes_a_command(void **state)
{
    static const char *const pieces[] = {"\033[",    "\033]", "\033P", "\033\\", "\a",
                                         "m",        ";",     "31",    "\xc2",   "\x9b",
                                         "\r",       "\n",    "\b",    "日",     "\xe2\x80\xae",
                                         "\xcc\x81", "\033",  "\t"};
    unsigned seed = (unsigned)time(NULL);
    char text[256];

    (void)state;
    print_message("seed %u\n", seed);
    srandom(seed);
    for (int round = 0; round < 20000; round++) {
        struct buf out = {0};
        size_t len = 0;
        while (len < sizeof(text) - 8) {
            const char *piece = pieces[(size_t)random() % ARRAY_LEN(pieces)];
            if (random() % 2) {
                memcpy(text + len, piece, strlen(piece));
                len += strlen(piece);
            } else {
                text[len++] = (char)random();
            }
        }
        assert_int_equal(sanitise_to_terminal(&out, text, len, round % 2), 0);
        assert_harmless(buf_string(&out), buf_len(&out));
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_are_shown_not_obeyed),
        cmocka_unit_test(names_show_even_colours),
        cmocka_unit_test(carriage_returns_and_tabs),
        cmocka_unit_test(invisible_and_invalid_are_named),
        cmocka_unit_test(marks_do_not_pile_up),
        cmocka_unit_test(sgr_becomes_a_style),
        cmocka_unit_test(long_lines_end_in_words),
        cmocka_unit_test(terminal_text_keeps_lines_and_colours),
        cmocka_unit_test(a_full_buffer_is_an_error),
        cmocka_unit_test(noise_never_becomes_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
