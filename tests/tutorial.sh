# shellcheck shell=sh disable=SC1091
# tutorial.sh: Doc/tutorial.md, typed line by line: what it says comes out.

. "$(dirname "$0")/lib.sh"

# The project as the tutorial finds it, and the stage that it has written at its end.
testEachLineSaysWhatThePageSays() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    { command -v make && command -v cc; } >/dev/null || { skip 'no compiler' && return; }
    page=$top/Doc/tutorial.md project=$tmp/project
    mkdir -p "$project/rootfs"
    cp -a "$top/Makefile" "$top/VERSION" "$top/stages" "$top/shared" "$project"
    cp -a "$root" "$project/rootfs/base"
    sed -n '/^```c$/,/^```$/{/^```/!p;}' "$page" >"$project/stages/res-nice.c"
    make -s -C "$project" BIN="$tmp/new" "$tmp/new/res-nice" >"$tmp/out" 2>&1 || fail "$(cat "$tmp/out")"
    cp -a "$bin" "$project/bin"
    mv "$tmp/new/res-nice" "$project/bin"
    sed -n '/^```console$/,/^```$/{/^```/!p;}' "$page" >"$tmp/session"
    typed=0 command=
    while IFS= read -r line <&3; do
        case $line in
        '# '*)
            compare
            command=${line#'# '} said='' typed=$((typed + 1))
            (cd "$project" && PATH=$project/bin:$PATH exec sh -c "$command") >"$tmp/out" 2>&1 </dev/null 3<&-
            ;;
        *) said="$said$line
" ;;
        esac
    done 3<"$tmp/session"
    compare
    assertTrue "only $typed" "[ $typed -ge 25 ]"
}

# compare: what the last command has printed with what the page says.
compare() {
    [ -z "$command" ] || assertEquals "$command" "$said." "$(cat "$tmp/out" && echo .)"
}

. shunit2
