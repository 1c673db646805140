# shellcheck shell=sh
# minictr.sh: the launcher: the container as a whole, and the chain that it prints.

. "$(dirname "$0")/lib.sh"

box() {
    attempt minictr --root "$root" "$@"
}

testHostNameInsideOnly() {
    before=$(hostname)
    box --hostname inner sh -c 'hostname; hostname changed; hostname'
    ended 0
    printed "inner
changed"
    assertEquals "$before" "$(hostname)"
}

testHostNameFollowsTheName() {
    box hostname
    printed minictr
    box --name "t$$" hostname
    printed "t$$"
    box --name "t$$" --hostname other hostname
    printed other
}

testOnlyItsProcesses() {
    box ps -e -o comm=
    ended 0
    printed "pid-init
ps"
    box --no-init ps -e -o pid=,comm=
    printed "      1 ps"
}

testFilesInMytempAreNotSeenFromOutside() {
    minictr --root "$root" sh -c 'echo secret >/mytemp/f && cat /mytemp/f && exec sleep 100' \
        >"$tmp/out" &
    outermost=$!
    await 5 grep -q secret "$tmp/out"
    assertEquals "" "$(ls "$root/mytemp")"
    assertFalse "seen from outside" "[ -e $root/mytemp/f ]"
    assertEquals "" "$(grep -c mytemp /proc/$$/mountinfo | grep -v '^0$')"
    kill $outermost
    wait $outermost 2>/dev/null
    assertEquals "" "$(ls "$root/mytemp")"
}

testMountsAreTheContainersOnly() {
    box --bare cat /proc/self/mountinfo
    assertEquals "/ /mytemp /proc" "$(cut -d' ' -f5 "$tmp/out" | sort | tr '\n' ' ' | sed 's/ $//')"
}

testMemoryLimitKillsTheProgram() {
    box --memory 32M probe alloc 200
    ended 137
    printed ""
    box --memory 300M probe alloc 200
    ended 0
    printed "got 200 MiB"
}

testMemoryLimitKillsAChild() {
    box --memory 32M probe child-alloc 200
    printed "child 137"
}

testPidsLimit() {
    # pid-init and the probe count, and the supervisor that ns-enter left.
    box --pids 10 probe forks 50
    printed "forked 7"
}

testDescriptors() {
    attempt hostile fds 5 minictr --root "$root" probe fds
    ended 0
    printed "0 1 2 "
}

testEnvironment() {
    attempt env -i A=b "PATH=$PATH" minictr --root "$root" probe env
    printed "A=b
PATH=$PATH"
}

testStatus() {
    for status in 0 1 2 77 125 126 127 128 255; do
        box probe exit $status
        ended $status
    done
    for signal in 1 2 9 11 15 34 64; do
        box probe die $signal
        ended $((128 + signal))
    done
}

testReadOnly() {
    box --read-only sh -c 'touch /x'
    assertNotEquals 0 "$status"
    said 'Read-only file system'
    box --read-only sh -c 'echo works >/mytemp/x && cat /mytemp/x'
    printed works
}

testTmpfs() {
    cp -a "$root" "$tmp/own"
    attempt minictr --root "$tmp/own" --tmpfs /a/b --tmpfs /c:1M --tmpfs '/d:e/f' \
        sh -c 'stat -f -c "%T %n" /a/b /c "/d:e/f"; dd if=/dev/zero of=/c/x bs=64k 2>/dev/null
        stat -c %s /c/x; ls -d /mytemp; grep -c mytemp /proc/mounts'
    printed "tmpfs /a/b
tmpfs /c
tmpfs /d:e/f
1048576
/mytemp
0"
}

testRootFromTheEnvironment() {
    attempt env MINICTR_ROOT="$root" minictr hostname
    ended 0
    attempt env MINICTR_ROOT=/nonexistent minictr --root "$root" hostname
    ended 0
    attempt env MINICTR_ROOT=/nonexistent minictr hostname
    ended 125
    said_only '^minictr: cannot use /nonexistent as the root: No such file or directory$'
}

testDefaultRootIsBesideBin() {
    mkdir -p "$tmp/install/rootfs"
    cp -r "$bin" "$tmp/install/bin"
    attempt "$tmp/install/bin/minictr" hostname
    ended 125
    said "^minictr: cannot use $tmp/install/rootfs/base as the root: No such file or directory$"
    said '^minictr: hint: make one with rootfs/from-host'
    cp -a "$root" "$tmp/install/rootfs/base"
    attempt "$tmp/install/bin/minictr" hostname
    ended 0
    ln -s install/bin/minictr "$tmp/link"
    attempt "$tmp/link" hostname
    ended 0
}

testBadRoot() {
    : >"$tmp/file"
    ln -s loop "$tmp/loop"
    box --root "$tmp/file" true
    ended 125
    said_only "^minictr: --root is given twice$"
    attempt minictr --root "$tmp/file" true
    ended 125
    said_only "^minictr: cannot use $tmp/file as the root: Not a directory$"
    attempt minictr --root "$tmp/loop" true
    ended 125
    said_only "^minictr: cannot use $tmp/loop as the root: "
    attempt minictr --root "$(printf '%05000d' 0)" true
    ended 125
    said_only "^minictr: cannot use 0000"
}

testBadValues() {
    for bad in --memory=0 --memory=-1 --memory=12Q --memory=1e3 --memory=99999999999G --memory= \
        --pids=0 --pids=-1 --pids=x --pids= --pids=99999999999 --hostname= --hostname=a/b \
        --hostname="$(printf '%065d' 0)" --name=a/b --name=.. --name= --tmpfs=:1M --tmpfs=/x:1Q \
        --tmpfs=; do
        box "$bad" true
        ended 125
        said_only "^minictr: ${bad%%=*}: "
    done
    assertEquals "" "$(left_groups)"
}

testProgramIsMissing() {
    box
    ended 125
    said_only '^minictr: PROG is missing$'
    box nonexistent
    ended 127
    said_only '^pid-init: cannot find nonexistent in PATH: '
    box /nonexistent
    ended 127
    said_only '^pid-init: cannot execute /nonexistent: No such file or directory$'
}

testWordsThatLookLikeOptions() {
    box -- --help
    ended 127
    said_only '^pid-init: cannot find --help in PATH: '
    attempt minictr --root=-r true
    ended 125
    said_only '^minictr: cannot use -r as the root: '
    attempt minictr --print --root "$root" --tmpfs=-x --tmpfs=-y:1M true
    assertTrue "$(cat "$tmp/out")" "grep -q 'mnt-tmpfs -- -x' $tmp/out"
    assertTrue "$(cat "$tmp/out")" "grep -q 'mnt-tmpfs --size 1M -- -y' $tmp/out"
}

testManyTmpfs() {
    # shellcheck disable=SC2046
    attempt minictr --print --root "$root" $(seq -f '--tmpfs=-%g:1M' 500) true
    ended 0
    assertEquals 500 "$(grep -c mnt-tmpfs "$tmp/out")"
}

testNameInUse() {
    minictr --root "$root" --name "t$$" sh -c 'echo up; exec sleep 100' >"$tmp/first" &
    outermost=$!
    await 5 grep -q up "$tmp/first"
    box --name "t$$" true
    ended 125
    said_only "^cg-limit: the name t$$ is in use: "
    assertTrue "the first one lives" "kill -0 $outermost"
    kill $outermost
    wait $outermost 2>/dev/null
    box --name "t$$" true
    ended 0
}

testPrintIsTheChain() {
    attempt minictr --print --root "$root" --name n --memory 64M --pids 9 --read-only \
        --tmpfs /a:1M --tmpfs /b bash -c 'x y'
    printed "$bin/fd-close \\
    cg-limit --memory 64M --pids 9 --name n \\
    ns-enter -muipC \\
    uts-name n \\
    root-setup --read-only $root \\
    mnt-tmpfs --size 1M /a \\
    mnt-tmpfs /b \\
    mnt-proc /proc \\
    mnt-dev /dev \\
    mnt-sys /sys \\
    mnt-mask --default \\
    pid-init \\
    bash -c 'x y'"
    attempt minictr --print --no-init --root "$root" bash
    assertEquals 0 "$(grep -c pid-init "$tmp/out")"
}

testPrintNeedsNoPrivilege() {
    as_nobody minictr --print --root / true
    ended 0
}

# What is printed, pasted into a shell, passes the same bytes.
testPrintedChainRunsTheSame() {
    set -- 'two words' '' "it's" '"quoted"' '$HOME `id` $(id)' 'back\slash' '*' '~' '#' '!x' 'a=b' \
        '-x' '--' ';' '&' 'new
line
' "$(printf '\001\033\177\200\377\303')" "$(printf 'tab\there')" 'ünïcode' '{a,b}' '<>|'
    box probe args "$@"
    ended 0
    mv "$tmp/out" "$tmp/direct"
    assertEquals 21 "$(grep -c '' "$tmp/direct")"
    minictr --print --root "$root" probe args "$@" >"$tmp/line"
    for shell in sh bash; do
        attempt "$shell" "$tmp/line"
        ended 0
        assertTrue "$shell passes other bytes" "cmp $tmp/direct $tmp/out"
    done
}

testPrintedRootIsQuoted() {
    odd="$tmp/an 'odd' \$(root)"
    cp -a "$root" "$odd"
    minictr --print --root "$odd" hostname >"$tmp/line"
    attempt sh "$tmp/line"
    ended 0
    printed minictr
}

testManyArguments() {
    # shellcheck disable=SC2046
    box probe args $(seq 100000)
    ended 0
    assertEquals 100000 "$(grep -c . "$tmp/out")"
}

testPipeAsInput() {
    echo 'echo read from a pipe; hostname' >"$tmp/in"
    box bash <"$tmp/in"
    printed "read from a pipe
minictr"
}

testNothingOnStandardOutput() {
    box true
    printed ""
    assertEquals "" "$(cat "$tmp/err")"
}

testWithoutRoot() {
    as_nobody minictr --root / true
    ended 125
    said_only '^cg-limit: cannot make the control group .*: Permission denied$'
    said '^cg-limit: hint: .*run it with sudo$'
}

testCloseOfStandardStreams() {
    for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
        minictr --root "$root" sh -c 'exit 3' >/dev/null 2>&1
        status=0
        eval "minictr --root '$root' sh -c 'exit 3' $closed" || status=$?
        assertEquals "$closed" 3 $status
        eval "minictr --root '$root' probe fds $closed" >"$tmp/out" 2>/dev/null
    done
    # What was closed stays closed, and no descriptor of ours takes its place.
    attempt sh -c 'minictr --root "$0" probe fds <&-' "$root"
    printed "1 2 "
    status=0
    minictr --root "$root" no-such-program 2>&- || status=$?
    assertEquals 127 $status
}

testHostileSurroundings() {
    attempt hostile chld-ignored minictr --root "$root" probe signals
    ended 0
    printed "ignored 17"
    attempt hostile blocked minictr --root "$root" probe exit 3
    ended 3
    attempt hostile blocked minictr --root "$root" probe signals
    hostile blocked probe signals >"$tmp/without"
    assertTrue "PROG has another mask" "cmp $tmp/out $tmp/without"
    assertEquals "blocked 1" "$(head -n 1 "$tmp/out")"
    attempt hostile nofile 8 minictr --root "$root" probe exit 4
    ended 4
    attempt env -i "$bin/minictr" --root "$root" hostname
    ended 0
    attempt hostile argc0 "$bin/minictr"
    ended 125
}

testVariablesSetByHand() {
    attempt env MINICTR_STAGES=77 minictr --root "$root" true
    ended 125
    said_only 'MINICTR_STAGES is "77"'
    attempt env MINICTR_STAGES=junk minictr --root "$root" true
    ended 125
    said_only 'MINICTR_STAGES is "junk"'
}

. shunit2
