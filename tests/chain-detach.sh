# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# chain-detach.sh: a chain in the background.

. "$(dirname "$0")/lib.sh"

name=detach-$$
log=$tmp/log

# detach WORDS...: attempts it without the streams of the test, which must not be held open by what runs on.
detach() {
    attempt chain-detach "$@"
}

# What was started last by hand, by the number that was printed.
ends() {
    await 5 is_gone "$1" || fail "process $1 is still there"
}

no_group() {
    assertEquals '' "$(find /sys/fs/cgroup -maxdepth 4 -path "*/minictr/$1" 2>/dev/null)"
}

tearDown() {
    rm -f "$log"
}

testItEndsWhenProgRuns() {
    detach sleep 1000
    ended 0
    chain=$(cat "$tmp/out")
    assertEquals sleep "$(cat "/proc/$chain/comm")"
    kill "$chain"
    ends "$chain"
}

testProgOfManySteps() {
    needs_root && return
    detach --name "$name" cg-limit --name "$name" ns-enter -muip root-setup "$root" mnt-proc /proc pid-init sleep 1000
    ended 0
    printed "$name"
    # PROG runs: it is the last of the chain.
    assertEquals 1 "$(ctr-exec "$name" ps axo args | grep -c '^sleep 1000$')"
    ctr-kill "$name"
    await 5 sh -c '! ctr-stat "$0" 2>/dev/null >&2' "$name" || fail 'it is still there'
    no_group "$name"
}

# A session without a terminal, nothing of the caller's, and nothing of ours.
testSurroundings() {
    cd /usr || return
    attempt fd-close chain-detach --log "$log" sh -c 'probe fds; env | grep -E "^MINICTR_(START|NS|TRACE)"; pwd
        [ "$(cut -d " " -f 7 /proc/$$/stat)" = 0 ] && echo no terminal; readlink /proc/self/fd/0; echo error >&2'
    cd "$top" || return
    ended 0
    ends "$(cat "$tmp/out")"
    assertEquals '0 1 2 
/usr
no terminal
/dev/null
error' "$(cat "$log")"
    detach sleep 1000
    chain=$(cat "$tmp/out")
    assertNotEquals "$(cut -d ' ' -f 6 /proc/$$/stat)" "$(cut -d ' ' -f 6 "/proc/$chain/stat")"
    kill "$chain"
    ends "$chain"
}

testLog() {
    umask 000
    for i in 1 2; do
        detach --log "$log" echo "line $i"
        ended 0
        ends "$(cat "$tmp/out")"
    done
    umask 022
    assertEquals 'line 1
line 2' "$(cat "$log")"
    assertEquals 600 "$(stat -c %a "$log")"
    # Without one it is lost, and does not go to the caller.
    detach sh -c 'echo to nobody; echo to nobody >&2'
    assertEquals '' "$(grep nobody "$tmp/out" "$tmp/err")"
}

# Each of them with its own message, once, and its status; nothing stays.
testFailures() {
    needs_root && return
    while IFS='|' read -r expected message words; do
        # shellcheck disable=SC2086
        detach --log "$log" cg-limit --name "$name" $words
        ended "$expected"
        printed ''
        assertEquals "$words" 1 "$(grep -cE "$message" "$tmp/err")"
        assertEquals "$words" 1 "$(grep -vc ': hint: ' "$tmp/err")"
        assertEquals "$words" 1 "$(grep -cE "$message" "$log")"
        rm -f "$log"
        no_group "$name"
    done <<END
127|^cg-limit: cannot find nothing-there in PATH|nothing-there
126|^cg-limit: cannot execute /etc: it is a directory|/etc
125|^uts-name: NAME: "/" is not a name|ns-enter -mup uts-name / true
125|^root-setup: cannot .*/nowhere|ns-enter -mp root-setup /nowhere true
127|^pid-init: cannot find nothing-there in PATH|ns-enter -mp root-setup $root mnt-proc /proc pid-init nothing-there
126|^sys-filter: cannot execute /etc|ns-enter -mp root-setup $root mnt-proc /proc priv-lock sys-filter --default /etc
127|^cap-keep: cannot find nothing-there in PATH|ns-enter -mp root-setup $root cap-keep none nothing-there
END
}

# What a stage complains of, but goes on, is no failure. PROG's own end is not ours to tell.
testTheEndOfProgIsItsOwn() {
    for code in 0 1 125; do
        detach sh -c "exit $code"
        ended 0
    done
}

testCallerThatIsKilledWhileItWaits() {
    needs_root && return
    mkfifo "$tmp/fifo"
    for signal in INT TERM KILL; do
        # A policy that never comes keeps the stage waiting.
        # In the background a shell starts it with SIGINT ignored.
        start env --default-signal=INT chain-detach --name "$name" cg-limit --name "$name" ns-enter -mp priv-lock sys-filter --file "$tmp/fifo" \
            sleep 1000
        await 5 sh -c 'tree=$(ps axo args); case $tree in *"
sys-filter --file $0"*) ;; *) exit 1 ;; esac' "$tmp/fifo" || fail 'it does not wait'
        kill -$signal "$started"
        wait "$started"
        await 5 sh -c '! find /sys/fs/cgroup -maxdepth 4 -path "*/minictr/$0" | grep -q .' "$name" ||
            fail "$signal: it goes on"
        no_group "$name"
    done
    rm "$tmp/fifo"
}

testCallerThatEndsAfterIt() {
    needs_root && return
    setsid sh -c 'chain-detach --name "$0" cg-limit --name "$0" sleep 1000; kill -HUP 0; kill -KILL $$' "$name" \
        >"$tmp/out" 2>/dev/null
    printed "$name"
    attempt ctr-ls "$name"
    ended 0
    ctr-kill "$name"
    await 5 sh -c '! ctr-stat "$0" 2>/dev/null >&2' "$name" || fail 'it is still there'
    no_group "$name"
}

# Standard output is closed when the name has been printed, so that $(...) does not wait for PROG.
testInACommandSubstitution() {
    before=$(date +%s)
    chain=$(chain-detach sleep 1000)
    assertTrue 'it waited' "[ $(($(date +%s) - before)) -lt 10 ]"
    kill "$chain"
    ends "$chain"
}

testNameInUse() {
    needs_root && return
    detach --name "$name" cg-limit --name "$name" sleep 1000
    detach --name "$name" cg-limit --name "$name" sleep 1000
    ended 125
    said_only "^cg-limit: the name $name is in use: "
    ctr-kill "$name"
    await 5 sh -c '! ctr-stat "$0" 2>/dev/null >&2' "$name"
    no_group "$name"
}

testTrace() {
    MINICTR_TRACE=$tmp/trace attempt chain-detach env-set A=1 true
    ended 0
    ends "$(cat "$tmp/out")"
    assertTrue 'traced' "grep -q 'next env-set' '$tmp/trace'"
    MINICTR_TRACE=2 attempt chain-detach true
    ended 125
    said '^chain-detach: the trace of a chain in the background cannot go to standard error$'
}

testEachFailingCall() {
    have_strace || { skip 'no strace' && return; }
    while IFS='|' read -r fault message; do
        attempt strace -f -o /dev/null -e "inject=$fault" "$bin/chain-detach" --log "$log" sleep 1
        ended 125
        printed ''
        said "^chain-detach: cannot $message"
    done <<END
pidfd_open:error=EMFILE|find this process: 
setsid:error=EPERM|begin a session: Operation not permitted
socketpair:error=EMFILE|make a socket: 
dup2:error=EIO|set the standard streams: 
END
}

testWords() {
    attempt chain-detach
    refused 'chain-detach: PROG is missing'
    attempt chain-detach --log '' true
    refused 'chain-detach: --log: the name of the file is empty'
    attempt chain-detach --log "$tmp" true
    refused "chain-detach: cannot open $tmp: Is a directory"
    attempt chain-detach --log "$tmp/none/log" true
    refused "chain-detach: cannot open $tmp/none/log: No such file or directory"
    attempt chain-detach --log a --log b true
    refused 'chain-detach: --log is given twice'
    attempt chain-detach --name a/b true
    refused 'chain-detach: --name: "a/b" is not a name: *'
    attempt chain-detach chain-detach true
    refused 'chain-detach: this chain is in the background already'
    MINICTR_START=77 attempt true
    MINICTR_START=77 attempt chain-detach true
    refused 'chain-detach: the variable MINICTR_START is "77", which is no descriptor of theirs'
}

testLauncher() {
    needs_root && return
    for way in '' --inline; do
        # shellcheck disable=SC2086
        attempt "$bin/minictr" $way --detach --log "$log" --root "$root" sh -c 'echo started; exec sleep 1000'
        ended 0
        box=$(cat "$tmp/out")
        assertTrue "its name: $box" "echo $box | grep -qxE '[0-9a-f]{8}'"
        attempt ctr-exec "$box" cat /proc/1/comm
        printed pid-init
        assertEquals started "$(cat "$log")"
        rm "$log"
        ctr-kill "$box"
        await 5 sh -c '! ctr-stat "$0" 2>/dev/null >&2' "$box"
        no_group "$box"
    done
    attempt minictr --detach --name "$name" --root "$root" --cwd /nowhere true
    ended 125
    said_only '^cwd-set: cannot change to the directory /nowhere: No such file or directory$'
    no_group "$name"
    # The printed line does the same.
    attempt minictr --print --detach --name "$name" --root "$root" sleep 1000
    cp "$tmp/out" "$tmp/chain"
    attempt sh "$tmp/chain"
    printed "$name"
    ctr-kill "$name"
    await 5 sh -c '! ctr-stat "$0" 2>/dev/null >&2' "$name"
    no_group "$name"
    attempt minictr --log "$log" true
    refused 'minictr: --log: only with --detach'
    for option in --tty --time '--break PROG' '--break-after cg-limit'; do
        # shellcheck disable=SC2086
        attempt minictr --detach $option true
        refused "minictr: --detach and ${option%% *}: only one of them"
    done
}

. shunit2
