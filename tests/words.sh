# shellcheck shell=sh disable=SC1091,SC2154
# words.sh: the rules of the command line that all programs share.

. "$(dirname "$0")/lib.sh"

programs=$(cd "$bin" && echo *)
read -r version <"$top/VERSION"

# What a program's usage line asks for: its operands and PROG, if it has any, without what is optional.
operands() {
    "$bin/$1" --help | sed '
        s/^usage: [^ ]* //
        s/\[[^]]*\]//g
        s/OPTION\.\.\.//
        s/|.*//
        s/NAME\.\.\./NAME/
        q'
}

testHelpBeginsWithTheUsage() {
    for program in $programs; do
        attempt "$bin/$program" --help
        ended 0
        read -r usage <"$tmp/out"
        case $usage in
        "usage: $program "*) ;;
        *) fail "$program: $usage" ;;
        esac
        assertFalse "$program writes to standard error" "[ -s '$tmp/err' ]"
    done
}

testHelpListsTheCommonOptions() {
    for program in $programs; do
        attempt "$bin/$program" -h
        ended 0
        assertEquals "$program" 2 "$(grep -cE '^  (-h, --help|-V, --version) ' "$tmp/out")"
    done
}

testDescriptionsOfOptionsStandInOneColumn() {
    for program in $programs; do
        assertEquals "$program" '' "$("$bin/$program" --help | sed 1,3d |
            grep -vE '^ {28}[^ ]|^.{26}  [^ ]|^ {6}--[^ ]+( [^ ]+)?$')"
    done
}

testHelpFitsATerminal() {
    for program in $programs; do
        assertEquals "$program" '' "$("$bin/$program" --help | grep -E '^.{101}')"
    done
}

testVersion() {
    for program in $programs; do
        for option in --version -V; do
            attempt "$bin/$program" "$option"
            ended 0
            read -r line <"$tmp/out"
            assertEquals "$program (minictr) $version" "$line"
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
    refused 'cg-limit: cannot write to standard output: No space left on device'
    attempt sh -c 'cg-limit --version >&-'
    refused 'cg-limit: cannot write to standard output: Bad file descriptor'
}

testUnknownOption() {
    for program in $programs; do
        attempt "$bin/$program" --nonsense x x
        refused "$program: unknown option --nonsense"
        assertEquals "$program: hint: \"$program --help\" lists the options" "$hint"
    done
}

testUnknownLetter() {
    for program in $programs; do
        attempt "$bin/$program" -, x x
        refused "$program: unknown option -,"
        assertEquals "$program: hint: \"$program --help\" lists the options" "$hint"
    done
}

testMisspeltCommonOptionIsRecognised() {
    for program in $programs; do
        attempt "$bin/$program" --versoin
        refused "$program: unknown option --versoin"
        assertEquals "$program: hint: did you mean --version?" "$hint"
    done
}

testMisspeltOwnOptionIsRecognised() {
    attempt cg-limit --memroy=1M true
    refused 'cg-limit: unknown option --memroy'
    assertEquals 'cg-limit: hint: did you mean --memory?' "$hint"
}

testOptionsAreNotAbbreviated() {
    attempt cg-limit --mem 30M true
    refused 'cg-limit: unknown option --mem'
}

testControlCharactersAreNotPassedOn() {
    attempt cg-limit "$(printf -- '--a\nb\033;2Jc\177')" true
    refused 'cg-limit: unknown option --a[?]b[?];2Jc[?]'
}

testVeryLongOptionIsOneLine() {
    attempt cg-limit "--$(printf %065536d 0)" true
    refused 'cg-limit: unknown option --0000*'
}

# good OPERAND: one that is read without a complaint.
good() {
    case $1 in
    *=*) echo core=0 ;;
    LIST) echo none ;;
    *) echo x ;;
    esac
}

testMissingOperand() {
    for program in $programs; do
        set --
        for operand in $(operands "$program"); do
            attempt "$bin/$program" "$@"
            refused "$program: $operand is missing"
            case $hint in
            "$program: hint: usage: $program "*) ;;
            *) fail "no usage: $hint" ;;
            esac
            set -- "$@" "$(good "$operand")"
        done
    done
}

testEmptyOperand() {
    for program in $programs; do
        set --
        for operand in $(operands "$program"); do
            attempt "$bin/$program" "$@" ''
            refused "$program: $operand is empty"
            set -- "$@" "$(good "$operand")"
        done
    done
}

testProgIsMissingBehindOptions() {
    attempt cg-limit --memory 30M
    refused 'cg-limit: PROG is missing'
    attempt ns-enter -mu
    refused 'ns-enter: PROG is missing'
    attempt fd-close --
    refused 'fd-close: PROG is missing'
}

testOptionWithoutItsArgument() {
    attempt cg-limit --memory
    refused 'cg-limit: --memory needs its argument SIZE'
    attempt fd-close --keep
    refused 'fd-close: --keep needs its argument LIST'
}

testOptionThatTakesNoArgument() {
    attempt ns-enter --mount=yes true
    refused 'ns-enter: --mount takes no argument'
    attempt root-setup --read-only= / true
    refused 'root-setup: --read-only takes no argument'
}

testOptionGivenTwice() {
    attempt cg-limit --memory 30M --memory 30M true
    refused 'cg-limit: --memory is given twice'
    attempt cg-limit --pids=5 --name a --pids 6 true
    refused 'cg-limit: --pids is given twice'
    attempt mnt-tmpfs --size 1M --mode 700 --size=1M x true
    refused 'mnt-tmpfs: --size is given twice'
    attempt mnt-proc --subset pid --subset pid x true
    refused 'mnt-proc: --subset is given twice'
    attempt fd-close --keep 5 --keep 6 true
    refused 'fd-close: --keep is given twice'
    attempt minictr --root / --root / true
    refused 'minictr: --root is given twice'
}

testArgumentInTheSameWord() {
    attempt hostile fds 30 fd-close --keep=7 probe fds
    ended 0
    printed '0 1 2 7 '
}

testArgumentInTheNextWord() {
    attempt hostile fds 30 fd-close --keep 7 probe fds
    ended 0
    printed '0 1 2 7 '
}

testArgumentMayLookLikeAnOption() {
    attempt cg-limit --name --memory true
    refused 'cg-limit: --name: "--memory" is not a name*'
}

testEmptyArgument() {
    attempt cg-limit --memory= true
    refused 'cg-limit: --memory: the size is empty'
    attempt cg-limit --memory '' true
    refused 'cg-limit: --memory: the size is empty'
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
    refused 'ns-enter: unknown option -,'
}

testDoubleDashEndsTheOptions() {
    attempt fd-close -- probe args -- a
    ended 0
    printed "$(printf '%s\n' 2d2d 61)"
}

testAfterDoubleDashComesAnOperand() {
    attempt uts-name -- --help true
    refused 'uts-name: NAME: "--help" is not a name*'
}

# missing_prog STAGE NAME: asserts that the stage looked for a program of that name.
missing_prog() {
    ended 127
    printed ''
    said_only "^$1: cannot find $2 in PATH"
}

testAfterDoubleDashComesProg() {
    attempt fd-close -- --help
    missing_prog fd-close --help
}

testOptionsStopAtTheFirstOperand() {
    attempt ns-enter -u uts-name box --help
    missing_prog uts-name --help
}

testSingleDashIsNoOption() {
    attempt fd-close -
    missing_prog fd-close -
}

hexadecimal() {
    printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
    echo
}

testOptionsOfProgPassUntouched() {
    attempt fd-close probe args --help -V --keep --keep=3 -- -
    ended 0
    printed "$(for word in --help -V --keep --keep=3 -- -; do hexadecimal "$word"; done)"
}

testEveryByteOfProgsArgumentsPassesUntouched() {
    all=$(printf %b "$(awk 'BEGIN { for (i = 1; i < 256; i++) printf "\\0%03o", i }')")
    attempt fd-close ns-enter -u probe args "$all"
    ended 0
    printed "$(hexadecimal "$all")"
    assertEquals 'two digits a byte and a line break' 511 "$(wc -c <"$tmp/out")"
}

testEmptyAndBlankArgumentsOfProgPassUntouched() {
    attempt fd-close ns-enter -u probe args '' ' a  b ' ''
    ended 0
    assertEquals '|206120206220||' "$(tr '\n' '|' <"$tmp/out")"
}

# A kernel before 5.18 really passes none; a newer one makes it one empty word.
testEmptyArgumentVector() {
    for program in $programs; do
        [ -n "$(operands "$program" | tr -d ' ')" ] || continue
        attempt hostile argc0 "$bin/$program"
        case $(cat "$tmp/err") in
        *missing*) refused "$program: [A-Z]* is missing" ;;
        *) refused "$program: called with an empty argument vector" ;;
        esac
    done
}

copies_change_identity() {
    install -o 65534 -m 4755 "$(command -v id)" "$tmp/id" && [ "$("$tmp/id" -u)" = 65534 ]
}

testSetuidCopyRefuses() {
    copies_change_identity || { skip "no setuid programs in $tmp" && return; }
    for program in $programs; do
        install -o 65534 -m 4755 "$bin/$program" "$tmp/$program"
        for words in --help 'x x'; do
            # shellcheck disable=SC2086
            attempt "$tmp/$program" $words
            refused "$program: must not be setuid, setgid or have file capabilities"
        done
        rm "$tmp/$program"
    done
}

testSetuidCopyRefusesForAnotherUser() {
    copies_change_identity || { skip "no setuid programs in $tmp" && return; }
    install -o 65534 -m 4755 "$bin/ns-enter" "$tmp/ns-enter"
    attempt setpriv --reuid 65533 --regid 65533 --clear-groups "$tmp/ns-enter" -u true
    refused 'ns-enter: must not be setuid, setgid or have file capabilities'
}

testSetgidCopyRefuses() {
    copies_change_identity || { skip "no setuid programs in $tmp" && return; }
    install -g 65534 -m 2755 "$bin/ns-enter" "$tmp/ns-enter"
    attempt "$tmp/ns-enter" -u true
    refused 'ns-enter: must not be setuid, setgid or have file capabilities'
}

testCopyWithFileCapabilitiesRefuses() {
    copies_change_identity || { skip "no setuid programs in $tmp" && return; }
    install -m 755 "$bin/ns-enter" "$tmp/ns-enter"
    setcap cap_sys_chroot+ep "$tmp/ns-enter" 2>/dev/null || { skip 'no setcap' && return; }
    attempt setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/ns-enter" -u true
    refused 'ns-enter: must not be setuid, setgid or have file capabilities'
}

. shunit2
