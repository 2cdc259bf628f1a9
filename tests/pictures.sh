#!/bin/sh
# The pictures of doc/screens/: each tests/pictures/*.keys is played in the lab and saves screens as
# SVG; session is a film of several screens. The numbers in them are what this machine measured;
# nothing is drawn by hand.
#   LORALAB=program   OUT=folder   PICTURES="home lesson"
cd "$(dirname "$0")/.." || exit 1
loralab=$(realpath "${LORALAB:-./loralab}")
out=${OUT:-doc/screens}
pictures=${PICTURES:-home lesson learning workbench matrix runs model help projector notes session}

LORALAB_DATA=${LORALAB_DATA:-$PWD/data}
LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LORALAB_DATA LC_ALL
mkdir -p "$out"

# Runs to lay over each other: three seeds at one rank, one seed at another.
record() {
    for run in "8 42" "8 43" "8 44" "1 42"; do
        # shellcheck disable=SC2086 # two words
        set -- $run
        "$loralab" train --data sql --max_steps 120 --r "$1" --seed "$2" --quiet >"$work/log" || exit 1
    done
}

# Two terminals, of which each waits for the other: the lab before a projector, and the notes.
notes() {
    XDG_RUNTIME_DIR=$work/run
    export XDG_RUNTIME_DIR
    mkdir -m 700 "$XDG_RUNTIME_DIR"
    "$loralab" lab rank --projector --script tests/pictures/notes-lab.keys --save "$out" &
    lab=$!
    for _ in $(seq 100); do
        [ -z "$(ls "$XDG_RUNTIME_DIR/loralab" 2>/dev/null)" ] || break
        sleep 0.1
    done
    "$loralab" notes --script tests/pictures/notes.keys --save "$out" && wait "$lab"
}

options() {
    case $1 in
    lesson) echo rank --quick ;;
    learning) echo lora ;;
    workbench | matrix | runs | model) echo "$1" ;;
    projector) echo rank --projector --charset braille ;;
    *) echo --quick ;;
    esac
}

for picture in $pictures; do
    XDG_STATE_HOME=$work/$picture
    export XDG_STATE_HOME
    mkdir -p "$XDG_STATE_HOME"
    [ "$picture" != runs ] || record
    if [ "$picture" = notes ]; then
        notes || { rm -f "$out/failed.txt"; exit 1; }
        continue
    fi
    # shellcheck disable=SC2046 # options are several words
    "$loralab" lab $(options "$picture") --script "tests/pictures/$picture.keys" --save "$out" ||
        { rm -f "$out/failed.txt"; exit 1; }
done
ls -l "$out"
