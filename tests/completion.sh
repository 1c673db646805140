# shellcheck shell=sh disable=SC1091,SC2088,SC2154
# completion.sh: what TAB offers in bash and zsh (Doc/completion.bash, Doc/completion.zsh).

. "$(dirname "$0")/lib.sh"

programs=$(cd "$bin" && echo *)
bash_file=$top/Doc/completion.bash zsh_file=$top/Doc/completion.zsh
export bash_file

# Prints for each line what bash is offered for its end, sorted, in a line; in braces what bash is
# asked to add. COMP_WORDS is split as bash does it.
cat >"$tmp/offers" <<'OFFERS'
. "$bash_file"
eval "$settings"
compopt() {
    case $* in
    '-o bashdefault -o default') notes+=' {files}' ;;
    '-o dirnames') notes+=' {directories}' ;;
    '-o nospace') notes+=' {no blank}' ;;
    *) notes+=" {$*}" ;;
    esac
}
word='^[[:space:]]*([=:]+|('\''[^'\'']*('\''|$)|"[^"]*("|$)|\\.|[^=:[:space:]"'\''\])+)'
while IFS= read -r COMP_LINE <&3; do
    COMP_WORDS=() rest=$COMP_LINE notes=
    while [[ $rest =~ $word ]]; do
        COMP_WORDS+=("${BASH_REMATCH[1]}")
        rest=${rest:${#BASH_REMATCH[0]}}
    done
    [[ $COMP_LINE != *' ' ]] || COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_POINT=${#COMP_LINE}
    "${function:-_minictr}" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" ''
    offered=$({ ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"; } | LC_ALL=C sort -u | paste -sd ' ')
    notes=$offered$notes
    printf '%s\n' "${notes# }"
done
OFFERS

# offers LINE...: leaves what is offered in $tmp/out. $settings is executed before.
offers() {
    printf '%s\n' "$@" >"$tmp/typed"
    settings=${settings:-} bash --norc --noprofile "$tmp/offers" 3<"$tmp/typed" >"$tmp/out" 2>"$tmp/err"
    assertEquals "$1: errors" '' "$(cat "$tmp/err")"
}

# offered LINE WORDS: asserts that just these are offered.
offered() {
    offers "$1"
    assertEquals "$1" "$2" "$(cat "$tmp/out")"
}

# The same for many lines: "want" notes a LINE and its WORDS, "all_offered" asserts them.
want() {
    printf '%s\t%s\n' "$1" "$2" >>"$tmp/wanted"
}

all_offered() {
    cut -f 1 "$tmp/wanted" >"$tmp/typed"
    bash --norc --noprofile "$tmp/offers" 3<"$tmp/typed" >"$tmp/out" 2>"$tmp/err"
    assertEquals '' "$(cat "$tmp/err")"
    assertEquals '' "$(paste "$tmp/typed" "$tmp/out" | diff "$tmp/wanted" -)"
    rm "$tmp/wanted"
}

# What the option lines of a program's --help begin with: "-r --read-only", "--size SIZE".
labels() {
    "$bin/$1" --help | sed -n 's/^  \(-.\), /  \1 /; s/^ *\(\(-. \)\{0,1\}--[^ []*\( [^ ]\{1,\}\)\{0,1\}\).*/\1/p'
}

# All options of a program, sorted, in a line.
options() {
    labels "$1" | tr ' ' '\n' | grep ^- | LC_ALL=C sort | paste -sd ' '
}

# As many operands as the program needs, named as one of ours where they are names.
good_operands() {
    "$bin/$1" --help | sed '
        s/^usage: [^ ]* //
        s/\[[^]]*\]//g
        s/OPTION\.\.\.//
        s/[^ ]*=[^ ]*/core=0/
        s/ *PROG.*//
        s/[A-Z][A-Z]*/minictr/g
        q'
}

# array NAME FILE: the words of an array in a file of a shell, sorted.
array() {
    sed -n "/$1=(/,/)/p" "$2" | sed 's/.*(//; s/).*//' | xargs -n 1 | LC_ALL=C sort
}

testNamesAreThoseOfTheSources() {
    sources=$(cd "$top/stages" && for file in *.c; do echo "${file%.c}"; done | LC_ALL=C sort)
    assertEquals "$bash_file" "$sources" "$(array _minictr_programs "$bash_file")"
    assertEquals "$zsh_file" "$sources" \
        "$(sed -n '1s/^#compdef //p' "$zsh_file" | tr ' ' '\n' | LC_ALL=C sort)"
    assertEquals 'complete' "$sources" \
        "$(bash --norc -c '. "$bash_file"; complete -p' | sed -n 's/.*-F _minictr //p' | LC_ALL=C sort)"
}

testWordsAreThoseOfTheSources() {
    capabilities=$(sed -n '/^static const char \*const names/,/^}/p' "$top/shared/capability.c" |
        grep -o '"[a-z_]*"' | tr -d '"' | LC_ALL=C sort)
    limits=$("$bin/res-limit" --help | tr '\n' ' ' | sed 's/.*NAME: //; s/\..*//; s/ or /,/; s/,/ /g' |
        xargs -n 1 | LC_ALL=C sort)
    for file in "$bash_file" "$zsh_file"; do
        assertEquals "$file" "$capabilities" "$(array _minictr_capabilities "$file")"
        assertEquals "$file" "$limits" "$(array _minictr_limits "$file")"
    done
    attempt mnt-proc --hidepid x /proc true
    refused 'mnt-proc: *is none of off, noaccess, invisible, ptraceable'
    offered 'mnt-proc --hidepid ' 'invisible noaccess off ptraceable'
    case $("$bin/priv-lock" --help | tr -s '\n ' ' ') in
    *' sockets, signals ('*' noroot, no-setuid-fixup, no-cap-ambient-raise: '*) ;;
    *) fail 'priv-lock --help lists other words' ;;
    esac
    offered 'priv-lock --scope ' 'signals sockets'
    offered 'priv-lock --securebits ' 'no-cap-ambient-raise no-setuid-fixup noroot'
}

testEveryOption() {
    for program in $programs; do
        expected=$(options "$program")
        for line in "$program" "$bin/$program" "fd-close -- $program" "ns-enter -mup $bin/$program"; do
            want "$line -" "$expected"
        done
        # Each of them, once it is typed; a longer one may begin with it.
        for option in $expected; do
            want "$program $option" \
                "$(echo "$expected" | tr ' ' '\n' | grep -e "^$option" | paste -sd ' ')"
        done
    done
    all_offered
}

# The argument is not taken for an operand, or PROG, or what has none not for one that has.
testEveryOptionsArgument() {
    for program in $programs; do
        expected=$(options "$program")
        labels "$program" >"$tmp/labels"
        while read -r option argument; do
            case $argument in
            --*)
                want "$program $option -" "$expected"
                want "$program $argument -" "$expected"
                ;;
            '') want "$program $option -" "$expected" ;;
            *)
                for line in "$option cap-keep" "$option -- $option=cap-keep" "$option=cap-keep" "$option ''"; do
                    want "$program $line -" "$expected"
                done
                echo "$program $option -" >>"$tmp/arguments"
                ;;
            esac
        done <"$tmp/labels"
    done
    all_offered
    bash --norc --noprofile "$tmp/offers" 3<"$tmp/arguments" >"$tmp/out"
    assertEquals "$(wc -l <"$tmp/arguments")" "$(wc -l <"$tmp/out")"
    assertFalse 'options in place of an argument' "grep -e --version '$tmp/out'"
}

# takes_prog PROGRAM: says whether it is a stage.
takes_prog() {
    "$bin/$1" --help | grep -q '^usage:.* PROG'
}

testEveryOperand() {
    for program in $programs; do
        takes_prog "$program" || continue
        operands=$(good_operands "$program")
        for line in "$program $operands" "$program -- $operands"; do
            want "$line root-setup --no" --nodev
            want "$line root-s" 'root-setup {files}'
            case $line in
            *' ') ;; # no operands, and so an option
            *) want "$line -" '{files}' ;;
            esac
        done
    done
    all_offered
}

testChains() {
    offered 'minictr --root R cap-keep --' '--help --version'
    offered 'minictr --root cap-keep --pri' '--print --privileged'
    offered 'ns-enter -m root-set' 'root-setup {files}'
    offered 'fd-close uts-name minictr root-setup --no' --nodev
    offered 'uts-name minictr --' '{files}'
    offered 'mnt-bind -r uts-name minictr mnt-proc --sub' --subset
    offered 'mnt-bind mnt-proc ' '{files}'
    offered 'res-limit core=0 nofile=1:2 cg-limit --cpu-' --cpu-weight
    offered 'env-set --unset minictr A=b minictr=x cg-limit --cpu-' --cpu-weight
    offered 'env-set cg-limit --cpu-' --cpu-weight
    offered 'fd-close -- --keep ns-enter -' "$(options ns-enter)"
    offered 'fd-close - ns-enter --mo' --mount
    # Programs of other people, between two stages and at the end.
    offered 'ns-enter -mp strace -f -o log root-setup --no' --nodev
    offered 'minictr --bare ls --' '{files}'
    offered 'sudo -E minictr --pri' '--print --privileged'
    # Nothing of ours, or nothing that there is.
    offered 'ls -l ' '{files}'
    offered 'fd-close mnt-nothing --' '{files}'
    offered 'fd-close cg-limitx --' '{files}'
}

testContainers() {
    name=t$$
    start cg-limit --name "$name" sleep 1000
    await 20 eval 'ctr-ls "$name" 2>/dev/null | grep -q sleep'
    for line in "ctr-stat $name" "ctr-kill $name" "ctr-pause x $name" "ctr-ls $name" "ctr-kill --signal HUP x $name"; do
        offered "${line%??}" "$name"
    done
    offered 'ctr-ls NAM' ''
    offered "ctr-stat x $name" ''
    offered "uts-name ${name%??}" ''
    kill "$started"
    wait "$started" || :
}

testValues() {
    offered 'minictr --root ' '{directories}'
    offered 'minictr --root=x' '{directories}'
    offered 'minictr --tmpfs ' '{directories}'
    offered 'root-setup -r ' '{directories}'
    offered 'mnt-mask --hide ' '{files}'
    offered 'mnt-bind ' '{files}'
    offered 'mnt-bind x ' '{files}'
    offered 'minictr --bind ' '{files}'
    offered 'minictr --bind /srv:/' '{files}'
    offered 'minictr --io ' '{files}'
    offered 'mnt-overlay --lower ' '{files}'
    offered 'minictr --sys-filter d' 'default {files}'
    offered 'sys-filter --file ' '{files}'
    offered 'mnt-proc --subset ' pid
    offered 'mnt-proc --subset=' pid
    offered 'minictr --net ' 'host none'
    offered 'minictr --userns=a' auto
    for nothing in 'cg-limit --memory' 'cg-limit --cpus' 'minictr --cpus' 'fd-close --keep' 'minictr --name' \
        'sys-filter --deny' 'minictr --hostname' 'uts-name' 'mnt-tmpfs --mode' 'cg-limit --status-fd'; do
        offered "$nothing " ''
    done
    offered 'minictr --memory=' ''
    offered 'minictr --print=' ''
}

testUsersAndGroups() {
    offered 'id-set roo' root
    offered 'id-set root:roo' root
    offered 'minictr --user roo' root
    offered 'minictr --user=roo' root
    offered 'minictr --user=root:roo' root
    offered 'id-set --groups roo' root
    offered 'id-set --groups daemon,roo' daemon,root
    offered 'id-set --groups daemon,root,roo' ''
}

testCapabilities() {
    all="$(array _minictr_capabilities "$bash_file"; printf '%s\n' all default none)"
    all=$(printf '%s\n' "$all" | LC_ALL=C sort | paste -sd ' ')
    offered 'cap-keep ' "$all"
    offered 'minictr --cap-keep ' "$all"
    offered 'minictr --cap-keep=' "$all"
    offered 'minictr --cap-keep=d' 'dac_override dac_read_search default'
    offered 'cap-keep chown,net_b' 'chown,net_bind_service chown,net_broadcast'
    offered 'cap-keep net_broadcast,chown,net_b' net_broadcast,chown,net_bind_service
    offered 'cap-keep chown,d' 'chown,dac_override chown,dac_read_search'
    offered 'cap-keep none n' "$(offers 'fd-close n' && cat "$tmp/out")"
}

testVariablesAndLimits() {
    settings='export MINICTR_TEST_ONE= MINICTR_TEST_TWO='
    offered 'env-set MINICTR_TEST_O' 'MINICTR_TEST_ONE= {no blank} {files} {no blank}'
    offered 'env-set A=b MINICTR_TEST_O' 'MINICTR_TEST_ONE= {no blank} {files} {no blank}'
    offered 'env-set --unset MINICTR_TEST_' 'MINICTR_TEST_MARK MINICTR_TEST_ONE MINICTR_TEST_TWO'
    offered 'minictr --env MINICTR_TEST_T' 'MINICTR_TEST_TWO= {no blank}'
    offered 'minictr --env=MINICTR_TEST_T' 'MINICTR_TEST_TWO= {no blank}'
    offered 'res-limit nof' 'nofile= {no blank}'
    offered 'minictr --rlimit nof' 'nofile= {no blank}'
    offered 'res-limit mnt-b' ''
    offered 'res-limit core=0 mnt-b' 'mnt-bind {files}'
    settings=''
}

testQuotes() {
    offered 'fd-close "cap-k' 'cap-keep {files}'
    offered "'fd-close' \"cap-keep\" no" none
    offered 'minictr --root "a cap-keep b" --pri' '--print --privileged'
    offered "minictr --root 'a --x=y' --pri" '--print --privileged'
    offered 'minictr --root a\ cap-keep\ b --pri' '--print --privileged'
    offered 'uts-name "" cap-keep no' none
    offered 'fd-close "cap-keep cg-limit" --' '{files}'
    offered "cap-keep 'chown,net_bi" chown,net_bind_service
    ln -s "$bin" "$tmp/a ]\$(b) c"
    offered "'$tmp/a ]\$(b) c/ns-enter' -m root-setup --no" --nodev
}

testCursorInsideTheLine() {
    settings='at() { COMP_POINT=20 COMP_CWORD=2; _minictr; }; function=at'
    offered 'ns-enter -m root-set-nothing --nodev x' 'root-setup {files}'
    offered 'minictr --root --cap-nothing' '{directories}'
    settings='at() { COMP_POINT=13 COMP_CWORD=1; _minictr; }; function=at'
    offered 'minictr --cap-nothing x' --cap-keep
    settings=''
}

# Bash does not split at "=" and ":" when the user does not want it to.
testOtherWordBreaks() {
    settings='whole() { COMP_WORDS=($COMP_LINE) COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _minictr; }; function=whole'
    offered 'minictr --user=root:roo' --user=root:root
    offered 'minictr --cap-keep=chown,ki' --cap-keep=chown,kill
    settings=''
}

testSettingsOfTheShell() {
    for settings in 'set -u' 'set -f' 'IFS=-_' 'shopt -s failglob' 'shopt -s nullglob' 'shopt -s extglob' 'set -o posix' \
        'shopt -s nocasematch' 'shopt -s dotglob globstar' 'set -E; trap "echo trapped >&2" ERR'; do
        offered 'ns-enter -mup strace root-setup --no' --nodev
        offered 'cap-keep chown,net_bi' chown,net_bind_service
        offered 'minictr --cap-keep=chown,ki' chown,kill
        offered 'env-set A=b root-setup ' '{directories}'
        offered 'minictr --rlimit nof' 'nofile= {no blank}'
    done
    settings=''
}

# What completes other programs is given the rest of the line, when bash-completion is there.
testProgramsOfOtherPeople() {
    for function in _command_offset _comp_command_offset; do
        settings="$function() { COMPREPLY=(\"offset \$1\"); }"
        offered 'minictr --user=a:b ls -' 'offset 6'
        offered 'minictr ls' "$(settings='' offers 'fd-close ls' && cat "$tmp/out")"
        offered 'ns-enter -m strace -f root-setup . git -' 'offset 6'
        offered 'ls -' '{files}'
    done
    settings=''
}

# One that is not executed for real must not be executed for completion.
testPathsFurtherOnAreNotExecuted() {
    mkdir -p "$tmp/image" "$tmp/alone"
    printf '#!/bin/sh\necho executed >%s/proof\n' "$tmp" >"$tmp/image/root-setup"
    chmod +x "$tmp/image/root-setup"
    offered "ns-enter -m $tmp/image/root-setup --no" --nodev
    offered "minictr --root $tmp/image $tmp/image/root-setup --no" --nodev
    offered "minictr $tmp/image/root-setup" '{files}'
    assertFalse 'executed' "[ -e '$tmp/proof' ]"
    offered "$tmp/image/root-setup --no" ''
    assertTrue 'not even the first' "[ -e '$tmp/proof' ]"
}

testStagesBesideTheFirstOne() {
    settings='PATH=/usr/bin:/bin'
    offered "$bin/ns-enter -m root-setup --no" --nodev
    offered 'ns-enter -m root-setup --no' '{files}'
    settings="PATH=/usr/bin:/bin; cd '$bin/..'"
    offered "${bin##*/}/ns-enter -m root-setup --no" --nodev
    settings="PATH=/usr/bin:/bin HOME='$bin'"
    offered '~/ns-enter -m root-setup --no' --nodev
    settings=''
}

testProgramsThatAreBroken() {
    mkdir -p "$tmp/broken"
    for script in 'exit 1' 'kill -9 $$' 'echo; echo "  -[, --@ a"' 'echo "usage:"' 'cat; echo error >&2' \
        'printf "usage: \\0\\0\n"' ': unfinished "'; do
        printf '#!/bin/sh\n%s\n' "$script" >"$tmp/broken/ns-enter"
        chmod +x "$tmp/broken/ns-enter"
        for rest in - --x= '' 'x ' '-m x '; do
            offers "$tmp/broken/ns-enter $rest"
        done
    done
    printf '#!/bin/sh\nexec cat\n' >"$tmp/broken/ns-enter"
    echo '      --what-is-typed' >"$tmp/terminal"
    offered "$tmp/broken/ns-enter --what" '' <"$tmp/terminal"
}

testASlowProgramIsAskedOnce() {
    mkdir -p "$tmp/count"
    printf '#!/bin/sh\necho >>%s/asked\nexec %s/ns-enter "$@"\n' "$tmp" "$bin" >"$tmp/count/ns-enter"
    chmod +x "$tmp/count/ns-enter"
    offers "$tmp/count/ns-enter -" "$tmp/count/ns-enter -m" "$tmp/count/ns-enter --mou"
    assertEquals 1 "$(wc -l <"$tmp/asked")"
}

# The best of ten: the machine may be busy. Asked anew each time.
testSpeed() {
    [ "$bin" = "$top/bin" ] || { skip 'other programs than those that are installed' && return; }
    cat >"$tmp/speed" <<'SPEED'
. "$bash_file"
compopt() { :; }
# fastest COMMAND: microseconds of the fastest of ten times, into $best.
fastest() {
    best=10000000
    for i in 1 2 3 4 5 6 7 8 9 10; do
        _minictr_help=() start=${EPOCHREALTIME//[.,]/}
        "$1" >/dev/null
        end=${EPOCHREALTIME//[.,]/}
        ((end - start > best)) || best=$((end - start))
    done
}
# What it cannot do without: a line of all stages asks each of them for its help.
ask() {
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        minictr --help
    done
}
fastest ask
least=$best
for COMP_LINE; do
    read -ra COMP_WORDS <<<"$COMP_LINE" && COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_POINT=${#COMP_LINE}
    fastest _minictr
    echo "$best us of $least: $COMP_LINE"
    ((best < 10 * least)) || echo "too slow: $best us of $least: $COMP_LINE" >&2
done
SPEED
    bash --norc --noprofile "$tmp/speed" 'minictr --cap' 'minictr -' 'cap-keep c' \
        "$(minictr --print --name x --root / /bin/true | tr -d '\\\n' | sed 's/true$/t/')" 2>"$tmp/err"
    assertEquals '' "$(cat "$tmp/err")"
}

testBashItself() {
    needs_expect && return
    mkdir -p "$tmp/home/a blank/below" "$tmp/home/dir.d"
    touch "$tmp/home/dir.txt"
    cat >"$tmp/bashrc" <<'BASHRC'
cd "$tmp/home" && HOME=$tmp/home HISTFILE='' PS1='ready> '
. "$bash_file"
dump() { printf '%s|\n' "$READLINE_LINE" >>"$tmp/lines" && READLINE_LINE=; }
bind -x '"\C-g": dump'
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
BASHRC
    cat >"$tmp/expect" <<'EXPECT'
set timeout 20
set env(TERM) dumb
spawn -noecho bash --noprofile --rcfile $env(tmp)/bashrc -i
expect "ready> "
set file [open $env(tmp)/typed]
while {[gets $file line] >= 0} { send -- "$line\t\x07" }
send "echo THE''END\r"
expect "\nTHEEND"
EXPECT
    cat >"$tmp/wanted" <<'WANTED'
minictr --root=a	minictr --root=a\ blank/|
minictr --root a	minictr --root a\ blank/|
minictr --root 'a b	minictr --root 'a blank'/|
minictr --root a\ blank/b	minictr --root a\ blank/below/|
minictr --root ~/dir	minictr --root ~/dir.d/|
minictr --root $HOME/dir	minictr --root $HOME/dir.d/|
minictr --bind dir.t	minictr --bind dir.txt |
minictr --bind /x:dir.t	minictr --bind /x:dir.txt |
minictr --sys-filter dir.t	minictr --sys-filter dir.txt |
minictr --sys-filter def	minictr --sys-filter default |
minictr --memory dir.t	minictr --memory dir.t|
minictr --user=root:roo	minictr --user=root:root |
minictr --cap-keep=chown,net_bi	minictr --cap-keep=chown,net_bind_service |
minictr --rlimit=nof	minictr --rlimit=nofile=|
cap-keep "chown,net_bi	cap-keep "chown,net_bind_service" |
ns-enter -m dir.t	ns-enter -m dir.txt |
ns-enter -m root-set	ns-enter -m root-setup |
ns-enter --mou	ns-enter --mount |
true; sleep 0 | fd-close "root-set	true; sleep 0 | fd-close "root-setup" |
WANTED
    cut -f 1 "$tmp/wanted" >"$tmp/typed"
    export tmp
    expect -f "$tmp/expect" >"$tmp/screen" 2>&1
    assertEquals "$(cut -f 2 "$tmp/wanted")" "$(cat "$tmp/lines")"
    assertEquals '' "$(grep 'bash: ' "$tmp/screen")"
}

# zsh completes each line of $tmp/typed, and writes down the matches.
testZsh() {
    command -v zsh >/dev/null || { skip 'zsh is not installed' && return; }
    mkdir -p "$tmp/zsh/a blank" "$tmp/zsh/functions" "$tmp/zsh/image"
    touch "$tmp/zsh/dir.txt"
    cp "$zsh_file" "$tmp/zsh/functions/_minictr"
    cat >"$tmp/zsh/.zshrc" <<'ZSHRC'
PATH=$bin:/usr/bin:/bin
fpath=($tmp/zsh/functions $fpath)
cd $tmp/zsh
autoload -Uz compinit && compinit -u -d $tmp/zsh/dump
# What is asked for with -O, -A or -D is not offered.
compadd() {
    local -a found
    if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
        builtin compadd -A found "$@"
        matches+=($found)
    fi
    builtin compadd "$@"
}
complete() { matches=(); _main_complete; }
zle -C complete complete-word complete
zle-line-init() {
    local line
    for line in ${(f)"$(<$tmp/typed)"}; do
        BUFFER=$line CURSOR=$#line
        zle complete
        print -r -- ${(ou)matches} >>$tmp/lines
    done
    exit
}
zle -N zle-line-init
ZSHRC
    rm -f "$tmp/wanted" "$tmp/lines"
    start cg-limit --name "t$$" sleep 1000
    await 20 eval 'ctr-ls "t$$" 2>/dev/null | grep -q sleep'
    for program in $programs; do
        long=$(options "$program" | tr ' ' '\n' | grep ^-- | paste -sd ' ')
        for line in "$program" "fd-close -- $program" "$bin/ns-enter -mu $program" "uts-name minictr $program"; do
            want "$line --" "$long"
        done
        ! takes_prog "$program" ||
            want "$program $(good_operands "$program") root-setup --" '--help --nodev --read-only --version'
    done
    cat >>"$tmp/wanted" <<'WANTED'
root-setup x --	
uts-name minictr --	
minictr --root cap-keep --pri	--print --privileged
mnt-bind -r uts-name minictr mnt-proc --sub	--subset
ns-enter -mp strace -f root-setup --no	--nodev
ns-enter -m env A=b root-setup --no	--nodev
fd-close "cap-keep" no	none
res-limit core=0 nofile=1 cg-limit --cpu-	--cpu-weight
res-limit nof	nofile
env-set minictr=x A=b cg-limit --cpu-	--cpu-weight
minictr --user=root:roo	root
cap-keep net_broadcast,net_b	net_bind_service
cap-keep net_b	net_bind_service net_broadcast
minictr --cap-keep=def	default
mnt-proc --hidepid 	invisible noaccess off ptraceable
priv-lock --scope=	signals sockets
priv-lock --securebits noroot,no-s	no-setuid-fixup
mnt-proc --subset 	pid
minictr --net n	none
ns-enter -m root-set	root-setup
minictr --sys-filter def	default
minictr --memory di	
WANTED
    want "ctr-pause other t$$" "t$$"
    # A stage is found beside the one before it, and not where a path further on leads.
    cp "$bin/ns-enter" "$tmp/zsh/image"
    printf '#!/bin/sh\necho "usage: cap-keep PROG"; echo "      --only-here"\n' >"$tmp/zsh/image/cap-keep"
    chmod +x "$tmp/zsh/image/cap-keep"
    want "$tmp/zsh/image/ns-enter -m cap-keep --" --only-here
    want "$tmp/zsh/image/ns-enter -m strace -f cap-keep --" --only-here
    want "ns-enter -m $tmp/zsh/image/cap-keep --" '--help --version'
    mkdir "$tmp/zsh/elsewhere"
    cp "$tmp/zsh/image/cap-keep" "$tmp/zsh/elsewhere/uts-name"
    want "$tmp/zsh/image/ns-enter -m $tmp/zsh/elsewhere/uts-name --" '--help --version'
    cut -f 1 "$tmp/wanted" >"$tmp/typed"
    export tmp bin
    ZDOTDIR=$tmp/zsh HOME=$tmp/zsh TERM=dumb LC_ALL=C timeout 60 script -qec 'zsh -i' /dev/null </dev/null >"$tmp/screen" 2>&1
    kill "$started"
    wait "$started"
    assertEquals '' "$(paste "$tmp/typed" "$tmp/lines" | diff "$tmp/wanted" -)"
    assertEquals '' "$(grep -E '_minictr.*:|command not found' "$tmp/screen")"
}

testInstall() {
    [ -x "$top/bin/minictr" ] || { skip 'bin/ is not built' && return; }
    attempt make -s -C "$top" -o all install "DESTDIR=$tmp/there" PREFIX=/usr
    ended 0
    for program in $programs; do
        file=$tmp/there/usr/share/bash-completion/completions/$program
        assertTrue "$program" "cmp -s '$file' '$bash_file'"
        # As bash-completion loads it.
        assertEquals "complete -F _minictr $program" \
            "$(bash --norc -c 'load() { . "$1"; }; load "$1"; _minictr_help[a/b]=c; complete -p "$2"' - "$file" "$program")"
    done
    assertTrue "cmp -s '$tmp/there/usr/share/zsh/site-functions/_minictr' '$zsh_file'"
    assertTrue 'the licence' "cmp -s '$tmp/there/usr/share/doc/minictr/LICENSE' '$top/LICENSE'"
    attempt env -u MINICTR_ROOT "$tmp/there/usr/bin/minictr" true
    assertEquals "minictr: hint: make one, as by $tmp/there/usr/libexec/minictr/rootfs/from-host $tmp/there/usr/libexec/minictr/rootfs/base, or choose one with --root" \
        "$(tail -n 1 "$tmp/err")"
    attempt make -s -C "$top" uninstall "DESTDIR=$tmp/there" PREFIX=/usr
    ended 0
    assertEquals '' "$(find "$tmp/there" ! -type d)"
}

. shunit2
