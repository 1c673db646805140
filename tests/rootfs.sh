# shellcheck shell=sh
# rootfs.sh: the makers of root file systems, as root (rootfs-user.sh: as a user). Each test works in $work and lets them make $new;
# $outside is what no archive may reach.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

work=$tmp/work
new=$tmp/new
outside=$tmp/outside
rootfs=$top/rootfs

# Many tests make many runs; so what is done for each of them does without other programs.
setUp() {
    cd "$tmp" || return
    rm -rf --one-file-system "$work" "$outside" "$new"*
    mkdir -p "$work/small/bin" "$work/small/etc" "$work/image" "$outside/folder"
    echo canary >"$outside/canary"
    echo canary >"$outside/folder/canary"
    echo hello >"$work/small/etc/motd"
    echo '#!/bin/sh' >"$work/small/bin/program"
    chmod 755 "$work/small/bin/program"
    describe_outside >"$tmp/outside.before"
    cd "$work" || return
}

tearDown() {
    cd "$top" || return
}

describe_outside() {
    find "$outside" -printf '%P %y %m %U:%G %n %s %T@ %C@\n'
}

untouched_outside() {
    describe_outside >"$tmp/outside.after"
    cmp -s "$tmp/outside.before" "$tmp/outside.after" ||
        fail "outside: $(diff "$tmp/outside.before" "$tmp/outside.after")"
}

nothing_left() {
    for left in "$new"*; do
        if [ -e "$left" ] || [ -L "$left" ]; then
            fail "left: $left"
        fi
    done
}

from_archive() {
    attempt "$rootfs/from-archive" "$@"
}

# refused TEXT: the last run said so in one line, and had no effect.
refused() {
    message=
    more=
    {
        read -r message
        read -r more
    } <"$tmp/err"
    if [ "$status" != 125 ] || [ "$more" ]; then
        fail "exit status $status: $message $more"
    fi
    case $message in
        from-*": "*"$1"*) ;;
        *) fail "not $1: $message" ;;
    esac
    nothing_left
    untouched_outside
}

# unpacks FILE: makes $new of it, without a word.
unpacks() {
    from_archive "$1" "$new"
    if [ "$status" != 0 ] || [ -s "$tmp/err" ]; then
        fail "exit status $status: $(cat "$tmp/err")"
    fi
}

contains() {
    assertEquals "$1" "$2" "$(cat "$new/$1" 2>&1)"
}

lacks() {
    if [ -e "$new/$1" ] || [ -L "$new/$1" ]; then
        fail "$1 is there"
    fi
}

# What is in a directory, in one line.
listed() {
    (cd "$1" && echo *)
}

# A PATH with everything but the tools that may be missing, and those in $work/with.
bare_path() {
    mkdir -p "$work/with"
    if [ ! -e "$tmp/path" ]; then
        mkdir "$tmp/path"
        ln -s /usr/bin/* /usr/sbin/* "$tmp/path" 2>/dev/null
        for name in bsdtar jq mmdebstrap debootstrap; do
            rm -f "$tmp/path/$name"
        done
    fi
    echo "$work/with:$tmp/path"
}

# wrap NAME: a program for PATH that comes before the real one, with standard input as a script;
# "$real" in it is the real one.
wrap() {
    mkdir -p "$work/wrap"
    ln -sf "$(command -v sleep)" "$work/wrap/sleeper"
    {
        echo '#!/bin/sh'
        echo "real=$(command -v "$1") sleeper=$work/wrap/sleeper"
        echo "started=$work/started new=$new outside=$outside"
        cat
    } >"$work/wrap/$1"
    chmod 755 "$work/wrap/$1"
}

no_wrap_runs() {
    ! pgrep -f "$work/wrap/" >/dev/null
}

# bsdtar can write to the new root alone, and what is beside it.
has_started() {
    [ -e "$work/started" ] || ls "$new".part.*/started >/dev/null 2>&1
}

# interrupted SIGNAL STATUS COMMAND...: COMMAND, which makes $work/started, ends soon and clean.
interrupted() {
    signal=$1
    expected=$2
    shift 2
    rm -f "$work/started"
    # A shell starts its background jobs with SIGINT ignored; a person's do not.
    PATH=$work/wrap:$PATH env --default-signal=INT,QUIT "$@" >"$tmp/out" 2>"$tmp/err" &
    interrupted=$!
    await 20 has_started || fail "not started: $(cat "$tmp/err")"
    assertTrue "no part" "ls -d '$new'.part.*"
    before=$(date +%s)
    kill "-$signal" "$interrupted"
    status=0
    wait "$interrupted" || status=$?
    ended "$expected"
    assertTrue "took its time" "[ $(($(date +%s) - before)) -le 3 ]"
    nothing_left
    await 1 no_wrap_runs || fail "left: $(pgrep -af "$work/wrap/")"
}

# --- What all three have in common.

testHelp() {
    for name in from-host from-archive from-debian; do
        attempt "$rootfs/$name" --help
        ended 0
        assertEquals "" "$(cat "$tmp/err")"
        assertTrue "$name" "grep -q '^Usage: $name .*DIR' '$tmp/out'"
    done
}

testVersion() {
    for name in from-host from-archive from-debian; do
        attempt "$rootfs/$name" --version
        ended 0
        printed "$name (minictr) $(cat "$top/VERSION")"
    done
}

testUnknownOption() {
    for name in from-host from-archive from-debian; do
        attempt "$rootfs/$name" --wrong "$new"
        refused 'unknown option: --wrong'
    done
    from_archive small.tar "$new" --wrong
    refused 'unknown option: --wrong'
}

testMissingOperands() {
    attempt "$rootfs/from-host"
    refused 'DIR is missing'
    from_archive
    refused 'FILE and DIR are missing'
    from_archive small.tar
    refused 'DIR is missing'
    attempt "$rootfs/from-debian"
    refused 'SUITE and DIR are missing'
    attempt "$rootfs/from-debian" bookworm
    refused 'DIR is missing'
}

testTooManyOperands() {
    from_archive small.tar "$new" more
    refused 'too many operands: more'
    attempt "$rootfs/from-debian" bookworm "$new" file:/mirror more
    refused 'too many operands: more'
}

testOperandWithLeadingHyphen() {
    tar -C small -cf ./-small.tar .
    attempt "$rootfs/from-archive" -- -small.tar -new
    ended 0
    assertEquals hello "$(cat ./-new/etc/motd)"
}

testExistingDirectoryIsRefused() {
    tar -C small -cf small.tar .
    mkdir "$new"
    for command in "from-archive small.tar" from-host "from-debian bookworm"; do
        # shellcheck disable=SC2086
        attempt "$rootfs"/$command "$new/"
        ended 125
        said_only "cannot make $new: it exists already"
        assertEquals "" "$(ls -A "$new")"
    done
}

testExistingLinkIsRefused() {
    tar -C small -cf small.tar .
    ln -s nowhere "$new"
    from_archive small.tar "$new"
    ended 125
    said_only "it exists already"
    assertEquals nowhere "$(readlink "$new")"
}

testMissingParentIsNamed() {
    tar -C small -cf small.tar .
    from_archive small.tar "$new/sub/dir"
    refused "$new/sub is not a directory"
}

testMissingToolIsNamedWithItsPackage() {
    tar -C small -cf small.tar .
    PATH=$(bare_path) from_archive small.tar "$new"
    ended 125
    assertEquals "from-archive: bsdtar is missing
from-archive: hint: apt-get install libarchive-tools" "$(cat "$tmp/err")"
    nothing_left
}

testDirectoryThatAppearsMeanwhile() {
    tar -C small -cf small.tar .
    wrap mv <<'END'
mkdir "$new"
exec "$real" "$@"
END
    PATH=$work/wrap:$PATH from_archive small.tar "$new"
    ended 125
    said_only "cannot make $new: it was made by another meanwhile"
    assertEquals "not put into it" "" "$(ls -A "$new")"
    assertEquals "$new" "$(ls -d "$new"*)"
}

testTwoAtOnce() {
    tar -C small -cf small.tar .
    "$rootfs/from-archive" small.tar "$new" 2>/dev/null &
    first=$!
    from_archive small.tar "$new"
    other=0
    wait "$first" || other=$?
    assertEquals "one of both" 125 $((status + other))
    assertEquals "bin dev etc mytemp proc sys tmp" "$(listed "$new")"
    assertEquals "$new" "$(ls -d "$new"*)"
}

testTerminalSeesASummary() {
    tar -C small -cf small.tar .
    TERM=xterm script -qec "$rootfs/from-archive small.tar $new" /dev/null >"$tmp/out" </dev/null
    assertTrue "$(cat "$tmp/out")" \
        "tail -n 1 '$tmp/out' | grep -q '$new: 1 MiB, from small.tar'"
}

testRemovalStopsAtMounts() {
    tar -C small -cf small.tar .
    wrap realpath <<'END'
case $2 in
    *.part.*)
        mkdir "$new.copy"
        for folder in "$new".part.*/root; do
            mkdir "$folder/mounted"
            mount --bind "$new.copy" "$folder/mounted"
            mount -t tmpfs none "$folder/mounted"
            mount --bind "$folder/mounted" "$new.copy"
            echo precious >"$folder/mounted/file"
        done
        exit 1
        ;;
esac
exec "$real" "$@"
END
    # In a mount namespace, so that the mounts end with this test.
    # shellcheck disable=SC2016
    PATH=$work/wrap:$PATH attempt unshare -m sh -c '
        "$1/from-archive" small.tar "$2"
        cat "$2.copy/file"' sh "$rootfs" "$new"
    printed precious
    said 'from-archive: cannot remove .*: remove it by hand'
}

# --- from-host. Most tests look at one root, made by the first of them.

made_from_host() {
    [ -e "$tmp/host" ] && return
    cp /bin/true "$tmp/suid-program"
    chmod 6755 "$tmp/suid-program"
    printf '#!/usr/bin/env -S perl -l\nprint "from a script";\n' >"$tmp/script"
    chmod 755 "$tmp/script"
    attempt "$rootfs/from-host" "$tmp/host" "$tmp/suid-program" "$tmp/script" ldconfig
    ended 0
    assertEquals "" "$(cat "$tmp/err")"
}

in_host() {
    attempt chroot "$tmp/host" "$@"
}

testHostRunsItsPrograms() {
    made_from_host
    # ps wants /proc, which a chroot alone does not have.
    attempt unshare --mount --pid --fork --mount-proc="$tmp/host/proc" \
        chroot "$tmp/host" /bin/bash -c 'ps; hostname; ls -l /dev/null'
    ended 0
    assertTrue "ps" "grep -q ' 1 .* bash\$' '$tmp/out'"
    assertTrue "hostname" "grep -qx '$(hostname)' '$tmp/out'"
    assertTrue "ls" "grep -q '^crw-rw-rw- 1 root root 1, 3 .* /dev/null\$' '$tmp/out'"
}

testHostNeedsNoLibraryMore() {
    made_from_host
    for program in "$tmp/host/usr/bin"/*; do
        case ${program##*/} in
            ps | grep | sed | awk | find | tar | gzip | less | mount | ip | top | vmstat | df)
                in_host "${program##*/}" --version
                assertNotContains "$(cat "$tmp/err")" 'shared libraries'
                ;;
        esac
    done
}

testHostHasNoSetIdPrograms() {
    made_from_host
    assertEquals "" "$(find "$tmp/host" -type f -perm /6000)"
    assertEquals "755" "$(stat -c %a "$tmp/host/usr/local/bin/suid-program")"
    assertEquals "6755" "$(stat -c %a "$tmp/suid-program")"
}

testHostShellStartsQuietly() {
    made_from_host
    for shell in 'bash' 'bash -l'; do
        echo exit | script -qec "chroot $tmp/host /bin/$shell" /dev/null |
            tr -d '\r' | sed 's/\x1b[^hl]*[hl]//g' >"$tmp/out"
        # The prompt, and twice what was typed: by the terminal and by the shell.
        assertEquals "$shell" "" "$(grep -vE '^(root@[^ ]*:/# )?(exit|logout)?$' "$tmp/out")"
        assertTrue "prompt of $shell" "grep -q '^root@$(hostname):/# ' '$tmp/out'"
    done
}

testHostKnowsUsersAndTerminals() {
    made_from_host
    in_host id nobody
    printed 'uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)'
    TERM=xterm in_host tput cols
    ended 0
    LC_ALL=C.UTF-8 in_host bash -c "name=ü; [ \${#name} = 1 ]"
    ended 0
}

testHostHasDevices() {
    made_from_host
    assertEquals "1,3 666 1,5 666 1,7 666 1,8 666 1,9 666 5,0 666 " "$(
        cd "$tmp/host/dev" && stat -c '%Hr,%Lr %a' null zero full random urandom tty | tr '\n' ' '
    )"
    assertEquals "/proc/self/fd/2" "$(readlink "$tmp/host/dev/stderr")"
}

testHostHasDirectories() {
    made_from_host
    assertEquals "755 755 755 755 755 1777 1777 700 755 " "$(
        cd "$tmp/host" && stat -c %a . proc sys dev mytemp tmp var/tmp root run | tr '\n' ' '
    )"
}

testHostIsSmall() {
    made_from_host
    assertTrue "$(du -sm "$tmp/host")" "[ $(du -sm "$tmp/host" | cut -f 1) -lt 80 ]"
}

testHostKeepsTheLayout() {
    made_from_host
    for name in bin sbin lib; do
        assertEquals "$(readlink "/$name")" "$(readlink "$tmp/host/$name")"
    done
    # What is a link on the host may be one here, but never out of the root.
    assertEquals "" "$(find "$tmp/host" -path '*/dev' -prune -o -type l -lname '/*' -print)"
}

testHostTakesProgramsAlong() {
    made_from_host
    in_host script
    printed 'from a script'
    in_host /sbin/ldconfig --version
    ended 0
}

testHostMissingProgram() {
    attempt "$rootfs/from-host" "$new" no-such-program
    refused 'cannot copy no-such-program: there is no such program'
    attempt "$rootfs/from-host" "$new" "$work/small/etc/motd"
    refused '/motd: it is not a program'
}

testHostMissingLibrary() {
    # Another name of the same length in the list of what it needs.
    sed 's/libc\.so\.6/libz.so.9/g' /bin/true >program
    chmod 755 program
    attempt "$rootfs/from-host" "$new" "$work/program"
    refused '/program: libz.so.9 is not on this machine'
}

testHostInterpreterWithDots() {
    mkdir -p "$work/evil"
    cp /bin/sh "$work/evil/interpreter"
    printf '#!/usr/../../../..%s\n' "$work/evil/interpreter" >program
    chmod 755 program
    attempt "$rootfs/from-host" "$new" ./program
    refused '/program: its interpreter lies outside /bin, /sbin, /usr and /lib'
}

testHostMissingInterpreter() {
    printf '#!/usr/bin/no-such-interpreter\n' >program
    chmod 755 program
    attempt "$rootfs/from-host" "$new" ./program
    refused '/program: its interpreter is not on this machine'
}

testHostNeedsDeviceNodes() {
    # In a mount namespace, so that the mount ends with this test.
    # shellcheck disable=SC2016
    attempt unshare -m sh -c 'mount -t tmpfs -o nodev none "$1" && "$2/from-host" "$1/new"' \
        sh "$work" "$rootfs"
    ended 125
    said_only 'device nodes do not work there'
    said 'hint: the file system is mounted nodev'
}

testHostInterrupted() {
    wrap cp <<'END'
touch "$started"
exec "$sleeper" 20
END
    interrupted TERM 143 "$rootfs/from-host" "$new"
}

# --- from-archive: plain archives.

testArchiveFormats() {
    for name in s.tar s.tar.gz s.tar.bz2 s.tar.xz s.tar.zst s.tar.lz4 s.zip; do
        bsdtar -C small -acf "$name" .
        # What counts is what is in it.
        mv "$name" archive
        unpacks archive
        contains etc/motd hello
        assertTrue "$name: program" "[ -x '$new/bin/program' ]"
        rm -r "$new" archive
    done
}

testTarFormats() {
    for format in v7 ustar gnu posix; do
        tar -C small -cf small.tar --format "$format" .
        unpacks small.tar
        contains etc/motd hello
        rm -r "$new"
    done
}

testArchiveKeepsWhatTarKnows() {
    chown 12:34 small/etc/motd
    chmod 2641 small/etc/motd
    ln small/etc/motd small/etc/hard
    ln -s motd small/etc/soft
    mknod small/etc/device c 1 3
    mkfifo small/etc/fifo
    tar -C small -cf small.tar .
    unpacks small.tar
    assertEquals "12:34 2641 2 regular file" "$(stat -c '%u:%g %a %h %F' "$new/etc/hard")"
    assertEquals motd "$(readlink "$new/etc/soft")"
    assertEquals "character special file 1,3" "$(stat -c '%F %Hr,%Lr' "$new/etc/device")"
    assertEquals fifo "$(stat -c %F "$new/etc/fifo")"
}

testArchiveKeepsFileCapabilities() {
    setcap cap_net_raw+ep small/bin/program 2>/dev/null || { skip "no file capabilities"; return; }
    tar -C small --xattrs --xattrs-include='*' -cf small.tar .
    unpacks small.tar
    assertEquals "$new/bin/program cap_net_raw=ep" "$(getcap "$new/bin/program")"
}

testZipKeepsModesAndLinks() {
    ln -s program small/bin/link
    chmod 775 small/bin/program
    (cd small && zip -qry ../small.zip .)
    unpacks small.zip
    assertEquals program "$(readlink "$new/bin/link")"
    assertEquals 775 "$(stat -c %a "$new/bin/program")"
}

testZipWithoutExecuteBits() {
    mkdir -p small/lib small/usr/bin
    touch small/lib/ld-linux.so.2 small/lib/other small/usr/bin/program
    find small -type f -exec chmod 644 {} +
    (cd small && zip -qr ../small.zip .)
    from_archive small.zip "$new"
    ended 0
    said_only 'no file in small.zip was executable: made 3 '
    assertEquals "755 755 755 644 644 " "$(cd "$new" && stat -c %a bin/program usr/bin/program \
        lib/ld-linux.so.2 lib/other etc/motd | tr '\n' ' ')"
}

testArchiveOfOneFolder() {
    bsdtar -cf small.tar small
    unpacks small.tar
    contains etc/motd hello
    assertEquals "bin dev etc mytemp proc sys tmp" "$(listed "$new")"
    rm -r "$new"
    # Not if there is something else beside it.
    touch other
    mkdir bin
    bsdtar -cf small.tar small other bin
    unpacks small.tar
    contains small/etc/motd hello
}

testArchiveGetsMissingDirectories() {
    ln -s "$outside" small/sys
    mkdir -m 700 small/proc small/tmp
    chmod 700 small
    tar -C small -cf small.tar .
    unpacks small.tar
    assertEquals "755 700 755 700 755 " \
        "$(cd "$new" && stat -c %a . proc dev tmp mytemp | tr '\n' ' ')"
    assertEquals "$outside" "$(readlink "$new/sys")"
    rm -r "$new"
    rmdir small/tmp
    tar -C small -cf small.tar .
    unpacks small.tar
    assertEquals 1777 "$(stat -c %a "$new/tmp")"
    untouched_outside
}

testArchiveWithStrangeNames() {
    for name in "sp ace" "new
line" "-dash" 'back\slash' "star*" "ü" "$(printf 'byte\377')" "\$dollar"; do
        echo "$name" >"small/etc/$name"
    done
    (cd small && tar -cf ../small.tar . && zip -qr ../small.zip .)
    unpacks small.tar
    assertTrue "tar: $(ls "$new/etc")" "diff -r small/etc '$new/etc'"
    rm -r "$new"
    unpacks small.zip
    assertTrue "zip: $(ls "$new/etc")" "diff -r small/etc '$new/etc'"
    rm -r "$new"
    # This format has names in UTF-8, which the last one is not.
    rm small/etc/byte*
    tar -C small -cf small.tar --format posix .
    unpacks small.tar
    assertTrue "posix: $(ls "$new/etc")" "diff -r small/etc '$new/etc'"
}

testArchiveThatDoesNotExist() {
    from_archive missing.tar "$new"
    refused 'cannot unpack missing.tar: it does not exist'
    from_archive small "$new"
    refused 'cannot unpack small: it is neither a file nor an OCI image layout'
}

testEmptyArchive() {
    : >empty
    from_archive empty "$new"
    refused 'cannot unpack empty: it is empty'
    tar -cf empty -T /dev/null
    from_archive empty "$new"
    refused 'cannot unpack empty: it is empty'
    gzip -c empty >empty.gz
    from_archive empty.gz "$new"
    refused 'cannot unpack empty.gz: it is empty'
}

testBrokenArchive() {
    dd if=/dev/urandom of=small/bin/data bs=1k count=99 2>/dev/null
    tar -C small -czf small.tgz .
    head -c 50000 small.tgz >broken
    from_archive broken "$new"
    refused 'cannot unpack broken: truncated gzip input'
    tar -C small -cf small.tar .
    head -c 50000 small.tar >broken
    from_archive broken "$new"
    refused 'cannot unpack broken: Truncated'
    dd if=/dev/zero of=small.tar bs=512 seek=2 count=1 conv=notrunc 2>/dev/null
    printf x | dd of=small.tar bs=1 seek=1100 conv=notrunc 2>/dev/null
    from_archive small.tar "$new"
    refused 'cannot unpack small.tar: Damaged'
    echo "not an archive" >broken
    from_archive broken "$new"
    refused 'cannot unpack broken: it is neither tar nor zip'
}

testArchiveWithoutRoot() {
    mkdir src
    echo text >src/README
    tar -cf src.tar src
    from_archive src.tar "$new"
    refused 'no root file system is in it'
}

testArchiveWithOneProgram() {
    cp small/bin/program init
    tar -cf init.tar init
    unpacks init.tar
    assertTrue "[ -x '$new/init' ]"
}

testArchiveInterrupted() {
    tar -C small -cf small.tar .
    wrap bsdtar <<'END'
case $1 in
    -xp)
        "$real" "$@"
        for folder in "$new".part.*; do touch "$folder/started"; done
        exec "$sleeper" 20
        ;;
esac
exec "$real" "$@"
END
    interrupted TERM 143 "$rootfs/from-archive" small.tar "$new"
    interrupted INT 130 "$rootfs/from-archive" small.tar "$new"
    interrupted HUP 129 "$rootfs/from-archive" small.tar "$new"
    interrupted QUIT 131 "$rootfs/from-archive" small.tar "$new"
    interrupted PIPE 141 "$rootfs/from-archive" small.tar "$new"
}

# --- from-archive: entries that would reach outside.

# entry_as NAME TRANSFORM: an archive with small and a file that has another name in it.
hostile_name() {
    echo evil >evil
    tar -C small -cf hostile.tar .
    tar -rPf hostile.tar --transform "s,^evil\$,$1," evil
}

# A tar that has, beside small, a hard link "evil" to another name.
hostile_hard_link() {
    echo evil >first
    ln first evil
    tar -C small -cf hostile.tar .
    tar -rPf hostile.tar --transform "s,^first\$,$1,RSh" first evil
}

testNameWithDots() {
    for name in ../outside/canary etc/../../../outside/canary ../../outside/new ..; do
        hostile_name "$name"
        from_archive hostile.tar "$new"
        refused 'leads out of it'
    done
    zip -q hostile.zip small/bin/program ../outside/canary
    from_archive hostile.zip "$new"
    refused 'leads out of it'
}

testAbsoluteName() {
    hostile_name "$outside/canary"
    from_archive hostile.tar "$new"
    refused 'leads out of it'
}

testNameThroughLink() {
    ln -s "$outside" small/a
    tar -C small -cf hostile.tar .
    mkdir -p other/a/folder
    echo evil >other/a/canary
    for name in a/canary a/folder; do
        cp hostile.tar both.tar
        tar -C other -rf both.tar "$name"
        from_archive both.tar "$new"
        refused 'through symlink'
    done
    (cd small && zip -qry ../hostile.zip .)
    (cd other && zip -q ../hostile.zip a/canary)
    from_archive hostile.zip "$new"
    refused 'through symlink'
}

testNameThroughLinkThatWasADirectory() {
    mkdir -m 777 small/a
    tar -C small -cf hostile.tar .
    rmdir small/a
    ln -s "$outside" small/a
    tar -C small -rf hostile.tar ./a
    unpacks hostile.tar
    untouched_outside
    assertEquals "$outside" "$(readlink "$new/a")"
}

testHardLinkToOutside() {
    hostile_hard_link "$outside/canary"
    from_archive hostile.tar "$new"
    refused 'a name in it begins with a slash'
    for name in ../outside/canary ../../outside/canary; do
        rm first evil
        hostile_hard_link "$name"
        from_archive hostile.tar "$new"
        refused "Path contains '..'"
    done
}

# entry NAME TYPE LINK MODE [DATA]: an entry of a tar archive, to standard output. TYPE: 0 a file, 1 a hard link, 2 a
# symbolic link, 5 a directory, x what a pax archive says of the next one.
entry() {
    perl -e 'my ($name, $type, $link, $mode, $data) = @ARGV;
        $data = "" unless defined $data;
        my $head = pack("a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 a32 a32 a8 a8 a155 x12", $name, "0000" . $mode, "0000000",
            "0000000", sprintf("%011o", length $data), sprintf("%011o", 1000), "", $type, $link, "ustar", "00", "", "",
            "0000000", "0000000", "");
        substr($head, 148, 8) = sprintf("%06o\0 ", unpack("%32C*", $head));
        print $head, $data, "\0" x (-length($data) % 512);' -- "$@"
}

# A root, and behind it what standard input has.
hostile_root() {
    {
        entry bin/ 5 '' 755
        entry etc/ 5 '' 755
        entry bin/program 0 '' 755 '#!'
        cat
        head -c 1024 /dev/zero
    } >hostile.tar
}

# bsdtar sets the mode of such a link, which it did not write to, through it.
testHardLinkWithDataToALink() {
    for target in "$outside/canary" ../../outside/canary "$outside"; do
        {
            entry s 2 "$target" 777
            entry pax x '' 644 '13 comment=x
'
            entry h 1 s 777 x
        } | hostile_root
        from_archive hostile.tar "$new"
        refused "h: Can't set permissions to 0777: Read-only file system"
    done
}

# And that of a directory which is none any more, in the end.
testDirectoryBehindALinkThatWasADirectory() {
    mkdir -m 700 "$outside/dir"
    describe_outside >"$tmp/outside.before"
    {
        entry a/ 5 '' 755
        entry a/dir/ 5 '' 777
        entry a/dir 1 bin 777
        entry a 2 "$outside" 777
    } | hostile_root
    from_archive hostile.tar "$new"
    refused "a/dir: Can't create 'a/dir': Operation not permitted"
    rmdir "$outside/dir"
    describe_outside >"$tmp/outside.before"
}

testHardLinkThroughLink() {
    ln -s "$outside" small/a
    hostile_hard_link a/canary
    from_archive hostile.tar "$new"
    refused 'through symlink'
}

testFileOverLinkReplacesIt() {
    ln -s "$outside/canary" small/etc/link
    tar -C small -cf hostile.tar .
    rm small/etc/link
    echo new >small/etc/link
    tar -C small -rf hostile.tar ./etc/link
    unpacks hostile.tar
    untouched_outside
    contains etc/link new
}

testMtreeIsRefused() {
    # This format names files of the host, to be copied.
    printf '#mtree\n./bin type=dir\n./bin/x type=file contents=%s\n' "$outside/canary" >hostile
    from_archive hostile "$new"
    refused 'it is neither tar nor zip, but mtree'
    gzip hostile
    from_archive hostile.gz "$new"
    refused 'it is neither tar nor zip, but mtree'
}

testControlCharactersAreNotShown() {
    from_archive "$(printf 'x\033[31m\ny')" "$new"
    refused 'cannot unpack x?[31m?y: it does not exist'
    from_archive "$(printf 'x\302\23331m\303\233y')" "$new"
    refused "cannot unpack x??31m$(printf '\303\233')y: it does not exist"
}

# --- from-archive: images. Layers are made from the directories 1, 2 ... in $work.

# The layers LAYER... as "docker save" wrote them once; links in place of layers that came twice.
docker_image() {
    layers=
    for layer; do
        mkdir -p "image/$layer"
        tar -C "$layer" -cf "image/$layer/layer.tar" .
        layers=$layers${layers:+,}\"$layer/layer.tar\"
    done
    echo "[{\"Config\":\"x.json\",\"RepoTags\":[\"x:1\"],\"Layers\":[$layers]}]" \
        >image/manifest.json
    tar -C image -cf image.tar .
}

# blob FILE: puts it where it belongs and prints its description.
blob() {
    mkdir -p image/blobs/sha256
    digest=$(sha256sum "$1" | cut -d ' ' -f 1)
    cp "$1" "image/blobs/sha256/$digest"
    echo "{\"mediaType\":\"x\",\"size\":$(wc -c <"$1"),\"digest\":\"sha256:$digest\"$2}"
}

# oci_manifest LAYER...: prints the description of the manifest.
oci_manifest() {
    layers=
    for layer; do
        tar -C "$layer" -czf layer.tgz .
        layers=$layers${layers:+,}$(blob layer.tgz "")
    done
    echo "{\"schemaVersion\":2,\"config\":{},\"layers\":[$layers]}" >manifest
    blob manifest "${platform-}"
}

# oci_index FILE DESCRIPTION...
oci_index() {
    echo '{"imageLayoutVersion":"1.0.0"}' >image/oci-layout
    index=$1
    shift
    IFS=,
    printf '{"schemaVersion":2,"manifests":[%s]}\n' "$*" >"$index"
    unset IFS
}

two_layers() {
    mkdir -p 1/bin 1/etc 2/etc
    cp small/bin/program 1/bin
    echo one >1/etc/one
    echo one >1/etc/both
    echo two >2/etc/both
}

testDockerImage() {
    two_layers
    docker_image 1 2
    unpacks image.tar
    contains etc/one one
    contains etc/both two
    assertTrue "[ -x '$new/bin/program' ]"
    lacks manifest.json
    rm -r "$new"
    gzip image.tar
    unpacks image.tar.gz
    contains etc/both two
}

testDockerImageWithLinkedLayer() {
    two_layers
    docker_image 1 2
    rm -r image/2
    mkdir image/3 image/2
    tar -C 2 -cf image/3/layer.tar .
    ln -s ../3/layer.tar image/2/layer.tar
    tar -C image -cf image.tar .
    unpacks image.tar
    contains etc/both two
}

testDockerImageWithBlobs() {
    two_layers
    tar -C 1 -cf 1.tar .
    tar -C 2 -cf 2.tar .
    blob 1.tar "" >/dev/null
    one=$digest
    blob 2.tar "" >/dev/null
    echo "[{\"Config\":\"x\",\"Layers\":[\"blobs/sha256/$one\",\"blobs/sha256/$digest\"]}]" \
        >image/manifest.json
    tar -C image -cf image.tar manifest.json blobs
    unpacks image.tar
    contains etc/both two
}

testOciImage() {
    two_layers
    oci_index image/index.json "$(oci_manifest 1 2)"
    unpacks image
    contains etc/one one
    contains etc/both two
    rm -r "$new"
    tar -C image -cf image.tar .
    unpacks image.tar
    contains etc/both two
}

testOciImageOfThisArchitecture() {
    case $(uname -m) in
        x86_64) mine=amd64 ;;
        aarch64) mine=arm64 ;;
        *) skip "unknown architecture"; return ;;
    esac
    two_layers
    mkdir -p other/bin
    echo other >other/bin/program
    other=$(platform=',"platform":{"os":"linux","architecture":"s390x"}' oci_manifest other)
    windows=$(platform=",\"platform\":{\"os\":\"windows\",\"architecture\":\"$mine\"}" \
        oci_manifest other 1)
    wanted=$(platform=",\"platform\":{\"os\":\"linux\",\"architecture\":\"$mine\"}" \
        oci_manifest 1 2)
    oci_index nested "$other" "$windows" "$wanted"
    oci_index image/index.json "$(blob nested "")"
    unpacks image
    contains etc/both two
    rm -r "$new"

    oci_index image/index.json "$other" "$windows"
    from_archive image "$new"
    refused "no image in it is for linux/$mine"

    different=$(platform=",\"platform\":{\"os\":\"linux\",\"architecture\":\"$mine\"}" \
        oci_manifest 1)
    oci_index image/index.json "$wanted" "$different"
    from_archive image "$new"
    refused "several images in it are for linux/$mine"
}

testRootWithFilesNamedLikeAnImage() {
    echo x >small/manifest.json
    echo x >small/oci-layout
    echo x >small/index.json
    tar -C small -cf small.tar .
    unpacks small.tar
    contains manifest.json x
}

testImageIsNoneOfDocker() {
    for manifest in '{"name":"extension"}' '[{"name":"extension"}]' '[{"Layers":1}]' '['; do
        echo "$manifest" >image/manifest.json
        tar -C image -cf image.tar .
        from_archive image.tar "$new"
        refused 'its manifest.json is not one of docker save'
    done
}

testDockerImageOfSeveral() {
    two_layers
    docker_image 1 2
    echo '[{"Layers":["1/layer.tar"]},{"Layers":["2/layer.tar"]}]' >image/manifest.json
    tar -C image -cf image.tar .
    from_archive image.tar "$new"
    refused 'it does not hold one image but 2'
}

testImageWithoutFiles() {
    mkdir 1
    docker_image 1
    from_archive image.tar "$new"
    refused 'the image has no files'
}

testImageNeedsJq() {
    two_layers
    docker_image 1 2
    mkdir with
    ln -s "$(command -v bsdtar)" with
    PATH=$(bare_path) from_archive image.tar "$new"
    ended 125
    said '^from-archive: jq is missing$'
    said '^from-archive: hint: apt-get install jq$'
    nothing_left
    tar -C small -cf small.tar .
    PATH=$(bare_path) unpacks small.tar
}

testWhiteouts() {
    two_layers
    mkdir -p 1/var/full/sub 1/opt/kept 2/var
    touch 1/var/full/sub/file 1/opt/kept/file 1/top
    touch 2/etc/.wh.one 2/var/.wh.full 2/.wh.top 2/etc/.wh.never-there 2/opt.wh.kept
    mkdir -p 2/missing
    touch 2/missing/.wh.file 2/missing/.wh..wh..opq
    docker_image 1 2
    unpacks image.tar
    lacks etc/one
    lacks var/full
    lacks top
    contains etc/both two
    assertTrue "[ -e '$new/opt/kept/file' ] && [ -e '$new/opt.wh.kept' ]"
    assertEquals "" "$(find "$new" -name '.wh.*')"
}

testWhiteoutIsForLowerLayersOnly() {
    two_layers
    mkdir -p 1/opt 2/opt
    echo one >1/opt/replaced
    echo two >2/opt/replaced
    touch 2/opt/.wh.replaced
    docker_image 1 2
    # Both orders in which the archive may have them.
    for order in "./opt/.wh.replaced ./opt/replaced" "./opt/replaced ./opt/.wh.replaced"; do
        # shellcheck disable=SC2086
        tar -C 2 -cf image/2/layer.tar $order
        tar -C image -cf image.tar .
        unpacks image.tar
        contains opt/replaced two
        rm -r "$new"
    done
}

testOpaqueDirectory() {
    two_layers
    mkdir -p 1/opt/sub 2/opt
    touch 1/opt/.hidden 1/opt/sub/file "1/opt/new
line"
    echo two >2/opt/own
    touch 2/opt/.wh..wh..opq
    docker_image 1 2
    unpacks image.tar
    assertEquals own "$(ls -A "$new/opt")"
    contains etc/one one
}

testOpaqueRoot() {
    two_layers
    touch 2/.wh..wh..opq
    docker_image 1 2
    unpacks image.tar
    lacks etc/one
    lacks bin
    contains etc/both two
}

testWhiteoutsOfStrangeNames() {
    two_layers
    for name in "new
line" "-rf" 'back\slash' 'back\nslash' 'back\0331' "ü" \
        "$(printf 'byte\377')" "$(printf '\0331')" "*" "a b "; do
        touch "1/etc/$name" "2/etc/.wh.$name"
    done
    touch 1/etc/kept
    docker_image 1 2
    unpacks image.tar
    assertEquals "both kept one" "$(listed "$new/etc")"
}

testTracesOfAufsAreLeftOut() {
    two_layers
    mkdir 2/.wh..wh.plnk
    touch 2/.wh..wh.plnk/1.2 2/.wh..wh.aufs
    docker_image 1 2
    unpacks image.tar
    assertEquals "" "$(find "$new" -name '.wh*')"
}

testLayerReplacesDirectory() {
    two_layers
    mkdir -p "1/a/sub" "1/b/sub" "1/c
d/sub"
    touch 1/a/file 1/b/file
    echo two >2/a
    ln -s etc 2/b
    echo two >"2/c
d"
    docker_image 1 2
    unpacks image.tar
    contains a two
    assertEquals etc "$(readlink "$new/b")"
    contains "c
d" two
}

testLayerReplacesLinkByDirectory() {
    two_layers
    ln -s "$outside" 1/a
    mkdir 2/a
    echo two >2/a/canary
    touch 2/a/.wh..wh..opq 2/a/.wh.folder
    docker_image 1 2
    unpacks image.tar
    untouched_outside
    contains a/canary two
}

# --- from-archive: images that would reach outside.

testLayerThroughLinkOfLowerLayer() {
    two_layers
    ln -s "$outside" 1/a
    mkdir 2/a
    echo evil >2/a/canary
    docker_image 1 2
    # Without an entry for a, which would make a directory of the link.
    tar -C 2 -cf image/2/layer.tar a/canary
    tar -C image -cf image.tar .
    from_archive image.tar "$new"
    refused 'through symlink'
}

testLayerReplacesDirectoryThroughLink() {
    two_layers
    ln -s "$outside" 1/a
    mkdir 2/a
    echo evil >2/a/folder
    docker_image 1 2
    tar -C 2 -cf image/2/layer.tar a/folder
    tar -C image -cf image.tar .
    from_archive image.tar "$new"
    refused 'leads through a link'
}

testLayerHardLinkThroughLink() {
    two_layers
    ln -s "$outside" 1/a
    docker_image 1 2
    rm -r small
    mkdir small
    hostile_hard_link a/canary
    cp hostile.tar image/2/layer.tar
    tar -C image -cf image.tar .
    from_archive image.tar "$new"
    refused 'through symlink'
}

testWhiteoutThroughLink() {
    two_layers
    ln -s "$outside" 1/a
    mkdir -p 2/a/folder
    touch 2/a/.wh.canary 2/a/folder/.wh.canary 2/a/.wh..wh..opq
    docker_image 1 2
    for name in a/.wh.canary a/folder/.wh.canary a/.wh..wh..opq; do
        tar -C 2 -cf image/2/layer.tar "$name"
        tar -C image -cf image.tar .
        from_archive image.tar "$new"
        refused 'leads through a link'
    done
}

testWhiteoutOfDots() {
    two_layers
    mkdir 2/a
    touch 2/.wh. 2/a/.wh...
    mkdir 2/.wh.x
    touch 2/.wh.x/file
    docker_image 1 2
    for name in .wh. a/.wh... .wh.x/file; do
        tar -C 2 -cf image/2/layer.tar "$name"
        tar -C image -cf image.tar .
        from_archive image.tar "$new"
        refused 'makes no sense'
    done
}

testLayerNameWithDotsInLayer() {
    two_layers
    docker_image 1 2
    hostile_name ../../../outside/canary
    cp hostile.tar image/2/layer.tar
    tar -C image -cf image.tar .
    from_archive image.tar "$new"
    refused 'leads out of it'
}

testLayerThatIsNoTar() {
    two_layers
    docker_image 1 2
    printf '#mtree\n./x type=file contents=%s\n' "$outside/canary" >image/2/layer.tar
    tar -C image -cf image.tar .
    from_archive image.tar "$new"
    refused 'it is neither tar nor zip, but mtree'
}

# The tar outside must not be read as a layer either.
testDockerLayerOutside() {
    two_layers
    docker_image 1 2
    tar -C small -cf "$outside/layer.tar" .
    describe_outside >"$tmp/outside.before"
    up=../../../../../../../../..
    for name in "$up$outside/layer.tar" "2/../$up$outside/layer.tar"; do
        printf '[{"Layers":["1/layer.tar","%s"]}]\n' "$name" >image/manifest.json
        tar -C image -cf image.tar .
        from_archive image.tar "$new"
        refused 'leads out of it'
    done
    for name in "$outside/layer.tar" '1/layer.tar\n2/layer.tar'; do
        printf '[{"Layers":["1/layer.tar","%s"]}]\n' "$name" >image/manifest.json
        tar -C image -cf image.tar .
        from_archive image.tar "$new"
        refused 'is missing in it'
    done
}

testDockerLayerThatLinksOutside() {
    two_layers
    docker_image 1 2
    tar -C small -cf "$outside/layer.tar" .
    describe_outside >"$tmp/outside.before"
    for target in "$outside/layer.tar" ../../../outside/layer.tar; do
        ln -sf "$target" image/2/layer.tar
        tar -C image -cf image.tar .
        from_archive image.tar "$new"
        refused 'leads out of it'
    done
    rm image/2/layer.tar
    mknod image/2/layer.tar c 1 5
    tar -C image -cf image.tar .
    from_archive image.tar "$new"
    refused 'is not a file'
}

testManifestThatLinksOutside() {
    two_layers
    docker_image 1 2
    mv image/manifest.json "$outside/manifest.json"
    describe_outside >"$tmp/outside.before"
    ln -s "$outside/manifest.json" image/manifest.json
    tar -C image -cf image.tar .
    from_archive image.tar "$new"
    refused 'leads out of it'
}

testOciDigestsThatAreNone() {
    mkdir -p image/blobs/sha256
    tar -C small -cf "$outside/layer.tar" .
    describe_outside >"$tmp/outside.before"
    long=$(printf '%064d' 0)
    # As long as a digest, too.
    path=../../../..$(printf '%36s' '' | tr ' ' /)outside/layer.tar
    for digest in "sha256:$path" "sha512:$long" "sha256:${long}0" \
        "sha256:$long\\nsha256:$long"; do
        oci_index image/index.json "{\"digest\":\"$digest\"}"
        from_archive image "$new"
        refused 'is not a sha256 digest'
    done
    echo '{"layers":[{"digest":"sha256:../../../../outside/layer.tar"}]}' >manifest
    oci_index image/index.json "$(blob manifest "")"
    from_archive image "$new"
    refused 'is not a sha256 digest'
}

testOciDigestIsVerified() {
    two_layers
    oci_index image/index.json "$(oci_manifest 1 2)"
    for file in image/blobs/sha256/*; do
        cp "$file" saved
        printf '\n' >>"$file"
        from_archive image "$new"
        refused 'do not match this digest'
        cp saved "$file"
    done
    rm "$file"
    from_archive image "$new"
    refused 'is missing in it'
}

testOciBlobThatLinksOutside() {
    two_layers
    oci_index image/index.json "$(oci_manifest 1)"
    digest=$(sha256sum layer.tgz | cut -d ' ' -f 1)
    mv "image/blobs/sha256/$digest" "$outside/layer.tgz"
    describe_outside >"$tmp/outside.before"
    ln -s "$outside/layer.tgz" "image/blobs/sha256/$digest"
    tar -C image -cf image.tar .
    from_archive image.tar "$new"
    refused 'leads out of it'
}

# --- from-debian, with a stand-in for the tool; the real one needs a network.

stand_in() {
    wrap mmdebstrap
}

from_debian() {
    PATH=$work/wrap:$PATH attempt "$rootfs/from-debian" "$@"
}

testDebianSuiteIsChecked() {
    echo 'echo "called" >&2' | stand_in
    for suite in '' ../x Bookworm 'a b' 'a;b' "a
b"; do
        from_debian "$suite" "$new"
        refused 'not the name of a suite'
    done
}

testDebianMirrorIsChecked() {
    for mirror in '' mirror 'deb file:/x bookworm main' 'file:/x y' gopher://x; do
        from_debian bookworm "$new" "$mirror"
        refused 'not the address of a mirror'
    done
}

testDebianNeedsOneTool() {
    PATH=$(bare_path) attempt "$rootfs/from-debian" bookworm "$new"
    ended 125
    assertEquals "from-debian: neither mmdebstrap nor debootstrap is there
from-debian: hint: apt-get install mmdebstrap" "$(cat "$tmp/err")"
    nothing_left
}

testDebianAsksTheToolForWhatIsNeeded() {
    stand_in <<'END'
for word; do
    case $word in
        */root) tree=$word ;;
    esac
done
mkdir "$tree/bin" "$tree/dev" "$tree/var"
printf '%s\n' "$@" | sed 's,^/.*/root$,TREE,' >"$tree/words"
END
    from_debian bookworm "$new" file:/mirror
    ended 0
    assertEquals "" "$(cat "$tmp/err")"
    contains words "--mode=root
--format=directory
--variant=minbase
--include=procps,hostname
bookworm
TREE
file:/mirror"
    assertTrue "devices and directories" \
        "[ -c '$new/dev/null' ] && [ -d '$new/proc' ] && [ -d '$new/mytemp' ]"
    assertEquals 755 "$(stat -c %a "$new")"
}

testDebianTakesTheMirrorOfThisMachine() {
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    grep -qE '^ID=(debian|ubuntu)$' /etc/os-release || { skip "neither Debian nor Ubuntu"; return; }
    stand_in <<'END'
echo "its words: $*"
exit 1
END
    wrap apt-get <<'END'
case "$*" in
    *"Component: main"*) printf 'Repo-URI: %s\n' cdrom:x http://localhost/first file:/second ;;
esac
END
    from_debian "$codename" "$new"
    said "its words: .* $codename [^ ]* http://localhost/first\$"
    from_debian no-such-suite "$new"
    said "its words: .* no-such-suite [^ ]*\$"
}

testDebianWithDebootstrap() {
    mkdir with
    cat >with/debootstrap <<'END'
#!/bin/sh
mkdir "$4/dev"
echo "$1 $2 $3 $5" >"$4/words"
END
    chmod 755 with/debootstrap
    PATH=$(bare_path) attempt "$rootfs/from-debian" bookworm "$new" file:/mirror
    ended 0
    contains words '--variant=minbase --include=procps,hostname bookworm file:/mirror'
}

testDebianFailureShowsTheLog() {
    stand_in <<'END'
for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
    echo "line $number"
done
printf 'E: the \033reason\n' >&2
exit 3
END
    from_debian bookworm "$new" file:/mirror
    ended 125
    said "^from-debian: cannot make $new: mmdebstrap failed; the end of its log:\$"
    said '^    line 4$'
    said '^    E: the reason$'
    assertEquals 11 "$(wc -l <"$tmp/err")"
    nothing_left
}

testDebianInterrupted() {
    # Its mounts and whatever it has started go as well.
    stand_in <<'END'
for word; do
    case $word in
        */root) tree=$word ;;
    esac
done
mkdir "$tree/mounted"
mount -t tmpfs none "$tree/mounted"
mkdir "$tree/outside"
mount --bind "$outside" "$tree/outside"
"$sleeper" 20 &
trap '' INT TERM HUP
touch "$started"
while kill -0 "$!"; do
    echo x >"$tree/file.$(date +%N)"
done
END
    interrupted TERM 143 "$rootfs/from-debian" bookworm "$new" file:/mirror
    untouched_outside
    interrupted HUP 129 "$rootfs/from-debian" bookworm "$new" file:/mirror
    untouched_outside
}

# shellcheck source=/dev/null
. shunit2
