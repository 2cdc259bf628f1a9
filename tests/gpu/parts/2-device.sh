#!/bin/sh
# title: what the program says of the device
# limit: 30 s
# shellcheck source=tests/gpu/common.sh
. tests/gpu/common.sh
need_program

line=$("$program" doctor | grep "^$backend " | tr -s ' ')
say "doctor: ${line:-nothing}"
if [ "$backend" = cuda ]; then
    "$program" doctor --json >"$work/doctor" 2>&1
    grep -q '"cuda": {"ok": true' "$work/doctor" || fail "doctor finds no usable GPU"
fi

# auto takes it; a line in LORALAB_BACKEND counts like one on the command line.
"$program" train --max_steps 1 --eval_examples 5 --quiet --json --out "$work/auto" >"$work/auto.json"
status=$?
took=$(sed -n 's/.*"backend": "\([a-z]*\)".*/\1/p' "$work/auto.json")
if [ "$backend" = cuda ] && { [ $status -ne 0 ] || [ "$took" != cuda ]; }; then
    fail "--backend auto took ${took:-nothing} (status $status)"
else
    say "--backend auto takes $took"
fi
LORALAB_BACKEND=$backend "$program" eval --examples 5 --quiet --json >/dev/null ||
    fail "LORALAB_BACKEND=$backend loralab eval does not run"
end
