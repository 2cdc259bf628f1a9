# shellcheck shell=sh
# What the parts of tests/gpu/accept share. Each is run by itself, from the root of the tree; what it
# prints is Markdown for the report, figures first.

program=$ACCEPT_BUILD/loralab
backend=$ACCEPT_BACKEND
work=$ACCEPT_WORK
failed=0

say() {
    printf -- '- %s\n' "$*"
}

fail() {
    printf -- '- FAILED: %s\n' "$*"
    failed=1
}

# CONDITION's status, what was found, and what to add where it does not hold.
tell() { # STATUS TEXT [MORE]
    if [ "$1" -eq 0 ]; then say "$2"; else fail "$2${3:-}"; fi
}

end() {
    exit "$failed"
}

skip() {
    printf '%s\n' "$*"
    exit 77
}

# What a part needs of those before it.
need_program() {
    [ -x "$program" ] || skip "the program was not built"
}

need_device() {
    need_program
    [ "$backend" = cuda ] || return 0
    [ -e "$work/device-works" ] || "$program" doctor --json 2>/dev/null |
        grep -q '"cuda": {"ok": true' || skip "no usable GPU"
    : >"$work/device-works"
}

# Seconds until this part is stopped.
left() {
    echo $((ACCEPT_UNTIL - $(date +%s)))
}

loralab() { # BACKEND COMMAND ...
    on=$1 command=$2
    shift 2
    "$program" "$command" "$@" --backend "$on" --quiet --json
}

# The first number under a key, and the text of the first object under it.
number() { # KEY FILE
    sed -n "s/.*\"$1\": \\(-\\{0,1\\}[0-9][-+.0-9e]*\\).*/\\1/p" "$2" | head -n 1
}

object() { # KEY FILE
    sed -n "s/.*\"$1\": {\\([^}]*\\)}.*/\\1/p" "$2" | head -n 1
}

member() { # KEY TEXT-OF-OBJECT
    printf '%s\n' "$2" | sed -n "s/.*\"$1\": \\(-\\{0,1\\}[0-9][-+.0-9e]*\\).*/\\1/p"
}

adapter_of() { # FOLDER
    sha256sum <"$1/adapter_model.safetensors" | cut -c 1-16
}
