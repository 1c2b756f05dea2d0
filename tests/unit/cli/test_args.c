/* SPDX-License-Identifier: MIT */
/* Command lines as people type them, and the requests that become of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/args.h"
#include "wire/commands.h"
#include "wire/json_out.h"

enum { MOST_WORDS = 24 };

/* `line` is split at spaces. */
struct parsed {
    char text[256];
    char *argv[MOST_WORDS];
    struct args args;
    struct err err;
    int rc;
};

static void parse(struct parsed *p, const char *line)
{
    int argc = 0;

    *p = (struct parsed){0};
    strncpy(p->text, line, sizeof(p->text) - 1);
    for (char *word = strtok(p->text, " "); word; word = strtok(NULL, " "))
        p->argv[argc++] = word;
    p->rc = args_parse(&p->args, argc, p->argv, &p->err);
}

static void expect_request(const char *line, const char *request)
{
    struct buf buf = {0};
    struct json_out out;
    struct parsed p;

    parse(&p, line);
    if (p.rc < 0)
        fail_msg("%s: %s", line, p.err.text);
    json_out_init(&out, &buf);
    args_write_request(&p.args, 1, &out);
    assert_string_equal(buf_string(&buf), request);
    buf_fini(&buf);
    args_fini(&p.args);
}

static void expect_refusal(const char *line, const char *text)
{
    struct parsed p;

    parse(&p, line);
    assert_int_equal(p.rc, -EINVAL);
    assert_string_equal(p.err.text, text);
    args_fini(&p.args);
}

static void requests(void **state)
{
    (void)state;
    expect_request("lifeguard status", "{\"id\":1,\"cmd\":\"status\"}\n");
    expect_request("lifeguard scale ocr 8",
                   "{\"id\":1,\"cmd\":\"scale\",\"pool\":\"ocr\",\"size\":\"8\"}\n");
    expect_request("lifeguard scale ocr -2",
                   "{\"id\":1,\"cmd\":\"scale\",\"pool\":\"ocr\",\"size\":\"-2\"}\n");
    expect_request("lifeguard scale --expect 6 ocr +1",
                   "{\"id\":1,\"cmd\":\"scale\",\"pool\":\"ocr\",\"size\":\"+1\",\"expect\":6}\n");
    expect_request("lifeguard stop ocr[2]", "{\"id\":1,\"cmd\":\"stop\",\"target\":\"ocr[2]\"}\n");
    expect_request("lifeguard kill 4711 -s KILL",
                   "{\"id\":1,\"cmd\":\"kill\",\"target\":\"4711\",\"signal\":\"KILL\"}\n");
    expect_request("lifeguard kill -sKILL 4711",
                   "{\"id\":1,\"cmd\":\"kill\",\"target\":\"4711\",\"signal\":\"KILL\"}\n");
    expect_request("lifeguard why ocr[2]", "{\"id\":1,\"cmd\":\"why\",\"target\":\"ocr[2]\"}\n");
    expect_request("lifeguard hold 4711 --for 5m",
                   "{\"id\":1,\"cmd\":\"hold\",\"target\":\"4711\",\"for\":300}\n");
    expect_request("lifeguard ack --all", "{\"id\":1,\"cmd\":\"ack\",\"all\":true}\n");
    expect_request("lifeguard ack 17", "{\"id\":1,\"cmd\":\"ack\",\"event\":17}\n");
    expect_request("lifeguard submit ocr a b --delay 1.5s",
                   "{\"id\":1,\"cmd\":\"submit\",\"pool\":\"ocr\",\"delay\":1.5,"
                   "\"args\":[\"a\",\"b\"]}\n");
    expect_request("lifeguard submit ocr -- -x --y",
                   "{\"id\":1,\"cmd\":\"submit\",\"pool\":\"ocr\",\"args\":[\"-x\",\"--y\"]}\n");
    expect_request("lifeguard submit ocr -",
                   "{\"id\":1,\"cmd\":\"submit\",\"pool\":\"ocr\",\"args\":[\"-\"]}\n");
    expect_request("lifeguard tasks --state=failed ocr --audit",
                   "{\"id\":1,\"cmd\":\"tasks\",\"pool\":\"ocr\",\"state\":\"failed\","
                   "\"audit\":true}\n");
    expect_request("lifeguard retry 9f 9g",
                   "{\"id\":1,\"cmd\":\"retry\",\"tasks\":[\"9f\",\"9g\"]}\n");
    expect_request("lifeguard logs ocr -fn5",
                   "{\"id\":1,\"cmd\":\"logs\",\"target\":\"ocr\",\"follow\":true,\"lines\":5}\n");
}

static void globals_stand_anywhere(void **state)
{
    static const char *const lines[] = {
        "lifeguard -S media --json ps", "lifeguard ps -S media --json",
        "lifeguard --json ps --supervisor=media", "lifeguard --json status media"};
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        parse(&p, lines[i]);
        assert_int_equal(p.rc, 0);
        assert_string_equal(p.args.supervisor, "media");
        assert_true(p.args.json);
        args_fini(&p.args);
    }
    parse(&p, "lifeguard");
    assert_int_equal(p.rc, 0);
    assert_null(p.args.command);
    args_fini(&p.args);
    parse(&p, "lifeguard scale --help");
    assert_int_equal(p.rc, 0);
    assert_true(p.args.help);
    args_fini(&p.args);
    parse(&p, "lifeguard --version");
    assert_true(p.rc == 0 && p.args.version);
    args_fini(&p.args);
}

static void refusals(void **state)
{
    (void)state;
    expect_refusal("lifeguard satus", "unknown verb \"satus\"; did you mean status?");
    expect_refusal("lifeguard zzzzzzz", "unknown verb \"zzzzzzz\"");
    expect_refusal("lifeguard scale", "scale needs POOL");
    expect_refusal("lifeguard scale ocr", "scale needs N|+N|-N");
    expect_refusal("lifeguard scale ocr 1 2", "scale: \"2\" is one word too many");
    expect_refusal("lifeguard tasks --sate x", "unknown option --sate; did you mean --state?");
    expect_refusal("lifeguard tasks -q", "unknown option -q");
    expect_refusal("lifeguard tasks --state", "--state needs a value");
    expect_refusal("lifeguard ack many", "event: \"many\" is no whole number");
    expect_refusal("lifeguard submit p x --delay soon",
                   "--delay: \"soon\" is no duration (\"1.5s\", \"5m\", \"2h\")");
    expect_refusal("lifeguard reload", "reload is not built yet (live reload)");
    expect_refusal("lifeguard map --joblog f x", "--joblog is not built yet");
    expect_refusal("lifeguard prioritise 9f", "prioritise needs --priority");
    expect_refusal("lifeguard --bogus status", "unknown option --bogus");
}

/* What follows the command of map and run is the command's own. */
static void command_lines_of_others(void **state)
{
    struct parsed p;
    const struct arg_value *rest;

    (void)state;
    parse(&p, "lifeguard map -j 4 -k0 --arg-file a -a b gzip -9 --json ::: x");
    assert_int_equal(p.rc, 0);
    assert_string_equal(args_text(&p.args, "jobs"), "4");
    assert_true(args_flag(&p.args, "keep-order") && args_flag(&p.args, "null"));
    assert_int_equal(args_value(&p.args, "arg-file")->count, 2);
    assert_string_equal(args_value(&p.args, "arg-file")->list[1], "b");
    rest = args_value(&p.args, "command");
    assert_int_equal(rest->count, 5);
    assert_string_equal(rest->list[2], "--json");
    assert_null(rest->list[5]);
    assert_false(p.args.json);
    args_fini(&p.args);

    parse(&p, "lifeguard map -- echo -- -n");
    assert_int_equal(p.rc, 0);
    assert_int_equal(args_value(&p.args, "command")->count, 3);
    args_fini(&p.args);

    parse(&p, "lifeguard run -n 4 -- sleep --version");
    assert_int_equal(p.rc, 0);
    assert_int_equal(args_number(&p.args, "workers", 0), 4);
    assert_int_equal(p.args.words_before_dashes, 0);
    assert_int_equal(args_value(&p.args, "config")->count, 2);
    args_fini(&p.args);

    parse(&p, "lifeguard run a.cfg --headless b.cfg --pool x --pool y");
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.args.words_before_dashes, -1);
    assert_int_equal(args_value(&p.args, "config")->count, 2);
    assert_int_equal(args_value(&p.args, "pool")->count, 2);
    args_fini(&p.args);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(globals_stand_anywhere),
        cmocka_unit_test(refusals),
        cmocka_unit_test(command_lines_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
