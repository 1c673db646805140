# shellcheck shell=sh
# words.sh: the rules of the command line that all programs share.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

programs=$(cd "$bin" && echo *)

# What a program's usage line asks for: its operands and PROG, without what is optional.
operands() {
    "$bin/$1" --help | sed -n '1 {
        s/^usage: [^ ]* //
        s/\[[^]]*\]//g
        s/OPTION\.\.\.//
        p
    }'
}

# Asserts that the command line is refused with this message, and nothing else said but hints.
refused() {
    ended 125
    said_only "$1"
    printed ''
}

testHelpIsPrinted() {
    for program in $programs; do
        attempt "$bin/$program" --help
        ended 0
        assertEquals "$program" "usage: $program" "$(sed -n '1 s/ [^ ]*$//; 1 s/^\(usage: [^ ]*\).*/\1/p' "$tmp/out")"
        assertNull "$program: $(cat "$tmp/err")" "$(cat "$tmp/err")"
    done
}

testHelpListsEveryProgramsCommonOptions() {
    for program in $programs; do
        attempt "$bin/$program" -h
        ended 0
        for option in --help --version; do
            grep -q -- " $option  " "$tmp/out" || fail "$program -h has no $option"
        done
    done
}

testLinesOfHelpFitATerminal() {
    for program in $programs; do
        assertNull "$program" "$("$bin/$program" --help | grep -E '^.{101}')"
    done
}

testDescriptionsOfOptionsStandInOneColumn() {
    for program in $programs; do
        assertEquals "$program" '' "$("$bin/$program" --help | sed 1,3d |
            grep -vE '^ {28}[^ ]|^.{26}  [^ ]|^ {6}--[^ ]+( [^ ]+)?$')"
    done
}

testVersionIsPrinted() {
    for program in $programs; do
        for option in --version -V; do
            attempt "$bin/$program" "$option"
            ended 0
            printed "$program (minictr) $(cat "$top/VERSION")"
        done
    done
}

testHelpWinsOverWhatFollowsIt() {
    attempt ns-enter -m --help --nonsense
    ended 0
    attempt ns-enter -muh
    ended 0
}

testHelpThatCannotBeWritten() {
    attempt sh -c 'cg-limit --help >/dev/full'
    ended 125
    said_only '^cg-limit: cannot write to standard output: No space left on device$'
    attempt sh -c 'cg-limit --version >&-'
    ended 125
    said_only '^cg-limit: cannot write to standard output: Bad file descriptor$'
}

testUnknownOption() {
    for program in $programs; do
        attempt "$bin/$program" --nonsense x x
        refused "^$program: unknown option --nonsense\$"
        said "^$program: hint: \"$program --help\" lists the options\$"
    done
}

testUnknownLetter() {
    for program in $programs; do
        attempt "$bin/$program" -, x x
        refused "^$program: unknown option -,\$"
        said "^$program: hint: \"$program --help\" lists the options\$"
    done
}

testMisspeltOptionIsRecognised() {
    for program in $programs; do
        attempt "$bin/$program" --versoin
        refused "^$program: unknown option --versoin\$"
        said "^$program: hint: did you mean --version\?\$"
    done
    attempt cg-limit --memroy=1M true
    refused '^cg-limit: unknown option --memroy$'
    said '^cg-limit: hint: did you mean --memory\?$'
}

testOptionsAreNotAbbreviated() {
    attempt cg-limit --mem 30M true
    refused '^cg-limit: unknown option --mem$'
}

testUnknownOptionWithControlCharactersStaysOneLine() {
    attempt cg-limit "$(printf -- '--a\nb\033[2Jc')" true
    refused '^cg-limit: unknown option --a\?b\?\[2Jc$'
}

testVeryLongOptionStaysOneLine() {
    attempt cg-limit "--$(printf %065536d 0)" true
    refused '^cg-limit: unknown option --0000*$'
}

testMissingOperand() {
    for program in $programs; do
        set --
        for operand in $(operands "$program"); do
            attempt "$bin/$program" "$@"
            refused "^$program: $operand is missing\$"
            said "^$program: hint: usage: $program "
            set -- "$@" x
        done
    done
}

testEmptyOperand() {
    for program in $programs; do
        set --
        for operand in $(operands "$program"); do
            attempt "$bin/$program" "$@" ''
            refused "^$program: $operand is empty\$"
            set -- "$@" x
        done
    done
}

testProgIsMissingBehindOptions() {
    attempt cg-limit --memory 30M
    refused '^cg-limit: PROG is missing$'
    attempt ns-enter -mu
    refused '^ns-enter: PROG is missing$'
    attempt fd-close --
    refused '^fd-close: PROG is missing$'
}

testOptionWithoutItsArgument() {
    attempt cg-limit --memory
    refused '^cg-limit: --memory needs its argument SIZE$'
    attempt fd-close --keep
    refused '^fd-close: --keep needs its argument LIST$'
}

testOptionThatTakesNoArgument() {
    attempt ns-enter --mount=yes true
    refused '^ns-enter: --mount takes no argument$'
    attempt root-setup --read-only= / true
    refused '^root-setup: --read-only takes no argument$'
}

testOptionGivenTwice() {
    attempt cg-limit --memory 30M --memory 30M true
    refused '^cg-limit: --memory is given twice$'
    attempt cg-limit --pids=5 --name a --pids 6 true
    refused '^cg-limit: --pids is given twice$'
    attempt mnt-tmpfs --size 1M --mode 700 --size=1M /mnt true
    refused '^mnt-tmpfs: --size is given twice$'
    attempt mnt-proc --subset pid --subset pid /proc true
    refused '^mnt-proc: --subset is given twice$'
    attempt fd-close --keep 5 --keep 6 true
    refused '^fd-close: --keep is given twice$'
}

testArgumentInTheSameWordOrInTheNext() {
    for words in '--keep=7' '--keep 7'; do
        # shellcheck disable=SC2086
        attempt hostile fds 30 fd-close $words probe fds
        ended 0
        printed '0 1 2 7 '
    done
}

testArgumentMayLookLikeAnOption() {
    attempt cg-limit --name --memory true
    refused '^cg-limit: --name: "--memory" is not a name'
}

testEmptyArgumentInTheSameWord() {
    attempt cg-limit --memory= true
    refused '^cg-limit: --memory: the size is empty$'
}

testLettersInOneWord() {
    for letters in -ui -iu '-u -i' '-u -iu'; do
        # shellcheck disable=SC2086
        attempt ns-enter $letters readlink /proc/self/ns/uts /proc/self/ns/ipc /proc/self/ns/net
        ended 0
        assertEquals "$letters" 1 "$(readlink /proc/self/ns/uts /proc/self/ns/ipc /proc/self/ns/net |
            grep -cxF -f "$tmp/out")"
    done
}

testUnknownLetterAmongOthers() {
    attempt ns-enter -mu,p true
    refused '^ns-enter: unknown option -,$'
}

testDoubleDashEndsTheOptions() {
    attempt fd-close -- probe args -- a
    ended 0
    printed "$(printf '%s\n' 2d2d 61)"
}

testAfterDoubleDashComesAnOperand() {
    attempt uts-name -- --help true
    refused '^uts-name: NAME: "--help" is not a name'
    attempt fd-close -- --help
    ended 127
    printed ''
    said_only '^fd-close: cannot find --help in PATH'
}

testOptionsStopAtTheFirstOperand() {
    attempt ns-enter -u uts-name box --help
    ended 127
    printed ''
    said_only '^uts-name: cannot find --help in PATH'
}

testSingleDashIsAnOperand() {
    attempt fd-close -
    ended 127
    said_only '^fd-close: cannot find - in PATH'
}

testOptionsOfProgStayUntouched() {
    attempt fd-close probe args --help -V --keep 3 --keep=3 --nonsense -- -
    ended 0
    printed "$(for word in --help -V --keep 3 --keep=3 --nonsense -- -; do
        printf %s "$word" | od -An -tx1 | tr -d ' \n'
        echo
    done)"
}

testArgumentsOfProgStayUntouchedByteByByte() {
    all=$(printf %b "$(awk 'BEGIN { for (i = 1; i < 256; i++) printf "\\0%03o", i }')")
    attempt fd-close ns-enter -u probe args "$all" '' ' a  b ' "'\"\$x\`"
    ended 0
    assertEquals "$(printf %s "$all" | od -An -v -tx1 | tr -d ' \n')" "$(sed -n 1p "$tmp/out")"
    assertEquals 510 "$(sed -n 1p "$tmp/out" | tr -d '\n' | wc -c)"
    assertEquals '' "$(sed -n 2p "$tmp/out")"
    assertEquals 2061202062 "$(sed -n '3 s/20$//p' "$tmp/out")"
    assertEquals 2722247860 "$(sed -n 4p "$tmp/out")"
}

# A kernel before 5.18 really passes none; a newer one makes it one empty word.
testEmptyArgumentVector() {
    for program in $programs; do
        attempt hostile argc0 "$bin/$program"
        refused "^$program: (called with an empty argument vector|[A-Z]+ is missing)\$"
    done
}

# setuid_works [OPTION-OF-INSTALL...]
copies_change_identity() {
    install -o 65534 -m 4755 "$(command -v id)" "$tmp/id" && [ "$("$tmp/id" -u)" = 65534 ]
}

testSetuidCopyRefuses() {
    copies_change_identity || skip "no setuid programs in $tmp" && return
    for program in $programs; do
        install -o 65534 -m 4755 "$bin/$program" "$tmp/$program"
        for words in --help 'x x'; do
            # shellcheck disable=SC2086
            attempt "$tmp/$program" $words
            refused "^$program: must not be setuid, setgid or have file capabilities\$"
        done
        rm "$tmp/$program"
    done
}

testSetuidCopyRefusesForAnotherUserToo() {
    copies_change_identity || skip "no setuid programs in $tmp" && return
    install -o 65534 -m 4755 "$bin/ns-enter" "$tmp/ns-enter"
    attempt setpriv --reuid 65533 --regid 65533 --clear-groups "$tmp/ns-enter" -u true
    refused '^ns-enter: must not be setuid, setgid or have file capabilities$'
}

testSetgidCopyRefuses() {
    copies_change_identity || skip "no setuid programs in $tmp" && return
    install -g 65534 -m 2755 "$bin/ns-enter" "$tmp/ns-enter"
    attempt "$tmp/ns-enter" -u true
    refused '^ns-enter: must not be setuid, setgid or have file capabilities$'
}

testCopyWithFileCapabilitiesRefuses() {
    copies_change_identity || skip "no setuid programs in $tmp" && return
    install -m 755 "$bin/ns-enter" "$tmp/ns-enter"
    setcap cap_sys_chroot+ep "$tmp/ns-enter" 2>/dev/null || skip 'setcap is missing' && return
    attempt setpriv --reuid 65534 --clear-groups "$tmp/ns-enter" -u true
    refused '^ns-enter: must not be setuid, setgid or have file capabilities$'
}

# shellcheck source=/dev/null
. shunit2
