# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# mnt-dev.sh: the container's own /dev, that everything in it works, and that nothing in it is the
# image's.

. "$(dirname "$0")/lib.sh"

image=$root
own=$tmp/root
victim=$tmp/victim
devices='null zero full random urandom tty'

# The four ways in, each with DIR PROG...: behind root-setup, before it, before it without the power
# to make a device, and on the machine's own root.
inside() {
    attempt ns-enter -muipC root-setup "$image" mnt-proc /proc mnt-dev "$@"
}

opened() {
    dir=$1
    shift
    attempt ns-enter -muipC root-open "$image" mnt-dev "$dir" root-setup . mnt-proc /proc "$@"
}

bound() {
    dir=$1
    shift
    inject mknodat:error=EPERM \
        ns-enter -muipC root-open "$image" mnt-dev "$dir" root-setup . mnt-proc /proc "$@"
}

mounted() {
    attempt ns-enter -mi mnt-dev "$@"
}

# A root of this file's own, with an empty /dev, and a directory of the host that nobody may touch.
setUp() {
    [ -d "$own" ] || cp -R "$root" "$own"
    rm -rf --one-file-system "${own:?}/dev" "$own/elsewhere" "${own:?}${victim:?}" "$victim" "$tmp/new"
    mkdir "$own/dev" "$victim" "$tmp/new"
    : >"$victim/file"
    image=$root
}

victim_is_untouched() {
    assertEquals "$1" file "$(ls -A "$victim")"
    assertEquals "$1" '' "$(grep -F " $victim" /proc/self/mountinfo)"
}

# The place and the flags, with the propagation if there is any, of what is mounted in /dev.
flags() {
    awk '$5 ~ "^/dev" { line = $5; for (i = 6; i <= NF && $(i - 1) != "-"; i++) line = line " " $i
        print line, $i }' "$tmp/out"
}

testWhatIsInIt() {
    for way in inside opened; do
        $way /dev sh -c 'echo $(ls -A /dev)'
        ended 0
        printed 'console fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'
    done
}

testTheDevices() {
    needs_root && return
    for way in inside opened; do
        $way /dev sh -c 'cd /dev && stat -c "%n %t:%T %a %u %g %F" null zero full random urandom tty'
        ended 0
        printed "$(printf '%s 666 0 0 character special file\n' \
            'null 1:3' 'zero 1:5' 'full 1:7' 'random 1:8' 'urandom 1:9' 'tty 5:0')"
    done
}

testTheLinks() {
    inside /dev sh -c 'cd /dev && readlink fd stdin stdout stderr ptmx'
    printed "$(printf '%s\n' /proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx)"
}

testTheDirectories() {
    inside /dev sh -c 'stat -c "%n %a %u %g" /dev /dev/pts /dev/shm /dev/mqueue'
    printed "$(printf '%s 0 0\n' '/dev 755' '/dev/pts 755' '/dev/shm 1777' '/dev/mqueue 1777')"
}

testTypesAndFlags() {
    needs_root && return
    for way in inside opened; do
        $way /dev cat /proc/self/mountinfo
        ended 0
        assertEquals "$(printf '%s\n' \
            '/dev rw,nosuid,noexec,relatime - tmpfs' \
            '/dev/pts rw,nosuid,noexec,relatime - devpts' \
            '/dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs' \
            '/dev/mqueue rw,nosuid,nodev,noexec,relatime - mqueue')" "$(flags)"
        assertEquals 'of the terminals' 'rw,gid=5,mode=620,ptmxmode=666' \
            "$(awk '$5 == "/dev/pts" { print $NF }' "$tmp/out")"
    done
}

testConsoleIsAPlaceAndNoDevice() {
    inside /dev stat -c '%F %s %a' /dev/console
    printed 'regular empty file 0 600'
}

testModesAreNotSubjectToTheUmask() {
    needs_root && return
    attempt sh -c 'umask 077 && exec ns-enter -mi mnt-dev "$0" \
        stat -c %a "$0" "$0/null" "$0/pts" "$0/shm" "$0/mqueue"' "$tmp/new"
    ended 0
    printed "$(printf '%s\n' 755 666 755 1777 1777)"
}

testProgsUmaskIsTheCallers() {
    needs_root && return
    attempt sh -c 'umask 027 && exec ns-enter -m mnt-dev "$0" sh -c umask' "$tmp/new"
    printed 0027
}

# Works in every way in, the host's devices in place of new ones included.
each_device_works() {
    $1 /dev sh -c '
        cd /dev || exit
        head -c 5 zero | od -An -tx1 | tr -d " "
        echo lost >null && cat null
        head -c 3 full | od -An -tx1 | tr -d " "
        head -c 1 zero >full && echo "nothing is full"
        for source in random urandom; do
            first=$(head -c 16 $source | od -An -tx1) second=$(head -c 16 $source | od -An -tx1)
            [ ${#first} = 48 ] && [ "$first" != "$second" ] && echo $source
        done'
    assertEquals "$1" 0 "$status"
    printed "$(printf '%s\n' 0000000000 000000 random urandom)"
    said 'No space left on device'
}

testEachDeviceWorks() {
    for way in inside opened; do
        each_device_works $way
    done
}

testEachDeviceWorksForEveryone() {
    needs_root && return
    inside /dev probe nobody sh -c 'echo x >/dev/null && head -c 1 /dev/zero /dev/full /dev/random \
        /dev/urandom >/dev/null && echo good'
    printed good
}

testTtyWithoutATerminal() {
    attempt setsid -w ns-enter -mp root-setup "$root" mnt-proc /proc mnt-dev /dev sh -c ': </dev/tty'
    assertNotEquals 0 "$status"
    said 'No such device or address'
}

testStandardStreams() {
    inside /dev sh -c 'echo in | cat /dev/stdin; { echo out >/dev/stdout; } | cat
        { echo error >/dev/stderr; } 2>&1 | cat; echo fd | cat /dev/fd/0'
    ended 0
    printed "$(printf '%s\n' in out error fd)"
}

testProcessSubstitution() {
    inside /dev bash -c 'cat <(echo substituted)'
    ended 0
    printed substituted
}

testNewTerminalIsTheContainers() {
    needs_root && return
    for way in inside opened; do
        $way /dev probe pty sh -c 'ls /dev/pts; stat -c "%a %u %g" /dev/pts/0'
        ended 0
        printed "$(printf '%s\n' '/dev/pts/0 line' 0 ptmx '620 0 5')"
    done
}

testNewTerminalForAPlainUser() {
    needs_root && return
    inside /dev probe nobody probe pty
    ended 0
    printed '/dev/pts/0 line'
}

# The number 0 is free in every container, whatever the host has.
testNewTerminalIsNotSeenOutside() {
    ls /dev/pts >"$tmp/before" 2>/dev/null
    rm -f "$tmp/out"
    start ns-enter -m root-setup "$root" mnt-dev /dev probe pty sleep 1000
    await 20 grep -qs . "$tmp/out" || fail 'it did not start'
    assertEquals '/dev/pts/0 line' "$(cat "$tmp/out")"
    ls /dev/pts >"$tmp/after" 2>/dev/null
    ls "/proc/$started/root/dev/pts" >"$tmp/terminals"
    assertEquals "$(printf '%s\n' 0 ptmx)" "$(cat "$tmp/terminals")"
    inside /dev probe pty ls /dev/pts
    printed "$(printf '%s\n' '/dev/pts/0 line' 0 ptmx)"
    kill "$started"
    wait "$started"
    assertEquals "$(cat "$tmp/before")" "$(cat "$tmp/after")"
}

testSharedMemory() {
    needs_root && return
    for way in inside opened; do
        $way /dev probe shm
        ended 0
        printed 'child wrote c'
    done
    inside /dev probe nobody probe shm
    printed 'child wrote c'
}

testSharedMemoryIsTheContainersOwn() {
    needs_root && return
    file=minictr-test-$$
    mounted "$tmp/new" sh -c ': >"$0/shm/$1"; ls "$0/shm"' "$tmp/new" "$file"
    printed "$file"
    assertFalse "[ -e '/dev/shm/$file' ]"
    inside /dev ls -A /dev/shm
    printed ''
}

# What df says, in bytes.
size() {
    mounted "$@" "$tmp/new" df --block-size=1 --output=size "$tmp/new/shm"
    ended 0
    sed '1d; s/ //g' "$tmp/out"
}

testShmSizes() {
    needs_root && return
    assertEquals 65536 "$(size --shm-size 65536)"
    assertEquals 65536 "$(size --shm-size=64k)"
    assertEquals 3145728 "$(size --shm-size 3M)"
    assertEquals 1073741824 "$(size --shm-size 1g)"
    assertEquals "$(getconf PAGESIZE)" "$(size --shm-size 1)"
}

testShmSizeByDefaultIsHalfOfTheMemory() {
    needs_root && return
    page=$(getconf PAGESIZE)
    half=$(awk -v page="$page" '/^MemTotal:/ { print int($2 * 1024 / page / 2) }' /proc/meminfo)
    assertEquals "$((half * page))" "$(size)"
}

testShmSizeBounds() {
    inside --shm-size 1M /dev sh -c 'head -c 1048576 /dev/zero >/dev/shm/file && stat -c %s /dev/shm/file
        head -c 1 /dev/zero >/dev/shm/more'
    assertNotEquals 0 "$status"
    printed 1048576
    said 'No space left on device'
}

testDevItselfIsSmall() {
    inside /dev sh -c 'head -c 131072 /dev/zero >/dev/file'
    assertNotEquals 0 "$status"
    said 'No space left on device'
}

testBadShmSizes() {
    mounted --shm-size '' "$tmp/new" echo reached
    refused 'mnt-dev: --shm-size: the size is empty'
    for size in -1 +1 1e3 12Q 0x10 K 1KK 1.5M 50% ' 1' '1 ' '1M,mode=0' half; do
        mounted --shm-size "$size" "$tmp/new" echo reached
        refused 'mnt-dev: --shm-size: "*" is not a size: digits, then nothing or one of K, M, G, T'
    done
    mounted --shm-size 0 "$tmp/new" echo reached
    refused 'mnt-dev: --shm-size: 0 is too small: at least 1 byte'
    mounted --shm-size 9223372036854775808 "$tmp/new" echo reached
    refused 'mnt-dev: --shm-size: 9223372036854775808 is too large: at most 2^63-1 bytes'
    mounted --shm-size
    refused 'mnt-dev: --shm-size needs its argument SIZE'
    mounted --shm-size 1M --shm-size 1M "$tmp/new" echo reached
    refused 'mnt-dev: --shm-size is given twice'
}

# The outer container stands for the host, which has a queue of its own.
testMessageQueuesAreTheContainersOwn() {
    needs_root && return
    attempt ns-enter -mi sh -c 'probe mqueue /host || exit
        ns-enter -mi mnt-dev "$0" sh -c "ls \$0/mqueue; probe mqueue /own && ls \$0/mqueue" "$0"
        mkdir -p "$0/q" && mount -t mqueue none "$0/q" && ls "$0/q"' "$tmp/new"
    ended 0
    printed "$(printf '%s\n' message message own host)"
}

testWithoutAnIpcNamespaceThereAreNoQueues() {
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc mnt-dev /dev sh -c \
        'ls -d /dev/mqueue; grep mqueue /proc/self/mountinfo; ls -d /dev/shm'
    ended 0
    printed /dev/shm
    attempt ns-enter -m mnt-dev "$tmp/new" ls "$tmp/new"
    assertEquals '' "$(grep mqueue "$tmp/out")"
    attempt unshare --mount mnt-dev "$tmp/new" ls "$tmp/new"
    assertEquals '' "$(grep mqueue "$tmp/out")"
}

testIpcNamespaceMayComeFromSomebodyElse() {
    needs_root && return
    attempt unshare --mount --ipc mnt-dev "$tmp/new" ls "$tmp/new/mqueue"
    ended 0
    printed ''
}

testNothingIsSeenOutside() {
    cp /proc/self/mountinfo "$tmp/mounts"
    image=$own
    for way in inside opened; do
        $way /dev touch /dev/file /dev/shm/file
        ended 0
        assertEquals '' "$(ls -A "$own/dev")"
    done
    mounted "$tmp/new" touch "$tmp/new/file"
    assertEquals '' "$(ls -A "$tmp/new")"
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
}

# null is a file, zero the disk's number, full a link to the host, pts and shm are links; there is a
# device more.
hostile_dev() {
    echo file >"$own/dev/null"
    mknod "$own/dev/zero" c 1 11
    ln -s "$victim/file" "$own/dev/full"
    ln -s "$victim" "$own/dev/pts"
    ln -s "../../../../../../../..$victim" "$own/dev/shm"
    ln -s "$victim" "$own/dev/mqueue"
    ln -s "$victim/made" "$own/dev/console"
    ln -s "$victim/made" "$own/dev/fd"
    mknod "$own/dev/kmsg" c 1 11
    image=$own
}

testNothingOfTheImages() {
    hostile_dev
    find "$own/dev" -ls >"$tmp/before"
    for way in inside opened bound; do
        [ $way = bound ] && { have_strace || continue; }
        each_device_works $way
        $way /dev sh -c 'stat -c "%n %t:%T" /dev/null /dev/zero; ls /dev/kmsg; cat /dev/null
            probe pty; probe shm'
        printed "$(printf '%s\n' '/dev/null 1:3' '/dev/zero 1:5' '/dev/pts/0 line' 'child wrote c')"
        victim_is_untouched $way
    done
    assertEquals '' "$(find "$own/dev" -ls | diff "$tmp/before" -)"
}

testDevIsALinkToTheHost() {
    rmdir "$own/dev"
    image=$own
    for link in "$victim" "../../../../../../../../..$victim" "/proc/1/root$victim" "/proc/self/root$victim"; do
        ln -sfn "$link" "$own/dev"
        for way in inside opened; do
            $way /dev echo reached
            case $way:$link in
            inside:/proc/*/root*) refused 'mnt-dev: cannot mount on /dev: *' ;;
            *)
                refused 'mnt-dev: cannot make the mount point /dev: *'
                assertEquals 'mnt-dev: hint: /dev is a symbolic link that leads nowhere' "$hint"
                ;;
            esac
            victim_is_untouched "$way $link"
            assertFalse "$way $link" "[ -e '$own$victim' ]"
        done
    done
}

testDevIsALinkWithinTheImage() {
    rmdir "$own/dev"
    image=$own
    # What the host has at that place is not what is meant.
    for link in "$victim" "../../../../../../../../..$victim" elsewhere /elsewhere; do
        case $link in
        *victim) place=$victim ;;
        *) place=/elsewhere ;;
        esac
        ln -sfn "$link" "$own/dev"
        mkdir -p "$own$place"
        for way in inside opened; do
            $way /dev sh -c 'echo x >/dev/null && stat -c %t:%T "$0/null" && probe pty' "$place"
            ended 0
            printed "$(printf '%s\n' 1:3 '/dev/pts/0 line')"
            victim_is_untouched "$way $link"
            assertEquals "$way $link" '' "$(ls -A "$own$place")"
        done
    done
}

testParentIsALinkToTheHost() {
    ln -sfn "$victim" "$own/dev/link"
    image=$own
    for way in inside opened; do
        $way /dev/link/made echo reached
        refused 'mnt-dev: cannot make the mount point /dev/link/made: No such file or directory'
        victim_is_untouched $way
    done
}

testDevIsAFile() {
    rmdir "$own/dev"
    : >"$own/dev"
    image=$own
    for way in inside opened; do
        $way /dev echo reached
        refused 'mnt-dev: cannot mount on /dev: Not a directory'
    done
    rm "$own/dev"
}

testDevIsALoop() {
    rmdir "$own/dev"
    ln -s dev "$own/dev"
    image=$own
    for way in inside opened; do
        $way /dev echo reached
        refused 'mnt-dev: cannot mount on /dev: *[Ss]ymbolic link*'
    done
}

testDevIsMissing() {
    image=$own
    for way in inside opened; do
        rmdir "$own/dev"
        $way /dev test -c /dev/null
        ended 0
        assertEquals '755 directory' "$(stat -c '%a %F' "$own/dev")"
    done
}

testDirIsTooLong() {
    long=$(printf '/%0200d' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)
    for way in inside opened; do
        $way "$long" echo reached
        refused 'mnt-dev: cannot mount on /000*: File*name too long'
    done
}

testReadOnlyRoot() {
    attempt ns-enter -mp root-setup --read-only "$root" mnt-dev /dev sh -c 'echo x >/dev/null && echo good'
    printed good
    rmdir "$own/dev"
    attempt ns-enter -mp root-setup --read-only "$own" mnt-dev /dev echo reached
    refused 'mnt-dev: cannot make the mount point /dev: Read-only file system'
    attempt ns-enter -mp root-open --read-only "$own" mnt-dev /dev root-setup . echo reached
    refused 'mnt-dev: cannot make the mount point /dev: Read-only file system'
}

testBoundDevicesWork() {
    have_strace || { skip 'no strace' && return; }
    bound /dev sh -c 'cd /dev && stat -c "%n %t:%T" null zero full random urandom tty'
    ended 0
    printed "$(printf '%s\n' 'null 1:3' 'zero 1:5' 'full 1:7' 'random 1:8' 'urandom 1:9' 'tty 5:0')"
    each_device_works bound
    bound /dev probe pty
    printed '/dev/pts/0 line'
}

testBoundDevicesHaveTheirFlags() {
    have_strace || { skip 'no strace' && return; }
    bound /dev cat /proc/self/mountinfo
    ended 0
    expected=
    for device in $devices; do
        flags | grep "^/dev/$device ro,nosuid,noexec,relatime - " >/dev/null ||
            expected="$expected $device"
    done
    assertEquals "$(flags)" '' "$expected"
    assertEquals 10 "$(flags | grep -c .)"
}

# The node is the host's own: who can change its mode, its owner or its times changes the host.
testBoundDevicesCannotBeChangedOnTheHost() {
    have_strace || { skip 'no strace' && return; }
    before=$(stat -c '%a %u %g %z' /dev/full /dev/tty)
    bound /dev sh -c 'chmod 666 /dev/full; chown 0:0 /dev/tty; touch -m /dev/full; echo done'
    printed 'done'
    assertEquals "$before" "$(stat -c '%a %u %g %z' /dev/full /dev/tty)"
}

testWithoutThePowerBehindRootSetup() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    for stage in root-setup root-open/root-setup fd-close; do
        case $stage in
        root-setup) set -- root-setup "$root" ;;
        root-open/root-setup) set -- root-open "$root" root-setup . ;;
        fd-close) set -- fd-close ;;
        esac
        inject mknodat:error=EPERM ns-enter -m "$@" mnt-dev /dev echo reached
        refused 'mnt-dev: cannot make the device null: Operation not permitted'
        assertEquals 'mnt-dev: hint: put this stage between root-open and root-setup: there it can take the host'"'"'s devices' "$hint"
    done
}

# As if somebody had changed the host's own.
testHostsDeviceIsAnother() {
    have_strace || { skip 'no strace' && return; }
    : >"$tmp/file"
    for source in "$tmp/file" /dev/zero; do
        inject mknodat:error=EPERM ns-enter -m sh -c 'mount --bind "$0" /dev/full &&
            exec ns-enter -m root-open "$1" mnt-dev /dev root-setup . echo reached' "$source" "$root"
        refused "mnt-dev: the host's /dev/full is not the device 1:7"
    done
    # A link is not followed, even to the right one.
    mknod "$tmp/null" c 1 3
    inject mknodat:error=EPERM ns-enter -m sh -c 'mount -t tmpfs none /dev && ln -s "$0" /dev/null &&
        exec ns-enter -m root-open "$1" mnt-dev /dev root-setup . echo reached' "$tmp/null" "$root"
    refused "mnt-dev: the host's /dev/null is not the device 1:3"
    inject mknodat:error=EPERM ns-enter -m sh -c 'mount -t tmpfs none /dev &&
        exec ns-enter -m root-open "$0" mnt-dev /dev root-setup . echo reached' "$root"
    refused "mnt-dev: cannot take the host's /dev/null: No such file or directory"
}

testProgHasNoMoreDescriptorsAndNoVariable() {
    attempt fd-close ns-enter -muipC root-setup "$root" mnt-dev /dev probe fds
    printed '0 1 2 '
    attempt fd-close ns-enter -muipC root-open "$root" mnt-dev /dev root-setup . probe fds
    printed '0 1 2 '
    for way in inside opened; do
        $way /dev probe env
        ended 0
        assertEquals '' "$(grep -E '^MINICTR_(NS|STAGES)=' "$tmp/out")"
    done
    have_strace || return 0
    attempt strace -f -o /dev/null -e inject=mknodat:error=EPERM \
        fd-close ns-enter -m root-open "$root" mnt-dev /dev root-setup . probe fds
    printed '0 1 2 '
}

testWithClosedStandardStreams() {
    attempt sh -c 'exec ns-enter -m root-setup "$0" mnt-dev /dev sh -c "ls /dev/null >/dev/shm/x; ls /proc/self/fd" <&- 2>&-' "$root"
    attempt sh -c 'exec ns-enter -m root-setup "$0" mnt-dev /dev probe exit 7 <&- >&- 2>&-' "$root"
    ended 7
}

testTypedOnTheHostItRefuses() {
    have_strace || { skip 'no strace' && return; }
    keeps_off_the_host mount mnt-dev "$tmp/new/dev"
    assertFalse 'the mount point was made' "[ -e '$tmp/new/dev' ]"
}

testNothingIsSeenOutsideANamespaceThatIsNotPrivate() {
    needs_root && return
    attempt unshare --mount sh -c 'mount --make-rshared / &&
        unshare --mount --propagation unchanged mnt-dev "$0" true && echo mounted && cat /proc/self/mountinfo' "$tmp/new"
    assertTrue 'it did its work' "grep -qx mounted '$tmp/out'"
    assertEquals '' "$(grep -F " $tmp/new" "$tmp/out")"
}

testWithoutRoot() {
    as_nobody mnt-dev "$tmp/new" echo reached
    refused 'mnt-dev: cannot compare the mount namespace with that of process 1: Permission denied'
    assertEquals 'mnt-dev: hint: this user is not root: run it with sudo' "$hint"
}

testPowerlessUserInANamespace() {
    needs_root && return
    as_nobody true
    attempt ns-enter -m setpriv --reuid 65534 --regid 65534 --clear-groups \
        env MINICTR_NS=m "$tmp/bin/mnt-dev" "$tmp/new" echo reached
    refused "mnt-dev: cannot mount tmpfs on $tmp/new: Operation not permitted"
    assertEquals 'mnt-dev: hint: this user is not root: run it with sudo' "$hint"
}

# fails FAULT PATTERN: on the machine's own root, and leaves nothing.
fails() {
    inject "$1" ns-enter -mi mnt-dev --shm-size 1M "$tmp/new" echo reached
    refused "mnt-dev: $2"
    assertEquals "$1" '' "$(ls -A "$tmp/new")"
}

testKernelRefuses() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    cp /proc/self/mountinfo "$tmp/mounts"
    fails fsopen:error=ENOSYS "cannot mount tmpfs on $tmp/new: Function not implemented"
    fails fsconfig:error=EINVAL:when=2 "cannot mount tmpfs on $tmp/new with mode=755: Invalid argument"
    fails fsconfig:error=ENOMEM:when=4 "cannot mount tmpfs on $tmp/new: *emory"
    fails fsmount:error=EPERM "cannot mount tmpfs on $tmp/new: Operation not permitted"
    fails move_mount:error=EINVAL "cannot mount tmpfs on $tmp/new: Invalid argument"
    fails openat2:error=ENOSYS "cannot mount on $tmp/new: Function not implemented"
    fails mknodat:error=ENOSPC 'cannot make the device null: No space left on device'
    fails mknodat:error=ENOMEM:when=6 'cannot make the device tty: *emory'
    fails symlinkat:error=ENOSPC 'cannot make the link fd: No space left on device'
    fails symlinkat:error=ENOSPC:when=5 'cannot make the link ptmx: No space left on device'
    fails mkdirat:error=ENOSPC 'cannot make pts: No space left on device'
    fails mkdirat:error=ENOSPC:when=2 'cannot make shm: No space left on device'
    fails mkdirat:error=ENOSPC:when=3 'cannot make mqueue: No space left on device'
    fails fsopen:error=ENODEV:when=2 'cannot mount devpts on pts: No such device'
    fails fsconfig:error=EINVAL:when=8 'cannot mount devpts on pts with gid=5: Invalid argument'
    fails fsmount:error=EPERM:when=3 'cannot mount tmpfs on shm: Operation not permitted'
    fails fsconfig:error=EINVAL:when=12 'cannot mount tmpfs on shm with size=1048576: Invalid argument'
    fails fsopen:error=ENODEV:when=4 'cannot mount mqueue on mqueue: No such device'
    fails move_mount:error=EINVAL:when=4 'cannot mount mqueue on mqueue: Invalid argument'
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
}

# Both faults at once: no device can be made, and what takes its place fails.
testKernelRefusesTheHostsDevices() {
    have_strace || { skip 'no strace' && return; }
    image=$own
    for fault in \
        "open_tree:error=EPERM:when=2|cannot take the host's /dev/null: Operation not permitted" \
        "move_mount:error=EINVAL:when=3|cannot mount /dev/null on null: Invalid argument" \
        "mount_setattr:error=EPERM:when=1|cannot *the host's /dev/null*: Operation not permitted"; do
        attempt strace -f -o /dev/null -e inject=mknodat:error=EPERM -e "inject=${fault%%|*}" \
            ns-enter -m root-open "$own" mnt-dev /dev root-setup . echo reached
        refused "mnt-dev: ${fault#*|}"
        assertEquals "$fault" '' "$(ls -A "$own/dev")"
    done
}

. shunit2
