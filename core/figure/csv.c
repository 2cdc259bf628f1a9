/*
 * Comma-separated values: one row a point, all digits. Strings are quoted by RFC 4180. What a
 * spreadsheet would run as a formula (= + - @ first) gets an apostrophe in front, and characters
 * that are not text become blanks, for such files are shown on terminals too.
 */

#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/figure/chart.h"

/* Text without hidden characters and broken UTF-8. */
static void add_clean(Str *out, const char *text)
{
    Index n = (Index)strlen(text);
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        if (length < 0 || text_is_hidden(cp)) {
            str_add(out, " ");
        } else if (cp == '"') {
            str_add(out, "\"\"");
        } else {
            str_add_bytes(out, text + i, length);
        }
        i += length < 0 ? -length : length;
    }
}

static void add_text(Str *out, const char *text)
{
    size_t blanks = strspn(text, " \t\r\n");
    bool   formula = text[blanks] != '\0' && strchr("=+-@", text[blanks]) != NULL;
    bool   quoted = formula || strpbrk(text, ",\"\r\n") != NULL;
    if (quoted) str_add(out, "\"");
    if (formula) str_add(out, "'");
    add_clean(out, text);
    if (quoted) str_add(out, "\"");
}

static void add_number(Str *out, double value)
{
    if (isfinite(value)) str_add_double(out, value);
}

static void add_title(Str *out, const FigureAxis *axis, const char *otherwise)
{
    bool titled = axis->title != NULL && *axis->title != '\0';
    add_text(out, titled ? axis->title : otherwise);
}

static void add_series(Str *out, const Figure *figure, bool bands)
{
    str_add(out, "series,");
    add_title(out, &figure->x, "x");
    str_add(out, ",");
    add_title(out, &figure->y, "y");
    str_add(out, bands ? ",low,high\n" : "\n");
    for (Index s = 0; s < figure->count; s++) {
        const FigureSeries *series = &figure->series[s];
        for (Index i = 0; i < series->n; i++) {
            double x = series->x[i];
            bool   named = x >= 0 && x < (double)figure->categories && x == floor(x);
            add_text(out, series->label);
            str_add(out, ",");
            if (named) add_text(out, figure->category[(Index)x]);
            if (!named) add_number(out, x);
            str_add(out, ",");
            add_number(out, series->y[i]);
            if (bands) str_add(out, ",");
            if (bands && has_band(series)) add_number(out, series->low[i]);
            if (bands) str_add(out, ",");
            if (bands && has_band(series)) add_number(out, series->high[i]);
            str_add(out, "\n");
        }
    }
}

static void add_heat(Str *out, const Figure *figure)
{
    str_add(out, "row,column,value\n");
    for (Index i = 0; figure->heat != NULL && i < figure->rows * figure->cols; i++) {
        str_addf(out, "%td,%td,", i / figure->cols, i % figure->cols);
        add_number(out, figure->heat[i]);
        str_add(out, "\n");
    }
}

void figure_csv(Str *out, const Figure *figure)
{
    bool bands = false;
    for (Index i = 0; i < figure->count; i++) bands = bands || has_band(&figure->series[i]);
    if (figure->kind == FIGURE_HEAT) {
        add_heat(out, figure);
    } else {
        add_series(out, figure, bands);
    }
}
