# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# idmap.sh: ids at their bounds, in all places that take tables of ids: ns-enter, the mounts with other owners,
# /etc/subuid, and what is done in a user namespace that has such ids. More of each is in the test files of the stages.

. "$(dirname "$0")/lib.sh"

own=$tmp/root       # the root
volume=$tmp/volume  # what is bound
edges='0 65535 65536 2147483647 2147483648 4294967294' # 4294967295 is none: (uid_t)-1

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    [ "$(id -u)" = 0 ] || return 0
    cp -a "$root" "$own"
    mkdir "$volume" "$own/mnt"
    for id in $edges; do
        : >"$volume/$id"
        chown "$id:$id" "$volume/$id"
    done
    cp -a "$volume" "$own/files"
    attempt ns-enter -m root-open --map 0:0:1 "$own" true
    can_map=$status
}

needs_mapped_mounts() {
    needs_root && return
    [ "$can_map" = 0 ] || skip 'this file system cannot be mounted with other ids'
}

# How each of them is called with a map, so that nothing is done but for it.
stage_with() {
    case $1 in
    --map-user) set -- "$2" ns-enter --map-user "$2" --map-group 0:0:1 ;;
    --map-group) set -- "$2" ns-enter --map-user 0:0:1 --map-group "$2" ;;
    mnt-bind) set -- "$2" ns-enter -m root-open "$own" mnt-bind --map "$2" "$volume" /mnt ;;
    *) set -- "$2" ns-enter -m "$1" --map "$2" "$own" ;;
    esac
    shift
    attempt "$@" echo reached
}

places='--map-user --map-group mnt-bind root-open mnt-overlay'

testWhatIsNoRange() {
    needs_root && return
    for place in $places; do
        for map in '' : :: 0 0:0 0:0: ::1 0::1 :0:1 0:0:1: 0:0:0:1 root:0:1 0:nobody:1 0:0:all -1:0:1 0:-1:1 0:0:-1 +1:0:1 \
            ' 0:0:1' '0:0:1 ' '0: 0:1' 0x0:0:1 0:0:1K 0.0:0:1 0,0,1 0-1:0-1:2 0:0:0 \
            4294967295:0:1 0:4294967295:1 4294967296:0:1 0:4294967296:1 0:0:4294967296 18446744073709551616:0:1 \
            0:18446744073709551615:1 0:0:18446744073709551617 99999999999999999999999:0:1 \
            4294967294:0:2 0:4294967294:2 2147483648:0:2147483648 0:2147483648:2147483648 1:0:4294967295; do
            stage_with "$place" "$map"
            [ "$status" = 125 ] || fail "$place \"$map\": $status $(cat "$tmp/out" "$tmp/err")"
            refused "*: --map*: *"
        done
    done
}

testOverlaps() {
    needs_root && return
    for place in $places; do
        case $place in
        --map-user) set -- ns-enter --map-group 0:0:1 ;;
        --map-group) set -- ns-enter --map-user 0:0:1 ;;
        mnt-bind) set -- ns-enter -m root-open "$own" mnt-bind ;;
        *) set -- ns-enter -m "$place" ;;
        esac
        case $place in
        mnt-bind) option=--map operand="$volume" second=/mnt ;;
        --*) option=$place operand='' second='' ;;
        *) option=--map operand=$own second='' ;;
        esac
        for pair in 0:10:1,0:20:1 0:10:1,5:10:1 0:10:10,9:100:1 0:10:10,100:19:1 0:0:4294967295,4294967294:4294967294:1 \
            4294967294:5:1,4294967293:8:2 0:2147483648:10,100:2147483657:1 5:5:5,0:100:100; do
            attempt "$@" "$option" "${pair%,*}" "$option" "${pair#*,}" ${operand:+"$operand"} ${second:+"$second"} echo reached
            refused "*: $option: \"${pair#*,}\" overlaps with another range"
        done
        # Those that touch each other do not.
        attempt "$@" "$option" 0:0:10 "$option" 10:10:10 "$option" 4294967294:4294967294:1 ${operand:+"$operand"} \
            ${second:+"$second"} echo reached
        [ "$status" = 0 ] || [ "$can_map" != 0 ] || fail "$place: $(cat "$tmp/err")"
    done
}

# Who is in the namespace has these ids, and its files have those outside.
testNewUserNamespaces() {
    needs_root && return
    mkdir -m 777 "$tmp/made"
    for outer in $edges; do
        for inner in $edges; do
            set --
            [ "$inner" = 0 ] || set -- --map-user 0:1000:1 --map-group 0:1000:1
            attempt ns-enter "$@" --map-user "$inner:$outer:1" --map-group "$inner:$outer:1" \
                id-set --clear-groups "$inner:$inner" sh -c 'id -u; id -g; : >"$0"' "$tmp/made/file"
            ended 0
            printed "$inner
$inner"
            assertEquals "$inner is $outer" "$outer $outer" "$(stat -c '%u %g' "$tmp/made/file")"
            rm -f "$tmp/made/file"
        done
    done
}

# An id that the namespace does not have is no one there; and the id that is none is refused at once.
testIdsThatAreNotThere() {
    needs_root && return
    for id in 1 65535 2147483648 4294967294; do
        attempt ns-enter --map-user 0:1000:1 --map-group 0:1000:1 id-set --clear-groups "$id:0" echo reached
        refused "id-set: cannot set the user $id: Invalid argument"
        attempt ns-enter --map-user 0:1000:1 --map-group 0:1000:1 id-set --clear-groups "0:$id" echo reached
        refused "id-set: cannot set the group $id: Invalid argument"
    done
    for id in 4294967295 4294967296 -1 18446744073709551615; do
        attempt ns-enter --map-user 0:1000:1 --map-group 0:1000:1 id-set --clear-groups -- "$id:0" echo reached
        refused "id-set: *"
        attempt minictr --root "$own" --user "$id:0" echo reached
        refused 'id-set: *'
    done
}

testMountsWithOtherOwners() {
    needs_mapped_mounts && return
    for from in $edges; do
        for to in $edges; do
            attempt ns-enter -m root-open "$own" mnt-bind --map "$from:$to:1" "$volume" /mnt stat -c '%u %g' "mnt/$from"
            printed "$to $to"
            attempt ns-enter -m root-open --map "$from:$to:1" "$own" stat -c '%u %g' "files/$from"
            printed "$to $to"
        done
        # What has no place in the map is nobody's (proc_sys_kernel(5), overflowuid).
        attempt ns-enter -m root-open "$own" mnt-bind --map 5:5:1 "$volume" /mnt stat -c %u "mnt/$from"
        printed 65534
    done
    # Ranges that end at the last id.
    attempt ns-enter -m root-open --map 2147483648:0:2147483647 "$own" stat -c %u files/4294967294 files/2147483648
    printed '2147483646
0'
    attempt ns-enter -m root-open --map 0:0:4294967295 "$own" stat -c %u files/4294967294 files/0
    printed '4294967294
0'
}

testOverlaysWithOtherOwners() {
    needs_mapped_mounts && return
    attempt ns-enter -m mnt-overlay --map 65535:2147483648:1 --map 4294967294:0:1 "$own" \
        stat -c %u files/65535 files/4294967294
    [ "$status" = 125 ] && skip "$(cat "$tmp/err")" && return
    printed '2147483648
0'
}

# in_ranges LINE... : as user 1000, with these lines in /etc/subuid and /etc/subgid, by root's power: newuidmap(1) has
# bounds of its own.
in_ranges() {
    printf '%s\n' "$@" >"$tmp/lines"
    attempt ns-enter -m sh -c 'for file in subuid subgid; do mount --bind "$0" /etc/$file; done
        exec ns-enter --map-auto cat /proc/self/uid_map' "$tmp/lines"
}

needs_lists() {
    needs_root && return
    { [ -e /etc/subuid ] && [ -e /etc/subgid ]; } || skip 'there is no /etc/subuid to cover'
}

# rows: the table that was printed.
rows() {
    awk '{ print $1 ":" $2 ":" $3 }' "$tmp/out" | paste -sd ' '
}

testLists() {
    needs_lists && return
    while read -r lines table; do
        # shellcheck disable=SC2046
        in_ranges $(echo "$lines" | tr , ' ')
        ended 0
        assertEquals "$lines" "$table" "$(rows)"
    done <<'END'
root:1:1 0:0:1 1:1:1
root:65535:1 0:0:1 1:65535:1
0:65535:65536 0:0:1 1:65535:65536
root:2147483648:5 0:0:1 1:2147483648:5
root:4294967294:1 0:0:1 1:4294967294:1
root:1:4294967294 0:0:1 1:1:4294967294
root:5:1,0:7:2 0:0:1 1:5:1 2:7:2
other:5:1,root:9:1,00:8:1,rootx:7:1,roo:6:1 0:0:1 1:9:1
root:9:0,root:10:1 0:0:1 1:10:1
END
}

testListsThatAreWrong() {
    needs_lists && return
    for line in root:4294967295:1 root:4294967296:1 root:1:4294967295 root:2:4294967294 root:4294967294:2 root:-1:1 \
        root:1:-1 root:x:1 root:1:x root::1 root:1: root:1 root: root:1:1:1 root:99999999999999999999:1 root:0:1 root:0:5 \
        'root: 1:1' 'root:1:1 '; do
        in_ranges other:5:1 "$line"
        refused 'ns-enter: *'
    done
    in_ranges root:10:10 root:19:1
    refused 'ns-enter: /etc/subuid: "root:19:1" overlaps with another range'
    in_ranges root:10:10 0:5:6
    refused 'ns-enter: /etc/subuid: "0:5:6" overlaps with another range'
    # Others may have the same: that is theirs.
    in_ranges root:10:10 other:10:10
    ended 0
    in_ranges
    refused 'ns-enter: --map-auto: /etc/subuid has no ranges for root'
}

. shunit2
