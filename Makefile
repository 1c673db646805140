# minictr: every stages/NAME.c becomes bin/NAME, linked with what it needs of shared/.
#
#   make                build all programs
#   make run [CMD=...]  build, make rootfs/base of this machine's programs if missing, run CMD in it
#   make check          run the tests, as root; TESTS="tests/chain.sh ..." runs some
#   make check-user     run them as an ordinary user, who is made up for it; TESTS= as well
#   make check-vm       run them in virtual machines with cgroup v2 alone, as root and as a user
#   make check-debian   put a whole Debian to work, here and in such a machine
#   make check-all      the first two whole, and of the third what a user and control groups matter for
#   make lint           run the linters and compile with the other compiler
#   make asan           build with sanitizers, into .build/asan/bin; make check-asan tests that
#   make bench          measure what a container costs, against what is installed; writes Doc/bench.md
#   make bench-quick    the same in about a minute, to look at; writes nothing
#   make install        [PREFIX=/usr/local] [DESTDIR=]; make uninstall
#   make clean          remove what was built; root file systems stay
#
# CC, CFLAGS, CPPFLAGS and LDFLAGS may be given; what the programs cannot do without is added.

PREFIX  = /usr/local
CMD     = /bin/bash
VARIANT = static
BIN     = bin
OBJECTS = .build/$(VARIANT)

# musl has the smallest start-up; without it the system's libc does.
ifeq ($(origin CC),default)
CC := $(if $(shell command -v musl-gcc),musl-gcc,cc)
endif

WARNINGS = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	-Wvla -Wconversion -Wcast-qual -Wwrite-strings -Wundef -Wimplicit-fallthrough
DEFINES  = -D_GNU_SOURCE -DVERSION='"$(shell cat VERSION)"' -Ishared -I$(OBJECTS)
CFLAGS   = -Os -fno-pie -fomit-frame-pointer -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-stack-protector
LDFLAGS  = -s
# Static, since the new root has no loader for a stage. One segment to execute and one to write, no more: each costs
# page faults at every exec; so do pages (large.h). Sanitizers need the system's libc, dynamically.
LINK     = $(if $(filter asan,$(VARIANT)),,-static -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,-z,norelro \
	-Wl,--build-id=none -Wl,--sort-section=name $(DATA))
# ld would let the data begin in the middle of a page, and end in another. glibc has more before .init_array.
DATA     = $(if $(findstring musl,$(CC)),-Wl$(comma)--section-start=.init_array=0x480000)
comma    := ,
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all

programs := $(patsubst stages/%.c,%,$(wildcard stages/*.c))
stages   := $(filter-out ctr-% minictr,$(programs))
shared   := $(patsubst shared/%.c,$(OBJECTS)/shared/%.o,$(wildcard shared/*.c))
helpers  := $(patsubst tests/%.c,.build/tests/%,$(wildcard tests/*.c tests/bench/*.c tests/escapes/*.c))
sources  := $(wildcard stages/*.c shared/*.c tests/*.c tests/bench/*.c tests/escapes/*.c)
scripts  := $(wildcard rootfs/from-* rootfs/common.sh tests/*.sh tests/bench/*.sh) tests/run tests/everywhere tests/as-user tests/ns-enter-as-user .ci/run \
	$(addprefix tests/vm/,run init image kernel) $(addprefix tests/bench/,run look bundle) Doc/completion.bash
manual   := $(wildcard Doc/*.[1-8])

all: $(programs:%=$(BIN)/%)

# ld writes a file in pieces. Of a copy, written in one, the kernel keeps larger parts together and maps them sooner: the
# chain of a container takes a tenth less.
link = @mkdir -p $(@D) && echo link $@ && $(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $(OBJECTS)/$(@F) $^ && install $(OBJECTS)/$(@F) $@

$(BIN)/%: $(OBJECTS)/stages/%.o $(OBJECTS)/shared.a
	$(link)

# minictr has the stages in it, too, for --inline.
$(OBJECTS)/inline/%.o: stages/%.c VERSION Makefile
	@mkdir -p $(@D)
	@$(CC) -std=c11 $(DEFINES) $(CPPFLAGS) $(WARNINGS) -Wno-missing-prototypes $(CFLAGS) -Dmain=$(subst -,_,$*)_main \
		-MMD -MP -c -o $@ $<

$(BIN)/minictr: $(OBJECTS)/stages/minictr.o $(stages:%=$(OBJECTS)/inline/%.o) $(OBJECTS)/shared.a
	$(link)

$(OBJECTS)/shared.a: $(shared)
	@rm -f $@
	@$(AR) rcs $@ $^

$(OBJECTS)/%.o: %.c VERSION Makefile
	@mkdir -p $(@D)
	@echo compile $<
	@$(CC) -std=c11 $(DEFINES) $(CPPFLAGS) $(WARNINGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The names of system calls and errors, from the headers of this compiler; a policy as a string.
names = @mkdir -p $(@D) && echo '\#include <$(1)>' | $(CC) $(CFLAGS) -E -dM - | \
	sed -n 's/^\#define \($(2)\) .*/{"\$(3)", \1},/p' | LC_ALL=C sort >$@ && test -s $@

$(OBJECTS)/calls.inc: Makefile
	$(call names,sys/syscall.h,__NR_\([a-z0-9_]*\),2)

$(OBJECTS)/errors.inc: Makefile
	$(call names,errno.h,E[A-Z0-9]*,1)

$(OBJECTS)/%.inc: shared/%.policy Makefile
	@mkdir -p $(@D)
	@sed -n 's/ *\#.*//; s/..*/"&\\n"/p' $< >$@

# All stages: STAGE(name, identifier).
$(OBJECTS)/stages.inc: stages Makefile
	@mkdir -p $(@D)
	@for stage in $(stages); do echo "STAGE($$stage, $$(echo $$stage | tr - _))"; done >$@

# The tables by which the stages read their words, each in a function: grammar.c.
$(OBJECTS)/grammar.inc: stages $(wildcard stages/*.c) Makefile
	@mkdir -p $(@D)
	@for stage in $(stages); do \
		echo "static const struct program *stage_$$stage(void)" | tr - _; \
		echo {; \
		awk '/^enum {/ || /^static const struct (option options|program program)/ { inside = 1 } \
			inside; /};$$/ { if (inside && is_last) exit; inside = 0 } \
			/^static const struct program/ { is_last = 1 }' stages/$$stage.c; \
		printf 'return &program;\n}\n'; \
	done >$@.new
	@cmp -s $@.new $@ || mv $@.new $@

generated = $(patsubst %,$(OBJECTS)/%.inc,calls errors container stages grammar)
$(patsubst %,$(OBJECTS)/shared/%.o,calls policy blame grammar) $(OBJECTS)/stages/chain-break.o \
	$(OBJECTS)/inline/chain-break.o $(OBJECTS)/stages/minictr.o: $(generated)

-include $(wildcard $(OBJECTS)/*/*.d $(OBJECTS)/*/*/*.d)

run: all rootfs/base
	@bin/minictr $(CMD)

# Without root from-host needs these two.
rootfs/base: | $(BIN)/ns-enter $(BIN)/minictr
	rootfs/from-host $@

# The tests' own programs, and a root that has the probe in it.
.build/tests/bench/bare .build/tests/bench/payload: .build/%: %.c
	@mkdir -p $(@D) $(OBJECTS)
	@echo link $@
	@$(CC) -static -nostdlib -no-pie -s -Wl,--build-id=none -o $(OBJECTS)/$(@F) $<
	@install $(OBJECTS)/$(@F) $@

.build/tests/%: $(OBJECTS)/tests/%.o $(OBJECTS)/shared.a
	$(link)

.build/tests/root: rootfs/from-host rootfs/common.sh .build/tests/probe | $(BIN)/ns-enter $(BIN)/minictr
	@rm -rf --one-file-system $@
	rootfs/from-host $@ $(abspath .build/tests/probe)

check: all $(helpers) .build/tests/root
	tests/run $(TESTS)

# Machines of pure cgroup v2, emulated: their kernel, and a disk with all that was built.
.build/vm/kernel: tests/vm/kernel
	@mkdir -p $(@D)
	tests/vm/kernel $@

.build/vm/image: .build/vm/kernel $(programs:%=$(BIN)/%) $(helpers) .build/tests/root VERSION \
		$(wildcard rootfs/from-* rootfs/common.sh tests/* tests/vm/*)
	@mkdir -p $(@D)
	tests/vm/image $@

# What makes containers, with their stages in one process.
INLINE_TESTS = $(patsubst %,tests/%.sh,bombs chain-break chain-detach chain-time ctr-diff ctr-exec ctr-kill \
	escapes-kernel escapes-mount hostile-root minictr)
check-inline: all $(helpers) .build/tests/root
	MINICTR_TEST_INLINE=1 tests/run $(or $(TESTS),$(INLINE_TESTS))

check-user: all $(helpers) .build/tests/root
	tests/as-user $(TESTS)

check-vm: .build/vm/kernel .build/vm/image
	tests/vm/run each "root $(TESTS)" "user $(TESTS)"

# A whole Debian, with what its container has installed in it; and the same as a disk of the machine.
.build/debian/root: rootfs/from-debian | $(BIN)/minictr
	@mkdir -p $(@D)
	rm -rf --one-file-system $@ $@.part
	rootfs/from-debian bookworm $@.part
	$(BIN)/minictr --root $@.part sh -ec 'apt-get -qq update; export DEBIAN_FRONTEND=noninteractive; \
		apt-get -qq install --no-install-recommends python3 gcc libc6-dev make openssl </dev/null; \
		apt-get clean; rm -rf /var/lib/apt/lists/*'
	mv $@.part $@
	touch $@

.build/debian/image: .build/debian/root
	truncate -s 1G $@.part
	PATH=$$PATH:/usr/sbin:/sbin mke2fs -q -F -t ext4 -O ^has_journal -d $< $@.part
	mv $@.part $@

check-debian: all $(helpers) .build/tests/root .build/debian/image .build/vm/kernel .build/vm/image
	tests/run tests/debian.sh
	tests/vm/run root tests/debian.sh

# In the machines only what depends on the kind of control groups, and for the user what a user can: emulated, all
# takes too long. The lists of the user are such that his two machines take the same time.
VM_TESTS = $(patsubst %,tests/%.sh,cg-limit cg-join limits ns-enter mnt-sys chain) \
	$(filter-out tests/ctr-diff.sh tests/ctr-exec.sh,$(wildcard tests/ctr-*.sh))
USER_TESTS = $(patsubst %,tests/%.sh,fs-allow hints id-set inline mnt-bind res-limit signals sys-filter terminal tty-pty words)
MORE_USER_TESTS = $(patsubst %,tests/%.sh,chain-break chain-detach chain-time cap-keep ctr-exec cwd-set env-set fd-close \
	minictr mnt-dev mnt-mask mnt-overlay mnt-proc mnt-tmpfs net-up pid-init priv-lock root-open root-setup tty-relay uts-name)
check-all: .build/vm/kernel .build/vm/image
	tests/everywhere "$(TESTS)" "$(TESTS)" \
		"root $(VM_TESTS)" "user $(VM_TESTS) $(USER_TESTS)" "user $(MORE_USER_TESTS)"

# That root needs the libraries of the sanitizers, too.
asan:
	$(MAKE) VARIANT=asan BIN=.build/asan/bin CC=gcc CFLAGS='-O1 -g $(SANITIZE)' \
		LDFLAGS='$(SANITIZE)'

.build/asan/root: rootfs/from-host rootfs/common.sh .build/tests/probe | asan
	@rm -rf --one-file-system $@
	rootfs/from-host $@ $(abspath .build/tests/probe .build/asan/bin/ns-enter)

check-asan: asan $(helpers) .build/asan/root
	MINICTR_TEST_BIN=$(abspath .build/asan/bin) MINICTR_TEST_ROOT=$(abspath .build/asan/root) \
		ASAN_OPTIONS=detect_leaks=0:exitcode=99 tests/run $(TESTS)

bench: all $(helpers) .build/tests/root
	tests/bench/run --write Doc

bench-quick: all $(helpers) .build/tests/root
	tests/bench/run --quick

lint: $(generated)
	clang -std=c11 $(DEFINES) $(CPPFLAGS) $(WARNINGS) -fsyntax-only $(sources)
	clang-tidy --quiet $(sources) -- -std=c11 $(DEFINES) $(CPPFLAGS)
	cppcheck --quiet --std=c11 --enable=warning,performance,portability -D__x86_64__ \
		--suppress=nullPointerRedundantCheck --suppress=nullPointerArithmeticRedundantCheck --error-exitcode=1 $(DEFINES) $(CPPFLAGS) stages shared tests
	shellcheck -x -P tests -e SC1091,SC2154,SC2016 $(scripts)
	! mandoc -T lint -W warning $(manual) | grep -vE 'conventional order|without An macro'

# The stages live in a directory of their own, since a container takes that directory along.
home = $(DESTDIR)$(PREFIX)/libexec/minictr
# Where each shell looks: bash-completion for a file of the command's name, zsh in one for all.
bash_completions = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
zsh_completions  = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
documents        = $(DESTDIR)$(PREFIX)/share/doc/minictr

install: all
	install -d $(home)/bin $(home)/rootfs $(DESTDIR)$(PREFIX)/bin
	install $(programs:%=bin/%) $(home)/bin
	install rootfs/from-* $(home)/rootfs
	install -m 644 rootfs/common.sh $(home)/rootfs
	install -m 644 VERSION $(home)
	for program in $(programs); do \
		ln -sf ../libexec/minictr/bin/$$program $(DESTDIR)$(PREFIX)/bin/$$program; done
	for page in $(manual); do \
		install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} $$page; done
	install -D -m 644 Doc/completion.bash $(bash_completions)/minictr
	for program in $(filter-out minictr,$(programs)); do \
		ln -sf minictr $(bash_completions)/$$program; done
	install -D -m 644 Doc/completion.zsh $(zsh_completions)/_minictr
	install -D -m 644 -t $(documents) README.md LICENSE Doc/security.md Doc/tutorial.md Doc/minictr.apparmor

uninstall:
	rm -f $(programs:%=$(DESTDIR)$(PREFIX)/bin/%)
	for page in $(notdir $(manual)); do \
		rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page; done
	rm -f $(programs:%=$(bash_completions)/%) $(zsh_completions)/_minictr
	rm -rf $(documents) $(home)/bin $(home)/VERSION $(home)/rootfs/from-* $(home)/rootfs/common.sh
	rmdir --ignore-fail-on-non-empty $(home)/rootfs
	-rmdir $(home)

clean:
	rm -rf --one-file-system bin .build

# No rules but these: make has one that makes the directory tests/bench of tests/bench.sh.
.SUFFIXES:
.PHONY: all run check check-user check-vm check-debian check-all asan check-asan bench bench-quick lint install uninstall clean
.SECONDARY:
