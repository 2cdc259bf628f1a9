/* What a step computed as a page: commands and their results, figures by name, claims. */

#include <stdlib.h>
#include <string.h>

#include "app/view/look_parts.h"
#include "app/view/view_lesson.h"

static void gap(Page *page)
{
    if (page->count == 0) return;
    const Line *last = &page->lines[page->count - 1];
    if (last->count > 0 || last->figure != NULL) page_blank(page);
}

static void add_measured(Str *out, const char *text)
{
    str_addf(out, MEASURED_BEGIN "%s" MEASURED_END, text);
}

static void command_lines(Page *page, const LessonPart *part, const Look *look, int cols)
{
    Str line = {0};
    str_addf(&line, "%s %s", part->measured == NULL ? look_sign(look, SIGN_RUN) : ">", part->text);
    page_text(page, look, part->measured == NULL ? INK_STRONG : INK_DIM, str_text(&line), cols, 0,
              4);
    if (part->measured != NULL) {
        str_clear(&line);
        add_measured(&line, part->measured);
        page_text(page, look, INK_PLAIN, str_text(&line), cols, 2, 4);
    }
    page->failed = page->failed || line.failed;
    str_free(&line);
}

static void figure_lines(Page *page, const LessonView *view, Index i, const Look *look, int cols)
{
    const LessonPart *part = &view->parts[i];
    Str               line = {0};
    bool              here = view->figure == i;
    str_addf(&line, "%s ", here ? look_sign(look, SIGN_HERE) : " ");
    page_mark(page, look, INK_STRONG, str_text(&line), "  ", part->figure->title, cols);
    if (here && part->text != NULL) {
        str_clear(&line);
        add_measured(&line, part->text);
        page_text(page, look, INK_PLAIN, str_text(&line), cols, 2, 2);
    }
    page->failed = page->failed || line.failed;
    str_free(&line);
}

/* What holds in one sentence with its figures; what does not, with the expression too. */
static void assert_lines(Page *page, const LessonPart *part, const Look *look, int cols)
{
    Str  line = {0}, first = {0};
    bool holds = part->verdict > 0;

    str_addf(&first, "%s ", look_sign(look, holds ? SIGN_DONE : SIGN_WRONG));
    if (!holds) str_add(&line, tr("does NOT hold: "));
    str_add(&line, part->reason != NULL ? part->reason : part->text);
    if (!holds && part->reason != NULL) str_addf(&line, ": %s", part->text);
    if (part->measured != NULL) {
        str_add(&line, "  (");
        add_measured(&line, part->measured);
        str_add(&line, ")");
    }
    page_mark(page, look, holds ? INK_GOOD : INK_BAD, str_text(&first), "  ", str_text(&line),
              cols);
    page->failed = page->failed || line.failed || first.failed;
    str_free(&line);
    str_free(&first);
}

/* ---- the page: what was tried, claims, figures, commands ---- */

static void part_lines(Page *page, const LessonView *view, Index i, const Look *look, int cols)
{
    const LessonPart *part = &view->parts[i];
    if (part->kind == PART_COMMAND) command_lines(page, part, look, cols);
    if (part->kind == PART_FIGURE) figure_lines(page, view, i, look, cols);
    if (part->kind == PART_ASSERT) assert_lines(page, part, look, cols);
    if (part->kind == PART_SENTENCE) page_text(page, look, INK_PLAIN, part->text, cols, 0, 2);
}

static void kind_lines(Page *page, const LessonView *view, PartKind kind, const Look *look,
                       int cols)
{
    bool first = true;
    for (Index i = 0; i < view->count; i++) {
        const LessonPart *part = &view->parts[i];
        if (part->played || part->kind != kind) continue;
        if (first) gap(page);
        first = false;
        part_lines(page, view, i, look, cols);
    }
}

/* What was tried last comes first. */
static bool played_lines(Page *page, const LessonView *view, const Look *look, int cols)
{
    bool first = true;
    for (Index k = 0; k < view->count; k++) {
        Index fresh = view->fresh < view->count ? view->fresh : 0, i = (fresh + k) % view->count;
        if (!view->parts[i].played) continue;
        if (first) {
            gap(page);
            page_text(page, look, INK_STRONG,
                      tr("Tried out. Going on, or R, brings the lesson's own back."), cols, 0, 0);
        }
        first = false;
        part_lines(page, view, i, look, cols);
    }
    return !first;
}

void lesson_result_page(Page *page, const LessonView *view, const Look *look, int cols)
{
    if (view->live_text != NULL) {
        Str line = {0};
        str_addf(&line, "%s %s", look_sign(look, SIGN_RUN), view->live_text);
        page_text(page, look, INK_STRONG, str_text(&line), cols, 0, 2);
        str_free(&line);
    }
    if (played_lines(page, view, look, cols)) {
        gap(page);
        page_text(page, look, INK_STRONG, tr("The lesson's own"), cols, 0, 0);
    }
    kind_lines(page, view, PART_ASSERT, look, cols);
    kind_lines(page, view, PART_FIGURE, look, cols);
    kind_lines(page, view, PART_COMMAND, look, cols);
    if (page->count == 0) {
        page_text(page, look, INK_DIM, tr("What is computed in this step is shown here."), cols, 0,
                  0);
    }
    if (view->repeat != NULL) {
        gap(page);
        page_text(page, look, INK_DIM, view->repeat, cols, 0, 4);
    }
}

/* ---- figures ---- */

Index lesson_figures(const LessonView *view, Index *list, Index most)
{
    Index n = 0;
    for (Index i = 0; i < view->count; i++) {
        if (view->parts[i].kind == PART_FIGURE && n < most) list[n++] = i;
    }
    return n;
}

/* As many numbers as could be read, each over its x. */
Figure *lesson_guess_figure(const LessonPart *part, const char *typed)
{
    double values[64];
    Index  n = 0;
    for (const char *at = typed; n < part->at_count && n < 64;) {
        char *end;
        at += strspn(at, " ,<>");
        double value = strtod(at, &end);
        if (end == at || !(value > -1e300 && value < 1e300)) break;
        values[n++] = value;
        at = end;
    }
    if (n == 0) return NULL;
    Figure *figure = figure_create(FIGURE_LINE, tr("Your prediction"), NULL);
    if (figure == NULL) return NULL;
    Index series = figure_series(figure, tr("predicted"), part->at, values, n);
    if (series >= 0) figure->series[series].guess = true;
    figure_axis(figure, 'y', NULL, part->unit, false);
    return figure;
}
