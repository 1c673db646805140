# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# ctr.sh: the programs that look after running containers: ctr-ls, ctr-kill, ctr-pause, ctr-resume, ctr-stat.
# Other containers of this machine are none of their business: all that is looked at has the name of ours.

. "$(dirname "$0")/lib.sh"

delegated=
[ "$(id -u)" = 0 ] || delegated=$(cg-limit cat /proc/self/cgroup | sed 's/^0:://;s,/minictr/.*,,')
memory=$(hierarchy memory)$delegated pids=$(hierarchy pids)$delegated
if [ -e "$memory/cgroup.controllers" ]; then
    version=2 state=$pids/minictr/%s/cgroup.events frozen='frozen 1'
else
    version=1 freezer=$(hierarchy freezer)
    state=$freezer/minictr/%s/freezer.state frozen=FROZEN
fi
name=t$$

# box NAME COMMAND...: starts a container; as a user, who can make no namespaces, what is left of one.
box() {
    own=$1
    shift
    if [ "$(id -u)" = 0 ]; then
        start minictr --root "$root" --name "$own" "$@"
    else
        start cg-limit --name "$own" "$@"
    fi
    await 10 runs "$own" "${1##*/}" || fail "$own did not start: $(cat "$tmp/err")"
}

# members NAME: its processes.
members() {
    sort -n "$pids/minictr/$1/cgroup.procs" 2>/dev/null
}

# main NAME: the process of a PROG that has started none.
main() {
    members "$1" | tail -n 1
}

# runs NAME COMM: says whether a process of it has this name.
runs() {
    for member in $(members "$1"); do
        [ "$(cat "/proc/$member/comm" 2>/dev/null)" != "$2" ] || return 0
    done
    return 1
}

stop() {
    kill "$1" 2>/dev/null
    wait "$1"
    status=$?
}

# ls_of FILTER NAME...: what jq(1) finds in the list.
ls_of() {
    filter=$1
    shift
    ctr-ls --json "$@" | jq -cr "$filter"
}

# shellcheck disable=SC2059
is_paused() {
    grep -qx "$frozen" "$(printf "$state" "$1")" 2>/dev/null
}

needs_jq() {
    command -v jq >/dev/null && return 1
    skip 'jq is not installed'
}

no_group() {
    left=$(find /sys/fs/cgroup -maxdepth 6 -path "*/minictr/$1" 2>/dev/null)
    assertEquals 'groups left' '' "$left"
}

gone() {
    [ ! -e "$pids/minictr/$1" ]
}

# silently COMMAND: it ends with 0 and says nothing. Leaves the output of a container as it is.
silently() {
    said=$("$@" 2>&1)
    assertEquals "$* says $said" 0 $?
    assertEquals '' "$said"
}

#
# ctr-ls
#

testTheTable() {
    box "$name" sleep 1000
    box "$name-b" sh -c 'sleep 1000; :'
    attempt ctr-ls "$name" "$name-b"
    ended 0
    assertEquals "$(cat "$tmp/out")" 3 "$(grep -c . "$tmp/out")"
    read -r head <"$tmp/out"
    assertEquals 'NAME STATE PID UPTIME MEM PEAK LIMIT CPU TASKS COMMAND' "$(echo "$head" | tr -s ' ')"
    grep -qE "^$name +running +[0-9]+ +[0-9]+\.[0-9]{2}s +[0-9.]+[KM] +([0-9.]+[KM]|-) +(512M|max) +[0-9.]+s +[0-9]+ sleep 1000\$" "$tmp/out" ||
        fail "$(cat "$tmp/out")"
    grep -qE "^$name-b .* sh -c sleep 1000; :?" "$tmp/out" || fail "$(cat "$tmp/out")"
    attempt ctr-ls
    ended 0
    grep -q "^$name " "$tmp/out" || fail 'it is not in the list of all'
    ctr-kill "$name" "$name-b"
    wait || :
}

testJsonIsRightAgainstProc() {
    needs_jq && return
    box "$name" sleep 1000
    prog=$(main "$name")
    assertEquals '["sleep","1000"]' "$(ls_of '.[0].command' "$name")"
    first=$prog
    [ "$(id -u)" = 0 ] && first=$(awk '/^PPid:/ { print $2 }' "/proc/$prog/status")
    assertEquals "$first" "$(ls_of '.[0].pid' "$name")"
    [ "$(id -u)" != 0 ] ||
        assertEquals 'process 1' 1 "$(awk '/^NSpid:/ { print $NF }' "/proc/$first/status")"
    assertEquals running "$(ls_of '.[0].state' "$name")"
    assertEquals "$(cat "$pids/minictr/$name/pids.current")" "$(ls_of '.[0].tasks' "$name")"
    case $version in
    1) file=memory.usage_in_bytes peak=memory.max_usage_in_bytes ;;
    2) file=memory.current peak=memory.peak ;;
    esac
    [ ! -e "$memory/minictr/$name/$peak" ] ||
        assertEquals "$(cat "$memory/minictr/$name/$peak")" "$(ls_of '.[0].memory_peak' "$name")"
    assertTrue "$(ls_of . "$name")" "[ \"\$(ls_of '.[0].memory' '$name')\" -gt 4096 ]"
    [ "$(id -u)" != 0 ] || assertEquals 536870912 "$(ls_of '.[0].memory_limit' "$name")"
    # Started a moment ago: ticks since the start of the machine, a hundredth of a second each.
    set -- "$(ls_of '.[0].uptime_us' "$name")" "$(awk '{ print $22 }' "/proc/$first/stat")"
    real=$(awk -v start="$2" '{ print int($1 * 1000000 - start * 10000) }' /proc/uptime)
    assertTrue "$1 is not about $real" "[ $((real - $1)) -ge -100000 ] && [ $((real - $1)) -le 3000000 ]"
    stop "$started"
}

testProcessorTime() {
    needs_jq && return
    box "$name" sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; exec sleep 1000'
    await 60 runs "$name" sleep || fail 'it did not get there'
    used=$(ls_of '.[0].cpu_us' "$name")
    real=$(awk '{ print ($14 + $15) * 10000 }' "/proc/$(main "$name")/stat")
    assertTrue "$used is not about $real" "[ $used -ge 10000 ] && [ $((used - real)) -ge -20000 ] && [ $((used - real)) -le 200000 ]"
    stop "$started"
}

testNameOfNoContainer() {
    for program in ctr-ls ctr-stat ctr-kill ctr-pause ctr-resume; do
        attempt $program "$name-none"
        refused "$program: there is no container $name-none"
    done
    box "$name-spelt" sleep 1000
    for program in ctr-ls ctr-stat ctr-kill ctr-pause ctr-resume; do
        attempt $program "$name-splt"
        refused "$program: there is no container $name-splt"
        assertEquals "$program: hint: did you mean $name-spelt?" "$hint"
    done
    stop "$started"
}

testNamesThatAreNone() {
    for bad in ../x a/b . .. "$(printf 'a\nb')" -x ''; do
        attempt ctr-ls -- "$bad"
        refused 'ctr-ls: NAME*'
    done
    # A file of the kernel's is no container.
    box "$name" sleep 1000
    attempt ctr-ls cgroup.procs
    refused 'ctr-ls: there is no container cgroup.procs'
    stop "$started"
}

testWords() {
    attempt ctr-stat a b
    refused 'ctr-stat: "b" is one word too many'
    attempt ctr-kill a --all
    refused 'ctr-kill: NAME: "--all" is not a name*'
    assertEquals 'ctr-kill: hint: options stand before the names' "$hint"
    attempt ctr-kill --signal NONSENSE "$name"
    refused 'ctr-kill: --signal: "NONSENSE" is no signal: a name as TERM, or a number'
    attempt ctr-kill --signal 65 "$name"
    refused 'ctr-kill: --signal: 65 is too large: at most 64'
    attempt ctr-kill --timeout 1s "$name"
    refused 'ctr-kill: --timeout: "1s" is not a number*'
    attempt ctr-ls --watch 0
    refused 'ctr-ls: --watch: 0 is too small: at least 1'
    attempt ctr-ls --parent /no/such/group
    refused 'ctr-ls: there is no control group /no/such/group in any hierarchy'
}

testNoneIsNoError() {
    needs_root && return
    needs_jq && return
    # In a parent of its own there is surely none.
    mkdir "$memory/$name-parent"
    attempt ctr-ls --json --parent "/$name-parent"
    ended 0
    printed '[]'
    attempt ctr-ls --parent "/$name-parent"
    ended 0
    assertEquals 1 "$(grep -c . "$tmp/out")"
    rmdir "$memory/$name-parent"
}

testOfAnotherParent() {
    needs_root && return
    for place in "$memory" "$pids"; do
        mkdir -p "$place/$name-parent"
    done
    start cg-limit --parent "/$name-parent" --name "$name" sleep 1000
    await 5 ctr-ls --parent "/$name-parent" "$name" >"$tmp/found" 2>&1 || fail "$(cat "$tmp/found")"
    attempt ctr-ls "$name"
    refused "ctr-ls: there is no container $name"
    silently ctr-kill --timeout 5 --parent "/$name-parent" "$name"
    wait "$started"
    assertEquals 143 $?
    for place in "$memory" "$pids"; do
        [ ! -d "$place/$name-parent" ] || rmdir "$place/$name-parent"
    done
}

testHostileNames() {
    needs_jq && return
    word=$(printf 'a\nb\t"q"\\\033]0;x\a \177\302\233 \377end')
    # Its name looks like more fields of /proc/PID/stat.
    start cg-limit --name "$name" bash -c 'exec -a "$0" bash -c "$1"' "$word" \
        'printf "x) R 1 (\"y" >/proc/$$/comm; while :; do sleep 0.1; done'
    await 5 runs "$name" 'x) R 1 ("y' || fail "$(cat "$tmp/err")"
    attempt ctr-ls "$name"
    ended 0
    assertEquals "$(cat -A "$tmp/out")" 2 "$(grep -ac . "$tmp/out")"
    assertEquals 'only what can be printed' '' "$(LC_ALL=C tr -d ' -~\n' <"$tmp/out")"
    grep -qF ' a?b?"q"\?]0;x? ??? ?end' "$tmp/out" || fail "$(cat "$tmp/out")"
    attempt ctr-ls --json "$name"
    ended 0
    assertEquals 'one line' 1 "$(grep -ac . "$tmp/out")"
    # The invalid byte is shown as the character for that; the rest is as it was.
    jq -r '.[0].command[0]' "$tmp/out" >"$tmp/word"
    printf 'a\nb\t"q"\\\033]0;x\a \177\302\233 \357\277\275end\n' | cmp -s - "$tmp/word" ||
        fail "$(cat -A "$tmp/word")"
    ctr-kill "$name" KILL
    wait
    return 0
}

testLongCommandIsCut() {
    box "$name" sh -c 'sleep 1000; :' sh "$(printf '%02000d' 7)"
    attempt ctr-ls "$name"
    ended 0
    assertEquals 80 "$(tail -n 1 "$tmp/out" | tr -d '\n' | wc -c | tr -d ' ')"
    ctr-kill --all "$name"
    wait || :
}

testWidthOfTheTerminal() {
    needs_root && return
    needs_expect && return
    box "$name" sh -c 'sleep 1000; :' sh "$(printf '%02000d' 7)"
    export name
    play <<'SCRIPT'
say "stty columns 120; ctr-ls \$name | tail -n 1 | wc -c"
see "81\r\n.*host> "
say "ctr-ls \$name | cat >\$tmp/x; script -qec \"stty columns 100; ctr-ls \$name\" \$tmp/typescript; echo do''ne"
see "done"
SCRIPT
    assertEquals 100 "$(grep -a "^$name " "$tmp/typescript" | tr -d '\r\n' | wc -c | tr -d ' ')"
    ctr-kill --all "$name"
    wait || :
}

testWatch() {
    box "$name" sleep 1000
    ctr-ls --json --watch 1 "$name" >"$tmp/watched" &
    watcher=$!
    await 5 grep -q running "$tmp/watched"
    ctr-kill "$name"
    await 5 grep -qx '\[\]' "$tmp/watched" || fail "$(cat "$tmp/watched")"
    kill "$watcher"
    wait || :
}

testOutputThatCannotBeWritten() {
    attempt sh -c 'ctr-ls >/dev/full'
    refused 'ctr-ls: cannot write to standard output: No space left on device'
    box "$name" sleep 1000
    attempt sh -c 'ctr-stat "$0" >/dev/full' "$name"
    refused 'ctr-stat: cannot write to standard output: No space left on device'
    stop "$started"
}

# A container whose supervisor was killed: what is left is shown as such, and nothing else is done to it.
testDeadContainer() {
    start cg-limit --name "$name" sh -c 'sleep 1000 & echo $! >"$0"; wait' "$tmp/left"
    await 5 [ -s "$tmp/left" ]
    await 5 runs "$name" sleep
    kill -KILL "$started"
    wait "$started"
    ctr-ls | grep -qE "^$name +dead " || gone "$name" || fail "$(ctr-ls)"
    for program in ctr-stat ctr-kill ctr-pause ctr-resume; do
        attempt $program "$name"
        gone "$name" && break # another start has swept it
        refused "$program: the container $name is dead: its supervisor was killed"
    done
    cg-limit true
    no_group "$name"
}

# A container that is being made is not disturbed: no lock is taken, and none is waited for.
testTakesNoLock() {
    have_strace || { skip 'no strace' && return; }
    box "$name" sleep 1000
    for words in 'ctr-ls' "ctr-ls $name" "ctr-stat $name" "ctr-kill $name URG"; do
        # shellcheck disable=SC2086
        attempt strace -f -o "$tmp/trace" $words
        ended 0
        assertEquals "$words" '' "$(grep -E 'flock|F_SETLK' "$tmp/trace")"
    done
    stop "$started"
}

testWithoutRoot() {
    needs_root && return
    box "$name" sleep 1000
    as_nobody ctr-ls
    ended 0
    as_nobody ctr-ls "$name"
    ended 0
    grep -qE "^$name +running +[0-9]" "$tmp/out" || fail "$(cat "$tmp/out")"
    as_nobody ctr-stat "$name"
    ended 0
    as_nobody ctr-kill "$name"
    refused "ctr-kill: cannot send signal 15 to process $started, the supervisor of $name: Operation not permitted"
    as_nobody ctr-pause "$name"
    refused 'ctr-pause: cannot * Permission denied'
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
}

# Each file is there when the container is looked up, and gone when it is read.
testFilesThatVanish() {
    have_strace || { skip 'no strace' && return; }
    box "$name" sleep 1000
    process=/proc/$(main "$name")
    for file in "$pids/minictr/$name/cgroup.procs" "$pids/minictr/$name/pids.current" \
        "$memory/minictr/$name/memory.current" "$memory/minictr/$name/memory.usage_in_bytes" \
        "$process/stat" "$process/status" "$process/cmdline" "$process/cgroup"; do
        for error in ENODEV ESRCH ENOENT; do
            case $file.$error in "$pids"*ESRCH) continue ;; esac
            attempt strace -f -o /dev/null -P "$file" -e inject=read:error=$error ctr-ls --json "$name"
            assertEquals "$file" '0 ' "$status $(cat "$tmp/err")"
            grep -q "^\[{\"name\":\"$name\",.*}\]\$" "$tmp/out" || fail "$file: $(cat "$tmp/out")"
        done
    done
    stop "$started"
}

testContainersThatDieWhileTheyAreListed() {
    case ${CI:-} in vm) rounds=20 ;; *) rounds=200 ;; esac
    : >"$tmp/go"
    for loop in 1 2 3; do
        while [ -e "$tmp/go" ]; do
            cg-limit --name "$name-$loop" sh -c 'sleep 0.01 & wait' 2>>"$tmp/died"
        done &
    done
    for round in $(seq $rounds); do
        attempt ctr-ls --json
        assertEquals "round $round" '0 ' "$status $(cat "$tmp/err")"
        case $(cat "$tmp/out") in
        '['*']') ;;
        *) fail "round $round: $(cat "$tmp/out")" ;;
        esac
    done
    rm "$tmp/go"
    wait
    assertEquals 'none of them was disturbed' '' "$(cat "$tmp/died")"
}

testFiftyContainers() {
    case ${CI:-} in vm) number=5 ;; *) number=50 ;; esac
    set -- cg-limit
    [ "$(id -u)" != 0 ] || set -- minictr --root "$root"
    for i in $(seq $number); do
        "$@" --name "$name-$i" sleep 1000 &
    done
    for i in $(seq $number); do
        await 20 runs "$name-$i" sleep || fail "$name-$i did not start"
    done
    attempt ctr-ls
    ended 0
    for i in $(seq $number); do
        echo "$name-$i $(main "$name-$i")"
    done | sort >"$tmp/expected"
    grep "^$name-" "$tmp/out" | awk '{ print $1, $NF }' | sed 's/ 1000$//' | sort >"$tmp/listed"
    assertEquals "$(cut -d ' ' -f 1 "$tmp/expected")" "$(cut -d ' ' -f 1 "$tmp/listed")"
    # The best of many: others use this machine, too.
    case ${CI:-}$bin in
    vm* | */asan/*) ;;
    *)
        best=$(for round in $(seq 40); do
            bash -c 'TIMEFORMAT=%R; time ctr-ls >/dev/null' 2>&1
        done | sort -n | head -n 1)
        assertTrue "it takes $best s" "[ \$(echo '$best' | tr -d .) -lt 20 ]"
        ;;
    esac
    # shellcheck disable=SC2046
    ctr-kill --timeout 20 $(cut -d ' ' -f 1 "$tmp/expected") || fail 'they did not end'
    wait || :
}

#
# ctr-kill
#

# What PROG does at a signal: it says which, and ends with 7.
catcher='for s in HUP USR1 TERM; do trap "echo $s; exit 7" $s; done; while :; do sleep 0.02; done'

testTheSignalReachesProg() {
    for words in "$name" "$name TERM" "$name SIGTERM" "$name 15" "--signal term $name"; do
        box "$name" sh -c "$catcher"
        await 5 runs "$name" sleep # the traps are set
        # shellcheck disable=SC2086
        ctr-kill $words || fail "$words"
        wait "$started"
        assertEquals "$words" "7 TERM" "$? $(cat "$tmp/out")"
    done
    box "$name" sh -c "$catcher"
    await 5 runs "$name" sleep # the traps are set
    ctr-kill "$name" USR1
    wait "$started"
    assertEquals "7 USR1" "$? $(cat "$tmp/out")"
    no_group "$name"
}

number_of() {
    kill -l "$1" 2>/dev/null || case $1 in HUP) echo 1 ;; KILL) echo 9 ;; TERM) echo 15 ;; esac
}

testStatusIsThatOfTheSignal() {
    for signal in TERM KILL HUP; do
        box "$name" sleep 1000
        silently ctr-kill "$name" "$signal"
        wait "$started"
        assertEquals "$signal" "$((128 + $(number_of $signal)))" $?
        no_group "$name"
    done
}

# PROG that is process 1 itself: the kernel drops what it has no handler for.
testProgIsProcessOne() {
    needs_root && return
    for signal in TERM KILL; do
        start minictr --root "$root" --no-init --name "$name" sleep 1000
        await 5 runs "$name" sleep
        ctr-kill "$name" "$signal"
        wait "$started"
        assertEquals "$signal" "$((128 + $(number_of $signal)))" $?
    done
}

testStopAndContinue() {
    box "$name" sleep 1000
    ctr-kill "$name" STOP
    await 5 grep -q '^State:.T' "/proc/$(main "$name")/status" || fail 'PROG goes on'
    ctr-kill "$name" CONT
    await 5 grep -q '^State:.S' "/proc/$(main "$name")/status" || fail 'PROG does not go on'
    # One that is stopped is ended all the same, its supervisors too.
    for words in "$name KILL" "--timeout 5 $name"; do
        ctr-kill "$name" STOP
        await 5 grep -q '^State:.T' "/proc/$(main "$name")/status"
        # shellcheck disable=SC2086
        ctr-kill $words
        await 5 gone "$name" || fail "$words: it is still there"
        wait "$started"
        [ "$words" != "$name KILL" ] || box "$name" sleep 1000
    done
    # Here it is the supervisor outside that has stopped.
    start cg-limit --name "$name" sleep 1000
    await 5 runs "$name" sleep
    ctr-kill "$name" STOP
    await 5 grep -q '^State:.T' "/proc/$started/status" || fail 'its supervisor goes on'
    ctr-kill "$name" KILL
    await 5 gone "$name" || fail 'it is still there'
    wait "$started"
    assertEquals 137 $?
}

testSignalZero() {
    box "$name" sleep 1000
    silently ctr-kill "$name" 0
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
}

testSignalThatIsAContainerToo() {
    box TERM sleep 1000
    box "$name" sleep 1000
    other=$started
    attempt ctr-kill "$name" TERM
    refused 'ctr-kill: TERM is a signal, and the name of a container'
    assertEquals 'ctr-kill: hint: put "--signal TERM" or "--signal TERM" before the names' "$hint"
    silently ctr-kill --signal HUP "$name" TERM
    wait "$other"
    assertEquals 129 $?
    wait || :
}

testSeveralNamesAreAllKnownFirst() {
    box "$name" sleep 1000
    attempt ctr-kill "$name" "$name-none" "$name"
    refused "ctr-kill: there is no container $name-none"
    sleep 0.1
    kill -0 "$started" || fail 'the first one was ended'
    stop "$started"
}

# Each process once; by a supervisor PROG would get it three times.
testAll() {
    echo 'trap "echo \$1" USR1; echo ready >&2; while :; do sleep 0.02; done' >"$tmp/loop"
    box "$name" sh -c "{ $(cat "$tmp/loop") } & set -- first; $(cat "$tmp/loop")" sh second
    await 10 both_are_ready || fail "$(cat "$tmp/err")"
    ctr-kill --all --signal USR1 "$name"
    await 5 both_said_so || fail "$(cat "$tmp/out")"
    sleep 0.2
    assertEquals 'each once' 'first second' "$(sort "$tmp/out" | paste -sd ' ')"
    ctr-kill --all "$name" KILL
    wait "$started"
    assertEquals 137 $?
    no_group "$name"
}

both_are_ready() {
    [ "$(grep -c ready "$tmp/err")" = 2 ]
}

both_said_so() {
    [ "$(grep -c . "$tmp/out")" -ge 2 ]
}

testTimeout() {
    box "$name" sh -c "$catcher"
    await 5 runs "$name" sleep # the traps are set
    silently ctr-kill --timeout 20 "$name"
    gone "$name" || fail 'it did not wait for the end'
    wait "$started"
    assertEquals 'PROG had its time' 7 $?
    box "$name" sh -c 'trap "" TERM; sleep 1000 & while :; do (:); done'
    await 5 runs "$name" sleep # the traps are set
    before=$(date +%s%N)
    silently ctr-kill --timeout 1 "$name"
    took=$((($(date +%s%N) - before) / 1000000))
    assertTrue "it took $took ms" "[ $took -ge 1000 ]"
    gone "$name" || fail 'it is still there'
    wait "$started"
    assertEquals 137 $?
    no_group "$name"
    assertEquals '' "$(left_processes)"
}

#
# ctr-pause, ctr-resume
#

# A counter in the memory of the container, seen from outside through its standard output.
counter='i=0; while :; do i=$((i + 1)); echo $i; done'

advances() {
    was=$(wc -c <"$tmp/out")
    sleep 0.2
    [ "$(wc -c <"$tmp/out")" != "$was" ]
}

testPauseAndResume() {
    box "$name" sh -c "sh -c '$counter' & $counter"
    await 5 [ -s "$tmp/out" ]
    silently ctr-pause "$name"
    is_paused "$name" || fail 'the group is not frozen'
    ! advances || fail 'it goes on'
    needs_jq || assertEquals paused "$(ls_of '.[0].state' "$name")"
    silently ctr-pause "$name" # once more does no harm
    is_paused "$name" || fail 'it is not frozen any more'
    silently ctr-resume "$name"
    await 2 advances || fail 'it does not go on'
    needs_jq || assertEquals running "$(ls_of '.[0].state' "$name")"
    silently ctr-resume "$name"
    [ "$version" = 2 ] || assertFalse 'its group in the freezer is left' "[ -e '$freezer/minictr/$name' ]"
    [ "$version" = 2 ] || await 2 freezer_is_needed || fail "$freezer/minictr is left"
    for member in $(members "$name"); do
        [ "$version" = 2 ] || assertEquals "$(grep freezer /proc/$$/cgroup)" "$(grep freezer "/proc/$member/cgroup")"
    done
    ctr-kill --all "$name" KILL
    wait "$started"
    assertEquals 137 $?
    no_group "$name"
}

# Somebody else may have one that is paused.
freezer_is_needed() {
    [ ! -d "$freezer/minictr" ] || [ -n "$(find "$freezer/minictr" -mindepth 1 -type d)" ]
}

testEveryProcessIsFrozen() {
    box "$name" sh -c 'for i in 1 2 3; do sleep 1000 & done; wait'
    ctr-pause "$name"
    for member in $(members "$name"); do
        case $version in
        1) assertTrue "$member" "grep -q 'freezer:/.*minictr/$name\$' '/proc/$member/cgroup'" ;;
        2) assertTrue "$member" "grep -q '/minictr/$name\$' '/proc/$member/cgroup'" ;;
        esac
    done
    assertEquals "$(cat "$tmp/err")" "$([ "$(id -u)" = 0 ] && echo 6 || echo 4)" "$(members "$name" | grep -c .)"
    ctr-resume "$name"
    stop "$started"
    assertEquals 143 "$status"
}

# Processes that are started while others are moved are caught, too: each move takes a while here.
testForksDuringThePause() {
    have_strace || { skip 'no strace' && return; }
    for round in 1 2 3; do
        # Each starts the next one, and ends.
        box "$name" sh -c 'hop() { sleep 0.03; hop & }; for i in 1 2 3 4 5; do hop & done; sleep 1000'
        attempt strace -f -o /dev/null -e inject=write:delay_enter=4000 ctr-pause "$name"
        before=$(members "$name")
        assertEquals "round $round" '0 ' "$status $(cat "$tmp/err")"
        is_paused "$name" || fail "round $round: not frozen"
        sleep 0.1
        assertEquals "round $round" "$before" "$(members "$name")"
        [ "$version" = 2 ] || assertEquals "$before" "$(sort -n "$freezer/minictr/$name/cgroup.procs")"
        ctr-kill --all "$name" KILL
        wait "$started"
    done
    no_group "$name"
}

# The v1 freezer overlooks a process now and then, and is told again.
testPauseAgainAndAgain() {
    case ${CI:-} in vm) rounds=10 ;; *) rounds=300 ;; esac
    box "$name" sh -c 'while :; do sh -c :; done & while :; do (:); done & while :; do sleep 0.01; done'
    for round in $(seq $rounds); do
        timeout 3 ctr-pause "$name" || fail "round $round: it does not freeze"
        ctr-resume "$name" || fail "round $round: it does not go on"
    done
    ctr-kill --all "$name" KILL
    wait "$started"
    no_group "$name"
}

testSignalsWaitUntilItGoesOn() {
    box "$name" sh -c "$catcher"
    await 5 runs "$name" sleep # the traps are set
    ctr-pause "$name"
    kill "$started"
    sleep 0.2
    kill -0 "$started" || fail 'its supervisor has not waited'
    is_paused "$name" || fail 'it is thawed'
    ctr-resume "$name"
    wait "$started"
    assertEquals '7 TERM' "$? $(cat "$tmp/out")"
    no_group "$name"
}

testKillOfAPausedOne() {
    for words in "$name KILL" "--all $name KILL" "--timeout 0 $name" "--timeout 1 $name" "--all --timeout 1 $name"; do
        box "$name" sh -c 'trap "" TERM; sleep 1000 & while :; do sleep 0.02; done'
        await 5 runs "$name" sleep # the traps are set
        ctr-pause "$name"
        is_paused "$name" || fail 'it is not frozen'
        # shellcheck disable=SC2086
        ctr-kill $words || fail "$words"
        await 5 gone "$name" || fail "$words: it is still there"
        wait "$started"
        assertEquals "$words" 137 $?
        no_group "$name"
    done
    assertEquals '' "$(left_processes)"
}

# cg-limit's own cleaning: its supervisor is killed, and the next start finds a group that is frozen.
testKilledSupervisorOfAPausedOne() {
    box "$name" sleep 1000
    ctr-pause "$name"
    kill -KILL "$started"
    wait "$started"
    ! ctr-ls | grep -q "^$name  *running" || fail 'it counts as running'
    cg-limit true
    await 5 gone "$name" || fail 'it is left'
    no_group "$name"
    assertEquals '' "$(left_processes)"
}

# It ends when its group in the freezer has been made.
testPauseOfOneThatHasEnded() {
    [ "$version" = 1 ] || { skip 'v2: each has its freezer' && return; }
    have_strace || { skip 'no strace' && return; }
    start cg-limit --name "$name" sleep 0.6
    await 5 runs "$name" sleep
    attempt strace -f -o /dev/null -e inject=mkdir,mkdirat:delay_exit=800000:when=2 ctr-pause "$name"
    refused "ctr-pause: the container $name has ended"
    wait "$started"
    no_group "$name"
}

testPauseWhileItEnds() {
    for round in $(seq 40); do
        start cg-limit --name "$name" sh -c "sleep 0.0$((round / 4))"
        for i in 1 2 3; do
            ctr-pause "$name" 2>/dev/null
            ctr-resume "$name" 2>/dev/null
        done
        await 5 gone "$name" || { ctr-resume "$name"; await 5 gone "$name" || fail "round $round: it is left"; }
        wait "$started"
        assertEquals "round $round" 0 $?
    done
    no_group "$name"
}

# It cannot be frozen: the state is hidden from the program. A process that is in a vfork(2) looks like one
# that no signal interrupts, which is what it looks for.
testWhatDoesNotFreezeIsNamed() {
    have_strace || { skip 'no strace' && return; }
    start cg-limit --name "$name" stuck
    await 5 runs "$name" stuck
    # shellcheck disable=SC2059
    file=$(printf "$state" "$name")
    attempt strace -f -o /dev/null -P "$file" -e inject=read:retval=0 ctr-pause "$name"
    refused "ctr-pause: the container $name is not frozen after 5 seconds: process [0-9]* (stuck) is in a call of the kernel that nothing interrupts"
    process=${message#*process }
    grep -q stuck "/proc/${process%% *}/comm" || fail "$message"
    is_paused "$name" && fail 'it is still frozen'
    [ "$version" = 2 ] || assertFalse 'its group is left' "[ -e '$freezer/minictr/$name' ]"
    ctr-kill --all "$name" KILL
    wait "$started" || :
}

testAnotherOfThatNameIsFrozenThere() {
    [ "$version" = 1 ] || { skip 'v2: each has its freezer' && return; }
    box "$name" sleep 1000
    mkdir -p "$freezer/minictr/$name"
    sleep 1000 &
    echo $! >"$freezer/minictr/$name/cgroup.procs"
    attempt ctr-pause "$name"
    refused "ctr-pause: cannot make the control group $freezer/minictr/$name: File exists"
    kill $!
    wait $!
    stop "$started"
    rmdir "$freezer/minictr/$name" "$freezer/minictr" 2>/dev/null
}

#
# ctr-stat
#

testStat() {
    box "$name" sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; exec sleep 1000'
    await 60 runs "$name" sleep
    attempt ctr-stat "$name"
    ended 0
    for line in 'memory +[0-9.]+[KM]' 'memory, most +([0-9.]+[KM]|-)' 'memory, limit +(512M|max)' 'swap +(0|-)' \
        'swap, limit +([0-9.]+M?|max|-)' 'killed for memory +0' 'processor +[0-9.ms]+s' 'processor, user +[0-9.ms]+s' \
        'processor, system +[0-9.ms]+s' 'throttled, periods +(0|-)' 'throttled, time +(0\.00s|-)' 'tasks +[13]' \
        'tasks, limit +(512|max)' 'pressure, cpu, some +(-|[0-9.]+% [0-9.]+% [0-9.]+% [0-9.]+s)' 'pressure, io, full .*' 'disk.*'; do
        grep -qE "^$line\$" "$tmp/out" || fail "no $line: $(cat "$tmp/out")"
    done
    stop "$started"
}

testStatJson() {
    needs_jq && return
    box "$name" sleep 1000
    attempt ctr-stat --json "$name"
    ended 0
    assertEquals "$name" "$(jq -r .name "$tmp/out")"
    assertEquals "$(cat "$pids/minictr/$name/pids.current")" "$(jq .tasks "$tmp/out")"
    assertEquals 0 "$(jq .oom_kills "$tmp/out")"
    assertEquals '["cpu","memory","io"]' "$(jq -c '.pressure | keys_unsorted' "$tmp/out")"
    if [ -e "$memory/minictr/$name/cpu.pressure" ]; then
        assertEquals '["avg10","avg60","avg300","total_us"]' "$(jq -c '.pressure.cpu.some | keys_unsorted' "$tmp/out")"
    else
        assertEquals null "$(jq -c .pressure.cpu.some "$tmp/out")"
    fi
    stop "$started"
}

testStatOfThrottling() {
    [ "$(id -u)" = 0 ] || [ "$(grep -c cpu "$memory/cgroup.controllers")" = 1 ] || { skip 'no cpu' && return; }
    start cg-limit --cpu 0.1 --name "$name" sh -c 'while :; do :; done'
    await 10 throttled || fail "$(ctr-stat --json "$name")"
    attempt ctr-stat "$name"
    grep -qE '^throttled, periods +[1-9]' "$tmp/out" || fail "$(cat "$tmp/out")"
    ctr-kill "$name"
    wait || :
}

throttled() {
    ctr-stat --json "$name" 2>/dev/null | grep -q '"throttled":[1-9][0-9]*,"throttled_us":[1-9]'
}

testStatOfKills() {
    start cg-limit --memory 32M --name "$name" sh -c 'probe child-alloc 60; exec sleep 1000'
    await 20 runs "$name" sleep
    attempt ctr-stat "$name"
    grep -qE '^killed for memory +1$' "$tmp/out" || fail "$(cat "$tmp/out")"
    ctr-kill "$name"
    wait || :
}

testStatOfDisks() {
    needs_root && return
    needs_jq && return
    start cg-limit --io "$(disk):riops=100000" --name "$name" sh -c 'dd of="$0" if=/dev/zero bs=64K count=16 oflag=direct 2>/dev/null; exec sleep 1000' "${MINICTR_TEST_DISK:-$tmp}/file"
    await 20 runs "$name" sleep || fail "$(cat "$tmp/err")"
    attempt ctr-stat --json "$name"
    assertEquals "$(cat "$tmp/out")" '1048576 16' "$(jq -r "[.io[] | select(.written_bytes > 0)][0] | \"\(.written_bytes) \(.writes)\"" "$tmp/out")"
    ctr-kill "$name"
    wait
    rm -f "${MINICTR_TEST_DISK:-$tmp}/file"
}

# The disk that the file is on.
disk() {
    number=$(stat -c '%d' "${MINICTR_TEST_DISK:-$tmp}")
    device=$((number / 256)):$((number % 256))
    [ ! -e "/sys/dev/block/$device/partition" ] || device=$(cat "/sys/dev/block/$device/../dev")
    echo "$device"
}

#
# Faults.
#

# faulty CALL PATTERN COMMAND...: with the call failing it says so.
faulty() {
    fault=$1 pattern=$2
    shift 2
    inject "$fault" "$@"
    refused "$pattern"
}

testCallsThatFail() {
    have_strace || { skip 'no strace' && return; }
    box "$name" sleep 1000
    case $bin in
    */asan/*) ;; # its loader opens files, too
    *) faulty openat:error=EMFILE 'ctr-ls: cannot *' ctr-ls ;;
    esac
    faulty pidfd_open:error=EPERM "ctr-kill: cannot open process $started, the supervisor of $name: Operation not permitted" ctr-kill "$name"
    faulty pidfd_send_signal:error=EPERM "ctr-kill: cannot send signal 15 to process $started, the supervisor of $name: Operation not permitted" ctr-kill "$name"
    faulty pidfd_send_signal:error=EPERM "ctr-kill: cannot send signal 9 to process [0-9]* of $name: Operation not permitted" ctr-kill "$name" KILL
    faulty write:error=EPERM:when=1 "ctr-pause: cannot * Operation not permitted" ctr-pause "$name"
    case $version in
    1)
        faulty mkdir,mkdirat:error=ENOSPC "ctr-pause: cannot make the control group $freezer/minictr/$name: No space left on device" ctr-pause "$name"
        ctr-pause "$name"
        faulty write:error=EPERM:when=1 "ctr-resume: cannot thaw the container $name: $freezer/minictr/$name: Operation not permitted" ctr-resume "$name"
        ;;
    2)
        ctr-pause "$name"
        faulty write:error=EPERM:when=1 "ctr-resume: cannot thaw the container $name: cgroup.freeze: Operation not permitted" ctr-resume "$name"
        ;;
    esac
    ctr-resume "$name"
    ! is_paused "$name" || fail 'it is frozen'
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
}

# Whichever call fails, at whichever time: either it has done what it was to do, or it says that it has not.
testAnyCallThatFails() {
    have_strace || { skip 'no strace' && return; }
    case ${CI:-}$bin in
    vm*) skip 'emulated, it takes too long' && return ;;
    */asan/*) skip 'the sanitizers make calls of their own' && return ;;
    esac
    box "$name" sleep 1000
    for words in "ctr-ls $name" "ctr-stat $name" "ctr-pause $name" "ctr-resume $name" "ctr-kill $name URG"; do
        # shellcheck disable=SC2086
        strace -o "$tmp/trace" $words >/dev/null
        for call in openat read pidfd_open pidfd_send_signal mkdirat unlinkat write fstat statfs; do
            number=$(grep -c "^$call(" "$tmp/trace")
            for when in $(seq "$number"); do
                # For one that says that it is done, all of them count.
                [ "${words%% *}" = ctr-pause ] || [ "$when" -le 12 ] || [ $((when % 7)) = 0 ] || continue
                # shellcheck disable=SC2086
                inject "$call:error=EIO:when=$when" $words
                case $status in
                0) [ "${words%% *}" != ctr-pause ] || is_paused "$name" || fail "$words: $call $when: not paused" ;;
                125) said_only "^${words%% *}: " ;;
                *) fail "$words: $call $when: $status $(cat "$tmp/err")" ;;
                esac
                case ${words%% *} in
                ctr-pause) ctr-resume "$name" ;;
                ctr-resume) ctr-pause "$name" ;;
                esac || fail "$words: $call $when: cannot be undone"
            done
        done
    done
    ctr-resume "$name"
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
    no_group "$name"
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

. shunit2
