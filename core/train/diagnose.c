/*
 * What a run's losses and norms say in words. The limits are coarse on purpose: a finding is
 * only told when it can hardly be chance.
 */

#include <math.h>

#include "core/train/trainer_internal.h"

static double mean_of(const float *x, Index n)
{
    double sum = 0;
    for (Index i = 0; i < n; i++) sum += (double)x[i];
    return n > 0 ? sum / (double)n : 0;
}

void trainer_health(const Trainer *trainer, RunHealth *health)
{
    Index n = trainer->loss_count, tenth = n / 10 > 0 ? n / 10 : 1;
    if (tenth > n) tenth = n;

    *health = (RunHealth){.steps = trainer->steps_seen,
                          .first_grad_norm = trainer->first_grad_norm,
                          .last_grad_norm = trainer->last_grad_norm,
                          .max_grad_norm = trainer->max_grad_norm,
                          .uniform_loss = log((double)trainer->spec.net->model->config.V)};
    if (n == 0) return;
    health->first_loss = mean_of(trainer->losses, tenth);
    health->last_loss = mean_of(trainer->losses + n - tenth, tenth);
    health->best_loss = health->first_loss;
    for (Index i = 0; i + tenth <= n; i += tenth) {
        double mean = mean_of(trainer->losses + i, tenth);
        if (mean < health->best_loss) health->best_loss = mean;
    }
    for (Index i = 0; i < n; i++) {
        double loss = (double)trainer->losses[i];
        if (loss > health->highest_loss) health->highest_loss = loss;
    }
}

/* A loss that jumps up at once is high in the first tenth, too: then only what was measured before
 * the first step shows it. */
static bool has_diverged(const RunHealth *h)
{
    if (h->last_loss > 1.5 * h->first_loss && h->last_loss > h->best_loss + 0.5) return true;
    return h->untrained_loss > 0 && h->last_loss > 1.2 * h->untrained_loss &&
           h->last_loss > h->untrained_loss + 0.5;
}

/* Adam's first steps, all of one size, can throw the model out of what the base had learned; then
 * it learns anew, slowly, and the loss falls, but from there. */
static bool has_overshot(const RunHealth *h)
{
    return h->untrained_loss > 0 && h->highest_loss > 1.5 * h->untrained_loss &&
           h->last_loss > 0.5 * h->untrained_loss;
}

const char *diagnose(const RunHealth *h, const char **hint)
{
    *hint = "";
    if (h->steps < 10) return NULL;
    if (h->max_grad_norm == 0) {
        *hint =
            tr("with A and B both zero neither receives a gradient; use init_lora_weights true");
        return tr("dead: no gradient reached any trainable parameter");
    }
    if (h->start_change > 0) {
        *hint = tr("let one of A and B start at zero, as init_lora_weights true does");
        return tr("broken start: B A was not zero before the first step, so it began off the base");
    }
    if (has_diverged(h)) {
        *hint = tr("try a learning rate or an alpha ten times smaller");
        return tr("diverged: the loss ended far above where it began");
    }
    if (h->last_loss > 2.0 * h->best_loss && h->last_loss > h->best_loss + 0.5) {
        *hint = tr("try a smaller learning rate, or a schedule that decays");
        return tr("unstable: the loss fell, then rose again to more than twice its best");
    }
    if (has_overshot(h)) {
        *hint =
            tr("is the scale alpha / r, or alpha alone? try it, or the rate, ten times smaller");
        return tr("overshot: the loss jumped far above its start, and has not come back down");
    }
    if (h->last_loss > 0.98 * h->first_loss && h->steps >= 30) {
        *hint = tr("try a learning rate ten times larger, a larger alpha, or more target modules");
        return tr("nothing learned: the loss hardly moved");
    }
    return NULL;
}
