# shellcheck shell=sh disable=SC1091,SC2016,SC2034,SC2154
# priv-lock.sh: that PROG gains no privileges by what it executes, nor reaches what is outside.

. "$(dirname "$0")/lib.sh"

probe=$helpers/probe
zero=0000000000000000

field() {
    awk -v name="$1:" '$1 == name { $1 = ""; print substr($0, 2) }' "$tmp/out"
}

# A program of root's that gives its powers to who executes it; removed at the end.
make_suid() {
    cp "$probe" "$tmp/suid"
    chmod 4755 "$tmp/suid"
    attempt setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/suid" power
    [ "$(field Uid)" = '65534 0 0 0' ] && return
    skip 'set-user-ID has no effect here'
    return 1
}

tearDown() {
    rm -f "$tmp/suid" "$tmp/filecaps"
}

testNoNewPrivileges() {
    attempt priv-lock "$probe" power
    ended 0
    assertEquals 1 "$(field NoNewPrivs)"
    assertEquals 00 "$(field Securebits)"
    attempt priv-lock priv-lock probe power
    assertEquals 1 "$(field NoNewPrivs)"
    # It passes on.
    attempt priv-lock sh -c 'exec "$0" power' "$probe"
    assertEquals 1 "$(field NoNewPrivs)"
}

testAsAUser() {
    needs_root && return
    as_nobody priv-lock "$probe" power
    ended 0
    assertEquals 1 "$(field NoNewPrivs)"
    assertEquals '65534 65534 65534 65534' "$(field Uid)"
    attempt id-set 65534:65534 priv-lock "$probe" power
    ended 0
    assertEquals 1 "$(field NoNewPrivs)"
    assertEquals $zero "$(field CapPrm)"
}

testSetUserIdProgram() {
    needs_root && return
    make_suid || return
    attempt id-set 65534:65534 priv-lock "$tmp/suid" power
    ended 0
    assertEquals '65534 65534 65534 65534' "$(field Uid)"
    assertEquals $zero "$(field CapPrm)"
    as_nobody priv-lock "$tmp/suid" power
    assertEquals '65534 65534 65534 65534' "$(field Uid)"
    chmod 2755 "$tmp/suid"
    as_nobody "$tmp/suid" power
    assertEquals '65534 0 0 0' "$(field Gid)"
    as_nobody priv-lock "$tmp/suid" power
    assertEquals '65534 65534 65534 65534' "$(field Gid)"
}

testFileCapabilities() {
    cp "$probe" "$tmp/filecaps"
    chmod 755 "$tmp/filecaps"
    setcap cap_net_raw,cap_chown+ep "$tmp/filecaps" 2>/dev/null || { skip 'no file capabilities' && return; }
    as_nobody "$tmp/filecaps" power
    assertNotEquals $zero "$(field CapEff)"
    as_nobody priv-lock "$tmp/filecaps" power
    ended 0
    assertEquals "$zero $zero" "$(field CapEff) $(field CapPrm)"
}

# securebits LIST EXPECTED: asserts what PROG has then.
securebits() {
    attempt priv-lock --securebits "$1" "$probe" power
    ended 0
    assertEquals "$1" "$2" "$(field Securebits)"
    assertEquals 1 "$(field NoNewPrivs)"
}

testSecurebits() {
    needs_root && return
    securebits noroot 03
    securebits no-setuid-fixup 0c
    securebits no-cap-ambient-raise c0
    securebits noroot,no-setuid-fixup 0f
    securebits no-cap-ambient-raise,noroot c3
    securebits no-setuid-fixup,no-cap-ambient-raise,noroot cf
    attempt id-set 65534:65534 priv-lock --securebits noroot,no-cap-ambient-raise "$probe" power
    assertEquals c3 "$(field Securebits)"
    assertEquals $zero "$(field CapPrm)"
}

testSecurebitsAreAdded() {
    needs_root && return
    attempt priv-lock --securebits no-setuid-fixup priv-lock --securebits noroot,no-setuid-fixup "$probe" power
    ended 0
    assertEquals 0f "$(field Securebits)"
    # What is there already takes no capability.
    attempt priv-lock --securebits no-setuid-fixup cap-keep none priv-lock --securebits no-setuid-fixup "$probe" power
    ended 0
    assertEquals 0c "$(field Securebits)"
    attempt setpriv --securebits +noroot priv-lock --securebits no-setuid-fixup "$probe" power
    [ "$status" = 125 ] || assertEquals 0d "$(field Securebits)"
}

testTheyAreLocked() {
    needs_root && return
    attempt priv-lock --securebits no-setuid-fixup setpriv --securebits -no_setuid_fixup true
    assertNotEquals 0 "$status"
    attempt setpriv --securebits -no_setuid_fixup true
    ended 0
}

# Root is a user as any other: what the stages hold is not for PROG, unless cap-keep gives it.
testNoroot() {
    needs_root && return
    attempt priv-lock --securebits noroot "$probe" power
    assertEquals '0 0 0 0' "$(field Uid)"
    for set in CapInh CapPrm CapEff CapAmb; do
        assertEquals $set $zero "$(field $set)"
    done
    attempt priv-lock --securebits noroot cap-keep chown "$probe" power
    for set in CapInh CapPrm CapEff CapBnd CapAmb; do
        assertEquals $set 0000000000000001 "$(field $set)"
    done
    # Becoming root again gives nothing.
    make_suid || return
    attempt priv-lock --securebits noroot id-set 65534:65534 "$tmp/suid" power
    assertEquals $zero "$(field CapPrm)"
    attempt ns-enter -mup priv-lock --securebits noroot root-setup "$root" mnt-proc /proc pid-init \
        sh -c 'sleep 0.3; exec cat /proc/1/status /proc/self/status'
    ended 0
    assertEquals "$zero
$zero" "$(field CapPrm)"
}

testNoCapAmbientRaise() {
    needs_root && return
    set -- setpriv --reuid 5 --regid 5 --clear-groups --inh-caps +kill --ambient-caps +kill "$probe" power
    attempt priv-lock --securebits no-cap-ambient-raise "$@"
    assertEquals "$zero $zero" "$(field CapPrm) $(field CapAmb)"
    attempt priv-lock "$@"
    assertEquals '0000000000000020 0000000000000020' "$(field CapPrm) $(field CapAmb)"
}

testNoSetuidFixup() {
    needs_root && return
    attempt priv-lock --securebits no-setuid-fixup probe nobody "$probe" power
    assertEquals '65534 65534 65534 65534' "$(field Uid)"
}

testSecurebitsNeedACapability() {
    needs_root && return
    for list in noroot no-setuid-fixup no-cap-ambient-raise; do
        attempt cap-keep kill priv-lock --securebits $list echo reached
        refused 'priv-lock: cannot set the securebits: Operation not permitted'
        assertEquals 'priv-lock: hint: that takes the capability setpcap, which this process has not: put this stage before the one that took it' "$hint"
        as_nobody priv-lock --securebits $list echo reached
        refused 'priv-lock: cannot set the securebits: Operation not permitted'
        assertEquals 'priv-lock: hint: this user is not root: run it with sudo' "$hint"
    done
    attempt cap-keep setpcap priv-lock --securebits no-setuid-fixup "$probe" power
    ended 0
    assertEquals '0c 0000000000000100' "$(field Securebits) $(field CapPrm)"
}

testASecurebitThatIsLockedOff() {
    attempt setpriv --securebits +noroot_locked true
    [ "$status" = 0 ] || { skip 'setpriv cannot' && return; }
    attempt setpriv --securebits +noroot_locked priv-lock --securebits noroot echo reached
    refused 'priv-lock: cannot set the securebits: Operation not permitted'
    assertEquals 'priv-lock: hint: noroot is locked, and is not set' "$hint"
}

testBadLists() {
    for option in --securebits --scope; do
        for list in '' ',' 'noroo,' 'x,'; do
            attempt priv-lock $option "$list" echo reached
            refused "priv-lock: $option: there is no \"*\""
        done
        attempt priv-lock $option
        refused "priv-lock: $option needs its argument LIST"
        attempt priv-lock $option x $option x true
        refused "priv-lock: $option: there is no \"x\""
    done
    for list in Noroot NOROOT 'noroot,' ',noroot' 'noroot,,no-setuid-fixup' no_setuid_fixup keep-caps noroot-locked ' noroot'; do
        attempt priv-lock --securebits "$list" echo reached
        refused 'priv-lock: --securebits: there is no "*"'
    done
    attempt priv-lock --securebits no-root echo reached
    assertEquals 'priv-lock: hint: did you mean noroot?' "$hint"
    attempt priv-lock --securebits noroot,noroot echo reached
    refused 'priv-lock: --securebits: noroot is given twice'
    attempt priv-lock --scope signals,sockets,signals echo reached
    refused 'priv-lock: --scope: signals is given twice'
    attempt priv-lock --scope signal echo reached
    refused 'priv-lock: --scope: there is no "signal"'
    assertEquals 'priv-lock: hint: did you mean signals?' "$hint"
    attempt priv-lock --scope signals --scope sockets echo reached
    refused 'priv-lock: --scope is given twice'
}

testBadCommandLine() {
    attempt priv-lock
    refused 'priv-lock: PROG is missing'
    attempt priv-lock ''
    refused 'priv-lock: PROG is empty'
    attempt priv-lock --securebits noroot
    refused 'priv-lock: PROG is missing'
    attempt priv-lock --securebit noroot true
    refused 'priv-lock: unknown option --securebit'
    attempt priv-lock --undumpable true
    refused 'priv-lock: unknown option --undumpable'
    attempt priv-lock -n true
    refused 'priv-lock: unknown option -n'
}

testNothingIsChangedBeforeAllIsChecked() {
    have_strace || { skip 'no strace' && return; }
    for words in '' '--securebits noroot' '--securebits noroot --scope x true' '--scope signals'; do
        # shellcheck disable=SC2086
        attempt strace -o "$tmp/trace" -e trace=prctl,capset,landlock_restrict_self priv-lock $words
        ended 125
        assertFalse "$words: $(cat "$tmp/trace")" "grep -q '(' '$tmp/trace'"
    done
}

# scopes: skips the test where the kernel has none.
scopes() {
    attempt priv-lock --scope signals true
    [ "$status" = 0 ] && return
    refused 'priv-lock: cannot apply the scope: *'
    skip "no Landlock scopes: $(cat "$tmp/err")"
    return 1
}

testScopeOfSignals() {
    scopes || return 0
    sleep 1000 &
    outside=$!
    attempt priv-lock --scope signals sh -c "kill $outside"
    ended 1
    attempt priv-lock --scope sockets,signals sh -c "kill -0 $outside"
    ended 1
    assertTrue 'it lives' "kill -0 $outside"
    # Its own it may signal, and itself.
    attempt priv-lock --scope signals sh -c 'sleep 1000 & kill $! && wait $!; [ $? = 143 ] && kill -KILL $$'
    ended 137
    attempt priv-lock --scope sockets sh -c "kill $outside"
    ended 0
    wait $outside
    assertEquals 143 $?
}

testScopeOfSignalsAsAUser() {
    needs_root && return
    scopes || return 0
    setpriv --reuid 65534 --regid 65534 --clear-groups sleep 1000 &
    outside=$!
    await 20 grep -q sleep "/proc/$outside/comm"
    as_nobody priv-lock --scope signals sh -c "kill $outside"
    ended 1
    as_nobody priv-lock sh -c "kill $outside"
    ended 0
    wait $outside
    return 0
}

# Nobody accepts: each attempt needs a listener of its own.
testScopeOfSockets() {
    scopes || return 0
    for list in signals sockets signals,sockets; do
        name=minictr-test-$$-$list
        start "$probe" abstract $name sleep 1000
        await 20 grep -q "@$name" /proc/net/unix
        attempt priv-lock --scope $list "$probe" reach $name
        case $list in
        *sockets*) printed 'Operation not permitted' ;;
        *) printed reached ;;
        esac
        kill "$started"
        wait "$started" 2>/dev/null
    done
    # Within the scope they reach each other.
    attempt priv-lock --scope sockets timeout 10 sh -c '"$0" abstract "$1" sleep 5 &
        until grep -q "@$1" /proc/net/unix; do :; done
        "$0" reach "$1"
        kill $!' "$probe" "$name-inside"
    ended 0
    printed reached
}

testASupervisorStillSignals() {
    scopes || return 0
    start ns-enter -mup root-setup "$root" mnt-proc /proc priv-lock --scope signals,sockets pid-init sh -c 'trap "echo caught; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
    await 20 grep -q ready "$tmp/out"
    kill -TERM "$started"
    status=0
    wait "$started" || status=$?
    ended 3
    assertTrue "grep -q caught '$tmp/out'"
}

testEachFailureIsFatal() {
    have_strace || { skip 'no strace' && return; }
    inject prctl:error=EINVAL:when=2 priv-lock echo reached
    case $status in
    0) inject prctl:error=EINVAL:when=1 priv-lock echo reached ;;
    esac
    refused 'priv-lock: cannot set no_new_privs: Invalid argument'
    attempt priv-lock --scope signals true
    calls=landlock_create_ruleset
    [ "$status" != 0 ] || calls="$calls landlock_restrict_self"
    for call in $calls; do
        inject "$call:error=ENOSYS" priv-lock --scope signals echo reached
        refused 'priv-lock: cannot apply the scope: *not implemented'
    done
    inject landlock_create_ruleset:error=EOPNOTSUPP priv-lock --scope signals echo reached
    refused 'priv-lock: cannot apply the scope: *'
    case $hint in
    'priv-lock: hint: this kernel has no Landlock: '*) ;;
    *) fail "$hint" ;;
    esac
    inject landlock_create_ruleset:retval=5 priv-lock --scope signals echo reached
    refused 'priv-lock: cannot apply the scope: *'
    assertEquals 'priv-lock: hint: this kernel has version 5 of Landlock, and scopes came with 6' "$hint"
}

testEachFailureOfSecurebitsIsFatal() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    inject prctl:error=EINVAL:when=1 priv-lock --securebits no-setuid-fixup echo reached
    refused 'priv-lock: cannot find out the securebits: Invalid argument'
    inject prctl:error=EPERM:when=2 priv-lock --securebits no-setuid-fixup echo reached
    refused 'priv-lock: cannot set the securebits: Operation not permitted'
    inject prctl:error=EPERM:when=3 priv-lock --securebits no-setuid-fixup echo reached
    refused 'priv-lock: cannot set no_new_privs: Operation not permitted'
    for number in $(seq 1 9 120); do
        inject prctl:error=EPERM:when="$number" priv-lock --securebits noroot "$probe" power
        if [ "$status" = 0 ]; then
            assertEquals "$number" "03 1 $zero" "$(field Securebits) $(field NoNewPrivs) $(field CapPrm)"
        else
            refused 'priv-lock: cannot *'
        fi
    done
    for number in 1 2; do
        inject capset:error=EPERM:when=$number priv-lock --securebits noroot echo reached
        refused 'priv-lock: cannot *: Operation not permitted'
    done
}

testHelp() {
    attempt priv-lock --help
    ended 0
    for word in --securebits --scope noroot no-setuid-fixup no-cap-ambient-raise signals sockets; do
        assertTrue "$word" "grep -q -e $word '$tmp/out'"
    done
}

testTheRestIsUntouched() {
    needs_root && return
    attempt hostile fds 5 fd-close --keep 4,6 priv-lock probe fds
    printed '0 1 2 4 6 '
    if scopes; then
        attempt hostile fds 5 fd-close --keep 4,6 priv-lock --scope signals probe fds
        printed '0 1 2 4 6 '
    fi
    attempt hostile blocked probe signals
    mv "$tmp/out" "$tmp/signals"
    attempt hostile blocked priv-lock --securebits noroot probe signals
    printed "$(cat "$tmp/signals")"
    attempt env -i "PATH=$PATH" A=b priv-lock --securebits noroot probe env
    printed "PATH=$PATH
A=b"
    "$probe" power >"$tmp/before"
    attempt priv-lock "$probe" power
    assertEquals "$(grep -v ^NoNew "$tmp/before")" "$(grep -v ^NoNew "$tmp/out")"
    attempt setpriv --pdeathsig HUP priv-lock --securebits noroot "$probe" power
    assertEquals 1 "$(field Death)"
    attempt priv-lock "$probe" exit 37
    ended 37
}

. shunit2
