/* Keys of the matrix view: moving, typing numbers, cutting, the tolerance. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/rooms/matrix/matrix_desk.h"

/* ---- typing ----------------------------------------------------------------------------- */

/* A finite decimal number and nothing else. */
static bool read_number(const char *text, double *value)
{
    char *end = NULL;
    if (text[0] == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0') return false;
    *value = strtod(text, &end);
    return *end == '\0' && isfinite(*value);
}

static void take_cell(MatrixDesk *desk, double value)
{
    Error err = {0};
    if (!desk_set_entry(desk, desk->row, desk->col, value, &err)) desk_fault(desk, &err);
}

static bool take_rank(MatrixDesk *desk, double value)
{
    const Datum *m = desk->now.matrix;
    Index        most = m->rows < m->cols ? m->rows : m->cols;
    if (value != floor(value) || value < 0 || value > (double)most) {
        str_clear(&desk->fault);
        str_addf(&desk->fault, tr("r is a whole number from 1 to %td; 0: not cut"), most);
        return false;
    }
    desk_cut(desk, (Index)value);
    if (desk->r == 0) desk->pane = MATRIX_CELLS;
    return true;
}

/* What was typed goes where it belongs; false: it is no such number, and the field stays. */
static bool commit(MatrixDesk *desk)
{
    double value = 0;
    if (!read_number(line_edit_text(&desk->edit), &value)) {
        str_clear(&desk->fault);
        str_addf(&desk->fault, tr("a number is needed, as 0.5 or 1e-14"));
        return false;
    }
    str_clear(&desk->fault);
    desk->typing = false;
    if (desk->pane == MATRIX_CELLS) {
        take_cell(desk, value);
    } else if (desk->pane == MATRIX_TOLERANCE) {
        desk_set_tolerance(desk, value);
    } else if (!take_rank(desk, value)) {
        desk->typing = true;
    }
    return !desk->typing;
}

static void begin(MatrixDesk *desk, const char *text)
{
    desk->typing = line_edit_set(&desk->edit, text);
}

/* The value as it is, with all its digits. */
static void begin_with_value(MatrixDesk *desk)
{
    Str          text = {0};
    const Datum *m = desk->now.matrix;
    if (desk->pane == MATRIX_CELLS) {
        str_add_double(&text, m->values[desk->row * m->cols + desk->col]);
    } else if (desk->pane == MATRIX_RANK) {
        str_addf(&text, "%td", desk->r);
    } else {
        str_addf(&text, "%.3g", desk->facts.tolerance);
    }
    begin(desk, str_text(&text));
    str_free(&text);
}

static bool move(MatrixDesk *desk, Action action);

static bool typing_act(MatrixDesk *desk, Action action, Key key)
{
    switch (action) {
    case ACT_COMMIT:
        (void)commit(desk);
        return true;
    case ACT_UP:
    case ACT_DOWN:
    case ACT_NEXT_PANE:
    case ACT_PREVIOUS_PANE:
        return !commit(desk) || move(desk, action);
    case ACT_LEAVE:
        desk->typing = false;
        str_clear(&desk->fault);
        return true;
    default:
        return line_edit_act(&desk->edit, action, key);
    }
}

/* ---- moving ----------------------------------------------------------------------------- */

static void next_pane(MatrixDesk *desk, int by)
{
    int pane = ((int)desk->pane + by + MATRIX_PANES) % MATRIX_PANES;
    if (pane == MATRIX_RANK && desk->r == 0) pane = (pane + by + MATRIX_PANES) % MATRIX_PANES;
    desk->pane = (MatrixPane)pane;
}

static void step_rank(MatrixDesk *desk, Index by)
{
    if (desk->r > 0 && desk->r + by > 0) desk_cut(desk, desk->r + by);
}

static void step_tolerance(MatrixDesk *desk, double factor)
{
    double tolerance = desk->tolerance > 0 ? desk->tolerance : desk->facts.tolerance;
    if (tolerance <= 0) tolerance = 1e-16;
    /* From a crooked number to the next power of ten, then from one to the next. */
    double decade = floor(log10(tolerance) + (factor > 1 ? 1 + 1e-9 : -1e-9));
    if (decade >= -300 && decade <= 300) desk_set_tolerance(desk, pow(10, decade));
}

static void move_cell(MatrixDesk *desk, Index rows, Index cols)
{
    const Datum *m = desk->now.matrix;
    Index        row = desk->row + rows, col = desk->col + cols;
    desk->row = row < 0 ? 0 : row >= m->rows ? m->rows - 1 : row;
    desk->col = col < 0 ? 0 : col >= m->cols ? m->cols - 1 : col;
}

/* Up and right mean more in the panes of one number. */
static bool move_number(MatrixDesk *desk, Action action)
{
    bool more = action == ACT_UP || action == ACT_RIGHT;
    bool less = action == ACT_DOWN || action == ACT_LEFT;
    if (!more && !less) return false;
    if (desk->pane == MATRIX_RANK) step_rank(desk, more ? 1 : -1);
    if (desk->pane == MATRIX_TOLERANCE) step_tolerance(desk, more ? 10 : 0.1);
    return true;
}

static bool move(MatrixDesk *desk, Action action)
{
    static const int far = 1 << 20;
    if (action == ACT_NEXT_PANE || action == ACT_PREVIOUS_PANE) {
        next_pane(desk, action == ACT_NEXT_PANE ? 1 : -1);
        return true;
    }
    if (desk->pane != MATRIX_CELLS) return move_number(desk, action);
    switch (action) {
    case ACT_UP:
    case ACT_DOWN:
        move_cell(desk, action == ACT_UP ? -1 : 1, 0);
        return true;
    case ACT_LEFT:
    case ACT_RIGHT:
        move_cell(desk, 0, action == ACT_LEFT ? -1 : 1);
        return true;
    case ACT_PAGE_UP:
    case ACT_PAGE_DOWN:
        move_cell(desk, action == ACT_PAGE_UP ? -far : far, 0);
        return true;
    case ACT_FIRST:
    case ACT_LAST:
        move_cell(desk, 0, action == ACT_FIRST ? -far : far);
        return true;
    default:
        return false;
    }
}

/* ---- the rest --------------------------------------------------------------------------- */

/* Into the truncation, out of it again. r begins one below the numeric rank, so that a little is
 * lost; of a matrix of high rank so low that much is. */
static void toggle_cut(MatrixDesk *desk)
{
    Index rank = desk->facts.rank;
    if (desk->r > 0 && desk->pane == MATRIX_RANK) {
        desk_cut(desk, 0);
        desk->pane = MATRIX_CELLS;
        return;
    }
    desk->pane = MATRIX_RANK;
    if (desk->r == 0) desk_cut(desk, rank > 8 ? 4 : rank > 1 ? rank - 1 : 1);
}

static bool leave(MatrixDesk *desk)
{
    if (desk_busy(desk)) {
        desk_stop(desk);
        return true;
    }
    if (desk->pane == MATRIX_RANK) {
        toggle_cut(desk);
        return true;
    }
    if (desk->pane == MATRIX_CELLS) return false;
    desk->pane = MATRIX_CELLS;
    return true;
}

static bool type(MatrixDesk *desk, Key key)
{
    char text[2] = {(char)key.cp, '\0'};
    if (key.cp == '<' || key.cp == '>') {
        step_tolerance(desk, key.cp == '<' ? 0.1 : 10);
    } else if (key.cp == '+' || (key.cp == '-' && desk->pane == MATRIX_RANK)) {
        step_rank(desk, key.cp == '+' ? 1 : -1);
    } else if (key.cp < 0x80 && strchr("-.0123456789", (int)key.cp) != NULL) {
        begin(desk, text);
    } else {
        return false;
    }
    return true;
}

static bool erase_value(MatrixDesk *desk)
{
    if (desk->pane == MATRIX_CELLS) take_cell(desk, 0);
    if (desk->pane == MATRIX_TOLERANCE) desk_set_tolerance(desk, 0);
    return desk->pane != MATRIX_RANK;
}

bool desk_act(MatrixDesk *desk, Action action, Key key)
{
    Error err = {0};
    if (desk->choosing) return desk_list_act(desk, action);
    if (desk->typing) return typing_act(desk, action, key);
    switch (action) {
    case ACT_TYPE:
        return type(desk, key);
    case ACT_COMMIT:
        if (!desk->known && !desk_busy(desk)) {
            str_clear(&desk->fault);
            desk_measure(desk);
            return true;
        }
        begin_with_value(desk);
        return true;
    case ACT_EDIT:
        begin_with_value(desk);
        return true;
    case ACT_DELETE:
        return erase_value(desk);
    case ACT_UNDO:
        return desk_undo(desk);
    case ACT_TRUNCATE:
        toggle_cut(desk);
        return true;
    case ACT_CONTENTS:
        if (!desk_open_list(desk, &err)) desk_fault(desk, &err);
        return true;
    case ACT_LEAVE:
        return leave(desk);
    default:
        return move(desk, action);
    }
}

bool desk_can(const MatrixDesk *desk, Action action)
{
    switch (action) {
    case ACT_CONTENTS:
        return true;
    case ACT_UNDO:
        return desk->past_count > 0 && !desk->choosing && !desk->typing;
    case ACT_COMMIT: /* its hint says "edit", which it does not in the list */
        return !desk->choosing;
    case ACT_TYPE:
    case ACT_EDIT:
    case ACT_TRUNCATE:
    case ACT_NEXT_PANE:
    case ACT_GNUPLOT:
        return !desk->choosing && !desk->typing;
    default:
        return false;
    }
}
