# shellcheck shell=sh disable=SC1091,SC2016,SC2086,SC2154
# escapes-user.sh: the escapes of escapes-kernel.sh and escapes-mount.sh once more, where root inside is a user without
# power outside: in the container that a user starts (kind user), and in root's "minictr --userns auto" (kind auto).
# Each is tried in the default container, and in a --privileged one, where the user namespace alone holds.
#
# That they are ways out is shown there. tests/escapes/NAME.c: 0 it got out, 1 it was refused.

. "$(dirname "$0")/lib.sh"

own=$tmp/root  # the container's root
host=$tmp/host # a directory of the host, with one file
secret=$host/secret
outside=4000000000 # an id that no container has

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    [ "$(id -u)" = 0 ] || return 0
    have_user 1000
    cp -a "$root" "$own"
    mkdir "$own/escapes" "$own/shared" "$host"
    find "$helpers/escapes" -type f -exec cp {} "$own/escapes" \;
    chmod 1777 "$own" "$own/shared"
    printf '#!/bin/sh\ncd %s && exec "$@" </dev/null 5<.\n' "$host" >"$tmp/leaking"
    chmod 755 "$tmp/leaking"
    victim=
}

tearDown() {
    [ -z "$victim" ] || { kill "$victim" && wait "$victim"; } 2>/dev/null
    victim=
}

kinds='user auto'

# as KIND COMMAND...: attempts it as who starts containers of this kind.
as() {
    case $1 in
    user) shift && attempt "$user" "$@" ;;
    *) shift && attempt "$@" ;;
    esac
}

# box KIND [OPTION...] PROG...: in a container; $before is what stands before minictr.
before=
box() {
    kind=$1
    shift
    case $kind in
    user) set -- minictr --no-limits --root "$own" "$@" ;;
    auto) set -- minictr --userns auto --root "$own" "$@" ;;
    esac
    as "$kind" $before "$@"
}

held() {
    assertEquals "$1: it should have been refused: $(cat "$tmp/out" "$tmp/err")" 1 "$status"
}

# answers WAY TEXT: asserts what came of one of the ways that it has tried; TEXT may be a pattern (grep -E).
answers() {
    grep -qxE "$1: ($2)" "$tmp/out" || fail "$kind: $1: not \"$2\": $(cat "$tmp/out" "$tmp/err")"
}

no_permission='Operation not permitted'

# In each kind, with all locks and with none of them, the program is refused.
each_is_held() {
    for kind in $kinds; do
        for options in '' --privileged; do
            box "$kind" $options "$@"
            held "$kind $options $1"
        done
    done
}

testWhoItIs() {
    needs_root && return
    for kind in $kinds; do
        box $kind --privileged sh -c 'cat /proc/self/uid_map; id -u'
        ended 0
        assertEquals "$kind" 0 "$(tail -n 1 "$tmp/out")"
        assertEquals "$kind: who is root outside" '' "$(awk 'NF == 3 && $2 == 0' "$tmp/out")"
    done
}

# The program of process 1, descriptors that are left open, the directories above the root.
testFilesOfTheHost() {
    needs_root && return
    : >"$secret"
    chmod 666 "$secret"
    each_is_held /escapes/proc-exe open 1
    before=$tmp/leaking
    each_is_held /escapes/leaked "$secret" 1
    before=
    each_is_held /escapes/reexec 100
    each_is_held /escapes/leave-chroot "$secret"
    assertEquals '' "$(cat "$secret")"
    assertEquals '' "$(diff -r "$bin" "$tmp/user/bin")"
}

# By handle, which takes a capability over the machine.
testOpenByHandle() {
    needs_root && return
    echo secret >"$secret"
    chmod 666 "$secret"
    handle=$("$helpers/escapes/by-handle" of "$secret") || { skip 'no handles in this file system' && return; }
    each_is_held /escapes/by-handle open "$handle" /
    assertEquals secret "$(cat "$secret")"
}

testDevices() {
    needs_root && return
    each_is_held /escapes/device make char 1 3 /shared /mytemp
    each_is_held /escapes/device make block 8 0 /shared /mytemp
    # One that is there opens nothing, though it was made outside.
    mknod -m 666 "$own/node" c 1 5
    each_is_held /escapes/device open /node
    rm "$own/node"
}

# A process of the same user is outside.
testProcessesOutside() {
    needs_root && return
    for kind in $kinds; do
        for options in '' --privileged; do
            for program in trace signals; do
                case $kind in
                user) set -- "$user" ;;
                auto) set -- ;;
                esac
                rm -f "$tmp/outside"
                "$@" setsid "$own/escapes/$program" victim >"$tmp/outside" 2>&1 </dev/null &
                victim=$!
                await 20 grep -qs ready "$tmp/outside" || fail "$kind: no victim"
                case $program in
                trace) box $kind $options /escapes/trace attack "$victim" ;;
                signals) box $kind $options /escapes/signals send "$victim" ;;
                esac
                held "$kind $options $program"
                kill "$victim"
                wait "$victim"
                victim=
                seen=$(grep -v ready "$tmp/outside")
                [ "$seen" = '' ] || [ "$seen" = 000 ] || fail "$kind $options $program: it has felt $seen"
            done
        done
    done
}

# Everything that may be signalled at once is inside; the supervisor, which has all capabilities in the user namespace,
# is not.
testSupervisor() {
    needs_root && return
    for kind in $kinds; do
        for options in '' --privileged; do
            box $kind $options sh -c 'kill -KILL -1; kill -KILL 0 2>/dev/null; :' </dev/null
            assertEquals "$kind $options" 137 "$status"
            box $kind $options sh -c 'cd /proc && echo [0-9]*; grep PPid: 1/status'
            assertEquals "$kind $options" '1 2|PPid:	0' "$(paste -sd '|' "$tmp/out")"
        done
    done
}

# What stays outside shares nothing with the container but the standard streams.
testDescriptorsOfTheSupervisor() {
    needs_root && return
    for kind in $kinds; do
        case $kind in
        user) start "$user" minictr --no-limits --privileged --root "$own" sleep 1000 ;;
        auto) start minictr --userns auto --privileged --root "$own" sleep 1000 ;;
        esac
        outer=$started
        await 20 target_sleeps || fail "$kind: it did not start: $(cat "$tmp/err")"
        for process in $(tree "$outer"); do
            [ "$(cat "/proc/$process/comm")" = cg-limit ] && continue
            assertEquals "$kind $(tr '\0' ' ' <"/proc/$process/cmdline")" '0 1 2' \
                "$(cd "/proc/$process/fd" && echo *)"
        done
        leave
    done
}

testUserNamespace() {
    needs_root && return
    for kind in $kinds; do
        box $kind /escapes/user-namespace
        held $kind
    done
}

# The session keyring of root is none of another user's. A user's container is that user.
testKeyring() {
    needs_root && return
    box auto true
    before="$helpers/escapes/keyring with minictr-test secret"
    for options in --privileged '--sys-filter none' ''; do
        box auto $options /escapes/keyring read minictr-test secret
        assertEquals "$options" '' "$(grep -E ': secret$|^planted' "$tmp/out")"
        grep -q '^request_key: ' "$tmp/out" || fail "$options: $(cat "$tmp/out" "$tmp/err")"
    done
    before=
    box user /escapes/keyring read minictr-test secret
    held user
    # Nor of who joins.
    start minictr --userns auto --privileged --root "$own" sleep 1000
    outer=$started
    await 20 target_sleeps || fail "it did not start: $(cat "$tmp/err")"
    attempt "$helpers/escapes/keyring" with minictr-test secret ns-enter --target "$target" \
        /escapes/keyring read minictr-test secret
    assertEquals 'joined' '' "$(grep -E ': secret$|^planted' "$tmp/out")"
    answers request_key 'Required key not available'
    leave
}

testAbstractSockets() {
    needs_root && return
    name=minictr-test-$$
    "$own/escapes/abstract" take $name >"$tmp/outside" 2>&1 </dev/null &
    victim=$!
    await 20 grep -q ready "$tmp/outside"
    each_is_held /escapes/abstract give $name
    kill $victim
    wait $victim
    victim=
    assertEquals '' "$(grep -v ready "$tmp/outside")"
}

testForeignEntry() {
    needs_root && return
    for kind in $kinds; do
        box $kind /escapes/entry
        [ "$status" = 2 ] && skip 'not on x86-64' && return
        held $kind
        box $kind /escapes/loosen /shared/copy
        held $kind
        rm -f "$own/shared/copy"
    done
}

testCalls() {
    needs_root && return
    for kind in $kinds; do
        box $kind /escapes/calls
        held $kind
        # With no lock but the user namespace: what changes the machine.
        box $kind --privileged /escapes/calls
        for call in acct swapon swapoff adjtimex clock_adjtime syslog fanotify_init; do
            answers $call "$no_permission"
        done
        for call in init_module finit_module delete_module kexec_load kexec_file_load iopl ioperm; do
            grep -q "^$call: " "$tmp/out" || continue # of another processor
            answers $call "$no_permission|Function not implemented"
        done
    done
}

testPowers() {
    needs_root && return
    each_is_held /escapes/powers /shared $outside
    each_is_held /escapes/powers /mytemp $outside
    for kind in $kinds; do
        box $kind --privileged /escapes/powers /mytemp $outside
        for way in 'another user' 'another group' 'a supplementary group' chown chgrp; do
            answers "$way" 'Invalid argument'
        done
        for way in 'a map of users' 'a map of groups' 'a limit' 'real time' mknod; do
            answers "$way" "$no_permission"
        done
    done
}

testMounts() {
    needs_root && return
    for kind in $kinds; do
        for options in '' '--sys-filter none' '--cap-keep all'; do
            box $kind $options /escapes/mounts /mytemp
            held "$kind $options"
        done
    done
}

# With --privileged it takes the masks off, and mounts what it may; the files of the kernel are still root's. What can be
# written then are those of its own namespaces.
testFilesOfTheKernel() {
    needs_root && return
    look='umount -R /proc/sys; umount -R /sys; mount -t sysfs none /sys
        find /proc/sys /proc/irq /proc/fs /proc/bus /proc/acpi /proc/sysrq-trigger /sys -path /sys/fs/cgroup -prune \
            -o -path /proc/sys/net -prune -o -path /proc/sys/user -prune -o -type f -perm /222 \
            -exec /escapes/opens write {} + | sed -n "s/: opened//p"
        mount -t proc none /mytemp
        /escapes/opens read /mytemp/kcore /mytemp/kmsg /dev/mem /dev/kmsg
        /escapes/opens write /mytemp/sysrq-trigger /mytemp/irq/default_smp_affinity'
    for kind in $kinds; do
        box $kind --privileged sh -c "$look"
        assertEquals "$kind" '' "$(grep -vE '^/proc/sys/kernel/((auto_)?msg|sem|shm|pid_max|ns_last_pid)|^/proc/sys/fs/mqueue/' \
            "$tmp/out" | grep -vE ': (Permission denied|No such file or directory|Operation not permitted)$')"
        assertTrue 'some are its own' "grep -q /proc/sys/kernel/sem '$tmp/out'"
    done
}

# Files of others, which the user outside could not write, or read, either.
testFilesOfOthers() {
    needs_root && return
    mkdir -p "$host/dir"
    echo secret >"$host/dir/others"
    chmod 600 "$host/dir/others"
    chown $outside:$outside "$host/dir/others"
    echo text >"$host/dir/readable"
    chmod 4755 "$host/dir/readable"
    chown $outside:$outside "$host/dir/readable"
    chown $outside:$outside "$host/dir"
    find "$host/dir" -printf '%p %y %m %U %G %s %T@ %C@\n' | sort >"$tmp/before"
    for kind in $kinds; do
        for options in '' --privileged; do
            box $kind $options --bind "$host/dir:/mnt" sh -c 'cd /mnt; cat others; echo x >others; echo x >>readable
                echo x >new; mkdir sub; ln readable link; mv others away; rm -f others readable; chmod 777 others .
                chown 0 others readable .; touch others readable; rmdir /mnt; mknod -m 666 device c 1 3'
            assertNotEquals 0 "$status"
            assertEquals "$kind $options: read" '' "$(cat "$tmp/out")"
        done
    done
    find "$host/dir" -printf '%p %y %m %U %G %s %T@ %C@\n' | sort | diff "$tmp/before" - >"$tmp/harm"
    assertEquals '' "$(cat "$tmp/harm")"
    rm -rf "$host/dir"
}

# What a user's container leaves behind belongs to the user, and to the ranges.
testFilesThatAreLeft() {
    needs_root && return
    box user sh -c 'cd /shared && cp /usr/bin/id own && cp /usr/bin/id other && chown 5:6 other && chmod 6755 own other'
    [ "$status" = 0 ] || { box user sh -c 'cd /shared && cp /usr/bin/id own && chmod 6755 own' && ended 0; }
    assertEquals '1000 1000 6755' "$(stat -c '%u %g %a' "$own/shared/own")"
    [ ! -e "$own/shared/other" ] || [ "$(stat -c %u "$own/shared/other")" = 1000 ] ||
        assertEquals '100004 100005 6755' "$(stat -c '%u %g %a' "$own/shared/other")"
    rm -f "$own/shared/own" "$own/shared/other"
}

# Groups of the user: they are as outside where they cannot be given up, else (where he has ranges of ids) gone;
# none is gained.
testGroups() {
    needs_root && return
    echo text >"$host/group"
    chgrp 4242 "$host/group"
    chmod 640 "$host/group"
    member="setpriv --reuid 1000 --regid 1000 --groups 4242"
    for options in '' --privileged; do
        box user $options --bind "$host:/mnt" cat /mnt/group
        assertNotEquals "$options: nobody's" 0 "$status"
        attempt $member "$tmp/user/bin/minictr" --no-limits --root "$own" $options --bind "$host:/mnt" \
            sh -c 'cat /mnt/group; cat /proc/self/setgroups; grep Groups: /proc/self/status'
        seen=$(head -n 2 "$tmp/out" | paste -sd ' ' | tr -d '\t ')
        case $seen in
        *allow*) assertEquals "$options: gone" 'allowGroups:' "$seen" ;;
        *) assertEquals "$options: as outside" 'textdeny' "$seen" ;;
        esac
    done
    rm "$host/group"
}

# Nor can it write, by /proc/PID/exe, to what is in the user's own directory of stages, when it catches who joins it:
# which it can do with CAP_SYS_PTRACE.
testProgramOfTheJoiner() {
    needs_root && return
    start "$user" minictr --no-limits --privileged --root "$own" /escapes/joiner
    await 20 grep -qx waiting "$tmp/out" || fail "$(cat "$tmp/err")"
    target=$(tree "$started" | tail -n 1)
    "$user" sh -c 'for i in $(seq 100); do
        ns-enter --target "$0" --no-fork -UmuipCn pid-fork /escapes/joined || echo "joined: $?"
        done' "$target" >"$tmp/joined" 2>&1
    kill "$started"
    wait "$started"
    # Now and then one is killed by it: 137.
    assertEquals '' "$(grep -vxE 'joined: 137' "$tmp/joined")"
    grep -q '^exe: ' "$tmp/out" || fail "nothing was caught: $(cat "$tmp/out")"
    assertEquals '' "$(grep -E '^exe: (can|/.+/)|^(cwd|root)|^fd.*: /' "$tmp/out")"
}

. shunit2
