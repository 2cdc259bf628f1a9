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

/* A sum or a comparison in a text, to be checked once the whole text is read. */
typedef struct Pending Pending;
struct Pending {
    const Instance *at;
    const Expr     *expr; /* must give this number */
    Value           number;
    const Cond     *cond; /* or must hold, or not */
    bool            holds;
    Pending        *next;
};

typedef struct Match {
    const char *text;
    Index       n;
    int64_t     steps;
    int         depth;
    bool        spent;     /* a budget ran out: the answer is unsure */
    bool        form_only; /* values need not agree from one mention to the next */
    Instance   *instances;
    Pending    *pending;
    Trail      *trail;
    char       *room;
    Index       used;
} Match;

enum { MATCH_ROOM_BYTES = 1 << 20, MATCH_TEXT_BYTES = 1 << 16 }; /* Match.room, longest text */

/* Where to go back to. */
typedef struct Mark {
    Trail    *trail;
    Instance *instances;
    Pending  *pending;
    Index     used;
} Mark;
Mark  match_mark(const Match *match);
bool  match_back(Match *match, Mark mark);   /* forget what became known since; returns false */
void *match_room(Match *match, Index bytes); /* zeroed; NULL when it is used up */
bool  match_budget(Match *match);            /* one more step may be taken */
/* Make a value known; false when there is no room, or when it must differ and does not. */
bool  match_bind(Match *match, Value *value, Value known);
Value match_known(const char *text, Index len);
/* One more check for the end; NULL when there is no room. */
Pending *match_pending(Match *match, const Instance *at);
/* An instance of which no slot is known but its arguments, which stand for the caller's. */
Instance *match_new_instance(Match *match, const Def *rule, const Case *choice, const Source *call,
                             Instance *caller);
/* A list of so many items of which none is known yet, of a slot of `at`. */
bool match_new_items(Match *match, Value *list, const Source *source, Instance *at, int64_t count);
/* How many items a list may have, as far as that is known; false: none. */
bool match_bounds(const Source *source, const Instance *at, int64_t *least, int64_t *most);

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
/* Ranges, sums, comparisons, counts and `require`, as far as they are known. */
bool match_holds(const Match *match);

typedef struct Frame Frame;
struct Frame {
    enum { FRAME_NODES, FRAME_TAKE, FRAME_ITEMS } kind;
    const Node  *node; /* NODES: these pieces, of this instance */
    Instance    *at;
    Value       *value; /* TAKE: what was matched since `start` is its text; ITEMS: the list */
    Index        start;
    int          item, field, least, most; /* ITEMS: the next item; how many there may be */
    bool         open, final;              /* ITEMS: their number is not known; nothing follows */
    const Frame *next;
};

typedef struct Want {
    int field, width;
} Want; /* which text of a value, zero padded how far */

/* grammar_accept.c: going on with what remains, and matching one value or text first. */
bool match_rest(Match *match, Index pos, const Frame *frame);
bool match_nodes(Match *match, const Node *node, Instance *at, Index pos, const Frame *next);
bool match_any(Match *match, Value *value, Want want, Index pos, const Frame *next);
/* The text as it is, or as a zero padded number. */
bool match_literal(Match *match, const char *text, Index len, int width, Index pos,
                   const Frame *next);
/* Any number, which becomes the text of `value`. */
bool match_number(Match *match, Value *value, int width, Index pos, const Frame *next);
bool match_starts(const Match *match, Index pos, const char *text, Index len);

/* grammar_derive.c: values that are lists, rules, rows of sets, columns and items. */
bool match_items(Match *match, const Frame *frame, Index pos);
bool match_list(Match *match, Value *list, Want want, Index pos, const Frame *next);
bool match_new_list(Match *match, Value *value, const Source *source, Want want, Index pos,
                    const Frame *next);
bool match_channel(Match *match, Instance *rule, Want want, Index pos, const Frame *next);
bool match_rule(Match *match, Value *value, const Def *def, const Source *source, Want want,
                Index pos, const Frame *next);
bool match_set(Match *match, Value *value, const Def *def, Want want, Index pos, const Frame *next);
bool match_field(Match *match, Value *value, const Source *source, Want want, Index pos,
                 const Frame *next);
bool match_item(Match *match, Value *value, const Source *source, Want want, Index pos,
                const Frame *next);

#endif
