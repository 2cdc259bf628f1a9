#ifndef APP_VIEW_HOME_PARTS_H
#define APP_VIEW_HOME_PARTS_H

/* Between view_home.c and home_words.c. */

#include "app/view/page.h"
#include "app/view/view_home.h"

/* Where one was, or what to do first. */
void home_headline(Str *out, const HomeView *view);
/* How far a lesson is, for the end of its line; shortly where there is little room. */
void home_status(Str *out, const HomeLesson *lesson, bool shortly);
/* What is selected, in one sentence. */
void home_sentence(Str *out, const HomeView *view);
/* What is selected, as a page. */
void home_detail(Page *page, const HomeView *view, const Look *look, int cols);

#endif
