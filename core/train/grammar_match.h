#ifndef CORE_TRAIN_GRAMMAR_MATCH_H
#define CORE_TRAIN_GRAMMAR_MATCH_H

/*
 * A derivation that is being found for a text: some values are known, others not yet.
 * grammar_accept.c searches; grammar_known.c answers what is known. Nobody else includes this.
 *
 * A value that is not known yet (VALUE_NONE) holds in `rule` the instance that it belongs to, in
 * `source` where it would be drawn, and in `number` its place: slot i, or -1 - i for item i.
 */

#include "core/train/grammar_draw.h"

typedef struct Trail Trail;
struct Trail { /* what to put back when a way proves wrong */
    Value *where;
    Value  before;
    Trail *next;
};

typedef struct Match {
    const Grammar *g;
    const char    *text;
    Index          n;
    int64_t        steps;
    int            depth;
    bool           spent; /* a budget ran out: the answer is unsure */
    Instance      *instances;
    Trail         *trail;
    char          *room;
    Index          used;
} Match;

Value *match_value(Value *value); /* follows aliases */
/* The text of a field when it is known. */
bool match_text(Value *value, int field, const char **text, Index *len);
bool match_sum(const Expr *expr, const Instance *at, int64_t *number); /* false: not known */
bool match_cond(const Cond *cond, const Instance *at, bool *holds);    /* false: not known */
/* The only term of the sum that is not known, where there is one, and the sum of the others. */
const Term *match_unknown(const Expr *expr, const Instance *at, int64_t *others);
/* False when item or slot `value`, now known, equals another of its line. */
bool match_differs(const Value *value, const Value *before);
bool match_items_differ(const Value *list, int item);
/* Ranges, sums, counts and `require` of all instances, as far as they are known. */
bool match_holds(const Match *match);

#endif
