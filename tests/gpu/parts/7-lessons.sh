#!/bin/sh
# title: lessons lora and memory in their quick form
# limit: 60 s
# shellcheck source=tests/gpu/common.sh
. tests/gpu/common.sh
need_device

for lesson in lora memory; do
    "$program" run "$lesson" --quick --quiet --backend "$backend" >"$work/$lesson.txt" 2>&1
    status=$?
    line="$(tail -n 1 "$work/$lesson.txt")"
    if [ $status -eq 0 ]; then
        say "$line"
    else
        fail "$lesson: status $status"
        grep -E '^(FAILED|loralab:)' "$work/$lesson.txt" | sed 's/^/    /'
        echo "    $line"
    fi
done
end
