# shellcheck shell=sh disable=SC1091,SC2016,SC2034,SC2086,SC2154
# inline.sh: the chain in one process: it differs from the plain one in time alone.

. "$(dirname "$0")/lib.sh"

# Mount points are made in it.
cp -a "$root" "$tmp/root"
root=$tmp/root

# both WORDS...: attempts minictr with these words in both ways, and leaves the output of each and its status in
# $tmp/plain and $tmp/inlined.
both() {
    cat >"$tmp/input"
    for way in plain inlined; do
        option=
        [ $way = plain ] || option=--inline
        attempt "$bin/minictr" $option --root "$root" "$@" <"$tmp/input"
        { echo "status $status" && cat "$tmp/out" && echo -- && cat "$tmp/err"; } >"$tmp/$way"
    done
}

are_equal() {
    assertEquals "$*" '' "$(diff "$tmp/plain" "$tmp/inlined" | head -n 20)"
}

# boundaries OPTIONS...: prints the stages of that container, one a line.
boundaries() {
    minictr --print --root "$root" "$@" true | sed -n '2,$p' | awk '{ print $1 }' | grep -vx true
}

# What a shell at each boundary sees is what the next stage finds: the state of the process, the mounts, the
# descriptors. Numbers of processes and of what was made anew differ from start to start.
seen_at() {
    both --no-tty --hostname box "$@" --break-after "$stage" true <<END
probe view /proc/self/cgroup | sed -E 's/(^| )[0-9]+ [0-9]+ [0-9]+:[0-9]+/ N/; s/master:[0-9]+/master:N/; s/shared:[0-9]+/shared:N/'
grep -E '^(Name|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Sig(Blk|Ign|Cgt)|ShdPnd)' /proc/self/status
echo comm \$(cat /proc/\$PPID/comm) \$(tr '\\0' ' ' </proc/\$PPID/cmdline | cut -c 1-20)
exit 1
END
}

testStateAtEveryBoundary() {
    needs_root && return
    count=0
    while read -r options; do
        for stage in $(boundaries $options); do
            seen_at $options
            assertTrue "$options: $stage: nothing was seen" "grep -q '^host ' '$tmp/plain'"
            sed -E -i 's/minictr\/[0-9a-f]{8}/minictr\/RANDOM/g; s/process [0-9]+/process N/g; s/\/proc\/[0-9]+/\/proc\/N/' "$tmp/plain" "$tmp/inlined"
            are_equal "$options: after $stage"
            count=$((count + 1))
        done
    done <<END

--user 5:6 --env A=1 --cwd /usr --rlimit nofile=64 --rlimit core=0
--privileged --ephemeral --no-init
--bare
END
    assertTrue "$count boundaries" "[ $count -ge 45 ]"
}

testMessagesAndStatuses() {
    mkdir "$tmp/volume"
    while read -r expected words; do
        eval "set -- $words"
        both "$@" </dev/null
        are_equal "$words"
        # A user's container has other ids.
        [ "$(id -u)" != 0 ] || assertEquals "$words" "status $expected" "$(head -n 1 "$tmp/plain")"
    done <<'END'
127 exit-of-nothing
126 /etc
7 sh -c 'exit 7'
143 sh -c 'kill -TERM $$'
125 --cwd /nowhere true
125 --user nobody-of-that-name true
125 --cap-keep sys_nothing true
0 --tmpfs relative true
125 --bind /nowhere:/mnt true
1 --bind $tmp/volume:/mnt:ro touch /mnt/file
125 --memory 1 true
125 --rlimit nofile=5000000000 true
125 --hostname -x true
125 --name /x true
125 mnt-proc
125 mnt-tmpfs --mode 9 /x true
0 cap-keep none grep -E ^Cap /proc/self/status
0 --privileged root-setup / true
0 --privileged ns-enter -u uts-name inner hostname
125 cg-limit --pids 5 true
0 env-set A=1 -- env-set B=2 env-set --unset A sh -c 'echo $A $B'
1 sys-filter --deny getpriority sys-filter --deny personality cat /proc/self/attr/current
0 priv-lock --no-userns priv-lock --no-userns grep -E Seccomp_filters /proc/self/status
0 id-set --groups 7,8 5:6 id
0 cwd-set /usr cwd-set . pwd
END
}

# The static variables of a stage are those of its next time, too.
testAStageTwice() {
    both </dev/null --sys-filter none --cap-keep all sys-filter --deny personality sys-filter --deny getpriority probe signals
    are_equal 'two filters'
    for rule in 'EPERM getpriority' 'EPERM personality'; do
        echo "$rule" >"$tmp/policy"
        attempt minictr --inline --root "$root" --sys-filter "$tmp/policy" sys-filter --deny sethostname \
            grep Seccomp_filters /proc/self/status
        ended 0
        printed 'Seccomp_filters:	2'
    done
    both </dev/null --privileged mnt-mask --hide /proc/cpuinfo mnt-mask --hide /proc/meminfo --hide /sys/kernel \
        sh -c 'cat /proc/cpuinfo /proc/meminfo; ls /sys/kernel; echo reached'
    are_equal 'two masks'
    assertEquals reached "$(sed -n 2p "$tmp/plain")"
    attempt minictr --inline --privileged --root "$root" id-set --groups 7,8 0:0 id-set 0:0 id -G
    printed 0
    attempt cg-limit --memory 64M "$bin/minictr" --inline --memory 32M --root "$root" --privileged true
    ended 0
}

# A program of the stages' directory that is no stage, and what is none of theirs, is executed.
testWhatIsExecuted() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    attempt strace -f -e trace=execve,execveat -o "$tmp/trace" "$bin/minictr" --inline --root "$root" \
        cap-keep none true
    ended 0
    assertEquals 'minictr and PROG' '"true"' \
        "$(grep -v -e '= -1' -e bin/minictr "$tmp/trace" | grep -oE '\["[^"]*"' | tr -d '[')"
    attempt minictr --inline --root "$root" env cap-keep none true
    ended 127
    both </dev/null ctr-ls --help
    are_equal ctr-ls
}

testDescriptors() {
    for options in '' --privileged '--no-init --ephemeral' '--user 5:6' "--bind $tmp:/mnt"; do
        attempt minictr --inline --root "$root" $options probe fds
        printed '0 1 2 '
    done
    both </dev/null --bare probe fds
    are_equal --bare
    attempt minictr --inline --bare --root "$root" sh -c 'env | grep -E "^MINICTR_(NS|STAGES|HOST|TTY|TRACE)"'
    printed ''
}

# As great as no other.
testTheDescriptorOfTheStatus() {
    needs_root && return
    attempt bash -c 'exec minictr --inline --root "$0" --privileged --status-fd 99 sh -c "ls /proc/1/fd" 99>"$1"' \
        "$root" "$tmp/status"
    ended 0
    assertEquals '0 1 2' "$(paste -sd ' ' "$tmp/out")"
}

# The processes that stay have the names of their stages, and show their words: not those of the launcher, which
# has paths of the host in them, and what is meant for others.
testProcesses() {
    needs_root && return
    for way in '' --inline; do
        start "$bin/minictr" $way --env SECRET=1 --bind "$tmp:/mnt" --root "$root" --name "inline-$$" sleep 1000
        await 20 sh -c 'ctr-ls --json "$0" | grep -qF "\"command\":[\"sleep\",\"1000\"]"' "inline-$$" || fail "$(cat "$tmp/err")"
        for process in $(tree "$started"); do
            echo "$(cat "/proc/$process/comm"): $(tr '\0' ' ' <"/proc/$process/cmdline")"
        done | sed -E "s/ +$//; s/--inline //; s/^(.{40}).*/\1/" >"$tmp/tree$way"
        kill "$started"
        wait "$started"
    done
    assertEquals '' "$(diff "$tmp/tree" "$tmp/tree--inline")"
    assertEquals 4 "$(wc -l <"$tmp/tree")"
    attempt minictr --inline --env SECRET=1 --bind "$tmp:/mnt" --root "$root" cat /proc/1/cmdline /proc/1/comm
    assertEquals '' "$(tr '\0' ' ' <"$tmp/out" | grep -E "SECRET|$tmp|--root")"
}

testSameChain() {
    for options in '' --bare '--privileged --ephemeral'; do
        both </dev/null --print $options sh -c 'exit 1'
        are_equal "$options"
    done
}

# A policy that refuses execve lets nothing through that comes later.
testThePasswordIsForgotten() {
    echo 'EPERM execve execveat' >"$tmp/policy"
    both </dev/null --sys-filter "$tmp/policy" true
    are_equal 'with pid-init'
    assertNotEquals 'status 0' "$(head -n 1 "$tmp/inlined")"
}

testTrace() {
    both </dev/null --trace true
    assertEquals "$(grep -cE ' next | stay | start ' "$tmp/plain")" "$(grep -cE ' next | stay | start ' "$tmp/inlined")"
    for way in plain inlined; do
        sed -E 's/^[0-9.]+ [0-9]+ //; s/ [0-9]+:/ N:/; s/: [0-9]+$/: N/; s/minictr\/[0-9a-f]{8}/minictr\/X/g; s/namespace [0-9]+/namespace N/g; s/--inline //' \
            "$tmp/$way" | grep -E '^(start|next|stay)' | sort >"$tmp/$way.lines"
    done
    assertEquals '' "$(diff "$tmp/plain.lines" "$tmp/inlined.lines")"
}

. shunit2
