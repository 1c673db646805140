# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# mnt-bind.sh: what is shown, with which flags and owners, and that the place of it lies in the new
# root whatever that holds.

. "$(dirname "$0")/lib.sh"

# A root of this file's own, something to show in it, and a place on the host that links in it lead to.
oneTimeSetUp() {
    host_state >"$tmp/host.before"
    find / -maxdepth 1 | sort >"$tmp/host.top"
    own=$tmp/root source=$tmp/the-source victim=$tmp/victim
    cp -a "$root" "$own"
    mkdir -p "$source/sub" "$victim/deep" "$tmp/dir"
    echo text >"$source/file"
    cp "$helpers/probe" "$source/probe"
    mkdir "$own/dir" "$own/other"
    : >"$own/file"
    echo secret >"$victim/file"
    before=$(victim_state)
}

# All of it, with the times of each change.
victim_state() {
    find "$victim" -printf '%p %y %m %s %T@ %C@\n' | sort
}

# In a mount namespace on the machine's own root; in the new root.
bound() {
    attempt ns-enter -m mnt-bind "$@"
}
within() {
    attempt ns-enter -m root-open "$own" mnt-bind "$@"
}

# Where the source, or what is below it, is mounted, of what mountinfo says: the path in the root, the
# flags.
places() {
    awk -v root="$own" '$4 ~ "/the-source(/|$)" {
        print (index($5, root "/") == 1 ? substr($5, length(root) + 1) : $5) " " $6 }' "$tmp/out"
}

testDirectory() {
    within "$source" /dir root-setup . sh -c 'ls /dir; cat /dir/file'
    ended 0
    printed 'file
probe
sub
text'
}

testFile() {
    within "$source/file" /file root-setup . cat /file
    ended 0
    printed text
    assertEquals 'the file below it stays' '' "$(cat "$own/file")"
}

testOtherKindsOfFiles() {
    needs_root && return
    mknod "$tmp/null" c 1 3
    mkfifo "$tmp/fifo"
    within "$tmp/null" /file mnt-bind "$tmp/fifo" /made root-setup . stat -c %F /file /made
    ended 0
    printed 'character special file
fifo'
    rm "$own/made"
}

testItIsTheSameDirectory() {
    within "$source" /dir root-setup . sh -c 'echo new >/dir/new && stat -c %i /dir'
    ended 0
    printed "$(stat -c %i "$source")"
    assertEquals new "$(cat "$source/new")"
    assertFalse 'below the mount' "[ -e '$own/dir/new' ]"
    rm "$source/new"
}

testFlagsByDefault() {
    within "$source" /dir mnt-proc /proc root-setup . cat /proc/self/mountinfo
    ended 0
    assertEquals '/dir rw,relatime' "$(places)"
}

testFlagsOfTheSourceStay() {
    attempt ns-enter -m mnt-tmpfs "$tmp/dir" mnt-bind "$tmp/dir" "$own/dir" \
        awk -v dir="$own/dir" '$5 == dir { print $6 }' /proc/self/mountinfo
    ended 0
    printed rw,nosuid,nodev,relatime
}

testNothingIsSeenOutside() {
    cp /proc/self/mountinfo "$tmp/mounts"
    start ns-enter -m root-open "$own" mnt-bind "$source" /dir root-setup . sleep 1000
    await 20 sh -c '[ "$(cat "/proc/$0/comm")" = sleep ]' "$started" || fail 'it did not start'
    cut -d ' ' -f 5 "/proc/$started/mountinfo" >"$tmp/inside"
    changed=$(diff "$tmp/mounts" /proc/self/mountinfo)
    kill "$started"
    wait "$started"
    assertEquals 'inside' '/ /dir' "$(paste -sd ' ' "$tmp/inside")"
    assertEquals 'outside' '' "$changed"
    assertEquals '' "$(ls -A "$own/dir")"
}

# Somebody else's namespace may pass its mounts on to the host's.
testNothingIsSeenOutsideANamespaceThatIsNotPrivate() {
    needs_root && return
    attempt unshare --mount sh -c 'mount --make-rshared / &&
        unshare --mount --propagation unchanged mnt-bind "$0" "$1" true && echo mounted && cat /proc/self/mountinfo' "$source" "$own/dir"
    assertTrue 'it did its work' "grep -qx mounted '$tmp/out'"
    assertEquals '' "$(places)"
}

testWithoutANewRoot() {
    bound "$source" "$tmp/dir" cat "$tmp/dir/file"
    ended 0
    printed text
    attempt sh -c 'cd "$0" && exec ns-enter -m mnt-bind the-source dir cat dir/file' "$tmp"
    ended 0
    printed text
    attempt ns-enter -mp root-setup "$own" mnt-bind /bin /dir ls /dir/bash
    ended 0
    printed /dir/bash
}

testSourceIsTheHosts() {
    mkdir -p "$own$source"
    within "$source" /dir root-setup . ls /dir/file
    ended 0
    printed /dir/file
    rm -r "${own:?}$tmp"
}

testSourceMayBeASymbolicLink() {
    ln -s the-source "$tmp/to-source"
    within "$tmp/to-source" /dir root-setup . cat /dir/file
    ended 0
    printed text
}

testSourceMayBeTheRootItself() {
    within "$own" /dir root-setup . ls -d /dir/dir/.
    ended 0
    printed /dir/dir/.
}

testSourceMayBeTheHostsRoot() {
    within --rec --ro / /dir root-setup . cat "/dir$source/file"
    ended 0
    printed text
}

testRelativeSourceBehindRootOpen() {
    for relative in the-source ./dir ../the-source .; do
        attempt sh -c 'cd "$0" && exec ns-enter -m root-open root mnt-bind "$1" /dir echo reached' \
            "$tmp" "$relative"
        refused "mnt-bind: $relative is not an absolute path: the working directory is the new root"
    done
}

testSourceThatIsMissing() {
    within "$tmp/none" /new/dir echo reached
    refused "mnt-bind: cannot find $tmp/none: No such file or directory"
    within "$source/file/below" /new/dir echo reached
    refused "mnt-bind: cannot find $source/file/below: Not a directory"
    ln -s loop "$tmp/loop"
    within "$tmp/loop" /new/dir echo reached
    refused "mnt-bind: cannot find $tmp/loop: *[Ss]ymbolic link*"
    assertFalse 'the mount point was made' "[ -e '$own/new' ]"
}

testPathsThatAreTooLong() {
    long=$(printf '/%0200d' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)
    within "$long" /new/dir echo reached
    refused 'mnt-bind: cannot find /000*: File*name too long'
    within "$source" "/new$long" echo reached
    refused 'mnt-bind: cannot mount on /new/*: File*name too long'
    within "$source" "/new/$(printf %0256d 0)" echo reached
    refused 'mnt-bind: cannot *mount* /new/000*: File*name too long'
    assertFalse "[ -e '$own/new/000' ]"
    rm -rf "$own/new"
}

testNamesOfAnyBytes() {
    odd=$(printf 'a :,\\"\n\377\303x')
    mkdir "$tmp/$odd"
    echo odd >"$tmp/$odd/file"
    within "$tmp/$odd" "/$odd/$odd" root-setup . cat "/$odd/$odd/file"
    ended 0
    printed odd
    rm -r "${own:?}/$odd"
}

testBadWords() {
    within --rw "$source" /dir echo reached
    refused 'mnt-bind: unknown option --rw'
    within "$source" '' echo reached
    refused 'mnt-bind: TARGET is empty'
    within '' /dir echo reached
    refused 'mnt-bind: SOURCE is empty'
    within "$source"
    refused 'mnt-bind: TARGET is missing'
    within "$source" /new
    refused 'mnt-bind: PROG is missing'
    within --ro=yes "$source" /dir echo reached
    refused 'mnt-bind: --ro takes no argument'
    assertFalse 'nothing was made' "[ -e '$own/new' ]"
}

testTargetIsMade() {
    within "$source" /made/a/b root-setup . cat /made/a/b/file
    ended 0
    printed text
    for made in made made/a made/a/b; do
        assertEquals "$made" "755 $(id -u) directory" "$(stat -c '%a %u %F' "$own/$made")"
    done
    within "$source/file" /made/c/d root-setup . cat /made/c/d
    ended 0
    printed text
    assertEquals "755 $(id -u) directory" "$(stat -c '%a %u %F' "$own/made/c")"
    assertEquals "644 $(id -u) regular empty file" "$(stat -c '%a %u %F' "$own/made/c/d")"
    within "$source/file" made-file root-setup . cat /made-file
    ended 0
    printed text
    rm -r "$own/made" "$own/made-file"
}

testTargetIsMadeForEveryoneWhateverTheUmask() {
    attempt sh -c 'umask 077 && exec ns-enter -m root-open "$0" mnt-bind "$1" made/a mnt-bind "$1/file" \
        made/b sh -c umask' "$own" "$source"
    ended 0
    printed 0077
    assertEquals '755 755 644' "$(cd "$own/made" && stat -c %a . a b | paste -sd ' ')"
    rm -r "$own/made"
}

testTargetWithSlashesToSpare() {
    within "$source" //made///a// root-setup . cat /made/a/file
    ended 0
    printed text
    rm -r "$own/made"
}

testTargetOfTheOtherKind() {
    within "$source" /file echo reached
    refused 'mnt-bind: cannot mount on /file: Not a directory'
    within "$source" /file/below echo reached
    refused 'mnt-bind: cannot m* /file/below: Not a directory'
    within "$source/file" /dir echo reached
    refused 'mnt-bind: cannot mount on /dir: Is a directory'
    within "$source/file" / echo reached
    refused 'mnt-bind: cannot mount on /: *'
    within "$source/file" /file/below echo reached
    refused 'mnt-bind: cannot m* /file/below: Not a directory'
}

# There it would be mounted, but no path leads to what covers the root itself.
testTargetThatIsTheRootItself() {
    ln -s / "$own/slash"
    for target in / . .. dir/.. /slash /../; do
        within "$source" "$target" echo reached
        refused "mnt-bind: cannot mount on $target: *"
    done
    rm "$own/slash"
}

testTargetInAnEarlierMount() {
    within --ro "$source" /dir mnt-bind "$victim" /dir/sub root-setup . cat /dir/file /dir/sub/file
    ended 0
    printed 'text
secret'
    within --ro "$source" /dir mnt-bind "$victim" /dir/new echo reached
    refused 'mnt-bind: cannot make the mount point /dir/new: Read-only file system'
    assertEquals 'the root itself can be written' '' "$hint"
}

testTheLaterOneCoversTheEarlier() {
    within "$victim" /dir mnt-bind "$source" /dir root-setup . ls /dir/probe
    ended 0
    printed /dir/probe
}

testReadOnlyRoot() {
    attempt ns-enter -m root-open --read-only "$own" mnt-bind "$source" /new echo reached
    refused 'mnt-bind: cannot make the mount point /new: Read-only file system'
    assertEquals 'mnt-bind: hint: the root is read-only: make the directory in it beforehand' "$hint"
    attempt ns-enter -m root-open --read-only "$own" mnt-bind "$source/file" /new echo reached
    refused 'mnt-bind: cannot make the mount point /new: Read-only file system'
    assertEquals 'mnt-bind: hint: the root is read-only: make the file in it beforehand' "$hint"
    attempt ns-enter -m root-open --read-only "$own" mnt-bind "$source" /dir root-setup . \
        sh -c 'echo w >/dir/written && cat /dir/written; echo w >/written'
    printed w
    assertTrue "$(cat "$tmp/err")" "grep -q 'Read-only file system' '$tmp/err'"
    rm "$source/written"
}

# contained TARGET PLACE: a bind on TARGET lands at PLACE of the new root, and nothing else happens.
contained() {
    within "$source" "$1" cat /proc/self/mountinfo
    ended 0
    assertEquals "$2 rw,relatime" "$(places)"
    assertEquals "$1" "$before" "$(victim_state)"
}

# kept_out TARGET PATTERN: TARGET is refused, for directories and files, and nothing else happens.
kept_out() {
    for kind in "$source" "$source/file"; do
        within "$kind" "$1" echo reached
        refused "mnt-bind: cannot $2"
        assertEquals "$1" "$before" "$(victim_state)"
        assertEquals "$1" '' "$(ls -A "$own/other")"
    done
}

testLinksToTheHostLeadIntoTheRoot() {
    mkdir -p "$own$victim/deep"
    ln -s "$victim" "$own/other/absolute"
    ln -s "../../../../../../../../..$victim" "$own/other/relative"
    ln -s other/absolute "$own/chained"
    ln -s "$victim/deep" "$own/other/deep"
    contained /other/absolute "$victim"
    contained /other/relative "$victim"
    contained /chained "$victim"
    contained /other/deep "$victim/deep"
    contained /other/absolute/deep "$victim/deep"
    contained other/relative/deep "$victim/deep"
    contained /chained/deep/../deep/./new/a "$victim/deep/new/a"
    contained /other/absolute/made "$victim/made"
    contained "/..$victim/deep" "$victim/deep"
    contained "../../../../../../../../../../../..$victim/deep" "$victim/deep"
    contained "dir/../../../../..$victim/deep" "$victim/deep"
    rm -r "${own:?}$tmp" "$own/chained" "$own"/other/*
}

testLinksToFilesOfTheHost() {
    mkdir -p "$own$victim"
    : >"$own$victim/file"
    ln -s "$victim/file" "$own/to-file"
    within "$source/file" /to-file sh -c 'cat "$1" "./$1"' - "$victim/file"
    ended 0
    printed 'secret
text'
    rm "$own$victim/file"
    within "$source/file" /to-file echo reached
    refused 'mnt-bind: cannot make the mount point /to-file: No such file or directory'
    assertEquals 'mnt-bind: hint: /to-file is a symbolic link that leads nowhere' "$hint"
    assertEquals "$before" "$(victim_state)"
    rm -r "${own:?}$tmp" "$own/to-file"
}

testLinksThatLeadNowhereInTheRoot() {
    ln -s "$victim" "$own/absolute"
    ln -s "../../../../../../../../..$victim" "$own/relative"
    ln -s nowhere "$own/dangling"
    for link in absolute relative dangling; do
        kept_out "/$link" "make the mount point /$link: No such file or directory"
        assertEquals "mnt-bind: hint: /$link is a symbolic link that leads nowhere" "$hint"
        kept_out "/$link/deep" "make the mount point /$link/deep: No such file or directory"
        assertEquals "mnt-bind: hint: /$link is a symbolic link that leads nowhere" "$hint"
        kept_out "/$link/new/a" "make the mount point /$link/new/a: No such file or directory"
    done
    assertFalse "[ -e '$own/nowhere' ]"
    rm "$own/absolute" "$own/relative" "$own/dangling"
}

testLinksThatAreLoops() {
    ln -s loop "$own/loop"
    ln -s b "$own/a"
    ln -s a "$own/b"
    for loop in loop a b/c loop/new/a; do
        kept_out "/$loop" "mount on /$loop: *[Ss]ymbolic link*"
    done
    rm "$own/loop" "$own/a" "$own/b"
}

# In a proc that shows the host, these lead out without a path.
testMagicLinks() {
    ln -s "/proc/self/root$victim" "$own/magic"
    ln -s /proc/self/fd/9 "$own/descriptor"
    for target in "/proc/self/root$victim" "/proc/self/root$victim/new" /proc/self/root /proc/self/cwd \
        /proc/self/cwd/other /proc/self/fd/9 /proc/self/fd/9/new /proc/thread-self/root/new \
        /proc/self/exe /magic /magic/new /descriptor/deep; do
        for kind in "$source" "$source/file"; do
            attempt ns-enter -m root-open "$own" mnt-bind --rec /proc /proc mnt-bind "$kind" "$target" \
                echo reached 9<"$victim"
            refused "mnt-bind: cannot mount on $target: *[Ss]ymbolic link*"
        done
    done
    assertEquals "$before" "$(victim_state)"
    assertEquals '' "$(ls -A "$own/other")"
    rm "$own/magic" "$own/descriptor"
}

# What the stage opened while it resolved the target: strace prints the path that a descriptor has.
testNothingOnTheHostIsOpened() {
    have_strace || { skip 'no strace' && return; }
    mkdir -p "$own$victim"
    ln -s "$victim" "$own/absolute"
    for target in /absolute /absolute/new "../../../../..$victim/made"; do
        attempt strace -f -y -o "$tmp/trace" -e trace=open,openat,openat2,mkdir,mkdirat,move_mount \
            ns-enter -m root-open "$own" mnt-bind "$source" "$target" true
        ended 0
        assertTrue 'it was traced' "grep -q 'move_mount(.*<$own$victim' '$tmp/trace'"
        assertEquals '' "$(grep -F "<$victim" "$tmp/trace")"
    done
    rm -r "${own:?}$tmp" "$own/absolute"
}

# raced TARGET COUNT: starts that many times, with COUNT in place of %, while "dir" of the root is
# exchanged for a link to the host, and back. What was mounted where goes to $tmp/found.
raced() {
    number=0
    while [ $number -lt "$2" ]; do
        number=$((number + 1))
        target=$1
        [ "${1%\%*}" = "$1" ] || target=${1%\%*}$number${1#*\%}
        ns-enter -m root-open "$race" mnt-bind "$source" "$target" \
            grep -F '/the-source ' /proc/self/mountinfo >>"$tmp/found" 2>>"$tmp/errors" </dev/null
    done
}

testDirectoryThatBecomesALinkAllTheTime() {
    case ${CI:-}$(id -u) in vm[1-9]*) skip 'emulated, it takes too long' && return ;; esac
    race=$tmp/race
    mkdir -p "$race/dir/a" "$race$victim/a" "$race/empty"
    ln -s "$victim" "$race/link"
    : >"$tmp/found"
    : >"$tmp/errors"
    swap "$race/dir" "$race/link" &
    swapper=$!
    raced /dir/a 250
    raced /dir/%/new 250
    raced /dir/% 250
    raced /dir/../dir/a 250
    kill $swapper
    wait $swapper
    assertEquals 'somebody swapped' 143 $?
    assertEquals 'each a mount or a message' 1000 "$(cat "$tmp/found" "$tmp/errors" | grep -vc ': hint: ')"
    assertEquals 'only in the new root' '' "$(awk -v root="$race/" 'index($5, root) != 1' "$tmp/found")"
    assertTrue 'both were met' "grep -qF ' $race$victim/' '$tmp/found' && grep -vqF ' $race$victim/' '$tmp/found'"
    assertEquals '' "$(grep -vE '^mnt-bind: (cannot (mount on|make the mount point) /dir/|hint: )' "$tmp/errors")"
    assertEquals "$before" "$(victim_state)"
    rm -r "$race"
}

# A rename anywhere on the host makes the kernel give up on a path with ".." in it, for this time.
testRenamesElsewhereDoNotMatter() {
    case ${CI:-}$(id -u) in vm[1-9]*) skip 'emulated, it takes too long' && return ;; esac
    have_strace || { skip 'no strace' && return; }
    inject openat2:error=EAGAIN:when=1 ns-enter -m root-open "$own" mnt-bind "$source" /dir true
    ended 0
    inject openat2:error=EAGAIN ns-enter -m root-open "$own" mnt-bind "$source" /dir echo reached
    refused 'mnt-bind: cannot mount on /dir: Resource temporarily unavailable'
}

testReadOnly() {
    for option in --ro -r; do
        within $option "$source" /dir mnt-proc /proc root-setup . \
            sh -c 'cat /proc/self/mountinfo; echo x >/dir/written'
        assertNotEquals 0 "$status"
        assertEquals '/dir ro,relatime' "$(places)"
        assertTrue "$(cat "$tmp/err")" "grep -q 'Read-only file system' '$tmp/err'"
        within $option "$source/file" /file mnt-proc /proc root-setup . \
            sh -c 'cat /proc/self/mountinfo; echo x >/file'
        assertNotEquals 0 "$status"
        assertEquals '/file ro,relatime' "$(places)"
        assertTrue "$(cat "$tmp/err")" "grep -q 'Read-only file system' '$tmp/err'"
    done
    assertFalse "[ -e '$source/written' ]"
    assertEquals text "$(cat "$source/file")"
}

testReadOnlyDoesNotReachTheSource() {
    within --ro "$source" /dir touch "$source/outside"
    ended 0
    rm "$source/outside"
}

# below OPTION... -- COMMAND...: the source has a tmpfs on sub, and that has one more on deep.
below() {
    options=
    while [ "$1" != -- ]; do
        options="$options $1"
        shift
    done
    shift
    # shellcheck disable=SC2086
    attempt ns-enter -m mnt-tmpfs "$source/sub" mnt-tmpfs "$source/sub/deep" \
        root-open "$own" mnt-bind $options "$source" /dir mnt-proc /proc root-setup . "$@"
}

mounts_below() {
    awk '$5 ~ "^/dir(/|$)" { print $5 " " $6 }' "$tmp/out" | sort
}

testWithoutRecWhatIsMountedBelowStaysAway() {
    below -- sh -c 'cat /proc/self/mountinfo; touch /dir/sub/file'
    ended 0
    assertEquals '/dir rw,relatime' "$(mounts_below)"
    assertTrue 'it is the directory below' "rm '$source/sub/file'"
}

testRecBringsIt() {
    for option in --rec -R; do
        below $option -- sh -c 'cat /proc/self/mountinfo; touch /dir/sub/deep/file'
        ended 0
        assertEquals '/dir rw,relatime
/dir/sub rw,nosuid,nodev,relatime
/dir/sub/deep rw,nosuid,nodev,relatime' "$(mounts_below)"
    done
}

testReadOnlyHoldsForAllBelow() {
    below --ro --rec -- sh -c 'cat /proc/self/mountinfo
        for dir in /dir /dir/sub /dir/sub/deep; do touch $dir/file && echo "$dir was written"; done'
    ended 1
    assertEquals '/dir ro,relatime
/dir/sub ro,nosuid,nodev,relatime
/dir/sub/deep ro,nosuid,nodev,relatime' "$(mounts_below)"
    assertEquals 3 "$(grep -c 'Read-only file system' "$tmp/err")"
    assertEquals '' "$(grep written "$tmp/out")"
}

testReadOnlyBelowDoesNotReachTheSource() {
    attempt ns-enter -m mnt-tmpfs "$source/sub" root-open "$own" mnt-bind --ro --rec "$source" /dir \
        touch "$source/sub/file"
    ended 0
}

testFlags() {
    for option in nosuid nodev noexec; do
        within --$option "$source" /dir mnt-proc /proc root-setup . cat /proc/self/mountinfo
        ended 0
        assertEquals "/dir rw,$option,relatime" "$(places)"
    done
    within --noexec --ro --nosuid --nodev "$source/file" /file mnt-proc /proc root-setup . \
        cat /proc/self/mountinfo
    assertEquals '/file ro,nosuid,nodev,noexec,relatime' "$(places)"
}

testFlagsHoldForAllBelow() {
    below --rec --noexec -- cat /proc/self/mountinfo
    assertEquals '/dir rw,noexec,relatime
/dir/sub rw,nosuid,nodev,noexec,relatime
/dir/sub/deep rw,nosuid,nodev,noexec,relatime' "$(mounts_below)"
}

testNosuidHasAnEffect() {
    needs_root && return
    install -o 65534 -m 4755 "$(command -v id)" "$source/id"
    within "$source" /dir root-setup . /dir/id -u
    printed 65534
    within --nosuid "$source" /dir root-setup . /dir/id -u
    ended 0
    printed 0
    rm "$source/id"
}

testNodevHasAnEffect() {
    needs_root && return
    mknod "$source/null" c 1 3
    within "$source" /dir root-setup . sh -c ': </dir/null'
    ended 0
    within --nodev "$source" /dir root-setup . sh -c ': </dir/null'
    assertNotEquals 0 "$status"
    assertTrue "$(cat "$tmp/err")" "grep -q 'Permission denied' '$tmp/err'"
    rm "$source/null"
}

testNoexecHasAnEffect() {
    within "$source" /dir root-setup . /dir/probe exit 7
    ended 7
    within --noexec "$source" /dir root-setup . /dir/probe exit 7
    ended 126
}

# The file system may know no maps.
can_map() {
    within --map 0:0:1 "$source" /dir true
    [ "$status" = 0 ] || ! grep -q 'cannot map the ids of .*: Invalid argument' "$tmp/err"
}

testMapShowsOtherOwners() {
    needs_root && return
    can_map || { skip "no maps of ids on the file system of $tmp" && return; }
    mkdir "$tmp/owned"
    : >"$tmp/owned/file"
    chown 1000:1003 "$tmp/owned/file"
    within --map 1000:5000:10 "$tmp/owned" /dir root-setup . stat -c '%u %g' /dir/file /dir
    ended 0
    printed '5000 5003
65534 65534'
    assertEquals 'outside' '1000 1003' "$(stat -c '%u %g' "$tmp/owned/file")"
    rm -r "$tmp/owned"
}

testMapOfAFile() {
    needs_root && return
    can_map || { skip "no maps of ids on the file system of $tmp" && return; }
    chown 1000:1003 "$source/file"
    within --map 1000:5000:10 "$source/file" /file root-setup . stat -c '%u %g' /file
    ended 0
    printed '5000 5003'
    chown 0:0 "$source/file"
}

testMapOfSeveralRanges() {
    needs_root && return
    can_map || { skip "no maps of ids on the file system of $tmp" && return; }
    mkdir "$tmp/owned"
    for id in 0 1000 1001 4294967294; do
        : >"$tmp/owned/$id"
        chown $id:$id "$tmp/owned/$id"
    done
    within --map 1000:0:1 --map=0:1000:1 --map 1001:70:5 "$tmp/owned" /dir root-setup . \
        sh -c 'cd /dir && stat -c "%n %u %g" *'
    printed '0 1000 1000
1000 0 0
1001 70 70
4294967294 65534 65534'
    rm -r "$tmp/owned"
}

testMapOfWhatIsMadeInside() {
    needs_root && return
    can_map || { skip "no maps of ids on the file system of $tmp" && return; }
    mkdir "$tmp/owned"
    chown 1000:1000 "$tmp/owned"
    within --map 1000:0:1 --map 1001:33:1 "$tmp/owned" /dir root-setup . \
        sh -c 'cd /dir && touch a && touch b && chown 33:33 b && stat -c "%u %g" a b'
    printed '0 0
33 33'
    assertEquals 'outside' '1000 1000
1001 1001' "$(stat -c '%u %g' "$tmp/owned/a" "$tmp/owned/b")"
    within --map 1000:5000:1 "$tmp/owned" /dir root-setup . touch /dir/c
    assertNotEquals 'root has no owner there' 0 "$status"
    assertFalse "[ -e '$tmp/owned/c' ]"
    rm -r "$tmp/owned"
}

testMapHoldsForAllBelow() {
    needs_root && return
    can_map || { skip "no maps of ids on the file system of $tmp" && return; }
    attempt ns-enter -m mnt-tmpfs "$source/sub" root-open "$own" mnt-bind --rec --map 0:7:1 "$source" /dir \
        root-setup . stat -c '%u %g' /dir /dir/sub
    case $(cat "$tmp/err") in
    *'cannot map the ids of'*) skip 'no maps of ids on a tmpfs' && return ;;
    esac
    printed '7 7
7 7'
}

testMapLeavesNoProcess() {
    needs_root && return
    can_map || { skip "no maps of ids on the file system of $tmp" && return; }
    for surroundings in env 'hostile chld-ignored' 'hostile blocked'; do
        # shellcheck disable=SC2086
        attempt $surroundings ns-enter -m root-open "$own" mnt-bind --map 0:0:1 "$source" /dir \
            sh -c 'read -r children </proc/$$/task/$$/children; echo "[$children]"'
        ended 0
        printed '[]'
    done
}

testMapsThatAreNone() {
    needs_root && return
    for map in '' 1 1:2 1:2: :1:2 1::2 1:2:3:4 :: 1:2:3: 1,2,3 12345678901234567:2:3; do
        within --map "$map" "$source" /new echo reached
        refused 'mnt-bind: --map: "*" is not FROM:TO:COUNT'
    done
    for map in a:b:c -1:0:1 +1:0:1 ' 1:2:3' '1:2:3 ' 0x1:2:3 1:2:1K; do
        within --map "$map" "$source" /new echo reached
        refused 'mnt-bind: --map: "*" is not a number: only digits may stand in it'
    done
    within --map 1:2:0 "$source" /new echo reached
    refused 'mnt-bind: --map: 0 is too small: at least 1'
    for map in 4294967295:0:1 0:4294967295:1 0:0:4294967296 0:0:99999999999999; do
        within --map "$map" "$source" /new echo reached
        refused 'mnt-bind: --map: [0-9]* is too large: at most 429496729[45]'
    done
    assertFalse "[ -e '$own/new' ]"
}

testMapsThatTheKernelRefuses() {
    needs_root && return
    within --map 4294967290:0:100 "$source" /new echo reached
    refused 'mnt-bind: --map: "4294967290:0:100" goes beyond the largest id'
    within --map 0:0:10 --map 5:100:10 "$source" /new echo reached
    refused 'mnt-bind: --map: "5:100:10" overlaps with another range'
    within --map 0:0:1 /proc /new echo reached
    refused 'mnt-bind: cannot map the ids of /proc: Invalid argument'
    assertFalse "[ -e '$own/new' ]"
}

testMapsThatAreTooMany() {
    needs_root && return
    set --
    number=0
    while [ $number -lt 32 ]; do
        set -- "$@" --map $number:$number:1
        number=$((number + 1))
    done
    within "$@" "$source" /dir true
    can_map && { within "$@" "$source" /dir true && ended 0; }
    within "$@" --map 40:40:1 "$source" /dir echo reached
    refused 'mnt-bind: --map: more than 32 ranges'
}

testProgHasNoMoreDescriptors() {
    needs_root && return
    for options in --ro '--map 0:0:1' '--rec --nosuid'; do
        # shellcheck disable=SC2086
        attempt fd-close ns-enter -m root-open "$own" mnt-bind $options "$source" /dir probe fds
        printed '0 1 2 '
        # shellcheck disable=SC2086
        attempt fd-close ns-enter -m root-open "$own" mnt-bind $options "$source/file" /made \
            root-setup . probe fds
        printed '0 1 2 '
        rm "$own/made"
    done
    attempt sh -c 'exec fd-close ns-enter -m root-open "$0" mnt-bind "$1" /made root-setup . probe fds <&-' \
        "$own" "$source/file"
    printed '1 2 '
    rm "$own/made"
}

testProgHasNoVariableOfTheStages() {
    within "$source" /dir probe env
    ended 0
    assertEquals '' "$(grep '^MINICTR_' "$tmp/out" | grep -v '^MINICTR_TEST_')"
    within "$source" /dir root-setup . probe env
    ended 0
    assertEquals '' "$(grep '^MINICTR_' "$tmp/out" | grep -v '^MINICTR_TEST_')"
}

testTypedOnTheHostItRefuses() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    cp /proc/self/mountinfo "$tmp/mounts"
    for others in '' 'ns-enter -uipC'; do
        # shellcheck disable=SC2086
        harmless $others mnt-bind "$source" "$tmp/new" echo reached
        refused "mnt-bind: this is the host's mount namespace"
        assertEquals 'mnt-bind: hint: put "ns-enter --mount" before this stage' "$hint"
    done
    assertEquals '' "$(diff "$tmp/mounts" /proc/self/mountinfo)"
    assertFalse 'the mount point was made' "[ -e '$tmp/new' ]"
    rm -rf "$tmp/new"
}

testNamespaceMayComeFromSomebodyElse() {
    needs_root && return
    attempt unshare --mount root-open "$own" mnt-bind "$source" /dir root-setup . cat /dir/file
    ended 0
    printed text
}

testWithoutRoot() {
    as_nobody mnt-bind "$source" "$tmp/new" echo reached
    refused 'mnt-bind: cannot compare the mount namespace with that of process 1: Permission denied'
    assertEquals 'mnt-bind: hint: this user is not root: run it with sudo' "$hint"
}

testPowerlessUserInANamespace() {
    needs_root && return
    as_nobody true
    attempt ns-enter -m setpriv --reuid 65534 --regid 65534 --clear-groups \
        env MINICTR_NS=m "$tmp/bin/mnt-bind" "$source" "$tmp/new" echo reached
    refused "mnt-bind: cannot take $source to mount it: Operation not permitted"
    assertEquals 'mnt-bind: hint: this user is not root: run it with sudo' "$hint"
    assertFalse "[ -e '$tmp/new' ]"
}

# kernel_refuses CALL:ERROR MESSAGE TARGET [OPTION...]: without root-open, so that the call is mnt-bind's
kernel_refuses() {
    call=$1 message=$2 target=$3
    shift 3
    inject "$call" ns-enter -m mnt-bind "$@" "$source" "$target" echo reached
    refused "mnt-bind: $message"
}

testKernelRefusesTheSource() {
    have_strace || { skip 'no strace' && return; }
    for reason in 'EPERM Operation not permitted' 'EINVAL Invalid argument' 'ENOMEM *memory' \
        'ENOSYS Function not implemented'; do
        kernel_refuses "open_tree:error=${reason%% *}" \
            "cannot take $source to mount it: ${reason#* }" "$tmp/new"
        kernel_refuses "mount_setattr:error=${reason%% *}" \
            "cannot set the flags of $source: ${reason#* }" "$tmp/new" --ro
        kernel_refuses "mount_setattr:error=${reason%% *}" \
            "cannot map the ids of $source: ${reason#* }" "$tmp/new" --map 0:0:1
    done
    assertFalse 'the mount point was made' "[ -e '$tmp/new' ]"
}

testKernelRefusesTheMap() {
    needs_root && return
    have_strace || { skip 'no strace' && return; }
    kernel_refuses clone,clone3:error=ENOSPC \
        'cannot make a user namespace: No space left on device' "$tmp/new" --map 0:0:1
    kernel_refuses write:error=EPERM:when=1 \
        'cannot map the ids: *: Operation not permitted' "$tmp/new" --map 0:0:1
    kernel_refuses write:error=EPERM:when=2 \
        'cannot map the ids: *: Operation not permitted' "$tmp/new" --map 0:0:1
    assertFalse "[ -e '$tmp/new' ]"
}

testKernelRefusesTheTarget() {
    have_strace || { skip 'no strace' && return; }
    kernel_refuses openat2:error=ENOSYS "cannot mount on $tmp/dir: Function not implemented" "$tmp/dir"
    for reason in 'EPERM Operation not permitted' 'EINVAL Invalid argument' 'ENOMEM *memory'; do
        kernel_refuses "openat2:error=${reason%% *}" "cannot mount on $tmp/dir: ${reason#* }" "$tmp/dir"
    done
    kernel_refuses mkdirat:error=ENOSPC \
        "cannot make the mount point $tmp/new/a: No space left on device" "$tmp/new/a"
    kernel_refuses mkdirat:error=EROFS \
        "cannot make the mount point $tmp/new/a: Read-only file system" "$tmp/new/a"
    assertFalse "[ -e '$tmp/new' ]"
    for reason in 'EPERM Operation not permitted' 'EINVAL Invalid argument' 'ENOSPC No space left on device'; do
        kernel_refuses "move_mount:error=${reason%% *}" \
            "cannot mount $source on $tmp/dir: ${reason#* }" "$tmp/dir"
    done
}

# The last one: what a path of the root would have left when it was taken for one of the host.
testNothingWasMadeOnTheHost() {
    assertEquals '' "$(find / -maxdepth 1 | sort | diff "$tmp/host.top" -)"
}

. shunit2
