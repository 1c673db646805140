# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# rootfs-user.sh: the makers of root file systems without root. A user called mapped, 54321, lets
# them make $new in $work, which is the user's; the ranges are 700000 to 702999.

. "$(dirname "$0")/lib.sh"

work=$tmp/work
new=$work/new

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    [ "$(id -u)" != 0 ] || have_user 54321
    mkdir "$tmp/copy"
    cp -R "$bin" "$tmp/copy/bin"
    cp -R "$top/rootfs" "$top/VERSION" "$tmp/copy"
    rm -rf "$tmp/copy/rootfs/base"
    chmod -R go=rX "$tmp/copy"
    PATH=$tmp/copy/rootfs:$PATH
}

setUp() {
    [ ! -d "$tmp/user" ] || ranges mapped:700000:3000
    mkdir -p "$work/small/bin" "$work/small/etc" "$work/small/dev"
    echo '#!/bin/sh' >"$work/small/bin/program"
    chmod 755 "$work/small/bin/program"
    echo hello >"$work/small/etc/motd"
    [ "$(id -u)" = 0 ] && chown 54321:54321 "$work"
    cd "$work" || return
}

tearDown() {
    cd "$top" || return
    rm -rf --one-file-system "$work"
}

# as_user COMMAND...: attempts it as the user, in $work.
as_user() {
    attempt "$user" env PATH="$work/with:$tmp/copy/bin:$PATH" HOME=/ "$@"
}

has_no_ranges() {
    ranges other:700000:3000
}

# The programs that are here, but NAME...
path_without() {
    mkdir -p "$tmp/path"
    ln -sf /usr/bin/* /usr/sbin/* "$tmp/path"
    for name; do
        rm -f "$tmp/path/$name"
    done
    echo "$tmp/path"
}

nothing_left() {
    for left in "$new"*; do
        if [ -e "$left" ] || [ -L "$left" ]; then
            fail "left: $left"
        fi
    done
}

quietly() {
    ended 0
    assertEquals "$1" "$(cat "$tmp/err")"
}

# shows LINE...: "NAME OWNER:GROUP MODE" is true of this file of the new root.
shows() {
    for line; do
        assertEquals "$line" "$(cd "$new" && stat -c '%n %u:%g %a' "${line%% *}" 2>&1)"
    done
}

lacks() {
    for name; do
        if [ -e "$new/$name" ] || [ -L "$new/$name" ]; then
            fail "$name is there"
        fi
    done
}

# An archive with what is of several users, and what only root could make.
make_archive() {
    cp small/bin/program small/bin/suid
    chmod 6755 small/bin/suid
    cp small/bin/program small/bin/suid.12
    chown 12:34 small/bin/suid.12
    chmod 6755 small/bin/suid.12
    ln small/etc/motd small/etc/hard
    chown 3000:33 small/etc/motd
    chmod 640 small/etc/motd
    mknod small/dev/null c 1 3
    mknod small/dev/disk b 7 99
    mknod "small/dev/o[d]*d\\
?ü" c 1 3
    mkdir small/etc/dev
    # Their names are like those of the devices.
    echo kept | tee small/etc/dev/null small/dev/disk2 >small/dev/xdisk
    tar -C small -cf small.tar .
    chmod 644 small.tar
}

testArchiveWithRanges() {
    needs_ranges && return
    make_archive
    as_user from-archive small.tar "$new"
    quietly ''
    shows '. 54321:54321 755' \
        'bin/program 54321:54321 755' \
        'bin/suid 54321:54321 6755' \
        'bin/suid.12 700011:700033 6755' \
        'etc/hard 702999:700032 640' \
        'tmp 54321:54321 1777'
    assertEquals 'a hard link' 2 "$(stat -c %h "$new/etc/hard")"
    assertEquals 'disk2 xdisk' "$(cd "$new/dev" && echo *)"
    assertEquals kept "$(cat "$new/etc/dev/null")"
}

testArchiveWithoutRanges() {
    needs_root && return
    make_archive
    has_no_ranges
    PATH=$(path_without newuidmap):$tmp/copy/rootfs as_user from-archive small.tar "$new"
    quietly "from-archive: all files become yours, whoever owns them in small.tar: \
newuidmap is missing (apt-get install uidmap)"
    # No other user's program becomes one that makes everybody this user.
    shows 'bin/suid 54321:54321 6755' \
        'bin/suid.12 54321:54321 755' \
        'etc/hard 54321:54321 640' \
        'tmp 54321:54321 1777'
    assertEquals 'disk2 xdisk' "$(cd "$new/dev" && echo *)"
    assertEquals '' "$(find "$new" ! -user 54321 -o ! -group 54321)"
    as_user rm -r "$new"
    quietly ''
}

testReasonWhyAllFilesBecomeTheUsers() {
    needs_ranges && return
    tar -C small -cf small.tar .
    has_no_ranges
    as_user from-archive small.tar "$new"
    quietly "from-archive: all files become yours, whoever owns them in small.tar: \
/etc/subuid and /etc/subgid give you no other ids"
    rm -r "$new"
    [ ! -d "$tmp/user" ] || ranges mapped:700000:3000
    PATH=$(path_without newgidmap):$tmp/copy/rootfs as_user from-archive small.tar "$new"
    quietly "from-archive: all files become yours, whoever owns them in small.tar: \
newuidmap is missing (apt-get install uidmap)"
}

testOwnerBeyondTheRanges() {
    needs_ranges && return
    for owner in 3001:0 0:3001 65534:0; do
        chown "$owner" small/etc/motd
        tar -C small -cf small.tar .
        as_user from-archive small.tar "$new"
        refused "from-archive: cannot unpack small.tar: ./etc/motd: Can't set user=${owner%:*}/group=${owner#*:} for*: Invalid argument"
        assertEquals 'from-archive: hint: the owner is none of the ids that /etc/subuid and /etc/subgid give you' \
            "$hint"
        nothing_left
    done
}

testFileCapabilities() {
    needs_ranges && return
    setcap cap_net_raw+ep small/bin/program 2>/dev/null || { skip 'no file capabilities'; return; }
    tar -C small --xattrs --xattrs-include='*' -cf small.tar .
    as_user from-archive small.tar "$new"
    quietly ''
    as_user ns-enter --map-auto getcap "$new/bin/program"
    printed "$new/bin/program cap_net_raw=ep"
    # They are of that namespace's root, not of the host's.
    as_user getcap -n "$new/bin/program"
    printed "$new/bin/program cap_net_raw=ep [rootid=54321]"
}

testAContainerSeesTheOwners() {
    needs_ranges && return
    for file in "$(command -v stat)" $(ldd "$(command -v stat)" | grep -o '/[^ ]*'); do
        cp -L --parents "$file" small
    done
    make_archive
    as_user from-archive small.tar "$new"
    quietly ''
    as_user minictr --no-limits --root "$new" "$(command -v stat)" -c %u:%g / /etc/hard /bin/suid.12
    ended 0
    printed '0:0
3000:33
12:34'
}

testOnlyANamespaceRemovesFilesOfOthers() {
    needs_ranges && return
    mkdir small/etc/theirs
    touch small/etc/theirs/file
    chown 12:34 small/etc/theirs
    tar -C small -cf small.tar .
    as_user from-archive small.tar "$new"
    as_user rm -rf "$new"
    ended 1
    said 'theirs/file.*: Permission denied'
    as_user ns-enter -U --map-auto rm -rf "$new"
    quietly ''
    nothing_left
}

testImageWithRanges() {
    needs_ranges && return
    command -v jq >/dev/null || { skip 'jq is not installed'; return; }
    mkdir -p image/1 image/2 2/etc 2/dev
    make_archive
    mv small.tar image/1/layer.tar
    touch 2/etc/.wh.hard
    echo two >2/etc/two
    chown 12:34 2/etc/two
    mknod 2/dev/tty c 5 0
    tar -C 2 -cf image/2/layer.tar .
    echo '[{"Config":"x","Layers":["1/layer.tar","2/layer.tar"]}]' >image/manifest.json
    tar -C image -cf image.tar .
    as_user from-archive image.tar "$new"
    quietly ''
    shows 'etc/motd 702999:700032 640' 'etc/two 700011:700033 644'
    lacks etc/hard dev/null dev/tty
}

testNameThatLeadsOut() {
    needs_root && return
    echo evil >evil
    tar -C small -cf hostile.tar .
    tar -rPf hostile.tar --transform 's,^evil$,../canary,' evil
    echo precious >canary
    chown 54321 canary
    as_user from-archive hostile.tar "$new"
    ended 125
    said 'the name ../canary leads out of it'
    assertEquals precious "$(cat canary)"
    nothing_left
}

testInterrupted() {
    needs_ranges && return
    make_archive
    mkdir with
    cat >with/bsdtar <<'STANDIN'
#!/bin/sh
"$real" "$@" || exit
case $1 in
-xp)
    for folder in "$new".part.*; do touch "$folder/started"; done
    exec sleep 20
    ;;
esac
STANDIN
    chmod 755 with/bsdtar
    real=$(command -v bsdtar)
    export real new
    for signal in TERM HUP; do
        as_user from-archive small.tar "$new" &
        interrupted=$!
        await 20 eval 'ls "$new".part.*/started >/dev/null 2>&1' || fail "not started: $(cat "$tmp/err")"
        assertEquals 'it has files of others' 702999 "$(stat -c %u "$new".part.*/root/etc/motd)"
        kill "-$signal" "$(child_of "$interrupted")"
        wait "$interrupted"
        nothing_left
    done
}

testStrangeNames() {
    needs_root && return
    has_no_ranges
    tar -C small -cf '-a b.tar' .
    for script in from-archive "sh $tmp/copy/rootfs/from-archive"; do
        # shellcheck disable=SC2086
        as_user $script -- '-a b.tar' '-n ew'
        ended 0
        assertEquals hello "$(cat './-n ew/etc/motd')"
        rm -r './-n ew'
    done
}

testNoUserNamespaces() {
    needs_root && return
    tar -C small -cf small.tar .
    has_no_ranges
    for command in 'from-archive small.tar' from-host; do
        # shellcheck disable=SC2086
        attempt env PATH="$tmp/copy/bin:$PATH" ns-enter --map-user 0:0:65536 --map-group 0:0:65536 sh -c '
            echo 0 >/proc/sys/user/max_user_namespaces
            exec setpriv --reuid 54321 --regid 54321 --clear-groups "$@"' sh $command "$new"
        refused 'ns-enter: cannot make a user namespace: No space left on device'
        assertEquals 'ns-enter: hint: /proc/sys/user/max_user_namespaces is 0' "$hint"
        nothing_left
    done
}

testRangesAreGarbled() {
    needs_ranges && return
    ranges mapped:x
    as_user from-host "$new"
    refused 'minictr: /etc/subuid: "mapped:x" is not NAME:START:COUNT'
    nothing_left
}

testProgramsAreNotBuilt() {
    needs_root && return
    mkdir alone
    cp -R "$tmp/copy/rootfs" alone
    for command in "from-archive small.tar" from-host "from-debian bookworm"; do
        # shellcheck disable=SC2086
        as_user "$work/alone/rootfs/"$command "$new"
        refused "from-*: cannot make $new without root: bin/ns-enter and bin/minictr are not built"
        assertEquals "${command%% *}: hint: make" "$hint"
    done
}

# --- from-host.

testHost() {
    needs_root && return
    for line in mapped:700000:3000 other:700000:3000; do
        ranges "$line"
        # A user's PATH has no sbin.
        PATH=/usr/bin:/bin:$tmp/copy/rootfs as_user from-host "$new" ldconfig
        quietly ''
        assertEquals '' "$(find "$new" ! -user 54321 -o ! -group 54321)"
        assertEquals '' "$(find "$new" -type b -o -type c)"
        assertEquals /proc/self/fd "$(readlink "$new/dev/fd")"
        as_user minictr --no-limits --root "$new" /bin/bash -c 'hostname; id -un; [ -c /dev/null ]'
        ended 0
        printed 'minictr
root'
        as_user rm -r "$new"
        quietly ''
    done
}

testHostInPlaceThatIsNotTheUsers() {
    needs_root && return
    mkdir -m 755 theirs
    as_user from-host theirs/new
    refused 'from-host: cannot make theirs/new: failed to create directory via template *: Permission denied'
}

# --- from-debian, with a stand-in for mmdebstrap or debootstrap, and so without the network.

# stand_in NAME: it comes first in PATH. Its script is standard input; $tree is the directory.
stand_in() {
    mkdir -p with
    { echo '#!/bin/sh' && cat; } >"with/$1"
    chmod 755 "with/$1"
}

testDebian() {
    needs_ranges && return
    stand_in mmdebstrap <<'STANDIN'
for tree; do
    case $tree in */root) break ;; esac
done
mkdir "$tree/bin" "$tree/dev" "$tree/var"
echo "$1 $(id -u) ${container-no container}" >"$tree/words"
touch "$tree/mail"
chown 12:34 "$tree/mail"
mkdir "$tree/mounted"
mount -t tmpfs none "$tree/mounted" && touch "$tree/mounted/file"
STANDIN
    as_user from-debian bookworm "$new" file:/mirror
    quietly ''
    shows '. 54321:54321 755' 'mail 700011:700033 644' \
        'mounted 54321:54321 755'
    assertEquals '--mode=root 0 no container' "$(cat "$new/words")"
    assertEquals 'fd stderr stdin stdout' "$(cd "$new/dev" && echo *)"
}

testDebianByDebootstrap() {
    needs_ranges && return
    stand_in debootstrap <<'STANDIN'
mkdir "$4/dev"
echo written >"$4/dev/null"
echo "$1 $container" >"$4/words"
STANDIN
    PATH=$work/with:$(path_without mmdebstrap):$tmp/copy/rootfs as_user from-debian bookworm "$new" file:/mirror
    quietly ''
    assertEquals '--variant=minbase lxc' "$(cat "$new/words")"
    assertEquals 'fd stderr stdin stdout' "$(cd "$new/dev" && echo *)"
}

testDebianWithoutRanges() {
    needs_ranges && return
    echo 'echo "called" >&2' | stand_in mmdebstrap
    has_no_ranges
    as_user from-debian bookworm "$new"
    refused "from-debian: cannot make $new: it takes more users than one, and /etc/subuid and /etc/subgid give you no other ids"
    nothing_left
    PATH=$(path_without newuidmap):$tmp/copy/rootfs as_user from-debian bookworm "$new"
    refused "from-debian: cannot make $new: it takes more users than one, and newuidmap is missing (apt-get install uidmap)"
    nothing_left
}

# shellcheck source=/dev/null
. shunit2
