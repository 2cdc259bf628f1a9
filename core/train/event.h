#ifndef CORE_TRAIN_EVENT_H
#define CORE_TRAIN_EVENT_H

/*
 * What a long task says while it runs. A Sink is called on the task's own thread; it copies
 * what it wants and returns. The run log is one consumer, a progress bar another.
 */

#include "core/base/mem.h"

typedef enum EventType {
    EVENT_START,      /* json: all settings */
    EVENT_STEP,
    EVENT_EVAL,       /* loss, exact_match (or -1), tokens */
    EVENT_MODULES,    /* json: per module the norms of gradient, A, B, BA */
    EVENT_MEMORY,     /* bytes by purpose */
    EVENT_SAMPLE,     /* text: generated for the fixed prompt */
    EVENT_CHECKPOINT, /* text: folder */
    EVENT_RESUME,     /* step resumed at */
    EVENT_NOTE,       /* text: one sentence for the user, on stderr */
    EVENT_TEXT,       /* text: a piece of generated text as it comes */
    EVENT_PROGRESS,   /* step of steps of some other long work, named by text */
    EVENT_END,        /* json: the summary */
} EventType;

typedef struct Event {
    EventType   type;
    Index       step, steps; /* step counts from 1 */
    double      epoch, loss, grad_norm, learning_rate, seconds, exact_match;
    Index       tokens;
    int64_t     bytes[MEM_PURPOSE_COUNT];
    const char *text; /* valid during the call */
    const char *json; /* members of an object, without braces: "\"a\": 1"; valid during the call */
} Event;

typedef struct Sink {
    void *context;
    void (*event)(void *context, const Event *event); /* NULL: nobody listens */
} Sink;
void sink_send(const Sink *sink, const Event *event); /* NULL-safe */
void sink_note(const Sink *sink, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
