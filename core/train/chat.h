#ifndef CORE_TRAIN_CHAT_H
#define CORE_TRAIN_CHAT_H

/* The two chat templates this program knows, turn by turn. */

#include "core/train/dataset.h"

/* One turn in two parts: what leads in (never a target) and what an assistant is trained to
 * say, its end mark included. Appended to the two. */
void chat_turn(Str *head, Str *body, ChatTemplate chat, const char *role, const char *content,
               Index n);
/* What follows every turn and is no target either. */
const char *chat_after_turn(ChatTemplate chat);

#endif
