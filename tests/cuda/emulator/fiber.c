/*
 * Threads of a block are fibers: stacks that one host thread switches between. A switch saves the
 * registers that a call preserves; the sanitizers are told of every one.
 */

#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/cuda/emulator/internal.h"

#if EMULATED_ASAN
#include <sanitizer/common_interface_defs.h>
enum { STACK = 256 << 10 };
#else
enum { STACK = 64 << 10 };
#endif
enum { GUARD = 4096 };

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EMULATED_TSAN 1
#include <sanitizer/tsan_interface.h>
#endif
#endif

struct Fiber {
    void *stack_pointer;
    char *stack; /* lowest address that may be used */
    void (*body)(void);
    void *fake_stack; /* the address sanitizer's */
    void *tsan;
};

static Fiber *running;
static void  *scheduler; /* its stack pointer while a fiber runs */

/* ---- the switch --------------------------------------------------------------------------- */

#if defined(__x86_64__) && !defined(EMULATED_UCONTEXT)

void emulated_switch(void **from, void *to);
__asm__(".text\n"
        ".globl emulated_switch\n"
        ".type emulated_switch, @function\n"
        "emulated_switch:\n"
        "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
        "  movq %rsp, (%rdi)\n"
        "  movq %rsi, %rsp\n"
        "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
        "  ret\n"
        ".size emulated_switch, .-emulated_switch\n");

/* A stack as the switch leaves it: six registers, where to go, and no caller. */
static void *prepare(char *stack, void (*entry)(void))
{
    void **top = (void **)(void *)(stack + STACK);
    *--top = NULL;                     /* entry's return address: nobody */
    *--top = (void *)(uintptr_t)entry; /* taken by ret, after which the stack is 8 off 16 */
    for (int i = 0; i < 6; i++) *--top = NULL;
    return top;
}

#else

#include <ucontext.h>

static void emulated_switch(void **from, void *to)
{
    ucontext_t here;
    *from = &here;
    if (swapcontext(&here, to) != 0) fault("swapcontext failed");
}

/* The context lies at the low end of its own stack. */
static void *prepare(char *stack, void (*entry)(void))
{
    ucontext_t *context = (ucontext_t *)(void *)stack;
    if (getcontext(context) != 0) fault("getcontext failed");
    context->uc_stack.ss_sp = stack + sizeof *context;
    context->uc_stack.ss_size = STACK - sizeof *context;
    context->uc_link = NULL;
    makecontext(context, entry, 0);
    return context;
}

#endif

/* ---- told to the sanitizers ----------------------------------------------------------------- */

#if EMULATED_ASAN
static const void *host_stack;
static size_t      host_bytes;

static void leave_scheduler(void **save, Fiber *to)
{
    __sanitizer_start_switch_fiber(save, to->stack, STACK);
}

static void back_in_scheduler(void *saved)
{
    __sanitizer_finish_switch_fiber(saved, NULL, NULL);
}

static void leave_fiber(Fiber *fiber)
{
    __sanitizer_start_switch_fiber(&fiber->fake_stack, host_stack, host_bytes);
}

static void back_in_fiber(Fiber *fiber)
{
    __sanitizer_finish_switch_fiber(fiber->fake_stack, &host_stack, &host_bytes);
}

static void prepare_tsan(Fiber *fiber)
{
    fiber->tsan = NULL;
}
#elif defined(EMULATED_TSAN)
static void *host_fiber;

static void leave_scheduler(void **save, Fiber *to)
{
    *save = NULL;
    host_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->tsan, 0);
}

static void back_in_scheduler(void *saved)
{
    (void)saved;
}

static void leave_fiber(Fiber *fiber)
{
    (void)fiber;
    __tsan_switch_to_fiber(host_fiber, 0);
}

static void back_in_fiber(Fiber *fiber)
{
    (void)fiber;
}

static void prepare_tsan(Fiber *fiber)
{
    fiber->tsan = __tsan_create_fiber(0);
}
#else
static void leave_scheduler(void **save, Fiber *to)
{
    (void)to;
    *save = NULL;
}

static void back_in_scheduler(void *saved)
{
    (void)saved;
}

static void leave_fiber(Fiber *fiber)
{
    (void)fiber;
}

static void back_in_fiber(Fiber *fiber)
{
    (void)fiber;
}

static void prepare_tsan(Fiber *fiber)
{
    fiber->tsan = NULL;
}
#endif

/* ---- fibers ------------------------------------------------------------------------------- */

static void enter(void)
{
    back_in_fiber(running);
    running->body();
    fault("the body of a fiber returned");
}

Fiber *fiber_create(void (*body)(void))
{
    /* A page below the stack that nobody may touch: a kernel with too many locals dies there. */
    char *stack =
        mmap(NULL, STACK + GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Fiber *fiber = calloc(1, sizeof *fiber);
    if (stack == MAP_FAILED || fiber == NULL || mprotect(stack, GUARD, PROT_NONE) != 0)
        fault("no memory for the stack of a thread");
    fiber->stack = stack + GUARD;
    fiber->body = body;
    fiber->stack_pointer = prepare(fiber->stack, enter);
    prepare_tsan(fiber);
    return fiber;
}

void fiber_resume(Fiber *fiber)
{
    void *saved = NULL;
    running = fiber;
    leave_scheduler(&saved, fiber);
    emulated_switch(&scheduler, fiber->stack_pointer);
    back_in_scheduler(saved);
}

void fiber_yield(void)
{
    Fiber *self = running;
    leave_fiber(self);
    emulated_switch(&self->stack_pointer, scheduler);
    back_in_fiber(self);
}
