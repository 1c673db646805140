# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# root-open.sh: the new root as the working directory, and that what is mounted in it stays in it.

. "$(dirname "$0")/lib.sh"

# A root of this file's own, and a place on the host that links in it point to.
oneTimeSetUp() {
    host_state >"$tmp/host.before"
    find / -maxdepth 1 | sort >"$tmp/host.top"
    own=$tmp/root victim=$tmp/victim
    cp -a "$root" "$own"
    mkdir -p "$own/inner/bin" "$victim/deep"
    cp "$helpers/probe" "$own/inner/bin/probe"
    echo secret >"$victim/file"
    before=$(victim_state)
}

# All of it, with the times of each change.
victim_state() {
    find "$victim" -printf '%p %y %m %s %T@ %C@\n' | sort
}

opened() {
    attempt ns-enter -m root-open "$@"
}

# What is mounted at and below the new root, seen by a program of the host's: the path, the flags.
mounts_in() {
    awk -v root="$own" 'index($5 "/", root "/") == 1 { print substr($5, length(root) + 1) " " $6 }' "$1"
}

testTheDirectoryIsTheWorkingDirectory() {
    opened "$own" sh -c 'pwd -P; stat -c %i .'
    ended 0
    printed "$own
$(stat -c %i "$own")"
}

testTheRootIsStillTheHosts() {
    opened "$own" stat -c %i /
    ended 0
    printed "$(stat -c %i /)"
}

testItIsAMountOfItsOwn() {
    opened "$own" cat /proc/self/mountinfo
    ended 0
    assertEquals ' rw,relatime' "$(mounts_in "$tmp/out")"
}

testTheWorkingDirectoryLiesInThatMount() {
    opened "$own" sh -c 'cat "/proc/self/fdinfo/9" 9<. | sed -n "s/^mnt_id:[^0-9]*//p"; cat /proc/self/mountinfo'
    ended 0
    read -r mount <"$tmp/out"
    assertEquals "$own" "$(awk -v id="$mount" 'NR > 1 && $1 == id { print $5 }' "$tmp/out")"
}

testWhatIsMountedBelowComesAlong() {
    attempt ns-enter -m mnt-tmpfs "$own/mytemp" sh -c 'touch "$0/mytemp/file" &&
        MINICTR_NS=m exec root-open "$0" ls mytemp' "$own"
    ended 0
    printed file
}

testItCanBeWritten() {
    opened "$own" sh -c 'echo text >written'
    ended 0
    assertEquals text "$(cat "$own/written")"
    rm -f "$own/written"
}

testReadOnly() {
    for option in --read-only -r; do
        opened "$option" "$own" sh -c 'echo x >file'
        assertNotEquals 0 "$status"
        assertTrue "$(cat "$tmp/err")" "grep -q 'Read-only file system' '$tmp/err'"
        opened "$option" "$own" cat /proc/self/mountinfo
        assertEquals ' ro,relatime' "$(mounts_in "$tmp/out")"
    done
    assertFalse "[ -e '$own/file' ]"
}

testNodev() {
    needs_root && return
    mknod "$own/null" c 1 3
    opened "$own" sh -c 'echo x >null && echo opened'
    printed opened
    opened --nodev "$own" sh -c 'echo x >null && echo opened'
    said 'Permission denied'
    printed ''
    opened --nodev -r "$own" cat /proc/self/mountinfo
    assertEquals ' ro,nodev,relatime' "$(mounts_in "$tmp/out")"
    rm "$own/null"
}

testReadOnlyHoldsForWhatIsMountedBelow() {
    attempt ns-enter -m mnt-tmpfs "$own/mytemp" mnt-tmpfs "$own/mytemp/a" root-open --read-only "$own" \
        sh -c 'cat /proc/self/mountinfo; touch mytemp/file || touch mytemp/a/file'
    ended 1
    assertEquals ' ro,relatime
/mytemp ro,nosuid,nodev,relatime
/mytemp/a ro,nosuid,nodev,relatime' "$(mounts_in "$tmp/out" | sort | grep ' ro')"
    assertEquals 2 "$(grep -c 'Read-only file system' "$tmp/err")"
}

testReadOnlyHoldsInTheRoot() {
    opened -r "$own" root-setup . sh -c 'echo x >/file'
    assertNotEquals 0 "$status"
    assertTrue "$(cat "$tmp/err")" "grep -q 'Read-only file system' '$tmp/err'"
    opened -r "$own" mnt-proc /proc root-setup . awk '$5 == "/" { print $6 }' /proc/self/mountinfo
    printed ro,relatime
}

testReadOnlyDoesNotReachTheDirectoryItself() {
    opened -r "$own" touch "$tmp/outside"
    ended 0
    assertTrue 'it stays writable outside' "touch '$own/file'"
    rm -f "$own/file"
}

testReadOnlyRootWithoutTheMountPoint() {
    opened --read-only "$own" mnt-tmpfs /missing echo reached
    refused 'mnt-tmpfs: cannot make the mount point /missing: Read-only file system'
    assertEquals 'mnt-tmpfs: hint: the root is read-only: make the directory in it beforehand' "$hint"
}

testReadOnlyRootWithTheMountPoint() {
    opened --read-only "$own" mnt-tmpfs /mytemp root-setup . touch /mytemp/file
    ended 0
}

testItBecomesTheRoot() {
    opened "$own" root-setup . stat -c %i /
    ended 0
    printed "$(stat -c %i "$own")"
}

testMountsGoIntoIt() {
    opened "$own" mnt-tmpfs /mytemp mnt-proc /proc cat /proc/self/mountinfo
    ended 0
    assertEquals '/mytemp rw,nosuid,nodev,relatime
/proc rw,nosuid,nodev,noexec,relatime' "$(mounts_in "$tmp/out" | grep / | sort)"
    opened "$own" mnt-tmpfs /mytemp mnt-proc /proc root-setup . cut -d ' ' -f 5 /proc/self/mountinfo
    ended 0
    assertEquals '/ /mytemp /proc' "$(sort "$tmp/out" | paste -sd ' ')"
}

testPathsWithoutASlashAreInItToo() {
    opened "$own" mnt-tmpfs mytemp cat /proc/self/mountinfo
    assertEquals '/mytemp rw,nosuid,nodev,relatime' "$(mounts_in "$tmp/out" | grep /)"
}

testMissingMountPointsAreMadeInIt() {
    opened "$own" mnt-tmpfs "$victim/made/here" true
    ended 0
    assertEquals '755 directory' "$(stat -c '%a %F' "$own$victim/made/here")"
    assertEquals "$before" "$(victim_state)"
    rm -r "${own:?}$tmp"
}

# confined STAGE PATH PLACE: the stage, with that path, mounts at that place of the root.
confined() {
    opened "$own" "$1" "$2" cat /proc/self/mountinfo
    ended 0
    assertEquals "$3" "$(mounts_in "$tmp/out" | sed -n 's| .*||; \|/|p')"
    assertEquals "$before" "$(victim_state)"
}

testLinksStayInIt() {
    mkdir -p "$own$victim/deep"
    ln -s "$victim" "$own/absolute"
    ln -s "../../../../../../../..$victim" "$own/relative"
    ln -s /absolute "$own/chained"
    for stage in mnt-tmpfs mnt-proc; do
        confined $stage /absolute "$victim"
        confined $stage /relative "$victim"
        confined $stage /chained/deep "$victim/deep"
        confined $stage "/../../../..$victim/deep" "$victim/deep"
        confined $stage "../../../../../../../../..$victim/deep" "$victim/deep"
        confined $stage /absolute/new/a "$victim/new/a"
    done
    rm -r "${own:?}$tmp"
    for path in absolute relative chained absolute/new relative/new; do
        opened "$own" mnt-tmpfs "/$path" echo reached
        refused "mnt-tmpfs: cannot make the mount point /$path: No such file or directory"
        assertEquals "mnt-tmpfs: hint: /${path%/new} is a symbolic link that leads nowhere" "$hint"
    done
    assertEquals "$before" "$(victim_state)"
    rm "$own/absolute" "$own/relative" "$own/chained"
}

testDirMayBeRelative() {
    attempt sh -c 'cd "$0" && exec ns-enter -m root-open ./root pwd -P' "$tmp"
    printed "$own"
    attempt sh -c 'cd "$0/bin" && exec ns-enter -m root-open ../.. stat -c %i .' "$own"
    printed "$(stat -c %i "$own")"
    attempt sh -c 'cd "$0" && exec ns-enter -m root-open . root-setup . stat -c %i /' "$own"
    printed "$(stat -c %i "$own")"
}

testDirMayBeTheRoot() {
    opened / mnt-tmpfs "$victim" root-setup . sh -c 'stat -c %i /; ls -A "$0"' "$victim"
    ended 0
    printed "$(stat -c %i /)"
    assertEquals "$before" "$(victim_state)"
}

testDirMayBeASymbolicLink() {
    ln -s root "$tmp/link"
    opened "$tmp/link" pwd -P
    ended 0
    printed "$own"
}

testDirMayBeAMount() {
    attempt ns-enter -m mnt-tmpfs "$victim/deep" root-open "$victim/deep" stat -fc %T .
    ended 0
    printed tmpfs
}

testDirOfAnyName() {
    odd=$(printf 'a :,\\"\n\377\303x')
    mkdir -p "$tmp/$odd/bin"
    cp "$helpers/probe" "$tmp/$odd/bin"
    opened "$tmp/$odd" root-setup . /bin/probe exit 5
    ended 5
}

testDirThatIsMissing() {
    opened "$tmp/none" echo reached
    refused "root-open: cannot open the new root $tmp/none: No such file or directory"
}

testDirThatIsAFile() {
    opened "$victim/file" echo reached
    refused "root-open: cannot open the new root $victim/file: Not a directory"
}

testDirThatIsALoop() {
    ln -s loop "$tmp/loop"
    opened "$tmp/loop" echo reached
    refused "root-open: cannot open the new root $tmp/loop: *[Ss]ymbolic link*"
}

testDirThatIsTooLong() {
    opened "/$(printf '%0200d/' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)" echo reached
    refused 'root-open: cannot open the new root /000*: File*name too long'
    opened "$tmp/$(printf %0256d 0)" echo reached
    refused "root-open: cannot open the new root $tmp/000*: File*name too long"
}

testOnceIsEnough() {
    opened "$own" root-open "$own" echo reached
    refused 'root-open: a new root is open already'
    attempt ns-enter -m mnt-overlay "$own" root-open "$own" echo reached
    refused 'root-open: a new root is open already'
}

testOnceMoreInTheRoot() {
    opened "$own" root-setup . root-open /inner mnt-tmpfs /made root-setup . probe exit 6
    ended 6
    assertTrue 'in the second root' "[ -d '$own/inner/made' ]"
    rmdir "$own/inner/made"
}

testStagesInBetween() {
    attempt ns-enter -mu root-open "$own" uts-name box root-setup . hostname
    ended 0
    printed box
    attempt ns-enter -mp root-open "$own" pid-init mnt-proc /proc root-setup . probe exit 6
    ended 6
    opened "$own" ns-enter -m mnt-tmpfs /mytemp root-setup . stat -fc %T /mytemp
    ended 0
    printed tmpfs
}

testProgramInBetween() {
    opened "$own" env SLIPPED=in root-setup . sh -c 'stat -c %i /; echo $SLIPPED'
    ended 0
    printed "$(stat -c %i "$own")
in"
}

testProgHasNoMoreDescriptors() {
    attempt fd-close ns-enter -m root-open "$own" probe fds
    printed '0 1 2 '
    attempt fd-close ns-enter -m root-open "$own" root-setup . probe fds
    printed '0 1 2 '
    attempt sh -c 'exec fd-close ns-enter -m root-open "$0" root-setup . probe fds <&-' "$own"
    printed '1 2 '
}

testProgHasNoVariableOfTheStages() {
    opened "$own" probe env
    ended 0
    assertEquals '' "$(grep '^MINICTR_' "$tmp/out" | grep -v '^MINICTR_TEST_')"
    opened "$own" root-setup . probe env
    ended 0
    assertEquals '' "$(grep '^MINICTR_' "$tmp/out" | grep -v '^MINICTR_TEST_')"
}

testTheRestOfTheEnvironmentIsTheCallers() {
    attempt env ONE=1 TWO= ns-enter -m root-open "$own" probe env
    assertEquals 'ONE=1 TWO=' "$(grep -E '^(ONE|TWO)=' "$tmp/out" | sort | paste -sd ' ')"
}

testTheMachinesMountsAreUnchanged() {
    cp /proc/self/mountinfo "$tmp/mounts"
    start ns-enter -m root-open "$own" mnt-tmpfs /mytemp sleep 1000
    await 20 sh -c '[ "$(cat "/proc/$0/comm")" = sleep ]' "$started" || fail 'it did not start'
    mounts_in "/proc/$started/mountinfo" >"$tmp/inside"
    changed=$(diff "$tmp/mounts" /proc/self/mountinfo)
    kill "$started"
    wait "$started"
    assertEquals 'inside' 2 "$(grep -c . "$tmp/inside")"
    assertEquals 'outside' '' "$changed"
}

# Somebody else's namespace may pass its mounts on to the host's.
testNothingIsSeenOutsideANamespaceThatIsNotPrivate() {
    attempt unshare --mount sh -c 'mount --make-rshared / &&
        unshare --mount --propagation unchanged root-open "$0" mnt-tmpfs /mytemp true
        cat /proc/self/mountinfo' "$own"
    assertEquals '' "$(mounts_in "$tmp/out")"
}

testNamespaceMayComeFromSomebodyElse() {
    needs_root && return
    attempt unshare --mount root-open "$own" mnt-tmpfs /mytemp root-setup . stat -fc %T /mytemp
    ended 0
    printed tmpfs
}

testTypedOnTheHostItRefuses() {
    have_strace || { skip 'no strace' && return; }
    keeps_off_the_host mount root-open "$own"
}

testWithoutRoot() {
    as_nobody root-open "$own" echo reached
    refused 'root-open: cannot compare the mount namespace with that of process 1: Permission denied'
    assertEquals 'root-open: hint: this user is not root: run it with sudo' "$hint"
}

testPowerlessUserInANamespace() {
    needs_root && return
    as_nobody true
    attempt ns-enter -m setpriv --reuid 65534 --regid 65534 --clear-groups \
        env MINICTR_NS=m "$tmp/bin/root-open" "$own" echo reached
    refused "root-open: cannot make a mount of the new root $own: Operation not permitted"
    assertEquals 'root-open: hint: this user is not root: run it with sudo' "$hint"
}

# kernel_refuses CALL:ERROR MESSAGE [OPTION...]
kernel_refuses() {
    call=$1 message=$2
    shift 2
    inject "$call" ns-enter -m root-open "$@" "$own" echo reached
    refused "root-open: $message"
}

testKernelRefuses() {
    have_strace || { skip 'no strace' && return; }
    kernel_refuses open_tree:error=ENOSYS "cannot make a mount of the new root $own: Function not implemented"
    kernel_refuses open_tree:error=EPERM "cannot make a mount of the new root $own: Operation not permitted"
    kernel_refuses open_tree:error=ENOMEM "cannot make a mount of the new root $own: *memory"
    for reason in 'EPERM Operation not permitted' 'EINVAL Invalid argument' 'ENOSYS Function not implemented'; do
        kernel_refuses "mount_setattr:error=${reason%% *}" \
            "cannot set the flags of the new root $own: ${reason#* }" -r
    done
    kernel_refuses move_mount:error=EINVAL "cannot mount the new root $own: Invalid argument"
    kernel_refuses move_mount:error=ENOSPC "cannot mount the new root $own: No space left on device"
    kernel_refuses fchdir:error=EACCES "cannot enter the new root $own: Permission denied"
}

# The last one: what a path of the root would have left when it was taken for one of the host.
testNothingWasMadeOnTheHost() {
    assertEquals '' "$(find / -maxdepth 1 | sort | diff "$tmp/host.top" -)"
}

. shunit2
