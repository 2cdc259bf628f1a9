#!/bin/sh
# title: build
# limit: 170 s
# shellcheck source=tests/gpu/common.sh
. tests/gpu/common.sh
. tests/gpu/machine.sh

jobs=$(nproc)

targets="$ACCEPT_BUILD/loralab $ACCEPT_BUILD/test-runner $ACCEPT_BUILD/tests/bench/bench_gpu.run"
plugin=$ACCEPT_BUILD/libloralab_cuda.so
if [ -n "$(machine_nvcc)" ]; then
    targets="$targets $plugin"
    machine_borrow_cublas
elif [ "$backend" = cuda ]; then
    fail "there is no nvcc: no plug-in"
fi

run_make() { # OPTIONS AND TARGETS
    make --no-print-directory BUILD="$ACCEPT_BUILD" \
        ${LORALAB_ACCEPT_ARCHS:+CUDA_ARCHS="$LORALAB_ACCEPT_ARCHS"} "$@"
}

# All at once, then asked one by one what became of it.
begun=$(date +%s)
# shellcheck disable=SC2086 # a list of targets
run_make -k -j"$jobs" $targets >"$work/make.log" 2>&1
cat "$work/make.log" >&2
took=$(($(date +%s) - begun))
for target in $targets; do
    if run_make -q "$target" >/dev/null 2>&1; then
        say "$target: $(wc -c <"$target") bytes"
    else
        fail "$target does not build"
    fi
done
[ "$failed" -eq 0 ] || grep -E '(error|undefined reference|warning treated|\*\*\*)' "$work/make.log" |
    head -n 12 | cut -c 1-200 | sed 's/^/    /'
say "$took s with $jobs jobs; the plug-in for ${LORALAB_ACCEPT_ARCHS:-all architectures}"
end
