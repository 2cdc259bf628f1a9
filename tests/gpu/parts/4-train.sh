#!/bin/sh
# title: trainings of the shipped model: the CPU's losses, the same bytes, stop and resume
# limit: 110 s
# shellcheck source=tests/gpu/common.sh
. tests/gpu/common.sh
need_device

# Each run in a folder of its own under $work.
train() { # NAME BACKEND OPTIONS ...
    name=$1 where=$2
    shift 2
    rm -rf "${work:?}/$name"
    loralab "$where" train --data sql --eval_examples 20 --out "$work/$name" "$@" \
        >"$work/$name.json" || { fail "$name: status $? ($where $*)"; return 1; }
}

# ---- 30 losses of the cpu -----------------------------------------------------------------------

within() { # NAME-OF-RUN REFERENCE TOLERANCE WHAT; TOLERANCE "-": told only
    if ! found=$(awk -f tests/gpu/losses.awk "$work/$1/run.jsonl" "$work/$2/run.jsonl"); then
        fail "$4: the two logs do not have the same steps, or a loss is no number"
        return
    fi
    # shellcheck disable=SC2086 # four numbers
    set -- "$3" "$4" $found
    text="$2: $3 losses differ from the cpu's by at most $4 nats ($5 of the loss), the last is $6"
    if [ "$1" = - ]; then
        say "$text"
    else
        awk -v d="$4" -v tol="$1" 'BEGIN {exit !(d <= tol)}'
        tell $? "$text; limit $1"
    fi
}

train cpu-30 cpu --max_steps 30
train f32-30 "$backend" --max_steps 30 && within f32-30 cpu-30 1e-4 "LoRA, f32"
train cpu-full cpu --method full --max_steps 30
train f32-full "$backend" --method full --max_steps 30 && within f32-full cpu-full 1e-4 "full, f32"
if [ "$backend" = cuda ]; then
    train tf32-30 cuda --dtype tf32 --max_steps 30 && within tf32-30 cpu-30 - "LoRA, tf32"
    train bf16-30 cuda --dtype bf16 --max_steps 30 && within bf16-30 cpu-30 1e-2 "LoRA, bf16"
else
    say "tf32 and bf16: $backend computes in f32 only"
fi

# ---- the same bytes -----------------------------------------------------------------------------

same() { # NAME OTHER WHAT
    a=$(adapter_of "$work/$1") b=$(adapter_of "$work/$2")
    [ -n "$a" ] && [ "$a" = "$b" ]
    tell $? "$3: sha256 of the adapters $a... and $b..." ", not the same"
}

train first "$backend" --max_steps 60 --save_steps 30
train second "$backend" --max_steps 60 --save_steps 30 && same first second "two runs of 60 steps"
train other "$backend" --max_steps 60 --seed 43 &&
    [ "$(adapter_of "$work/other")" = "$(adapter_of "$work/first")" ] &&
    fail "another seed gives the same adapter: the comparison sees nothing"

# From the checkpoint of step 30, as after a kill.
if mkdir -p "$work/killed" && cp -R "$work/first/checkpoint-30" "$work/killed/"; then
    loralab "$backend" train --data sql --eval_examples 20 --out "$work/killed" --max_steps 60 \
        --save_steps 30 --resume_from_checkpoint last >"$work/killed.json" ||
        fail "going on from step 30: status $?"
    same first killed "60 steps, and 30 with the other 30 from a checkpoint"
fi
[ "$backend" = cpu ] || for dtype in tf32 bf16; do
    train "$dtype-a" cuda --dtype $dtype --max_steps 60 &&
        train "$dtype-b" cuda --dtype $dtype --max_steps 60 &&
        same "$dtype-a" "$dtype-b" "two runs of 60 steps in $dtype"
done

# ---- Ctrl-C: a checkpoint, status 130, and an end ------------------------------------------------

long=$work/long
"$program" train --data sql --eval_examples 20 --max_steps 1000000 --backend "$backend" --out "$long" \
    --quiet --json >"$work/long.json" &
child=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    sleep 0.5
    steps=$(grep -c '"type": "step"' "$long/run.jsonl" 2>/dev/null)
    [ "${steps:-0}" -lt 20 ] || break
done
# A shell without job control starts what is in the background deaf to SIGINT; TERM says the same.
kill -TERM "$child"
(sleep 15; kill -9 "$child") 2>/dev/null &
guard=$!
wait "$child"
status=$?
kill "$guard" 2>/dev/null
saved=$(find "$long" -maxdepth 1 -name 'checkpoint-*' | wc -l)
if [ $status -eq 137 ] || [ "$saved" -ne 1 ]; then
    fail "stopped by a signal: status $status, $saved checkpoints"
else
    say "stopped by a signal after $(grep -c '"type": "step"' "$long/run.jsonl") steps:" \
        "status $status, the state is saved"
fi
end
