#!/bin/sh
# SPDX-License-Identifier: MIT
# Pictures of the screen in a real xterm: screenshots.sh BUILD_DIR [OUT_DIR] [fake]
#
# Starts config/demo.cfg with BUILD_DIR/lifeguard and photographs the views of `lifeguard attach`;
# with "fake" (or without a demo) it shows the prod-7 scenario instead. Needs xvfb, xterm, tmux,
# x11-utils, imagemagick and fonts-dejavu-core; no window manager, and works as root. Every wait has
# an end.
set -eu

build=$(cd "${1:?usage: screenshots.sh BUILD_DIR [OUT_DIR] [fake]}" && pwd)
here=$(cd "$(dirname "$0")/../.." && pwd)
out=${2:-$here/screenshots}
kind=${3:-demo}
[ -f "$here/config/demo.cfg" ] && [ -x "$build/lifeguard" ] || kind=fake
mkdir -p "$out"
work=$(mktemp -d)
XDG_RUNTIME_DIR=$work/run XDG_STATE_HOME=$work/state
mkdir -m 700 "$XDG_RUNTIME_DIR"
export XDG_RUNTIME_DIR XDG_STATE_HOME LANG=C.UTF-8 LC_ALL=C.UTF-8
xvfb= xterm= feeder= stuck=

# A server of its own for each picture: a new one can't begin while the last one still ends.
server=shot-$$-0
mux() { tmux -L "$server" -f /dev/null "$@"; }

cleanup() {
    set +e
    mux kill-server 2>/dev/null
    [ -n "$xterm" ] && kill "$xterm" 2>/dev/null
    [ -n "$feeder" ] && kill "$feeder" 2>/dev/null
    [ "$kind" = demo ] && timeout 60 "$build/lifeguard" shutdown demo --now >/dev/null 2>&1
    [ -n "$stuck" ] && timeout 60 "$build/lifeguard" shutdown stuck --now >/dev/null 2>&1
    [ -n "$xvfb" ] && kill "$xvfb" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

# until COMMAND...: true as soon as the command is, false after 20 seconds.
until_true() {
    tries=200
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { echo "screenshots: gave up on: $*" >&2; return 1; }
        sleep 0.1
    done
}

start_display() {
    Xvfb :96 -screen 0 2600x1900x24 -nolisten tcp -noreset >/dev/null 2>&1 &
    xvfb=$!
    export DISPLAY=:96
    until_true xdpyinfo
}

start_supervisor() {
    if [ "$kind" = demo ]; then
        (cd "$here" && timeout 60 "$build/lifeguard" run config/demo.cfg --detach >/dev/null)
        viewer="$build/lifeguard attach demo"
    else
        mkfifo "$work/hold"
        sleep 600 >"$work/hold" &
        feeder=$!
        "$build/tests/harness/fake_supervisor" "$here/tests/harness/prod-7.json" "$work/s.sock" \
            <"$work/hold" &
        until_true test -S "$work/s.sock"
        viewer="env TZ=UTC $build/tests/tui/tui_main $work/s.sock"
    fi
}

on_screen() { mux capture-pane -p | grep -q -- "$1"; }

# shot NAME COLSxROWS LIGHT TEXT [KEYS...]: opens the screen, presses keys, waits for the text.
shot() {
    name=$1 size=$2 light=$3 text=$4
    shift 4
    cols=${size%x*} rows=${size#*x}
    back='#15181e' front='#d8dee9' option=
    [ "$light" = light ] && back='#fbfaf7' front='#2b2b2b' option=$light_option
    mux kill-server 2>/dev/null || true
    server=shot-$$-$name
    mux new-session -d -x "$cols" -y "$rows" "$viewer $option"
    mux set -g status off
    mux set -g escape-time 0
    mux set -g default-terminal screen-256color
    until_true on_screen "${first_text}"
    for key in "$@"; do
        mux send-keys "$key"
        sleep 0.3
    done
    until_true on_screen "$text"
    xterm -u8 -tn xterm-256color -geometry "$size+0+0" -fa 'DejaVu Sans Mono' -fs 13 -b 8 -bw 0 \
        +sb -bg "$back" -fg "$front" -xrm 'XTerm*color4: #5e81ff' -T "shot-$name" \
        -e tmux -L "$server" attach &
    xterm=$!
    until_true xwininfo -name "shot-$name"
    until_true on_screen "$text"
    sleep 1
    window=$(timeout 5 xwininfo -name "shot-$name" | awk '/Window id/{print $4}')
    [ -n "$window" ] && timeout 20 import -window "$window" "$out/$name.png"
    kill "$xterm" 2>/dev/null || true
    wait "$xterm" 2>/dev/null || true
    xterm=
    echo "$out/$name.png"
}

fake_shots() {
    first_text=export-eu light_option=--light
    shot pools 120x40 dark "auto-restart" j
    shot pools-wide 200x60 dark "auto-restart" j
    shot pools-small 80x24 dark "auto-restart" j
    shot pools-light 120x40 light "auto-restart" j
    shot workers 120x40 dark "selected: ocr" 2
    shot detail 120x40 dark "Past lives" 2 Enter
    shot logs 120x40 dark "hits" j l / page Enter
    shot queue 120x40 dark "rebuild-index" 3 j j
    shot events 120x40 dark "event detail" 5 j j j j j
    shot help 120x40 dark "switch view" '?'
    shot kill 120x40 dark "y Kill" 2 X
}

demo_shots() {
    first_text=Workers light_option="--theme light"
    sleep "${DEMO_SECONDS:-20}" # something must have happened before it can be photographed
    shot pools 120x40 dark "── flaky" j j j
    shot pools-wide 200x60 dark "── events" j j j
    shot pools-small 80x24 dark "── flaky" j j j
    shot pools-light 120x40 light "── flaky" j j j
    shot workers 120x40 dark "selected: flaky" 2 / flaky Enter
    shot detail 120x40 dark "Past lives" 2 / flaky Enter Enter
    shot logs 120x40 dark "FOLLOW" 4
    shot queue 120x40 dark "Depth" 3
    shot events 120x40 dark "event detail" 5
    shot help 120x40 dark "switch view" '?'
    shot kill 120x40 dark "y Kill" 2 / echo Enter X
}

# Why one hangs: the example of the README, a few seconds after its limits are over.
stuck_shots() {
    (cd "$here" && timeout 60 "$build/lifeguard" run config/examples/stuck.cfg --detach >/dev/null)
    stuck=yes
    until_true told_of_all
    viewer="$build/lifeguard attach stuck" first_text=Workers
    shot why 120x40 dark "Open files" 2 / pipe Enter Enter d
}

told_of_all() { [ "$("$build/lifeguard" events -S stuck | grep -c ' evidence ')" -ge 4 ]; }

start_display
start_supervisor
"${kind}_shots"
[ "$kind" = demo ] && stuck_shots
