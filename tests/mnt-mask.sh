# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# mnt-mask.sh: what is hidden and what is read-only then, and what the stage does not let itself be
# told by the image.

. "$(dirname "$0")/lib.sh"

own=$tmp/root
victim=$tmp/victim
hidden='/proc/acpi /proc/asound /proc/dynamic_debug /proc/interrupts /proc/kcore /proc/keys /proc/kpagecgroup
    /proc/kpagecount /proc/kpageflags /proc/latency_stats /proc/sched_debug /proc/scsi /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap
    /sys/firmware'
protected='/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger'

# In a container, with all that goes before; without the mask; in a root of this file's own, where
# only what is told goes before; and on the machine's own root.
inside() {
    attempt ns-enter -muipC root-setup "$root" mnt-proc /proc mnt-dev /dev mnt-sys /sys mnt-mask "$@"
}

unmasked() {
    attempt ns-enter -muipC root-setup "$root" mnt-proc /proc mnt-dev /dev mnt-sys /sys "$@"
}

into_own() {
    attempt ns-enter -mp root-setup "$own" "$@"
}

mounted() {
    attempt ns-enter -m mnt-mask "$@"
}

setUp() {
    [ -d "$own" ] || cp -R "$root" "$own"
    rm -rf --one-file-system "${own:?}/proc" "$own/sys" "$own/dir" "$own/link" "$own/fake" "$own/dev/null" \
        "$victim" "$tmp/new"
    mkdir "$own/proc" "$own/sys" "$own/dir" "$victim" "$tmp/new"
    mknod -m 666 "$own/dev/null" c 1 3
    echo text >"$own/dir/file"
    echo text >"$victim/file"
    echo text >"$tmp/new/file"
}

host_is_untouched() {
    assertEquals "$1" text "$(cat "$victim/file")"
    assertEquals "$1" file "$(ls -A "$victim")"
}

testDefaultHides() {
    needs_root && return
    look='for path; do
            [ -e "$path" ] || continue
            [ -d "$path" ] && content=$(ls -A "$path") || content=$(head -c 1 "$path" | od -An -tx1)
            echo "$path:${content:+content}"
        done'
    # shellcheck disable=SC2086
    unmasked sh -c "$look" sh $hidden
    sed 's/:.*/:/' "$tmp/out" >"$tmp/there"
    assertTrue 'nothing to hide here' "grep -q content '$tmp/out'"
    # shellcheck disable=SC2086
    inside --default sh -c "$look" sh $hidden
    ended 0
    printed "$(cat "$tmp/there")"
    # shellcheck disable=SC2086
    inside --default probe nobody sh -c "$look" sh $hidden
    ended 0
    printed "$(cat "$tmp/there")"
}

testWhatIsHiddenCannotBeFilled() {
    # shellcheck disable=SC2086
    inside --default sh -c 'for path; do
            if [ -d "$path" ]; then
                echo tried
                mkdir "$path/new" 2>&1 | grep -v "Read-only file system"
            elif [ -e "$path" ]; then
                echo tried
                echo text >"$path" && cat "$path"
            fi
        done | sort -u' sh $hidden
    ended 0
    printed tried
}

# Opened only: what would come of the writing is the machine's.
testDefaultProtects() {
    open='for path; do
            find "$path" -type f -perm -u+w 2>/dev/null | head -n 300 | while read -r file; do
                echo tried
                { command : >>"$file"; } 2>/dev/null && echo can
            done
        done | sort -u'
    # shellcheck disable=SC2086
    unmasked sh -c "$open" sh $protected
    printed "$(printf '%s\n' can tried)"
    # shellcheck disable=SC2086
    inside --default sh -c "$open" sh $protected
    ended 0
    printed tried
    inside --default sh -c 'echo other >/proc/sys/kernel/hostname'
    assertNotEquals 0 "$status"
    said 'Read-only file system'
}

testWhatIsProtectedCanBeRead() {
    attempt ns-enter -muipC uts-name box root-setup "$root" mnt-proc /proc mnt-dev /dev \
        mnt-mask --default cat /proc/sys/kernel/hostname
    ended 0
    printed box
}

testFlags() {
    needs_root && return
    # shellcheck disable=SC2086
    unmasked sh -c 'for path; do
            [ -d "$path" ] && echo "$path directory"
            [ -f "$path" ] && echo "$path file"
        done; :' sh $hidden
    mv "$tmp/out" "$tmp/there"
    # shellcheck disable=SC2086
    unmasked ls -d $protected
    sed 's/$/ protected/' "$tmp/out" >>"$tmp/there"
    inside --default cat /proc/self/mountinfo
    ended 0
    checked=0
    while read -r path kind; do
        case $kind in
        directory) expected='ro,nosuid,nodev,noexec,relatime - tmpfs' ;;
        file) expected='ro,nosuid,noexec,relatime - tmpfs' ;;
        protected) expected='ro,nosuid,nodev,noexec,relatime - proc' ;;
        esac
        assertEquals "$path" "$expected" \
            "$(awk -v path="$path" '$5 == path { print $6, $7, $8 }' "$tmp/out")"
        checked=$((checked + 1))
    done <"$tmp/there"
    assertTrue "$checked" "[ $checked -ge 4 ]"
    assertEquals 'nothing else is mounted' "$checked" \
        "$(awk '$5 ~ "^/(proc|sys)/" && $5 !~ "^/sys/fs/cgroup"' "$tmp/out" | grep -c .)"
}

testWithoutSysDefaultHidesWhatIsThere() {
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc mnt-dev /dev mnt-mask --default \
        cat /proc/keys /proc/timer_list /proc/self/mountinfo
    ended 0
    assertEquals '' "$(awk '$5 ~ "^/sys"' "$tmp/out")"
    assertTrue "[ $(awk '$5 ~ "^/proc/"' "$tmp/out" | grep -c .) -ge 4 ]"
}

testHideAFile() {
    inside --hide /etc/passwd sh -c 'cat /etc/passwd; stat -c %t:%T /etc/passwd; cat /etc/group | head -c 4'
    ended 0
    printed "$(printf '1:3\nroot')"
    assertTrue 'the file itself' "[ -s '$root/etc/passwd' ]"
}

testHideADirectory() {
    into_own mnt-proc /proc mnt-mask --hide /dir sh -c 'ls -A /dir; mkdir /dir/new; grep " /dir " /proc/self/mountinfo'
    ended 0
    assertEquals 'ro,nosuid,nodev,noexec,relatime - tmpfs tmpfs' "$(cut -d ' ' -f 6-9 "$tmp/out")"
    said 'Read-only file system'
    assertEquals text "$(cat "$own/dir/file")"
}

testHideNeedsNoNullForADirectory() {
    rm "$own/dev/null"
    into_own mnt-mask --hide /dir ls -A /dir
    ended 0
    printed ''
}

testRoFile() {
    inside --ro /etc/passwd sh -c 'head -c 4 /etc/passwd; command : >>/etc/passwd'
    assertNotEquals 0 "$status"
    printed root
    said 'Read-only file system'
}

testRoHoldsForWhatIsMountedBelow() {
    needs_root && return
    attempt ns-enter -m root-setup "$root" mnt-proc /proc mnt-tmpfs /mytemp mnt-tmpfs /mytemp/below \
        mnt-mask --ro /mytemp sh -c 'touch /mytemp/file; touch /mytemp/below/file; ls /mytemp
            grep " /mytemp" /proc/self/mountinfo'
    assertEquals below "$(head -n 1 "$tmp/out")"
    assertEquals 2 "$(grep -c 'Read-only file system' "$tmp/err")"
    # The copies; the mounts themselves, which can be written, are covered by them.
    assertEquals '/mytemp rw,nosuid,nodev,relatime /mytemp/below rw,nosuid,nodev,relatime /mytemp ro,nosuid,nodev,relatime /mytemp/below ro,nosuid,nodev,relatime' \
        "$(awk 'NR > 1 { print $5, $6 }' "$tmp/out" | paste -sd ' ')"
}

testRoIsSeenByNobodyElse() {
    mounted --ro "$tmp/new" sh -c 'touch "$0/more"' "$tmp/new"
    assertNotEquals 0 "$status"
    assertTrue 'outside it can be written' "touch '$tmp/new/more'"
}

testSeveral() {
    needs_root && return
    mkdir "$own/dir/below"
    echo text >"$own/dir/below/file"
    into_own mnt-mask --ro /dir --hide /dir/file --hide=/dir/below sh -c \
        'cat /dir/file; ls -A /dir/below; ls /dir; touch /dir/more'
    printed "$(printf '%s\n' below file)"
    said 'Read-only file system'
}

testPathsComeOnTopOfTheDefault() {
    inside --hide /etc/passwd --default --ro /etc/group \
        sh -c 'cat /etc/passwd /proc/keys; command : >>/etc/group'
    printed ''
    said 'Read-only file system'
}

testTheSamePathTwice() {
    inside --hide /etc/passwd --hide /etc/passwd --default --hide /proc/keys cat /etc/passwd /proc/keys
    ended 0
    printed ''
}

testWhatIsBelowAHiddenOneIsGone() {
    into_own mnt-mask --hide /dir --hide /dir/file echo reached
    refused 'mnt-mask: cannot find /dir/file: No such file or directory'
}

testNamedAndMissingIsAnError() {
    for option in --hide --ro; do
        for path in /missing /proc/missing /sys/missing /etc/passwd/below; do
            inside $option "$path" echo reached
            refused "mnt-mask: cannot find $path: No* *directory"
        done
    done
}

testSymbolicLinkIsRefused() {
    for target in dir/file dir nowhere "$victim" "$victim/file" ../../../../../../../..$victim; do
        ln -sfn "$target" "$own/link"
        for option in --hide --ro; do
            into_own mnt-mask $option /link echo reached
            refused 'mnt-mask: /link is a symbolic link: name what it leads to'
            host_is_untouched "$target"
        done
    done
    inside --hide /proc/mounts echo reached
    refused 'mnt-mask: /proc/mounts is a symbolic link: name what it leads to'
}

# It would be covered where nobody is.
testTheRootIsRefused() {
    for path in / // /. /dir/..; do
        for option in --hide --ro; do
            into_own mnt-mask $option $path echo reached
            refused "mnt-mask: $path is the root itself: what covers it is not seen"
        done
    done
}

testParentThatIsASymbolicLinkStaysInTheRoot() {
    needs_root && return
    ln -sfn dir "$own/link"
    into_own mnt-mask --hide /link/file cat /dir/file
    ended 0
    printed ''
    for target in "$victim" "../../../../../../../..$victim"; do
        ln -sfn "$target" "$own/link"
        into_own mnt-mask --hide /link/file echo reached
        refused 'mnt-mask: cannot find /link/file: No such file or directory'
        host_is_untouched "$target"
    done
}

# A tree of files that looks like proc, with no proc anywhere or with it at another place.
testFakeProcIsRefused() {
    for path in kcore keys sysrq-trigger; do
        : >"$own/proc/$path"
    done
    mkdir "$own/proc/sys"
    for options in --default '--hide /proc/keys' '--ro /proc/sys' '--hide /proc/kcore'; do
        # shellcheck disable=SC2086
        into_own mnt-dev /dev mnt-mask $options echo reached
        refused 'mnt-mask: cannot protect /proc*: /proc is not proc'
        assertEquals 'mnt-mask: hint: put "mnt-proc /proc" before this stage' "$hint"
        # shellcheck disable=SC2086
        into_own mnt-proc /dir mnt-mask $options echo reached
        refused 'mnt-mask: cannot protect /proc*: /proc is not proc'
    done
    into_own mnt-dev /dev mnt-proc /proc mnt-mask --default cat /proc/keys
    ended 0
}

testProcThatIsALinkToAFakeTree() {
    mkdir -p "$own/fake/sys"
    : >"$own/fake/keys"
    rmdir "$own/proc"
    ln -s fake "$own/proc"
    into_own mnt-dev /dev mnt-mask --default echo reached
    refused 'mnt-mask: cannot protect /proc*: /proc is not proc'
    into_own mnt-tmpfs /proc mnt-dev /dev mnt-mask --default echo reached
    refused 'mnt-mask: cannot protect /proc*: /proc is not proc'
    # The link is where the real one goes, too.
    into_own mnt-proc /proc mnt-dev /dev mnt-mask --default cat /proc/keys
    ended 0
    rm "$own/proc"
}

# An empty /proc: nothing is there to be hidden yet, and all of it is when mnt-proc comes later.
testDefaultWithoutProcIsRefused() {
    into_own mnt-dev /dev mnt-mask --default mnt-proc /proc echo reached
    refused 'mnt-mask: cannot protect /proc*: /proc is not proc'
    assertEquals 'mnt-mask: hint: put "mnt-proc /proc" before this stage' "$hint"
}

testFakeSysIsRefused() {
    mkdir "$own/sys/firmware" "$own/sys/kernel"
    for options in --default '--hide /sys/firmware' '--ro /sys/kernel'; do
        # shellcheck disable=SC2086
        into_own mnt-proc /proc mnt-dev /dev mnt-mask $options echo reached
        refused 'mnt-mask: cannot protect /sys/*: /sys is not sysfs'
        assertEquals 'mnt-mask: hint: put "mnt-sys /sys" before this stage' "$hint"
    done
}

testNullThatIsNone() {
    needs_root && return
    for kind in file zero block link dangling directory fifo missing; do
        rm -rf "$own/dev/null"
        case $kind in
        file) : >"$own/dev/null" ;;
        zero) mknod "$own/dev/null" c 1 5 ;;
        block) mknod "$own/dev/null" b 1 3 ;;
        link) ln -s zero "$own/dev/null" ;;
        dangling) ln -s "$victim/file" "$own/dev/null" ;;
        directory) mkdir "$own/dev/null" ;;
        fifo) mkfifo "$own/dev/null" ;;
        esac
        into_own mnt-mask --hide /dir/file echo reached
        case $kind in
        missing) refused 'mnt-mask: cannot hide /dir/file with /dev/null: No such file or directory' ;;
        *) refused 'mnt-mask: cannot hide /dir/file: /dev/null is not the null device' ;;
        esac
        assertEquals "$kind" 'mnt-mask: hint: put "mnt-dev /dev" before this stage' "$hint"
        # With one it is that, whatever the image has.
        into_own mnt-dev /dev mnt-mask --hide /dir/file cat /dir/file
        ended 0
        printed ''
    done
    rm -rf "$own/dev/null"
    host_is_untouched null
}

# Before root-setup the paths would be those of the machine, and the mask stay behind there.
testBeforeRootSetupItIsRefused() {
    for options in --default '--hide /etc/passwd' '--ro /proc/sys'; do
        # shellcheck disable=SC2086
        attempt ns-enter -mp root-open "$root" mnt-mask $options root-setup . echo reached
        refused 'mnt-mask: *'
        case $hint in
        *root-setup*) ;;
        *) fail "no hint: $hint" ;;
        esac
    done
}

testPathsThatAreNotAbsolute() {
    for path in etc/passwd ./etc . proc/kcore ''; do
        for option in --hide --ro; do
            inside $option "$path" echo reached
            refused "mnt-mask: $option: \"$path\" is not an absolute path"
        done
    done
}

testNothingToDo() {
    inside echo reached
    refused 'mnt-mask: nothing is to be hidden: give --default, --hide PATH or --ro PATH'
}

testWordsThatAreNone() {
    inside --nonsense echo reached
    refused 'mnt-mask: unknown option --nonsense'
    inside --default=x echo reached
    refused 'mnt-mask: --default takes no argument'
    inside --hide
    refused 'mnt-mask: --hide needs its argument PATH*'
    inside --default
    refused 'mnt-mask: PROG is missing'
}

testManyPaths() {
    needs_root && return
    set -- --hide /dir/file
    while [ $# -lt 128 ]; do
        set -- --ro /dir "$@"
    done
    into_own mnt-mask "$@" cat /dir/file
    ended 0
    printed ''
    into_own mnt-mask --ro /dir "$@" echo reached
    refused 'mnt-mask: more than 64 paths'
}

testPathThatIsTooLong() {
    long=$(printf '/%0200d' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)
    inside --hide "$long" echo reached
    refused 'mnt-mask: cannot find /000*: File*name too long'
    inside --ro "/$(printf %0256d 0)" echo reached
    refused 'mnt-mask: cannot find /000*: File*name too long'
}

# In a user namespace of his own any user has the power to mount; there what is mounted over something
# cannot be taken off, and no new proc be mounted that shows more.
testPlainUserCannotUndoIt() {
    cover=/proc/keys
    inside --default probe nobody umount "$cover"
    assertNotEquals 0 "$status"
    unmasked probe nobody probe unshare mount -t proc none /mytemp
    [ "$status" = 0 ] || { skip 'no user namespaces for plain users' && return; }
    inside --default probe nobody probe unshare mount -t proc none /mytemp
    assertNotEquals 'a new proc' 0 "$status"
    printed unshared
    inside --default probe nobody probe unshare umount "$cover"
    assertNotEquals 'umount' 0 "$status"
    printed unshared
    inside --default probe nobody probe unshare umount -l /proc
    assertNotEquals 'umount of proc' 0 "$status"
    printed unshared
    inside --default probe nobody probe unshare mount -o remount,bind,rw /proc/sys
    assertNotEquals 'remount' 0 "$status"
    printed unshared
    inside --default probe nobody probe unshare sh -c 'mount --bind /proc /mytemp && cat /mytemp/keys'
    assertNotEquals 'bind without what is below' 0 "$status"
    printed unshared
}

testProgHasNoMoreDescriptorsAndNoVariable() {
    attempt fd-close ns-enter -muipC root-setup "$root" mnt-proc /proc mnt-dev /dev mnt-sys /sys \
        mnt-mask --default --hide /etc/passwd --ro /etc probe fds
    ended 0
    printed '0 1 2 '
    inside --default probe env
    assertEquals '' "$(grep -E '^MINICTR_(NS|STAGES)=' "$tmp/out")"
}

testProgsUmaskIsTheCallers() {
    attempt sh -c 'umask 027 && exec ns-enter -m mnt-mask --hide "$0" sh -c umask' "$tmp/new"
    printed 0027
}

testNothingIsSeenOutside() {
    cp /proc/self/mountinfo "$tmp/mounts"
    mounted --hide "$tmp/new/file" --ro "$tmp/new" true
    ended 0
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
    assertEquals text "$(cat "$tmp/new/file")"
    [ "$(id -u)" = 0 ] || return 0
    attempt unshare --mount sh -c 'mount --make-rshared / && unshare --mount --propagation unchanged mnt-mask --hide "$0" true &&
        cat /proc/self/mountinfo' "$tmp/new"
    ended 0
    assertEquals '' "$(grep -F " $tmp/new" "$tmp/out")"
}

testTypedOnTheHostItRefuses() {
    have_strace || { skip 'no strace' && return; }
    keeps_off_the_host mount mnt-mask "--hide=$tmp/new/file"
    keeps_off_the_host mount mnt-mask "--ro=$tmp/new"
    keeps_off_the_host mount mnt-mask --default
}

testWithoutRoot() {
    as_nobody mnt-mask --hide /etc echo reached
    refused 'mnt-mask: cannot compare the mount namespace with that of process 1: Permission denied'
    assertEquals 'mnt-mask: hint: this user is not root: run it with sudo' "$hint"
}

testPowerlessUserInANamespace() {
    needs_root && return
    as_nobody true
    attempt ns-enter -m setpriv --reuid 65534 --regid 65534 --clear-groups \
        env MINICTR_NS=m "$tmp/bin/mnt-mask" --ro "$tmp/new" echo reached
    refused "mnt-mask: cannot make $tmp/new read-only: Operation not permitted"
    assertEquals 'mnt-mask: hint: this user is not root: run it with sudo' "$hint"
}

# fails FAULT PATTERN OPTION...: on the machine's own root, and leaves nothing.
fails() {
    fault=$1 pattern=$2
    shift 2
    inject "$fault" ns-enter -m mnt-mask "$@" echo reached
    refused "mnt-mask: $pattern"
}

testKernelRefuses() {
    have_strace || { skip 'no strace' && return; }
    cp /proc/self/mountinfo "$tmp/mounts"
    file=$tmp/new/file
    fails openat2:error=ENOSYS "cannot find $file: Function not implemented" --hide "$file"
    fails open_tree:error=EPERM "cannot hide $file with /dev/null: Operation not permitted" --hide "$file"
    fails move_mount:error=EINVAL "cannot mount * on $file: Invalid argument" --hide "$file"
    fails fsopen:error=ENODEV "cannot mount tmpfs on $tmp/new: No such device" --hide "$tmp/new"
    fails fsconfig:error=EINVAL:when=2 "cannot mount tmpfs on $tmp/new with size=4k: Invalid argument" --hide "$tmp/new"
    fails fsmount:error=ENOMEM "cannot mount tmpfs on $tmp/new: *emory" --hide "$tmp/new"
    fails move_mount:error=ENOMEM "cannot mount * on $tmp/new: *emory" --hide "$tmp/new"
    fails open_tree:error=EPERM "cannot make $tmp/new read-only: Operation not permitted" --ro "$tmp/new"
    fails mount_setattr:error=ENOSYS "cannot make $tmp/new read-only: Function not implemented" --ro "$tmp/new"
    fails move_mount:error=EINVAL "cannot mount $tmp/new on $tmp/new: Invalid argument" --ro "$tmp/new"
    fails mount_setattr:error=EPERM 'cannot make /proc/* read-only: Operation not permitted' --ro /proc/sys
    fails openat2:error=EACCES 'cannot find /proc/*: Permission denied' --default
    assertEquals text "$(cat "$file")"
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
}

. shunit2
