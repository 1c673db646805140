# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# cg-limit.sh: the control group, its limits, and that it is gone at the end.

. "$(dirname "$0")/lib.sh"

# place CONTROLLER: the directory that the groups are made in.
place() {
    cg-limit cat /proc/self/cgroup | awk -F : -v controller="$1" '
        $2 == "" || $2 == controller { path = $3 } $2 == controller { exit }
        END { sub("/[^/]*$", "", path); print path }'
}

memory=$(hierarchy memory)$(place memory)
pids=$(hierarchy pids)$(place pids)
if [ -e "${memory%/minictr}/cgroup.controllers" ]; then
    version=2 memory_file=memory.max swap_file=memory.swap.max
else
    version=1 memory_file=memory.limit_in_bytes swap_file=memory.memsw.limit_in_bytes
fi
name=test-$$

no_group() {
    assertEquals 'group left' '' "$(find "$memory/$1" "$pids/$1" -maxdepth 0 2>/dev/null)"
}

is_needed() {
    [ ! -d "$1" ] || [ -n "$(find "$1" -mindepth 1 -type d)" ]
}

# Asserts that the directory minictr is gone when no group is in it. Somebody else's containers may
# have it for a moment.
no_empty_base() {
    for base in "$memory" "$pids"; do
        await 1 is_needed "$base" || fail "$base is left"
    done
}

is_there() {
    [ -d "$memory/$1" ] && [ -d "$pids/$1" ]
}

# Starts a container of this name that lives until "stop".
hold() {
    start cg-limit --name "$1" sleep 1000
    held=$started
    await 20 is_running "$1" || fail "$1 did not start: $(cat "$tmp/err")"
}

is_running() {
    read -r child <"$pids/$1/cgroup.procs" && read -r comm <"/proc/$child/comm" && [ "$comm" = sleep ]
} 2>/dev/null

# has_processes NUMBER: at least.
has_processes() {
    [ "$(grep -c . "$pids/$name/cgroup.procs")" -ge "$1" ]
} 2>/dev/null

has_no_processes() {
    ! has_processes 1
}

stop() {
    kill "$1"
    wait "$1"
    status=$?
}

testMemory() {
    for size in 33554432 32768K 32M 32m; do
        attempt cg-limit --memory "$size" --name "$name" cat "$memory/$name/$memory_file"
        ended 0
        printed 33554432
    done
}

# One that comes while the group is being made does not leave it behind.
testASignalBeforeThereIsAChild() {
    have_strace || { skip 'no strace' && return; }
    needs_root && return
    start strace -f -o "$tmp/trace" -e trace=execve,pidfd_open -e inject=pidfd_open:delay_enter=400000:when=1 \
        cg-limit --name "$name" sleep 1000
    await 20 test -d "$pids/$name" || fail 'there is no group'
    kill -s TERM "$(sed -n 's/ .*//p;q' "$tmp/trace")"
    wait "$started"
    assertEquals 143 $?
    assertFalse 'the group is left' "[ -e '$pids/$name' ]"
}

# Who can open them can lock them, and keep every start waiting.
testOnlyTheOwnerCanLockTheGroups() {
    start cg-limit --name "$name" sleep 1000
    await 20 eval '[ "$(cat "$pids/$name/cgroup.procs" 2>/dev/null)" ]'
    assertEquals '711 711' "$(stat -c %a "$pids" "$pids/$name" | paste -sd ' ')"
    stop "$started"
}

testMemoryIncludesSwap() {
    attempt cg-limit --memory 32M --name "$name" cat "$memory/$name/$swap_file"
    [ "$status" = 0 ] || { skip 'no swap accounting' && return; }
    case $version in
    1) printed 33554432 ;;
    2) printed 0 ;;
    esac
}

testPids() {
    attempt cg-limit --pids 7 --name "$name" cat "$pids/$name/pids.max"
    ended 0
    printed 7
}

testBothTogether() {
    attempt cg-limit --memory 32M --pids 7 --name "$name" cat "$memory/$name/$memory_file" "$pids/$name/pids.max"
    printed "$(printf '%s\n' 33554432 7)"
}

testWithoutLimits() {
    attempt cg-limit --name "$name" cat "$pids/$name/pids.max"
    ended 0
    printed max
}

testProgIsInTheGroup() {
    hold "$name"
    child=$(child_of "$held")
    assertTrue "$(cat "/proc/$child/cgroup")" "grep -q ':.*:.*/minictr/$name\$' '/proc/$child/cgroup'"
    assertEquals "$child" "$(cat "$memory/$name/cgroup.procs")"
    assertEquals "$child" "$(cat "$pids/$name/cgroup.procs")"
    stop "$held"
}

testTheSupervisorIsNotInTheGroup() {
    hold "$name"
    assertEquals "$(cat /proc/$$/cgroup)" "$(cat "/proc/$held/cgroup")"
    stop "$held"
}

testMemoryUpToTheLimit() {
    attempt cg-limit --memory 64M probe alloc 40
    ended 0
    printed 'got 40 MiB'
}

testMemoryBeyondTheLimit() {
    attempt cg-limit --memory 20M probe alloc 100
    ended 137
    printed ''
}

testMemoryOfAChildBeyondTheLimit() {
    attempt cg-limit --memory 20M probe child-alloc 100
    ended 0
    printed 'child 137'
}

testProcessesBeyondTheLimit() {
    attempt cg-limit --pids 5 probe forks 20
    ended 0
    printed 'forked 4'
}

testStatusIsProgs() {
    for number in 0 1 77 125 255; do
        attempt cg-limit probe exit "$number"
        ended "$number"
    done
    for signal in 9 15; do
        attempt cg-limit probe die "$signal"
        ended $((128 + signal))
    done
}

testGroupIsGoneAtTheEnd() {
    for words in 'true' 'false' 'probe die 9' 'no-such-program' 'fd-close --nonsense'; do
        # shellcheck disable=SC2086
        attempt cg-limit --memory 32M --pids 7 --name "$name" $words
        no_group "$name"
    done
    no_empty_base
}

testProgIsMissing() {
    attempt cg-limit no-such-program
    ended 127
    said_only '^cg-limit: cannot find no-such-program in PATH'
}

testProcessesThatProgLeavesAreKilled() {
    attempt cg-limit --name "$name" sh -c 'sleep 1000 & setsid sleep 1000 & exit 4'
    ended 4
    no_group "$name"
    assertEquals '' "$(left_processes)"
}

testGroupsThatProgMadeAreRemoved() {
    attempt cg-limit --name "$name" sh -c 'mkdir "$0/sub" "$0/sub/sub" "$1/other"
        sleep 1000 & echo $! >"$0/sub/sub/cgroup.procs"; sleep 1000 & echo $! >"$1/other/cgroup.procs"
        cat "$0/sub/sub/cgroup.procs" "$1/other/cgroup.procs" | wc -l' "$memory/$name" "$pids/$name"
    ended 0
    printed 2
    no_group "$name"
    assertEquals '' "$(left_processes)"
}

testKilledSupervisorLeavesNoProcessAndTheNextRunNoGroup() {
    hold "$name"
    child=$(child_of "$held")
    kill -KILL "$held"
    wait "$held"
    await 20 is_gone "$child" || fail "process $child is left"
    attempt cg-limit true
    ended 0
    no_group "$name"
}

testKilledSupervisorOfManyProcesses() {
    needs_root && return
    start cg-limit --name "$name" ns-enter -p pid-init sh -c 'sleep 1000 & sleep 1000'
    await 20 has_processes 4 || fail 'it did not start'
    kill -KILL "$started"
    wait "$started"
    await 20 has_no_processes || fail "left: $(cat "$pids/$name/cgroup.procs")"
    attempt cg-limit true
    no_group "$name"
}

testOtherContainersAreNotSwept() {
    hold "$name"
    attempt cg-limit true
    ended 0
    is_there "$name" || fail 'the group of a live container was removed'
    kill -0 "$held" || fail 'the container was ended'
    stop "$held"
    assertEquals 143 "$status"
}

testNameInUse() {
    hold "$name"
    attempt cg-limit --pids 3 --name "$name" echo reached
    refused "cg-limit: the name $name is in use: */minictr/$name is the control group of a running container"
    assertEquals 'the limits of the other are unchanged' max "$(cat "$pids/$name/pids.max")"
    stop "$held"
    assertEquals 143 "$status"
}

testNameCanBeUsedAgain() {
    for round in 1 2 3; do
        attempt cg-limit --name "$name" echo "$round"
        printed "$round"
    done
}

testNameThatIsInUseInOneHierarchyOnly() {
    [ "$memory" != "$pids" ] || { skip 'one hierarchy' && return; }
    mkdir -p "$pids/$name"
    # Whoever has the lock is its supervisor.
    start flock "$pids/$name" sleep 1000
    await 20 is_locked "$pids/$name" || fail 'it was not locked'
    attempt cg-limit --name "$name" echo reached
    refused "cg-limit: the name $name is in use: $pids/$name is the control group of a running container"
    assertFalse 'nothing is left in the other' "[ -e '$memory/$name' ]"
    kill "$(child_of "$started")"
    wait "$started"
    attempt cg-limit true
    no_group "$name"
}

is_locked() {
    ! flock -n "$1" true
}

testLeftOverGroupIsTakenOver() {
    mkdir -p "$memory/$name" "$pids/$name"
    echo 3 >"$pids/$name/pids.max"
    attempt cg-limit --name "$name" cat "$pids/$name/pids.max"
    ended 0
    printed max
    no_group "$name"
}

testLeftOverGroupInOneHierarchyIsTakenOver() {
    mkdir -p "$pids/$name"
    attempt cg-limit --name "$name" echo reached
    ended 0
    no_group "$name"
}

testLeftOverGroupsAreSwept() {
    mkdir -p "$memory/$name-1" "$pids/$name-1" "$pids/$name-2"
    attempt cg-limit true
    no_group "$name-1"
    no_group "$name-2"
}

# hold_groups NUMBER: in one hierarchy, all by one process.
hold_groups() {
    count=$1
    set -- sleep 1000
    for number in $(seq "$count"); do
        mkdir -p "$pids/$name-$number"
        set -- flock --no-fork "$pids/$name-$number" "$@"
    done
    start "$@"
    for number in 1 "$count"; do
        await 30 is_locked "$pids/$name-$number" || fail "$name-$number was not locked"
    done
    is_gone "$started" && fail "they are not held: $(cat "$tmp/err")"
}

groups_left() {
    find "$pids" -maxdepth 1 -name "$name-$1" 2>/dev/null | wc -l
}

# In a hierarchy that the new group does not use, the caller's own group cannot be seen: what is swept is then not
# /minictr of the root directory.
testSweepWhereTheOwnGroupCannotBeSeen() {
    needs_root && return
    groups=/sys/fs/cgroup own=t$$
    [ -d $groups/cpu ] || { skip 'no cgroup v1' && return; }
    cp -a "$root" "$tmp/cell"
    mkdir -p "$tmp/cell/stages" "$tmp/cell/minictr/project/empty"
    cp "$bin/cg-limit" "$tmp/cell/stages"
    for controller in cpu pids memory; do
        mkdir $groups/$controller/$own
    done
    attempt sh -c 'for controller in cpu pids memory; do echo $$ >$0/$controller/$1/cgroup.procs; done
        exec unshare -mC sh -c '\''echo $$ >$0/cpu/cgroup.procs
            mount --bind "$1" "$1" && mount -t proc proc "$1/proc" && mount -t tmpfs none "$1/sys"
            for controller in cpu pids memory; do
                mkdir -p "$1$0/$controller" && mount -t cgroup -o $controller cgroup "$1$0/$controller"
            done
            mkdir -p "$1$0/pids/minictr/dead"
            exec chroot "$1" /stages/cg-limit --parent . --pids 10 true'\'' "$0" "$2"' $groups "$own" "$tmp/cell"
    ended 0
    assertTrue 'the directory of the root is there' "[ -d '$tmp/cell/minictr/project/empty' ]"
    assertEquals 'the dead group is not' '' "$(find $groups/*/$own -mindepth 1 -type d)"
    for controller in cpu pids memory; do
        rmdir $groups/$controller/$own
    done
}

testAStartLooksAtSomeOfMany() {
    have_strace || { skip 'no strace' && return; }
    for number in 5 100; do
        hold_groups $number
        attempt strace -o "$tmp/trace" -e trace=flock cg-limit true
        ended 0
        looks=$(grep -c LOCK_NB "$tmp/trace")
        assertTrue "$looks looks at $number" "[ $looks -ge $((number < 8 ? number : 8)) -a $looks -le 20 ]"
        stop "$started"
        attempt cg-limit true
        assertEquals 'dead ones are all swept at once' 0 "$(groups_left '*')"
    done
}

testAnyOfManyIsSweptInTheEnd() {
    hold_groups 50
    mkdir "$pids/$name-dead1" "$pids/$name-dead2" "$pids/$name-dead3"
    for run in $(seq 100); do
        attempt cg-limit true
        ended 0
        [ "$(groups_left 'dead*')" != 0 ] || break
    done
    assertEquals 0 "$(groups_left 'dead*')"
    assertEquals 'none that lives' 50 "$(groups_left '*')"
    stop "$started"
    attempt cg-limit true
    assertEquals 0 "$(groups_left '*')"
}

# Runs a container that lives until there is the file "end", and leaves its status in a file.
contend() {
    cg-limit --name "$name" sh -c 'until [ -e "$0" ]; do sleep 0.01; done' "$tmp/end" 2>"$tmp/err.$1"
    echo $? >"$tmp/status.$1"
}

one_has_ended() {
    [ -s "$tmp/status.1" ] || [ -s "$tmp/status.2" ]
}

testOfTwoWithOneNameOneWins() {
    for round in $(seq 20); do
        rm -f "$tmp/end" "$tmp"/status.*
        contend 1 &
        contend 2 &
        await 20 one_has_ended
        : >"$tmp/end"
        wait
        assertEquals "round $round: $(cat "$tmp/err.1" "$tmp/err.2")" '0 125' \
            "$(sort -n "$tmp"/status.* | paste -sd ' ')"
    done
    no_group "$name"
}

testManyAtOnce() {
    for run in $(seq 12); do
        { cg-limit --memory 32M --pids 7 true || echo "run $run: $?"; } >"$tmp/run.$run" 2>&1 &
    done
    wait
    assertEquals '' "$(cat "$tmp"/run.*)"
    no_empty_base
}

# Starts a container that stops halfway for a while, at this call, after its directory is made.
start_slowly() {
    start strace -f -o /dev/null -e inject="$1" cg-limit --name "$name" echo reached
    await 20 [ -d "$memory/$name" ] || fail 'its group was not made'
}

# Asserts that it went on well.
went_on() {
    wait "$started"
    assertEquals "$(cat "$tmp/err")" 0 $?
    assertEquals reached "$(cat "$tmp/out")"
}

# Each start sweeps. At the clone3 the group is complete and nobody is in it; at the second flock its
# directory is there and not yet locked.
testGroupThatIsBeingMadeIsNotSwept() {
    have_strace || { skip 'no strace' && return; }
    for moment in clone,clone3:delay_enter=400000 flock:delay_enter=400000:when=2; do
        start_slowly $moment
        cg-limit true || fail 'the other did not start'
        went_on
    done
}

testGroupThatIsBeingMadeIsNotSweptByOneThatFindsItElsewhere() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    mkdir -p "$tmp/later"
    start_slowly clone,clone3:delay_enter=400000
    unshare --mount sh -c 'mount --bind "$0" "$1" && umount "$0" && exec cg-limit true' \
        "${memory%/minictr}" "$tmp/later" || fail 'the other did not start'
    went_on
}

# Whoever ends last removes minictr, also while somebody waits for its lock.
testBaseThatIsRemovedBeforeItIsLocked() {
    have_strace || { skip 'no strace' && return; }
    hold "$name-first"
    start strace -f -o "$tmp/trace" -e trace=flock -e inject=flock:delay_enter=500000:when=1 \
        cg-limit --name "$name" echo reached
    await 20 grep -q flock "$tmp/trace" || fail 'it does not wait'
    kill "$held"
    wait "$held"
    went_on
}

testBaseThatGoesAwayMeanwhile() {
    have_strace || { skip 'no strace' && return; }
    for base in "$memory" "$pids"; do
        attempt strace -o /dev/null -P "$base" -e inject=openat:error=ENOENT:when=1 cg-limit --name "$name" echo reached
        ended 0
        printed reached
    done
}

testNameIsMadeUp() {
    for run in 1 2 3; do
        cg-limit sh -c 'cat /proc/self/cgroup' | sed -n 's|.*/minictr/||p' | sort -u
    done >"$tmp/names"
    assertEquals 'three, all distinct' 3 "$(sort -u "$tmp/names" | wc -l)"
    assertEquals 3 "$(grep -cxE '[0-9a-f]{8}' "$tmp/names")"
}

testGoodNames() {
    for name in a 0 A-b.c_D "$(printf %064d 0)"; do
        attempt cg-limit --name "$name" test -d "$pids/$name"
        ended 0
    done
    name=test-$$
}

testBadNames() {
    attempt cg-limit --name '' echo reached
    refused 'cg-limit: --name: the name is empty'
    attempt cg-limit --name "$(printf %065d 0)" echo reached
    refused 'cg-limit: --name: the name is 65 bytes long: at most 64'
    for word in . .. ../a .a -a _a a/b / a/.. 'a b' ' a' 'a ' 'a*' "$(printf 'a\nb')" "$(printf '\303\244')"; do
        attempt cg-limit --name "$word" echo reached
        refused 'cg-limit: --name: "*" is not a name: *'
    done
}

# The kernel's own files stand beside the groups.
testNamesOfTheKernelsFiles() {
    for word in cgroup.procs "$memory_file" pids.max; do
        attempt cg-limit --name "$word" echo reached
        refused "cg-limit: *$word*"
        assertFalse "$(cat "$tmp/err")" "grep -q 'Not a directory' '$tmp/err'"
    done
}

testMemoryThatIsNoSize() {
    for size in -1 +1 1e3 12Q 0x10 M 1KK 1Ki 1.5M ' 1' '1 ' Max; do
        attempt cg-limit --memory "$size" echo reached
        refused 'cg-limit: --memory: "*" is not a size: digits, then nothing or one of K, M, G, T'
    done
}

testMemoryThatIsTooLarge() {
    for size in 99999999999G 8388608T 9223372036854775808 18446744073709551615 18446744073709551616 \
        18446744073709551617 18446744073709551621 18014398509481985K; do
        attempt cg-limit --memory "$size" echo reached
        refused "cg-limit: --memory: $size is too large: at most 2^63-1 bytes"
    done
}

testMemoryThatIsTooSmall() {
    attempt cg-limit --memory '' echo reached
    refused 'cg-limit: --memory: the size is empty'
    for size in 0 000 0K 1 4095; do
        attempt cg-limit --memory "$size" echo reached
        refused "cg-limit: --memory: $size is too small: at least $(getconf PAGESIZE) bytes"
    done
}

testLargestMemoryIsNoLimitThatIsSmall() {
    attempt cg-limit --memory 9223372036854775807 probe alloc 10
    ended 0
    printed 'got 10 MiB'
}

testPidsThatAreNoNumber() {
    attempt cg-limit --pids '' echo reached
    refused 'cg-limit: --pids: the number is empty'
    for number in -1 +1 1e3 12Q 4K 0x10 ' 1' '1 ' 1.5 Max; do
        attempt cg-limit --pids "$number" echo reached
        refused 'cg-limit: --pids: "*" is not a number: only digits may stand in it'
    done
}

testPidsOutOfRange() {
    for number in 0 00; do
        attempt cg-limit --pids "$number" echo reached
        refused "cg-limit: --pids: $number is too small: at least 1"
    done
    for number in 2147483648 4294967297 9223372036854775808 18446744073709551616 \
        18446744073709551617 18446744073709551621; do
        attempt cg-limit --pids "$number" echo reached
        refused "cg-limit: --pids: $number is too large: at most 2147483647"
    done
}

testLimitThatTheKernelRefuses() {
    attempt cg-limit --pids 2147483647 --name "$name" echo reached
    [ "$status" = 0 ] || refused "cg-limit: --pids: writing 2147483647 to $pids/$name/pids.max: Invalid argument"
    no_group "$name"
    no_empty_base
}

# elsewhere SCRIPT: runs it in a mount namespace, where it may unmount control groups.
elsewhere() {
    attempt unshare --mount sh -c "$1" "${memory%/minictr}" "${pids%/minictr}"
}

testNoControlGroupsAreMounted() {
    needs_root && return
    elsewhere 'awk "/ - cgroup2? / { print \$5 }" /proc/self/mountinfo | xargs -n 1 umount -l
        cg-limit echo reached'
    refused 'cg-limit: no cgroup file system is mounted'
}

testNoneOfTheControllersIsMounted() {
    needs_root && return
    [ $version = 1 ] || { skip 'one hierarchy' && return; }
    elsewhere 'umount "$0" "$1"; cg-limit echo reached'
    refused 'cg-limit: no mounted cgroup hierarchy has the controller memory or pids'
}

testTheControllerIsNotMounted() {
    needs_root && return
    [ $version = 1 ] || { skip 'one hierarchy' && return; }
    elsewhere 'umount "$0"; cg-limit --memory 32M echo reached'
    refused 'cg-limit: no mounted cgroup hierarchy has the controller memory'
    elsewhere 'umount "$1"; cg-limit --pids 7 echo reached'
    refused 'cg-limit: no mounted cgroup hierarchy has the controller pids'
    no_empty_base
}

testTheOtherControllerIsNotMounted() {
    needs_root && return
    [ $version = 1 ] || { skip 'one hierarchy' && return; }
    elsewhere 'umount "$0"; cg-limit --pids 7 echo reached'
    ended 0
    printed reached
}

# It may be called as it likes, even like what we make in it.
testMountPointWithASpaceInIt() {
    needs_root && return
    mkdir -p "$tmp/minictr/a b"
    attempt unshare --mount sh -c 'mount --bind "$0" "$2/minictr/a b" && umount "$0" &&
        cg-limit --memory 32M --name "$1" cat "$2/minictr/a b/minictr/$1/$3"' \
        "${memory%/minictr}" "$name" "$tmp" "$memory_file"
    ended 0
    printed 33554432
}

testControlGroupsAreReadOnly() {
    needs_root && return
    elsewhere 'for place in "$0" "$1"; do mount -o remount,bind,ro "$place"; done; cg-limit echo reached'
    refused 'cg-limit: cannot make the control group *minictr*: Read-only file system'
}

testTheSecondHierarchyIsReadOnly() {
    needs_root && return
    [ "$memory" != "$pids" ] || { skip 'one hierarchy' && return; }
    elsewhere 'mount -o remount,bind,ro "$1"; cg-limit echo reached'
    refused 'cg-limit: cannot make the control group *minictr*: Read-only file system'
    no_empty_base
}

testBehindRootSetupItRefuses() {
    needs_root && return
    attempt ns-enter -m root-setup "$root" cg-limit echo reached
    refused 'cg-limit: *'
    assertEquals 'cg-limit: hint: put this stage before root-setup' "$hint"
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc cg-limit echo reached
    refused 'cg-limit: no cgroup file system is mounted'
    assertEquals 'cg-limit: hint: put this stage before root-setup' "$hint"
}

testProgHasNoMoreDescriptors() {
    attempt fd-close cg-limit --memory 32M probe fds
    printed '0 1 2 '
}

testStatusIsProgsWhenTheCallerIgnoresItsChildren() {
    attempt timeout -s KILL 10 hostile chld-ignored cg-limit probe exit 7
    ended 7
}

testProgsSignalsAreTheCallers() {
    attempt env --default-signal --ignore-signal=USR1 --block-signal=USR2 cg-limit probe signals
    printed "$(printf '%s\n' 'blocked 12' 'ignored 10')"
}

testWithoutRoot() {
    needs_root && return
    as_nobody cg-limit --memory 32M echo reached
    refused 'cg-limit: cannot make the control group *minictr*: Permission denied'
    assertContains "$hint" 'run it with sudo'
}

# kernel_refuses FAULT MESSAGE: and nothing is left.
kernel_refuses() {
    inject "$1" cg-limit --memory 32M --pids 7 --name "$name" echo reached
    refused "cg-limit: $2"
    no_group "$name"
    no_empty_base
}

testKernelRefusesTheBase() {
    have_strace || { skip 'no strace' && return; }
    kernel_refuses mkdir:error=EPERM:when=1 "cannot make the control group $memory: Operation not permitted"
    [ "$memory" = "$pids" ] ||
        kernel_refuses mkdir:error=EPERM:when=2 "cannot make the control group $pids: Operation not permitted"
}

testKernelRefusesTheLock() {
    have_strace || { skip 'no strace' && return; }
    kernel_refuses flock:error=EPERM:when=1 "cannot lock the control group $memory: Operation not permitted"
}

testKernelRefusesTheGroup() {
    have_strace || { skip 'no strace' && return; }
    first=1
    [ "$(id -u)" = 0 ] || first=2 # behind the leaf
    kernel_refuses mkdirat:error=ENOSPC:when=$first "cannot make the control group *minictr/$name: No space left on device"
    [ "$memory" = "$pids" ] ||
        kernel_refuses mkdirat:error=EPERM:when=2 "cannot make the control group *minictr/$name: Operation not permitted"
}

testKernelRefusesTheLimit() {
    have_strace || { skip 'no strace' && return; }
    [ $version = 1 ] || { skip 'the order of writes is that of v1' && return; }
    kernel_refuses write:error=EINVAL:when=1 \
        "--memory: writing 33554432 to $memory/$name/$memory_file: Invalid argument"
    kernel_refuses write:error=EPERM:when=2 \
        "--pids: writing 7 to $pids/$name/pids.max: Operation not permitted"
    kernel_refuses write:error=EINVAL:when=3 \
        "--memory: writing 33554432 to $memory/$name/$swap_file: Invalid argument"
}

testKernelRefusesTheProcess() {
    have_strace || { skip 'no strace' && return; }
    for fault in clone,clone3:error=EPERM pidfd_open:error=EPERM; do
        kernel_refuses "$fault" "cannot start a process in the control group minictr/$name: Operation not permitted"
    done
    kernel_refuses prctl:error=EPERM 'cannot ask to be killed with the supervisor: Operation not permitted'
}

testKernelRefusesToEnter() {
    have_strace || { skip 'no strace' && return; }
    [ $version = 1 ] || { skip 'on v2 a process is born in its group' && return; }
    inject write:error=EINVAL:when=1 cg-limit --name "$name" echo reached
    refused "cg-limit: cannot enter the control group $memory/$name: Invalid argument"
    no_group "$name"
    no_empty_base
}

testKernelIsSlowToLetGo() {
    have_strace || { skip 'no strace' && return; }
    inject unlinkat:error=EBUSY:when=1..3 cg-limit --name "$name" true
    ended 0
    no_group "$name"
}

. shunit2
