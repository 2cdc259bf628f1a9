# What can be judged line by line in C sources; called by lint.sh with all files at once.
# Prints FILE:LINE: complaint. Comments and strings are blanked before calls are looked for.

BEGIN {
    # A room may include itself and the rooms before it.
    rooms = split("core/base core/math core/model core/adapt core/train core/study core/figure " \
                  "core/lab core/workbench lessons app tests", order, " ")
    for (i = 1; i <= rooms; i++) rank[order[i]] = i

    # Foreign headers: who may include them, and in how many files.
    own("^cblas\\.h$", "^core/math/cpu/", 1)
    own("^lapacke\\.h$", "^core/", 1)
    own("^jansson\\.h$", "^core/base/json\\.c$", 1)
    own("^pcre2\\.h$", "^core/model/", 1)
    own("^utf8proc\\.h$", "^core/base/text\\.c$", 1)
    own("^xxhash\\.h$", "^core/base/hash\\.c$", 1)
    own("^md4c\\.h$", "^(core|lessons)/", 1)
    own("^(n?curses|panel|form|menu|term|unctrl)\\.h$|^ncursesw?/", "^app/term/terminal\\.c$", 1)
    own("^seccomp\\.h$", "^app/", 1)
    own("^(cuda|cublas|curand|nv)[a-zA-Z0-9_]*\\.h$", "^(core/math/cuda|tests/cuda)/", 1000)
    own("^cmocka\\.h$", "^tests/test\\.h$", 1)

    # Calls nobody makes; calls that only what speaks to people makes; the allocator.
    banned = "strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof|" \
             "sscanf|fscanf|scanf|system|popen|alloca|rand|srand|drand48|mktemp|tmpnam"
    speaking = "printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|putc|fputc|perror|exit|_exit|" \
               "_Exit|abort|assert"
    allocating = "malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|strndup|asprintf"
}

function own(header, where, files) {
    owners++
    own_header[owners] = header
    own_where[owners] = where
    own_files[owners] = files
}

function complain(what) {
    printf "%s:%d: %s\n", FILENAME, FNR, what
    complaints++
}

function room_of(path,    i) {
    for (i = 1; i <= rooms; i++) if (index(path, order[i] "/") == 1) return order[i]
    return ""
}

# The line without comments and with strings emptied. `inside` says that a comment goes on.
function stripped(line,    out, i, c) {
    out = ""
    while (line != "") {
        if (inside) {
            i = index(line, "*/")
            if (i == 0) return out
            line = substr(line, i + 2)
            inside = 0
            continue
        }
        if (!match(line, /\/\*|\/\/|"|'/)) return out line
        out = out substr(line, 1, RSTART - 1)
        c = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        if (c == "//") return out
        if (c == "/*") {
            inside = 1
        } else {
            # To the closing quote, over escaped characters.
            if (c == "\"" ? match(line, /^([^"\\]|\\.)*"/) : match(line, /^([^'\\]|\\.)*'/)) {
                line = substr(line, RLENGTH + 1)
            }
            out = out c c
        }
    }
    return out
}

function calls(code, names) {
    return match(code, "(^|[^A-Za-z0-9_.>])(" names ")[ \t]*\\(")
}

function check_include(line,    name, room, i) {
    if (!match(line, /["<][^">]+[">]/)) return
    name = substr(line, RSTART + 1, RLENGTH - 2)
    room = room_of(name)
    if (substr(line, RSTART, 1) == "\"" && room == "") complain("include \"" name "\": not from the root")
    if (room != "" && own_room != "" && rank[room] > rank[own_room])
        complain(own_room " may not include " room " (" name ")")
    for (i = 1; i <= owners; i++) {
        if (name !~ own_header[i]) continue
        if (FILENAME !~ own_where[i]) {
            complain("<" name "> belongs to " own_where[i])
        } else if (!((i, FILENAME) in includes)) {
            includes[i, FILENAME] = 1
            if (++owned[i] > own_files[i]) complain("<" name "> is included by another file already")
        }
    }
}

function finish_file() {
    if (last_file != "" && last_line > 500)
        printf "%s:%d: %d lines; 500 at most\n", last_file, last_line, last_line
    if (last_file != "" && last_line > 500) complaints++
}

FNR == 1 {
    finish_file()
    last_file = FILENAME
    own_room = room_of(FILENAME)
    inside = paragraph = start = 0
    people = FILENAME ~ /^(app|tests)\// || FILENAME == "core/base/error.c"
    allocator = FILENAME ~ /^tests\// || FILENAME == "core/base/mem.c"
}

{
    last_line = FNR
    columns = $0
    gsub(/[\200-\277]/, "", columns) # bytes that continue a character
    if (length(columns) > 100) complain(length(columns) " columns; 100 at most")
    if ($0 ~ /[ \t\r]$/) complain("space at the end of the line")
    if ($0 ~ /\t/) complain("a tab")
    if ($0 ~ /TODO|FIXME/) complain("unfinished: say it in an issue or do it")

    code = stripped($0)
    if (code ~ /^[ \t]*#[ \t]*include/) check_include($0)
    if (calls(code, banned)) complain("banned: " substr(code, RSTART, RLENGTH) ")")
    if (!people && calls(code, speaking)) complain("only app/ speaks: " substr(code, RSTART, RLENGTH) ")")
    if (!allocator && calls(code, allocating)) complain("mem.h instead of " substr(code, RSTART, RLENGTH) ")")

    # A function is a paragraph of code with { and later } in the first column.
    if (code ~ /^[ \t]*$/ && !start) paragraph = 0
    else if (!paragraph) paragraph = FNR
    if (code ~ /^\{/) start = paragraph
    if (code ~ /^\}/) {
        if (start && FNR - start + 1 > 60) complain("a function of " (FNR - start + 1) " lines; 60 at most")
        start = paragraph = 0
    }
}

END {
    finish_file()
    exit complaints > 0
}
