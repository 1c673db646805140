# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# minictr-userns.sh: containers whose root is not that of the host: minictr --userns auto, and minictr without root.

. "$(dirname "$0")/lib.sh"

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    MINICTR_ROOT=$tmp/root
    export MINICTR_ROOT
    cp -a "$root" "$tmp/root"
    mkdir -p "$tmp/root/mnt" "$tmp/shared"
    name=userns-$$
}

first_id() {
    awk '$1 == 0 && NF == 3 { print $2 }' "$tmp/out"
}

testRootIsNobodyOutside() {
    needs_root && return
    attempt minictr --userns auto cat /proc/self/uid_map /proc/self/gid_map
    ended 0
    outer=$(awk 'NR == 1 { print $2 }' "$tmp/out")
    assertEquals "0 $outer 65536 0 $outer 65536" "$(awk '{ print $1, $2, $3 }' "$tmp/out" | paste -s -d ' ')"
    assertTrue 'of the ids for containers' "[ $outer -ge 524288 ] && [ $((outer + 65535)) -le 1879048191 ]"
    start minictr --userns auto --name "$name" sleep 1000
    await 20 runs_prog || fail "it did not start: $(cat "$tmp/err")"
    assertNotEquals 0 "$(stat -c %u "/proc/$prog")"
    assertEquals 'no groups of the caller' '' "$(sed -n 's/^Groups:[[:space:]]*//p' "/proc/$prog/status")"
    attempt ctr-exec "$name" sh -c 'id -u; cat /proc/self/uid_map'
    assertEquals "$(stat -c %u "/proc/$prog")" "$(first_id)"
    kill "$started"
    wait "$started" 2>/dev/null || :
}

runs_prog() {
    prog=$(tree "$started" | tail -n 1)
    [ "$(cat "/proc/$prog/comm" 2>/dev/null)" = sleep ]
}

testEachHasIdsOfItsOwn() {
    needs_root && return
    for _ in 1 2 3; do
        attempt minictr --userns auto cat /proc/self/uid_map
        first_id
    done >"$tmp/firsts"
    assertEquals 3 "$(sort -u "$tmp/firsts" | wc -l)"
}

in_ranges='mount --bind "$0" /etc/subuid && exec minictr --userns auto cat /proc/self/uid_map'

# All but one of the ids that there are belong to somebody.
testNotThoseOfSomebodyElse() {
    needs_root && return
    [ -e /etc/subuid ] || { skip 'there is no /etc/subuid to cover' && return; }
    printf 'a:524288:65535\nb:655359:1878392832\n' >"$tmp/taken"
    attempt ns-enter -m sh -c "$in_ranges" "$tmp/taken"
    ended 125
    said '^minictr: cannot choose ids for the user namespace: all are in /etc/subuid, in /etc/subgid or in use$'
}

# A single range is left, and a container has it: by its root, or by another user.
testNotThoseOfAnotherContainer() {
    needs_root && return
    [ -e /etc/subuid ] || { skip 'there is no /etc/subuid to cover' && return; }
    printf 'a:524288:65536\nb:655360:1878392832\n' >"$tmp/taken"
    for user in root nobody 1000:1000; do
        start ns-enter -m sh -c 'mount --bind "$0" /etc/subuid && exec "$@"' "$tmp/taken" \
            minictr --userns auto --user "$user" --name "$name" sleep 1000
        await 20 runs_prog || fail "it did not start: $(cat "$tmp/err")"
        assertEquals "0 589824 65536" "$(sed 's/  */ /g;s/^ //' "/proc/$prog/uid_map")"
        attempt ns-enter -m sh -c "$in_ranges" "$tmp/taken"
        refused 'minictr: cannot choose ids for the user namespace: all are *'
        kill "$started"
        wait "$started" 2>/dev/null || :
    done
    attempt ns-enter -m sh -c "$in_ranges" "$tmp/taken"
    ended 0
}

testFilesKeepTheirOwners() {
    needs_root && return
    chown 7:8 "$tmp/root/mnt"
    attempt minictr --userns auto sh -c 'stat -c %u:%g / /bin/sh /mnt /mytemp; echo new >/etc/new; chown 5:6 /etc/new'
    printed "$(printf '%s\n' 0:0 0:0 7:8 0:0)"
    assertEquals 5:6 "$(stat -c %u:%g "$tmp/root/etc/new")"
    chown 9:9 "$tmp/shared"
    attempt minictr --userns auto --bind "$tmp/shared:/mnt" sh -c 'stat -c %u:%g /mnt; >/mnt/made'
    printed 9:9
    assertEquals 'written as root' 0:0 "$(stat -c %u:%g "$tmp/shared/made")"
    attempt minictr --userns auto --ephemeral sh -c 'rm /etc/new; stat -c %u:%g /bin/sh; ls /etc/new'
    assertEquals 0:0 "$(cat "$tmp/out")"
    assertTrue 'it was the view that changed' "[ -e '$tmp/root/etc/new' ]"
    rm "$tmp/root/etc/new"
}

# With all capabilities and no filter, there is nothing but the user namespace.
testPrivilegedRootHasNoPowerOutside() {
    needs_root && return
    attempt minictr --userns auto --privileged --tmpfs /tmp sh -c '
        mount -t tmpfs none /mnt && echo mounted
        mknod /tmp/disk b 254 0 || echo no device
        hostname other && hostname
        date -s @0 2>/dev/null || echo no clock
        echo 1 >/proc/sys/kernel/panic || echo no panic
        kill -0 1 && echo init'
    assertEquals "$(printf '%s\n' mounted 'no device' other 'no clock' 'no panic' init)" \
        "$(grep -v '^[A-Z][a-z][a-z] ' "$tmp/out")"
}

testNetwork() {
    needs_root && return
    attempt minictr --userns auto sh -c 'ls /sys/class/net; sed -n "3,\$s/:.*//p" /proc/net/dev'
    assertEquals 'lo lo' "$(paste -s -d ' ' "$tmp/out" | tr -s ' ')"
    attempt minictr --userns auto --net host sh -c 'ls /sys; readlink /proc/self/ns/net'
    printed "$(readlink /proc/self/ns/net)"
}

# Root that is somebody else cannot reach a directory of root's any more; the stages and the root are there before.
testEverythingInADirectoryOfRootsOwn() {
    needs_root && return
    mkdir -m 700 "$tmp/private"
    cp -R "$bin" "$tmp/private/bin"
    cp -a "$tmp/root" "$tmp/private/root"
    attempt env PATH="$tmp/private/bin:$PATH" minictr --userns auto --root "$tmp/private/root" id -u
    printed 0
}

testPrintedChainIsTheSame() {
    needs_root && return
    attempt sh -c 'minictr --userns auto --print cat /proc/self/uid_map | tee "$0" | sh' "$tmp/chain"
    ended 0
    assertTrue 'with these ids' "grep -q -- '--map-user 0:$(first_id):65536' '$tmp/chain'"
}

testLimitsHold() {
    needs_root && return
    attempt minictr --userns auto --memory 32M sh -c 'head -c 100M /dev/zero | tail'
    assertNotEquals 0 "$status"
    said '^cg-limit: .*memory'
}

testWords() {
    attempt minictr --userns other true
    refused 'minictr: --userns: "other" is not host or auto'
    for option in '--memory 1G' '--swap 1' '--pids 3' '--cpu 1' '--cpus 0' '--status-fd 2'; do
        # shellcheck disable=SC2086
        attempt minictr --no-limits $option true
        refused "minictr: --no-limits and ${option% *}: only one of them"
    done
}

testWithoutLimits() {
    needs_root && return
    start minictr --no-limits --ephemeral sleep 1000
    await 20 runs_prog || fail "it did not start: $(cat "$tmp/err")"
    assertEquals 'in the groups of the caller' "$(cat /proc/self/cgroup)" "$(cat "/proc/$prog/cgroup")"
    kill "$started"
    wait "$started" 2>/dev/null || :
    attempt minictr --no-limits --detach --ephemeral sleep 1000
    ended 0
    assertTrue 'its number' "kill $(cat "$tmp/out")"
    attempt minictr --no-limits --detach --name web --ephemeral sh -c 'hostname >&2; exec sleep 1000'
    ended 0
    assertTrue 'no name to be found by' "kill $(cat "$tmp/out")"
}

testWithoutRoot() {
    needs_root && return
    as_nobody minictr --ephemeral echo reached
    refused 'cg-limit: cannot make the control group */minictr: Permission denied'
    case $hint in
    *'no control group is delegated to this user'*'minictr --no-limits'*) ;;
    *) fail "hint: $hint" ;;
    esac
    as_nobody minictr --no-limits --ephemeral sh -c 'id -u; cat /proc/self/uid_map; hostname; ls /dev /sys | grep -cE "^(null|class)$"
        cat /proc/1/comm; stat -f -c %T /mytemp'
    assertEquals "$(printf '%s\n' 0 0:65534:1 minictr 2 pid-init tmpfs)" "$(awk 'NF == 3 { print $1 ":" $2 ":" $3; next } 1' "$tmp/out")"
    as_nobody minictr --no-limits --ephemeral sh -c 'grep -E "^(CapEff|Seccomp|NoNewPrivs)" /proc/self/status'
    as_before=$(cat "$tmp/out")
    attempt minictr --ephemeral sh -c 'grep -E "^(CapEff|Seccomp|NoNewPrivs)" /proc/self/status'
    assertEquals 'the same locks' "$as_before" "$(cat "$tmp/out")"
}

testWithoutRootItIsTheUserOutside() {
    needs_root && return
    chmod 777 "$tmp/shared"
    as_nobody minictr --no-limits --ephemeral --bind "$tmp/shared:/mnt" sh -c '>/mnt/mine && stat -c %u /mnt/mine; chown 5 /mnt/mine'
    assertEquals 0 "$(cat "$tmp/out")"
    assertEquals 65534 "$(stat -c %u "$tmp/shared/mine")"
    said 'Invalid argument'
}

testWithoutRootOnATerminal() {
    needs_root && return
    needs_expect && return
    export bin
    play <<'END'
say "setpriv --reuid 65534 --regid 65534 --clear-groups $env(bin)/minictr --no-limits --ephemeral sh -c 'tty; ls -l /dev/console; id -u'"
see "/dev/pts/0\r\n.*/dev/console\r\n0\r\n.*host> "
END
}

testWithoutRootInlineIsTheSame() {
    needs_root && return
    as_nobody minictr --inline --no-limits --ephemeral sh -c 'id -u; ls /sys | wc -l'
    as_before=$(cat "$tmp/out")
    as_nobody minictr --no-limits --ephemeral sh -c 'id -u; ls /sys | wc -l'
    printed "$as_before"
}

. shunit2
