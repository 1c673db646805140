# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# root-setup.sh: the new root, that nothing of the old one is left, and that nothing in the new one
# is taken for a stage.

. "$(dirname "$0")/lib.sh"

# A small root of this file's own. It holds programs with the names of stages, which must not run.
setUp() {
    own=$tmp/root
    [ -d "$own" ] && return
    mkdir -p "$own/bin" "$own/proc" "$own/mytemp" "$own/dir" "$own/inner/bin"
    cp "$helpers/probe" "$own/bin/probe"
    cp "$helpers/probe" "$own/inner/bin/probe"
    cp "$helpers/probe" "$own/bin/mnt-proc"
    cp "$helpers/probe" "$own/bin/uts-name"
    echo new >"$own/where"
    PATH=$PATH:/bin
}

into() {
    attempt ns-enter -mp root-setup "$@"
}

testTheDirectoryIsTheRoot() {
    into "$root" stat -c %i /
    ended 0
    printed "$(stat -c %i "$root")"
}

testTheWorkingDirectoryIsTheRoot() {
    attempt sh -c 'cd "$0" && exec ns-enter -m root-setup "$1" pwd' "$tmp" "$root"
    ended 0
    printed /
}

testNothingElseIsMounted() {
    into "$root" mnt-proc /proc cat /proc/self/mountinfo
    ended 0
    assertEquals '/ /proc' "$(cut -d ' ' -f 5 "$tmp/out" | sort | paste -sd ' ')"
}

# Asserts that a process behind these stages has the new root and nothing else.
seen_from_outside() {
    start ns-enter -m "$@" sleep 1000
    await 20 sh -c '[ "$(cat "/proc/$0/comm")" = sleep ]' "$started" || fail 'it did not start'
    cut -d ' ' -f 5 "/proc/$started/mountinfo" >"$tmp/mounts"
    readlink "/proc/$started/root" "/proc/$started/cwd" >"$tmp/links"
    kill "$started"
    wait "$started"
    assertEquals / "$(cat "$tmp/mounts")"
    assertEquals 'both lie in the new root' "$(printf '%s\n' / /)" "$(cat "$tmp/links")"
}

testNothingElseIsMountedSeenFromOutside() {
    seen_from_outside root-setup "$root"
}

testTheMachinesMountsAreUnchanged() {
    cp /proc/self/mountinfo "$tmp/mounts"
    into "$root" true
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
    assertNotEquals 'the root' "$(stat -c %i "$root")" "$(stat -c %i /)"
}

testDotDotStaysInTheRoot() {
    into "$root" sh -c 'cd ../../.. && stat -c %i . .. /..'
    ended 0
    inode=$(stat -c %i "$root")
    printed "$(printf '%s\n' "$inode" "$inode" "$inode")"
}

# The old root must be gone, and not only covered: its mount point would show when it is taken off.
testNothingIsBelowTheRoot() {
    into "$root" sh -c 'umount / || umount -l /; stat -c %i /'
    assertEquals "$(stat -c %i "$root")" "$(tail -n 1 "$tmp/out")"
}

testProcessesShowNoOtherRoot() {
    into "$root" mnt-proc /proc pid-init sh -c 'stat -Lc %i /proc/[0-9]*/root /proc/[0-9]*/cwd | sort -u'
    printed "$(stat -c %i "$root")"
}

testProgHasNoDescriptorOfTheStages() {
    attempt fd-close ns-enter -m root-setup "$root" probe fds
    ended 0
    printed '0 1 2 '
}

testProgHasNoVariableOfTheStages() {
    into "$root" probe env
    ended 0
    assertEquals '' "$(grep -E '^MINICTR_(NS|STAGES)=' "$tmp/out")"
}

testTheRestOfTheEnvironmentIsTheCallers() {
    attempt env ONE=1 TWO= ns-enter -m root-setup "$root" probe env
    assertEquals 'ONE=1 TWO=' "$(grep -E '^(ONE|TWO)=' "$tmp/out" | sort | paste -sd ' ')"
}

testRootCanBeWritten() {
    into "$own" probe exit 0
    ended 0
    attempt ns-enter -m root-setup "$own" mnt-tmpfs /made/here probe exit 0
    ended 0
    assertTrue 'in the directory itself' "[ -d '$own/made/here' ]"
    rmdir "$own/made/here" "$own/made"
}

testReadOnly() {
    for option in --read-only -r; do
        into "$option" "$root" sh -c 'echo x >/tmp/file'
        assertNotEquals 0 "$status"
        assertTrue "$(cat "$tmp/err")" "grep -q 'Read-only file system' '$tmp/err'"
    done
    assertFalse "[ -e '$root/tmp/file' ]"
}

# A device node of the image opens the device, unless the root is nodev, with what is mounted below it.
testNodev() {
    needs_root && return
    copy=$tmp/with-nodes
    cp -a "$root" "$copy"
    mknod "$copy/null" c 1 3
    into "$copy" sh -c 'echo x >/null && echo opened'
    printed opened
    into --nodev "$copy" sh -c 'echo x >/null && echo opened'
    said 'Permission denied'
    printed ''
    attempt ns-enter -m root-open "$copy" root-setup --nodev . sh -c 'echo x >/null && echo opened'
    said 'Permission denied'
    printed ''
    attempt ns-enter -m sh -c 'mount -t tmpfs none "$0/mytemp" && mknod "$0/mytemp/null" c 1 3 &&
        exec ns-enter -m root-setup --nodev "$0" sh -c "echo x >/mytemp/null && echo opened"' "$copy"
    said 'Permission denied'
    printed ''
    rm -r "$copy"
}

testReadOnlyShowsInTheFlags() {
    into -r "$root" mnt-proc /proc cat /proc/self/mountinfo
    assertEquals ro, "$(awk '$5 == "/" { print substr($6, 1, 3) }' "$tmp/out")"
}

testReadOnlyHoldsForWhatIsMountedBelow() {
    attempt ns-enter -m sh -c 'mount -t tmpfs none "$0/mytemp" && touch "$0/mytemp/file" &&
        exec ns-enter -m root-setup --read-only "$0" sh -c "ls /mytemp; touch /mytemp/more"' "$root"
    assertNotEquals 0 "$status"
    printed file
    assertTrue "$(cat "$tmp/err")" "grep -q 'Read-only file system' '$tmp/err'"
}

testReadOnlyDoesNotReachTheDirectoryItself() {
    into -r "$own" probe exit 0
    ended 0
    assertTrue 'it stays writable outside' "touch '$own/file'"
    rm -f "$own/file"
}

testWhatIsMountedBelowComesAlong() {
    attempt ns-enter -m sh -c 'mount -t tmpfs none "$0/mytemp" && touch "$0/mytemp/file" &&
        exec root-setup "$0" ls /mytemp' "$root"
    ended 0
    printed file
}

testStageOfTheImageIsNotUsed() {
    into "$own" mnt-proc /proc probe exit 7
    ended 7
    attempt ns-enter -um root-setup "$own" uts-name box mnt-tmpfs /mytemp probe exit 7
    ended 7
}

testStageNamedByItsPathIsTheImages() {
    into "$own" /bin/mnt-proc exit 9
    ended 9
    into "$own" bin/mnt-proc exit 9
    ended 9
}

testNoStageIsThereOnceTheChainHasLeftThem() {
    into "$root" env mnt-proc /proc echo reached
    ended 127
    printed ''
    into "$own" probe exec /bin/mnt-proc mnt-proc exit 9
    ended 9
}

testProgThatIsNoneOfTheStagesIsTheImages() {
    into "$own" probe exit 8
    ended 8
}

testSecondRootKeepsTheStages() {
    needs_root && return
    into "$own" root-setup /inner mnt-tmpfs /mytemp mnt-proc /proc probe exit 6
    ended 6
    attempt fd-close ns-enter -m root-setup "$own" root-setup /inner probe fds
    printed '0 1 2 '
    rm -rf --one-file-system "$own/inner/mytemp" "$own/inner/proc"
}

# pid-init is executed from the copy of the directory of the stages. Opening it for writing fails
# for any program that runs; its mode can be changed unless the copy is read-only.
testProgramOfAStageCannotBeChanged() {
    before=$(stat -c '%a %Z' "$bin/pid-init")
    into "$root" mnt-proc /proc pid-init chmod 777 /proc/1/exe
    ended 1
    assertTrue "$(cat "$tmp/err")" "grep -q 'Read-only file system' '$tmp/err'"
    into "$root" mnt-proc /proc pid-init touch -c /proc/1/exe
    ended 1
    assertTrue "$(cat "$tmp/err")" "grep -q 'Read-only file system' '$tmp/err'"
    assertEquals "$before" "$(stat -c '%a %Z' "$bin/pid-init")"
}

testProgramOfAStageCannotBeWritten() {
    into "$root" mnt-proc /proc pid-init probe stage-exe 1
    ended 0
    assertTrue "$(cat "$tmp/out")" "grep -qE '^write (Text file busy|Read-only file system)' '$tmp/out'"
}

testProgramOfAStageShowsNothingBesideIt() {
    into "$root" mnt-proc /proc pid-init readlink /proc/1/exe
    printed /pid-init
}

testWithoutProc() {
    needs_root && return
    attempt unshare --mount sh -c 'umount -l /proc && exec fd-close ns-enter -m root-setup "$0" mnt-tmpfs /mytemp probe fds' "$root"
    ended 0
    printed '0 1 2 '
}

testDirMayBeRelative() {
    attempt sh -c 'cd "$0" && exec ns-enter -m root-setup ./root probe exit 5' "$tmp"
    ended 5
    attempt sh -c 'cd "$0/bin" && exec ns-enter -m root-setup .. probe exit 5' "$own"
    ended 5
}

testDirMayBeTheWorkingDirectory() {
    attempt sh -c 'cd "$0" && exec ns-enter -m root-setup . probe exit 5' "$own"
    ended 5
}

testDirMayBeTheRoot() {
    attempt ns-enter -m root-setup / stat -c %i /
    ended 0
    printed "$(stat -c %i /)"
}

testDirMayBeASymbolicLink() {
    ln -s root "$tmp/link"
    into "$tmp/link" probe exit 5
    ended 5
}

testDirMayBeAMount() {
    attempt ns-enter -m sh -c 'mount -t tmpfs none "$0/dir" && cp -R "$0/bin" "$0/dir" &&
        exec root-setup "$0/dir" probe exit 5' "$own"
    ended 5
}

testDirThatIsMissing() {
    into "$tmp/none" echo reached
    refused "root-setup: cannot open the new root $tmp/none: No such file or directory"
}

testDirThatIsAFile() {
    into "$own/where" echo reached
    refused "root-setup: cannot open the new root $own/where: Not a directory"
}

testDirThatIsALoop() {
    ln -s loop "$tmp/loop"
    into "$tmp/loop" echo reached
    refused "root-setup: cannot open the new root $tmp/loop: *[Ss]ymbolic link*"
}

testDirThatIsTooLong() {
    into "/$(printf '%0200d/' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)" echo reached
    refused 'root-setup: cannot open the new root /000*: File*name too long'
}

testDirThatIsEmpty() {
    into '' echo reached
    refused 'root-setup: DIR is empty'
}

# Behind root-open, or mnt-overlay, the new root is the working directory.
behind() {
    attempt ns-enter -mp root-open "$own" "$@"
}

testBehindRootOpenItIsTheOpenDirectory() {
    attempt sh -c 'cd / && exec ns-enter -mp root-open "$0" root-setup . stat -c %i / . /..' "$root"
    ended 0
    inode=$(stat -c %i "$root")
    printed "$(printf '%s\n' "$inode" "$inode" "$inode")"
    attempt ns-enter -mp root-open "$root" root-setup . sh -c 'cd ../../.. && pwd -P && stat -c %i .'
    printed "/
$inode"
}

testBehindRootOpenNothingElseIsMounted() {
    attempt ns-enter -mp root-open "$root" mnt-proc /proc root-setup . cut -d ' ' -f 5 /proc/self/mountinfo
    ended 0
    assertEquals '/ /proc' "$(sort "$tmp/out" | paste -sd ' ')"
    seen_from_outside root-open "$root" root-setup .
}

testBehindRootOpenNothingIsBelowTheRoot() {
    attempt ns-enter -mp root-open "$root" root-setup . sh -c 'umount / || umount -l /; stat -c %i /'
    assertEquals "$(stat -c %i "$root")" "$(tail -n 1 "$tmp/out")"
}

testBehindMntOverlayItIsTheView() {
    attempt ns-enter -mp mnt-overlay "$root" root-setup . sh -c 'stat -fc %T /; echo x >/made; pwd'
    ended 0
    printed 'overlayfs
/'
    assertFalse "[ -e '$root/made' ]"
}

testBehindRootOpenTheDirectoryHasNoOtherName() {
    for name in "$own" ./ / .. bin; do
        behind root-setup "$name" echo reached
        refused "root-setup: a new root is open already, so $name cannot be it"
        assertEquals 'root-setup: hint: its name is "." here' "$hint"
    done
}

testBehindRootOpenStageOfTheImageIsNotUsed() {
    needs_root && return
    behind root-setup . mnt-proc /proc probe exit 7
    ended 7
    behind uts-name-is-none root-setup . true
    ended 127
    behind root-setup . mnt-tmpfs /mytemp pid-init mnt-proc /proc probe exit 7
    ended 7
    behind root-setup . /bin/mnt-proc exit 9
    ended 9
}

# Paths behind it are those of any process again, and another root can be opened.
testBehindItNoNewRootIsOpen() {
    behind root-setup . root-open /inner mnt-tmpfs /mytemp root-setup . mnt-tmpfs mytemp probe exit 6
    ended 6
    behind root-setup . root-setup /inner probe exit 6
    ended 6
    behind root-setup . root-open inner root-setup inner probe exit 6
    refused 'root-setup: a new root is open already, so inner cannot be it'
    rmdir "$own/inner/mytemp"
}

testBehindRootOpenReadOnly() {
    needs_root && return
    for option in --read-only -r; do
        attempt ns-enter -m root-open "$root" mnt-tmpfs /mytemp root-setup $option . mnt-proc /proc \
            sh -c 'cat /proc/self/mountinfo; touch /file || touch /mytemp/file'
        assertNotEquals 0 "$status"
        assertEquals '/ ro,relatime
/mytemp ro,nosuid,nodev,relatime
/proc rw,nosuid,nodev,noexec,relatime' "$(cut -d ' ' -f 5,6 "$tmp/out" | sort)"
        assertEquals 2 "$(grep -c 'Read-only file system' "$tmp/err")"
    done
    assertFalse "[ -e '$root/file' ]"
}

testBehindRootOpenReadOnlyDoesNotReachTheDirectoryItself() {
    behind root-setup -r . probe exit 0
    ended 0
    assertTrue 'it stays writable outside' "touch '$own/file'"
    rm -f "$own/file"
}

testBehindRootOpenProgHasNothingOfTheStages() {
    attempt fd-close ns-enter -m root-open "$root" root-setup -r . probe fds
    printed '0 1 2 '
    behind root-setup . probe env
    ended 0
    assertEquals '' "$(grep -E '^MINICTR_(NS|STAGES)=' "$tmp/out")"
}

testBehindAProgramTheNewRootIsTheWorkingDirectory() {
    behind env root-setup . probe exit 5
    ended 5
    behind env root-setup "$own" probe exit 5
    ended 5
}

testBehindRootOpenInSomebodyElsesNamespace() {
    needs_root && return
    attempt unshare --mount root-open "$own" root-setup . mnt-tmpfs /mytemp probe exit 5
    ended 5
}

testVariableThatSomebodyElseHasSet() {
    for value in '' x 3x -1 0 2 ' 3' 99999999999999999999 3; do
        attempt env MINICTR_STAGES="$value" fd-close ns-enter -m root-setup "$root" echo reached
        refused '*: the variable MINICTR_STAGES is "*", which is no descriptor of theirs'
    done
}

testTypedOnTheHostItRefuses() {
    have_strace || { skip 'no strace' && return; }
    keeps_off_the_host mount root-setup "$root"
}

testNamespaceMayComeFromSomebodyElse() {
    needs_root && return
    attempt unshare --mount root-setup "$own" mnt-tmpfs /mytemp probe exit 5
    ended 5
}

# Somebody else's namespace may pass its mounts on to the host's.
testNothingIsSeenOutsideANamespaceThatIsNotPrivate() {
    needs_root && return
    attempt unshare --mount sh -c 'mount --make-rshared / &&
        unshare --mount --propagation unchanged root-setup "$0" probe exit 0 && echo mounted && cat /proc/self/mountinfo' "$own"
    assertTrue 'it did its work' "grep -qx mounted '$tmp/out'"
    assertEquals '' "$(grep -F " $own " "$tmp/out")"
}

testWithoutRoot() {
    as_nobody root-setup "$root" echo reached
    refused 'root-setup: cannot compare the mount namespace with that of process 1: Permission denied'
    assertEquals 'root-setup: hint: this user is not root: run it with sudo' "$hint"
}

testPowerlessUserInANamespace() {
    needs_root && return
    as_nobody true
    attempt ns-enter -m setpriv --reuid 65534 --regid 65534 --clear-groups \
        env MINICTR_NS=m "$tmp/bin/root-setup" "$own" echo reached
    refused "root-setup: cannot keep the directory of the stages: $tmp/bin: Operation not permitted"
    assertEquals 'root-setup: hint: this user is not root: run it with sudo' "$hint"
}

# kernel_refuses CALL:ERROR MESSAGE [OPTION...]
kernel_refuses() {
    call=$1 message=$2
    shift 2
    inject "$call" ns-enter -m root-setup "$@" "$own" echo reached
    refused "root-setup: $message"
}

testKernelRefusesToKeepTheStages() {
    have_strace || { skip 'no strace' && return; }
    kernel_refuses open_tree:error=ENOSYS:when=1 \
        "cannot keep the directory of the stages: $built: Function not implemented"
    kernel_refuses mount_setattr:error=EPERM:when=1 \
        "cannot make the copy of the directory of the stages read-only: $built: Operation not permitted"
}

testKernelRefusesTheMount() {
    have_strace || { skip 'no strace' && return; }
    kernel_refuses open_tree:error=EINVAL:when=2 \
        "cannot make a mount of the new root $own: Invalid argument"
    kernel_refuses mount_setattr:error=EPERM:when=2 \
        "cannot set the flags of the new root $own: Operation not permitted" --read-only
    kernel_refuses move_mount:error=EINVAL "cannot mount the new root $own: Invalid argument"
}

testKernelRefusesTheChange() {
    have_strace || { skip 'no strace' && return; }
    kernel_refuses fchdir:error=EACCES "cannot enter the new root $own: Permission denied"
    kernel_refuses pivot_root:error=EINVAL "cannot make $own the root: Invalid argument"
    kernel_refuses umount2:error=EINVAL 'cannot let go of the old root: Invalid argument'
    kernel_refuses chdir:error=EACCES "cannot enter the new root $own: Permission denied"
}

testKernelRefusesBehindRootOpen() {
    have_strace || { skip 'no strace' && return; }
    set -- ns-enter -m root-open "$own" root-setup
    inject open_tree:error=ENOSYS:when=2 "$@" . echo reached
    refused "root-setup: cannot keep the directory of the stages: $built: Function not implemented"
    inject mount_setattr:error=EPERM:when=2 "$@" --read-only . echo reached
    refused 'root-setup: cannot set the flags of the new root: Operation not permitted'
    inject pivot_root:error=EINVAL "$@" . echo reached
    refused 'root-setup: cannot make . the root: Invalid argument'
    inject umount2:error=EINVAL "$@" . echo reached
    refused 'root-setup: cannot let go of the old root: Invalid argument'
    inject chdir:error=EACCES "$@" . echo reached
    refused 'root-setup: cannot enter the new root .: Permission denied'
}

. shunit2
