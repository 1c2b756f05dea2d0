/* SPDX-License-Identifier: MIT */
/*
 * The line editor.
 */
#include "tui/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/cells.h"
#include "tui/input.h"

#define CTRL(c) ((c)&0x1f)

void prompt_set(struct prompt *prompt, const char *text)
{
    size_t len = strlen(text);

    if (len >= sizeof(prompt->text))
        len = utf8_fit(text, sizeof(prompt->text) - 4, sizeof(prompt->text));
    memcpy(prompt->text, text, len);
    prompt->text[len] = '\0';
    prompt->len = prompt->at = len;
}

void prompt_open(struct prompt *prompt, const char *text, struct prompt_history *history)
{
    *prompt = (struct prompt){.recall = -1, .history = history};
    prompt_set(prompt, text);
}

static size_t before(const struct prompt *prompt)
{
    size_t at = prompt->at;

    while (at > 0 && ((unsigned char)prompt->text[--at] & 0xc0) == 0x80)
        ;
    return at;
}

static size_t behind(const struct prompt *prompt)
{
    size_t at = prompt->at;

    if (at < prompt->len)
        at++;
    while (at < prompt->len && ((unsigned char)prompt->text[at] & 0xc0) == 0x80)
        at++;
    return at;
}

static void cut(struct prompt *prompt, size_t from, size_t to)
{
    memmove(prompt->text + from, prompt->text + to, prompt->len - to + 1);
    prompt->len -= to - from;
    prompt->at = from;
}

static size_t word_before(const struct prompt *prompt)
{
    size_t at = prompt->at;

    while (at > 0 && prompt->text[at - 1] == ' ')
        at--;
    while (at > 0 && prompt->text[at - 1] != ' ')
        at--;
    return at;
}

static enum prompt_outcome insert(struct prompt *prompt, uint32_t codepoint)
{
    char bytes[4];
    size_t len;

    if (codepoint >= KEY_FIRST || utf8_width(codepoint) < 1)
        return PROMPT_IGNORED;
    len = utf8_encode(bytes, codepoint);
    if (prompt->len + len >= sizeof(prompt->text))
        return PROMPT_EDITED;
    memmove(prompt->text + prompt->at + len, prompt->text + prompt->at,
            prompt->len - prompt->at + 1);
    memcpy(prompt->text + prompt->at, bytes, len);
    prompt->len += len;
    prompt->at += len;
    return PROMPT_EDITED;
}

static enum prompt_outcome recall(struct prompt *prompt, int by)
{
    int place = prompt->recall + by;

    if (!prompt->history || place < -1 || place >= PROMPT_HISTORY ||
        (place >= 0 && !prompt->history->lines[place]))
        return PROMPT_EDITED;
    prompt->recall = place;
    prompt_set(prompt, place < 0 ? "" : prompt->history->lines[place]);
    return PROMPT_EDITED;
}

enum prompt_outcome prompt_key(struct prompt *prompt, const struct key_event *event)
{
    switch (event->code) {
    case KEY_ENTER_CODE:
        return PROMPT_DONE;
    case KEY_ESCAPE:
    case KEY_CTRL_C:
        return PROMPT_CANCELLED;
    case KEY_BACKSPACE_CODE:
        if (!prompt->len)
            return PROMPT_CANCELLED;
        cut(prompt, before(prompt), prompt->at);
        return PROMPT_EDITED;
    case KEY_DELETE:
    case CTRL('D'):
        cut(prompt, prompt->at, behind(prompt));
        return PROMPT_EDITED;
    case CTRL('U'):
        cut(prompt, 0, prompt->at);
        return PROMPT_EDITED;
    case CTRL('W'):
        cut(prompt, word_before(prompt), prompt->at);
        return PROMPT_EDITED;
    case CTRL('K'):
        cut(prompt, prompt->at, prompt->len);
        return PROMPT_EDITED;
    case KEY_LEFT_CODE:
        prompt->at = before(prompt);
        return PROMPT_EDITED;
    case KEY_RIGHT_CODE:
        prompt->at = behind(prompt);
        return PROMPT_EDITED;
    case KEY_HOME_CODE:
    case CTRL('A'):
        prompt->at = 0;
        return PROMPT_EDITED;
    case KEY_END_CODE:
    case CTRL('E'):
        prompt->at = prompt->len;
        return PROMPT_EDITED;
    case KEY_UP_CODE:
        return recall(prompt, 1);
    case KEY_DOWN_CODE:
        return recall(prompt, -1);
    default:
        return insert(prompt, event->code);
    }
}

int prompt_draw(const struct prompt *prompt, struct cells *cells, int y, int x, int width,
                const char *label, struct text_style style)
{
    int start = cells_put(cells, y, x, width, style, label);
    int room = width - start - 1;
    int cursor = (int)utf8_text_width(prompt->text, prompt->at);
    const struct cells_text text = {.bytes = prompt->text,
                                    .len = prompt->len,
                                    .cut = true,
                                    .skip = cursor > room && room > 0 ? cursor - room : 0};
    int used = cells_put_text(cells, y, x + start, room, TEXT_PLAIN, &text);

    cells->cursor_y = y;
    cells->cursor_x = x + start + cursor - text.skip;
    if (prompt->at == prompt->len)
        used += cells_put(cells, y, x + start + used, 1, style, "▏");
    return start + used;
}

void prompt_remember(struct prompt_history *history, const char *line)
{
    if (!*line || (history->lines[0] && strcmp(history->lines[0], line) == 0))
        return;
    free(history->lines[PROMPT_HISTORY - 1]);
    memmove(history->lines + 1, history->lines, sizeof(char *) * (PROMPT_HISTORY - 1));
    history->lines[0] = mem_copy_string(line);
}

void prompt_history_fini(struct prompt_history *history)
{
    for (int i = 0; i < PROMPT_HISTORY; i++) {
        free(history->lines[i]);
        history->lines[i] = NULL;
    }
}
