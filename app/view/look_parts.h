#ifndef APP_VIEW_LOOK_PARTS_H
#define APP_VIEW_LOOK_PARTS_H

/* What the parts of views share below look.h. */

#include "app/view/look.h"

/* A text as look_text shows it: spelled out, safe, without marks of measurement. */
void look_clean(const Look *look, Str *out, const char *text);
/* Columns that look_text would take without a limit. */
int look_columns(const Look *look, const char *text);
/* A projector dims nothing. */
Ink look_ink(const Look *look, Ink ink);
/* No signs but those of ASCII. */
bool look_plain_signs(const Look *look);

#endif
