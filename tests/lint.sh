#!/bin/sh
# What a reviewer should not have to look for: layers, owners of foreign headers, banned calls,
# sizes, warnings of two compilers, cppcheck. Fails when anything is found.
#
#   tests/lint.sh            everything
#   tests/lint.sh core/base  only files under these folders
cd "$(dirname "$0")/.." || exit 1

under=${*:-core lessons app tests}
status=0
list=$(mktemp)
trap 'rm -f "$list"' EXIT

fail() {
    echo "lint: $1" >&2
    status=1
}

for folder in $under; do
    [ -e "$folder" ] && find "$folder" -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh'
done | LC_ALL=C sort >"$list"
[ -s "$list" ] || { echo "lint: no sources under $under" >&2; exit 1; }

# The lint itself first: a check that finds nothing in a bad file would find nothing anywhere.
control=$(mktemp -d)
mkdir -p "$control/core/base"
printf '#include "app/app.h"\n#include <cblas.h>\nint f(void) { return atoi("1"); } \n' \
    >"$control/core/base/control.c"
found=$(cd "$control" && LC_ALL=C awk -f "$OLDPWD/tests/lint.awk" core/base/control.c | wc -l)
rm -rf "$control"
[ "$found" -eq 4 ] || fail "its own control has $found complaints instead of 4"

xargs env LC_ALL=C awk -f tests/lint.awk <"$list" || fail "see the lines above"
for kernels in core/math/cuda/device/*.cu; do
    [ "$kernels" = core/math/cuda/device/all.cu ] && continue
    grep -qF "\"$kernels\"" core/math/cuda/device/all.cu || fail "all.cu lacks $kernels"
done
grep -nE '^[^#]*(-ffast-math|-Ofast)' Makefile && fail "a training laboratory must see NaN"

# Warnings are errors here, for both compilers. Parsing is enough for all of them.
for compiler in gcc clang; do
    command -v $compiler >/dev/null 2>&1 || { fail "$compiler is missing: run make deps"; continue; }
    flags=$(make -s --no-print-directory flags CC=$compiler WERROR=1)
    grep '\.c$' "$list" | xargs -P "$(nproc)" -n 8 $compiler $flags -fsyntax-only ||
        fail "$compiler warns"
done

# cppcheck keeps what it knows about unchanged files in build/cppcheck.
if command -v cppcheck >/dev/null 2>&1; then
    mkdir -p build/cppcheck
    grep '\.c$' "$list" | grep -v '^tests/' >"$list.cppcheck"
    if [ -s "$list.cppcheck" ]; then
        cppcheck --quiet --std=c11 -I. -j "$(nproc)" --error-exitcode=1 \
            --enable=warning,portability,performance --cppcheck-build-dir=build/cppcheck \
            --suppressions-list=tests/cppcheck.txt --inline-suppr \
            --template='{file}:{line}: {message} [{id}]' --file-list="$list.cppcheck" ||
            fail "cppcheck complains"
    fi
    rm -f "$list.cppcheck"
else
    fail "cppcheck is missing: run make deps"
fi

[ $status -eq 0 ] && echo "lint: $(wc -l <"$list") files, nothing to complain about"
exit $status
