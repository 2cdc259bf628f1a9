#!/bin/sh
# title: compute-sanitizer over the op table and a training: memcheck and racecheck
# limit: 150 s
# shellcheck source=tests/gpu/common.sh
. tests/gpu/common.sh
. tests/gpu/machine.sh
need_device
[ "$backend" = cuda ] || skip "a rehearsal on $backend has no kernels"
command -v compute-sanitizer >/dev/null 2>&1 || skip "compute-sanitizer is not installed"

# Failing calls of the API are no findings: the program looks at each answer itself.
sanitize() { # TOOL SECONDS COMMAND ...; status 9: something was found
    options="--tool $1 --error-exitcode 9 --print-limit 20"
    [ "$1" != memcheck ] || options="$options --report-api-errors no"
    within=$2
    shift 2
    # shellcheck disable=SC2086 # options are words
    timeout "$within" compute-sanitizer $options "$@" >"$work/sanitizer" 2>&1
    status=$?
    tail -n 60 "$work/sanitizer" >&2
}

# Whether a finding names one of these kernels ("a|b").
names() { # KERNELS
    grep -qE "^=+.*[ :]($1)[<(]" "$work/sanitizer"
}

# A planted error of each kind must be seen and its kernel named, else silence would mean nothing.
nvcc=$(machine_nvcc) || skip "nvcc, for the planted errors, is not there"
"$nvcc" -o "$work/planted" tests/gpu/planted.cu >&2 || skip "the planted errors do not compile"
sees() { # TOOL KIND KERNEL
    sanitize "$1" 30 "$work/planted" "$2"
    if [ $status -ne 9 ] || ! names "$3"; then
        skip "on this machine $1 does not see a planted $2"
    fi
}
sees memcheck store store_behind
sees racecheck race read_unfinished
say "both tools see their planted error"

# What stands behind the names in the findings: kernels of this tree, or cuBLAS's.
ours=$(sed -nE 's/.*__global__ void (__launch_bounds__\([^)]*\) )?([a-z_0-9]+)\(.*/\2/p' \
    core/math/cuda/device/*.cu | sort -u | tr '\n' '|')
ours=${ours%|}
# In one process each, so that nothing depends on how the tools follow a fork.
check() { # TOOL SECONDS WHAT COMMAND ...
    what="$1, $3"
    tool=$1 limit=$2
    shift 3
    [ "$limit" -ge 5 ] || { say "$what: no time left, not looked at"; return; }
    sanitize "$tool" "$limit" "$@"
    summary=$(grep -E '^=+ (ERROR SUMMARY|RACECHECK SUMMARY)' "$work/sanitizer" | sed 's/^=* //')
    if names "$ours"; then
        fail "$what: ${summary:-something was found}"
        grep -E '^=+' "$work/sanitizer" | head -n 12 | sed 's/^/    /'
    elif [ $status -eq 9 ]; then
        say "$what: $summary, in no kernel of this tree"
        grep -E '^=+ +(at|in) ' "$work/sanitizer" | sort | uniq -c | head -n 4 | sed 's/^/    /'
    elif [ $status -eq 124 ]; then
        say "$what: nothing found in the $limit s that it was given, not complete"
    elif [ $status -ne 0 ] || [ -z "$summary" ]; then
        fail "$what: status $status"
    else
        say "$what: $summary"
    fi
}

LORALAB_TEST_GPU=1 LORALAB_TEST_ONE_PROCESS=1
export LORALAB_TEST_GPU LORALAB_TEST_ONE_PROCESS
runner=$ACCEPT_BUILD/test-runner
third=$((($(left) - 10) / 3))
check memcheck "$third" "the op table" "$runner" =ops
check memcheck $((third / 2)) "a training of 3 steps" "$program" train --data sql --max_steps 3 \
    --eval_examples 2 --backend cuda --out "$work/checked" --quiet
check racecheck $(($(left) - 5)) "the op table" "$runner" =ops
end
