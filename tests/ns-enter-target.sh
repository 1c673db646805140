# shellcheck shell=sh disable=SC1091,SC2016,SC2046,SC2086,SC2154
# ns-enter-target.sh: the namespaces of another process, joined.

. "$(dirname "$0")/lib.sh"

kinds='mnt uts ipc net pid cgroup time'

# The test shell, $$, stands for a process of the host.

start_of() {
    sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20
}

spaces_of() {
    for kind in $kinds; do
        readlink "/proc/$1/ns/$kind"
    done
}

# shared: the kinds that the process which printed its namespaces has in common with the target, and of which
# the target has its own.
shared() {
    spaces_of "$target" >"$tmp/theirs"
    spaces_of $$ | paste -d ' ' - "$tmp/theirs" "$tmp/out" |
        awk '$1 != $2 && $2 == $3 { sub(/:.*/, "", $1); printf "%s%s", space, $1; space = " " }
            $3 != $1 && $3 != $2 { printf "%s%s of nobody", space, $3 }'
}

own_spaces='for kind in mnt uts ipc net pid cgroup time; do readlink /proc/self/ns/$kind; done'

joined() {
    attempt ns-enter --target "$@" sh -c "$own_spaces"
    ended 0
    shared
}

testAllThatAreNotOurs() {
    lives_in ns-enter -muinpCT
    assertEquals "$kinds" "$(joined "$target")"
    assertEquals "$kinds" "$(joined "$target:$(start_of "$target")")"
    leave
    lives_in ns-enter -uT
    assertEquals 'uts time' "$(joined "$target")"
    leave
}

testThoseThatAreNamed() {
    lives_in ns-enter -muinpCT
    assertEquals mnt "$(joined "$target" -m)"
    assertEquals uts "$(joined "$target" --uts)"
    assertEquals ipc "$(joined "$target" -i)"
    assertEquals net "$(joined "$target" -n)"
    assertEquals pid "$(joined "$target" -p)"
    assertEquals cgroup "$(joined "$target" -C)"
    assertEquals time "$(joined "$target" -T)"
    attempt ns-enter -u --target "$target" --net sh -c "$own_spaces"
    assertEquals 'uts net' "$(shared)"
    leave
}

testThoseThatAreOursMayBeNamed() {
    lives_in ns-enter -u
    assertEquals uts "$(joined "$target" -ui)"
    assertEquals '' "$(joined "$target" -in)"
    assertEquals '' "$(joined "$target" -p)"
    leave
}

testEachStageJoinsItsOwn() {
    lives_in ns-enter -uin
    assertEquals 'uts net' "$(joined "$target" -u ns-enter --target "$target" -n)"
    leave
}

testTheirRootAndTheirFiles() {
    lives_in ns-enter -mp root-setup "$root" mnt-tmpfs /mytemp mnt-proc /proc
    attempt ns-enter --target "$target" -m sh -c 'pwd; ls -di / | cut -d " " -f 1; grep -c " /mytemp " /proc/1/mountinfo'
    ended 0
    printed "/
$(stat -c %i "$root")
1"
    leave
}

# Without -m all paths are the caller's.
testOurRootWithoutTheirMounts() {
    lives_in ns-enter -mup root-setup "$root" mnt-proc /proc
    attempt ns-enter --target "$target" -u sh -c 'pwd; ls -di / | cut -d " " -f 1'
    ended 0
    printed "$(pwd)
$(stat -c %i /)"
    leave
}

testProgIsOneOfTheirProcesses() {
    lives_in ns-enter -mp root-setup "$root" mnt-proc /proc pid-init
    attempt ns-enter --target "$target" sh -c 'echo $$ $PPID; ps axo args'
    ended 0
    assertEquals '3 0' "$(head -n 1 "$tmp/out")"
    assertEquals 1 "$(grep -c '^sleep 1000$' "$tmp/out")"
    assertEquals 0 "$(grep -c ns-enter "$tmp/out")"
    leave
}

testWithoutPidNoProcessIsAdded() {
    lives_in ns-enter -muin
    attempt sh -c 'echo $$; exec ns-enter --target "$0" sh -c "echo \$\$"' "$target"
    ended 0
    assertEquals "$(cat "$tmp/out")" 1 "$(sort -u "$tmp/out" | wc -l)"
    leave
}

# The clocks and the roots of the groups are theirs.
testTheirTimeAndGroups() {
    lives_in unshare --time --boottime 10000000 --fork
    attempt ns-enter --target "$target" -T cut -d . -f 1 /proc/uptime
    assertTrue 'their clock' "[ $(cat "$tmp/out") -gt 10000000 ]"
    attempt ns-enter --target "$target" cut -d . -f 1 /proc/uptime
    assertTrue 'their clock, too' "[ $(cat "$tmp/out") -gt 10000000 ]"
    kill "$target" # unshare(1) ignores the signal
    wait "$outer" || :
    lives_in cg-limit --name "target-$$" ns-enter -C
    attempt ns-enter --target "$target" -C cat /proc/self/cgroup
    assertTrue 'seen from their root' "grep -q ':/\.\.' '$tmp/out'"
    attempt cg-join "target-$$" ns-enter --target "$target" -C sed 's/.*://' /proc/self/cgroup
    assertEquals "$(sed 's/.*://' "/proc/$target/cgroup" | wc -l)" "$(wc -l <"$tmp/out")"
    assertTrue 'in their root' "grep -qx / '$tmp/out'"
    leave
}

testNoForkLeavesItToALaterOne() {
    lives_in ns-enter -mp
    attempt ns-enter --target "$target" --no-fork -mp sh -c \
        'readlink /proc/self/ns/pid; readlink /proc/$$/ns/pid /proc/$$/ns/pid_for_children'
    ended 0
    theirs=$(readlink "/proc/$target/ns/pid") ours=$(readlink /proc/$$/ns/pid)
    # The shell is not in it; what it starts is, and sees itself nowhere in our /proc.
    assertContains "$(cat "$tmp/out")" "$ours
$theirs"
    attempt sh -c 'echo $$; exec ns-enter --target "$0" --no-fork sh -c "echo \$\$"' "$target"
    assertEquals "$(cat "$tmp/out")" 1 "$(sort -u "$tmp/out" | wc -l)"
    leave
    # There may be no PID namespace to join.
    lives_in ns-enter -u
    attempt ns-enter --target "$target" --no-fork echo reached
    printed reached
    leave
}

testNothingOfTheStagesReachesProg() {
    lives_in ns-enter -muipC root-setup "$root" mnt-proc /proc
    for options in '' -m -u --no-fork '--no-fork -p'; do
        attempt fd-close ns-enter --target "$target" $options probe env
        ended 0
        assertNull "$options" "$(grep -a '^MINICTR_[NSHT]' "$tmp/out" | grep -v MINICTR_TEST)"
        attempt fd-close ns-enter --target "$target" $options probe fds
        printed '0 1 2 '
    done
    leave
}

# The image has a program of a stage's name.
testTheNextStageIsTheHosts() {
    rm -rf --one-file-system "$tmp/image"
    cp -a "$root" "$tmp/image"
    printf '#!/bin/sh\necho of the image\n' >"$tmp/image/bin/cwd-set"
    chmod 755 "$tmp/image/bin/cwd-set"
    lives_in ns-enter -mp root-setup "$tmp/image" mnt-proc /proc
    attempt ns-enter --target "$target" cwd-set /etc pwd
    ended 0
    printed /etc
    leave
}

testBadWords() {
    while read -r word message; do
        attempt ns-enter --target "$word" -u echo reached
        refused "ns-enter: --target: $message"
    done <<'END'
0 0 is too small: at least 1
-1 "-1" is not a number: only digits may stand in it
1x "1x" is not a number: only digits may stand in it
1: the number is empty
: the number is empty
:1 the number is empty
1:x "x" is not a number: only digits may stand in it
1:-1 "-1" is not a number: only digits may stand in it
1:1:1 "1:1" is not a number: only digits may stand in it
2147483648 2147483648 is too large: at most 2147483647
000000000000000000000000000000001 000000000000000000000000000000001 is too large: at most 2147483647
0000000000000001x 0000000000000001x is too large: at most 2147483647
1:9223372036854775808 9223372036854775808 is too large: at most 9223372036854775807
2147483647 cannot open process 2147483647: *
2147483647:1 process 2147483647 has ended
END
    attempt ns-enter --target '' -u echo reached
    refused 'ns-enter: --target: the number is empty'
    attempt ns-enter --target
    refused 'ns-enter: --target needs its argument PID\[:START\]'
    attempt ns-enter --target $$
    refused 'ns-enter: PROG is missing'
    attempt ns-enter --target $$ --target $$ -u echo reached
    refused 'ns-enter: --target is given twice'
    attempt ns-enter --no-fork -p echo reached
    refused 'ns-enter: --no-fork: only with --target'
    attempt ns-enter --no-fork=1 --target $$ -p echo reached
    refused 'ns-enter: --no-fork takes no argument'
}

testOneThatHasEnded() {
    sleep 1000 &
    ended=$!
    start=$(start_of $ended)
    attempt ns-enter --target "$ended:$start" -u echo reached
    printed reached
    # The number may be another's by now: it is, as far as the start says.
    for other in 0 $((start - 1)) $((start + 1)); do
        attempt ns-enter --target "$ended:$other" -u echo reached
        refused "ns-enter: --target: process $ended has ended"
    done
    kill $ended
    wait $ended
    attempt ns-enter --target "$ended" -u echo reached
    refused "ns-enter: --target: cannot open process $ended: No such process"
    attempt ns-enter --target "$ended:$start" -u echo reached
    refused "ns-enter: --target: process $ended has ended"
}

# It has ended, and nobody has waited for it yet.
testAZombie() {
    # It ends when the shell, which would reap it, is no more.
    sh -c 'sleep 0.3 & echo $!; exec sleep 1000' >"$tmp/zombie" &
    parent=$!
    await 20 is_zombie || fail 'no zombie'
    attempt ns-enter --target "$zombie" echo reached
    refused "ns-enter: process $zombie has ended"
    for kind in -m -u -p -C -T; do
        attempt ns-enter --target "$zombie" $kind echo reached
        refused "ns-enter: cannot join the namespaces of process $zombie ($kind): No such process"
    done
    kill $parent
    wait $parent || :
}

is_zombie() {
    zombie=$(cat "$tmp/zombie")
    grep -q '^State:.Z' "/proc/$zombie/status" 2>/dev/null
}

testOneWithoutOthers() {
    attempt ns-enter --target $$ echo reached
    refused "ns-enter: process $$ has no other namespaces than we have"
    attempt sh -c 'exec ns-enter --target $$ echo reached'
    refused 'ns-enter: process * has no other namespaces than we have'
    for kind in -m -u -i -n -p -C -T; do
        attempt sh -c 'exec ns-enter --target $$ "$0" echo reached' $kind
        ended 0
        printed reached
    done
}

# Process 1, too, may join what it is in.
testProcess1JoinsItself() {
    attempt ns-enter -mp mnt-proc /proc ns-enter --target 1 -p sh -c 'echo $$; ps axo pid,sid | grep "^ *$$ "'
    ended 0
    assertEquals '2 2 2' "$(tr '\n' ' ' <"$tmp/out" | tr -s ' ' | sed 's/ $//')"
}

testWithoutProc() {
    lives_in ns-enter -u
    # Which are not ours cannot be found out.
    attempt unshare -m sh -c 'mount -t tmpfs none /proc && exec ns-enter --target "$0" echo reached' "$target"
    refused "ns-enter: cannot compare the user namespace with that of process $target: No such file or directory"
    leave
}

testWithoutRoot() {
    lives_in ns-enter -u
    as_nobody ns-enter --target "$target" -u echo reached
    refused "ns-enter: cannot join the namespaces of process $target (-u): Operation not permitted"
    assertEquals 'ns-enter: hint: this user is not root: run it with sudo' "$hint"
    as_nobody ns-enter --target "$target" echo reached
    refused "ns-enter: cannot compare the user namespace with that of process $target: Permission denied"
    as_nobody ns-enter --target "$target:$(start_of "$target")" -m echo reached
    refused "ns-enter: cannot join the namespaces of process $target (-m): Operation not permitted"
    leave
}

# guarded COMMAND...: asserts that the stage at its end refuses to change the host's namespace. Nothing can
# happen when it does not: mount(2) fails as well, which a stage calls in a namespace of somebody else's.
guarded() {
    inject sethostname,mount,move_mount,pivot_root,umount2,mkdir:error=EPERM "$@" echo reached
    refused "*: this is the host's * namespace"
}

# What was joined may be the host's, and what was made before is left then.
testTheGuardsHoldInTheHostsNamespaces() {
    have_strace || { skip 'no strace' && return; }
    machine=$(hostname)
    cp /proc/self/mountinfo "$tmp/mounts"
    mkdir -p "$tmp/new"
    for letters in -m -u -mu -muin -p -C '--no-fork -mup'; do
        guarded ns-enter --target $$ $letters mnt-tmpfs "$tmp/new"
        guarded ns-enter --target $$ $letters uts-name minictr-test
        guarded ns-enter --target $$ $letters root-setup "$root"
    done
    guarded env MINICTR_NS=mu ns-enter --target $$ -mu mnt-tmpfs "$tmp/new"
    guarded env MINICTR_NS=mu ns-enter --target $$ -mu uts-name minictr-test
    guarded ns-enter -u ns-enter --target $$ -u uts-name minictr-test
    guarded ns-enter -ui ns-enter --target $$ uts-name minictr-test
    # What was joined is theirs, but not what is changed.
    lives_in unshare -u
    guarded ns-enter --target "$target" mnt-tmpfs "$tmp/new"
    guarded ns-enter --target "$target" -m mnt-tmpfs "$tmp/new"
    guarded ns-enter --target "$target" -i uts-name minictr-test
    leave
    lives_in unshare -m
    guarded ns-enter --target "$target" uts-name minictr-test
    guarded ns-enter --target "$target" ns-enter --target $$ -m mnt-tmpfs "$tmp/new"
    leave
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
    assertEquals "$machine" "$(hostname)"
}

testTheirsMayBeChanged() {
    machine=$(hostname)
    mkdir -p "$tmp/new"
    lives_in ns-enter -mup mnt-proc /proc
    attempt ns-enter --target "$target" uts-name other mnt-tmpfs "$tmp/new" grep -cF " $tmp/new " /proc/self/mountinfo
    ended 0
    printed 1
    attempt ns-enter --target "$target" hostname
    printed other
    assertEquals 1 "$(grep -cF " $tmp/new " "/proc/$target/mountinfo")"
    assertEquals "$machine" "$(hostname)"
    leave
}

# Somebody else's namespace may pass its mounts on to the host's; here the outer one stands for that.
testNothingIsSeenOutsideANamespaceThatIsNotPrivate() {
    mkdir -p "$tmp/new"
    attempt unshare -m sh -c 'mount --make-rshared /
        unshare --mount --propagation unchanged sleep 1000 &
        until [ "$(readlink /proc/$!/ns/mnt)" != "$(readlink /proc/$$/ns/mnt)" ]; do :; done
        ns-enter --target $! -m mnt-tmpfs "$0" grep -cF " $0 " /proc/self/mountinfo
        cat /proc/self/mountinfo
        kill $!' "$tmp/new"
    assertEquals 1 "$(head -n 1 "$tmp/out")"
    assertEquals '' "$(grep -F " $tmp/new " "$tmp/out")"
}

# A container that runs has its console already; a new one does not.
testTheConsoleOfANewOne() {
    lives_in ns-enter -mn
    for options in '' -m -n; do
        attempt ns-enter --target "$target" $options ns-enter -mi root-setup "$root" mnt-proc /proc mnt-dev /dev \
            tty-pty sh -c 'test -c /dev/console && echo there'
        ended 0
        assertEquals "$options" there "$(tr -d '\r' <"$tmp/out")"
    done
    leave
}

testStatusAndSignals() {
    lives_in ns-enter -p
    for number in 0 1 77 125 126 127 255; do
        attempt ns-enter --target "$target" -p probe exit "$number"
        ended "$number"
    done
    attempt ns-enter --target "$target" sh -c 'kill -TERM $$'
    ended 143
    attempt ns-enter --target "$target" no-such-program
    ended 127
    said_only '^ns-enter: cannot find no-such-program in PATH'
    attempt timeout -s KILL 10 hostile chld-ignored ns-enter --target "$target" -p probe exit 7
    ended 7
    attempt env --ignore-signal=USR1 --block-signal=USR2 ns-enter --target "$target" -p probe signals
    printed "$(printf '%s\n' 'blocked 12' 'ignored 10')"
    start ns-enter --target "$target" -p probe catch 10
    await 20 grep -q ready "$tmp/out"
    kill -10 "$started"
    wait "$started"
    assertEquals '0 caught 10' "$? $(tail -n 1 "$tmp/out")"
    leave
}

testKilledSupervisorTakesProgWithIt() {
    lives_in ns-enter -p
    start ns-enter --target "$target" sleep 1001
    await 20 child_of "$started" >"$tmp/child"
    child=$(cat "$tmp/child")
    kill -KILL "$started"
    wait "$started"
    await 20 is_gone "$child" || fail "process $child is left"
    assertFalse 'the target lives' "is_gone $target"
    leave
}

testKernelRefuses() {
    have_strace || { skip 'no strace' && return; }
    lives_in ns-enter -mp
    inject setns:error=EPERM ns-enter --target "$target" -u echo reached
    refused "ns-enter: cannot join the namespaces of process $target (-u): Operation not permitted"
    inject pidfd_open:error=ENOSYS ns-enter --target "$target" -u echo reached
    refused "ns-enter: --target: cannot open process $target: Function not implemented"
    inject pidfd_open:error=EMFILE ns-enter --target "$target:1" -u echo reached
    refused "ns-enter: cannot open process $target: *"
    inject open_tree:error=ENOSYS ns-enter --target "$target" -m echo reached
    refused 'ns-enter: cannot keep the directory of the stages: *'
    inject clone,clone3:error=EAGAIN ns-enter --target "$target" -p echo reached
    refused 'ns-enter: cannot start a process in the PID namespace: Resource temporarily unavailable'
    inject setsid:error=EPERM ns-enter --target "$target" -p echo reached
    refused 'ns-enter: cannot begin a session: Operation not permitted'
    leave
}

. shunit2
