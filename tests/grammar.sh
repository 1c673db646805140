# shellcheck shell=sh disable=SC1091,SC2016,SC2086,SC2154
# grammar.sh: the chain that is kept with a container, and which of its words belong to which stage.

. "$(dirname "$0")/ctr.lib.sh"

attribute=trusted.minictr.chain

directories() {
    find /sys/fs/cgroup -maxdepth 6 -type d -path "*/minictr/$name"
}

# kept: prints what is kept with the container, as it is; nothing when there is nothing.
kept() {
    for directory in $(directories); do
        getfattr --absolute-names --only-values -n $attribute "$directory" 2>/dev/null && return
    done
}

needs_attributes() {
    needs_root && return
    command -v getfattr >/dev/null && return 1
    skip 'getfattr is not installed'
}

# keep WORD...: changes it.
keep() {
    hexadecimal=0x$(printf '%s\0' "$@" | od -An -v -tx1 | tr -d ' \n')
    for directory in $(directories); do
        setfattr -n $attribute -v "$hexadecimal" "$directory" || fail "$directory"
    done
}

# limited WORD...: a container that is a group alone, and what is kept with it.
limited() {
    start cg-limit --name "$name" "$@"
    await 20 runs "$name" sleep || fail "it did not start: $(cat "$tmp/err")"
    kept >"$tmp/kept"
}

# -- What is kept

testAllWordsAreKept() {
    needs_attributes && return
    limited sleep 1000
    printf '%s\0' sleep 1000 | cmp - "$tmp/kept" || fail "$(od -c "$tmp/kept")"
    stop "$started"
    assertEquals '' "$(directories)"
    limited --pids 50 --memory 64M ns-enter -mp root-setup "$root" mnt-proc /proc sleep 1000
    printf '%s\0' ns-enter -mp root-setup "$root" mnt-proc /proc sleep 1000 | cmp - "$tmp/kept" || fail "$(od -c "$tmp/kept")"
    stop "$started"
}

testEveryByteOfThem() {
    needs_attributes && return
    all=$(awk 'BEGIN { for (i = 1; i < 256; i++) printf "\\%o", i }')
    # shellcheck disable=SC2059
    all=$(printf "$all.")
    limited sh -c 'exec sleep 1000' '' "$all" 'a b' -- --help '' "
"
    printf '%s\0' sh -c 'exec sleep 1000' '' "$all" 'a b' -- --help '' "
" | cmp - "$tmp/kept" || fail "$(od -c "$tmp/kept")"
    stop "$started"
}

# The kernel keeps no more than 64 KiB.
testALongChain() {
    needs_attributes && return
    for size in 65500 65536 65537 100000; do
        # Ended by a zero byte each: "sh", "-c", "exec sleep 1000" are 22 bytes, and one is behind the filling.
        limited sh -c 'exec sleep 1000' "$(printf "%0$((size - 23))d" 0)"
        if [ $size -le 65536 ]; then
            assertEquals $size "$(wc -c <"$tmp/kept")"
        else
            assertEquals "$size bytes" 0 "$(wc -c <"$tmp/kept")"
            attempt ctr-exec "$name" echo reached
            refused "ctr-exec: no chain is kept with the container $name: *"
        fi
        stop "$started"
        assertEquals 143 "$status"
    done
}

testWithoutThePower() {
    needs_attributes && return
    limited sleep 1000
    stop "$started"
    start setpriv --bounding-set -sys_admin --inh-caps -sys_admin cg-limit --name "$name" sleep 1000
    await 20 runs "$name" sleep || fail "it did not start: $(cat "$tmp/err")"
    assertEquals '' "$(kept)"
    assertEquals 'it says nothing' '' "$(cat "$tmp/err")"
    attempt ctr-exec "$name" echo reached
    refused "ctr-exec: no chain is kept with the container $name: it was not made by root, or *"
    stop "$started"
    assertEquals 143 "$status"
}

testAUsersContainerHasNone() {
    [ "$(id -u)" = 0 ] && skip 'for a user' && return
    box "$name" sleep 1000
    attempt ctr-exec "$name" echo reached
    refused "ctr-exec: no chain is kept with the container $name: it was not made by root, or *"
    stop "$started"
}

testTheKernelKeepsNone() {
    needs_attributes && return
    needs_strace && return
    for error in EPERM ENOSPC EOPNOTSUPP E2BIG; do
        inject fsetxattr:error=$error cg-limit --name "$name" sh -c 'echo reached; exit 6'
        ended 6
        printed reached
        assertEquals '' "$(cat "$tmp/err")"
    done
}

testOnlyRootCanReadIt() {
    needs_attributes && return
    limited sleep 1000
    for directory in $(directories); do
        as_nobody getfattr --absolute-names --only-values -n $attribute "$directory"
        printed ''
    done
    stop "$started"
}

testItCannotBeRead() {
    needs_attributes && return
    needs_strace && return
    box "$name" sleep 1000
    faulty fgetxattr:error=EIO "ctr-exec: cannot read the chain of the container: $attribute: *" ctr-exec "$name" true
    faulty fgetxattr:error=ENODATA "ctr-exec: no chain is kept with the container $name: *" ctr-exec "$name" true
    stop "$started"
}

# -- Whose the words are

# cut STAGE WORD...: keeps a chain in which a cwd-set follows the stage, and asserts that it is found there.
# What stands before that in what is printed goes to $tmp/words, a line for a stage.
cut() {
    keep root-setup /root "$@" cwd-set /there pid-init sleep
    attempt ctr-exec --print "$name" /prog
    ended 0
    sed 's/^ *//; s/ \\$//' "$tmp/out" >"$tmp/words"
    assertEquals "$*" 'cwd-set /there pid-fork /prog' "$(tail -n 3 "$tmp/words" | tr '\n' ' ' | sed 's/ $//')"
    sed -i '1,/^ns-enter/d; /^cwd-set .there/,$d' "$tmp/words"
}

# again STAGE WORD...: the same, and the stage is done again with these words.
again() {
    cut "$@"
    assertEquals "$*" "$(cat "$tmp/words")"
}

# forms STAGE: prints for each of its options the ways to give it, a line each, with an argument that is the
# name of a stage.
forms() {
    "$1" --help | sed -nE 's/^  (-(.), |    )--([a-z-]+)( ?)(\[?)([^ ]*).*/\2|\3|\4|\5|\6/p' |
        while IFS='|' read -r letter option space bracket value; do
            case $option in help | version) continue ;; esac
            if [ "$bracket" ]; then
                echo "--$option"
                echo "--$option=tty-pty"
            elif [ "$space" ] && [ "$value" ]; then
                echo "--$option tty-pty"
                echo "--$option=tty-pty"
                echo "--$option=--$option"
                echo "--$option --help"
                [ ! "$letter" ] || echo "-$letter tty-pty"
                [ ! "$letter" ] || echo "-${letter}tty-pty"
            else
                echo "--$option"
                [ ! "$letter" ] || echo "-$letter"
            fi
        done
}

# operands STAGE: prints as many as it has.
operands() {
    "$1" --help | sed -n "1s/usage: $1 //p" | tr ' ' '\n' |
        sed '/^PROG$/,$d; /OPTION/d; s/.*=.*/A=uts-name B= cap-keep=x/; t; s/.*/priv-lock/' | tr '\n' ' '
}

testEveryFormOfEveryOption() {
    needs_attributes && return
    box "$name" sleep 1000
    count=0
    for file in "$bin"/*; do
        stage=${file##*/}
        case $stage in ctr-* | minictr) continue ;; esac
        operands=$(operands "$stage")
        cut "$stage" $operands
        cut "$stage" -- $operands
        forms "$stage" >"$tmp/forms"
        while read -r words; do
            case $stage:$words in sys-filter:--file* | sys-filter:--bpf*) continue ;; esac
            count=$((count + 1))
            cut "$stage" $words $operands
        done <"$tmp/forms"
        # All that are no more than a switch at once, and those with one letter in one word.
        switches=$(grep -v '[ =]' "$tmp/forms" | grep -- -- | tr '\n' ' ')
        cut "$stage" $switches $operands
        letters=$(grep -x -- '-.' "$tmp/forms" | tr -d '\n-')
        [ ! "$letters" ] || cut "$stage" "-$letters" $operands
    done
    assertTrue "$count forms" "[ $count -gt 100 ]"
    # The policy that is a file is refused, in its place.
    for option in --file --bpf; do
        keep root-setup /root sys-filter $option tty-pty cwd-set /there pid-init sleep
        attempt ctr-exec --print "$name" /prog
        refused "ctr-exec: the policy of the container's sys-filter was a file: $option cannot be done again"
        attempt ctr-exec --privileged --print "$name" /prog
        ended 0
        assertEquals 'cwd-set /there' "$(sed -n 's/ \\$//; s/^ *\(cwd-set\)/\1/p' "$tmp/out")"
    done
    stop "$started"
}

testWhatIsDoneAgainHasTheSameWords() {
    needs_attributes && return
    box "$name" sleep 1000
    again env-set A=1 B=two
    again env-set --clear --unset env-set --unset=B A=1 --
    again env-set --clear --
    again env-set -- A=--
    again res-limit core=0 nofile=64:64
    again res-limit core=0 --
    again res-limit -- core=0
    again id-set 5:6
    again id-set --env --umask 027 --groups=5,6 -- 5:6
    again cap-keep -- none
    again priv-lock --scope=sockets,signals --no-userns
    again priv-lock --
    again fs-allow --exec / --ro=/usr --rw fs-allow
    again sys-filter --default --deny=ptrace:kill --allow read
    again cwd-set /elsewhere
    stop "$started"
}

testSwitchesInOneWord() {
    needs_attributes && return
    box "$name" sleep 1000
    cut ns-enter -mupinCT
    cut ns-enter -mu --target 1:2 -p
    cut ns-enter --target=1 --no-fork -muip
    cut ns-enter -m -u --
    stop "$started"
}

testOperandsThatAreNamesOfStages() {
    needs_attributes && return
    box "$name" sleep 1000
    cut uts-name cap-keep
    cut uts-name root-setup
    cut mnt-bind cwd-set cwd-set
    cut mnt-bind --ro -- --map cwd-set
    cut cg-limit --name cwd-set --pids 5
    cut cg-join cwd-set
    again cwd-set cwd-set
    again env-set cwd-set=/x
    stop "$started"
}

# Where the stages end PROG begins, whatever it and its arguments are called.
testBehindProg() {
    needs_attributes && return
    box "$name" sleep 1000
    for prog in /bin/cap-keep ./cap-keep cap-keeper CAP-KEEP minictr ctr-exec ''; do
        keep root-setup /root "$prog" cwd-set /there
        attempt ctr-exec --print "$name" /prog
        ended 0
        assertEquals "$prog" 0 "$(grep -c cwd-set "$tmp/out")"
    done
    # The root was not reached by then.
    keep env root-setup /root cap-keep none sh
    attempt ctr-exec --print "$name" /prog
    refused "ctr-exec: the chain that made $name left the stages before it had a root *"
    keep uts-name root-setup env
    attempt ctr-exec --print "$name" /prog
    refused "ctr-exec: the chain that made $name left the stages before it had a root *"
    stop "$started"
}

# Such a chain has made no container; somebody has written it.
testWrongWords() {
    needs_attributes && return
    box "$name" sleep 1000
    keep root-setup
    attempt ctr-exec --print "$name" /prog
    refused 'ctr-exec: an operand is missing'
    keep root-setup --unheard-of /root true
    attempt ctr-exec --print "$name" /prog
    refused 'ctr-exec: unknown option --unheard-of'
    keep root-setup /root cap-keep
    attempt ctr-exec --print "$name" /prog
    refused 'ctr-exec: an operand is missing'
    # Not ended by a zero byte: no word.
    for directory in $(directories); do
        setfattr -n $attribute -v root-setup "$directory"
    done
    attempt ctr-exec --print "$name" /prog
    refused "ctr-exec: the chain that made $name left the stages before it had a root *"
    stop "$started"
}

# PROG may look like an option, or a pair; and what was recorded may have a "--" at its end already.
testProgBehindTheWordsOfAStage() {
    needs_attributes && return
    start cg-limit --name "$name" ns-enter -mu root-setup "$root" mnt-proc /proc sleep 1000
    await 20 runs "$name" sleep || fail "$(cat "$tmp/err")"
    while read -r expected words; do
        keep root-setup /root $words sleep
        prog=${expected##*,}
        attempt ctr-exec --print "$name" "$prog"
        assertEquals "$words" "$expected" "$(sed '1,/ns-enter/d; s/^ *//; s/ \\$//' "$tmp/out" | tr ' \n' '__' | sed 's/_$//; s/_\([^_]*\)$/,\1/')"
    done <<'END'
priv-lock_--,-prog priv-lock
priv-lock_--,-prog priv-lock --
cap-keep_none,-prog cap-keep none
cap-keep_--_none,-prog cap-keep -- none
env-set_A=1,prog env-set A=1
env-set_A=1_--,a=b env-set A=1
END
    stop "$started"
}

. shunit2
