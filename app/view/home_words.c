/* The words of home: what a lesson's state is called, what to do first. */

#include "app/view/home_parts.h"

/* ---- in one line ------------------------------------------------------------------------ */

static bool begun_any(const HomeView *view)
{
    for (int i = 0; i < view->lesson_count; i++) {
        if (view->lessons[i].state != HOME_NEW) return true;
    }
    return false;
}

/* The lesson after what was done; -1. */
static int next_new(const HomeView *view)
{
    for (int i = 0; i < view->lesson_count; i++) {
        if (view->lessons[i].state == HOME_NEW) return i;
    }
    return -1;
}

static long long step_now(const HomeLesson *lesson)
{
    return (long long)(lesson->step < lesson->steps ? lesson->step + 1 : lesson->steps);
}

void home_headline(Str *out, const HomeView *view)
{
    int next = next_new(view);
    if (view->trouble != NULL) {
        str_add(out, view->trouble);
    } else if (view->lesson_count == 0) {
        str_add(out, tr("No lesson was found; the rooms below work without one."));
    } else if (view->resume >= 0 && view->resume < view->lesson_count) {
        const HomeLesson *lesson = &view->lessons[view->resume];
        str_addf(out, tr("You were in lesson %d, %s, at step %lld of %lld."), lesson->number,
                 lesson->title, step_now(lesson), (long long)lesson->steps);
    } else if (!begun_any(view)) {
        str_add(out, tr("Enter begins. Each lesson asks first, then measures."));
    } else if (next >= 0) {
        str_addf(out, tr("Next: lesson %d, %s."), view->lessons[next].number,
                 view->lessons[next].title);
    } else {
        str_add(out, tr("All lessons are done. The workbench trains with your own settings."));
    }
}

static void add_computing(Str *out, double seconds)
{
    if (seconds >= 90.0) {
        str_addf(out, tr("computes up to %.0f\u00a0min"), seconds / 60.0);
    } else {
        str_addf(out, tr("computes up to %.0f\u00a0s"), seconds);
    }
}

void home_status(Str *out, const HomeLesson *lesson, bool shortly)
{
    long long right = (long long)lesson->right, of = (long long)lesson->predictions;
    if (lesson->state == HOME_DONE) {
        bool predicted = of > 0 && !shortly;
        if (!predicted) str_add(out, tr("done"));
        if (predicted) str_addf(out, tr("done, %lld of %lld predictions held"), right, of);
    } else if (lesson->state == HOME_BEGUN) {
        str_addf(out, shortly ? tr("step %lld of %lld") : tr("at step %lld of %lld"),
                 step_now(lesson), (long long)lesson->steps);
    } else if (lesson->lacks != NULL) {
        str_addf(out, tr("needs %s"), lesson->lacks);
    } else if (lesson->seconds >= 1.0 && !shortly) {
        add_computing(out, lesson->seconds);
    }
}

void home_sentence(Str *out, const HomeView *view)
{
    int at = view->selected;
    if (view->trouble != NULL || at < 0 || (!begun_any(view) && at == 0)) {
        home_headline(out, view);
    } else if (at < view->lesson_count) {
        str_addf(out, "%s", view->lessons[at].summary);
    } else if (at - view->lesson_count < view->entry_count) {
        const HomeEntry *entry = &view->entries[at - view->lesson_count];
        const char      *begin = entry->differs ? MEASURED_BEGIN : "";
        const char      *end = entry->differs ? MEASURED_END : "";
        str_addf(out, "%s: %s%s%s", entry->name, begin, entry->now, end);
    }
}

/* ---- in full ---------------------------------------------------------------------------- */

static void add_sentence(Page *page, const Look *look, int cols, Ink ink, Str *text)
{
    page->failed = page->failed || text->failed;
    page_text(page, look, ink, str_text(text), cols, 0, 0);
    str_free(text);
}

static void add_steps(Page *page, const HomeLesson *lesson, const Look *look, int cols)
{
    enum { SHOWN_MAX = 20 };
    Str       text = {0};
    long long done = (long long)lesson->step, of = (long long)lesson->steps;
    if (lesson->state == HOME_DONE) done = of;
    for (long long i = 0; i < of && of <= SHOWN_MAX; i++) {
        str_add(&text, look_sign(look, i < done                                   ? SIGN_DONE
                                       : i == done && lesson->state == HOME_BEGUN ? SIGN_BEGUN
                                                                                  : SIGN_OPEN));
        str_add(&text, " ");
    }
    if (of > 0) {
        str_addf(&text, tr(" %lld of %lld steps done"), done, of);
        add_sentence(page, look, cols, INK_PLAIN, &text);
    }
}

static void add_predictions(Page *page, const HomeLesson *lesson, const Look *look, int cols)
{
    Str text = {0};
    if (lesson->predictions == 0) return;
    str_addf(&text, tr("Predictions that held: %lld of %lld."), (long long)lesson->right,
             (long long)lesson->predictions);
    add_sentence(page, look, cols, INK_PLAIN, &text);
}

static void add_next(Page *page, const HomeLesson *lesson, const Look *look, int cols)
{
    Str text = {0};
    page_blank(page);
    if (lesson->lacks != NULL) {
        str_addf(&text, tr("It needs %s, which this machine does not have; its text can be read."),
                 lesson->lacks);
    } else if (lesson->state == HOME_BEGUN) {
        str_addf(&text, tr("Enter goes on at step %lld."), step_now(lesson));
    } else if (lesson->state == HOME_DONE) {
        str_add(&text, tr("Enter opens it again; its predictions may be made anew after a reset."));
    } else {
        str_add(&text, tr("Enter begins it."));
    }
    add_sentence(page, look, cols, INK_STRONG, &text);
}

static void add_time(Page *page, const HomeLesson *lesson, const Look *look, int cols)
{
    Str text = {0};
    if (lesson->minutes <= 0) return;
    str_addf(&text, tr("%lld minutes to read"), (long long)lesson->minutes);
    if (lesson->seconds >= 1.0) {
        str_add(&text, "; ");
        add_computing(&text, lesson->seconds);
        str_add(&text, tr(" on two cores"));
    }
    str_add(&text, ".");
    add_sentence(page, look, cols, INK_PLAIN, &text);
}

static void add_title(Page *page, const char *title, const Look *look, int cols)
{
    Index from = page->count;
    page_text(page, look, INK_STRONG, title, cols, 0, 0);
    for (Index i = from; i < page->count; i++) {
        for (Index p = 0; p < page->lines[i].count; p++) page->lines[i].pieces[p].bold = true;
    }
    page_blank(page);
}

static void lesson_detail(Page *page, const HomeLesson *lesson, const Look *look, int cols)
{
    add_title(page, lesson->title, look, cols);
    if (lesson->summary != NULL && lesson->summary[0] != '\0') {
        page_text(page, look, INK_PLAIN, lesson->summary, cols, 0, 0);
        page_blank(page);
    }
    add_time(page, lesson, look, cols);
    if (lesson->state != HOME_NEW) {
        page_blank(page);
        add_steps(page, lesson, look, cols);
        add_predictions(page, lesson, look, cols);
    }
    add_next(page, lesson, look, cols);
}

static void entry_detail(Page *page, const HomeEntry *entry, const Look *look, int cols)
{
    Index from;
    add_title(page, entry->name, look, cols);
    if (entry->more != NULL) page_text(page, look, INK_PLAIN, entry->more, cols, 0, 0);
    if (entry->more != NULL) page_blank(page);
    from = page->count;
    page_text(page, look, INK_PLAIN, entry->now, cols, 0, 0);
    for (Index i = from; entry->differs && i < page->count; i++) {
        for (Index p = 0; p < page->lines[i].count; p++) page->lines[i].pieces[p].measured = true;
    }
}

void home_detail(Page *page, const HomeView *view, const Look *look, int cols)
{
    int at = view->selected;
    if (at >= 0 && at < view->lesson_count) {
        lesson_detail(page, &view->lessons[at], look, cols);
    } else if (at >= view->lesson_count && at - view->lesson_count < view->entry_count) {
        entry_detail(page, &view->entries[at - view->lesson_count], look, cols);
    }
}
