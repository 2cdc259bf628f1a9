#ifndef APP_ROOMS_MODEL_MODEL_TREE_H
#define APP_ROOMS_MODEL_MODEL_TREE_H

/*
 * The model room's state and what keys do to it, without a screen. Which modules are targets is
 * kept module by module, told as --target_modules would tell it, and matched and counted again
 * from that text by the trainer's own code.
 */

#include "app/screen/keymap.h"
#include "app/view/view_model.h"
#include "core/lab/lab.h"
#include "core/study/plan.h"

typedef struct ModelTree {
    const Lab *lab;
    Model     *outline;
    Str        base;   /* its name */
    bool      *target; /* [module_count] */
    bool      *open;   /* [L] layers */
    Index      r;
    bool       chosen; /* r was, by somebody */
    double     alpha;
    Str        targets; /* the text */
    ModelRow  *rows;
    int        count, room, selected;
    int        page;
    /* of the targets */
    bool  planned;
    Plan  plan;
    Index batch, length;
    Str   fault;
} ModelTree;

NODISCARD bool tree_open(ModelTree *tree, const Lab *lab, Error *err);
void           tree_close(ModelTree *tree);
/* "target_modules=q_proj,v_proj r=4": what another room thinks of; ERR_INPUT as train says it. */
NODISCARD bool tree_take(ModelTree *tree, const char *settings, Error *err);
bool           tree_act(ModelTree *tree, Action action, Key key);
bool           tree_can(const ModelTree *tree, Action action);
void           tree_set_rank(ModelTree *tree, Index r);
/* The selected row's module; NULL where it is none. */
const Module *tree_module(const ModelTree *tree);
void          tree_view(const ModelTree *tree, ModelView *view);
/* "target_modules=... r=..."; r only when somebody chose it. */
void tree_settings(const ModelTree *tree, Str *out);

/* model_plan.c: text, match and plan of the targets as they are now. */
void tree_plan(ModelTree *tree);
/* From a text to targets. */
NODISCARD bool tree_match(ModelTree *tree, const char *targets, Error *err);
bool           tree_adaptable(const Module *module);
/* model_rows.c */
NODISCARD bool tree_reserve_rows(ModelTree *tree, Error *err); /* for all that can be open */
void           tree_make_rows(ModelTree *tree);

#endif
