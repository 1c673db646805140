# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# mnt-tmpfs.sh: a new tmpfs, what it is mounted on and what it holds.

. "$(dirname "$0")/lib.sh"

setUp() {
    mkdir -p "$tmp/dir"
}

tearDown() {
    rm -rf --one-file-system "$tmp/dir" "$tmp/new"
}

# In a mount namespace on the machine's own root.
mounted() {
    attempt ns-enter -m mnt-tmpfs "$@"
}

testItIsEmpty() {
    : >"$tmp/dir/file"
    mounted "$tmp/dir" ls -A "$tmp/dir"
    ended 0
    printed ''
}

testItCanBeWritten() {
    mounted "$tmp/dir" sh -c 'echo text >"$0/file" && cat "$0/file"' "$tmp/dir"
    ended 0
    printed text
}

testNothingIsSeenOutside() {
    mounted "$tmp/dir" touch "$tmp/dir/file"
    ended 0
    assertEquals '' "$(ls -A "$tmp/dir")"
    assertEquals '' "$(grep -F " $tmp/dir " /proc/self/mountinfo)"
}

testTypeAndFlags() {
    mounted "$tmp/dir" grep -F " $tmp/dir " /proc/self/mountinfo
    ended 0
    assertEquals 'rw,nosuid,nodev,relatime - tmpfs tmpfs rw' "$(cut -d ' ' -f 6- "$tmp/out" | sed 's/,inode64//; s/,uid=.*//')"
}

testSetuidHasNoEffect() {
    needs_root && return
    mounted "$tmp/dir" sh -c 'install -o 65534 -m 4755 "$(command -v id)" "$0/id" && "$0/id" -u' "$tmp/dir"
    ended 0
    printed 0
}

testDevicesHaveNoEffect() {
    needs_root && return
    mounted "$tmp/dir" sh -c 'mknod "$0/null" c 1 3 && : <"$0/null"' "$tmp/dir"
    assertNotEquals 0 "$status"
    assertTrue "$(cat "$tmp/err")" "grep -q 'Permission denied' '$tmp/err'"
}

testProgramsCanBeExecuted() {
    mounted "$tmp/dir" sh -c 'cp "$1" "$0/probe" && "$0/probe" exit 7' "$tmp/dir" "$helpers/probe"
    ended 7
}

testEveryoneMayUseIt() {
    mounted "$tmp/dir" stat -c '%a %u %g' "$tmp/dir"
    printed '1777 0 0'
}

testMode() {
    for mode in 0 700 755 2770 7777; do
        mounted --mode "0$mode" "$tmp/dir" stat -c %a "$tmp/dir"
        ended 0
        printed "$mode"
    done
}

testModeIsNotSubjectToTheUmask() {
    attempt sh -c 'umask 077 && exec ns-enter -m mnt-tmpfs --mode 777 "$0" stat -c %a "$0"' "$tmp/dir"
    printed 777
}

testBadModes() {
    for mode in '' 8 78 07779 10000 -1 +1 0x1ff 1e3 ' 700' '700 ' u+x 77777777777777777777777; do
        mounted --mode "$mode" "$tmp/dir" echo reached
        refused 'mnt-tmpfs: --mode: "*" is not a mode: octal, 0 to 7777'
    done
}

# What df says, in bytes.
size() {
    mounted "$@" "$tmp/dir" df --block-size=1 --output=size "$tmp/dir"
    ended 0
    sed '1d; s/ //g' "$tmp/out"
}

testSizes() {
    assertEquals 65536 "$(size --size 65536)"
    assertEquals 65536 "$(size --size 64K)"
    assertEquals 65536 "$(size --size=64k)"
    assertEquals 3145728 "$(size --size 3M)"
    assertEquals 1073741824 "$(size --size 1g)"
    assertEquals 2199023255552 "$(size --size 2T)"
}

testSizeIsRoundedUpToPages() {
    assertEquals "$(getconf PAGESIZE)" "$(size --size 1)"
}

testLargestSizeIsNotTakenForNone() {
    mounted --size 9223372036854775807 "$tmp/dir" grep -F " $tmp/dir " /proc/self/mountinfo
    ended 0
    assertEquals rw,size=9007199254740992k "$(sed 's/.* //; s/,inode64//; s/,uid=.*//' "$tmp/out")"
}

testDefaultSizeIsHalfOfTheMemory() {
    page=$(getconf PAGESIZE)
    half=$(awk -v page="$page" '/^MemTotal:/ { print int($2 * 1024 / page / 2) }' /proc/meminfo)
    assertEquals "$((half * page))" "$(size)"
}

testUpToTheSizeItCanBeFilled() {
    mounted --size 1M "$tmp/dir" sh -c 'head -c 1048576 /dev/zero >"$0/file" && stat -c %s "$0/file"' \
        "$tmp/dir"
    ended 0
    printed 1048576
}

testBeyondTheSizeItIsFull() {
    mounted --size 1M "$tmp/dir" sh -c 'head -c 1048577 /dev/zero >"$0/file"' "$tmp/dir"
    ended 1
    assertTrue "$(cat "$tmp/err")" "grep -q 'No space left on device' '$tmp/err'"
}

testSizesThatAreNone() {
    for size in -1 +1 1e3 12Q 0x10 K 1KK 1Ki 1kB 1.5M 1,5 ' 1' '1 ' '1 K' "$(printf '1\n')x" half; do
        mounted --size "$size" "$tmp/dir" echo reached
        refused 'mnt-tmpfs: --size: "*" is not a size: digits, then nothing or one of K, M, G, T'
    done
}

testSizesThatAreTooLarge() {
    for size in 99999999999G 8388608T 9223372036854775808 9223372036854775807K \
        18446744073709551615 18446744073709551616 18446744073709551621 18014398509481985K \
        16777217T "$(printf 1%0300d 0)"; do
        mounted --size "$size" "$tmp/dir" echo reached
        refused "mnt-tmpfs: --size: $size is too large: at most 2^63-1 bytes"
    done
}

testSizesThatAreTooSmall() {
    mounted --size '' "$tmp/dir" echo reached
    refused 'mnt-tmpfs: --size: the size is empty'
    for size in 0 00 0K; do
        mounted --size "$size" "$tmp/dir" echo reached
        refused "mnt-tmpfs: --size: $size is too small: at least 1 byte"
    done
}

testTwoAreApart() {
    mkdir "$tmp/dir/b"
    mounted "$tmp/dir" mnt-tmpfs "$tmp/dir/b" sh -c 'touch "$0/b/file"; ls -A "$0"' "$tmp/dir"
    ended 0
    printed b
}

testTheLaterOneCoversTheEarlier() {
    mounted "$tmp/dir" sh -c 'touch "$0/file" && exec ns-enter -m mnt-tmpfs "$0" ls -A "$0"' "$tmp/dir"
    ended 0
    printed ''
}

testMountPointIsMade() {
    mounted "$tmp/new/a/b" grep -cF " $tmp/new/a/b " /proc/self/mountinfo
    ended 0
    printed 1
    for made in "$tmp/new" "$tmp/new/a" "$tmp/new/a/b"; do
        assertEquals "$made" "755 $(id -u) directory" "$(stat -c '%a %u %F' "$made")"
    done
}

testMountPointIsMadeForEveryoneWhateverTheUmask() {
    attempt sh -c 'umask 077 && exec ns-enter -m mnt-tmpfs "$0/new/a" true' "$tmp"
    ended 0
    assertEquals "755 755" "$(stat -c %a "$tmp/new" "$tmp/new/a" | paste -sd ' ')"
}

testProgsUmaskIsTheCallers() {
    attempt sh -c 'umask 027 && exec ns-enter -m mnt-tmpfs "$0/new/a" sh -c umask' "$tmp"
    printed 0027
}

testMountPointWithSlashesToSpare() {
    mounted "$tmp//new///a/" grep -cF " $tmp/new/a " /proc/self/mountinfo
    ended 0
    printed 1
}

testMountPointRelativeToTheWorkingDirectory() {
    attempt sh -c 'cd "$0" && exec ns-enter -m mnt-tmpfs new/a grep -cF " $0/new/a " /proc/self/mountinfo' \
        "$tmp"
    ended 0
    printed 1
}

testMountPointInsideTheRoot() {
    attempt ns-enter -mp root-setup "$root" mnt-tmpfs /mytemp mnt-proc /proc \
        grep -F ' tmpfs ' /proc/self/mountinfo
    ended 0
    assertEquals '/mytemp rw,nosuid,nodev,relatime' "$(cut -d ' ' -f 5,6 "$tmp/out")"
}

testMountPointThatIsASymbolicLink() {
    mkdir "$tmp/dir/target"
    ln -s target "$tmp/dir/link"
    mounted "$tmp/dir/link" grep -cF " $tmp/dir/target " /proc/self/mountinfo
    ended 0
    printed 1
}

testLinkInTheRootStaysInTheRoot() {
    cp -R "$root" "$tmp/root"
    mkdir -p "$tmp/root$tmp/dir"
    ln -s "$tmp/dir" "$tmp/root/link"
    attempt ns-enter -mp root-setup "$tmp/root" mnt-tmpfs /link mnt-proc /proc \
        grep -cF " $tmp/dir " /proc/self/mountinfo
    ended 0
    printed 1
    rm -rf "$tmp/root"
}

testMountPointThatIsAFile() {
    : >"$tmp/dir/file"
    mounted "$tmp/dir/file" echo reached
    refused "mnt-tmpfs: cannot mount on $tmp/dir/file: Not a directory"
    mounted "$tmp/dir/file/below" echo reached
    refused "mnt-tmpfs: cannot mount on $tmp/dir/file/below: Not a directory"
    assertEquals 'regular empty file' "$(stat -c %F "$tmp/dir/file")"
}

testMountPointThatIsALinkToNowhere() {
    ln -s nowhere "$tmp/dir/link"
    mounted "$tmp/dir/link" echo reached
    refused "mnt-tmpfs: cannot make the mount point $tmp/dir/link: No such file or directory"
    assertEquals "mnt-tmpfs: hint: $tmp/dir/link is a symbolic link that leads nowhere" "$hint"
    assertFalse "[ -e '$tmp/dir/nowhere' ]"
}

testMountPointThatIsALoop() {
    ln -s loop "$tmp/dir/loop"
    mounted "$tmp/dir/loop" echo reached
    refused "mnt-tmpfs: cannot mount on $tmp/dir/loop: *[Ss]ymbolic link*"
}

testMountPointThatIsTooLong() {
    long=$(printf '/%0200d' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)
    mounted "$tmp/new$long" echo reached
    refused "mnt-tmpfs: cannot mount on $tmp/new/*: File*name too long"
    assertFalse "[ -e '$tmp/new' ]"
}

testNameThatIsTooLong() {
    mounted "$tmp/new/$(printf %0256d 0)" echo reached
    refused "mnt-tmpfs: cannot *mount* $tmp/new/000*: File*name too long"
}

testReadOnlyRootWithoutTheMountPoint() {
    attempt ns-enter -m root-setup --read-only "$root" mnt-tmpfs /missing echo reached
    refused 'mnt-tmpfs: cannot make the mount point /missing: Read-only file system'
    assertEquals 'mnt-tmpfs: hint: the root is read-only: make the directory in it beforehand' "$hint"
}

testReadOnlyRootWithTheMountPoint() {
    attempt ns-enter -m root-setup --read-only "$root" mnt-tmpfs /mytemp touch /mytemp/file
    ended 0
}

testPlaceThatAllowsNoDirectories() {
    mounted /proc/new echo reached
    refused 'mnt-tmpfs: cannot make the mount point /proc/new: No such file or directory'
    assertEquals '' "$hint"
}

testProgHasNoMoreDescriptors() {
    attempt fd-close ns-enter -m mnt-tmpfs "$tmp/dir" probe fds
    printed '0 1 2 '
}

testTypedOnTheHostItRefuses() {
    have_strace || { skip 'no strace' && return; }
    keeps_off_the_host mount mnt-tmpfs "$tmp/new"
    assertFalse 'the mount point was made' "[ -e '$tmp/new' ]"
}

testNamespaceMayComeFromSomebodyElse() {
    needs_root && return
    attempt unshare --mount mnt-tmpfs "$tmp/dir" grep -cF " $tmp/dir " /proc/self/mountinfo
    ended 0
    printed 1
}

# Somebody else's namespace may pass its mounts on to the host's.
testNothingIsSeenOutsideANamespaceThatIsNotPrivate() {
    needs_root && return
    attempt unshare --mount sh -c 'mount --make-rshared / &&
        unshare --mount --propagation unchanged mnt-tmpfs "$0" true && echo mounted && cat /proc/self/mountinfo' "$tmp/dir"
    assertTrue 'it did its work' "grep -qx mounted '$tmp/out'"
    assertEquals '' "$(grep -F " $tmp/dir " "$tmp/out")"
}

testWithoutRoot() {
    as_nobody mnt-tmpfs "$tmp/dir" echo reached
    refused 'mnt-tmpfs: cannot compare the mount namespace with that of process 1: Permission denied'
    assertEquals 'mnt-tmpfs: hint: this user is not root: run it with sudo' "$hint"
}

testPowerlessUserInANamespace() {
    needs_root && return
    as_nobody true
    attempt ns-enter -m setpriv --reuid 65534 --regid 65534 --clear-groups \
        env MINICTR_NS=m "$tmp/bin/mnt-tmpfs" "$tmp/dir" echo reached
    refused "mnt-tmpfs: cannot mount tmpfs on $tmp/dir: Operation not permitted"
    assertEquals 'mnt-tmpfs: hint: this user is not root: run it with sudo' "$hint"
}

testKernelRefuses() {
    have_strace || { skip 'no strace' && return; }
    inject fsopen:error=ENOSYS ns-enter -m mnt-tmpfs "$tmp/dir" echo reached
    refused "mnt-tmpfs: cannot mount tmpfs on $tmp/dir: Function not implemented"
    inject fsconfig:error=EINVAL:when=2 ns-enter -m mnt-tmpfs "$tmp/dir" echo reached
    refused "mnt-tmpfs: cannot mount tmpfs on $tmp/dir with mode=1777: Invalid argument"
    inject fsconfig:error=EINVAL:when=3 ns-enter -m mnt-tmpfs --size 4K "$tmp/dir" echo reached
    refused "mnt-tmpfs: cannot mount tmpfs on $tmp/dir with size=4096: Invalid argument"
    inject fsconfig:error=ENOSPC:when=3 ns-enter -m mnt-tmpfs "$tmp/dir" echo reached
    refused "mnt-tmpfs: cannot mount tmpfs on $tmp/dir: No space left on device"
    inject fsmount:error=EPERM ns-enter -m mnt-tmpfs "$tmp/dir" echo reached
    refused "mnt-tmpfs: cannot mount tmpfs on $tmp/dir: Operation not permitted"
    inject move_mount:error=EINVAL ns-enter -m mnt-tmpfs "$tmp/dir" echo reached
    refused "mnt-tmpfs: cannot mount tmpfs on $tmp/dir: Invalid argument"
}

testKernelRefusesTheMountPoint() {
    have_strace || { skip 'no strace' && return; }
    inject mkdirat:error=ENOSPC ns-enter -m mnt-tmpfs "$tmp/new/a" echo reached
    refused 'mnt-tmpfs: cannot make the mount point /*: No space left on device'
    inject mkdirat:error=EROFS ns-enter -m mnt-tmpfs "$tmp/new/a" echo reached
    refused 'mnt-tmpfs: cannot make the mount point /*: Read-only file system'
    assertEquals 'the root itself can be written' '' "$hint"
}

. shunit2
