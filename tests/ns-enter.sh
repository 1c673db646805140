# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# ns-enter.sh: new namespaces, seen from inside and outside.

. "$(dirname "$0")/lib.sh"

files='/proc/self/ns/mnt /proc/self/ns/uts /proc/self/ns/ipc /proc/self/ns/net
    /proc/self/ns/pid /proc/self/ns/cgroup /proc/self/ns/time'

# changed OPTION...: the kinds of namespaces that PROG has to itself.
changed() {
    # shellcheck disable=SC2086
    attempt ns-enter "$@" readlink $files
    ended 0
    # shellcheck disable=SC2086
    readlink $files | paste -d ' ' - "$tmp/out" |
        awk '$1 != $2 { sub(/:.*/, "", $1); printf "%s%s", space, $1; space = " " }'
}

testMount() {
    assertEquals mnt "$(changed -m)"
    assertEquals mnt "$(changed --mount)"
}

testUts() {
    assertEquals uts "$(changed -u)"
    assertEquals uts "$(changed --uts)"
}

testIpc() {
    assertEquals ipc "$(changed -i)"
    assertEquals ipc "$(changed --ipc)"
}

testNet() {
    assertEquals net "$(changed -n)"
    assertEquals net "$(changed --net)"
}

testPid() {
    assertEquals pid "$(changed -p)"
    assertEquals pid "$(changed --pid)"
}

testCgroup() {
    assertEquals cgroup "$(changed -C)"
    assertEquals cgroup "$(changed --cgroup)"
}

testTime() {
    assertEquals time "$(changed -T)"
    assertEquals time "$(changed --time)"
}

testAllTogether() {
    assertEquals 'mnt uts ipc net pid cgroup time' "$(changed -muinpCT)"
    assertEquals 'mnt uts ipc net cgroup time' "$(changed -muinCT)"
}

testLetterGivenTwice() {
    assertEquals 'uts ipc' "$(changed -u -iu --uts)"
}

testEachStageAddsItsOwn() {
    assertEquals 'mnt uts' "$(changed -m ns-enter -u)"
    assertEquals 'uts pid' "$(changed -p ns-enter -u)"
    # Any number of them.
    set --
    for number in $(seq 60); do
        set -- "$@" ns-enter -u
    done
    attempt "$@" uts-name "last" hostname
    printed last
}

testNoLetterIsRefused() {
    needs_root && return
    attempt ns-enter true
    refused 'ns-enter: no namespace is asked for'
}

testUnknownLetterIsRefused() {
    attempt ns-enter -muX echo reached
    refused 'ns-enter: unknown option -X'
}

testNewNetworkHasOnlyALoopThatIsDown() {
    attempt ns-enter -n sed 1,2d /proc/self/net/dev
    ended 0
    assertEquals 1 "$(wc -l <"$tmp/out")"
    assertTrue "$(cat "$tmp/out")" "grep -q '^ *lo:' '$tmp/out'"
}

testCgroupNamespaceIsRootedAtThePresentGroups() {
    attempt ns-enter -C sed 's/.*://' /proc/self/cgroup
    ended 0
    assertEquals / "$(sort -u "$tmp/out")"
}

# The shell makes a place whose mounts are passed on to other namespaces, as on most machines.
testMountsInsideAreNotSeenOutside() {
    needs_root && return
    mkdir -p "$tmp/shared"
    attempt unshare -m sh -c 'mount -t tmpfs outer "$0" && mount --make-shared "$0" &&
        mkdir "$0/dir" && ns-enter -m mount -t tmpfs inner "$0/dir" && cat /proc/self/mountinfo' \
        "$tmp/shared"
    ended 0
    assertEquals 1 "$(grep -c 'tmpfs outer' "$tmp/out")"
    assertEquals 0 "$(grep -c 'tmpfs inner' "$tmp/out")"
}

testMountsOutsideAreNotSeenInside() {
    needs_root && return
    mkdir -p "$tmp/shared"
    attempt unshare -m sh -c 'mount -t tmpfs outer "$0" && mount --make-rshared "$0" &&
        ns-enter -mp cat /proc/self/mountinfo' "$tmp/shared"
    ended 0
    assertEquals 1 "$(grep -c 'tmpfs outer' "$tmp/out")"
    assertNull "$(grep -E ' (shared|master|propagate_from):[0-9]+ ' "$tmp/out")"
}

testMountsStayAsTheyAreWithoutAMountNamespace() {
    needs_root && return
    attempt unshare -m sh -c 'mount --make-rshared / && ns-enter -u true && cat /proc/self/mountinfo'
    ended 0
    assertTrue "$(cat "$tmp/out")" "grep -q ' / [^ ]* shared:' '$tmp/out'"
}

testProgIsProcess1OfItsPidNamespace() {
    attempt ns-enter -p sh -c 'echo $$'
    ended 0
    printed 1
}

testWithoutPidNoProcessIsAdded() {
    attempt sh -c 'echo $$; exec ns-enter -muinCT sh -c "echo \$\$"'
    ended 0
    assertEquals "$(cat "$tmp/out")" 1 "$(sort -u "$tmp/out" | wc -l)"
}

testKilledSupervisorTakesProgWithIt() {
    start ns-enter -p sleep 1000
    await 20 child_of "$started" >"$tmp/child"
    read -r child <"$tmp/child"
    kill -KILL "$started"
    await 20 is_gone "$child" || fail "process $child is left"
}

# Also one that dies before the child has asked for that.
testSupervisorThatIsKilledVeryEarly() {
    have_strace || { skip 'no strace' && return; }
    needs_root && return
    start strace -f -o "$tmp/trace" -e trace=prctl,clone,clone3,exit_group \
        -e inject=prctl:delay_enter=500000:when=1 ns-enter -mp touch "$tmp/reached"
    await 20 grep -qs PDEATHSIG "$tmp/trace" || fail 'it did not start'
    kill -KILL "$(sed -n 's/ clone.*//p' "$tmp/trace" | head -n 1)"
    wait "$started"
    assertFalse 'PROG ran' "[ -e '$tmp/reached' ]"
}

testSupervisorDiesWithProg() {
    start ns-enter -p sleep 1000
    await 20 child_of "$started" >"$tmp/child"
    kill -KILL "$(cat "$tmp/child")"
    wait "$started"
    assertEquals 137 $?
}

testProgsStatusIsTheStatus() {
    for number in 0 1 77 125 126 127 255; do
        attempt ns-enter -u probe exit "$number"
        ended "$number"
        attempt ns-enter -p probe exit "$number"
        ended "$number"
    done
}

testProgIsMissingOnTheMachine() {
    for letter in -u -p; do
        attempt ns-enter $letter no-such-program
        ended 127
        said_only '^ns-enter: cannot find no-such-program in PATH'
    done
}

testNothingOfTheStagesReachesProg() {
    attempt fd-close ns-enter -mp probe env
    ended 0
    assertNull "$(grep -E '^MINICTR_(NS|STAGES)=' "$tmp/out")"
    attempt fd-close ns-enter -mp probe fds
    printed '0 1 2 '
}

testStatusIsProgsWhenTheCallerIgnoresItsChildren() {
    attempt timeout -s KILL 10 hostile chld-ignored ns-enter -p probe exit 7
    ended 7
}

testProgsSignalsAreTheCallers() {
    attempt env --ignore-signal=USR1 --block-signal=USR2 ns-enter -p probe signals
    printed "$(printf '%s\n' 'blocked 12' 'ignored 10')"
}

testWithoutRoot() {
    needs_root && return
    as_nobody ns-enter -u echo reached
    refused 'ns-enter: cannot make new namespaces (-u): Operation not permitted'
    assertEquals 'ns-enter: hint: this user is not root: give -U as well, for a user namespace of its own, or run it with sudo' "$hint"
    as_nobody ns-enter -mup echo reached
    refused 'ns-enter: cannot start a process in new namespaces (-mup): Operation not permitted'
    assertEquals 'ns-enter: hint: this user is not root: give -U as well, for a user namespace of its own, or run it with sudo' "$hint"
}

testKernelRefusesNamespaces() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    inject unshare:error=EINVAL ns-enter -uT echo reached
    refused 'ns-enter: cannot make new namespaces (-uT): Invalid argument'
    inject clone,clone3:error=ENOSPC ns-enter -mp echo reached
    refused 'ns-enter: cannot start a process in new namespaces (-mp): No space left on device'
}

testKernelRefusesPrivateMounts() {
    have_strace || { skip 'no strace' && return; }
    inject mount:error=EPERM ns-enter -m echo reached
    refused 'ns-enter: cannot make the mounts private: Operation not permitted'
    inject mount:error=EPERM ns-enter -mp echo reached
    refused 'ns-enter: cannot make the mounts private: Operation not permitted'
}

# Without these two PROG could outlive its supervisor.
testKernelRefusesTheTieToTheSupervisor() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    inject pidfd_open:error=EPERM ns-enter -p echo reached
    refused 'ns-enter: cannot start a process in new namespaces (-p): Operation not permitted'
    inject prctl:error=EINVAL ns-enter -p echo reached
    refused 'ns-enter: cannot ask to be killed with the supervisor: Invalid argument'
}

testProcessesAreLimited() {
    needs_root && return
    attempt cg-limit --pids 1 ns-enter -p echo reached
    refused 'ns-enter: cannot start a process in new namespaces (-p): Resource temporarily unavailable'
}

. shunit2
