/* SPDX-License-Identifier: MIT */
/*
 * Pages of text, and copying. A page has at most PAGE_LINES lines; what is longer is cut and says
 * so.
 */
#include "tui/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sys/file.h"
#include "tui/act.h"
#include "tui/field.h"
#include "tui/report.h"
#include "tui/view.h"

enum { PAGE_LINES = 5000, LINE_BYTES = 2000 };

void page_clear(struct tui *tui)
{
    for (int i = 0; i < tui->page.count; i++)
        free(tui->page.lines[i]);
    free(tui->page.lines);
    tui->page = (struct page){0};
    tui->lists[VIEW_PAGE] = (struct list){0};
}

void page_title(struct tui *tui, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(tui->page.title, sizeof(tui->page.title), format, args);
    va_end(args);
}

void page_add(struct tui *tui, const char *bytes, size_t len)
{
    void *lines = tui->page.lines;

    if (tui->page.count > PAGE_LINES)
        return;
    if (tui->page.count == PAGE_LINES)
        bytes = "[more lines left out]", len = strlen(bytes);
    if (mem_try_resize(&lines, (size_t)tui->page.count + 1, sizeof(char *)) < 0)
        return;
    tui->page.lines = lines;
    tui->page.lines[tui->page.count++] = mem_copy_bytes(bytes, len > LINE_BYTES ? LINE_BYTES : len);
}

bool page_is_full(const struct tui *tui)
{
    return tui->page.count > PAGE_LINES;
}

void page_printf(struct tui *tui, const char *format, ...)
{
    char text[LINE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    page_add(tui, text, strlen(text));
}

struct asked {
    char what[192];
};

static void show_reply(struct tui *tui, const json_t *reply, const char *what)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)reply);
    char *text, *save = NULL;

    json_object_del(copy, "id");
    json_object_del(copy, "ok");
    text = json_dumps(copy, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(copy);
    if (!text)
        return;
    page_clear(tui);
    page_title(tui, "%s", what);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        page_add(tui, line, strlen(line));
    free(text);
    view_enter(tui, VIEW_PAGE);
}

/* True when the answer holds something to be read. */
static bool has_content(const json_t *reply)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)reply, key, value)
    {
        if ((json_is_array(value) || json_is_object(value)) && strcmp(key, "id") != 0)
            return true;
    }
    return false;
}

static void answered(void *owner, const json_t *reply, void *context)
{
    struct tui *tui = owner;
    const struct asked *asked = context;

    if (!reply)
        notice_say(tui, ROLE_BAD, "no answer: %s", asked->what);
    else if (!field_bool(reply, "ok"))
        notice_say(tui, ROLE_BAD, "%s", field_text(reply, "error"));
    else if (report_show(tui, reply, asked->what))
        return;
    else if (has_content(reply))
        show_reply(tui, reply, asked->what);
    else
        notice_say(tui, ROLE_GOOD, "%s%s",
                   *field_text(reply, "message") ? field_text(reply, "message") : asked->what,
                   field_int(reply, "undo", 0) > 0 ? "   u undo (8s)" : "");
}

void page_request(struct tui *tui, json_t *request, const char *what)
{
    struct asked *asked = mem_new(sizeof(*asked));

    snprintf(asked->what, sizeof(asked->what), "%s", what);
    net_request(&tui->net, request, answered, asked);
}

static void add_base64(struct buf *out, const char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        unsigned left = len - i < 3 ? (unsigned)(len - i) : 3, bits = 0;
        for (unsigned k = 0; k < 3; k++)
            bits = bits << 8 | (k < left ? (unsigned char)bytes[i + k] : 0);
        for (unsigned k = 0; k < 4; k++)
            buf_append_char(out, k <= left ? digits[bits >> (18 - 6 * k) & 63] : '=');
    }
}

/* What is copied: rows of the grid, which the sanitiser has been through. */
static void copied_text(struct tui *tui, struct buf *out)
{
    struct cells part = tui->cells;
    int from = tui->cells.cursor_y, to = from + 1;

    if (tui->view == VIEW_LOGS) {
        from = tui->frame.top + 1;
        to = tui->frame.bottom;
    }
    part.rows = to - from;
    part.grid += (size_t)from * (size_t)part.cols;
    cells_dump(&part, out);
}

void page_copy(struct tui *tui)
{
    enum { CLIPBOARD_MAX = 65536 };
    char path[] = "/tmp/lifeguard-copy-XXXXXX";
    struct buf text = {0}, sequence = {0};
    int fd = mkstemp(path), status = -1;

    copied_text(tui, &text);
    if (fd >= 0)
        status = file_write_all(fd, buf_data(&text), buf_len(&text));
    if (fd >= 0)
        close(fd);
    if (buf_len(&text) < CLIPBOARD_MAX) {
        buf_append_string(&sequence, "\033]52;c;");
        add_base64(&sequence, buf_data(&text), buf_len(&text));
        buf_append_char(&sequence, '\a');
        terminal_write(&tui->terminal, buf_data(&sequence), buf_len(&sequence));
    }
    notice_say(tui, ROLE_GOOD,
               status < 0 ? "Copied to the clipboard, where the terminal allows it"
                          : "Copied, and written to %s",
               path);
    buf_fini(&text);
    buf_fini(&sequence);
}
