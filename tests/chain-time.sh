# shellcheck shell=sh disable=SC1091,SC2154
# chain-time.sh: how long each step took; and the trace that it is made of (MINICTR_TRACE).

. "$(dirname "$0")/lib.sh"

# The names of the steps of the last table, in a line.
steps() {
    sed '1d; s/ *[0-9]* *[0-9]*%.*//' "$tmp/err" | paste -sd ,
}

testTableOfAContainer() {
    needs_root && return
    attempt minictr --root "$root" --no-tty --time true
    ended 0
    assertEquals 'chain-time,fd-close,cg-limit,ns-enter,uts-name,root-setup,mnt-tmpfs,mnt-proc,mnt-dev,mnt-sys,mnt-mask,cap-keep,priv-lock,sys-filter,pid-init,true,ns-enter end,cg-limit end,total' "$(steps)"
    assertEquals 'one is the longest' 1 "$(grep -c ' \*$' "$tmp/err")"
    assertEquals 'wider than 80' '' "$(grep -E '.{80}' "$tmp/err")"
    assertEquals 'colour' '' "$(grep "$(printf '\033')" "$tmp/err")"
}

testSumIsTheWallTime() {
    seconds=3
    start=$(date +%s%N)
    attempt minictr --root "$root" --no-tty --time sleep "$seconds"
    wall=$((($(date +%s%N) - start) / 1000))
    ended 0
    sum=$(awk '/%/ && !/^total/ { sub(/^[^ ]+( end)? +/, ""); sum += $1 } END { print sum }' "$tmp/err")
    total=$(awk '/^total/ { print $2 }' "$tmp/err")
    assertEquals "$total" "$sum"
    assertTrue "wall $wall, total $total" "[ $((total * 100)) -ge $((wall * 95)) ] && [ $total -le $((wall + 1000)) ]"
}

testStatusIsPassedOn() {
    attempt chain-time sh -c 'exit 7'
    ended 7
    attempt chain-time sh -c 'kill -9 $$'
    ended 137
    attempt chain-time uts-name x true
    ended 125
    assertTrue 'named' "grep -q '^uts-name failed ' '$tmp/err'"
}

testPicture() {
    attempt minictr --root "$root" --no-tty --time="svg:$tmp/a.svg" sh -c 'exit 3'
    ended 3
    assertEquals '' "$(cat "$tmp/err")"
    assertEquals 'rectangles' 1 "$(grep -c '<title>mnt-proc: [0-9]* us</title><rect' "$tmp/a.svg")"
    assertEquals 'the supervisors' 4 "$(grep -c ' stays: ' "$tmp/a.svg")"
    assertEquals '</svg>' "$(tail -n 1 "$tmp/a.svg")"
    attempt chain-time --svg "$tmp/missing/a.svg" true
    refused "chain-time: cannot write $tmp/missing/a.svg: No such file or directory"
}

testTraceOfAChain() {
    needs_root && return
    MINICTR_TRACE=$tmp/trace attempt ns-enter -mu uts-name 'a-b' mnt-tmpfs --size 1M "$tmp" sh -c 'env; ls -l /proc/self/fd'
    ended 0
    assertEquals '' "$(grep -E 'MINICTR_(NS|STAGES|HOST|TTY|TRACE)' "$tmp/out")"
    assertEquals 'descriptors' '' "$(grep -e "> $tmp/trace" "$tmp/out")"
    assertEquals '' "$(grep -vE '^[0-9]+\.[0-9]{6} [0-9]+ (start|next) ' "$tmp/trace")"
    assertEquals 'start ns-enter -mu,start uts-name a-b,start mnt-tmpfs --size 1M '"$tmp" \
        "$(sed -n 's/^[^ ]* [0-9]* start/start/p' "$tmp/trace" | paste -sd ,)"
    assertTrue 'namespaces' "grep -qE 'next ns-enter [0-9]+: uts-name; mount namespace [0-9]+; uts namespace [0-9]+$' '$tmp/trace'"
    assertTrue 'a name' "grep -q '; the host name is a-b$' '$tmp/trace'"
    assertTrue 'flags' "grep -q 'next mnt-tmpfs [0-9]*: sh; mounted tmpfs on $tmp (rw,nosuid,nodev)$' '$tmp/trace'"
}

# What cannot be written is lost: the signal for that is nobody's, least of all PROG's.
testATraceThatNobodyReads() {
    mkfifo "$tmp/trace-fifo"
    for chain in 'ns-enter -p' 'cg-limit' 'ns-enter -p pid-init'; do
        attempt bash -c 'exec 3<>"$0" 4>"$0" 3<&-; MINICTR_TRACE=4 exec $1 sh -c "sleep 0.2; echo goes on"' \
            "$tmp/trace-fifo" "$chain"
        ended 0
        printed 'goes on'
    done
    rm "$tmp/trace-fifo"
}

testTraceOfTheLauncher() {
    attempt minictr --root "$root" --no-tty --trace sh -c 'ls /proc/self/fd; env'
    ended 0
    assertEquals '' "$(grep -E 'MINICTR_(NS|STAGES|HOST|TTY|TRACE)' "$tmp/out")"
    assertEquals 'descriptors' '0 1 2 3' "$(grep '^[0-9]*$' "$tmp/out" | paste -sd ' ')"
    assertTrue 'an end' "grep -q ' end cg-limit 0$' '$tmp/err'"
    attempt minictr --root "$root" --no-tty --trace="$tmp/t" --print true
    ended 0
    cp "$tmp/out" "$tmp/chain"
    attempt sh "$tmp/chain"
    ended 0
    assertTrue 'pasted' "grep -q ' end cg-limit 0$' '$tmp/t'"
}

testFailureIsInTheTrace() {
    needs_root && return
    MINICTR_TRACE=$tmp/trace2 attempt uts-name x true
    ended 125
    assertTrue 'fail' "grep -q \"fail uts-name [0-9]*: this is the host's uts namespace\$\" '$tmp/trace2'"
}

testBadVariables() {
    MINICTR_TRACE=1 attempt fd-close true
    refused "fd-close: MINICTR_TRACE: the trace cannot go to standard output, which is PROG's"
    MINICTR_TRACE=77 attempt fd-close true
    refused 'fd-close: the variable MINICTR_TRACE is "77", which is no open descriptor'
    MINICTR_TRACE=$tmp/missing/x attempt fd-close true
    refused "fd-close: cannot open the trace $tmp/missing/x: No such file or directory"
    # What is no word of the stages is a file.
    (cd "$tmp" && MINICTR_TRACE=2:0:0x fd-close true)
    assertTrue 'file' "grep -q 'next fd-close' '$tmp/2:0:0x'"
    attempt minictr --time=x true
    refused 'minictr: --time: "x" is not svg:FILE'
    attempt minictr --time --trace true
    refused 'minictr: --trace and --time: only one of them'
    attempt minictr --print=yaml true
    refused 'minictr: --print: "yaml" is not json'
}

testPrintJson() {
    command -v jq >/dev/null || { skip 'no jq' && return; }
    attempt minictr --print=json --hostname h sh -c 'a "b" \c'
    ended 0
    assertEquals '["uts-name",["h"]]' "$(jq -c '.[] | select(.stage == "uts-name") | [.stage, .arguments]' "$tmp/out")"
    assertEquals '{"program":"sh","arguments":["-c","a \"b\" \\c"]}' "$(jq -c '.[-1]' "$tmp/out")"
    assertEquals "$(minictr --print --hostname h sh -c x | wc -l)" "$(jq length "$tmp/out")"
}

. shunit2
