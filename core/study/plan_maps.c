/*
 * Bytes of linear maps, with what LoRA adds to them, and of norms. For a map of N rows from
 * `in` to `out`, in floats ([temporaries] are scratch):
 *
 *   forward    y N*out
 *     pair         h N*r, [xd N*in] with dropout, [ones N] with a bias of the pair
 *     materialized M out*in, before y
 *   kept       x N*in where the matrix or A trains; h; M
 *   backward   x's gradient N*in where it is wanted, once for all maps of the same x
 *     pair         [db out] before, [dh N*r + xd N*in] beside it
 *     materialized dM out*in before it
 *   and y's gradient, N*out, goes back last.
 */

#include "core/study/plan_walk.h"

typedef struct Map {
    const Module  *module;
    const Trained *trained;
    Index          rows;
    bool           materialized;
} Map;

static Map map_of(const Walk *walk, const MapGroup *group, int role)
{
    const Trained *trained = plan_trained(walk->setup, (ModuleRole)role, group->layer);
    return (Map){.module = model_module(walk->setup->model, (ModuleRole)role, group->layer),
                 .trained = trained,
                 .rows = group->rows,
                 .materialized = trained->r > 0 && walk->setup->materialized};
}

static Index matrix_floats(const Map *map)
{
    return map->module->in * map->module->out;
}

static Index dropped_floats(const Walk *walk, const Map *map)
{
    return walk->setup->dropout ? map->rows * map->module->in : 0;
}

/* The role of the map whose node is the last to give x back; -1: none keeps it. */
static int first_keeper(const Walk *walk, const MapGroup *group)
{
    for (int role = (int)group->first; role <= (int)group->last; role++) {
        Map map = map_of(walk, group, role);
        if (map.trained->r > 0 || map.trained->weight) return role;
    }
    return -1;
}

bool walk_maps_keep(const Walk *walk, const MapGroup *group)
{
    return walk->record && first_keeper(walk, group) >= 0;
}

/* ---- forward ----------------------------------------------------------------------------- */

static void pair_forward(Walk *walk, const Map *map)
{
    Index h = map->rows * map->trained->r, xd = dropped_floats(walk, map);
    walk_take(walk, h);
    walk_scratch_take(walk, xd, 0);
    walk_scratch_give(walk, xd, 0);
    if (map->trained->pair_bias) {
        walk_scratch_take(walk, map->rows, 0);
        walk_scratch_give(walk, map->rows, 0);
    }
    if (!walk->record) walk_give(walk, h);
}

static void map_forward(Walk *walk, const Map *map)
{
    if (map->materialized) walk_take(walk, matrix_floats(map));
    walk_take(walk, map->rows * map->module->out);
    if (map->materialized) {
        if (!walk->record) walk_give(walk, matrix_floats(map));
    } else if (map->trained->r > 0) {
        pair_forward(walk, map);
    }
}

void walk_maps(Walk *walk, const MapGroup *group)
{
    for (int role = (int)group->first; role <= (int)group->last; role++) {
        Map map = map_of(walk, group, role);
        map_forward(walk, &map);
    }
}

/* ---- backward ---------------------------------------------------------------------------- */

/* dx: floats of x's gradient where this map is the one that gives birth to it, or 0. */
static void pair_backward(Walk *walk, const Map *map, Index dx)
{
    Index h = map->rows * map->trained->r, xd = dropped_floats(walk, map);
    if (map->trained->pair_bias) {
        walk_scratch_take(walk, map->module->out, 0);
        walk_scratch_give(walk, map->module->out, 0);
    }
    walk_scratch_take(walk, h, xd);
    walk_take(walk, dx);
    walk_scratch_give(walk, h, xd);
    walk_give(walk, h);
}

static void map_backward(Walk *walk, const Map *map, Index dx)
{
    if (map->materialized) {
        walk_take(walk, matrix_floats(map));
        walk_give(walk, matrix_floats(map));
        walk_take(walk, dx);
        walk_give(walk, matrix_floats(map));
    } else if (map->trained->r > 0) {
        pair_backward(walk, map, dx);
    } else {
        walk_take(walk, dx);
    }
}

void walk_maps_back(Walk *walk, const MapGroup *group)
{
    int  keeper = first_keeper(walk, group);
    bool born = !group->needs_x;

    for (int role = (int)group->last; role >= (int)group->first; role--) {
        Map map = map_of(walk, group, role);
        if (!group->needs_x && !plan_trains(map.trained)) continue;
        Index x = map.rows * map.module->in;
        map_backward(walk, &map, born ? 0 : x);
        born = true;
        if (!group->keeps_sum) walk_give(walk, map.rows * map.module->out);
        if (role == keeper && !group->holds_x) walk_give(walk, x);
    }
}

/* ---- norms ------------------------------------------------------------------------------- */

/* The result, and one number a row that stays with x for the backward. */
void walk_norm(Walk *walk, Index rows, bool needs)
{
    walk_take(walk, rows * walk->c->D);
    walk_take(walk, rows);
    if (!needs || !walk->record) walk_give(walk, rows);
}

void walk_norm_back(Walk *walk, Index rows)
{
    walk_give(walk, rows);
    walk_give(walk, rows * walk->c->D);
}
