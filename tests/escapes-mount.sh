# shellcheck shell=sh
# escapes-mount.sh: the famous escapes by mounts, links and /proc, replayed. Each first gets out of a
# chain that lacks one thing, so that it is known to bite, and then has to fail in the default
# container. What is the machine's own is opened there, and never written. Doc/security.md names them.

. "$(dirname "$0")/lib.sh"

own=$tmp/root      # the root: what is in it is the enemy's
victim=$tmp/victim # what is the host's
volume=$tmp/volume # what is shared with the container

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    cp -a "$root" "$own"
    cp "$helpers"/escapes/mounts "$helpers"/escapes/opens "$helpers"/escapes/leave-chroot "$own/usr/bin"
}

setUp() {
    for name in proc sys dev mytemp; do
        rm -rf --one-file-system "${own:?}/$name"
        mkdir "$own/$name"
    done
    rm -rf --one-file-system "$victim" "$volume" "${own:?}/fake" "$own/link" "$own/node"
    mkdir -p "$victim/dir" "$volume/in"
    echo text >"$victim/file"
    echo text >"$volume/file"
    find "$victim" -printf '%p %y %m %U %s %T@ %C@\n' | sort >"$tmp/victim.before"
}

# The victim is as it was.
unharmed() {
    find "$victim" -printf '%p %y %m %U %s %T@ %C@\n' | sort | diff "$tmp/victim.before" - >"$tmp/harm"
    assertEquals "$1: what is the host's was changed" '' "$(cat "$tmp/harm")"
}

# default PROG...: in the default container. With options in $words.
words=
default() {
    # shellcheck disable=SC2086
    attempt minictr --root "$own" $words "$@"
}

# without STAGE[|STAGE]... PROG...: in the default container, but for these stages.
without() {
    left_out=$1
    shift
    # shellcheck disable=SC2086
    minictr --root "$own" $words --print "$@" >"$tmp/chain"
    grep -qE "^ *($left_out) " "$tmp/chain" || fail "no $left_out to leave out"
    grep -vE "^ *($left_out) " "$tmp/chain" >"$tmp/weakened"
    attempt sh "$tmp/weakened"
}

# by_hand PROG...: a chain made by hand: the new root, with no mount and no lock.
by_hand() {
    attempt ns-enter -muipC root-setup "$own" "$@"
}

# Files that are there on this machine.
existing() {
    for path; do
        [ ! -e "$path" ] || echo "$path"
    done
}

#
# While the container is made.
#

# CVE-2021-30465: the place of one volume is in another one, which the attacker can write to.
# There he puts a link after it was looked at and before it is mounted on.
testVolumeInAVolume() {
    mkdir "$volume/target" "$tmp/second"
    echo second >"$tmp/second/second"
    ln -s "$victim/dir" "$volume/link"
    # By path: looked at, exchanged, mounted.
    attempt ns-enter -m sh -ec 'mkdir -p "$0/v1" && mount --bind "$1" "$0/v1"
        [ -d "$0/v1/target" ] && [ ! -L "$0/v1/target" ]
        mv "$1/target" "$1/was" && mv "$1/link" "$1/target"
        mount --bind "$2" "$0/v1/target" && ls "$3"' "$own" "$volume" "$tmp/second" "$victim/dir"
    ended 0
    printed second
    mv "$volume/target" "$volume/link"
    mkdir "$volume/target"
    # The same link for ours, which leads to nothing in the root.
    for to in "$victim/dir" "../../../../../../../../$victim/dir" "/proc/1/root$victim/dir"; do
        ln -sfn "$to" "$volume/link"
        attempt ns-enter -m root-open "$own" mnt-bind "$volume" /v1 mnt-bind "$tmp/second" /v1/link \
            ls -A "$victim/dir"
        refused 'mnt-bind: cannot m* /v1/link*'
        words="--bind $volume:/v1 --bind $tmp/second:/v1/link"
        default echo reached
        refused 'mnt-bind: cannot m* /v1/link*'
    done
    # And all the time. What is mounted is seen on the host's side before the root is the root.
    swap "$volume/target" "$volume/link" 100 2>/dev/null &
    swapper=$!
    containers=0 errors=0
    for _ in $(seq 60); do
        attempt ns-enter -m root-open "$own" mnt-bind "$volume" /v1 mnt-bind "$tmp/second" /v1/target \
            sh -c 'ls -A "$0"; grep -cE " $0[/ ]" /proc/self/mountinfo; [ $? = 1 ]' "$victim/dir"
        if [ "$status" = 125 ]; then
            refused 'mnt-bind: cannot m* /v1/target*'
            errors=$((errors + 1))
        else
            ended 0
            printed 0
            containers=$((containers + 1))
        fi
    done
    kill $swapper
    wait $swapper
    assertEquals 'somebody swapped' 143 $?
    assertTrue "containers: $containers, errors: $errors" "[ $containers -gt 0 ] && [ $errors -gt 0 ]"
    words=
    unharmed 'a volume in a volume'
    rm -rf --one-file-system "$tmp/second" "${own:?}/v1"
}

# CVE-2025-31133: what hides a file is the null device of the image, which is a link to something else.
# Then that is to be seen, and to be written, where nothing should be; or it is missing, and so is the mask.
testMaskByALinkInPlaceOfNull() {
    naive='mount --bind /dev/null /proc/timer_list; opens write /proc/timer_list'
    # The machine's core_pattern, by the name of a mask that came before /proc/sys is protected.
    ln -s /proc/sys/kernel/core_pattern "$own/dev/null"
    by_hand mnt-proc /proc sh -c "$naive"'
        [ "$(cat /proc/timer_list)" = "$(cat /proc/sys/kernel/core_pattern)" ]'
    ended 0
    printed '/proc/timer_list: opened'
    # A file of the host, for an engine that mounts before the root is the root.
    ln -sf "$victim/file" "$own/dev/null"
    : >"$own/fake"
    attempt ns-enter -m sh -c 'mount --bind "$0/dev/null" "$0/fake" && cat "$0/fake"' "$own"
    printed text
    # Nothing.
    rm "$own/dev/null"
    by_hand mnt-proc /proc sh -c 'mount --bind /dev/null /proc/timer_list; head -c 1 /proc/timer_list | wc -c'
    printed 1
    for to in /proc/sys/kernel/core_pattern /proc/self/fd/0 "$victim/file" null /etc/passwd; do
        ln -sfn "$to" "$own/dev/null"
        by_hand mnt-proc /proc mnt-mask --hide /proc/timer_list echo reached
        refused 'mnt-mask: cannot hide /proc/timer_list*'
        by_hand mnt-proc /proc mnt-mask --default echo reached
        refused 'mnt-mask: cannot hide /proc/*'
        default sh -c 'stat -c %t:%T /dev/null /proc/timer_list /proc/keys; cat /proc/timer_list /proc/keys'
        ended 0
        printed "$(printf '1:3\n1:3\n1:3')"
        assertEquals 'the image stays' "$to" "$(readlink "$own/dev/null")"
    done
    rm "$own/dev/null"
    by_hand mnt-proc /proc mnt-mask --default echo reached
    refused 'mnt-mask: cannot hide /proc/*'
    unharmed 'a link in place of null'
}

# CVE-2025-52565: the terminal is mounted on /dev/console, before the masks, and one of the two is a link:
# to where it is mounted, or to what.
testConsoleIsALink() {
    mkdir "$own/dev/pts"
    ln -s /proc/sys/kernel/core_pattern "$own/dev/pts/0"
    : >"$own/dev/console"
    : >"$own/etc/empty"
    mknod "$own/dev/ptmx" c 5 2
    by_hand mnt-proc /proc sh -c 'mount --bind /dev/pts/0 /dev/console && opens write /dev/console &&
        [ "$(cat /dev/console)" = "$(cat /proc/sys/kernel/core_pattern)" ]'
    ended 0
    printed '/dev/console: opened'
    ln -sf "$victim/file" "$own/dev/console"
    attempt ns-enter -m sh -c 'mount --bind /dev/null "$0/dev/console" && stat -c %t:%T "$1"' \
        "$own" "$victim/file"
    printed 1:3
    for to in "$victim/file" "../../../../../../../../$victim/file" /proc/sys/kernel/core_pattern \
        /proc/self/fd/0 /etc/passwd /etc/empty; do
        ln -sfn "$to" "$own/dev/console"
        words=--tty
        default sh -c 'tty; stat -c %F:%t /dev/console; stat -c %F:%s /etc/passwd'
        ended 0
        assertEquals "/dev/pts/0 character special file:88 regular file:$(stat -c %s "$own/etc/passwd") " \
            "$(tr -d '\r' <"$tmp/out" | tr '\n' ' ')"
        # In a /dev of the image it is no console, and nothing is mounted.
        attempt tty-relay ns-enter -muip root-open "$own" mnt-bind --rec /dev/pts /dev/pts \
            root-setup . mnt-proc /proc tty-pty cat /proc/self/mountinfo
        ended 0
        assertEquals "$to" /dev/pts "$(tr -d '\r' <"$tmp/out" | awk '$5 ~ "^/dev|^/etc|^/proc/" { print $5 }' |
            sort -u | paste -sd ' ')"
    done
    words=
    unharmed 'the console is a link'
}

# CVE-2019-19921, CVE-2025-52881: /proc is not proc while the container is made. What is written there
# for the kernel goes to the image's files, or by its links to others, and a mask hides nothing of the
# real one, which is mounted later.
testFakeProc() {
    fake() {
        rm -rf --one-file-system "${own:?}/proc"
        mkdir -p "$own/proc/self/attr" "$own/proc/sys/kernel" "$own/proc/1"
        ln -s "$victim/file" "$own/proc/self/attr/exec"
        ln -s "$victim/file" "$own/proc/sysrq-trigger"
        ln -s "$victim" "$own/proc/keys"
        : >"$own/proc/timer_list"
    }
    fake
    # What is written by path goes to the host, and so does a mount.
    attempt ns-enter -m sh -c 'echo label >"$0/proc/self/attr/exec"; cat "$1"' "$own" "$victim/file"
    printed label
    echo text >"$victim/file"
    attempt ns-enter -m sh -c 'mount -t tmpfs none "$0/proc/keys" && ls -A "$1"' "$own" "$victim"
    ended 0
    printed ''
    # A mask that lands in the fake tree.
    by_hand mnt-dev /dev sh -c 'mount --bind /dev/null /proc/timer_list && mkdir /mytemp/proc &&
        mount -t proc proc /mytemp/proc && head -c 1 /mytemp/proc/timer_list | wc -c'
    printed 1
    find "$victim" -printf '%p %y %m %U %s %T@ %C@\n' | sort >"$tmp/victim.before"

    look='stat -f -c %T /proc /proc/sys; [ "$(readlink /proc/self/cwd)" = / ] && echo proc
        cat /proc/timer_list /proc/keys; opens write /proc/sys/kernel/core_pattern'
    real='proc
proc
proc
/proc/sys/kernel/core_pattern: Read-only file system'
    # A directory with fake files; a volume of it; a tmpfs; a volume on a part of it.
    for words in '' "--bind $own/proc:/proc" '--tmpfs /proc' "--bind $volume:/proc/sys" \
        "--bind $volume/file:/proc/timer_list" "--ephemeral --bind $volume:/proc"; do
        default sh -c "$look"
        ended 1
        printed "$real"
        # By hand, without a proc of ours, the stage sees that it is none.
        [ "$words" = '--tmpfs /proc' ] || {
            without 'mnt-proc|mnt-sys' echo reached
            refused 'mnt-mask: cannot protect /proc*: /proc is not proc'
        }
        words='--print'
    done
    words=
    by_hand mnt-dev /dev mnt-mask --default echo reached
    refused 'mnt-mask: cannot protect /proc*: /proc is not proc'
    by_hand mnt-dev /dev mnt-mask --hide /proc/timer_list --ro /proc/sys echo reached
    refused 'mnt-mask: cannot protect /proc*: /proc is not proc'
    # A link: to the host, it leads nowhere; to a tree of the image, the real one is there.
    rm -rf --one-file-system "${own:?}/proc"
    for to in "$victim" "../../../../../../../..$victim"; do
        ln -sfn "$to" "$own/proc"
        default echo reached
        refused 'mnt-proc: cannot m* /proc*'
    done
    mkdir "$own/fake"
    ln -sfn fake "$own/proc"
    default sh -c "$look"
    printed "$real"
    rm "$own/proc"
    fake
    unharmed 'a fake proc'
}

# CVE-2025-52881: there is nothing to be diverted.
testNoStageWritesToProc() {
    have_strace || { skip 'no strace' && return; }
    not_inline && return
    mkdir -p "$volume/proc"
    for words in '' --tty "--user nobody --rlimit nofile=100 --cwd /proc --ephemeral --env A=b"; do
        # shellcheck disable=SC2086
        attempt strace -f -o "$tmp/trace" -e trace=openat,openat2,open,creat,execve,execveat \
            minictr --root "$own" $words true
        ended 0
        # Behind root-setup, which is the last one that is found in the host's directory.
        sed -n '/"root-setup"/,$p' "$tmp/trace" >"$tmp/behind"
        assertTrue 'it was traced' "grep -q '\"mnt-mask\"' '$tmp/behind'"
        assertEquals "$words" '' "$(grep -E '"(/proc|proc|self|thread-self|sys|attr)[/"].*(O_WRONLY|O_RDWR|O_CREAT)' \
            "$tmp/behind")"
    done
    words=
}

#
# In the container.
#

# CVE-2022-0492: the kernel runs release_agent of a v1 hierarchy on the host, as root, when a group is
# empty. Whoever may mount the hierarchy can set it. Only opened here: it is this machine's.
testReleaseAgent() {
    # One in which the container is not in a group of its own.
    controller=$(sed -nE 's/^[1-9][0-9]*:([a-z]*):\/$/\1/p' /proc/self/cgroup | grep -vxE 'memory|pids' | head -n 1)
    [ -n "$controller" ] || { skip 'no v1 hierarchy with this process in its root' && return; }
    mount_it="mkdir /mytemp/g && mount -t cgroup -o $controller none /mytemp/g &&
        opens write /mytemp/g/release_agent /mytemp/g/notify_on_release"
    without 'cap-keep|sys-filter' sh -c "$mount_it"
    ended 0
    printed '/mytemp/g/release_agent: opened
/mytemp/g/notify_on_release: opened'
    # Each lock alone.
    for words in '' '--sys-filter none' '--cap-keep all'; do
        default sh -c "$mount_it"
        assertNotEquals "$words" 0 "$status"
        printed ''
        said 'permission denied|not permitted|must be superuser'
    done
    # And what is mounted already, with both locks gone: read-only, and no root of a hierarchy is there,
    # though a naive chain would mount it.
    by_hand mnt-proc /proc sh -c "mount -t sysfs none /sys && mount -t tmpfs none /sys/fs/cgroup &&
        mkdir /sys/fs/cgroup/x && mount -t cgroup -o $controller none /sys/fs/cgroup/x &&
        opens write /sys/fs/cgroup/x/release_agent"
    ended 0
    for words in '' --privileged; do
        default sh -c 'find /sys/fs/cgroup -name release_agent | grep -c .
            find /sys/fs/cgroup -type f -exec opens write {} + | grep -c opened
            find /sys/fs/cgroup -name notify_on_release | grep -q . && echo groups'
        ended 0
        printed '0
0
groups'
    done
    words=
}

# The oldest of all.
testLeaveChroot() {
    attempt ns-enter -m chroot "$own" leave-chroot "$victim/file"
    ended 0
    assertEquals escaped "$(tail -n 1 "$victim/file")"
    echo text >"$victim/file"
    find "$victim" -printf '%p %y %m %U %s %T@ %C@\n' | sort >"$tmp/victim.before"
    # With all capabilities, too, and with no other stage at all.
    attempt ns-enter -m root-setup "$own" leave-chroot "$victim/file"
    ended 1
    said 'No such file'
    for words in '' --privileged --bare --ephemeral '--cap-keep sys_chroot,dac_override'; do
        default leave-chroot "$victim/file"
        ended 1
        said 'No such file'
    done
    words=
    unharmed 'out of chroot'
}

# Mounts, masks taken off, read-only made writable.
testMounts() {
    words=--privileged
    default sh -c 'mounts /mytemp && opens write /proc/sys/kernel/core_pattern /proc/irq/default_smp_affinity &&
        opens write /mytemp/proc/sys/kernel/core_pattern && cat /mytemp/proc/timer_list | head -c 1'
    ended 0
    assertEquals 'all of them work' 3 "$(grep -c ': opened$' "$tmp/out")"
    assertEquals '' "$(grep -vE ': (done|opened)$' "$tmp/out" | grep -E '^[a-z-]*:')"
    ways=$(grep -c ': done$' "$tmp/out")
    assertTrue "$ways ways" "[ $ways -ge 16 ]"
    # Both locks, and each of them alone.
    for words in '' '--sys-filter none' '--cap-keep all' '--user 1000:1000 --sys-filter none --cap-keep none'; do
        default mounts /mytemp
        ended 1
        assertEquals "$words" "$ways" "$(grep -c ': ' "$tmp/out")"
        # What has no descriptor to work on has no other error.
        assertEquals "$words" '' "$(grep -vE ': Operation not permitted$' "$tmp/out" |
            grep -vxE '(fsconfig: (Invalid argument|Bad file descriptor))')"
    done
    words=
    # With the programs that are in the image.
    for command in 'mount -o remount,rw,bind /proc/sys' 'mount -o remount,rw,bind /sys' 'umount -l /proc/keys' \
        'umount -l /proc' 'mount --move /sys /mytemp' 'mount -t proc none /mytemp' 'mount --bind / /mytemp'; do
        # shellcheck disable=SC2086
        default $command
        assertNotEquals "$command" 0 "$status"
        # shellcheck disable=SC2086
        without 'cap-keep|sys-filter' $command
        ended 0
    done
}

# core_pattern, binfmt_misc, sysrq, modprobe: the kernel runs what stands there, on the host, as root.
# Only opened: they are this machine's.
testKernelFilesCannotBeWritten() {
    files=$(existing /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/kernel/hotplug \
        /proc/sys/fs/binfmt_misc/register /proc/sys/vm/drop_caches /proc/sys/kernel/usermodehelper/bset \
        /proc/sys/net/core/somaxconn /proc/sysrq-trigger /proc/irq/default_smp_affinity)
    # The mask is what refuses: root owns these files, and needs no capability for them.
    words='--cap-keep none'
    # shellcheck disable=SC2086
    without mnt-mask opens write $files
    ended 0
    assertNotEquals 0 "$(grep -c ': opened' "$tmp/out")"
    grep ': opened' "$tmp/out" | cut -d : -f 1 >"$tmp/dangerous"
    words=
    for words in '' '--cap-keep all' '--sys-filter none'; do
        # shellcheck disable=SC2086
        default opens write $files
        ended 1
        assertEquals 'all are read-only' '' "$(grep -v ': Read-only file system$' "$tmp/out" |
            grep -vE 'sysrq-trigger: Operation not permitted')"
        assertEquals '' "$(sed 's/:.*//' "$tmp/out" | grep -cvxFf - "$tmp/dangerous" | grep -v '^0')"
    done
    # sysfs: the mount is read-only; a naive one is not.
    files=$(existing /sys/kernel/uevent_helper /sys/kernel/mm/transparent_hugepage/enabled \
        /sys/kernel/rcu_expedited /sys/power/state /sys/kernel/profiling)
    # shellcheck disable=SC2086
    by_hand mnt-proc /proc sh -c 'mount -t sysfs none /sys && opens write "$@"' - $files
    ended 0
    for words in '' --privileged; do
        # shellcheck disable=SC2086
        default opens write $files
        ended 1
        assertEquals '' "$(grep -v ': Read-only file system$' "$tmp/out")"
    done
    words=
}

# Of all that there is in /proc and /sys, these have a mode that lets root write, and are not protected.
# mtrr takes a capability; a threshold of pressure is its owner's only.
testNothingElseOfTheKernelCanBeWritten() {
    look='find /proc /sys -path "/proc/[0-9]*" -prune -o -path /proc/self -prune -o -path /proc/thread-self -prune \
        -o -type f -perm /222 -exec opens write {} + | sed -n "s/: opened//p" |
        while read -r file; do [ ! -f "$file" ] || echo "$file"; done'
    without mnt-mask sh -c "$look"
    assertTrue 'many' "[ $(grep -c . "$tmp/out") -gt 100 ]"
    default sh -c "$look"
    ended 0
    assertEquals '' "$(grep -vxE '/proc/pressure/(cpu|io|memory|irq)' "$tmp/out")"
    # Of the network, which is the host's, nothing is masked: that depends on the modules which are loaded.
    default sh -c 'find /proc/self/net/ -type f -perm /222'
    printed ''
    # And the processes are its own only.
    default sh -c 'echo /proc/[0-9]*'
    assertEquals 2 "$(wc -w <"$tmp/out")"
}

testKernelFilesCannotBeRead() {
    # The first byte is read, but of kmsg, which can be read only once.
    look='for file; do
            [ ! -d $file ] || { ls -A $file | grep -q . && echo $file; continue; }
            head -c 1 $file 2>/dev/null | grep -q . && echo $file
        done; :'
    files=$(existing /proc/keys /proc/timer_list /proc/interrupts /proc/scsi /proc/acpi /proc/sched_debug \
        /proc/kpageflags /proc/latency_stats /proc/asound /sys/firmware /sys/devices/virtual/powercap)
    files="$files $(existing /proc/kcore)"
    # shellcheck disable=SC2086
    without mnt-mask sh -c "$look" - $files
    assertTrue "$(cat "$tmp/out")" "[ $(grep -c . "$tmp/out") -ge 3 ]"
    # shellcheck disable=SC2086
    default sh -c "$look" - $files
    ended 0
    printed ''
    # The log of the kernel takes a capability; the mask has no part in it.
    without cap-keep opens read /proc/kmsg
    ended 0
    default opens read /proc/kmsg
    ended 1
    printed '/proc/kmsg: Operation not permitted'
    default opens read /dev/mem /dev/kmem /dev/port /dev/kmsg /dev/vda /dev/sda
    assertEquals '' "$(grep -v 'No such file' "$tmp/out")"
}

#
# What is bound, and the root.
#

# A device node that somebody else has put into a volume or an image is as good as mknod(2). A harmless
# one is in the place of the disk's.
testDeviceNodes() {
    mknod "$volume/node" c 1 5
    mknod "$own/node" c 1 5
    read_them='dd if=/node bs=1 count=1 status=none | wc -c; dd if=/bound/node bs=1 count=1 status=none | wc -c'
    attempt ns-enter -m sh -c 'mkdir -p "$0/bound" && mount --bind "$1" "$0/bound" && exec chroot "$0" sh -c "$2"' \
        "$own" "$volume" "$read_them"
    printed '1
1'
    for words in "--bind $volume:/bound" "--ephemeral --bind $volume:/bound"; do
        default sh -c "$read_them"
        printed '0
0'
        assertEquals "$words" 2 "$(grep -c 'Permission denied' "$tmp/err")"
    done
    words=
    # Ours work.
    default sh -c 'head -c 1 /dev/zero | wc -c'
    printed 1
}

# A set-user-ID program of the host, in a volume or the image, for a user in the container.
testSetUserIdProgramOfAVolume() {
    cp "$(command -v id)" "$volume/id"
    chmod 4755 "$volume/id"
    words="--bind $volume:/bound --user 1000:1000"
    without 'priv-lock|sys-filter' /bound/id -u
    printed 0
    default /bound/id -u
    printed 1000
    words=
}

# Waits in /bound/deep until that was moved out of what is bound, and looks above it.
wait_and_climb='cd /bound/deep && : >/bound/ready
    until [ -e ../go ] || [ -e /bound/go ]; do sleep 0.02; done
    cat ../secret || cat ../../secret; ls ..'

# A directory is moved out of the bind while a process is in it: where does ".." lead then (CVE-2015-2925)?
testMovedOutOfABind() {
    move_it() {
        await 20 [ -e "$volume/in/ready" ]
        mv "$volume/in/deep" "$volume/deep"
        : >"$volume/in/go"
        wait "$started"
        status=$?
    }
    echo secret >"$volume/secret"
    # chroot(2) ends only where its directory is met on the way.
    mkdir -p "$volume/in/deep"
    mkdir "$tmp/jail"
    start ns-enter -m sh -c 'mkdir -p "$0/bound" && cp -a "$1"/. "$0" && mount --bind "$2" "$0/bound" &&
        exec chroot "$0" sh -c "$3"' "$tmp/jail" "$own" "$volume" \
        'cd /bound/in/deep && : >/bound/in/ready; until [ -e /bound/in/go ]; do sleep 0.02; done; cat ../secret'
    move_it
    ended 0
    printed secret
    rm -rf --one-file-system "$tmp/jail" "$volume/in" "$volume/deep"
    # A bind: the kernel sees that it is outside, and ends there.
    mkdir -p "$volume/in/deep"
    start minictr --root "$own" --bind "$volume/in:/bound" sh -c "$wait_and_climb"
    move_it
    assertNotEquals 0 "$status"
    printed ''
    assertEquals 3 "$(grep -c 'No such file' "$tmp/err")"
}

# Nothing is moved or linked out of a bind, though it is all one file system.
testLinkOutOfABind() {
    attempt ns-enter -m sh -c 'mkdir -p "$0/bound"; cp -a "$1"/. "$0/bound"; exec chroot "$0" sh -c "$2"' \
        "$own" "$volume" 'ln /bound/file /stolen && rm /stolen'
    ended 0
    rm -rf --one-file-system "${own:?}/bound"
    words="--bind $volume:/bound"
    default sh -c 'ln /bound/file /stolen'
    assertNotEquals 0 "$status"
    said 'cross-device'
    assertTrue '[ ! -e "$own/stolen" ]'
    # What is read-only cannot be written by a descriptor that was opened for reading.
    words="--bind $volume:/bound:ro"
    default sh -c 'exec 5</bound/file; echo more >/proc/self/fd/5'
    said 'Read-only file system'
    words=
    assertEquals text "$(cat "$volume/file")"
}

# mount -o bind,ro holds for one mount, and not for those below it.
testReadOnlyBindWithAMountBelow() {
    below='mkdir "$1/below" && mount -t tmpfs none "$1/below" && echo text >"$1/below/file"'
    write='echo more >>/bound/below/file; echo more >>/bound/file'
    attempt ns-enter -m sh -c "$below
        mkdir -p \"\$0/bound\" && mount --rbind \"\$1\" \"\$0/bound\" && mount -o remount,bind,ro \"\$0/bound\"
        chroot \"\$0\" sh -c '$write'; cat \"\$1/below/file\"" "$own" "$volume"
    printed "$(printf 'text\nmore')"
    rm -r "$volume/below"
    attempt ns-enter -m sh -c "$below
        minictr --root \"\$0\" --bind \"\$1:/bound:ro\" sh -c '$write'; cat \"\$1/below/file\"" "$own" "$volume"
    printed text
    assertEquals 2 "$(grep -c 'Read-only file system' "$tmp/err")"
    rm -r "$volume/below"
    assertEquals text "$(cat "$volume/file")"
}

# No boundary: what is handed over as a standard stream is opened again by root with other modes.
testStreamsAreHandedOver() {
    attempt minictr --root "$own" sh -c 'echo more >>/proc/self/fd/0' <"$volume/file"
    ended 0
    # It was given for reading.
    assertEquals "$(printf 'text\nmore')" "$(cat "$volume/file")"
    # Of a pipe there is nothing but the pipe.
    attempt sh -c ': | "$@"' - minictr --root "$own" sh -c 'cd /proc/self/fd/0 || readlink /proc/self/fd/0 | cut -d : -f 1'
    printed pipe
}

# A directory as a standard stream is a descriptor of the host that nothing closes (as CVE-2024-21626).
testDirectoryAsAStream() {
    by_hand mnt-proc /proc cat "/proc/self/fd/0/../${victim##*/}/file" <"$volume"
    printed text
    for words in '' '--user 1000:1000' '--no-init'; do
        default cat "/proc/self/fd/0/../${victim##*/}/file" /proc/self/fd/0/file <"$volume"
        assertEquals "$words" '' "$(cat "$tmp/out")"
    done
    words=
}

# What is written to the root is in the root, and is there afterwards: a set-user-ID program of the container's
# root is one on the host, unless that is mounted nosuid.
testSetUserIdProgramInTheRoot() {
    mkdir -p "$own$victim"
    default sh -c 'cp /usr/bin/id /suid && chmod 4755 /suid; echo x >"/../../..$0/outside"; echo x >"$0/made"' "$victim"
    unharmed 'writes stay in the root'
    assertEquals '0 4755' "$(stat -c '%u %a' "$own/suid")"
    assertEquals 'made outside' "$(cd "$own$victim" && echo *)"
    as_nobody sh -c '"$0" -u' "$own/suid"
    printed 0
    attempt ns-enter -m sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,nosuid "$0" &&
        setpriv --reuid 65534 --regid 65534 --clear-groups "$0/suid" -u' "$own"
    printed 65534
    # Who may not pass a directory above cannot use it, either.
    chmod 700 "$own"
    as_nobody sh -c '"$0" -u' "$own/suid"
    assertNotEquals 0 "$status"
    chmod 755 "$own"
    rm -r "$own/suid" "${own:?}/${victim:?}"
}

testEphemeralLeavesNothing() {
    find "$own" -printf '%p %y %m %U %s %T@ %C@ %l\n' | sort >"$tmp/before"
    change='cp /usr/bin/id /suid && chmod 4755 /suid && echo root::0:0:::/bin/sh >/etc/passwd &&
        rm /usr/bin/opens && mkdir -p /new/dir && touch /usr/bin/probe'
    words=--ephemeral
    default sh -c "$change"
    ended 0
    words=
    find "$own" -printf '%p %y %m %U %s %T@ %C@ %l\n' | sort >"$tmp/after"
    assertEquals '' "$(diff "$tmp/before" "$tmp/after")"
    cp -a "$own/etc/passwd" "$own/usr/bin/opens" "$tmp"
    default sh -c "$change"
    ended 0
    find "$own" -printf '%p %y %m %U %s %T@ %C@ %l\n' | sort >"$tmp/after"
    assertNotEquals 'without it, all of that stays' '' "$(diff "$tmp/before" "$tmp/after")"
    cp -a "$tmp/passwd" "$own/etc/passwd"
    cp -a "$tmp/opens" "$own/usr/bin/opens"
    rm -r "$own/suid" "${own:?}/new"
}

# No boundary: who can change the root from outside, another container in it included, can take the place of
# a volume away, and puts something of his own there. The masks are not in the root, and stay.
testMountPointIsTakenAway() {
    other='rmdir /bound && mkdir /bound && echo other >/bound/file; : >/go'
    for words in '' --ephemeral; do
        rm -rf --one-file-system "${own:?}/bound" "$own/ready" "$own/go"
        mkdir "$own/bound" "$volume/ready"
        # shellcheck disable=SC2086
        start minictr --root "$own" $words --bind "$volume:/bound" --bind "$volume/ready:/ready" sh -c \
            'cat /bound/file; : >/ready/now; until [ -e /ready/go ]; do sleep 0.02; done; cat /bound/file
                stat -f -c %T /proc; opens write /proc/sys/kernel/core_pattern'
        await 20 [ -e "$volume/ready/now" ]
        minictr --root "$own" sh -c "$other" >"$tmp/other" 2>&1
        assertEquals '' "$(cat "$tmp/other")"
        : >"$volume/ready/go"
        wait "$started"
        [ -n "$words" ] && seen=text || seen=other
        printed "text
$seen
proc
/proc/sys/kernel/core_pattern: Read-only file system"
        rm -r "$volume/ready"
    done
    words=
    rm -rf --one-file-system "${own:?}/bound" "$own/go" "$own/ready"
    assertEquals text "$(cat "$volume/file")"
}

# What Doc/security.md says is proved, is there; and what is here is said there.
testSecurityPage() {
    for file in mount kernel; do
        grep -oE "$file:test[A-Za-z]{2,}" "$top/Doc/security.md" | cut -d : -f 2 | sort -u >"$tmp/named"
        assertTrue "$file" "[ -s '$tmp/named' ]"
        sed -n 's/^\(test[A-Za-z]*\)() {$/\1/p' "$top/tests/escapes-$file.sh" | sort >"$tmp/tests"
        assertEquals "$file: named, and not there" '' "$(comm -23 "$tmp/named" "$tmp/tests")"
        assertEquals "$file: not named" '' "$(comm -13 "$tmp/named" "$tmp/tests" | grep -v testSecurityPage)"
    done
}

. shunit2
