# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# ctr-resume.sh: letting the processes of a container go on that ctr-pause has halted.

. "$(dirname "$0")/ctr.lib.sh"

testPauseAndResume() {
    box "$name" sh -c "sh -c '$counter' & $counter"
    await 20 [ -s "$tmp/out" ]
    ctr-pause "$name"
    ! advances || fail 'it is not paused'
    silently ctr-resume "$name"
    await 2 advances || fail 'it does not go on'
    needs_jq || assertEquals running "$(ls_of '.[0].state' "$name")"
    silently ctr-resume "$name"
    [ "$version" = 2 ] || assertFalse 'its group in the freezer is left' "[ -e '$freezer/minictr/$name' ]"
    [ "$version" = 2 ] || await 2 freezer_is_needed || fail "$freezer/minictr is left"
    for member in $(members "$name"); do
        [ "$version" = 2 ] || assertEquals "$(grep freezer /proc/$$/cgroup)" "$(grep freezer "/proc/$member/cgroup")"
    done
    ctr-kill --all "$name" KILL
    wait "$started"
    assertEquals 137 $?
    no_group "$name"
}

# Somebody else may have one that is paused.
freezer_is_needed() {
    [ ! -d "$freezer/minictr" ] || [ -n "$(find "$freezer/minictr" -mindepth 1 -type d)" ]
}

testSignalsWaitUntilItGoesOn() {
    box "$name" sh -c "$catcher"
    await 20 runs "$name" sleep # the traps are set
    ctr-pause "$name"
    kill "$started"
    sleep 0.2
    kill -0 "$started" || fail 'its supervisor has not waited'
    is_paused "$name" || fail 'it is thawed'
    ctr-resume "$name"
    wait "$started"
    assertEquals '7 TERM' "$? $(cat "$tmp/out")"
    no_group "$name"
}

testNameOfNoContainer() {
    unknown_is_refused ctr-resume
}

testDeadContainer() {
    dead_is_refused ctr-resume
}

testCallsThatFail() {
    needs_strace && return
    box "$name" sleep 1000
    ctr-pause "$name"
    case $version in
    1) what=$freezer/minictr/$name ;;
    2) what=cgroup.freeze ;;
    esac
    faulty write:error=EPERM:when=1 "ctr-resume: cannot thaw the container $name: $what: Operation not permitted" ctr-resume "$name"
    ctr-resume "$name"
    ! is_paused "$name" || fail 'it is frozen'
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
}

testAnyCallThatFails() {
    cannot_inject && return
    box "$name" sleep 1000
    ctr-pause "$name"
    any_call_may_fail ctr-resume "$name"
    ctr-resume "$name"
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
    no_group "$name"
}

. shunit2
