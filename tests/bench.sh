# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# bench.sh: that the bench works and writes a page; what it measures here is of no worth.

. "$(dirname "$0")/lib.sh"

run=$top/tests/bench/run
parts=$helpers/bench

needs_its_root() {
    [ -d "$helpers/root" ] && return 1
    skip 'the bench measures what is not built here'
}

# A subject, as bench.h reads it.
subject() {
    printf '%s' "$1"
    shift
    printf '\t%s' "$@"
    echo
}

testOnceWritesAPage() {
    needs_root && return
    needs_its_root && return
    mkdir "$tmp/page"
    find /sys/fs/cgroup -type d ! -path '*/minictr/*' | sort >"$tmp/groups"
    mkdir "$tmp/broken"
    printf '#!/bin/sh\necho "bwrap: not on this machine" >&2\nexit 1\n' >"$tmp/broken/bwrap"
    chmod +x "$tmp/broken/bwrap"
    PATH=$tmp/broken:$PATH BENCH_PEERS='unshare bwrap' attempt "$run" --once --write "$tmp/page"
    ended 0
    page=$tmp/page/bench.md
    grep -q '^- left out: bwrap: bwrap: not on this machine' "$page" || fail "$(grep 'left out' "$page")"
    ! grep -qE '^\| bwrap' "$page" || fail 'a figure of what does not work'
    for part in 'What stays' 'The least' 'A container' 'Containers a second' 'Many at once' 'Growth with the mounts' \
        'Growth with the length' 'A program in a control group' 'Under a filter' 'Against the marks'; do
        grep -q "^## $part" "$page" || fail "no part $part"
        grep -q "^## $part" "$tmp/out" || fail "no part $part on the terminal"
    done
    grep -qE '^\| minictr --bare +\| +[0-9]' "$page" || fail 'no figure of minictr --bare'
    grep -qE '^\| minictr +\| +[0-9].*namespaces muipC; limits of memory, pids; seccomp; 11 capabilities; no_new_privs' "$page" ||
        fail "not what is isolated: $(grep '^| minictr ' "$page")"
    ! grep -q 'failed' "$page" || fail "$(grep failed "$page")"
    assertEquals 'rows as wide as their headings' '' "$(awk '
        /^\|/ { if (last && NF != last) print NR; last = NF } !/^\|/ { last = 0 }' FS='|' "$page")"
    assertEquals 'figures that are none' '' "$(grep -E '(^|[^a-z])-?(nan|inf)([^a-z]|$)' "$page")"
    assertEquals 'places of this machine' '' "$(grep -nF -e "$top" -e "$tmp" -e "/tmp/" "$page")"
    assertEquals 'the name of this machine' '' "$(grep -nwF -e "$(hostname)" "$page" | grep -v 'kernel:\|minictr')"
    assertEquals 'groups that are left' '' "$(find /sys/fs/cgroup -type d ! -path '*/minictr/*' | sort | comm -13 "$tmp/groups" - |
        grep -e bench- -e libpod)"
    assertEquals 'its directory' '' "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'minictr-bench.*' -newer "$tmp/groups")"
}

testPicturesAreWellFormed() {
    needs_root && return
    needs_its_root && return
    assertEquals 'those that the page shows' "$(cd "$tmp/page" && ls bench-*.svg)" \
        "$(sed -n 's/^!\[.*\](\(.*\))$/\1/p' "$tmp/page/bench.md" | sort)"
    for picture in "$tmp"/page/*.svg; do
        assertEquals "$picture" '' "$(tr -d '\n' <"$picture" | sed 's/<text [^<>]*>[^<>]*<\/text>//g; s/<[a-z]* [^<>]*\/>//g; s/^<svg [^<>]*><\/svg>$//')"
        ! grep -q 'nan\|inf[^a-z]' "$picture" || fail "$picture: a place that is none"
    done
    assertEquals 'lines and their names' 2 \
        "$(printf 'a\t1\t5\na\t10\t50\n' | awk -v kind=lines -v scale=xy -f "$top/tests/bench/chart.awk" | grep -c 'stroke-width')"
    assertEquals 'bars, two each' 4 \
        "$(printf 'a\t10\t50\nb\t100\t500\n' | awk -v kind=bars -f "$top/tests/bench/chart.awk" | grep -c 'height="16"')"
}

testWhatIsMissingIsNamed() {
    : >"$tmp/missing"
    attempt env work="$tmp" BENCH_PEERS='bwrap crun' "$(command -v sh)" -c \
        'tab="" root="" payload="" legacy=""; . "$0"; PATH=/nonexistent; peers' "$top/tests/bench/subjects.sh"
    printed ''
    assertEquals "$(printf 'bwrap: not installed\ncrun: not installed')" "$(cat "$tmp/missing")"
}

# In whatever it is just doing.
testInterrupted() {
    needs_root && return
    needs_its_root && return
    for when in preparing '^## The least'; do
        start env BENCH_PEERS=unshare "$run" --quick
        await 30 grep -q -- "$when" "$tmp/out" "$tmp/err" || fail "no $when: $(cat "$tmp/err")"
        kill -TERM "$started"
        status=0
        wait "$started" || status=$?
        ended 143
        assertEquals "$when: what is left" '' "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'minictr-bench.*' -newer "$tmp/host.before")"
    done
}

testRounds() {
    { subject a "$parts/payload" && subject 'b c' "$parts/pass" "$parts/payload"; } >"$tmp/subjects"
    attempt "$parts/rounds" 2 <"$tmp/subjects"
    ended 0
    assertEquals '1 a,1 b c,2 a,2 b c,' "$(cut -f1,2 "$tmp/out" | tr '\t\n' ' ,')"
    assertEquals 'the payload is there before the end' '' "$(awk -F'\t' '!($3 > 0 && $3 <= $4)' "$tmp/out")"
}

testCommandThatFails() {
    subject broken "$(command -v false)" >"$tmp/subjects"
    for part in 'rounds 1' 'crowd 1' 'rate 1 1 1' "stay $top/tests/bench/look 0"; do
        # shellcheck disable=SC2086
        attempt "$parts/"$part <"$tmp/subjects"
        ended 1
        said '^bench: broken: '
    done
    subject missing /nonexistent/program >"$tmp/subjects"
    attempt "$parts/rounds" 1 <"$tmp/subjects"
    ended 1
    said '^bench: missing: status 0x7f00$'
}

# Also a payload whose parent is gone.
testCrowdEndsAll() {
    subject many "$(command -v sh)" -c "$parts/payload stay & exit" >"$tmp/subjects"
    attempt timeout 60 "$parts/crowd" 2 <"$tmp/subjects"
    assertEquals "$(cat "$tmp/err")" '1,2,end,' "$(cut -f1 "$tmp/out" | tr '\n' ,)"
}

testStats() {
    printf '%s\t%s\t%s\t%s\n' 1 a 1 10 1 b -1 30 2 a 3 20 2 b -1 30 3 a 2 40 3 b -1 60 >"$tmp/samples"
    for what in "-v what=ratio -v label=b -v other=a|1.50" "-v what=ratio -v label=b~a -v other=a+a|0.25" \
        "-v what=ratio -v label=b -v other=c|" "-v what=median -v label=a|20.0"; do
        # shellcheck disable=SC2086
        assertEquals "${what%|*}" "${what#*|}" "$(awk ${what%|*} -f "$top/tests/bench/stats.awk" "$tmp/samples")"
    done
    assertEquals "$(printf 'a\t2\t20\t20 to 40\t1.00\nb\t-\t30\t30 to 60\t1.50')" \
        "$(awk -v what=table -f "$top/tests/bench/stats.awk" "$tmp/samples")"
    printf '1\ta\t10\n2\ta\t12\n3\ta\t15\nend\ta\t2000000\n' >"$tmp/samples"
    assertEquals "$(printf 'a\t10\t12\t15\t1.50\t2.00')" "$(awk -v what=crowd -f "$top/tests/bench/stats.awk" "$tmp/samples")"
}

testWords() {
    needs_root && return
    for words in --slow '--write /nonexistent/dir' --write; do
        # shellcheck disable=SC2086
        attempt "$run" $words
        [ "$status" != 0 ] || fail "$words was taken"
    done
}

testWithoutRoot() {
    needs_root && return
    cp -R "$top/tests/bench" "$tmp/bench"
    as_nobody sh "$tmp/bench/run"
    ended 125
    said_only '^bench: it makes containers: run it as root$'
}

. shunit2
