/* What is on the screen of each room. */

#include "app/rooms/help/help_words.h"

static const char *home(void)
{
    return tr("The **lessons** with their minutes, and how far each was taken; a mark before the "
              "title says done or begun. Below them the other **rooms**, and what this **machine** "
              "offers. Enter goes on where you were.");
}

static const char *lesson(void)
{
    return tr(
        "The text stands at the left, what was measured at the right; where the screen is narrow, "
        "Tab changes between them. A **prediction** is asked before a result is shown, and cannot "
        "be changed afterwards; a reason may follow a semicolon. What you said then stands beside "
        "what was measured. A wrong answer to a **quiz** is explained, and may be tried again.\n\n"
        "**Asserts** are what the lesson claims; each is judged by the numbers of this very run. "
        "Values of the lesson may be changed with e and its runs repeated: that never harms the "
        "lesson, which goes on from its own state. At the end of a step the prompt (:) takes any "
        "line of the vocabulary: `loralab help verbs` lists it.");
}

static const char *workbench(void)
{
    return tr(
        "At the left the **settings**, named as PEFT and transformers name them; those that differ "
        "from their defaults are marked. The counts of parameters and bytes follow while you type: "
        "they come from the shapes alone. At the right the **curves** of the run: the loss of each "
        "step's batch and of held-out examples, the learning rate, the norm of the gradient, the "
        "norms of A, B and BA. A smoothed curve says so. **Memory** is told by purpose, computed "
        "from shapes and counted while it runs, also while it is measured and writes text. "
        "The **text** is what the model answers to one "
        "fixed "
        "prompt, with the adapter on or off.\n\n"
        "A changed setting begins a new run with the same seed, drawn over the old one. Rewind "
        "goes back to a snapshot: the run then repeats the same steps with the same numbers.");
}

static const char *matrix(void)
{
    return tr(
        "The **entries** of a matrix, the **singular values** as bars with their numbers, and the "
        "**rank**: the numeric one, which counts the values above the tolerance, and the exact "
        "one. Values below the rounding of the arithmetic are zero to rounding: their digits are "
        "noise, and a chart leaves them out. Truncation keeps the first r values; the error stands "
        "beside the bound of Eckart and "
        "Young, which it reaches. Larger matrices are drawn as a heat map; of very large ones "
        "only the singular values are computed, which Esc gives up.");
}

static const char *runs(void)
{
    return tr("Recorded trainings, newest first, with the settings in which they differ. Marked "
              "runs are drawn on shared axes; runs that differ in nothing but the seed become one "
              "curve with a band from the lowest to the highest.");
}

static const char *model(void)
{
    return tr(
        "The layers of the base model as a tree: shape, storage, bytes, and what an adapter "
        "of the chosen rank adds. A module that is switched in or out changes the counts at "
        "once: trained parameters, their share, bytes of adapter, gradients and optimizer. A "
        "tick: all of it is adapted; half a circle: some of it; a circle: none. A tied module "
        "has no matrix of its own. Enter on a module shows its numbers in the matrix view.");
}

const char *help_words(RoomId room)
{
    switch (room) {
    case ROOM_HOME:
        return home();
    case ROOM_LESSON:
        return lesson();
    case ROOM_WORKBENCH:
        return workbench();
    case ROOM_MATRIX:
        return matrix();
    case ROOM_RUNS:
        return runs();
    case ROOM_MODEL:
        return model();
    case ROOM_HELP:
    case ROOM_NOTES:
    case ROOM_COUNT:
        break;
    }
    return "";
}
