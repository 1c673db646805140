# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# chain-detach.sh: a chain in the background.

. "$(dirname "$0")/lib.sh"

name=detach-$$ delegated=$(delegated_group)
log=$tmp/log

# detach WORDS...: attempts it without the streams of the test, which must not be held open by what runs on.
detach() {
    attempt chain-detach "$@"
}

# What was started last by hand, by the number that was printed.
ends() {
    await 20 is_gone "$1" || fail "process $1 is still there"
}

no_group() {
    assertEquals '' "$(find /sys/fs/cgroup -maxdepth 6 -path "*/minictr/$1" 2>/dev/null)"
}

tearDown() {
    rm -f "$log"
}

testBehindAJoinedPidNamespaceItRefuses() {
    needs_root && return
    lives_in ns-enter -mp
    attempt ns-enter --target "$target" --no-fork -mp chain-detach pid-fork echo reached
    refused 'chain-detach: the rest of the chain would end with this PID namespace'
    leave
}

testItEndsWhenProgRuns() {
    detach sleep 1000
    ended 0
    chain=$(cat "$tmp/out")
    assertEquals sleep "$(cat "/proc/$chain/comm")"
    kill "$chain"
    ends "$chain"
}

testProgOfManySteps() {
    detach --name "$name" cg-limit --name "$name" ns-enter -muip root-setup "$root" mnt-proc /proc pid-init sleep 1000
    ended 0
    printed "$name"
    # PROG runs: it is the last of the chain.
    assertEquals 1 "$(ctr-exec "$name" ps axo args | grep -c '^sleep 1000$')"
    ctr-kill "$name"
    await 20 sh -c '! ctr-stat "$0" 2>/dev/null >&2' "$name" || fail 'it is still there'
    no_group "$name"
}

# A session without a terminal, nothing of the caller's, and nothing of ours.
testSurroundings() {
    cd /usr || return
    attempt fd-close chain-detach --log "$log" sh -c 'probe fds; env | grep -E "^MINICTR_(START|NS|TRACE)"; pwd
        [ "$(cut -d " " -f 7 /proc/$$/stat)" = 0 ] && echo no terminal; readlink /proc/self/fd/0; echo error >&2'
    cd "$top" || return
    ended 0
    ends "$(cat "$tmp/out")"
    assertEquals '0 1 2 
/usr
no terminal
/dev/null
error' "$(cat "$log")"
    detach sleep 1000
    chain=$(cat "$tmp/out")
    assertNotEquals "$(cut -d ' ' -f 6 /proc/$$/stat)" "$(cut -d ' ' -f 6 "/proc/$chain/stat")"
    kill "$chain"
    ends "$chain"
}

testLog() {
    umask 000
    for i in 1 2; do
        detach --log "$log" echo "line $i"
        ended 0
        ends "$(cat "$tmp/out")"
    done
    umask 022
    assertEquals 'line 1
line 2' "$(cat "$log")"
    assertEquals 600 "$(stat -c %a "$log")"
    # Without one it is lost, and does not go to the caller.
    detach sh -c 'echo to nobody; echo to nobody >&2'
    assertEquals '' "$(grep nobody "$tmp/out" "$tmp/err")"
}

# Each of them with its own message, once, and its status; nothing stays.
testFailures() {
    while IFS='|' read -r expected message words; do
        # shellcheck disable=SC2086
        detach --log "$log" cg-limit --name "$name" $words
        ended "$expected"
        printed ''
        assertEquals "$words" 1 "$(grep -cE "$message" "$tmp/err")"
        assertEquals "$words" 1 "$(grep -vc ': hint: ' "$tmp/err")"
        assertEquals "$words" 1 "$(grep -cE "$message" "$log")"
        rm -f "$log"
        no_group "$name"
    done <<END
127|^cg-limit: cannot find nothing-there in PATH|nothing-there
126|^cg-limit: cannot execute /etc: it is a directory|/etc
125|^uts-name: NAME: "/" is not a name|ns-enter -mup uts-name / true
125|^root-setup: cannot .*/nowhere|ns-enter -mp root-setup $tmp/nowhere true
127|^pid-init: cannot find nothing-there in PATH|ns-enter -mp root-setup $root mnt-proc /proc pid-init nothing-there
126|^sys-filter: cannot execute /etc|ns-enter -mp root-setup $root mnt-proc /proc priv-lock sys-filter --default /etc
127|^cap-keep: cannot find nothing-there in PATH|ns-enter -mp root-setup $root cap-keep none nothing-there
END
}

# What a stage complains of, but goes on, is no failure. PROG's own end is not ours to tell.
testTheEndOfProgIsItsOwn() {
    for code in 0 1 125; do
        detach sh -c "exit $code"
        ended 0
    done
}

testCallerThatIsKilledWhileItWaits() {
    mkfifo "$tmp/fifo"
    for signal in INT TERM KILL; do
        # A policy that never comes keeps the stage waiting.
        # In the background a shell starts it with SIGINT ignored.
        start env --default-signal=INT chain-detach --name "$name" cg-limit --name "$name" ns-enter -mp priv-lock sys-filter --file "$tmp/fifo" \
            sleep 1000
        await 20 sh -c 'tree=$(ps axo args); case $tree in *"
sys-filter --file $0"*) ;; *) exit 1 ;; esac' "$tmp/fifo" || fail 'it does not wait'
        kill -$signal "$started"
        wait "$started"
        await 20 sh -c '! find /sys/fs/cgroup -maxdepth 6 -path "*/minictr/$0" | grep -q .' "$name" ||
            fail "$signal: it goes on"
        no_group "$name"
    done
    rm "$tmp/fifo"
}

testCallerThatEndsAfterIt() {
    setsid sh -c 'chain-detach --name "$0" cg-limit --name "$0" sleep 1000; kill -HUP 0; kill -KILL $$' "$name" \
        >"$tmp/out" 2>/dev/null
    printed "$name"
    attempt ctr-ls "$name"
    ended 0
    ctr-kill "$name"
    await 20 sh -c '! ctr-stat "$0" 2>/dev/null >&2' "$name" || fail 'it is still there'
    no_group "$name"
}

# Standard output is closed when the name has been printed, so that $(...) does not wait for PROG.
testInACommandSubstitution() {
    before=$(date +%s)
    chain=$(chain-detach sleep 1000)
    assertTrue 'it waited' "[ $(($(date +%s) - before)) -lt 10 ]"
    kill "$chain"
    ends "$chain"
}

testNameInUse() {
    detach --name "$name" cg-limit --name "$name" sleep 1000
    detach --name "$name" cg-limit --name "$name" sleep 1000
    ended 125
    said_only "^cg-limit: the name $name is in use: "
    ctr-kill "$name"
    await 20 sh -c '! ctr-stat "$0" 2>/dev/null >&2' "$name"
    no_group "$name"
}

testTrace() {
    MINICTR_TRACE=$tmp/trace attempt chain-detach env-set A=1 true
    ended 0
    ends "$(cat "$tmp/out")"
    assertTrue 'traced' "grep -q 'next env-set' '$tmp/trace'"
    MINICTR_TRACE=2 attempt chain-detach true
    ended 125
    said '^chain-detach: the trace of a chain in the background cannot go to standard error$'
}

testEachFailingCall() {
    have_strace || { skip 'no strace' && return; }
    while IFS='|' read -r fault message; do
        attempt strace -f -o /dev/null -e "inject=$fault" "$bin/chain-detach" --log "$log" sleep 1
        ended 125
        printed ''
        said "^chain-detach: cannot $message"
    done <<END
pidfd_open:error=EMFILE|watch the chain: 
setsid:error=EPERM|begin a session: Operation not permitted
pipe2:error=EMFILE|make a pipe: 
dup2:error=EIO|set the standard streams: 
END
}

testWords() {
    attempt chain-detach
    refused 'chain-detach: PROG is missing'
    attempt chain-detach --log '' true
    refused 'chain-detach: --log: the name of the file is empty'
    attempt chain-detach --log "$tmp" true
    refused "chain-detach: cannot open $tmp: Is a directory"
    attempt chain-detach --log "$tmp/none/log" true
    refused "chain-detach: cannot open $tmp/none/log: No such file or directory"
    attempt chain-detach --log a --log b true
    refused 'chain-detach: --log is given twice'
    attempt chain-detach --name a/b true
    refused 'chain-detach: --name: "a/b" is not a name: *'
    attempt chain-detach chain-detach true
    refused 'chain-detach: this chain is in the background already'
    MINICTR_START=77 attempt chain-detach true
    refused 'chain-detach: the variable MINICTR_START is "77", which is no descriptor of theirs'
}

testLauncher() {
    for way in '' --inline; do
        # shellcheck disable=SC2086
        attempt "$bin/minictr" $way --detach --log "$log" --root "$root" sh -c 'echo started; exec sleep 1000'
        ended 0
        box=$(cat "$tmp/out")
        assertTrue "its name: $box" "echo $box | grep -qxE '[0-9a-f]{8}'"
        if [ "$(id -u)" = 0 ] || [ -z "$way" ]; then # a user may not look at what has changed its ids in one process
            attempt ctr-exec "$box" cat /proc/1/comm
            printed pid-init
        fi
        forget_warnings "$log"
        assertEquals started "$(cat "$log")"
        rm "$log"
        ctr-kill "$box"
        await 20 sh -c '! ctr-stat "$0" 2>/dev/null >&2' "$box"
        no_group "$box"
    done
    attempt minictr --detach --name "$name" --root "$root" --cwd /nowhere true
    ended 125
    said_only '^cwd-set: cannot change to the directory /nowhere: No such file or directory$'
    no_group "$name"
    # The printed line does the same.
    attempt minictr --print --detach --name "$name" --root "$root" sleep 1000
    cp "$tmp/out" "$tmp/chain"
    attempt sh "$tmp/chain"
    printed "$name"
    ctr-kill "$name"
    await 20 sh -c '! ctr-stat "$0" 2>/dev/null >&2' "$name"
    no_group "$name"
    attempt minictr --log "$log" true
    refused 'minictr: --log: only with --detach'
    for option in --tty --time '--break PROG' '--break-after cg-limit'; do
        # shellcheck disable=SC2086
        attempt minictr --detach $option true
        refused "minictr: --detach and ${option%% *}: only one of them"
    done
}

# Leaves $steps, a copy of the programs with more among them: "slow" goes on after a while, "dies" is killed.
more_steps() {
    steps=$tmp/steps
    [ ! -d "$steps" ] || return 0
    cp -R "$bin" "$steps"
    printf '#!/bin/sh\nsleep 1000.%d\nexec "$@"\n' $$ >"$steps/slow"
    printf '#!/bin/sh\nkill -KILL $$\n' >"$steps/dies"
    chmod +x "$steps/slow" "$steps/dies"
}

# Prints the processes with these words.
running() {
    ps axo pid=,args= | awk -v words="$*" '{ pid = $1; sub(/^ *[0-9]+ /, "") } index($0, words) == 1 { print pid }'
}

runs_one() {
    [ -n "$(running "$@")" ]
}

runs_none() {
    [ -z "$(running "$@")" ]
}

# Whatever the caller does with signals: the chain is ended, and can take its group away; so can a step that is a
# shell, with what it has started.
testAStepThatIsNoneOfOurs() {
    more_steps
    for caller in '' 'env --ignore-signal=TERM' 'env --ignore-signal=TERM,HUP,CHLD' 'env --block-signal=TERM'; do
        for chain in "slow sleep 1001.$$" "cg-limit --name $name slow sleep 1001.$$"; do
            # shellcheck disable=SC2086
            start $caller "$steps/chain-detach" $chain
            await 20 runs_one sleep 1000.$$ || fail "$caller $chain: it does not wait"
            kill -KILL "$started"
            wait "$started" 2>/dev/null
            await 20 runs_none sleep 1000.$$ || fail "$caller $chain: it goes on"
            await 20 runs_none /bin/sh "$steps/slow"
            await 20 test ! -d "$(hierarchy pids)$delegated/minictr/$name"
            no_group "$name"
            printed ''
        done
    done
}

testAStepThatIsKilled() {
    more_steps
    for chain in 'dies true' 'cg-limit dies true'; do
        # shellcheck disable=SC2086
        attempt "$steps/chain-detach" $chain
        ended 137
        printed ''
        said_only '^chain-detach: the chain has ended with 137 before PROG was executed$'
    done
}

# It has printed a help that nobody sees, and there is no PROG.
testAStepThatEndsWellWithoutProg() {
    detach --log "$log" uts-name --help
    ended 125
    printed ''
    said_only '^chain-detach: the chain has ended with 0 before PROG was executed$'
}

testIgnoredSigchld() {
    attempt env --ignore-signal=CHLD chain-detach nothing-there
    ended 127
    said_only '^chain-detach: cannot find nothing-there in PATH'
    attempt env --ignore-signal=CHLD chain-detach --log "$log" grep SigIgn /proc/self/status
    ended 0
    ends "$(cat "$tmp/out")"
    assertEquals 'PROG ignores it' 1 "$(($(printf '0x%s' "$(cut -f 2 "$log")") >> 16 & 1))"
}

# What PROG may not do does not keep the failure of its execution from being told.
testFailureUnderAFilter() {
    for calls in sendto,sendmsg poll,fcntl,getpid; do
        detach priv-lock sys-filter --deny "$calls" nothing-there
        ended 127
        printed ''
        said_only '^sys-filter: cannot find nothing-there in PATH'
    done
}

testMessagesOfSupervisors() {
    needs_root && return
    attempt sh -c 'chain-detach --log "$1" cg-limit --name "$0" --status-fd 9 uts-name x true 9>/dev/full' "$name" "$log"
    ended 125
    said "^uts-name: this is the host's uts namespace"
    said '^cg-limit: cannot report to the descriptor 9: No space left on device$'
    assertEquals 3 "$(wc -l <"$tmp/err")"
    assertEquals "$(cat "$tmp/err")" "$(cat "$log")"
    no_group "$name"
}

# The name that cannot be printed is not known to anybody.
testNameThatCannotBePrinted() {
    for to in '/dev/full' '&-'; do
        attempt sh -c "chain-detach cg-limit --name $name sleep 1000.$$ >$to"
        ended 125
        said_only '^chain-detach: cannot write to standard output: '
        await 20 runs_none sleep 1000.$$ || fail "$to: it goes on"
        await 20 test ! -d "$(hierarchy pids)$delegated/minictr/$name"
        no_group "$name"
    done
}

testClosedStreams() {
    attempt fd-close sh -c 'chain-detach --log "$0" sh -c "ls /proc/self/fd; readlink /proc/self/fd/0; echo error >&2" <&- 2>&-' "$log"
    ended 0
    ends "$(cat "$tmp/out")"
    assertEquals '0 1 2 3 /dev/null error' "$(paste -sd ' ' "$log")"
    attempt sh -c 'chain-detach nothing-there <&- 2>&-'
    ended 127
    attempt sh -c 'chain-detach nothing-there >&- 2>&-'
    ended 127
}

testItLeadsASession() {
    detach sleep 1000.$$
    chain=$(cat "$tmp/out")
    # Its group and its session, and no terminal.
    assertEquals "$chain $chain 0" "$(cut -d ' ' -f 5-7 "/proc/$chain/stat")"
    assertEquals 'no child that it does not know' '' "$(child_of "$chain")"
    assertEquals 'no signal is blocked' 0000000000000000 "$(sed -n 's/^SigBlk:\t//p' "/proc/$chain/status")"
    kill "$chain"
    ends "$chain"
}

testWhereItCannotStand() {
    needs_root && return
    attempt ns-enter -p chain-detach true
    refused 'chain-detach: the rest of the chain would end with this PID namespace'
    assertEquals 'chain-detach: hint: put this stage before "ns-enter --pid"' "$hint"
    attempt tty-relay chain-detach true
    refused 'chain-detach: the terminal of tty-relay ends with this process'
    attempt id-set 5:5 chain-detach true
    refused 'chain-detach: capabilities are held for the stages only'
    detach chain-break true
    refused 'chain-break: behind chain-detach nobody could answer the shell'
}

testKilledSupervisor() {
    detach --name "$name" cg-limit --name "$name" ns-enter -mp root-setup "$root" mnt-proc /proc pid-init sleep 1000.$$
    ended 0
    await 20 runs_one sleep 1000.$$
    all=$(cat "$(hierarchy pids)$delegated/minictr/$name/cgroup.procs")
    for process in $(running cg-limit --name "$name"); do
        kill -KILL "$process"
    done
    await 20 all_gone "$all" || fail "$all: they go on"
    cg-limit true
    no_group "$name"
}

testReportOfTheEnd() {
    attempt sh -c 'minictr --detach --name "$0" --root "$1" --status-fd 9 sh -c "exit 7" 9>"$2"' "$name" "$root" "$log"
    ended 0
    printed "$name"
    await 20 grep -q '"status":7,' "$log" || fail "$(cat "$log")"
    no_group "$name"
}

testVariable() {
    for value in '' x 3 3: 1:2 77:78 3:4x 3:4: 3:4:4; do
        MINICTR_START=$value attempt fd-close true 3</dev/null 4</dev/null
        refused "fd-close: the variable MINICTR_START is \"$value\", which is no descriptor of theirs"
    done
}

# What has been printed runs, whatever becomes of the caller then.
testSignalBehindTheLine() {
    have_strace || { skip 'no strace' && return; }
    for signal in HUP INT TERM; do
        : >"$tmp/out"
        start env --default-signal=INT strace -o /dev/null -e inject=write:delay_exit=300000 chain-detach sleep 1001.$$
        await 20 [ -s "$tmp/out" ]
        kill -s $signal "$(child_of "$started")"
        wait "$started"
        assertEquals "$signal" 0 $?
        assertTrue "$signal: it goes on" "runs_one sleep 1001.$$"
        kill "$(cat "$tmp/out")"
        await 20 runs_none sleep 1001.$$
    done
}

# ^C while it starts ends all of it; what has started outlives its terminal.
testOnATerminal() {
    needs_expect && return
    more_steps
    cat >"$tmp/script" <<'SCRIPT'
set timeout 10
spawn -noecho $env(steps)/chain-detach cg-limit --name $env(name) slow sleep 1001.$env(pid)
while {[catch {exec pgrep -f "^sleep 1000.$env(pid)$"}]} { after 20 }
send "\003"
expect eof {} timeout {exit 11}
if {[lindex [wait] end-1] ne "SIGINT"} {exit 12}
spawn -noecho sh -c {chain-detach --name $name cg-limit --name $name sleep 1001.$pid; read forever}
expect "$env(name)" {} timeout {exit 13}
close
wait
SCRIPT
    steps=$steps name=$name pid=$$ expect "$tmp/script" >"$tmp/screen" 2>&1
    assertEquals "$(cat "$tmp/screen")" 0 $?
    await 20 runs_none sleep 1000.$$ || fail 'the start goes on'
    assertTrue 'PROG goes on' "runs_one sleep 1001.$$"
    ctr-kill "$name"
    await 20 runs_none sleep 1001.$$
    await 20 test ! -d "$(hierarchy pids)$delegated/minictr/$name"
    no_group "$name"
}

. shunit2
