# shellcheck shell=sh
# hostile-root.sh: a root file system that somebody else has filled, to reach the host when a
# container is made of it: each start gives the right container or one clear line, and nothing on the
# host is opened, made, changed or mounted on. And what a container sees of the host: nothing.
#
# MINICTR_TEST_STARTS is how many starts there are while a neighbour exchanges directories (1000).

. "$(dirname "$0")/lib.sh"

starts=${MINICTR_TEST_STARTS:-1000}
stages=$(cd "$bin" && echo *)
own=$tmp/root      # the root: what is in it is the enemy's
victim=$tmp/victim # what the links in it lead to, on the host
source=$tmp/source # what is bound

# Inside: what the container is made of.
look='for file in / /bound /bound-file /mytemp /work /proc /sys /dev .; do
    [ -e $file/canary ] && echo "CANARY in $file"
done
stat -f -c %T /proc /sys /dev /dev/pts /dev/shm /mytemp
stat -c %n=%t:%T /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
[ "$(readlink /proc/self/cwd)" = "$(pwd -P)" ] || echo NO PROC
cat /bound/file /bound-file
cat /proc/self/mountinfo'
look_bare='[ -e /mytemp/canary ] && echo CANARY
stat -f -c %T /proc /mytemp
[ "$(readlink /proc/self/cwd)" = "$(pwd -P)" ] || echo NO PROC
cat /proc/self/mountinfo'

# What a mountinfo says of the mounts, without their numbers and places, and the ids of a user namespace.
shape() {
    tr -d '\r' | sed 's/\([ug]id\)=[0-9]*/\1/g' | awk '/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ / { line = $4; for (i = 6; i <= NF; i++) line = line " " $i
        print line; next } { print }' | sort
}

# The root as it is when nobody is hostile, but for programs with the names of our stages.
plain_image() {
    (cd "$own" && rm -rf --one-file-system proc sys dev mytemp bound work parent real fake link loop \
        ".$tmp" bound-file ran && mkdir proc sys dev mytemp bound work parent && : >bound-file)
}

host_names() {
    find / /dev -mindepth 1 -maxdepth 1 | sort
}

oneTimeSetUp() {
    host_state >"$tmp/host.before"
    host_names >"$tmp/host.names"
    cp -a "$root" "$own"
    mkdir -p "$victim/deep/canary" "$source"
    have_user 1000
    echo secret >"$victim/file"
    echo canary >"$victim/canary"
    mkfifo "$victim/fifo"
    mknod "$victim/null" c 1 3
    for stage in $stages; do
        printf '#!/bin/sh\necho "$0 $*" >>/ran\nexit 99\n' >"$victim/stage"
        chmod 755 "$victim/stage"
        for place in /usr/bin /usr/sbin /usr/local/bin /root /; do
            mkdir -p "$own$place"
            cp "$victim/stage" "$own$place/$stage"
        done
    done
    echo text >"$source/file"
    cp "$victim/stage" "$source/mnt-proc"
    # Old, so that a look at the content shows in the time.
    find "$victim" ! -type d -exec touch -h -a -d 2001-01-01 {} +
    find "$victim" -printf '%p %y %m %U %s %T@ %C@\n' | sort >"$tmp/victim.before"
    find "$victim" ! -type d -printf '%p %A@\n' | sort >"$tmp/victim.read"
    watcher=
    plain_image
    for variant in default bare ephemeral bound read_only mapped users; do
        $variant
        ended 0
        shape <"$tmp/out" >"$tmp/shape.$variant"
    done
    for variant in plain bare bound parents tty mapped; do
        race $variant
        ended 0
        shape <"$tmp/out" >"$tmp/shape.race.$variant"
    done
}

setUp() {
    plain_image
    : >"$tmp/watched"
    watch "$victim" "$victim/deep" "$victim/deep/canary" "$victim/null" >"$tmp/watched" 2>&1 &
    watcher=$!
    await 20 grep -q . "$tmp/watched"
}

# Whatever a test did, nobody has touched the host, and no program of the image ran as a stage.
tearDown() {
    [ -n "$watcher" ] || return 0
    kill "$watcher"
    wait "$watcher"
    watcher=
    assertEquals 'done to the host' watching "$(cat "$tmp/watched")"
    find "$victim" -printf '%p %y %m %U %s %T@ %C@\n' | sort >"$tmp/victim.after"
    find "$victim" ! -type d -printf '%p %A@\n' | sort >>"$tmp/victim.after"
    assertEquals 'changed on the host' '' \
        "$(cat "$tmp/victim.before" "$tmp/victim.read" | diff - "$tmp/victim.after")"
    assertEquals 'in the root of the host' '' "$(host_names | diff "$tmp/host.names" -)"
    assertEquals 'stages of the image' '' "$(cat "$own/ran" 2>/dev/null)"
    assertEquals 'the source' 'file mnt-proc' "$(cd "$source" && echo *)"
}

# The ways of the launcher that differ in how they find what they mount on.
default() {
    attempt minictr --root "$own" sh -c "$look"
}
bare() {
    attempt minictr --bare --root "$own" sh -c "$look_bare"
}
ephemeral() {
    attempt minictr --ephemeral --root "$own" --bind "$source:/bound" --bind "$source/file:/bound-file:ro" \
        --cwd /work sh -c "$look"
}
bound() {
    attempt minictr --root "$own" --bind "$source:/bound" --bind "$source/file:/bound-file:ro" \
        --cwd /work sh -c "$look"
}
# In a user namespace the kernel's mounts come before the root is the root.
mapped() {
    attempt minictr --userns auto --root "$own" sh -c "$look"
}
users() {
    attempt "$user" minictr --no-limits --root "$own" sh -c "$look"
}
read_only() {
    attempt minictr --read-only --root "$own" sh -c "$look"
}

# right VARIANT WHAT: the start gave the container that a plain root gives, or one line of a stage.
right() {
    case $status in
    125)
        refused '*: *'
        case $message in
        "${message%%[!a-z-]*}: "*) ;;
        *) fail "$2: no stage says this: $message" ;;
        esac
        errors=$((errors + 1))
        return
        ;;
    esac
    ended 0
    shape <"$tmp/out" >"$tmp/shape"
    cmp -s "$tmp/shape.$1" "$tmp/shape" ||
        fail "$1 $2: another container: $(diff "$tmp/shape.$1" "$tmp/shape"); $(cat "$tmp/err")"
    containers=$((containers + 1))
}

# Where a link may lead that wants to reach the host. %s is where the image has a directory of its own.
links="
absolute $victim
to-a-file $victim/file
to-a-device $victim/null
to-a-fifo $victim/fifo
missing $victim/made
relative ../../../../../../../../../../..$victim
through-the-root /..$victim
self-root /proc/self/root$victim
one-root /proc/1/root$victim
self-cwd /proc/self/cwd/../../../../../../../../..$victim
descriptor /proc/self/fd/9
thread /proc/thread-self/root/../..$victim
loop loop
nowhere nowhere
nothing-there real/../missing/../../..$victim
to-the-root /
dots ../../../../..
"

# hostile_place PLACE VARIANT...: PLACE of the image is each of these links, and starts.
hostile_place() {
    place=$1
    shift
    errors=0 containers=0
    ln -s loop "$own/loop"
    # shellcheck disable=SC2034
    echo "$links" >"$tmp/links"
    while read -r kind to; do
        [ -n "$to" ] || continue
        rm -rf --one-file-system "${own:?}/$place"
        ln -s "$to" "$own/$place"
        for variant in "$@"; do
            $variant 9<"$tmp/links"
            right "$variant" "$place $kind"
        done
        assertEquals "$place $kind" "$to" "$(readlink "$own/$place")"
    done <"$tmp/links"
    assertNotEquals 'some must fail' 0 $errors
    # The same place by the same links, but the image has something there: that is what is meant.
    mkdir -p "$own$victim"
    for to in "$victim" "../../../../../../../../../../..$victim" "/..$victim"; do
        ln -sfn "$to" "$own/$place"
        for variant in "$@"; do
            $variant
            right "$variant" "$place $to"
        done
    done
    assertTrue "some must work: $place" "[ $containers -ge 3 ]"
}

testProcIsALink() {
    hostile_place proc default bare ephemeral mapped users
}

testSysIsALink() {
    hostile_place sys default ephemeral read_only mapped users
}

testDevIsALink() {
    hostile_place dev default ephemeral read_only mapped users
}

testTmpfsIsALink() {
    hostile_place mytemp default bare ephemeral mapped users
}

testBindIsALink() {
    hostile_place bound ephemeral bound
}

testFileIsALink() {
    errors=0 containers=0
    ln -s loop "$own/loop"
    echo "$links" >"$tmp/links"
    while read -r kind to; do
        [ -n "$to" ] || continue
        ln -sfn "$to" "$own/bound-file"
        for variant in ephemeral bound; do
            $variant
            right $variant "bound-file $kind"
        done
    done <"$tmp/links"
    assertNotEquals 0 $errors
    mkdir -p "$own$victim"
    : >"$own$victim/file"
    ln -sfn "$victim/file" "$own/bound-file"
    bound
    ended 0
    right bound twin
}

testCwdIsALink() {
    hostile_place work ephemeral bound
}

# Each of them is a parent of what is mounted on.
testParentIsALink() {
    errors=0 containers=0
    ln -s loop "$own/loop"
    echo "$links" >"$tmp/links"
    while read -r kind to; do
        [ -n "$to" ] || continue
        rm -rf --one-file-system "${own:?}/parent"
        ln -s "$to" "$own/parent"
        for words in "--tmpfs /parent/a/b --no-init" "--bind $source:/parent/deep/b" \
            "--bind $source/file:/parent/deep/c" "--cwd /parent/deep" "--ephemeral --tmpfs /parent/deep" \
            "--ephemeral --bind $source:/parent/a" "--bare --tmpfs parent/../parent/a"; do
            # shellcheck disable=SC2086
            attempt minictr --root "$own" $words sh -c 'ls -A / /parent; exit 77'
            case $status in
            77)
                assertEquals "$kind $words" '' "$(grep -E 'canary|^made|^secret' "$tmp/out")"
                containers=$((containers + 1))
                ;;
            *)
                refused '*: *'
                errors=$((errors + 1))
                ;;
            esac
        done
        rm -rf --one-file-system "${own:?}/a" "${own:?}/deep"
    done <"$tmp/links"
    assertTrue "errors $errors" "[ $errors -gt 50 ]"
    # Links to the root of the image itself work.
    assertTrue "containers $containers" "[ $containers -ge 8 ]"
}

# What a stage holds open behind root-setup, as the directory of the stages, is no mount point either.
testMountPointIsADescriptorOfTheStages() {
    for number in 3 4 5 6 7 8; do
        for place in mytemp dev sys; do
            plain_image
            rmdir "$own/$place"
            ln -s "/proc/self/fd/$number" "$own/$place"
            default
            refused "mnt-*: cannot * /$place*"
        done
        ln -sfn "/proc/self/fd/$number" "$own/link"
        for path in "/proc/self/fd/$number/uts-name" /link/uts-name; do
            attempt ns-enter -mp root-setup "$own" mnt-proc /proc mnt-mask --ro "$path" -- echo reached
            refused "mnt-mask: cannot * $path*"
        done
    done
}

# In a proc of the host that is bound, links lead out without a path.
testMagicLinksOfABoundProc() {
    mkdir "$own/real"
    ln -s "real/self/root$victim" "$own/link"
    for to in "/real/self/root$victim" "/real/self/root$victim/made" /real/self/cwd /real/1/root /real/self/fd/9 \
        "/real/thread-self/root$victim/deep" /link /link/deep /link/made; do
        for kind in "$source" "$source/file"; do
            attempt minictr --root "$own" --bind /proc:/real --bind "$kind:$to" --no-init echo reached 9<"$source"
            refused "mnt-bind: cannot m* $to: *"
        done
    done
}

# What the stages open and make, with the paths that descriptors have: none is the victim's. The links
# lead nowhere in the image, so a path of the victim is one of the host.
testNothingOfTheHostIsOpenedByItsPath() {
    have_strace || { skip 'no strace' && return; }
    for place in proc sys dev mytemp bound work; do
        plain_image
        rmdir "$own/$place"
        for to in "$victim" "../../../../../../../../../../..$victim" "/proc/self/root$victim"; do
            ln -sfn "$to" "$own/$place"
            for words in "--bind $source:/bound" "--ephemeral --bind $source:/bound"; do
                # shellcheck disable=SC2086
                attempt strace -f -y -o "$tmp/trace" -e trace=%file,%desc,move_mount,open_tree,mount_setattr \
                    minictr --root "$own" $words --cwd /work true
                refused '*: *'
                assertEquals "$place $to" '' "$(grep -aE "<${victim}[/>]" "$tmp/trace")"
                assertTrue 'it was traced' "grep -q '<$source>' '$tmp/trace'"
            done
        done
    done
}

# Trees of the image in the place of those of the kernel, with what a stage might look at.
fake_proc() {
    mkdir -p "$1/1/fd" "$1/1/ns" "$1/sys/kernel" "$1/thread-self" "$1/fs" "$1/irq"
    ln -s 1 "$1/self"
    ln -s "$victim" "$1/1/root"
    ln -s "$victim" "$1/1/cwd"
    ln -s /usr/bin/mnt-proc "$1/1/exe"
    for fd in 0 1 2 3 4 5 6 7 8 9; do
        ln -s "$victim/file" "$1/1/fd/$fd"
    done
    for name in mnt pid net ipc uts cgroup user; do
        ln -s "$victim/file" "$1/1/ns/$name"
    done
    echo '0::/../../../..' >"$1/1/cgroup"
    echo "1:name=minictr-test-$$:$victim" >>"$1/1/cgroup"
    echo "1 1 0:1 / $victim rw - proc proc rw" >"$1/1/mountinfo"
    : >"$1/kcore"
    ln -s "$victim/file" "$1/sysrq-trigger"
    ln -s "$victim" "$1/keys"
    mkdir "$1/timer_list"
}

fake_sys() {
    mkdir -p "$1/fs" "$1/devices/virtual"
    ln -s "$victim" "$1/fs/cgroup"
    ln -s "$victim" "$1/firmware"
    ln -s "$victim" "$1/devices/virtual/powercap"
}

# fake_dev DIR NULL: with something else in the place of the null device.
fake_dev() {
    mkdir -p "$1"
    case $2 in
    file) echo content >"$1/null" ;;
    device) mknod "$1/null" c 1 11 ;;
    link) ln -s "$victim/file" "$1/null" ;;
    fifo) mkfifo "$1/null" ;;
    directory) mkdir "$1/null" ;;
    esac
    ln -s "$victim" "$1/pts"
    ln -s "$victim/file" "$1/ptmx"
    ln -s "$victim" "$1/shm"
    ln -s "$victim" "$1/mqueue"
    ln -s "$victim/made" "$1/console"
    ln -s "$victim/made" "$1/zero"
    ln -s "$victim/null" "$1/tty"
    ln -s "$victim" "$1/fd"
}

testFakeTrees() {
    for variant in default bare ephemeral bound read_only mapped users; do
        for null in file device link fifo directory; do
            plain_image
            fake_proc "$own/proc"
            fake_sys "$own/sys"
            fake_dev "$own/dev" $null
            find "$own/proc" "$own/sys" "$own/dev" -printf '%p %y %m %s %T@ %C@ %l\n' >"$tmp/before"
            $variant
            ended 0
            right $variant "fake trees, null is a $null"
            assertEquals 'what is covered stays' '' "$(find "$own/proc" "$own/sys" "$own/dev" \
                -printf '%p %y %m %s %T@ %C@ %l\n' | diff "$tmp/before" -)"
        done
    done
}

testFakeTreesBehindLinks() {
    fake_proc "$own/real/proc"
    fake_sys "$own/real/sys"
    for null in file device link fifo directory; do
        rm -rf --one-file-system "${own:?}/real/dev"
        fake_dev "$own/real/dev" $null
        for place in proc sys dev; do
            rm -rf --one-file-system "${own:?}/$place"
            ln -s "../../real/$place" "$own/$place"
        done
        for variant in default ephemeral read_only mapped users; do
            $variant
            ended 0
            right $variant "fake trees behind links, null is a $null"
        done
    done
}

testFilesInThePlaceOfDirectories() {
    for place in proc sys dev mytemp bound work; do
        plain_image
        for kind in file fifo device socket; do
            rm -rf --one-file-system "${own:?}/$place"
            case $kind in
            file) : >"$own/$place" ;;
            fifo) mkfifo "$own/$place" ;;
            device) mknod "$own/$place" c 1 3 ;;
            esac
            [ -e "$own/$place" ] || continue
            bound
            refused "*: cannot *$place: Not a directory"
        done
    done
}

testTerminalOfAHostileDev() {
    attempt minictr --tty --root "$own" sh -c 'tty; stat -c %F:%t /dev/console'
    ended 0
    printf '/dev/pts/0\r\ncharacter special file:88\r\n' | cmp -s - "$tmp/out" || fail "$(cat "$tmp/out")"
    cp "$tmp/out" "$tmp/expected"
    rmdir "$own/dev"
    fake_dev "$own/dev" link
    for words in '' --ephemeral '--bare'; do
        # shellcheck disable=SC2086
        attempt minictr --tty $words --root "$own" sh -c 'tty; stat -c %F:%t /dev/console'
        ended 0
        assertTrue "$(cat "$tmp/out")" "cmp -s '$tmp/expected' '$tmp/out'"
    done
    rm -r "${own:?}/dev"
    for to in "$victim" nowhere dev; do
        ln -sfn "$to" "$own/dev"
        attempt minictr --tty --root "$own" echo reached
        refused 'mnt-dev: cannot m* /dev*'
    done
}

# What PROG may be in the image: it ends, with a message.
testHostilePrograms() {
    mkdir "$own/real"
    mkfifo "$own/real/fifo"
    mknod "$own/real/device" c 1 11
    ln -s "$victim/stage" "$own/real/absolute"
    ln -s "../../../../../../..$victim/stage" "$own/real/relative"
    ln -s loop "$own/real/loop"
    printf '#!/real/fifo\n' >"$own/real/script"
    printf '#!/real/absolute\n' >"$own/real/interpreter"
    printf '#!%s/stage\n' "$victim" >"$own/real/outside"
    : >"$own/real/empty"
    chmod 755 "$own/real/script" "$own/real/interpreter" "$own/real/outside" "$own/real/empty" "$own/real/fifo"
    for program in fifo device absolute relative loop script interpreter outside empty ''; do
        for name in "/real/$program" "$program"; do
            [ -n "$name" ] || continue
            for words in '' --ephemeral --no-init; do
                # shellcheck disable=SC2086
                attempt env PATH="$PATH:/real" timeout 10 minictr --root "$own" $words "$name"
                case $status in
                126 | 127) ;;
                *) fail "$name: status $status" ;;
                esac
                assertEquals "$name" '' "$(cat "$tmp/out")"
                said_only '^(pid-init|sys-filter): cannot (execute|find) '
            done
        done
    done
}

# The programs with the names of stages that lie in the image (oneTimeSetUp) are run when they are asked
# for by a path, and never else: tearDown looks.
testStagesOfTheImage() {
    for words in '' --bare --ephemeral --no-init "--bind $source:/bound" "--cwd /root" --tty; do
        # shellcheck disable=SC2086
        attempt env PATH=/:/root:/usr/local/bin:/usr/bin "$bin/minictr" --root "$own" $words \
            --env PATH=/:/root:/usr/local/bin:/usr/bin --rlimit core=0 --tmpfs /mytemp sh -c 'exit 7'
        ended 7
    done
    # Not even where a stage is PROG.
    attempt minictr --privileged --root "$own" uts-name other sh -c 'hostname; cat /ran'
    printed other
    attempt minictr --root "$own" /usr/bin/mnt-proc /proc true
    ended 99
    assertEquals '/usr/bin/mnt-proc /proc true' "$(cat "$own/ran")"
    rm "$own/ran"
    # When PROG runs, the chain has left the stages.
    attempt minictr --root "$own" sh -c 'cd / && PATH=/usr/bin && mnt-tmpfs /x true; ./mnt-proc; cat /ran; rm /ran'
    printed '/usr/bin/mnt-tmpfs /x true
./mnt-proc '
}

# /proc may be gone at any moment, and /dev.
look_in_a_race='until cat /proc/self/mountinfo 2>&-; do :; done'

# race VARIANT: starts one.
race() {
    case $1 in
    bare) words=--bare ;;
    bound) words="--bind $source:/bound --bind $source/file:/bound-file:ro" ;;
    parents) words="--tmpfs /parent/a --bind $source:/parent/b --bind $source/file:/parent/c/d --cwd /parent" ;;
    tty) words=--tty ;;
    mapped) words='--userns auto' ;;
    *) words= ;;
    esac
    # shellcheck disable=SC2086
    attempt minictr --root "$own" $words sh -c "$look_in_a_race"
}

# raced COUNT A B VARIANT: starts while A and B of the image are exchanged, in a tight loop and with
# pauses. It is the right container each time, or one line.
raced() {
    errors=0 containers=0 others=0
    for pause in 0 500 5000; do
        swap "$own/$2" "$own/$3" $pause 2>/dev/null &
        swapper=$!
        number=$(($1 / 3))
        # Few starts may all fail on a busy machine: at the longest pause they go on until one does not.
        while [ $number -gt 0 ] || [ "$pause $containers" = '5000 0' ] && [ $number -gt -500 ]; do
            number=$((number - 1))
            race "$4"
            if [ "$status" != 0 ]; then
                refused '*: *'
                errors=$((errors + 1))
                continue
            fi
            shape <"$tmp/out" >"$tmp/shape"
            if cmp -s "$tmp/shape.race.$4" "$tmp/shape"; then
                containers=$((containers + 1))
            else
                cp "$tmp/shape" "$tmp/shape.other"
                others=$((others + 1))
            fi
        done
        kill $swapper
        wait $swapper
        assertEquals 'somebody swapped' 143 $?
    done
    echo "$2 and $3: $containers containers, $errors errors"
    [ $others = 0 ] || fail "$2 and $3: $others other containers: $(diff "$tmp/shape.race.$4" "$tmp/shape.other")"
    assertTrue "containers: $containers, errors: $errors" "[ $containers -gt 0 ]"
}

testProcIsSwapped() {
    ln -s "$victim" "$own/link"
    raced $((starts / 10)) proc link plain
    plain_image
    ln -s "$victim" "$own/link"
    raced $((starts / 20)) proc link bare
    plain_image
    mkdir "$own/fake"
    raced $((starts / 10)) proc fake plain
    plain_image
    fake_proc "$own/fake"
    rm "$own/fake/1/mountinfo"
    raced $((starts / 10)) proc fake plain
    raced $((starts / 50)) proc fake mapped
    plain_image
    ln -s "$victim" "$own/link"
    raced $((starts / 50)) proc link mapped
}

testDevIsSwapped() {
    ln -s "$victim" "$own/link"
    raced $((starts / 10)) dev link plain
    raced $((starts / 50)) dev link mapped
    plain_image
    fake_dev "$own/fake" link
    raced $((starts / 20)) dev fake plain
    plain_image
    fake_dev "$own/fake" device
    raced $((starts / 20)) dev fake plain
    plain_image
    fake_dev "$own/fake" link
    raced $((starts / 20)) dev fake tty
}

testSysIsSwapped() {
    ln -s "../../../../../../../../../../../../../$victim" "$own/link"
    raced $((starts / 10)) sys link plain
    raced $((starts / 50)) sys link mapped
    plain_image
    fake_sys "$own/fake"
    raced $((starts / 10)) sys fake plain
}

testMountPointsAreSwapped() {
    ln -s "$victim" "$own/link"
    raced $((starts / 10)) mytemp link plain
    raced $((starts / 50)) mytemp link mapped
    plain_image
    ln -s "$victim" "$own/link"
    raced $((starts / 10)) bound link bound
    plain_image
    mkdir -p "$own$victim"
    ln -s "$victim" "$own/link"
    raced $((starts / 20)) bound link bound
    plain_image
    ln -s "$victim" "$own/link"
    raced $((starts / 10)) parent link parents
    plain_image
    mkdir -p "$own$victim"
    ln -s "../../../../../../../../../..$victim" "$own/link"
    raced $((starts / 10)) parent link parents
}

#
# What the mounts are.
#

# mounts: the place, the flags with the propagation, the type of each in a mountinfo.
mounts() {
    awk '{ line = $5; for (i = 6; i <= NF && $(i - 1) != "-"; i++) line = line " " $i
        print line, $i }' "$tmp/out" | sed 's/,relatime / /' | sort
}

# As the pages of mnt-tmpfs, mnt-proc, mnt-dev, mnt-sys and mnt-mask promise.
promised() {
    cat <<'END'
/ rw,nodev - ext4
/dev rw,nosuid,noexec - tmpfs
/dev/mqueue rw,nosuid,nodev,noexec - mqueue
/dev/pts rw,nosuid,noexec - devpts
/dev/shm rw,nosuid,nodev,noexec - tmpfs
/mytemp rw,nosuid,nodev - tmpfs
/proc rw,nosuid,nodev,noexec - proc
/sys ro,nosuid,nodev,noexec - sysfs
END
    # The default set, as far as there is such a thing on this machine.
    for path in acpi asound bus dynamic_debug fs interrupts irq kcore keys kpagecgroup kpagecount kpageflags latency_stats sched_debug scsi sys \
        sysrq-trigger timer_list timer_stats; do
        [ -e "/proc/$path" ] || continue
        case $path in
        bus | fs | irq | sys | sysrq-trigger) echo "/proc/$path ro,nosuid,nodev,noexec - proc" ;;
        *)
            if [ -d "/proc/$path" ]; then
                echo "/proc/$path ro,nosuid,nodev,noexec - tmpfs"
            else
                echo "/proc/$path ro,nosuid,noexec - tmpfs"
            fi
            ;;
        esac
    done
    for path in /sys/devices/virtual/powercap /sys/firmware; do
        [ ! -d $path ] || echo "$path ro,nosuid,nodev,noexec - tmpfs"
    done
}

# Without the control groups, which every machine has others of.
all_but_groups() {
    mounts | grep -v '^/sys/fs/cgroup'
}

testFlagsOfTheMounts() {
    attempt minictr --root "$own" cat /proc/self/mountinfo
    ended 0
    type=$(stat -f -c %T "$own")
    promised | sort >"$tmp/promised"
    all_but_groups | sed "1s/ - [a-z0-9]*\$/ - ext4/" | diff "$tmp/promised" - >"$tmp/differences"
    assertEquals "on $type" '' "$(cat "$tmp/differences")"
    # All groups are below one, and of one kind.
    mounts | grep '^/sys/fs/cgroup' | cut -d ' ' -f 2- | sort -u >"$tmp/groups"
    assertNotEquals 0 "$(grep -c . "$tmp/groups")"
    assertEquals '' "$(grep -vxE 'ro,nosuid,nodev,noexec - (tmpfs|cgroup2?)' "$tmp/groups")"
}

testFlagsOfTheMountsWithOptions() {
    attempt minictr --ephemeral --root "$own" --bind "$source:/bound" --bind "$source/file:/bound-file:ro" \
        --tmpfs /mytemp:1M --tmpfs /more cat /proc/self/mountinfo
    ended 0
    { promised | sed 's/^\/ .*/\/ rw,nodev - overlay/' && printf '%s\n' '/more rw,nosuid,nodev - tmpfs'; } |
        sort >"$tmp/promised"
    assertEquals '' "$(all_but_groups | grep -v '^/bound' | diff "$tmp/promised" -)"
    mounts | grep '^/bound' | cut -d ' ' -f 1-3 >"$tmp/bound"
    assertEquals '/bound rw,nodev - /bound-file ro,nodev -' "$(paste -sd ' ' "$tmp/bound")"
    attempt minictr --read-only --root "$own" cat /proc/self/mountinfo
    ended 0
    assertEquals '/ ro,nodev -' "$(mounts | head -n 1 | cut -d ' ' -f 1-3)"
}

# Whoever starts it may have a mount namespace whose mounts are shared, as systemd makes them.
testNothingPropagates() {
    attempt unshare --mount sh -c 'mount --make-rshared / && cp /proc/self/mountinfo "$0" &&
        minictr --privileged --root "$1" sh -c "cat /proc/self/mountinfo; mount -t tmpfs none /mnt && umount /mnt
            mount --make-rshared / && mount -t tmpfs none /mnt" &&
        diff "$0" /proc/self/mountinfo >"$0.changes"' "$tmp/shared" "$own"
    ended 0
    assertTrue 'they were shared' "grep -q ' shared:' '$tmp/shared'"
    assertEquals 'outside' '' "$(cat "$tmp/shared.changes")"
    assertEquals 'inside' '' "$(awk '$7 != "-"' "$tmp/out")"
    for words in "--ephemeral" "--bind $source:/bound" --bare; do
        # shellcheck disable=SC2086
        attempt unshare --mount sh -c 'mount --make-rshared / && exec minictr --root "$@" \
            cat /proc/self/mountinfo' - "$own" $words
        ended 0
        assertEquals "$words" '' "$(awk '$7 != "-"' "$tmp/out")"
    done
}

testFlagsHold() {
    attempt minictr --root "$own" sh -c 'for place in /proc /dev /dev/shm /sys /mytemp; do
        cp /usr/bin/true $place/program 2>/dev/null && { $place/program && echo "runs in $place"; }
        done 2>/dev/null
        echo x 2>/dev/null >/proc/sys/kernel/hostname && echo "wrote to /proc/sys"
        echo x 2>/dev/null >/sys/fs/cgroup/x && echo "wrote to /sys/fs/cgroup"
        mkdir /sys/fs/cgroup/pids/x 2>/dev/null && echo "made a group"
        mkdir /sys/fs/cgroup/x 2>/dev/null && echo "made a group"
        cat /proc/keys /proc/timer_list /proc/interrupts /proc/kcore 2>/dev/null | head -c 1 | grep -c ""
        ls -A /sys/firmware
        find /sys/fs/cgroup -name release_agent -writable'
    printed 'runs in /mytemp
0'
}

#
# What is to be seen of the host.
#

# The paths of this machine that could show: those of the project and of the tests.
of_the_host() {
    grep -aE "$top|$tmp|minictr-test" "$@"
}

testMountinfoShowsNothingOfTheHost() {
    for words in '' --bare --ephemeral --read-only --tty --no-init; do
        # shellcheck disable=SC2086
        attempt minictr $words --root "$own" sh -c 'cat /proc/self/mountinfo; echo; cat /proc/mounts'
        ended 0
        assertEquals "$words: the root's own line" '' "$(of_the_host "$tmp/out" | grep -v " $own / ")"
        assertTrue 'at most that' "[ $(of_the_host "$tmp/out" | grep -c .) -le 1 ]"
        assertEquals "$words: the root comes first" / "$(head -n 1 "$tmp/out" | cut -d ' ' -f 5)"
    done
    # Nothing is below the root, and no mount stands in another than that.
    attempt minictr --root "$own" cat /proc/self/mountinfo
    assertEquals 'parents' '' "$(awk '{ ids[$1] = 1; parents[$1] = $2; at[$1] = $5 }
        END { for (id in parents) if (!(parents[id] in ids) && at[id] != "/") print at[id] }' "$tmp/out")"
    attempt minictr --bind "$source:/bound" --root "$own" sh -c 'cat /proc/self/mountinfo; cat /proc/mounts'
    assertEquals 'the lines of root and bind' '/ /bound' \
        "$(of_the_host "$tmp/out" | awk '{ print $5 }' | paste -sd ' ')"
}

# Of every process in the container, standard streams being pipes.
testProcessesShowNothingOfTheHost() {
    inode=$(stat -c %d:%i "$own")
    for words in '' --bare --no-init; do
        # shellcheck disable=SC2086
        : | env -i A=b PATH=/usr/bin "$bin/minictr" --root "$own" $words sh -c 'for process in /proc/[0-9]*; do
            stat -Lc "at %d:%i" $process/root $process/cwd
            readlink $process/root $process/cwd $process/exe
            [ ! -e $process/fd ] || readlink $process/fd/*
            for file in cmdline environ auxv maps mountinfo comm cgroup stat status; do
                tr "\0" "\n" <$process/$file
            done
        done 2>/dev/null' 2>&1 | cat >"$tmp/all"
        assertTrue 'much' "[ $(grep -c . "$tmp/all") -gt 100 ]"
        assertEquals "$words" '' "$(of_the_host "$tmp/all" | grep -v " $own / ")"
        assertEquals "$words" "at $inode" "$(grep '^at ' "$tmp/all" | sort -u)"
        assertEquals "$words" '' "$(grep -aE '^[a-z_]+:(\[|/|i)' "$tmp/all" | grep -avE '^pipe:\[')"
        assertEquals "$words" '' "$(grep -aE '^[A-Z_]+=' "$tmp/all" | sort -u |
            grep -vxE 'A=b|PATH=/usr/bin|MINICTR_NS=[a-zA-Z]*|MINICTR_STAGES=[0-9]+|PWD=/|OLDPWD=.*|_=.*|SHLVL=.')"
    done
}

testInitHasNoDescriptorsOfTheHost() {
    for words in '' --ephemeral "--bind $source:/bound" --read-only; do
        # shellcheck disable=SC2086
        : | hostile fds 20 minictr --root "$own" $words sh -c 'readlink /proc/1/fd/*; probe fds' 3<"$victim/.." \
            2>&1 | cat >"$tmp/out"
        assertEquals "$words" '0 1 2 ' "$(tail -n 1 "$tmp/out")"
        assertEquals "$words" '' "$(sed '$d' "$tmp/out" | grep -vE '^pipe:\[[0-9]*\]$|^anon_inode:')"
    done
}

# However the start's own directory is called, the container begins in its root, and ".." ends there.
testWorkingDirectoryOfTheHost() {
    inode=$(stat -c %i "$own")
    mkdir "$tmp/gone" "$own/parent/deep"
    # Without CAP_SYS_PTRACE process 1, which is not dumpable, cannot be looked at.
    walk='pwd -P; readlink /proc/self/cwd; readlink /proc/1/cwd || echo /; stat -c %i . /..; ls -A canary
        cd ../../../../../../../../../.. && stat -c %i .'
    for directory in "$source" "$own" "$own/parent/deep" / /proc /proc/self/root /proc/self/fd "$tmp/gone"; do
        for words in '' --bare --no-init --ephemeral --read-only --privileged; do
            attempt sh -c 'cd "$0" && case $0 in */gone) rmdir "$0" ;; esac && exec minictr "$@"' \
                "$directory" --root "$own" $words sh -c "$walk"
            ended 0
            [ "$words" = --ephemeral ] && sed -i "s/^[0-9]*\$/$inode/" "$tmp/out"
            printed "/
/
/
$inode
$inode
$inode"
            [ -d "$directory" ] || mkdir "$tmp/gone"
        done
    done
}

testWorkingDirectoryIsTheVictim() {
    attempt sh -c 'cd "$0/deep" && exec minictr --root "$1" sh -c "ls -A; ls -A .. | head -n 100; cd -"' \
        "$victim" "$own"
    assertTrue 'it was listed' "[ -s '$tmp/out' ]"
    assertEquals '' "$(grep canary "$tmp/out")"
}

testCwdOption() {
    for to in /work/../.. ../../../.. .. . /proc/self/cwd /proc/1/root /proc/self/root/../..; do
        attempt minictr --root "$own" --cwd "$to" sh -c 'stat -c %i .'
        ended 0
        printed "$(stat -c %i "$own")"
    done
}

testChrootEndsAtTheRoot() {
    attempt minictr --root "$own" probe escape
    ended 0
    printed "$(stat -c %i "$own")"
    attempt minictr --bare --root "$own" probe escape
    printed "$(stat -c %i "$own")"
    attempt minictr --root "$own" sh -c 'umount / 2>/dev/null || umount -l /; stat -c %i / /..'
    assertEquals "$(stat -c %i "$own")" "$(tail -n 1 "$tmp/out")"
}

# Descriptors that the caller holds open are not there, not even on the way.
testNoDescriptorOfTheHost() {
    for words in '' --ephemeral --no-init "--bind $source:/bound" --tty; do
        # shellcheck disable=SC2086
        attempt hostile fds 200 minictr --root "$own" $words probe fds 9<"$victim/.."
        ended 0
        assertEquals "$words" '0 1 2 ' "$(tr -d '\r' <"$tmp/out")"
    done
}

testEnvironmentIsTheCallers() {
    attempt env -i A=b PATH=/usr/local/bin "$bin/minictr" --root "$own" --bind "$source:/bound" --tty probe env
    assertEquals 'A=b
PATH=/usr/local/bin' "$(tr -d '\r' <"$tmp/out")"
}

# The launcher leaves the network as it is; a new one before it hides what listens on the host.
testAbstractSocketsUnderANewNetwork() {
    name=minictr-test-$$
    probe abstract "$name" sleep 1000 &
    listener=$!
    await 20 grep -q "@$name" /proc/net/unix
    attempt minictr --privileged --root "$own" probe reach "$name"
    printed reached
    if priv-lock --scope sockets true 2>/dev/null; then # Linux 6.12
        attempt minictr --root "$own" probe reach "$name"
        printed 'Operation not permitted'
    fi
    attempt ns-enter --net minictr --root "$own" sh -c 'probe reach "$0"; grep -c @ /proc/net/unix' "$name"
    printed 'Connection refused
0'
    kill $listener
    wait $listener
    assertEquals 143 $?
}

testOtherContainersAndTheHostsProcesses() {
    attempt minictr --root "$own" sh -c 'cd /proc && echo [0-9]*; ls /dev/pts; ls -A /dev/shm /dev/mqueue
        [ -e "/proc/$0" ] && echo visible; kill -0 "$0" 2>/dev/null && echo reachable' $$
    assertEquals '1 2' "$(head -n 1 "$tmp/out")"
    assertEquals '' "$(grep -E 'visible|reachable' "$tmp/out")"
    assertEquals "of the terminals: $(cat "$tmp/out")" ptmx "$(sed -n 2p "$tmp/out")"
}

. shunit2
