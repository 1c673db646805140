# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# mnt-proc.sh: a new proc, and what it shows.

. "$(dirname "$0")/lib.sh"

setUp() {
    mkdir -p "$tmp/dir"
}

tearDown() {
    rm -rf --one-file-system "$tmp/dir" "$tmp/new"
}

# In a root of its own, where PROG is process 1.
inside() {
    attempt ns-enter -mp root-setup "$root" mnt-proc "$@"
}

# On the machine's own root.
mounted() {
    attempt ns-enter -mp mnt-proc "$@"
}

testOnlyTheProcessesOfTheNamespaceAreThere() {
    inside /proc sh -c 'echo /proc/[0-9]*'
    ended 0
    printed /proc/1
    inside /proc readlink /proc/self
    printed 1
}

testTypeAndFlags() {
    inside /proc cat /proc/self/mountinfo
    ended 0
    assertEquals 'rw,nosuid,nodev,noexec,relatime - proc proc rw' \
        "$(grep -F ' /proc ' "$tmp/out" | cut -d ' ' -f 6-)"
}

testNothingIsSeenOutside() {
    mounted "$tmp/dir" true
    ended 0
    assertEquals '' "$(ls -A "$tmp/dir")"
}

testItCoversTheMachinesProc() {
    mounted /proc sh -c 'echo /proc/[0-9]*'
    ended 0
    printed /proc/1
}

testWithoutAPidNamespaceItShowsTheCallers() {
    needs_root && return
    attempt ns-enter -m mnt-proc "$tmp/dir" test -e "$tmp/dir/$$"
    ended 0
}

testHidepidIsPassedOn() {
    for level in noaccess invisible ptraceable; do
        inside --hidepid "$level" /proc grep -F ' /proc ' /proc/self/mountinfo
        ended 0
        assertEquals "rw,hidepid=$level" "$(sed 's/.* //' "$tmp/out")"
    done
}

testHidepidOff() {
    inside --hidepid off /proc grep -F ' /proc ' /proc/self/mountinfo
    ended 0
    assertEquals rw "$(sed 's/.* //' "$tmp/out")"
}

testHidepidInvisibleHidesOtherUsersProcesses() {
    needs_root && return
    look='setpriv --reuid 65534 --regid 65534 --clear-groups ls "$0"; :'
    mounted --hidepid invisible "$tmp/dir" sh -c "$look" "$tmp/dir"
    ended 0
    assertEquals self "$(grep -xE '1|self' "$tmp/out")"
    mounted --hidepid off "$tmp/dir" sh -c "$look" "$tmp/dir"
    assertEquals '1 self' "$(grep -xE '1|self' "$tmp/out" | paste -sd ' ')"
}

testSubsetShowsOnlyProcesses() {
    inside --subset pid /proc ls /proc
    ended 0
    printed "$(printf '%s\n' 1 self thread-self)"
}

testWithoutSubsetAllIsThere() {
    inside /proc ls -d /proc/1 /proc/sys /proc/meminfo
    ended 0
}

testBothOptions() {
    inside --subset pid --hidepid noaccess /proc grep -F ' /proc ' /proc/self/mountinfo
    ended 0
    assertEquals 'rw,hidepid=noaccess,subset=pid' "$(sed 's/.* //' "$tmp/out")"
}

testBadHidepid() {
    for level in '' 0 1 2 4 -1 Off 'invisible,' ' off' 'off ' 'off,subset=pid' hidden; do
        mounted --hidepid "$level" "$tmp/dir" echo reached
        refused 'mnt-proc: --hidepid: "*" is none of off, noaccess, invisible, ptraceable'
    done
}

testBadSubset() {
    for subset in '' PID pids ' pid' 'pid ' pid,pid all; do
        mounted --subset "$subset" "$tmp/dir" echo reached
        refused 'mnt-proc: --subset: "*" is not pid'
    done
}

testMountPointIsMade() {
    mounted "$tmp/new/a" test -e "$tmp/new/a/1/status"
    ended 0
    assertEquals '755 755' "$(stat -c %a "$tmp/new" "$tmp/new/a" | paste -sd ' ')"
}

testMountPointThatIsAFile() {
    : >"$tmp/dir/file"
    mounted "$tmp/dir/file" echo reached
    refused "mnt-proc: cannot mount on $tmp/dir/file: Not a directory"
}

testMountPointThatIsALoop() {
    ln -s loop "$tmp/dir/loop"
    mounted "$tmp/dir/loop" echo reached
    refused "mnt-proc: cannot mount on $tmp/dir/loop: *[Ss]ymbolic link*"
}

testMountPointThatIsASymbolicLink() {
    mkdir "$tmp/dir/target"
    ln -s target "$tmp/dir/link"
    mounted "$tmp/dir/link" test -e "$tmp/dir/target/1/status"
    ended 0
}

testMountPointThatIsTooLong() {
    mounted "/$(printf '%0200d/' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)" echo reached
    refused 'mnt-proc: cannot mount on /000*: File*name too long'
}

testReadOnlyRootWithoutTheMountPoint() {
    attempt ns-enter -mp root-setup --read-only "$root" mnt-proc /missing echo reached
    refused 'mnt-proc: cannot make the mount point /missing: Read-only file system'
    assertEquals 'mnt-proc: hint: the root is read-only: make the directory in it beforehand' "$hint"
}

testReadOnlyRootWithTheMountPoint() {
    attempt ns-enter -mp root-setup --read-only "$root" mnt-proc /proc readlink /proc/self
    ended 0
    printed 1
}

testProgHasNoMoreDescriptors() {
    attempt fd-close ns-enter -mp mnt-proc "$tmp/dir" probe fds
    printed '0 1 2 '
}

testTypedOnTheHostItRefuses() {
    have_strace || { skip 'no strace' && return; }
    keeps_off_the_host mount mnt-proc "$tmp/new"
    assertFalse 'the mount point was made' "[ -e '$tmp/new' ]"
}

testNamespaceMayComeFromSomebodyElse() {
    needs_root && return
    attempt unshare --mount --pid --fork mnt-proc "$tmp/dir" readlink "$tmp/dir/self"
    ended 0
    printed 1
}

testWithoutRoot() {
    as_nobody mnt-proc "$tmp/dir" echo reached
    refused 'mnt-proc: cannot compare the mount namespace with that of process 1: Permission denied'
    assertEquals 'mnt-proc: hint: this user is not root: run it with sudo' "$hint"
}

testPowerlessUserInANamespace() {
    needs_root && return
    as_nobody true
    attempt ns-enter -mp setpriv --reuid 65534 --regid 65534 --clear-groups \
        env MINICTR_NS=m "$tmp/bin/mnt-proc" "$tmp/dir" echo reached
    refused "mnt-proc: cannot mount proc on $tmp/dir: Operation not permitted"
    assertEquals 'mnt-proc: hint: this user is not root: run it with sudo' "$hint"
}

testKernelRefuses() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    inject fsopen:error=ENODEV ns-enter -m mnt-proc "$tmp/dir" echo reached
    refused "mnt-proc: cannot mount proc on $tmp/dir: No such device"
    inject fsconfig:error=EINVAL:when=2 ns-enter -m mnt-proc --hidepid off "$tmp/dir" echo reached
    refused "mnt-proc: cannot mount proc on $tmp/dir with hidepid=off: Invalid argument"
    inject fsconfig:error=EPERM:when=2 ns-enter -m mnt-proc "$tmp/dir" echo reached
    refused "mnt-proc: cannot mount proc on $tmp/dir: Operation not permitted"
    inject fsmount:error=EPERM ns-enter -m mnt-proc "$tmp/dir" echo reached
    refused "mnt-proc: cannot mount proc on $tmp/dir: Operation not permitted"
    inject move_mount:error=EINVAL ns-enter -m mnt-proc "$tmp/dir" echo reached
    refused "mnt-proc: cannot mount proc on $tmp/dir: Invalid argument"
}

. shunit2
