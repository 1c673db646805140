# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# ctr-stat.sh: what a container uses, and where it is held up.

. "$(dirname "$0")/ctr.lib.sh"

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
    await 20 throttled || fail "$(ctr-stat --json "$name")"
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

testNameOfNoContainer() {
    unknown_is_refused ctr-stat
}

testWords() {
    attempt ctr-stat a b
    refused 'ctr-stat: "b" is one word too many'
}

testOutputThatCannotBeWritten() {
    box "$name" sleep 1000
    attempt sh -c 'ctr-stat "$0" >/dev/full' "$name"
    refused 'ctr-stat: cannot write to standard output: No space left on device'
    stop "$started"
}

testDeadContainer() {
    dead_is_refused ctr-stat
}

testTakesNoLock() {
    needs_strace && return
    box "$name" sleep 1000
    takes_no_lock ctr-stat "$name"
    stop "$started"
}

testWithoutRoot() {
    needs_root && return
    box "$name" sleep 1000
    as_nobody ctr-stat "$name"
    ended 0
    stop "$started"
}

testAnyCallThatFails() {
    cannot_inject && return
    box "$name" sleep 1000
    any_call_may_fail ctr-stat "$name"
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
    no_group "$name"
}

. shunit2
