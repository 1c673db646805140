# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# pid-init.sh: process 1 with PROG below it.

. "$(dirname "$0")/lib.sh"

boxed() {
    attempt fd-close ns-enter -mp root-setup "$root" mnt-proc /proc pid-init "$@"
}

testProgIsTheChildOfProcess1() {
    boxed probe groups
    ended 0
    assertEquals 'pid 2 ppid 1' "$(cut -d ' ' -f 1-4 "$tmp/out")"
}

testProcess1IsPidInit() {
    boxed cat /proc/1/comm
    printed pid-init
}

testNobodyElseIsThere() {
    boxed sh -c 'echo /proc/[0-9]*'
    printed '/proc/1 /proc/2'
}

testStatusIsProgs() {
    for number in 0 1 77 125 126 127 255; do
        boxed probe exit "$number"
        ended "$number"
    done
}

testStatusOfASignalIs128AndItsNumber() {
    # shellcheck disable=SC3045
    ulimit -c 0
    for signal in 1 2 6 9 11 15; do
        boxed probe die "$signal"
        ended $((128 + signal))
    done
}

testProgIsMissing() {
    boxed no-such-program
    ended 127
    said_only '^pid-init: cannot find no-such-program in PATH'
    boxed /etc/passwd
    ended 126
    said_only '^pid-init: cannot execute /etc/passwd: it has no execute permission'
}

testOrphansAreReaped() {
    boxed probe orphans 50
    ended 0
    printed 'zombies 0'
}

# What is in memory of the program of a process, but for what can be written, in KiB.
program_in_memory() {
    awk -v program="$(cat "/proc/$1/comm")" '/^[0-9a-f]+-/ { is_its = $6 ~ "/" program "$" && $2 !~ /w/ }
        /^Rss:/ && is_its { sum += $2 } END { print sum + 0 }' "/proc/$1/smaps"
}

waits_in_one_page() {
    [ "$(program_in_memory "$1")" = 4 ]
}

# The sanitizers share no memory, and give none back.
as_it_is_built() {
    case $bin in
    */asan/*) skip 'of the sanitizers' && return 1 ;;
    esac
}

testMemoryIsGivenBackWhileItWaits() {
    [ "$(uname -m)" = x86_64 ] || { skip 'no x86-64' && return; }
    as_it_is_built || return 0
    start ns-enter -p pid-init sh -c 'trap "echo got; exit 5" TERM; echo ready; while :; do sleep 0.01; done'
    await 20 grep -q ready "$tmp/out"
    init=$(cat "/proc/$started/task/$started/children")
    init=${init% }
    await 30 waits_in_one_page "$started" || fail "ns-enter: $(program_in_memory "$started")"
    await 30 waits_in_one_page "$init" || fail "pid-init: $(program_in_memory "$init")"
    kill -s TERM "$started"
    wait "$started"
    assertEquals 'it has all back when it is needed' 5 $?
    assertEquals "$(printf '%s\n' ready got)" "$(cat "$tmp/out")"
}

testMemoryThatIsNotGivenBack() {
    have_strace || { skip 'no strace' && return; }
    attempt strace -f -o "$tmp/trace" -e trace=madvise -e inject=madvise:error=EPERM ns-enter -p pid-init \
        sh -c 'sleep 11; exit 3'
    ended 3
    assertEquals 'both tried' 2 "$(grep MADV_DONTNEED "$tmp/trace" | cut -d ' ' -f 1 | sort -u | wc -l)"
}

testOrphansStatusIsNotProgs() {
    boxed sh -c '(sleep 0.05; exit 7) & sh -c "(sleep 0.02; exit 9) &"; wait; exit 3'
    ended 3
}

testProcessesThatProgLeavesEndWithIt() {
    boxed sh -c 'setsid sleep 1000 <&- >&- 2>&- & exit 4'
    ended 4
    assertEquals '' "$(left_processes)"
}

testProcess1HoldsNothingOfTheHost() {
    attempt hostile fds 20 fd-close ns-enter -mp root-setup "$root" mnt-proc /proc pid-init \
        ls /proc/1/fd
    ended 0
    printed "$(printf '%s\n' 0 1 2)"
}

testProcess1HoldsNothingOfTheHostBehindWhichAStageFollows() {
    attempt fd-close ns-enter -mp root-setup "$root" mnt-proc /proc \
        pid-init env-set A=1 sh -c 'ls /proc/1/fd; tr "\0" "\n" </proc/self/environ | grep ^MINICTR_[A-LN-Z]'
    printed '0
1
2'
}

# A process that only executes the next program has nothing copied for it: it uses its parent's memory (CLONE_VFORK).
# Where it would change in there what is for the stages, it does not: before another stage, and in a trace.
testNothingIsCopiedForAnExecution() {
    have_strace || { skip 'no strace' && return; }
    needs_root && return
    as_it_is_built || return 0
    for chain in 'true' 'env-set A=1 true'; do
        # shellcheck disable=SC2086
        attempt strace -f -qq -e signal=none -e trace=clone,clone3 -o "$tmp/calls" \
            ns-enter -mp root-setup "$root" mnt-proc /proc pid-init $chain
        ended 0
        grep -c 'CLONE_VM|CLONE_VFORK' "$tmp/calls"
    done >"$tmp/counts"
    assertEquals '2
1' "$(cat "$tmp/counts")"
    attempt env MINICTR_TRACE="$tmp/trace" strace -f -qq -e signal=none -e trace=clone,clone3 -o "$tmp/calls" \
        ns-enter -mp root-setup "$root" mnt-proc /proc pid-init true
    ended 0
    assertEquals 2 "$(grep -c 'clone(' "$tmp/calls")"
    assertEquals 0 "$(grep -c CLONE_VFORK "$tmp/calls")"
}

testProcess1HasTheRootOfTheContainer() {
    boxed stat -Lc %i /proc/1/root /proc/1/cwd
    ended 0
    inode=$(stat -c %i "$root")
    printed "$(printf '%s\n' "$inode" "$inode")"
}

testWithoutATerminalProgHasASessionOfItsOwn() {
    boxed probe groups </dev/null
    printed 'pid 2 ppid 1 group 2 session 2'
}

testProgCannotKillItsCallersGroup() {
    attempt setsid --wait sh -c 'ns-enter -p pid-init sh -c "kill -KILL 0"; echo alive $?' </dev/null
    printed 'alive 137'
}

testStatusIsProgsWhenTheCallerIgnoresItsChildren() {
    attempt timeout -s KILL 10 hostile chld-ignored ns-enter -p pid-init probe exit 7
    ended 7
}

testProgsSignalsAreTheCallers() {
    attempt env --ignore-signal=USR1 --block-signal=USR2 fd-close ns-enter -mp root-setup "$root" \
        mnt-proc /proc pid-init probe signals
    printed "$(printf '%s\n' 'blocked 12' 'ignored 10')"
}

testTypedOnTheHostItRefuses() {
    attempt pid-init echo reached
    refused 'pid-init: this is not process 1 of a PID namespace, but process [0-9]*'
    assertEquals 'pid-init: hint: put "ns-enter --pid" before this stage' "$hint"
}

testOtherNamespacesAreNotEnough() {
    attempt ns-enter -mui pid-init echo reached
    refused 'pid-init: this is not process 1 of a PID namespace, but process [0-9]*'
}

testSecondOneRefuses() {
    boxed pid-init echo reached
    refused 'pid-init: this is not process 1 of a PID namespace, but process 2'
}

testNamespaceMayComeFromSomebodyElse() {
    needs_root && return
    attempt unshare --pid --fork pid-init sh -c 'echo $$'
    ended 0
    printed 2
}

testProcessesAreLimited() {
    attempt cg-limit --pids 2 ns-enter -p pid-init echo reached
    refused 'pid-init: cannot start the child of process 1: Resource temporarily unavailable'
}

testKernelRefuses() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    attempt unshare --pid --fork sys-filter --rule 'ENOMEM clone' pid-init echo reached
    refused 'pid-init: cannot start the child of process 1: *[Mm]emory'
}

testWithoutRoot() {
    as_nobody pid-init echo reached
    refused 'pid-init: this is not process 1 of a PID namespace, but process [0-9]*'
}

. shunit2
