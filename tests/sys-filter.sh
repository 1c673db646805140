# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# sys-filter.sh: which system calls PROG can make, and which not.

# Who is not root needs this for every filter.
[ "$(id -u)" = 0 ] || grep -q '^NoNewPrivs:.1' /proc/self/status ||
    exec "$(dirname "$0")/../bin/priv-lock" sh "$0" "$@"

. "$(dirname "$0")/lib.sh"

probe=$helpers/probe
oracle=$helpers/oracle

# verdict ANSWER OPTION... -- CALL ARG...: asserts what the call gives PROG then: its result or error.
verdict() {
    expected=$1 left=$(($# - 1)) call=
    shift
    while [ $left -gt 0 ]; do
        word=$1 left=$((left - 1))
        shift
        if [ -z "$call" ] && [ "$word" = -- ]; then
            call=yes
            set -- "$@" "$oracle" call
        else
            set -- "$@" "$word"
        fi
    done
    attempt sys-filter "$@"
    [ "$status" = 0 ] || ended 0
    [ "$(cat "$tmp/out")" = "$expected" ] || assertEquals "$*" "$expected" "$(cat "$tmp/out")"
}

sanitized() {
    case $bin in
    */asan/*) skip 'AddressSanitizer makes system calls of its own' ;;
    *) return 1 ;;
    esac
}

is_x86() {
    [ "$(uname -m)" = x86_64 ]
}

# --- The compiler

testTheOracleAgrees() {
    attempt oracle 1 10000
    ended 0
    head -c 3000 "$tmp/out"
    assertTrue 'some have long jumps' "grep -q '^10000 policies, .* [1-9][0-9]* long jumps, ' '$tmp/out'"
}

testTheOracleAgreesOnTheDefault() {
    attempt oracle default
    ended 0
    head -c 3000 "$tmp/out"
}

# Needs neither root nor a stage: it applies the programs itself.
testTheKernelAgrees() {
    attempt oracle kernel 1 300
    ended 0
    head -c 3000 "$tmp/out"
}

# narrow CALL ARGUMENT VALUE ARG...: asserts that the kernel drops the upper half of this argument, which has
# this value, and that the filter does, too.
narrow() {
    name=$1 position=$2 value=$3
    shift 3
    attempt "$oracle" call "$name" "$@"
    plain=$(cat "$tmp/out")
    high='' count=0
    for word in "$@"; do
        [ "$count" != "$position" ] || word=$(printf '0x7badcafe%08x' "$value")
        high="$high $word"
        count=$((count + 1))
    done
    # shellcheck disable=SC2086
    attempt "$oracle" call "$name" $high
    assertEquals "$name, argument $position, in the kernel" "$plain" "$(cat "$tmp/out")"
    # shellcheck disable=SC2086
    verdict EXDEV --rule "EXDEV $name if arg$position == $value" -- "$name" $high
    # shellcheck disable=SC2086
    verdict "$plain" --rule "EXDEV $name if arg$position:64 == $value" -- "$name" $high
}

testNarrowArgumentsAsInTheKernel() {
    narrow ioctl 1 21505 null 21505
    narrow personality 0 4294967295 4294967295
    narrow kill 1 0 pid 0
    narrow socket 0 1 1 1
    narrow socket 1 1 1 1
    narrow socket 2 0 1 1 0
    narrow fcntl 0 1 1 1
    narrow fcntl 1 1 1 1
    narrow getpriority 0 0 0 0
    narrow setpriority 0 9 9 0
    narrow writev 0 0 0 0 0
    narrow preadv 0 77 77 0 0
    narrow read 0 77 77 0 0
    narrow dup 0 1 1
    narrow close 0 77 77
    narrow openat 2 0 null /dev/null 0
    narrow memfd_create 1 65535 /x 65535
    narrow mknodat 2 4096 0 /nonexistent/x 4096
    narrow fchmodat 2 420 0 /nonexistent 420
    narrow unlinkat 2 65535 0 /nonexistent/x 65535
    narrow sched_getscheduler 0 0 0
    narrow setregid 0 4294967295 4294967295 4294967295
    narrow timerfd_create 0 1 1 0
    narrow clock_getres 0 1 1 0
    narrow madvise 2 99 0 0 99
    narrow renameat2 4 65535 0 /nonexistent/x 0 /nonexistent/y 65535
}

testWideArgumentsAsInTheKernel() {
    for words in 'mprotect 2 1 0 4096 1' 'unshare 0 0 0'; do
        # shellcheck disable=SC2086
        set -- $words
        name=$1 position=$2 value=$3
        shift 3
        high='' count=0
        for word in "$@"; do
            [ "$count" != "$position" ] || word=$(printf '0x700000000%07x' "$value")
            high="$high $word"
            count=$((count + 1))
        done
        # shellcheck disable=SC2086
        attempt "$oracle" call "$name" $high
        printed EINVAL
        # shellcheck disable=SC2086
        verdict EINVAL --rule "EXDEV $name if arg$position == $value" -- "$name" $high
        # shellcheck disable=SC2086
        verdict EXDEV --rule "EXDEV $name if arg$position:32 == $value" -- "$name" $high
        verdict EXDEV --rule "EXDEV $name if arg$position == $value" -- "$name" "$@"
    done
}

# --- The options, seen from inside

testDeny() {
    verdict EPERM --deny uname -- uname 0
    verdict EFAULT --deny mount -- uname 0
    verdict EPERM --deny mount,uname,umount2 -- uname 0
    verdict EXDEV --deny mount,uname:EXDEV -- uname 0
    verdict EXDEV --deny mount,uname:EXDEV -- mount 0
    verdict EPERM --deny uname:EXDEV --deny uname -- uname 0
    verdict EFAULT --deny mount,uname,umount2 --deny umask --rule 'default allow' --deny uname:allow -- uname 0
    verdict EFAULT --deny mount,uname:log --deny umask -- uname 0
    verdict ENOSYS --deny uname:ENOSYS -- uname 0
    verdict EFAULT --deny uname:log -- uname 0
}

# With a list of what is allowed, nothing else is.
testAllow() {
    sanitized && return
    allowed=exit_group,writev,write,set_tid_address,arch_prctl,ioctl,brk,mmap,munmap,execve
    verdict EPERM --allow $allowed -- uname 0
    verdict EFAULT --allow $allowed,uname -- uname 0
    verdict EPERM --allow $allowed,uname --deny uname -- uname 0
    verdict EFAULT --allow $allowed --deny uname --allow uname -- uname 0
    verdict EXDEV --allow $allowed --rule 'default EXDEV' -- uname 0
    verdict EFAULT --allow $allowed --rule 'default allow' -- uname 0
    verdict EFAULT --allow $allowed --rule 'default log' -- uname 0
    attempt sys-filter --allow $allowed --rule 'default kill' "$oracle" call uname 0
    ended 159
}

testRule() {
    verdict EXDEV --rule 'EXDEV uname' -- uname 0
    verdict EXDEV --rule 'EXDEV kill if arg1 == 0' -- kill pid 0
    verdict EINVAL --rule 'EXDEV kill if arg1 == 0' -- kill pid 99
    verdict EXDEV --rule 'EXDEV kill if arg1 > 8 and arg1 <= 99' -- kill pid 99
    verdict 0 --rule 'EXDEV kill if arg1 > 8 and arg1 <= 99' -- kill pid 0
    verdict EINVAL --rule 'EXDEV kill if arg1 > 8 and arg1 < 99' -- kill pid 99
    verdict EXDEV --rule 'EXDEV kill if arg1 & 0xf0 == 0x60' -- kill pid 111
    verdict EDOM --rule 'EXDEV kill' --rule 'EDOM kill if arg1 != 0' -- kill pid 99
    verdict EXDEV --rule 'EXDEV kill' --rule 'EDOM kill if arg1 != 0' -- kill pid 0
    verdict EXDEV --rule 'EDOM kill if arg1 != 0' --rule 'EXDEV kill' -- kill pid 99
    # One word may hold several lines.
    verdict EXDEV --rule 'EDOM uname # not this
EXDEV uname' -- uname 0
}

# More than a jump over 255 instructions can reach, in the kernel.
testManyRules() {
    for i in $(seq 500); do
        echo "EDOM ioctl if arg1 == $((i + 1000))"
        echo "ERANGE mprotect if arg2 == $((i + 1000))"
    done >"$tmp/policy"
    echo 'EXDEV uname' >>"$tmp/policy"
    attempt sys-filter --print --file "$tmp/policy"
    assertTrue 'it has a long jump' "grep -qE '^ *[0-9]+  goto [0-9]+$' '$tmp/out'"
    verdict EDOM --file "$tmp/policy" -- ioctl -1 1001
    verdict EDOM --file "$tmp/policy" -- ioctl -1 1500
    verdict EBADF --file "$tmp/policy" -- ioctl -1 1501
    verdict ERANGE --file "$tmp/policy" -- mprotect 0 0 1001
    verdict ERANGE --file "$tmp/policy" -- mprotect 0 0 1500
    verdict 0 --file "$tmp/policy" -- mprotect 0 0 1501
    verdict EXDEV --file "$tmp/policy" -- uname 0
    verdict 0 --file "$tmp/policy" -- kill pid 0
}

testUnknownNumbers() {
    verdict ENOSYS --default -- 600
    verdict ENOSYS --rule 'default allow' -- 600
    verdict EXDEV --default --rule 'unknown EXDEV' -- 600
    verdict EXDEV --rule 'unknown EXDEV' -- 0x3fffffff
    verdict ENOSYS --default --rule 'default EXDEV' -- 600
    attempt sys-filter --rule 'unknown kill' "$oracle" call 512
    ended 159
}

testX32() {
    is_x86 || { skip 'x32 is of x86-64' && return; }
    verdict ENOSYS --default -- 0x40000027
    verdict ENOSYS --rule 'unknown EXDEV' -- 0x40000027
    verdict ENOSYS --rule 'unknown EXDEV' -- 0x40000000
    verdict ENOSYS --rule 'unknown EXDEV' -- 0x400001ff
    verdict ENOSYS --deny mount:kill -- 0x400000a5
}

testForeignEntry() {
    is_x86 || { skip 'int 0x80 is of x86-64' && return; }
    attempt oracle int80 20
    [ "$status" = 0 ] || { skip 'no entry for 32-bit programs' && return; }
    attempt sys-filter --default "$oracle" int80 20
    ended 159
    attempt sys-filter --deny mount "$oracle" int80 20
    ended 159
    attempt sys-filter --deny mount --rule 'foreign EXDEV' "$oracle" int80 20
    printed EXDEV
    attempt sys-filter --deny getpid,writev:EXDEV --rule 'foreign allow' sh -c '"$0" int80 20; echo $$' "$oracle"
    assertNotContains "$(cat "$tmp/out")" EXDEV
}

testKill() {
    attempt sys-filter --deny uname:kill "$oracle" call uname 0
    ended 159
    printed ''
    attempt sys-filter --deny uname:kill "$oracle" thread uname
    ended 159
    printed ''
    attempt sys-filter --deny uname:kill "$oracle" trap uname
    ended 159
}

testKillThread() {
    attempt sys-filter --deny uname:kill-thread "$oracle" thread uname
    ended 0
    printed 'alive, the thread is gone'
    attempt sys-filter --deny uname:kill-thread "$oracle" call uname 0
    ended 159
}

testTrap() {
    attempt sys-filter --deny uname:trap "$oracle" trap uname
    ended 0
    printed 'signal 31 code 1 call uname'
    attempt sys-filter --deny uname:trap "$oracle" call uname 0
    ended 159
}

testStatus() {
    attempt sys-filter --deny mount cat /proc/self/status
    assertEquals 2 "$(sed -n 's/^Seccomp:[^0-9]*//p' "$tmp/out")"
    first=$(sed -n 's/^Seccomp_filters:[^0-9]*//p' "$tmp/out")
    attempt sys-filter --deny mount sys-filter --default cat /proc/self/status
    assertEquals 2 "$(sed -n 's/^Seccomp:[^0-9]*//p' "$tmp/out")"
    assertEquals $((first + 1)) "$(sed -n 's/^Seccomp_filters:[^0-9]*//p' "$tmp/out")"
}

# stacked ANSWER FIRST SECOND: asserts what uname gives under two filters.
stacked() {
    attempt sys-filter --deny "$2" sys-filter --deny "$3" "$oracle" call uname 0
    printed "$1"
}

# Of several the strictest answer holds; of errors that of the filter that came last.
testStackedFilters() {
    stacked EPERM uname mount
    stacked EPERM mount uname
    stacked EXDEV uname:EXDEV uname:log
    stacked EXDEV uname:log uname:EXDEV
    stacked EDOM uname:EXDEV uname:EDOM
    stacked '' uname:EXDEV uname:kill
    ended 159
    stacked '' uname:kill uname:EXDEV
    ended 159
    # The second filter cannot take back what the first has refused.
    attempt sys-filter --deny uname sys-filter --allow uname --rule 'default allow' "$oracle" call uname 0
    printed EPERM
    attempt sys-filter --deny seccomp sys-filter --deny uname echo reached
    refused 'sys-filter: cannot apply the filter: Operation not permitted'
}

testAllThatItStartsIsUnderIt() {
    attempt sys-filter --deny uname:EXDEV sh -c '("$0" call uname 0); exec "$0" call uname 0' "$oracle"
    printed 'EXDEV
EXDEV'
}

# --- Its own execution of PROG, and no other

testOwnExecution() {
    attempt sys-filter --deny execve,execveat "$oracle" call getuid
    ended 0
    printed "$(id -u)"
    for word in 0 1 0xffffffffffffffff 12345678; do
        attempt sys-filter --deny execve,execveat "$oracle" exec $word /bin/true
        ended 1
        printed 'EPERM EPERM'
    done
    attempt sys-filter --deny execve,execveat sys-filter --deny uname /bin/echo reached
    ended 126
    said_only '^sys-filter: cannot execute /bin/echo: Operation not permitted$'
    attempt sys-filter --deny execve,execveat:kill "$oracle" exec 0 /bin/true
    ended 159
    attempt sys-filter --deny execve,execveat:kill "$oracle" call getuid
    printed "$(id -u)"
    attempt sys-filter --deny execve --rule 'EPERM execveat if arg4 != 0' "$oracle" call getuid
    printed "$(id -u)"
    attempt sys-filter --rule 'EPERM execve if arg0 == 5' "$oracle" call getuid
    printed "$(id -u)"
    attempt sys-filter --deny execve,execveat sh -c 'exec /bin/true'
    ended 126
    attempt sys-filter --deny mount "$oracle" exec 0 /bin/echo through
    printed through
}

# shellcheck disable=SC2086
testAProgramThatIsFoundLate() {
    mkdir -p "$tmp/first" "$tmp/last"
    cp "$oracle" "$tmp/last/late"
    printf 'no program' >"$tmp/first/late"
    for denied in execve,execveat access,faccessat,faccessat2,execve,execveat,stat,newfstatat; do
        attempt env PATH="/nonexistent:$tmp/first:$tmp/last" "$bin/sys-filter" --deny $denied late call getuid
        ended 0
        printed "$(id -u)"
        attempt env PATH="/nonexistent:$tmp/first" "$bin/sys-filter" --deny $denied late call getuid
        ended 126
        attempt env PATH=/nonexistent "$bin/sys-filter" --deny $denied late call getuid
        ended 127
    done
    # Not even a filter that kills is in the way of the search.
    attempt env PATH="/nonexistent:/usr:$tmp/last" "$bin/sys-filter" --deny access,faccessat,faccessat2,stat:kill \
        late call getuid
    ended 0
    printed "$(id -u)"
}

# All that leads to the execution is done before the filter is there.
# shellcheck disable=SC2086
testNothingElseIsNeeded() {
    sanitized && return
    calls=fcntl,fcntl,readlink,readlinkat,openat,open,close,faccessat,faccessat2,brk,mmap,munmap,mprotect
    calls=$calls,read,prctl,seccomp,getrandom,capget,capset,newfstatat,fstat,statx,geteuid,rt_sigaction
    is_x86 || calls=$(echo $calls | sed 's/,readlink,/,/; s/,open,/,/')
    attempt sys-filter --deny $calls,execve,execveat:kill "$probe" exit 7
    ended 7
    attempt sys-filter --deny $calls:kill "$probe" exit 7
    ended 7
    attempt sys-filter --deny $calls,execve,execveat:kill probe exit 7
    ended 7
    attempt sys-filter --deny $calls,execve,execveat:kill cwd-set / true
    ended 159
    attempt sys-filter --rule 'default kill' --allow exit_group,set_tid_address,arch_prctl "$probe" exit 7
    ended 7
}

testTheNextStage() {
    attempt sys-filter --deny uname:EXDEV cwd-set / "$oracle" call uname 0
    printed EXDEV
    # What the policy refuses it refuses the next stage, too.
    attempt sys-filter --deny chdir,fchdir cwd-set / echo reached
    refused 'cwd-set: *: Operation not permitted'
    attempt sys-filter --deny execve cwd-set / /bin/echo reached
    ended 126
    said_only '^cwd-set: cannot execute .*: Operation not permitted'
}

testInAChain() {
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc sys-filter --default pid-init probe power
    ended 0
    assertTrue 'no capability is touched' "grep -q '^CapEff' '$tmp/out'"
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc sys-filter --default pid-init cat /proc/1/status /proc/self/status
    ended 0
    assertEquals '2 2' "$(sed -n 's/^Seccomp:[^0-9]*//p' "$tmp/out" | xargs)"
    # The stage is executed by its descriptor, the program by its path.
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc sys-filter --deny execveat pid-init /usr/local/bin/probe exit 3
    ended 3
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc sys-filter --deny execve,execveat probe exit 3
    ended 3
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc sys-filter --deny execve pid-init /usr/local/bin/probe exit 3
    ended 126
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc sys-filter --deny execve,execveat /usr/local/bin/probe exit 3
    ended 3
    attempt ns-enter -mp root-setup "$root" sys-filter --default mnt-proc /proc echo reached
    refused 'mnt-proc: *: Operation not permitted'
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc sys-filter --deny execve,execveat,fcntl prob exit 3
    ended 127
}

# --- The policy of containers

# What it refuses. As root nothing else refuses these, which is looked at as well.
testTheDefaultRefuses() {
    needs_root && return
    while read -r words; do
        # shellcheck disable=SC2086
        attempt "$oracle" call $words
        assertNotEquals "without: $words" EPERM "$(cat "$tmp/out")"
        # shellcheck disable=SC2086
        verdict EPERM --default -- $words
    done <<'CALLS'
mount 0 0 0 0 0
umount2 0 0
pivot_root 0 0
move_mount -1 0 -1 0 0
open_tree -1 0 0
fsopen 0 0
fsconfig -1 0 0 0 0
fsmount -1 0 0
mount_setattr -1 0 0 0 0
unshare 0
setns -1 0
clone 0x10010000
clone 0x20010000
clone 0x110010000
clone 0x00030000
kexec_load 0 0xffff 0 0
init_module 0 0 0
finit_module -1 0 0
delete_module 0 0
bpf 0xffff 0 0
perf_event_open 0 0 0 -1 0
keyctl 0xffff
add_key 0 0 0 0 0
request_key 0 0 0 0
userfaultfd 0xffff
io_uring_setup 0 0
open_by_handle_at -1 0 0
ptrace 0xffff 0 0 0
process_vm_readv 0 0 0 0 0 1
process_vm_writev 0 0 0 0 0 1
pidfd_getfd -1 0 0
kcmp 0 0 0xff 0 0
swapon 0 0
swapoff 0
reboot 0 0 0 0
sethostname 0 5
setdomainname 0 5
settimeofday 0 0
quotactl 0xffff 0 0 0
acct /nonexistent
fanotify_init 0xffffffff 0
socket 40 1 0
socket 0x500000028 1 0
personality 0x0040000
mknodat 0 /nonexistent/x 0x2000 0
mknodat 0 /nonexistent/x 0x6000 0
mknodat 0 /nonexistent/x 0x7700006000 0
ioctl null 0x5412 0
ioctl null 0x541c 0
ioctl null 0x9900005412 0
CALLS
}

# What it lets through to the kernel, which then has an answer of its own.
testTheDefaultAllows() {
    while read -r answer words; do
        # shellcheck disable=SC2086
        verdict "$answer" --default -- $words
    done <<'CALLS'
EFAULT uname 0
EINVAL clone 0x10000
ENOSYS clone3 0 0
ENOENT mknodat 0 /nonexistent/x 0x1000 0
ENOENT mknodat 0 /nonexistent/x 0xc000 0
ENOTTY ioctl null 0x5401 0
0 personality 0xffffffff
0 personality 8
3 socket 1 1 0
0 kill pid 0
EINVAL fcntl 1 0xffff 0
EFAULT execve 0 0 0
EBADF landlock_restrict_self -1 0
EINVAL seccomp 0xffff 0 0
CALLS
    attempt "$oracle" call clone3 0 0
    printed EINVAL
}

# Every name in it is one: fed as a file, unknown ones are errors.
testTheDefaultIsSpeltRight() {
    attempt sys-filter --policy
    ended 0
    is_x86 || { skip 'other machines have fewer system calls' && return; }
    mv "$tmp/out" "$tmp/policy"
    attempt sys-filter --print --file "$tmp/policy"
    ended 0
    mv "$tmp/out" "$tmp/printed"
    attempt sys-filter --print --default
    printed "$(cat "$tmp/printed")"
    attempt sys-filter --print --rule 'include container'
    printed "$(cat "$tmp/printed")"
}

testTheDefaultWithMore() {
    verdict EXDEV --default --deny uname:EXDEV -- uname 0
    verdict EBADF --default --allow setns -- setns -1 0
    verdict EBADF --allow setns --default -- setns -1 0
    verdict EFAULT --deny uname:EXDEV --default -- uname 0
    verdict EXDEV --default --rule 'default EXDEV' -- setns -1 0
    verdict EPERM --rule 'default EXDEV' --default -- setns -1 0
}

# --- Who may

testAsAUser() {
    needs_root && return
    as_nobody sys-filter --deny uname echo reached
    refused 'sys-filter: cannot apply the filter: Permission denied'
    assertEquals 'sys-filter: hint: put "priv-lock" before this stage' "$hint"
    as_nobody setpriv --no-new-privs "$tmp/bin/sys-filter" --deny uname:EXDEV "$oracle" call uname 0
    ended 0
    printed EXDEV
    as_nobody priv-lock sys-filter --deny uname:EXDEV "$oracle" call uname 0
    ended 0
    printed EXDEV
    as_nobody priv-lock sys-filter --default "$oracle" call unshare 0
    printed EPERM
    as_nobody priv-lock sys-filter --deny execve,execveat "$oracle" exec 0 /bin/true
    printed 'EPERM EPERM'
    attempt cap-keep none priv-lock sys-filter --deny uname:EXDEV "$oracle" call uname 0
    printed EXDEV
    attempt cap-keep none sys-filter --deny uname echo reached
    refused 'sys-filter: cannot apply the filter: Permission denied'
    assertEquals 'sys-filter: hint: put "priv-lock" before this stage' "$hint"
}

# --- Files

testFile() {
    printf '# first\n\n  EXDEV uname # that\nEDOM kill if arg1 == 0' >"$tmp/policy"
    verdict EXDEV --file "$tmp/policy" -- uname 0
    verdict EDOM --file "$tmp/policy" -- kill pid 0
    printf 'EXDEV uname\r\n\r\n# x\r\nEDOM\tkill , tkill if arg1 == 0\r\n' >"$tmp/policy"
    verdict EXDEV --file "$tmp/policy" -- uname 0
    verdict EDOM --file "$tmp/policy" -- kill pid 0
    # Several add up, in their order; no limit but that of the rules.
    echo 'EDOM uname' >"$tmp/other"
    verdict EDOM --file "$tmp/policy" --file "$tmp/other" -- uname 0
    verdict EXDEV --file "$tmp/other" --file "$tmp/policy" -- uname 0
    verdict EXDEV --file "$tmp/other" --rule 'EXDEV uname' -- uname 0
    : >"$tmp/empty"
    verdict EFAULT --file "$tmp/empty" -- uname 0
    attempt sh -c 'echo EXDEV uname | sys-filter --file /dev/stdin "$0" call uname 0' "$oracle"
    printed EXDEV
}

testFileThatCannotBeRead() {
    attempt sys-filter --file "$tmp/missing" echo reached
    refused "sys-filter: cannot open $tmp/missing: No such file or directory"
    attempt sys-filter --file "$tmp" echo reached
    refused "sys-filter: cannot read $tmp: Is a directory"
    attempt sys-filter --file '' echo reached
    refused 'sys-filter: cannot open : No such file or directory'
    head -c 262144 /dev/zero | tr '\0' '#' >"$tmp/long"
    attempt sys-filter --file "$tmp/long" echo reached
    refused "sys-filter: $tmp/long is too long: at most 262143 bytes"
    head -c 262143 "$tmp/long" >"$tmp/most"
    attempt sys-filter --file "$tmp/most" echo reached
    printed reached
    attempt sys-filter --file /dev/zero echo reached
    refused 'sys-filter: /dev/zero is too long: at most 262143 bytes'
}

# wrong LINE MESSAGE [HINT]: asserts what is said about the line, the third of a file.
wrong() {
    printf '# a comment\nallow read\n%b\nallow write\n' "$1" >"$tmp/policy"
    attempt sys-filter --file "$tmp/policy" echo reached
    refused "sys-filter: $tmp/policy, line 3: $2"
    # shellcheck disable=SC2254
    case $hint in
    ${3:+"sys-filter: hint: "}${3-*}) ;;
    *) fail "not the hint $3: $hint" ;;
    esac
}

testErrorsInALine() {
    condition='a condition is: argN == VALUE, or != < <= > >=; or argN \& MASK == VALUE'
    wrong 'allow unme' 'there is no system call "unme"' 'did you mean uname[?]'
    wrong 'allow read, opneat' 'there is no system call "opneat"' 'did you mean openat[?]'
    wrong 'allow landlock_add_rul' 'there is no system call "landlock_add_rul"' 'did you mean landlock_add_rule[?]'
    wrong 'allow nosuchthing' 'there is no system call "nosuchthing"' ''
    wrong 'allow READ' 'there is no system call "READ"' ''
    wrong 'deny read' 'there is no action "deny"' 'a line begins with *'
    wrong 'EPREM read' 'there is no action "EPREM"' 'a line begins with *'
    wrong 'Allow read' 'there is no action "Allow"' 'a line begins with *'
    wrong 'allow' 'a system call is missing' ''
    wrong 'allow # read' 'a system call is missing' ''
    wrong 'allow if arg0 == 1' 'a system call is missing' ''
    wrong 'allow read if' 'a condition is missing' "$condition"
    wrong 'allow read if arg0' 'a comparison is missing' "$condition"
    wrong 'allow read if arg0 &' 'a mask is missing' "$condition"
    wrong 'allow read if arg0 & 1' 'a comparison is missing' "$condition"
    wrong 'allow read if arg0 ==' 'a value is missing' "$condition"
    wrong 'allow read if arg0 = 1' 'there is no comparison "="' "$condition"
    wrong 'allow read if arg0 == 1 and' 'a condition is missing' "$condition"
    wrong 'allow read if arg0 == 1 or arg0 == 2' 'behind a condition comes "and", not "or"' ''
    wrong 'allow read if arg0 == 1 if arg0 == 2' 'behind a condition comes "and", not "if"' ''
    for word in arg6 arg arg10 Arg0 'arg0:' arg0:16 arg0:320 fd; do
        wrong "allow read if $word == 1" "there is no argument \"$word\"" 'a condition begins with arg0 to arg5*'
    done
    for word in x -1 +1 1x 0x 08 '1|' '|1' '1||2' '1|x' af_unix 0x1g; do
        wrong "allow mmap if arg0 == $word" "there is no number or constant \"$word\"" ''
        wrong "allow mmap if arg0 & $word == 1" "there is no number or constant \"$word\"" ''
    done
    wrong 'allow mmap if arg0 == 18446744073709551616' 'a number is too large: "18446744073709551616"' ''
    wrong 'allow mmap if arg0 == 0x10000000000000000' 'a number is too large: "0x10000000000000000"' ''
    wrong 'allow ioctl if arg1 == 0x100000000' 'a value or mask has more than the 32 bits of the argument' ''
    wrong 'allow ioctl if arg1 & 0x100000000 == 1' 'a value or mask has more than the 32 bits of the argument' ''
    wrong 'allow mmap if arg1:32 == 0x100000000' 'a value or mask has more than the 32 bits of the argument' ''
    wrong 'default' 'an action is missing' ''
    wrong 'default deny' 'there is no action "deny"' 'a line begins with *'
    wrong 'default EPERM read' 'nothing can follow here: "read"' ''
    wrong 'unknown' 'an action is missing' ''
    wrong 'foreign kill if' 'nothing can follow here: "if"' ''
    wrong 'include' 'what can be included is "container"' ''
    wrong 'include other' 'what can be included is "container"' ''
    wrong 'include container too' 'nothing can follow here: "too"' ''
    wrong 'allow re\0ad' 'there is a zero byte in it' ''
    wrong 'allow \033[2J' 'there is no system call "[?]*' ''
    wrong "allow $(printf %0128d 0)" 'a word is too long: "000*' ''
    wrong "allow $(printf %0127d 0)" 'there is no system call "000*' ''
}

testTheNumberOfTheLine() {
    for i in $(seq 299); do echo "allow read # $i"; done >"$tmp/policy"
    printf 'allow rea' >>"$tmp/policy"
    attempt sys-filter --file "$tmp/policy" echo reached
    refused "sys-filter: $tmp/policy, line 300: there is no system call \"rea\""
    attempt sys-filter --rule 'allow rea' echo reached
    refused 'sys-filter: --rule: there is no system call "rea"'
}

testLimits() {
    conditions=$(seq -f 'and arg1 == %.0f' 12 | xargs)
    conditions=${conditions#and }
    wrong "allow ioctl if $conditions and arg1 == 13" 'a rule has too many conditions' ''
    verdict EBADF --rule "EXDEV ioctl if $conditions" -- ioctl -1 1
    conditions=$(yes 'and arg1 == 7' | head -12 | xargs)
    conditions=${conditions#and }
    verdict EXDEV --rule "EXDEV ioctl if $conditions" -- ioctl -1 7
    calls=$(yes read | head -512 | xargs)
    wrong "allow $calls read" 'a rule has too many system calls' ''
    verdict EXDEV --rule "EXDEV $calls" -- read 77
    yes 'EXDEV uname' | head -4095 >"$tmp/policy"
    verdict EXDEV --file "$tmp/policy" -- uname 0
    echo 'EXDEV uname' >>"$tmp/policy"
    attempt sys-filter --file "$tmp/policy" echo reached
    refused "sys-filter: $tmp/policy, line 4096: the policy has too many rules"
    seq -f 'EXDEV ioctl if arg1 == %.0f' 1024 >"$tmp/policy"
    verdict EXDEV --file "$tmp/policy" -- ioctl -1 1
    verdict EXDEV --file "$tmp/policy" -- ioctl -1 1024
    verdict EBADF --file "$tmp/policy" -- ioctl -1 1025
    echo 'EXDEV ioctl if arg1 == 1025' >>"$tmp/policy"
    attempt sys-filter --file "$tmp/policy" echo reached
    refused "sys-filter: $tmp/policy, line 1025: the policy has too many rules"
    seq -f 'EXDEV mmap if arg1 == %.0f' 1024 >"$tmp/policy"
    attempt sys-filter --file "$tmp/policy" echo reached
    refused 'sys-filter: the filter has more than 4096 instructions'
}

# What --deny and --allow take is no more than a list, and an action.
testBadLists() {
    attempt sys-filter --deny '' echo reached
    refused 'sys-filter: --deny: a system call is missing'
    attempt sys-filter --allow , echo reached
    refused 'sys-filter: --allow: a system call is missing'
    attempt sys-filter --deny uname: echo reached
    refused 'sys-filter: --deny: an action is missing'
    attempt sys-filter --deny :EPERM echo reached
    refused 'sys-filter: --deny: a system call is missing'
    attempt sys-filter --deny unam echo reached
    refused 'sys-filter: --deny: there is no system call "unam"'
    assertEquals 'sys-filter: hint: did you mean uname?' "$hint"
    for word in default unknown foreign include deny EPREM; do
        attempt sys-filter --deny "kill:$word" echo reached
        refused "sys-filter: --deny: there is no action \"$word\""
    done
    attempt sys-filter --deny 'uname#,mount' echo reached
    refused 'sys-filter: --deny: there is no system call "uname#"'
    attempt sys-filter --allow "uname
allow mount" echo reached
    refused 'sys-filter: --allow: there is no system call "uname[?]allow"'
    attempt sys-filter --deny 'uname:EPERM if arg0 == 1' echo reached
    refused 'sys-filter: --deny: nothing can follow here: "if"'
    attempt sys-filter --deny uname:EPERM,mount echo reached
    refused 'sys-filter: --deny: "uname:EPERM,mount": the action comes last, and holds for all'
    attempt sys-filter --deny "$(printf %070000d 0)" echo reached
    refused 'sys-filter: --deny: *too long*'
    attempt sys-filter --allow "$(printf %070000d 0)" echo reached
    refused 'sys-filter: --allow: a word is too long: "000*'
}

testBadCommandLine() {
    attempt sys-filter echo reached
    refused 'sys-filter: the policy is missing'
    assertEquals 'sys-filter: hint: --default is the policy of containers' "$hint"
    attempt sys-filter --default
    refused 'sys-filter: PROG is missing'
    attempt sys-filter --default ''
    refused 'sys-filter: PROG is empty'
    attempt sys-filter --defualt echo reached
    refused 'sys-filter: unknown option --defualt'
    assertEquals 'sys-filter: hint: did you mean --default?' "$hint"
    attempt sys-filter --default=x echo reached
    refused 'sys-filter: --default takes no argument'
    attempt sys-filter --rule
    refused 'sys-filter: --rule needs its argument RULE'
    attempt sys-filter --print
    refused 'sys-filter: the policy is missing'
}

# --- Programs of classic BPF

testBpf() {
    uname=$(awk '$2 == "__NR_uname" { print $3 }' /usr/include/asm/unistd_64.h 2>/dev/null)
    [ -n "$uname" ] || uname=$(is_x86 && echo 63 || echo 160)
    oracle bpf 0x20:0:0:0 "0x15:0:1:$uname" 0x06:0:0:0x00050012 allow >"$tmp/program"
    verdict EXDEV --bpf "$tmp/program" -- uname 0
    verdict 0 --bpf "$tmp/program" -- kill pid 0
    attempt sys-filter --print --bpf "$tmp/program"
    ended 0
    printed '   0  load number
   1  if == uname goto 2 else 3
   2  return EXDEV
   3  return allow'
    oracle bpf allow >"$tmp/program"
    verdict EFAULT --bpf "$tmp/program" -- uname 0
    # It starts with nothing in the accumulator, whatever stands before it.
    oracle bpf 0x15:0:1:0 allow 0x06:0:0:0x00050012 >"$tmp/program"
    verdict EFAULT --bpf "$tmp/program" -- uname 0
    # An execution is let through here, too.
    oracle bpf 0x20:0:0:0 0x15:0:1:59 0x06:0:0:0x00050012 allow >"$tmp/program"
    if is_x86; then
        verdict EXDEV --bpf "$tmp/program" -- execve 0 0 0
    fi
    oracle bpf '4086*0x05:0:0:0' allow >"$tmp/program"
    verdict EFAULT --bpf "$tmp/program" -- uname 0
}

testBpfThatIsNone() {
    oracle bpf allow >"$tmp/good"
    for size in 1 7; do
        head -c $size "$tmp/good" >"$tmp/program"
        attempt sys-filter --bpf "$tmp/program" echo reached
        refused "sys-filter: $tmp/program is no BPF program: it has $size bytes, and an instruction has 8"
    done
    { cat "$tmp/good" && printf x; } >"$tmp/program"
    attempt sys-filter --bpf "$tmp/program" echo reached
    refused "sys-filter: $tmp/program is no BPF program: it has 9 bytes, and an instruction has 8"
    : >"$tmp/program"
    attempt sys-filter --bpf "$tmp/program" echo reached
    refused "sys-filter: $tmp/program is no BPF program: it has 0 bytes, and an instruction has 8"
    # The kernel's checker: no return, a jump out of it, an unknown code, a load from outside.
    for program in 0x20:0:0:0 '0x15:1:0:0 allow' '0xff:0:0:0 allow' '0x20:0:0:64 allow' '0x30:0:0:0 allow'; do
        # shellcheck disable=SC2086
        oracle bpf $program >"$tmp/program"
        attempt sys-filter --bpf "$tmp/program" echo reached
        refused 'sys-filter: cannot apply the filter: Invalid argument'
        assertEquals '' "$hint"
        attempt sys-filter --print --bpf "$tmp/program"
        ended 0
    done
    oracle bpf '4096*allow' >"$tmp/program"
    attempt sys-filter --bpf "$tmp/program" echo reached
    refused 'sys-filter: the filter has more than 4096 instructions'
    oracle bpf '4097*allow' >"$tmp/program"
    attempt sys-filter --bpf "$tmp/program" echo reached
    refused "sys-filter: $tmp/program is too long: at most 32768 bytes"
    attempt sys-filter --bpf "$tmp" echo reached
    refused "sys-filter: cannot read $tmp: Is a directory"
    attempt sys-filter --bpf "$tmp/missing" echo reached
    refused "sys-filter: cannot open $tmp/missing: No such file or directory"
    for more in --default '--deny uname' '--rule default' '--file /dev/null'; do
        # shellcheck disable=SC2086
        attempt sys-filter --bpf "$tmp/good" $more echo reached
        [ "$more" = '--rule default' ] || refused 'sys-filter: --bpf and a policy: only one of them'
        ended 125
    done
    attempt sys-filter --bpf "$tmp/good" --bpf "$tmp/good" echo reached
    refused 'sys-filter: --bpf is given twice'
}

# --- What it prints

testPrint() {
    is_x86 || { skip 'the numbers are those of x86-64' && return; }
    attempt sys-filter --print --deny uname:EXDEV --rule 'allow ioctl if arg1 == TIOCSTI and arg2 & 0xf != 0x100000005' \
        --rule 'default kill' --rule 'unknown log' --rule 'foreign trap'
    ended 0
    assertEquals '' "$(cat "$tmp/err")"
    printed '   0  load architecture
   1  if == x86-64 goto 3 else 2
   2  return trap
   3  load number
   4  if >= semget goto 21 else 5
   5  if >= pread64 goto 18 else 6
   6  if >= ioctl goto 8 else 7
   7  return kill
   8  load arg1, lower half
   9  if == 0x5412 goto 10 else 17
  10  load arg2, upper half
  11  and 0
  12  if == 0x1 goto 13 else 16
  13  load arg2, lower half
  14  and 0xf
  15  if == 0x5 goto 17 else 16
  16  return allow
  17  return kill
  18  if >= uname goto 20 else 19
  19  return kill
  20  return EXDEV
  21  if >= pidfd_send_signal goto 25 else 22
  22  if >= 335 goto 24 else 23
  23  return kill
  24  return log
  25  if >= 470 goto 27 else 26
  26  return kill
  27  if >= 0x40000000 goto 29 else 28
  28  return log
  29  return ENOSYS'
}

testPrintRunsNothing() {
    attempt sys-filter --print --deny uname "$oracle" call uname 0
    ended 0
    assertFalse 'PROG has not run' "grep -q EFAULT '$tmp/out'"
    have_strace || { skip 'no strace' && return; }
    attempt strace -f -o "$tmp/trace" sys-filter --print --deny uname
    assertFalse 'no filter is applied' "grep -q 'seccomp(' '$tmp/trace'"
}

testOutputThatFails() {
    for words in '--print --default' --policy --help; do
        # shellcheck disable=SC2086
        attempt sh -c 'exec sys-filter "$@" >/dev/full' - $words
        refused 'sys-filter: cannot write to standard output: No space left on device'
    done
}

# --- Failures

testKernelRefuses() {
    sanitized && return
    have_strace || { skip 'no strace' && return; }
    for error in EINVAL:'Invalid argument' ENOMEM:'*memory' ENOSYS:'Function not implemented'; do
        inject "seccomp:error=${error%%:*}" sys-filter --deny uname echo reached
        refused "sys-filter: cannot apply the filter: ${error#*:}"
    done
    inject getrandom:error=ENOSYS sys-filter --deny execve echo reached
    refused 'sys-filter: cannot get a random number: Function not implemented'
    inject getrandom:retval=3 sys-filter --deny execve echo reached
    refused 'sys-filter: cannot get a random number*'
    echo 'EPERM uname' >"$tmp/policy"
    inject open,openat:error=EIO sys-filter --file "$tmp/policy" echo reached
    refused "sys-filter: cannot open $tmp/policy: *"
    inject read:error=EIO sys-filter --file "$tmp/policy" echo reached
    refused "sys-filter: cannot read $tmp/policy: *"
    # Nothing random is needed when the policy allows every execution.
    inject getrandom:error=ENOSYS sys-filter --default echo through
    printed through
}

# --- Real programs under the policy of containers

# filtered COMMAND...: attempts it, with no more time than a hang would need.
filtered() {
    attempt timeout 120 sys-filter --default "$@"
}

needs() {
    command -v "$1" >/dev/null && return 1
    skip "$1 is not installed"
}

testShell() {
    filtered bash -c 'x=$(echo a | tr a b); for i in 1 2; do (exit $i) & done; wait; echo $x; exec 3<>"$0"; echo y >&3
        read -r z <"$0"; trap "echo t" USR1; kill -USR1 $$; echo $z; ls / | wc -l >/dev/null; ulimit -n >/dev/null' "$tmp/file"
    ended 0
    printed 'b
t
y'
}

testPython() {
    needs python3 && return
    filtered python3 -c '
import threading, subprocess, multiprocessing, socket, tempfile, os, time
done = []
def work(i): done.append(i * i)
threads = [threading.Thread(target=work, args=(i,)) for i in range(20)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sum(done), subprocess.run(["echo", "child"], capture_output=True).stdout.decode().strip())
queue = multiprocessing.Queue()
process = multiprocessing.Process(target=queue.put, args=(7,)); process.start(); print(queue.get()); process.join()
a, b = socket.socketpair(); a.send(b"x"); print(b.recv(1)); print(os.cpu_count() > 0)'
    ended 0
    printed "2470 child
7
b'x'
True"
}

testCompiler() {
    needs gcc && return
    printf '#include <stdio.h>\nint main(void) { return puts("compiled") < 0; }\n' >"$tmp/a.c"
    filtered sh -c 'cd "$0" && gcc -O2 -pipe -o a a.c && ./a' "$tmp"
    ended 0
    printed compiled
}

testGit() {
    needs git && return
    filtered env HOME="$tmp" GIT_CONFIG_NOSYSTEM=1 sh -c 'cd "$0" && mkdir repository && cd repository && git init -q &&
        git config user.name n && git config user.email e && echo x >file && git add file &&
        git commit -qm message && git clone -q . ../clone && git -C ../clone log --format=%s && git gc -q && git fsck' "$tmp"
    ended 0
    printed message
}

testWebServer() {
    needs python3 && return
    echo 'the page' >"$tmp/page"
    filtered python3 -c '
import functools, http.server, threading, urllib.request, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = "http://127.0.0.1:%d/page" % server.server_port
print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url).read().decode(), end="")' "$tmp"
    ended 0
    printed 'the page'
}

testOpenssl() {
    needs openssl && return
    filtered sh -c 'cd "$0" && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout key -out certificate 2>/dev/null
        openssl s_server -accept 127.0.0.1:0 -key key -cert certificate -rev >server 2>&1 & server=$!
        until port=$(sed -n "s/^ACCEPT 127.0.0.1://p" server) && [ "$port" ]; do sleep 0.1; done
        { echo hello; sleep 1; } | openssl s_client -quiet -no_ign_eof -connect "127.0.0.1:$port" 2>/dev/null
        kill $server; wait $server; true' "$tmp"
    ended 0
    printed olleh
}

# It says that it may not, and does not hang.
testDebugger() {
    needs gdb && return
    filtered gdb -nx -batch -ex run -ex 'info registers' --args /bin/true
    assertContains "$(cat "$tmp/out" "$tmp/err")" 'Operation not permitted'
    assertNotEquals 124 "$status"
    filtered gdb -nx -batch -p $$
    assertContains "$(cat "$tmp/out" "$tmp/err")" 'Operation not permitted'
    assertNotEquals 124 "$status"
}

. shunit2
