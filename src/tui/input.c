/* SPDX-License-Identifier: MIT */
/*
 * The key decoder. A sequence is first measured (how many bytes, or not complete), then named. Alt
 * with a key is ESC and that key: both are swallowed, because Alt is bound to nothing.
 */
#include "tui/input.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { PARTIAL = 0 };

size_t input_feed(struct input *input, const char *bytes, size_t len)
{
    size_t room = sizeof(input->bytes) - input->len;

    if (len > room)
        len = room;
    memcpy(input->bytes + input->len, bytes, len);
    input->len += len;
    return len;
}

/* ESC [ n ~ */
static uint32_t tilde_key(int number)
{
    static const uint16_t numbers[] = {1,  2,  3,  4,  5,  6,  7,  8,  11, 12,  13,
                                       14, 15, 17, 18, 19, 20, 21, 23, 24, 200, 201};
    static const uint32_t codes[] = {
        KEY_HOME_CODE, KEY_INSERT,   KEY_DELETE,      KEY_END_CODE, KEY_PAGE_UP, KEY_PAGE_DOWN,
        KEY_HOME_CODE, KEY_END_CODE, KEY_F1,          KEY_F2,       KEY_F3,      KEY_F4,
        KEY_F5,        KEY_F6,       KEY_F7,          KEY_F8,       KEY_F9,      KEY_F10,
        KEY_F11,       KEY_F12,      KEY_PASTE_BEGIN, KEY_PASTE_END};

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (numbers[i] == number)
            return codes[i];
    return KEY_NONE;
}

/* The last byte of ESC [ X and ESC O X. */
static uint32_t letter_key(char letter)
{
    static const char letters[] = "ABCDHFZPQRSM";
    static const uint32_t codes[] = {KEY_UP_CODE,   KEY_DOWN_CODE, KEY_RIGHT_CODE, KEY_LEFT_CODE,
                                     KEY_HOME_CODE, KEY_END_CODE,  KEY_BACK_TAB,   KEY_F1,
                                     KEY_F2,        KEY_F3,        KEY_F4,         KEY_ENTER_CODE};
    const char *found = strchr(letters, letter);

    return found && letter ? codes[found - letters] : KEY_NONE;
}

static int parse_number(const char **at, const char *end)
{
    int value = 0;

    while (*at < end && **at >= '0' && **at <= '9') {
        value = value < 100000 ? value * 10 + (**at - '0') : value;
        ++*at;
    }
    return value;
}

/* ESC [ < b ; x ; y M or m */
static void parse_mouse(const char *bytes, size_t len, struct key_event *event)
{
    const char *at = bytes + 3, *end = bytes + len - 1;
    int button = parse_number(&at, end);

    event->code = KEY_MOUSE_EVENT;
    at += at < end;
    event->x = parse_number(&at, end) - 1;
    at += at < end;
    event->y = parse_number(&at, end) - 1;
    event->button = button & 3;
    if (button & 64)
        event->mouse = button & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
    else
        event->mouse = *end == 'm' || (button & 32) ? MOUSE_RELEASE : MOUSE_PRESS;
    if (event->x < 0 || event->y < 0)
        event->code = KEY_NONE;
}

/* ESC [ ...: bytes, or PARTIAL. */
static size_t csi_length(const char *bytes, size_t len)
{
    size_t at = 2;

    if (at < len && bytes[at] == '[') /* the Linux console's F1 to F5: ESC [ [ A */
        return len > 3 ? 4 : PARTIAL;
    while (at < len && bytes[at] >= 0x20 && bytes[at] <= 0x3f)
        at++;
    return at < len ? at + 1 : PARTIAL;
}

/* Shift, Ctrl and Alt are told by a second parameter; only moving keys may have them: Ctrl+F9 is
 * not F9. */
static uint32_t without_modifier(const char *bytes, size_t len, uint32_t code)
{
    if (memchr(bytes, ';', len) && (code < KEY_UP_CODE || code > KEY_PAGE_DOWN))
        return KEY_NONE;
    return code;
}

static void name_csi(const char *bytes, size_t len, struct key_event *event)
{
    char last = bytes[len - 1];
    const char *at = bytes + 2;

    event->code = KEY_NONE;
    if (bytes[2] == '[')
        event->code = last >= 'A' && last <= 'E' ? KEY_F1 + (uint32_t)(last - 'A') : KEY_NONE;
    else if (bytes[2] == '<' && (last == 'M' || last == 'm'))
        parse_mouse(bytes, len, event);
    else if (last == '~')
        event->code = without_modifier(bytes, len, tilde_key(parse_number(&at, bytes + len)));
    else if ((len == 3 || bytes[2] == '1') && last != 'M')
        event->code = without_modifier(bytes, len, letter_key(last));
}

/* What starts with ESC: bytes, or PARTIAL. */
static size_t escape_length(const char *bytes, size_t len)
{
    if (len < 2)
        return PARTIAL;
    if (bytes[1] == '[')
        return csi_length(bytes, len);
    if (bytes[1] == 'O')
        return len > 2 ? 3 : PARTIAL;
    if (bytes[1] == 27)
        return 1; /* ESC ESC: the first stands alone */
    return 2;
}

static size_t take_escape(const char *bytes, size_t len, struct key_event *event, bool final)
{
    size_t length = escape_length(bytes, len);

    if (length == PARTIAL) {
        event->code = len == 1 ? KEY_ESCAPE : KEY_NONE;
        return final || len > 64 ? len : PARTIAL;
    }
    event->code = KEY_NONE;
    if (length == 1)
        event->code = KEY_ESCAPE;
    else if (bytes[1] == '[')
        name_csi(bytes, length, event);
    else if (bytes[1] == 'O')
        event->code = letter_key(bytes[2]);
    return length;
}

static size_t take_character(const char *bytes, size_t len, struct key_event *event, bool final)
{
    size_t length = utf8_decode(bytes, len, &event->code);

    if (length)
        return length;
    event->code = KEY_NONE;
    /* Up to three bytes may be the begin of a character that has not arrived whole. */
    return !final && len < 4 && (unsigned char)bytes[0] >= 0xc2 ? PARTIAL : 1;
}

bool input_next(struct input *input, struct key_event *event, bool final)
{
    while (input->len) {
        size_t taken;
        *event = (struct key_event){0};
        taken = input->bytes[0] == 27 ? take_escape(input->bytes, input->len, event, final)
                                      : take_character(input->bytes, input->len, event, final);
        if (taken == PARTIAL)
            return false;
        input->len -= taken;
        memmove(input->bytes, input->bytes + taken, input->len);
        if (event->code == KEY_PASTE_BEGIN || event->code == KEY_PASTE_END)
            input->pasting = event->code == KEY_PASTE_BEGIN;
        if (event->code == 8)
            event->code = KEY_BACKSPACE_CODE;
        if (event->code != KEY_NONE)
            return true;
    }
    return false;
}
