/* SPDX-License-Identifier: MIT */
/*
 * Keys and values written out: what a config means (`check --dump`), and the reference with every
 * default (config/lifeguard.cfg). Both follow the schema's order and open a group where a key's
 * path has a dot.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "conf/result.h"
#include "conf/schema.h"
#include "conf/value.h"

enum { DUMP_NOTE_COLUMN = 56, REFERENCE_WIDTH = 96 };

/* The writer of one section's keys. */
struct dump {
    struct buf *out;
    int indent;
    char group[64]; /* open now; "" = none */
    bool failed;
};

static void dump_text(struct dump *dump, const char *text)
{
    if (buf_append_string(dump->out, text) < 0)
        dump->failed = true;
}

static void dump_indent(struct dump *dump)
{
    for (int i = 0; i < dump->indent; i++)
        dump_text(dump, "  ");
}

static void dump_close(struct dump *dump)
{
    if (!dump->group[0])
        return;
    dump->group[0] = 0;
    dump->indent--;
    dump_indent(dump);
    dump_text(dump, "};\n");
}

/* True when the key stands in the group that is open, or no group is open and it needs none. */
static bool dump_is_within(const struct dump *dump, const char *path)
{
    const char *dot = strchr(path, '.');
    size_t len = dot ? (size_t)(dot - path) : 0;

    return strlen(dump->group) == len && strncmp(dump->group, path, len) == 0;
}

/* Closes and opens groups as the key's path wants it; returns the key's own name. */
static const char *dump_enter(struct dump *dump, const char *path)
{
    const char *dot = strchr(path, '.');
    size_t len = dot ? (size_t)(dot - path) : 0;

    if (!dump_is_within(dump, path))
        dump_close(dump);
    if (len && !dump->group[0]) {
        snprintf(dump->group, sizeof(dump->group), "%.*s", (int)len, path);
        dump_indent(dump);
        dump_text(dump, dump->group);
        dump_text(dump, " = {\n");
        dump->indent++;
    }
    return dot ? dot + 1 : path;
}

/* "name = value;" and, in its column, where it came from. */
static void dump_line(struct dump *dump, const char *name, const char *value, const char *note)
{
    size_t start = buf_len(dump->out);

    dump_indent(dump);
    dump_text(dump, name);
    dump_text(dump, " = ");
    dump_text(dump, value);
    dump_text(dump, ";");
    if (note) {
        do
            dump_text(dump, " ");
        while (!dump->failed && buf_len(dump->out) - start < DUMP_NOTE_COLUMN);
        dump_text(dump, "# ");
        dump_text(dump, note);
    }
    dump_text(dump, "\n");
}

/* Paths and computed defaults are shown as they are in effect, the rest as it was written. */
static void dump_key(struct dump *dump, const struct conf_key *key, const void *base,
                     const struct conf_origin *origin, const char *fallback)
{
    bool effective = key->computed || key->type == CONF_PATH || key->type == CONF_OUTPUT ||
                     key->type == CONF_SOCKET;
    struct buf quoted = {0};
    const char *value = origin ? origin->text : fallback;

    /* Sources share one field: only the one that is set may speak for it. */
    if (effective && (!key->source || origin)) {
        conf_value_quote(*(char *const *)(const void *)((const char *)base + key->offset), &quoted);
        value = buf_string(&quoted);
    }
    dump_line(dump, dump_enter(dump, key->path), value ? value : "\"\"",
              origin ? origin->where : "default");
    buf_fini(&quoted);
}

static void dump_section(struct dump *dump, const struct conf_result *result,
                         enum conf_section section, const void *base, int pool)
{
    struct conf_keys all = conf_schema(section);
    bool pooled = section == CONF_POOL;
    enum pool_mode mode = pooled ? ((const struct pool_spec *)base)->mode : POOL_SERVICE;

    for (size_t i = 0; i < all.count; i++) {
        const struct conf_key *key = &all.keys[i];
        const struct conf_origin *origin = conf_result_find(result, key, pool);

        if (pooled && !(key->modes & 1u << mode))
            continue;
        dump_key(dump, key, base, origin, conf_key_fallback(key, mode));
    }
    dump_close(dump);
}

int conf_dump(const struct spec *spec, const struct conf_result *result, struct buf *out)
{
    struct dump dump = {.out = out, .indent = 1};

    dump_text(&dump, "supervisor = {\n");
    dump_section(&dump, result, CONF_SUPERVISOR, &spec->supervisor, -1);
    dump_text(&dump, "};\n\npools = (\n");
    dump.indent = 2;
    for (size_t i = 0; i < spec->pool_count; i++) {
        dump_text(&dump, "  {\n");
        dump_section(&dump, result, CONF_POOL, &spec->pools[i], (int)i);
        dump_text(&dump, i + 1 < spec->pool_count ? "  },\n" : "  }\n");
    }
    dump_text(&dump, ");\n");
    return dump.failed ? -1 : 0;
}

/* A comment, wrapped. */
static void reference_comment(struct dump *dump, const char *text)
{
    int width = REFERENCE_WIDTH - 2 * dump->indent - 2;

    while (*text) {
        int len = (int)strlen(text);

        if (len > width) {
            for (len = width; len > 0 && text[len] != ' '; len--)
                ;
            if (!len)
                len = (int)strcspn(text, " ");
        }
        dump_indent(dump);
        if (buf_printf(dump->out, "# %.*s\n", len, text) < 0)
            dump->failed = true;
        text += len;
        text += strspn(text, " ");
    }
}

/* What the reference says beside a key that the example pool can't have, or NULL. */
static const char *reference_note(const struct conf_key *key, char *note, size_t size)
{
    char modes[64], other[64] = "";

    conf_mode_names(key->modes, modes, sizeof(modes));
    if (key->command_fallback)
        snprintf(other, sizeof(other), "; command: %s", key->command_fallback);
    else if (key->worker_fallback)
        snprintf(other, sizeof(other), "; worker: %s", key->worker_fallback);
    if (!key->modes || key->modes == CONF_ALL_MODES)
        modes[0] = 0;
    snprintf(note, size, "%s%s%s%s", modes[0] ? "mode " : "", modes, other,
             key->later ? (modes[0] ? "; not built yet" : "not built yet") : "");
    return note[0] ? note : NULL;
}

static void reference_key(struct dump *dump, const struct conf_key *key, const char *example)
{
    bool active = !key->later && (!key->modes || key->modes & CONF_SERVICE_MODE);
    const char *name = dump_enter(dump, key->path);
    char note[256], commented[80];

    reference_comment(dump, key->help);
    snprintf(commented, sizeof(commented), "%s%s", active ? "" : "# ", name);
    dump_line(dump, commented, example ? example : key->fallback,
              reference_note(key, note, sizeof(note)));
}

/* The keys without a default need a value in the example. */
static const char *reference_example(const struct conf_key *key)
{
    if (strcmp(key->path, "name") == 0 && key->modes)
        return "\"example\"";
    if (strcmp(key->path, "mode") == 0)
        return "\"service\"";
    if (strcmp(key->path, "command") == 0)
        return "[\"sleep\", \"infinity\"]";
    return NULL;
}

static void reference_section(struct dump *dump, enum conf_section section)
{
    struct conf_keys all = conf_schema(section);

    for (size_t i = 0; i < all.count; i++) {
        if (i && !(dump->group[0] && dump_is_within(dump, all.keys[i].path))) {
            dump_close(dump);
            dump_text(dump, "\n");
        }
        reference_key(dump, &all.keys[i], reference_example(&all.keys[i]));
    }
    dump_close(dump);
}

int conf_write_reference(struct buf *out)
{
    struct dump dump = {.out = out, .indent = 1};

    dump_text(&dump, "# Every key of lifeguard's config files with its default. Keys that the "
                     "example pool can't have,\n"
                     "# and keys of features that are not built yet, are commented out.\n"
                     "#\n"
                     "# Durations are seconds or strings (\"1.5s\", \"200ms\", \"5m\", \"2h\"), "
                     "sizes strings (\"64K\", \"10M\",\n"
                     "# \"1G\"), masks strings (\"0022\"). Relative paths begin at this file's "
                     "directory. Another file is\n"
                     "# put in with a line that says @include \"file\". Values for all pools of a "
                     "file can be put into\n"
                     "# defaults = { ... }; with the keys of a pool.\n\n"
                     "supervisor = {\n");
    reference_section(&dump, CONF_SUPERVISOR);
    dump_text(&dump, "};\n\npools = (\n  {\n");
    dump.indent = 2;
    reference_section(&dump, CONF_POOL);
    dump_text(&dump, "  }\n);\n");
    return dump.failed ? -1 : 0;
}
