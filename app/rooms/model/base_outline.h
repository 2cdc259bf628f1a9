#ifndef APP_ROOMS_MODEL_BASE_OUTLINE_H
#define APP_ROOMS_MODEL_BASE_OUTLINE_H

/* The base as a list of modules with shapes: no weights are needed, so nothing is loaded. */

#include "core/lab/lab.h"

/* Of the base that the Lab holds, or else of the one that comes along. model_free it. *name (may
 * be NULL): its folder's name, appended. */
NODISCARD Model *base_outline(const Lab *lab, Str *name, Error *err);

#endif
