#ifndef CORE_LAB_SESSION_H
#define CORE_LAB_SESSION_H

/* A base with at most one adapter on it, ready to compute: what eval, generate and merge share. */

#include "core/adapt/method.h"
#include "core/lab/lab.h"

typedef struct Session {
    Model      *model; /* the Lab's */
    MemAccount *account;
    Method     *method; /* NULL: the base alone */
    Net        *net;
    Tape       *tape;
} Session;

/* From --base and --adapter; what an adapter's file held is told as a note. Close in any case. */
NODISCARD bool session_open(Session *session, Lab *lab, const Args *args, const Sink *sink,
                            Error *err);
void           session_close(Session *session);

#endif
