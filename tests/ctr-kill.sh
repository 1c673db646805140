# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# ctr-kill.sh: signals to a container, and its end.

. "$(dirname "$0")/ctr.lib.sh"

testTheSignalReachesProg() {
    for words in "$name" "$name TERM" "$name SIGTERM" "$name 15" "--signal term $name"; do
        box "$name" sh -c "$catcher"
        await 20 runs "$name" sleep # the traps are set
        # shellcheck disable=SC2086
        ctr-kill $words || fail "$words"
        wait "$started"
        assertEquals "$words" "7 TERM" "$? $(cat "$tmp/out")"
    done
    box "$name" sh -c "$catcher"
    await 20 runs "$name" sleep # the traps are set
    ctr-kill "$name" USR1
    wait "$started"
    assertEquals "7 USR1" "$? $(cat "$tmp/out")"
    no_group "$name"
}

# Who reads the locks of all processes may miss one, when others come and go meanwhile.
testALockThatIsNotSeen() {
    needs_strace && return
    box "$name" sh -c 'trap "echo \$((count += 1))" USR1; echo ready; while :; do sleep 0.01; done'
    await 20 grep -q ready "$tmp/out"
    for when in 1 2 3 4 5 6; do
        attempt strace -o /dev/null -P /proc/locks -e inject=read:retval=0:when=$when ctr-kill "$name" USR1
        ended 0
        await 20 grep -qx $when "$tmp/out" || fail "signal $when did not come"
    done
    stop "$started"
}

number_of() {
    kill -l "$1" 2>/dev/null || case $1 in HUP) echo 1 ;; KILL) echo 9 ;; TERM) echo 15 ;; esac
}

testStatusIsThatOfTheSignal() {
    for signal in TERM KILL HUP; do
        box "$name" sleep 1000
        silently ctr-kill "$name" "$signal"
        wait "$started"
        assertEquals "$signal" "$((128 + $(number_of $signal)))" $?
        no_group "$name"
    done
}

# PROG that is process 1 itself: the kernel drops what it has no handler for.
testProgIsProcessOne() {
    for signal in TERM KILL; do
        start minictr --root "$root" --no-init --name "$name" sleep 1000
        await 20 runs "$name" sleep
        ctr-kill "$name" "$signal"
        wait "$started"
        assertEquals "$signal" "$((128 + $(number_of $signal)))" $?
    done
}

testStopAndContinue() {
    box "$name" sleep 1000
    ctr-kill "$name" STOP
    await 20 grep -q '^State:.T' "/proc/$(main "$name")/status" || fail 'PROG goes on'
    ctr-kill "$name" CONT
    await 20 grep -q '^State:.S' "/proc/$(main "$name")/status" || fail 'PROG does not go on'
    # One that is stopped is ended all the same, its supervisors too.
    for words in "$name KILL" "--timeout 5 $name"; do
        ctr-kill "$name" STOP
        await 20 grep -q '^State:.T' "/proc/$(main "$name")/status"
        # shellcheck disable=SC2086
        ctr-kill $words
        await 20 gone "$name" || fail "$words: it is still there"
        wait "$started"
        [ "$words" != "$name KILL" ] || box "$name" sleep 1000
    done
    # Here it is the supervisor outside that has stopped.
    start cg-limit --name "$name" sleep 1000
    await 20 runs "$name" sleep
    ctr-kill "$name" STOP
    await 20 grep -q '^State:.T' "/proc/$started/status" || fail 'its supervisor goes on'
    ctr-kill "$name" KILL
    await 20 gone "$name" || fail 'it is still there'
    wait "$started"
    assertEquals 137 $?
}

testSignalZero() {
    box "$name" sleep 1000
    silently ctr-kill "$name" 0
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
}

testSignalThatIsAContainerToo() {
    box TERM sleep 1000
    box "$name" sleep 1000
    other=$started
    attempt ctr-kill "$name" TERM
    refused 'ctr-kill: TERM is a signal, and the name of a container'
    assertEquals 'ctr-kill: hint: put "--signal TERM" or "--signal TERM" before the names' "$hint"
    silently ctr-kill --signal HUP "$name" TERM
    wait "$other"
    assertEquals 129 $?
    wait || :
}

testSeveralNamesAreAllKnownFirst() {
    box "$name" sleep 1000
    attempt ctr-kill "$name" "$name-none" "$name"
    refused "ctr-kill: there is no container $name-none"
    sleep 0.1
    kill -0 "$started" || fail 'the first one was ended'
    stop "$started"
}

# Each process once; by a supervisor PROG would get it three times.
testAll() {
    echo 'trap "echo \$1" USR1; echo ready >&2; while :; do sleep 0.02; done' >"$tmp/loop"
    box "$name" sh -c "{ $(cat "$tmp/loop") } & set -- first; $(cat "$tmp/loop")" sh second
    await 20 both_are_ready || fail "$(cat "$tmp/err")"
    ctr-kill --all --signal USR1 "$name"
    await 20 both_said_so || fail "$(cat "$tmp/out")"
    sleep 0.2
    assertEquals 'each once' 'first second' "$(sort "$tmp/out" | paste -sd ' ')"
    ctr-kill --all "$name" KILL
    wait "$started"
    assertEquals 137 $?
    no_group "$name"
}

both_are_ready() {
    [ "$(grep -c ready "$tmp/err")" = 2 ]
}

both_said_so() {
    [ "$(grep -c . "$tmp/out")" -ge 2 ]
}

testTimeout() {
    box "$name" sh -c "$catcher"
    await 20 runs "$name" sleep # the traps are set
    silently ctr-kill --timeout 20 "$name"
    gone "$name" || fail 'it did not wait for the end'
    wait "$started"
    assertEquals 'PROG had its time' 7 $?
    box "$name" sh -c 'trap "" TERM; sleep 1000 & while :; do (:); done'
    await 20 runs "$name" sleep # the traps are set
    before=$(date +%s%N)
    silently ctr-kill --timeout 1 "$name"
    took=$((($(date +%s%N) - before) / 1000000))
    assertTrue "it took $took ms" "[ $took -ge 1000 ]"
    gone "$name" || fail 'it is still there'
    wait "$started"
    assertEquals 137 $?
    no_group "$name"
    assertEquals '' "$(left_processes)"
}

testKillOfAPausedOne() {
    for words in "$name KILL" "--all $name KILL" "--timeout 0 $name" "--timeout 1 $name" "--all --timeout 1 $name"; do
        box "$name" sh -c 'trap "" TERM; sleep 1000 & while :; do sleep 0.02; done'
        await 20 runs "$name" sleep # the traps are set
        ctr-pause "$name"
        is_paused "$name" || fail 'it is not frozen'
        # shellcheck disable=SC2086
        ctr-kill $words || fail "$words"
        await 20 gone "$name" || fail "$words: it is still there"
        wait "$started"
        assertEquals "$words" 137 $?
        no_group "$name"
    done
    assertEquals '' "$(left_processes)"
}

testNameOfNoContainer() {
    unknown_is_refused ctr-kill
}

testWords() {
    attempt ctr-kill a --all
    refused 'ctr-kill: NAME: "--all" is not a name*'
    assertEquals 'ctr-kill: hint: options stand before the names' "$hint"
    attempt ctr-kill --signal NONSENSE "$name"
    refused 'ctr-kill: --signal: "NONSENSE" is no signal: a name as TERM, or a number'
    attempt ctr-kill "$name" SIGTREM
    refused 'ctr-kill: SIGNAL: "SIGTREM" is no signal: a name as TERM, or a number'
    attempt ctr-kill --signal TERMX "$name"
    refused 'ctr-kill: --signal: "TERMX" is no signal: a name as TERM, or a number'
    assertEquals 'ctr-kill: hint: did you mean TERM?' "$hint"
    attempt ctr-kill --signal 65 "$name"
    refused 'ctr-kill: --signal: 65 is too large: at most 64'
    attempt ctr-kill --timeout 1s "$name"
    refused 'ctr-kill: --timeout: "1s" is not a number*'
}

testDeadContainer() {
    dead_is_refused ctr-kill
}

testTakesNoLock() {
    needs_strace && return
    box "$name" sleep 1000
    takes_no_lock ctr-kill "$name" URG
    stop "$started"
}

testWithoutRoot() {
    needs_root && return
    box "$name" sleep 1000
    as_nobody ctr-kill "$name"
    refused "ctr-kill: cannot send signal 15 to process $started, the supervisor of $name: Operation not permitted"
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
}

testCallsThatFail() {
    needs_strace && return
    box "$name" sleep 1000
    faulty pidfd_open:error=EPERM "ctr-kill: cannot open process $started, the supervisor of $name: Operation not permitted" ctr-kill "$name"
    faulty pidfd_send_signal:error=EPERM "ctr-kill: cannot send signal 15 to process $started, the supervisor of $name: Operation not permitted" ctr-kill "$name"
    faulty pidfd_send_signal:error=EPERM "ctr-kill: cannot send signal 9 to process [0-9]* of $name: Operation not permitted" ctr-kill "$name" KILL
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
}

testAnyCallThatFails() {
    cannot_inject && return
    box "$name" sleep 1000
    any_call_may_fail ctr-kill "$name" URG
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
    no_group "$name"
}

. shunit2
