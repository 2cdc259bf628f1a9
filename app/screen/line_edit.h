#ifndef APP_SCREEN_LINE_EDIT_H
#define APP_SCREEN_LINE_EDIT_H

/* One line of text under a cursor that moves by characters, never by bytes. */

#include "app/screen/keymap.h"

typedef struct LineEdit {
    Str   text;
    Index at; /* byte of the cursor, at a character's beginning */
} LineEdit;

bool        line_edit_set(LineEdit *edit, const char *text); /* cursor at the end; false: memory */
void        line_edit_free(LineEdit *edit);
const char *line_edit_text(const LineEdit *edit);
/* Typing, erasing, moving; false: the action is none of its. */
bool line_edit_act(LineEdit *edit, Action action, Key key);
/* Columns before the cursor. */
int line_edit_column(const LineEdit *edit);

#endif
