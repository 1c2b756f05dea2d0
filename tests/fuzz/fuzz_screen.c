/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a log line and as a name: what the sanitiser lets through is free of controls, and
 * what stands in the grid has the width that it claims. The same bytes as keys: the decoder always
 * gets to their end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sanitise.h"
#include "base/utf8.h"
#include "tui/cells.h"
#include "tui/input.h"

static void check_text(const char *bytes, size_t len)
{
    uint32_t c = 0;
    size_t step;

    for (size_t at = 0; at < len; at += step) {
        if (bytes[at] == '\033') { /* only SGR of our own */
            if (bytes[++at] != '[')
                abort();
            at += 1 + strspn(bytes + at + 1, "0123456789;");
            if (bytes[at] != 'm')
                abort();
        }
        step = utf8_decode(bytes + at, len - at, &c);
        if (!step || (c != '\n' && utf8_width(c) < 0))
            abort();
    }
}

static void check_cells(const char *bytes, size_t len)
{
    struct cells cells = {0};

    if (cells_resize(&cells, 1, 40) < 0)
        return;
    cells_put_bytes(&cells, 0, 1, 30, TEXT_PLAIN, bytes, len);
    for (int x = 0; x < cells.cols; x++) {
        const struct cell *cell = &cells.grid[x];
        if (cell->codepoint && utf8_width(cell->codepoint) != cell->width)
            abort();
        if (!cell->codepoint && (x == 0 || cells.grid[x - 1].width != 2))
            abort();
        if (x > 30 && cell->codepoint != ' ')
            abort();
    }
    cells_fini(&cells);
}

static void check_keys(const char *bytes, size_t len)
{
    struct input input = {0};
    struct key_event event;

    while (len) {
        size_t taken = input_feed(&input, bytes, len);
        bytes += taken;
        len -= taken;
        while (input_next(&input, &event, false))
            ;
        if (input.len >= sizeof(input.bytes))
            abort();
    }
    while (input_next(&input, &event, true))
        ;
    if (input.len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = {0};

    for (int keep = 0; keep < 2; keep++) {
        sanitise_to_terminal(&out, (const char *)data, size, keep);
        check_text(buf_string(&out), buf_len(&out));
        buf_reset(&out);
    }
    check_cells((const char *)data, size);
    check_keys((const char *)data, size);
    buf_fini(&out);
    return 0;
}
