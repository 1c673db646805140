# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# ns-enter-user.sh: new user namespaces: whose ids they have, and who is in them.

. "$(dirname "$0")/lib.sh"

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    mkdir "$tmp/bin"
    cat >"$tmp/bin/maps" <<'END'
#!/bin/sh
awk '{ print $1 ":" $2 ":" $3 }' /proc/self/uid_map /proc/self/gid_map
END
    cat >"$tmp/bin/ids" <<'END'
#!/bin/sh
id -u; id -g; id -G; cat /proc/self/setgroups
END
    cat >"$tmp/bin/power" <<'END'
#!/bin/sh
awk '/^CapEff/ { print $2 }' /proc/self/status
END
    chmod 755 "$tmp/bin"/*
    PATH=$PATH:$tmp/bin
    [ "$(id -u)" != 0 ] || have_user 54321 '--groups 54321,54322'
}

setUp() {
    [ ! -d "$tmp/user" ] || ranges '#include nothing' mapped:700000:3000
}

# as_user COMMAND...: attempts it as user 54321, called mapped.
as_user() {
    attempt "$user" "$@"
}

# lines LINE...: as they are printed.
lines() {
    printf '%s\n' "$@"
}

testCallerIsRootByDefault() {
    needs_root && return
    for option in -U --user -r --map-root -Ur -rU; do
        # shellcheck disable=SC2086
        as_user ns-enter $option maps
        printed "$(lines 0:54321:1 0:54321:1)"
    done
    as_user ns-enter -U ids
    # The group that has no number in there is shown as nobody's.
    printed "$(lines 0 0 '0 65534' deny)"
    as_user ns-enter -U power
    assertEquals 'all capabilities' "$(ns-enter -U power)" "$(cat "$tmp/out")"
}

testCurrentIds() {
    needs_root && return
    for option in -c --map-current -Uc; do
        # shellcheck disable=SC2086
        as_user ns-enter $option maps
        printed "$(lines 54321:54321:1 54321:54321:1)"
    done
    as_user ns-enter -c ids
    printed "$(lines 54321 54321 '54321 65534' deny)"
}

# They are for the stages only: uts-name and mnt-tmpfs need them.
testCurrentIdsHaveTheirCapabilitiesUntilProg() {
    needs_root && return
    as_user ns-enter -c -mu uts-name box mnt-tmpfs /mnt sh -c "hostname; stat -f -c %T /mnt; power"
    printed "$(lines box tmpfs 0000000000000000)"
    as_user ns-enter -c -mup uts-name box mnt-tmpfs /mnt sh -c "hostname; stat -f -c %T /mnt; power"
    printed "$(lines box tmpfs 0000000000000000)"
}

testRootKeepsItsGroups() {
    needs_root && return
    attempt setpriv --groups 0,54322 ns-enter -Ur sh -c "ids; maps"
    printed "$(lines 0 0 '0 65534' allow 0:0:1 0:0:1)"
}

testRanges() {
    needs_ranges && return
    for option in '--map-auto' '-U --map-auto' '-r --map-auto'; do
        # shellcheck disable=SC2086
        as_user ns-enter $option maps
        printed "$(lines 0:54321:1 1:700000:3000 0:54321:1 1:700000:3000)"
    done
    as_user ns-enter --map-auto ids
    printed "$(lines 0 0 '0 65534' allow)"
    as_user ns-enter --map-auto id-set 3000:3000 ids
    printed "$(lines 3000 3000 3000 allow)"
    as_user ns-enter --map-auto id-set 3001:3001 ids
    refused 'id-set: cannot set the group 3001: Invalid argument'
}

testRangesLeaveRoomForOwnIds() {
    needs_ranges && return
    ranges mapped:700000:50000 54321:800000:10000 other:900000:5
    as_user ns-enter -c --map-auto maps
    assertEquals "$(lines 54321:54321:1 0:700000:50000 50000:800000:4321 54322:804321:5679)" \
        "$(head -n 4 "$tmp/out")"
}

testNoRanges() {
    needs_root && return
    [ -e /etc/subuid ] || { skip 'there is no /etc/subuid to cover' && return; }
    ranges other:700000:3000
    as_user ns-enter --map-auto echo reached
    refused 'ns-enter: --map-auto: /etc/subuid has no ranges for mapped'
    assertEquals 'ns-enter: hint: add a line mapped:START:65536 there, or see usermod(8)' "$hint"
    echo mapped:700000:3000 >"$tmp/user/subuid"
    as_user ns-enter --map-auto echo reached
    refused 'ns-enter: --map-auto: /etc/subgid has no ranges for mapped'
}

testGarbledRanges() {
    needs_root && return
    [ -e /etc/subuid ] || { skip 'there is no /etc/subuid to cover' && return; }
    for line in mapped: mapped:1 mapped:1: mapped:x:1 mapped:1:2:3 mapped:-1:2 'mapped:1:2 '; do
        ranges "$line"
        as_user ns-enter --map-auto echo reached
        refused "ns-enter: /etc/subuid: \"$line\" is not NAME:START:COUNT"
    done
    ranges mapped:4294967295:1
    as_user ns-enter --map-auto echo reached
    refused 'ns-enter: /etc/subuid: 4294967295 is too large: at most 4294967294'
    ranges mapped:700000:10 mapped:700005:10
    as_user ns-enter --map-auto echo reached
    refused 'ns-enter: /etc/subuid: "mapped:700005:10" overlaps with another range'
}

testRangesOfSomebodyElse() {
    needs_ranges && return
    as_user ns-enter --map-user 0:600000:10 --map-group 0:600000:10 echo reached
    ended 125
    said '^ns-enter: newuidmap has not mapped the ids$'
    said '^ns-enter: hint: it maps what /etc/subuid gives to this user, and the user itself$'
    as_user ns-enter --map-user 0:700000:10 --map-group 0:600000:10 echo reached
    ended 125
    said '^ns-enter: newgidmap has not mapped the ids$'
    assertEquals '' "$(cat "$tmp/out")"
}

testWithoutNewuidmap() {
    needs_root && return
    as_user env PATH="$tmp/user/bin" "$tmp/user/bin/ns-enter" --map-user 0:700000:10 --map-group 0:700000:10 echo reached
    refused 'ns-enter: cannot map more than one own id: newuidmap: No such file or directory'
    assertEquals 'ns-enter: hint: the package uidmap or shadow has it; without it only one own id can be mapped, as by --map-root' \
        "$hint"
}

testRootMapsWhatItLikes() {
    needs_root && return
    attempt ns-enter --map-user 0:600000:10 --map-user 10:0:1 --map-group 0:600000:10 maps
    printed "$(lines 0:600000:10 10:0:1 0:600000:10)"
    # Its own user is there: it stays that, and has its powers for the stages only. Its group is not.
    attempt ns-enter -u --map-user 0:600000:10 --map-user 10:0:1 --map-group 0:600000:10 uts-name box \
        sh -c "ids; hostname; power"
    printed "$(lines 10 0 0 allow box 0000000000000000)"
    attempt setpriv --groups 0,54322 ns-enter --map-user 0:600000:10 --map-group 0:600000:10 \
        sh -c "ids; touch '$tmp/probe' 2>&1; cat /proc/self/uid_map"
    said_nothing
    assertEquals "$(lines 0 0 0 allow)" "$(head -n 4 "$tmp/out")"
    assertTrue 'it is nobody outside' "grep -q 'Permission denied' '$tmp/out'"
}

said_nothing() {
    assertEquals '' "$(cat "$tmp/err")"
}

testNobodyCouldBeInIt() {
    needs_root && return
    attempt ns-enter --map-user 1:600000:10 --map-group 0:600000:10 echo reached
    refused 'ns-enter: no user could be in the namespace: neither user 0 outside nor user 0 inside is mapped'
    attempt ns-enter --map-user 0:600000:10 --map-group 1:600000:10 echo reached
    refused 'ns-enter: no group could be in the namespace: neither group 0 outside nor group 0 inside is mapped'
}

testWords() {
    attempt ns-enter --map-user 0:0:1 echo reached
    refused 'ns-enter: --map-user: --map-group is missing'
    attempt ns-enter --map-group 0:0:1 echo reached
    refused 'ns-enter: --map-group: --map-user is missing'
    attempt ns-enter -rc echo reached
    refused 'ns-enter: --map-root and --map-current: only one of them'
    attempt ns-enter -r --map-user 0:1:1 --map-group 1:1:1 echo reached
    refused 'ns-enter: --map-root: "0:*:1" overlaps with another range'
    attempt ns-enter --target $$ -r echo reached
    refused 'ns-enter: --target: the maps of ids are for a new user namespace'
    for map in '' 0 0:0 0:0: 0:0:0:0 :0:1 0:0:1: a:0:1 0x0:0:1 -1:0:1 +1:0:1 '0:0: 1' 0:0:0 0:-1:1 root:0:1 \
        4294967295:0:1 0:4294967295:1 4294967294:0:2 0:4294967294:2 0:0:4294967296 1:0:4294967295 0:1:4294967295 \
        99999999999999999999:0:1; do
        attempt ns-enter --map-user "$map" --map-group 0:0:1 echo reached
        refused 'ns-enter: --map-user: *'
    done
    for map in 5:100:10 14:100:1 100:5:10 100:14:1; do
        attempt ns-enter --map-user 5:5:10 --map-user "$map" --map-group 0:0:1 echo reached
        refused "ns-enter: --map-user: \"$map\" overlaps with another range"
    done
    # shellcheck disable=SC2046
    attempt ns-enter $(seq 0 32 | sed 's/.*/--map-user &:&:1/') --map-group 0:0:1 echo reached
    refused 'ns-enter: --map-user: more than 32 ranges'
}

testLargestIds() {
    needs_root && return
    for map in 0:0:1 65535:65535:1 2147483648:2147483648:1 4294967294:4294967294:1; do
        attempt ns-enter --map-user 7:0:1 --map-user "$map" --map-group 7:0:1 --map-group "$map" maps
        case $map in
        0:0:1) refused 'ns-enter: --map-user: "0:0:1" overlaps with another range' ;;
        *) printed "$(lines 7:0:1 "$map" 7:0:1 "$map")" ;;
        esac
    done
}

# All in one call: the namespaces belong to the new user namespace, or the stages could do nothing in them.
testWithAllOtherNamespaces() {
    needs_root && return
    for letters in -UmuipCnT -UmuiCnT; do
        as_user ns-enter $letters uts-name box net-up mnt-tmpfs /mnt sh -c \
            'hostname; stat -f -c %T /mnt; sed -n 3p /proc/net/dev | cut -d : -f 1 | tr -d " "; id -u'
        printed "$(lines box tmpfs lo 0)"
    done
}

testEndsLikeProgAndLeavesNothing() {
    needs_root && return
    for letters in -U -Up; do
        as_user ns-enter $letters sh -c 'exit 7'
        ended 7
    done
    as_user fd-close ns-enter -U probe fds
    printed '0 1 2 '
    as_user fd-close ns-enter -Ump probe fds
    printed '0 1 2 '
}

testDescriptorsAndProcessesOfTheMapping() {
    needs_ranges && return
    as_user fd-close ns-enter --map-auto probe fds
    printed '0 1 2 '
    as_user ns-enter --map-auto sh -c 'cat /proc/self/task/*/children; grep -E "^(SigPnd|ShdPnd)" /proc/self/status'
    assertEquals 'no child, no signal' "$(lines 0 0)" "$(sed -n 's/^S.*:[[:space:]]*0*/0/p' "$tmp/out")"
    # A caller that ignores its children, or has the signal blocked.
    as_user env --ignore-signal=CHLD ns-enter --map-auto id -u
    printed 0
    as_user env --block-signal=CHLD ns-enter --map-auto grep ShdPnd /proc/self/status
    printed 'ShdPnd:	0000000000000000'
    # Closed standard streams stay closed, and none of ours takes their place.
    as_user sh -c 'exec fd-close ns-enter --map-auto probe fds <&- 2>&-'
    printed '1 '
}

testSupervisorDiesAndAllGoes() {
    needs_ranges && return
    start "$user" ns-enter -Ump --map-auto sleep 1000
    await 20 has_sleeper || fail "it did not start: $(cat "$tmp/err")"
    all=$(tree "$started")
    kill -9 "$started"
    wait "$started" 2>/dev/null
    assertTrue 'all are gone' "await 20 all_gone '$all'"
}

has_sleeper() {
    sleeper=$(tree "$started" | tail -n 1)
    [ "$(cat "/proc/$sleeper/comm" 2>/dev/null)" = sleep ]
}

testOpenRootCanStillBecomeTheRoot() {
    needs_root && return
    map=0:600000:65536
    cp -a "$root" "$tmp/own"
    for stage in root-open mnt-overlay; do
        attempt ns-enter -m "$stage" --map "$map" "$tmp/own" ns-enter -Ump --map-user "$map" --map-group "$map" \
            mnt-proc /proc root-setup . sh -c 'id -u; stat -c %u:%g /bin/sh; >/tmp/new && stat -c %u:%g /tmp/new'
        printed "$(lines 0 0:0 0:0)"
    done
    assertEquals 'on the disk it is root' 0:0 "$(stat -c %u:%g "$tmp/own/tmp/new")"
    # Without the map nothing is its own.
    attempt ns-enter -m root-open "$tmp/own" ns-enter -Ump --map-user "$map" --map-group "$map" \
        mnt-proc /proc root-setup . sh -c 'stat -c %u:%g /bin/sh; >/etc/other'
    assertEquals 65534:65534 "$(cat "$tmp/out")"
    said 'Permission denied'
}

testJoiningOne() {
    needs_root && return
    map=0:600000:65536
    lives_in ns-enter -Umup --map-user "$map" --map-group "$map" uts-name inside
    attempt ns-enter --target "$target" sh -c "hostname; ids; maps; power"
    printed "$(lines inside 0 0 0 allow 0:600000:65536 0:600000:65536 "$(ns-enter -U power)")"
    attempt ns-enter --target "$target" -Uu hostname
    printed inside
    attempt setpriv --groups 0,54322 ns-enter --target "$target" id -G
    printed 0
    # Root has power over the others by itself, and stays what it is.
    attempt ns-enter --target "$target" -u sh -c 'hostname; cat /proc/self/uid_map | wc -l; readlink /proc/self/ns/user'
    assertEquals "$(readlink /proc/self/ns/user)" "$(tail -n 1 "$tmp/out")"
    leave
}

testJoiningAsAUser() {
    needs_root && return
    printf '#!/bin/sh\nns-enter -Umup uts-name inside sleep 1000 &\nchain=$!\nsleep 0.3\n' >"$tmp/join"
    cat >>"$tmp/join" <<'END'
read -r init _ <"/proc/$chain/task/$chain/children"
try() {
    ns-enter --target "$init" "$@" 2>&1
    echo "=$?"
}
try -u hostname
try -Uu hostname
try -Ump echo reached
try -Ump --no-fork pid-fork sh -c 'echo $PPID; id -u'
kill "$chain"
END
    chmod 755 "$tmp/join"
    as_user sh "$tmp/join"
    printed "ns-enter: cannot join the namespaces of process $(sed -n 's/.*process \([0-9]*\) (-u).*/\1/p' "$tmp/out") (-u): Operation not permitted
ns-enter: hint: they belong to another user namespace: join that as well, with --user
=125
inside
=0
reached
=0
0
0
=0"
}

# No process stays, in which the namespace was made.
testFailures() {
    needs_root && return
    have_strace || { skip 'strace does not work here' && return; }
    for fault in clone write setns; do
        inject "$fault:error=EPERM" ns-enter --map-user 0:600000:10 --map-group 0:600000:10 echo reached
        case $fault in
        clone) refused 'ns-enter: cannot make a user namespace: Operation not permitted' ;;
        write) ended 125 ;; # nor can it say so
        setns) refused 'ns-enter: cannot enter the new user namespace: Operation not permitted' ;;
        esac
        assertEquals '' "$(cat "$tmp/out")"
    done
    inject write:error=EPERM:when=2 ns-enter --map-user 0:600000:10 --map-group 0:600000:10 echo reached
    refused 'ns-enter: cannot map the ids: gid_map: Operation not permitted'
}

testMapsThatCannotBeWritten() {
    needs_root && return
    have_strace || { skip 'strace does not work here' && return; }
    for call in 1 2 3; do
        as_user strace -o /dev/null -e "inject=write:error=EPERM:when=$call" ns-enter -U echo reached
        case $call in
        1) refused 'ns-enter: cannot give up changing the groups: /proc/self/setgroups: Operation not permitted' ;;
        2) refused 'ns-enter: cannot map the ids: uid_map: Operation not permitted' ;;
        3) refused 'ns-enter: cannot map the ids: gid_map: Operation not permitted' ;;
        esac
    done
}

. shunit2
