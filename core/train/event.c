/* Sending events; a Sink without a function hears nothing. */

#include "core/train/event.h"

#include "core/base/str.h"

void sink_send(const Sink *sink, const Event *event)
{
    if (sink != NULL && sink->event != NULL) sink->event(sink->context, event);
}

void sink_note(const Sink *sink, const char *fmt, ...)
{
    if (sink == NULL || sink->event == NULL) return;

    Str     text = {0};
    va_list args;
    va_start(args, fmt);
    str_vaddf(&text, tr(fmt), args);
    va_end(args);
    sink_send(sink, &(Event){.type = EVENT_NOTE, .text = str_text(&text)});
    str_free(&text);
}
