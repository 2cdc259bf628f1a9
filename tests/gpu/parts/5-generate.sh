#!/bin/sh
# title: generation and evaluation, token for token the CPU's
# limit: 40 s
# shellcheck source=tests/gpu/common.sh
. tests/gpu/common.sh
need_device

adapter=$work/first
[ -e "$adapter/adapter_model.safetensors" ] || adapter=tests/fixtures/none

ids_of() { # BACKEND OPTIONS ...
    where=$1
    shift
    loralab "$where" generate --max_new_tokens 40 "$@" | sed -n 's/.*"ids": \[\([^]]*\)\].*/\1/p'
}

compare() { # WHAT OPTIONS ...
    what=$1
    shift
    want=$(ids_of cpu "$@")
    got=$(ids_of "$backend" "$@")
    count=$(printf '%s\n' "$want" | tr ',' '\n' | grep -c .)
    if [ -n "$want" ] && [ "$got" = "$want" ]; then
        say "$what: $count greedy tokens, all the cpu's"
    else
        fail "$what: cpu [$want], $backend [$got]"
    fi
}

request=$(printf 'Request: list the name and age of all pets with kind dog.\nAnswer:')
# One word after which the model does not find an end: all 40 tokens are made.
compare "a word" --prompt "table"
compare "a question" --prompt "Question: what"
compare "a request, base alone" --prompt "$request"
if [ -e "$adapter/adapter_model.safetensors" ]; then
    compare "a request, with an adapter" --prompt "$request" --adapter "$adapter"
    for where in cpu "$backend"; do
        loralab "$where" eval --data sql --examples 60 --adapter "$adapter" >"$work/eval-$where.json" ||
            fail "eval on $where: status $?"
    done
    a=$(number loss "$work/eval-cpu.json") b=$(number loss "$work/eval-$backend.json")
    exact=$(number exact_match "$work/eval-cpu.json")
    text="eval with the adapter: loss $b, the cpu's $a; exact match $(number exact_match \
        "$work/eval-$backend.json"), the cpu's $exact"
    awk -v a="$a" -v b="$b" 'BEGIN {d = a - b; exit !(a != "" && b != "" && d < 1e-4 && d > -1e-4)}'
    tell $? "$text" "; limit 1e-4"
fi
end
