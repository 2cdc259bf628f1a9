#ifndef TESTS_APP_PAYLOADS_H
#define TESTS_APP_PAYLOADS_H

/* 200 texts that would do something to a terminal, or make it show what is not there. */

#include "core/base/str.h"

enum { PAYLOADS = 200 };

void make_payload(Str *out, int number);
/* Where the first byte is that must never reach a terminal as part of a text: not UTF-8, a control
 * (but \n), a bidi or format character; -1: nowhere. Does not ask the program's own text.h. */
Index first_unsafe(const char *text, Index n);

#endif
