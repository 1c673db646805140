# shellcheck shell=sh
# signals.sh: every process of the chain, killed at every step. The stage "hold" stands between two
# others and waits, so that the chain can be met at each boundary.

. "$(dirname "$0")/lib.sh"

setUp() {
    [ -e "$tmp/bin" ] && return
    cp -r "$bin" "$tmp/bin"
    cp "$helpers/hold" "$tmp/bin/hold"
}

# Prints the default chain with "hold" after its first $1 stages.
chain_with_hold() {
    "$bin/minictr" --print --root "$root" sleep 100 | sed -e 's/ \\$//' -e "s|^$bin/||" |
        sed -e "$1a hold" | tr '\n' ' '
}

comm() {
    comm=gone
    { read -r comm <"/proc/$1/comm"; } 2>/dev/null
    [ "$comm" = "$2" ]
}

is_held() {
    for process in $(tree "$1"); do
        comm "$process" hold && return
    done
    return 1
}

no_left_groups() {
    [ -z "$(left_groups)" ]
}

# Starts the chain, held after $1 stages; leaves $outermost and $processes.
start_held() {
    # A shell starts its background jobs with SIGINT ignored; a person's do not.
    # shellcheck disable=SC2046
    env --default-signal=INT,QUIT "$tmp/bin"/$(chain_with_hold "$1") >"$tmp/out" 2>"$tmp/err" &
    outermost=$!
    await 20 is_held "$outermost" || fail "held after $1: $(cat "$tmp/err")"
    processes=$(tree "$outermost")
}

# kill_each SIGNAL STATUS: at every boundary, the signal to each process of the chain in turn.
kill_each() {
    for boundary in 1 2 3 4 5 6 7 8; do
        victims=1 victim=0
        while [ $victim -lt $victims ]; do
            victim=$((victim + 1))
            start_held "$boundary"
            # shellcheck disable=SC2086
            set -- "$1" "$2" $processes
            victims=$(($# - 2))
            pid=$(eval "echo \${$((victim + 2))}")
            protected=
            grep -q '^NSpid:.*[^0-9]1$' "/proc/$pid/status" && comm "$pid" hold && protected=yes
            kill "-$1" "$pid"
            if [ "$protected" ] && [ "$1" != KILL ]; then
                # The kernel protects process 1 from all but SIGKILL, so this one must live on.
                sleep 0.05
                is_gone "$pid" && fail "$1 to process 1 after $boundary stages"
                kill -KILL "$pid"
                expected=137
            else
                expected=$2
            fi
            await 20 all_gone "$processes" ||
                fail "$1 to process $victim of $victims after $boundary stages: still there"
            status=0
            wait "$outermost" 2>/dev/null || status=$?
            assertEquals "$1 to process $victim of $victims after $boundary stages" \
                "$expected" "$status"
            if [ "$1:$victim" = KILL:1 ] && [ "$boundary" -gt 1 ]; then
                cg-limit true
            fi
            # A container that somebody else is starting or ending may look like one left.
            await 3 no_left_groups ||
                fail "$1 to process $victim of $victims after $boundary stages: $(left_groups)"
        done
    done
}

testKillOfEveryProcessAtEveryStep() {
    kill_each KILL 137
}

testTermOfEveryProcessAtEveryStep() {
    kill_each TERM 143
}

testIntOfEveryProcessAtEveryStep() {
    kill_each INT 130
}

# Before that dash, which traps signals here, would lose one in the child.
has_executed() {
    read -r own <"/proc/$$/comm"
    comm=$own
    { read -r comm <"/proc/$1/comm"; } 2>/dev/null
    [ "$comm" != "$own" ]
}

# As a person does who changes his mind: at a random moment of the start.
testTermWhileStarting() {
    for delay in 0 0.001 0.002 0.003 0.003 0.004 0.004 0.004 0.005 0.005 0.006 0.006 0.007 0.008 \
        0.009 0.01 0.012 0.015 0.02; do
        minictr --root "$root" sleep 100 2>"$tmp/err" &
        outermost=$!
        await 20 has_executed $outermost
        sleep $delay
        kill -TERM $outermost
        await 20 is_gone $outermost || { fail "TERM after $delay s is lost" || kill -KILL $outermost; }
        status=0
        wait $outermost 2>/dev/null || status=$?
        assertEquals "TERM after $delay s: $(cat "$tmp/err")" 143 $status
    done
    assertEquals "" "$(left_groups)"
}

# Process 1 takes no signal that it does not handle, and what it does is found out from outside: a stage may be waiting
# for a page of its program at that moment, which is in no call of the kernel.
testSignalsWhileProcess1WaitsForAPage() {
    for number in 1 10 15; do
        : >"$tmp/out" # which has the word of the last one
        ns-enter -p fault >"$tmp/out" 2>"$tmp/err" &
        outermost=$!
        await 20 grep -q ready "$tmp/out" || fail "$(cat "$tmp/err")"
        kill -$number $outermost
        await 20 is_gone $outermost || { fail "signal $number is lost" || kill -KILL $outermost; }
        status=0
        wait $outermost || status=$?
        assertEquals $((128 + number)) $status
    done
}

# The second comes when pid-init has been woken by the first, and waits for a processor: it does not look as if it
# waited for signals then.
testTwoSignalsOnABusyProcessor() {
    taskset -c 0 sh -c 'while :; do :; done' &
    hog=$!
    for _ in $(seq 10); do
        : >"$tmp/out" # which has the word of the last one
        "$bin/minictr" --root "$root" probe catch 10 12 >"$tmp/out" 2>"$tmp/err" &
        outermost=$!
        await 20 grep -q ready "$tmp/out" || fail "$(cat "$tmp/err")"
        for process in $(tree "$outermost"); do
            is_named "$process" pid-init || continue
            taskset -p -c 0 "$process" >/dev/null
            renice -n 19 -p "$process" >/dev/null
        done
        kill -10 "$outermost"
        kill -12 "$outermost"
        status=0
        wait "$outermost" || status=$?
        assertEquals 0 "$status"
    done
    kill "$hog"
    wait "$hog" 2>/dev/null || :
}

# Process 1 is not ended by what nobody is ended by.
testSignalsThatAreIgnoredByDefault() {
    for signal in WINCH URG CHLD; do
        start ns-enter -p sleep 1000
        await 20 eval 'is_named "$(child_of "$started")" sleep'
        kill -s $signal "$started"
        sleep 0.3
        kill "$started"
        wait "$started"
        assertEquals "$signal" 143 $?
    done
}

testSignalsReachTheProgram() {
    env --default-signal=INT,QUIT minictr --root "$root" probe catch 1 2 3 10 12 14 15 28 \
        >"$tmp/out" 2>"$tmp/err" &
    outermost=$!
    await 20 grep -q ready "$tmp/out" || fail "$(cat "$tmp/err")"
    for signal in 1 2 3 10 12 14 15 28; do
        kill -$signal $outermost
        await 20 grep -qx "caught $signal" "$tmp/out" || fail "$signal did not arrive"
    done
    wait $outermost
    assertEquals 0 $?
}

testProgramCannotSignalTheCallersGroup() {
    # The shell leads a group of its own; were "kill 0" to reach it, it could not print.
    attempt setsid sh -c 'minictr --root "$0" sh -c "kill -TERM 0"; echo alive' "$root"
    ended 0
    printed alive
}

is_stopped() {
    grep -q '^State:.T' "/proc/$1/status"
}

# Without job control a script, its container and what else it runs share one process group: a stop
# for the container must not stop them all.
testStopByHandStopsOnlyTheContainer() {
    # shellcheck disable=SC2016
    setsid sh -c 'minictr --root "$0" sh -c "while :; do echo on; sleep 0.05; done" >"$1/out" &
        echo $! >"$1/pid"; wait $!; echo $? >"$1/status"' "$root" "$tmp" &
    script=$!
    await 20 grep -q on "$tmp/out"
    outermost=$(cat "$tmp/pid")
    kill -TSTP "$outermost"
    await 20 is_stopped "$outermost" || fail "the supervisor goes on"
    sleep 0.1
    assertFalse "the script is stopped" "is_stopped $script"
    : >"$tmp/out"
    sleep 0.2
    assertEquals "the program goes on" "" "$(tr -d '\0' <"$tmp/out")"
    kill -CONT "$script" "$outermost"
    await 20 grep -qa on "$tmp/out" || fail "the program was not continued"
    kill -TERM "$outermost"
    await 20 is_gone "$script" || kill -KILL "$script" "$outermost"
    wait "$script"
    assertEquals 143 "$(cat "$tmp/status")"
}

testStoppedChildStopsTheSupervisor() {
    cg-limit sh -c 'kill -STOP $$; echo continued' >"$tmp/out" &
    supervisor=$!
    await 20 grep -q '^State:.T' "/proc/$supervisor/status" || fail "not stopped"
    kill -CONT $supervisor
    wait $supervisor
    assertEquals 0 $?
    assertEquals continued "$(cat "$tmp/out")"
}

. shunit2
