# Two run logs: prints "STEPS ABSOLUTE RELATIVE LAST", the largest differences of the losses of equal
# steps, relative to the second log's, and its last loss. Steps that only one log has, or a loss that
# is no number, end with status 1.
#
#   awk -f losses.awk LOG OF-THE-REFERENCE

function loss_of(line) {
    if (!match(line, /"loss": -?[0-9][-+.0-9e]*/)) return "none"
    return substr(line, RSTART + 8, RLENGTH - 8)
}

/"type": "step"/ {
    match($0, /"step": [0-9]+/)
    step = substr($0, RSTART + 8, RLENGTH - 8)
    if (FILENAME == ARGV[1]) mine[step] = loss_of($0)
    else theirs[step] = loss_of($0)
}

END {
    for (step in mine) if (!(step in theirs)) bad = 1
    for (step in theirs) {
        if (!(step in mine) || mine[step] == "none" || theirs[step] == "none") {
            bad = 1
            continue
        }
        steps++
        difference = mine[step] - theirs[step]
        if (difference < 0) difference = -difference
        if (difference > absolute) absolute = difference
        if (theirs[step] + 0 != 0 && difference / theirs[step] > relative)
            relative = difference / theirs[step]
        if (step + 0 >= last) {
            last = step + 0
            loss = theirs[step]
        }
    }
    if (bad || steps == 0) exit 1
    printf "%d %.3g %.3g %.4f\n", steps, absolute, relative, loss
}
