# shellcheck shell=sh disable=SC2086
# tty-pty.sh: tty-relay and tty-pty: the terminal inside, the bytes between it and the caller's, and
# that the caller's is as before at the end. expect(1) plays the person, at a bash of the host.

. "$(dirname "$0")/lib.sh"

own=$tmp/root
victim=$tmp/victim
# With a limit on time, since what is tested here hangs when it is broken.
limit='timeout -k 1 10' many=1400000 some=200000
case ${CI:-} in vm) limit='timeout -k 1 60' many=30000 some=20000 ;; esac # each line takes long there
box="ns-enter -muipC root-setup $root mnt-proc /proc mnt-dev /dev"
relay="tty-relay $box tty-pty pid-init"
export root tmp box relay

# The two ways: with a relay outside, and by hand with tty-pty as the other end itself.
relayed() {
    attempt $limit $relay "$@"
}

alone() {
    attempt $limit $box pid-init tty-pty "$@"
}

# What the program wrote to its terminal. That ends each line with both characters.
showed() {
    assertEquals "$(cat "$tmp/err")" "$1" "$(tr -d '\r' <"$tmp/out")"
}

shows() {
    grep -qa -- "$1" "$tmp/out" || fail "no line matches $1: $(head -c 1000 "$tmp/out")"
}

nothing_is_left() {
    assertEquals "$1: left" '' "$(left_processes)"
}

# A root whose /dev is empty, to put something hostile in.
own_root() {
    [ -d "$own" ] || cp -R "$root" "$own"
    rm -rf --one-file-system "${own:?}/dev" "$victim"
    mkdir -p "$own/dev" "$victim"
    echo secret >"$victim/file"
}

# -- The terminal inside

testTheTerminalIsTheContainersOwn() {
    ls /dev/pts >"$tmp/before" 2>/dev/null
    for way in relayed alone; do
        $way sh -c 'tty; echo $(ls /dev/pts)'
        ended 0
        showed "$(printf '%s\n' /dev/pts/0 '0 ptmx')"
    done
    ls /dev/pts >"$tmp/after" 2>/dev/null
    assertEquals "$(cat "$tmp/before")" "$(cat "$tmp/after")"
}

testItIsNotSeenOutside() {
    ls /dev/pts >"$tmp/before" 2>/dev/null
    for chain in "$relay" "$box pid-init tty-pty"; do
        rm -f "$tmp/out"
        start $chain sh -c 'tty; exec sleep 1000'
        await 20 grep -qs /dev/pts/0 "$tmp/out" || fail "$chain: it did not start"
        ls /dev/pts >"$tmp/after" 2>/dev/null
        kill "$started"
        wait "$started"
        assertEquals "$(cat "$tmp/before")" "$(cat "$tmp/after")"
    done
}

testItIsTheControllingTerminalOfASession() {
    # pid-init leads the session where it comes behind, PROG where tty-pty does.
    relayed sh -c 'ps -o pid=,sid=,pgid=,tpgid=,tty= -p $$ | tr -s " "; : </dev/tty && echo good'
    ended 0
    showed "$(printf '%s\n' ' 2 1 1 1 pts/0' good)"
    alone sh -c 'ps -o pid=,sid=,pgid=,tpgid=,tty= -p $$ | tr -s " "; : </dev/tty && echo good'
    ended 0
    showed "$(printf '%s\n' ' 3 3 3 3 pts/0' good)"
}

testItIsTheThreeStreams() {
    for way in relayed alone; do
        $way sh -c 'for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done; echo error >&2'
        showed "$(printf '%s\n' /dev/pts/0 /dev/pts/0 /dev/pts/0 error)"
        assertEquals '' "$(cat "$tmp/err")"
    done
}

testConsoleIsTheTerminal() {
    for way in relayed alone; do
        $way sh -c '[ "$(stat -c %t:%T /dev/console)" = "$(stat -c %t:%T /dev/pts/0)" ] && echo same
            echo through >/dev/console; grep -c " /dev/console " /proc/self/mountinfo'
        ended 0
        showed "$(printf '%s\n' same through 1)"
    done
}

# With the image's own /dev, its ptmx the right device and the host's devpts beside that.
testOnlyAnEmptyFileIsTheConsole() {
    needs_root && return
    for console in link device file empty; do
        own_root
        mkdir -p "$own/dev/pts" "$own/etc"
        mknod "$own/dev/ptmx" c 5 2
        : >"$own/etc/empty"
        case $console in
        link) ln -s /etc/empty "$own/dev/console" ;;
        device) mknod "$own/dev/console" c 1 3 ;;
        file) echo x >"$own/dev/console" ;;
        empty) : >"$own/dev/console" ;;
        esac
        attempt $limit tty-relay ns-enter -mp root-open "$own" mnt-bind --rec /dev/pts /dev/pts \
            root-setup . mnt-proc /proc tty-pty awk '$5 ~ "^/dev/console|^/etc" { print $5 }' /proc/self/mountinfo
        ended 0
        case $console in
        empty) showed /dev/console ;;
        *) showed '' ;;
        esac
    done
}

testNoShellWarnsOfJobControl() {
    for way in relayed alone; do
        echo 'case $- in *i*m*) echo inter""active;; esac' >"$tmp/in"
        $way bash --norc <"$tmp/in"
        ended 0
        shows interactive
        assertEquals 'a warning' '' "$(grep -a 'bash: ' "$tmp/out")"
    done
}

# -- What comes in and goes out

testEndOfInputEndsTheProgram() {
    echo 'tty; echo $((6 * 7)) | sed s/^/is:/' >"$tmp/in"
    for way in relayed alone; do
        $way bash --norc <"$tmp/in"
        ended 0
        shows /dev/pts/0
        shows is:42
        $way sh -c 'cat; echo the end' </dev/null
        ended 0
        showed 'the end'
        $way sh -c 'cat; echo the end' <&-
        ended 0
        showed 'the end'
    done
}

testEndOfAPipeEndsTheProgram() {
    for way in relayed alone; do
        printf 'tty\nexit 9' | {
            $way sh
            ended 9
            shows /dev/pts/0
        }
    done
}

# What is left of a line is given to who reads, as it is from a file.
testInputThatDoesNotEndInALineBreak() {
    printf 'one\ntwo' >"$tmp/in"
    relayed sh -c 'cat | sed s/^/got:/' <"$tmp/in"
    ended 0
    assertEquals "$(printf 'got:%s\n' one two)" "$(tr -d '\r' <"$tmp/out" | grep -ao 'got:.*')"
}

testAProgramThatReadsLateSeesTheEnd() {
    relayed sh -c 'sleep 0.5; cat; echo first; cat; echo second' </dev/null
    ended 0
    showed "$(printf '%s\n' first second)"
}

much_output() {
    $1 awk -v last="$2" 'BEGIN { for (i = 1; i <= last; i++) print i }' </dev/null
    ended 0
    assertEquals "$1" "$(seq "$2" | sed 's/$/\r/' | md5sum)" "$(md5sum <"$tmp/out")"
}

testMuchOutputIsCompleteAndInOrder() {
    much_output relayed $many
    much_output alone $some
}

testASlowReaderGetsAll() {
    $limit $relay awk -v last=$some 'BEGIN { for (i = 1; i <= last; i++) print i }' </dev/null | {
        sleep 0.5
        md5sum
    } >"$tmp/out"
    assertEquals "$(seq $some | sed 's/$/\r/' | md5sum)" "$(cat "$tmp/out")"
}

testASlowReaderOfAPipeThatDoesNotBlock() {
    mkfifo "$tmp/pipe"
    { sleep 2 && wc -c; } <"$tmp/pipe" >"$tmp/out" &
    reader=$!
    perl -e 'fcntl(STDOUT, 4, fcntl(STDOUT, 3, 0) | 2048); exec @ARGV' tty-pty \
        sh -c 'stty -opost; head -c 75000 /dev/zero | tr "\0" x' </dev/null >"$tmp/pipe" &
    started=$!
    sleep 1.5
    # shellcheck disable=SC2046
    set -- $(cut -d ')' -f 2 "/proc/$started/stat")
    assertTrue "$((${12} + ${13})) ticks" "[ $((${12} + ${13})) -lt 30 ]"
    wait "$started"
    assertEquals 0 $?
    wait "$reader"
    printed 75000
}

# When PROG has ended, whoever waits for a reader that does not come can be told to end.
testAReaderThatNeverComes() {
    mkfifo "$tmp/nobody"
    sleep 1000 <>"$tmp/nobody" &
    holder=$!
    # Of 4 KiB; the rest of what is written is in tty-pty.
    perl -e 'fcntl(STDOUT, 1031, 4096); exec @ARGV' tty-pty sh -c 'head -c 9000 /dev/zero | tr "\0" x; : >"$0"' "$tmp/ended" \
        </dev/null >"$tmp/nobody" &
    started=$!
    await 20 test -e "$tmp/ended" || fail 'PROG does not end'
    await 20 eval '[ -z "$(child_of "$started")" ]' || fail 'PROG has not ended'
    sleep 0.3
    ! is_gone "$started" || fail 'it did not wait'
    kill "$started"
    await 10 is_gone "$started" || { fail 'it goes on'; kill -KILL "$started"; }
    wait "$started"
    kill "$holder"
    wait "$holder"
    rm "$tmp/nobody" "$tmp/ended"
}

# When PROG ends, the pipe is full, and more is in the terminal.
testTheLastOutputIsNotLost() {
    $limit $relay sh -c 'stty -opost; head -c 75000 /dev/zero | tr "\\0" x; exit 3' </dev/null | {
        sleep 0.4
        wc -c
    } >"$tmp/out"
    printed 75000
    for i in 1 2 3; do
        relayed printf "last $i" </dev/null
        showed "last $i"
    done
}

# Makes a file of all 256 bytes, and $octal, of which printf(1) makes the same.
every_byte() {
    octal=$(awk 'BEGIN { for (i = 0; i < 256; i++) printf "\\%03o", i }')
    # shellcheck disable=SC2059
    printf "$octal" >"$tmp/bytes"
    assertEquals 256 "$(wc -c <"$tmp/bytes")"
}

testOutputOfARawTerminalIsUntouched() {
    every_byte
    for way in relayed alone; do
        $way sh -c 'stty raw; printf "$0"; printf "$0"' "$octal" </dev/null
        ended 0
        assertEquals "$way" "$(cat "$tmp/bytes" "$tmp/bytes" | md5sum)" "$(md5sum <"$tmp/out")"
    done
}

testInputOfARawTerminalIsUntouched() {
    every_byte
    {
        sleep 0.5
        cat "$tmp/bytes"
        sleep 1
    } | relayed sh -c 'stty raw -echo; head -c 256 | md5sum'
    showed "$(md5sum <"$tmp/bytes")"
}

# Neither direction waits for the other.
testMuchInputThatNobodyReads() {
    for way in relayed alone; do
        $way sh -c 'stty raw -echo; sleep 0.3; head -c 1000000 /dev/zero; echo done' </dev/zero
        ended 0
        assertEquals 1000000 "$(tr -dc '\0' <"$tmp/out" | wc -c)"
        assertEquals 'done' "$(tail -n 1 "$tmp/out" | tr -d '\0' | tail -c 5)"
    done
}

testSignalsWhileNobodyReadsTheInput() {
    start $relay sh -c 'stty raw -echo; echo ready; exec sleep 1000' </dev/zero
    await 20 grep -qsa ready "$tmp/out" || fail 'it did not start'
    sleep 0.2
    kill "$started"
    await 3 is_gone "$started" || { fail 'it goes on' && kill -KILL "$started"; }
    status=0
    wait "$started" || status=$?
    ended 143
}

testMuchInputIsComplete() {
    seq 30000 >"$tmp/in"
    relayed sh -c 'stty -echo; cat | md5sum | sed s/^/sum:/' <"$tmp/in"
    ended 0
    assertEquals "sum:$(md5sum <"$tmp/in")" "$(tr -d '\r' <"$tmp/out" | grep -ao 'sum:.*')"
}

testClosedStreams() {
    for chain in "$relay" "$box pid-init tty-pty"; do
        attempt sh -c 'exec fd-close "$@" <&- >&- 2>&-' sh $limit $chain sh -c 'echo lost; cat; probe fds >/dev/shm/fds; grep -qx "0 1 2 " /dev/shm/fds && exit 3'
        ended 3
    done
}

# With too few descriptors a stage says so; it does not hang.
testFewDescriptors() {
    needs_root && return
    for count in 4 5 6 7 8 9 10 12; do
        attempt prlimit --nofile=$count:1024 fd-close $limit $relay sh -c 'exit 3' </dev/null
        [ "$status" = 3 ] || ended 125
    done
    ended 3
}

testAReaderThatGoesAwayEndsTheProgram() {
    { status=0; $limit $relay yes </dev/null || status=$?; echo $status >"$tmp/status"; } | head -n 1 >"$tmp/out"
    showed y
    assertEquals 141 "$(cat "$tmp/status")"
}

# Nobody has the terminal open for a while.
testTheTerminalCanBeOpenedAgain() {
    attempt $limit tty-relay $box tty-pty \
        sh -c 'echo before; exec </dev/null >/dev/null 2>&1; sleep 0.2; echo after >/dev/console' </dev/null
    ended 0
    showed "$(printf '%s\n' before after)"
}

testExitStatus() {
    for way in relayed alone; do
        for status_of_prog in 0 7 125 255; do
            $way probe exit $status_of_prog </dev/null
            ended $status_of_prog
        done
        $way probe die 9 </dev/null
        ended 137
        $way probe die 15 </dev/null
        ended 143
        $way /etc/passwd </dev/null
        ended 126
        shows 'cannot execute /etc/passwd'
        $way no-such-program </dev/null
        ended 127
        shows 'cannot find no-such-program in PATH'
    done
}

# -- What PROG gets, and what it does not

# In every process that can be seen, every descriptor is the terminal of the container.
testNoDescriptorOfTheCallersIsLeft() {
    attempt $limit fd-close $relay bash -c 'sleep 1 <&0 & stat -L -c %d /proc/[0-9]*/fd/* >/dev/shm/devices 2>/dev/null
        stat -c %d /dev/pts/0; sort -u /dev/shm/devices; ls -d /proc/[0-9]* | wc -l' </dev/null
    ended 0
    { read -r device && read -r others && read -r count; } <"$tmp/out"
    assertEquals "$(cat "$tmp/out")" "$device" "$others"
    assertEquals 3 "$(wc -l <"$tmp/out")"
}

testProgHasTheThreeStreamsOnly() {
    for way in relayed alone; do
        $way probe fds </dev/null 3>&- 4>&- 5>&-
        assertEquals "$way: $(cat "$tmp/out")" '0 1 2' "$(tr ' ' '\n' <"$tmp/out" | grep -xE '[0-5]' | xargs)"
    done
    attempt $limit fd-close $relay probe fds </dev/null
    showed '0 1 2 '
    attempt $limit fd-close $box pid-init tty-pty probe fds </dev/null
    showed '0 1 2 '
}

testNoVariableIsLeft() {
    for way in relayed alone; do
        $way sh -c 'tr "\\0" "\\n" </proc/$$/environ | grep -acE "^MINICTR_(NS|STAGES|TTY)="; env | grep -c MINICTR_TEST_MARK' </dev/null
        showed "$(printf '%s\n' 0 1)"
    done
}

testSignalsOfProgAreTheCallers() {
    for way in relayed alone; do
        $way probe signals </dev/null
        showed ''
    done
    attempt env --ignore-signal=USR1 --block-signal=USR2 $relay probe signals </dev/null
    showed "$(printf '%s\n' 'blocked 12' 'ignored 10')"
}

# -- Where they stand in a chain

testOutsideOfAContainer() {
    attempt $limit tty-pty sh -c 'tty >/dev/null && ps -o sid= -p $$ | tr -d " "; echo $$' </dev/null
    ended 0
    assertEquals 'it leads a session' 1 "$(tr -d '\r' <"$tmp/out" | sort -u | wc -l)"
}

testItIsProcessOne() {
    attempt $limit $box tty-pty sh -c 'cat /proc/1/comm; tty; exit 3' </dev/null
    ended 3
    showed "$(printf '%s\n' tty-pty /dev/pts/0)"
    attempt $limit tty-relay $box tty-pty sh -c 'cat /proc/1/comm; tty; exit 3' </dev/null
    ended 3
    showed "$(printf '%s\n' sh /dev/pts/0)"
}

# The second is the other end of one that is inside the first.
testTwoPtysAreNested() {
    attempt $limit $relay tty-pty sh -c 'tty; echo $(ls /dev/pts); grep -c " /dev/console " /proc/self/mountinfo' </dev/null
    ended 0
    showed "$(printf '%s\n' /dev/pts/1 '0 1 ptmx' 1)"
}

testWithoutMntDev() {
    own_root
    for chain in 'tty-relay ns-enter -mp' 'ns-enter -mp'; do
        attempt $limit $chain root-setup "$own" mnt-proc /proc tty-pty echo reached
        refused 'tty-pty: cannot make a terminal: /dev/ptmx: No such file or directory'
        assertEquals 'tty-pty: hint: put "mnt-dev /dev" before this stage' "$hint"
    done
    nothing_is_left 'without mnt-dev'
}

# refuses_ptmx MESSAGE: what stands there is looked at, and not opened.
refuses_ptmx() {
    for chain in 'tty-relay ns-enter -mp' 'ns-enter -mp'; do
        attempt $limit strace -f -o "$tmp/trace" $chain root-setup "$own" mnt-proc /proc tty-pty echo reached
        refused "tty-pty: cannot make a terminal: /dev/ptmx$1"
        assertEquals 'opened' '' "$(grep -E 'open[a-z0-9]*\(.*"/dev/ptmx".*= [0-9]' "$tmp/trace")"
    done
    assertEquals secret "$(cat "$victim/file")"
}

testPtmxOfAHostileImage() {
    needs_root && return
    not_it=' is not the device 5:2'
    own_root
    : >"$own/dev/ptmx"
    refuses_ptmx "$not_it"
    assertEquals 'tty-pty: hint: put "mnt-dev /dev" before this stage' "$hint"
    own_root
    mkfifo "$own/dev/ptmx"
    refuses_ptmx "$not_it"
    own_root
    mkdir "$own/dev/ptmx"
    refuses_ptmx "$not_it"
    for numbers in 'c 1 3' 'c 5 0' 'b 5 2'; do
        own_root
        mknod "$own/dev/ptmx" $numbers
        refuses_ptmx "$not_it"
    done
    for link in "$victim/file" /dev/ptmx ../../../../../../dev/ptmx /proc/1/root/dev/ptmx; do
        own_root
        ln -s "$link" "$own/dev/ptmx"
        refuses_ptmx ': *'
    done
    own_root
    rmdir "$own/dev"
    ln -s "$victim" "$own/dev"
    refuses_ptmx ': No such file or directory'
    assertEquals file "$(ls -A "$victim")"
    # The right device, and no terminals beside it.
    own_root
    mknod "$own/dev/ptmx" c 5 2
    refuses_ptmx ': No such file or directory'
    mkdir "$own/dev/pts"
    refuses_ptmx ': No such device'
    assertEquals 'tty-pty: hint: put "mnt-dev /dev" before this stage' "$hint"
}

# -- When something fails

testBadInput() {
    attempt tty-pty
    refused "tty-pty: PROG is missing"
    attempt tty-pty --relay echo reached
    refused "tty-pty: unknown option --relay"
    attempt tty-pty -x echo reached
    refused "tty-pty: unknown option -x"
    attempt tty-pty --help
    ended 0
    attempt tty-pty --version
    ended 0
    for value in x '' 2 -1 4294967299 '7 '; do
        MINICTR_TTY=$value attempt tty-pty echo reached
        refused "tty-pty: the variable MINICTR_TTY is \"$value\", which is no descriptor of theirs"
    done
    MINICTR_TTY=99 attempt $limit tty-pty echo reached
    refused 'tty-pty: cannot hand the terminal to tty-relay: *'
}

# fails FAULT MESSAGE [CHAIN]
fails() {
    attempt timeout -k 1 10 strace -f -o /dev/null -e inject="$1" ${3:-$relay} echo reached </dev/null
    refused "$2"
    nothing_is_left "$1"
}

testEachSystemCallThatFails() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    by_hand="$box pid-init tty-pty"
    fails signalfd4:error=EMFILE 'tty-pty: cannot wait for signals: *' "$by_hand"
    fails clone,clone3:error=EAGAIN 'tty-pty: cannot start a process on the new terminal: *' tty-pty
    fails sendmsg:error=EPERM 'tty-pty: cannot hand the terminal to tty-relay: *'
    fails recvmsg:error=EPERM 'tty-relay: cannot take the terminal of tty-pty: *'
    fails setsid:error=EPERM 'tty-pty: cannot begin a session: *'
    fails setsid:error=EPERM 'pid-init: cannot begin a session: *' "$by_hand"
    for chain in "$relay" "$by_hand"; do
        fails ioctl:error=EIO:when=1 'tty-pty: cannot make a terminal: *' "$chain"
        fails ioctl:error=EIO:when=2 'tty-pty: cannot make a terminal: *' "$chain"
        fails dup2:error=EBADF:when=1 'tty-pty: cannot make the new terminal descriptor 0: *' "$chain"
    done
    fails ioctl:error=EIO:when=3 'tty-pty: cannot take the new terminal: *'
    own_mounts=$(strace -f -e trace=open_tree -o /dev/stdout $relay true </dev/null | grep -c open_tree)
    fails "open_tree:error=EPERM:when=$own_mounts" 'tty-pty: cannot mount the terminal on /dev/console: *'
}

is_in_state() {
    grep -q "^State:.$1" "/proc/$2/status" 2>/dev/null
}

# PROG leads a session, in which the kernel drops a SIGTSTP; so it gets SIGSTOP.
testStopOfAPtyThatStays() {
    for chain in tty-pty "$box tty-pty"; do
        start $chain sh -c 'echo ready; exec sleep 1000'
        await 20 grep -qsa ready "$tmp/out" || fail 'it did not start'
        prog=$(tree "$started" | tail -n 1)
        kill -TSTP "$started"
        await 20 is_in_state T "$prog" || fail "$chain: PROG goes on"
        await 20 is_in_state T "$started" || fail "$chain: the outermost goes on"
        kill -CONT "$started"
        await 20 is_in_state S "$prog" || fail "$chain: PROG does not go on"
        kill "$started"
        status=0
        wait "$started" || status=$?
        ended 143
    done
}

# -- A person at the terminal

testJobControlInside() {
    needs_expect && return
    for chain in "$relay" "$box pid-init tty-pty"; do
        export chain
        play <<'PLAY'
say "$env(chain) bash --norc"
expect {
    -re {bash: [^\r\n]*} { puts "\nWARNING"; exit 1 }
    -re {bash-[0-9.]+# } {}
    timeout { puts "\nMISSING: prompt"; exit 1 }
}
say "sleep 100"
sleep 0.2
send "\x03"
see "# $"
say "echo interrupted \$?"
see "interrupted 130\r\n.*# $"
say "sleep 100"
sleep 0.2
send "\x1a"
see "Stopped +sleep 100\r\n.*# $"
say "jobs; echo li''sted"
see "Stopped +sleep 100\r\n.*listed\r\n.*# $"
say "bg; jobs"
see "Running +sleep 100.*# $"
say "fg"
see "sleep 100\r\n"
sleep 0.2
send "\x03"
see "# $"
say "exit 7"
see "host> "
say "echo status \$?; modes"
see "status 7\r\nas before\r\n"
PLAY
    done
}

testInterruptEndsAProgramThatIsNoShell() {
    needs_expect && return
    for chain in "$relay" "$box pid-init tty-pty" "$box tty-pty"; do
        export chain
        play <<'PLAY'
say "$env(chain) sh -c 'echo re\"\"ady; exec sleep 100'"
see "ready"
send "\x03"
see "host> "
say "echo status \$?; modes"
see "status 130\r\nas before\r\n"
PLAY
    done
}

testModesAndSize() {
    needs_expect && return
    for chain in "$relay" "$box pid-init tty-pty"; do
        export chain
        play <<'PLAY'
stty rows 31 columns 97 < $spawn_out(slave,name)
say "stty kill ^Y intr ^G -ixon tostop; before=\$(stty -g)"
see "host> "
say "$env(chain) bash --norc"
see "# $"
say "stty size; stty -a"
see "31 97\r\n.*intr = \\^G.*kill = \\^Y.*-ixon.* tostop.*# $"
say "trap 'stty size' WINCH; sleep 100 & wait; kill %1"
sleep 0.2
stty rows 32 columns 98 < $spawn_out(slave,name)
# expect(1) sets the two one after the other.
see "32 9\[78\]\r\n.*# "
say "stty size"
see "32 98\r\n"
# What is changed inside stays inside.
say "stty -echo -icanon kill ^R; exit"
see "host> "
say "modes"
see "as before\r\n"
PLAY
    done
}

# Each way to end, for each process of the chain.
testTheTerminalIsAsBeforeHoweverItEnds() {
    needs_expect && return
    play <<'PLAY'
proc begin {} {
    say "run tty-relay cg-limit \$box tty-pty pid-init sh -c 'stty -echo raw; echo re\"\"ady; exec sleep 100'"
    see "ready"
}
foreach status {0 7 255} {
    say "run \$relay probe exit $status; echo status \$?; modes"
    see "status $status\r\nas before\r\nhost> "
}
say "run \$relay probe die 9; echo status \$?; modes"
see "status 137\r\nas before\r\nhost> "
foreach {signal status} {TERM 143 HUP 129 INT 130 KILL 137} {
    for {set victim 0} {$victim < 5} {incr victim} {
        if {"$signal$victim" eq "KILL0"} continue
        begin
        set all [processes]
        if {[llength $all] != 5} { puts "\nPROCESSES: $all"; exit 1 }
        exec kill -$signal [lindex $all $victim]
        see "host> "
        say "echo $signal $victim status \$?; modes"
        see "$signal $victim status $status\r\nas before\r\nhost> "
        gone $all
    }
}
PLAY
    cg-limit true
}

# The one end that nobody is left for. A shell at a prompt sets its terminal itself then; a script
# does not.
testTheTerminalIsRawWhenTheRelayIsKilled() {
    needs_expect && return
    # shellcheck disable=SC2028
    echo 'sh -c "echo \$\$ >$tmp/pid; exec $relay sh -c \"echo ready; exec sleep 100\""
        echo status $?; stty -a | grep -o ".icanon"; stty sane; stty -echo' >"$tmp/killed.sh"
    play <<'PLAY'
say "sh \$tmp/killed.sh"
see "ready"
set all [processes]
exec kill -KILL [relay_is]
see "status 137\r?\n.*-icanon"
see "host> "
gone $all
PLAY
}

testAStageThatFailsInBetween() {
    needs_expect && return
    play <<'PLAY'
foreach chain {
    "ns-enter -m root-setup /no/such/root tty-pty true"
    "ns-enter -m root-setup \$root tty-pty --nothing true"
    "ns-enter -m root-setup \$root mnt-dev /dev tty-pty pid-init true"
    "\$box tty-pty no-such-program"
    "no-such-program"
} status {125 125 125 127 127} {
    say "tty-relay $chain; echo status \$?; modes"
    see "status $status\r\nas before\r\nhost> "
}
PLAY
}

# It is started while the shell has its own modes for the editing of a line; what is typed is the
# shell's, until "fg", of which the shell tells nobody.
testInTheBackgroundAndToTheForeground() {
    needs_expect && return
    editing='' play <<'PLAY'
stty rows 31 columns 97 < $spawn_out(slave,name)
say "run \$relay sh -c 'stty -a >/dev/shm/modes; echo re\"\"ady; read x; echo in\"\"side got \$x; stty size; grep -o \"\[-i\]*icanon\" /dev/shm/modes; grep -o \" -*echo \" /dev/shm/modes; grep -o \"rows 31\" /dev/shm/modes; read y' &"
see "ready\r+\n"
say ""
see "host> $"
say "read y"
sleep 0.3
say "typed"
sleep 0.3
say "echo host''got \$y"
see "hostgot typed\r\n.*host> $"
never "inside" 200
stty rows 33 columns 99 < $spawn_out(slave,name)
say "fg"
sleep 0.4
send "word\r"
see "inside got word\r\n33 99\r\nicanon\r\n echo \r\nrows 31\r\n"
send "\x03"
see "host> $"
say "echo status \$?; modes"
see "status 130\r\n.*as before\r\n"
PLAY
}

testABackgroundContainerThatEndsThere() {
    needs_expect && return
    editing='' play <<'PLAY'
say "run \$relay sh -c 'sleep 0.3; exit 3' &"
see "host> $"
say "read y"
sleep 0.7
say "typed"
sleep 0.2
say "echo host''got \$y; modes"
see "Exit 3.*hostgot typed\r\n.*as before\r\n"
PLAY
}

# SIGTSTP can be answered, SIGSTOP cannot; the terminal is the shell's either way, and then again that
# of the container.
testStopByHand() {
    needs_expect && return
    foreach='TSTP STOP'
    for signal in $foreach; do
        export signal
        play <<'PLAY'
say "run \$relay sh -c 'echo re\"\"ady; read x; echo in\"\"side got \$x; read y; exit 5'"
see "ready"
exec kill -$env(signal) [relay_is]
see "Stopped.*host> $"
say "modes"
see "as before\r\n.*host> $"
say "read y"
sleep 0.1
say "typed"
see "host> $"
say "echo hostgot \$y; bg; jobs"
see "hostgot typed\r\n.*Running.*host> $"
say "read y"
sleep 0.2
say "again"
see "host> $"
say "echo hostgot \$y"
see "hostgot again\r\n.*host> $"
say "fg"
sleep 0.3
say "word"
see "inside got word"
say "end"
see "host> $"
say "echo status \$?; modes"
see "status 5\r\nas before\r\n"
PLAY
    done
}

# The same without a shell that sets the terminal itself. "stopped" says how it was meanwhile.
testStopInAScript() {
    needs_expect && return
    cat >"$tmp/stop.sh" <<SCRIPT
sh -c "echo \\\$\\\$ >$tmp/pid; exec $relay sh -c \"echo ready; read x; exit 5\""
[ "\$(stty -g)" = "\$before" ] && echo stopped as before || echo stopped raw
fg >/dev/null
echo status \$?
[ "\$(stty -g)" = "\$before" ] && echo ended as before || stty -a
stty sane -echo
SCRIPT
    play <<'PLAY'
say "export before"
foreach {signal modes} {TSTP {as before} STOP raw} {
    say "sh -m \$tmp/stop.sh"
    see "ready"
    exec kill -$signal [relay_is]
    see "stopped $modes"
    for {set tries 0} {![regexp -- -icanon [exec stty -a < $spawn_out(slave,name)]]} {incr tries} {
        if {$tries > 100} { puts "\nNOT RAW: $signal"; exit 1 }
        after 20
    }
    after 100
    say "word"
    see "status 5\r?\n.*ended as before"
    see "host> "
}
PLAY
}

# Continued in the foreground at once: the terminal, which the shell has set meanwhile, is taken again.
testStopByHandAndToTheForeground() {
    needs_expect && return
    play <<'PLAY'
foreach signal {TSTP STOP} {
    say "run \$relay sh -c 'echo re\"\"ady; read x; exit 5'"
    see "ready"
    exec kill -$signal [relay_is]
    see "Stopped.*host> $"
    say "fg"
    for {set tries 0} {![regexp -- -icanon [exec stty -a < $spawn_out(slave,name)]]} {incr tries} {
        if {$tries > 100} { puts "\nNOT RAW: $signal"; exit 1 }
        after 20
    }
    say "word"
    see "host> "
    say "echo status \$?; modes"
    see "status 5\r\nas before\r\nhost> "
}
PLAY
}

# With the means of a person's shell alone: no session and no group of its own.
testInAScript() {
    needs_expect && return
    play <<'PLAY'
say "sh -c '\$relay bash --norc; stty -g >\$tmp/after; read x; echo got \$x'"
see "# $"
say "exit"
sleep 0.4
say "word"
see "got word\r\n.*host> "
say "\[ \"\$(cat \$tmp/after)\" = \"\$before\" ] && modes"
see "as before\r\n"
PLAY
}

testATerminalThatIsNotTheControllingOne() {
    needs_expect && return
    play <<'PLAY'
say "setsid -w \$relay sh -c 'echo re\"\"ady; read x; echo in\"\"side got \$x; exit 5'"
see "ready"
say "word"
see "inside got word\r\n.*host> "
say "echo status \$?; modes"
see "status 5\r\nas before\r\n"
PLAY
}

testInputFromAPipeAtATerminal() {
    needs_expect && return
    play <<'PLAY'
say "echo 'echo in\"\"side; exit 6' | run \$relay sh; echo status \$?; modes"
see "inside\r+\n.*status 6\r\nas before\r\nhost> "
say "run \$relay sh -c 'echo in\"\"side; read x; exit 6' | cat"
see "inside\r"
say ""
see "host> "
say "modes"
see "as before\r\nhost> "
PLAY
}

# With the caller's own terminal it would reach the shell, as it does without a tty-pty.
testNothingIsTypedIntoTheCallersTerminal() {
    needs_expect && return
    play <<'PLAY'
say "probe type 'echo typed by''the probe\r'"
expect {
    "TIOCSTI: " { puts "\nTHE END"; exit 0 }
    -re "typed bythe probe\r\n.*host> " {}
    timeout { puts "\nMISSING: TIOCSTI"; exit 1 }
}
foreach chain {"\$relay" "\$box pid-init tty-pty"} {
    say "$chain sh -c 'probe type \"word\r\"; read x; echo in\"\"side got \$x; probe type \"echo esca\"\"ped\r\"'"
    see "inside got word\r\n.*host> "
    never "escaped\r\n" 300
}
say "\$relay sh -c 'for fd in /proc/*/fd/*; do probe type \"echo esca\"\"ped\r\" <\$fd; done 2>/dev/null; echo tr\"\"ied'"
see "tried\r\n.*host> "
say "modes"
never "\[^'\"]escaped\r\n" 300
PLAY
}

. shunit2
