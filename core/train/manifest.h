#ifndef CORE_TRAIN_MANIFEST_H
#define CORE_TRAIN_MANIFEST_H

/*
 * MANIFEST.json of a checkpoint folder: {"version": 1, "files": {"NAME": {"bytes", "xxh3"}}}.
 * Written last, so a folder with a manifest that fits is complete.
 */

#include "core/base/error.h"

NODISCARD bool manifest_write(const char *folder, Error *err);
/* Every listed file is there with its size and checksum. ERR_INPUT names the first that is not. */
NODISCARD bool manifest_check(const char *folder, Error *err);

#endif
