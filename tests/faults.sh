# shellcheck shell=sh disable=SC2086
# faults.sh: every system call of every stage, failed one at a time with strace(1). Either the stage says
# what it was doing, to what, and why, and ends with 125; or PROG finds all as it is without the fault.
# Which calls there are is taken from a trace of the stage, so that a new one is covered by itself.

. "$(dirname "$0")/lib.sh"

# Short, since a stage searches all of it for PROG.
PATH=$bin:$helpers:/bin:/usr/sbin:/usr/local/bin
own=$tmp/root
area=$tmp/area

# How each stage is run: a way each, with the stages before it, a bar, the stage and its words, and behind
# another bar what PROG shows besides itself. A stage whose options take other paths has several. The stages
# before it do not fork, since strace counts the calls of each process; where one of them has to, strace
# stands behind it, in place of "@". "&" is a name that the other lane has not.
ways() {
    memory=$(hierarchy memory)/minictr/\& pids=$(hierarchy pids)/minictr/\&
    cat <<END
 | cg-limit --name & | /proc/self/cgroup
 | cg-limit --name & --memory 64M --pids 50 --cpu 1.5 --cpus 0 --mems 0 | /proc/self/cgroup $memory/memory.limit_in_bytes $memory/memory.max $pids/pids.max
 | cg-limit --name & --pids 50 --status-fd 2 | $pids/pids.max
 | cg-join $hold | /proc/self/cgroup
 | ns-enter -muinCT |
 | ns-enter -mp |
 | ns-enter -puT |
 | ns-enter -U |
 | ns-enter -Umu --map-user 0:600000:10 --map-group 0:600000:10 |
setpriv --reuid 54321 --regid 54321 --clear-groups | ns-enter -Ucmu |
setpriv --reuid 54321 --regid 54321 --clear-groups ns-enter -Ump | root-open $own | /
 | ns-enter --target $target |
 | ns-enter --target $target:$begun --no-fork -mup |
 | ns-enter --target $target -u |
env MINICTR_TRACE=$area/new | ns-enter -mu |
 | fd-close |
 | fd-close --keep 8 |
ns-enter -m root-setup $own | fd-close |
ns-enter -n | net-up |
ns-enter -u | uts-name box |
ns-enter -m unshare -u | uts-name box |
ns-enter -m | root-open $own |
ns-enter -m | root-open --read-only --nodev $own |
ns-enter -m @ | root-open --map 0:1000:1 $own |
ns-enter -m @ | mnt-overlay --map 0:1000:1 $own | new
ns-enter -m | mnt-overlay $own | new
ns-enter -m | mnt-overlay --lower $area/lower --size 1M --nodev $own | new
ns-enter -m | mnt-overlay --upper $area/upper --work $area/work $own |
ns-enter -m | mnt-bind --ro $area/lower $area/there | $area/there
unshare -m | mnt-bind --ro $area/lower $area/there | $area/there
ns-enter -m @ | mnt-bind --map 0:1000:1 $area/lower $area/new | $area/new
ns-enter -m root-open $own | mnt-bind --rec --nosuid $area/lower /new/there | new/there
ns-enter -m | root-setup $own | /
ns-enter -m | root-setup $own chain-break | /
ns-enter -m | root-setup --read-only $own | /
ns-enter -m root-open $own | root-setup --nodev . | /
ns-enter -m root-setup $own | mnt-tmpfs --size 1M /there | /
ns-enter -m root-setup $own | mnt-tmpfs /new/there | /new
ns-enter -m root-setup $own | mnt-proc /proc | /proc/uptime/no
ns-enter -mi root-setup $own mnt-proc /proc | mnt-dev --shm-size 1M /dev | /dev
ns-enter -mi root-open $own cap-keep sys_admin,setpcap | mnt-dev /dev | dev
unshare -mi | mnt-dev $area/new | $area/new
ns-enter -mC root-setup $own mnt-proc /proc | mnt-sys /sys | /sys /sys/fs/cgroup
ns-enter -mC root-setup $own mnt-proc /proc mnt-dev /dev mnt-sys /sys | mnt-mask --default | /proc/keys /sys/firmware
ns-enter -m root-setup $own mnt-proc /proc mnt-dev /dev | mnt-mask --hide /bin/true --ro /there --hide /etc | /bin/true /etc
 | cwd-set $area/lower |
 | env-set A=1 B=2 |
 | env-set --clear --unset TERM PATH=$helpers:/bin A=1 |
 | res-limit core=0 nofile=512:512 |
 | id-set 5:6 |
 | id-set --env --umask 027 --groups tty,daemon nobody |
 | id-set root |
 | cap-keep default |
 | cap-keep chown,kill |
id-set 5:5 | cap-keep chown,kill |
 | priv-lock |
 | priv-lock --scope sockets,signals --no-userns |
 | priv-lock --securebits noroot,no-setuid-fixup |
priv-lock | fs-allow --exec / --ro $area/lower |
priv-lock | fs-allow --exec $helpers --exec $bin --ro /proc --rw /tmp |
priv-lock | sys-filter --default |
priv-lock | sys-filter --deny personality,execve |
priv-lock | sys-filter --file $area/policy |
ns-enter -p @ | pid-init |
ns-enter -mp root-setup $own mnt-proc /proc | pid-init |
ns-enter --target $target --no-fork | pid-fork |
ns-enter --target $target --no-fork priv-lock | pid-fork priv-lock |
 | tty-pty | >$area/new
ns-enter -mi root-setup $own mnt-proc /proc mnt-dev /dev | tty-pty | >/new /dev
 | tty-relay ns-enter -m tty-pty | >$area/new
tty-relay ns-enter -m | tty-pty | >$area/new
 | chain-break |
ns-enter -m root-setup $root | chain-break |
 | chain-detach --name x |
 | chain-detach --name x --log $area/new |
 | chain-time |
 | chain-time --svg $area/new |
 | minictr --name & --root $own |
 | minictr --name & --root $own --ephemeral --bind $area/lower:/there --sys-filter $area/policy |
 | minictr --trace=$area/new --name & --root $own |
 | minictr --print --name & --root $own |
 | minictr --print=json --name & --root $own |
END
}

# Prints the calls of the stage in a trace, of each of its processes: the process, the call, and the how
# manieth of that name in the process it is. Of those with the same arguments the first and the last. With
# HITS set it prints in which process and program a call has failed.
calls_of() {
    awk -v stage="$1" -v hits="$2" '
        function target() { return match(line, /"[^"]*"/) ? base(substr(line, RSTART + 1, RLENGTH - 2)) : "" }
        function base(path) { sub(/.*\//, "", path); return path }
        function hit() { if (hits && line ~ /\(INJECTED\)$/) print order[pid], program[pid] }
        {
            pid = 0
            line = $0
            if (sub(/^[0-9]+ +/, "", line)) pid = $1
            name = line
        }
        !sub(/\(.*/, "", name) && line !~ /^<\.\.\. / { next }
        line ~ /^(---|\+\+\+)/ { next }
        line ~ /^<\.\.\. / {
            hit()
            if (line ~ /^<\.\.\. execve/ && line ~ /= 0$/) program[pid] = pending[pid]
            next
        }
        !(pid in order) { order[pid] = ++processes; program[pid] = forker }
        { hit() }
        processes == 1 && !begun { begun = 1; program[pid] = target(); next }
        {
            number = ++count[pid, name]
            if (program[pid] == stage && !hits) {
                key = order[pid] " " line
                sub(/(<unfinished \.\.\.>|\) += .*)$/, "", key)
                gsub(/0x[0-9a-f]+|[0-9]+/, "N", key)
                gsub(/CAP_[A-Z_]*/, "CAP", key)
                if (!(key in first)) first[key] = ++kinds
                else last[first[key]] = order[pid] " " name " " number
                if (!(first[key] in begin)) begin[first[key]] = order[pid] " " name " " number
            }
        }
        name ~ /^execve/ { if (line ~ /= 0$/) program[pid] = target(); else pending[pid] = target() }
        name ~ /^(clone|clone3|fork|vfork)$/ { forker = program[pid] }
        END {
            for (i = 1; i <= kinds; i++) {
                print begin[i]
                if (i in last) print last[i]
            }
        }' "$3"
}

# What cannot fail at all, or cannot as it is called: for a child that is there, with valid arguments, at the
# start of a program. close(2) lets go of the descriptor whatever it returns, which strace cannot imitate. By
# madvise(2) supervisors give memory back, when they have waited for a while: nothing depends on it.
cannot_fail() {
    case $1 in
    close | madvise) ;;
    exit_group | getpid | getppid | getuid | geteuid | getgid | getegid | getpgrp | umask) ;;
    arch_prctl | pause | set_tid_address | rt_sigaction | rt_sigprocmask | rt_sigtimedwait | wait4 | kill) ;;
    *) return 1 ;;
    esac
}

# Runs the way under strace with these options; leaves $status, and the files out and err.
run() {
    status=0
    FAULTS_LANE=$lane timeout -k 1 10 $outer strace $detached -qq -o "$lane/trace" "$@" \
        $inner $words probe view $paths </dev/null 8</dev/null >"$lane/out" 2>"$lane/err" || status=$?
    case $paths in
    *'>'*)
        # On the terminal are the messages of the stages, too.
        tr -d '\r' <"$lane/out" >>"$lane/err"
        cat "$own/new" "$area/new" >"$lane/out" 2>/dev/null
        ;;
    esac
    [ ! -s "$lane/usual" ] || grep -vxFf "$lane/usual" "$lane/err" >"$lane/unusual"
}

report() {
    echo "$inner$outer| $words: $1: status $status: $(head -c 600 "$lane/err") $(diff "$lane/right" "$lane/out" | head -n 5)" |
        tr '\n' ' ' >>"$lane/faults"
    echo >>"$lane/faults"
}

# Counts the messages that are there for the fault; leaves the last one.
count_messages() {
    message='' count=0
    while IFS= read -r line; do
        case $line in
        *': hint: '* | 'chain-break: given up: '* | 'chain-break: the '* | 'shell-init: '*) ;;
        # The report is for somebody else, and PROG has ended: its status counts.
        'cg-limit: cannot report to the descriptor '*) ;;
        # The other end has ended over a fault.
        'tty-pty: cannot hand the terminal to tty-relay: Connection reset by peer') ;;
        'tty-pty: cannot take the new terminal: I/O error') [ $count -gt 0 ] || message=$line count=1 ;;
        'tty-relay: cannot answer tty-pty: Broken pipe') ;;
        [a-z]*': '*) message=$line count=$((count + 1)) ;;
        esac
    done <"$lane/$messages"
}

# A fault that is told has one line, and it ends with the reason.
is_told() {
    case $status:$call:$count:$message in
    125:*":1:$stage: "*"cannot "?*" "?*": $reason" | 125:*":1:$stage: "*"cannot "?*" "?*": $other") ;;
    125:*":1:$stage: --"*": writing "?*" to "?*": $reason" | 125:*":1:$stage: --"*": writing "?*" to "?*": $other") ;;
    # It is blamed on what the file is, which may not be there.
    12[67]:execve*":1:$stage: cannot execute "*) ;;
    *) return 1 ;;
    esac
}

is_the_same() {
    [ "$status:$count" = 0:0 ] && cmp -s "$lane/out" "$lane/right"
}

# What is made where nothing was, on purpose, is taken away; so are a group and processes that were left.
clean_up() {
    rm -rf --one-file-system "$own/new" "$area/new"
    case $words in
    *--work*)
        rm -rf --one-file-system "$area/upper" "$area/work"
        mkdir "$area/upper" "$area/work"
        ;;
    esac
    [ "$(cat /proc/$$/mountinfo)" = "$mounts" ] || report "$1: a mount is left"
    for group in /sys/fs/cgroup/minictr/"$name" /sys/fs/cgroup/*/minictr/"$name"; do
        [ -d "$group" ] || continue
        report "$1: the control group $group is left"
        while read -r process; do kill -9 "$process"; done <"$group/cgroup.procs"
        rmdir "$group" || await 20 rmdir "$group"
    done
    [ "$status" -lt 126 ] && [ "$status" != 124 ] && [ "$2" = '' ] && return
    # shellcheck disable=SC2013
    for environment in $(grep -lz "^FAULTS_LANE=$lane\$" /proc/[0-9]*/environ 2>/dev/null); do
        process=${environment%/environ} process=${process#/proc/}
        # What has just ended is no matter.
        await 1 is_gone "$process" && continue
        report "$1: process $process is left: $(tr '\0' ' ' <"/proc/$process/cmdline")"
        kill -9 "$process"
    done
}

# Another process of the chain makes a call of this name before the stage does, and is hit in its place. The
# first of these have tests of their own, in tests/cg-limit.sh and tests/tty-pty.sh; the others are those of
# another way, too. And the kernel may leave a lock out of /proc/locks while others are taken: then it is read once more.
is_masked() {
    case $stage:$call in
    cg-limit:openat | cg-limit:write | tty-pty:ioctl | pid-init:clone | ns-enter:prctl | pid-fork:prctl | cg-join:read | *:execve*) echo >>"$lane/masked" ;;
    chain-break:openat | chain-break:*chdir | chain-break:mmap) echo >>"$lane/masked" ;;
    *) return 1 ;;
    esac
}

# The two ends of a terminal take turns as they come; a group is removed when the kernel is ready for that, and
# there are others; what a chain tells comes together or apart. So it may be that the last of several equal calls did
# not come in so many tries.
is_rare() {
    case $stage:$call in
    chain-detach:poll | chain-detach:read | tty-*:poll | tty-*:read | tty-*:write | tty-*:ioctl | cg-limit:*) echo >>"$lane/masked" ;;
    *) return 1 ;;
    esac
}

fail_call() {
    process=$1 call=$2 number=$3 follow='' where="$2 $3 of process $1"
    case $call in
    brk | mmap | mremap | mprotect) error=ENOMEM reason='Out of memory' other='Cannot allocate memory' ;;
    clone | clone3 | fork | vfork) error=EAGAIN reason='Resource temporarily unavailable' other=$reason ;;
    *) error=EIO reason='I/O error' other='Input/output error' ;;
    esac
    # Of the other processes those before an execution, or that of PROG would count.
    [ "$process" = 1 ] || follow=-f
    [ "$process" = 1 ] || [ "${inner# }" ] || follow='-f -b execve'
    # How often a supervisor waits differs a little from run to run.
    tries=9 hit='' elsewhere=''
    while [ -z "$hit$elsewhere" ] && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        run $follow -e "trace=$call,execve,execveat,clone,clone3,fork,vfork" \
            -e "inject=$call:error=$error:when=$number"
        calls_of "$stage" 1 "$lane/trace" >"$lane/hits"
        while read -r place program; do
            elsewhere=yes
            [ "$program" = "$stage" ] || continue
            case $place:$process in
            1:1) hit=yes ;;
            1:* | *:1) ;;
            *) hit=yes ;;
            esac
        done <"$lane/hits"
        [ -n "$hit" ] || clean_up "$where" ''
    done
    if [ -z "$hit" ]; then
        if [ -n "$elsewhere" ]; then is_masked; else is_rare; fi ||
            report "$where: it was not hit: $(tr '\n' ' ' <"$lane/hits")"
        return
    fi
    echo >>"$lane/count"
    count_messages
    is_told || is_the_same || report "$where"
    clean_up "$where" ''
}

check_way() {
    before=${1%%|*} words=${1#*|}
    paths=${words#*|} words=${words%%|*}
    stage=${words# }
    stage=${stage%% *} outer='' inner=$before detached=''
    case $before in
    *@*) outer=${before%@*} inner=${before#*@} detached=-D ;;
    esac
    call='' messages=err
    : >"$lane/usual"
    run -f
    cp "$lane/out" "$lane/right"
    cp "$lane/err" "$lane/usual"
    [ ! -s "$lane/usual" ] || messages=unusual
    [ "$status" = 0 ] || report 'without a fault'
    calls_of "$stage" '' "$lane/trace" >"$lane/calls"
    [ -s "$lane/calls" ] || report 'it has no calls'
    while read -r process call number; do
        cannot_fail $call || fail_call $process $call $number
    done <"$lane/calls"
    clean_up 'at the end' all
}

# Those with a control group are one lane, since one that looks through all groups finds those of the others.
run_lane() {
    lane=$tmp/lane$1 name=faults-$$-$1
    own=$own$1 area=$area$1
    mkdir -p "$lane" "$own/bin" "$own/etc" "$own/proc" "$own/dev" "$own/sys" "$own/there" "$own/mytemp"
    mkdir -p "$area/lower" "$area/upper" "$area/work" "$area/there"
    cp "$helpers/probe" "$own/bin/probe"
    cp "$helpers/probe" "$own/bin/true"
    echo 'EPERM personality' >"$area/policy"
    echo lower >"$area/lower/file"
    mounts=$(cat /proc/$$/mountinfo)
    ways >"$lane/ways"
    while IFS= read -r way; do
        case $way in
        *'&'* | *tty-* | *--default*) [ "$1" = 1 ] || continue ;;
        *) [ "$1" = 0 ] || continue ;;
        esac
        while :; do
            case $way in *'&'*) way=${way%%'&'*}$name${way#*'&'} ;; *) break ;; esac
        done
        check_way "$way"
    done <"$lane/ways"
}

testEveryCallThatFails() {
    have_strace || { skip 'no strace' && return; }
    case $bin in
    */asan/*) skip 'the sanitizers make calls of their own' && return ;;
    esac
    # A group that stays, so that the stages look through those that are there.
    hold=faults-$$-hold
    start cg-limit --name $hold --memory max --pids max --cpu max --cpus 0 --status-fd 2 sleep 1000
    await 20 eval 'ctr-ls "$hold" 2>/dev/null | grep -q sleep' || fail "$(cat "$tmp/err")"
    held=$started
    # One whose namespaces are joined.
    lives_in ns-enter -muipC
    joined=$outer
    begun=$(sed 's/.*) //' "/proc/$target/stat" | cut -d ' ' -f 20)
    run_lane 0 &
    other_lane=$!
    run_lane 1
    wait $other_lane
    outer=$joined
    leave
    kill $held
    wait $held 2>/dev/null
    cat "$tmp"/lane?/faults 2>/dev/null >"$tmp/faults"
    while IFS= read -r line; do
        fail "$line"
    done <"$tmp/faults"
    made=$(cat "$tmp"/lane?/count | wc -l) missed=$(cat "$tmp"/lane?/masked | wc -l)
    echo "$made faults, $missed could not be made"
    assertTrue "$missed could not be made" "[ $missed -lt 50 ]"
}

testEveryStageHasAWay() {
    ways >"$tmp/ways"
    for file in "$top"/stages/*.c; do
        stage=$(basename "$file" .c)
        case $stage in ctr-*) continue ;; esac
        grep -q "| $stage " "$tmp/ways" || fail "$stage has no way in which it is run"
    done
}

. shunit2
