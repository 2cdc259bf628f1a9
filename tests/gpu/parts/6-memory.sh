#!/bin/sh
# title: memory: computed by --dry_run, counted in the run, and the device's own figure
# limit: 40 s
# shellcheck source=tests/gpu/common.sh
. tests/gpu/common.sh
need_device

# What a backend that has done nothing leaves free.
"$program" doctor --json >"$work/bare.json" 2>/dev/null
bare=$(number free_bytes "$work/bare.json")
bare=${bare:-0}
purposes="weights adapter gradients optimizer activations"

compare() { # WHAT OPTIONS ...
    what=$1
    shift
    loralab "$backend" train --data sql --eval_examples 20 --max_steps 20 --out "$work/memory" "$@" \
        --dry_run >"$work/plan.json" || { fail "$what: the dry run: status $?"; return; }
    rm -rf "$work/memory"
    loralab "$backend" train --data sql --eval_examples 20 --max_steps 20 --out "$work/memory" "$@" \
        >"$work/run.json" || { fail "$what: the run: status $?"; return; }
    plan=$(object bytes "$work/plan.json") run=$(object bytes "$work/run.json")
    differs=""
    for purpose in $purposes; do
        [ "$(member "$purpose" "$plan")" = "$(member "$purpose" "$run")" ] ||
            differs="$differs $purpose $(member "$purpose" "$plan")/$(member "$purpose" "$run")"
    done
    text="$what: planned $(member total "$plan") bytes, counted $(member total "$run")"
    [ -n "$plan" ] && [ -z "$differs" ]
    tell $? "$text" "; differ:$differs"
    device=$(object device_memory "$work/run.json")
    [ -z "$device" ] || say "$what, on the device: $(member free_bytes "$device") bytes free of" \
        "$(member total_bytes "$device"), $((bare - $(member free_bytes "$device"))) less than beside" \
        "the bare backend, whose own buffers are $(member backend_bytes "$device")"
}

compare "LoRA, f32"
compare "LoRA with checkpointing" --gradient_checkpointing
compare "full" --method full
[ "$backend" = cpu ] || compare "LoRA, bf16" --dtype bf16
end
