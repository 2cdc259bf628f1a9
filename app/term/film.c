/* A row of cells is a group of SVG that is shown from one frame to another. */

#include "app/term/film.h"

#include <string.h>

#include "app/term/picture.h"
#include "core/base/mem.h"

enum { ROWS_MAX = 200, FRAMES_MAX = 400 };

struct Film {
    int    rows, cols, frames;
    Paper  paper;
    double end[FRAMES_MAX];   /* seconds from the start */
    Str    row[ROWS_MAX];     /* as it stands now, */
    int    since[ROWS_MAX];   /* and from which frame on */
    Str    over;              /* what stood before, in groups */
    Str    shown[FRAMES_MAX]; /* [from]: one char for each frame `to` that a group ends at */
};

Film *film_create(Error *err)
{
    return mem_alloc(mem_program(), MEM_TEXT, 1, sizeof(Film), err);
}

void film_free(Film *film)
{
    if (film == NULL) return;
    for (int i = 0; i < ROWS_MAX; i++) str_free(&film->row[i]);
    for (int i = 0; i < FRAMES_MAX; i++) str_free(&film->shown[i]);
    str_free(&film->over);
    mem_free(film);
}

/* Rows that are never shown again: from their first frame up to now. */
static void end_row(Str *out, Film *film, int row)
{
    int from = film->since[row], to = film->frames;
    if (film->row[row].len == 0) return;
    str_addf(out, "<g class=\"f f%d-%d\">\n%s</g>\n", from, to, str_text(&film->row[row]));
    Str *ends = &film->shown[from];
    while (!ends->failed && ends->len <= to) str_add(ends, ".");
    if (!ends->failed) ends->data[to] = 'x';
}

bool film_frame(Film *film, const Grid *grid, Paper paper, double seconds, Error *err)
{
    if (film->frames == 0) {
        film->rows = grid->rows < ROWS_MAX ? grid->rows : ROWS_MAX;
        film->cols = grid->cols;
        film->paper = paper;
    }
    if (film->frames == FRAMES_MAX) {
        return error_set(err, ERR_INPUT, "a film has at most %d frames", FRAMES_MAX);
    }
    for (int i = 0; i < film->rows; i++) {
        Str now = {0};
        if (i < grid->rows) picture_row(&now, grid, i, film->paper);
        if (!str_ok(&now, err) || strcmp(str_text(&now), str_text(&film->row[i])) == 0) {
            bool failed = now.failed;
            str_free(&now);
            if (failed) return false;
            continue;
        }
        end_row(&film->over, film, i);
        str_free(&film->row[i]);
        film->row[i] = now;
        film->since[i] = film->frames;
    }
    film->end[film->frames] = seconds + (film->frames > 0 ? film->end[film->frames - 1] : 0);
    film->frames++;
    return str_ok(&film->over, err);
}

/* Seen from frame `from` up to frame `to`, hidden before and after. Without movement: what the last
 * frame shows. */
static void add_rule(Str *out, const Film *film, int from, int to)
{
    double all = film->end[film->frames - 1], begin = from > 0 ? film->end[from - 1] : 0;
    if (from == 0 && to == film->frames) return;
    if (to < film->frames) str_addf(out, ".f%d-%d{visibility:hidden}\n", from, to);
    str_addf(out, "@keyframes k%d-%d{", from, to);
    if (from > 0) str_add(out, "0%{visibility:hidden}");
    str_addf(out, "%.4g%%{visibility:visible}", 100 * begin / all);
    if (to < film->frames)
        str_addf(out, "%.4g%%{visibility:hidden}", 100 * film->end[to - 1] / all);
    str_addf(out,
             "}\n@media(prefers-reduced-motion:no-preference){.f%d-%d{animation-name:k%d-%d}}\n",
             from, to, from, to);
}

void film_svg(Str *out, Film *film, const char *title)
{
    Str last = {0};
    if (film->frames == 0) return;
    for (int i = 0; i < film->rows; i++) end_row(&last, film, i);
    picture_begin(out, film->rows, film->cols, film->paper, title);
    str_addf(out,
             "<style>.f{animation-duration:%.4gs;animation-timing-function:step-end;"
             "animation-iteration-count:infinite}\n",
             film->end[film->frames - 1]);
    for (int from = 0; from < film->frames; from++) {
        const char *ends = str_text(&film->shown[from]);
        for (int to = 0; ends[to] != '\0'; to++) {
            if (ends[to] == 'x') add_rule(out, film, from, to);
        }
        out->failed = out->failed || film->shown[from].failed;
    }
    str_addf(out, "</style>\n%s%s</svg>\n", str_text(&film->over), str_text(&last));
    out->failed = out->failed || last.failed || film->over.failed;
    str_free(&last);
}
