# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# fd-close.sh: which descriptors PROG has.

. "$(dirname "$0")/lib.sh"

testAllAreClosed() {
    attempt hostile fds 200 fd-close probe fds
    ended 0
    printed '0 1 2 '
}

testWithoutItTheyAreOpen() {
    attempt hostile fds 20 probe fds
    assertTrue "$(cat "$tmp/out")" "[ $(wc -w <"$tmp/out") -ge 23 ]"
}

testHighNumbersAreClosed() {
    attempt hostile fds 800 fd-close probe fds
    printed '0 1 2 '
}

testNumbersAboveTheLimitAreClosed() {
    attempt hostile fds 50 prlimit --nofile=10: fd-close prlimit --nofile=2000: probe fds
    ended 0
    printed '0 1 2 '
}

testNothingToClose() {
    attempt fd-close fd-close probe fds
    printed '0 1 2 '
}

testClosedStandardStreamsStayClosed() {
    attempt sh -c 'exec fd-close probe fds 7<"$0" <&-' "$tmp"
    ended 0
    printed '1 2 '
    attempt sh -c 'exec fd-close probe fds 7<"$0" 2>&-' "$tmp"
    printed '0 1 '
}

testKeep() {
    for list in 5 005 5,5 0,5 5,1,2; do
        attempt hostile fds 20 fd-close --keep "$list" probe fds
        ended 0
        printed '0 1 2 5 '
    done
}

testKeepSeveral() {
    for list in 3,7,9 9,3,7 7,9,3,7; do
        attempt hostile fds 20 fd-close --keep "$list" probe fds
        ended 0
        printed '0 1 2 3 7 9 '
    done
}

testKeepNeighbours() {
    attempt hostile fds 20 fd-close --keep 3,4,5 probe fds
    printed '0 1 2 3 4 5 '
}

testKeepWhatIsNotOpen() {
    attempt fd-close --keep 9,2147483647 probe fds
    ended 0
    printed '0 1 2 '
}

testKeep64() {
    attempt hostile fds 100 fd-close --keep "$(seq -s , 3 66)" probe fds
    ended 0
    printed "$(seq -s ' ' 0 66) "
}

testKeep65() {
    attempt fd-close --keep "$(seq -s , 3 67)" echo reached
    refused 'fd-close: --keep: more than 64 descriptors'
}

testKeepNothing() {
    for list in '' ',' '5,' ',5' '5,,6'; do
        attempt fd-close --keep "$list" echo reached
        refused 'fd-close: --keep: the number is empty'
    done
}

testKeepBadNumbers() {
    for list in -1 +1 1e3 12Q 0x10 ' 5' '5 ' '5, 6' '5;6' 1.5 4K stdin; do
        attempt fd-close --keep "$list" echo reached
        refused 'fd-close: --keep: "*" is not a number: only digits may stand in it'
    done
}

testKeepNumbersThatAreTooLarge() {
    for number in 2147483648 4294967296 4294967301 9223372036854775808 18446744073709551616 \
        18446744073709551621 "$(printf 1%0100d 5)"; do
        attempt fd-close --keep "5,$number" echo reached
        refused "fd-close: --keep: $number is too large: at most 2147483647"
    done
}

testTheStagesSurviveInsideTheRoot() {
    attempt hostile fds 20 ns-enter -m root-setup "$root" fd-close mnt-tmpfs /mytemp probe fds
    ended 0
    printed '0 1 2 '
}

testKernelRefuses() {
    have_strace || { skip 'no strace' && return; }
    inject close_range:error=ENOSYS fd-close echo reached
    refused 'fd-close: cannot close the descriptors from 3: Function not implemented'
    inject close_range:error=EINVAL:when=1 fd-close --keep 7 echo reached
    refused 'fd-close: cannot close the descriptors 3 to 6: Invalid argument'
    inject close_range:error=EINVAL:when=2 fd-close --keep 7 echo reached
    refused 'fd-close: cannot close the descriptors from 8: Invalid argument'
}

# From a directory ".." leads to all of the host.
testDirectoryAsAStream() {
    attempt sh -c 'exec fd-close echo reached </usr'
    refused 'fd-close: standard stream 0 is a directory'
    attempt sh -c 'exec fd-close echo reached 1</usr'
    refused 'fd-close: standard stream 1 is a directory'
}

testWithoutRoot() {
    as_nobody fd-close probe fds
    ended 0
    printed '0 1 2 '
}

. shunit2
