#!/bin/sh
# Fetches what `make` needs beside a C compiler, as Debian packages, into a folder that goes along to
# a machine which can fetch nothing; there tests/gpu/accept unpacks them (LORALAB_DEBS=FOLDER). The
# folder also gets the name of the commit, for a copy of the tree without its history.
#
#   tests/gpu/carry.sh FOLDER      run here, on the same architecture and a Debian not newer than there
set -eu
[ $# -eq 1 ] || { echo "usage: tests/gpu/carry.sh FOLDER" >&2; exit 2; }
root=$(cd "$(dirname "$0")/../.." && pwd)

roots="libopenblas-pthread-dev liblapacke-dev libjansson-dev libpcre2-dev libutf8proc-dev
    libxxhash-dev libmd4c-dev libseccomp-dev libncurses-dev libcmocka-dev make"
# Never what belongs to the machine itself: its C library, its compiler and their headers.
ours='^(make|lib(openblas0?-pthread|lapacke|tmglib|gfortran|quadmath|jansson|pcre2|utf8proc|xxhash|md4c|seccomp|ncurses|tinfo|cmocka)[a-z0-9.-]*)$'

mkdir -p "$1"
cd "$1"
rm -f ./*.deb
# shellcheck disable=SC2086 # a list of names
apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances $roots | grep -E "$ours" | LC_ALL=C sort -u >packages
xargs apt-get download -q <packages
git -C "$root" describe --always --dirty --abbrev=12 >commit 2>/dev/null || rm -f commit
du -sh . | sed "s/\t.*/ in $(find . -name '*.deb' | wc -l) packages/"
