# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# ctr-pause.sh: halting all processes of a container.

. "$(dirname "$0")/ctr.lib.sh"

testPause() {
    box "$name" sh -c "sh -c '$counter' & $counter"
    await 20 [ -s "$tmp/out" ]
    silently ctr-pause "$name"
    is_paused "$name" || fail 'the group is not frozen'
    ! advances || fail 'it goes on'
    needs_jq || assertEquals paused "$(ls_of '.[0].state' "$name")"
    silently ctr-pause "$name" # once more does no harm
    is_paused "$name" || fail 'it is not frozen any more'
    ctr-kill --all "$name" KILL
    wait "$started"
    assertEquals 137 $?
    no_group "$name"
}

has_six() {
    [ "$(members "$name" | grep -c .)" = 6 ]
}

testEveryProcessIsFrozen() {
    box "$name" sh -c 'for i in 1 2 3; do sleep 1000 & done; wait'
    await 20 has_six
    ctr-pause "$name"
    for member in $(members "$name"); do
        case $version in
        1) assertTrue "$member" "grep -q 'freezer:/.*minictr/$name\$' '/proc/$member/cgroup'" ;;
        2) assertTrue "$member" "grep -q '/minictr/$name\$' '/proc/$member/cgroup'" ;;
        esac
    done
    assertEquals "$(cat "$tmp/err")" 6 "$(members "$name" | grep -c .)"
    ctr-resume "$name"
    stop "$started"
    assertEquals 143 "$status"
}

# Processes that are started while others are moved are caught, too: each move takes a while here.
testForksDuringThePause() {
    needs_strace && return
    for round in 1 2 3; do
        # Each starts the next one, and ends.
        box "$name" sh -c 'hop() { sleep 0.03; hop & }; for i in 1 2 3 4 5; do hop & done; sleep 1000'
        attempt strace -f -o /dev/null -e inject=write:delay_enter=4000 ctr-pause "$name"
        before=$(members "$name")
        assertEquals "round $round" '0 ' "$status $(cat "$tmp/err")"
        is_paused "$name" || fail "round $round: not frozen"
        sleep 0.1
        assertEquals "round $round" "$before" "$(members "$name")"
        [ "$version" = 2 ] || assertEquals "$before" "$(sort -n "$freezer/minictr/$name/cgroup.procs")"
        ctr-kill --all "$name" KILL
        wait "$started"
    done
    no_group "$name"
}

# The v1 freezer overlooks a process now and then, and is told again.
testPauseAgainAndAgain() {
    case ${CI:-} in vm) rounds=10 ;; *) rounds=300 ;; esac
    box "$name" sh -c 'while :; do sh -c :; done & while :; do (:); done & while :; do sleep 0.01; done'
    for round in $(seq $rounds); do
        timeout 3 ctr-pause "$name" || fail "round $round: it does not freeze"
        ctr-resume "$name" || fail "round $round: it does not go on"
    done
    ctr-kill --all "$name" KILL
    wait "$started"
    no_group "$name"
}

# cg-limit's own cleaning: its supervisor is killed, and the next start finds a group that is frozen.
testKilledSupervisorOfAPausedOne() {
    box "$name" sleep 1000
    ctr-pause "$name"
    kill -KILL "$started"
    wait "$started"
    ! ctr-ls | grep -q "^$name  *running" || fail 'it counts as running'
    cg-limit true
    await 20 gone "$name" || fail 'it is left'
    no_group "$name"
    assertEquals '' "$(left_processes)"
}

# It ends when its group in the freezer has been made.
testPauseOfOneThatHasEnded() {
    [ "$version" = 1 ] || { skip 'v2: each has its freezer' && return; }
    needs_strace && return
    start cg-limit --name "$name" sleep 0.6
    await 20 runs "$name" sleep
    attempt strace -f -o /dev/null -e inject=mkdir,mkdirat:delay_exit=800000:when=2 ctr-pause "$name"
    refused "ctr-pause: the container $name has ended"
    wait "$started"
    no_group "$name"
}

testPauseWhileItEnds() {
    for round in $(seq 40); do
        start cg-limit --name "$name" sh -c "sleep 0.0$((round / 4))"
        for _ in 1 2 3; do
            ctr-pause "$name" 2>/dev/null
            ctr-resume "$name" 2>/dev/null
        done
        await 20 gone "$name" || { ctr-resume "$name"; await 5 gone "$name" || fail "round $round: it is left"; }
        wait "$started"
        assertEquals "round $round" 0 $?
    done
    no_group "$name"
}

# It cannot be frozen: the state is hidden from the program. A process that is in a vfork(2) looks like one
# that no signal interrupts, which is what it looks for.
testWhatDoesNotFreezeIsNamed() {
    needs_strace && return
    start cg-limit --name "$name" stuck
    await 20 runs "$name" stuck
    # shellcheck disable=SC2059
    file=$(printf "$state" "$name")
    attempt strace -f -o /dev/null -P "$file" -e inject=read:retval=0 ctr-pause "$name"
    refused "ctr-pause: the container $name is not frozen after 5 seconds: process [0-9]* (stuck) is in a call of the kernel that nothing interrupts"
    process=${message#*process }
    grep -q stuck "/proc/${process%% *}/comm" || fail "$message"
    is_paused "$name" && fail 'it is still frozen'
    [ "$version" = 2 ] || assertFalse 'its group is left' "[ -e '$freezer/minictr/$name' ]"
    ctr-kill --all "$name" KILL
    wait "$started" || :
}

testAnotherOfThatNameIsFrozenThere() {
    [ "$version" = 1 ] || { skip 'v2: each has its freezer' && return; }
    box "$name" sleep 1000
    mkdir -p "$freezer/minictr/$name"
    sleep 1000 &
    await 20 is_named $! sleep # dash loses a signal to a child that it has not executed yet
    echo $! >"$freezer/minictr/$name/cgroup.procs"
    attempt ctr-pause "$name"
    refused "ctr-pause: cannot make the control group $freezer/minictr/$name: File exists"
    kill $!
    wait $!
    stop "$started"
    rmdir "$freezer/minictr/$name" "$freezer/minictr" 2>/dev/null
}

testNameOfNoContainer() {
    unknown_is_refused ctr-pause
}

testDeadContainer() {
    dead_is_refused ctr-pause
}

testWithoutRoot() {
    needs_root && return
    box "$name" sleep 1000
    as_nobody ctr-pause "$name"
    refused 'ctr-pause: cannot * Permission denied'
    ! is_paused "$name" || fail 'it is frozen'
    stop "$started"
}

testCallsThatFail() {
    needs_strace && return
    box "$name" sleep 1000
    faulty write:error=EPERM:when=1 "ctr-pause: cannot * Operation not permitted" ctr-pause "$name"
    [ "$version" = 2 ] ||
        faulty mkdir,mkdirat:error=ENOSPC "ctr-pause: cannot make the control group $freezer/minictr/$name: No space left on device" ctr-pause "$name"
    ! is_paused "$name" || fail 'it is frozen'
    stop "$started"
}

testAnyCallThatFails() {
    cannot_inject && return
    box "$name" sleep 1000
    any_call_may_fail ctr-pause "$name"
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
    no_group "$name"
}

. shunit2
