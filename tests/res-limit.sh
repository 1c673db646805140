# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# res-limit.sh: the resource limits of PROG, and what they keep it from.

. "$(dirname "$0")/lib.sh"

probe=$helpers/probe

# The line of /proc/self/limits begins with this.
label() {
    case $1 in
    as) echo 'Max address space' ;;
    core) echo 'Max core file size' ;;
    cpu) echo 'Max cpu time' ;;
    data) echo 'Max data size' ;;
    fsize) echo 'Max file size' ;;
    locks) echo 'Max file locks' ;;
    memlock) echo 'Max locked memory' ;;
    msgqueue) echo 'Max msgqueue size' ;;
    nice) echo 'Max nice priority' ;;
    nofile) echo 'Max open files' ;;
    nproc) echo 'Max processes' ;;
    rss) echo 'Max resident set' ;;
    rtprio) echo 'Max realtime priority' ;;
    rttime) echo 'Max realtime timeout' ;;
    sigpending) echo 'Max pending signals' ;;
    stack) echo 'Max stack size' ;;
    esac
}

sizes='as core data fsize memlock msgqueue rss stack'
numbers='cpu locks nice nofile nproc rtprio rttime sigpending'
# Most systems leave these without a limit.
unlimited='as cpu data fsize locks rss rttime'

# limits_of FILE NAME: prints the soft and the hard limit in a copy of /proc/self/limits.
limits_of() {
    sed -n "s/^$(label "$2") *\([^ ]*\) *\([^ ]*\) .*/\1 \2/p" "$1"
}

# limits WORD...: attempts it and asserts that these are the limits; what stands before "--" are pairs
# NAME=SOFT:HARD as /proc has them, behind it the words of res-limit.
limits() {
    expected=
    while [ "$1" != -- ]; do
        expected="$expected $1"
        shift
    done
    shift
    attempt res-limit "$@" cat /proc/self/limits
    ended 0
    for pair in $expected; do
        soft=${pair#*=}
        assertEquals "$* ${pair%%=*}" "${soft%:*} ${soft#*:}" "$(limits_of "$tmp/out" "${pair%%=*}")"
    done
}

# may_raise: says whether this user may raise a hard limit (CAP_SYS_RESOURCE, bit 24).
may_raise() {
    effective=$(sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status)
    [ $((0x$effective >> 24 & 1)) = 1 ]
}

# A program with AddressSanitizer needs memory, descriptors and the same system calls for itself.
sanitized() {
    case $bin in
    */asan/*) skip 'AddressSanitizer has needs of its own' ;;
    *) return 1 ;;
    esac
}

testEachName() {
    limits as=2147483648:4294967296 -- as=2147483648:4294967296
    limits core=0:0 -- core=0:0
    limits cpu=1000:2000 -- cpu=1000:2000
    limits data=1073741824:2147483648 -- data=1073741824:2147483648
    limits fsize=4096:8192 -- fsize=4096:8192
    limits locks=5:6 -- locks=5:6
    limits memlock=4096:8192 -- memlock=4096:8192
    limits msgqueue=1000:2000 -- msgqueue=1000:2000
    limits nice=0:0 -- nice=0:0
    limits nofile=20:30 -- nofile=20:30
    limits nproc=500:600 -- nproc=500:600
    limits rss=4096:8192 -- rss=4096:8192
    limits rtprio=0:0 -- rtprio=0:0
    limits rttime=100000:200000 -- rttime=100000:200000
    limits sigpending=50:60 -- sigpending=50:60
    limits stack=1048576:2097152 -- stack=1048576:2097152
}

# These two cannot be lowered everywhere, so look at what the kernel is told.
testEachNameIsTheKernels() {
    sanitized && return
    have_strace || { skip 'no strace' && return; }
    for name in $sizes $numbers; do
        attempt strace -o "$tmp/trace" -e trace=prlimit64,setrlimit -e inject=prlimit64,setrlimit:retval=0 \
            res-limit "$name=3:4" true
        ended 0
        assertEquals "$name" 1 "$(tr '[:lower:]' '[:upper:]' <"$tmp/trace" |
            grep -cE "LIMIT(64)?\(.*RLIMIT_$(echo "$name" | tr '[:lower:]' '[:upper:]'), \{RLIM_CUR=3, RLIM_MAX=4\}")"
    done
}

testHelpHasEachName() {
    for name in $sizes $numbers; do
        assertTrue "$name" "res-limit --help | grep -qw $name"
    done
}

testTheOthersAreUntouched() {
    cat /proc/self/limits >"$tmp/before"
    for name in $sizes $numbers; do
        value=2G
        case " $numbers " in *" $name "*) value=0 ;; esac
        case $name in
        memlock | msgqueue | core) value=0 ;;
        nofile) value=20 ;;
        cpu) value=1000 ;;
        esac
        attempt res-limit "$name=$value" cat /proc/self/limits
        ended 0
        assertEquals "$name" "$(grep -v "^$(label "$name") " "$tmp/before")" \
            "$(grep -v "^$(label "$name") " "$tmp/out")"
    done
}

testOneNumberIsBoth() {
    limits nofile=100:100 fsize=5000:5000 -- nofile=100 fsize=5000
}

testSoftAndHard() {
    limits nofile=100:200 -- nofile=100:200
    limits nofile=100:100 -- nofile=100:100
    limits nofile=5:6 locks=0:1 rss=0:0 -- nofile=5:6 locks=0:1 rss=0:0
}

testSeveral() {
    for words in 'nofile=21:22 core=0 fsize=5K' 'fsize=5K nofile=21:22 core=0' '-- core=0 fsize=5K nofile=21:22'; do
        # shellcheck disable=SC2086
        limits nofile=21:22 core=0:0 fsize=5120:5120 -- $words
    done
}

testAllAtOnce() {
    limits as=2147483648:2147483648 core=0:0 cpu=1000:1000 data=1073741824:1073741824 fsize=4096:4096 locks=2:2 \
        memlock=3:3 msgqueue=4:4 nice=0:0 nofile=15:15 nproc=505:505 rss=6:6 rtprio=0:0 rttime=70000:70000 \
        sigpending=8:8 stack=1048576:1048576 -- \
        as=2G core=0 cpu=1000 data=1G fsize=4K locks=2 memlock=3 msgqueue=4 nice=0 nofile=15 nproc=505 \
        rss=6 rtprio=0 rttime=70000 sigpending=8 stack=1M
}

testMax() {
    sanitized && return
    for name in $unlimited; do
        [ "$(limits_of /proc/self/limits "$name")" = 'unlimited unlimited' ] || continue
        limits "$name=unlimited:unlimited" -- "$name=max"
        limits "$name=unlimited:unlimited" -- "$name=max:max"
        limits "$name=1000000000:unlimited" -- "$name=1000000000:max"
        attempt res-limit "$name=1000000000:max" res-limit "$name=max" cat /proc/self/limits
        ended 0
        assertEquals "$name" 'unlimited unlimited' "$(limits_of "$tmp/out" "$name")"
    done
}

testSuffixes() {
    for value in 1T 1t 1024G 1024g 1048576M 1048576m 1073741824K 1073741824k 1099511627776; do
        limits rss=1099511627776:1099511627776 -- "rss=$value"
    done
    limits rss=1024:1048576 as=1073741824:1099511627776 -- rss=1K:1M as=1G:1T
    limits rss=0:0 -- rss=0K
}

testSuffixesAreForSizes() {
    for name in $numbers; do
        for suffix in K M g T; do
            attempt res-limit "$name=1$suffix" echo reached
            refused "res-limit: $name: \"1$suffix\" is not a number: only digits may stand in it"
        done
    done
    for name in $sizes; do
        attempt res-limit "$name=1P" echo reached
        refused "res-limit: $name: \"1P\" is not a size: digits, then nothing or one of K, M, G, T"
    done
}

testLargestNumbers() {
    limits rss=9223372036854775807:9223372036854775807 -- rss=9223372036854775807
    limits rss=9223372036854775807:unlimited -- rss=9223372036854775807:max
    limits rss=9223370937343148032:9223370937343148032 -- rss=8388607T
    limits locks=9223372036854775807:9223372036854775807 -- locks=9223372036854775807
    limits locks=7:7 -- "locks=$(printf %063d 7)"
}

testNumbersThatAreTooLarge() {
    for number in 9223372036854775808 18446744073709551615 18446744073709551616 18446744073709551617 \
        "$(printf 1%0100d 5)"; do
        attempt res-limit "rss=$number" echo reached
        refused "res-limit: rss: $number is too large: at most 2^63-1 bytes"
        attempt res-limit "locks=$number" echo reached
        refused "res-limit: locks: $number is too large: at most 9223372036854775807"
        attempt res-limit "locks=$number:max" echo reached
        refused "res-limit: locks: $number* is too large*"
        attempt res-limit "locks=1:$number" echo reached
        refused "res-limit: locks: $number is too large*"
    done
    for size in 8388608T 8589934592G 8796093022208M 9007199254740992K 18446744073709551615K; do
        attempt res-limit "rss=$size" echo reached
        refused "res-limit: rss: $size is too large: at most 2^63-1 bytes"
    done
}

testBadNumbers() {
    for value in -1 +1 ' 1' '1 ' 1.5 1e3 0x10 x unlimited infinity Max MAX maxx 1,2 '1=2' =1 KB; do
        attempt res-limit "locks=$value" echo reached
        refused "res-limit: locks: \"$value\" is not a number: only digits may stand in it"
        attempt res-limit "rss=$value" echo reached
        refused "res-limit: rss: \"$value\" is not a size: digits, then nothing or one of K, M, G, T"
        attempt res-limit "rss=$value:5" echo reached
        refused "res-limit: rss: \"$value\" is not a size*"
        attempt res-limit "rss=5:$value" echo reached
        refused "res-limit: rss: \"$value\" is not a size*"
    done
    for value in 1K2 1KB 1KK K T; do
        attempt res-limit "rss=$value" echo reached
        refused "res-limit: rss: \"$value\" is not a size*"
    done
    attempt res-limit rss=1:2:3 echo reached
    refused 'res-limit: rss: "2:3" is not a size*'
}

testEmptyNumbers() {
    for value in '' : 1: :1 max: :max; do
        attempt res-limit "locks=$value" echo reached
        refused 'res-limit: locks: the number is empty'
        attempt res-limit "rss=$value" echo reached
        refused 'res-limit: rss: the size is empty'
    done
}

testSoftAboveHard() {
    for value in 2:1 1:0 max:0 max:9223372036854775807 9223372036854775807:9223372036854775806; do
        attempt res-limit "locks=$value" echo reached
        refused "res-limit: locks: the soft limit ${value%:*} is above the hard limit ${value#*:}"
    done
    attempt res-limit rss=1025:1K echo reached
    refused 'res-limit: rss: the soft limit 1025 is above the hard limit 1K'
}

testTwice() {
    for words in 'core=0 core=0' 'core=0 nofile=5 core=max'; do
        # shellcheck disable=SC2086
        attempt res-limit $words echo reached
        refused 'res-limit: core is given twice'
    done
    for name in $sizes $numbers; do
        attempt res-limit "$name=1" "$name=1" echo reached
        refused "res-limit: $name is given twice"
    done
    limits nofile=10:10 -- nofile=11:12 res-limit nofile=10
}

# unknown NAME GUESS: asserts that there is none of that name, and what the hint says.
unknown() {
    attempt res-limit "$1=1" echo reached
    refused "res-limit: there is no resource limit of the name \"$1\""
    assertEquals "${2:+res-limit: hint: did you mean $2?}" "$hint"
}

testUnknownNames() {
    unknown nofiles nofile
    unknown nofil nofile
    unknown no-file nofile
    unknown cpus cpu
    unknown stakc stack
    unknown memlok memlock
    unknown sigpendng sigpending
    unknown rtpio rtprio
    unknown corefile ''
    unknown NOFILE ''
    unknown RLIMIT_NOFILE ''
    unknown '' ''
    unknown a ''
    unknown ' core' core
    unknown xyz ''
    unknown "$(printf %0500d 0)" ''
}

testUnknownNameAmongOthers() {
    attempt res-limit core=0 filesize=5 nofile=5 echo reached
    refused 'res-limit: there is no resource limit of the name "filesize"'
}

testControlCharactersAreNotPassedOn() {
    attempt res-limit "$(printf 'a\nb\033c=1')" echo reached
    refused 'res-limit: there is no resource limit of the name "a[?]b[?]c"'
}

testBadCommandLine() {
    attempt res-limit core=0
    refused 'res-limit: PROG is missing'
    assertEquals 'res-limit: hint: usage: res-limit NAME=SOFT[:HARD]... PROG [ARG...]' "$hint"
    attempt res-limit core=0 ''
    refused 'res-limit: PROG is empty'
    attempt res-limit
    refused 'res-limit: NAME=SOFT... is missing'
    attempt res-limit ''
    refused 'res-limit: NAME=SOFT... is empty'
    for words in 'echo reached' 'nofile 5 echo reached' '-- nofile'; do
        # shellcheck disable=SC2086
        attempt res-limit $words
        words=${words#-- }
        refused "res-limit: \"${words%% *}\" is not NAME=SOFT or NAME=SOFT:HARD, as nofile=1024"
    done
    attempt res-limit -n 5 echo reached
    refused 'res-limit: unknown option -n'
    attempt res-limit --nofile=5 echo reached
    refused 'res-limit: unknown option --nofile'
    attempt res-limit core=0 --help
    ended 127
    said_only '^res-limit: cannot find --help in PATH: '
}

testNothingIsSetBeforeAllIsChecked() {
    have_strace || { skip 'no strace' && return; }
    for words in 'core=0 nofile=5' 'core=0 nofile=5 nofiles=5 true' 'core=0 nofile=x true'; do
        # shellcheck disable=SC2086
        attempt strace -o "$tmp/trace" -e trace=prlimit64,setrlimit res-limit $words
        ended 125
        assertFalse "$words: $(cat "$tmp/trace")" "grep -q 'rlim_cur=0, rlim_max=0' '$tmp/trace'"
    done
}

testASoftLimitMayBeRaisedToTheHardOne() {
    as_nobody res-limit nofile=10:20 res-limit nofile=20 cat /proc/self/limits
    ended 0
    assertEquals '20 20' "$(limits_of "$tmp/out" nofile)"
}

# The system's reason is all that there is to say.
testAHardLimitMayNotBeRaised() {
    for words in nofile=21 nofile=10:21 nofile=max; do
        as_nobody res-limit nofile=10:20 res-limit "$words" echo reached
        refused 'res-limit: cannot set the limit nofile*: Operation not permitted'
    done
    as_nobody res-limit core=0 res-limit core=0:max echo reached
    refused 'res-limit: cannot set the limit core*: Operation not permitted'
    as_nobody res-limit core=0 nice=0 fsize=10K:20K res-limit fsize=21K nice=0 echo reached
    refused 'res-limit: cannot set the limit fsize*: Operation not permitted'
}

testRootMayRaiseAHardLimit() {
    attempt res-limit nofile=10:20 res-limit nofile=30:40 cat /proc/self/limits
    if may_raise; then
        ended 0
        assertEquals '30 40' "$(limits_of "$tmp/out" nofile)"
    else
        refused 'res-limit: cannot set the limit nofile*: Operation not permitted'
    fi
}

# The kernel has a limit for the limit, for root as well (fs.nr_open, proc(5)).
testMoreDescriptorsThanTheKernelTakes() {
    for value in max "$(($(cat /proc/sys/fs/nr_open) + 1))"; do
        attempt res-limit "nofile=$value" echo reached
        refused 'res-limit: cannot set the limit nofile*: Operation not permitted'
    done
}

# The limit of nice is 20 minus the least niceness: 25 allows -5.
testNice() {
    as_nobody res-limit nice=0 nice -n -1 true
    assertTrue 'niceness below 0' "grep -q 'cannot set niceness' '$tmp/err'"
    as_nobody res-limit nice=1 echo reached
    [ "$(limits_of /proc/self/limits nice)" != '0 0' ] ||
        refused 'res-limit: cannot set the limit nice*: Operation not permitted'
    attempt res-limit nice=25 setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'nice -n -5 nice; nice -n -6 nice'
    if may_raise; then
        printed '-5
0'
    else
        refused 'res-limit: cannot set the limit nice*: Operation not permitted'
    fi
}

testRtprio() {
    attempt res-limit rtprio=10 setpriv --reuid 65534 --regid 65534 --clear-groups \
        sh -c '"$0" realtime 10; "$0" realtime 11' "$probe"
    if may_raise; then
        printed 'priority 10 taken
priority 11 Operation not permitted'
    else
        refused 'res-limit: cannot set the limit rtprio*: Operation not permitted'
    fi
}

testNofileStopsTheNextOpen() {
    attempt fd-close res-limit nofile=8 probe opens 20
    ended 0
    printed 'opened 5, error 24'
    attempt fd-close res-limit nofile=3 "$probe" opens 20
    printed 'opened 0, error 24'
    attempt fd-close res-limit nofile=30 probe opens 20
    printed 'opened 20, error 0'
}

testNofileLeavesWhatIsOpen() {
    sanitized && return
    attempt hostile fds 5 fd-close --keep 3,4,7 res-limit nofile=4 res-limit nofile=0 "$probe" groups
    ended 0
    attempt hostile fds 5 fd-close --keep 3,4,7 res-limit nofile=4:2000 res-limit nofile=2000 probe fds
    printed '0 1 2 3 4 7 '
}

testFsizeStopsTheWrite() {
    set -- dd if=/dev/zero "of=$tmp/file" bs=5 count=3 status=none
    attempt res-limit fsize=10 "$@"
    assertEquals 'SIGXFSZ' 153 "$status"
    assertEquals 10 "$(stat -c %s "$tmp/file")"
    attempt res-limit fsize=15 "$@"
    ended 0
    assertEquals 15 "$(stat -c %s "$tmp/file")"
    attempt sh -c 'trap "" XFSZ; exec res-limit fsize=10 "$@"' - "$@"
    ended 1
    assertEquals 10 "$(stat -c %s "$tmp/file")"
}

testAsStopsTheAllocation() {
    attempt res-limit as=64M "$probe" alloc 100
    ended 1
    printed ''
    attempt res-limit as=200M "$probe" alloc 100
    printed 'got 100 MiB'
}

# It counts the processes of the user, who has one at least; root has no limit.
testNprocStopsTheFork() {
    as_nobody res-limit nproc=1 "$probe" forks 5
    ended 0
    printed 'forked 0'
    as_nobody res-limit nproc=max:max "$probe" forks 5
    [ "$status" = 125 ] || printed 'forked 5'
    as_nobody "$probe" forks 5
    printed 'forked 5'
}

testCpuEndsTheProgram() {
    attempt res-limit cpu=1:2 sh -c 'while :; do :; done'
    assertEquals 'SIGXCPU' 152 "$status"
}

testStackLimit() {
    attempt res-limit stack=1M sh -c 'ulimit -s'
    printed 1024
}

testCoreZero() {
    for word in core=0 core=0:0; do
        limits core=0:0 -- $word
    done
    attempt res-limit core=0 sh -c 'ulimit -c; ulimit -Hc'
    printed '0
0'
}

testFewDescriptorsAreEnoughForTheChain() {
    needs_root && return
    attempt fd-close res-limit nofile=8 ns-enter -mup uts-name box root-setup "$root" mnt-tmpfs /mytemp \
        mnt-proc /proc pid-init sh -c 'uname -n; ulimit -n; probe opens 20'
    ended 0
    printed 'box
8
opened 5, error 24'
}

testTooFewDescriptorsForTheChain() {
    needs_root && return
    sanitized && return
    attempt fd-close res-limit nofile=3 ns-enter -m root-setup "$root" echo reached
    refused 'root-setup: *: *o* file*'
}

testBehindRootSetup() {
    needs_root && return
    attempt ns-enter -mp root-setup "$root" res-limit nofile=20 fsize=1M mnt-tmpfs /mytemp res-limit nofile=8 \
        mnt-proc /proc pid-init cat /proc/self/limits
    ended 0
    assertEquals '8 8' "$(limits_of "$tmp/out" nofile)"
    assertEquals '1048576 1048576' "$(limits_of "$tmp/out" fsize)"
}

testTheCallersLimitsAreUntouched() {
    cat /proc/self/limits >"$tmp/before"
    attempt sh -c 'res-limit nofile=10 core=0 stack=1M true; cat /proc/self/limits'
    ended 0
    printed "$(cat "$tmp/before")"
}

testTheRestIsUntouched() {
    attempt hostile fds 5 fd-close --keep 4,6 res-limit core=0 probe fds
    printed '0 1 2 4 6 '
    attempt hostile blocked probe signals
    mv "$tmp/out" "$tmp/signals"
    attempt hostile blocked res-limit fsize=5M cpu=1000 core=0 probe signals
    printed "$(cat "$tmp/signals")"
    attempt env -i "PATH=$PATH" A=b B= core=5 res-limit core=0 probe env
    printed "PATH=$PATH
A=b
B=
core=5"
    attempt sh -c 'probe groups; exec res-limit core=0 probe groups'
    assertEquals 'the same group and session' 1 "$(sed 's/^pid [0-9]* ppid [0-9]* //' "$tmp/out" | sort -u | wc -l)"
    attempt sh -c 'echo $$; exec res-limit core=0 sh -c "echo \$\$"'
    assertEquals 'the same process' 1 "$(sort -u "$tmp/out" | wc -l)"
    attempt sh -c 'cd / && umask 027 && exec res-limit core=0 sh -c "umask; pwd; nice"'
    printed '0027
/
0'
    attempt res-limit core=0 probe args core=0 nofile=5
    printed '636f72653d30
6e6f66696c653d35'
    attempt res-limit core=0 probe exit 9
    ended 9
}

testWithoutRoot() {
    as_nobody res-limit nofile=100:200 core=0 nproc=500 fsize=1M cat /proc/self/limits
    ended 0
    assertEquals '100 200' "$(limits_of "$tmp/out" nofile)"
    assertEquals '500 500' "$(limits_of "$tmp/out" nproc)"
    assertEquals '1048576 1048576' "$(limits_of "$tmp/out" fsize)"
}

testKernelRefuses() {
    sanitized && return
    have_strace || { skip 'no strace' && return; }
    for name in $sizes $numbers; do
        inject prlimit64,setrlimit:error=EINVAL res-limit "$name=1" echo reached
        refused "res-limit: cannot set the limit $name*: Invalid argument"
    done
}

. shunit2
