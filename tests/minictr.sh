# shellcheck shell=sh
# minictr.sh: the launcher: the container as a whole, and the chain that it prints.

. "$(dirname "$0")/lib.sh"

box() {
    attempt minictr --root "$root" "$@"
}

# What the launcher adds where the kernel has it: Linux 6.12.
scope=$(priv-lock --scope sockets true 2>/dev/null && echo ' --scope sockets')

testHostNameInsideOnly() {
    before=$(hostname)
    box --privileged --hostname inner sh -c 'hostname; hostname changed; hostname'
    ended 0
    printed "inner
changed"
    assertEquals "$before" "$(hostname)"
}

testHostNameFollowsTheName() {
    box hostname
    printed minictr
    box --name "t$$" hostname
    printed "t$$"
    box --name "t$$" --hostname other hostname
    printed other
}

testOnlyItsProcesses() {
    box ps -e -o comm=
    ended 0
    printed "pid-init
ps"
    box --no-init ps -e -o pid=,comm=
    printed "      1 ps"
}

testFilesInMytempAreNotSeenFromOutside() {
    minictr --root "$root" sh -c 'echo secret >/mytemp/f && cat /mytemp/f && exec sleep 100' \
        >"$tmp/out" &
    outermost=$!
    await 20 grep -q secret "$tmp/out"
    assertEquals "" "$(ls "$root/mytemp")"
    assertFalse "seen from outside" "[ -e $root/mytemp/f ]"
    assertEquals "" "$(grep -c mytemp /proc/$$/mountinfo | grep -v '^0$')"
    kill $outermost
    wait $outermost 2>/dev/null
    assertEquals "" "$(ls "$root/mytemp")"
}

testMountsAreTheContainersOnly() {
    box --bare cat /proc/self/mountinfo
    assertEquals "/ /mytemp /proc" "$(cut -d' ' -f5 "$tmp/out" | sort | tr '\n' ' ' | sed 's/ $//')"
}

testMemoryLimitKillsTheProgram() {
    box --memory 32M probe alloc 200
    ended 137
    printed ""
    box --memory 300M probe alloc 200
    ended 0
    printed "got 200 MiB"
}

testMemoryLimitKillsAChild() {
    box --memory 32M probe child-alloc 200
    printed "child 137"
}

testPidsLimit() {
    # pid-init and the probe count, and the supervisor that ns-enter left.
    box --pids 10 probe forks 50
    printed "forked 7"
}

testDescriptors() {
    attempt hostile fds 5 minictr --root "$root" probe fds
    ended 0
    printed "0 1 2 "
}

testEnvironment() {
    not_inline && return
    attempt env -i A=b "PATH=$PATH" "$built/minictr" --root "$root" probe env
    printed "A=b
PATH=$PATH"
}

testStatus() {
    for status in 0 1 2 77 125 126 127 128 255; do
        box probe exit $status
        ended $status
    done
    for signal in 1 2 9 11 15 34 64; do
        box probe die $signal
        ended $((128 + signal))
    done
}

testReadOnly() {
    box --read-only sh -c 'touch /x'
    assertNotEquals 0 "$status"
    said 'Read-only file system'
    box --read-only sh -c 'echo works >/mytemp/x && cat /mytemp/x'
    printed works
}

testTmpfs() {
    cp -a "$root" "$tmp/own"
    attempt minictr --root "$tmp/own" --tmpfs /a/b --tmpfs /c:1M --tmpfs '/d:e/f' \
        sh -c 'stat -f -c "%T %n" /a/b /c "/d:e/f"; dd if=/dev/zero of=/c/x bs=64k 2>/dev/null
        stat -c %s /c/x; ls -d /mytemp; grep -c mytemp /proc/mounts'
    printed "tmpfs /a/b
tmpfs /c
tmpfs /d:e/f
1048576
/mytemp
0"
}

testRootFromTheEnvironment() {
    attempt env MINICTR_ROOT="$root" minictr hostname
    ended 0
    attempt env MINICTR_ROOT=/nonexistent minictr --root "$root" hostname
    ended 0
    attempt env MINICTR_ROOT=/nonexistent minictr hostname
    ended 125
    said_only '^minictr: cannot use /nonexistent as the root: No such file or directory$'
    attempt minictr --root "" hostname
    refused 'minictr: --root: the directory is empty'
}

testDefaultRootIsBesideBin() {
    mkdir -p "$tmp/install/rootfs"
    cp -r "$bin" "$tmp/install/bin"
    attempt "$tmp/install/bin/minictr" hostname
    ended 125
    said "^minictr: cannot use $tmp/install/rootfs/base as the root: No such file or directory$"
    said '^minictr: hint: make one, as by .*/rootfs/from-host .*/rootfs/base, or choose one with --root$'
    cp -a "$root" "$tmp/install/rootfs/base"
    attempt "$tmp/install/bin/minictr" hostname
    ended 0
    ln -s install/bin/minictr "$tmp/link"
    attempt "$tmp/link" hostname
    ended 0
}

testBadRoot() {
    : >"$tmp/file"
    ln -s loop "$tmp/loop"
    box --root "$tmp/file" true
    ended 125
    said_only "^minictr: --root is given twice$"
    attempt minictr --root "$tmp/file" true
    ended 125
    said_only "^minictr: cannot use $tmp/file as the root: Not a directory$"
    attempt minictr --root "$tmp/loop" true
    ended 125
    said_only "^minictr: cannot use $tmp/loop as the root: "
    attempt minictr --root "$(printf '%05000d' 0)" true
    ended 125
    said_only "^minictr: cannot use 0000"
}

testBadValues() {
    for bad in --memory=0 --memory=-1 --memory=12Q --memory=1e3 --memory=99999999999G --memory= \
        --pids=0 --pids=-1 --pids=x --pids= --pids=99999999999 --hostname= --hostname=a/b \
        --hostname="$(printf '%065d' 0)" --name=a/b --name=.. --name= --tmpfs=:1M --tmpfs=/x:1Q \
        --tmpfs=; do
        box "$bad" true
        ended 125
        said_only "^minictr: ${bad%%=*}: "
    done
    assertEquals "" "$(left_groups)"
}

testProgramIsMissing() {
    box
    ended 125
    said_only '^minictr: PROG is missing$'
    box nonexistent
    ended 127
    said_only '^pid-init: cannot find nonexistent in PATH: '
    box /nonexistent
    ended 127
    said_only '^pid-init: cannot execute /nonexistent: No such file or directory$'
}

testWordsThatLookLikeOptions() {
    box -- --help
    ended 127
    said_only '^pid-init: cannot find --help in PATH: '
    attempt minictr --root=-r true
    ended 125
    said_only '^minictr: cannot use -r as the root: '
    attempt minictr --print --root "$root" --tmpfs=-x --tmpfs=-y:1M true
    assertTrue "$(cat "$tmp/out")" "grep -q 'mnt-tmpfs -- -x' $tmp/out"
    assertTrue "$(cat "$tmp/out")" "grep -q 'mnt-tmpfs --size 1M -- -y' $tmp/out"
}

testManyTmpfs() {
    # shellcheck disable=SC2046
    attempt minictr --print --root "$root" $(seq -f '--tmpfs=-%g:1M' 500) true
    ended 0
    assertEquals 500 "$(grep -c mnt-tmpfs "$tmp/out")"
}

testNameInUse() {
    minictr --root "$root" --name "t$$" sh -c 'echo up; exec sleep 100' >"$tmp/first" &
    outermost=$!
    await 20 grep -q up "$tmp/first"
    box --name "t$$" true
    ended 125
    said_only "^cg-limit: the name t$$ is in use: "
    assertTrue "the first one lives" "kill -0 $outermost"
    kill $outermost
    wait $outermost 2>/dev/null
    box --name "t$$" true
    ended 0
}

testPrintIsTheChain() {
    needs_root && return
    attempt minictr --print --root "$root" --name n --memory 64M --pids 9 --read-only \
        --tmpfs /a:1M --tmpfs /b bash -c 'x y'
    printed "$bin/fd-close \\
    cg-limit --memory 64M --pids 9 --name n \\
    ns-enter -muipC \\
    uts-name n \\
    root-setup --read-only --nodev $root \\
    mnt-tmpfs --size 1M /a \\
    mnt-tmpfs /b \\
    mnt-proc /proc \\
    mnt-dev /dev \\
    mnt-sys /sys \\
    mnt-mask --default \\
    cap-keep default \\
    priv-lock$scope \\
    sys-filter --default \\
    pid-init \\
    bash -c 'x y'"
    attempt minictr --print --no-init --root "$root" bash
    assertEquals 0 "$(grep -c pid-init "$tmp/out")"
}

# Without power it is another chain: in a user namespace, and what needs the host's mounts to be seen is before
# root-setup.
testPrintWithoutPower() {
    as_nobody minictr --print --root "$root" --memory 64M --bind /usr:/usr prog
    ended 0
    sed -i 's/^[^ ]*\/\(fd-close\)/\1/; /id-set --clear-groups 0:0/d; s/ns-enter --map-auto/ns-enter/' "$tmp/out"
    printed "fd-close \\
    cg-limit --memory 64M --pids 512 \\
    ns-enter -UmuipCn \\
    uts-name minictr \\
    net-up \\
    root-open --nodev $root \\
    mnt-bind --rec --nodev /usr /usr \\
    mnt-proc /proc \\
    mnt-dev /dev \\
    mnt-sys /sys \\
    root-setup . \\
    mnt-tmpfs /mytemp \\
    mnt-mask --default \\
    cap-keep default \\
    priv-lock$scope \\
    sys-filter --default \\
    pid-init \\
    prog"
    as_nobody minictr --print --no-limits --net host --root "$root" prog
    assertEquals 0 "$(grep -c 'cg-limit\|net-up\|mnt-sys' "$tmp/out")"
}

testPrintNeedsNoPrivilege() {
    as_nobody minictr --print --root / true
    ended 0
}

# What is printed, pasted into a shell, passes the same bytes.
testPrintedChainRunsTheSame() {
    set -- 'two words' '' "it's" '"quoted"' '$HOME `id` $(id)' 'back\slash' '*' '~' '#' '!x' 'a=b' \
        '-x' '--' ';' '&' 'new
line
' "$(printf '\001\033\177\200\377\303')" "$(printf 'tab\there')" 'ünïcode' '{a,b}' '<>|'
    box probe args "$@"
    ended 0
    mv "$tmp/out" "$tmp/direct"
    assertEquals 21 "$(grep -c '' "$tmp/direct")"
    minictr --print --root "$root" probe args "$@" >"$tmp/line"
    for shell in sh bash; do
        attempt "$shell" "$tmp/line"
        ended 0
        assertTrue "$shell passes other bytes" "cmp $tmp/direct $tmp/out"
    done
}

# zsh has another meaning for =ls.
testPrintedWordsAreOfAnyShell() {
    box --print echo =ls a=b ~x
    assertEquals "    echo '=ls' a=b '~x'" "$(tail -n 1 "$tmp/out")"
}

testPrintedRootIsQuoted() {
    odd="$tmp/an 'odd' \$(root)"
    cp -a "$root" "$odd"
    minictr --print --root "$odd" hostname >"$tmp/line"
    attempt sh "$tmp/line"
    ended 0
    printed minictr
}

testManyOptions() {
    set --
    for number in $(seq 150); do
        set -- "$@" "--bind=$tmp:/b$number:ro"
    done
    box --print "$@" --userns auto true
    ended 0
    assertEquals 150 "$(grep -cE "^    mnt-bind --ro --rec --nodev .*$tmp /b[0-9]+ " "$tmp/out")"
    assertEquals '    true' "$(tail -n 1 "$tmp/out")"
}

testManyArguments() {
    # shellcheck disable=SC2046
    box probe args $(seq 100000)
    ended 0
    assertEquals 100000 "$(grep -c . "$tmp/out")"
}

testPipeAsInput() {
    echo 'echo read from a pipe; hostname' >"$tmp/in"
    box bash <"$tmp/in"
    printed "read from a pipe
minictr"
}

testNothingOnStandardOutput() {
    box true
    printed ""
    assertEquals "" "$(cat "$tmp/err")"
}

testWithoutRoot() {
    needs_root && return
    as_nobody minictr --root / true
    ended 125
    said_only '^cg-limit: cannot make the control group .*: Permission denied$'
    said '^cg-limit: hint: .*run it with sudo$'
}

testCloseOfStandardStreams() {
    for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
        minictr --root "$root" sh -c 'exit 3' >/dev/null 2>&1
        status=0
        eval "minictr --root '$root' sh -c 'exit 3' $closed" || status=$?
        assertEquals "$closed" 3 $status
        eval "minictr --root '$root' probe fds $closed" >"$tmp/out" 2>/dev/null
    done
    # What was closed stays closed, and no descriptor of ours takes its place.
    attempt sh -c 'minictr --root "$0" probe fds <&-' "$root"
    printed "1 2 "
    status=0
    minictr --root "$root" no-such-program 2>&- || status=$?
    assertEquals 127 $status
}

testHostileSurroundings() {
    not_inline && return
    attempt hostile chld-ignored "$built/minictr" --root "$root" probe signals
    ended 0
    printed "ignored 17"
    attempt hostile blocked "$built/minictr" --root "$root" probe exit 3
    ended 3
    attempt hostile blocked "$built/minictr" --root "$root" probe signals
    hostile blocked probe signals >"$tmp/without"
    assertTrue "PROG has another mask" "cmp $tmp/out $tmp/without"
    assertEquals "blocked 1" "$(head -n 1 "$tmp/out")"
    attempt hostile nofile 8 "$built/minictr" --root "$root" probe exit 4
    ended 4
    attempt env -i "$built/minictr" --root "$root" hostname
    ended 0
    attempt hostile argc0 "$built/minictr"
    ended 125
}

testVariablesSetByHand() {
    attempt env MINICTR_STAGES=77 minictr --root "$root" true
    ended 125
    said_only 'MINICTR_STAGES is "77"'
    attempt env MINICTR_STAGES=junk minictr --root "$root" true
    ended 125
    said_only 'MINICTR_STAGES is "junk"'
}

# What the options of the launcher give, each by its effect; the pages of the stages have the details.

# A root of this file's own, and something of the host to show in it.
own_root() {
    own=$tmp/own-root shown=$tmp/shown
    [ -d "$own" ] && return
    cp -a "$root" "$own"
    mkdir -p "$shown/sub"
    echo text >"$shown/file"
}

own_box() {
    own_root
    attempt minictr --root "$own" "$@"
}

# All that is in the root, with every time but that of the last access.
root_state() {
    (cd "$own" && tar -cf - . | sha256sum && find . -printf '%p %C@ %n\n' | sort | sha256sum)
}

testBind() {
    own_box --bind "$tmp/shown:/a/b" --bind "$tmp/shown/file:/c" sh -c 'cat /a/b/file /c; ls /a/b; echo new >/a/b/new; echo more >>/c'
    ended 0
    printed 'text
text
file
sub'
    assertEquals 'new text more' "$(cat "$shown/new" "$shown/file" | paste -sd ' ')"
    echo text >"$shown/file"
    rm "$shown/new"
    assertEquals 'the places stay, empty' 0 "$(stat -c %s "$own/c")"
    rmdir "$own/a/b" "$own/a" || fail "it is not empty"
    rm "$own/c"
}

testBindReadOnly() {
    own_box --bind "$tmp/shown:/a:ro" --bind "$tmp/shown/file:/c:ro" --bind "$tmp/shown:/d" \
        sh -c 'cat /a/file /c; echo x >/a/new; echo x >/c; mkdir /a/sub/x; touch /a/file; echo w >/d/written'
    ended 0
    printed 'text
text'
    assertEquals 4 "$(grep -c 'Read-only file system' "$tmp/err")"
    assertEquals 'file sub written' "$(cd "$shown" && echo *)"
    rm -r "$shown/written" "$own/a" "$own/c" "$own/d"
}

testBindBringsWhatIsMountedBelow() {
    own_root
    attempt ns-enter -m mnt-tmpfs "$shown/sub" sh -c ': >"$0/sub/below" && exec minictr --root "$1" --bind "$0:/a:ro" \
        --bind "$0:/b" sh -c "ls /a/sub /b/sub; touch /a/sub/x /b/sub/y; ls /b/sub"' "$shown" "$own"
    printed '/a/sub:
below

/b/sub:
below
below
y'
    said "touch: cannot touch '/a/sub/x': Read-only file system"
    rm -r "$own/a" "$own/b"
}

testBindWithColons() {
    own_root
    mkdir -p "$tmp/s:p a" "$tmp/x:ro" "$tmp/:"
    for source in "$tmp/s:p a" "$tmp/x:ro" "$tmp/:"; do
        echo "$source" >"$source/file"
        for dir in /b:c:ro '/d e::rw' /:ro::ro /b:ro:ro /f:g/h; do
            own_box --bind "$source:$dir" cat "${dir%:r?}/file"
            ended 0
            printed "$source"
            rm -r "${own:?}${dir%:r?}"
        done
        rmdir "$own/f:g"
    done
    # The last ":ro" is none of the directory.
    own_box --bind "$tmp/x:ro:/b:ro:ro" sh -c ': >/b:ro/new'
    assertNotEquals 0 "$status"
    said 'Read-only file system'
    rm -r "$own/b:ro"
}

testBindReadWrite() {
    own_root
    for dir in /b:ro /b; do
        own_box --bind "$shown:$dir:rw" touch "$dir/new"
        ended 0
        assertTrue "$dir" "rm '$shown/new'"
    done
    for bad in RO Rw rW r readonly ro,nosuid z ''; do
        own_box --bind "$shown:/b:$bad" true
        refused "minictr: --bind: \"$bad\" is neither ro nor rw"
        assertEquals 'minictr: hint: a directory that has a colon in its name is followed by :ro or :rw' "$hint"
    done
    assertEquals 'made for these' '' "$(find "$own" -maxdepth 1 -name '*:*' ! -name b:ro)"
    rm -r "$own"/b*
}

testBindSourceIsFoundFromHere() {
    own_root
    ln -sfn shown "$tmp/to-shown"
    mkdir -p "$tmp/-d"
    for source in shown ./shown ../"$(basename "$tmp")"/to-shown to-shown shown/sub/..; do
        attempt sh -c 'cd "$0" && exec minictr --root "$1" --bind "$2:/b" cat /b/file' "$tmp" "$own" "$source"
        ended 0
        printed text
        (cd "$tmp" && minictr --print --root "$own" --bind "$source:/b" true) >"$tmp/line"
        assertTrue "$source: $(cat "$tmp/line")" "grep -qF 'mnt-bind --rec --nodev $shown /b' '$tmp/line'"
    done
    attempt sh -c 'cd "$0" && exec minictr --root "$1" --bind=-d:/b ls -d /b/.' "$tmp" "$own"
    printed /b/.
    rmdir "$own/b"
}

testBadBind() {
    own_root
    for bad in '' : :/ a: a:b :/x / "$shown" "$shown:" "$shown:x" "$shown:ro" "$shown:x:ro" :ro: :ro "::ro"; do
        own_box --bind "$bad" true
        refused "minictr: --bind: \"$bad\" is not SOURCE:DIR or SOURCE:DIR:ro"
    done
    for missing in "$tmp/none" "$shown/file/x" none "$shown:"; do
        own_box --bind "$missing:/new" true
        refused "minictr: --bind: cannot find $missing: *"
        attempt minictr --print --root "$own" --bind "$missing:/new:ro" true
        refused "minictr: --bind: cannot find $missing: *"
    done
    own_box --bind "$shown:/etc/passwd" true
    refused 'mnt-bind: cannot m* /etc/passwd: *'
    own_box --bind "$shown/file:/etc" true
    refused 'mnt-bind: cannot mount on /etc: Is a directory'
    own_box --bind "$shown:/" true
    refused 'mnt-bind: cannot mount on /: *'
    own_box --read-only --bind "$shown:/new" true
    refused 'mnt-bind: cannot make the mount point /new: Read-only file system'
    assertFalse 'the place was made' "[ -e '$own/new' ]"
}

testBindInAReadOnlyRoot() {
    own_box --read-only --bind "$tmp/shown:/mnt" sh -c 'echo w >/mnt/written && cat /mnt/written; echo x >/x'
    printed w
    said 'Read-only file system'
    rm "$shown/written"
}

testEphemeral() {
    own_root
    root_state >"$tmp/before"
    attempt minictr --ephemeral --root "$own" --bind "$shown:/new/place" --tmpfs /other/new \
        sh -c 'rm -r /usr/bin/sh /home /var; echo x >/etc/passwd; chmod 0 /root; chown 5:5 /opt; mkdir /made
            ln -s x /link; mknod /node c 1 3; touch -d 2001-01-01 /mnt; setfattr -n user.x -v y /tmp 2>/dev/null
            ls -d /made /link /new/place/file; ls /home; [ -e /usr/bin/sh ] || echo gone'
    ended 0
    printed '/link
/made
/new/place/file
gone'
    root_state | diff "$tmp/before" - >"$tmp/difference"
    assertEquals 'byte for byte as before' '' "$(cat "$tmp/difference")"
    assertEquals 'and nothing is left' 1 "$(attempt minictr --ephemeral --root "$own" ls -d /made; echo $((status != 0)))"
}

testTwoEphemeralOnesDoNotSeeEachOther() {
    own_root
    mkdir -p "$tmp/meet"
    root_state >"$tmp/before"
    for one in a b; do
        timeout 20 minictr --ephemeral --root "$own" --bind "$tmp/meet:/meet" sh -c 'echo $0 >/who; echo $0 >/etc/passwd
            : >/meet/$0; until [ -e /meet/a ] && [ -e /meet/b ]; do sleep 0.01; done
            cat /who /etc/passwd; ls /meet; rm /who' $one >"$tmp/ephemeral.$one" 2>&1 &
    done
    wait
    for one in a b; do
        assertEquals "$one
$one
a
b" "$(cat "$tmp/ephemeral.$one")"
    done
    assertEquals '' "$(root_state | diff "$tmp/before" -)"
    rm -r "$tmp/meet"
}

testWhatEphemeralHoldsCountsAsMemory() {
    box --ephemeral --memory 32M sh -c 'head -c 100M /dev/zero >/file'
    assertNotEquals 0 "$status"
}

testEphemeralAndReadOnlyExclude() {
    box --ephemeral --read-only true
    refused 'minictr: --ephemeral and --read-only: only one of them'
    box --read-only --ephemeral true
    refused 'minictr: --ephemeral and --read-only: only one of them'
}

testEnv() {
    attempt env -i "PATH=$PATH" A=caller minictr --root "$root" --env A=1 --env B= --env 'C=x y=z' --env D='
' --env A=2 --env '-E=1' sh -c 'printf "%s|" "$A" "${B-unset}" "$C" "$D"'
    ended 0
    printed '2||x y=z|
|'
    attempt env -i "PATH=$PATH" minictr --root "$root" --env '-E=1' --env '--clear=' --env '--unset=PATH' probe env
    ended 0
    assertEquals '--clear= --unset=PATH -E=1' "$(grep '^-' "$tmp/out" | sort | paste -sd ' ')"
    assertTrue 'no word is an option of env-set' "grep -qxF 'PATH=$PATH' '$tmp/out'"
}

testEnvSaysWhereProgIsSearched() {
    own_root
    mkdir "$own/elsewhere"
    ln -s /usr/bin/true "$own/elsewhere/uncommon"
    own_box --env PATH=/elsewhere uncommon
    ended 0
    own_box uncommon
    ended 127
    rm -r "$own/elsewhere"
}

testBadEnv() {
    for bad in '' A 'A B' -; do
        box --env "$bad" true
        refused "minictr: --env: \"$bad\" is not NAME=VALUE"
    done
    for bad in = =x; do
        box --env "$bad" true
        refused '*: *name of a variable is empty'
    done
    for name in MINICTR_NS MINICTR_STAGES MINICTR_TTY; do
        box --env "A=1" --env "$name=3" true
        refused "*: the variable $name is for the stages to set"
    done
}

testCwd() {
    for dir in /etc etc //etc/. /tmp/../etc; do
        box --cwd "$dir" sh -c 'pwd -P; readlink /proc/self/cwd'
        ended 0
        printed '/etc
/etc'
    done
    box pwd
    printed /
    own_root
    mkdir "$own/-x y"
    own_box --cwd '-x y' pwd
    printed '/-x y'
    rmdir "$own/-x y"
    # What is mounted is there, and what is bound.
    own_box --bind "$shown:/b" --cwd /b cat file
    printed text
    own_box --cwd /mytemp stat -f -c %T .
    printed tmpfs
    rmdir "$own/b"
}

testBadCwd() {
    box --cwd /none true
    refused 'cwd-set: cannot change to the directory /none: No such file or directory'
    box --cwd /etc/passwd/x true
    refused 'cwd-set: cannot change to the directory /etc/passwd/x: *'
    box --cwd /bin/sh true
    refused 'cwd-set: cannot change to the directory /bin/sh: Not a directory'
    box --cwd '' true
    refused '*: *empty'
    box --cwd "$tmp" true
    refused "cwd-set: cannot change to the directory $tmp: No such file or directory"
}

# A word of PROG is no variable and no limit, and none of these is an option of a stage.
testProgWithAnEqualsSign() {
    own_root
    for name in a=b nofile=3 PATH=x -a=b; do
        ln -s /usr/local/bin/probe "$own/usr/bin/$name"
        for words in '--env A=1' '--rlimit core=0' '--env A=1 --rlimit core=0' '' --cwd=/; do
            for more in '' --no-init --bare; do
                # shellcheck disable=SC2086
                own_box $words $more -- "$name" exit 6
                assertEquals "$words $more $name: $(cat "$tmp/err")" 6 "$status"
            done
        done
        rm "$own/usr/bin/$name"
    done
}

testRlimit() {
    box --rlimit nofile=64 --rlimit core=0:1024 --rlimit fsize=1M:2M sh -c 'ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc; ulimit -Sf'
    ended 0
    printed '64
64
0
2
2048'
    # It is PROG's: no stage fails for it.
    for limit in nofile=3 nofile=5 data=0 as=64K fsize=0 nproc=1 memlock=0; do
        box --rlimit "$limit" probe exit 5
        case $limit:$status in
        as=*:139 | as=*:137 | data=*:139) assertEquals '' "$(cat "$tmp/err")" ;;
        *) ended 5 ;;
        esac
    done
    box --rlimit nofile=5 probe opens 10
    printed 'opened 2, error 24'
}

testBadRlimit() {
    for bad in '' nofile 'nofile 1' -; do
        box --rlimit "$bad" true
        refused "minictr: \"$bad\" is not NAME=SOFT or NAME=SOFT:HARD, as nofile=1024"
    done
    for bad in nofile= =1 none=1 nofile=x nofile=-1 nofile=2:1 nofile=1:2:3 nofile=1: nofile=:1 nofile=1e3 -x=1 \
        --help=1 'nofile= 1' nofile=99999999999999999999; do
        box --rlimit "$bad" true
        refused 'minictr: *'
    done
    box --rlimit core=0 --rlimit core=1 true
    refused 'res-limit: core is given twice'
}

# A limit that is raised is set while there still is the capability for it.
testRaisedRlimit() {
    assertEquals "res-limit nofile=64:max
id-set --env root
cap-keep default
priv-lock$scope
sys-filter --default
pid-init
res-limit core=0
prog" "$(minictr --print --root "$root" --user root --rlimit core=0 --rlimit nofile=64:max prog |
        sed -n '/res-limit/,$ { s/^ *//; s/ \\$//; p; }')"
    for words in '' '--user nobody' --privileged --bare; do
        # Raising within what the caller itself may have, which is a soft limit only.
        # shellcheck disable=SC2086
        box $words --rlimit nofile=64:128 sh -c 'ulimit -Sn; ulimit -Hn'
        ended 0
        printed '64
128'
    done
}

# locks PATTERN OPTION...: what /proc says of PROG, and of process 1, with these options.
locks() {
    pattern=$1
    shift
    box "$@" sh -c 'for p in 1 self; do sed -En "s/^(Uid|Groups|Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):\s*(\S*).*/\3/p" \
        /proc/$p/status | tr "\n" " "; echo; done'
    ended 0
    printed "$pattern
$pattern"
}

testLocks() {
    none=0000000000000000 kept=00000000800405fb
    held=$(ns-enter -m sed -n 's/^CapPrm:\s*//p' /proc/self/status)
    # user groups inheritable permitted effective bounding ambient no_new_privs filter
    groups=$(sed -n 's/^Groups:\s*\(\S*\).*/\1/p' /proc/self/status)
    [ "$(id -u)" = 0 ] || groups= # where ids are mapped, those of the user are dropped
    locks "0 $groups $none $kept $kept $kept $none 1 2 "
    locks "65534 65534 $none $none $none $none $none 1 2 " --user nobody
    locks "7  $none $none $none $none $none 1 2 " --user 7:5
    locks "65534 65534 0000000000000020 0000000000000020 0000000000000020 0000000000000020 0000000000000020 1 2 " \
        --user nobody --cap-keep kill
    locks "0 0 $none $none $none $none $none 1 2 " --user root --cap-keep none
    locks "0  $none $held $held $held $none 1 2 " --user 0:0 --cap-keep all
    locks "0 0 $none $kept $kept $kept $none 1 0 " --user root --sys-filter none
    locks "0 0 $none $held $held $held $none 0 0 " --user root --privileged
    locks "0 0 $none $kept $kept $kept $none 1 2 " --user root --privileged --cap-keep default --sys-filter default
    locks "0 0 $none $held $held $held $none 0 0 " --user root --bare --no-init
}

testSysFilterOfAFile() {
    printf 'include container\r\nEXDEV uname, sysinfo # no\n\n  # nothing\nallow read' >"$tmp/policy"
    box --sys-filter "$tmp/policy" uname
    ended 1
    said 'Invalid cross-device link'
    box --sys-filter "$tmp/policy" sh -c 'mount -t tmpfs none /mnt'
    assertNotEquals 0 "$status"
    # It says where it is wrong, before anything has been done.
    printf 'allow read\nallow opneat\n' >"$tmp/policy"
    box --sys-filter "$tmp/policy" true
    refused "minictr: $tmp/policy, line 2: there is no system call \"opneat\""
    assertEquals 'minictr: hint: did you mean openat?' "$hint"
    # No byte of it is the end of the rules, or of a rule.
    printf 'EPERM mount\n# a \0 byte\nEPERM mkdir\n' >"$tmp/policy"
    box --sys-filter "$tmp/policy" true
    refused "minictr: $tmp/policy: there is a zero byte in it"
    printf 'EPERM mount\rumount2\r mkdir\r\n' >"$tmp/policy"
    box --sys-filter "$tmp/policy" mkdir /made
    ended 1
    said 'Operation not permitted'
    box --sys-filter "$tmp/missing" true
    refused "minictr: cannot open $tmp/missing: No such file or directory"
}

testDirectoryAsAStream() {
    for stream in 0 1 2; do
        attempt sh -c 'case $0 in 0) exec "$@" </usr ;; 1) exec 3>&1 1</usr "$@" ;; 2) exec 2</usr "$@" ;; esac' \
            $stream minictr --root "$root" echo reached
        ended 125
        [ $stream = 2 ] || said_only "^fd-close: standard stream $stream is a directory"
        assertEquals '' "$(cat "$tmp/out")"
    done
}

testHomeOfTheUser() {
    for words in 'root,/root,root' 'nobody,/nonexistent,nobody' '7:7,/,7'; do
        expected=${words#*,}
        box --user "${words%%,*}" sh -c 'echo $HOME,$USER,$LOGNAME'
        printed "$expected,${expected#*,}"
    done
    box --user nobody --env HOME=/x sh -c 'echo $HOME'
    printed /x
    # What the caller has stays when no user is given.
    attempt env HOME=/y minictr --root "$root" sh -c 'echo $HOME'
    printed /y
    box --bare --env A=1 a=b
    ended 127
    said 'cannot find a=b in PATH'
}

testUserThatIsNotThere() {
    box --user nobdy true
    refused 'id-set: *nobdy*'
    box --user '' true
    refused 'minictr: --user: the user is empty'
    box --cap-keep chwon true
    refused 'minictr: *chwon*'
    assertEquals 'minictr: hint: did you mean chown?' "$hint"
}

testStatusFd() {
    for words in '' --bare --tty --ephemeral --no-init; do
        # shellcheck disable=SC2086
        attempt minictr --root "$root" --name "t$$" --status-fd 9 $words probe fds 9>"$tmp/json" 8</
        ended 0
        # With --bare descriptors stay open, but this one does not.
        case $words in
        --bare) assertEquals "$words" 0 "$(grep -c ' 9 ' "$tmp/out")" ;;
        *) assertEquals "$words" '0 1 2 ' "$(tr -d '\r' <"$tmp/out")" ;;
        esac
        assertEquals "$words" 1 "$(grep -cE "^\{\"container\":\"t$$\",.*\"status\":0,\"signal\":null,.*\}\$" "$tmp/json")"
    done
    attempt minictr --root "$root" --status-fd 9 probe exit 7 9>"$tmp/json"
    ended 7
    assertTrue "$(cat "$tmp/json")" "grep -q '\"status\":7,' '$tmp/json'"
    attempt minictr --root "$root" --status-fd 2 --memory 32M probe alloc 200
    ended 137
    said '"status":137,'
}

testBadStatusFd() {
    for bad in '' x -1 1.0 99999999999 9,8; do
        box --status-fd "$bad" true
        refused 'minictr: --status-fd: *'
    done
    box --status-fd 77 true
    refused '*: *77*'
}

testLimitsArriveInTheGroup() {
    read_group='for file; do cat "/sys/fs/cgroup/$file" 2>/dev/null && exit; done'
    box --memory max sh -c "$read_group" - memory/memory.limit_in_bytes memory.max
    ended 0
    assertTrue "$(cat "$tmp/out")" "grep -qxE '9[0-9]{18}|max' '$tmp/out'"
    box --memory 40M --pids max sh -c "$read_group" - memory/memory.limit_in_bytes memory.max
    printed 41943040
    box --pids max sh -c "$read_group" - pids/pids.max pids.max
    printed max
    box --pids 77 sh -c "$read_group" - pids/pids.max pids.max
    printed 77
    box --cpu 0.5 sh -c "$read_group" - cpu/cpu.cfs_quota_us cpu,cpuacct/cpu.cfs_quota_us cpu.max
    assertTrue "$(cat "$tmp/out")" "grep -qxE '50000( 100000)?' '$tmp/out'"
    box --cpus 0 grep Cpus_allowed_list: /proc/self/status
    printed 'Cpus_allowed_list:	0'
}

testBadLimits() {
    for bad in --cpu= --cpu=x --cpu=-1 --cpu=0 --cpus= --cpus=x --cpus=1- --swap= --swap=-1 --swap=1Q --io= --io=x \
        --io=/dev/null:rbps --io=:rbps=1 --memory=MAX --memory=max1 --pids=max1 --pids=Max; do
        box "$bad" true
        refused "minictr: ${bad%%=*}: *"
    done
}

testOptionsGivenTwice() {
    for option in --name=a --hostname=a --memory=1G --swap=1 --pids=9 --cpu=1 --cpus=0 --status-fd=9 --cwd=/; do
        box $option $option true
        refused "minictr: ${option%%=*} is given twice"
    done
}

#
# A terminal of its own.
#

# on_a_terminal COMMAND LINE: both standard streams are one; what is seen there, without returns, and
# without the end of its own input that script(1) types.
on_a_terminal() {
    script -qec "$1" /dev/null </dev/null 2>&1 | tr -d '\000\004\010\r' | sed 's/\^[@D]//g'
}

no_script() {
    command -v script >/dev/null && return 1
    skip 'no script'
}

testTerminalByDefaultWhenBothEndsAreOne() {
    no_script && return
    look="sh -c 'tty; stat -c %F /dev/console'"
    own='/dev/pts/0
character special file'
    none='not a tty
regular empty file'
    assertEquals "$own" "$(on_a_terminal "minictr --root $root $look")"
    assertEquals 'input is none' "$none" "$(on_a_terminal "minictr --root $root $look </dev/null")"
    assertEquals 'output is none' 'regular empty file' \
        "$(on_a_terminal "minictr --root $root $look | cat" | tail -n 1)"
    assertEquals 'error does not matter' "$own" "$(on_a_terminal "minictr --root $root $look 2>/dev/null")"
    assertEquals --no-tty 'regular empty file' "$(on_a_terminal "minictr --no-tty --root $root $look" | tail -n 1)"
    assertEquals --bare 'reached' "$(on_a_terminal "minictr --bare --root $root echo reached")"
    assertEquals 'printed' '2
0
0' "$(
        on_a_terminal "minictr --print --root $root true" | grep -c tty-
        on_a_terminal "minictr --print --root $root true </dev/null" | grep -c tty-
        on_a_terminal "minictr --print --no-tty --root $root true" | grep -c tty-)"
}

testTerminalWhenAskedFor() {
    for words in --tty '--bare --tty'; do
        # shellcheck disable=SC2086
        box $words sh -c 'tty; stat -c %F /dev/console; exit 6' </dev/null
        ended 6
        assertEquals "$words" '/dev/pts/0 character special file' "$(tr -d '\r' <"$tmp/out" | paste -sd ' ')"
    done
    attempt minictr --root "$root" --no-tty --tty true
    refused 'minictr: --tty and --no-tty: only one of them'
    box --print true
    assertEquals 'none here' 0 "$(grep -c tty- "$tmp/out")"
}

#
# The chain that is printed.
#

testBareIsTheCardsChain() {
    needs_root && return
    attempt minictr --print --bare --root "$root" --name n prog arg
    printed "$bin/cg-limit --memory 512M --pids 512 --name n \\
    ns-enter -muipC \\
    uts-name n \\
    root-setup $root \\
    mnt-tmpfs /mytemp \\
    mnt-proc /proc \\
    prog arg"
    box --bare sh -c 'echo $$; hostname; cut -d " " -f 5 /proc/self/mountinfo; ls /sys'
    printed '1
minictr
/
/mytemp
/proc'
    # And what other options ask for.
    attempt minictr --print --bare --root "$root" --read-only --tty --env A=1 --cwd /x --status-fd 3 prog
    printed "$bin/tty-relay \\
    cg-limit --memory 512M --pids 512 --status-fd 3 \\
    ns-enter -muipC \\
    uts-name minictr \\
    root-setup --read-only $root \\
    mnt-tmpfs /mytemp \\
    mnt-proc /proc \\
    mnt-dev /dev \\
    cwd-set /x \\
    env-set A=1 \\
    tty-pty \\
    prog"
}

testPrintOfEveryOption() {
    needs_root && return
    own_root
    disk=$(df --output=source "$root" | tail -n 1)
    [ -b "$disk" ] && io=" --io $disk:rbps=1M,wiops=9" || io=
    printf '%s\n' '# ours' 'include container' '' 'EXDEV uname' '  allow mount if arg0 == 1 # never' >"$tmp/policy"
    # shellcheck disable=SC2086
    attempt minictr --print --root "$own" --rlimit nofile=64 --env A=1 --cwd /w --bind "$shown/../shown:/b" --tty \
        --name n --hostname h --memory max --swap max --pids max --cpu 1.5 --cpus 0 $io --status-fd 9 --tmpfs /t:2M \
        --bind "$shown/file:/c d:ro" --env 'B=x y' --rlimit core=0 --read-only --user nobody:1 \
        --cap-keep kill --sys-filter "$tmp/policy" prog --arg
    ended 0
    printed "$bin/fd-close --keep 9 \\
    tty-relay \\
    cg-limit --memory max --swap max --pids max --cpu 1.5 --cpus 0$io --name n --status-fd 9 \\
    ns-enter -muipC \\
    uts-name h \\
    root-open --read-only --nodev $own \\
    mnt-bind --rec --nodev $shown /b \\
    mnt-bind --ro --rec --nodev $shown/file '/c d' \\
    root-setup . \\
    mnt-tmpfs --size 2M /t \\
    mnt-proc /proc \\
    mnt-dev /dev \\
    mnt-sys /sys \\
    mnt-mask --default \\
    cwd-set /w \\
    id-set --env nobody:1 \\
    env-set A=1 'B=x y' \\
    tty-pty \\
    cap-keep kill \\
    priv-lock$scope \\
    sys-filter --rule 'include container' --rule 'EXDEV uname' --rule '  allow mount if arg0 == 1' \\
    pid-init \\
    res-limit nofile=64 core=0 \\
    prog --arg"
    attempt minictr --print --ephemeral --root=-r --bind "$shown:/-b" --cwd -w --no-init prog
    printed "$bin/fd-close \\
    cg-limit --memory 512M --pids 512 \\
    ns-enter -muipC \\
    uts-name minictr \\
    mnt-overlay --nodev -- -r \\
    mnt-bind --rec --nodev $shown /-b \\
    root-setup . \\
    mnt-tmpfs /mytemp \\
    mnt-proc /proc \\
    mnt-dev /dev \\
    mnt-sys /sys \\
    mnt-mask --default \\
    cwd-set -- -w \\
    cap-keep default \\
    priv-lock$scope \\
    sys-filter --default \\
    prog"
}

# same_as_printed OPTION...: what is printed for it, pasted into a shell, is the same container.
same_as_printed() {
    attempt minictr --root "$own" "$@" 9>"$tmp/json"
    ended 4
    tr -d '\r' <"$tmp/out" >"$tmp/direct"
    direct=$(grep -o '"status":[0-9]*' "$tmp/json")
    attempt minictr --print --root "$own" "$@"
    ended 0
    mv "$tmp/out" "$tmp/line"
    attempt sh "$tmp/line" 9>"$tmp/json"
    ended 4
    tr -d '\r' <"$tmp/out" | diff "$tmp/direct" - >"$tmp/difference"
    assertEquals "$*" '' "$(cat "$tmp/difference")"
    assertEquals "$direct" "$(grep -o '"status":[0-9]*' "$tmp/json")"
}

testPrintedChainIsTheSameContainer() {
    own_root
    look='hostname; pwd; ulimit -Sn; echo "$A"; cut -d " " -f 4-6 /proc/self/mountinfo; probe fds
        ls -A / /dev; cat /b/file; tty; readlink /proc/1/exe; exit 4'
    mkdir -p "$tmp/it's \$(odd)"
    echo odd >"$tmp/it's \$(odd)/file"
    for words in '' --bare --ephemeral --read-only '--tty --cwd /etc' '--no-init --no-tty' \
        '--rlimit nofile=50:60 --env A=1 --hostname h' '--status-fd 9 --cwd /mytemp --memory max' '--tmpfs /tmp:1M' \
        '--cpu 0.5 --cpus 0 --swap max --pids max'; do
        # shellcheck disable=SC2086
        same_as_printed $words sh -c "$look"
    done
    for words in '' --ephemeral --tty; do
        # shellcheck disable=SC2086
        same_as_printed $words --bind "$tmp/it's \$(odd):/b" --bind "$shown/file:/c \"d\":ro" --cwd /b \
            --env "A=\$(id) 'x' \"y\" \\
*" --env=-x=1 sh -c "$look"
    done
    assertTrue "$(cat "$tmp/direct")" "grep -qx odd '$tmp/direct'"
    rm -r "$own/b" "$own/c \"d\""
}

. shunit2
