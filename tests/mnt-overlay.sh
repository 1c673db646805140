# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# mnt-overlay.sh: a view that can be written over directories that stay as they are.

. "$(dirname "$0")/lib.sh"

# A root of this file's own, its sum, and small layers; "who" says which layer is on top.
oneTimeSetUp() {
    host_state >"$tmp/host.before"
    find / -maxdepth 1 | sort >"$tmp/host.top"
    own=$tmp/root
    cp -a "$root" "$own"
    mkdir -p "$own/some/dir" "$own/dir" "$own/inner/bin"
    cp "$helpers/probe" "$own/inner/bin"
    mknod "$own/null" c 1 3
    echo own >"$own/who"
    echo kept >"$own/some/file"
    for layer in a b c; do
        mkdir -p "$tmp/$layer/only-$layer" "$tmp/$layer/both"
        echo $layer >"$tmp/$layer/who"
        echo $layer >"$tmp/$layer/both/$layer"
        echo $layer >"$tmp/$layer/from-$layer"
    done
    echo b >"$tmp/b/who-below"
    echo c >"$tmp/c/who-below"
    before=$(sum "$own")
}

setUp() {
    mkdir "$tmp/upper" "$tmp/work"
}

tearDown() {
    rm -rf --one-file-system "$tmp/upper" "$tmp/work"
}

# All that a directory holds, byte for byte, with modes, owners, attributes and times, but those of
# access.
sum() {
    tar -C "$1" --sort=name --xattrs --pax-option=exthdr.name=%d/%f,delete=atime -cf - . | sha256sum
}

over() {
    attempt ns-enter -m mnt-overlay "$@"
}

kept() {
    over --upper "$tmp/upper" --work "$tmp/work" "$@"
}

change_everything='
    echo new >/new && echo changed >/who && echo more >>/some/file && chmod 700 /some && rm -r /dir &&
    mkdir /dir && mv /some/dir /moved && ln -s /new /link && chown 5:6 /moved && rm /bin/ls && touch -d @1 /etc'

testItIsAViewOfTheDirectory() {
    over "$own" root-setup . cat /who /some/file
    ended 0
    printed 'own
kept'
}

testChangesAreSeenInside() {
    needs_root && return
    over "$own" root-setup . sh -c "$change_everything"'
        cat /new /who /some/file; stat -c "%n %a %u" /some /moved; cd /dir && echo *; [ -e /bin/ls ] || echo gone'
    ended 0
    printed 'new
changed
kept
more
/some 700 0
/moved 755 5
*
gone'
}

testTheDirectoryDoesNotChange() {
    needs_root && return
    over "$own" root-setup . sh -c "$change_everything"
    ended 0
    assertEquals "$before" "$(sum "$own")"
    over "$own" root-setup . rm -rf --no-preserve-root /
    assertEquals "$before" "$(sum "$own")"
}

testChangesVanish() {
    over "$own" root-setup . sh -c "$change_everything"
    over "$own" root-setup . sh -c 'cat /who; [ -e /new ] || echo gone'
    printed 'own
gone'
}

testTwoAtOnceSeeNothingOfEachOther() {
    mkfifo "$tmp/go"
    exec 8<>"$tmp/go"
    ns-enter -m mnt-overlay "$own" root-setup . sh -c 'echo first >/who; echo ready; read -r x; cat /who; ls -d /new' \
        <&8 >"$tmp/first" 2>&1 &
    first=$!
    await 20 grep -q ready "$tmp/first" || fail 'it did not start'
    over "$own" root-setup . sh -c 'cat /who; echo second >/who; echo x >/new; cat /who'
    echo >&8
    exec 8>&-
    wait $first
    printed 'own
second'
    assertEquals 'ready
first' "$(head -n 2 "$tmp/first")"
    assertTrue 'the other file is not there' "tail -n 1 '$tmp/first' | grep -q 'No such file'"
    assertEquals "$before" "$(sum "$own")"
}

testTheRootIsThatOfTheDirectory() {
    needs_root && return
    cp -a "$tmp/a" "$tmp/owned"
    for attributes in '1711 5 6' '700 0 0' '2775 0 33'; do
        # shellcheck disable=SC2086
        set -- $attributes
        chown "$2:$3" "$tmp/owned"
        chmod "$1" "$tmp/owned"
        over "$tmp/owned" stat -c '%a %u %g' .
        ended 0
        printed "$attributes"
    done
    rm -r "$tmp/owned"
}

testTheRootIsForEveryoneWhateverTheUmask() {
    attempt sh -c 'umask 077 && exec ns-enter -m mnt-overlay "$0" root-setup . sh -c "stat -c %a /; umask"' "$own"
    printed '755
0077'
}

testAsAWholeContainer() {
    attempt fd-close ns-enter -muip uts-name box mnt-overlay --size 16M "$own" mnt-bind --ro "$tmp/a" /made/a \
        root-setup . mnt-tmpfs /mytemp mnt-proc /proc pid-init sh -c '
            hostname; cat /made/a/who; echo x >/made/new; ps -e -o comm=; cut -d " " -f 5 /proc/self/mountinfo | sort'
    ended 0
    printed 'box
a
pid-init
sh
ps
/
/made/a
/mytemp
/proc'
    assertEquals "$before" "$(sum "$own")"
}

testMountPointsAreMadeInTheView() {
    ln -s "$tmp/a" "$tmp/b/link"
    over --lower "$tmp/b" "$own" mnt-bind "$tmp/a" /new/place mnt-bind "$tmp/a/who" /new/who \
        mnt-tmpfs /new/tmpfs root-setup . sh -c 'cat /new/place/who /new/who; ls -A /new/tmpfs'
    ended 0
    printed 'a
a'
    over --lower "$tmp/b" "$own" mnt-bind "$tmp/c" /link root-setup . echo reached
    refused 'mnt-bind: cannot make the mount point /link: No such file or directory'
    rm "$tmp/b/link"
    assertEquals "$before" "$(sum "$own")"
}

testNodev() {
    needs_root && return
    attempt ns-enter -m mnt-overlay "$own" sh -c 'echo x >null && echo opened'
    printed opened
    attempt ns-enter -m mnt-overlay --nodev "$own" sh -c 'echo x >null && echo opened'
    said 'Permission denied'
    printed ''
}

testReadOnly() {
    over "$own" root-setup --read-only . sh -c 'cat /who; echo x >/new'
    assertNotEquals 0 "$status"
    printed own
    assertTrue "$(cat "$tmp/err")" "grep -q 'Read-only file system' '$tmp/err'"
}

testNothingElseIsMounted() {
    over "$own" root-setup . mnt-proc /proc cut -d ' ' -f 5 /proc/self/mountinfo
    ended 0
    assertEquals '/ /proc' "$(sort "$tmp/out" | paste -sd ' ')"
    start ns-enter -m mnt-overlay "$own" root-setup . sleep 1000
    await 20 sh -c '[ "$(cat "/proc/$0/comm")" = sleep ]' "$started" || fail 'it did not start'
    cut -d ' ' -f 5 "/proc/$started/mountinfo" >"$tmp/mounts"
    kill "$started"
    wait "$started"
    assertEquals / "$(cat "$tmp/mounts")"
}

testMountinfoNamesNoPathOfTheHost() {
    for words in "--lower $tmp/a" "--upper $tmp/upper --work $tmp/work"; do
        # shellcheck disable=SC2086
        over $words "$own" root-setup . mnt-proc /proc cat /proc/self/mountinfo /proc/self/mounts
        ended 0
        assertEquals '' "$(grep -F "${tmp##*/}" "$tmp/out")"
        assertEquals 'it is an overlay' 1 "$(grep -c ' / / rw,relatime - overlay overlay ' "$tmp/out")"
    done
}

testTheTmpfsCannotBeReached() {
    attempt ns-enter -mp mnt-overlay "$own" root-setup . mnt-proc /proc pid-init sh -c \
        'ls -d /upper /work /proc/*/root/upper /proc/*/cwd/upper; umount / 2>/dev/null; ls /upper; stat -fc %T /'
    assertEquals overlayfs "$(tail -n 1 "$tmp/out")"
    assertEquals 1 "$(grep -c . "$tmp/out")"
}

testNothingIsSeenOutside() {
    cp /proc/self/mountinfo "$tmp/mounts"
    start ns-enter -m mnt-overlay "$own" sleep 1000
    await 20 sh -c '[ "$(cat "/proc/$0/comm")" = sleep ]' "$started" || fail 'it did not start'
    grep -cF " $own " "/proc/$started/mountinfo" >"$tmp/inside"
    changed=$(diff "$tmp/mounts" /proc/self/mountinfo)
    kill "$started"
    wait "$started"
    assertEquals 'inside: a tmpfs, and the view on it' 2 "$(cat "$tmp/inside")"
    assertEquals 'outside' '' "$changed"
}

# Somebody else's namespace may pass its mounts on to the host's.
testNothingIsSeenOutsideANamespaceThatIsNotPrivate() {
    needs_root && return
    attempt unshare --mount sh -c 'mount --make-rshared / &&
        unshare --mount --propagation unchanged mnt-overlay "$0" true && echo mounted && cat /proc/self/mountinfo' "$own"
    assertTrue 'it did its work' "grep -qx mounted '$tmp/out'"
    assertEquals '' "$(grep -F " $own " "$tmp/out")"
}

testWhatIsMountedBelowStaysAway() {
    attempt ns-enter -m mnt-tmpfs "$own/some" mnt-overlay "$own" ls some/file
    ended 0
    printed some/file
}

testUpperKeepsTheChanges() {
    needs_root && return
    kept "$own" root-setup . sh -c "$change_everything"
    ended 0
    assertEquals 'below it nothing changes' "$before" "$(sum "$own")"
    assertEquals 'new changed' "$(cat "$tmp/upper/new" "$tmp/upper/who" | paste -sd ' ')"
    assertEquals 'deleted' 'character special file 0:0' "$(stat -c '%F %t:%T' "$tmp/upper/usr/bin/ls")"
    kept "$own" root-setup . sh -c 'cat /new /who /some/file; stat -c %a /some; [ -e /bin/ls ] || echo gone; cd /dir; echo *'
    ended 0
    printed 'new
changed
kept
more
700
gone
*'
    over "$own" root-setup . sh -c 'cat /who; [ -e /new ] || echo gone'
    printed 'own
gone'
}

testUpperIsNotForTheTmpfs() {
    kept "$own" grep -cF " $own " /proc/self/mountinfo
    printed 1
}

testLayersAreInOrder() {
    over --lower "$tmp/b" --lower="$tmp/c" "$tmp/a" sh -c 'cat who who-below; ls both; ls -d from-* only-*'
    ended 0
    printed 'a
b
a
b
c
from-a
from-b
from-c
only-a
only-b
only-c'
    over --lower "$tmp/c" --lower "$tmp/b" "$tmp/a" cat who who-below
    printed 'a
c'
    over --lower "$tmp/a" --lower "$tmp/b" "$tmp/c" cat who who-below
    printed 'c
c'
}

testDeletionHidesEveryLayer() {
    if [ "$(id -u)" != 0 ] && ! setfattr -n user.any -v y "$tmp/a" 2>/dev/null; then
        skip 'no attributes of users here' && return
    fi
    kept --lower "$tmp/b" --lower "$tmp/c" "$tmp/a" sh -c 'rm who who-below from-c && rm -r both && mkdir both &&
        ls; ls -A both'
    ended 0
    printed 'both
from-a
from-b
only-a
only-b
only-c'
    kept --lower "$tmp/b" --lower "$tmp/c" "$tmp/a" sh -c 'ls -A both; cat who'
    assertNotEquals 0 "$status"
    printed ''
    assertEquals 'a b c' "$(cat "$tmp/a/who" "$tmp/b/who" "$tmp/c/who" | paste -sd ' ')"
}

# As an upper layer of before, or a layer of an image, holds them.
testWhiteoutsInALayer() {
    mkdir -p "$tmp/top/both"
    mknod "$tmp/top/who" c 0 0
    setfattr -n trusted.overlay.opaque -v y "$tmp/top/both" 2>/dev/null || opaque=unknown
    over --lower "$tmp/b" "$tmp/top" sh -c 'ls; [ -n "$0" ] || ls -A both' "${opaque:-}"
    ended 0
    printed 'both
from-b
only-b
who-below'
    rm -r "$tmp/top"
}

testManyLayers() {
    set --
    number=1
    while [ $number -le 63 ]; do
        mkdir -p "$tmp/many/$number"
        echo $number >"$tmp/many/$number/who"
        echo $number >"$tmp/many/$number/file-$number"
        set -- "$@" --lower "$tmp/many/$number"
        number=$((number + 1))
    done
    over "$@" "$own" sh -c 'cat who file-1 file-63; rm file-7 && ls -d file-* | grep -c .'
    ended 0
    printed 'own
1
63
62'
    over "$@" --lower "$tmp/a" "$own" echo reached
    refused 'mnt-overlay: --lower: more than 63 layers'
    rm -r "$tmp/many"
}

testNamesOfAnyBytes() {
    for name in a:b a,b 'a\b' 'a b' 'a\:b\,' "$(printf 'a\nb')" "$(printf '\377\303x')" '"' :: ,lowerdir=/ \
        'a,upperdir=/tmp' %s; do
        mkdir -p "$tmp/odd/$name/upper" "$tmp/odd/$name/work"
        cp -a "$tmp/a" "$tmp/odd/$name/dir"
        cp -a "$tmp/b" "$tmp/odd/$name/lower"
        over --lower "$tmp/odd/$name/lower" "$tmp/odd/$name/dir" cat who who-below
        ended 0
        printed 'a
b'
        over --upper "$tmp/odd/$name/upper" --work "$tmp/odd/$name/work" --lower "$tmp/odd/$name/lower" \
            "$tmp/odd/$name/dir" sh -c 'cat who from-b; echo new >new'
        ended 0
        printed 'a
b'
        assertEquals "$name" new "$(cat "$tmp/odd/$name/upper/new")"
        rm -r "$tmp/odd"
    done
}

# With the root, for ctr-diff: the devices, inodes and paths.
testLayersAreKept() {
    needs_root && return
    command -v getfattr >/dev/null || { skip 'no getfattr' && return; }
    mkdir "$tmp/a:b c"
    identities=$(stat -c '%d:%i %n' "$tmp/a" "$tmp/a:b c" "$tmp/b")
    read_layers='getfattr --only-values -n trusted.minictr.layers . | tr "\\000" "\\n"'
    over --lower "$tmp/a:b c" --lower "$tmp/b" "$tmp/a" sh -c "$read_layers"
    ended 0
    printed "$identities"
    # Where they were others before.
    kept "$tmp/b" true
    kept --lower "$tmp/a:b c" --lower "$tmp/b" "$tmp/a" sh -c "$read_layers"
    printed "$identities"
    rmdir "$tmp/a:b c"
    # Who cannot keep them does without, and leaves none of before.
    have_strace || return 0
    inject fsetxattr:error=ENOSPC ns-enter -m mnt-overlay --upper "$tmp/upper" --work "$tmp/work" "$tmp/b" \
        sh -c "$read_layers"
    printed ''
    said 'No such attribute'
}

testRelativeNames() {
    attempt sh -c 'cd "$0" && exec ns-enter -m mnt-overlay --lower b --upper upper --work ./work a sh -c "
        cat who who-below; echo x >new"' "$tmp"
    ended 0
    printed 'a
b'
    assertEquals x "$(cat "$tmp/upper/new")"
    attempt sh -c 'cd "$0" && exec ns-enter -m mnt-overlay . cat who' "$tmp/a"
    printed a
}

testSymbolicLinks() {
    ln -s a "$tmp/to-a"
    over --lower "$tmp/b" "$tmp/to-a" cat who
    ended 0
    printed a
    rm "$tmp/to-a"
}

testSizeBoundsTheChanges() {
    over --size 1M "$own" root-setup . sh -c 'yes | head -c 3000000 >/file; stat -fc "%b %S" /'
    assertTrue "$(cat "$tmp/err")" "grep -q 'No space left on device' '$tmp/err'"
    printed '256 4096'
    over --size 4M "$own" root-setup . sh -c 'head -c 3000000 /bin/bash >/file && cat /who'
    ended 0
    printed own
}

testSizes() {
    for size in 65536 64K 64k 0000064K 000065536; do
        over --size $size "$own" df --block-size=1 --output=size .
        ended 0
        assertEquals "$size" 65536 "$(sed '1d; s/ //g' "$tmp/out")"
    done
    over --size 9223372036854775807 "$own" true
    ended 0
}

testBadSizes() {
    for size in -1 1e3 12Q K 1KK ' 1' 0x10; do
        over --size "$size" "$own" echo reached
        refused 'mnt-overlay: --size: "*" is not a size: digits, then nothing or one of K, M, G, T'
    done
    over --size '' "$own" echo reached
    refused 'mnt-overlay: --size: the size is empty'
    over --size 0 "$own" echo reached
    refused 'mnt-overlay: --size: 0 is too small: at least 1 byte'
    over --size 8388608T "$own" echo reached
    refused 'mnt-overlay: --size: 8388608T is too large: at most 2^63-1 bytes'
}

testOptionsThatDoNotGoTogether() {
    over --upper "$tmp/upper" "$own" echo reached
    refused 'mnt-overlay: --upper and --work go together'
    over --work "$tmp/work" "$own" echo reached
    refused 'mnt-overlay: --upper and --work go together'
    kept --size 1M "$own" echo reached
    refused 'mnt-overlay: --size is that of the tmpfs, and --upper takes its place'
    attempt ns-enter -m mnt-overlay --map 0:7:1 --upper "$tmp" --work "$tmp" "$root" echo reached
    refused 'mnt-overlay: --map and --upper: only one of them'
    for option in upper work size; do
        over --$option 1 --$option 1 "$own" echo reached
        refused "mnt-overlay: --$option is given twice"
    done
}

testBadWords() {
    over --nonsense "$own" echo reached
    refused 'mnt-overlay: unknown option --nonsense'
    over '' echo reached
    refused 'mnt-overlay: DIR is empty'
    over "$own"
    refused 'mnt-overlay: PROG is missing'
    for option in lower upper work; do
        over --upper "$tmp/upper" --work "$tmp/work" --$option
        refused "mnt-overlay: --$option*"
    done
    over --lower '' "$own" echo reached
    refused 'mnt-overlay: *'
}

# bad_layer PATH REASON: asserts that it is refused in each place.
bad_layer() {
    for words in "--lower $1 $own" "--lower $tmp/a --lower $1 $own" "--lower $tmp/a $1" \
        "--upper $1 --work $tmp/work $own" "--upper $tmp/upper --work $1 $own"; do
        # shellcheck disable=SC2086
        over $words echo reached
        refused "mnt-overlay: cannot open the layer $1: $2"
    done
}

testLayersThatAreNone() {
    ln -s loop "$tmp/loop"
    bad_layer "$tmp/none" 'No such file or directory'
    bad_layer "$own/who" 'Not a directory'
    bad_layer "$own/who/below" 'Not a directory'
    bad_layer "$tmp/loop" '*[Ss]ymbolic link*'
    bad_layer "/$(printf '%0200d/' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)" 'File*name too long'
    bad_layer "$tmp/$(printf %0256d 0)" 'File*name too long'
    assertEquals 'nothing was made in them' '' "$(ls -A "$tmp/upper"; ls -A "$tmp/work")"
}

testLayersThatTheKernelRefuses() {
    over --upper "$tmp/upper" --work "$tmp/upper" "$own" echo reached
    refused "mnt-overlay: cannot mount overlay on $own*: Invalid argument"
    attempt ns-enter -m mnt-tmpfs "$tmp/work" mnt-overlay --upper "$tmp/upper" --work "$tmp/work" "$own" \
        echo reached
    refused "mnt-overlay: cannot mount overlay on $own*: Invalid argument"
    over --lower /proc "$own" true
    case $status in
    0) ;;
    *) refused "mnt-overlay: cannot mount overlay on $own*" ;;
    esac
}

testUpperMayBeInAReadOnlyPlace() {
    attempt ns-enter -m sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" &&
        MINICTR_NS=m exec mnt-overlay --upper "$0/upper" --work "$0/work" "$1" echo reached' "$tmp" "$own"
    refused "mnt-overlay: cannot mount overlay on $own*"
}

testDirectoryOnAReadOnlyMount() {
    attempt ns-enter -m sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" &&
        MINICTR_NS=m exec mnt-overlay "$0" sh -c "echo x >new && cat new who"' "$own"
    ended 0
    printed 'x
own'
}

testFlagsOfTheLayersHold() {
    needs_root && return
    mkdir "$tmp/changes"
    attempt ns-enter -m sh -c 'mount -t tmpfs -o nosuid,nodev none "$0/a" && mount -t tmpfs -o noexec none "$0/b" &&
        mount -t tmpfs -o nosuid none "$0/changes" && mkdir "$0/changes/upper" "$0/changes/work" &&
        install -o 65534 -m 4755 "$(command -v id)" "$0/a/id" && MINICTR_NS=m && export MINICTR_NS &&
        mnt-overlay "$0/a" ./id -u &&
        mnt-overlay "$0/a" tail -n 1 /proc/self/mountinfo &&
        mnt-overlay --lower "$0/b" "$0/c" tail -n 1 /proc/self/mountinfo &&
        mnt-overlay --upper "$0/changes/upper" --work "$0/changes/work" "$0/root" tail -n 1 /proc/self/mountinfo' "$tmp"
    ended 0
    assertEquals 'nosuid has an effect' 0 "$(head -n 1 "$tmp/out")"
    assertEquals 'rw,nosuid,nodev,relatime
rw,noexec,relatime
rw,nosuid,relatime' "$(sed -n 's/.* \(rw,[a-z,]*\) - overlay .*/\1/p' "$tmp/out")"
}

testWithoutProc() {
    attempt ns-enter -m root-setup "$own" mnt-overlay /inner root-setup . echo reached
    refused 'mnt-overlay: *: No such file or directory'
}

testOnceIsEnough() {
    over "$own" mnt-overlay "$own" echo reached
    refused 'mnt-overlay: a new root is open already'
    attempt ns-enter -m root-open "$own" mnt-overlay "$own" echo reached
    refused 'mnt-overlay: a new root is open already'
}

testOnceMoreInTheRoot() {
    attempt ns-enter -m root-setup "$own" mnt-proc /proc mnt-overlay /inner mnt-tmpfs /made root-setup . \
        probe exit 6
    ended 6
    assertFalse "[ -e '$own/inner/made' ]"
}

testProgHasNoMoreDescriptors() {
    for words in --size=1M "--lower $tmp/a --lower $tmp/b" "--upper $tmp/upper --work $tmp/work"; do
        # shellcheck disable=SC2086
        attempt fd-close ns-enter -m mnt-overlay $words "$own" probe fds
        printed '0 1 2 '
        # shellcheck disable=SC2086
        attempt fd-close ns-enter -m mnt-overlay $words "$own" root-setup . probe fds
        printed '0 1 2 '
    done
    attempt sh -c 'exec fd-close ns-enter -m mnt-overlay "$0" root-setup . probe fds <&-' "$own"
    printed '1 2 '
}

testProgHasNoVariableOfTheStages() {
    over "$own" probe env
    ended 0
    assertEquals '' "$(grep '^MINICTR_' "$tmp/out" | grep -v '^MINICTR_TEST_')"
    over "$own" root-setup . probe env
    ended 0
    assertEquals '' "$(grep '^MINICTR_' "$tmp/out" | grep -v '^MINICTR_TEST_')"
}

testTypedOnTheHostItRefuses() {
    have_strace || { skip 'no strace' && return; }
    keeps_off_the_host mount mnt-overlay "$own"
}

testNamespaceMayComeFromSomebodyElse() {
    needs_root && return
    attempt unshare --mount mnt-overlay "$own" root-setup . cat /who
    ended 0
    printed own
}

testWithoutRoot() {
    as_nobody mnt-overlay "$own" echo reached
    refused 'mnt-overlay: cannot compare the mount namespace with that of process 1: Permission denied'
    assertEquals 'mnt-overlay: hint: this user is not root: run it with sudo' "$hint"
}

testPowerlessUserInANamespace() {
    needs_root && return
    as_nobody true
    attempt ns-enter -m setpriv --reuid 65534 --regid 65534 --clear-groups \
        env MINICTR_NS=m "$tmp/bin/mnt-overlay" "$own" echo reached
    refused "mnt-overlay: cannot mount tmpfs on $own: Operation not permitted"
    assertEquals 'mnt-overlay: hint: this user is not root: run it with sudo' "$hint"
}

# kernel_refuses CALL:ERROR MESSAGE [OPTION...]
kernel_refuses() {
    call=$1 message=$2
    shift 2
    inject "$call" ns-enter -m mnt-overlay "$@" "$own" echo reached
    refused "mnt-overlay: $message"
}

testKernelRefusesTheTmpfs() {
    have_strace || { skip 'no strace' && return; }
    kernel_refuses fsopen:error=ENOSYS "cannot mount tmpfs on $own: Function not implemented"
    kernel_refuses fsopen:error=EPERM "cannot mount tmpfs on $own: Operation not permitted"
    kernel_refuses fsconfig:error=EINVAL:when=2 "cannot mount tmpfs on $own with mode=700: Invalid argument"
    kernel_refuses fsconfig:error=EINVAL:when=3 "cannot mount tmpfs on $own with size=4096: Invalid argument" \
        --size 4096
    kernel_refuses fsconfig:error=ENOMEM:when=3 "cannot mount tmpfs on $own: *memory"
    kernel_refuses fsmount:error=EPERM "cannot mount tmpfs on $own: Operation not permitted"
    kernel_refuses move_mount:error=EINVAL "cannot mount tmpfs on $own: Invalid argument"
    for number in 1 2; do
        kernel_refuses mkdirat:error=ENOSPC:when=$number \
            "cannot make the upper layer of $own: No space left on device"
    done
    assertEquals "$before" "$(sum "$own")"
}

testKernelRefusesTheView() {
    have_strace || { skip 'no strace' && return; }
    kernel_refuses fsopen:error=ENODEV:when=2 "cannot mount overlay on $own: No such device"
    set -- --upper "$tmp/upper" --work "$tmp/work"
    kernel_refuses fsopen:error=ENOSYS "cannot mount overlay on $own: Function not implemented" "$@"
    kernel_refuses fsconfig:error=EINVAL:when=2 "cannot mount overlay on $own*: Invalid argument" "$@"
    kernel_refuses fsmount:error=EPERM "cannot mount overlay on $own: Operation not permitted" "$@"
    kernel_refuses move_mount:error=EINVAL "cannot mount overlay on $own: Invalid argument" "$@"
    kernel_refuses fchdir:error=EACCES 'cannot *: Permission denied' "$@"
    assertEquals 'nothing was made' '' "$(ls -A "$tmp/upper")"
    assertEquals "$before" "$(sum "$own")"
}

# The last one: what a path of the root would have left when it was taken for one of the host.
testNothingWasMadeOnTheHost() {
    assertEquals '' "$(find / -maxdepth 1 | sort | diff "$tmp/host.top" -)"
}

testIdsOfAllLayersAreMapped() {
    needs_root && return
    mkdir "$tmp/mapped" "$tmp/below"
    touch "$tmp/mapped/a" "$tmp/below/b"
    attempt ns-enter -m mnt-overlay --map 0:4000:10 --lower "$tmp/below" "$tmp/mapped" \
        sh -c 'stat -c %u:%g . a b; chown 4005:4006 b; stat -c %u:%g b'
    printed "$(printf '%s\n' 4000:4000 4000:4000 4000:4000 4005:4006)"
    assertEquals 0:0 "$(stat -c %u:%g "$tmp/below/b")"
}

. shunit2
