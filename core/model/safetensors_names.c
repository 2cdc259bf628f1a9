/*
 * Names to positions, by linear probing. A file may hold a million tensors, so neither looking
 * up a name nor finding that one occurs twice may look at all the others.
 */

#include "core/model/safetensors_internal.h"

#include <string.h>

#include "core/base/hash.h"

bool names_init(NameTable *table, Index count, Error *err)
{
    CHECK(count >= 0);

    Index capacity = 8;
    while (capacity < 2 * count) capacity *= 2;
    table->slots = mem_alloc(mem_program(), MEM_TEXT, capacity, sizeof *table->slots, err);
    table->capacity = table->slots == NULL ? 0 : capacity;
    return table->slots != NULL;
}

void names_reset(NameTable *table)
{
    mem_free(table->slots);
    *table = (NameTable){0};
}

/* The slot that holds the name, or the free one where it belongs. */
static NameSlot *names_slot(const NameTable *table, const char *name)
{
    uint64_t mask = (uint64_t)table->capacity - 1;
    uint64_t at = hash_bytes(name, (Index)strlen(name)) & mask;
    while (table->slots[at].name != NULL && strcmp(table->slots[at].name, name) != 0) {
        at = (at + 1) & mask;
    }
    return &table->slots[at];
}

bool names_add(NameTable *table, const char *name, Index value)
{
    NameSlot *slot = names_slot(table, name);
    if (slot->name != NULL) return false;
    *slot = (NameSlot){name, value};
    return true;
}

Index names_find(const NameTable *table, const char *name)
{
    if (table->capacity == 0) return -1;
    NameSlot *slot = names_slot(table, name);
    return slot->name == NULL ? -1 : slot->value;
}
