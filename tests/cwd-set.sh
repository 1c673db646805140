# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# cwd-set.sh: the working directory of PROG, and the directories that cannot be one.

. "$(dirname "$0")/lib.sh"

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    here=$tmp/here
    mkdir -p "$here/dir/inner" "$here/closed" "$here/passable"
    : >"$here/file"
    : >"$here/dir/marker"
    ln -s dir "$here/link"
    ln -s loop "$here/loop"
    ln -s other "$here/one"
    ln -s one "$here/other"
    ln -s nowhere "$here/dangling"
    chmod 700 "$here/closed"
    chmod 711 "$here/passable"
}

setUp() {
    cd "$here" || exit
}

tearDown() {
    cd "$top" || exit
}

# Where PROG is, as the kernel has it: not what a shell makes of PWD.
where() {
    attempt cwd-set "$@" readlink /proc/self/cwd
}

# not_there REASON DIR: asserts that DIR is refused, and why.
not_there() {
    attempt cwd-set "$2" echo reached
    refused "cwd-set: cannot change to the directory $2: $1"
    assertEquals '' "$hint"
}

testAbsolute() {
    where "$here/dir"
    ended 0
    printed "$here/dir"
    where /
    printed /
}

testRelative() {
    for path in dir ./dir dir/ dir/. dir//inner/.. dir/inner/../../dir; do
        where "$path"
        ended 0
        printed "$here/dir"
    done
    where .
    printed "$here"
    where ..
    printed "$tmp"
}

testEachStartsFromTheOneBefore() {
    attempt cwd-set "$tmp" cwd-set here cwd-set dir/inner cwd-set .. readlink /proc/self/cwd
    ended 0
    printed "$here/dir"
}

testSymbolicLinkIsFollowed() {
    where link
    ended 0
    printed "$here/dir"
    where link/../dir/inner
    printed "$here/dir/inner"
}

testOddNames() {
    for name in ' ' 'a b' '*' "it's" '-x' '~' 'a=b' "$(printf 'a\nb')" "$(printf '\377\200\001')" "$(printf %0255d 0)"; do
        mkdir "./$name"
        attempt cwd-set "$here/$name" probe exit 3
        ended 3
        attempt cwd-set -- "$name" sh -c 'pwd -P && exit 4'
        ended 4
        printed "$here/$name"
        rmdir "./$name"
    done
}

testTheCallerStaysWhereItIs() {
    attempt sh -c 'cwd-set "$0/dir" true; readlink /proc/$$/cwd' "$here"
    printed "$here"
}

testADirectoryThatMayBeEnteredOnly() {
    as_nobody cwd-set passable readlink /proc/self/cwd
    ended 0
    printed "$here/passable"
}

testADirectoryThatIsGone() {
    mkdir gone
    attempt sh -c 'cd gone && rmdir ../gone && exec cwd-set . readlink /proc/self/cwd'
    ended 0
    printed "$here/gone (deleted)"
}

testPathOf4095Bytes() {
    path=$(printf %04091d 0 | sed 's|00|./|g; s|0|/|g')/dir
    assertEquals 4095 ${#path}
    where "$path"
    ended 0
    printed "$here/dir"
}

testPathOf4096Bytes() {
    path=$(printf %04092d 0 | sed 's|00|./|g')/dir
    assertEquals 4096 ${#path}
    not_there 'File*name too long' "$path"
}

testPathOf100000Bytes() {
    attempt cwd-set "$(printf %0100000d 0)" echo reached
    refused 'cwd-set: cannot change to the directory 0000*0: File*name too long'
}

testNameOf256Bytes() {
    not_there 'File*name too long' "$(printf %0256d 0)"
}

# No path reaches it at once, but a step at a time does.
testDeeperThanAPathCanBe() {
    name=$(printf %0250d 0)
    set --
    for _ in $(seq 20); do
        "$@" mkdir "$name"
        set -- "$@" cwd-set "$name"
    done
    "$@" touch marker
    attempt "$@" ls
    ended 0
    printed marker
    rm -r "$name"
}

testMissing() {
    not_there 'No such file or directory' none
    not_there 'No such file or directory' "$here/dir/none/inner"
    not_there 'No such file or directory' dangling
    not_there 'No such file or directory' -
}

testFile() {
    not_there 'Not a directory' file
    not_there 'Not a directory' "$here/file"
    not_there 'Not a directory' file/inner
    not_there 'Not a directory' /dev/null
}

testLoop() {
    not_there '*ymbolic link*' loop
    not_there '*ymbolic link*' one
    not_there '*ymbolic link*' other/inner
}

testUnreadable() {
    needs_root && return
    as_nobody cwd-set closed echo reached
    refused 'cwd-set: cannot change to the directory closed: Permission denied'
    assertEquals 'cwd-set: hint: this user is not root: run it with sudo' "$hint"
    as_nobody cwd-set "$here/closed/inner" echo reached
    refused "cwd-set: cannot change to the directory $here/closed/inner: Permission denied"
}

testControlCharactersAreNotPassedOn() {
    attempt cwd-set "$(printf 'a\nb\033c')" echo reached
    refused 'cwd-set: cannot change to the directory a[?]b[?]c: No such file or directory'
}

testWithoutRoot() {
    as_nobody cwd-set dir probe groups
    ended 0
    as_nobody cwd-set / readlink /proc/self/cwd
    ended 0
    printed /
}

testInTheNewRoot() {
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc cwd-set usr readlink /proc/self/cwd
    ended 0
    printed /usr
    attempt ns-enter -mp root-setup "$root" mnt-proc /proc cwd-set ../../../usr/../.. \
        readlink /proc/self/cwd
    ended 0
    printed /
    attempt ns-enter -m root-setup "$root" cwd-set "$here" echo reached
    refused "cwd-set: cannot change to the directory $here: No such file or directory"
}

testTheChainGoesOn() {
    needs_root && return
    attempt ns-enter -mpu root-setup "$root" cwd-set usr mnt-tmpfs /mytemp cwd-set /mytemp \
        uts-name box mnt-proc /proc pid-init sh -c 'pwd; touch file; ls /mytemp; uname -n'
    ended 0
    printed '/mytemp
file
box'
}

# There the working directory is the new root: to leave it would lose that.
testBehindRootOpenItRefuses() {
    for dir in / . usr "$here/none"; do
        attempt ns-enter -m root-open "$root" cwd-set "$dir" echo reached
        refused 'cwd-set: the working directory is the new root'
        assertEquals 'cwd-set: hint: put this stage behind root-setup' "$hint"
    done
    attempt ns-enter -m root-open "$root" root-setup . cwd-set usr ls -d ../usr
    ended 0
    printed ../usr
}

testBeforeRootOpen() {
    attempt ns-enter -m cwd-set "${root%/*}" root-open "${root##*/}" root-setup . pwd
    ended 0
    printed /
}

# The kernel keeps no name of it, and a shell makes its own.
testTheEnvironmentIsUntouched() {
    attempt env -i "PATH=$PATH" PWD=/wrong OLDPWD=/before A= cwd-set dir probe env
    ended 0
    printed "PATH=$PATH
PWD=/wrong
OLDPWD=/before
A="
    attempt env -i "PATH=$PATH" cwd-set dir probe env
    printed "PATH=$PATH"
    attempt env PWD=/wrong cwd-set dir sh -c 'echo "$PWD"'
    printed "$here/dir"
}

testTheRestIsUntouched() {
    attempt hostile fds 5 fd-close --keep 4,6 cwd-set dir probe fds
    printed '0 1 2 4 6 '
    attempt hostile blocked probe signals
    mv "$tmp/out" "$tmp/signals"
    attempt hostile blocked cwd-set dir probe signals
    printed "$(cat "$tmp/signals")"
    attempt sh -c 'probe groups; exec cwd-set dir probe groups'
    assertEquals 'the same group and session' 1 "$(sed 's/^pid [0-9]* ppid [0-9]* //' "$tmp/out" | sort -u | wc -l)"
    attempt sh -c 'echo $$; exec cwd-set dir sh -c "echo \$\$"'
    assertEquals 'the same process' 1 "$(sort -u "$tmp/out" | wc -l)"
    attempt sh -c 'umask 027 && exec cwd-set dir sh -c umask'
    printed 0027
}

testArgumentsAndStatusPass() {
    attempt cwd-set dir probe args --help '' --
    ended 0
    printed '2d2d68656c70

2d2d'
    attempt cwd-set dir probe exit 9
    ended 9
}

# A path to PROG is looked up from there, and a bare name is not.
testProgIsSearchedFromTheNewDirectory() {
    cp "$helpers/probe" dir/own-probe
    attempt cwd-set dir ./own-probe exit 5
    ended 5
    attempt cwd-set dir own-probe exit 5
    ended 127
    said_only '^cwd-set: cannot find own-probe in PATH: '
    attempt cwd-set dir ./none
    ended 127
    said_only '^cwd-set: cannot execute ./none: No such file or directory$'
}

testBadCommandLine() {
    attempt cwd-set
    refused 'cwd-set: DIR is missing'
    assertEquals 'cwd-set: hint: usage: cwd-set DIR PROG [ARG...]' "$hint"
    attempt cwd-set dir
    refused 'cwd-set: PROG is missing'
    attempt cwd-set '' echo reached
    refused 'cwd-set: DIR is empty'
    attempt cwd-set dir ''
    refused 'cwd-set: PROG is empty'
    attempt cwd-set -x echo reached
    refused 'cwd-set: unknown option -x'
    attempt cwd-set --dir dir echo reached
    refused 'cwd-set: unknown option --dir'
    attempt cwd-set none
    refused 'cwd-set: PROG is missing'
}

testKernelRefuses() {
    have_strace || { skip 'no strace' && return; }
    inject chdir:error=EPERM cwd-set dir echo reached
    refused 'cwd-set: cannot change to the directory dir: Operation not permitted'
    inject chdir:error=ENOSYS cwd-set dir echo reached
    refused 'cwd-set: cannot change to the directory dir: Function not implemented'
}

. shunit2
