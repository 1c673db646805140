# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# cg-join.sh: a program in the control group of a container that runs.

. "$(dirname "$0")/ctr.lib.sh"

# limited OPTION...: a container that is a control group alone, with these limits.
limited() {
    start cg-limit --name "$name" "$@" sleep 1000
    box_started=$started
    await 20 runs "$name" sleep || fail "it did not start: $(cat "$tmp/err")"
}

testProgIsInAllItsGroups() {
    for options in '' '--memory 64M --pids 50' '--memory 64M --cpu 1.5'; do
        # shellcheck disable=SC2086
        limited $options
        attempt cg-join "$name" cat /proc/self/cgroup
        ended 0
        assertEquals "$options" '' "$(diff "/proc/$(main "$name")/cgroup" "$tmp/out")"
        assertContains "$(cat "$tmp/out")" "/minictr/$name"
        stop "$box_started"
        no_group "$name"
    done
}

testInAContainer() {
    box "$name" sleep 1000
    box_started=$started
    attempt cg-join "$name" cat /proc/self/cgroup
    ended 0
    assertEquals '' "$(diff "/proc/$(main "$name")/cgroup" "$tmp/out")"
    stop "$box_started"
}

# The processes of both count together.
testTheLimitsHold() {
    limited --pids 5 --memory 32M
    there=$(members "$name" | wc -l)
    attempt cg-join "$name" probe forks 10
    ended 0
    printed "forked $((5 - there - 1))"
    attempt cg-join "$name" tail /dev/zero
    ended 137
    assertFalse 'the container lives' "is_gone $box_started"
    stop "$box_started"
}

testProgStaysTheProcessItIs() {
    limited
    attempt sh -c 'echo $$; exec cg-join "$0" sh -c "echo \$\$"' "$name"
    ended 0
    assertEquals "$(cat "$tmp/out")" 1 "$(sort -u "$tmp/out" | wc -l)"
    attempt hostile fds 3 fd-close cg-join "$name" probe fds
    printed '0 1 2 '
    attempt cg-join "$name" probe env
    assertNull "$(grep -a '^MINICTR_' "$tmp/out" | grep -v ^MINICTR_TEST)"
    attempt env --ignore-signal=USR1 --block-signal=USR2 cg-join "$name" probe signals
    printed "$(printf '%s\n' 'blocked 12' 'ignored 10')"
    for kind in mnt uts ipc net pid cgroup user; do
        attempt cg-join "$name" readlink /proc/self/ns/$kind
        printed "$(readlink /proc/self/ns/$kind)"
    done
    stop "$box_started"
}

testStatus() {
    limited
    for number in 0 1 77 125 126 127 255; do
        attempt cg-join "$name" probe exit "$number"
        ended "$number"
    done
    attempt cg-join "$name" no-such-program
    ended 127
    said_only '^cg-join: cannot find no-such-program in PATH'
    attempt cg-join "$name" /etc/passwd
    ended 126
    said_only '^cg-join: cannot execute /etc/passwd: it has no execute permission'
    stop "$box_started"
}

testTheContainerIsAsBefore() {
    limited
    members "$name" >"$tmp/before"
    attempt cg-join "$name" sh -c 'sleep 0.01 & sleep 0.01; wait'
    ended 0
    assertEquals '' "$(members "$name" | diff "$tmp/before" -)"
    stop "$box_started"
    assertEquals 143 "$status"
    no_group "$name"
}

testItEndsWithTheContainer() {
    limited
    start cg-join "$name" sleep 1001
    joined=$started
    await 20 sh -c 'grep -qx "$0" "$1"' "$joined" "$pids/minictr/$name/cgroup.procs"
    stop "$box_started"
    assertEquals 143 "$status"
    wait "$joined"
    assertEquals 137 $?
    no_group "$name"
    # Killed, it leaves both to the next one.
    limited
    start cg-join "$name" sleep 1001
    joined=$started
    await 20 sh -c 'grep -qx "$0" "$1"' "$joined" "$pids/minictr/$name/cgroup.procs"
    kill -KILL "$box_started"
    wait "$box_started"
    cg-limit true
    wait "$joined"
    assertEquals 137 $?
    no_group "$name"
}

# What has joined may join another, and the same again. Containers are looked for below the own group then.
testTwice() {
    limited
    first=$box_started
    start cg-limit --name "$name-b" sleep 1000
    second=$started
    await 20 runs "$name-b" sleep
    attempt cg-join "$name" cg-join --parent "${delegated:-/}" "$name-b" cg-join --parent "${delegated:-/}" "$name-b" cat /proc/self/cgroup
    ended 0
    assertEquals '' "$(diff "/proc/$(main "$name-b")/cgroup" "$tmp/out")"
    stop "$first"
    stop "$second"
}

testUnknownIsRefused() {
    attempt cg-join "$name-none" echo reached
    refused "cg-join: there is no container $name-none"
    limited
    attempt cg-join "${name%?}" echo reached
    refused "cg-join: there is no container ${name%?}"
    assertEquals "cg-join: hint: did you mean $name?" "$hint"
    stop "$box_started"
}

testDeadIsRefused() {
    leave_dead
    attempt cg-join "$name" echo reached
    # Another start may have swept it, or be at it: it has the lock then, and kills who joins.
    gone "$name" || [ "$status" = 137 ] || refused "cg-join: the container $name is dead: its supervisor was killed"
    cg-limit true
    no_group "$name"
}

testBadWords() {
    attempt cg-join
    refused 'cg-join: NAME is missing'
    attempt cg-join ''
    refused 'cg-join: NAME is empty'
    attempt cg-join a/b echo reached
    refused 'cg-join: NAME: "a/b" is not a name: *'
    attempt cg-join ../minictr echo reached
    refused 'cg-join: NAME: "../minictr" is not a name: *'
    attempt cg-join "$(printf '%065d' 0)" echo reached
    refused 'cg-join: NAME: the name is 65 bytes long: at most 64'
    attempt cg-join -- --parent echo reached
    refused 'cg-join: NAME: "--parent" is not a name: *'
    assertEquals 'cg-join: hint: options stand before the names' "$hint"
    attempt cg-join "$name"
    refused 'cg-join: PROG is missing'
    attempt cg-join "$name" ''
    refused 'cg-join: PROG is empty'
    attempt cg-join --name "$name" echo reached
    refused 'cg-join: unknown option --name'
    attempt cg-join --parent
    refused 'cg-join: --parent needs its argument GROUP'
    attempt cg-join --parent '' "$name" echo reached
    refused 'cg-join: --parent: the path is empty'
    attempt cg-join --parent ../x "$name" echo reached
    refused 'cg-join: --parent: "../x" has ".." in it'
    attempt cg-join --parent /x --parent /x "$name" echo reached
    refused 'cg-join: --parent is given twice'
    attempt cg-join --parent "/$name-none" "$name" echo reached
    refused "cg-join: there is no control group /$name-none in any hierarchy"
}

testOfAnotherParent() {
    for place in "$memory" "$pids"; do
        mkdir -p "$place/$name-parent"
    done
    start cg-limit --parent "$delegated/$name-parent" --name "$name" sleep 1000
    await 20 ctr-ls --parent "$delegated/$name-parent" "$name" >"$tmp/found" 2>&1 || fail "$(cat "$tmp/found")"
    attempt cg-join "$name" echo reached
    refused "cg-join: there is no container $name"
    attempt cg-join --parent "$delegated/$name-parent" "$name" cat /proc/self/cgroup
    ended 0
    assertContains "$(cat "$tmp/out")" "/$name-parent/minictr/$name"
    stop "$started"
    for place in "$memory" "$pids"; do
        [ ! -d "$place/$name-parent" ] || rmdir "$place/$name-parent"
    done
}

# On v2 it halts as the others do; a freezer of v1 knows nothing of it.
testOneThatIsPaused() {
    limited
    silently ctr-pause "$name"
    start cg-join "$name" echo reached
    if [ "$version" = 2 ]; then
        sleep 0.3
        printed ''
        assertFalse 'it waits' "is_gone $started"
        silently ctr-resume "$name"
    fi
    wait "$started"
    assertEquals 0 $?
    printed reached
    ctr-resume "$name"
    stop "$box_started"
}

# A group of v2 whose groups below have controllers takes no process: then PROG is beside the first.
testGroupsBelowHaveControllers() {
    [ "$version" = 2 ] || { skip 'v1' && return; }
    start cg-limit --name "$name" --pids 50 sh -c 'mkdir "$0/below" "$0/below/it" "$0/other" && echo $$ >"$0/below/it/cgroup.procs" &&
        echo +pids >"$0/cgroup.subtree_control"; exec sleep 1000' "$pids/minictr/$name"
    await 20 grep -q pids "$pids/minictr/$name/cgroup.subtree_control"
    attempt cg-join "$name" cat /proc/self/cgroup
    ended 0
    assertTrue "it is in $(cat "$tmp/out")" "grep -q '/minictr/$name/below/it$' '$tmp/out'"
    stop "$started"
    no_group "$name"
}

testWithoutRoot() {
    needs_root && return
    limited
    as_nobody cg-join "$name" echo reached
    refused "cg-join: cannot enter the control group */minictr/$name: Permission denied"
    assertEquals 'cg-join: hint: this user is not root: run it with sudo' "$hint"
    stop "$box_started"
}

testInARootWithoutControlGroups() {
    box "$name" sleep 1000
    box_started=$started
    attempt ns-enter -m root-setup "$root" mnt-proc /proc cg-join "$name" echo reached
    refused 'cg-join: no cgroup file system is mounted'
    stop "$box_started"
}

testTakesNoLock() {
    needs_strace && return
    limited
    takes_no_lock cg-join "$name" true
    stop "$box_started"
}

testKernelRefuses() {
    needs_strace && return
    limited
    faulty write:error=ENOSPC:when=1 "cg-join: cannot enter the control group */minictr/$name: No space left on device" \
        cg-join "$name" echo reached
    # The container has ended meanwhile.
    faulty write:error=ENODEV:when=1 "cg-join: cannot enter the control group */minictr/$name: *o such device" \
        cg-join "$name" echo reached
    stop "$box_started"
}

testAnyCallThatFails() {
    cannot_inject && return
    limited
    strace -o "$tmp/trace" "$bin/cg-join" "$name" probe exit 0
    sed -i '2,${/^execve.*probe/,$d}' "$tmp/trace"
    assertTrue 'there are calls' "[ -s '$tmp/trace' ]"
    for call in openat read write fstat statfs; do
        number=$(grep -c "^$call(" "$tmp/trace")
        for when in $(seq "$number"); do
            inject "$call:error=EIO:when=$when" "$bin/cg-join" "$name" cat /proc/self/cgroup
            case $status in
            0) [ ! -s "$tmp/err" ] || fail "$call $when: $(cat "$tmp/err")" ;;
            125) said_only '^cg-join: ' ;;
            *) fail "$call $when: $status $(cat "$tmp/err")" ;;
            esac
            [ "$status" = 125 ] || assertEquals "$call $when" '' "$(diff "/proc/$(main "$name")/cgroup" "$tmp/out")"
        done
    done
    stop "$box_started"
}

. shunit2
