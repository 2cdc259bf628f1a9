#ifndef APP_PLAIN_PLAIN_LAB_H
#define APP_PLAIN_PLAIN_LAB_H

/* The lab without a screen: the lessons as a numbered list, one of them chosen and gone through in
 * plain text. On a pipe it is the list alone. Screen readers and dumb terminals live here. */

#include "core/lab/lab.h"

NODISCARD bool plain_lab(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel,
                         Result *result, Error *err);

#endif
