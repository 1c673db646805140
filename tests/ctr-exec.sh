# shellcheck shell=sh disable=SC1091,SC2016,SC2034,SC2086,SC2154
# ctr-exec.sh: programs that join a running container.

. "$(dirname "$0")/ctr.lib.sh"

own=$tmp/root

# A root with the programs in it that tests/escapes has for this; it is written to.
make_root() {
    rm -rf --one-file-system "${own:?}"
    cp -a "$root" "$own"
    mkdir "$own/escapes"
    cp "$helpers/escapes/joiner" "$helpers/escapes/joined" "$own/escapes"
}

in_box() {
    attempt ctr-exec "$name" "$@"
}

# state: what ids, powers, limits, namespaces, root and groups a process has; without its own number.
state='grep -E "^(Uid|Gid|Groups|Umask|Cap|NoNewPrivs|Seccomp)" /proc/self/status
    for kind in mnt uts ipc net cgroup user; do readlink /proc/self/ns/$kind; done
    cat /proc/self/limits /proc/self/mountinfo /proc/self/cgroup; pwd; env | grep -vE "^(_|SHLVL|PWD|MINICTR_TEST_MARK)="; ls -di /'

testStateIsThatOfTheContainer() {
    make_root
    printf 'EPERM personality\n' >"$tmp/policy"
    mkdir -p "$tmp/volume"
    while read -r options; do
        start minictr --root "$own" --name "$name" $options sh -c "$state; sleep 1000"
        await 20 runs "$name" sleep || fail "$options: $(cat "$tmp/err")"
        cp "$tmp/out" "$tmp/of-prog"
        in_box sh -c "$state"
        ended 0
        assertEquals "$options" '' "$(diff "$tmp/of-prog" "$tmp/out")"
        stop "$started"
    done <<END

--user 1000:1000
--cap-keep chown,kill
--cap-keep all --sys-filter none
--sys-filter $tmp/policy
--privileged
--bare
--no-init
--ephemeral
--read-only --cwd /usr --env A=1 --env B=two
--rlimit nofile=77 --rlimit core=0:0
--user 5:6 --cap-keep net_bind_service --env LANG=C
--bind $tmp/volume:/mnt:ro --tmpfs /a:1M
--hostname other
END
}

# In the group and the PID namespace of the container, as seen from outside and from inside.
testItIsInTheContainer() {
    box "$name" sleep 1000
    prog=$(main "$name")
    start ctr-exec "$name" sleep 1001
    await 20 runs "$name" sleep
    joined=
    for i in 1 2 3 4 5 6 7 8 9 10; do
        joined=$(grep -lz '^1001$' /proc/[0-9]*/cmdline 2>/dev/null | grep -v self)
        joined=$(for file in $joined; do
            process=${file%/cmdline}
            [ "$(cat "$process/comm")" != sleep ] || echo "${process#/proc/}"
        done)
        [ -z "$joined" ] || break
        sleep 0.1
    done
    assertEquals "$(readlink "/proc/$prog/ns/pid")" "$(readlink "/proc/$joined/ns/pid")"
    assertContains "$(members "$name")" "$joined"
    assertEquals "$(cat "/proc/$prog/cgroup")" "$(cat "/proc/$joined/cgroup")"
    attempt ctr-exec "$name" ps axo args
    assertTrue 'ps' "grep -qx 'sleep 1001' '$tmp/out'"
    assertFalse 'no stage' "grep -qE 'pid-fork|ns-enter|sys-filter|ctr-exec' '$tmp/out'"
    # It ends with the container.
    ctr-kill "$name" KILL
    wait "$started"
    assertEquals 137 $?
    no_group "$name"
}

testStatusAndStreams() {
    box "$name" sleep 1000
    for code in 0 1 42 125; do
        in_box sh -c "exit $code"
        ended $code
    done
    in_box sh -c 'kill -TERM $$'
    ended 143
    in_box nothing-of-that-name
    ended 127
    in_box /etc
    ended 126
    echo text | ctr-exec "$name" sh -c 'cat; echo error >&2' >"$tmp/out" 2>"$tmp/err"
    printed text
    said_only '^error$'
    in_box probe fds
    printed '0 1 2 '
    in_box sh -c 'env | grep -aE "MINICTR_(NS|STAGES|HOST|TTY|TRACE)"'
    printed ''
    # Others than the standard streams are closed first.
    attempt hostile fds 6 "$bin/ctr-exec" "$name" probe fds
    printed '0 1 2 '
    stop "$started"
}

has_four() {
    [ "$(members "$name" | wc -l)" -ge 4 ]
}

testSignalsReachIt() {
    box "$name" sleep 1000
    box_started=$started
    start ctr-exec "$name" sh -c "$catcher"
    await 20 runs "$name" sh
    await 20 has_four || fail "$(cat "$tmp/err")"
    sleep 0.2
    kill -USR1 "$started"
    wait "$started"
    assertEquals '7 USR1' "$? $(cat "$tmp/out")"
    # It dies with its supervisor, and the container lives.
    start ctr-exec "$name" sleep 1002
    await 20 sh -c 'ctr-exec "$0" ps axo args | grep -qx "sleep 1002"' "$name"
    kill -KILL "$started"
    wait "$started"
    await 20 sh -c '! ctr-exec "$0" ps axo args | grep -qx "sleep 1002"' "$name" || fail 'it lives'
    # It cannot signal the caller's process group.
    attempt sh -c 'ctr-exec "$0" sh -c "kill -TERM 0"; echo "lives $?"' "$name"
    printed 'lives 143'
    stop "$box_started"
}

testOptions() {
    start minictr --root "$root" --name "$name" --env A=container --env C=kept --cwd /usr sleep 1000
    await 20 runs "$name" sleep
    attempt ctr-exec --env A=own --env B=2 --cwd /tmp "$name" sh -c 'echo $A $B $C; pwd'
    printed 'own 2 kept
/tmp'
    attempt ctr-exec --user 5:6 "$name" sh -c 'id -u; id -g; grep CapEff /proc/self/status'
    printed "5
6
CapEff:	0000000000000000"
    attempt ctr-exec --privileged "$name" grep -E 'NoNewPrivs|Seccomp:' /proc/self/status
    printed 'NoNewPrivs:	0
Seccomp:	0'
    stop "$started"
    # As root, with its powers, where PROG is a user without any.
    start minictr --root "$root" --name "$name" --user 1000:1000 sleep 1000
    await 20 runs "$name" sleep
    attempt ctr-exec --user 0:0 --privileged "$name" sh -c 'id -u; echo x >/etc/of-root && rm /etc/of-root'
    ended 0
    printed 0
    stop "$started"
}

# What the chain has behind its locks does not undo them; and a relative path of a lock is what it was.
testOwnOptionsComeLast() {
    needs_root && return
    make_root
    start cg-limit --name "$name" ns-enter -muip root-setup "$own" mnt-proc /proc cap-keep setuid,setgid \
        id-set 1000:1000 cwd-set /var env-set A=chain pid-init sleep 1000
    await 20 runs "$name" sleep
    attempt ctr-exec --user 0 --cwd /etc --env A=own "$name" sh -c 'id -u; pwd; echo $A'
    printed '0
/etc
own'
    attempt ctr-exec --user 5:5 "$name" sh -c 'id -u; pwd; echo $A'
    printed '5
/var
chain'
    stop "$started"
    mkdir -p "$own/srv/data"
    start cg-limit --name "$name" ns-enter -muip root-setup "$own" mnt-proc /proc cwd-set /srv/data cap-keep default \
        priv-lock fs-allow --exec / --rw . pid-init sleep 1000
    await 20 runs "$name" sleep
    for directory in / /etc /srv/data; do
        attempt ctr-exec --cwd $directory "$name" sh -c 'pwd; touch /etc/new; touch /srv/data/new && echo there'
        printed "$directory
there"
        assertTrue "$directory" "[ ! -e '$own/etc/new' ]"
    done
    stop "$started"
}

testPrint() {
    start minictr --root "$root" --name "$name" --cwd /usr --rlimit nofile=64 sleep 1000
    await 20 runs "$name" sleep
    attempt ctr-exec --print "$name" sh -c 'pwd; ulimit -n; exit 9'
    ended 0
    cp "$tmp/out" "$tmp/chain"
    ids=
    [ "$(id -u)" = 0 ] || ids='id-set ' # with ranges of ids, the user's groups are dropped
    assertEquals "$bin/fd-close cg-join ns-enter cwd-set ${ids}cap-keep priv-lock sys-filter res-limit pid-fork sh " \
        "$(awk '{ printf "%s ", $1 }' "$tmp/chain")"
    attempt sh "$tmp/chain"
    ended 9
    printed '/usr
64'
    if command -v jq >/dev/null; then
        attempt ctr-exec --print=json "$name" sh -c 'a b'
        ended 0
        assertEquals '["cg-join",["'"$name"'"]]' "$(jq -c '.[1] | [.stage, .arguments]' "$tmp/out")"
        assertEquals '{"program":"sh","arguments":["-c","a b"]}' "$(jq -c '.[-1]' "$tmp/out")"
    fi
    stop "$started"
    # The number of the process may be another's by now.
    attempt sh "$tmp/chain"
    ended 125
}

# The namespaces are made before the group: what is joined is what is there. From inside of a PID namespace a user
# cannot move the processes outside of it into a leaf, as v2 wants it.
testGroupMadeInTheNamespaces() {
    if [ "$version" = 2 ]; then
        needs_root && return
    fi
    start ns-enter -mup cg-limit --name "$name" --pids 50 uts-name hand root-setup "$root" mnt-proc /proc \
        cap-keep chown sleep 1000
    await 20 runs "$name" sleep
    in_box sh -c 'hostname; grep CapEff /proc/self/status; ps axo args | grep -c ^sleep'
    printed 'hand
CapEff:	0000000000000001
1'
    stop "$started"
}

# Words that look like stages, or like none.
testChainsByHand() {
    start cg-limit --name "$name" ns-enter -muip uts-name cap-keep root-setup "$root" mnt-tmpfs --size=1M /mytemp \
        mnt-proc /proc env-set A=1 -- env-set --unset B -- cwd-set /usr cap-keep -- none sleep 1000
    await 20 runs "$name" sleep
    attempt ctr-exec --print "$name" true
    assertEquals 'env-set A=1 -- env-set --unset B -- cwd-set /usr cap-keep -- none pid-fork true ' \
        "$(sed '1,/ns-enter/d; s/^ *//; s/ \\$//' "$tmp/out" | tr '\n' ' ')"
    in_box sh -c 'hostname; pwd; echo $A'
    printed 'cap-keep
/usr
1'
    stop "$started"
}

testRefused() {
    in_box true
    refused "ctr-exec: there is no container $name"
    attempt ctr-exec
    refused 'ctr-exec: NAME is missing'
    attempt ctr-exec "$name"
    refused 'ctr-exec: PROG is missing'
    box "$name" sleep 1000
    for words in '--tty --no-tty' '--env A' '--env =1' '--cwd=' '--user=' '--print=yaml' '--env'; do
        attempt ctr-exec $words "$name" true
        ended 125
        said_only '^ctr-exec: '
        printed ''
    done
    ctr-pause "$name"
    in_box true
    refused "ctr-exec: the container $name is paused"
    assertEquals "ctr-exec: hint: \"ctr-resume $name\" lets it go on" "$hint"
    ctr-resume "$name"
    stop "$started"
    # It has no root of its own, as far as the chain tells.
    start cg-limit --name "$name" ns-enter -mp sleep 1000
    await 20 runs "$name" sleep
    in_box true
    refused "ctr-exec: the chain that made $name left the stages before it had a root *"
    stop "$started"
    start cg-limit --name "$name" ns-enter -mp env root-setup "$root" sys-filter --default sleep 1000
    await 20 runs "$name" sleep
    in_box true
    refused "ctr-exec: the chain that made $name left the stages before it had a root *"
    stop "$started"
    # Its first process began before the root was changed.
    if [ "$(id -u)" = 0 ]; then
        for kinds in p mp; do
            start cg-limit --name "$name" ns-enter -$kinds pid-init ns-enter -m root-setup "$root" mnt-proc /proc sleep 1000
            await 20 runs "$name" sleep
            in_box echo reached
            refused "ctr-exec: the first process of $name has another root than its program: *"
            stop "$started"
        done
    fi
    # Its policy can be changed inside.
    make_root
    echo 'EPERM personality' >"$own/policy"
    start cg-limit --name "$name" ns-enter -mp root-setup "$own" mnt-proc /proc sys-filter --file /policy sleep 1000
    await 20 runs "$name" sleep
    : >"$own/policy"
    in_box true
    refused "ctr-exec: the policy of the container's sys-filter was a file: --file cannot be done again"
    attempt ctr-exec --privileged "$name" true
    ended 0
    stop "$started"
}

# While the chain still runs, the root may be the host's.
testWhileItIsMade() {
    mkfifo "$tmp/fifo"
    start cg-limit --name "$name" ns-enter -mp sh -c 'read -r line <"$1"; exec "$0" "$2" true' \
        "$bin/root-setup" "$tmp/fifo" "$root"
    await 20 runs "$name" sh
    in_box true
    ended 125
    echo >"$tmp/fifo"
    wait "$started"
    rm "$tmp/fifo"
    # PROG is a stage by its name alone, one that is not in the chain: that is refused as well.
    make_root
    cp "$own/escapes/joined" "$own/bin/pid-init"
    ln "$own/usr/bin/sleep" "$own/usr/bin/cwd-set" 2>/dev/null || cp "$own/usr/bin/sleep" "$own/usr/bin/cwd-set"
    start minictr --root "$own" --name "$name" /usr/bin/cwd-set 1000
    await 20 runs "$name" cwd-set
    in_box true
    refused "ctr-exec: the container $name is still being made: process * is cwd-set"
    stop "$started"
}

testWithoutARecord() {
    box "$name" sleep 1000
    group=$(find /sys/fs/cgroup -maxdepth 6 -path "*/minictr/$name")
    command -v setfattr >/dev/null || { skip 'no setfattr' && stop "$started" && return; }
    for directory in $group; do
        setfattr -x trusted.minictr.chain "$directory" 2>/dev/null
        setfattr -x user.minictr.chain "$directory" 2>/dev/null
    done
    in_box true
    refused "ctr-exec: no chain is kept with the container $name: *"
    stop "$started"
}

# The container lies in wait for whoever joins, and says into a file what it has caught.
lie_in_wait() {
    : >"$tmp/caught"
    sh -c "exec $(cat "$tmp/chain")" >"$tmp/caught" 2>&1 &
    started=$!
    await 20 grep -qx waiting "$tmp/caught" || fail "$(cat "$tmp/caught")"
}

# weakly: joins as ns-enter does by hand: the steps that follow it run inside, where they can be seen.
weakly() {
    target=$(ctr-exec --print "$name" true | sed -n 's/.*--target \([0-9:]*\) .*/\1/p')
    for i in $(seq 300); do
        cg-join "$name" ns-enter --target "$target" -muipC cap-keep default priv-lock priv-lock priv-lock \
            sys-filter --default priv-lock priv-lock /escapes/joined 2>/dev/null
        grep -q '^mem: opened' "$tmp/caught" && grep -q '^exe: ' "$tmp/caught" && return
    done
    fail 'nothing was caught of a weakened joiner'
}

testNothingIsCaughtOfTheJoiner() {
    needs_root && return
    case ${CI:-} in vm) skip 'emulated, it takes too long' && return ;; esac
    make_root
    for storm in '' storm; do
        # Without Landlock, which alone would refuse it all of this.
        minictr --root "$own" --name "$name" --print /escapes/joiner $storm | sed 's/ --scope sockets//' >"$tmp/chain"
        lie_in_wait
        weakly
        stop "$started"
        lie_in_wait
        for i in $(seq 150); do
            in_box /escapes/joined
            ended 0
        done
        assertEquals "caught with '$storm'" waiting "$(cat "$tmp/caught")"
        stop "$started"
        no_group "$name"
    done
}

# The image has programs of the stages' names, and loads a library into every program.
testTheStagesAreThoseOfTheHost() {
    make_root
    for stage in cwd-set cap-keep priv-lock sys-filter res-limit pid-fork tty-pty; do
        printf '#!/bin/sh\necho "%s of the image"\n' $stage >"$own/bin/$stage"
        chmod 755 "$own/bin/$stage"
    done
    echo /escapes/joined >"$own/etc/ld.so.preload"
    start minictr --root "$own" --name "$name" --cwd /usr --rlimit core=0 sleep 1000
    await 20 runs "$name" sleep
    attempt ctr-exec "$name" echo reached
    ended 0
    printed reached
    stop "$started"
}

# What it has made of its terminals is not taken for one.
testTheTerminalOfAnother() {
    make_root
    start minictr --root "$own" --name "$name" --cap-keep all --sys-filter none \
        sh -c 'rm /dev/ptmx; mkfifo /dev/ptmx; exec sleep 1000'
    await 20 runs "$name" sleep
    attempt timeout 5 ctr-exec --tty "$name" true
    ended 125
    said '^tty-pty: cannot make a terminal: /dev/ptmx is not the device 5:2$'
    stop "$started"
}

testTerminal() {
    needs_expect && return
    box "$name" sleep 1000
    export name
    play <<'PLAY'
say "ctr-exec \$name sh -i"
see "# $"
say "tty; test -t 2 && echo error t''oo"
see "/dev/pts/0\r\nerror too\r\n"
say "sh -c 'echo sl''eeps; exec sleep 1000'"
see "sleeps\r\n"
send "\x03"
see "# $"
say "exit 6"
see "host> "
say "echo status \$?"
see "status 6"
PLAY
    stop "$started"
}

testAnyCallThatFails() {
    cannot_inject && return
    box "$name" sleep 1000
    strace -o "$tmp/own" "$bin/ctr-exec" --print "$name" true >"$tmp/right"
    for call in openat read fstat stat newfstatat readlink pidfd_open pidfd_send_signal fgetxattr mmap brk; do
        number=$(grep -c "^$call(" "$tmp/own")
        for when in $(seq "$number"); do
            [ "$when" -le 10 ] || [ $((when % 5)) = 0 ] || continue
            inject "$call:error=EIO:when=$when" "$bin/ctr-exec" --print "$name" true
            case $status in
            0) assertEquals "$call $when" '' "$(diff "$tmp/right" "$tmp/out")" ;;
            125) said_only '^ctr-exec: ' ;;
            *) fail "$call $when: $status $(cat "$tmp/err")" ;;
            esac
        done
    done
    stop "$started"
}

. shunit2
