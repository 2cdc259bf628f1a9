#ifndef APP_VIEW_FORM_H
#define APP_VIEW_FORM_H

/*
 * A form: rows of a label, a value and its unit under headings, one of them selected, and a field
 * in which the selected value is typed. The owner makes the rows and takes the values over; the
 * form keeps what is selected, the field, and a sentence that says what is wrong with its text.
 *
 *     case ACT_COMMIT:
 *         if (!form->typing) return form_edit(form, row->value);
 *         if (!take_over(row, form_text(form), &err)) form_refuse(form, err.message);
 *         else form_end(form);
 */

#include "app/screen/line_edit.h"
#include "app/view/look.h"

typedef struct FormRow {
    bool        heading; /* label only */
    const char *label, *value;
    const char *unit;     /* "per step", or NULL */
    const char *help;     /* a sentence or two, drawn below the rows for the selected one */
    const char *range;    /* "1 to 64; PEFT: r", one line below the help; NULL */
    bool        changed;  /* differs from its default */
    bool        fixed;    /* cannot be changed now */
    bool        measured; /* the value */
} FormRow;                /* all borrowed */

typedef struct Form {
    const FormRow *rows; /* borrowed; set again whenever the owner makes new ones */
    int            count;
    int            selected;
    bool           typing;
    LineEdit       edit;
    Str            error;
    int            top, page; /* as drawn last */
} Form;                       /* {0}; form_free */

/* Rows of the list, and of the selected one's help; none where there is no room for them. */
typedef struct FormLayout {
    Rect list, rule, help;
} FormLayout;
FormLayout form_layout(Rect area, int lines);

void form_free(Form *form);
/* New rows; what was selected stays selected as far as it goes. */
void form_rows(Form *form, const FormRow *rows, int count);
/* Moving (up, down, page, first, last), and all of typing but to commit: Esc ends the field as it
 * was. False: none of its. */
bool form_act(Form *form, Action action, Key key);
/* Type the selected value, beginning with text. False: it is fixed, or there is none. */
bool        form_edit(Form *form, const char *text);
const char *form_text(const Form *form);
void        form_refuse(Form *form, const char *sentence); /* the field stays */
void        form_end(Form *form);
/* The selected row; NULL: none. */
const FormRow *form_row(const Form *form);
/* Keeps the scrolling in the form. *row, *col: the cursor; row -1: none to show. */
void form_draw(Form *form, const Look *look, Grid *grid, Rect area, int *row, int *col);
/* The same with the parts where the owner wants them: the help beside the rows, for one. */
void form_draw_in(Form *form, const Look *look, Grid *grid, const FormLayout *layout, int *row,
                  int *col);

#endif
