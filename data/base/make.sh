#!/bin/sh
# Rebuild the tiny base model from the grammars beside this file into build/base, by the options in
# `recipe`, and compare its held-out loss with the recorded one (within 1 %: BLAS kernels differ in
# their last bits from machine to machine). The shipped model in tiny/ is not touched.
cd "$(dirname "$0")/../.." || exit 1
out=build/base
options=$(sed -n 's/^options //p' data/base/recipe)
record=$(sed -n 's/^heldout_loss //p' data/base/recipe)

mkdir -p build
rm -rf "$out"
# shellcheck disable=SC2086 # options are words
loss=$(./loralab pretrain --out "$out" $options --json |
       sed -n 's/.*"heldout_loss": \([0-9.]*\).*/\1/p') || exit 1
[ -n "$loss" ] || exit 1
awk -v loss="$loss" -v record="$record" 'BEGIN {
    off = 100 * (loss - record) / record
    printf "held-out loss %.4f, recorded %.4f: %+.2f %%\n", loss, record, off
    exit !(off >= -1 && off <= 1)
}'
