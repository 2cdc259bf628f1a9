# shellcheck shell=sh
# What the machine is and has: facts for the report, and a private place for carried packages.
# Sourced by tests/gpu/accept.

machine_nvcc() {
    command -v nvcc 2>/dev/null
}

# The first GPU's answer to a question of nvidia-smi, or nothing.
machine_ask() { # FIELD
    nvidia-smi --query-gpu="$1" --format=csv,noheader,nounits -i 0 2>/dev/null | head -n 1
}

machine_has_gpu() {
    [ -n "$(machine_ask name)" ]
}

machine_name() {
    name=$(machine_ask name | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9-')
    echo "${name:-no-gpu}"
}

# "NAME VERSION" of Python's packages without importing them, which takes seconds.
machine_python() {
    "$LORALAB_BENCH_PYTHON" - 2>/dev/null <<'END'
import importlib.metadata as metadata
import sys
found = ["Python " + sys.version.split()[0]]
for name in ("torch", "transformers", "peft"):
    try:
        found.append(name + " " + metadata.version(name))
    except metadata.PackageNotFoundError:
        found.append("no " + name)
print(", ".join(found))
END
}

# cuBLAS where nvcc does not find it by itself: that of Python's packages, whose library lacks the name
# that -lcublas looks for. Nothing changes where nvcc has it, or nobody does.
machine_borrow_cublas() {
    nvcc=$(machine_nvcc) || return 0
    probe=$ACCEPT_WORK/cublas
    printf '#include <cublas_v2.h>\nint main() { return cublasCreate_v2(nullptr); }\n' >"$probe.cu"
    ! "$nvcc" -o "$probe" "$probe.cu" -lcublas >/dev/null 2>&1 || return 0
    for home in $("$LORALAB_BENCH_PYTHON" -c 'import nvidia; print(*nvidia.__path__)' 2>/dev/null); do
        for folder in "$home"/cu[0-9]* "$home/cublas"; do
            library=$(find "$folder/lib" -name 'libcublas.so.*' 2>/dev/null | head -n 1)
            [ -n "$library" ] || continue
            mkdir -p "$ACCEPT_ROOT/build/borrowed"
            ln -sf "$library" "$ACCEPT_ROOT/build/borrowed/libcublas.so"
            NVCC_APPEND_FLAGS="${NVCC_APPEND_FLAGS:-} -I$folder/include -L$ACCEPT_ROOT/build/borrowed"
            NVCC_APPEND_FLAGS="$NVCC_APPEND_FLAGS -L$folder/lib -Xlinker -rpath,$folder/lib"
            export NVCC_APPEND_FLAGS
            say "cuBLAS is that of Python's packages, in $folder"
            return 0
        done
    done
}

# The version in the header that the plug-in is compiled with.
machine_cublas() {
    numbers="CUBLAS_VER_MAJOR CUBLAS_VER_MINOR CUBLAS_VER_PATCH CUBLAS_VER_BUILD"
    printf '#include <cublas_v2.h>\nversion %s\n' "$numbers" >"$ACCEPT_WORK/version.cu"
    "$1" -E "$ACCEPT_WORK/version.cu" 2>/dev/null | sed -n 's/^version //p' | tr ' ' .
}

machine_commit() {
    git describe --always --dirty --abbrev=12 2>/dev/null ||
        cat "${LORALAB_DEBS:-/nowhere}/commit" 2>/dev/null || echo "unknown (no history here)"
}

# One line for all that is not there; the parts that need it are skipped or fail by themselves.
machine_missing() {
    missing=""
    for tool in make cc timeout nvidia-smi compute-sanitizer "$LORALAB_BENCH_PYTHON"; do
        command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
    done
    [ -n "$(machine_nvcc)" ] || missing="$missing nvcc"
    flags=$(pkg-config --cflags openblas lapacke 2>/dev/null)
    for header in cblas.h lapacke.h jansson.h pcre2.h utf8proc.h xxhash.h md4c.h seccomp.h ncurses.h \
        cmocka.h; do
        # shellcheck disable=SC2086 # options are words
        printf '#include <setjmp.h>\n#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>
            #define PCRE2_CODE_UNIT_WIDTH 8\n#include <%s>\n' "$header" |
            cc -E -x c $flags - >/dev/null 2>&1 ||
            missing="$missing $header"
    done
    echo "${missing:- nothing}"
}

machine_facts() {
    nvcc=$(machine_nvcc) || nvcc=""
    echo "- date: $(date -u '+%Y-%m-%d %H:%M UTC'), commit: $(machine_commit)"
    if machine_has_gpu; then
        echo "- device: $(machine_ask name), $(machine_ask memory.total) MiB," \
            "compute capability $(machine_ask compute_cap)"
        echo "- driver: $(machine_ask driver_version)"
    else
        echo "- device: none that nvidia-smi knows"
    fi
    [ -z "$nvcc" ] || echo "- CUDA: $("$nvcc" --version | sed -n 's/.*release \(.*\)/\1/p')," \
        "cuBLAS $(machine_cublas "$nvcc")"
    echo "- host: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
        "$(cc --version 2>/dev/null | head -n 1)"
    echo "- $(machine_python || echo "no Python")"
    echo "- missing:$(machine_missing)"
}

# Unpack the carried packages into a private folder and let compiler and linker find them there.
# Programs get the place as an rpath for all that they load, so that other programs' libraries
# (the shell's, Python's) stay the machine's own.
machine_sysroot() {
    [ -n "${LORALAB_DEBS:-}" ] || return 0
    root=$ACCEPT_ROOT/build/carried
    rm -rf "$root"
    mkdir -p "$root"
    for deb in "$LORALAB_DEBS"/*.deb; do
        [ -e "$deb" ] || { echo "LORALAB_DEBS=$LORALAB_DEBS holds no packages" >&2; return 0; }
        dpkg -x "$deb" "$root" || echo "$deb could not be unpacked" >&2
    done
    triplet=$(uname -m)-linux-gnu
    library=$root/usr/lib/$triplet
    C_INCLUDE_PATH=$root/usr/include:$root/usr/include/$triplet
    C_INCLUDE_PATH=$C_INCLUDE_PATH:$root/usr/include/$triplet/openblas-pthread
    library=$library/openblas-pthread:$library:$root/lib/$triplet
    LIBRARY_PATH=$library${LIBRARY_PATH:+:$LIBRARY_PATH}
    LDFLAGS="-Wl,--disable-new-dtags,-rpath,$library ${LDFLAGS:-}"
    PATH=$PATH:$root/usr/bin
    export C_INCLUDE_PATH LIBRARY_PATH LDFLAGS PATH
}
