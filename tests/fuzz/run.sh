#!/bin/sh
# One fuzzer for some seconds: run.sh BUILD_FOLDER NAME SECONDS. It starts from the seeds in
# tests/fuzz/corpus/NAME and what earlier runs found; an input that breaks it stays beside its log.
build=$1 name=$2 seconds=$3
mkdir -p "$build/corpus/$name"
log=$build/$name.log
seeds=tests/fuzz/corpus/$name
[ -d "$seeds" ] || seeds=

"$build/tests/fuzz/$name.run" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$build/$name." -print_final_stats=1 "$build/corpus/$name" $seeds \
    >"$log" 2>&1 || { tail -n 40 "$log"; echo "FAILED $name (see $log)"; exit 255; }
echo "ok     $name  $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
