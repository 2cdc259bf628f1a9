/* Opening a base and an adapter. */

#include "core/lab/session.h"

bool session_open(Session *session, Lab *lab, const Args *args, const Sink *sink, Error *err)
{
    const char *adapter = args_text(args, "adapter");

    *session = (Session){.model = lab_base(lab, args, err)};
    if (session->model == NULL) return false;
    session->account = mem_account_create("run", err);
    if (session->account == NULL) return false;
    session->net = net_create(session->model, err);
    if (session->net == NULL) return false;
    session->tape = tape_create(session->model->be, session->account, err);
    if (session->tape == NULL) return false;
    if (adapter == NULL) return true;
    session->method = lora_load(session->model, adapter, false, session->account, err);
    if (session->method == NULL) return false;
    LoadCount read = session->method->loaded;
    sink_note(sink, "adapter read: %td tensors matched, %td missing, %td unexpected", read.matched,
              read.missing, read.unexpected);
    return session->method->attach(session->method, session->net, err);
}

void session_close(Session *session)
{
    if (session->method != NULL && session->net != NULL) {
        session->method->detach(session->method, session->net);
    }
    tape_free(session->tape);
    net_free(session->net);
    method_free(session->method);
    mem_account_free(session->account);
    *session = (Session){0};
}
