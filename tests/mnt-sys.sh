# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# mnt-sys.sh: sysfs and the container's own control group, to be read only.

. "$(dirname "$0")/lib.sh"

image=$root
own=$tmp/root
victim=$tmp/victim
name=test-$$
v2=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
grep -qv '^0:' /proc/self/cgroup && hybrid=yes || hybrid=

# group CONTROLLER: where a container has its group with that controller.
group() {
    if grep -q "^[0-9]*:\([^:]*,\)\{0,1\}$1[,:]" /proc/self/cgroup; then
        echo "/sys/fs/cgroup/$1"
    else
        echo "/sys/fs/cgroup${hybrid:+/unified}"
    fi
}

pids=$(group pids)
memory=$(group memory)
cpu=$(group cpu)
if [ "$memory" = /sys/fs/cgroup/memory ]; then
    memory_file=$memory/memory.limit_in_bytes
else
    memory_file=$memory/memory.max
fi
if [ "$cpu" = /sys/fs/cgroup/cpu ]; then
    cpu_file=$cpu/cpu.cfs_quota_us cpu_half=50000
else
    cpu_file=$cpu/cpu.max cpu_half='50000 100000'
fi

# The ways in, each with DIR PROG...: behind root-setup, before it, and on the machine's own root.
inside() {
    attempt cg-limit --memory 64M --pids 20 --cpu 0.5 --name "$name" \
        ns-enter -muipC root-setup "$image" mnt-proc /proc mnt-sys "$@"
}

opened() {
    dir=$1
    shift
    attempt cg-limit --memory 64M --pids 20 --cpu 0.5 --name "$name" \
        ns-enter -muipC root-open "$image" mnt-sys "$dir" root-setup . mnt-proc /proc "$@"
}

mounted() {
    attempt cg-limit --memory 64M --pids 20 --name "$name" ns-enter -mC mnt-sys "$@"
}

setUp() {
    [ -d "$own" ] || cp -R "$root" "$own"
    rm -rf --one-file-system "${own:?}/sys" "$own/elsewhere" "${own:?}${victim:?}" "$victim" "$tmp/new"
    mkdir "$own/sys" "$victim" "$tmp/new"
    : >"$victim/file"
    image=$root
}

tearDown() {
    rm -rf --one-file-system "$own/proc/self"
    # What a test that failed has left in it, too.
    [ -z "$v2" ] || [ ! -d "$v2/minictr-$name" ] || find "$v2/minictr-$name" -depth -type d -exec rmdir {} +
}

victim_is_untouched() {
    assertEquals "$1" file "$(ls -A "$victim")"
    assertEquals "$1" '' "$(grep -F " $victim" /proc/self/mountinfo)"
}

# The rest of a command line, in a v2 group of its own, where cg-limit has no reason to make one.
in_v2_group() {
    mkdir -p "$v2/minictr-$name"
    attempt sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$v2/minictr-$name" "$@"
}

testItIsSysfs() {
    for way in inside opened; do
        $way /sys sh -c 'stat -fc %T /sys; ls -d /sys/kernel /sys/class/net; cat /sys/kernel/profiling'
        assertEquals "$(printf '%s\n' sysfs /sys/class/net /sys/kernel)" "$(head -n 3 "$tmp/out")"
    done
}

testFlags() {
    for way in inside opened mounted; do
        case $way in mounted) dir=$tmp/new ;; *) dir=/sys ;; esac
        $way "$dir" cat /proc/self/mountinfo
        ended 0
        awk -v dir="$dir" 'index($5, dir) == 1' "$tmp/out" >"$tmp/mounts"
        assertEquals "$way" "$dir ro,nosuid,nodev,noexec,relatime - sysfs sysfs" \
            "$(head -n 1 "$tmp/mounts" | cut -d ' ' -f 5-9)"
        assertTrue "$way" "[ $(grep -c 'fs/cgroup' "$tmp/mounts") -gt 0 ]"
        assertEquals "$way" 'ro,nosuid,nodev,noexec,relatime -' \
            "$(cut -d ' ' -f 6,7 "$tmp/mounts" | sort -u)"
        assertEquals "$way" 'cgroup cgroup2 sysfs tmpfs' "$( (
            cut -d ' ' -f 8 "$tmp/mounts"
            printf '%s\n' cgroup cgroup2 sysfs tmpfs
        ) | sort -u | paste -sd ' ')"
        assertEquals 'each shows the root of what it sees' / "$(cut -d ' ' -f 4 "$tmp/mounts" | sort -u)"
    done
}

testRootCannotWrite() {
    for way in inside opened; do
        $way /sys sh -c '
            find /sys/fs /sys/kernel /sys/module /sys/block -type f -perm -u+w 2>/dev/null | head -n 400 |
                while read -r file; do
                    echo tried
                    command : >>"$file" && echo "$file can be written"
                done | sort -u
            mkdir /sys/new /sys/fs/cgroup/new "$0/new"
            ln -s x /sys/fs/cgroup/link' "$pids"
        assertNotEquals 0 "$status"
        assertEquals tried "$(cat "$tmp/out")"
        assertEquals '' "$(grep -vE 'Read-only file system|Permission denied|Operation not permitted' "$tmp/err")"
        said "mkdir: .*$pids/new.*Read-only file system"
        said 'ln: .*/sys/fs/cgroup/link.*Read-only file system'
    done
}

testReleaseAgentCannotBeWritten() {
    inside /sys sh -c 'find /sys -name release_agent | while read -r file; do
        command : >>"$file" && echo "$file"; done; :'
    ended 0
    printed ''
}

# No power over the container's own limits either.
testLimitsCannotBeChanged() {
    inside /sys sh -c 'echo max >"$0"; cat "$0"' "$pids/pids.max"
    ended 0
    printed 20
    said 'Read-only file system'
}

testTheHostsMountsStayWritable() {
    cp /proc/self/mountinfo "$tmp/mounts"
    inside /sys true
    ended 0
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
    attempt cg-limit --pids 5 --name "$name" true
    ended 0
}

testLimitsAreTheOnesThatWereSet() {
    for way in inside opened; do
        $way /sys cat "$memory_file" "$pids/pids.max" "$cpu_file"
        ended 0
        printed "$(printf '%s\n' 67108864 20 "$cpu_half")"
    done
}

testOwnProcessesAreInTheGroup() {
    inside /sys sh -c 'grep -x 1 "$0/cgroup.procs" "$1/cgroup.procs"' "$pids" "$memory"
    ended 0
}

testOwnGroupsAreListed() {
    inside /sys sh -c 'cut -d : -f 3 /proc/self/cgroup | sort -u'
    printed /
}

# The other container has a group in hierarchies where this one has none.
testNothingOfOtherGroups() {
    start cg-limit --memory 32M --pids 3 --cpu 1 --name "$name-other" sleep 1000
    other=$started
    await 20 sh -c '[ -n "$(cat "/proc/$0/task/$0/children")" ]' "$other"
    for limits in '--memory 64M --pids 20 --cpu 0.5' '--pids 20'; do
        # shellcheck disable=SC2086
        attempt cg-limit $limits --name "$name" ns-enter -muipC root-setup "$root" mnt-proc /proc \
            mnt-sys /sys sh -c 'find /sys/fs/cgroup -name "test-*" -o -name minictr; ls "$0" | grep -c pids.max' "$pids"
        ended 0
        printed 1
    done
    kill "$other"
    wait "$other" || :
}

testWithoutACgroupNamespace() {
    needs_root && return
    for chain in 'root-setup:.:mnt-proc:/proc:mnt-sys:/sys' 'root-open:.:mnt-sys:/sys:root-setup:.:mnt-proc:/proc'; do
        # shellcheck disable=SC2046
        attempt sh -c 'cd "$0" && exec "$@"' "$root" cg-limit --pids 20 --name "$name" ns-enter -muip \
            $(echo $chain | tr : ' ') sh -c 'find /sys/fs/cgroup; grep -c cgroup /proc/self/mountinfo; ls -d /sys/kernel'
        ended 0
        printed "$(printf '%s\n' /sys/fs/cgroup 0 /sys/kernel)"
    done
    attempt unshare --mount mnt-sys "$tmp/new" ls -A "$tmp/new/fs/cgroup"
    ended 0
    printed ''
}

testCgroupNamespaceMayComeFromSomebodyElse() {
    needs_root && return
    attempt cg-limit --pids 20 --name "$name" unshare --mount --cgroup mnt-sys "$tmp/new" \
        cat "$tmp/new${pids#/sys}/pids.max"
    ended 0
    printed 20
}

testWithoutProc() {
    needs_root && return
    attempt ns-enter -muipC root-setup "$root" mnt-sys /sys echo reached
    refused 'mnt-sys: cannot find the own control groups: /proc is not proc'
    assertEquals 'mnt-sys: hint: put "mnt-proc /proc" before this stage' "$hint"
    attempt ns-enter -muip root-setup "$root" mnt-sys /sys ls /sys/fs/cgroup
    ended 0
}

# What the image says of control groups would make hierarchies on the machine, and directories where
# "../" leads.
testProcOfTheImageIsNotBelieved() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    mkdir "$own/proc/self"
    for claim in '7:name=minictr-test:/' '7:name=../../../minictr-test:/' '0::/' '3:pids:/'; do
        echo "$claim" >"$own/proc/self/cgroup"
        # The new hierarchy must not come to be even when the stage is wrong.
        attempt strace -f -o "$tmp/trace" -e trace=fsopen,mkdirat -e inject=fsconfig:error=EPERM:when=7+ \
            ns-enter -muipC root-setup "$own" mnt-sys /sys echo reached
        refused 'mnt-sys: *'
        assertEquals "$claim" '' "$(grep 'fsopen("cgroup' "$tmp/trace")"
        case $hint in
        *'put'*'mnt-proc'*'before this stage') ;;
        *) fail "$claim: hint: $hint" ;;
        esac
        assertFalse "$claim" "[ -e '$own/minictr-test' ]"
    done
    rmdir "$own/minictr-test" 2>/dev/null
    assertEquals '' "$(grep minictr-test /proc/self/cgroup)"
}

# Two controllers on one hierarchy, of which the kernel is told of one only: the other is not there.
testLinksForControllersOnOneHierarchy() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    [ "$pids" = /sys/fs/cgroup/pids ] || { skip 'no v1 hierarchy' && return; }
    attempt cg-limit --pids 20 --name "$name" strace -f -o /dev/null -e inject=fsconfig:retval=0:when=9 \
        ns-enter -mC sh -c 'sed -n "s|^\([0-9]*:pids\):.*|\1,other:/x|p" /proc/self/cgroup >"$1/groups" && mount --bind "$1/groups" /proc/$$/cgroup &&
            exec mnt-sys "$0" sh -c "cd \"\$0/fs/cgroup\" && readlink pids other; cat other/pids.max; ls" "$0"' \
        "$tmp/new" "$tmp"
    ended 0
    printed "$(printf '%s\n' pids,other pids,other 20 other pids pids,other)"
    attempt cg-limit --pids 20 --name "$name" strace -f -o /dev/null -e inject=fsconfig:retval=0:when=9 \
        -e inject=symlinkat:error=ENOSPC \
        ns-enter -mC sh -c 'mount --bind "$1/groups" /proc/$$/cgroup && exec mnt-sys "$0" echo reached' \
        "$tmp/new" "$tmp"
    refused 'mnt-sys: cannot make the link fs/cgroup/pids: No space left on device'
}

# As on a machine with v2 alone.
testV2Alone() {
    needs_root && return
    [ -n "$v2" ] || { skip 'no cgroup v2' && return; }
    in_v2_group ns-enter -mC sh -c 'echo 0::/ >"$1/groups" && mount --bind "$1/groups" /proc/$$/cgroup &&
        exec mnt-sys "$0" sh -c "cd \"\$0/fs/cgroup\" && stat -fc %T . && grep -qx \$\$ cgroup.procs && ls cgroup.events &&
            find . -mindepth 1 -type d; mkdir new; grep -F \" \$0\" /proc/self/mountinfo" "$0"' "$tmp/new" "$tmp"
    ended 0
    assertEquals 'cgroup2fs cgroup.events' "$(head -n 2 "$tmp/out" | paste -sd ' ')"
    assertEquals "$(printf '%s\n' " ro,nosuid,nodev,noexec,relatime - sysfs sysfs" \
        "/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup2")" \
        "$(sed 1,2d "$tmp/out" | cut -d ' ' -f 5-9 | sed "s|^$tmp/new||")"
    said 'Read-only file system'
}

testV2BesideV1() {
    needs_root && return
    [ -n "${hybrid:+$v2}" ] || { skip 'not hybrid' && return; }
    in_v2_group ns-enter -muipC root-setup "$root" mnt-proc /proc mnt-sys /sys sh -c 'cd /sys/fs/cgroup/unified &&
        stat -fc %T . && grep -qx 1 cgroup.procs && ls cgroup.events && find . -mindepth 1 -type d'
    ended 0
    printed "$(printf '%s\n' cgroup2fs cgroup.events)"
}

testNamedHierarchyHasItsName() {
    [ -n "$hybrid" ] || { skip 'no v1 hierarchy' && return; }
    [ "$pids" = /sys/fs/cgroup/pids ] || { skip 'no v1 hierarchy of pids' && return; }
    inside /sys sh -c 'ls -d /sys/fs/cgroup/name=*; grep -o " /sys/fs/cgroup/pids .*" /proc/self/mountinfo'
    assertEquals 'cgroup cgroup rw,pids' "$(sed 's/.* - //' "$tmp/out")"
}

testNetworkInterfacesAreThoseOfTheNamespace() {
    attempt ns-enter -mn root-setup "$root" mnt-sys /sys ls /sys/class/net
    assertEquals lo "$(grep -v '^bonding_masters$' "$tmp/out")"
}

testNothingIsSeenOutside() {
    image=$own
    for way in inside opened; do
        $way /sys true
        ended 0
        assertEquals '' "$(ls -A "$own/sys")"
    done
    mounted "$tmp/new" true
    assertEquals '' "$(ls -A "$tmp/new")"
}

testSysIsALinkToTheHost() {
    rmdir "$own/sys"
    image=$own
    for link in "$victim" "../../../../../../../../..$victim" "/proc/1/root$victim" "/proc/self/root$victim"; do
        ln -sfn "$link" "$own/sys"
        for way in inside opened; do
            $way /sys echo reached
            refused 'mnt-sys: cannot m* /sys: *'
            victim_is_untouched "$way $link"
            assertFalse "$way $link" "[ -e '$own$victim' ]"
        done
    done
}

testSysIsALinkWithinTheImage() {
    rmdir "$own/sys"
    image=$own
    for link in "$victim" "../../../../../../../../..$victim" elsewhere; do
        case $link in
        *victim) place=$victim ;;
        *) place=/elsewhere ;;
        esac
        ln -sfn "$link" "$own/sys"
        mkdir -p "$own$place"
        for way in inside opened; do
            $way /sys cat "$place${pids#/sys}/pids.max"
            ended 0
            printed 20
            victim_is_untouched "$way $link"
            assertEquals "$way $link" '' "$(ls -A "$own$place")"
        done
    done
}

# What the image has below its /sys is covered, and links in that lead nowhere.
testFakeSysIsCovered() {
    mkdir -p "$own/sys/fs"
    ln -s "$victim" "$own/sys/fs/cgroup"
    image=$own
    for way in inside opened; do
        $way /sys cat "$pids/pids.max"
        printed 20
        victim_is_untouched "$way"
    done
    assertEquals fs "$(ls "$own/sys")"
}

testDirThatCannotBe() {
    rmdir "$own/sys"
    image=$own
    for way in inside opened; do
        : >"$own/sys"
        $way /sys echo reached
        refused 'mnt-sys: cannot mount on /sys: Not a directory'
        rm "$own/sys"
        ln -s sys "$own/sys"
        $way /sys echo reached
        refused 'mnt-sys: cannot mount on /sys: *[Ss]ymbolic link*'
        rm "$own/sys"
        $way "$(printf '/%0200d' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)" echo reached
        refused 'mnt-sys: cannot mount on /000*: File*name too long'
    done
}

testDirIsMade() {
    image=$own
    for way in inside opened; do
        rmdir "$own/sys"
        $way /sys test -d /sys/kernel
        ended 0
        assertEquals '755 directory' "$(stat -c '%a %F' "$own/sys")"
    done
    mounted "$tmp/new/a/b" test -d "$tmp/new/a/b/kernel"
    ended 0
}

testReadOnlyRoot() {
    attempt ns-enter -mC root-setup --read-only "$root" mnt-proc /proc mnt-sys /sys test -d /sys/kernel
    ended 0
    rmdir "$own/sys"
    attempt ns-enter -mC root-setup --read-only "$own" mnt-proc /proc mnt-sys /sys echo reached
    refused 'mnt-sys: cannot make the mount point /sys: Read-only file system'
}

testWordsThatAreNone() {
    mounted --nonsense "$tmp/new" echo reached
    refused 'mnt-sys: unknown option --nonsense'
    mounted --read-only "$tmp/new" echo reached
    refused 'mnt-sys: unknown option --read-only'
    mounted "$tmp/new"
    refused 'mnt-sys: PROG is missing'
    mounted '' echo reached
    refused 'mnt-sys: DIR is empty'
}

testProgHasNoMoreDescriptorsAndNoVariable() {
    attempt fd-close ns-enter -muipC root-setup "$root" mnt-proc /proc mnt-sys /sys probe fds
    printed '0 1 2 '
    attempt fd-close ns-enter -muipC root-open "$root" mnt-sys /sys root-setup . probe fds
    printed '0 1 2 '
    for way in inside opened; do
        $way /sys probe env
        ended 0
        assertEquals '' "$(grep -E '^MINICTR_(NS|STAGES)=' "$tmp/out")"
    done
}

testProgsUmaskIsTheCallers() {
    attempt sh -c 'umask 027 && exec ns-enter -mC mnt-sys "$0/made" sh -c umask' "$tmp/new"
    printed 0027
    assertEquals 755 "$(stat -c %a "$tmp/new/made")"
}

testTypedOnTheHostItRefuses() {
    have_strace || { skip 'no strace' && return; }
    keeps_off_the_host mount mnt-sys "$tmp/new/sys"
    assertFalse 'the mount point was made' "[ -e '$tmp/new/sys' ]"
}

testNothingIsSeenOutsideANamespaceThatIsNotPrivate() {
    needs_root && return
    attempt unshare --mount sh -c 'mount --make-rshared / &&
        unshare --mount --cgroup --propagation unchanged mnt-sys "$0" true && echo mounted && cat /proc/self/mountinfo' "$tmp/new"
    assertTrue 'it did its work' "grep -qx mounted '$tmp/out'"
    assertEquals '' "$(grep -F " $tmp/new" "$tmp/out")"
}

testWithoutRoot() {
    as_nobody mnt-sys "$tmp/new" echo reached
    refused 'mnt-sys: cannot compare the mount namespace with that of process 1: Permission denied'
    assertEquals 'mnt-sys: hint: this user is not root: run it with sudo' "$hint"
}

testPowerlessUserInANamespace() {
    needs_root && return
    as_nobody true
    attempt ns-enter -m setpriv --reuid 65534 --regid 65534 --clear-groups \
        env MINICTR_NS=m "$tmp/bin/mnt-sys" "$tmp/new" echo reached
    refused "mnt-sys: cannot mount sysfs on $tmp/new: Operation not permitted"
    assertEquals 'mnt-sys: hint: this user is not root: run it with sudo' "$hint"
}

# fails FAULT PATTERN: on the machine's own root, and leaves nothing.
fails() {
    attempt cg-limit --pids 20 --name "$name" strace -f -o /dev/null -e inject="$1" \
        ns-enter -mC mnt-sys "$tmp/new" echo reached
    refused "mnt-sys: $2"
    assertEquals "$1" '' "$(ls -A "$tmp/new")"
}

testKernelRefuses() {
    have_strace || { skip 'no strace' && return; }
    cp /proc/self/mountinfo "$tmp/mounts"
    fails fsopen:error=ENOSYS "cannot mount sysfs on $tmp/new: Function not implemented"
    fails fsconfig:error=EPERM:when=2 "cannot mount sysfs on $tmp/new: Operation not permitted"
    fails fsmount:error=ENOMEM "cannot mount sysfs on $tmp/new: *emory"
    fails openat2:error=ENOSYS "cannot mount on $tmp/new: Function not implemented"
    fails move_mount:error=EINVAL "cannot mount sysfs on $tmp/new: Invalid argument"
    if [ -n "$hybrid" ]; then
        fails fsopen:error=ENODEV:when=2 'cannot mount tmpfs on fs/cgroup: No such device'
        fails fsconfig:error=EINVAL:when=5 'cannot mount tmpfs on fs/cgroup with size=64k: Invalid argument'
        fails move_mount:error=EINVAL:when=2 'cannot mount tmpfs on fs/cgroup: Invalid argument'
        fails fsopen:error=ENODEV:when=3 'cannot mount cgroup* on *: No such device'
        fails fsmount:error=EPERM:when=3 'cannot mount cgroup* on *: Operation not permitted'
        fails move_mount:error=EINVAL:when=3 'cannot mount cgroup* on *: Invalid argument'
        fails mkdirat:error=ENOSPC 'cannot make fs/cgroup/*: No space left on device'
        fails mount_setattr:error=EPERM 'cannot make fs/cgroup read-only: Operation not permitted'
    else
        fails fsopen:error=ENODEV:when=2 'cannot mount cgroup2 on fs/cgroup: No such device'
        fails fsmount:error=EPERM:when=2 'cannot mount cgroup2 on fs/cgroup: Operation not permitted'
        fails move_mount:error=EINVAL:when=2 'cannot mount cgroup2 on fs/cgroup: Invalid argument'
    fi
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
}

. shunit2
