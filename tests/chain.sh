# shellcheck shell=sh
# chain.sh: chains composed by hand, how the next program is found, and why it cannot be executed.

. "$(dirname "$0")/lib.sh"

# A root of this file's own, with things in it that cannot run.
oneTimeSetUp() {
    host_state >"$tmp/host.before"
    own=$tmp/root
    cp -a "$root" "$own"
    mkdir "$own/bad" "$own/bad/directory"
    printf '#!/no/such/interpreter -x\necho\n' >"$own/bad/script"
    printf '#!/bad/plain\n' >"$own/bad/script-of-plain"
    printf 'echo no first line\n' >"$own/bad/headless"
    : >"$own/bad/empty"
    : >"$own/bad/plain"
    ln -s nowhere "$own/bad/dangling"
    ln -s loop "$own/bad/loop"
    # An ELF file of another machine (byte 18: e_machine), and one whose loader is not there.
    cp "$helpers/probe" "$own/bad/foreign"
    printf '\363\000' | dd of="$own/bad/foreign" bs=1 seek=18 conv=notrunc 2>/dev/null
    LC_ALL=C sed 's|/lib64/ld-linux|/lib64/xx-linux|' "$own/bin/bash" >"$own/bad/loaderless"
    chmod 755 "$own"/bad/*
    chmod 644 "$own/bad/plain"
    mkfifo "$own/bad/fifo"
}

into() {
    attempt ns-enter -mp root-setup "$own" "$@"
}

testTheCardsOrder() {
    needs_root && return
    attempt ns-enter -mup cg-limit --memory 64M root-setup "$own" mnt-tmpfs /mytemp \
        mnt-proc /proc /bin/bash -c 'ps -e -o pid=,comm=; cat /proc/self/cgroup; exit 5'
    ended 5
    assertEquals "      1 cg-limit" "$(head -n 1 "$tmp/out")"
    grep -q 'memory.*:/minictr/' "$tmp/out" || grep -q '^0::/minictr/' "$tmp/out" ||
        fail "not in a group: $(cat "$tmp/out")"
    assertEquals "" "$(left_groups)"
}

testTheCardsOrderLimits() {
    needs_root && return
    attempt ns-enter -mup cg-limit --memory 32M root-setup "$own" mnt-tmpfs /mytemp \
        mnt-proc /proc probe child-alloc 200
    printed "child 137"
    attempt ns-enter -mup cg-limit --memory 32M root-setup "$own" probe alloc 200
    ended 137
    assertEquals "" "$(left_groups)"
}

testTheCardsOrderKilled() {
    needs_root && return
    ns-enter -mup cg-limit --memory 64M root-setup "$own" mnt-proc /proc \
        sh -c 'echo up; sleep 100' >"$tmp/up" &
    outermost=$!
    await 20 grep -q up "$tmp/up"
    kill -TERM $outermost
    wait $outermost 2>/dev/null
    assertEquals 143 $?
    assertEquals "" "$(left_groups)"
}

# Process 1 was there before the root changed; its working directory must not lead back.
testProcessOneLeavesTheHost() {
    attempt ns-enter -mup cg-limit root-setup "$own" mnt-proc /proc \
        sh -c 'readlink /proc/1/cwd /proc/1/root; ls -d /proc/1/cwd/bad'
    ended 0
    printed "/
/
/proc/1/cwd/bad"
}

testTheDesignsOrder() {
    attempt cg-limit --memory 512M ns-enter -mupi uts-name box root-setup "$own" \
        mnt-tmpfs /mytemp mnt-proc /proc /bin/bash -c 'hostname; echo $$'
    printed "box
1"
}

testInitBeforeTheMounts() {
    attempt ns-enter -mup pid-init root-setup "$own" mnt-proc /proc mnt-tmpfs /mytemp \
        ps -e -o pid=,comm=
    ended 0
    printed "      1 pid-init
      2 ps"
}

testRootInARoot() {
    needs_root && return
    mkdir "$own/inner"
    cp -a "$root/." "$own/inner"
    attempt ns-enter -mp root-setup "$own" mnt-tmpfs /mytemp root-setup /inner mnt-proc /proc \
        sh -c 'cut -d" " -f5 /proc/self/mountinfo'
    ended 0
    printed "/
/proc"
    rm -rf "$own/inner"
}

testProgramBetweenTwoSteps() {
    attempt ns-enter -mup env SLIPPED=in sh -c 'exec "$@"' - uts-name between root-setup "$own" \
        sh -c 'hostname; echo $SLIPPED'
    ended 0
    printed "between
in"
    have_strace || { skip 'no strace' && return; }
    attempt ns-enter -mup strace -o "$tmp/trace" -f root-setup "$own" hostname
    ended 0
    assertTrue "strace saw it" "grep -q pivot_root $tmp/trace"
}

testRelativePathsBeforeTheRoot() {
    (cd "$tmp" && attempt ns-enter -mp root-setup root pwd && ended 0 && printed /)
}

testHostNameAfterTheRootNeedsANamespace() {
    before=$(hostname)
    attempt ns-enter -mup root-setup "$own" uts-name inside hostname
    ended 0
    printed inside
    # Without its own UTS namespace it must refuse: with no /proc, with one, and as process 1. Were
    # the guard broken, the kernel's refusal keeps the host's name.
    have_strace || { skip 'no strace' && return; }
    inject sethostname:error=EPERM ns-enter -mp root-setup "$own" uts-name inside hostname
    ended 125
    said '^uts-name: cannot compare the uts namespace'
    inject sethostname:error=EPERM ns-enter -mp root-setup "$own" mnt-proc /proc uts-name inside hostname
    ended 125
    said_only "^uts-name: this is the host's uts namespace$"
    assertEquals "$before" "$(hostname)"
}

# A name is looked up among the stages first, but never those of the image.
testStagesOfTheImageAreNotUsed() {
    for stage in mnt-proc mnt-tmpfs pid-init; do
        printf '#!/bin/sh\necho the image was asked\n' >"$own/bin/$stage"
        chmod 755 "$own/bin/$stage"
    done
    attempt env PATH="/bin:$PATH" "$bin/ns-enter" -mp root-setup "$own" \
        mnt-tmpfs /mytemp mnt-proc /proc pid-init sh -c 'echo fine'
    printed fine
    # With a slash it is the image's, by the user's own word; then no way leads back.
    into /bin/mnt-proc /proc true
    printed "the image was asked"
    rm "$own/bin/mnt-proc" "$own/bin/mnt-tmpfs" "$own/bin/pid-init"
}

testNoWayBackToAStage() {
    into sh -c 'mnt-proc /proc true; echo $?'
    printed 127
    into env mnt-proc /proc true
    ended 127
    attempt fd-close ns-enter -mp root-setup "$own" probe fds
    printed "0 1 2 "
    into env
    assertEquals "" "$(grep MINICTR_ "$tmp/out" | grep -v MINICTR_TEST)"
    attempt ns-enter -mup env
    assertEquals "" "$(grep MINICTR_ "$tmp/out" | grep -v MINICTR_TEST)"
}

testStageBesideTheRunningOneComesBeforePath() {
    mkdir "$tmp/path"
    printf '#!/bin/sh\necho from PATH\n' >"$tmp/path/uts-name"
    chmod 755 "$tmp/path/uts-name"
    attempt env PATH="$tmp/path:$PATH" "$bin/ns-enter" -u uts-name x hostname
    printed x
}

testStagesThroughASymbolicLink() {
    mkdir "$tmp/links"
    ln -s "$bin/ns-enter" "$tmp/links/ns-enter"
    attempt env PATH=/usr/bin:/bin "$tmp/links/ns-enter" -mu uts-name x hostname
    printed x
}

testPathIsSearchedInOrder() {
    mkdir "$own/one" "$own/two"
    printf '#!/bin/sh\necho one\n' >"$own/one/tool"
    printf '#!/bin/sh\necho two\n' >"$own/two/tool"
    chmod 644 "$own/one/tool"
    chmod 755 "$own/two/tool"
    attempt env PATH=/none:/one:/two:/bin "$bin/ns-enter" -mp root-setup "$own" tool
    printed two
    chmod 755 "$own/one/tool"
    attempt env PATH=/none:/one:/two:/bin "$bin/ns-enter" -mp root-setup "$own" tool
    printed one
    # An empty element is the working directory, which is the root.
    cp "$own/two/tool" "$own/tool"
    attempt env PATH=/none::/bin "$bin/ns-enter" -mp root-setup "$own" tool
    printed two
    attempt env -i "$bin/ns-enter" -mp root-setup "$own" sh -c 'exit 6'
    ended 6
}

testNotFound() {
    into nonexistent
    ended 127
    said_only '^root-setup: cannot find nonexistent in PATH: '
    into /nonexistent
    ended 127
    said_only '^root-setup: cannot execute /nonexistent: No such file or directory$'
    into /bin/sh/x
    ended 127
    into /bad/dangling
    ended 127
    into "$(printf '/%04096d' 0)"
    assertTrue "$status" "[ $status = 126 ] || [ $status = 127 ]"
    into "$(printf 'x%05000d' 0)"
    ended 127
    into ..
    assertTrue "$status" "[ $status = 126 ] || [ $status = 127 ]"
}

# As one that is not static, in a root that has no loader for it.
testAStageWithoutItsLoader() {
    needs_root && return
    cp -r "$bin" "$tmp/stages"
    cp /bin/true "$tmp/stages/mnt-tmpfs"
    mkdir "$tmp/empty"
    attempt "$tmp/stages/ns-enter" -m root-setup "$tmp/empty" mnt-tmpfs /x true
    ended 126
    said_only '^root-setup: cannot execute mnt-tmpfs: its loader /.* is missing$'
}

# U+009B begins what a terminal obeys, as an escape does.
testControlCharactersAreNotShown() {
    attempt ns-enter -u "$(printf 'a\033b\302\233c\303\233d')"
    ended 127
    said "^ns-enter: cannot find a[?]b[?][?]c$(printf '\303\233')d in PATH"
}

testStageOfASimilarNameIsSuggested() {
    attempt ns-enter -u uts-nmae x sh
    ended 127
    said '^ns-enter: hint: did you mean the stage uts-name\?$'
    into mnt-prc /proc sh
    ended 127
    said '^root-setup: hint: did you mean the stage mnt-proc\?$'
    attempt ns-enter --mount cwd-set / --help true
    ended 127
    said '^cwd-set: hint: the options of a stage stand before its operands$'
    into xyzzy
    said '^root-setup: hint: it was looked for in the new root$'
    attempt ns-enter -u xyzzy
    assertEquals 0 "$(grep -c "hint: " "$tmp/err")"
}

cannot() {
    into "$1"
    ended 126
    said_only "^root-setup: cannot execute $1: $2\$"
}

# The list of them has no room in what is kept for a start.
testManyVariables() {
    attempt sh -c 'for i in $(seq 6000); do export "V$i=x"; done; exec "$@"' sh "$bin/ns-enter" -U probe env
    ended 0
    assertEquals 'all are there' 6000 "$(grep -c '^V[0-9]*=x$' "$tmp/out")"
    assertEquals 'and none of ours' '' "$(grep -E '^MINICTR_(NS|STAGES|START|TRACE|TTY)=' "$tmp/out")"
}

testCannotBeExecuted() {
    cannot /bad/directory 'it is a directory'
    cannot /bad/plain 'it has no execute permission'
    cannot /bad/fifo 'it is not a regular file'
    cannot /bad/empty 'it is empty'
    cannot /bad/headless 'it is neither a program nor a script'
    cannot /bad/script 'its interpreter /no/such/interpreter is missing'
    cannot /bad/script-of-plain 'its interpreter /bad/plain is not executable'
    cannot /bad/foreign 'it is for another machine \(ELF machine 243\)'
    cannot /bad/loaderless 'its loader /lib64/xx-linux-x86-64.so.2 is missing'
    into /bad/loop
    ended 126
    said '^root-setup: cannot execute /bad/loop: '
}

testCannotBeExecutedFromPath() {
    attempt env PATH=/bad:/bin "$bin/ns-enter" -mp root-setup "$own" script
    ended 126
    said '^root-setup: cannot execute /bad/script: its interpreter'
    attempt env PATH=/bad:/bin "$bin/ns-enter" -mp root-setup "$own" plain
    ended 126
    said '^root-setup: cannot execute /bad/plain: it has no execute permission$'
}

testCannotBeExecutedFromANoexecFileSystem() {
    attempt ns-enter -m sh -c 'mount -t tmpfs -o noexec none "$0/mnt" && cp "$0/bin/bash" "$0/mnt" &&
        exec root-setup "$0" /mnt/bash' "$own"
    ended 126
    said_only '^root-setup: cannot execute /mnt/bash: its file system is mounted noexec$'
}

testFailureInsideIsTheStatusOutside() {
    attempt cg-limit ns-enter -mup uts-name a/b sh
    ended 125
    said_only '^uts-name: NAME: "a/b" is not a name'
    attempt cg-limit ns-enter -mup nonexistent
    ended 127
    assertEquals "" "$(left_groups)"
}

testProgramMayHaveAnyName() {
    cp "$own/bin/true" "$own/bin/a name"
    into "a name"
    ended 0
    attempt ns-enter -u ''
    ended 125
    said_only '^ns-enter: PROG is empty$'
}

# The stages of the chain that strace sees: libc's start-up, its own calls, and one exec.
testAStageMakesNoNeedlessCall() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    case $(file -L "$bin/uts-name" 2>/dev/null) in
    *dynamically*) skip "not the static programs" && return ;;
    esac
    attempt strace -ff -o "$tmp/trace" ns-enter -mup uts-name x root-setup "$own" \
        mnt-tmpfs /mytemp mnt-proc /proc true
    ended 0
    # From the exec of the stage to the next: set up libc, its own calls, find the next, execute it.
    assertEquals "execve arch_prctl set_tid_address sethostname readlink execve " \
        "$(calls 'execve("[^"]*\/uts-name"' 'execve("[^"]*\/root-setup"')"
    assertEquals "execveat arch_prctl set_tid_address openat2 fstat stat fsopen fsconfig fsconfig fsmount \
close move_mount close close execveat " \
        "$(calls 'execveat([0-9]*, "mnt-proc"' 'execveat([0-9]*, "true"')"
}

# calls FROM TO: the names of the calls that one process makes from one line of its trace to another.
calls() {
    cat "$tmp"/trace.* | sed -n "/$1/,/$2/s/(.*//p" | tr '\n' ' '
}

# However the first stage was called, it finds the next one beside itself.
testWhereTheStagesAre() {
    ln -s "$bin/cwd-set" "$tmp/cwd-set"
    ln -s "$bin/cwd-set" "$tmp/link"
    for first in "$bin/cwd-set" ./cwd-set "../${bin##*/}/cwd-set" "$tmp/cwd-set" "$tmp/link"; do
        attempt env -C "$bin" PATH=/usr/bin:/bin "$first" / cwd-set "$tmp" pwd
        ended 0
        printed "$tmp"
    done
    attempt env -C "$bin" PATH=/usr/bin:/bin ./ns-enter -m root-open "$root" root-setup . cwd-set /usr pwd
    printed /usr
    # The kernel names a script in place of what interprets it.
    printf '#!%s --print\n' "$bin/minictr" >"$tmp/script"
    chmod +x "$tmp/script"
    attempt "$tmp/script"
    assertEquals "$bin/fd-close \\" "$(head -n 1 "$tmp/out")"
}

. shunit2
