# shellcheck shell=sh disable=SC2059,SC2062,SC2086
# tty-relay.sh: the supervisor outside: what it passes on, and what is left when it goes. What it does
# with the terminal stands in tty-pty.sh, since that takes both.

. "$(dirname "$0")/lib.sh"

# With a limit on time, since what is tested here hangs when it is broken.
limit='timeout -k 1 10'
box="ns-enter -muipC root-setup $root mnt-proc /proc mnt-dev /dev"
relay="tty-relay $box tty-pty pid-init"

nothing_is_left() {
    assertEquals "$1: left" '' "$(left_processes)"
}

has_processes() {
    [ "$(tree "$started" | wc -l)" = "$1" ]
}

testARelayWithoutAPtyIsOnlyAParent() {
    attempt $limit fd-close tty-relay sh -c 'cat; probe fds; env | grep MINICTR_TTY; exit 7' <"$top/VERSION"
    ended 7
    printed "$(cat "$top/VERSION")
0 1 2 "
    attempt $limit tty-relay $box pid-init sh -c 'echo out; echo err >&2; kill -TERM $$' </dev/null
    ended 143
    printed out
    assertEquals err "$(cat "$tmp/err")"
    attempt $limit tty-relay no-such-program
    ended 127
}

testFdCloseKeepsTheSocket() {
    attempt $limit tty-relay fd-close $box tty-pty tty </dev/null
    ended 0
    assertEquals /dev/pts/0 "$(tr -d '\r' <"$tmp/out")"
}

# The supervisors outside, too: the relay has the one socket, and closes it when that was used.
testNoSupervisorKeepsTheSocket() {
    start fd-close $relay sh -c 'echo ready; exec sleep 1000'
    await 20 grep -qsa ready "$tmp/out" || fail 'it did not start'
    await 20 has_processes 4 || fail "$(tree "$started")"
    for process in $(tree "$started"); do
        assertEquals "$(cat "/proc/$process/comm")" '' "$(readlink "/proc/$process/fd/"* | grep socket)"
    done
    kill "$started"
    status=0
    wait "$started" || status=$?
    ended 143
}

testTwoRelaysAreRefused() {
    attempt $limit tty-relay tty-relay echo reached
    refused 'tty-relay: this chain has a tty-relay already'
}

# The answer of the relay cannot be given: tty-pty does not wait for it.
testNoAnswerFromTheRelay() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    inject write:error=EIO:when=1 timeout -k 1 10 $relay echo reached </dev/null
    ended 125
    said 'tty-relay: cannot answer tty-pty'
    printed ''
    nothing_is_left write
}

# The relay is killed before tty-pty comes: nothing goes on.
testARelayThatHasGone() {
    start tty-relay "$helpers/hold" true
    await 20 child_of "$started" >/dev/null
    held=$(child_of "$started")
    kill -KILL "$started"
    await 20 is_gone "$held" || fail 'it goes on'
    wait "$started" 2>/dev/null
    nothing_is_left 'relay killed'
}

testKillOfTheRelay() {
    start $relay sh -c 'trap "" HUP TERM INT; sleep 1000 & echo ready; sleep 1000'
    await 20 grep -qsa ready "$tmp/out" || fail 'it did not start'
    await 20 has_processes 6 || fail "$(tree "$started")"
    all=$(tree "$started")
    kill -KILL "$started"
    await 20 all_gone "$all" || fail "left: $(left_processes)"
    status=0
    wait "$started" 2>/dev/null || status=$?
    ended 137
    nothing_is_left 'relay killed'
}

testBadInput() {
    attempt tty-relay
    refused "tty-relay: PROG is missing"
    attempt tty-relay --relay echo reached
    refused "tty-relay: unknown option --relay"
    attempt tty-relay -x echo reached
    refused "tty-relay: unknown option -x"
    attempt tty-relay --help
    ended 0
    attempt tty-relay --version
    ended 0
    for value in x '' 2 -1 4294967299 '7 '; do
        MINICTR_TTY=$value attempt tty-relay echo reached
        refused "tty-relay: the variable MINICTR_TTY is \"$value\", which is no descriptor of theirs"
    done
}

fails() {
    attempt timeout -k 1 10 strace -f -o /dev/null -e inject="$1" $relay echo reached </dev/null
    refused "$2"
    nothing_is_left "$1"
}

testEachSystemCallThatFails() {
    have_strace || { skip 'no strace' && return; }
    fails socketpair:error=EMFILE 'tty-relay: cannot make a socket for the terminal: *'
    fails signalfd4:error=EMFILE 'tty-relay: cannot wait for signals: *'
    fails clone,clone3:error=EAGAIN 'tty-relay: cannot start a process: *'
    fails pidfd_open:error=EMFILE 'tty-relay: cannot start a process: *'
}

. shunit2
