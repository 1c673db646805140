# shellcheck shell=sh disable=SC1091,SC2154,SC2016
# chain-break.sh: a shell at each point of the chain.

. "$(dirname "$0")/lib.sh"

# at OPTION STAGE COMMANDS: a container with a break, whose shell gets the commands; PROG says "prog".
at() {
    printf '%s\n' "$3" >"$tmp/commands"
    attempt minictr --root "$root" --no-tty --hostname inner "$1" "$2" sh -c 'echo prog' <"$tmp/commands"
}

testEveryBoundaryGoesOn() {
    for stage in $(minictr --print=json true | jq -r '.[].stage // "PROG"'); do
        for option in --break --break-after; do
            [ "$option $stage" != '--break-after PROG' ] || continue
            at $option "$stage" 'echo shell; exit 0'
            ended 0
            assertEquals "$option $stage" "$(printf 'shell\nprog')" "$(cat "$tmp/out")"
            at $option "$stage" 'echo shell; exit 3'
            ended 125
            assertEquals "$option $stage" shell "$(cat "$tmp/out")"
            assertTrue "$option $stage" "grep -q 'chain-break: given up: the shell has ended with 3' '$tmp/err'"
        done
    done
    assertEquals 'left' '' "$(left_groups)$(left_processes)"
}

# What the shell of a break sees of the state: host name, root, mounts made, powers.
look='
    [ "$(hostname)" = inner ] && echo "name inner"
    [ "$(stat -c %d:%i "$STEP/root/etc/.")" = "$own_etc" ] && echo "root own" &&
        sed -n "s,^[^ ]* \(/mytemp\|/proc\|/dev\|/sys\|/proc/sys\) .*,mount \1,p" "$STEP/mounts" | sort
    cut -f 1,2 /proc/self/status | grep -E "CapEff:.00000000800405fb|NoNewPrivs:.1|Seccomp:.2"
    echo end
    exit 0'

# The same as it should be when that stage has been.
learn() {
    case $1 in
    uts-name) seen="$seen
name inner" ;;
    root-setup) seen="$seen
root own" ;;
    mnt-tmpfs) mounts="$mounts
mount /mytemp" ;;
    mnt-proc) mounts="$mounts
mount /proc" ;;
    mnt-dev) mounts="$mounts
mount /dev" ;;
    mnt-sys) mounts="$mounts
mount /sys" ;;
    mnt-mask) mounts="$mounts
mount /proc/sys" ;;
    cap-keep) powers="$powers
CapEff:	00000000800405fb" ;;
    priv-lock) powers="$powers
NoNewPrivs:	1" ;;
    sys-filter) powers="$powers
Seccomp:	2" ;;
    esac
}

testTheStateOfEveryBoundary() {
    needs_root && return
    own_etc=$(stat -c %d:%i "$root/etc/.") seen='' mounts='' powers=''
    export own_etc
    for stage in $(minictr --print=json true | jq -r '.[].stage // "PROG"'); do
        should=$(printf '%s\n%s\n%s\nend\nprog' "$seen" "$(echo "$mounts" | sort)" "$powers" | grep .)
        at --break "$stage" "$look"
        ended 0
        assertEquals "before $stage" "$should" "$(cat "$tmp/out")"
        learn "$stage"
        [ "$stage" != PROG ] || continue
        should=$(printf '%s\n%s\n%s\nend\nprog' "$seen" "$(echo "$mounts" | sort)" "$powers" | grep .)
        at --break-after "$stage" "$look"
        ended 0
        assertEquals "after $stage" "$should" "$(cat "$tmp/out")"
    done
    assertEquals 'learnt' 10 "$(printf '%s\n' "$seen$mounts$powers" | grep -c .)"
}

# Whoever goes on at each of them has the container that there is without.
testGoingOnGivesTheSameContainer() {
    container='hostname; id; pwd; env | sort; grep -E "Cap|NoNew|Seccomp|Sig[^Q]|Groups|Umask" /proc/self/status
        sed "s/[0-9]*:[0-9]* / /;s/^[0-9]* [0-9]* //;s/master:[0-9]* //" /proc/self/mountinfo; ls -l /proc/self/fd | sed "s/.* -> //;s/[0-9][0-9]*/N/g"
        ps -e -o comm; ulimit -a; sed "s|/minictr/.*||" /proc/self/cgroup'
    set --
    for stage in $(minictr --print=json true | jq -r '.[].stage // "PROG"'); do
        set -- "$@" --break "$stage"
    done
    yes 'exit 0' | head -n $# >"$tmp/commands"
    attempt minictr --root "$root" --no-tty sh -c "$container" <"$tmp/commands"
    ended 0
    mv "$tmp/out" "$tmp/without"
    attempt minictr --root "$root" --no-tty "$@" sh -c "$container" <"$tmp/commands"
    ended 0
    assertEquals '' "$(diff "$tmp/without" "$tmp/out")"
    assertTrue 'it says much' "[ $(wc -l <"$tmp/without") -gt 50 ]"
}

testTheStateIsThatOfTheStep() {
    needs_root && return
    at --break-after uts-name 'hostname; exit 0'
    assertEquals "$(printf 'inner\nprog')" "$(cat "$tmp/out")"
    at --break root-setup 'readlink /proc/self/root; exit 0'
    assertEquals "$(printf '/\nprog')" "$(cat "$tmp/out")"
    # Behind root-setup: its root is the working directory, the mounts are those so far.
    at --break mnt-proc 'pwd | sed s/[0-9][0-9]*/N/; ls -d mytemp; grep -c " /mytemp tmpfs" $STEP/mounts; grep -c " /proc " $STEP/mounts; exit 0'
    assertEquals "$(printf '/proc/N/root\nmytemp\n1\n0\nprog')" "$(cat "$tmp/out")"
    at --break mnt-dev 'grep -c " /proc proc" $STEP/mounts; exit 0'
    assertEquals "$(printf '1\nprog')" "$(cat "$tmp/out")"
    at --break PROG 'grep -E "CapEff|NoNew|Seccomp:" /proc/self/status | cut -f 2 | paste -sd " "; exit 0'
    assertEquals "$(printf '00000000800405fb 1 2\nprog')" "$(cat "$tmp/out")"
}

testNothingIsPassedOn() {
    printf 'exit 0\n' >"$tmp/commands"
    attempt minictr --root "$root" --no-tty --break mnt-proc --break PROG sh -c 'env; ls /proc/self/fd; cat /proc/self/mountinfo' <"$tmp/commands"
    ended 0
    assertEquals '' "$(grep -E 'MINICTR_(NS|STAGES|HOST|TTY|TRACE)|^STEP' "$tmp/out")"
    assertEquals '0 1 2 3' "$(grep '^[0-9]*$' "$tmp/out" | paste -sd ' ')"
    printf 'ls /proc/self/fd; env; exit 0\n' >"$tmp/commands"
    attempt minictr --root "$root" --no-tty --break mnt-dev true <"$tmp/commands"
    assertEquals 'of the shell' '0 1 2 3' "$(grep '^[0-9]*$' "$tmp/out" | paste -sd ' ')"
    assertEquals '' "$(grep -E 'MINICTR_(STAGES|HOST|TTY|TRACE)' "$tmp/out")"
}

testWhatIsMountedOnTheHostIsReadOnly() {
    needs_root && return
    printf '%s\n' ": >'$tmp/below/written'; exit 0" >"$tmp/commands"
    attempt ns-enter -m mnt-tmpfs "$tmp/below" minictr --root "$root" --no-tty --break mnt-tmpfs true <"$tmp/commands"
    said "$tmp/below/written: Read-only file system"
}

testTheHostIsReadOnly() {
    at --break mnt-tmpfs ": >'$tmp/written'; exit 0"
    said 'Read-only file system'
    assertFalse 'written' "[ -e '$tmp/written' ]"
}

testKilledShell() {
    at --break mnt-proc 'kill -9 $$'
    ended 125
    assertTrue 'named' "grep -q 'given up: signal 9 has killed the shell' '$tmp/err'"
}

testUnknownStage() {
    attempt minictr --break mnt-prc true
    refused 'minictr: --break: the chain has no stage mnt-prc'
    assertEquals 'minictr: hint: did you mean mnt-proc?' "$hint"
    attempt minictr --break-after PROG true
    refused 'minictr: --break-after: the chain has no stage PROG to go on behind'
}

testByHand() {
    echo 'hostname; exit 0' >"$tmp/commands"
    attempt ns-enter -u uts-name box chain-break sh -c 'echo prog' <"$tmp/commands"
    ended 0
    printed "$(printf 'box\nprog')"
}

testOnATerminal() {
    needs_expect && return
    cat >"$tmp/script" <<'E2'
set timeout 60
spawn -noecho minictr --root $env(root) --break mnt-proc --break-after tty-pty sh -c {echo pr''og; tty}
expect "before mnt-proc# " {} timeout {exit 11}
send "sh -c 'echo sl''eeps; exec sleep 100'\r"
expect "sleeps" {} timeout {exit 12}
send "\003"
expect "before mnt-proc# " {} timeout {exit 12}
# The supervisor has ^C as well, and looks whether chain-break ignores it: it does while the shell runs.
send "sleep 1\r"
expect "before mnt-proc# " {} timeout {exit 17}
send "exit 0\r"
expect "before cap-keep# " {} timeout {exit 13}
send "exit 0\r"
expect "prog" {} timeout {exit 14}
expect "/dev/pts/0" {} timeout {exit 15}
expect eof {} timeout {exit 16}
exit [lindex [wait] 3]
E2
    root=$root expect "$tmp/script" >"$tmp/screen" 2>&1
    status=$?
    assertEquals "$(cat "$tmp/screen")" 0 "$status"
}

. shunit2
