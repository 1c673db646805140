# shellcheck shell=sh disable=SC1091,SC2016,SC2034,SC2154
# ctr.lib.sh: what the test files of the programs have in common that look after running containers. Source it
# first, in place of lib.sh.
#
#   $name                  of the test's own container; others may have it and an ending: $name-b
#   $memory, $pids         where these controllers have the groups of the containers: $pids/minictr/NAME
#   $version, $freezer     that of the control groups; where the freezer is mounted (1)
#   box NAME COMMAND...    starts a container, waits until it runs, and leaves $started
#   stop PID               ends it by its supervisor, and leaves $status
#   members NAME           prints its processes
#   main NAME              prints the process of a PROG that has started none
#   runs NAME COMM         says whether a process of it has this name
#   gone NAME              says whether it is gone; no_group NAME asserts that it has left nothing
#   is_paused NAME         says whether it is frozen
#   $catcher               a shell script that says which signal it got, and ends with 7
#   $counter, advances     one that counts, into $tmp/out; says whether it goes on
#   ls_of FILTER NAME...   prints what jq(1) finds in the list
#   needs_jq, needs_strace skips the test without these: needs_jq && return
#   silently COMMAND       asserts that it ends with 0 and says nothing; leaves the output of a container
#   faulty FAULT PATTERN COMMAND
#                          asserts that with the fault (inject) the command ends so (refused)
#
# What holds for each of the programs, as tests of its file:
#   unknown_is_refused PROGRAM, dead_is_refused PROGRAM, takes_no_lock COMMAND, any_call_may_fail COMMAND
#   (cannot_inject && return)

. "$(dirname "$0")/lib.sh"

delegated=$(delegated_group)
memory=$(hierarchy memory)$delegated pids=$(hierarchy pids)$delegated
if [ -e "$memory/cgroup.controllers" ]; then
    version=2 state=$pids/minictr/%s/cgroup.events frozen='frozen 1'
else
    version=1 freezer=$(hierarchy freezer)$delegated
    state=$freezer/minictr/%s/freezer.state frozen=FROZEN
fi
name=t$$

catcher='for s in HUP USR1 TERM; do trap "echo $s; exit 7" $s; done; while :; do sleep 0.02; done'
counter='i=0; while :; do i=$((i + 1)); echo $i; done'

box() {
    boxed=$1
    shift
    start minictr --root "$root" --name "$boxed" "$@"
    await 20 runs "$boxed" "${1##*/}" || fail "$boxed did not start: $(cat "$tmp/err")"
}

stop() {
    kill "$1" 2>/dev/null
    wait "$1"
    status=$?
}

members() {
    sort -n "$pids/minictr/$1/cgroup.procs" 2>/dev/null
}

main() {
    members "$1" | tail -n 1
}

runs() {
    {
        while read -r member; do
            is_named "$member" "$2" && return 0
        done <"$pids/minictr/$1/cgroup.procs"
    } 2>/dev/null
    return 1
}

gone() {
    [ ! -e "$pids/minictr/$1" ]
}

no_group() {
    left=$(find /sys/fs/cgroup -maxdepth 6 -path "*/minictr/$1" 2>/dev/null)
    assertEquals 'groups left' '' "$left"
}

# shellcheck disable=SC2059
is_paused() {
    grep -qx "$frozen" "$(printf "$state" "$1")" 2>/dev/null
}

ls_of() {
    filter=$1
    shift
    ctr-ls --json "$@" | jq -cr "$filter"
}

needs_jq() {
    command -v jq >/dev/null && return 1
    skip 'jq is not installed'
}

advances() {
    was=$(wc -c <"$tmp/out")
    sleep 0.2
    [ "$(wc -c <"$tmp/out")" != "$was" ]
}

needs_strace() {
    have_strace && return 1
    skip 'no strace'
}

silently() {
    said=$("$@" 2>&1)
    assertEquals "$* says $said" 0 $?
    assertEquals '' "$said"
}

faulty() {
    fault=$1 pattern=$2
    shift 2
    inject "$fault" "$@"
    refused "$pattern"
}

unknown_is_refused() {
    attempt "$1" "$name-none"
    refused "$1: there is no container $name-none"
    box "$name-spelt" sleep 1000
    attempt "$1" "$name-splt"
    refused "$1: there is no container $name-splt"
    assertEquals "$1: hint: did you mean $name-spelt?" "$hint"
    stop "$started"
}

# leave_dead: a container whose supervisor was killed.
leave_dead() {
    rm -f "$tmp/left"
    start cg-limit --name "$name" sh -c 'sleep 1000 & echo $! >"$0"; wait' "$tmp/left"
    await 20 [ -s "$tmp/left" ]
    await 20 runs "$name" sleep
    kill -KILL "$started"
    wait "$started"
}

dead_is_refused() {
    leave_dead
    attempt "$1" "$name"
    # Another start may have swept it.
    gone "$name" || refused "$1: the container $name is dead: its supervisor was killed"
    # The next start sweeps it, unless another is just at it.
    await 20 eval 'cg-limit true && gone "$name"'
    no_group "$name"
}

# A container that is being made is not disturbed: no lock is taken, and none is waited for.
takes_no_lock() {
    attempt strace -f -o "$tmp/trace" "$@"
    ended 0
    assertEquals "$*" '' "$(grep -E 'flock|F_SETLK' "$tmp/trace")"
}

# Whichever call fails, at whichever time: either the program has done what it was to do, or it says that it
# has not. With a container of that name; it can be undone, and is.
any_call_may_fail() {
    strace -o "$tmp/trace" "$@" >/dev/null
    for call in openat read pidfd_open pidfd_send_signal mkdirat unlinkat write fstat statfs; do
        number=$(grep -c "^$call(" "$tmp/trace")
        for when in $(seq "$number"); do
            # For one that says that it is done, all of them count.
            [ "$1" = ctr-pause ] || [ "$when" -le 12 ] || [ $((when % 7)) = 0 ] || continue
            inject "$call:error=EIO:when=$when" "$@"
            case $status in
            0) [ "$1" != ctr-pause ] || is_paused "$name" || fail "$*: $call $when: not paused" ;;
            125) said_only "^$1: " ;;
            *) fail "$*: $call $when: $status $(cat "$tmp/err")" ;;
            esac
            case $1 in
            ctr-pause) ctr-resume "$name" ;;
            ctr-resume) ctr-pause "$name" ;;
            esac || fail "$*: $call $when: cannot be undone"
        done
    done
}

cannot_inject() {
    needs_strace && return
    case ${CI:-}$bin in
    vm*) skip 'emulated, it takes too long' ;;
    */asan/*) skip 'the sanitizers make calls of their own' ;;
    *) return 1 ;;
    esac
}

tearDown() {
    # What a test has left since it failed.
    for group in "$pids/minictr/$name"*; do
        [ -d "$group" ] || continue
        ctr-resume "${group##*/}" 2>/dev/null
        ctr-kill --timeout 1 "${group##*/}" 2>/dev/null
    done
    wait || :
}
