# loralab: `make help` lists what can be made.
#
# Every configuration has its own folder (build/release, build/asan ...), so that they coexist
# and nothing ever needs `clean`. Sources are found by wildcard, room by room from the lowest to
# the highest; header dependencies are written by the compiler.
#
#   CONFIG=release|asan|tsan|debug   PORTABLE=1 (any x86-64)   WERROR=1   T=word   BUILD=folder
#   ROOMS="base math"                builds and tests only these rooms

CONFIG ?= release
BUILD  ?= build/$(CONFIG)$(if $(PORTABLE),-portable)
ROOMS  ?= base math model adapt train study figure lab workbench lessons app

ifeq ($(origin CC),default)
  CC := $(if $(filter asan tsan fuzz,$(CONFIG)),clang,gcc)
endif

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion \
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
        -Wvla -Wundef -Wcast-qual -Wwrite-strings -Wformat=2 -Wpointer-arith \
        $(if $(WERROR),-Werror)
HARD := -fstack-protector-strong -fPIE -fno-strict-aliasing
NATIVE := $(if $(PORTABLE),,-march=native)

# Never -ffast-math: a training laboratory must see NaN.
MATHS       := -fno-math-errno -fno-trapping-math -fopenmp-simd
OPT_release := -O3 $(NATIVE) $(MATHS) -D_FORTIFY_SOURCE=2
OPT_debug   := -O0 -g3
OPT_asan    := -O1 -g $(MATHS) -fno-omit-frame-pointer -fsanitize=address,undefined \
               -fno-sanitize-recover=all
OPT_tsan    := -O1 -g $(MATHS) -fsanitize=thread
OPT_fuzz    := $(OPT_asan) -fsanitize=fuzzer-no-link
SANITIZE    := $(filter -fsanitize=address% -fsanitize=thread,$(OPT_$(CONFIG)))

# $(call pkg,question,module,answer where pkg-config does not know the module)
pkg    = $(or $(shell pkg-config $(1) $(2) 2>/dev/null),$(3))
PKGS   = $(patsubst -I%,-isystem %,$(foreach m,openblas lapacke,$(call pkg,--cflags,$(m),)))
LIBS   = $(call pkg,--libs,openblas,-lopenblas) $(call pkg,--libs,lapacke,-llapacke) \
         $(call pkg,--libs,ncursesw,-lncursesw -ltinfo) \
         -ljansson -lpcre2-8 -lutf8proc -lxxhash -lmd4c -lseccomp -lpthread -lm -ldl
CFLAGS   ?=
CPPFLAGS := -D_POSIX_C_SOURCE=200809L -I.
FLAGS     = -std=c11 $(CPPFLAGS) $(WARN) $(HARD) $(OPT_$(CONFIG)) $(PKGS) $(CFLAGS)
LDFLAGS  ?=
LINK      = $(CC) $(SANITIZE) -pie -Wl,-z,relro,-z,now $(LDFLAGS)

rooms_of = $(foreach r,$(filter-out lessons app,$(ROOMS)),$(wildcard core/$(r)/*.c)) \
           $(if $(filter math,$(ROOMS)),$(wildcard core/math/ref/*.c core/math/cpu/*.c)) \
           $(if $(filter lessons,$(ROOMS)),$(wildcard lessons/engine/*.c)) \
           $(if $(filter app,$(ROOMS)),$(wildcard app/*.c app/*/*.c app/rooms/*/*.c))
SRC      := $(sort $(rooms_of))
TEST_SRC := $(wildcard tests/*.c) $(foreach r,$(ROOMS),$(wildcard tests/$(r)/*.c)) \
            $(if $(filter train,$(ROOMS)),$(wildcard tests/data/*.c))
BENCHES   := bench_ops bench_train bench_generate bench_screen
BENCH_AID := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/bench/bench_%,$(wildcard tests/bench/*.c)))
FUZZERS  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))

OBJ      := $(SRC:%.c=$(BUILD)/%.o)
LIB_OBJ  := $(filter-out $(BUILD)/app/main.o,$(OBJ))
TEST_OBJ := $(TEST_SRC:%.c=$(BUILD)/%.o)
FOLDERS  := $(sort $(dir $(OBJ) $(TEST_OBJ)) $(BUILD)/tests/bench/ $(BUILD)/tests/fuzz/)

.PHONY: build help demo test run-tests install uninstall lint bench run-bench asan tsan fuzz \
        run-fuzz soak lessons base format clean deps flags
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

build: $(BUILD)/loralab ## the program, as ./loralab (this is what plain `make` does)
	@$(if $(filter build/release,$(BUILD)),ln -sfn $(BUILD)/loralab loralab)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: ## build and open the lab; on a pipe: train an adapter, use it, run the lessons
	@.ci/setup demo
	@$(MAKE) --no-print-directory build
	@.ci/demo

test: ## all tests, and each fuzzer for 20 s; T=word: only the tests and groups with that word
	@.ci/setup all
	@$(MAKE) --no-print-directory build
	@$(if $(T),,$(MAKE) --no-print-directory CONFIG=fuzz run-fuzz)
	@$(MAKE) --no-print-directory run-tests

run-tests: $(BUILD)/test-runner $(if $(filter app,$(ROOMS)),$(BUILD)/loralab)
	@OPENBLAS_NUM_THREADS=1 $(BUILD)/test-runner $(T)

lint: ## layers, owners of foreign headers, banned calls, sizes, warnings of two compilers
	@tests/lint.sh

bench: ## timings; T=word runs only those benches
	@.ci/setup runtime
	@$(MAKE) --no-print-directory run-bench

run-bench: $(BENCHES:%=$(BUILD)/tests/bench/%.run) $(BUILD)/loralab
	@for b in $(if $(T),$(foreach b,$(BENCHES),$(if $(findstring $(T),$(b)),$(b))),$(BENCHES)); do \
	    LORALAB_PROGRAM="$${LORALAB_PROGRAM:-$(BUILD)/loralab}" \
	    OPENBLAS_NUM_THREADS=1 $(BUILD)/tests/bench/$$b.run || exit 1; done

asan: deps ## all tests under the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory CONFIG=asan run-tests

tsan: deps ## tests under the thread sanitizer (T=pool unless said otherwise)
	@$(MAKE) --no-print-directory CONFIG=tsan T="$(or $(T),pool)" run-tests

fuzz: deps ## every fuzzer for SECONDS=20
	@$(MAKE) --no-print-directory CONFIG=fuzz run-fuzz

run-fuzz: $(FUZZERS:%=$(BUILD)/tests/fuzz/%.run)
	@printf '%s\n' $(FUZZERS) | \
	    xargs -P $$(nproc) -I{} tests/fuzz/run.sh $(BUILD) {} $(or $(SECONDS),20)

soak: build ## hours of use in minutes: growth of memory, files and threads
	@tests/soak.sh

# Where things go, by the GNU and Debian conventions; DESTDIR stands before all of it.
PREFIX ?= /usr/local
share   = $(DESTDIR)$(PREFIX)/share
PAGES   = man:man/man1/loralab.1 bash:bash-completion/completions/loralab \
          zsh:zsh/site-functions/_loralab fish:fish/vendor_completions.d/loralab.fish

install: build ## the program, its data, lessons, manual and completions under PREFIX (/usr/local)
	@install -D -m 755 $(BUILD)/loralab $(DESTDIR)$(PREFIX)/bin/loralab
	@find data lessons -path lessons/engine -prune -o -type f -print | while read -r f; do \
	    install -D -m 644 "$$f" "$(share)/loralab/$${f#data/}" || exit 1; done
	@for page in $(PAGES); do install -d "$(share)/$$(dirname "$${page#*:}")" && \
	    $(BUILD)/loralab help "$${page%%:*}" >"$(share)/$${page#*:}" && \
	    chmod 644 "$(share)/$${page#*:}" || exit 1; done
	@install -D -m 644 LICENSE README.md -t $(share)/doc/loralab

uninstall: ## what install put under PREFIX
	@rm -rf $(share)/loralab $(share)/doc/loralab $(DESTDIR)$(PREFIX)/bin/loralab
	@for page in $(PAGES); do rm -f "$(share)/$${page#*:}"; done

lessons: build ## every lesson whole, with three seeds (test runs their quick form)
	@LORALAB=$(BUILD)/loralab tests/lessons.sh

base: build ## train the shipped base model again from its grammar (long)
	@data/base/make.sh

format: ## lay out the sources with clang-format
	@clang-format -i $(SRC) $(TEST_SRC) $(wildcard $(addsuffix *.h,$(sort $(dir $(SRC)))) tests/*.h)

clean: ## remove everything that was built
	@rm -rf build loralab

deps: ## install what is missing to build and test (Debian packages); silent when nothing is
	@.ci/setup

flags:
	@echo $(FLAGS)

$(BUILD)/loralab: $(OBJ)
	@$(LINK) -o $@ $^ $(LIBS)

$(BUILD)/test-runner: $(LIB_OBJ) $(TEST_OBJ)
	@$(LINK) -o $@ $^ -lcmocka $(LIBS)

$(BUILD)/tests/bench/%.run: $(BUILD)/tests/bench/%.o $(BENCH_AID) $(LIB_OBJ)
	@$(LINK) -o $@ $^ $(LIBS)

$(BUILD)/tests/fuzz/%.run: $(BUILD)/tests/fuzz/%.o $(LIB_OBJ)
	@$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# The cpu backend's loops may fuse a product and a sum into one instruction.
$(BUILD)/core/math/cpu/%.o: override CFLAGS += -ffp-contract=fast -Wno-pass-failed
# The reference is the oracle: compiled plainly.
$(BUILD)/core/math/ref/%.o: OPT_release := -O2 -D_FORTIFY_SOURCE=2

$(BUILD)/%.o: %.c Makefile | $(FOLDERS)
	@echo "cc $<"
	@$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(FOLDERS):
	@mkdir -p $@

-include $(OBJ:.o=.d) $(TEST_OBJ:.o=.d)
