#ifndef CORE_STUDY_PLAN_WALK_H
#define CORE_STUDY_PLAN_WALK_H

/*
 * A walk through one training step with an account book instead of numbers: what each op takes
 * and gives back (the table at the top of core/math/tape.c), in the order of core/model/forward.c
 * and then backwards. Only the highest total and its parts are kept. Sizes are in floats.
 */

#include "core/study/plan_internal.h"

typedef struct Walk {
    const PlanSetup   *setup;
    const ModelConfig *c;
    bool               record; /* the tape would keep what a backward needs */
    int64_t            now[MEM_PURPOSE_COUNT], total;
    int64_t            peak, at_peak[MEM_PURPOSE_COUNT];
} Walk;

/* plan_bytes.c */
void walk_take(Walk *walk, Index floats); /* activations */
void walk_give(Walk *walk, Index floats);
/* Temporaries: `first` and `second` are alive together; 0: there is none. */
void walk_scratch_take(Walk *walk, Index first, Index second);
void walk_scratch_give(Walk *walk, Index first, Index second);

/* plan_maps.c: linear maps with the same input, `first` to `last` in the order of the forward. */
typedef struct MapGroup {
    ModuleRole first, last;
    int        layer;
    Index      rows;
    bool       needs_x;   /* their input wants a gradient */
    bool       keeps_sum; /* backward: the results' gradient lives on as the residual's */
    bool       holds_x;   /* the input is somebody else's to give back */
} MapGroup;

void walk_maps(Walk *walk, const MapGroup *group);      /* takes the results */
void walk_maps_back(Walk *walk, const MapGroup *group); /* takes the input's gradient */
bool walk_maps_keep(const Walk *walk, const MapGroup *group); /* the input, for the backward */

/* rmsnorm of x [rows, D]: takes the result; back, gives its gradient. */
void walk_norm(Walk *walk, Index rows, bool needs);
void walk_norm_back(Walk *walk, Index rows);

/* plan_layer.c. x [N, D] becomes y [rows of this layer, D]. borrowed: x stays the caller's. */
typedef struct LayerWalk {
    int       layer;
    Index     N, M;     /* rows that come in and go out */
    bool      picked;   /* M < N: rows are picked out after attention */
    bool      borrowed;
    PlanNeeds needs;
} LayerWalk;

void walk_layer(Walk *walk, const LayerWalk *at);
void walk_layer_back(Walk *walk, const LayerWalk *at);

#endif
