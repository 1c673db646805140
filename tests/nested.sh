# shellcheck shell=sh disable=SC1091,SC2016,SC2086,SC2154
# nested.sh: containers in containers, three deep, of each kind in each other: as root (root), as an ordinary user
# (user), with ids of nobody (auto).

. "$(dirname "$0")/lib.sh"

own=$tmp/root # of the outermost; inner is that of the next, and so on

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    [ "$(id -u)" = 0 ] || return 0
    have_user 1000
    for _ in 1 2 3; do
        [ ! -e "$own" ] || mv "$own" "$tmp/inner"
        cp -a "$root" "$own"
        mkdir "$own/stages"
        cp -RL "$bin"/* "$own/stages"
        [ ! -e "$tmp/inner" ] || mv "$tmp/inner" "$own/inner"
    done
}

# What a user in a container needs to see, since the others are masked.
views='mnt-proc /mytemp/proc mnt-sys /mytemp/sys'

# inside KIND: leaves in $words how a container is made in a container.
inside() {
    case $1 in
    root) words="/stages/minictr" ;;
    auto) words="/stages/minictr --userns auto" ;;
    user) words="$views /stages/id-set --clear-groups 1000:1000 /stages/minictr" ;;
    esac
    words="$words --no-limits --root /inner"
}

# nest OUTERMOST MIDDLE INNERMOST: leaves in $nest the three, and PROG is missing.
nest() {
    case $1 in
    root) nest="minictr" ;;
    auto) nest="minictr --userns auto" ;;
    user) nest="$user minictr --no-limits" ;;
    esac
    inside "$2"
    nest="$nest --root $own --privileged $words --privileged"
    inside "$3"
    nest="$nest $words"
}

# is_nested OUTERMOST MIDDLE INNERMOST: they work, as deep as that, and leave nothing.
is_nested() {
    nest "$@"
    attempt $nest --hostname third sh -c 'id -u; hostname; cd /proc && echo [0-9]*; stat -f -c %T /proc
        ls -d /inner /stages 2>/dev/null; exit 7'
    assertEquals "$*: $(cat "$tmp/err")" 7 "$status"
    printed '0
third
1 2
proc
/stages'
    start $nest sleep 1000
    outer=$started
    await 20 target_sleeps || fail "$*: it did not start: $(cat "$tmp/err")"
    assertEquals "$*: numbers in four PID namespaces" 5 "$(awk '/^NSpid:/ { print NF }' "/proc/$target/status")"
    all=$(tree "$outer")
    kill -KILL "$outer"
    wait "$outer" 2>/dev/null
    await 20 all_gone "$all" || fail "$*: not all of them have ended: $all"
}

testOfOneKind() {
    needs_root && return
    is_nested root root root
    is_nested auto auto auto
}

testUserInRoot() {
    needs_root && return
    is_nested root root user
    is_nested root user root
}

testRootInUser() {
    needs_root && return
    is_nested user root root
    is_nested user root auto
}

testAutoInBetween() {
    needs_root && return
    is_nested root auto root
    is_nested root auto user
    is_nested user auto root
    is_nested auto root auto
}

testUserInAuto() {
    needs_root && return
    is_nested auto user root
    is_nested auto root user
}

# The second user is one of the ranges of the first.
testUserInUser() {
    needs_root && return
    attempt "$user" minictr --no-limits --root "$own" id-set 1000:1000 true
    [ "$status" = 0 ] || { skip 'the user has no ranges' && return; }
    is_nested user user root
}

# There is something to mend, and it is said what.
testUserWithoutTheViews() {
    needs_root && return
    attempt minictr --root "$own" --privileged /stages/id-set --clear-groups 1000:1000 \
        /stages/minictr --no-limits --root /inner true
    refused 'mnt-proc: cannot mount proc on /proc: Operation not permitted'
    case $hint in *'/proc is masked from outside'*) ;; *) fail "$hint" ;; esac
    attempt minictr --root "$own" /stages/minictr --no-limits --root /inner true
    refused 'ns-enter: cannot make *: Operation not permitted'
    attempt minictr --root "$own" --privileged /stages/minictr --root /inner true
    refused 'cg-limit: cannot make the control group *: Read-only file system'
    case $hint in *--no-limits*) ;; *) fail "$hint" ;; esac
}

# What a new proc would show is hidden from a container that may do no more than make user namespaces.
testMasksHoldInAUserNamespace() {
    needs_root && return
    attempt minictr --root "$own" --sys-filter none /stages/minictr --no-limits --root /inner true
    refused 'mnt-proc: cannot mount proc on /proc: Operation not permitted'
}

# A root as engines leave it: without CAP_SYS_ADMIN, and with groups.
weak="setpriv --bounding-set -sys_admin --inh-caps -sys_admin --groups 4,27"

testRootWithoutPower() {
    needs_root && return
    attempt $weak minictr --no-limits --root "$own" sh -c 'cat /proc/self/uid_map; id -G; id -u; touch /made && chown 7:8 /made'
    ended 0
    assertEquals '0 0 4294967295 0 0' "$(tr -s ' \n' ' ' <"$tmp/out" | sed 's/^ //;s/ $//')"
    assertEquals '7 8' "$(stat -c '%u %g' "$own/made")"
    rm "$own/made"
    # In a container that keeps to that, and whose proc hides nothing.
    minictr --root "$own" --sys-filter none --print /stages/minictr --no-limits --root /inner sh -c 'id -u; hostname' |
        sed "s,^ *cap-keep,    $views cap-keep," >"$tmp/chain"
    attempt sh "$tmp/chain"
    ended 0
    printed '0
minictr'
    # With fewer powers than that there is one id, or none.
    attempt setpriv --bounding-set -sys_admin,-setuid --inh-caps -sys_admin minictr --no-limits --root "$own" \
        cat /proc/self/uid_map
    assertEquals '0 0 1' "$(tr -s ' ' <"$tmp/out" | sed 's/^ //')"
    attempt setpriv --bounding-set -sys_admin,-setfcap --inh-caps -sys_admin minictr --no-limits --root "$own" true
    refused 'ns-enter: cannot map the ids: uid_map: Operation not permitted'
    assertEquals 'ns-enter: hint: without the capability setfcap user 0 cannot be in a user namespace' "$hint"
}

. shunit2
