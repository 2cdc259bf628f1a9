#!/bin/sh
# What `make install` puts where, as a packager looks at it, and that `make uninstall` takes it away.
#   tests/install.sh BUILD FOLDER    BUILD is built already; FOLDER is empty
cd "$(dirname "$0")/.." || exit 1
build=$1
root=$2/root
prefix=/usr
umask 077 # modes are install's, not the user's
unset MAKEFLAGS MFLAGS MAKELEVEL LORALAB_DATA LORALAB_PROGRAM

fail() {
    echo "install: $*" >&2
    exit 1
}

# The plug-in is installed where it is made and of this day; nothing is made here.
run_make() {
    set -- "$@" BUILD="$build" DESTDIR="$root" PREFIX="$prefix"
    make -q BUILD="$build" "$build/libloralab_cuda.so" 2>/dev/null || set -- "$@" CUDA=0
    make --no-print-directory "$@" 2>&1
}

# Complaints about a tree, one a line.
complaints() {
    find "$1" ! -type d ! -path "$1$prefix/*" -printf 'outside of %P\n'
    find "$1" -mindepth 1 -type d ! -perm 755 -printf 'folder %P has mode %m\n'
    find "$1" ! -type d ! -type f -printf '%P is no plain file\n'
    find "$1" -type f -path '*/bin/*' ! -perm 755 -printf 'program %P has mode %m\n'
    find "$1" -type f ! -path '*/bin/*' ! -perm 644 -printf 'file %P has mode %m\n'
    find "$1" -empty -printf '%P is empty\n'
    for file in bin/loralab share/man/man1/loralab.1 share/doc/loralab/LICENSE \
        share/doc/loralab/README.md share/loralab/lessons/01-rank.md \
        share/loralab/base/tiny/model.safetensors share/bash-completion/completions/loralab \
        share/zsh/site-functions/_loralab share/fish/vendor_completions.d/loralab.fish; do
        [ -s "$1$prefix/$file" ] || echo "$file is missing"
    done
    find "$1$prefix/share" -name '*.[ch]' -printf '%P is a source\n'
    grep -rlF -e "$root" -e "$PWD/" "$1$prefix/share" | sed 's/$/ names a folder of the build/'
}

must_complain() {
    [ -n "$(complaints "$root")" ] || fail "nothing is said about $1"
}

said=$(run_make install) || fail "$said"
[ -z "$said" ] || fail "something was made anew: $said"
found=$(complaints "$root")
[ -z "$found" ] || fail "$found"

# The check itself: each of these must be found.
chmod 600 "$root$prefix/share/man/man1/loralab.1"
must_complain "a file's mode"
chmod 644 "$root$prefix/share/man/man1/loralab.1" "$root$prefix/bin/loralab"
must_complain "the program's mode"
chmod 755 "$root$prefix/bin/loralab"
chmod 700 "$root$prefix/share/loralab"
must_complain "a folder's mode"
chmod 755 "$root$prefix/share/loralab"
mkdir -m 755 "$root/etc" && : >"$root/etc/stray"
must_complain "a file outside"
rm -r "$root/etc"
found=$(complaints "$root")
[ -z "$found" ] || fail "$found"

# The manual, as man reads it.
page=$root$prefix/share/man/man1/loralab.1
head -n 1 "$page" | grep -q '^\.TH LORALAB 1 ' || fail "the manual's first line is no .TH"
if command -v man >/dev/null; then
    said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -l "$page" 2>&1 >/dev/null)
    [ -z "$said" ] || fail "man: $said"
fi
if command -v lexgrog >/dev/null; then
    lexgrog "$page" >/dev/null 2>&1 || fail "the manual's NAME is not what whatis reads"
fi

# The completions, as their shells read them.
bash -n "$root$prefix/share/bash-completion/completions/loralab" || fail "bash"
if command -v zsh >/dev/null; then
    zsh -n "$root$prefix/share/zsh/site-functions/_loralab" || fail "zsh"
fi
if command -v fish >/dev/null; then
    fish -n "$root$prefix/share/fish/vendor_completions.d/loralab.fish" || fail "fish"
fi

# From another folder, without being told where anything is.
cd / || exit 1
export XDG_STATE_HOME="$2/state"
lessons=$("$root$prefix/bin/loralab" lessons) || fail "lessons are not found"
echo "$lessons" | grep -q 'rank' || fail "the first lesson is not listed: $lessons"
"$root$prefix/bin/loralab" plan --target_modules q_proj >/dev/null || fail "the base is not found"
cd - >/dev/null || exit 1

said=$(run_make uninstall) || fail "$said"
left=$(find "$root" ! -type d -o -name '*loralab*')
[ -z "$left" ] || fail "uninstall leaves $left"
