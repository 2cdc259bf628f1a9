#!/bin/sh
# Every lesson whole (not its quick form), each with its own seed and with two others. Prints what
# did not hold, a line a run, and fails when one did.
#   LORALAB=program   SEEDS="7 123"   LESSONS="rank svd"
cd "$(dirname "$0")/.." || exit 1
loralab=${LORALAB:-./loralab}
seeds=${SEEDS:-own 7 123}
lessons=${LESSONS:-lessons/[0-9]*.md}

LORALAB_DATA=${LORALAB_DATA:-$PWD/data}
export LORALAB_DATA

failed=0
for lesson in $lessons; do
    for seed in $seeds; do
        option="--seed $seed"
        [ "$seed" != own ] || option=""
        start=$(date +%s)
        # shellcheck disable=SC2086 # an option is two words or none
        if out=$("$loralab" run "$lesson" --quiet $option); then
            verdict=ok
        else
            verdict=FAILED
            failed=$((failed + 1))
            printf '%s\n' "$out" | grep '^FAILED'
        fi
        printf '%-6s %-28s seed %-4s %4d s  %s\n' "$verdict" "$lesson" "$seed" \
            $(($(date +%s) - start)) "$(printf '%s\n' "$out" | tail -n 1)"
    done
done
[ "$failed" -eq 0 ] || { echo "$failed runs failed"; exit 1; }
