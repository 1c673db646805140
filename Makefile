# minictr: every stages/NAME.c becomes bin/NAME, linked with what it needs of shared/.
#
#   make               build all programs
#   make run [CMD=..]  build, make rootfs/base from this machine when missing, run CMD in it
#   make check         run the tests (needs root)        make lint    run the linters
#   make asan          the same programs with sanitizers, in .build/asan/bin
#   make install       [PREFIX=/usr/local] [DESTDIR=]     make uninstall, make clean

PREFIX  = /usr/local
CMD     = /bin/bash
VARIANT = static
BIN     = bin
OBJECTS = .build/$(VARIANT)

# musl makes the smallest start-up; without it the system's libc does.
ifeq ($(origin CC),default)
CC := $(if $(shell command -v musl-gcc),musl-gcc,cc)
endif

WARNINGS = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	-Wvla -Wconversion -Wcast-qual -Wwrite-strings -Wundef -Wimplicit-fallthrough
CFLAGS   = -Os -fomit-frame-pointer -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-stack-protector
CPPFLAGS = -D_GNU_SOURCE -DVERSION='"$(shell cat VERSION)"' -Ishared
# One segment for what is executed and one for what is written: each costs page faults at an exec.
LDFLAGS  = -static -no-pie -s -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,-z,norelro \
	-Wl,--build-id=none
CFLAGS_ALL = -std=c11 $(WARNINGS) $(CFLAGS)

stages := $(patsubst stages/%.c,%,$(wildcard stages/*.c))
shared := $(patsubst shared/%.c,$(OBJECTS)/shared/%.o,$(wildcard shared/*.c))
manual := $(wildcard Doc/*.[1-8])

all: $(stages:%=$(BIN)/%)

$(BIN)/%: $(OBJECTS)/stages/%.o $(OBJECTS)/shared.a
	@mkdir -p $(@D)
	@echo link $@
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(OBJECTS)/shared.a: $(shared)
	@rm -f $@
	@$(AR) rcs $@ $^

$(OBJECTS)/%.o: %.c VERSION Makefile
	@mkdir -p $(@D)
	@echo compile $<
	@$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

-include $(wildcard $(OBJECTS)/*/*.d)

run: all rootfs/base
	@bin/minictr $(CMD)

rootfs/base:
	rootfs/from-host $@

# The tests' own programs, and a root that has the probe in it.
helpers := $(patsubst tests/%.c,.build/tests/%,$(wildcard tests/*.c))

.build/tests/%: $(OBJECTS)/tests/%.o $(OBJECTS)/shared.a
	@mkdir -p $(@D)
	@echo link $@
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

.build/tests/root: rootfs/from-host .build/tests/probe
	@rm -rf --one-file-system $@
	rootfs/from-host $@ $(abspath .build/tests/probe)

.build/tests/bench/bare: tests/bench/bare.c
	@mkdir -p $(@D)
	@echo link $@
	@$(CC) -static -nostdlib -no-pie -s -Wl,--build-id=none -o $@ $<

check: all $(helpers) .build/tests/root
	tests/run $(TESTS)

.PHONY: all run check
.SECONDARY:
