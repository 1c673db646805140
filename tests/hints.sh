# shellcheck shell=sh disable=SC2016,SC2059,SC2086
# hints.sh: each kind of hint, provoked; and that it is not given for the same error from another cause.
#
# A hint is found out, never guessed. Where each kind is tested, as FILE:TEST; those in other files are not
# repeated here, and the first test looks whether they are all there:
#
#   a kind of namespace is turned off               hints:testNamespacesThatAreTurnedOff
#   ... user namespaces, for a map of ids           hints:testUserNamespacesThatAreTurnedOff
#   ... for ns-enter -U                             hints:testUserNamespacesThatAreTurnedOff
#   ... by a switch of Debian's or AppArmor's       hints:testUserNamespacesThatUsersMayNotMake
#   ... behind chroot                               hints:testUserNamespaceBehindChroot
#   ... by a filter of system calls                 hints:testNamespacesThatAFilterRefuses
#   newuidmap is missing, or refuses                ns-enter-user:testWithoutNewuidmap
#                                                   ns-enter-user:testRangesOfSomebodyElse
#   the caller has no ranges of ids                 ns-enter-user:testNoRanges
#   namespaces of another user namespace            ns-enter-user:testJoiningAsAUser
#   the caller is not root                          ns-enter:testWithoutRoot
#   root has lost a capability                      hints:testRootThatLacksTheCapability
#                                                   id-set:testWithoutTheCapability
#   the outer /proc is masked                       hints:testMaskedProc
#   a locked flag of the outer /proc                hints:testLockedFlagOfProc
#   no /proc from outside in sight                  hints:testProcBehindRootSetup
#   a namespace that the user namespace lacks       hints:testNamespaceOfSomebodyElse
#   a mount that is locked to its place             hints:testLockedMount
#   no control group is delegated                   hints:testNotDelegated
#   ... where the process comes from                hints:testOutsideOfWhatIsDelegated
#   a controller is missing                         limits:testParentThatLacksTheController
#   a group is full, or too deep                    limits:testParentThatMayHaveNoGroups
#   PROG on a noexec file system                    chain:testCannotBeExecutedFromANoexecFileSystem
#   ... its interpreter or its loader               hints:testPartsOnANoexecFileSystem
#   set-user-ID on nosuid, which is no failure      hints:testSetUserIdOnANosuidFileSystem
#   PROG for another machine                        hints:testAnotherMachine
#   a missing interpreter or loader                 chain:testCannotBeExecuted
#   ... of another class, or of the interpreter     hints:testLoaderOfAnotherClass
#                                                   hints:testPartsOfAnInterpreter
#   an interpreter that is not executable           chain:testCannotBeExecuted
#   a carriage return behind the interpreter        hints:testCarriageReturn
#   file capabilities that cannot be had            hints:testFileCapabilities
#   a missing mount point on a read-only root       mnt-proc:testReadOnlyRootWithoutTheMountPoint
#                                                   mnt-bind:testReadOnlyRoot
#   a mistyped stage                                chain:testStageOfASimilarNameIsSuggested
#   a stage behind a program that is none           hints:testStageBehindAProgram
#   a stage with a path                             hints:testStageWithAPath
#   a stage that needs ns-enter before it           mnt-proc:testTypedOnTheHostItRefuses
#                                                   pid-init:testTypedOnTheHostItRefuses
#   ... with a program in between                   hints:testProcessOneIsTheContainers
#   ... in a user namespace                         hints:testProcessOneIsOutside
#   SELinux or AppArmor confines the process        hints:testConfined
#   ... or a filter of system calls does            hints:testConfined
#   ... or may have kept PROG from being executed   hints:testConfinedExecution
#   the kernel has not got a system call            hints:testCallsThatAreMissing
#   ... or a filter keeps it away                   hints:testCallsThatAreMissing
#   options of a stage behind its operands          chain:testStageOfASimilarNameIsSuggested

. "$(dirname "$0")/lib.sh"

export tmp

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    mkdir "$tmp/dir"
    own=$tmp/root
    cp -a "$root" "$own"
    mkdir -p "$own/mnt"
}

# no_hint: the message that was refused had none.
no_hint() {
    assertEquals 'no hint' 0 "$(grep -c 'hint: ' "$tmp/err")"
}

# in_user_namespace COMMAND...: as its root.
in_user_namespace() {
    attempt unshare --user --map-root-user "$@"
}

# under SCRIPT COMMAND...: in a user namespace inside of another, whose root has run the script on its mounts.
under() {
    prepare=$1
    shift
    attempt unshare --user --map-root-user --mount sh -c \
        'eval "$1" && shift && exec unshare --user --map-root-user "$@"' sh "$prepare" "$@"
}

cannot_execute() {
    ended 126
    said_only "^[a-z-]*: cannot execute $1\$"
}

into() {
    attempt ns-enter -mp root-setup "$own" "$@"
}

testTheTableAbove() {
    sed -n '/^#   a kind of/,/^$/s/^#.* \([a-z-]*\):\(test[A-Za-z]*\)$/\1 \2/p' "$0" >"$tmp/table"
    assertTrue 'the table was read' "[ $(wc -l <"$tmp/table") -gt 30 ]"
    while read -r file test; do
        grep -q "^$test() {" "$top/tests/$file.sh" || fail "tests/$file.sh has no $test"
    done <"$tmp/table"
    # Each test here but this one is in it.
    sed -n 's/^\(test[A-Za-z]*\)() {$/\1/p' "$0" | grep -v '^testTheTableAbove$' | while read -r test; do
        grep -qx "hints $test" "$tmp/table" || fail "the table lacks $test"
    done
}

off() {
    in_user_namespace unshare --mount sh -c 'echo 0 >/proc/sys/user/max_$0_namespaces && exec "$@"' "$@"
}

testNamespacesThatAreTurnedOff() {
    needs_root && return
    for kind in m:mnt u:uts i:ipc n:net p:pid C:cgroup; do
        off ${kind#*:} ns-enter -${kind%:*} echo reached
        refused 'ns-enter: cannot *: No space left on device'
        assertEquals "ns-enter: hint: /proc/sys/user/max_${kind#*:}_namespaces is 0" "$hint"
    done
    off uts ns-enter -mpu echo reached
    refused 'ns-enter: cannot start a process in new namespaces (-mpu): No space left on device'
    assertEquals 'ns-enter: hint: /proc/sys/user/max_uts_namespaces is 0' "$hint"
    off uts ns-enter -mp echo reached
    printed reached
    # They are used up: the number that there may be is not the whole reason. And no
    # other kind is to blame.
    in_user_namespace sh -c 'cd /proc/sys/user && echo 1 >max_uts_namespaces && echo 0 >max_ipc_namespaces && exec ns-enter -u ns-enter -u echo reached'
    refused 'ns-enter: cannot make new namespaces (-u): No space left on device'
    assertEquals '' "$hint"
    have_strace || { skip 'no strace' && return; }
    inject unshare:error=EPERM off uts ns-enter -m echo reached
    assertEquals '' "$hint"
}

testUserNamespacesThatAreTurnedOff() {
    needs_root && return
    off user ns-enter -m mnt-bind --map 0:0:1 "$tmp/dir" "$tmp/dir" echo reached
    refused 'mnt-bind: cannot make a user namespace: No space left on device'
    assertEquals 'mnt-bind: hint: /proc/sys/user/max_user_namespaces is 0' "$hint"
    off uts ns-enter -m mnt-bind "$tmp/dir" "$tmp/dir" echo reached
    printed reached
    off user ns-enter -U echo reached
    refused 'ns-enter: cannot make a user namespace: No space left on device'
    assertEquals 'ns-enter: hint: /proc/sys/user/max_user_namespaces is 0' "$hint"
    off uts ns-enter -U echo reached
    printed reached
}

testUserNamespaceBehindChroot() {
    needs_root && return
    cp "$bin/ns-enter" "$own/mnt"
    for stage in chroot root-setup; do
        attempt ns-enter -mp mnt-proc "$own/proc" $stage "$own" /mnt/ns-enter -U id -u
        case $stage in
        chroot)
            refused 'ns-enter: cannot make a user namespace: Operation not permitted'
            assertEquals 'ns-enter: hint: the root directory was set by chroot(2): there the kernel makes no user namespaces' \
                "$hint"
            ;;
        root-setup) printed 0 ;;
        esac
    done
    rm "$own/mnt/ns-enter"
}

# switched NAME VALUE COMMAND...: attempts it where this file of /proc/sys/kernel has that value.
switched() {
    name=$1 value=$2
    shift 2
    attempt ns-enter -m mnt-tmpfs /proc/sys/kernel sh -c 'echo "$1" >"/proc/sys/kernel/$2" && shift 2 && exec "$@"' \
        sh "$value" "$name" "$@"
}

testUserNamespacesThatUsersMayNotMake() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    no_unshare='strace -o /dev/null -e inject=clone,unshare:error=EPERM'
    no_setgroups='setpriv --reuid 65534 --regid 65534 --clear-groups strace -o /dev/null -e inject=write:error=EACCES:when=1'
    switched unprivileged_userns_clone 0 $no_unshare ns-enter -U echo reached
    refused 'ns-enter: cannot make a user namespace: Operation not permitted'
    assertEquals 'ns-enter: hint: /proc/sys/kernel/unprivileged_userns_clone is 0: users may make no user namespaces' "$hint"
    switched apparmor_restrict_unprivileged_userns 1 $no_setgroups ns-enter -U echo reached
    refused 'ns-enter: cannot give up changing the groups: /proc/self/setgroups: Permission denied'
    assertEquals 'ns-enter: hint: AppArmor allows user namespaces only to programs with a profile for that (/proc/sys/kernel/apparmor_restrict_unprivileged_userns): minictr.apparmor is one' \
        "$hint"
    # They are allowed, so that is not why.
    for switch in 'unprivileged_userns_clone 1' 'apparmor_restrict_unprivileged_userns 0'; do
        switched $switch $no_unshare ns-enter -U echo reached
        refused 'ns-enter: cannot make a user namespace: Operation not permitted'
        assertEquals '' "$hint"
    done
    # Nor does it say so of another error, or of other namespaces.
    switched unprivileged_userns_clone 0 strace -o /dev/null -e inject=clone,unshare:error=ENOMEM ns-enter -U echo reached
    assertNotContains "$(cat "$tmp/err")" unprivileged_userns_clone
    switched unprivileged_userns_clone 0 $no_unshare ns-enter -u echo reached
    assertNotContains "$(cat "$tmp/err")" unprivileged_userns_clone
}

testNamespacesThatAFilterRefuses() {
    needs_root && return
    as_user='setpriv --reuid 65534 --regid 65534 --clear-groups'
    filter_refuses() {
        refused 'ns-enter: cannot make a user namespace: Operation not permitted'
        assertEquals "$1" 'ns-enter: hint: a filter of system calls refuses it: for that of docker run there is --security-opt seccomp=unconfined, for that of minictr --privileged' \
            "$hint"
    }
    for user in '' "$as_user"; do
        attempt $user priv-lock sys-filter --default ns-enter -U echo reached
        filter_refuses "default $user"
    done
    # Root makes it by clone(2), and a user by unshare(2).
    attempt sys-filter --rule 'EPERM clone if arg0 & 0x10000000 != 0' ns-enter -U echo reached
    filter_refuses clone
    attempt $as_user priv-lock sys-filter --deny unshare ns-enter -U echo reached
    filter_refuses unshare
    # A filter that lets it be made is not why it was refused.
    have_strace || return 0
    for call in clone unshare; do
        [ $call = clone ] && user='' || user=$as_user
        attempt $user priv-lock sys-filter --deny mount strace -o /dev/null -e inject=$call:error=EPERM:when=1 \
            ns-enter -U echo reached
        refused 'ns-enter: cannot make a user namespace: Operation not permitted'
        assertNotContains $call "$(cat "$tmp/err")" 'filter of system calls refuses'
    done
}

testRootThatLacksTheCapability() {
    needs_root && return
    lacks='hint: that takes the capability sys_admin, which this process has not: put this stage before the one that took it'
    without='setpriv --bounding-set -sys_admin --inh-caps -sys_admin'
    for words in -u -p -up; do
        attempt $without ns-enter $words echo reached
        refused "ns-enter: cannot *(-*): Operation not permitted"
        assertEquals "ns-enter: $lacks" "$hint"
    done
    attempt ns-enter -m $without env MINICTR_NS=m "$bin/mnt-tmpfs" "$tmp/dir" echo reached
    refused "mnt-tmpfs: cannot mount tmpfs on $tmp/dir: Operation not permitted"
    assertEquals "mnt-tmpfs: $lacks" "$hint"
    # The stage before has given it up.
    while read -r words; do
        attempt ns-enter -mup cap-keep none $words true
        stage=${words%% *}
        refused "$stage: cannot *: Operation not permitted"
        assertEquals "$stage: $lacks" "$hint"
    done <<STAGES
root-setup $root
root-open $root
mnt-overlay $root
mnt-bind $tmp /mnt
mnt-tmpfs $tmp
uts-name box
ns-enter -u
STAGES
    # Other root that is refused has it.
    have_strace || { skip 'no strace' && return; }
    inject unshare:error=EPERM ns-enter -u echo reached
    refused 'ns-enter: cannot make new namespaces (-u): Operation not permitted'
    assertEquals '' "$hint"
    inject fsopen:error=EPERM ns-enter -m mnt-tmpfs "$tmp/dir" echo reached
    refused "mnt-tmpfs: cannot mount tmpfs on $tmp/dir: Operation not permitted"
    assertEquals '' "$hint"
}

testMaskedProc() {
    mask='mount -t tmpfs none /proc/irq && mount --bind /dev/null /proc/version'
    masked='hint: /proc is masked from outside of this user namespace, and a new proc would show what that hides: unmount there'
    for words in '' '--subset pid'; do
        under "$mask" ns-enter -mp mnt-proc $words "$tmp/dir" echo reached
        refused "mnt-proc: cannot mount proc on $tmp/dir: Operation not permitted"
        assertEquals "mnt-proc: $masked /proc/irq /proc/version" "$hint"
    done
    # By what it says to do, it goes.
    under "$mask && umount /proc/irq /proc/version" ns-enter -mp mnt-proc "$tmp/dir" echo reached
    printed reached
    # What is mounted on a directory that is always empty hides nothing, and is not named.
    if [ -d /proc/sys/fs/binfmt_misc ]; then
        empty='mount -t tmpfs none /proc/sys/fs/binfmt_misc'
        under "$empty" ns-enter -mp mnt-proc "$tmp/dir" echo reached
        printed reached
        under "$mask; $empty" ns-enter -mp mnt-proc "$tmp/dir" echo reached
        assertEquals "mnt-proc: $masked /proc/irq /proc/version" "$(grep hint: "$tmp/err")"
    fi
    # A mask of its own is none.
    in_user_namespace ns-enter -mp sh -c 'mount -t tmpfs none /proc/irq
        MINICTR_NS=m exec mnt-proc "$0" echo reached' "$tmp/dir"
    printed reached
    have_strace || { skip 'no strace' && return; }
    inject fsmount:error=EPERM unshare --user --map-root-user ns-enter -mp mnt-proc "$tmp/dir" echo reached
    refused "mnt-proc: cannot mount proc on $tmp/dir: Operation not permitted"
    assertEquals '' "$hint"
    # Nor is it one for who is root everywhere.
    needs_root && return
    inject fsmount:error=EPERM unshare --mount sh -c 'mount -t tmpfs none /proc/irq
        exec ns-enter -mp mnt-proc "$0" echo reached' "$tmp/dir"
    refused "mnt-proc: cannot mount proc on $tmp/dir: Operation not permitted"
    assertEquals '' "$hint"
}

# with_flag FLAG STAGE: in a user namespace that was made before /proc got the flag, for that is to be seen in it,
# and could not be set up otherwise.
with_flag() {
    attempt unshare --mount sh -c 'unshare --user sleep 100 & other=$!
        until [ "$(readlink /proc/$other/ns/user)" != "$(readlink /proc/$$/ns/user)" ]; do sleep 0.02; done
        echo 0 0 1 >/proc/$other/uid_map && mount -o remount,bind,$0 /proc &&
            nsenter --target $other --user --preserve-credentials ns-enter -mpn "$@"
        status=$?
        kill $other
        exit $status' "$@"
}

testLockedFlagOfProc() {
    needs_root && return
    for flag in ro noatime nodiratime strictatime; do
        with_flag $flag mnt-proc "$tmp/dir" echo reached
        refused "mnt-proc: cannot mount proc on $tmp/dir: Operation not permitted"
        assertEquals "mnt-proc: hint: /proc is mounted $flag from outside of this user namespace, and a new proc must be, too: mount it without that there" "$hint"
    done
    for flag in noexec relatime; do
        with_flag $flag mnt-proc "$tmp/dir" echo reached
        printed reached
    done
    # A new sysfs is mounted read-only itself.
    have_strace || { skip 'no strace' && return; }
    inject fsmount:error=EPERM unshare --mount sh -c 'mount -o remount,bind,ro /sys
        exec unshare --user --map-root-user ns-enter -mn mnt-sys "$tmp/dir" echo reached'
    refused "mnt-sys: cannot mount sysfs on $tmp/dir: Operation not permitted"
    assertEquals '' "$hint"
}

testProcBehindRootSetup() {
    needs_root && return
    in_user_namespace ns-enter -mp root-setup "$own" mnt-proc /proc echo reached
    refused 'mnt-proc: cannot mount proc on /proc: Operation not permitted'
    [ -n "$hint" ] || { skip 'this kernel does not say that it is too revealing' && return; }
    assertEquals 'mnt-proc: hint: no proc from outside can be seen here, so this user namespace may mount none: put this stage between root-open and root-setup' "$hint"
    in_user_namespace ns-enter -mp root-open "$own" mnt-proc /proc root-setup . echo reached
    printed reached
    have_strace || { skip 'no strace' && return; }
    needs_root && return
    inject fsmount:error=EPERM ns-enter -mp root-setup "$own" mnt-proc /proc echo reached
    refused 'mnt-proc: cannot mount proc on /proc: Operation not permitted'
    assertEquals '' "$hint"
}

testNamespaceOfSomebodyElse() {
    needs_root && return
    in_user_namespace ns-enter -m mnt-proc "$tmp/dir" echo reached
    refused "mnt-proc: cannot mount proc on $tmp/dir: Operation not permitted"
    assertEquals 'mnt-proc: hint: this user namespace does not own the pid namespace: put "ns-enter --pid" before this stage' "$hint"
    in_user_namespace ns-enter -m mnt-sys "$tmp/dir" echo reached
    refused "mnt-sys: cannot mount sysfs on $tmp/dir: Operation not permitted"
    assertEquals 'mnt-sys: hint: this user namespace does not own the net namespace: put "ns-enter --net" before this stage' "$hint"
    in_user_namespace ns-enter -mp mnt-proc "$tmp/dir" echo reached
    printed reached
    in_user_namespace ns-enter -mn mnt-sys "$tmp/dir" echo reached
    printed reached
    have_strace || { skip 'no strace' && return; }
    inject fsopen:error=EPERM unshare --user --map-root-user ns-enter -mp mnt-proc "$tmp/dir" echo reached
    refused "mnt-proc: cannot mount proc on $tmp/dir: Operation not permitted"
    assertEquals '' "$hint"
}

testLockedMount() {
    below='mount -t tmpfs none "$tmp/dir" && mkdir "$tmp/dir/below" "$tmp/dir/to" &&
        mount -t tmpfs none "$tmp/dir/below"'
    under "$below" ns-enter -m mnt-bind "$tmp/dir" "$tmp/dir/to" echo reached
    refused "mnt-bind: cannot take $tmp/dir to mount it: Invalid argument"
    assertEquals 'mnt-bind: hint: what is mounted below it is locked to its place from outside of this user namespace: --rec takes it along' "$hint"
    under "$below" ns-enter -m mnt-bind --rec --ro "$tmp/dir" "$tmp/dir/to" echo reached
    printed reached
    # It is its own.
    in_user_namespace ns-enter -m sh -c "$below"' && MINICTR_NS=m exec mnt-bind "$tmp/dir" "$tmp/dir/to" echo reached'
    printed reached
    # What may not be taken at all is refused with the same error.
    under "$below" ns-enter -m sh -c 'mount --make-unbindable "$tmp/dir" &&
        MINICTR_NS=m exec mnt-bind "$tmp/dir" "$tmp/dir/to" echo reached'
    refused "mnt-bind: cannot take $tmp/dir to mount it: Invalid argument"
    assertEquals '' "$hint"
}

testNotDelegated() {
    needs_root && return
    [ -e /sys/fs/cgroup/cgroup.controllers ] || { skip 'cgroup v1' && return; }
    as_nobody cg-limit echo reached
    refused 'cg-limit: cannot make the control group *: Permission denied'
    assertEquals 'cg-limit: hint: no control group is delegated to this user: put "systemd-run --user --scope -p Delegate=yes" before it, leave the limits out (minictr --no-limits), or run it with sudo' "$hint"
    # For root it is another reason.
    attempt ns-enter -m sh -c 'mount -o remount,bind,ro /sys/fs/cgroup; exec cg-limit echo reached'
    refused 'cg-limit: cannot make the control group *: Read-only file system'
    assertEquals 'cg-limit: hint: the control groups are mounted read-only here: leave the limits out (minictr --no-limits)' "$hint"
}

testOutsideOfWhatIsDelegated() {
    needs_root && return
    [ -e /sys/fs/cgroup/cgroup.controllers ] || { skip 'cgroup v1' && return; }
    group=/sys/fs/cgroup/minictr-hints
    mkdir $group
    echo +pids +memory >/sys/fs/cgroup/cgroup.subtree_control
    chown 65534 $group $group/cgroup.procs $group/cgroup.subtree_control
    as_nobody cg-limit --parent /minictr-hints echo reached
    refused 'cg-limit: cannot start a process in the control group *: Permission denied'
    assertEquals 'cg-limit: hint: this user may not write to /sys/fs/cgroup/cgroup.procs, which is above both groups: start from within what is delegated, as by "systemd-run --user --scope -p Delegate=yes"' "$hint"
    # By what it says to do, it goes.
    mkdir $group/inner
    chown 65534 $group/inner $group/inner/cgroup.procs
    attempt sh -c 'echo 0 >/sys/fs/cgroup/minictr-hints/inner/cgroup.procs && exec env PATH="$0/bin:$PATH" \
        setpriv --reuid 65534 --regid 65534 --clear-groups cg-limit --parent /minictr-hints echo reached' "$tmp"
    printed reached
    await 20 rmdir $group/inner
    rmdir $group
}

# on_mount OPTION COMMAND...: with a file system with that option at mnt in the root, and the probe in it.
on_mount() {
    option=$1
    shift
    attempt unshare --mount sh -c 'mount -t tmpfs -o "$1" none "$0/mnt" && cp "$0/bin/bash" "$0/lib64/"ld-linux* "$0/mnt" &&
        shift && exec ns-enter -m root-setup "$0" "$@"' "$own" "$option" "$@"
}

testPartsOnANoexecFileSystem() {
    needs_root && return
    printf '#!/mnt/bash\necho ran\n' >"$own/script"
    LC_ALL=C sed 's|/lib64/ld-linux|/mnt/./ld-linux|' "$own/bin/bash" >"$own/loaded"
    chmod 755 "$own/script" "$own/loaded"
    on_mount noexec /script
    cannot_execute '/script: the file system of its interpreter /mnt/bash is mounted noexec'
    on_mount nosuid /script
    printed ran
    case $(uname -m) in
    x86_64)
        on_mount noexec /loaded
        cannot_execute '/loaded: the file system of its loader /mnt/./ld-linux-x86-64.so.2 is mounted noexec'
        on_mount nosuid /loaded -c 'echo ran'
        printed ran
        ;;
    esac
    # It is noexec, but something else is to blame.
    on_mount noexec sh -c 'chmod a-x /mnt/bash; exec /script'
    assertFalse 'noexec' "grep -q noexec '$tmp/err'"
    attempt ns-enter -m sh -c 'mount -t tmpfs -o noexec none "$0/mnt" && cp "$0/bin/bash" "$0/mnt" &&
        chmod a-x "$0/mnt/bash" && exec root-setup "$0" /script' "$own"
    cannot_execute '/script: its interpreter /mnt/bash is not executable'
}

testSetUserIdOnANosuidFileSystem() {
    needs_root && return
    cp "$helpers/probe" "$tmp/dir/probe"
    attempt ns-enter -m sh -c 'mount -t tmpfs -o nosuid,mode=755 none "$tmp/dir" && cp "$0" "$tmp/dir/id" &&
        chown 1234 "$tmp/dir/id" && chmod 4755 "$tmp/dir/id" && exec id-set 4242:4242 "$tmp/dir/id" -u' "$(command -v id)"
    ended 0
    printed 4242
    assertEquals '' "$(cat "$tmp/err")"
}

testAnotherMachine() {
    this=$(uname -m)
    own_number=$(od -An -tu1 -j18 -N1 "$helpers/probe" | tr -d ' ')
    for machine in 'riscv 243 \363' 'aarch64 183 \267' 's390 22 \026'; do
        set -- $machine
        [ $2 = "$own_number" ] && continue
        cp "$helpers/probe" "$own/foreign"
        printf "$3\\000" | dd of="$own/foreign" bs=1 seek=18 conv=notrunc 2>/dev/null
        into /foreign
        cannot_execute "/foreign: it is for another machine \\(ELF machine $2\\)"
        said "^root-setup: hint: that is for $1, ELF machine $2, and this is $this, ELF machine $own_number\$"
    done
    # One that no machine here has a name for; one of the other byte order; a script whose interpreter it is.
    printf '\377\000' | dd of="$own/foreign" bs=1 seek=18 conv=notrunc 2>/dev/null
    into /foreign
    said '^root-setup: hint: that is for ELF machine 255, and'
    printf '\002' | dd of="$own/foreign" bs=1 seek=5 conv=notrunc 2>/dev/null
    printf '\000\026' | dd of="$own/foreign" bs=1 seek=18 conv=notrunc 2>/dev/null
    into /foreign
    said '^root-setup: hint: that is for s390, ELF machine 22, and'
    printf '#!/foreign\n' >"$own/script"
    chmod 755 "$own/script"
    into /script
    cannot_execute '/script: its interpreter /foreign is for another machine \(ELF machine 22\)'
    # For this one, but damaged: the same error.
    cp "$helpers/probe" "$own/foreign"
    printf '\000\000' | dd of="$own/foreign" bs=1 seek=16 conv=notrunc 2>/dev/null
    into /foreign
    cannot_execute '/foreign: Exec format error'
    no_hint
    # It may be for another one, and not executable.
    chmod a-x "$own/foreign"
    into /foreign
    cannot_execute '/foreign: it has no execute permission'
}

# A program of 32 bits, no more than its header and the name of its loader.
testLoaderOfAnotherClass() {
    {
        printf '\177ELF\001\001\001\000\000\000\000\000\000\000\000\000'
        printf '\002\000\003\000\001\000\000\000\000\000\000\000' # ET_EXEC, EM_386
        printf '\064\000\000\000\000\000\000\000\000\000\000\000' # e_phoff
        printf '\064\000\040\000\001\000\000\000\000\000\000\000' # one of 32 bytes
        printf '\003\000\000\000\124\000\000\000\000\000\000\000\000\000\000\000' # PT_INTERP at 84
        printf '\010\000\000\000\010\000\000\000\004\000\000\000\001\000\000\000'
        printf '/lib/32\000'
        printf '%0100d' 0
    } >"$own/narrow"
    chmod 755 "$own/narrow"
    # Whether this kernel has programs of 32 bits, another program says.
    said_by_bash=0
    bash -c '"$tmp/root/narrow"' 2>/dev/null || said_by_bash=$?
    into /narrow
    case $said_by_bash in
    127)
        cannot_execute '/narrow: its loader /lib/32 is missing'
        no_hint
        ;;
    *)
        cannot_execute '/narrow: it is for another machine \(ELF machine 3\)'
        said '^root-setup: hint: that is for i686, ELF machine 3, and'
        skip 'this kernel has no programs of 32 bits'
        ;;
    esac
}

testPartsOfAnInterpreter() {
    LC_ALL=C sed 's|/lib64/ld-linux|/lib64/xx-linux|' "$own/bin/bash" >"$own/loaderless"
    printf '#!/loaderless\n' >"$own/script"
    chmod 755 "$own/loaderless" "$own/script"
    into /script
    cannot_execute '/script: the loader /lib64/xx-linux[^ ]* of its interpreter /loaderless is missing'
    # Where the interpreter is no ELF file, or its loader is there, it is not said what is missing.
    printf '#!/next\n' >"$own/script"
    printf '#!/nothing\n' >"$own/next"
    chmod 755 "$own/next"
    into /script
    cannot_execute '/script: its interpreter /next cannot be executed'
    no_hint
    have_strace || { skip 'no strace' && return; }
    printf '#!/bin/sh\n' >"$tmp/script"
    chmod 755 "$tmp/script"
    attempt strace -f -o /dev/null -P "$tmp/script" -e inject=execve:error=ENOENT fd-close "$tmp/script"
    cannot_execute "$tmp/script: its interpreter /bin/sh cannot be executed"
}

testCarriageReturn() {
    printf '#!/bin/sh\r\necho ran\r\n' >"$own/script"
    chmod 755 "$own/script"
    into /script
    cannot_execute '/script: its interpreter /bin/sh\? is missing'
    said "^root-setup: hint: its first line ends in a carriage return: sed -i 's/.r\\$//' /script\$"
    sed -i 's/\r$//' "$own/script"
    into /script
    printed ran
    printf '#!/bin/missing\necho\r\n' >"$own/script"
    into /script
    cannot_execute '/script: its interpreter /bin/missing is missing'
    no_hint
}

testFileCapabilities() {
    needs_root && return
    command -v setcap >/dev/null || { skip 'no setcap' && return; }
    cp "$helpers/probe" "$tmp/capable"
    setcap cap_net_raw,cap_chown+ep "$tmp/capable" 2>/dev/null || { skip 'the file system keeps none' && return; }
    attempt cap-keep default "$tmp/capable" exit 7
    cannot_execute "$tmp/capable: Operation not permitted"
    said "^cap-keep: hint: it has the file capability net_raw, which no process here can get: let cap-keep keep that, or \"setcap -r $tmp/capable\"\$"
    attempt cap-keep all "$tmp/capable" exit 7
    ended 7
    # Those that are not effective are not needed, those that are kept can be had.
    setcap cap_net_raw+p "$tmp/capable"
    attempt cap-keep default "$tmp/capable" exit 7
    ended 7
    setcap cap_chown+ep "$tmp/capable"
    attempt cap-keep default "$tmp/capable" exit 7
    ended 7
    have_strace || { skip 'no strace' && return; }
    for set in cap_chown+ep cap_net_raw+p; do
        setcap $set "$tmp/capable"
        attempt strace -f -o /dev/null -P "$tmp/capable" -e inject=execve:error=EPERM \
            cap-keep default "$tmp/capable" exit 7
        cannot_execute "$tmp/capable: Operation not permitted"
        no_hint
    done
}

testStageBehindAProgram() {
    into strange-program -f mnt-proc /proc sh
    ended 127
    said_only '^root-setup: cannot find strange-program in PATH: '
    said '^root-setup: hint: strange-program is none of the stages, and behind root-setup only a stage can be followed by one, as mnt-proc$'
    into /bin/strange-program mnt-proc /proc sh
    ended 127
    said '^root-setup: hint: /bin/strange-program is none of the stages'
    # No stage follows; the root is still that of the stages; the program is there; it is no stage's fault.
    into strange-program sh
    ended 127
    said '^root-setup: hint: it was looked for in the new root$'
    attempt ns-enter -u strange-program mnt-proc /proc sh
    ended 127
    no_hint
    into sh -c 'exit 7' mnt-proc
    ended 7
    no_hint
    : >"$own/empty"
    chmod 755 "$own/empty"
    into /empty mnt-proc
    cannot_execute '/empty: it is empty'
    no_hint
    # A stage that is mistyped is the better reason.
    into mnt-prc /proc pid-init sh
    said '^root-setup: hint: did you mean the stage mnt-proc\?$'
}

testStageWithAPath() {
    for path in /usr/libexec/mnt-proc "$bin/mnt-proc" ./mnt-proc; do
        into $path /proc sh
        ended 127
        said_only "^root-setup: cannot execute $path: No such file or directory\$"
        said '^root-setup: hint: behind root-setup no path leads to a stage: write mnt-proc alone$'
    done
    into mnt-proc /proc true
    ended 0
    into /usr/libexec/mnt-process
    ended 127
    no_hint
    attempt ns-enter -u /nowhere/mnt-proc /proc sh
    ended 127
    no_hint
}

testProcessOneIsTheContainers() {
    cp "$bin/mnt-tmpfs" "$own/bin/"
    into mnt-proc /proc env mnt-tmpfs /mnt echo reached
    refused "mnt-tmpfs: this is the host's mount namespace"
    assertEquals "mnt-tmpfs: hint: process 1 is the container's own: put \"ns-enter --mount\" before this stage, and no program that is no stage in between" "$hint"
    # By what it says to do, it goes.
    into mnt-proc /proc mnt-tmpfs /mnt echo reached
    printed reached
}

testProcessOneIsOutside() {
    in_user_namespace mnt-tmpfs "$tmp/dir" echo reached
    refused 'mnt-tmpfs: cannot compare the mount namespace with that of process 1: Permission denied'
    assertEquals 'mnt-tmpfs: hint: process 1 is outside of this user namespace: put "ns-enter --mount" before this stage' "$hint"
    # One that was made in there is not the host's.
    in_user_namespace unshare --mount mnt-tmpfs "$tmp/dir" echo reached
    printed reached
    in_user_namespace ns-enter -m mnt-tmpfs "$tmp/dir" echo reached
    printed reached
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    inject stat,newfstatat:error=EACCES mnt-tmpfs "$tmp/dir" echo reached
    assertEquals '' "$(grep 'outside' "$tmp/err")"
}

# No kernel for the tests has such a module at work: its word is put in the place of what the process would read,
# and another refusal (of sys-filter) in the place of its own.
confined() {
    printf "$1" >"$tmp/current"
    shift
    attempt ns-enter -mu sh -c 'mount --bind "$tmp/current" /proc/$$/attr/current &&
        mount -t tmpfs none /sys/fs && mkdir /sys/fs/selinux && echo $0 >/sys/fs/selinux/enforce && MINICTR_NS=mu exec "$@"' "$@"
}

testConfined() {
    needs_root && return
    denied='sys-filter --deny sethostname uts-name box echo reached'
    by='uts-name: hint: this process is confined by a filter of system calls (seccomp(2))'
    logs='(/proc/self/attr/current): dmesg shows what it denies'
    confined 'docker-default (enforce)\n' 0 $denied
    refused 'uts-name: cannot set the host name to box: Operation not permitted'
    assertEquals "$by, and by AppArmor as docker-default (enforce) $logs" "$hint"
    confined 'system_u:system_r:container_t:s0:c1,c2\000' 1 $denied
    refused 'uts-name: cannot set the host name to box: Operation not permitted'
    assertEquals "$by, and by SELinux as system_u:system_r:container_t:s0:c1,c2 $logs" "$hint"
    # They are there, and deny this process nothing.
    for words in 'unconfined 0' 'docker-default\040(complain) 0' 'unconfined_u:unconfined_r:unconfined_t:s0 1' \
        'system_u:system_r:container_t:s0 0' '_ 0'; do
        confined ${words% *} ${words##* } $denied
        refused 'uts-name: cannot set the host name to box: Operation not permitted'
        assertEquals "$words" "$by" "$hint"
    done
    # Nor when its capabilities cannot be found out.
    confined 'docker-default (enforce)\n' 0 sys-filter --deny sethostname,capget uts-name box echo reached
    refused 'uts-name: cannot set the host name to box: Operation not permitted'
    assertEquals '' "$hint"
    # What is missing is a capability, or root; or the error is none of theirs.
    confined 'docker-default (enforce)\n' 0 cap-keep default uts-name box echo reached
    refused 'uts-name: cannot set the host name to box: Operation not permitted'
    assertEquals 'uts-name: hint: that takes the capability sys_admin, which this process has not: put this stage before the one that took it' "$hint"
    confined 'docker-default (enforce)\n' 0 id-set 4242:4242 uts-name box echo reached
    assertNotContains "$(cat "$tmp/err")" AppArmor
    confined 'docker-default (enforce)\n' 0 mnt-tmpfs /proc/nothing/there echo reached
    refused 'mnt-tmpfs: *: No such file or directory'
    assertEquals '' "$hint"
    # No filter. With -D the process is not strace's child, and so the one above.
    have_strace || return 0
    denied='strace -D -o /dev/null -e inject=sethostname:error=EPERM uts-name box echo reached'
    confined 'docker-default (enforce)\n' 0 $denied
    refused 'uts-name: cannot set the host name to box: Operation not permitted'
    assertEquals "uts-name: hint: this process is confined by AppArmor as docker-default (enforce) $logs" "$hint"
    confined 'unconfined\n' 0 $denied
    refused 'uts-name: cannot set the host name to box: Operation not permitted'
    assertEquals '' "$hint"
}

testConfinedExecution() {
    needs_root && return
    effort=
    fs-allow --exec / true 2>&1 | grep -q 'of Landlock, and the right' && effort=--best-effort
    allowed="priv-lock fs-allow $effort --ro / --exec $bin"
    confined 'docker-default (enforce)\n' 0 $allowed "$helpers/probe" fds
    cannot_execute "$helpers/probe: Permission denied"
    said '^fs-allow: hint: its permissions allow it, but this process is confined by AppArmor as docker-default \(enforce\) \(/proc/self/attr/current\): dmesg shows what it denies$'
    confined 'unconfined\n' 0 $allowed "$helpers/probe" fds
    said '^fs-allow: hint: its permissions allow it: rules of fs-allow, or of another security module, do not$'
    cp "$helpers/probe" "$tmp/plain"
    chmod a-x "$tmp/plain"
    confined 'docker-default (enforce)\n' 0 $allowed "$tmp/plain" fds
    cannot_execute "$tmp/plain: it has no execute permission"
    assertNotContains "$(cat "$tmp/err")" AppArmor
}

# A call that the kernel has not, and one that a filter refuses like that. setarch(8) makes it call itself Linux 2.6.
testCallsThatAreMissing() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    for call in openat2:5.6 open_tree:5.2 move_mount:5.2 mount_setattr:5.12 fsopen:5.2 close_range:5.9 pidfd_open:5.3; do
        inject "${call%:*}:error=ENOSYS" minictr --root "$root" echo reached
        refused '*: Function not implemented'
        assertEquals "Linux has ${call%:*}(2) since ${call#*:}, so a filter of system calls refuses it" "${hint#*: hint: }"
        inject "${call%:*}:error=ENOSYS" setarch --uname-2.6 "$bin/minictr" --root "$root" echo reached
        refused '*: Function not implemented'
        assertEquals "this needs Linux ${call#*:}: ${call%:*}(2)" "${hint#*: hint: }"
    done
    # What fails like that for another reason is not blamed on the kernel.
    inject sethostname:error=ENOSYS ns-enter -u uts-name box echo reached
    refused 'uts-name: *: Function not implemented'
    assertEquals '' "$hint"
}

. shunit2
