/*
 * What the lab on the screen costs, and how soon it answers:
 *
 *   start, quit     the program in a terminal, until its first screen is there, until it has ended
 *   key to screen   while the workbench trains on all cores: from a key to its character
 *   training step   the same training with its screen, with a screen too small for anything, and
 *                   as `loralab train`, in turns: two of the three are always stopped or unseen
 *   frames          drawn in a second of training, and while nothing happens
 *
 * $LORALAB_PROGRAM is the program, ./loralab unless said.
 */

#define _GNU_SOURCE
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/gnuplot/cage.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "core/train/runlog.h"
#include "tests/bench/bench.h"
#include "tests/bench/frames.h"
#include "tests/bench/lab_pty.h"

enum { ROWS = 30, COLS = 100, STARTS = 9, QUITS = 5, ROUNDS = 7, KEYS = 32, TURNS = 10 };

static const char *program;
static char        state[64]; /* folder */

static bool expect(LabPty *pty, const char *text, double *when)
{
    *when = lab_pty_await(pty, text);
    if (*when >= 0) return true;
    printf("screen: \"%s\" did not come out: skipped\n", text);
    kill(pty->pid, SIGKILL);
    lab_pty_end(pty);
    return false;
}

static bool start(LabPty *pty, const char *room)
{
    if (lab_pty_start(pty, ROWS, COLS, (const char *[]){program, "lab", room, NULL})) return true;
    printf("screen: no terminal for %s: skipped\n", program);
    return false;
}

/* ---- start and quit --------------------------------------------------------------------- */

static bool start_and_quit(void)
{
    double first[STARTS], quit[STARTS], when;
    for (int i = 0; i < STARTS; i++) {
        LabPty pty;
        if (!start(&pty, "home") || !expect(&pty, "quit", &when)) return false;
        first[i] = (when - pty.started) * 1e3;
        lab_pty_watch(&pty, 0.05);
        double typed = clock_seconds();
        lab_pty_type(&pty, "q");
        quit[i] = (lab_pty_end(&pty) - typed) * 1e3;
    }
    bench_target("start to the first screen, ms", first, STARTS, 200, false);
    bench_target("quit, ms", quit, STARTS, 500, false);
    return true;
}

/* `steps` of its training are asked for, and under way when this returns. */
static bool start_training(LabPty *pty, const char *steps)
{
    double when;
    if (!start(pty, "workbench") || !expect(pty, "ready", &when)) return false;
    for (int i = 0; i < 4; i++) lab_pty_type(pty, "\033OB"); /* from r down to max_steps */
    lab_pty_type(pty, "\r\025");
    lab_pty_type(pty, steps);
    lab_pty_type(pty, "\rp");
    if (lab_pty_await_shown(pty, "tokens/s")) return true;
    printf("screen: no training begins: skipped\n");
    kill(pty->pid, SIGKILL);
    lab_pty_end(pty);
    return false;
}

static bool quit_while_training(void)
{
    double quit[QUITS], when;
    for (int i = 0; i < QUITS; i++) {
        LabPty pty;
        if (!start_training(&pty, "4000")) return false;
        lab_pty_watch(&pty, 0.2);
        lab_pty_type(&pty, "qq");
        if (!expect(&pty, "y/n", &when)) return false;
        double typed = clock_seconds();
        lab_pty_type(&pty, "y");
        quit[i] = (lab_pty_end(&pty) - typed) * 1e3;
    }
    bench_target("quit while it trains, ms", quit, QUITS, 500, false);
    return true;
}

/* ---- key to screen ---------------------------------------------------------------------- */

/* Letters that stand nowhere else, typed into the prompt, 40 to 100 ms apart. */
static bool type_letters(LabPty *pty, double took[KEYS], uint32_t *random)
{
    double when;
    lab_pty_type(pty, ":");
    lab_pty_watch(pty, 0.2);
    for (int i = 0; i < KEYS; i++) {
        char letter[4] = {(char)0xd0, (char)(0x90 + i), '\0'}; /* A to YA */
        lab_pty_forget(pty);
        double typed = clock_seconds();
        lab_pty_type(pty, letter);
        if (!expect(pty, letter, &when)) return false;
        took[i] = (when - typed) * 1e3;
        *random = *random * 1664525u + 1013904223u;
        lab_pty_watch(pty, 0.04 + 0.06 * (double)(*random >> 8) * 0x1p-24);
    }
    lab_pty_type(pty, "\033");
    lab_pty_watch(pty, 0.2);
    return true;
}

static void key_to_screen(void)
{
    double   took[KEYS], late[ROUNDS], middle[ROUNDS];
    uint32_t random = 1;
    LabPty   pty;
    if (!start_training(&pty, "90000")) return;
    for (int i = 0; i < ROUNDS; i++) {
        if (!type_letters(&pty, took, &random)) return;
        middle[i] = bench_quantile(took, KEYS, 0.5);
        late[i] = bench_quantile(took, KEYS, 0.95);
    }
    kill(pty.pid, SIGTERM);
    lab_pty_end(&pty);
    bench_target("key to screen while it trains, ms, median", middle, ROUNDS, 50, false);
    bench_target("key to screen while it trains, ms, 95 %", late, ROUNDS, 50, false);
}

/* ---- the training step ------------------------------------------------------------------ */

static pid_t start_plain(const char *out)
{
    pid_t pid = fork();
    if (pid != 0) return pid;
    setsid(); /* as the lab in its terminal: the scheduler shares out time among sessions */
    if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL) {
        _exit(126);
    }
    execlp(program, program, "train", "--data", "sql", "--max_steps", "90000", "--eval_steps", "25",
           "--out", out, (char *)NULL);
    _exit(127);
}

/* Median seconds of the steps that the log has from number `from` on; *from goes to its end. The
 * first may have begun before. */
static double steps_since(const char *log, Index *from)
{
    static double seconds[4096];
    Error         err = {0};
    RunData      *data = runlog_read(log, &err);
    int           n = 0;
    if (data == NULL) return 0;
    for (Index i = *from + 1; i < data->step_count && n < 4096; i++) {
        seconds[n++] = data->steps[i].seconds;
    }
    *from = data->step_count;
    rundata_free(data);
    return n > 0 ? bench_quantile(seconds, n, 0.5) : 0;
}

typedef struct Turns {
    LabPty pty;
    pid_t  plain;
    char   lab_log[128], plain_log[128];
    Index  lab_at, plain_at;
} Turns;

enum { TURN_SHOWN, TURN_UNSEEN, TURN_PLAIN, TURN_KINDS };

/* One of them runs for a while, and how long its steps took. */
static double take_turn(Turns *t, int kind)
{
    bool        plain = kind == TURN_PLAIN;
    pid_t       pid = plain ? t->plain : t->pty.pid;
    const char *log = plain ? t->plain_log : t->lab_log;
    Index      *at = plain ? &t->plain_at : &t->lab_at;

    lab_pty_size(&t->pty, kind == TURN_UNSEEN ? 3 : ROWS, kind == TURN_UNSEEN ? 10 : COLS);
    kill(pid, SIGCONT);
    lab_pty_watch(&t->pty, 0.2); /* the new size is taken, caches are warm */
    steps_since(log, at);
    lab_pty_watch(&t->pty, 1.0);
    double took = steps_since(log, at);
    kill(pid, SIGSTOP);
    return took;
}

static void compare(Turns *t)
{
    double took[TURN_KINDS][TURNS], unseen[TURNS], plain[TURNS];
    for (int i = 0; i < TURNS; i++) {
        for (int kind = 0; kind < TURN_KINDS; kind++) {
            took[kind][i] = take_turn(t, kind);
            if (took[kind][i] > 0) continue;
            printf("screen: no steps in a turn: skipped\n");
            return;
        }
        unseen[i] = took[TURN_SHOWN][i] / took[TURN_UNSEEN][i];
        plain[i] = took[TURN_SHOWN][i] / took[TURN_PLAIN][i];
    }
    printf("training step: with its screen %.2f ms, unseen %.2f ms, loralab train %.2f ms\n",
           bench_quantile(took[TURN_SHOWN], TURNS, 0.5) * 1e3,
           bench_quantile(took[TURN_UNSEEN], TURNS, 0.5) * 1e3,
           bench_quantile(took[TURN_PLAIN], TURNS, 0.5) * 1e3);
    bench_target("training step with its screen / unseen", unseen, TURNS, 1.03, false);
    bench_target("training step with its screen / loralab train", plain, TURNS, 1.03, false);
}

/* The lab's run that was begun last: the log with the highest number. */
static void find_log(char *out, size_t n)
{
    for (int i = 1; i < 100; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/loralab/runs/sql-lora-%d/run.jsonl", state, i);
        if (path_exists(path)) snprintf(out, n, "%s", path);
    }
}

static void training_step(void)
{
    Turns t = {0};
    char  out[100];
    snprintf(out, sizeof out, "%s/plain", state);
    snprintf(t.plain_log, sizeof t.plain_log, "%s/run.jsonl", out);
    if (!start_training(&t.pty, "90000")) return;
    find_log(t.lab_log, sizeof t.lab_log);
    kill(t.pty.pid, SIGSTOP);
    t.plain = start_plain(out);
    for (int i = 0; i < 300 && steps_since(t.plain_log, &t.plain_at) == 0; i++) {
        lab_pty_watch(&t.pty, 0.1);
    }
    kill(t.plain, SIGSTOP);
    compare(&t);
    kill(t.plain, SIGKILL);
    waitpid(t.plain, NULL, 0);
    kill(t.pty.pid, SIGTERM); /* it leaves no folder behind */
    kill(t.pty.pid, SIGCONT);
    lab_pty_end(&t.pty);
}

/* ---- frames ------------------------------------------------------------------------------ */

static void frames(void)
{
    double most, rest, mean;
    if (!frames_count(&most, &rest, &mean)) {
        printf("screen: frames could not be counted: skipped\n");
        return;
    }
    printf("frames a second of training: %.1f on the average\n", mean);
    bench_target("frames in any second of training, at most", &most, 1, 15, false);
    bench_target("frames in 2 s while nothing happens", &rest, 1, 0, false);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

int main(int argc, char **argv)
{
    /* Home looks whether gnuplot can be had, which starts this program again. */
    if (argc > 1 && strcmp(argv[1], "--gnuplot-cage") == 0) return gnuplot_cage_main(argc, argv);
    program = getenv("LORALAB_PROGRAM");
    if (program == NULL) program = "./loralab";
    if (access(program, X_OK) != 0) {
        printf("screen: %s is not there ($LORALAB_PROGRAM): skipped\n", program);
        return 0;
    }
    snprintf(state, sizeof state, "/tmp/loralab-screen-XXXXXX");
    CHECK(mkdtemp(state) != NULL);
    setenv("XDG_STATE_HOME", state, 1);
    setenv("LORALAB_DATA", "data", 0);
    unsetenv("XDG_RUNTIME_DIR");
    printf("%d threads, screens of %dx%d\n", pool_default_threads(), COLS, ROWS);
    if (start_and_quit() && quit_while_training()) {
        key_to_screen();
        training_step();
        frames();
    }
    nftw(state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
