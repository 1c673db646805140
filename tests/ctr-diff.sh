# shellcheck shell=sh disable=SC1003,SC1091,SC2016,SC2034,SC2086,SC2154
# ctr-diff.sh: what a container has changed in its root.

. "$(dirname "$0")/ctr.lib.sh"

base=$tmp/root
patience=20
case ${CI:-}$bin in vm*) patience=300 ;; esac # emulated, it takes long to make many files

# A root of this file's own, with some to change.
oneTimeSetUp() {
    host_state >"$tmp/host.before"
    cp -a "$root" "$base"
    cp "$helpers/swap" "$base/bin"
    mkdir -p "$base/t/dir/below/deep" "$base/t/gone/a/b" "$base/t/old/sub" "$base/t/kept" "$base/t/fifos"
    for file in file same mode owner kept/file dir/file dir/below/deep/file gone/a/b/file old/file old/other \
        old/sub/file moved linked is-file; do
        echo "$file" >"$base/t/$file"
    done
    ln -s file "$base/t/link"
    mkdir "$base/t/is-dir"
    echo x >"$base/t/is-dir/in"
    ln -s is-dir "$base/t/is-link"
    for layer in a b c; do
        cp -a "$base" "$tmp/$layer"
        rm -r "$tmp/$layer/t"
        mkdir -p "$tmp/$layer/both" "$tmp/$layer/only-$layer"
        echo $layer >"$tmp/$layer/both/$layer"
        echo $layer >"$tmp/$layer/who"
        echo $layer >"$tmp/$layer/from-$layer"
        mkdir "$tmp/upper-$layer" "$tmp/work-$layer"
    done
}

# It joins the mount namespace, without the user namespace that this belongs to: only root can.
needs_containers() {
    needs_root
}

# with SCRIPT [OPTION...]: a container that has run the script.
with() {
    script=$1
    shift
    start minictr --ephemeral --root "$base" --name "$name" "$@" sh -c "$script
        exec sleep 1000"
    await $patience runs "$name" sleep || fail "$(cat "$tmp/err")"
    forget_warnings "$tmp/err"
    assertEquals '' "$(cat "$tmp/err")"
}

# chain SCRIPT WORDS...: one behind a mnt-overlay with these words.
chain() {
    script=$1
    shift
    start cg-limit --name "$name" ns-enter -mp mnt-overlay "$@" root-setup . mnt-proc /proc pid-init sh -c "$script
        exec sleep 1000"
    await $patience runs "$name" sleep || fail "$(cat "$tmp/err")"
}

# shows TEXT: that is what has changed.
shows() {
    attempt ctr-diff "$name"
    ended 0
    printed "$1"
    assertEquals '' "$(cat "$tmp/err")"
}

# shows_after SCRIPT TEXT
shows_after() {
    with "$1"
    shows "$2"
    stop "$started"
}

testNothingHasChanged() {
    needs_containers && return
    with 'cat /t/file; ls -lR /t; cat /t/dir/below/deep/file'
    shows ''
    attempt ctr-diff --json "$name"
    printed '[]'
    stop "$started"
}

testFiles() {
    needs_containers && return
    shows_after 'cd /t; echo new >new; echo more >>file; rm dir/file; mkdir dir/made; ln -s /etc dir/made/link; : >empty
        mkfifo dir/made/fifo; rm link; chmod 600 mode; chown 5:6 owner' 'C /t
C /t/dir
D /t/dir/file
A /t/dir/made
A /t/dir/made/fifo
A /t/dir/made/link
A /t/empty
C /t/file
D /t/link
C /t/mode
A /t/new
C /t/owner'
}

testChangeThatLeavesSizeAndTime() {
    needs_containers && return
    shows_after 'cd /t; touch -r same /tmp/r; echo EMAS >same; touch -r /tmp/r same; rm /tmp/r; touch -d @1 /tmp' 'C /t/same
C /tmp'
}

# A directory counts when its names, mode, owner or time have changed, and not for what is in it.
testDirectories() {
    needs_containers && return
    shows_after 'cd /t; echo more >>dir/below/deep/file; chmod 700 kept; chown 5 old' 'C /t/dir/below/deep/file
C /t/kept
C /t/old'
    shows_after 'cd /t; echo x >kept/x; rm kept/x' 'C /t/kept'
    shows_after 'chmod 711 /; echo x >/new' 'C /
A /new'
}

testDeletedTreeIsOneLine() {
    needs_containers && return
    shows_after 'rm -r /t/gone /t/old' 'C /t
D /t/gone
D /t/old'
    shows_after 'rm -r /t' 'D /t'
}

testDirectoryMadeAgain() {
    needs_containers && return
    shows_after 'cd /t; touch -r old /tmp/r; rm -r old; mkdir old old/sub; echo file >old/file; touch -r /tmp/r old old/sub; rm /tmp/r
        touch -r /var /tmp' 'C /t
C /t/old
C /t/old/file
D /t/old/other
C /t/old/sub
D /t/old/sub/file
C /tmp'
}

testOfAnotherType() {
    needs_containers && return
    shows_after 'cd /t; rm -r is-file is-dir is-link link; mkdir is-file is-link; echo x >is-file/in; echo x >is-dir; mkfifo link' 'C /t
C /t/is-dir
C /t/is-file
A /t/is-file/in
C /t/is-link
C /t/link'
}

testRenamed() {
    needs_containers && return
    shows_after 'cd /t; mv moved there; ln linked other; mv dir/below/deep/file dir/below' 'C /t
C /t/dir/below
C /t/dir/below/deep
D /t/dir/below/deep/file
A /t/dir/below/file
C /t/linked
D /t/moved
A /t/other
A /t/there'
    # Without redirect_dir it is a copy.
    with 'cd /t; mv old new'
    attempt ctr-diff "$name"
    printed 'C /t
A /t/new
A /t/new/file
A /t/new/other
A /t/new/sub
A /t/new/sub/file
D /t/old'
    stop "$started"
}

testSorted() {
    needs_containers && return
    shows_after 'cd /t/kept; mkdir a b; : >a/x; : >a.b; : >a/y; : >"a!"; : >B; : >b/z' 'C /t/kept
A /t/kept/B
A /t/kept/a
A /t/kept/a/x
A /t/kept/a/y
A '\''/t/kept/a!'\''
A /t/kept/a.b
A /t/kept/b
A /t/kept/b/z'
}

testOddNames() {
    needs_containers && return
    shows_after 'cd /t/kept; : >"a b"; : >"$(printf "line\nA x")"; : >"$(printf "\377\033[2J")"; : >"it'\''s"; : >"\\$(printf "\001'\''")"
        : >-e; : >"\$HOME"; : >"$(printf "\303\274")"; mkdir "$(printf "d\t")"; : >"$(printf "d\t")/e"' 'C /t/kept
A '\''/t/kept/$HOME'\''
A /t/kept/-e
A $'\''/t/kept/\\\001\'\'''\''
A '\''/t/kept/a b'\''
A $'\''/t/kept/d\011'\''
A $'\''/t/kept/d\011/e'\''
A '\''/t/kept/it'\''\'\'''\''s'\''
A $'\''/t/kept/line\012A x'\''
A $'\''/t/kept/\303\274'\''
A $'\''/t/kept/\377\033[2J'\'''
}

# What bash reads back is the name.
testOddNamesAreReadBack() {
    needs_containers && return
    with 'cd /t/kept; : >"$(printf "a\nb\\\\'\''\377\001 c")"; : >"x'\''y z"'
    ctr-diff "$name" >"$tmp/list"
    stop "$started"
    names=$(while read -r _ path; do
        bash -c "printf %s $path | od -An -tx1"
    done <"$tmp/list" | tr -d ' \n')
    assertEquals "$(printf "/t/kept/t/kept/a\nb\\\\'\377\001 c/t/kept/x'y z" | od -An -tx1 | tr -d ' \n')" "$names"
}

testJson() {
    needs_containers && return
    needs_jq && return
    with 'cd /t; : >"kept/$(printf "a\n\"\\\\\377b")"; rm -r old; echo x >file'
    attempt ctr-diff --json "$name"
    ended 0
    assertEquals '[["C","/t"],["C","/t/file"],["C","/t/kept"],["A","/t/kept/a\n\"\\�b"],["D","/t/old"]]' \
        "$(jq -c '[.[] | [.change, .path]]' "$tmp/out")"
    assertEquals 5 "$(wc -l <"$tmp/out")"
    stop "$started"
}

testSeveralLayers() {
    needs_containers && return
    chain 'cd /; echo x >who; rm from-c; echo x >both/b; rm both/c; rm -r only-b; mkdir only-b; : >only-b/x; : >from-a' \
        --lower "$tmp/b" --lower "$tmp/c" "$tmp/a"
    shows 'C /both
C /both/b
D /both/c
C /from-a
D /from-c
C /only-b
A /only-b/x
C /who'
    stop "$started"
    chain : --lower "$tmp/b" --lower "$tmp/c" "$tmp/a"
    shows ''
    stop "$started"
}

# More than the kernel takes in one text.
testManyLayers() {
    needs_containers && return
    set --
    for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        mkdir -p "$tmp/many/$number/in"
        echo $number >"$tmp/many/$number/in/file-$number"
        set -- "$@" --lower "$tmp/many/$number"
    done
    attempt ns-enter -m mnt-overlay "$@" "$base" true
    if [ "$status" = 0 ]; then
        chain 'echo x >>/in/file-20; rm /in/file-3' "$@" "$base"
        shows 'C /in
C /in/file-20
D /in/file-3'
        stop "$started"
    fi
    rm -r "$tmp/many"
}

# Files that a layer says are not there.
testWhiteoutsInALayer() {
    needs_containers && return
    cp -a "$base" "$tmp/white"
    rm "$tmp/white/t/file" "$tmp/white/t/mode" "$tmp/white/t/same"
    for file in file mode same; do
        mknod "$tmp/white/t/$file" c 0 0
    done
    mknod "$tmp/white/t/null" c 1 3
    chain 'cd /t; echo x >file; rm owner null' "$tmp/white"
    shows 'C /t
A /t/file
D /t/null
D /t/owner'
    stop "$started"
    chain 'cd /t; [ ! -e file ] && rm owner' --lower "$base" "$tmp/white"
    shows 'C /t
D /t/owner'
    stop "$started"
    rm -r "$tmp/white"
}

testUpper() {
    needs_containers && return
    chain 'echo x >/t/new; rm -r /t/old; echo y >>/t/file' --upper "$tmp/upper-a" --work "$tmp/work-a" "$base"
    shows 'C /t
C /t/file
A /t/new
D /t/old'
    stop "$started"
    # It is there the next time, and so are its layers.
    chain 'rm /t/new' --upper "$tmp/upper-a" --work "$tmp/work-a" "$base"
    shows 'C /t
C /t/file
D /t/old'
    stop "$started"
    # Below another one it has changed nothing.
    chain 'echo x >>/t/mode' --upper "$tmp/upper-b" --work "$tmp/work-b" --lower "$base" "$tmp/upper-a"
    shows 'C /t/mode'
    stop "$started"
}

testLayersOfOddNames() {
    needs_containers && return
    for odd in 'a:b,c\d e' "$(printf '1:2 x\n\377y')"; do
        mkdir "$tmp/$odd"
        mv "$tmp/c" "$tmp/$odd/c"
        chain 'echo x >who' "$tmp/$odd/c"
        shows 'C /who'
        stop "$started"
        chain 'echo x >who; rm both/a' --lower "$tmp/a" "$tmp/$odd/c"
        shows 'C /both
D /both/a
C /who'
        stop "$started"
        mv "$tmp/$odd/c" "$tmp/c"
        rmdir "$tmp/$odd"
    done
}

testLayersThatHaveGone() {
    needs_containers && return
    chain 'echo x >who' --lower "$tmp/a" "$tmp/c"
    mv "$tmp/c" "$tmp/c2"
    attempt ctr-diff "$name"
    refused "ctr-diff: cannot open $tmp/c, a layer of the root: No such file or directory"
    mkdir "$tmp/c"
    attempt ctr-diff "$name"
    refused "ctr-diff: $tmp/c is no more what it was, a layer of the root"
    rmdir "$tmp/c"
    ln -s / "$tmp/c"
    attempt ctr-diff "$name"
    refused "ctr-diff: $tmp/c is no more what it was, a layer of the root"
    rm "$tmp/c"
    mv "$tmp/c2" "$tmp/c"
    shows 'C /who'
    stop "$started"
}

testLayersThatAreNotKnown() {
    needs_containers && return
    start cg-limit --name "$name" ns-enter -mp sh -c 'mount -t tmpfs none "$1" && mkdir "$1/upper" "$1/work" &&
        mount -t overlay -o "lowerdir=$0,upperdir=$1/upper,workdir=$1/work" none "$1" &&
        exec root-setup "$1" sleep 1000' "$base" "$tmp/upper-c"
    await 20 runs "$name" sleep || fail "$(cat "$tmp/err")"
    attempt ctr-diff "$name"
    refused "ctr-diff: the layers of the root of $name are not known: mnt-overlay has not kept them"
    stop "$started"
}

# They are in the root, and what is on them is not.
testMountPoints() {
    needs_containers && return
    mkdir "$tmp/volume"
    : >"$tmp/volume/in"
    with ': >/made/x; : >/t/old/x; : >/volume/new; ls -l /proc /dev >/dev/null; echo x >/t/file' --tmpfs /made --tmpfs /t/old \
        --bind "$tmp/volume:/volume" --bind "$tmp/volume/in:/t/kept/file"
    shows 'A /made
C /t/file
A /volume'
    stop "$started"
    rm -r "$tmp/volume"
}

testNoOverlay() {
    needs_containers && return
    box "$name" sleep 1000
    attempt ctr-diff "$name"
    refused "ctr-diff: the root of $name is no overlay: what it changes is not kept apart"
    assertEquals 'ctr-diff: hint: "minictr --ephemeral" makes one, or mnt-overlay in a chain' "$hint"
    stop "$started"
}

testNoNamespace() {
    start cg-limit --name "$name" sleep 1000
    await 20 runs "$name" sleep
    attempt ctr-diff "$name"
    refused "ctr-diff: the root of $name is no overlay: what it changes is not kept apart"
    stop "$started"
}

testBeingMade() {
    needs_containers && return
    start cg-limit --name "$name" ns-enter -mp mnt-overlay "$base" cap-keep default "$helpers/hold" root-setup . sleep 1000
    await 20 runs "$name" hold || fail "$(cat "$tmp/err")"
    attempt ctr-diff "$name"
    refused "ctr-diff: the root of $name is no overlay: what it changes is not kept apart"
    stop "$started"
}

testPaused() {
    needs_containers && return
    with 'rm /t/file'
    ctr-pause "$name"
    shows 'C /t
D /t/file'
    ctr-resume "$name"
    stop "$started"
}

# The root is that of the mount namespace, whatever process 1 has made of its own.
testProcessOneHasAnotherRoot() {
    needs_containers && return
    cp -a "$base" "$tmp/jail"
    start minictr --ephemeral --no-init --root "$base" --bind "$tmp/jail:/jail" --name "$name" \
        sh -c 'rm /t/file; cd /jail && exec chroot . sleep 1000'
    await 20 runs "$name" sleep || fail "$(cat "$tmp/err")"
    attempt ctr-diff "$name"
    ended 0
    printed 'A /jail
C /t
D /t/file'
    stop "$started"
    rm -r "$tmp/jail"
}

# Nothing is opened but directories: a FIFO would wait for its other end.
testFifosAndDevices() {
    needs_containers && return
    with 'cd /t/fifos; mkfifo a b; mkdir d; mkfifo d/c; mknod d/null c 1 3; mknod d/disk b 7 200; rm -r /t/is-dir; mkfifo /t/is-dir' \
        --cap-keep mknod --sys-filter none
    attempt timeout 5 ctr-diff "$name"
    ended 0
    printed 'C /t
C /t/fifos
A /t/fifos/a
A /t/fifos/b
A /t/fifos/d
A /t/fifos/d/c
A /t/fifos/d/disk
A /t/fifos/d/null
C /t/is-dir'
    needs_strace && return
    attempt strace -f -o "$tmp/trace" ctr-diff "$name"
    assertEquals 'of the trees it opens directories' '' \
        "$(sed -n '/^[^ ]* *setns(/,$p' "$tmp/trace" | grep 'openat(' | grep -v O_DIRECTORY)"
    stop "$started"
}

# A directory becomes a link out of the root while it is read: the host's files never show.
testLinksInPlaceOfDirectories() {
    needs_containers && return
    mkdir -p "$tmp/secret"
    : >"$tmp/secret/of-the-host"
    with 'cd /t/dir; rm -r below; mkdir below link-to; : >below/own; : >below/deep; ln -s "'"$tmp/secret"'" in; ln -s ../../../../../../../'"$tmp/secret"' up
        mkdir a; : >a/own
        swap a in & swap below up & swap /t/kept/file /t/dir/up &'
    # Slowed down, since there is little time between a look at a directory and its opening.
    set -- ctr-diff "$name"
    ! have_strace || set -- strace -f -o /dev/null -e inject=openat:delay_enter=2000 "$@"
    for _ in $(seq 50); do
        attempt "$@"
        ended 0
        ! grep -q host "$tmp/out" || fail "$(cat "$tmp/out")"
    done
    assertContains "$(cat "$tmp/out")" 'C /t/dir'
    stop "$started"
    rm -r "$tmp/secret"
}

# Deeper than a path may be long, than descriptors may be open, and than a stack would hold.
testDeepTrees() {
    needs_containers && return
    mkdir "$tmp/deep"
    cp -a "$base/bin" "$base/lib"* "$base/usr" "$base/proc" "$tmp/deep"
    deep='i=0; cd /; while [ $i -lt 500 ]; do mkdir directory; cd -P directory || exit; : >z; i=$((i + 1)); done'
    attempt ns-enter -m root-open "$tmp/deep" root-setup . sh -c "$deep"
    ended 0
    chain 'cd /; while [ -e directory ]; do cd -P directory; done; rm z; echo x >>../../../z' "$tmp/deep"
    attempt sh -c 'ulimit -n 256; ulimit -s 256; ctr-diff "$0"' "$name"
    ended 0
    assertEquals 'C 500 D 500 C 497' "$(sed 's,/z$,,' "$tmp/out" | awk -F / '{ printf "%s%d ", $1, NF - 1 }' | sed 's/ $//')"
    stop "$started"
    chain "$deep" "$base"
    attempt sh -c 'ulimit -n 256; ulimit -s 256; ctr-diff "$0"' "$name"
    ended 0
    assertEquals 1000 "$(grep -c '^A /directory' "$tmp/out")"
    assertEquals 1000 "$(wc -l <"$tmp/out")"
    assertEquals 'A /directory/z' "$(tail -n 1 "$tmp/out")"
    stop "$started"
    rm -r "$tmp/deep"
}

# One of many levels is moved while it is read: all is said, or that it is not.
testDeepTreeThatMoves() {
    needs_containers && return
    with 'i=0; mkdir /x /y; cd /x; while [ $i -lt 200 ]; do mkdir d; cd -P d; : >z; [ $i != 120 ] || here=$PWD; i=$((i + 1)); done
        cd -P $here; swap d /y &' --cap-keep all
    for _ in $(seq 100); do
        attempt ctr-diff "$name"
        [ "$status" = 0 ] || ended 125
        [ "$status" = 0 ] ||
            said_only '^ctr-diff: parts of the root were moved while they were read, and are left out$'
        grep -qx "A /x/d/z" "$tmp/out" || fail 'what was above it is not there'
        [ "$status" != 0 ] || [ "$(grep -c '^A /x/.*/z$' "$tmp/out")" -ge 121 ] || fail 'not all that was above it'
    done
    stop "$started"
}

testManyFiles() {
    needs_containers && return
    with 'cd /t/kept; i=0; while [ $i -lt 20 ]; do mkdir $i; j=0; while [ $j -lt 1000 ]; do : >$i/$j; j=$((j + 1)); done; i=$((i + 1)); done; rm /t/file'
    attempt ctr-diff "$name"
    ended 0
    assertEquals 20023 "$(wc -l <"$tmp/out")"
    case $bin in
    */asan/*) ;;
    *) takes_at_most 2 "find /proc/$(main "$name")/root/t/kept -ls" "ctr-diff $name" ;;
    esac
    stop "$started"
}

testNothingIsLeft() {
    needs_containers && return
    # Of a file that was not read for long the kernel notes when it is.
    touch -a -d @1000000 "$base" "$base/t"
    with 'rm /t/file'
    cp "/proc/$started/mountinfo" "$tmp/mounts"
    shows 'C /t
D /t/file'
    assertEquals '' "$(diff "$tmp/mounts" "/proc/$started/mountinfo")"
    assertEquals 'times of access' '1000000 1000000' "$(stat -c %X "$base" "$base/t" | paste -sd ' ')"
    stop "$started"
    no_group "$name"
}

testNameOfNoContainer() {
    unknown_is_refused ctr-diff
}

testWords() {
    attempt ctr-diff a b
    refused 'ctr-diff: "b" is one word too many'
    attempt ctr-diff
    refused 'ctr-diff: NAME is missing'
    attempt ctr-diff --nonsense a
    refused 'ctr-diff: unknown option --nonsense'
}

testOutputThatCannotBeWritten() {
    needs_containers && return
    with 'rm /t/file'
    attempt sh -c 'ctr-diff "$0" >/dev/full' "$name"
    refused 'ctr-diff: cannot write to standard output: No space left on device'
    stop "$started"
}

testDeadContainer() {
    dead_is_refused ctr-diff
}

testTakesNoLock() {
    needs_containers && return
    needs_strace && return
    with 'rm /t/file'
    takes_no_lock ctr-diff "$name"
    stop "$started"
}

testWithoutRoot() {
    needs_containers && return
    with 'rm /t/file'
    as_nobody ctr-diff "$name"
    refused 'ctr-diff: cannot *: *'
    assertEquals 'ctr-diff: hint: this user is not root: run it with sudo' "$hint"
    stop "$started"
}

testKernelRefuses() {
    needs_containers && return
    cannot_inject && return
    with 'rm /t/file'
    faulty setns:error=EPERM "ctr-diff: cannot enter the mount namespace of $name: Operation not permitted" ctr-diff "$name"
    faulty setns:error=EPERM:when=2 "ctr-diff: cannot leave the mount namespace of $name: Operation not permitted" ctr-diff "$name"
    faulty open_tree:error=EINVAL "ctr-diff: cannot open the root of $name: Invalid argument" ctr-diff "$name"
    faulty open_tree:error=EINVAL:when=2 "ctr-diff: cannot open what is below the root of $name: Invalid argument" ctr-diff "$name"
    faulty mount_setattr:error=EINVAL "ctr-diff: cannot open the root of $name: Invalid argument" ctr-diff "$name"
    faulty mount_setattr:error=EINVAL:when=2 "ctr-diff: cannot open what is below the root of $name: Invalid argument" ctr-diff "$name"
    faulty fgetxattr:error=EIO "ctr-diff: cannot read the layers of the root: *" ctr-diff "$name"
    faulty fgetxattr:error=ENODATA "ctr-diff: the layers of the root of $name are not known: mnt-overlay has not kept them" ctr-diff "$name"
    faulty fgetxattr:retval=1 "ctr-diff: the layers of the root are garbled: trusted.minictr.layers" ctr-diff "$name"
    faulty pidfd_open:error=ESRCH "ctr-diff: the container $name has ended" ctr-diff "$name"
    stop "$started"
    chain : --lower "$tmp/b" "$tmp/a"
    faulty fsopen:error=ENODEV "ctr-diff: cannot mount overlay on the layers: No such device" ctr-diff "$name"
    stop "$started"
}

# Either all is shown, or it says that it is not.
testAnyCallThatFails() {
    needs_containers && return
    cannot_inject && return
    with 'cd /t; rm -r file old; mkdir kept/new; echo x >kept/new/x; echo x >>dir/below/deep/file'
    ctr-diff "$name" >"$tmp/whole"
    any_call_may_fail ctr-diff "$name"
    for call in newfstatat getdents64 openat fsetxattr fgetxattr close fcntl; do
        for when in $(seq "$(grep -c "^$call(" "$tmp/trace")"); do
            [ "$when" -gt 12 ] && [ $((when % 3)) != 0 ] && continue
            inject "$call:error=EIO:when=$when" ctr-diff "$name"
            case $status in
            0) assertEquals "$call $when" "$(cat "$tmp/whole")" "$(cat "$tmp/out")" ;;
            125) said_only '^ctr-diff: ' ;;
            *) fail "$call $when: $status $(cat "$tmp/err")" ;;
            esac
        done
    done
    kill -0 "$started" || fail 'it was ended'
    stop "$started"
    no_group "$name"
}

. shunit2
