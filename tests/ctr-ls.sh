# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# ctr-ls.sh: the list of the running containers. Others of this machine are none of its business: what is
# looked at has the name of ours.

. "$(dirname "$0")/ctr.lib.sh"

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
    first=$(awk '/^PPid:/ { print $2 }' "/proc/$prog/status")
    assertEquals "$first" "$(ls_of '.[0].pid' "$name")"
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
    assertEquals 536870912 "$(ls_of '.[0].memory_limit' "$name")"
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
    # The stages before PROG count, too.
    assertTrue "$used is not about $real" "[ $used -ge 10000 ] && [ $((used - real)) -ge -20000 ] && [ $((used - real)) -le $((200000 + real / 20)) ]"
    stop "$started"
}

testNameOfNoContainer() {
    unknown_is_refused ctr-ls
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
    attempt ctr-ls --watch 0
    refused 'ctr-ls: --watch: 0 is too small: at least 1'
    attempt ctr-ls --parent /no/such/group
    refused 'ctr-ls: there is no control group /no/such/group in any hierarchy'
}

testNoneIsNoError() {
    needs_jq && return
    # In a parent of its own there is surely none.
    mkdir "$memory/$name-parent"
    attempt ctr-ls --json --parent "$delegated/$name-parent"
    ended 0
    printed '[]'
    attempt ctr-ls --parent "$delegated/$name-parent"
    ended 0
    assertEquals 1 "$(grep -c . "$tmp/out")"
    rmdir "$memory/$name-parent"
}

testOfAnotherParent() {
    for place in "$memory" "$pids"; do
        mkdir -p "$place/$name-parent"
    done
    start cg-limit --parent "$delegated/$name-parent" --name "$name" sleep 1000
    await 20 ctr-ls --parent "$delegated/$name-parent" "$name" >"$tmp/found" 2>&1 || fail "$(cat "$tmp/found")"
    attempt ctr-ls "$name"
    refused "ctr-ls: there is no container $name"
    silently ctr-kill --timeout 5 --parent "$delegated/$name-parent" "$name"
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
    await 20 runs "$name" 'x) R 1 ("y' || fail "$(cat "$tmp/err")"
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
    await 20 grep -q running "$tmp/watched"
    ctr-kill "$name"
    await 20 grep -qx '\[\]' "$tmp/watched" || fail "$(cat "$tmp/watched")"
    kill "$watcher"
    wait || :
}

testOutputThatCannotBeWritten() {
    attempt sh -c 'ctr-ls >/dev/full'
    refused 'ctr-ls: cannot write to standard output: No space left on device'
}

# It is shown as such, and nothing else is done to it.
testDeadContainer() {
    leave_dead
    ctr-ls | grep -qE "^$name +dead " || gone "$name" || fail "$(ctr-ls)"
    cg-limit true
    no_group "$name"
}

testTakesNoLock() {
    needs_strace && return
    box "$name" sleep 1000
    takes_no_lock ctr-ls
    takes_no_lock ctr-ls "$name"
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
    stop "$started"
}

# Each file is there when the container is looked up, and gone when it is read.
testFilesThatVanish() {
    needs_strace && return
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
    case $bin in
    */asan/*) ;;
    *) takes_at_most 1 'ps -ef' ctr-ls ;;
    esac
    # shellcheck disable=SC2046
    ctr-kill --timeout 20 $(cut -d ' ' -f 1 "$tmp/expected") || fail 'they did not end'
    wait || :
}

testCallsThatFail() {
    needs_strace && return
    case $bin in
    */asan/*) ;; # its loader opens files, too
    *) faulty openat:error=EMFILE 'ctr-ls: cannot *' ctr-ls ;;
    esac
}

testAnyCallThatFails() {
    cannot_inject && return
    box "$name" sleep 1000
    any_call_may_fail ctr-ls "$name"
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
    no_group "$name"
}

. shunit2
