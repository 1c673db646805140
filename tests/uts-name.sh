# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# uts-name.sh: the host name, inside and outside.

. "$(dirname "$0")/lib.sh"

machine=$(hostname)

testNameInside() {
    attempt ns-enter -u uts-name box uname -n
    ended 0
    printed box
}

testNameOutsideIsUnchanged() {
    attempt ns-enter -u uts-name box true
    ended 0
    assertEquals "$machine" "$(hostname)"
}

testDomainNameIsUnchanged() {
    attempt ns-enter -u uts-name box cat /proc/sys/kernel/domainname
    printed "$(cat /proc/sys/kernel/domainname)"
}

testGoodNames() {
    longest=$(printf %064d 0)
    for name in a 0 a-b.c_D Z- "$longest"; do
        attempt ns-enter -u uts-name "$name" uname -n
        ended 0
        printed "$name"
    done
}

testLastNameCounts() {
    attempt ns-enter -u uts-name one uts-name two uname -n
    printed two
}

testNameOf65Bytes() {
    attempt ns-enter -u uts-name "$(printf %065d 0)" echo reached
    refused 'uts-name: NAME: the name is 65 bytes long: at most 64'
}

testNameThatIsEmpty() {
    attempt ns-enter -u uts-name '' echo reached
    refused 'uts-name: NAME is empty'
}

testBadNames() {
    for name in . .. .a _a a/b /a 'a b' ' a' 'a ' 'a,' 'a*' 'a:b' "$(printf 'a\nb')" "$(printf 'a\303\244')"; do
        attempt ns-enter -u uts-name "$name" echo reached
        refused 'uts-name: NAME: "*" is not a name: letters, digits, *'
    done
}

testNameWithADashInFront() {
    attempt ns-enter -u uts-name -box echo reached
    refused 'uts-name: unknown option -b'
    attempt ns-enter -u uts-name -- -box echo reached
    refused 'uts-name: NAME: "-box" is not a name: *'
}

testBadNameIsRefusedBeforeTheGuardLooks() {
    attempt uts-name a/b echo reached
    refused 'uts-name: NAME: "a/b" is not a name: *'
}

testTypedOnTheHostItRefuses() {
    have_strace || { skip 'no strace' && return; }
    keeps_off_the_host uts uts-name minictr-test
}

testProcess1OfAPidNamespaceHasNotTheHostsName() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    harmless unshare --pid --fork --mount --mount-proc uts-name minictr-test echo reached
    refused "uts-name: this is the host's uts namespace"
    harmless ns-enter -p sh -c 'exec uts-name minictr-test echo reached'
    refused "uts-name: this is the host's uts namespace"
}

testNamespaceMayComeFromSomebodyElse() {
    needs_root && return
    attempt unshare --uts uts-name box uname -n
    ended 0
    printed box
}

testNamespaceMayComeFromAnEarlierChain() {
    attempt ns-enter -u sh -c 'uts-name box uname -n'
    ended 0
    printed box
}

testOnlyTheSameChainCanTellWithoutProc() {
    needs_root && return
    attempt unshare --mount sh -c 'umount -l /proc && ns-enter -u uts-name box uname -n'
    ended 0
    printed box
    attempt unshare --mount --uts sh -c 'umount -l /proc && uts-name box uname -n'
    refused 'uts-name: cannot compare the uts namespace with that of process 1: No such file or directory'
    assertEquals 'uts-name: hint: without /proc only an ns-enter --uts in the same chain can tell' "$hint"
}

testPowerlessUserInANamespaceOfHisOwn() {
    as_nobody unshare --user --uts uts-name box echo reached
    [ "$status" = 125 ] || { skip 'no user namespaces for users' && return; }
    refused 'uts-name: cannot set the host name to box: Operation not permitted'
}

testWithoutRoot() {
    as_nobody uts-name box echo reached
    refused 'uts-name: cannot compare the uts namespace with that of process 1: Permission denied'
    assertEquals 'uts-name: hint: this user is not root: run it with sudo' "$hint"
}

testKernelRefuses() {
    have_strace || { skip 'no strace' && return; }
    inject sethostname:error=EPERM ns-enter -u uts-name box echo reached
    refused 'uts-name: cannot set the host name to box: Operation not permitted'
}

. shunit2
