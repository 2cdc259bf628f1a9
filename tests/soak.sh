#!/bin/sh
# Hours of use in minutes: a thousand kills, and a long training whose memory, files and threads
# must not grow. Fails when something does.
#
#   tests/soak.sh [KILLS] [STEPS]      1000 and 20000 unless said
cd "$(dirname "$0")/.." || exit 1

kills=${1:-1000}
steps=${2:-20000}
build=${BUILD:-build/release}
status=0
work=$(mktemp -d "${TMPDIR:-/tmp}/loralab-soak-XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() {
    echo "soak: $1" >&2
    status=1
}

make --no-print-directory BUILD="$build" "$build/loralab" "$build/test-runner" || exit 1

echo "soak: $kills kills at random moments"
LORALAB_KILLS=$kills OPENBLAS_NUM_THREADS=1 "$build/test-runner" killed_at_random ||
    fail "a killed training did not go on as it should"

# Resident KB, open files and threads of a process.
usage() {
    # One that has just ended has no memory left to speak of.
    awk '/^VmRSS/{rss = $2} /^Threads/{threads = $2}
         END {if (rss == 0) exit 1; printf "%d %d ", rss, threads}' "/proc/$1/status" || return 1
    find "/proc/$1/fd" | wc -l
}

last_step() {
    tail -n 20 "$1" 2>/dev/null |
        sed -n 's/.*"type": "step", "step": \([0-9]*\).*/\1/p' | tail -n 1
}

echo "soak: $steps steps, a checkpoint each hundred"
"$build/loralab" train --base tests/fixtures/models/qwen2-tied \
    --data tests/fixtures/train/data.jsonl --max_steps "$steps" --per_device_train_batch_size 4 \
    --eval_steps 500 --save_steps 100 --lora_dropout 0.1 --quiet --out "$work/out" \
    >"$work/summary" 2>&1 &
process=$!
first=
while kill -0 $process 2>/dev/null; do
    sleep 0.5
    step=$(last_step "$work/out/run.jsonl")
    now=$(usage $process 2>/dev/null) || break
    [ -n "$step" ] || continue
    # The first tenth may still find its largest batch.
    [ "$step" -lt $((steps / 10)) ] && continue
    [ -n "$first" ] || { first=$now first_step=$step; }
    last=$now last_step=$step
done
wait $process || { fail "the training ended with $?"; cat "$work/summary" >&2; }

if [ -z "$first" ] || [ "$last_step" -le "$first_step" ]; then
    fail "it was too quick to be measured; give more STEPS"
else
    set -- $first $last
    grown=$(($4 - $1))
    allowed=$(((last_step - first_step) / 1000 + 256)) # 1 KB a thousand steps, and some pages
    echo "soak: steps $first_step..$last_step: $1 -> $4 KB, threads $2 -> $5, files $3 -> $6"
    [ $grown -le $allowed ] || fail "memory grew by $grown KB, $allowed are allowed"
    [ "$2" -eq "$5" ] || fail "threads: $2, then $5"
    [ "$6" -le $(($3 + 4)) ] || fail "open files: $3, then $6"
fi
left=$(find "$work/out" -maxdepth 1 -name 'checkpoint-*' | wc -l)
[ "$left" -le 2 ] || fail "$left checkpoints are left"

[ $status -eq 0 ] && echo "soak: nothing grew, nothing was lost"
exit $status
