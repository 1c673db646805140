# shellcheck shell=sh disable=SC1091,SC2016,SC2086,SC2154
# fs-allow.sh: what can be done to files and directories that are allowed, in which way, and to those that are
# not; that there is no way around, as root neither; and what happens where the kernel cannot do it.

. "$(dirname "$0")/lib.sh"

area=$tmp/area
denied='Permission denied'
across='Invalid cross-device link'

# Kernels with less than all, such as that of the virtual machines, are asked for what they have.
effort=
fs-allow --exec / true 2>&1 | grep -q 'of Landlock, and the right' && effort=--best-effort
fewer_rights() {
    [ -n "$effort" ] && skip 'the Landlock of this kernel lacks rights'
}

# What the programs of this machine need, and the probe.
system="$effort --rw /dev/null --exec $helpers"
for directory in /bin /lib /lib32 /lib64 /usr; do
    [ -e "$directory" ] && system="$system --exec $directory"
done

# In the area: attempts a shell with these options, the last word is its script.
in_area() {
    attempt priv-lock fs-allow $system "$@"
}

# shell OPTION... SCRIPT: each command of the script says "yes" or why not.
shell() {
    options=
    while [ $# -gt 1 ]; do
        options="$options $1"
        shift
    done
    in_area $options sh -c "cd $area
        try() { if reason=\$(\"\$@\" 2>&1); then echo yes; else echo \"no\${reason##*:}\"; fi; }
        can() { try sh -c \"\$@\"; }
        $1"
}

# reached YES-OR-REASON...: what they said, one a command.
reached() {
    ended 0
    printed "$(for word; do [ "$word" = yes ] && echo yes || echo "no $word"; done)"
}

setUp() {
    rm -rf "$area"
    mkdir "$area"
    for directory in one two closed; do
        mkdir "$area/$directory" "$area/$directory/sub" "$area/$directory/empty"
        for file in file gone victim sub/file; do
            echo text >"$area/$directory/$file"
        done
        cp "$helpers/probe" "$area/$directory/prog"
    done
    chmod -R a+rwX "$area"
}

reads='try cat one/file; try cat one/sub/file; try ls one; try ls one/sub'
writes='can ": >one/file"; can ": >>one/sub/file"; can ": <>one/file"; can ": >one/new"; try mkdir one/dir; try ln -s to one/link; try mkfifo one/fifo; try rm one/gone; try rmdir one/empty
    try mv one/file one/moved; try mv one/sub one/moved-sub; try ln one/prog one/linked'

testReadOnly() {
    shell --ro "$area/one" "$reads"
    reached yes yes yes yes
    shell --ro "$area/one" "$writes"
    reached "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" \
        "$denied" "$denied"
    shell --ro "$area/one" 'try one/prog fds'
    reached "$denied"
    assertEquals text "$(cat "$area/one/victim")"
}

testReadAndWrite() {
    shell --rw "$area/one" "$reads; $writes"
    reached yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes
    setUp
    shell --rw "$area/one" 'try one/prog fds'
    reached "$denied"
}

testExecute() {
    shell --exec "$area/one" "$reads; try one/prog fds"
    reached yes yes yes yes yes
    shell --exec "$area/one" "$writes"
    reached "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" \
        "$denied" "$denied"
}

testAllElseIsRefused() {
    shell --rw "$area/two" "$reads; try one/prog fds"
    reached "$denied" "$denied" "$denied" "$denied" "$denied"
    shell --rw "$area/two" "$writes"
    reached "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" "$denied" \
        "$denied" "$denied"
    shell --rw "$area/two" "try ls $area; try ls /; try ls $tmp"
    reached "$denied" "$denied" "$denied"
}

# What the page says that Landlock leaves alone.
testWhatIsNotCovered() {
    shell --ro "$area/two" 'try cd one; try stat one/file; try chmod 600 one/file; try touch one/file'
    reached yes yes yes yes
    assertEquals 600 "$(stat -c %a "$area/one/file")"
}

testRightsAddUp() {
    shell --rw "$area/one" --exec "$area/one" "$reads; try one/prog fds; $writes"
    reached yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes yes
    setUp
    shell --exec "$area/one" --rw "$area/one/sub" 'can ": >one/file"; can ": >one/sub/file"; try cp one/prog one/sub
        try one/sub/prog fds'
    reached "$denied" yes yes yes
    shell --ro "$area" --exec "$area/two" 'try cat one/file; try one/prog fds; try two/prog fds'
    reached yes "$denied" yes
}

testFiles() {
    shell --ro "$area/one/file" --rw "$area/one/victim" --exec "$area/one/prog" 'try cat one/file; can ": >one/file"
        try cat one/victim; can ": >one/victim"; try one/prog fds; try rm one/victim; try cat one/sub/file; try ls one'
    reached yes "$denied" yes yes yes "$denied" "$denied" "$denied"
    # The file is meant, not its name.
    shell --ro "$area/one/file" --rw "$area/two" 'exec 3<one/file; try cat two/file'
    reached yes
    mv "$area/one/file" "$area/one/moved"
    echo other >"$area/one/file"
    attempt priv-lock fs-allow $system --ro "$area/one/file" --ro /dev/null sh -c "
        cat $area/one/file $area/one/moved"
    assertNotEquals 0 "$status"
    printed other
}

testBetweenDirectories() {
    in_area --rw "$area/one" --rw "$area/two" sh -c "cd $area; probe rename one/file two/new; probe rename one/sub two/dir
        probe rename two/gone one/victim; ln one/prog two/linked && echo linked"
    printed "$(printf 'rename: done\nrename: done\nrename: done\nlinked')"
    setUp
    # Nothing gains rights by where it goes.
    in_area --rw "$area/one" --rw "$area/two" --exec "$area/two" sh -c "cd $area; probe rename one/file two/new
        probe rename one/sub two/dir; ln one/prog two/linked"
    printed "$(printf 'rename: %s\nrename: %s' "Cross-device link" "Cross-device link")"
    said "$across"
    in_area --rw "$area/one" --ro "$area/two" sh -c "cd $area; probe rename one/file two/new; probe rename two/sub one/dir
        ln two/file one/linked; ln one/file two/linked; probe rename one/file one/new"
    assertEquals "$(cat "$tmp/out")" 'rename: done' "$(tail -n 1 "$tmp/out")"
    assertEquals "$(cat "$tmp/out")" 1 "$(grep -c ': done' "$tmp/out")"
    assertEquals "$(cat "$tmp/err")" 2 "$(grep -c '^ln: ' "$tmp/err")"
    assertFalse '[ -e "$area/one/linked" ] || [ -e "$area/two/linked" ]'
}

testKindsOfFiles() {
    attempt probe make "$area/one/empty"
    ended 0
    sed '/^null/s/:.*/: Permission denied/; /^loop/s/:.*/: Permission denied/' "$tmp/out" >"$tmp/expected"
    assertEquals 5 "$(grep -vc "$denied" "$tmp/expected")"
    in_area --rw "$area/one/empty" probe make "$area/one/empty"
    ended 0
    printed "$(cat "$tmp/expected")"
    in_area --ro "$area/one/empty" probe make "$area/one/empty"
    assertEquals 7 "$(grep -c ": $denied" "$tmp/out")"
}

testTruncating() {
    fewer_rights && return
    for option in --ro --exec; do
        shell $option "$area/one" 'try probe truncate one/file; try probe truncate one/sub/file; try probe truncate two/file'
        reached "$denied" "$denied" "$denied"
    done
    assertEquals text "$(cat "$area/one/file")"
    shell --rw "$area/one" --rw "$area/two/file" 'try probe truncate one/sub/file; try probe truncate two/file'
    reached yes yes
    assertEquals '' "$(cat "$area/one/sub/file" "$area/two/file")"
}

testDevices() {
    fewer_rights && return
    in_area --rw /dev/zero probe ioctl /dev/zero
    printed 'ioctl: Not a tty'
    in_area --ro /dev/zero probe ioctl /dev/zero
    printed "ioctl: $denied"
    in_area probe ioctl /dev/zero
    said "/dev/zero: $denied"
}

testSymbolicLinks() {
    ln -s ../closed/file "$area/one/link"
    ln -s ../closed "$area/one/dir"
    ln -s ../one/file "$area/closed/link"
    shell --rw "$area/one" 'try cat one/link; try cat one/dir/file; can ": >one/link"; try ls one/dir/; try cat closed/link'
    reached "$denied" "$denied" "$denied" "$denied" yes
    # As a PATH it is what it leads to.
    shell --rw "$area/one/dir" 'try cat closed/file; try cat one/dir/file; try cat one/file; try rm one/dir'
    reached yes yes "$denied" "$denied"
    shell --rw "$area/one" 'try cat one/../closed/file; try cat one/sub/../../closed/file; try cat closed/../one/file'
    reached "$denied" "$denied" yes
}

# A file with two names can be reached by each that is allowed.
testHardLinks() {
    ln "$area/closed/file" "$area/one/linked"
    shell --ro "$area/one" 'try cat one/linked; try cat closed/file'
    reached yes "$denied"
}

testThroughProc() {
    shell --ro /proc --ro "$area/one" "exec 3<one; try cat /proc/self/fd/3/file; try cat /proc/self/fd/3/../closed/file
        try cat /proc/self/root$area/closed/file; try cat /proc/self/cwd/closed/file; try cat /proc/self/cwd/one/file"
    reached yes "$denied" "$denied" "$denied" yes
    # The shell of this test is outside.
    shell --ro /proc "try cat /proc/$$/root$area/closed/file; try ls /proc/$$/cwd/; try cat /proc/$$/fd/0; try head -c 1 /proc/$$/mem"
    reached "$denied" "$denied" "$denied" "$denied"
}

testOpenDescriptors() {
    in_area --ro /proc sh -c 'cat <&3; cat /proc/self/fd/4/file; echo more >/proc/self/fd/3' \
        3<"$area/closed/file" 4<"$area/closed"
    assertNotEquals 0 "$status"
    printed text
    said "fd/4/file: $denied"
    said "fd/3: $denied"
    assertEquals text "$(cat "$area/closed/file")"
}

testStagesOnlyNarrow() {
    attempt priv-lock fs-allow $system --rw "$area/one" --ro "$area/two" fs-allow $system --ro "$area/one" --rw "$area/two" \
        sh -c "cat $area/one/file; cat $area/two/file; echo >$area/one/file"
    said "one/file: $denied"
    printed "$(printf 'text\ntext')"
    attempt priv-lock fs-allow $system --ro "$area/two" fs-allow $effort --rw / sh -c :
    ended 126
    attempt priv-lock fs-allow $system --ro "$area/two" fs-allow $effort --rw / --exec / \
        sh -c "cat $area/two/file $area/one/file; echo >$area/two/file"
    said "two/file: $denied"
    said "one/file: $denied"
    printed text
}

testLayersRunOut() {
    layers=$(printf "fs-allow $effort --exec / %.0s" $(seq 16))
    attempt priv-lock $layers echo reached
    printed reached
    attempt priv-lock $layers fs-allow $effort --exec / echo reached
    refused 'fs-allow: cannot apply the rules: Argument list too long'
    assertEquals 'fs-allow: hint: this process has as many rulesets already as the kernel takes: 16' "$hint"
}

testAsNobody() {
    as_nobody priv-lock fs-allow $system --rw "$area/one" --ro "$area/two" \
        sh -c "cd $area; cat one/file two/file; echo new >one/new; cat one/new; cat closed/file; echo >two/file"
    printed "$(printf 'text\ntext\nnew')"
    said "closed/file: $denied"
    said "two/file: $denied"
}

testNeedsNoNewPrivs() {
    needs_root && return
    as_nobody fs-allow $effort --exec / echo reached
    refused 'fs-allow: cannot apply the rules: Operation not permitted'
    assertEquals 'fs-allow: hint: put "priv-lock" before this stage' "$hint"
    attempt fs-allow $effort --exec / echo reached
    printed reached
}

testStatus() {
    in_area probe exit 7
    ended 7
    in_area "$tmp/missing"
    ended 127
    in_area missing-program
    ended 127
    said_only '^fs-allow: cannot find missing-program in PATH: '
}

testProgIsNotAllowed() {
    attempt priv-lock fs-allow $effort --exec /usr "$area/one/prog" fds
    ended 126
    said_only "^fs-allow: cannot execute $area/one/prog: $denied\$"
    said '^fs-allow: hint: its permissions allow it: rules of fs-allow, or of another security module, do not$'
    attempt priv-lock fs-allow $effort --ro "$area/one" "$area/one/prog" fds
    ended 126
    said "^fs-allow: cannot execute $area/one/prog: $denied\$"
    said '^fs-allow: hint: its permissions allow it'
    # The hint is found out. Nobody is in the group that may execute this.
    chmod 010 "$area/one/prog"
    if [ "$(id -u)" = 0 ]; then
        as_nobody priv-lock fs-allow $effort --ro "$area/one" "$area/one/prog" fds
    else
        attempt priv-lock fs-allow $effort --ro "$area/one" "$area/one/prog" fds
    fi
    ended 126
    said_only "^fs-allow: cannot execute $area/one/prog: $denied\$"
    assertEquals 0 "$(grep -c hint: "$tmp/err")"
    chmod a=rw "$area/one/prog"
    attempt priv-lock fs-allow $effort --ro "$area/one" "$area/one/prog" fds
    ended 126
    said '^fs-allow: hint: chmod'
    attempt priv-lock fs-allow $effort --exec /usr/bin sh -c 'echo reached'
    ended 126
    said_only "^fs-allow: cannot execute [a-z/]*/sh or its loader .*: $denied\$"
    printf '#!%s/one/prog fds\n' "$area" >"$area/one/script"
    chmod a+x "$area/one/script" "$area/one/prog"
    attempt priv-lock fs-allow $effort --exec "$area/one/script" "$area/one/script"
    ended 126
    said_only "^fs-allow: cannot execute $area/one/script or its interpreter $area/one/prog: $denied\$"
    # An interpreter that can be read may lack something else.
    for option in --ro --exec; do
        [ $option = --exec ] && chmod a-x "$area/one/prog"
        attempt priv-lock fs-allow $effort --exec "$area/one/script" $option "$area/one/prog" "$area/one/script"
        ended 126
        said_only "^fs-allow: cannot execute $area/one/script: its interpreter $area/one/prog (cannot be executed|is not executable)\$"
        assertEquals 0 "$(grep -c hint: "$tmp/err")"
    done
}

# The stages that follow are executed from where they are; PROG gains that only when there are some.
testStagesThatFollow() {
    attempt priv-lock fs-allow $system res-limit core=0 env-set name=value probe fds
    ended 0
    attempt priv-lock fs-allow $system probe exec "$bin/uts-name" uts-name --version
    assertNotEquals 0 "$status"
    printed ''
    attempt priv-lock fs-allow $system res-limit core=0 probe exec "$bin/uts-name" uts-name --version
    ended 0
    attempt priv-lock fs-allow $system res-limit core=0 cwd-sett / probe fds
    ended 127
    said '^res-limit: hint: did you mean the stage cwd-set\?$'
    attempt priv-lock fs-allow $system "$bin/res-limit" core=0 probe fds
    ended 126
}

testDescriptors() {
    attempt fd-close priv-lock fs-allow $system --ro "$area" --ro "$area/one/file" probe fds
    ended 0
    printed '0 1 2 '
    attempt fd-close priv-lock fs-allow $system --ro "$area" res-limit core=0 probe fds
    printed '0 1 2 '
    attempt sh -c "exec fd-close priv-lock fs-allow $system --ro '$area' probe fds <&- 2>&-"
    printed '1 '
    attempt hostile fds 5 fd-close --keep 4,6 priv-lock fs-allow $system --ro "$area" probe fds
    printed '0 1 2 4 6 '
}

testBadInput() {
    attempt fs-allow echo reached
    refused 'fs-allow: nothing is allowed: give --ro PATH, --rw PATH or --exec PATH'
    assertEquals 'fs-allow: hint: PROG itself needs --exec PATH' "$hint"
    attempt fs-allow --best-effort echo reached
    refused 'fs-allow: nothing is allowed: *'
    attempt fs-allow $effort --exec /
    refused 'fs-allow: PROG is missing'
    attempt fs-allow --ro
    refused 'fs-allow: --ro *'
    attempt fs-allow --best-effort=1 --exec / echo reached
    refused 'fs-allow: *--best-effort*'
    attempt fs-allow --read / echo reached
    refused 'fs-allow: unknown option --read'
    attempt priv-lock fs-allow $effort --exec / --ro "$area/missing" echo reached
    refused "fs-allow: cannot find $area/missing: No such file or directory"
    attempt priv-lock fs-allow $effort --exec / --ro '' echo reached
    refused 'fs-allow: cannot find : No such file or directory'
    attempt priv-lock fs-allow $effort --exec / --ro "$area/one/file/sub" echo reached
    refused "fs-allow: cannot find $area/one/file/sub: Not a directory"
    ln -s loop "$area/loop"
    attempt priv-lock fs-allow $effort --exec / --ro "$area/loop" echo reached
    refused "fs-allow: cannot find $area/loop: *ymbolic link*"
    long=$(printf '%05000d' 0)
    attempt priv-lock fs-allow $effort --exec / --ro "/$long" echo reached
    refused "fs-allow: cannot find /*: *ame too long"
    # A pipe is in no directory.
    attempt sh -c 'echo | "$@"' - priv-lock fs-allow $effort --exec / --ro /proc/self/fd/0 echo reached
    refused 'fs-allow: cannot allow /proc/self/fd/0: File descriptor in bad state'
    attempt priv-lock fs-allow $effort --exec / --ro . echo reached
    printed reached
}

testManyPaths() {
    many=$(printf -- "--ro $area/one/file %.0s" $(seq 255))
    attempt priv-lock fs-allow $effort --exec / $many echo reached
    printed reached
    attempt priv-lock fs-allow $effort --exec / $many --ro / echo reached
    refused 'fs-allow: more than 256 paths'
}

# fails FAULT MESSAGE: and PROG does not run.
fails() {
    inject "$1" priv-lock fs-allow $effort --exec / --ro "$area" --ro "$area/one/file" res-limit core=0 echo reached
    refused "fs-allow: $2"
}

testKernelRefuses() {
    have_strace || { skip 'no strace' && return; }
    fails landlock_create_ruleset:error=ENOSYS:when=1 'this kernel has no Landlock: Function not implemented'
    assertEquals '' "$hint"
    fails landlock_create_ruleset:error=EOPNOTSUPP:when=1 'this kernel has no Landlock: *upported'
    assertEquals 'fs-allow: hint: the kernel has it, but "lsm=" of its command line does not name landlock' "$hint"
    fails landlock_create_ruleset:error=EMFILE:when=2 'cannot make a ruleset of Landlock: *'
    fails openat2:error=EACCES:when=2 "cannot find $area: $denied"
    fails landlock_add_rule:error=ENOMEM:when=1 'cannot allow /: *emory'
    fails landlock_add_rule:error=EINVAL:when=3 "cannot allow $area/one/file: Invalid argument"
    fails openat2:error=ENOENT:when=4 'cannot find the directory of the stages: *: No such file or directory'
    fails landlock_add_rule:error=ENOMEM:when=4 'cannot allow the directory of the stages: *emory'
    fails landlock_restrict_self:error=EPERM 'cannot apply the rules: Operation not permitted'
    assertNotEquals 'fs-allow: hint: put "priv-lock" before this stage' "$hint"
}

# on_version NUMBER OPTION... PROG: on a kernel that has that version of Landlock only.
on_version() {
    version=$1
    shift
    inject "landlock_create_ruleset:retval=$version:when=1" priv-lock fs-allow $system "$@"
}

testThisKernel() {
    attempt priv-lock fs-allow --exec / echo reached
    if [ -z "$effort" ]; then
        printed reached
    else
        refused 'fs-allow: this kernel has version [1-4] of Landlock, and the right [A-Z_]* needs version [2-5]'
        assertEquals 'fs-allow: hint: --best-effort does without' "$hint"
    fi
    attempt priv-lock fs-allow --best-effort --exec / sh -c "echo reached; echo >$area/one/file"
    printed reached
    said "$denied"
}

testOlderKernelsAreAnError() {
    fewer_rights && return
    have_strace || { skip 'no strace' && return; }
    for missing in 1:REFER:2 2:TRUNCATE:3 3:IOCTL_DEV:5 4:IOCTL_DEV:5; do
        has=${missing%%:*} needs=${missing##*:} right=${missing#*:}
        on_version "$has" --ro "$area" echo reached
        refused "fs-allow: this kernel has version $has of Landlock, and the right ${right%:*} needs version $needs"
        assertEquals 'fs-allow: hint: --best-effort does without' "$hint"
    done
    for has in 5 6 7 8 100; do
        on_version "$has" --ro "$area" echo reached
        printed reached
    done
}

# The ruleset is what a kernel of that version takes; what it handles is refused.
testBestEffort() {
    fewer_rights && return
    have_strace || { skip 'no strace' && return; }
    for has in 1:8191 2:16383 3:32767 4:32767 5:65535 7:65535; do
        attempt strace -f -e trace=landlock_create_ruleset -X raw -o "$tmp/calls" \
            -e "inject=landlock_create_ruleset:retval=${has%:*}:when=1" \
            priv-lock fs-allow --best-effort $system --ro "$area" echo reached
        printed reached
        assertTrue "$has: $(cat "$tmp/calls")" \
            "grep -q 'handled_access_fs=$(printf 0x%x "${has#*:}")[,}]' '$tmp/calls'"
    done
    on_version 2 --best-effort --ro "$area" probe truncate "$area/one/file"
    printed 'truncate: done'
    on_version 3 --best-effort --ro "$area" probe truncate "$area/one/file"
    printed "truncate: $denied"
    on_version 4 --best-effort --ro /dev/zero probe ioctl /dev/zero
    printed 'ioctl: Not a tty'
    on_version 1 --best-effort --rw "$area" probe rename "$area/one/gone" "$area/two/new"
    printed 'rename: Cross-device link'
    on_version 1 --best-effort --rw "$area" probe rename "$area/one/gone" "$area/one/new"
    printed 'rename: done'
    on_version 1 --best-effort --ro "$area" sh -c ": >$area/one/file"
    said "$denied"
    # Nothing at all would be no effort.
    inject landlock_create_ruleset:error=ENOSYS priv-lock fs-allow --best-effort --exec / echo reached
    refused 'fs-allow: this kernel has no Landlock: *'
}

# From here on in containers, of a root of this file's own; the programs of that are in these.
image="$effort --exec /usr --exec /lib --exec /lib64"
own=$tmp/root

container() {
    [ -d "$own" ] || cp -R "$root" "$own"
    attempt fd-close ns-enter -mp root-setup "$own" mnt-tmpfs /tmp mnt-proc /proc mnt-dev /dev "$@"
}

testInContainer() {
    container fs-allow $effort --exec / --rw /tmp pid-init sh -c \
        'echo text >/tmp/file; cat /tmp/file; head -c 4 /etc/passwd; echo; echo >/dev/null; echo >/etc/passwd'
    printed "$(printf 'text\nroot')"
    said "/dev/null: $denied"
    said "/etc/passwd: $denied"
    container fs-allow $image --ro /proc pid-init \
        sh -c 'cat /etc/passwd; cat /proc/1/root/etc/passwd; cat /proc/self/root/etc/passwd; ls /'
    printed ''
    assertEquals "$(cat "$tmp/err")" 4 "$(grep -c "$denied" "$tmp/err")"
}

testStagesInContainer() {
    container fs-allow $image res-limit core=0 priv-lock fs-allow $image pid-init probe fds
    ended 0
    printed '0 1 2 '
    # The image's own is no stage, and is found as any program of it.
    printf '#!/bin/sh\necho image\n' >"$own/bin/pid-init"
    chmod 755 "$own/bin/pid-init"
    container fs-allow $effort --exec / pid-init probe exit 9
    ended 9
    printed ''
    container fs-allow $effort --exec / /bin/pid-init probe exit 9
    printed image
    # The directory of the stages is not in reach, whatever PROG does.
    container fs-allow $effort --exec / pid-init probe exec "$bin/uts-name" uts-name --version
    assertNotEquals 0 "$status"
    printed ''
    container fs-allow $effort --exec / pid-init sh -c 'ls /proc/1/fd /proc/self/fd; ls -A /proc/1/cwd/'
    ended 0
    assertFalse "grep -q uts-name '$tmp/out'"
    container fs-allow $effort --exec / res-limit core=0 pid-inti sh
    ended 127
    said 'hint: did you mean the stage pid-init\?'
}

testMountsAreForbidden() {
    container fs-allow $effort --exec / --rw / sh -c 'mount -t tmpfs none /mnt 2>/dev/null || echo refused'
    printed refused
    container fs-allow $effort --exec / mnt-tmpfs /mnt echo reached
    refused 'mnt-tmpfs: cannot mount *: Operation not permitted'
    attempt ns-enter -mp fs-allow $effort --exec / root-setup "$root" echo reached
    refused 'root-setup: *: Operation not permitted'
}

testBeforeTheRootIsTheRoot() {
    attempt ns-enter -mp root-open "$root" fs-allow $effort --exec / root-setup . echo reached
    refused 'fs-allow: the paths are those of the new root, which is not the root yet'
    assertEquals 'fs-allow: hint: put this stage behind root-setup' "$hint"
}

# In an overlay the file that is written to becomes another one below; it is still the one that is allowed.
testOverlay() {
    grep -qw overlay /proc/filesystems || { skip 'no overlay in this kernel' && return; }
    attempt ns-enter -mp mnt-overlay "$root" root-setup . fs-allow $image --rw /etc/passwd \
        sh -c 'echo one >/etc/passwd; echo two >>/etc/passwd; cat /etc/passwd; cat /etc/group'
    printed "$(printf 'one\ntwo')"
    said "/etc/group: $denied"
}

. shunit2
