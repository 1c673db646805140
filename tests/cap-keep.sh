# shellcheck shell=sh disable=SC1091,SC2016,SC2034,SC2046,SC2086,SC2154
# cap-keep.sh: the capabilities of PROG, in all five sets, and that nothing it executes gets more.

. "$(dirname "$0")/lib.sh"

probe=$helpers/probe
zero=0000000000000000
# By their numbers.
names='chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable
net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace
sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control
setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
default='chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service sys_chroot setfcap'

# This may be the root of a container, who has not got all.
all=$(sed -n 's/^CapPrm:[^0-9a-f]*//p' /proc/self/status)

# mask NAME...: prints the set as /proc has it.
mask() {
    sum=0
    for wanted in "$@"; do
        bit=0
        for known in $names; do
            [ "$known" = "$wanted" ] && sum=$((sum | 1 << bit))
            bit=$((bit + 1))
        done
    done
    printf '%016x\n' $sum
}

# mine NAME...: prints those that this process has.
mine() {
    for one in "$@"; do
        [ $((0x$(mask "$one") & 0x$all)) = 0 ] || echo "$one"
    done
}

field() {
    awk -v name="$1:" '$1 == name { $1 = ""; print substr($0, 2) }' "$tmp/out"
}

# has SETS MASK: asserts that PROG, which was "probe power", had this in each of the sets, and nothing in the
# others of the five.
has() {
    ended 0
    for set in Inh Prm Eff Bnd Amb; do
        case $1 in
        *$set*) assertEquals "$set" "$2" "$(field Cap$set)" ;;
        *) assertEquals "$set" $zero "$(field Cap$set)" ;;
        esac
    done
}
as_root='Prm Eff Bnd'
as_user='Inh Prm Eff Bnd Amb'

testEachName() {
    for name in $names; do
        attempt cap-keep "$name" "$probe" power
        if [ -n "$(mine "$name")" ]; then
            has "$as_root" "$(mask "$name")"
        else
            refused "cap-keep: cannot keep $name: this process has not got it"
        fi
    done
}

testEachNameAsAUser() {
    for name in $(mine $names); do
        attempt id-set 65534:65534 cap-keep "$name" "$probe" power
        has "$as_user" "$(mask "$name")"
        assertEquals '65534 65534 65534 65534' "$(field Uid)"
    done
}

# The kernel's header is another source of the numbers.
testTheNumbersAreTheKernels() {
    have_capsh=$(command -v capsh) || { skip 'no capsh' && return; }
    for name in $(mine $names); do
        attempt cap-keep "$name" "$have_capsh" --print
        assertTrue "$name: $(cat "$tmp/out")" "grep -qx 'Bounding set =cap_$name' '$tmp/out'"
        assertTrue "$name: $(cat "$tmp/out")" "grep -qx 'Current: cap_$name=ep' '$tmp/out'"
        attempt id-set 65534:65534 cap-keep "$name" "$have_capsh" --print
        assertTrue "$name: $(cat "$tmp/out")" "grep -qx 'Current: cap_$name=eip' '$tmp/out'"
        assertTrue "$name: $(cat "$tmp/out")" "grep -qx 'Ambient set =cap_$name' '$tmp/out'"
    done
}

testNoneIsMissing() {
    assertEquals "$(cat /proc/sys/kernel/cap_last_cap)" "$(($(echo $names | wc -w) - 1))"
}

testSpellings() {
    needs_root && return
    for list in chown,kill CHOWN,KILL cap_chown,cap_kill CAP_KILL,Cap_Chown kill,chown cAp_ChOwN,kIll; do
        attempt cap-keep "$list" "$probe" power
        has "$as_root" "$(mask chown kill)"
    done
    attempt cap-keep -- chown,kill "$probe" power
    has "$as_root" "$(mask chown kill)"
}

testDefault() {
    needs_root && return
    attempt cap-keep default "$probe" power
    has "$as_root" "$(mask $(mine $default))"
    attempt id-set 65534:65534 cap-keep default "$probe" power
    has "$as_user" "$(mask $(mine $default))"
}

testAll() {
    needs_root && return
    attempt cap-keep all "$probe" power
    has "$as_root" "$all"
    attempt id-set 65534:65534 cap-keep all "$probe" power
    has "$as_user" "$all"
}

testNone() {
    needs_root && return
    attempt cap-keep none "$probe" power
    has '' ''
    attempt id-set 65534:65534 cap-keep none "$probe" power
    has '' ''
    attempt cap-keep none capsh --print
    assertTrue "$(cat "$tmp/out")" "grep -qx 'Bounding set =' '$tmp/out'"
}

# Of all and default a process may lack some; of a list not.
testBounds() {
    needs_root && return
    attempt cap-keep chown,mknod,setpcap cap-keep default "$probe" power
    has "$as_root" "$(mask chown setpcap)"
    attempt cap-keep chown cap-keep all "$probe" power
    has "$as_root" "$(mask chown)"
    attempt cap-keep setpcap,chown cap-keep chown,kill echo reached
    refused 'cap-keep: cannot keep kill: this process has not got it'
    attempt cap-keep none cap-keep all "$probe" power
    has '' ''
    attempt cap-keep none cap-keep none "$probe" power
    has '' ''
    attempt cap-keep none cap-keep chown echo reached
    refused 'cap-keep: cannot keep chown: this process has not got it'
}

# What came from the caller in the inheritable and ambient sets does not pass by (CVE-2022-29162).
testInheritedSets() {
    needs_root && return
    attempt setpriv --inh-caps +chown,+net_raw --ambient-caps +chown,+net_raw cap-keep kill "$probe" power
    has "$as_root" "$(mask kill)"
    attempt setpriv --inh-caps +chown,+net_raw cap-keep none "$probe" power
    has '' ''
    attempt setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +chown,+net_raw,+setpcap \
        --ambient-caps +chown,+net_raw,+setpcap cap-keep net_raw "$probe" power
    has "$as_user" "$(mask net_raw)"
    attempt setpriv --inh-caps +chown,+net_raw id-set 65534:65534 cap-keep kill "$probe" power
    has "$as_user" "$(mask kill)"
}

testPermittedButNotInTheBoundingSet() {
    needs_root && return
    for words in 'chown echo reached' "all $probe power"; do
        attempt setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +chown,+setpcap \
            --ambient-caps +chown,+setpcap setpriv --bounding-set -chown cap-keep $words
        case $words in
        all*) has "$as_user" "$(mask setpcap)" ;;
        *) refused 'cap-keep: cannot keep chown: this process has not got it' ;;
        esac
    done
}

testAUserWithoutCapabilities() {
    for word in none all default; do
        as_nobody cap-keep $word echo reached
        refused 'cap-keep: cannot limit the bounding set: Operation not permitted'
        assertEquals 'cap-keep: hint: this user is not root: run it with sudo' "$hint"
    done
    as_nobody cap-keep chown echo reached
    refused 'cap-keep: cannot keep chown: this process has not got it'
}

testWithoutSetpcap() {
    needs_root && return
    attempt cap-keep chown,kill cap-keep kill echo reached
    refused 'cap-keep: cannot limit the bounding set: Operation not permitted'
    assertEquals 'cap-keep: hint: that takes the capability setpcap, which this process has not: put this stage before the one that took it' "$hint"
    # Nothing has to leave it.
    attempt cap-keep chown,kill cap-keep chown,kill "$probe" power
    has "$as_root" "$(mask chown kill)"
    attempt id-set 5:5 cap-keep kill cap-keep kill "$probe" power
    has "$as_user" "$(mask kill)"
    attempt cap-keep chown,kill,setpcap cap-keep kill "$probe" power
    has "$as_root" "$(mask kill)"
}

# Behind these, no execution may bring back what is not listed.
testSetUserIdProgram() {
    cp "$probe" "$tmp/suid"
    chmod 4755 "$tmp/suid"
    attempt id-set 65534:65534 "$tmp/suid" power
    [ "$(field CapEff)" = "$all" ] || { skip 'set-user-ID has no effect here' && return; }
    attempt id-set 65534:65534 cap-keep none "$tmp/suid" power
    assertEquals '65534 0 0 0' "$(field Uid)"
    has '' ''
    for list in kill chown,net_raw; do
        attempt id-set 65534:65534 cap-keep $list "$tmp/suid" power
        assertEquals '65534 0 0 0' "$(field Uid)"
        assertEquals "$list" "$(mask ${list%,*} ${list#*,})" "$(field CapPrm)"
        assertEquals "$list" "$(mask ${list%,*} ${list#*,})" "$(field CapBnd)"
    done
    # Nor when PROG executes it further on.
    attempt id-set 65534:65534 cap-keep none sh -c 'exec "$0" power' "$tmp/suid"
    has '' ''
    rm "$tmp/suid"
}

testFileCapabilities() {
    cp "$probe" "$tmp/filecaps"
    chmod 755 "$tmp/filecaps"
    setcap cap_net_raw,cap_chown,cap_kill+ep "$tmp/filecaps" 2>/dev/null || { skip 'no file capabilities' && return; }
    attempt id-set 65534:65534 "$tmp/filecaps" power
    assertEquals "$(mask net_raw chown kill)" "$(field CapPrm)"
    # The kernel does not execute what would get less than its file says it needs.
    for list in none kill setuid; do
        attempt id-set 65534:65534 cap-keep $list "$tmp/filecaps" power
        ended 126
        printed ''
    done
    setcap cap_net_raw,cap_chown,cap_kill+p "$tmp/filecaps"
    for list in kill none; do
        attempt id-set 65534:65534 cap-keep $list "$tmp/filecaps" power
        ended 0
        assertEquals "$list" "$(mask $(echo $list | grep -v none))" "$(field CapPrm)"
    done
    setcap cap_net_raw,cap_chown,cap_kill+i "$tmp/filecaps"
    attempt setpriv --inh-caps +chown,+net_raw id-set 65534:65534 cap-keep kill "$tmp/filecaps" power
    assertEquals "$(mask kill)" "$(field CapPrm)"
    rm "$tmp/filecaps"
}

testRootCannotRegain() {
    needs_root && return
    attempt cap-keep setpcap,kill sh -c 'setpriv --bounding-set +chown true; setpriv --inh-caps +chown true; exec "$0" power' "$probe"
    assertEquals "$(mask setpcap kill)" "$(field CapPrm)"
    attempt cap-keep kill,setuid,setgid id-set 65534:65534 su -c true
    assertNotEquals 0 "$status"
    attempt cap-keep setuid,setgid setpriv --reuid 5 --regid 5 --clear-groups "$probe" power
    has Bnd "$(mask setuid setgid)"
}

testTheEffect() {
    needs_root && return
    : >"$tmp/file"
    attempt cap-keep none chown 5 "$tmp/file"
    ended 1
    attempt cap-keep chown chown 5 "$tmp/file"
    ended 0
    attempt id-set 65534:65534 cap-keep chown chown 6 "$tmp/file"
    ended 0
    assertEquals 6 "$(stat -c %u "$tmp/file")"
    chmod 000 "$tmp/file"
    attempt cap-keep chown cat "$tmp/file"
    ended 1
    attempt id-set 65534:65534 cap-keep dac_override cat "$tmp/file"
    ended 0
}

# With this securebit root is a user as any other.
testNoroot() {
    needs_root && return
    attempt priv-lock --securebits noroot cap-keep kill,chown "$probe" power
    has "$as_user" "$(mask kill chown)"
    assertEquals 03 "$(field Securebits)"
    attempt priv-lock --securebits noroot "$probe" power
    has Bnd "$all"
    attempt priv-lock --securebits noroot cap-keep none "$probe" power
    has '' ''
}

# What is ambient already need not be raised.
testNoAmbientRaise() {
    needs_root && return
    attempt id-set 65534:65534 priv-lock --securebits no-cap-ambient-raise cap-keep kill,chown "$probe" power
    has "$as_user" "$(mask kill chown)"
    attempt priv-lock --securebits noroot,no-cap-ambient-raise cap-keep kill,chown "$probe" power
    has "$as_user" "$(mask kill chown)"
}

testInAContainer() {
    needs_root && return
    attempt ns-enter -mup id-set 65534:65534 uts-name box root-setup "$root" mnt-proc /proc cap-keep kill pid-init probe power
    has "$as_user" "$(mask kill)"
    attempt ns-enter -mup uts-name box root-setup "$root" mnt-proc /proc cap-keep default pid-init probe power
    has "$as_root" "$(mask $(mine $default))"
    attempt ns-enter -mup root-setup "$root" mnt-proc /proc cap-keep kill pid-init cat /proc/1/status
    has "$as_root" "$(mask kill)"
}

# unknown NAME [GUESS]: asserts that there is none, and what the hint says.
unknown() {
    attempt cap-keep "$1" echo reached
    refused "cap-keep: there is no capability of the name \"$1\""
    assertEquals "$1" "${2:+cap-keep: hint: did you mean $2?}" "$hint"
}

testUnknownNames() {
    unknown chwon chown
    unknown cap_chwon chown
    unknown CAP_NET_BIND_SERVIC ''
    unknown net_bind_servic net_bind_service
    unknown cap_sys_admn sys_admin
    unknown sysadmin sys_admin
    unknown cap_ ''
    unknown cap_cap_chown ''
    unknown 0 ''
    unknown 41 ''
    unknown xyz ''
    unknown ' chown' chown
    unknown 'chown ' chown
    unknown +chown chown
    unknown All ''
    unknown NONE ''
    attempt cap-keep "$(printf %0500d 0)" echo reached
    refused 'cap-keep: there is no capability of the name "0*"'
    attempt cap-keep -- -chown echo reached
    refused 'cap-keep: there is no capability of the name "-chown"'
    attempt cap-keep "$(printf 'a\nb\033c')" echo reached
    refused 'cap-keep: there is no capability of the name "a[?]b[?]c"'
    attempt cap-keep chown,kil,setuid echo reached
    refused 'cap-keep: there is no capability of the name "kil"'
}

testTheWordsStandAlone() {
    for word in none all default; do
        attempt cap-keep chown,$word echo reached
        refused "cap-keep: there is no capability of the name \"$word\""
        attempt cap-keep $word,chown echo reached
        refused "cap-keep: there is no capability of the name \"$word\""
    done
}

testEmptyNames() {
    for list in ',' 'chown,' ',chown' 'chown,,kill'; do
        attempt cap-keep "$list" echo reached
        refused "cap-keep: the list of capabilities \"$list\" has an empty name in it"
    done
}

testTwice() {
    for list in chown,chown kill,chown,CAP_KILL Chown,cap_chown,kill; do
        attempt cap-keep "$list" echo reached
        refused 'cap-keep: the capability * is given twice'
    done
}

testBadCommandLine() {
    attempt cap-keep
    refused 'cap-keep: LIST is missing'
    attempt cap-keep ''
    refused 'cap-keep: LIST is empty'
    attempt cap-keep chown
    refused 'cap-keep: PROG is missing'
    attempt cap-keep none ''
    refused 'cap-keep: PROG is empty'
    attempt cap-keep --all true
    refused 'cap-keep: unknown option --all'
    attempt cap-keep -n true
    refused 'cap-keep: unknown option -n'
}

testNothingIsChangedBeforeAllIsChecked() {
    have_strace || { skip 'no strace' && return; }
    for words in none chown 'chwn true' 'chown,chown true' 'chown, true'; do
        attempt strace -o "$tmp/trace" -e trace=prctl,capset cap-keep $words
        ended 125
        assertFalse "$words: $(cat "$tmp/trace")" "grep -q '(' '$tmp/trace'"
    done
    attempt cap-keep kill,setpcap strace -o "$tmp/trace" -e trace=prctl,capset cap-keep chown true
    ended 125
    assertFalse "$(cat "$tmp/trace")" "grep -qE 'CAPBSET_DROP|capset' '$tmp/trace'"
}

testEachFailureIsFatal() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    inject capget:error=EFAULT cap-keep kill echo reached
    refused 'cap-keep: cannot find out the capabilities: Bad address'
    inject capset:error=EPERM cap-keep kill echo reached
    refused 'cap-keep: cannot set the capabilities: Operation not permitted'
    inject capset:error=EPERM:when=2 id-set 5:5 cap-keep kill echo reached
    refused 'cap-keep: cannot set the capabilities: Operation not permitted'
}

# Whichever of its calls fails: PROG has what is listed, or does not run. Some only ask, twice for each
# capability; as a user, id-set has made some before.
testNoFailureOfPrctlLeavesMore() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    for number in $(seq 1 130); do
        inject prctl:error=EPERM:when="$number" cap-keep kill "$probe" power
        case $status:$number in
        0:?? | 0:???) has "$as_root" "$(mask kill)" ;;
        *) refused 'cap-keep: cannot *' ;;
        esac
    done
    fatal=0
    for number in $(seq 130 3 260); do
        inject prctl:error=EPERM:when="$number" id-set 5:5 cap-keep kill,chown "$probe" power
        if [ "$status" = 0 ]; then
            has "$as_user" "$(mask kill chown)"
        else
            refused 'cap-keep: cannot *'
            fatal=$((fatal + 1))
        fi
    done
    assertNotEquals 'failures that were fatal' 0 $fatal
    inject prctl:error=EINVAL:when=1 cap-keep kill "$probe" power
    refused 'cap-keep: cannot find out the capabilities: Invalid argument'
}

testHelp() {
    attempt cap-keep --help
    ended 0
    for word in default all none capabilities; do
        assertTrue "$word" "grep -qw $word '$tmp/out'"
    done
}

testTheRestIsUntouched() {
    needs_root && return
    attempt hostile fds 5 fd-close --keep 4,6 cap-keep none probe fds
    printed '0 1 2 4 6 '
    attempt hostile blocked probe signals
    mv "$tmp/out" "$tmp/signals"
    attempt hostile blocked cap-keep kill probe signals
    printed "$(cat "$tmp/signals")"
    attempt env -i "PATH=$PATH" A=b cap-keep kill probe env
    printed "PATH=$PATH
A=b"
    "$probe" power >"$tmp/before"
    attempt cap-keep kill "$probe" power
    assertEquals "$(grep -v ^Cap "$tmp/before")" "$(grep -v ^Cap "$tmp/out")"
    attempt setpriv --pdeathsig HUP cap-keep kill "$probe" power
    assertEquals 1 "$(field Death)"
    attempt sh -c 'echo $$; exec cap-keep kill sh -c "echo \$\$"'
    assertEquals 'the same process' 1 "$(sort -u "$tmp/out" | wc -l)"
    attempt cap-keep none "$probe" exit 37
    ended 37
}

. shunit2
