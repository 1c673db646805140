# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# env-set.sh: the environment of PROG, byte by byte, and what the stages keep of it.

. "$(dirname "$0")/lib.sh"

probe=$helpers/probe

# from ENTRY... -- COMMAND: attempts the command in exactly this environment; names with no slash are
# looked up among the programs under test.
from() {
    attempt probe in-env "$@"
}

# has ENTRY...: asserts that PROG, which was "$probe env-bytes", had these entries and no other, in any order.
has() {
    ended 0
    for entry in "$@"; do
        printf %s "$entry" | od -An -v -tx1 | tr -d ' \n'
        echo
    done | sort >"$tmp/wanted"
    assertEquals "$(cat "$tmp/wanted")" "$(sort "$tmp/out")"
}

testSet() {
    from A=1 -- "$bin/env-set" B=2 "$probe" env-bytes
    has A=1 B=2
    from -- "$bin/env-set" A=1 B=2 C=3 "$probe" env-bytes
    has A=1 B=2 C=3
}

testSetAnew() {
    from A=1 B=2 C=3 -- "$bin/env-set" B=new "$probe" env-bytes
    has A=1 B=new C=3
    from A=1 -- "$bin/env-set" A= "$probe" env-bytes
    has A=
    from A=1 -- "$bin/env-set" A=1 "$probe" env-bytes
    has A=1
}

testTheLastOfANameCounts() {
    from -- "$bin/env-set" A=1 B=2 A=3 "$probe" env-bytes
    has A=3 B=2
    from A=0 -- "$bin/env-set" A=1 A= "$probe" env-bytes
    has A=
}

testValues() {
    set -- A= B== C=a=b=c D=--clear 'E= two  words ' 'F=$A' 'G=%s\n' "H=$(printf 'a\n\nb')" 'I="' J=NAME
    from -- "$bin/env-set" "$@" "$probe" env-bytes
    has "$@"
}

testEveryByteOfAValue() {
    all=$(printf %b "$(awk 'BEGIN { for (i = 1; i < 256; i++) printf "\\0%03o", i }')")
    from -- "$bin/env-set" "A=$all" "$probe" env-bytes
    has "A=$all"
    assertEquals 'two digits a byte and a line break' 515 "$(wc -c <"$tmp/out")"
}

testNames() {
    set -- a=1 _=2 0=3 a.b=4 'with space=5' -x=6 --clear=7 "$(printf 'a\nb=8')" "$(printf '\377\200=9')" \
        A=1 AA=2 AAA=3 path=1 "$(printf %01000d 0)=10" MINICTR_ROOT=/ MINICTR_N=1 MINICTR_NSS=1 \
        MINICTR_STAGE=1 XMINICTR_NS=1 minictr_ns=1
    from -- "$bin/env-set" -- "$@" "$probe" env-bytes
    has "$@"
}

testNamesThatBeginAlike() {
    from AB=1 ABC=2 A=3 ABCD=4 -- "$bin/env-set" --unset ABC AB=new "$probe" env-bytes
    has AB=new A=3 ABCD=4
}

testLongestValue() {
    value=$(printf %0131069d 0)
    from -- "$bin/env-set" "A=$value" "$probe" env
    ended 0
    assertEquals 131072 "$(wc -c <"$tmp/out")"
}

# A shell, unlike getenv(3), takes the last of a name.
testNamesThatAreThereTwice() {
    from A=1 B=2 A=3 A=4 -- "$bin/env-set" A=new "$probe" env-bytes
    has A=new B=2
    from A=1 B=2 A=3 -- "$bin/env-set" A=b=c "$probe" env-bytes
    has A=b=c B=2
    from A=1 B=2 A=3 -- "$bin/env-set" A=new /bin/sh -c 'echo "$A"'
    printed new
    from A=1 B=2 A=3 A=4 -- "$bin/env-set" --unset A "$probe" env-bytes
    has B=2
    from A=1 B=2 A=3 -- "$bin/env-set" B=4 "$probe" env-bytes
    has A=1 A=3 B=4
}

testEntriesWithoutANamePass() {
    from A '' =1 B=2 -- "$bin/env-set" A=1 "$probe" env-bytes
    has A '' =1 B=2 A=1
    from A '' =1 B=2 MINICTR_NS MINICTR_STAGES MINICTR_NSX=1 -- "$bin/env-set" --clear "$probe" env-bytes
    has
}

testUnset() {
    for option in '--unset B' --unset=B; do
        # shellcheck disable=SC2086
        from A=1 B=2 C=3 -- "$bin/env-set" $option "$probe" env-bytes
        has A=1 C=3
    done
    from A=1 B=2 C=3 D=4 E=5 -- "$bin/env-set" --unset E --unset=A --unset C "$probe" env-bytes
    has B=2 D=4
    from A= -- "$bin/env-set" --unset A "$probe" env-bytes
    has
}

testUnsetWhatIsNotThere() {
    from A=1 AB=2 -- "$bin/env-set" --unset B --unset a --unset ABC "$probe" env-bytes
    has A=1 AB=2
    from -- "$bin/env-set" --unset A --unset A "$probe" env-bytes
    has
}

testUnsetTwice() {
    from A=1 B=2 -- "$bin/env-set" --unset A --unset A "$probe" env-bytes
    has B=2
}

testUnsetTakesAnyName() {
    name=$(printf 'a\n\377 -')
    from "$name=1" --x=2 A=3 -- "$bin/env-set" --unset "$name" --unset --x "$probe" env-bytes
    has A=3
}

testClear() {
    from A=1 B=2 PATH=/bin HOME=/ -- "$bin/env-set" --clear "$probe" env-bytes
    has
    from A=1 B=2 -- "$bin/env-set" --clear --clear "$probe" env-bytes
    has
    from -- "$bin/env-set" --clear "$probe" env-bytes
    has
}

testClearAndSet() {
    from A=1 B=2 -- "$bin/env-set" --clear B=new C=3 "$probe" env-bytes
    has B=new C=3
}

testUnsetAndSet() {
    from A=1 B=2 C=3 -- "$bin/env-set" --unset A --unset B A=new D=4 "$probe" env-bytes
    has A=new C=3 D=4
}

testAllOfThem() {
    for options in '--clear --unset A --unset D' '--unset A --clear --unset=D' '--unset D --unset A --clear'; do
        # shellcheck disable=SC2086
        from A=1 B=2 -- "$bin/env-set" $options A=new C=3 "$probe" env-bytes
        has A=new C=3
    done
}

testNothingToDo() {
    from A=1 B=2 A=3 -- "$bin/env-set" "$probe" env-bytes
    has A=1 B=2 A=3
    from -- "$bin/env-set" -- "$probe" env-bytes
    has
    from A=1 -- "$bin/env-set" env-set "$bin/env-set" B=2 "$probe" env-bytes
    has A=1 B=2
}

testOneBehindTheOther() {
    from A=1 -- "$bin/env-set" B=2 env-set --unset A C=3 env-set B=4 "$probe" env-bytes
    has B=4 C=3
    from A=1 -- "$bin/env-set" B=2 env-set --clear C=3 "$probe" env-bytes
    has C=3
}

# A word with "=" is a variable up to PROG, and a word of PROG behind it.
testWhereTheVariablesEnd() {
    from -- "$bin/env-set" A=1 "$probe" args B=2 --clear --unset
    ended 0
    printed '423d32
2d2d636c656172
2d2d756e736574'
    from -- "$bin/env-set" A=1 "$probe" env-bytes B=2 A=3
    has A=1
    from -- "$bin/env-set" A=1 --clear "$probe" env-bytes
    ended 127
    said_only '^env-set: cannot find --clear in PATH: '
    from -- "$bin/env-set" A=1 -- "$probe" env-bytes
    has A=1
    from -- "$bin/env-set" A=1 -- -- "$probe" env-bytes
    ended 127
    said_only '^env-set: cannot find -- in PATH: '
    from -- "$bin/env-set" -- --clear=1 --unset=2 "$probe" env-bytes
    has --clear=1 --unset=2
}

testProgWithAnEqualsSign() {
    mkdir "$tmp/odd"
    cp "$probe" "$tmp/odd/a=b"
    from -- "$bin/env-set" A=1 "$tmp/odd/a=b" "$probe" env-bytes
    has A=1 "$tmp/odd/a=b"
    from -- "$bin/env-set" A=1 -- "$tmp/odd/a=b" env-bytes
    has A=1
    from -- "$bin/env-set" A=1 cwd-set / "$tmp/odd/a=b" env-bytes
    has A=1
}

testProgIsSearchedInThePathThatWasSet() {
    mkdir "$tmp/one" "$tmp/two"
    for place in one two; do
        printf '#!/bin/sh\necho %s "$PATH"\n' $place >"$tmp/$place/own-prog"
        chmod 755 "$tmp/$place/own-prog"
    done
    from "PATH=$tmp/one" -- "$bin/env-set" own-prog
    printed "one $tmp/one"
    from "PATH=$tmp/one" -- "$bin/env-set" "PATH=$tmp/two" own-prog
    printed "two $tmp/two"
    from "PATH=$tmp/one" -- "$bin/env-set" "PATH=/none:$tmp/two:$tmp/one" own-prog
    printed "two /none:$tmp/two:$tmp/one"
    from "PATH=$tmp/one" "PATH=$tmp/one" -- "$bin/env-set" "PATH=$tmp/two" own-prog
    printed "two $tmp/two"
    from "PATH=$tmp/one" -- "$bin/env-set" PATH=/none own-prog
    ended 127
    said_only '^env-set: cannot find own-prog in PATH: /none$'
}

testWithoutAPathTheUsualOneIsSearched() {
    from "PATH=$tmp" -- "$bin/env-set" --unset PATH id -u
    ended 0
    printed "$(id -u)"
    for option in --clear --unset=PATH; do
        from "PATH=$helpers" -- "$bin/env-set" $option probe
        ended 127
        said_only '^env-set: cannot find probe in PATH: /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin$'
    done
}

testStagesAreFoundWithAnyPath() {
    from PATH=/bin -- "$bin/env-set" PATH= cwd-set / env-set PATH=/none fd-close env-set --clear cwd-set / \
        "$probe" env-bytes
    has
}

# Behind root-setup the stages are found by a variable. It must outlive this one, and end before PROG.
testClearKeepsTheStagesInTheNewRoot() {
    needs_root && return
    attempt env A=1 ns-enter -mp root-setup "$root" env-set --clear mnt-tmpfs /mytemp env-set --clear \
        mnt-proc /proc pid-init probe env-bytes
    has
    attempt env A=1 ns-enter -m root-setup "$root" env-set --clear B=2 mnt-tmpfs /mytemp probe env-bytes
    has B=2
    attempt ns-enter -m root-setup "$root" env-set --clear probe env-bytes
    has
    attempt hostile fds 3 fd-close ns-enter -m root-setup "$root" env-set --clear mnt-tmpfs /mytemp probe fds
    printed '0 1 2 '
}

# And which namespaces are the chain's own: there is no /proc to compare them by.
testClearKeepsTheNamespaces() {
    attempt ns-enter -mu root-setup "$root" env-set --clear uts-name box uname -n
    ended 0
    printed box
    attempt ns-enter -mu env-set --clear root-setup "$root" env-set A=1 uts-name box probe env-bytes
    has A=1
}

testClearKeepsTheOpenRoot() {
    attempt ns-enter -m root-open "$root" env-set --clear root-setup . pwd
    ended 0
    printed /
}

# The variables are seen by what they lead to: the descriptor in it is closed when PROG comes.
testClearKeepsWhatLeadsToADescriptor() {
    for name in MINICTR_HOST MINICTR_TTY MINICTR_TRACE; do
        attempt sh -c 'export "$1=7"; exec hostile fds 6 fd-close --keep 7 env-set --clear env-set A=1 "$0" fds' \
            "$probe" $name
        ended 0
        assertEquals $name '0 1 2 ' "$(cat "$tmp/out")"
    done
}

testVariablesOfTheStagesAreRefused() {
    for name in MINICTR_NS MINICTR_STAGES MINICTR_HOST MINICTR_TTY MINICTR_TRACE; do
        for words in "--unset $name" "--clear --unset=$name" "$name=1" "$name=" "--clear A=1 $name=m"; do
            # shellcheck disable=SC2086
            attempt env-set $words echo reached
            refused "env-set: the variable $name is for the stages to set"
        done
    done
}

testRefusedInTheNewRootToo() {
    attempt ns-enter -m root-setup "$root" env-set MINICTR_STAGES=0 echo reached
    refused 'env-set: the variable MINICTR_STAGES is for the stages to set'
}

testEmptyNames() {
    for words in = =1 == 'A=1 =2' '--unset=' '--clear --unset='; do
        # shellcheck disable=SC2086
        attempt env-set $words echo reached
        refused 'env-set: the name of a variable is empty'
    done
    attempt env-set --unset '' echo reached
    refused 'env-set: the name of a variable is empty'
}

testUnsetWithAnEqualsSign() {
    for word in A=1 A= A==; do
        attempt env-set --unset "$word" echo reached
        refused "env-set: --unset: \"$word\" has a \"=\" in it"
    done
    attempt env-set --unset =A echo reached
    refused 'env-set: *'
}

testBadCommandLine() {
    for words in '' A=1 --clear '--unset A' '--clear --unset A B=1' -- '-- A=1'; do
        # shellcheck disable=SC2086
        attempt env-set $words
        refused 'env-set: PROG is missing'
        assertEquals 'env-set: hint: usage: env-set [OPTION...] [NAME=VALUE...] PROG [ARG...]' "$hint"
    done
    attempt env-set ''
    refused 'env-set: PROG is empty'
    attempt env-set A=1 '' echo reached
    refused 'env-set: PROG is empty'
    attempt env-set --unset
    refused 'env-set: --unset needs its argument NAME'
    attempt env-set --clear=yes echo reached
    refused 'env-set: --clear takes no argument'
    attempt env-set --claer echo reached
    refused 'env-set: unknown option --claer'
    assertEquals 'env-set: hint: did you mean --clear?' "$hint"
    attempt env-set -i echo reached
    refused 'env-set: unknown option -i'
    attempt env-set -u A echo reached
    refused 'env-set: unknown option -u'
}

# numbered COUNT PREFIX SUFFIX
numbered() {
    awk -v count="$1" -v before="$2" -v after="$3" 'BEGIN { for (i = 1; i <= count; i++) print before i after }'
}

test100000Variables() {
    # shellcheck disable=SC2046
    set -- $(numbered 100000 V =)
    from "$@" -- "$bin/env-set" --unset V50000 --unset V100000 A=1 V7=new "$probe" env
    ended 0
    { numbered 100000 V = | sed '/^V50000=/d;/^V100000=/d;s/^V7=/&new/' && echo A=1; } | sort >"$tmp/wanted"
    assertTrue 'the right ones' "sort '$tmp/out' | cmp - '$tmp/wanted'"
    from "$@" -- "$bin/env-set" --clear A=1 "$probe" env-bytes
    has A=1
}

test10000NewVariables() {
    # shellcheck disable=SC2046
    set -- $(numbered 10000 V =)
    from V1=old A=1 -- "$bin/env-set" "$@" V10000=last "$probe" env
    ended 0
    { numbered 9999 V = && echo A=1 && echo V10000=last; } | sort >"$tmp/wanted"
    assertTrue 'the right ones' "sort '$tmp/out' | cmp - '$tmp/wanted'"
}

test10000AreUnset() {
    # shellcheck disable=SC2046
    set -- $(numbered 10000 V =)
    # shellcheck disable=SC2046
    from "$@" A=1 -- "$bin/env-set" $(numbered 10000 --unset=V '') "$probe" env-bytes
    has A=1
}

testTheRestIsUntouched() {
    attempt hostile fds 5 fd-close --keep 4,6 env-set A=1 probe fds
    printed '0 1 2 4 6 '
    attempt hostile blocked probe signals
    mv "$tmp/out" "$tmp/signals"
    attempt hostile blocked env-set --unset B A=1 probe signals
    printed "$(cat "$tmp/signals")"
    attempt sh -c 'probe groups; exec env-set --clear "$0" groups' "$probe"
    assertEquals 'the same group and session' 1 "$(sed 's/^pid [0-9]* ppid [0-9]* //' "$tmp/out" | sort -u | wc -l)"
    attempt sh -c 'echo $$; exec env-set A=1 sh -c "echo \$\$"'
    assertEquals 'the same process' 1 "$(sort -u "$tmp/out" | wc -l)"
    attempt sh -c 'cd / && umask 027 && exec env-set --unset PWD sh -c "umask; pwd"'
    printed '0027
/'
    attempt env-set A=1 probe exit 9
    ended 9
}

testTheCallersEnvironmentIsUntouched() {
    attempt sh -c 'A=1; export A; env-set A=2 true; env-set --clear true; echo "$A"'
    printed 1
}

# A value can be a secret: it is not shown.
testNoMemory() {
    have_strace || { skip 'no strace' && return; }
    case $bin in
    */asan/*) skip 'AddressSanitizer needs memory' && return ;;
    esac
    inject brk,mmap:error=ENOMEM env-set A=secret B=secret echo reached
    refused 'env-set: cannot *: *emory*'
    assertFalse 'the value is shown' "grep -q secret '$tmp/err'"
}

testWithoutRoot() {
    needs_root && return
    as_nobody env -i PATH="$tmp/bin" A=1 env-set --unset PATH B=2 "$probe" env-bytes
    has A=1 B=2
}

. shunit2
