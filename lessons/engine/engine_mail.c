/*
 * The mailbox. `asking` is set before the stage is told, so an answer may come from inside its
 * tell, or from another thread at once. Cancelling takes the mutex too: it cannot fall between
 * the look at the flag and the wait.
 */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/engine_internal.h"

bool mail_init(LessonJob *job)
{
    if (pthread_mutex_init(&job->mutex, NULL) != 0) return false;
    if (pthread_cond_init(&job->mail, NULL) == 0) return true;
    pthread_mutex_destroy(&job->mutex);
    return false;
}

void mail_destroy(LessonJob *job)
{
    mem_free(job->answer);
    pthread_cond_destroy(&job->mail);
    pthread_mutex_destroy(&job->mutex);
}

bool answer_is(const char *text, const char *word)
{
    text += strspn(text, " ");
    size_t n = strlen(word);
    return strncmp(text, word, n) == 0 && text[n + strspn(text + n, " ")] == '\0';
}

bool lesson_job_answer(LessonJob *job, const char *text)
{
    bool taken = false;
    pthread_mutex_lock(&job->mutex);
    if (job->asking) {
        job->answer = mem_strdup(text, NULL);
        taken = job->answer != NULL;
        job->asking = !taken;
        pthread_cond_signal(&job->mail);
    }
    pthread_mutex_unlock(&job->mutex);
    return taken;
}

bool lesson_job_asking(LessonJob *job)
{
    pthread_mutex_lock(&job->mutex);
    bool asking = job->asking;
    pthread_mutex_unlock(&job->mutex);
    return asking;
}

void lesson_job_cancel(LessonJob *job)
{
    pthread_mutex_lock(&job->mutex);
    cancel_request(&job->cancel);
    pthread_cond_signal(&job->mail);
    pthread_mutex_unlock(&job->mutex);
}

static char *wait_for_answer(LessonJob *job, Error *err)
{
    pthread_mutex_lock(&job->mutex);
    while (job->answer == NULL && job->cancel.requested == 0) {
        pthread_cond_wait(&job->mail, &job->mutex);
    }
    char *answer = job->answer;
    job->answer = NULL;
    job->asking = false;
    pthread_mutex_unlock(&job->mutex);
    if (job_goes_on(job, err)) return answer;
    mem_free(answer);
    return NULL;
}

static char *ask_once(LessonJob *job, const Question *question, Error *err)
{
    pthread_mutex_lock(&job->mutex);
    job->asking = true;
    pthread_mutex_unlock(&job->mutex);
    bench_rest(job->bench);
    job_tell(job, (Tell){.kind = TELL_ASK,
                         .item = question->item,
                         .question = question,
                         .text = question->text});
    char *answer = wait_for_answer(job, err);
    bench_go_on(job->bench);
    return answer;
}

char *job_ask(LessonJob *job, const Question *question, Error *err)
{
    for (;;) {
        bool  failed = false;
        char *answer = ask_once(job, question, err);
        if (answer == NULL) return NULL;
        if (play_line(job, answer, &failed, err)) {
            mem_free(answer);
            if (failed) return NULL;
            continue;
        }
        if (play_end(job, err)) return answer;
        mem_free(answer);
        return NULL;
    }
}
