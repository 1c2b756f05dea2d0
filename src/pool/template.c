/* SPDX-License-Identifier: MIT */
/*
 * Replacement strings. A word is a list of parts, each literal text or a field; fields are resolved
 * against the items of one task. Nothing here knows of processes.
 */
#include "pool/template.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "pool/task.h"

enum part_kind { PART_TEXT, PART_FIELD, PART_SEQ, PART_SLOT };
enum part_form { FORM_WHOLE, FORM_NO_EXTENSION, FORM_LAST, FORM_DIRECTORY, FORM_LAST_NO_EXTENSION };

struct part {
    enum part_kind kind;
    enum part_form form;
    int item; /* 0 = all */
    char *text;
};

struct word {
    struct part *parts;
    size_t count;
};

struct template
{
    struct word *words;
    size_t count;
    bool shell;
    bool has_fields;
};

static const struct {
    const char *text;
    enum part_form form;
} forms[] = {{"//", FORM_DIRECTORY},
             {"/.", FORM_LAST_NO_EXTENSION},
             {"/", FORM_LAST},
             {".", FORM_NO_EXTENSION},
             {"", FORM_WHOLE}};

/* Reads "{...}" at `text` into *part; the length read, or 0 when it is no replacement string. */
static size_t field_parse(const char *text, struct part *part)
{
    const char *p = text + 1;
    char *end;

    *part = (struct part){.kind = PART_FIELD};
    if (strncmp(text, "{#}", 3) == 0 || strncmp(text, "{%}", 3) == 0) {
        part->kind = text[1] == '#' ? PART_SEQ : PART_SLOT;
        return 3;
    }
    if (isdigit((unsigned char)*p) || (*p == '-' && isdigit((unsigned char)p[1]))) {
        part->item = (int)strtol(p, &end, 10);
        if (!part->item || end - p > 6)
            return 0;
        p = end;
    }
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        size_t len = strlen(forms[i].text);

        if (strncmp(p, forms[i].text, len) == 0 && p[len] == '}') {
            part->form = forms[i].form;
            return (size_t)(p - text) + len + 1;
        }
    }
    return 0;
}

static void word_add(struct word *word, struct part part)
{
    struct part *parts = mem_new_array(word->count + 1, sizeof(*parts));

    if (word->count)
        memcpy(parts, word->parts, word->count * sizeof(*parts));
    free(word->parts);
    parts[word->count++] = part;
    word->parts = parts;
}

static void word_add_text(struct word *word, const char *text, size_t len)
{
    if (len)
        word_add(word, (struct part){.kind = PART_TEXT, .text = mem_copy_bytes(text, len)});
}

static bool word_parse(struct word *word, const char *text)
{
    const char *from = text;
    bool found = false;

    while ((text = strchr(text, '{')) != NULL) {
        struct part part;
        size_t len = field_parse(text, &part);

        if (!len) {
            text++;
            continue;
        }
        word_add_text(word, from, (size_t)(text - from));
        word_add(word, part);
        found = true;
        text += len;
        from = text;
    }
    word_add_text(word, from, strlen(from));
    return found;
}

struct template *template_new(char *const *command, bool shell, bool append)
{
    struct template *template = mem_new(sizeof(*template));
    size_t words = 0;

    while (command[words])
        words++;
    template->shell = shell;
    template->words = mem_new_array(words + 1, sizeof(struct word));
    for (; template->count < words; template->count++)
        template->has_fields |=
            word_parse(&template->words[template->count], command[template->count]);
    if (!append || template->has_fields)
        return template;
    if (shell && template->count)
        word_add_text(&template->words[0], " ", 1);
    word_add(&template->words[shell && template->count ? 0 : template->count++],
             (struct part){.kind = PART_FIELD});
    return template;
}

void template_free(struct template *template)
{
    if (!template)
        return;
    for (size_t i = 0; i < template->count; i++) {
        for (size_t j = 0; j < template->words[i].count; j++)
            free(template->words[i].parts[j].text);
        free(template->words[i].parts);
    }
    free(template->words);
    free(template);
}

bool template_has_fields(const struct template *template)
{
    return template->has_fields;
}

int template_quote(struct buf *out, const char *text, size_t len)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_.+/";
    bool open = false;
    size_t safe = 0;
    int rc = 0;

    while (safe < len && text[safe] && strchr(plain, text[safe]))
        safe++;
    if (len && safe == len)
        return buf_append(out, text, len);
    for (size_t i = 0; i < len && rc == 0; i++) {
        bool quote = text[i] == '\'';

        if (open == quote)
            rc = buf_append_char(out, '\'');
        open = !quote;
        if (rc == 0)
            rc = quote ? buf_append_string(out, "\"'\"") : buf_append_char(out, text[i]);
    }
    if (rc == 0 && !len)
        rc = buf_append_string(out, "''");
    return rc == 0 && open ? buf_append_char(out, '\'') : rc;
}

/* Item `index` (from 0) of the task: its bytes up to the NUL behind it. */
static const char *task_item(const struct task *task, unsigned index, size_t *len)
{
    const char *at = task->input;

    if (task->items <= 1) {
        *len = task->len;
        return task->input;
    }
    for (; index > 0; index--)
        at += strlen(at) + 1;
    *len = strlen(at);
    return at;
}

/* Without the last component's extension: its last dot and what follows. */
static size_t cut_extension(const char *text, size_t from, size_t len)
{
    for (size_t i = len; i > from; i--)
        if (text[i - 1] == '.')
            return i - 1;
    return len;
}

static size_t skip_slashes_back(const char *text, size_t len)
{
    while (len && text[len - 1] == '/')
        len--;
    return len;
}

/* As dirname(1): slashes at the end are not part of the name. */
static size_t cut_directory(const char **text, size_t len)
{
    size_t end = skip_slashes_back(*text, len);

    if (len && !end)
        return 1;
    while (end && (*text)[end - 1] != '/')
        end--;
    if (!end) {
        *text = ".";
        return 1;
    }
    end = skip_slashes_back(*text, end);
    return end ? end : 1;
}

static int form_append(struct buf *out, enum part_form form, const char *text, size_t len,
                       bool quote)
{
    const char *slash = memrchr(text, '/', len);
    size_t last = slash ? (size_t)(slash - text) + 1 : 0;

    /* No argument can carry a NUL; passing it on would make two arguments of one. */
    if (len && memchr(text, '\0', len))
        return -EINVAL;
    switch (form) {
    case FORM_WHOLE:
        break;
    case FORM_NO_EXTENSION:
        len = cut_extension(text, last, len);
        break;
    case FORM_LAST_NO_EXTENSION:
        len = cut_extension(text, last, len) - last;
        text += last;
        break;
    case FORM_LAST:
        text += last;
        len -= last;
        break;
    case FORM_DIRECTORY:
        len = cut_directory(&text, len);
        break;
    }
    return quote ? template_quote(out, text, len) : buf_append(out, text, len);
}

/* How an expansion is written down: for execve words end in NUL; to be read, all is quoted. */
struct writer {
    struct buf *out;
    const struct task *task;
    int slot;
    bool quote;    /* values are quoted one by one (shell) */
    bool separate; /* several items in a word that is just {} become words of their own */
    bool print;
};

static int part_write(const struct writer *writer, const struct part *part)
{
    const struct task *task = writer->task;
    unsigned first = 0, end = task->items;
    int rc = 0;

    if (part->kind == PART_TEXT)
        return writer->print ? template_quote(writer->out, part->text, strlen(part->text))
                             : buf_append_string(writer->out, part->text);
    if (part->kind == PART_SEQ)
        return buf_printf(writer->out, "%llu", (unsigned long long)task->seq);
    if (part->kind == PART_SLOT)
        return buf_printf(writer->out, "%d", writer->slot);
    if (part->item) {
        int64_t wanted = part->item > 0 ? part->item - 1 : (int64_t)task->items + part->item;

        if (wanted < 0 || wanted >= (int64_t)task->items)
            return 0;
        first = (unsigned)wanted;
        end = first + 1;
    }
    for (unsigned i = first; i < end && rc == 0; i++) {
        size_t len;
        const char *text = task_item(task, i, &len);

        if (i > first && writer->print)
            rc = buf_append_string(writer->out, writer->separate ? " " : "' '");
        else if (i > first)
            rc = buf_append_char(writer->out, writer->separate ? '\0' : ' ');
        if (rc == 0)
            rc = form_append(writer->out, part->form, text, len, writer->quote);
    }
    return rc;
}

static int word_write(const struct writer *writer, const struct word *word)
{
    int rc = 0;

    for (size_t i = 0; i < word->count && rc == 0; i++)
        rc = part_write(writer, &word->parts[i]);
    return rc;
}

/* All words into `out`, each ended by NUL. Returns their number or -errno. */
static int template_write(const struct template *template, const struct task *task, int slot,
                          struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; i < template->count && rc == 0; i++) {
        const struct word *word = &template->words[i];
        struct writer writer = {
            out, task, slot, template->shell, word->count == 1 && !template->shell, false};

        rc = word_write(&writer, word);
        if (rc == 0)
            rc = buf_append_char(out, '\0');
    }
    return rc;
}

static int expansion_split(struct expansion *expansion, const struct buf *words, bool shell)
{
    size_t count = shell ? 2 : 0, at = 0;
    size_t len = buf_len(words);
    int rc;

    for (size_t i = 0; i < len; i++)
        count += expansion->bytes[i] == '\0';
    if (count + 1 > expansion->argv_cap) {
        rc = mem_try_resize((void **)&expansion->argv, count + 1, sizeof(char *));
        if (rc < 0)
            return rc;
        expansion->argv_cap = count + 1;
    }
    expansion->argc = 0;
    if (shell) {
        static char sh[] = "/bin/sh", c[] = "-c";

        expansion->argv[expansion->argc++] = sh;
        expansion->argv[expansion->argc++] = c;
    }
    for (; at < len; at += strlen(expansion->bytes + at) + 1)
        expansion->argv[expansion->argc++] = expansion->bytes + at;
    expansion->argv[expansion->argc] = NULL;
    return 0;
}

int template_expand(const struct template *template, const struct task *task, int slot,
                    struct expansion *expansion)
{
    struct buf words = {.bytes = expansion->bytes, .cap = expansion->bytes_cap};
    int rc = template_write(template, task, slot, &words);

    expansion->bytes = words.bytes;
    expansion->bytes_cap = words.cap;
    return rc < 0 ? rc : expansion_split(expansion, &words, template->shell);
}

/* A shell's script is what is read; other words are quoted where a shell would change them. */
int template_print(const struct template *template, const struct task *task, int slot,
                   struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; i < template->count && rc == 0; i++) {
        const struct word *word = &template->words[i];
        struct writer writer = {
            out, task, slot, true, word->count == 1 && !template->shell, !template->shell};
        size_t start;

        if (i)
            rc = buf_append_char(out, ' ');
        start = buf_len(out);
        if (rc == 0)
            rc = word_write(&writer, word);
        if (rc == 0 && buf_len(out) == start && !template->shell)
            rc = buf_append_string(out, "''");
    }
    return rc;
}

void expansion_fini(struct expansion *expansion)
{
    free(expansion->argv);
    free(expansion->bytes);
    *expansion = (struct expansion){0};
}
