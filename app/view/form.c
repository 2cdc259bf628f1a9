/* What is selected in a form, and the field in which it is typed. */

#include "app/view/form.h"

#include "core/base/mem.h"

void form_free(Form *form)
{
    line_edit_free(&form->edit);
    str_free(&form->error);
    *form = (Form){0};
}

/* ---- selecting -------------------------------------------------------------------------- */

/* The nearest row from `at` on in this direction that is no heading; -1. */
static int find_row(const Form *form, int at, int step)
{
    while (at >= 0 && at < form->count && form->rows[at].heading) at += step;
    return at >= 0 && at < form->count ? at : -1;
}

static void select_near(Form *form, int at, int step)
{
    if (at >= form->count) at = form->count - 1;
    if (at < 0) at = 0;
    int found = find_row(form, at, step);
    if (found < 0) found = find_row(form, at, -step);
    form->selected = found < 0 ? 0 : found;
    str_clear(&form->error);
}

void form_rows(Form *form, const FormRow *rows, int count)
{
    form->rows = rows;
    form->count = count;
    const FormRow *row = form_row(form);
    if (row == NULL) select_near(form, form->selected, 1);
}

const FormRow *form_row(const Form *form)
{
    int at = form->selected;
    return at < 0 || at >= form->count || form->rows[at].heading ? NULL : &form->rows[at];
}

static bool move(Form *form, Action action)
{
    int page = form->page > 1 ? form->page - 1 : 1;
    switch (action) {
    case ACT_UP:
        select_near(form, form->selected - 1, -1);
        return true;
    case ACT_DOWN:
        select_near(form, form->selected + 1, 1);
        return true;
    case ACT_PAGE_UP:
        select_near(form, form->selected - page, -1);
        return true;
    case ACT_PAGE_DOWN:
        select_near(form, form->selected + page, 1);
        return true;
    case ACT_FIRST:
        select_near(form, 0, 1);
        return true;
    case ACT_LAST:
        select_near(form, form->count - 1, -1);
        return true;
    default:
        return false;
    }
}

/* ---- typing ----------------------------------------------------------------------------- */

bool form_edit(Form *form, const char *text)
{
    const FormRow *row = form_row(form);
    if (row == NULL || row->fixed) return false;
    str_clear(&form->error);
    form->typing = line_edit_set(&form->edit, text);
    return form->typing;
}

const char *form_text(const Form *form)
{
    return line_edit_text(&form->edit);
}

void form_refuse(Form *form, const char *sentence)
{
    str_clear(&form->error);
    str_add(&form->error, sentence);
}

void form_end(Form *form)
{
    form->typing = false;
    line_edit_free(&form->edit);
    str_clear(&form->error);
}

bool form_act(Form *form, Action action, Key key)
{
    if (!form->typing) return move(form, action);
    if (action == ACT_LEAVE) {
        form_end(form);
        return true;
    }
    if (!line_edit_act(&form->edit, action, key)) return false;
    if (action == ACT_TYPE || action == ACT_ERASE || action == ACT_DELETE || action == ACT_CLEAR)
        str_clear(&form->error);
    return true;
}
