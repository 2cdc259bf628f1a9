#ifndef CORE_LAB_ARGS_INTERNAL_H
#define CORE_LAB_ARGS_INTERNAL_H

/* One argument's value, between args.c (the set of them) and args_value.c (text to value). */

#include "core/lab/command.h"

typedef struct Slot {
    const ArgSpec *spec;
    char          *text; /* as given, or the default; NULL: none */
    bool           given;
    int64_t        integer;
    double         number;
    char         **items; /* ARG_LIST */
    Index          count;
} Slot;

/* Check the text against the slot's row and keep it; a refusal leaves the old value. */
NODISCARD bool slot_store(Slot *slot, const char *value, Error *err);
void           slot_reset(Slot *slot); /* frees what it holds */

#endif
