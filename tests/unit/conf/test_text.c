/* SPDX-License-Identifier: MIT */
/* Includes, and files that must not be read: FIFOs, devices, what everybody can write. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "pool/spec.h"

static char directory[64];

static const char pool[] = "pools = ({ name = \"a\"; mode = \"service\"; command = [\"x\"];\n"
                           "  @include_me = 1; });";

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The first error of reading `path`, "" when there is none; valid until the next call. */
static const char *first_error(const char *path)
{
    static char text[1024];
    struct spec spec;
    struct conf_result result;

    conf_load(&spec, &path, 1, &result);
    snprintf(text, sizeof(text), "%s", result.error_count ? result.errors[0] : "");
    spec_fini(&spec);
    conf_result_fini(&result);
    return text;
}

static void includes_are_relative_to_the_including_file(void **state)
{
    const char *path = "main.cfg";
    struct spec spec;
    struct conf_result result;

    (void)state;
    mkdir("parts", 0755);
    mkdir("parts/deep", 0755);
    write_file("main.cfg", "pools = (\n@include \"parts/one.cfg\" # a comment behind it\n);\n");
    write_file("parts/one.cfg", "{ name = \"a\"; mode = \"service\"; command = [\"x\"];\n"
                                "  @include \"deep/two.cfg\"\n}");
    write_file("parts/deep/two.cfg", "\nsize = 3;");
    if (conf_load(&spec, &path, 1, &result) < 0)
        fail_msg("%s", result.errors[0]);
    assert_int_equal(spec.pools[0].size.count, 3);
    spec_fini(&spec);
    conf_result_fini(&result);

    write_file("parts/deep/two.cfg", "\nsize = -3;");
    assert_string_equal(first_error("main.cfg"),
                        "parts/deep/two.cfg:2: size: -3 is out of range (0 to 100000)");
    write_file("parts/deep/two.cfg", "size = 3;\nsize = 4;");
    assert_string_equal(first_error("main.cfg"), "parts/deep/two.cfg:2: duplicate setting name");
    write_file("parts/deep/two.cfg", "size = 3;\n\n\n ) oops");
    assert_string_equal(first_error("main.cfg"), "parts/deep/two.cfg:4: syntax error");
    /* Behind an include the lines are the including file's again. */
    write_file("parts/deep/two.cfg", "size = 3;");
    write_file("parts/one.cfg", "{ name = \"a\"; mode = \"service\"; command = [\"x\"];\n"
                                "  @include \"deep/two.cfg\"\nsise = 4;\n}");
    assert_string_equal(first_error("main.cfg"),
                        "parts/one.cfg:3: sise: unknown key; did you mean size?");
}

static void includes_that_can_not_be(void **state)
{
    char text[64];

    (void)state;
    write_file("main.cfg", "@include \"none.cfg\"\n");
    assert_string_equal(first_error("main.cfg"),
                        "main.cfg:1: @include \"none.cfg\": No such file or directory");
    write_file("main.cfg", "\n@include\n");
    assert_string_equal(first_error("main.cfg"),
                        "main.cfg:2: @include needs a file name in quotes");
    write_file("main.cfg", "@include \"one.cfg\"\n");
    write_file("one.cfg", "# one\n@include \"main.cfg\"\n");
    assert_string_equal(first_error("main.cfg"),
                        "one.cfg:2: @include \"main.cfg\": the file includes itself");
    for (int i = 0; i < 30; i++) {
        char name[32];

        snprintf(name, sizeof(name), "deep%d.cfg", i);
        snprintf(text, sizeof(text), "@include \"deep%d.cfg\"\n", i + 1);
        write_file(name, text);
    }
    assert_non_null(strstr(first_error("deep0.cfg"), "includes nest deeper than 16 files"));
}

static void files_that_are_none(void **state)
{
    (void)state;
    assert_string_equal(first_error("none.cfg"), "none.cfg: No such file or directory");
    assert_string_equal(first_error("."), ".: is a directory, not a file");
    assert_int_equal(mkfifo("fifo.cfg", 0600), 0);
    assert_string_equal(first_error("fifo.cfg"), "fifo.cfg: is a FIFO, not a regular file");
    assert_string_equal(first_error("/dev/zero"), "/dev/zero: is not a regular file");
    write_file("main.cfg", "@include \"fifo.cfg\"\n");
    assert_string_equal(first_error("main.cfg"),
                        "main.cfg:1: @include \"fifo.cfg\": is a FIFO, not a regular file");
    write_file("main.cfg", "");
    assert_string_equal(first_error("main.cfg"),
                        "main.cfg: no pools: a config needs pools = ( ... )");
}

static void files_that_are_too_large_or_binary(void **state)
{
    FILE *file = fopen("large.cfg", "w");

    (void)state;
    for (int i = 0; i < 1100; i++)
        fprintf(file, "#%01000d\n", i);
    fclose(file);
    assert_string_equal(first_error("large.cfg"), "large.cfg: is larger than 1048576 bytes");
    file = fopen("binary.cfg", "w");
    fwrite("pools = ( );\0x", 1, 14, file);
    fclose(file);
    assert_string_equal(first_error("binary.cfg"),
                        "binary.cfg: contains a NUL byte: is it a text file?");
}

/* Whoever can write the file decides what root runs. */
static void files_that_others_can_write(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    write_file("main.cfg", "pools = ( );");
    assert_string_equal(first_error("main.cfg"), "");
    chmod("main.cfg", 0666);
    assert_string_equal(first_error("main.cfg"),
                        "main.cfg: everybody can write it: refused as root (chmod o-w)");
    chmod("main.cfg", 0644);
    chmod(".", 0777);
    assert_string_equal(first_error("main.cfg"),
                        "main.cfg: everybody can write its directory: refused as root");
    chmod(".", 01777);
    assert_string_equal(first_error("main.cfg"), "");
    assert_int_equal(chown("main.cfg", 65534, 65534), 0);
    assert_string_equal(first_error("main.cfg"),
                        "main.cfg: everybody can write its directory: refused as root");
    chmod(".", 0755);
    assert_string_equal(first_error("main.cfg"), "");
}

static void include_is_a_word_of_its_own(void **state)
{
    (void)state;
    write_file("main.cfg", pool);
    assert_string_equal(first_error("main.cfg"), "main.cfg:2: syntax error");
    write_file("main.cfg", "pools = ( ); # @include \"none\"\n/*\n@include \"none\"\n*/\n");
    assert_string_equal(first_error("main.cfg"), "");
}

/* Broken text in every shape: whatever it is, reading it ends with errors and without a crash. */
static void mutations(void **state)
{
    static const char text[] =
        "supervisor = { name = \"m\"; env_inherit = [ \"A\" ]; };\n@include \"none\"\n"
        "pools = ( { name = \"a\"; mode = \"service\"; command = [ \"x\", \"y\" ];\n"
        "  size = 12; stop = { grace = \"5s\"; }; env = { K = \"v\"; }; /* c */ } );\n";
    static const char marks[] = "\"{}[]();=,@#/*\\0-.\n";
    char copy[sizeof(text)];
    unsigned seed = 42;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        memcpy(copy, text, sizeof(text));
        for (int change = 0; change < 3; change++) {
            seed = seed * 1103515245u + 12345u;
            copy[(seed >> 8) % (sizeof(text) - 1)] = marks[(seed >> 4) % (sizeof(marks) - 1)];
        }
        write_file("mutant.cfg", copy);
        first_error("mutant.cfg");
    }
}

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/lifeguard-text-XXXXXX");
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
    char *command = mem_printf("rm -rf -- %s", directory);
    int rc = system(command);

    (void)state;
    free(command);
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(includes_are_relative_to_the_including_file),
        cmocka_unit_test(includes_that_can_not_be),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(files_that_are_too_large_or_binary),
        cmocka_unit_test(files_that_others_can_write),
        cmocka_unit_test(include_is_a_word_of_its_own),
        cmocka_unit_test(mutations),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
