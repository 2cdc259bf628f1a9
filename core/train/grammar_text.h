#ifndef CORE_TRAIN_GRAMMAR_TEXT_H
#define CORE_TRAIN_GRAMMAR_TEXT_H

/*
 * The two halves of drawing: values (grammar_draw.c) and texts (grammar_text.c). Nobody else
 * includes this.
 *
 * All values of a derivation live in a block of fixed size, and texts grow on a stack beside it:
 * a draw that fills either, or takes too many steps, is given up, so no grammar can cost more
 * than a known amount.
 */

#include "core/train/grammar_draw.h"

enum {
    DRAW_ROOM_BYTES = 96 << 10,  /* values and finished texts of one derivation */
    DRAW_STACK_BYTES = 16 << 10, /* texts being made */
    DRAW_STEPS = 20000,          /* of one derivation */
    DRAW_ALL_STEPS = 1000000,    /* of one example, all its derivations together */
    DRAW_RETRIES = 100,          /* of a slot or a rule that must differ or must hold */
};

struct Draw {
    const Grammar *g;
    uint64_t       seed, stream, counter;
    RandomBlock    bits;
    int            bits_left;
    Index          used, stack_used;
    int64_t        steps, all_steps;
    int            depth;
    Place          trouble;
    Error         *err;
    Instance      *instances;
    Value          main;
    _Alignas(16) char room[DRAW_ROOM_BYTES];
    char stack[DRAW_STACK_BYTES];
};

/* grammar_text.c */
uint32_t   draw_below(Draw *draw, uint32_t bound); /* uniform in [0, bound) */
void      *draw_room(Draw *draw, Index bytes);     /* not zeroed; NULL when the block is full */
DrawResult draw_again(Draw *draw, Place place);    /* AGAIN, noting where */
/* Move what stands on the stack above `mark` into the derivation. */
DrawResult draw_pop(Draw *draw, Index mark, Place place, Value *text);
DrawResult draw_number(Draw *draw, int64_t number, int width, Place place, Value *text);
DrawResult draw_expr(Draw *draw, const Expr *expr, Instance *at, Value *text);
DrawResult draw_sum(Draw *draw, const Expr *expr, Instance *at, int64_t *number);
DrawResult draw_cond(Draw *draw, const Cond *cond, Instance *at, bool *holds);
/* The text of a field of a value (FIELD_NONE for its bare text). */
DrawResult draw_render(Draw *draw, const Value *value, int field, Value *text);
/* Append the pieces to the stack. */
DrawResult draw_nodes(Draw *draw, const Node *node, Instance *at);

/* Make the text of a channel of an instance whose slots are drawn. */
DrawResult draw_channel(Draw *draw, Instance *rule, int field);

/* grammar_draw.c */
DrawResult draw_source(Draw *draw, const Source *source, Instance *at, Value *out);

#endif
