/* SPDX-License-Identifier: MIT */
/*
 * Bytes of the terminal to key events. The sequences of xterm, the Linux console, screen, tmux,
 * rxvt and vt220 are known by themselves, whatever TERM says; what is not known is swallowed to its
 * end and never leaks letters that would act as commands. Pure: no I/O, no clock.
 */
#ifndef LIFEGUARD_TUI_INPUT_H
#define LIFEGUARD_TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys that are no characters; control characters are their own codes (Enter is 13, ESC 27). */
enum key_code {
    KEY_CTRL_C = 3,
    KEY_TAB = 9,
    KEY_ENTER_CODE = 13,
    KEY_ESCAPE = 27,
    KEY_BACKSPACE_CODE = 127,
    KEY_FIRST = 0x200000,
    KEY_UP_CODE = KEY_FIRST,
    KEY_DOWN_CODE,
    KEY_LEFT_CODE,
    KEY_RIGHT_CODE,
    KEY_HOME_CODE,
    KEY_END_CODE,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_INSERT,
    KEY_DELETE,
    KEY_BACK_TAB,
    KEY_F1,
    KEY_F2,
    KEY_F3,
    KEY_F4,
    KEY_F5,
    KEY_F6,
    KEY_F7,
    KEY_F8,
    KEY_F9,
    KEY_F10,
    KEY_F11,
    KEY_F12,
    KEY_MOUSE_EVENT,
    KEY_PASTE_BEGIN,
    KEY_PASTE_END,
    KEY_NONE /* swallowed */
};

enum mouse_kind { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct key_event {
    uint32_t code; /* a code point or enum key_code */
    enum mouse_kind mouse;
    int button, y, x; /* of a mouse event, from 0 */
};

struct input {
    char bytes[256]; /* not understood yet */
    size_t len;
    bool pasting;
};

/* Takes as many bytes as fit; returns how many. */
size_t input_feed(struct input *input, const char *bytes, size_t len);
/* The next event; false when there is none yet. `final`: no more bytes came for a while, so that a
 * lone ESC is the key. */
bool input_next(struct input *input, struct key_event *event, bool final);
/* Bytes wait that may be the begin of a sequence. */
static inline bool input_is_partial(const struct input *input)
{
    return input->len > 0;
}

#endif
