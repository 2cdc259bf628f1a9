/* Parts of the workbench that are words and numbers: counts, kinds of modules, bytes, text. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/view/page.h"
#include "app/view/view_workbench.h"

enum { NAME_COLS = 13, BYTES_COLS = 10, LABEL_COLS = 9, NARROW_COLS = 40 };

static void right_text(const Look *look, Grid *grid, int row, int end, Ink ink, const char *text,
                       bool measured, int most)
{
    int used = look_right(look, grid, row, end, most, ink, text);
    if (measured && used > 0) grid_measured(grid, (Rect){row, end - used, 1, used});
}

/* ---- what the settings come to ---- */

void workbench_draw_plan(const WorkbenchView *view, const Look *look, Grid *grid, Rect area)
{
    const BenchPlan *plan = view->plan;
    Str              text = {0};
    Page             page = {0};

    if (area.rows == 0) return;
    look_rule(look, grid, area.row, area.col, area.cols);
    if (!plan->known) {
        page_text(&page, look, plan->error[0] != '\0' ? INK_BAD : INK_DIM,
                  plan->error[0] != '\0' ? plan->error : tr("counting"), area.cols - 2, 0, 0);
        page_draw(&page, look, grid, rect_inset(rect_rows(area, 1, area.rows - 1), 0, 1), 0, 0);
        page_clear(&page);
        return;
    }
    str_add_grouped(&text, plan->trainable);
    str_add(&text, tr(" trained of "));
    str_add_grouped(&text, plan->all);
    str_addf(&text, area.cols < NARROW_COLS ? " · %.2f %%" : " · %.4f %%", plan->percent);
    page_text(&page, look, INK_STRONG, str_text(&text), area.cols - 1, 0, 0);
    str_clear(&text);
    if (plan->targets > 0) {
        str_addf(&text, plan->targets == 1 ? tr("%d module matched") : tr("%d modules matched"),
                 plan->targets);
    } else {
        str_add(&text, tr("every weight is trained"));
    }
    if (plan->has_bytes) {
        str_add(&text, plan->about ? tr(" · peak about ") : tr(" · peak "));
        str_add_bytes_count(&text, plan->total);
    }
    page_text(&page, look, INK_PLAIN, str_text(&text), area.cols - 1, 0, 0);
    page_draw(&page, look, grid, rect_cols(rect_rows(area, 1, area.rows - 1), 1, area.cols - 1), 0,
              0);
    page_clear(&page);
    str_free(&text);
}

/* ---- kinds of modules: trained against frozen ---- */

static void draw_kind(const Look *look, Grid *grid, Rect line, const BenchKind *kind)
{
    Str    count = {0}, name = {0};
    Ink    ink = kind->trained > 0 ? INK_PLAIN : INK_DIM;
    int    names = line.cols >= 48 ? NAME_COLS + 8 : NAME_COLS, r_at = line.col + names + 2;
    int    end = line.col + line.cols, bar = r_at + 8, bars = end - bar - 11;
    double all = (double)(kind->trained + kind->frozen);

    str_addf(&name, "%s", kind->name);
    if (kind->count > 1) str_addf(&name, " ×%d", kind->count);
    look_text(look, grid, line.row, line.col + 1, names, ink, str_text(&name));
    if (kind->r > 0) {
        look_textf(look, grid, line.row, r_at, 7, ink, "r %lld", (long long)kind->r);
    } else if (kind->r < 0) {
        look_text(look, grid, line.row, r_at, 7, ink, tr("r mixed"));
    }
    if (bars >= 4 && all > 0) {
        look_bar(look, grid, line.row, bar, bars, (double)kind->trained / all, INK_SERIES_1);
    }
    str_add_grouped(&count, kind->trained);
    right_text(look, grid, line.row, end, ink, str_text(&count), false, 11);
    str_free(&count);
    str_free(&name);
}

/* Kinds of one group together; returns how many groups there are. */
static int join_kinds(const BenchPlan *plan, BenchKind joined[GROUP_COUNT])
{
    const char *const names[GROUP_COUNT] = {tr("attention"), tr("mlp"), tr("embedding"),
                                            tr("norms")};
    int               count = 0;
    for (int g = 0; g < GROUP_COUNT; g++) {
        BenchKind *to = &joined[count];
        *to = (BenchKind){0};
        for (int k = 0; k < plan->kind_count; k++) {
            const BenchKind *kind = &plan->kinds[k];
            if (kind->group != g) continue;
            if (to->r == 0) to->r = kind->r;
            if (kind->r != 0 && to->r != kind->r) to->r = -1;
            to->count += kind->count;
            to->trained += kind->trained;
            to->frozen += kind->frozen;
        }
        snprintf(to->name, sizeof to->name, "%s", names[g]);
        count += to->count > 0;
    }
    return count;
}

void workbench_draw_kinds(const WorkbenchView *view, const Look *look, Grid *grid, Rect area)
{
    const BenchPlan *plan = view->plan;
    const BenchKind *list = plan->kinds;
    BenchKind        joined[GROUP_COUNT];
    int              count = plan->kind_count;

    if (area.rows == 0) return;
    if (count + 1 > area.rows) {
        count = join_kinds(plan, joined);
        list = joined;
    }
    look_text(look, grid, area.row, area.col + 1, area.cols - 1, INK_STRONG, tr("Modules"));
    right_text(look, grid, area.row, area.col + area.cols, INK_STRONG,
               tr("share trained    trained"), false, area.cols - 10);
    for (int k = 0; k < count && k + 1 < area.rows; k++) {
        draw_kind(look, grid, rect_rows(area, k + 1, 1), &list[k]);
    }
}

/* ---- every module by itself ---- */

void workbench_draw_table(const WorkbenchView *view, const Look *look, Grid *grid, Rect area)
{
    const char *const heads[] = {tr("gradient"), "A", "B", tr("change")};
    int               end = area.col + area.cols, width = area.cols >= 60 ? 10 : 7;
    int               top = view->module_top, rows = area.rows - 1;

    if (area.rows == 0) return;
    if (top > view->module_count - rows) top = view->module_count - rows;
    if (top < 0) top = 0;
    int name_cols = area.cols - 4 * width - 1;
    look_text(look, grid, area.row, area.col + 1, name_cols, INK_STRONG, tr("norms of"));
    for (int c = 0; c < 4; c++) {
        right_text(look, grid, area.row, end - (3 - c) * width, INK_STRONG, heads[c], false,
                   width - 1);
    }
    for (int i = 0; i < rows && top + i < view->module_count; i++) {
        const BenchModule *m = &view->modules[top + i];
        const double       norms[] = {m->gradient, m->a, m->b, m->change};
        int                row = area.row + 1 + i;
        look_text(look, grid, row, area.col + 1, name_cols, INK_PLAIN, m->name);
        for (int c = 0; c < 4; c++) {
            Str text = {0};
            str_addf(&text, "%.3g", norms[c]);
            right_text(look, grid, row, end - (3 - c) * width, INK_PLAIN, str_text(&text), true,
                       width - 1);
            str_free(&text);
        }
    }
    if (view->module_count == 0) {
        look_text(look, grid, area.row + 1, area.col + 1, area.cols - 1, INK_DIM,
                  tr("measured while it trains"));
    }
    Rect list = rect_rows(area, 1, rows);
    look_scroll(look, grid, list, top, view->module_count);
}

/* ---- memory: by formula, and counted ---- */

static void draw_bytes(const Look *look, Grid *grid, Rect line, const char *name,
                       const int64_t *computed, const int64_t *measured, Ink ink)
{
    int end = line.col + line.cols;
    Str text = {0};

    look_text(look, grid, line.row, line.col + 1, line.cols - 2 * BYTES_COLS - 2, ink, name);
    if (computed != NULL) str_add_bytes_count(&text, *computed);
    right_text(look, grid, line.row, end - BYTES_COLS - 1, ink,
               computed != NULL ? str_text(&text) : "-", false, BYTES_COLS);
    str_clear(&text);
    if (measured != NULL) str_add_bytes_count(&text, *measured);
    right_text(look, grid, line.row, end, ink, measured != NULL ? str_text(&text) : "-",
               measured != NULL, BYTES_COLS);
    str_free(&text);
}

void workbench_draw_memory(const WorkbenchView *view, const Look *look, Grid *grid, Rect area)
{
    static const MemPurpose rows[] = {MEM_WEIGHTS,   MEM_ADAPTER,     MEM_GRADIENTS,
                                      MEM_OPTIMIZER, MEM_ACTIVATIONS, MEM_SCRATCH};
    const BenchPlan        *plan = view->plan;
    int     last = (int)(sizeof rows / sizeof *rows) + 1, end = area.col + area.cols;
    int64_t sum = 0;

    if (area.rows == 0) return;
    look_text(look, grid, area.row, area.col + 1, area.cols - 1, INK_STRONG,
              area.cols < NARROW_COLS ? tr("Peak memory") : tr("Memory at its peak"));
    right_text(look, grid, area.row, end - BYTES_COLS - 1, INK_STRONG,
               plan->about ? tr("~computed") : tr("computed"), false, BYTES_COLS);
    right_text(look, grid, area.row, end, INK_STRONG, tr("measured"), false, BYTES_COLS);
    for (int i = 1; i < last && i < area.rows; i++) {
        MemPurpose p = rows[i - 1];
        draw_bytes(look, grid, rect_rows(area, i, 1), mem_purpose_name(p),
                   plan->known && plan->has_bytes ? &plan->bytes[p] : NULL,
                   view->measured != NULL ? &view->measured[p] : NULL, INK_PLAIN);
    }
    for (int p = 0; view->measured != NULL && p < MEM_PURPOSE_COUNT; p++) sum += view->measured[p];
    if (last < area.rows) {
        draw_bytes(look, grid, rect_rows(area, last, 1), tr("all"),
                   plan->known && plan->has_bytes ? &plan->total : NULL,
                   view->measured != NULL ? &sum : NULL, INK_STRONG);
    }
}

/* ---- text ---- */

/* A label, and the text beside it with line ends as blanks; at most `rows` rows. Returns them. */
static int draw_said(const Look *look, Grid *grid, Rect area, const char *label, const char *text,
                     bool measured)
{
    Str  flat = {0};
    Page page = {0};
    Rect rest = rect_cols(area, LABEL_COLS + 1, area.cols - LABEL_COLS - 1);

    if (area.rows <= 0 || rest.cols <= 0) return 0;
    look_text(look, grid, area.row, area.col + 1, LABEL_COLS - 1, INK_DIM, label);
    for (; *text != '\0'; text++) str_add_bytes(&flat, *text == '\n' ? " " : text, 1);
    page_text(&page, look, INK_PLAIN, str_text(&flat), rest.cols, 0, 0);
    int rows = page_rows(&page) < rest.rows ? page_rows(&page) : rest.rows;
    rest.rows = rows;
    page_draw(&page, look, grid, rest, 0, 0);
    if (measured) grid_measured(grid, rest);
    page_clear(&page);
    str_free(&flat);
    return rows > 0 ? rows : 1;
}

/* How well it does on what it was not trained on. */
static void draw_score(const WorkbenchView *view, const Look *look, Grid *grid, Rect area)
{
    if (area.rows <= 0) return;
    int col = area.col + 1 + LABEL_COLS;
    look_text(look, grid, area.row, area.col + 1, LABEL_COLS - 1, INK_DIM, tr("held out"));
    if (isnan(view->eval_loss)) {
        look_text(look, grid, area.row, col, area.cols - LABEL_COLS - 1, INK_DIM,
                  tr("not measured yet"));
        return;
    }
    int used = look_number(look, grid, area.row, col, area.cols - LABEL_COLS - 1, INK_STRONG,
                           tr("loss %.4f nats/token"), view->eval_loss);
    if (view->exact < 0) return;
    look_number(look, grid, area.row, col + used + 2, area.cols - LABEL_COLS - 3 - used, INK_STRONG,
                tr("exact match %.1f %%"), 100 * view->exact);
}

/* Rows that one text may have, so that the others are seen too. */
static int rows_each(Rect area, int texts)
{
    int each = (area.rows - 2) / texts;
    return each > 1 ? each : 1;
}

void workbench_draw_text(const WorkbenchView *view, const Look *look, Grid *grid, Rect area)
{
    if (area.rows < 2) return;
    Str  now = {0};
    int  row = 1, most = rows_each(area, 3);
    bool off = view->adapter_off;

    const char *none = tr("(not written yet)");
    const char *base = off && view->text_off[0] != '\0' ? view->text_off : view->text_before;
    if (base[0] == '\0') base = none;
    look_rule(look, grid, area.row, area.col, area.cols);
    look_text(look, grid, area.row, area.col + 1, area.cols - 1, off ? INK_GUESS : INK_STRONG,
              off ? tr(" adapter off: the base alone answers (a: on) ")
                  : tr(" adapter on (a: off) "));
    row += draw_said(look, grid, rect_rows(area, row, most), tr("prompt"), view->prompt, false);
    row += draw_said(look, grid, rect_rows(area, row, most), tr("base"), base, base != none);
    if (off) {
        str_add(&now, tr("(switched off)"));
    } else if (view->text_step >= 0) {
        str_add(&now, view->text_now);
    } else {
        str_add(&now, none);
    }
    row += draw_said(look, grid, rect_rows(area, row, most), tr("adapted"), str_text(&now),
                     !off && view->text_step >= 0);
    if (!off && view->text_step > 0 && row < area.rows - 1 && area.rows >= 9) {
        look_number(look, grid, area.row + row++, area.col + 1 + LABEL_COLS,
                    area.cols - LABEL_COLS - 1, INK_DIM, tr("as of step %td"), view->text_step);
    }
    draw_score(view, look, grid, rect_rows(area, row, 1));
    str_free(&now);
}
