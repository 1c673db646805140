# shellcheck shell=sh disable=SC2034
# lib.sh: what every test file starts with. Source it first, source shunit2 last.
#
#   $top       the project          $bin    the programs under test (also first in PATH)
#   $built     the same, without what makes them those of a user
#   $root      a small root file system with the probe in its PATH, shared: copy it to change it
#   $tmp       a directory of this test file
#   attempt COMMAND...     runs it; leaves $status, and the files $tmp/out and $tmp/err
#   forget_warnings FILE   takes out of it what AddressSanitizer says where a chain has no /proc
#   ended STATUS           asserts $status
#   said PATTERN           asserts that a line of $tmp/err matches (grep -E)
#   said_only PATTERN      the same, and that no other line is there but a hint
#   printed TEXT           asserts that $tmp/out is that, without its last line break
#   await SECONDS COMMAND  waits until the command succeeds; returns 1 when it did not in time
#   takes_at_most NUMBER OTHER COMMAND
#                          asserts that the command takes at most so many times as long as the other one; each is one
#                          word, and prints nothing on standard error
#   skip REASON            marks the test as skipped: "skip ... && return"
#   refused PATTERN        asserts that the program ended with 125, printed nothing and said one
#                          line, which the pattern of the shell matches; leaves its $hint
#   inject FAULT COMMAND   attempts the command with a system call failing (strace(1), -e inject)
#   harmless COMMAND       attempts the command, which cannot change the host even when the guard
#                          that is tested is broken, since the system calls for it fail
#   keeps_off_the_host KIND STAGE OPERAND
#                          asserts that the stage refuses to change the host's namespace
#   not_inline             skips what a script in place of minictr changes: not_inline && return
#   needs_root             skips the test when the tests run as a user: needs_root && return
#   as_nobody COMMAND      attempts the command as a user without powers, which whoever is not root is already
#   have_user ID [GROUPS]
#                          makes the program $user, which executes a command as this user, called mapped, with
#                          ranges of ids, its own copy of the programs under test, and with this option of setpriv(1)
#   ranges LINE...         sets what it has in /etc/subuid and /etc/subgid: $tmp/user/subuid, subgid
#   needs_ranges           skips the test where there are no ranges, or as needs_root does
#   start COMMAND          starts it in the background, leaves $started
#   lives_in COMMAND...    starts a process that sleeps in namespaces that the command makes, and leaves $target
#   leave                  ends it
#   child_of PID           prints the first child of a process
#   is_named PID NAME      says whether the process has this name
#   is_gone PID            says whether the process has ended
#   tree PID               prints the process and all below it, the outermost first
#   all_gone PIDS          says whether all of these processes have ended
#   hierarchy CONTROLLER   prints where the cgroup hierarchy with that controller is mounted
#   delegated_group        prints the group below which a user's groups are made, the same in each hierarchy;
#                          nothing for root
#   needs_expect           skips the test without expect(1): needs_expect && return
#   play                   plays a script of expect(1), from standard input, at a bash prompt "host> ".
#                          In it, "say" types a line, "see" waits for a pattern and ends the script
#                          when it does not come in time, "never" is its opposite; "run COMMAND" at the
#                          prompt leaves its pid for "relay_is", "modes" says whether the terminal is
#                          as it was at the start.
#
# At the end of a file the host must be as it was at its beginning: mounts, control groups of ours,
# host name, processes of this test file.

top=$(cd "$(dirname "$0")/.." && pwd)
bin=${MINICTR_TEST_BIN:-$top/bin} built=$bin
helpers=$top/.build/tests
root=${MINICTR_TEST_ROOT:-$helpers/root}
PATH=$bin:$helpers:$PATH
tmp=$(mktemp -d "${TMPDIR:-/tmp}/minictr-test.XXXXXX")
chmod 755 "$tmp"
MINICTR_TEST_MARK=$$.$(basename "$0")
export PATH MINICTR_TEST_MARK
unset MINICTR_ROOT
SHUNIT_COLOR=none

# Who is not root makes namespaces in a user namespace of his own: in place of the first ns-enter of a chain, whose user
# is not root yet, stands tests/ns-enter-as-user. $bin are the programs with that among them.
if [ "$(id -u)" != 0 ]; then
    mkdir "$tmp/user"
    cp -al "$bin/." "$tmp/user" 2>/dev/null || cp -a "$bin/." "$tmp/user"
    rm "$tmp/user/ns-enter"
    sed "s|@bin@|$bin|" "$top/tests/ns-enter-as-user" >"$tmp/user/ns-enter"
    chmod 755 "$tmp/user/ns-enter"
    bin=$tmp/user
    PATH=$bin:$PATH
fi

# The same with --inline, for make check-inline: it and the plain chain differ in time alone.
if [ -n "${MINICTR_TEST_INLINE:-}" ]; then
    mkdir "$tmp/inline"
    printf '#!/bin/sh\nexec "%s/minictr" --inline "$@"\n' "$bin" >"$tmp/inline/minictr"
    chmod 755 "$tmp/inline/minictr"
    PATH=$tmp/inline:$PATH
fi

not_inline() {
    [ -n "${MINICTR_TEST_INLINE:-}" ] || return 1
    skip 'minictr is a script here'
}

# The processes that were started by this test file and are not its own shell or its children that
# look for them. A process that is gone while it is looked at does not count.
left_processes() {
    # shellcheck disable=SC2013
    for environment in $(grep -lsz "^MINICTR_TEST_MARK=$MINICTR_TEST_MARK\$" /proc/[0-9]*/environ); do
        process=${environment%/environ}
        executable=$(readlink "$process/exe" 2>/dev/null) || continue
        case $executable in
        */grep | */readlink | */cmp) continue ;;
        esac
        # A copy of this shell.
        [ "$executable" = "$own_shell" ] && cmp -s "/proc/$$/cmdline" "$process/cmdline" && continue
        echo "process ${process#/proc/} $executable"
    done
}
own_shell=$(readlink /proc/$$/exe)

# The control groups of ours, but those with processes that are not of this test file: somebody
# else's containers are none of our business.
left_groups() {
    find /sys/fs/cgroup -maxdepth 6 -type d -path '*/minictr/*' 2>/dev/null | while read -r group; do
        foreign=
        # One that is just starting has no process yet, but its supervisor has the lock.
        flock -n "$group" true 2>/dev/null || [ ! -d "$group" ] || continue
        # shellcheck disable=SC2013
        for process in $(cat "$group/cgroup.procs" 2>/dev/null); do
            grep -qz "^MINICTR_TEST_MARK=$MINICTR_TEST_MARK\$" "/proc/$process/environ" 2>/dev/null ||
                foreign=yes
        done
        [ -n "$foreign" ] || echo "$group"
    done
}

host_state() {
    hostname
    cat /proc/$$/mountinfo
    left_groups
    left_processes
}

# A group that was there before and is gone now was somebody else's.
host_changes() {
    diff "$tmp/host.before" "$tmp/host.after" | grep '^[<>]' | grep -v '^< /sys/fs/cgroup/'
}

# shunit2 counts with it, and each execution takes long in an emulated machine.
expr() {
    case $2 in
    +) echo $(($1 + $3)) ;;
    *) command expr "$@" ;;
    esac
}

oneTimeSetUp() {
    host_state >"$tmp/host.before"
}

oneTimeTearDown() {
    [ -e "$tmp/host.before" ] || return 0
    # A process that was killed may take a moment to go.
    tries=0
    until host_state >"$tmp/host.after" && [ -z "$(host_changes)" ]; do
        tries=$((tries + 1))
        if [ $tries -ge 20 ]; then
            echo "ASSERT:the host has changed: $(host_changes)"
            break
        fi
        sleep 0.1
    done
    rm -rf --one-file-system "$tmp"
}

attempt() {
    status=0
    "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
    forget_warnings "$tmp/err"
}

forget_warnings() {
    case $bin in
    */asan/*) sed -i '/^==[0-9]*==WARNING/d;/^False positive/d;/^For details see/d' "$1" ;;
    esac
}

ended() {
    [ "$status" = "$1" ] || set -- "$1" "; $(cat "$tmp/err")"
    assertEquals "exit status${2:-}" "$1" "$status"
}

said() {
    grep -qaE -- "$1" "$tmp/err" || fail "no line matches $1: $(cat "$tmp/err")"
}

said_only() {
    said "$1"
    assertEquals "one line and hints: $(cat "$tmp/err")" 1 \
        "$(grep -cvE '^[a-z-]+: hint: ' "$tmp/err")"
}

printed() {
    assertEquals "$1" "$(cat "$tmp/out")"
}

await() {
    seconds_up
    await_end=$((up + $1))
    shift
    until "$@"; do
        seconds_up
        [ "$up" -le "$await_end" ] || return 1
        sleep 0.02
    done
}

seconds_up() {
    read -r up _ </proc/uptime
    up=${up%.*}
}

# Twenty times one and the other, and the best of each: others use this machine, too.
takes_at_most() {
    attempt env LC_ALL=C bash -c 'for round in {1..20}; do
            for i in 1 2; do
                start=${EPOCHREALTIME/./}
                eval "${!i}" >/dev/null
                took=$((${EPOCHREALTIME/./} - start))
                [ "$took" -ge "${best[i]:-$((took + 1))}" ] || best[i]=$took
            done
        done
        echo "${best[2]} us, the other ${best[1]}: $((best[2] * 100 / best[1])) %"
        exit $((best[2] > best[1] * $3))' - "$2" "$3" "$1"
    assertEquals "$3 takes $(cat "$tmp/out")" 0 "$status"
    assertEquals '' "$(cat "$tmp/err")"
}

skip() {
    echo "SKIP:$1"
}

needs_root() {
    [ "$(id -u)" != 0 ] && skip 'needs root'
}

# No forks in here: they are called very often.
refused() {
    hint='' message='' count=0
    while IFS= read -r line; do
        case $line in
        *': hint: '*) hint=$line ;;
        *) message=$line count=$((count + 1)) ;;
        esac
    done <"$tmp/err"
    [ "$status" = 125 ] || ended 125
    [ ! -s "$tmp/out" ] || printed ''
    # shellcheck disable=SC2254
    case $count:$message in
    1:$1) ;;
    *) fail "not the one line $1: $(cut -c1-1000 "$tmp/err")" ;;
    esac
}

inject() {
    fault=$1
    shift
    attempt strace -f -o /dev/null -e inject="$fault" "$@"
}

have_strace() {
    strace -o /dev/null true 2>/dev/null
}

harmless() {
    inject sethostname,move_mount,pivot_root,umount2,mkdir:error=EPERM "$@"
}

keeps_off_the_host() {
    if [ "$(id -u)" != 0 ]; then
        attempt "$2" "$3" echo reached
        refused "$2: cannot compare the $1 namespace with that of process 1: Permission denied"
        return
    fi
    machine=$(hostname)
    cp /proc/self/mountinfo "$tmp/mounts"
    harmless "$2" "$3" echo reached
    refused "$2: this is the host's $1 namespace"
    assertEquals "$2: hint: put \"ns-enter --$1\" before this stage" "$hint"
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
    assertEquals "$machine" "$(hostname)"
    # No other new namespace will do.
    case $1 in
    mount) others=-uipC ;;
    uts) others=-mipC ;;
    esac
    harmless ns-enter "$others" "$2" "$3" echo reached
    refused "$2: this is the host's $1 namespace"
}

as_nobody() {
    [ "$(id -u)" = 0 ] || { attempt "$@" && return; }
    if [ ! -d "$tmp/bin" ]; then
        cp -R "$bin" "$tmp/bin"
        chmod -R go=rX "$tmp/bin"
    fi
    attempt env PATH="$tmp/bin:$PATH" setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

user=$tmp/user/be
have_user() {
    id=$1
    mkdir "$tmp/user"
    cp -R "$bin" "$tmp/user/bin"
    chmod -R go=rX "$tmp/user/bin"
    chown -R "$id:$id" "$tmp/user"
    { cat /etc/passwd && echo "mapped:x:$id:$id::/:/bin/sh"; } >"$tmp/user/passwd"
    ranges "$id:100000:65536"
    # The files are there in a mount namespace of its own.
    cat >"$user" <<END
#!/bin/sh
exec "$bin/ns-enter" -m sh -c 'for file in passwd subuid subgid; do
        [ ! -e /etc/\$file ] || mount --bind "$tmp/user/\$file" /etc/\$file
    done
    PATH=$tmp/user/bin:\$PATH
    exec setpriv --reuid $id --regid $id ${2:---clear-groups} "\$@"' sh "\$@"
END
    chmod 755 "$user"
}

ranges() {
    printf '%s\n' "$@" | tee "$tmp/user/subuid" >"$tmp/user/subgid"
}

needs_ranges() {
    needs_root && return 0
    command -v newuidmap >/dev/null && [ -e /etc/subuid ] && return 1
    skip 'newuidmap is not installed'
}

start() {
    : >"$tmp/out" # now, and not when the process is there
    "$@" >"$tmp/out" 2>"$tmp/err" &
    started=$!
}

lives_in() {
    start "$@" sleep 1000
    outer=$started
    await 20 target_sleeps || fail "it did not start: $(cat "$tmp/err")"
}

target_sleeps() {
    target=$(tree "$outer" | tail -n 1)
    is_named "$target" sleep
}

is_named() {
    comm=
    { read -r comm <"/proc/$1/comm"; } 2>/dev/null
    [ "$comm" = "$2" ]
}

leave() {
    kill "$outer"
    wait "$outer" 2>/dev/null || :
}

child_of() {
    child=
    { read -r child _ <"/proc/$1/task/$1/children"; } 2>/dev/null
    [ -n "$child" ] && echo "$child"
}

is_gone() {
    [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

tree() {
    echo "$1"
    below=
    { read -r below <"/proc/$1/task/$1/children"; } 2>/dev/null
    for process in $below; do
        tree "$process"
    done
}

all_gone() {
    for process in $1; do
        is_gone "$process" || return 1
    done
}

hierarchy() {
    awk -v wanted="$1" '
        { for (i = 7; $i != "-"; i++); type = $(i + 1); list = $(i + 3) }
        type == "cgroup2" {
            getline list <($5 "/cgroup.controllers")
            gsub(" ", ",", list)
        }
        type ~ /^cgroup/ && index("," list ",", "," wanted ",") { print $5; exit }' /proc/self/mountinfo
}

delegated_group() {
    [ "$(id -u)" = 0 ] || cg-limit cat /proc/self/cgroup | sed -n 's,^[^:]*:[^:]*:\(.*\)/minictr/.*,\1,p' | head -n 1
}

needs_expect() {
    command -v expect >/dev/null && return 1
    skip "expect is not installed"
}

play() {
    {
        cat <<'PRELUDE'
set timeout 10
proc say {text} { send -- "$text\r" }
proc see {pattern} {
    expect {
        -re $pattern {}
        timeout { puts "\nMISSING: $pattern"; exit 1 }
        eof { puts "\nEND OF FILE BEFORE: $pattern"; exit 1 }
    }
}
proc never {pattern milliseconds} {
    global timeout
    set before $timeout
    set timeout [expr {$milliseconds / 1000.0}]
    after $milliseconds
    expect {
        -re $pattern { puts "\nNOT EXPECTED: $pattern"; exit 1 }
        timeout {}
    }
    set timeout $before
}
proc relay_is {} {
    set file [open $::env(tmp)/pid]
    set pid [gets $file]
    close $file
    return $pid
}
# The processes of the chain, the outermost first; each has one child.
proc processes {} {
    set list {}
    for {set pid [relay_is]} {$pid ne ""} {
        set file [open /proc/$pid/task/$pid/children]
        set pid [lindex [gets $file] 0]
        close $file
    } { lappend list $pid }
    return $list
}
proc gone {list} {
    foreach pid $list {
        for {set tries 0} {[file exists /proc/$pid]} {incr tries} {
            if {[regexp {\) Z } [exec cat /proc/$pid/stat]]} break
            if {$tries > 50} { puts "\nLEFT: $pid"; exit 1 }
            after 20
        }
    }
}
set env(TERM) dumb
eval spawn -noecho bash --norc $env(editing)
see {[#$] $}
say "run() { sh -c 'echo \$\$ >\$tmp/pid; exec \"\$@\"' sh \"\$@\"; }"
say "modes() { \[ \"\$(stty -g)\" = \"\$before\" \] && echo as before || stty -a; }"
say "PS1='host> '; stty -echo; before=\$(stty -g); echo be''gin"
see "begin\r\n.*host> "
PRELUDE
        cat
        printf '%s\n' 'puts "\nTHE END"'
    } >"$tmp/script"
    export editing root tmp
    expect -f "$tmp/script" >"$tmp/screen" 2>&1
    grep -q '^THE END' "$tmp/screen" || fail "$(tail -c 1000 "$tmp/screen")"
}
editing=--noediting
