# loralab: `make help` lists what can be made.
#
# Every configuration has its own folder (build/release, build/asan ...), so that they coexist
# and nothing ever needs `clean`. Sources are found by wildcard, room by room from the lowest to
# the highest; header dependencies are written by the compiler.
#
#   CONFIG=release|asan|tsan|debug   PORTABLE=1 (any x86-64)   WERROR=1   T=word   BUILD=folder
#   ROOMS="base math"                builds and tests only these rooms
#   CUDA=auto|0|1  NVCC=path  CUDA_ARCHS="75 90"   the plug-in for GPUs: where nvcc is, not, or else

CONFIG ?= release
BUILD  ?= build/$(CONFIG)$(if $(PORTABLE),-portable)
ROOMS  ?= base math model adapt train study figure lab workbench lessons app

ifeq ($(origin CC),default)
  CC := $(if $(filter asan tsan fuzz,$(CONFIG)),clang,gcc)
endif
ifeq ($(origin CXX),default)
  CXX := $(if $(filter clang%,$(notdir $(CC))),clang++,g++)
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
           $(if $(filter math,$(ROOMS)),$(wildcard core/math/ref/*.c core/math/cpu/*.c \
               core/math/cuda/*.c)) \
           $(if $(filter lessons,$(ROOMS)),$(wildcard lessons/engine/*.c)) \
           $(if $(filter app,$(ROOMS)),$(wildcard app/*.c app/*/*.c app/rooms/*/*.c))
SRC      := $(sort $(rooms_of))
TEST_SRC := $(wildcard tests/*.c) $(foreach r,$(ROOMS),$(wildcard tests/$(r)/*.c)) \
            $(if $(filter train,$(ROOMS)),$(wildcard tests/data/*.c)) \
            $(if $(filter math,$(ROOMS)),$(wildcard tests/cuda/*.c tests/cuda/emulator/*.c))
BENCHES   := bench_ops bench_train bench_generate bench_screen bench_gpu
BENCH_AID := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/bench/bench_%,$(wildcard tests/bench/*.c)))
FUZZERS  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))

OBJ      := $(SRC:%.c=$(BUILD)/%.o)
LIB_OBJ  := $(filter-out $(BUILD)/app/main.o,$(OBJ))
TEST_OBJ := $(TEST_SRC:%.c=$(BUILD)/%.o)
# The plug-in's sources once more, as C++ for the device that tests/cuda/emulator plays.
EMULATED := $(if $(filter math,$(ROOMS)),$(patsubst %.cu,$(BUILD)/%.emulated.o, \
            $(filter-out %/all.cu,$(wildcard core/math/cuda/device/*.cu tests/cuda/*.cu))))
CXX_WARN  = $(filter-out -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
            -Wcast-qual,$(WARN)) -Wno-sign-conversion -Wno-unknown-pragmas
CXX_FLAGS = -x c++ -std=c++17 -fno-exceptions -fno-rtti -fno-threadsafe-statics $(CPPFLAGS) \
            -Itests/cuda/emulator $(CXX_WARN) $(HARD) $(OPT_$(CONFIG)) $(CXX_SANE) \
            -ffp-contract=off $(CFLAGS)
# clang's check of indirect calls needs the C++ library.
CXX_SANE  = $(if $(SANITIZE),$(if $(filter clang%,$(notdir $(CXX))),-fno-sanitize=function))
FOLDERS  := $(sort $(dir $(OBJ) $(TEST_OBJ) $(EMULATED)) $(BUILD)/tests/bench/ $(BUILD)/tests/fuzz/ \
            $(BUILD)/tests/cuda/)

# The plug-in for GPUs. What asks nvcc is asked only where the plug-in is made.
CUDA       ?= auto
CUDA_ARCHS ?= 75 80 86 89 90 100 120
NVCC       := $(or $(NVCC),$(shell command -v nvcc 2>/dev/null),$(wildcard /usr/local/cuda/bin/nvcc))
CUDA_SRC   := core/math/cuda/device/all.cu
PLUGIN_SO  := $(BUILD)/libloralab_cuda.so
PLUGIN     := $(if $(filter release,$(CONFIG)),$(if $(filter 0,$(CUDA)),,$(if \
              $(NVCC)$(filter 1,$(CUDA)),$(PLUGIN_SO))))
has_plugin  = $(filter 1,$(CUDA))$(wildcard $(PLUGIN))
NO_PLUGIN  := $(if $(filter release,$(CONFIG)),$(if $(filter auto,$(CUDA)),$(if \
              $(NVCC),,no nvcc: built without the CUDA plug-in; everything else works)))
cuda_archs  = $(filter $(patsubst compute_%,%,$(if $(NVCC),$(shell \
              $(NVCC) --list-gpu-arch))),$(CUDA_ARCHS))
cuda_newest = $(shell printf '%s\n' $(1) | sort -n | tail -n 1)
cuda_code   = $(foreach a,$(1),-gencode arch=compute_$(a),code=sm_$(a)) \
              $(foreach a,$(cuda_newest),-gencode arch=compute_$(a),code=compute_$(a))
cuda_small  = $(if $(NVCC),$(if $(shell $(NVCC) --help | grep -e --compress-mode),\
              --compress-mode=size))
# Where cuBLAS is, beside nvcc or beside what nvcc is a link to; empty: where the linker looks.
cuda_libs   = $(patsubst %/,%,$(dir $(firstword $(foreach n,$(NVCC) $(realpath $(NVCC)),$(wildcard \
              $(n:bin/nvcc=lib64/libcublas.so) $(n:bin/nvcc=targets/*/lib/libcublas.so))))))
# No fast mathematics here either, and an a*b+c is fused as the cpu backend's compiler does.
NVCC_FLAGS  = -std=c++17 -O3 --threads 2 --cudart static -I. $(cuda_small) \
              -Xcompiler -fPIC,-fvisibility=hidden,-Wall,-Wextra
cuda_link   = -Xlinker -z,defs,-z,relro,-z,now -lcublas \
              $(foreach d,$(cuda_libs),-L$(d) -Xlinker -rpath,$(d))

.PHONY: build help demo test run-tests install uninstall lint bench run-bench asan tsan fuzz \
        run-fuzz soak lessons base format clean deps flags cuda-check
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

build: $(BUILD)/loralab $(PLUGIN) ## the program, as ./loralab (this is what plain `make` does)
	@$(if $(filter build/release,$(BUILD)),ln -sfn $(BUILD)/loralab loralab)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: ## build and open the lab; on a pipe: train an adapter, use it, run the lessons
	@.ci/setup demo
	@$(MAKE) --no-print-directory build
	@.ci/demo

# Of the plug-in, tests need two kinds of machine code at most, unless `make` made it already.
test: ## all tests, and each fuzzer for 20 s; T=word: only the tests and groups with that word
	@.ci/setup all
	@$(MAKE) --no-print-directory build $(if $(has_plugin),,CUDA=0)
	@$(if $(T)$(has_plugin),,$(MAKE) --no-print-directory cuda-check)
	@$(if $(T),,$(MAKE) --no-print-directory CONFIG=fuzz run-fuzz)
	@$(MAKE) --no-print-directory run-tests

run-tests: $(BUILD)/test-runner $(if $(filter app,$(ROOMS)),$(BUILD)/loralab)
	@OPENBLAS_NUM_THREADS=1 $(BUILD)/test-runner $(T)

cuda-check: ## compile the plug-in's kernels as the tests do: two architectures, no warning allowed
ifneq ($(and $(NVCC),$(filter-out 0,$(CUDA))),)
	@$(MAKE) --no-print-directory $(BUILD)/tests/cuda/libloralab_cuda.so
else
	@echo "skipped: without nvcc the kernels are compiled for the emulator only"
endif

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
library = $(DESTDIR)$(PREFIX)/lib/loralab
PAGES   = man:man/man1/loralab.1 bash:bash-completion/completions/loralab \
          zsh:zsh/site-functions/_loralab fish:fish/vendor_completions.d/loralab.fish

install: build ## the program, its data, lessons, manual and completions under PREFIX (/usr/local)
	@install -D -m 755 $(BUILD)/loralab $(DESTDIR)$(PREFIX)/bin/loralab
	@$(if $(PLUGIN),install -D -m 644 $(PLUGIN) -t $(library))
	@find data lessons -path lessons/engine -prune -o -type f -print | while read -r f; do \
	    install -D -m 644 "$$f" "$(share)/loralab/$${f#data/}" || exit 1; done
	@for page in $(PAGES); do install -d "$(share)/$$(dirname "$${page#*:}")" && \
	    $(BUILD)/loralab help "$${page%%:*}" >"$(share)/$${page#*:}" && \
	    chmod 644 "$(share)/$${page#*:}" || exit 1; done
	@install -D -m 644 LICENSE README.md -t $(share)/doc/loralab

uninstall: ## what install put under PREFIX
	@rm -rf $(share)/loralab $(share)/doc/loralab $(library) $(DESTDIR)$(PREFIX)/bin/loralab
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
	@$(if $(NO_PLUGIN),echo "$(NO_PLUGIN)")

$(BUILD)/test-runner: $(LIB_OBJ) $(TEST_OBJ) $(EMULATED)
	@$(LINK) -o $@ $^ -lcmocka $(LIBS)

$(BUILD)/tests/bench/%.run: $(BUILD)/tests/bench/%.o $(BENCH_AID) $(LIB_OBJ)
	@$(LINK) -o $@ $^ $(LIBS)

$(BUILD)/tests/fuzz/%.run: $(BUILD)/tests/fuzz/%.o $(LIB_OBJ)
	@$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# $(call make_plugin,architectures,more flags): one run of nvcc for all kernels. The program takes
# no plug-in that others may write to.
define make_plugin
	@$(if $(NVCC),,echo "CUDA=1, but nvcc is neither \$$(NVCC) nor in PATH or /usr/local/cuda/bin" >&2; exit 1)
	@$(if $(1),,echo "nvcc knows none of the architectures CUDA_ARCHS=$(CUDA_ARCHS)" >&2; exit 1)
	@echo "nvcc $(CUDA_SRC) for sm_$(subst $(space),$(comma) sm_,$(strip $(1)))"
	@$(NVCC) $(NVCC_FLAGS) $(call cuda_code,$(1)) $(2) -MMD -MP -MF $@.d -MT $@ -shared -o $@ \
	    $(CUDA_SRC) $(cuda_link)
	@chmod 755 $@
endef
comma := ,
space := $(subst ,, )

$(PLUGIN_SO): $(CUDA_SRC) | $(FOLDERS)
	$(call make_plugin,$(cuda_archs))

$(BUILD)/tests/cuda/libloralab_cuda.so: CUDA_ARCHS := 75 90
$(BUILD)/tests/cuda/libloralab_cuda.so: $(CUDA_SRC) | $(FOLDERS)
	$(call make_plugin,$(cuda_archs),-Werror all-warnings -Xcompiler -Werror)

# Libraries that the loader must take or refuse; one needs a library that is nowhere to be found.
LIBRARIES       := $(if $(filter math,$(ROOMS)),$(foreach l,fine version table symbol needs, \
                   $(BUILD)/tests/cuda/library-$(l).so))
LIBRARY_version := -DVERSION=99
LIBRARY_table   := -DTABLE_BYTES=8
LIBRARY_symbol  := -DENTRY=another_entry
LIBRARY_needs    = -Wl,--no-as-needed $(BUILD)/tests/cuda/absent.so

$(BUILD)/test-runner: | $(LIBRARIES)
$(BUILD)/tests/cuda/library-needs.so: $(BUILD)/tests/cuda/absent.so
$(BUILD)/tests/cuda/absent.so: Makefile | $(FOLDERS)
	@$(CC) -shared -Wl,-soname,libabsent.so.13 -x c -o $@ /dev/null
$(BUILD)/tests/cuda/library-%.so: tests/cuda/library/library.c core/math/cuda/plugin.h \
                                  core/math/ops.h Makefile | $(FOLDERS)
	@$(CC) -std=c11 $(CPPFLAGS) $(WARN) -fPIC -shared -o $@ $< $(LIBRARY_$*)
	@chmod 644 $@

# The cpu backend's loops may fuse a product and a sum into one instruction.
$(BUILD)/core/math/cpu/%.o: override CFLAGS += -ffp-contract=fast -Wno-pass-failed
# The reference is the oracle: compiled plainly.
$(BUILD)/core/math/ref/%.o: OPT_release := -O2 -D_FORTIFY_SOURCE=2

$(BUILD)/%.o: %.c Makefile | $(FOLDERS)
	@echo "cc $<"
	@$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.emulated.o: %.cu Makefile | $(FOLDERS)
	@echo "c++ $<"
	@$(CXX) $(CXX_FLAGS) -MMD -MP -c -o $@ $<

$(FOLDERS):
	@mkdir -p $@

-include $(OBJ:.o=.d) $(TEST_OBJ:.o=.d) $(EMULATED:.o=.d) $(wildcard $(BUILD)/*.so.d $(BUILD)/tests/cuda/*.so.d)
