#!/bin/sh
# title: bench: ratios in one run
# limit: 170 s
# shellcheck source=tests/gpu/common.sh
. tests/gpu/common.sh
need_device
bench=$ACCEPT_BUILD/tests/bench/bench_gpu.run
[ -x "$bench" ] || skip "the bench was not built"

within=$(($(left) - 5))
shape=""
[ "$backend" = cuda ] || shape=small
# shellcheck disable=SC2086 # one word or none
LORALAB_PROGRAM=$program LORALAB_BENCH_SECONDS=$((within - 5)) timeout "$within" "$bench" $shape >"$work/bench"
status=$?
sed 's/^/    /' "$work/bench"
echo
grep -q '^skipped' "$work/bench" && skip "$(grep '^skipped' "$work/bench")"
[ $status -eq 0 ] || fail "the bench ended with status $status (124: not done within $within s)"
missed=$(grep -c ' MISS$' "$work/bench")
[ "$missed" -eq 0 ] || fail "$missed targets missed"
grep -q ' PASS$' "$work/bench" || [ "$missed" -gt 0 ] || fail "nothing was compared with a target"
end
