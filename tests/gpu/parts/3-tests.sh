#!/bin/sh
# title: the runner's tests on the device: ops against ref, PyTorch fixtures, training, plans
# limit: 120 s
# shellcheck source=tests/gpu/common.sh
. tests/gpu/common.sh
need_device
runner=$ACCEPT_BUILD/test-runner
[ -x "$runner" ] || skip "the test-runner was not built"

# The groups that ask for "cuda": with LORALAB_TEST_GPU=1 that is the plug-in beside the runner.
groups=$(grep -l '"tests/math/cuda_rig.h"' tests/*/test_*.c | xargs sed -n 's/^TEST_GROUP(\([a-z_0-9]*\).*/\1/p')
groups=${LORALAB_ACCEPT_GROUPS:-$groups}
gpu=0
[ "$backend" != cuda ] || gpu=1
say "groups: $(echo "$groups" | tr '\n' ' ')"
for group in $groups; do
    within=$(($(left) - 3))
    [ "$within" -ge 1 ] || { fail "$group: no time left"; continue; }
    LORALAB_TEST_GPU=$gpu timeout "$within" "$runner" "=$group" >"$work/group" 2>&1
    status=$?
    cat "$work/group" >&2
    line=$(grep -E "^(ok|FAILED) +$group " "$work/group" | tr -s ' ')
    # The runner's status is not asked where a line says ok: it is 1 when all tests were skipped.
    if [ "${line#ok }" != "$line" ]; then
        say "$line"
        case $status$group in
        0*) ;;
        *ops | *cuda_train | *parity) fail "$group: nothing of it ran" ;;
        esac
    elif [ $status -eq 124 ]; then
        fail "$group: not done within $within s"
    else
        fail "${line:-$group: status $status}"
        grep -E '^\[ +(ERROR|LINE|FAILED) +\]' "$work/group" | head -n 8 | sed 's/^/    /'
    fi
done
end
