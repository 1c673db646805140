# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# bombs.sh: many containers, each killed somehow at some moment; and what takes all that it can get
# ends at its limits. MINICTR_TEST_CONTAINERS is how many (200), and MINICTR_TEST_SEED, which the log
# has, makes the same random numbers again.

. "$(dirname "$0")/lib.sh"

name=test-$$

# draw NUMBER: $drawn is at random from 0 to NUMBER-1.
draw() {
    random=$(((random * 1103515245 + 12345) % 2147483648))
    drawn=$((random / 65536 % $1))
}

milliseconds() {
    echo $(($(date +%s%N) / 1000000))
}

# family PID: it and its descendants, one a line.
family() {
    echo "$1"
    tr ' ' '\n' <"/proc/$1/task/$1/children" | while read -r relative; do
        family "$relative"
    done
}

# kill_one NUMBER: starts a container, sends a signal to one of its processes, and makes an end of it
# soon after: most signals are survived.
kill_one() {
    random=$((seed + $1))
    minictr --root "$root" --name "$name-$1" sh -c 'sleep 1000 & setsid sleep 1000 & sh -c "sleep 1000; :"; :' &
    container=$!
    draw $((20 * start_takes))
    sleep "$(printf '%d.%03d' $((drawn / 1000)) $((drawn % 1000)))"
    # shellcheck disable=SC2046
    set -- $(family $container)
    draw $#
    shift $drawn
    victim=$1
    read -r comm <"/proc/$victim/comm"
    set -- KILL KILL KILL TERM INT HUP QUIT USR1 ABRT SEGV STOP
    draw $#
    shift $drawn
    kill -s "$1" "$victim" && echo "$1 $comm" >>"$tmp/killed"
    draw 3
    [ $drawn = 0 ] || sleep 0.05
    kill -s KILL $container
    wait $container
} 2>/dev/null

testManyContainersEachKilledSomehow() {
    needs_root && return
    count=${MINICTR_TEST_CONTAINERS:-200}
    seed=${MINICTR_TEST_SEED:-$(date +%s)}
    echo "MINICTR_TEST_SEED=$seed"
    cat /proc/self/mountinfo >"$tmp/mounts"
    before=$(milliseconds)
    minictr --root "$root" true
    start_takes=$(($(milliseconds) - before))
    for number in $(seq "$count"); do
        kill_one "$number" &
        [ $((number % 20)) != 0 ] || wait
    done
    wait
    sort "$tmp/killed" | uniq -c
    assertTrue 'few were there to be killed' "[ $(wc -l <"$tmp/killed") -gt $((count * 3 / 4)) ]"
    await 20 no_process || fail "left: $(left_processes)"
    cg-limit true
    assertEquals '' "$(left_groups | grep "$name")"
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
}

no_process() {
    [ -z "$(left_processes)" ]
}

# Whether the limit has refused a process.
refuses() {
    find /sys/fs/cgroup -path "*/minictr/$name/pids.events" -exec cat {} + | grep -q '^max [1-9]'
}

testForkBomb() {
    needs_root && return
    start minictr --root "$root" --pids 50 --name "$name" probe bomb
    await 20 refuses || fail "it has no limit: $(cat "$tmp/err")"
    before=$(milliseconds)
    env true
    took=$(($(milliseconds) - before))
    assertTrue "on the host a program takes $took ms" "[ $took -lt 1000 ]"
    kill "$started"
    wait "$started"
    assertEquals 143 $?
    assertEquals '' "$(left_groups | grep "$name")"
    await 20 no_process || fail "left: $(left_processes)"
}

testMemoryBomb() {
    needs_root && return
    attempt minictr --root "$root" --memory 64M --name "$name" \
        sh -c 'for child in 1 2 3 4 5 6 7 8 9 10; do probe alloc 70 & probe child-alloc 70 & done; wait'
    ended 0
    printed "$(printf 'child 137\n%.0s' 1 2 3 4 5 6 7 8 9 10)"
    said "^cg-limit: container $name: out of memory: 20 killed, limit 64M, peak 6[34]M\$"
    assertEquals '' "$(left_groups | grep "$name")"
}

. shunit2
