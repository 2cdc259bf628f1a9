#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/bench.h"
#include "tests/bench/rig.h"

static int cmp(const void *a, const void *b){double x=*(const double*)a,y=*(const double*)b;return (x>y)-(x<y);}
static double q(double *x,int n,double f){qsort(x,(size_t)n,sizeof *x,cmp);return x[(int)(f*(n-1))];}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : pool_default_threads();
    int what = argc > 2 ? atoi(argv[2]) : 0;
    int pairs = argc > 3 ? atoi(argv[3]) : 40;
    Rig rig;
    if (what == 0) { ModelConfig c = rig_config(1024, 256, 4, 4, 2, 64, 704); rig_open_random(&rig, threads, &c, 16, 128); }
    else if (what == 1) { ModelConfig c = rig_config(1280, 128, 4, 4, 2, 32, 384); rig_open_random(&rig, threads, &c, 16, 32); }
    else rig_open_task(&rig, threads, "/tmp/base1", "data/tasks/sql.grammar", 16);
    for (int i = 0; i < 4; i++) rig_step(&rig);
    static double step[1000], prod[1000], ratio[1000]; double tokens=0, total=0, flops=0;
    rig.trace.recording = true;
    for (int i = 0; i < pairs; i++) {
        trace_forget(&rig.trace);
        double a = clock_seconds();
        StepReport r = rig_step(&rig);
        double b = clock_seconds();
        trace_replay(&rig.trace);
        double c = clock_seconds();
        step[i] = b - a, prod[i] = c - b, ratio[i] = step[i]/prod[i]; tokens += (double)r.tokens; total += b-a; flops += rig.trace.flops;
    }
    double s = q(step,pairs,.5), p = q(prod,pairs,.5);
    printf("step %.2f ms (best %.2f), products %.2f ms (best %.2f), ratio %.3f, best/best %.3f, pairs %.3f .. %.3f .. %.3f; %.0f tok/s (%.0f tokens), %.1f GF/s\n",
      s*1e3, step[0]*1e3, p*1e3, prod[0]*1e3, s/p, step[0]/prod[0], q(ratio,pairs,.25), q(ratio,pairs,.5), q(ratio,pairs,.75), tokens/pairs/s, tokens/pairs, flops/pairs/p*1e-9);
    if (argc > 4) {
        rig.trace.recording = false; rig.trace.timing = true;
        double a = clock_seconds();
        for (int i = 0; i < pairs; i++) rig_step(&rig);
        double all = clock_seconds() - a, sum = 0;
        for (int o = 0; o < TRACE_OP_COUNT; o++) { sum += rig.trace.seconds[o];
            if (rig.trace.calls[o]) printf("  %-16s %8.3f ms %6.1f%% %6ld calls %8.1f us\n", trace_name(o), rig.trace.seconds[o]/pairs*1e3, 100*rig.trace.seconds[o]/all, rig.trace.calls[o]/pairs, rig.trace.seconds[o]/(double)rig.trace.calls[o]*1e6); }
        printf("  %-16s %8.3f ms %6.1f%%\n", "rest", (all-sum)/pairs*1e3, 100*(all-sum)/all);
    }
    rig_close(&rig);
    return 0;
}
