/* The text of a step as a page: prose, questions, what was said and what was measured. */

#include "app/view/view_lesson.h"

#include <string.h>

#include "app/view/look_parts.h"

enum { PROSE_COLS = 72, NARROW_COLS = 30 };

static bool wants_gap(const Page *page)
{
    if (page->count == 0) return false;
    const Line *last = &page->lines[page->count - 1];
    return last->count > 0 || last->figure != NULL;
}

/* A blank line between parts, never two. */
static void gap(Page *page)
{
    if (wants_gap(page)) page_blank(page);
}

/* Where the next part begins, without the blank line above it. */
static int next_row(const Page *page)
{
    return page_rows(page) + (wants_gap(page) ? 1 : 0);
}

static void heading(Page *page, const Look *look, const char *text, int cols)
{
    gap(page);
    page_text(page, look, INK_STRONG, text, cols, 0, 0);
}

/* "label   text", what follows under the text. */
static void labelled(Page *page, const Look *look, Ink ink, const char *label, const char *text,
                     bool measured, int cols)
{
    enum { TEXT_AT = 13 };
    Str first = {0}, line = {0};
    str_addf(&first, "  %s  ", label);
    for (int n = look_columns(look, str_text(&first)); n < TEXT_AT; n++) str_add(&first, " ");
    str_addf(&line, "%s%s%s", measured ? MEASURED_BEGIN : "", text, measured ? MEASURED_END : "");
    page_mark(page, look, ink, str_text(&first), cols > NARROW_COLS ? "             " : "    ",
              str_text(&line), cols);
    page->failed = page->failed || first.failed || line.failed;
    str_free(&first);
    str_free(&line);
}

/* ---- questions ---- */

/* Of a choice, as far as it is to be seen. */
static int verdict_of(const LessonView *view, const LessonPart *part, Index i)
{
    if (part->tried == NULL) return 0;
    if (!view->past) return part->tried[i];
    return !part->revealed[i] ? 0 : part->right[i] ? 1 : -1;
}

/* NULL: none. */
static const char *choice_sign(const LessonView *view, const LessonPart *part, Index i, bool open,
                               const Look *look)
{
    int verdict = verdict_of(view, part, i);
    if (verdict != 0) return look_sign(look, verdict > 0 ? SIGN_DONE : SIGN_WRONG);
    if (open && part->several) return view->ask.picked[i] ? "[x]" : "[ ]";
    return open && view->ask.choice == (int)i ? look_sign(look, SIGN_HERE) : NULL;
}

/* Votes stand at the right end of a choice's first line. */
static int vote_columns(int cols)
{
    return cols > NARROW_COLS ? 13 : 7;
}

void lesson_votes_draw(const LessonPages *pages, const LessonView *view, int page_row,
                       const Look *look, Grid *grid, Rect row)
{
    for (int i = 0; i < LESSON_VOTES && view->votes != NULL; i++) {
        if (pages->vote_rows[i] != page_row + 1) continue;
        Str text = {0};
        int n = view->votes[i];
        str_addf(&text,
                 row.cols <= NARROW_COLS ? "%d"
                 : n == 1                ? tr("%d vote")
                                         : tr("%d votes"),
                 n);
        int used = look_columns(look, str_text(&text));
        if (n > 0 && used < row.cols) {
            const Cell *chosen = grid_at(grid, row.row, row.col);
            Rect        at = {row.row, row.col + row.cols - used, 1, used};
            bool        reverse = chosen != NULL && chosen->reverse;
            look_number(look, grid, at.row, at.col, used, INK_GUESS, "%s", str_text(&text));
            if (reverse) grid_reverse(grid, at);
        }
        grid->failed = grid->failed || text.failed;
        str_free(&text);
    }
}

static void choice_lines(LessonPages *pages, const LessonView *view, const LessonPart *part,
                         Index i, bool open, const Look *look, int cols)
{
    Page       *page = &pages->text;
    Str         first = {0};
    int         verdict = verdict_of(view, part, i);
    bool        votes = view->votes != NULL && part == &view->parts[view->voted];
    bool        boxes = open && part->several;
    const char *sign = choice_sign(view, part, i, open, look);
    const char *next = boxes ? "         " : "       ";

    if (votes && i < LESSON_VOTES) pages->vote_rows[i] = page_rows(page) + 1;
    if (open) page_item(page, (int)i + 1);
    str_addf(&first, "  %s %td  ", sign != NULL ? sign : " ", i + 1);
    page_mark(page, look, verdict > 0 ? INK_GOOD : INK_PLAIN, str_text(&first), next,
              part->choices[i], votes ? cols - vote_columns(cols) : cols);
    page_item(page, 0);
    if (verdict != 0 && part->feedback[i] != NULL) {
        page_mark(page, look, verdict > 0 ? INK_GOOD : INK_BAD, next, next, part->feedback[i],
                  cols);
    }
    page->failed = page->failed || first.failed;
    str_free(&first);
}

static void wanted_words(Str *out, const LessonPart *part)
{
    switch (part->answer) {
    case ANSWER_CHOICE:
        break;
    case ANSWER_NUMBER:
        str_add(out, tr("a number"));
        break;
    case ANSWER_ORDER:
        str_add(out, tr("the numbers from first to last, such as 2 1"));
        for (Index i = 3; i <= part->choice_count; i++) str_addf(out, " %td", i);
        break;
    case ANSWER_CURVE:
        str_add(out, tr("a number at each of"));
        for (Index i = 0; i < part->at_count; i++) {
            str_add(out, i > 0 ? ", " : " ");
            str_add_double(out, part->at[i]);
        }
        break;
    }
    if (part->unit != NULL && part->unit[0] != '\0') str_addf(out, tr(", in %s"), part->unit);
}

/* A line of what is typed, cut at its left where it is longer than the line. */
static void field_line(LessonPages *pages, const LessonView *view, const Look *look,
                       const char *label, const char *text, int column, int item, bool here,
                       int cols)
{
    Str   line = {0};
    Page *page = &pages->text;

    int first = here ? 2 : 4;
    if (here) str_addf(&line, "%s ", look_sign(look, SIGN_HERE));
    str_addf(&line, "%s ", label);
    int used = look_columns(look, str_text(&line)), room = cols - first - used - 1;
    for (; column > room && *text != '\0'; column--) {
        do text++;
        while (((unsigned char)*text & 0xC0) == 0x80);
    }
    str_add(&line, text[0] != '\0' || (here && view->ask.typing) ? text : "");
    page_item(page, item);
    page_text(page, look, INK_GUESS, str_text(&line), cols, first, 4);
    page_item(page, 0);
    if (here) {
        pages->cursor_item = item;
        pages->cursor_col = view->ask.typing ? 2 + used + column : 2;
    }
    page->failed = page->failed || line.failed;
    str_free(&line);
}

static void open_fields(LessonPages *pages, const LessonView *view, const LessonPart *part,
                        const Look *look, int cols)
{
    const LessonAsk *ask = &view->ask;
    bool             chooses = part->answer == ANSWER_CHOICE;
    int              reason_at = chooses ? (int)part->choice_count : 1;
    int              item = (int)part->choice_count + 1;

    if (chooses && ask->choice < reason_at) {
        pages->cursor_item = ask->choice + 1;
        pages->cursor_col = 2;
    }
    gap(&pages->text);
    if (!chooses) {
        Str wanted = {0};
        wanted_words(&wanted, part);
        page_text(&pages->text, look, INK_DIM, str_text(&wanted), cols, 4, 4);
        str_free(&wanted);
        field_line(pages, view, look, tr("I say"), ask->field, ask->field_column, item,
                   ask->choice == 0, cols);
    }
    if (part->kind == PART_PREDICT) {
        field_line(pages, view, look,
                   chooses ? tr("because (Tab; may be left out)") : tr("because (may be left out)"),
                   ask->reason, ask->reason_column, item + 1, ask->choice == reason_at, cols);
    }
}

static void reply_lines(Page *page, const LessonPart *part, const Look *look, int cols)
{
    if (part->hints != NULL) {
        gap(page);
        for (const char *line = part->hints; *line != '\0';) {
            Str    one = {0};
            size_t n = strcspn(line, "\n");
            str_add_bytes(&one, line, (Index)n);
            page_text(page, look, INK_GUESS, str_text(&one), cols, 2, 4);
            str_free(&one);
            line += n + (line[n] == '\n');
        }
    }
    if (part->reply != NULL) {
        gap(page);
        page_text(page, look, part->verdict < 0 ? INK_BAD : INK_PLAIN, part->reply, cols, 2, 2);
    }
}

static void question(LessonPages *pages, const LessonView *view, Index i, const Look *look,
                     int cols)
{
    const LessonPart *part = &view->parts[i];
    Page             *page = &pages->text;
    bool              open = view->ask.part == i;
    bool              shows = open || part->kind == PART_QUIZ || part->answer == ANSWER_ORDER;

    heading(page, look, part->kind == PART_QUIZ ? tr("Question") : tr("Your prediction"), cols);
    page_prose(page, look, part->text, cols);
    if (part->several && open) {
        page_text(page, look, INK_DIM,
                  tr("Several may be right: a number marks one, Enter answers."), cols, 2, 2);
    }
    if (shows && part->choice_count > 0) gap(page);
    for (Index c = 0; shows && c < part->choice_count; c++) {
        choice_lines(pages, view, part, c, open && part->answer == ANSWER_CHOICE, look, cols);
    }
    if (open) open_fields(pages, view, part, look, cols);
    if (!view->past) reply_lines(page, part, look, cols);
    if (view->past && part->kind == PART_QUIZ && part->choice_count > 0) {
        gap(page);
        page_text(page, look, INK_DIM, tr("Once more? A number shows what is said of that choice."),
                  cols, 2, 2);
    }
    if (part->answered && part->kind == PART_PREDICT && part->said != NULL) {
        gap(page);
        labelled(page, look, INK_GUESS, tr("You said"), part->said, false, cols);
        if (part->reason != NULL) {
            labelled(page, look, INK_PLAIN, tr("because"), part->reason, false, cols);
        }
    }
}

static void comparison(Page *page, const LessonPart *part, const Look *look, int cols)
{
    gap(page);
    if (part->said != NULL) {
        labelled(page, look, INK_GUESS, tr("You said"), part->said, false, cols);
        if (part->reason != NULL) {
            labelled(page, look, INK_PLAIN, tr("because"), part->reason, false, cols);
        }
    }
    labelled(page, look, INK_STRONG, tr("Measured"),
             part->measured != NULL ? part->measured : tr("nothing"), part->measured != NULL, cols);
    if (part->verdict == 0) return;
    Str line = {0};
    str_addf(&line, "%s %s", look_sign(look, part->verdict > 0 ? SIGN_DONE : SIGN_WRONG),
             part->verdict > 0 ? tr("the prediction holds") : tr("the prediction does not hold"));
    page_text(page, look, part->verdict > 0 ? INK_GOOD : INK_BAD, str_text(&line), cols, 2, 4);
    str_free(&line);
}

/* ---- what is on the other pane ---- */

static bool is_result(const LessonPart *part)
{
    return part->kind == PART_COMMAND || part->kind == PART_FIGURE || part->kind == PART_ASSERT;
}

static void counted(Str *out, Index n, const char *one, const char *many)
{
    if (n == 0) return;
    if (out->len > 0) str_add(out, ", ");
    str_addf(out, "%td %s", n, n == 1 ? one : many);
}

/* One line for all results from `from` on; returns the first part after them. */
static Index result_line(Page *page, const LessonView *view, Index from, const Look *look, int cols)
{
    Index ran = 0, figures = 0, holds = 0, fails = 0, i = from;
    bool  under_way = false;
    Str   words = {0}, line = {0};

    for (; i < view->count && is_result(&view->parts[i]); i++) {
        const LessonPart *part = &view->parts[i];
        ran += part->kind == PART_COMMAND && part->measured != NULL;
        under_way = under_way || (part->kind == PART_COMMAND && part->measured == NULL);
        figures += part->kind == PART_FIGURE;
        holds += part->kind == PART_ASSERT && part->verdict > 0;
        fails += part->kind == PART_ASSERT && part->verdict < 0;
    }
    counted(&words, ran, tr("result"), tr("results"));
    counted(&words, figures, tr("figure"), tr("figures"));
    counted(&words, holds, tr("claim holds"), tr("claims hold"));
    counted(&words, fails, tr("claim does NOT hold"), tr("claims do NOT hold"));
    if (under_way) str_addf(&words, "%s%s", words.len > 0 ? ", " : "", tr("more is computed now"));
    str_addf(&line, "%s %s", look_sign(look, fails > 0 ? SIGN_WRONG : SIGN_RUN), str_text(&words));
    str_add(&line, tr(" (Tab)"));
    gap(page);
    page_text(page, look, fails > 0 ? INK_BAD : INK_DIM, str_text(&line), cols, 2, 4);
    page->failed = page->failed || words.failed || line.failed;
    str_free(&words);
    str_free(&line);
    return i;
}

/* ---- the page ---- */

void lesson_part_text(LessonPages *pages, const LessonView *view, Index i, const Look *look,
                      int cols)
{
    const LessonPart *part = &view->parts[i];
    Page             *page = &pages->text;
    if (cols > PROSE_COLS) cols = PROSE_COLS;
    switch (part->kind) {
    case PART_PROSE:
        gap(page);
        page_prose(page, look, part->text, cols);
        break;
    case PART_PREDICT:
    case PART_QUIZ:
        question(pages, view, i, look, cols);
        break;
    case PART_COMPARE:
        comparison(page, part, look, cols);
        break;
    case PART_SENTENCE:
        gap(page);
        page_text(page, look, INK_PLAIN, part->text, cols, 0, 0);
        break;
    case PART_COMMAND:
    case PART_FIGURE:
    case PART_ASSERT:
        break;
    }
}

void lesson_text_page(LessonPages *pages, const LessonView *view, const Look *look, int cols,
                      bool split)
{
    for (Index i = 0; i < view->count;) {
        const LessonPart *part = &view->parts[i];
        if (i <= view->fresh) pages->fresh_row = next_row(&pages->text);
        if (part->played) {
            i++;
        } else if (is_result(part)) {
            i = split ? i + 1 : result_line(&pages->text, view, i, look, cols);
        } else {
            lesson_part_text(pages, view, i, look, cols);
            i++;
        }
    }
    if (view->fresh >= view->count) pages->fresh_row = next_row(&pages->text);
}
