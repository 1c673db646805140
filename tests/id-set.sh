# shellcheck shell=sh disable=SC1091,SC2016,SC2034,SC2154
# id-set.sh: the user and groups of PROG, the files that they are looked up in, and what of root's power
# the stages keep, and PROG does not.

. "$(dirname "$0")/lib.sh"

probe=$helpers/probe
own=$tmp/own
zero=0000000000000000

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    mkdir -p "$own/etc"
    [ "$(id -u)" != 0 ] || cp -a "$root/." "$own"
}

setUp() {
    cat >"$own/etc/passwd" <<'PASSWD'
root:x:0:0:root:/root:/bin/sh
alice:x:1001:2001:Alice:/home/alice:/bin/sh
bob:x:1002:2002::/:
carol:x:1003:2001::/:
PASSWD
    cat >"$own/etc/group" <<'GROUP'
root:x:0:
staff:x:2001:bob,alice
bobs:x:2002:
wheel:x:10:root,alice,carol
video:x:44:alicea,malice,alic,Alice
audio:x:29:carol,alice
GROUP
}

# inside WORD...: attempts the chain in a root with these files.
inside() {
    attempt ns-enter -mp root-setup "$own" mnt-proc /proc "$@"
}

# field NAME: prints a line of what "probe power" said.
field() {
    awk -v name="$1:" '$1 == name { $1 = ""; print substr($0, 2) }' "$tmp/out"
}

# is USER GROUP GROUPS: asserts that PROG, which was "probe power", ran with these ids.
is() {
    ended 0
    assertEquals "user: $3" "$1 $1 $1 $1" "$(field Uid)"
    assertEquals group "$2 $2 $2 $2" "$(field Gid)"
    assertEquals groups "$3" "$(field Groups | tr -s ' ' | sed 's/ $//')"
}

# powerless: asserts that it had no capability left.
powerless() {
    for set in CapInh CapPrm CapEff CapAmb; do
        assertEquals $set $zero "$(field $set)"
    done
}

testNumbers() {
    needs_root && return
    for pair in 1000:1000 1:2 65534:65534 0:5 5:0 4294967294:4294967293 0000000012:0012; do
        attempt id-set "$pair" "$probe" power
        case $pair in
        0000*) is 12 12 '' ;;
        *) is "${pair%:*}" "${pair#*:}" '' ;;
        esac
    done
}

testNames() {
    needs_root && return
    inside id-set alice:bobs probe power
    is 1001 2002 ''
    inside id-set bob:10 probe power
    is 1002 10 ''
    inside id-set 7:audio probe power
    is 7 29 ''
}

testGroupsOfAUser() {
    needs_root && return
    inside id-set alice probe power
    is 1001 2001 '10 29 2001'
    inside id-set bob probe power
    is 1002 2002 '2001 2002'
    inside id-set carol probe power
    is 1003 2001 '10 29 2001'
    inside id-set root probe power
    is 0 0 '0 10'
}

testANumberHasTheGroupsOfItsEntry() {
    needs_root && return
    inside id-set 1001 probe power
    is 1001 2001 '10 29 2001'
    inside id-set 0001002 probe power
    is 1002 2002 '2001 2002'
}

testANumberWithoutAnEntryNeedsAGroup() {
    needs_root && return
    inside id-set 4242 echo reached
    refused 'id-set: the user 4242 has no entry in /etc/passwd, which would name the group'
    assertEquals 'id-set: hint: give the group, too, as 4242:4242' "$hint"
    inside id-set --clear-groups 4242 echo reached
    refused 'id-set: the user 4242 has no entry*'
}

# What the caller was in, PROG never is.
testGroupsAreNotInherited() {
    needs_root && return
    for word in 5:6 0:0; do
        attempt setpriv --groups 7,8,9 id-set $word "$probe" power
        is ${word%:*} ${word#*:} ''
    done
    attempt setpriv --groups 7,8,9 ns-enter -mp root-setup "$own" mnt-proc /proc id-set bob probe power
    is 1002 2002 '2001 2002'
}

testGroupsOption() {
    needs_root && return
    inside id-set --groups wheel,44,bobs alice probe power
    is 1001 2001 '10 44 2002'
    inside id-set --groups=4294967294,0 alice:7 probe power
    is 1001 7 '0 4294967294'
    inside id-set --groups 5 9:9 probe power
    is 9 9 5
}

testClearGroups() {
    needs_root && return
    inside id-set --clear-groups alice probe power
    is 1001 2001 ''
    attempt setpriv --groups 7,8 id-set --clear-groups 5:6 "$probe" power
    is 5 6 ''
}

testManyGroups() {
    needs_root && return
    list=$(seq -s, 1 1000)
    attempt id-set --groups "$list" 5:6 "$probe" power
    is 5 6 "$(seq -s' ' 1 1000)"
    attempt id-set --groups "$(seq -s, 1 2 131074 | head -c 120000 | sed 's/,[0-9]*$//')" 5:6 true
    ended 0
}

testUmask() {
    needs_root && return
    for mask in 0 022 027 77 0777 777 00000002; do
        attempt id-set --umask $mask 5:6 "$probe" power
        ended 0
        assertEquals $mask "$((0$mask))" "$((0$(field Umask)))"
    done
    attempt sh -c 'umask 0123; exec id-set 5:6 "$0" power' "$probe"
    assertEquals 0123 "$(field Umask)"
}

testEnv() {
    needs_root && return
    for words in 'alice:/home/alice alice' 'bob:/ bob' '1003:/ carol' '7:7:/ 7' '1001:7:/home/alice alice' '0:0:/root root'; do
        inside id-set --env "${words%:*}" sh -c 'echo "$HOME $USER" && [ "$LOGNAME" = "$USER" ]'
        ended 0
        printed "${words##*:}"
    done
    # Without the option nothing is set, and without the file there is no home.
    HOME=/x USER=y LOGNAME=z inside id-set alice sh -c 'echo $HOME $USER $LOGNAME'
    printed '/x y z'
    rm "$own/etc/passwd"
    inside id-set --env 7:7 sh -c 'echo $HOME $USER'
    printed '/ 7'
    echo 'dave:x:4:5' >"$own/etc/passwd"
    inside id-set --env 4:5 echo reached
    refused 'id-set: /etc/passwd: the entry of the user 4 has no home directory, or too long a one'
}

testBadUmask() {
    for mask in 8 x -1 '' ' 22' 22x 10000 u=rwx 0x1; do
        attempt id-set --umask "$mask" 5:6 echo reached
        refused "id-set: --umask: * is not a mode: octal, 0 to 7777"
    done
    for mask in 1000 1777 7777; do
        attempt id-set --umask $mask 5:6 echo reached
        refused "id-set: --umask: $mask is too large: at most 777"
    done
}

testBadNumbers() {
    for number in 4294967295 4294967296 18446744073709551616 99999999999999999999999; do
        attempt id-set $number:5 echo reached
        refused "id-set: USER: $number is too large: at most 4294967294"
        attempt id-set 5:$number echo reached
        refused "id-set: GROUP: $number is too large: at most 4294967294"
        attempt id-set --groups 1,$number 5:5 echo reached
        refused "id-set: --groups: $number is too large: at most 4294967294"
    done
}

# Whatever is no number is a name, and there is none of these.
testWhatLooksLikeANumber() {
    for name in +5 5x 0x5 ' 5' '5 ' 5.0 1e3; do
        attempt id-set "$name:5" echo reached
        refused "id-set: there is no user \"$name\" in /etc/passwd"
        attempt id-set "5:$name" echo reached
        refused "id-set: there is no group \"$name\" in /etc/group"
        attempt id-set --groups "5,$name" 5:5 echo reached
        refused "id-set: there is no group \"$name\" in /etc/group"
    done
    attempt id-set -- -5:5 echo reached
    refused 'id-set: there is no user "-5" in /etc/passwd'
}

testBadOperand() {
    for word in : :5 :x; do
        attempt id-set "$word" echo reached
        refused "id-set: USER is empty in \"$word\""
    done
    for word in 5: root:; do
        attempt id-set "$word" echo reached
        refused "id-set: GROUP is empty in \"$word\""
    done
    for word in 5:5: 5:5:5 root::root 5::; do
        attempt id-set "$word" echo reached
        refused 'id-set: *'
    done
    attempt id-set "$(printf %0300d 7)a:5" echo reached
    refused 'id-set: USER is 301 bytes long: at most 255'
    attempt id-set "5:$(printf %0300d 7)a" echo reached
    refused 'id-set: there is no group "0*7a" in /etc/group'
    attempt id-set "$(printf 'a\nb'):5" echo reached
    refused 'id-set: there is no user "a[?]b" in /etc/passwd'
}

testBadGroups() {
    for list in '' ',' '1,' ',1' '1,,2'; do
        attempt id-set --groups "$list" 5:5 echo reached
        refused "id-set: --groups: the list \"$list\" has an empty group in it"
    done
    attempt id-set --groups "1,$(printf %0300d 7)x" 5:5 echo reached
    refused 'id-set: --groups: "0*7x" is too long'
    attempt id-set --groups 1 --clear-groups 5:5 echo reached
    refused 'id-set: --groups and --clear-groups contradict each other'
    attempt id-set --clear-groups --groups 1 5:5 echo reached
    refused 'id-set: --groups and --clear-groups contradict each other'
}

testBadCommandLine() {
    attempt id-set
    refused 'id-set: USER is missing'
    attempt id-set ''
    refused 'id-set: USER is empty'
    attempt id-set 5:5
    refused 'id-set: PROG is missing'
    attempt id-set 5:5 ''
    refused 'id-set: PROG is empty'
    attempt id-set nosuchuser
    refused 'id-set: PROG is missing'
    attempt id-set --groups
    refused 'id-set: --groups needs its argument LIST'
    attempt id-set --groups 1 --groups 2 5:5 echo reached
    refused 'id-set: --groups is given twice'
    attempt id-set --group 1 5:5 echo reached
    refused 'id-set: unknown option --group'
    assertEquals 'id-set: hint: did you mean --groups?' "$hint"
    attempt id-set -u 5 echo reached
    refused 'id-set: unknown option -u'
}

# unknown WORD MESSAGE [GUESS]: asserts what is said about a name that is not there.
unknown() {
    inside id-set "$1" echo reached
    refused "id-set: there is no $2"
    assertEquals "$1" "${3:+id-set: hint: did you mean $3?}" "$hint"
}

testUnknownNames() {
    needs_root && return
    unknown alise 'user "alise" in /etc/passwd' alice
    unknown carrol 'user "carrol" in /etc/passwd' carol
    unknown ALICE 'user "ALICE" in /etc/passwd'
    unknown x 'user "x" in /etc/passwd'
    unknown dave 'user "dave" in /etc/passwd'
    unknown alice:whel 'group "whel" in /etc/group' wheel
    unknown 5:alice 'group "alice" in /etc/group'
    inside id-set --groups wheel,vidoe alice echo reached
    refused 'id-set: there is no group "vidoe" in /etc/group'
    assertEquals 'id-set: hint: did you mean video?' "$hint"
}

testNothingHappensBeforeAllIsLookedUp() {
    have_strace || { skip 'no strace' && return; }
    for words in 5:5 '5:nosuch true' 'nosuch:5 true' '--groups nosuch 5:5 true' '--umask 8 5:5 true' 99991 '99991 true'; do
        # shellcheck disable=SC2086
        attempt strace -o "$tmp/trace" -e trace=setgroups,setresgid,setresuid,capset,umask,prctl id-set $words
        ended 125
        assertFalse "$words: $(cat "$tmp/trace")" "grep -q '(' '$tmp/trace'"
    done
    attempt strace -o "$tmp/trace" -e trace=openat id-set nosuch
    assertFalse 'PROG is missed before a file is read' "grep -q etc/passwd '$tmp/trace'"
}

testNumbersNeedNoFile() {
    needs_root && return
    rm "$own/etc/passwd" "$own/etc/group"
    inside id-set --groups 8 5:6 probe power
    is 5 6 8
}

testFilesThatAreMissing() {
    needs_root && return
    rm "$own/etc/group"
    inside id-set alice probe power
    is 1001 2001 2001
    inside id-set alice:wheel echo reached
    refused 'id-set: cannot look up the group wheel in /etc/group: No such file or directory'
    assertEquals 'id-set: hint: numbers need no file, as 1000:1000' "$hint"
    rm "$own/etc/passwd"
    for word in alice alice:5 1001; do
        inside id-set $word echo reached
        refused "id-set: cannot look up the user ${word%:*} in /etc/passwd: No such file or directory"
    done
}

# Each would keep a reader waiting, or mislead it.
testFilesThatAreNone() {
    needs_root && return
    for name in passwd group; do
        rm "$own/etc/$name"
        mkfifo "$own/etc/$name"
        attempt timeout 10 ns-enter -mp root-setup "$own" mnt-proc /proc id-set alice:wheel echo reached
        refused "id-set: /etc/$name is no plain file"
        rm "$own/etc/$name"
        mkdir "$own/etc/$name"
        inside id-set alice echo reached
        refused "id-set: /etc/$name is no plain file"
        rmdir "$own/etc/$name"
        ln -s "$name" "$own/etc/$name"
        inside id-set alice echo reached
        refused 'id-set: cannot look up*: *ymbolic link*'
        rm "$own/etc/$name"
        setUp
    done
    # A link leads to a file of the new root, whatever it looks like.
    mv "$own/etc/passwd" "$own/etc/users"
    ln -s ../../../../../../etc/users "$own/etc/passwd"
    inside id-set alice probe power
    is 1001 2001 '10 29 2001'
    rm "$own/etc/passwd" "$own/etc/users"
}

# passwd FORMAT...: writes the file.
passwd() {
    # shellcheck disable=SC2059
    printf "$@" >"$own/etc/passwd"
}
group() {
    # shellcheck disable=SC2059
    printf "$@" >"$own/etc/group"
}

testTheFirstEntryCounts() {
    needs_root && return
    passwd 'alice:x:5:6::/:\nalice:x:7:8::/:\nother:x:5:9::/:\n'
    group 'g:x:3:\ng:x:4:\n'
    inside id-set --clear-groups alice probe power
    is 5 6 ''
    inside id-set --clear-groups 5 probe power
    is 5 6 ''
    inside id-set 1:g probe power
    is 1 3 ''
}

testNoLineBreakAtTheEnd() {
    needs_root && return
    for tail in '' : :: :::; do
        passwd "root:x:0:0::/:\nalice:x:5:6$tail"
        group 'w:x:7:\ng:x:3:bob,alice'
        inside id-set alice probe power
        is 5 6 '3 6'
        inside id-set alice:g probe power
        is 5 3 ''
    done
}

# broken LINE MESSAGE: asserts what is said about a line of alice.
broken() {
    passwd "root:x:0:0::/:\n$1\nalice:x:5:6::/:\n"
    inside id-set alice echo reached
    refused "id-set: /etc/passwd: $2"
}

testBrokenEntryOfTheUser() {
    needs_root && return
    broken alice 'the user id of alice is missing'
    broken alice:x 'the user id of alice is missing'
    broken alice:x:5 'the group id of alice is missing'
    broken alice::: 'the user id of alice: the number is empty'
    broken alice:x:5: 'the group id of alice: the number is empty'
    broken alice:x:5::::: 'the group id of alice: the number is empty'
    broken alice:x:-1:6::: 'the user id of alice: "-1" is not a number*'
    broken alice:x:+5:6::: 'the user id of alice: "+5" is not a number*'
    broken 'alice:x: 5:6:::' 'the user id of alice: " 5" is not a number*'
    broken alice:x:5x:6::: 'the user id of alice: "5x" is not a number*'
    broken alice:x:5:staff::: 'the group id of alice: "staff" is not a number*'
    broken 'alice:x:5:6\r' 'the group id of alice: "6[?]" is not a number*'
    for number in 4294967295 4294967296 18446744073709551616 99999999999999999999999999; do
        broken alice:x:$number:6::: "the user id of alice: $number is too large*"
        broken alice:x:5:$number::: "the group id of alice: $number is too large*"
    done
    broken 'alice\000:x:0:0:::' 'the user id of alice is missing'
}

testBrokenEntryOfTheGroup() {
    needs_root && return
    for line in g g:x g:x:; do
        group "root:x:0:\n$line\ng:x:3:\n"
        inside id-set 5:g echo reached
        refused 'id-set: /etc/group: the group id of g*'
    done
    for id in -1 4294967295 x; do
        group "root:x:0:\ng:x:$id:alice\n"
        for words in 5:g '--groups 3,g 5:5' alice; do
            # shellcheck disable=SC2086
            inside id-set $words echo reached
            refused "id-set: /etc/group: the group id of g: *$id*"
        done
    done
}

# Nobody asked for these; what comes behind them counts.
testBrokenLinesOfOthers() {
    needs_root && return
    passwd '\n:\n::\n:x:5:6:::\n:::::::::\n#alice:x:0:0:::\n alice:x:0:0:::\n+\n+alice:x:0:0:::\n-alice:x:0:0:::\nali\nalic:x:0:0:::\nalicea:x:0:0:::\nbad:x:-1:x:::\nbad2:x:99999999999999999999:0:::\n\000\n\377\376\n+::::::\nalice:x:5:6:::\n'
    group '\n:\n::\n:x:0:alice\n+\n+:::alice\n+x:x:0:alice\n-x:x:0:alice\nshort\nshort:x\nshort:x:9\nbad:x:-1:bob\ng:x:3:alice\n'
    inside id-set alice probe power
    is 5 6 '3 6'
    inside id-set 5 probe power
    is 5 6 '3 6'
    for name in + +alice -alice +x; do
        inside id-set -- $name:5 echo reached
        refused "id-set: there is no user \"$name\" in /etc/passwd"
        inside id-set 5:$name echo reached
        refused "id-set: there is no group \"$name\" in /etc/group"
    done
}

testMembersAreWholeNames() {
    needs_root && return
    passwd 'ali:x:5:6:::\n'
    group 'a:x:1:alice\nb:x:2:bali\nc:x:3:al,i\nd:x:4:ali:x\ne:x:7:,ali,\nf:x:8: ali\ng:x:9:ali ali\nh:x:10:ALI\ni:ali:11:\nali:x:12:\nj:x:13:x,ali\nk:x:14:ali,ali\n'
    inside id-set ali probe power
    is 5 6 '4 6 7 13 14'
}

# What does not fit into one reading must not be taken for a line of its own: here its rest is an entry of
# root's, at whichever place it is cut.
testLongLines() {
    needs_root && return
    long=$(printf %012543d 0)
    for cut in 12543 12542 12544 12541; do
        head=$(printf %.${cut}s "x:x:9:9:${long}00")
        passwd '%s%s\nalice:x:5:6:::\n' "$head" 'alice:x:0:0:::'
        inside id-set --clear-groups alice probe power
        is 5 6 ''
        passwd '%s%s\n' "$head" 'alice:x:0:0:::'
        inside id-set --clear-groups alice echo reached
        refused 'id-set: there is no user "alice" in /etc/passwd'
        passwd '%s%s%s' "$head" "$long" 'alice:x:0:0:::'
        inside id-set --clear-groups alice echo reached
        refused 'id-set: there is no user "alice" in /etc/passwd'
        group '%s%s\ng:x:5:\n' "$head" 'g:x:0:'
        inside id-set 5:g probe power
        is 5 5 ''
    done
    # Its beginning is enough for a name and a number.
    passwd 'alice:x:5:6:%s:/:\n' "$long$long"
    group 'root:x:0:\ng:x:7:%s,alice\n' "$long$long"
    inside id-set alice:g probe power
    is 5 7 ''
    # But not for who is a member.
    inside id-set alice echo reached
    refused 'id-set: /etc/group: the line of g is too long'
    assertEquals 'id-set: hint: name the groups with --groups, or use --clear-groups' "$hint"
    inside id-set --clear-groups alice probe power
    is 5 6 ''
}

testManyLines() {
    needs_root && return
    awk 'BEGIN { for (i = 0; i < 50000; i++) printf "user%d:x:%d:%d:::\n", i, i + 10000, i + 20000 }' >"$own/etc/passwd"
    awk 'BEGIN { for (i = 0; i < 50000; i++) printf "group%d:x:%d:user49999\n", i, i + 10000 }' >"$own/etc/group"
    inside id-set user49999:group49999 probe power
    is 59999 59999 ''
    inside id-set user49999 sh -c 'id -G | wc -w'
    ended 0
    printed 50001
    awk 'BEGIN { for (i = 0; i < 65537; i++) printf "group%d:x:%d:user1\n", i, i }' >"$own/etc/group"
    inside id-set user1 echo reached
    refused 'id-set: /etc/group: user1 is in more than 65536 groups'
}

testPROGHasNoCapabilities() {
    needs_root && return
    for words in 65534:65534 '--groups 0 1:0' '4294967294:0'; do
        # shellcheck disable=SC2086
        attempt id-set $words "$probe" power
        ended 0
        powerless
        # By a bare name, from PATH.
        # shellcheck disable=SC2086
        attempt id-set $words probe power
        ended 0
        powerless
        # shellcheck disable=SC2086
        attempt id-set $words env-set A=b fd-close res-limit core=0 probe power
        ended 0
        powerless
    done
    attempt id-set 5:5 capsh --print
    assertTrue "$(cat "$tmp/out")" "grep -qx 'Current: =' '$tmp/out' && grep -qx 'Ambient set =' '$tmp/out'"
    attempt id-set 65534:65534 cat /etc/shadow
    assertNotEquals 0 "$status"
}

testRootStaysRoot() {
    needs_root && return
    "$probe" power >"$tmp/before"
    for word in 0:0 0:5; do
        attempt id-set $word "$probe" power
        ended 0
        assertEquals "$(grep -E '^Cap|^No|^Sec' "$tmp/before")" "$(grep -E '^Cap|^No|^Sec' "$tmp/out")"
    done
}

testTheStagesBehindItHaveThem() {
    needs_root && return
    attempt ns-enter -mup id-set 65534:65534 uts-name other root-setup "$own" mnt-tmpfs /mytemp mnt-proc /proc \
        mnt-dev /dev probe power
    is 65534 65534 ''
    powerless
    attempt ns-enter -u id-set 65534:65534 uts-name other uname -n
    printed other
}

testThroughPidInit() {
    needs_root && return
    # Process 1 drops them while PROG starts already.
    inside id-set 65534:65534 pid-init sh -c 'for try in 1 2 3 4 5 6 7 8 9; do
        grep -q "CapPrm.*0000000000000000" /proc/1/status && break
        sleep 0.1
    done
    exec cat /proc/1/status /proc/self/status'
    ended 0
    assertEquals 'process 1, and PROG' "$zero
$zero" "$(field CapPrm)"
    for set in CapInh CapEff CapAmb; do
        assertEquals $set "$zero
$zero" "$(field $set)"
    done
    inside id-set 65534:65534 pid-init probe power
    is 65534 65534 ''
}

# As weak as PROG is, PROG must not be able to use it: what is locked behind pid-init is not locked there.
testProcessOneCannotBeTraced() {
    needs_root && return
    inside id-set 65534:65534 pid-init sh -c 'cat /proc/1/environ || readlink /proc/1/exe || dd if=/dev/null of=/proc/1/mem || echo closed'
    printed closed
    inside id-set 65534:65534 pid-init sh -c 'kill -TERM $$; echo survived'
    ended 143
}

# It would leave its group behind.
testNoControlGroupBehindIt() {
    needs_root && return
    attempt id-set 65534:65534 cg-limit echo reached
    refused 'cg-limit: the group could not be removed: capabilities are held for the stages only'
    assertEquals 'cg-limit: hint: put this stage before the id-set or priv-lock' "$hint"
}

testTheVariableIsGone() {
    needs_root && return
    attempt env -i "PATH=$PATH" id-set 5:6 probe env
    printed "PATH=$PATH"
    attempt env -i "PATH=$PATH" id-set 5:6 cap-keep kill probe env
    printed "PATH=$PATH"
}

# Whoever fills the variable up must not make it lose the letter.
testTheVariableIsFull() {
    needs_root && return
    for length in 51 52 53 60 1000; do
        attempt env "MINICTR_NS=$(printf "%0${length}d" 0)" id-set 5:6 "$probe" power
        if [ "$status" = 0 ]; then
            powerless
        else
            refused 'id-set: the variable MINICTR_NS is too long for one more letter'
        fi
    done
    ended 125
}

# It held capabilities that PROG has not got.
testProgCannotLookAtItsSupervisor() {
    needs_root && return
    attempt id-set 65534:65534 tty-relay sh -c 'cat /proc/$PPID/environ >/dev/null 2>&1 && echo open || echo closed'
    printed closed
}

testTwice() {
    needs_root && return
    attempt id-set 5:6 id-set 7:8 "$probe" power
    is 7 8 ''
    powerless
    attempt id-set 5:6 id-set 0:0 id-set 7:8 "$probe" power
    is 7 8 ''
    powerless
    attempt id-set 5:6 id-set 0:0 "$probe" power
    is 0 0 ''
    assertEquals "$zero $zero" "$(field CapInh) $(field CapAmb)"
}

# It is by its parent's death that the first process of a chain dies; the kernel forgets that.
testTheParentDeathSignalIsKept() {
    needs_root && return
    for words in 65534:65534 0:5 0:0 '65534:65534 cap-keep kill' '65534:65534 id-set 5:6' '65534:65534 priv-lock'; do
        # shellcheck disable=SC2086
        attempt setpriv --pdeathsig HUP id-set $words "$probe" power
        ended 0
        assertEquals "$words" 1 "$(field Death)"
    done
    attempt id-set 65534:65534 "$probe" power
    assertEquals 0 "$(field Death)"
    attempt ns-enter -p id-set 65534:65534 "$probe" power
    assertEquals 9 "$(field Death)"
}

testItDiesWithTheSupervisor() {
    needs_root && return
    start ns-enter -p id-set 65534:65534 sh -c 'echo ready; sleep 1000'
    await 20 grep -q ready "$tmp/out" || fail "not started: $(cat "$tmp/err")"
    processes=$(tree "$started")
    kill -KILL "$started"
    await 20 all_gone "$processes" || fail "left: $processes"
    wait "$started" 2>/dev/null
    return 0
}

testTheParentDiesMeanwhile() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    mkdir "$tmp/open"
    chmod 777 "$tmp/open"
    for signal in KILL TERM; do
        # -D: the tracer is not the parent. The shell is gone when setresuid(2) comes back.
        attempt sh -c 'strace -D -o "$1/trace" -e trace=setresuid -e inject=setresuid:delay_exit=600000 \
            setpriv --pdeathsig "$2" id-set 65534:65534 touch "$1/open/reached" & sleep 0.3' - "$tmp" $signal
        await 20 grep -q 'killed by' "$tmp/trace" || fail "not killed: $(cat "$tmp/trace")"
        assertTrue "$(cat "$tmp/trace")" "grep -q 'killed by SIG$signal' '$tmp/trace'"
        assertFalse 'PROG ran' "[ -e '$tmp/open/reached' ]"
    done
    # Its parent lives on, but another child of it has died.
    attempt sh -c 'true & strace -D -o "$1/trace" -e inject=setresuid:delay_exit=300000 \
        setpriv --pdeathsig TERM id-set 65534:65534 touch "$1/open/reached"' - "$tmp"
    assertTrue 'PROG did not run' "[ -e '$tmp/open/reached' ]"
}

testEachFailureIsFatal() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    for call in setgroups setresgid setresuid; do
        inject $call:error=EPERM id-set 65534:65534 echo reached
        refused 'id-set: cannot set the *: Operation not permitted'
        inject $call:error=EAGAIN id-set 65534:65534 echo reached
        refused 'id-set: cannot set the *: Resource temporarily unavailable'
        inject $call:error=EINVAL id-set 65534:65534 echo reached
        refused 'id-set: cannot set the *: Invalid argument'
        assertTrue "$hint" "[ '$hint' != '${hint#*: this user namespace has no such id}' ]"
    done
    inject capget:error=EFAULT id-set 65534:65534 echo reached
    refused 'id-set: cannot find out the capabilities: Bad address'
    inject capset:error=EPERM:when=1 id-set 65534:65534 echo reached
    refused 'id-set: cannot hold the capabilities for the next stages: Operation not permitted'
    inject capset:error=EPERM:when=2 id-set 65534:65534 echo reached
    refused 'id-set: cannot drop the capabilities that were held for the stages: Operation not permitted'
    inject capset:error=EPERM:when=2 id-set 65534:65534 env-set A=b "$probe" exit 0
    refused 'env-set: cannot drop the capabilities that were held for the stages: Operation not permitted'
    for file in passwd group; do
        attempt strace -o /dev/null -P /etc/$file -e inject=read:error=EIO id-set root echo reached
        refused "id-set: cannot read /etc/$file: */[Oo]* error"
        attempt strace -o /dev/null -P /etc/$file -e inject=openat:error=EMFILE id-set root echo reached
        refused "id-set: cannot look up * in /etc/$file: *o* file*"
    done
}

# Many of these calls only ask; but whichever fails, PROG has no power.
testNoFailureOfPrctlLeavesPower() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    number=1
    while [ $number -lt 100 ]; do
        inject prctl:error=EPERM:when=$number id-set 65534:65534 "$probe" power
        if [ "$status" = 0 ]; then
            is 65534 65534 ''
            powerless
        else
            refused 'id-set: cannot *'
        fi
        case $number in
        1 | 2) ended 125 ;;
        esac
        number=$((number + 7 * (number > 3) + 1))
    done
    # The third of this process: ns-enter has asked for the signal, id-set has read it.
    inject prctl:error=EPERM:when=3 ns-enter -p id-set 0:5 echo reached
    refused 'id-set: cannot set the parent-death signal again: Operation not permitted'
}

testAUserMayNot() {
    needs_root && return
    for words in 65534:65534 '--clear-groups 65534:65534' 0:0; do
        # shellcheck disable=SC2086
        as_nobody id-set $words echo reached
        refused 'id-set: cannot set the supplementary groups: Operation not permitted'
        assertEquals 'id-set: hint: this user is not root: run it with sudo' "$hint"
    done
}

testWithoutTheCapability() {
    needs_root && return
    attempt cap-keep setuid id-set 5:5 echo reached
    refused 'id-set: cannot set the supplementary groups: Operation not permitted'
    assertEquals 'id-set: hint: that takes the capability setgid, which this process has not: put this stage before the one that took it' "$hint"
    attempt cap-keep setgid id-set 5:5 echo reached
    refused 'id-set: cannot set the user 5: Operation not permitted'
    assertEquals 'id-set: hint: that takes the capability setuid, which this process has not: put this stage before the one that took it' "$hint"
    attempt cap-keep setgid,setuid,kill id-set 5:5 "$probe" power
    is 5 5 ''
    powerless
}

testSecurebitThatForbidsIt() {
    needs_root && return
    attempt priv-lock --securebits no-cap-ambient-raise id-set 5:5 echo reached
    refused 'id-set: cannot hold the capabilities for the next stages: ambient set: Operation not permitted'
    assertEquals 'id-set: hint: the securebit no-cap-ambient-raise is set: put this stage before the one that sets it' "$hint"
    attempt priv-lock --securebits no-setuid-fixup id-set 5:5 "$probe" power
    is 5 5 ''
    powerless
}

# A user namespace that somebody without privileges has made: one user, one group.
testInAUserNamespace() {
    needs_root && return
    unshare --user --map-root-user true 2>/dev/null || { skip 'no user namespaces' && return; }
    as_nobody unshare --user --map-root-user id-set 0:0 echo reached
    refused 'id-set: cannot set the supplementary groups: Operation not permitted'
    assertEquals 'id-set: hint: /proc/self/setgroups says deny: this user namespace was made by a user without privileges' "$hint"
    # One that root has made: setgroups(2) is allowed there.
    mkfifo "$tmp/mapped"
    for words in 0:5 '--groups 5 0:0' 5:0; do
        # shellcheck disable=SC2086
        start unshare --user sh -c 'echo $$ >"$0.pid"; read -r go <"$0"; exec id-set "$@"' "$tmp/mapped" $words echo reached
        await 20 [ -s "$tmp/mapped.pid" ]
        process=$(cat "$tmp/mapped.pid")
        rm "$tmp/mapped.pid"
        echo 0 0 1 >"/proc/$process/gid_map"
        echo 0 0 1 >"/proc/$process/uid_map"
        echo go >"$tmp/mapped"
        status=0
        wait "$started" || status=$?
        map=gid_map what='supplementary groups'
        case $words in
        0:5) what='group 5' ;;
        5:0) map=uid_map what='user 5' ;;
        esac
        refused "id-set: cannot set the $what: Invalid argument"
        assertEquals "id-set: hint: it is not in /proc/self/$map: this user namespace has no such id" "$hint"
    done
}

testHelp() {
    attempt id-set --help
    ended 0
    for word in --groups --clear-groups --umask 'USER\[:GROUP\]'; do
        assertTrue "$word" "grep -q -e '$word' '$tmp/out'"
    done
}

testTheRestIsUntouched() {
    needs_root && return
    attempt hostile fds 5 fd-close --keep 4,6 id-set 5:6 probe fds
    printed '0 1 2 4 6 '
    attempt hostile blocked probe signals
    mv "$tmp/out" "$tmp/signals"
    attempt hostile blocked id-set 5:6 probe signals
    printed "$(cat "$tmp/signals")"
    attempt sh -c 'echo $$; exec id-set 5:6 sh -c "echo \$\$"'
    assertEquals 'the same process' 1 "$(sort -u "$tmp/out" | wc -l)"
    attempt env HOME=/somewhere USER=me id-set 5:6 sh -c 'echo $HOME $USER; pwd'
    printed "/somewhere me
$PWD"
    attempt id-set 5:6 "$probe" exit 37
    ended 37
}

. shunit2
