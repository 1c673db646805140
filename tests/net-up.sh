# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# net-up.sh: the loopback interface of a new network namespace.

. "$(dirname "$0")/lib.sh"

# What is connected to does not listen: it answers that when it can be reached at all.
reach='exec 3<>/dev/tcp/127.0.0.1/1'

testWithoutItNothingIsReached() {
    attempt ns-enter -n bash -c "$reach"
    said 'Network is unreachable'
    attempt ns-enter -n net-up bash -c "$reach"
    said 'Connection refused'
}

testBothAddresses() {
    attempt ns-enter -n net-up cat /proc/net/fib_trie
    ended 0
    assertTrue 'IPv4' "grep -q '127.0.0.1' '$tmp/out'"
    [ -e /proc/net/if_inet6 ] || return 0
    attempt ns-enter -n net-up cat /proc/net/if_inet6
    assertEquals '00000000000000000000000000000001' "$(cut -d ' ' -f 1 "$tmp/out")"
}

testTwice() {
    attempt ns-enter -n net-up net-up bash -c "$reach"
    said 'Connection refused'
}

testOnlyTheLoopback() {
    attempt ns-enter -n net-up sed -n '3,$s/:.*//p' /proc/net/dev
    assertEquals lo "$(tr -d ' ' <"$tmp/out")"
}

testDescriptors() {
    attempt fd-close ns-enter -n net-up probe fds
    printed '0 1 2 '
}

# Where it is up already, so that nothing would come of it.
testTypedOnTheHostItRefuses() {
    needs_root && return
    for before in '' 'ns-enter -muipC'; do
        # shellcheck disable=SC2086
        attempt $before net-up echo reached
        refused "net-up: this is the host's net namespace"
        assertEquals 'net-up: hint: put "ns-enter --net" before this stage' "$hint"
    done
}

testWithoutRoot() {
    as_nobody net-up echo reached
    refused 'net-up: cannot compare the net namespace with that of process 1: Permission denied'
}

testWithoutPrivilegeInIt() {
    attempt ns-enter -n cap-keep none net-up echo reached
    refused 'net-up: cannot bring the interface lo up: Operation not permitted'
}

testEachFailingCall() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    faults='socket:error=EMFILE|find the interface lo: No file descriptors available
ioctl:error=ENODEV:when=1|find the interface lo: No such device
ioctl:error=EPERM:when=2|bring the interface lo up: Operation not permitted'
    while IFS='|' read -r fault message; do
        attempt ns-enter -n strace -o /dev/null -e "inject=$fault" "$bin/net-up" echo reached
        ended 125
        printed ''
        said "^net-up: cannot $(echo "$message" | sed 's/No file descriptors available/(No file descriptors available|Too many open files)/')$"
    done <<END
$faults
END
}

testWords() {
    attempt net-up
    refused 'net-up: PROG is missing'
    attempt net-up --up echo reached
    refused 'net-up: unknown option --up'
    attempt net-up --help
    ended 0
    assertContains "$(cat "$tmp/out")" 'usage: net-up PROG'
}

testLauncher() {
    needs_root && return
    attempt minictr --root "$root" --net none sed -n '3,$s/:.*//p' /proc/net/dev
    ended 0
    assertEquals lo "$(tr -d ' ' <"$tmp/out")"
    attempt minictr --root "$root" --net host readlink /proc/self/ns/net
    printed "$(readlink /proc/self/ns/net)"
    attempt minictr --root "$root" --net=bridge true
    refused 'minictr: --net: "bridge" is not host or none'
    attempt minictr --print --net none true
    assertTrue 'in the printed chain' "grep -q '^    net-up ' '$tmp/out' && grep -q 'ns-enter -muipCn' '$tmp/out'"
}

. shunit2
