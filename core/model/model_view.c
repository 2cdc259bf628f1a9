/* One base, several backends: weights are only read, so they need no copy. */

#include "core/model/model_internal.h"

Model *model_view(Model *model, Backend *be, Error *err)
{
    CHECK(model->be != NULL && model->be->space == be->space);

    /* Grown now, they never move again while somebody reads them through a view. */
    if (!model_reserve_positions(model, model->config.max_position, err)) return NULL;
    ModelOwner *view = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *view, err);
    if (view == NULL) return NULL;
    *view = *model_owner(model);
    view->is_view = true;
    view->model.be = be;
    return &view->model;
}
