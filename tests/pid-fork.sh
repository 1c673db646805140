# shellcheck shell=sh disable=SC1091,SC2016,SC2086,SC2154
# pid-fork.sh: the last step into a PID namespace that was joined.

. "$(dirname "$0")/lib.sh"

# A container to join.
box() {
    lives_in ns-enter -muipC root-setup "$root" mnt-proc /proc pid-init
}

into() {
    attempt ns-enter --target "$target" --no-fork pid-fork "$@"
}

testProgIsOneOfTheirProcesses() {
    box
    into sh -c 'echo $$ $PPID; ps axo args'
    ended 0
    assertEquals '3 0' "$(head -n 1 "$tmp/out")"
    assertEquals 1 "$(grep -c '^sleep 1000$' "$tmp/out")"
    # None of the stages is to be seen there.
    assertEquals 0 "$(grep -cE 'ns-enter|pid-fork' "$tmp/out")"
    leave
}

testTheSupervisorIsOutside() {
    box
    start fd-close ns-enter --target "$target" --no-fork pid-fork sleep 1001
    await 20 child_of "$started" >"$tmp/child"
    await 20 grep -q sleep "/proc/$(cat "$tmp/child")/comm"
    assertEquals pid-fork "$(cat "/proc/$started/comm")"
    assertEquals "$(readlink /proc/$$/ns/pid)" "$(readlink "/proc/$started/ns/pid")"
    assertEquals "$(readlink "/proc/$target/ns/pid")" "$(readlink "/proc/$(cat "$tmp/child")/ns/pid")"
    assertEquals 'its descriptors' '0 1 2' "$(cd "/proc/$started/fd" && echo *)"
    kill "$started"
    wait "$started"
    assertEquals 143 $?
    leave
}

testWithoutOneThatWasJoined() {
    box
    for before in '' 'ns-enter -mp' "ns-enter --target $target -p" "ns-enter --target $target --no-fork -u" \
        "ns-enter --target $target --no-fork pid-fork" "ns-enter --target $target --no-fork -p env" 'env MINICTR_NS=mupj'; do
        attempt $before pid-fork echo reached
        refused 'pid-fork: no PID namespace was joined for it'
        assertEquals 'pid-fork: hint: put "ns-enter --target PID --pid --no-fork" before this stage' "$hint"
    done
    leave
}

# There may be stages between the two, and behind it.
testStagesBetweenAndBehind() {
    box
    attempt ns-enter --target "$target" --no-fork cwd-set /etc env-set A=1 pid-fork priv-lock cwd-set /usr \
        sh -c 'pwd; echo $$ $A; grep NoNew /proc/self/status'
    ended 0
    printed '/usr
3 1
NoNewPrivs:	1'
    leave
}

testBadWords() {
    attempt pid-fork
    refused 'pid-fork: PROG is missing'
    attempt pid-fork ''
    refused 'pid-fork: PROG is empty'
    attempt pid-fork -x echo reached
    refused 'pid-fork: unknown option -x'
    attempt pid-fork --target 1 echo reached
    refused 'pid-fork: unknown option --target'
    box
    attempt ns-enter --target "$target" --no-fork pid-fork -- echo reached
    printed reached
    leave
}

testStatus() {
    # shellcheck disable=SC3045
    ulimit -c 0
    box
    for number in 0 1 77 125 126 127 255; do
        into probe exit "$number"
        ended "$number"
    done
    for signal in 1 2 6 9 11 15; do
        into probe die "$signal"
        ended $((128 + signal))
    done
    into no-such-program
    ended 127
    said_only '^pid-fork: cannot find no-such-program in PATH'
    into /etc/passwd
    ended 126
    said_only '^pid-fork: cannot execute /etc/passwd: it has no execute permission'
    attempt timeout -s KILL 10 hostile chld-ignored ns-enter --target "$target" --no-fork pid-fork probe exit 7
    ended 7
    leave
}

testProgsSignalsAreTheCallers() {
    box
    attempt env --ignore-signal=USR1 --block-signal=USR2 ns-enter --target "$target" --no-fork pid-fork probe signals
    printed "$(printf '%s\n' 'blocked 12' 'ignored 10')"
    leave
}

testNothingOfTheStagesReachesProg() {
    box
    attempt fd-close ns-enter --target "$target" --no-fork pid-fork probe env
    ended 0
    assertNull "$(grep -a '^MINICTR_' "$tmp/out" | grep -v ^MINICTR_TEST)"
    attempt fd-close ns-enter --target "$target" --no-fork pid-fork probe fds
    printed '0 1 2 '
    # With a trace, too.
    attempt env MINICTR_TRACE="$tmp/trace" fd-close ns-enter --target "$target" --no-fork pid-fork probe fds
    printed '0 1 2 '
    assertTrue 'the trace' "grep -q ' start pid-fork' '$tmp/trace'"
    leave
}

# It can be looked into by processes of the same user again, and is no more powerful than they.
testPowers() {
    box
    attempt ns-enter --target "$target" --no-fork id-set 5:6 pid-fork sh -c \
        'grep -E "^Cap(Eff|Prm|Amb)|^Uid" /proc/self/status; wc -c </proc/self/environ'
    ended 0
    assertEquals "Uid:	5	5	5	5
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapAmb:	0000000000000000" "$(head -n 4 "$tmp/out")"
    assertNotEquals 'it is dumpable' 0 "$(tail -n 1 "$tmp/out")"
    # Nor is its supervisor.
    start ns-enter --target "$target" --no-fork id-set 5:6 pid-fork sleep 1001
    await 20 child_of "$started" >"$tmp/child"
    assertEquals '0000000000000000' "$(sed -n 's/^CapPrm:.//p' "/proc/$started/status")"
    kill "$started"
    wait "$started"
    leave
}

# Between the fork and the execution nobody inside may look into the new process.
testItIsNotDumpableWhenItForks() {
    have_strace || { skip 'no strace' && return; }
    box
    strace -f -o "$tmp/trace" -e trace=prctl,clone,fork,execve "$bin/ns-enter" --target "$target" --no-fork pid-fork true
    assertEquals 'prctl clone ' "$(grep -v execve "$tmp/trace" | grep -oE 'PR_SET_DUMPABLE, (0|SUID_DUMP_DISABLE)|clone\(' |
        sed 's/PR_SET_DUMPABLE.*/prctl/; s/clone./clone/' | tr '\n' ' ')"
    inject prctl:error=EINVAL ns-enter --target "$target" --no-fork pid-fork echo reached
    refused 'pid-fork: cannot hide the new process from those inside: Invalid argument'
    leave
}

testSignalsReachProg() {
    box
    start ns-enter --target "$target" --no-fork pid-fork probe catch 1 10 12 15 28
    await 20 grep -q ready "$tmp/out" || fail "$(cat "$tmp/err")"
    for signal in 1 10 12 15 28; do
        kill -$signal "$started"
        await 20 grep -qx "caught $signal" "$tmp/out" || fail "$signal did not arrive"
    done
    wait "$started"
    assertEquals 0 $?
    leave
}

testProgCannotSignalTheCallersGroup() {
    box
    # The shell leads a group of its own; were "kill 0" to reach it, it could not print.
    attempt setsid sh -c 'ns-enter --target "$0" --no-fork pid-fork sh -c "kill -TERM 0"; echo "alive $?"' "$target"
    printed 'alive 143'
    leave
}

is_stopped() {
    grep -q '^State:.T' "/proc/$1/status"
}

testStopAndContinue() {
    box
    start ns-enter --target "$target" --no-fork pid-fork sh -c 'while :; do echo on; sleep 0.02; done'
    await 20 grep -q on "$tmp/out"
    child=$(child_of "$started")
    for signal in TSTP TTIN TTOU; do
        kill -$signal "$started"
        await 20 is_stopped "$started" || fail "$signal: the supervisor goes on"
        await 20 is_stopped "$child" || fail "$signal: the program goes on"
        kill -CONT "$started"
        : >"$tmp/out"
        await 20 grep -qa on "$tmp/out" || fail "$signal: the program was not continued"
    done
    # One that stops itself stops its supervisor.
    kill -STOP "$child"
    await 20 is_stopped "$started" || fail 'the supervisor goes on'
    kill -CONT "$started"
    kill -TERM "$started"
    wait "$started"
    assertEquals 143 $?
    leave
}

testKilledSupervisorTakesProgWithIt() {
    box
    start ns-enter --target "$target" --no-fork pid-fork sleep 1001
    await 20 child_of "$started" >"$tmp/child"
    child=$(cat "$tmp/child")
    kill -KILL "$started"
    wait "$started"
    await 20 is_gone "$child" || fail "process $child is left"
    assertFalse 'the container lives' "is_gone $target"
    leave
}

testSupervisorEndsWithProg() {
    box
    start ns-enter --target "$target" --no-fork pid-fork sleep 1001
    await 20 child_of "$started" >"$tmp/child"
    kill -KILL "$(cat "$tmp/child")"
    wait "$started"
    assertEquals 137 $?
    # And with the container.
    start ns-enter --target "$target" --no-fork pid-fork sleep 1001
    await 20 child_of "$started" >"$tmp/child"
    leave
    wait "$started"
    assertEquals 137 $?
}

# Its process 1 has ended: the kernel starts none there any more.
testTheNamespaceHasEnded() {
    box
    attempt ns-enter --target "$target" --no-fork -p sh -c \
        'kill -9 "$0"; while kill -0 "$0" 2>/dev/null; do :; done; MINICTR_NS=f exec pid-fork echo reached' "$(child_of "$outer")"
    refused 'pid-fork: cannot start a process in the PID namespace: *memory'
    wait "$outer" 2>/dev/null || :
}

testKernelRefuses() {
    have_strace || { skip 'no strace' && return; }
    box
    inject clone,clone3:error=EAGAIN ns-enter --target "$target" --no-fork pid-fork echo reached
    refused 'pid-fork: cannot start a process in the PID namespace: Resource temporarily unavailable'
    inject setsid:error=EPERM ns-enter --target "$target" --no-fork pid-fork echo reached
    refused 'pid-fork: cannot begin a session: Operation not permitted'
    # Without these two PROG could outlive its supervisor.
    inject pidfd_open:error=EPERM:when=2 ns-enter --target "$target" --no-fork pid-fork echo reached
    refused 'pid-fork: cannot start a process in the PID namespace: Operation not permitted'
    inject poll:error=ENOMEM ns-enter --target "$target" --no-fork pid-fork echo reached
    refused 'pid-fork: cannot find out whether the supervisor is there: *'
    leave
}

# On a terminal it stays in the session of the caller: job control works on it.
testTerminal() {
    needs_expect && return
    box
    export target
    play <<'PLAY'
say "ns-enter --target \$target --no-fork pid-fork sleep 1002"
sleep 0.3
send "\x03"
see "host> "
say "echo status \$?"
see "status 130\r\n"
say "ns-enter --target \$target --no-fork pid-fork sh -c 'sleep 0.7; echo went on; sleep 1002'"
sleep 0.3
send "\x1a"
see "Stopped.*host> "
sleep 0.7
say "echo still here"
see "still here\r\nhost> "
say "fg"
see "went on\r\n"
sleep 0.3
send "\x1a"
see "Stopped.*host> "
say "bg"
see "host> "
say "kill %1; wait; echo over"
see "over\r\n.*host> "
say "echo still here"
see "still here\r\n"
PLAY
    leave
}

testJobControlInside() {
    needs_expect && return
    box
    export target
    play <<'PLAY'
say "ns-enter --target \$target --no-fork pid-fork bash --norc"
see "# $"
say "sleep 1002"
sleep 0.3
send "\x1a"
see "Stopped +sleep 1002\r\n.*# $"
say "fg"
see "sleep 1002\r\n"
sleep 0.3
send "\x03"
see "# $"
say "exit 6"
see "host> "
say "echo status \$?; modes"
see "status 6\r\nas before"
PLAY
    leave
}

# Only one of the streams is a terminal: then a session of its own, and the keys still reach it.
testTerminalInAPipeline() {
    needs_expect && return
    box
    export target
    play <<'PLAY'
say "ns-enter --target \$target --no-fork pid-fork sleep 1002 | cat"
sleep 0.3
send "\x1a"
see "Stopped.*host> "
say "fg"
sleep 0.3
send "\x03"
see "host> "
PLAY
    leave
}

. shunit2
