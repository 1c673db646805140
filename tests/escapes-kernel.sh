# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# escapes-kernel.sh: the famous ways out of a container that lead through the kernel, replayed. Each first
# succeeds in a chain that was weakened for it, so that it is known to be one, and then fails in the
# container that minictr makes by default. Where two locks hold the same door, each is tried alone.
#
# tests/escapes/NAME.c: 0 it got out, 1 it was refused, 2 it could not be tried.

. "$(dirname "$0")/lib.sh"

own=$tmp/root       # the container's root, with the programs in it
stages=$tmp/stages  # the programs under test: a copy, since it is for being overwritten
escapes=$own/escapes
host=$tmp/host      # a directory of the host, with one file
secret=$host/secret

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    cp -a "$root" "$own"
    cp -R "$bin" "$stages"
    mkdir "$escapes" "$own/shared" "$host"
    find "$helpers/escapes" -type f -exec cp {} "$escapes" \;
    : >"$secret"
}

setUp() {
    : >"$secret"
    victim='' outer=''
}

tearDown() {
    for process in $victim $outer; do
        kill "$process" 2>/dev/null
        wait "$process" 2>/dev/null
    done
    return 0
}

# The default container.
box() {
    attempt minictr --root "$own" "$@"
}

# compose SCRIPT WORDS...: leaves the chain of the container in $tmp/chain, with one change, by sed(1).
compose() {
    script=$1
    shift
    minictr --root "$own" --print "$@" >"$tmp/whole"
    sed -E "$script" "$tmp/whole" >"$tmp/chain"
    assertFalse "nothing to change: $script" "cmp -s '$tmp/whole' '$tmp/chain'"
}

changed() {
    compose "$@"
    attempt sh "$tmp/chain"
}

# without STAGES WORDS...: the container without these steps, as cap-keep|sys-filter.
without() {
    steps=$1
    shift
    changed "/^( {4}|\/[^ ]*\/)($steps)( |\$)/d" "$@"
}

# What the program says of itself: that it got out, that it was refused.
got_out() {
    assertEquals "$1: it should have got out: $(cat "$tmp/out" "$tmp/err")" 0 "$status"
}

held() {
    assertEquals "$1: it should have been refused: $(cat "$tmp/out" "$tmp/err")" 1 "$status"
}

# answers WAY TEXT: asserts what came of one of the ways that it has tried; TEXT may be a pattern (grep -E).
answers() {
    grep -qxE "$1: ($2)" "$tmp/out" || fail "$1: not \"$2\": $(cat "$tmp/out" "$tmp/err")"
}

# all_answer TEXT: that came of all of them.
all_answer() {
    assertEquals "not \"$1\"" '' "$(grep -v ": $1\$" "$tmp/out")"
    assertTrue 'it said nothing' "[ -s '$tmp/out' ]"
}

no_permission='Operation not permitted'

# ready PROG...: starts it outside, with its output in $tmp/outside; leaves $ready.
ready() {
    "$@" >"$tmp/outside" 2>&1 </dev/null &
    ready=$!
    victim=$ready
    await 20 grep -q ready "$tmp/outside" || fail "$* is not ready"
}

# said_outside TEXT: ends the one that is ready, and asserts what it has seen: lines, sorted, as one.
said_outside() {
    kill "$ready"
    wait "$ready" 2>/dev/null
    victim=
    assertEquals "$2 $(cat "$tmp/out" "$tmp/err")" "$1" \
        "$(grep -v ready "$tmp/outside" | sort -u | tr '\n' ' ' | sed 's/ $//')"
}

# neighbours CONTAINER...: has another container in the same root, which survives it and does not run that
# program itself, try to overwrite the program of its process 1.
neighbours() {
    "$stages/minictr" --root "$own" --no-init /escapes/proc-exe take /shared/socket >"$tmp/taken" 2>&1 &
    outer=$!
    await 20 grep -q ready "$tmp/taken"
    attempt "$@" /escapes/proc-exe send 1 /shared/socket
    case $status in
    0) mv "$tmp/taken" "$tmp/out" ;;
    *) kill $outer ;;
    esac
    sent=$status
    wait $outer || status=$?
    outer=
    [ "$sent" = 0 ] || status=$sent
}

# CVE-2019-5736. The only program of the host that a container has is its process 1.
testProcSelfExe() {
    # Weakened: process 1 is a program of the host in a directory that is bound, and may be written to.
    neighbours ns-enter -mp root-open "$own" mnt-bind "$stages" /stages root-setup . mnt-proc /proc \
        /stages/pid-init
    got_out 'bound program'
    assertEquals overwritten "$(head -c 11 "$stages/pid-init")"
    cp "$bin/pid-init" "$stages/pid-init"

    # That the copy of the directory of the stages is read-only holds alone, against all powers, too.
    for option in --privileged --no-tty; do
        neighbours "$stages/minictr" --root "$own" $option
        held "$option"
        [ $option = --no-tty ] || answers 'open again to write' 'Read-only file system'
        attempt "$stages/minictr" --root "$own" $option /escapes/proc-exe open 1
        held "$option"
        assertEquals '' "$(grep -vE ': (Read-only file system|Text file busy|Permission denied)$' "$tmp/out")"
    done
    assertEquals '' "$(diff -r "$bin" "$stages")"
}

# PROG is a script whose interpreter is the program that executes it: the last stage once more, as PROG.
testProcSelfExeAsInterpreter() {
    for interpreter in /proc/self/exe /proc/1/exe; do
        printf '#!%s\n' $interpreter >"$own/script"
        chmod 755 "$own/script"
        for options in '' --no-init --privileged '--privileged --no-init' --bare '--user nobody' '--env A=b' \
            '--rlimit nofile=64' '--no-init --rlimit nofile=64'; do
            # shellcheck disable=SC2086
            attempt timeout 10 "$stages/minictr" --root "$own" $options /script
            case $status in
            125 | 126) ;;
            *) fail "$interpreter $options: $status $(cat "$tmp/err")" ;;
            esac
            printed ''
        done
    done
    box --privileged /proc/1/exe /escapes/reexec 0
    ended 125
    # With --inline it is the launcher.
    said '^pid-init: this is not process 1|^minictr: cannot use '
    rm "$own/script"
    assertEquals '' "$(diff -r "$bin" "$stages")"
}

# leaking PROG...: with the host's directory as descriptor 5, and as the working directory.
leaking() {
    : >"$secret"
    attempt sh -c 'cd "$0" && exec "$@" 5<.' "$host" "$@"
}

# beside PROG...: beside a process that has them; its number is the last word.
beside() {
    : >"$secret"
    attempt sh -c 'cd "$0"; exec 5<.; "$@" $$ 5<&-' "$host" "$@"
}

# reached WAY...: asserts that the file of the host was written to, by these ways at least.
reached() {
    got_out "$*"
    for way; do
        grep -qxE "$way" "$secret" || fail "not by $way: $(cat "$secret")"
    done
}

unreached() {
    held "$1"
    assertEquals "$1" '' "$(cat "$secret")"
}

# CVE-2024-21626.
testLeakedDescriptor() {
    compose 1d /escapes/leaked "$secret" 1
    leaking sh "$tmp/chain"
    reached /proc/self/fd/5/secret /proc/self/fd/5/../host/secret ../host/secret
    compose 1d --privileged /escapes/leaked "$secret" 1
    leaking sh "$tmp/chain"
    reached /proc/1/fd/5/secret /proc/1/fd/5/../host/secret

    leaking minictr --root "$own" /escapes/leaked "$secret" 1
    unreached default
    leaking minictr --root "$own" --no-init /escapes/leaked "$secret" 1
    unreached --no-init
    leaking minictr --root "$own" --privileged /escapes/leaked "$secret" 1
    unreached --privileged
}

testLeakedDescriptorAsWorkingDirectory() {
    ln -s /proc/self/fd/5 "$own/link"
    for place in /proc/self/fd/5 /link /proc/self/fd/5/../host; do
        compose 1d sh -c 'cd -P "$0" && exec "$@"' "$place" /escapes/leaked "$secret"
        leaking sh "$tmp/chain"
        reached ./secret /proc/self/cwd/secret
        leaking minictr --root "$own" --cwd "$place" /escapes/leaked "$secret"
        refused "cwd-set: cannot change to the directory $place: *"
        assertEquals "$place" '' "$(cat "$secret")"
    done
    rm "$own/link"
}

# The descriptor that the stages pass on is no way to them: what is behind it is no place to be.
testDescriptorOfTheStages() {
    for number in 3 4 5 6; do
        ln -sf "/proc/self/fd/$number" "$own/link"
        for place in /proc/self/fd/$number /link; do
            box --cwd "$place" sh -c './fd-close echo executed'
            assertEquals "$place as the working directory" '125 ' "$status $(cat "$tmp/out")"
            for options in '' --no-init; do
                # shellcheck disable=SC2086
                box $options "$place/fd-close" echo executed
                assertEquals "$place/fd-close as PROG" '' "$(cat "$tmp/out")"
            done
        done
    done
    rm "$own/link"
}

# The same, where PROG is a bare name, and what the image has of that name is a link to a stage, or a script.
testDescriptorOfTheStagesByName() {
    for number in 3 4 5 6; do
        ln -s "/proc/self/fd/$number/fd-close" "$own/bin/escape-link"
        printf '#!/proc/self/fd/%s/fd-close /escapes/reexec\n' $number >"$own/bin/escape-script"
        chmod 755 "$own/bin/escape-script"
        for options in '' --no-init; do
            # shellcheck disable=SC2086
            box $options escape-link echo executed
            assertEquals "$options: a link to descriptor $number" '' "$(cat "$tmp/out")"
            # shellcheck disable=SC2086
            box $options escape-script
            assertEquals "$options: an interpreter by descriptor $number" '' "$(cat "$tmp/out")"
        done
        rm "$own/bin/escape-link" "$own/bin/escape-script"
    done
}

testDescriptorsOfProcessOne() {
    # Weakened: process 1 is the supervisor that holds the control groups (chain(7)).
    attempt fd-close ns-enter -mp cg-limit --pids 64 root-setup "$own" mnt-proc /proc ls -1 /proc/1/fd
    assertNotEquals 'none but the standard streams' 3 "$(grep -c . "$tmp/out")"
    for options in --no-tty --tty --no-init; do
        box --privileged $options ls -1 /proc/1/fd
        expected='0 1 2'
        [ $options = --no-init ] && expected='0 1 2 3' # the one that ls(1) reads the directory by
        assertEquals "$options" "$expected" "$(tr -d '\r' <"$tmp/out" | tr '\n' ' ' | sed 's/ $//')"
    done
}

testWorkingDirectory() {
    # Weakened: the root is changed, and the working directory stays.
    leaking ns-enter -mp "$escapes/leaked" chroot "$own" /escapes/leaked "$secret"
    reached ./secret ./../host/secret
    leaking fd-close ns-enter -mp root-setup "$own" mnt-proc /proc /escapes/leaked "$secret" 1
    unreached root-setup
}

# What can be reached through other processes, by /proc/PID/root, cwd and fd.
testThroughAnotherProcess() {
    # Weakened: one of them is outside, as process 1 or as any other.
    leaking ns-enter -mp sh -c 'ns-enter -m root-setup "$0" mnt-proc /proc "$@" 5<&-; exit $?' "$own" \
        /escapes/leaked "$secret" 1
    reached "/proc/1/root$secret" /proc/1/cwd/secret '/proc/1/fd/[0-9]+/secret'
    beside ns-enter -m root-setup "$own" mnt-proc /proc /escapes/leaked "$secret"
    reached "/proc/[0-9]+/root$secret" '/proc/[0-9]+/cwd/secret' '/proc/[0-9]+/fd/[0-9]+/secret'

    # Each lock alone: a PID namespace; fewer capabilities than the other process has.
    beside minictr --root "$own" --privileged /escapes/leaked "$secret" 1
    unreached --privileged
    beside ns-enter -m root-setup "$own" mnt-proc /proc cap-keep default /escapes/leaked "$secret"
    unreached 'cap-keep alone'
    beside minictr --root "$own" /escapes/leaked "$secret" 1
    unreached default
    box ps -e -o comm=
    printed 'pid-init
ps'
}

# traced FOUND CONTAINER...: attacks a process outside; which could change it: process_vm_writev, ptrace, mem.
traced() {
    found=$1
    shift
    ready "$escapes/trace" victim
    attempt "$@" /escapes/trace attack "$ready"
    said_outside "$found" "$*"
}

# Of a stage that joins a container there is none yet (issue 6): it will be a process inside that was started
# outside, and must not be dumpable before it has given up its powers.
testPtrace() {
    traced 111 ns-enter -m root-setup "$own" mnt-proc /proc
    answers pidfd_getfd 'done'
    # Each lock alone. The filter does not judge files: what it leaves is /proc/PID/mem.
    traced 000 ns-enter -mp root-setup "$own" mnt-proc /proc pid-init
    answers ptrace 'No such process'
    traced 000 ns-enter -m root-setup "$own" mnt-proc /proc cap-keep default
    answers ptrace "$no_permission"
    answers mem 'Permission denied'
    traced 001 ns-enter -m root-setup "$own" mnt-proc /proc priv-lock sys-filter --default
    answers ptrace "$no_permission"
    answers pidfd_getfd "$no_permission"

    traced 000 minictr --root "$own"
    held default
    for way in process_vm_readv process_vm_writev ptrace seize; do
        answers $way "$no_permission"
    done
    # Nor has it that power over another inside.
    set -- sh -c 'rm -f /shared/victim
        /escapes/trace victim >/shared/victim &
        until grep -q ready /shared/victim; do sleep 0.02; done
        /escapes/trace attack $!
        kill $!'
    box --sys-filter none "$@"
    answers ptrace 'done'
    box "$@"
    answers ptrace "$no_permission"
    answers process_vm_writev "$no_permission"
}

# Root inside may be able to write code into process 1, by /proc/1/mem: that is under the same locks.
testProcessOne() {
    box /escapes/trace unshare 1
    [ "$status" = 2 ] && { skip "code for another processor: $(cat "$tmp/out")" && return; }
    # Weakened: process 1 has gone before the filter came.
    changed 's/^ {4}sys-filter --default/    pid-init/; t; s/^ {4}pid-init/    sys-filter --default/' \
        --cap-keep all /escapes/trace unshare 1
    assertEquals "process 1 had no filter; $(cat "$tmp/out" "$tmp/err")" 40 "$status"
    for options in '' '--user nobody' '--user nobody --cap-keep default'; do
        # shellcheck disable=SC2086
        box $options /escapes/trace unshare 1
        case $status in
        41) ;; # 40 + EPERM
        *) held "$options" ;;
        esac
        # shellcheck disable=SC2086
        box $options grep -hE '^(Uid|Gid|Groups|Cap|NoNew|Seccomp)' /proc/1/status /proc/self/status
        ended 0
        assertEquals "$options: process 1 and PROG" 11 "$(sort "$tmp/out" | uniq -c | grep -c '^ *2 ')"
        assertEquals "$options: process 1 and PROG" 22 "$(grep -c . "$tmp/out")"
    done
}

# "Shocker".
testOpenByHandle() {
    handle=$("$escapes/by-handle" of "$secret") || { skip 'no handles in this file system' && return; }
    set -- /escapes/by-handle open "$handle" /
    box --privileged "$@"
    got_out --privileged
    assertEquals reached "$(cat "$secret")"
    : >"$secret"
    # Each lock alone.
    box --sys-filter none "$@"
    held 'cap-keep alone'
    box --cap-keep all "$@"
    held 'sys-filter alone'
    answers / "$no_permission"
    box "$@"
    held default
    assertEquals '' "$(cat "$secret")"
}

testDeviceNode() {
    # The null device stands for all: it can be opened without harm. Of the disk that the root lies on, the
    # node only: this machine may refuse to open it to everyone.
    set -- /escapes/device make char 1 3 / /shared
    attempt ns-enter -mp root-setup "$own" mnt-proc /proc "$@"
    got_out 'no lock'
    assertEquals 'no lock' '' "$(grep -v 'done$' "$tmp/out")"
    box --sys-filter none "$@"
    held 'cap-keep alone'
    all_answer "$no_permission"
    box --cap-keep all "$@"
    held 'sys-filter alone'
    all_answer "$no_permission"
    box "$@" /mytemp /dev /dev/shm
    held default
    all_answer "$no_permission"

    disk=$(stat -c %d "$own")
    set -- /escapes/device make block $((disk / 256)) $((disk % 256)) /shared
    box --privileged "$@"
    answers '/shared: mknod' 'done'
    answers '/shared: mknodat' 'done'
    for options in '' '--cap-keep all'; do
        # shellcheck disable=SC2086
        box $options "$@"
        held "disk, $options"
        all_answer "$no_permission"
    done
}

# An image can bring a node that was made outside.
testDeviceNodeOfTheImage() {
    mknod "$own/node" c 1 5
    attempt ns-enter -mp root-setup "$own" /escapes/device open /node
    got_out 'root-setup alone'
    for option in --no-tty --ephemeral --read-only --no-init "--bind=$host:/mnt:ro"; do
        box "$option" /escapes/device open /node
        held "$option"
        answers '/node: open' 'Permission denied'
    done
    rm "$own/node"
}

testUserNamespace() {
    # In one, the capabilities that were taken away are there again: for root and for any user.
    box --sys-filter none /escapes/user-namespace
    got_out 'without sys-filter'
    for way in unshare clone; do
        answers $way 'done'
        answers "$way with more" 'can mount'
    done
    answers clone3 'can mount'
    box --sys-filter none --user nobody /escapes/user-namespace
    got_out 'without sys-filter, as nobody'
    # Another lock, which is not there by default.
    changed 's/^ {4}priv-lock/& --no-userns/' --sys-filter none /escapes/user-namespace
    held 'priv-lock --no-userns alone'
    for options in '' '--user nobody' '--cap-keep all' --no-init; do
        # shellcheck disable=SC2086
        box $options /escapes/user-namespace
        held "$options"
        answers clone3 'Function not implemented'
        assertEquals '' "$(grep -vE ": $no_permission\$|^clone3: " "$tmp/out")"
    done
}

testKeyring() {
    # key CONTAINER...: with a key of the test's own in the session keyring.
    key() {
        attempt "$escapes/keyring" with minictr-test secret "$@" /escapes/keyring read minictr-test secret
    }
    key minictr --root "$own" --sys-filter none
    got_out 'without sys-filter'
    for way in request_key session; do
        answers $way secret
    done
    assertTrue 'left on the host' "grep -qx planted '$tmp/out'"
    # No other lock holds this.
    for options in '' '--cap-keep all' '--user nobody'; do
        # shellcheck disable=SC2086
        key minictr --root "$own" $options
        held "$options"
        all_answer "$no_permission"
    done
}

testAbstractSockets() {
    name=minictr-test-$$
    set -- /escapes/abstract give $name
    ready "$escapes/abstract" take $name
    if ! priv-lock --scope sockets true 2>/dev/null; then
        box "$@"
        got_out 'before Linux 6.12'
        skip 'before Linux 6.12 nothing holds this' && return
    fi
    changed 's/ --scope sockets//' "$@"
    got_out 'without the scope'
    said_outside 'dgram, connected dgram, unconnected seqpacket, connected stream, connected'

    ready "$escapes/abstract" take $name
    for options in '' --no-init '--user nobody' '--sys-filter none' '--cap-keep all'; do
        # shellcheck disable=SC2086
        box $options "$@"
        held "$options"
        all_answer "$no_permission"
    done
    # Nor on a socket that was made outside.
    for type in stream dgram seqpacket; do
        attempt "$escapes/abstract" holding $type minictr --root "$own" "$@"
        held "$type, inherited"
        answers "$type, inherited" "$no_permission"
    done
    said_outside ''

    # What the container makes can be reached from outside: that is no way out, but a name can be taken.
    start minictr --root "$own" /escapes/abstract take "$name"
    outer=$started
    await 20 grep -q ready "$tmp/out"
    attempt "$escapes/abstract" give "$name"
    got_out 'from outside'
    kill $outer
    wait $outer
    outer=
}

# signalled FOUND CONTAINER...: signals a process outside, in a process group of its own, in each way.
signalled() {
    found=$1
    shift
    ready setsid "$escapes/signals" victim
    attempt "$@" /escapes/signals send "$ready"
    said_outside "$found" "$*"
}

testSignals() {
    signalled '40 41 42 43 44 45 46 47 48 49' ns-enter -m root-setup "$own" mnt-proc /proc
    # The filter allows all of these, and root inside has the capability: the PID namespace holds alone.
    signalled '40 41 42 43 44 45 46 47 48 49' ns-enter -m root-setup "$own" mnt-proc /proc cap-keep default \
        priv-lock sys-filter --default
    for options in '' --privileged --no-init --bare '--user nobody'; do
        # shellcheck disable=SC2086
        signalled '' minictr --root "$own" $options
        held "$options"
        for way in kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open F_SETOWN; do
            answers $way 'No such process'
        done
    done
}

# kill(-1). A PID namespace stands for the host, which must not be signalled as a whole.
testSignalToEveryone() {
    machine=$(readlink /proc/self/ns/pid)
    ns-enter -mp root-setup "$own" mnt-proc /proc sh -c 'rm -f /shared/victim
        /escapes/signals victim >/shared/victim &
        until grep -q ready /shared/victim; do sleep 0.02; done
        "$@"
        status=$?
        kill $!
        wait
        exit $status' sh /escapes/signals everyone "$machine" >"$tmp/out" 2>"$tmp/err"
    status=$?
    got_out 'no container'
    assertEquals 'ready 23' "$(tr '\n' ' ' <"$own/shared/victim" | sed 's/ $//')"

    ready setsid "$escapes/signals" victim
    for options in '' --no-init --privileged; do
        # shellcheck disable=SC2086
        box $options /escapes/signals everyone "$machine"
        assertNotEquals "$options" 2 "$status"
    done
    said_outside '' 'kill(-1) in the container'
}

# grouped FOUND PROG...: a victim in the process group of the container's caller, and kill(0) inside.
grouped() {
    found=$1
    shift
    "$escapes/typing" on-terminal sh -c 'cd "$0" && rm -f shared/victim
        escapes/signals victim >shared/victim </dev/null &
        victim=$!
        until grep -q ready "$0/shared/victim"; do sleep 0.02; done
        "$@"
        kill $victim
        wait $victim' "$own" "$@" >"$tmp/out" 2>"$tmp/err"
    assertEquals "$*; $(cat "$tmp/out")" "$found" "$(grep -v ready "$own/shared/victim" | uniq)"
}

testSignalToTheGroup() {
    # As a job of the caller's shell the container is in the caller's process group: minictr(1), chain(7).
    grouped 23 minictr --root "$own" --no-tty /escapes/signals group
    # With a terminal of its own, or with a stream that is none, it is not.
    grouped '' minictr --root "$own" --tty /escapes/signals group
    grouped '' sh -c 'exec "$@" </dev/null' sh minictr --root "$own" /escapes/signals group
    # Process 1 has no session of its own. That is not the default, and documented, too.
    grouped 23 sh -c 'exec "$@" </dev/null' sh minictr --root "$own" --no-init /escapes/signals group
    # Process 1 is in that group: it must not be led to signal it.
    grouped '' sh -c 'exec "$@" </dev/null' sh minictr --root "$own" /escapes/trace group 1
    # A lock that is not there by default.
    if priv-lock --scope signals true 2>/dev/null; then
        compose 's/^ {4}priv-lock --scope sockets/&,signals/' --no-tty /escapes/signals group
        grouped '' sh "$tmp/chain"
    fi
}

testForeignEntry() {
    set -- /escapes/entry
    box --sys-filter none "$@"
    [ "$status" = 2 ] && skip 'not on x86-64' && return
    got_out 'without sys-filter'
    answers 'unshare, more bits' 'done'
    # A kernel may have no such door: then the answer is the same with and without.
    wall='Bad system call'
    ! grep -qx '32-bit getpid: Segmentation fault' "$tmp/out" || wall='Segmentation fault'
    if grep -qx '32-bit getpid: done' "$tmp/out"; then
        # Weakened: a filter that lets the other door alone.
        printf 'include container\nforeign allow\n' >"$tmp/policy"
        box --sys-filter "$tmp/policy" "$@"
        got_out 'foreign allow'
        answers '32-bit unshare' 'done'
    fi
    box "$@"
    held default
    for way in getpid mount unshare; do
        answers "32-bit $way" "$wall"
    done
    answers 'unshare, more bits' "$no_permission"
    answers 'unshare, negative' "$no_permission"
    # Of x32 the kernel may know nothing: then the answer is its own, and the same.
    answers 'x32 unshare' 'Function not implemented'
    answers 'x32 execve' 'Function not implemented'
    assertTrue 'the filter knows x32' "sys-filter --default --print | grep -q 'if >= 0x40000000 '"
}

testLoosen() {
    # Each lock left out in turn.
    box --sys-filter none /escapes/loosen /shared/copy
    got_out 'without sys-filter'
    answers gained 'capabilities 0, user 0, unshare 1'
    without 'priv-lock|sys-filter' --cap-keep setuid --user nobody /escapes/loosen
    answers setuid 'done'
    got_out 'setuid with its capability'
    for options in '' '--user nobody' '--user nobody --cap-keep chown' --no-init; do
        # shellcheck disable=SC2086
        box $options /escapes/loosen /shared/copy
        held "$options"
        answers privileges 'Invalid argument'
        answers 'no filter' 'Invalid argument'
        answers capset "$no_permission"
        answers ambient "$no_permission"
        assertEquals "$options" '' "$(grep gained "$tmp/out" | grep -v 'capabilities 0, user 0, unshare 0')"
        rm -f "$own/shared/copy"
    done
}

field() {
    sed -n "s/^$1:[[:blank:]]*//p" "$tmp/out" | tr '\t' ' '
}

none=0000000000000000

testSetUserId() {
    cp "$helpers/probe" "$own/shared/root"
    chmod 4755 "$own/shared/root"
    without 'priv-lock|sys-filter' --user nobody /shared/root power
    assertEquals 'it should be root' '65534 0 0 0' "$(field Uid)"
    without 'cap-keep|priv-lock|sys-filter' --user nobody /shared/root power
    assertNotEquals 'it should have powers' $none "$(field CapEff)"
    for options in '' '--sys-filter none' '--cap-keep all' '--cap-keep setuid'; do
        # shellcheck disable=SC2086
        box --user nobody $options /shared/root power
        ended 0
        assertEquals "$options" '65534 65534 65534 65534' "$(field Uid)"
    done
    without 'cap-keep|sys-filter' --user nobody /shared/root power
    assertEquals 'priv-lock alone' "65534 65534 65534 65534 $none" "$(field Uid) $(field CapEff)"
    rm "$own/shared/root"
}

testFileCapabilities() {
    cp "$helpers/probe" "$own/shared/able"
    setcap cap_sys_admin,cap_chown+ep "$own/shared/able" 2>/dev/null ||
        { skip 'no file capabilities' && return; }
    without 'cap-keep|priv-lock|sys-filter' --user nobody /shared/able power
    assertEquals 'it should be able' 0000000000200001 "$(field CapEff)"
    # Each lock alone: no_new_privs; the bounding set, with which the kernel refuses the file.
    without 'cap-keep|sys-filter' --user nobody /shared/able power
    ended 0
    assertEquals 'priv-lock alone' $none "$(field CapEff)"
    without 'priv-lock|sys-filter' --user nobody /shared/able power
    ended 126
    box --user nobody /shared/able power
    [ "$status" = 126 ] || assertEquals default $none "$(field CapEff)"
    box --user nobody --cap-keep chown /shared/able power
    [ "$status" = 126 ] || assertEquals chown 0000000000000001 "$(field CapEff)"
    rm "$own/shared/able"
}

# CVE-2022-29162: what the caller has left in the inheritable set, a file can make effective.
testInheritableCapabilities() {
    cp "$helpers/probe" "$own/shared/heir"
    setcap cap_sys_admin,cap_chown+ei "$own/shared/heir" 2>/dev/null ||
        { skip 'no file capabilities' && return; }
    set -- setpriv --inh-caps +sys_admin,+chown
    attempt "$@" ns-enter -mp root-setup "$own" mnt-proc /proc probe nobody /shared/heir power
    assertEquals 'it should inherit' 0000000000200001 "$(field CapEff)"
    for step in cap-keep priv-lock; do
        case $step in
        cap-keep) compose '/^ {4}(priv-lock|sys-filter)/d' --user nobody /shared/heir power ;;
        priv-lock) compose '/^ {4}(cap-keep|sys-filter)/d' --user nobody /shared/heir power ;;
        esac
        attempt "$@" sh "$tmp/chain"
        ended 0
        assertEquals "$step alone" "$none $none" "$(field CapEff) $(field CapPrm)"
    done
    attempt "$@" minictr --root "$own" --user nobody /shared/heir power
    ended 0
    assertEquals default "$none $none $none" "$(field CapInh) $(field CapPrm) $(field CapEff)"
    attempt "$@" minictr --root "$own" probe power
    assertEquals root $none "$(field CapInh)"
    rm "$own/shared/heir"
}

# typed FOUND PROG...: on a terminal of the test's own, what the container has typed into it.
typed() {
    found=$1
    shift
    "$escapes/typing" on-terminal "$@" >"$tmp/out.raw" 2>"$tmp/err"
    status=$?
    tr -d '\r' <"$tmp/out.raw" >"$tmp/out"
    answers typed "$found"
}

# CVE-2017-5226, CVE-2019-7303.
testTyping() {
    set -- minictr --root "$own" --no-tty
    typed abc "$@" --privileged /escapes/typing into
    got_out --privileged
    answers TIOCLINUX 'Not a tty|Inappropriate ioctl for device' # the kernel's: it is no console
    # Weakened: a filter that compares more than the kernel does.
    "$escapes/typing" filter >"$tmp/bpf"
    minictr --root "$own" --no-tty --privileged --print /escapes/typing into |
        sed "s|^ {4}pid-init|    priv-lock sys-filter --bpf /bpf pid-init|" -E >"$tmp/chain"
    cp "$tmp/bpf" "$own/bpf"
    typed bc sh "$tmp/chain"
    answers TIOCSTI "$no_permission"
    rm "$own/bpf"
    # Without the filter it is the kernel's to decide (dev.tty.legacy_tiocsti).
    if [ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ]; then
        typed abc "$@" --sys-filter none /escapes/typing into
    else
        typed '' "$@" --sys-filter none /escapes/typing into
        answers TIOCSTI 'I/O error|Input/output error'
    fi
    for options in '' '--cap-keep all' '--user nobody' --no-init; do
        # shellcheck disable=SC2086
        typed '' "$@" $options /escapes/typing into
        held "$options"
        for way in TIOCSTI TIOCLINUX; do
            answers $way "$no_permission"
            answers "$way, more bits" "$no_permission"
        done
        answers 'TIOCSTI, one more bit' "$no_permission"
    done
    # Nor is the terminal taken away from the caller.
    typed '' "$@" --privileged /escapes/typing steal
    got_out 'stolen with all powers'
    typed '' "$@" /escapes/typing steal
    held 'not stolen'
    answers TIOCSCTTY "$no_permission"
    # With a terminal of its own it can type into that, at most.
    typed '' minictr --root "$own" --tty --privileged /escapes/typing into
    answers TIOCSTI 'done'
}

testReexec() {
    # Weakened: the directory of the stages is open to PROG.
    compose 1d /escapes/reexec 10
    attempt sh -c 'exec sh "$0" 7<"$1"' "$tmp/chain" "$stages"
    got_out 'without fd-close'
    answers 'descriptor 7' stages
    for options in '' --privileged; do
        # shellcheck disable=SC2086
        box $options /escapes/reexec 10000
        held "$options"
        printed 'looked around'
    done
    # The program of process 1, as if it were in the middle of a chain, with a directory for its stages.
    mkdir "$own/shared/false"
    cp "$escapes/reexec" "$own/shared/false/echo"
    box env MINICTR_NS=muipCsd MINICTR_STAGES=3 MINICTR_TTY=4 \
        sh -c 'exec 3</shared/false; exec /proc/1/exe echo 0'
    case $status in
    125 | 126) printed '' ;;
    *) ended 125 ;;
    esac
    # By the caller: the stages refuse what is none of theirs.
    for number in 0 1 2 77 x ''; do
        attempt env MINICTR_STAGES=$number minictr --root "$own" echo reached
        ended 125
        printed ''
    done
    rm -r "$own/shared/false"
}

# Calls that change the machine.
testCalls() {
    box --privileged /escapes/calls
    got_out --privileged
    for way in reboot swapon io_uring_setup userfaultfd bpf; do
        assertFalse "$way has come to the kernel" "grep -qxF '$way: $no_permission' '$tmp/out'"
    done
    # What no capability holds, the filter holds alone.
    box --sys-filter none /escapes/calls
    got_out 'without sys-filter'
    for way in io_uring_setup add_key request_key; do
        assertFalse "$way has come to the kernel" "grep -qxF '$way: $no_permission' '$tmp/out'"
    done
    # This filter lets the clock alone, which may be asked: to set it takes a capability.
    box --cap-keep all /escapes/calls
    assertEquals 'adjtimex clock_adjtime' \
        "$(grep -v ": $no_permission\$" "$tmp/out" | cut -d: -f1 | tr '\n' ' ' | sed 's/ $//')"
    for options in '' '--user nobody' --no-init; do
        # shellcheck disable=SC2086
        box $options /escapes/calls
        held "$options"
        all_answer "$no_permission"
    done
}

. shunit2
