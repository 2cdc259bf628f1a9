#ifndef APP_VIEW_VIEW_MODEL_H
#define APP_VIEW_VIEW_MODEL_H

/* The base as a tree of modules with shapes and bytes; which of them get an adapter, and what that
 * costs. */

#include "app/view/look.h"
#include "core/base/mem.h"

typedef enum ModelRowKind {
    MODEL_TITLE, /* a word over what follows; cannot be selected */
    MODEL_WHOLE, /* the base */
    MODEL_LAYER,
    MODEL_MODULE,
    MODEL_KIND /* q_proj of all layers */
} ModelRowKind;

typedef enum ModelMark { MARK_CANNOT, MARK_OUT, MARK_PART, MARK_IN } ModelMark;

typedef struct ModelRow {
    ModelRowKind kind;
    int          depth;
    bool         open; /* of a layer */
    char         label[64], shape[32], dtype[8];
    char         tied[48]; /* the module that it shares its matrix with; "": none */
    int64_t      bytes, parameters;
    ModelMark    mark;
    int          in, of; /* how many of its modules are targets */
    Index        r;      /* of one module that is */
    int64_t      added;  /* parameters of its pairs */
    int          module; /* number in the model, -1 */
    int          layer;  /* of a layer or a module, -1 */
    int          role;   /* of a kind or a module */
} ModelRow;

typedef struct ModelView {
    const ModelRow *rows;
    int             count, selected;
    Index           r;
    double          alpha;
    const char     *targets; /* "q_proj,v_proj"; "": none */
    const char     *fault;   /* why it cannot be trained like this; NULL */
    bool            planned; /* the numbers below are of it */
    int64_t         trainable, all, base;
    double          percent;
    int64_t         bytes[MEM_PURPOSE_COUNT], bytes_total;
    Index           batch, length; /* the step that the bytes are of */
    /* of the selected module when it has or could have a pair; in 0: none */
    Index pair_in, pair_out;
    /* out */
    int top, cursor_row, cursor_col;
} ModelView;

typedef struct ModelLayout {
    bool beside;
    int  need_rows, need_cols; /* 0: it fits */
    Rect tree, counts;         /* rows 0: not shown */
} ModelLayout;

ModelLayout model_layout(Rect area);
void        view_model(ModelView *view, const Look *look, Grid *grid, Rect area);

/* ---- parts, for view_model*.c only ---- */

void view_model_tree(ModelView *view, const Look *look, Grid *grid, Rect area);

#endif
