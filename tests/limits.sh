# shellcheck shell=sh disable=SC1091,SC2016,SC2154
# limits.sh: what the limits of cg-limit do, where its group goes, what it reports, and bad input.

. "$(dirname "$0")/lib.sh"

delegated=$(delegated_group)

memory=$(hierarchy memory)$delegated pids=$(hierarchy pids)$delegated
cpu=$(hierarchy cpu)$delegated cpuset=$(hierarchy cpuset)$delegated
if [ -e "$memory/cgroup.controllers" ]; then
    version=2 hierarchies=1 io=$memory
    memory_max=memory.max swap_max=memory.swap.max no_memory_limit=max
    cpus_effective=cpuset.cpus.effective
else
    version=1 hierarchies=2 io=$(hierarchy blkio)$delegated freezer=$(hierarchy freezer)$delegated
    memory_max=memory.limit_in_bytes swap_max=memory.memsw.limit_in_bytes
    no_memory_limit=9223372036854771712
    cpus_effective=cpuset.effective_cpus
fi
name=test-$$
group=minictr/$name
parent=$name-parent
processors=$(cat "$cpuset/$cpus_effective")
processor=${processors%%[-,]*}

left_nothing() {
    for place in "$memory" "$pids" "$cpu" "$cpuset" "$io"; do
        [ ! -e "$place/$group" ] || fail "$place/$group is left"
    done
}

# has VALUE FILE OPTION...: with the options the group has the value in the file.
has() {
    expected=$1 file=$2
    shift 2
    attempt cg-limit --name "$name" "$@" cat "$file"
    ended 0
    printed "$expected"
    left_nothing
}

# bad PATTERN OPTION...: the options are refused, and nothing is left.
bad() {
    pattern=$1
    shift
    attempt cg-limit --name "$name" "$@" echo reached
    refused "cg-limit: $pattern"
    left_nothing
}

# is_between LEAST MOST NUMBER
is_between() {
    assertTrue "$3 is not between $1 and $2" "[ '$1' -le '$3' ] && [ '$3' -le '$2' ]"
}

# A group of the tests' own, in each hierarchy, that is to be the parent.
make_parent() {
    mkdir "$memory/$parent"
    [ "$version" = 2 ] || mkdir "$pids/$parent"
}

tearDown() {
    for place in "$memory" "$pids" "$freezer"; do
        [ -d "$place/$parent" ] || continue
        await 20 has_no_member "$place/$parent" || fail "$place/$parent has processes"
        find "$place/$parent" -depth -type d -exec rmdir {} +
    done
}

has_no_member() {
    [ -z "$(cat "$1/cgroup.procs")" ]
}

# inside GROUP COMMAND...: runs it as a member of the group.
inside() (
    for place in "$memory" "$pids"; do
        echo 0 >"$place/$1/cgroup.procs"
    done
    shift
    exec "$@"
)

# is_in GROUP: what $tmp/out has of /proc/self/cgroup says so.
is_in() {
    assertEquals "not in $1: $(cat "$tmp/out")" $hierarchies "$(grep -c ":$1\$" "$tmp/out")"
}

#
# Memory.
#

# killed NUMBER: one line says so, with what it may have and what it had.
killed() {
    said_only "^cg-limit: container $name: out of memory: $1 killed, limit 64M, peak 6[34]M\$"
}

testMemoryEndsAtTheLimit() {
    attempt cg-limit --memory 64M --name "$name" probe alloc 60
    ended 0
    printed 'got 60 MiB'
    assertEquals 'nobody was killed' '' "$(cat "$tmp/err")"
    attempt cg-limit --memory 64M --name "$name" probe alloc 70
    ended 137
    printed ''
    killed 1
}

testMemoryOfAChildEndsAtTheLimit() {
    attempt cg-limit --memory 64M --name "$name" probe child-alloc 70
    ended 0
    printed 'child 137'
    killed 1
}

testMemoryOfAllTogether() {
    attempt cg-limit --memory 64M --name "$name" \
        sh -c 'for child in 1 2 3; do probe child-alloc 70 || :; done; probe alloc 60'
    ended 0
    printed "$(printf 'child 137\n%.0s' 1 2 3; echo 'got 60 MiB')"
    killed 3
}

testKillsInGroupsThatProgMadeCount() {
    attempt cg-limit --memory 64M --name "$name" sh -c 'mkdir "$0/sub" "$0/sub/sub" || exit
        echo 0 >"$0/sub/sub/cgroup.procs"
        [ '$version' = 1 ] || for group in "$0" "$0/sub"; do echo +memory >"$group/cgroup.subtree_control"; done
        probe child-alloc 70; echo 0 >"$0/sub/cgroup.procs" 2>/dev/null; probe child-alloc 70' "$memory/$group"
    ended 0
    printed "$(printf 'child 137\n%.0s' 1 2)"
    killed 2
    left_nothing
}

testMaxIsNoLimit() {
    has $no_memory_limit "$memory/$group/$memory_max" --memory max
    has $no_memory_limit "$memory/$group/$swap_max" --memory max
    has $no_memory_limit "$memory/$group/$swap_max" --memory 64M --swap max
    has max "$pids/$group/pids.max" --pids max
    # Another limit of that controller, so that there is a group to look at.
    case $version in
    1) has -1 "$cpu/$group/cpu.cfs_quota_us" --cpu max --cpu-weight 100 ;;
    2) has 'max 100000' "$cpu/$group/cpu.max" --cpu max --cpu-weight 100 ;;
    esac
}

testMemoryHigh() {
    case $version in
    1) bad '--memory-high: cgroup v1 has nothing like it' --memory-high 32M ;;
    2)
        has 33554432 "$memory/$group/memory.high" --memory-high 32M
        has max "$memory/$group/memory.high" --memory-high max
        attempt cg-limit --memory-high 16M --name "$name" \
            sh -c 'probe alloc 17 && grep -c "^high [1-9]" "$0/memory.events"' "$memory/$group"
        ended 0
        printed "$(printf '%s\n' 'got 17 MiB' 1)"
        ;;
    esac
}

testOomGroup() {
    set -- --memory 64M --name "$name"
    attempt cg-limit "$@" sh -c 'probe alloc 70; echo survived'
    printed survived
    case $version in
    1) bad '--oom-group: cgroup v1 has nothing like it' --oom-group ;;
    2)
        attempt cg-limit --oom-group "$@" sh -c 'probe alloc 70; echo survived'
        ended 137
        printed ''
        killed '[23]'
        ;;
    esac
}

testSwap() {
    case $version in
    1)
        has 50331648 "$memory/$group/$swap_max" --memory 32M --swap 16M
        has 33554432 "$memory/$group/$swap_max" --memory 32M --swap 0
        bad '--swap: cgroup v1 has nothing like it' --swap 16M
        assertEquals 'cg-limit: hint: v1 counts memory and swap together: give --memory as well' "$hint"
        bad '--swap: cgroup v1 has nothing like it' --swap 16M --memory max
        ;;
    2)
        has 16777216 "$memory/$group/$swap_max" --memory 32M --swap 16M
        has 16777216 "$memory/$group/$swap_max" --swap 16M
        has 0 "$memory/$group/$swap_max" --swap 0
        ;;
    esac
}

testKernelDoesNotCountSwap() {
    have_strace || { skip 'no strace' && return; }
    set -- strace -f -o /dev/null -P "$swap_max" -e inject=openat:error=ENOENT cg-limit --name "$name"
    attempt "$@" --memory 32M echo reached
    ended 0
    printed reached
    attempt "$@" --memory 32M --swap 16M echo reached
    refused "cg-limit: --swap: $memory/$group/$swap_max does not exist: this kernel has nothing like it"
    left_nothing
}

testBadSizes() {
    for option in --memory-high --swap; do
        bad "$option: the size is empty" "$option" ''
        for size in -1 +1 1e3 12Q 1.5M ' 1' M Max nonsense; do
            bad "$option: \"$size\" is not a size: *" "$option" "$size"
        done
        for size in 9223372036854775808 99999999999T; do
            bad "$option: $size is too large: at most 2^63-1 bytes" "$option" "$size"
        done
    done
    bad '--memory-high: 0 is too small: at least *' --memory-high 0
    bad '--swap: memory and swap together are more than 2^63-1 bytes' --memory 8388606T --swap 8388606T
}

#
# Processes and processor.
#

testPids() {
    attempt cg-limit --pids 10 probe forks 20
    ended 0
    printed 'forked 9'
    attempt cg-limit --pids 10 sh -c 'probe forks 20; :'
    printed 'forked 8'
}

# gets_half COMMAND: what the probes in it get together. A group that was not held back all the time
# could not have what it may: then the host was busy.
gets_half() {
    for _ in 1 2 3; do
        attempt cg-limit --cpu 0.5 --name "$name" sh -c "$1; cat '$cpu/$group/cpu.stat'"
        ended 0
        share=$(awk '/^[0-9]/ { sum += $1 / $2 } END { print int(sum * 1000) }' "$tmp/out")
        awk '{ value[$1] = $2 } END { exit value["nr_throttled"] < 0.9 * value["nr_periods"] }' "$tmp/out" &&
            is_between 450 550 "$share" && return
        is_between 0 550 "$share"
    done
    skip 'the host is busy'
}

testCpu() {
    gets_half 'probe burn 2000'
}

testCpuOfTwoTogether() {
    gets_half 'probe burn 2000 & probe burn 2000; wait'
}

testCpuFile() {
    for pair in 0.01=1000 0.5=50000 1=100000 01.50=150000 0.99999=99999 8192=819200000; do
        case $version in
        1) has "${pair#*=}" "$cpu/$group/cpu.cfs_quota_us" --cpu "${pair%=*}" ;;
        2) has "${pair#*=} 100000" "$cpu/$group/cpu.max" --cpu "${pair%=*}" ;;
        esac
    done
}

testBadCpu() {
    for cores in '' -1 +1 1. .5 . 1e3 1,5 1.5.5 ' 1' '1 ' 0x1 Max nonsense; do
        bad "--cpu: \"$cores\" is not a number of cores, as 2 or 0.5" --cpu "$cores"
    done
    for cores in 0 0.0 0.001 0.00999; do
        bad "--cpu: $cores is too small: at least 0.01" --cpu $cores
    done
    for cores in 8193 8192.00001 99999999999 18446744073709551617; do
        bad "--cpu: $cores is too large: at most 8192" --cpu $cores
    done
    bad '--cpu: 1.000001 has more than 5 decimals' --cpu 1.000001
}

testCpuWeightFile() {
    for weight in 1 100 400 10000; do
        case $version in
        1) has $((weight * 1024 / 100)) "$cpu/$group/cpu.shares" --cpu-weight $weight ;;
        2) has $weight "$cpu/$group/cpu.weight" --cpu-weight $weight ;;
        esac
    done
}

testCpuWeight() {
    rm -f "$tmp/go"
    for weight in 100 400; do
        cg-limit --cpus "$processor" --cpu-weight $weight sh -c '
            : >"$0/up.$1"; until [ -e "$0/go" ]; do sleep 0.01; done
            exec probe burn 4000' "$tmp" $weight >"$tmp/burnt.$weight" &
    done
    for weight in 100 400; do
        await 20 [ -e "$tmp/up.$weight" ] || fail "the one of weight $weight did not start"
    done
    : >"$tmp/go"
    wait
    read -r light _ <"$tmp/burnt.100"
    read -r heavy _ <"$tmp/burnt.400"
    is_between 25 60 $((heavy * 10 / light))
}

testBadCpuWeight() {
    bad '--cpu-weight: the number is empty' --cpu-weight ''
    bad '--cpu-weight: 0 is too small: at least 1' --cpu-weight 0
    for weight in 10001 4294967297 18446744073709551617; do
        bad "--cpu-weight: $weight is too large: at most 10000" --cpu-weight $weight
    done
    for weight in -1 +1 1.5 1K max nonsense; do
        bad "--cpu-weight: \"$weight\" is not a number: *" --cpu-weight $weight
    done
}

testCpus() {
    for list in "$processor" "$processor-$processor" "$processor,$processor" "0$processor"; do
        attempt cg-limit --cpus "$list" --name "$name" sh -c 'grep Cpus_allowed_list /proc/self/status; nproc'
        ended 0
        printed "$(printf 'Cpus_allowed_list:\t%s\n1' "$processor")"
    done
    has "$processors" "$cpuset/$group/$cpus_effective" --cpus "$processors"
}

testMems() {
    attempt cg-limit --mems 0 grep Mems_allowed_list /proc/self/status
    ended 0
    printed "$(printf 'Mems_allowed_list:\t0')"
}

testBadLists() {
    for option in --cpus --mems; do
        bad "$option: the list is empty" $option ''
        for list in ',' '0,' ,0 0,,1 1-0 0- - -1 0--1 a 0a 0x0 '0 1' ' 0' '0 ' 0-1-2 0,2- 0.1 max; do
            bad "$option: \"$list\" is not a list: numbers and ranges, as 0-2,5" $option "$list"
        done
        for list in 65536 99999999 0-99999999 4294967296 18446744073709551616; do
            for words in $list 0,$list $list,0; do
                bad "$option: $list is too large: at most 65535" $option "$words"
            done
        done
        bad "$option: \"99999999-1\" is not a list: *" $option 99999999-1
        for list in 4000 0,4000 0-4000 4000-4001; do
            bad "$option: [1-9]* is not in [0-9]*, which is what $cpuset/minictr has" $option $list
        done
        bad "$option: the list is 1999 bytes long: at most *" $option "$(printf '0,%.0s' $(seq 999))0"
    done
}

testOptionsGivenTwice() {
    for words in '--memory 32M' '--memory-high 32M' '--swap 1M' '--pids 9' '--cpu 1' '--cpu-weight 9' \
        '--cpus 0' '--mems 0' '--name n' '--parent /' '--status-fd 1'; do
        # shellcheck disable=SC2086
        bad "${words% *} is given twice" $words $words
    done
    # One without an argument says the same again.
    case $version in
    1) bad '--oom-group: cgroup v1 has nothing like it' --oom-group --oom-group ;;
    2) has 1 "$memory/$group/memory.oom.group" --oom-group --oom-group ;;
    esac
}

#
# Disks.
#

# disk_of DIRECTORY: the number of the disk it is on.
disk_of() {
    device=$(findmnt -no MAJ:MIN -T "$1" | tr -d ' ')
    [ -e "/sys/dev/block/$device" ] || return
    [ ! -e "/sys/dev/block/$device/partition" ] || device=$(cat "/sys/dev/block/$device/../dev")
    echo "$device"
}

disk=$(disk_of "${MINICTR_TEST_DISK:-/}")

# limits_disk LINE KEY VALUE: LINE is what the group then has for the disk.
limits_disk() {
    case $version:$2 in
    1:rbps) file=blkio.throttle.read_bps_device ;;
    1:wbps) file=blkio.throttle.write_bps_device ;;
    1:riops) file=blkio.throttle.read_iops_device ;;
    1:wiops) file=blkio.throttle.write_iops_device ;;
    2:*) file=io.max ;;
    esac
    has "$disk $1" "$io/$group/$file" --io "$disk:$2=$3"
}

testIoFile() {
    [ -n "$disk" ] || { skip 'no disk' && return; }
    case $version in
    1)
        limits_disk 4194304 rbps 4M
        limits_disk 4194304 wbps 4194304
        limits_disk 100 riops 100
        limits_disk 4294967294 wiops 4294967294
        ;;
    2)
        limits_disk 'rbps=4194304 wbps=max riops=max wiops=max' rbps 4M
        limits_disk 'rbps=max wbps=4194304 riops=max wiops=max' wbps 4194304
        limits_disk 'rbps=max wbps=max riops=100 wiops=max' riops 100
        limits_disk 'rbps=max wbps=max riops=max wiops=4294967294' wiops 4294967294
        ;;
    esac
}

testIoOfADeviceFile() {
    needs_root && return
    [ -n "$disk" ] || { skip 'no disk' && return; }
    mknod "$tmp/a:disk" b "${disk%:*}" "${disk#*:}"
    case $version in
    1) has "$disk 4194304" "$io/$group/blkio.throttle.write_bps_device" --io "$tmp/a:disk:rbps=1M,wbps=4M" ;;
    2) has "$disk rbps=1048576 wbps=4194304 riops=max wiops=max" "$io/$group/io.max" \
        --io "$tmp/a:disk:rbps=1M" --io "$tmp/a:disk:wbps=4M" ;;
    esac
}

testIoMaxIsNoLimit() {
    [ -n "$disk" ] || { skip 'no disk' && return; }
    attempt cg-limit --io "$disk:rbps=max,wiops=max" --name "$name" test ! -s "$io/$group/io.max"
    ended 0
}

# takes_two_seconds LIMIT dd-WORD...: with the limit, 8 MiB take that long.
takes_two_seconds() {
    limit=$1
    shift
    attempt cg-limit --io "$disk:$limit" dd bs=128k count=64 "$@"
    ended 0
    is_between 1600 2400 "$(sed -n 's/.* copied, \([0-9.]*\) s.*/\1/p' "$tmp/err" | awk '{ print int($1 * 1000) }')"
}

testIo() {
    file=${MINICTR_TEST_DISK:-}/$name
    [ "$file" != "/$name" ] || { skip 'no disk for the tests alone' && return; }
    takes_two_seconds wbps=4M if=/dev/zero of="$file" oflag=direct conv=fsync
    takes_two_seconds rbps=4M if="$file" of=/dev/null iflag=direct
    takes_two_seconds wiops=32 if=/dev/zero of="$file" oflag=direct conv=fsync
    takes_two_seconds riops=32 if="$file" of=/dev/null iflag=direct
    rm "$file"
}

testBadDevices() {
    : >"$tmp/file"
    for text in '' : :rbps=1 rbps=1 /dev/null rbps /dev/null: 1:3: 1:3:rbps; do
        bad "--io: \"$text\" is not DEVICE:KEY=N, as /dev/sda:rbps=1M,wiops=100" --io "$text"
    done
    bad '--io: cannot find the device /nonsense: No such file or directory' --io /nonsense:rbps=1
    bad "--io: cannot find the device $tmp/file/x: Not a directory" --io "$tmp/file/x:rbps=1"
    bad '--io: the path of the device is 5000 bytes long' --io "$(printf %05000d 0):rbps=1"
    for file in "$tmp/file" "$tmp" /dev/null; do
        bad "--io: $file is not a block device" --io "$file:rbps=1"
    done
    bad '--io: there is no block device 7:99' --io 7:99:rbps=1
    bad '--io: 9999 is too large: at most 4095' --io 9999:0:rbps=1
    bad '--io: * is too large: at most 1048575' --io 7:99999999:rbps=1
    bad '--io: *' --io 7::rbps=1
    bad '--io: *' --io 7:0:0:rbps=1
}

testBadIo() {
    [ -n "$disk" ] || { skip 'no disk' && return; }
    for item in bps=1 RBPS=1 rbp=1 rbpss=1 =1; do
        bad "--io: \"$item\" is none of rbps=N, wbps=N, riops=N, wiops=N" --io "$disk:$item"
    done
    bad '--io: "" is none of *' --io "$disk:,rbps=1"
    bad '--io: "" is none of *' --io "$disk:rbps=1,,wbps=1"
    bad '--io: "wbps" is none of *' --io "$disk:rbps=1,wbps"
    bad "--io: nothing follows the last comma of \"$disk:rbps=1,\"" --io "$disk:rbps=1,"
    for key in rbps wbps; do
        bad "--io: $key: the size is empty" --io "$disk:$key="
        bad "--io: $key: 0 is too small: at least 1 byte" --io "$disk:$key=0"
        for size in -1 12Q 1.5 nonsense ' 1'; do
            bad "--io: $key: \"$size\" is not a size: *" --io "$disk:$key=$size"
        done
        bad "--io: $key: 99999999999T is too large: *" --io "$disk:$key=99999999999T"
    done
    for key in riops wiops; do
        bad "--io: $key: the number is empty" --io "$disk:$key="
        bad "--io: $key: 0 is too small: at least 1" --io "$disk:$key=0"
        for number in -1 1K nonsense; do
            bad "--io: $key: \"$number\" is not a number: *" --io "$disk:$key=$number"
        done
        for number in 4294967295 18446744073709551617; do
            bad "--io: $key: $number is too large: at most 4294967294" --io "$disk:$key=$number"
        done
    done
    bad "--io: rbps=$(printf %099d 1) is too large" --io "$disk:rbps=$(printf %099d 1)"
    bad "--io: $disk rbps is given twice" --io "$disk:rbps=1M,wbps=1M,rbps=2M"
    bad "--io: $disk rbps is given twice" --io "$disk:rbps=1M" --io "$disk:rbps=1M"
    for pair in 'max 1M' '1M max' 'max max'; do
        bad "--io: $disk rbps is given twice" --io "$disk:rbps=${pair% *},wbps=1M,rbps=${pair#* }"
        bad "--io: $disk rbps is given twice" --io "$disk:rbps=${pair% *}" --io "$disk:rbps=${pair#* }"
    done
}

# among_disks COMMAND...: attempts it where $tmp/block says which disks there are.
among_disks() {
    attempt unshare --mount sh -c 'mount --bind "$0" /sys/dev/block && exec "$@"' "$tmp/block" "$@"
}

testPartition() {
    needs_root && return
    mkdir -p "$tmp/block/7:1"
    : >"$tmp/block/7:1/partition"
    echo 7:0 >"$tmp/block/dev"
    among_disks cg-limit --io 7:1:rbps=1M echo reached
    refused 'cg-limit: --io: 7:1 is a partition: only a whole disk can be limited'
    assertEquals 'cg-limit: hint: its disk is 7:0' "$hint"
}

# The group refuses those of the first disk, which is not there.
testTooManyLimits() {
    needs_root && return
    set --
    for number in $(seq 20); do
        mkdir -p "$tmp/block/9:$number"
        set -- "$@" --io "9:$number:rbps=1,wbps=1,riops=1,wiops=1"
    done
    among_disks cg-limit "$@" echo reached
    refused 'cg-limit: --io: writing 9:1 *'
    mkdir "$tmp/block/9:21"
    among_disks cg-limit "$@" --io 9:21:rbps=1 echo reached
    refused 'cg-limit: --io: these are too many limits: at most 80'
}

#
# Where the group goes.
#

testParent() {
    needs_root && return
    make_parent
    for path in "/$parent" "/$parent/" "//$parent"; do
        attempt cg-limit --parent "$path" --name "$name" cat /proc/self/cgroup
        ended 0
        is_in "/$parent/$group"
    done
    assertEquals 'the parent is empty again' '' "$(find "$memory/$parent" "$pids/$parent" -mindepth 1 -type d)"
}

testParentBelowTheOwnGroup() {
    needs_root && return
    make_parent
    mkdir -p "$memory/$parent/sub" "$pids/$parent/sub"
    attempt inside "$parent" cg-limit --parent sub --name "$name" cat /proc/self/cgroup
    ended 0
    is_in "/$parent/sub/$group"
}

testParentIsTheOwnGroup() {
    needs_root && return
    make_parent
    attempt inside "$parent" cg-limit --memory 32M --parent . --name "$name" \
        sh -c 'cat /proc/self/cgroup "$0"' "$memory/$parent/$group/$memory_max"
    ended 0
    is_in "/$parent/$group"
    assertEquals 33554432 "$(tail -n 1 "$tmp/out")"
}

testParentThatIsNoGroup() {
    bad "cannot make the control group $memory/nonsense/minictr: No such file or directory" --parent "$delegated/nonsense"
    bad "cannot make the control group $memory/cgroup.procs/minictr: Not a directory" --parent "$delegated/cgroup.procs"
    bad 'cannot make the control group */nonsense/minictr: No such file or directory' --parent nonsense
    bad 'cannot make the control group *: *' --parent "/$(printf %0300d 0)"
    bad '--parent: the path is empty' --parent ''
    for path in .. /.. ../x "/$parent/.." a/../b; do
        bad "--parent: \"$path\" has \"..\" in it" --parent "$path"
    done
    bad '--parent: the path is 2049 bytes long: at most 2048' --parent "$(printf %02049d 0)"
}

testParentInOneHierarchyOnly() {
    needs_root && return
    [ $version = 1 ] || { skip 'cgroup v2' && return; }
    mkdir "$memory/$parent"
    bad "cannot make the control group $pids/$parent/minictr: No such file or directory" --parent "/$parent"
    assertEquals '' "$(find "$memory/$parent" -mindepth 1 -type d)"
}

testParentThatMayHaveNoGroups() {
    needs_root && return
    [ $version = 2 ] || { skip 'cgroup v1' && return; }
    make_parent
    for file in cgroup.max.descendants cgroup.max.depth; do
        for number in 0 1; do
            echo $number >"$memory/$parent/$file"
            bad "cannot make the control group $memory/$parent/minictr*: Resource temporarily unavailable" \
                --parent "/$parent"
            assertEquals "cg-limit: hint: $memory/$parent/$file is $number" "$hint"
            assertEquals '' "$(find "$memory/$parent" -mindepth 1 -type d)"
        done
        echo max >"$memory/$parent/$file"
    done
}

testParentThatMayHaveNoProcesses() {
    needs_root && return
    make_parent
    echo 0 >"$pids/$parent/pids.max"
    case $version in
    1) # A process that comes from outside is let in.
        attempt cg-limit --parent "/$parent" probe forks 3
        printed 'forked 0'
        ;;
    2)
        bad "cannot start a process in the control group $group: Resource temporarily unavailable" \
            --parent "/$parent"
        assertEquals "cg-limit: hint: $pids/$parent/pids.max is 0" "$hint"
        ;;
    esac
}

testThreadedParent() {
    needs_root && return
    [ $version = 2 ] || { skip 'cgroup v1' && return; }
    make_parent
    mkdir "$memory/$parent/threads"
    echo threaded >"$memory/$parent/threads/cgroup.type"
    echo +pids >"$memory/$parent/cgroup.subtree_control"
    for path in "/$parent" "/$parent/threads"; do
        for words in '' '--pids 9' '--memory 32M' '--pids 9 --memory 32M'; do
            # shellcheck disable=SC2086
            bad "the control group $memory$path is threaded: only threads can be limited in it" \
                $words --parent "$path"
        done
    done
}

testControllersComeFromFurtherUp() {
    needs_root && return
    [ $version = 2 ] || { skip 'cgroup v1' && return; }
    make_parent
    mkdir "$memory/$parent/sub"
    attempt cg-limit --memory 32M --parent "/$parent/sub" --name "$name" \
        cat "$memory/$parent/sub/$group/memory.max"
    printed 33554432
}

# A group that has processes passes nothing on.
testParentThatLacksTheController() {
    needs_root && return
    [ $version = 2 ] || { skip 'cgroup v1' && return; }
    make_parent
    mkdir "$memory/$parent/sub"
    sleep 1000 &
    echo $! >"$memory/$parent/cgroup.procs"
    bad "the controller memory is missing in $memory/$parent/sub/cgroup.controllers" \
        --memory 32M --parent "/$parent/sub"
    assertEquals "cg-limit: hint: $memory/$parent/cgroup.subtree_control does not pass it on" "$hint"
    bad "the control group $memory/$parent has processes, so groups below it can have no limits" \
        --memory 32M --parent "/$parent"
    attempt cg-limit --parent "/$parent/sub" echo reached
    printed reached
    kill $!
    wait $! || :
}

# In a group with processes there can be none with limits: they move, and come back.
testOwnGroupIsAsBefore() {
    needs_root && return
    [ $version = 2 ] || { skip 'cgroup v1' && return; }
    make_parent
    attempt inside "$parent" sh -c 'sleep 1000 & cg-limit --memory 32M --pids 9 --parent . cat "$0/minictr-leaf/cgroup.procs"
        echo; cat "$0/cgroup.procs"; kill $!' "$memory/$parent"
    ended 0
    assertEquals 'the shell, the sleep and cg-limit moved' 3 "$(sed -n '/^$/q;p' "$tmp/out" | wc -l)"
    assertEquals 'the shell, the sleep and cat are back' 3 "$(sed '1,/^$/d;/^$/d' "$tmp/out" | wc -l)"
    assertEquals 'nothing is passed on' '' "$(cat "$memory/$parent/cgroup.subtree_control")"
    assertEquals '' "$(find "$memory/$parent" -mindepth 1 -type d)"
}

testTwoInTheOwnGroup() {
    needs_root && return
    [ $version = 2 ] || { skip 'cgroup v1' && return; }
    make_parent
    attempt inside "$parent" timeout 60 sh -c '
        for number in 1 2; do
            cg-limit --memory 32M --parent . --name "$1-$number" sleep 1000 &
            eval "container$number=$!"
            until grep -q . "$0/minictr/$1-$number/cgroup.procs"; do sleep 0.02; done
        done 2>/dev/null
        kill "$container1"; wait "$container1"
        cat "$0/minictr/$1-2/memory.max"
        kill "$container2"; wait "$container2"; echo $?
        cat "$0/cgroup.procs"' "$memory/$parent" "$name"
    assertEquals "$(printf '%s\n' 33554432 143)" "$(head -n 2 "$tmp/out")"
    assertEquals 'timeout, the shell and cat are back' 5 "$(wc -l <"$tmp/out")"
    assertEquals '' "$(cat "$memory/$parent/cgroup.subtree_control")"
    assertEquals '' "$(find "$memory/$parent" -mindepth 1 -type d)"
}

testOwnGroupThatIsDelegated() {
    needs_root && return
    [ $version = 2 ] || { skip 'cgroup v1' && return; }
    make_parent
    setfattr -n trusted.delegate -v 1 "$memory/$parent"
    attempt inside "$parent" cg-limit --name "$name" cat /proc/self/cgroup
    ended 0
    is_in "/$parent/$group"
    setfattr -n trusted.delegate -v 0 "$memory/$parent"
    attempt inside "$parent" cg-limit --name "$name" cat /proc/self/cgroup
    is_in "$delegated/$group"
}

testProgIsBornInTheGroup() {
    have_strace || { skip 'no strace' && return; }
    attempt strace -f -o "$tmp/trace" -e trace=clone3,write,execve -s 64 \
        cg-limit --name "$name" cat /proc/self/cgroup
    ended 0
    is_in "$delegated/$group"
    case $version in
    1) # Its only writes before it becomes the program are those which move it.
        assertEquals 2 "$(sed '/execve("[^"]*cat"/q' "$tmp/trace" | grep -c 'write(.*"0", 1')"
        ;;
    2) assertEquals 1 "$(grep -c CLONE_INTO_CGROUP "$tmp/trace")" ;;
    esac
}

# Each write seems to succeed and does nothing.
testLimitThatIsNotTaken() {
    have_strace || { skip 'no strace' && return; }
    for limit in "--memory 32M $memory/$group/$memory_max 33554432" "--pids 7 $pids/$group/pids.max 7"; do
        # shellcheck disable=SC2086
        set -- $limit
        attempt strace -f -o /dev/null -P "$3" -e inject=write:retval=1 \
            cg-limit "$1" "$2" --name "$name" echo reached
        refused "cg-limit: $1: $3 is [9m]*, not $4 as it was told"
        left_nothing
    done
}

outside='cg-limit: hint: the control groups are mounted from outside of this cgroup namespace: put this stage before'

testInACgroupNamespace() {
    needs_root && return
    for namespace in 'unshare --cgroup' 'ns-enter -C'; do
        case $namespace in
        ns-enter*) maker='"ns-enter --cgroup"' ;;
        *) maker='what made it' ;;
        esac
        # shellcheck disable=SC2086
        attempt $namespace cg-limit --memory 32M --pids 7 --name "$name" cat "$memory/$group/$memory_max"
        if grep -q nsdelegate /proc/self/mountinfo; then
            refused "cg-limit: cannot start a process in the control group $group: No such file or directory"
            assertEquals "$outside $maker" "$hint"
        else
            ended 0
            printed 33554432
        fi
        left_nothing
    done
}

# Out of a namespace no process can go, if the host wants it so; and what is its root is the root of
# what is mounted in it.
testInACgroupNamespaceWithItsOwnMounts() {
    needs_root && return
    make_parent
    set -- inside "$parent" unshare --cgroup --mount
    attempt "$@" cg-limit --parent . echo reached
    refused "cg-limit: the caller's own control group cannot be seen in the hierarchy of memory*"
    assertEquals "$outside what made it" "$hint"
    attempt "$@" sh -c 'for controller in "$1" "$2"; do
            umount "$controller" 2>/dev/null || continue
            case $0 in
            1) mount -t cgroup -o "${controller##*/}" cgroup "$controller" ;;
            2) mount -t cgroup2 cgroup2 "$controller" ;;
            esac
        done && exec cg-limit --memory 32M --name "${3##*/}" cat "$1/$3/$4"' \
        $version "$memory" "$pids" "$group" $memory_max
    ended 0
    printed 33554432
}

testInsideAnother() {
    attempt cg-limit --pids 7 --name "$name-outer" cg-limit --memory 64M --name "$name" \
        sh -c 'probe forks 20; probe child-alloc 70; cat /proc/self/cgroup'
    ended 0
    said "^cg-limit: container $name: out of memory: 1 killed, limit 64M, peak 64M\$"
    # The inner supervisor and the shell count as well.
    assertEquals 'forked 4' "$(head -n 1 "$tmp/out")"
    is_in "$delegated/minictr/$name-outer/$group"
    left_nothing
}

testBehindNice() {
    attempt nice -n 5 cg-limit --pids 7 --name "$name" sh -c 'nice; cat "$0"' "$pids/$group/pids.max"
    ended 0
    printed "$(printf '5\n7')"
}

#
# What is reported.
#

# reports STATUS PROG [ARG...]: and the line of JSON is in $tmp/json.
reports() {
    expected=$1
    shift
    attempt cg-limit --memory 64M --status-fd 9 --name "$name" "$@" 9>"$tmp/json"
    ended "$expected"
    assertEquals 'one line' 1 "$(wc -l <"$tmp/json")"
}

# holds FILTER [WORD]: jq says so of the line; WORD is $word in the filter.
holds() {
    jq -e --arg word "${2:-}" "$1" "$tmp/json" >/dev/null || fail "not $1: $(cat "$tmp/json")"
}

testStatusFd() {
    for status in 0 7 137; do
        reports $status probe exit $status
        holds ".status == $status and .signal == null and .oom_kills == 0"
    done
    holds 'keys_unsorted == ["container", "group", "status", "signal", "oom_kills", "memory_limit",
        "memory_peak", "cpu_us", "wall_us"]'
    holds '.container == $word' "$name"
    holds '.group == $word' "$memory/$group"
    holds '.memory_limit == 67108864 and .memory_peak > 0 and .memory_peak < 33554432'
    for signal in 9 15; do
        reports $((128 + signal)) probe die $signal
        holds ".status == $((128 + signal)) and .signal == $signal"
    done
}

testStatusFdTellsOfMemory() {
    reports 137 probe alloc 70
    killed 1
    holds '.status == 137 and .signal == 9 and .oom_kills == 1 and .memory_peak > 66000000'
    attempt cg-limit --status-fd 9 probe alloc 30 9>"$tmp/json"
    holds '.memory_limit == null and .memory_peak > 31457280 and .memory_peak < 67108864'
}

testStatusFdTellsOfTime() {
    reports 0 probe burn 1000
    read -r burnt _ <"$tmp/out"
    holds '.cpu_us >= ($word | tonumber) and .cpu_us < ($word | tonumber) * 1.2 + 20000' "$burnt"
    holds '.wall_us >= 1000000'
    reports 0 sleep 1
    holds '.wall_us >= 1000000 and .wall_us < 3000000 and .cpu_us < 500000'
}

testStatusFdIsNotProgs() {
    attempt cg-limit --status-fd 9 probe fds 9>"$tmp/json"
    assertFalse "$(cat "$tmp/out")" "grep -q '\<9\>' '$tmp/out'"
    holds '.status == 0'
}

testStatusFdMayBeAStandardStream() {
    attempt cg-limit --status-fd 1 sh -c 'echo out; echo err >&2'
    ended 0
    assertEquals out "$(head -n 1 "$tmp/out")"
    assertEquals 0 "$(tail -n 1 "$tmp/out" | jq .status)"
    said_only '^err$'
    attempt cg-limit --status-fd 2 sh -c 'echo out; echo err >&2'
    printed out
    assertEquals err "$(head -n 1 "$tmp/err")"
    assertEquals 0 "$(tail -n 1 "$tmp/err" | jq .status)"
}

testBadStatusFd() {
    bad '--status-fd: cannot use the descriptor 99: Bad file descriptor' --status-fd 99
    bad '--status-fd: the descriptor 9 is not open for writing' --status-fd 9 9</dev/null
    bad '--status-fd: the number is empty' --status-fd ''
    for number in -1 +1 1.5 1K nonsense; do
        bad "--status-fd: \"$number\" is not a number: *" --status-fd $number
    done
    for number in 2147483648 4294967297 18446744073709551617; do
        bad "--status-fd: $number is too large: at most 2147483647" --status-fd $number
    done
}

testStatusFdThatNobodyReads() {
    rm -f "$tmp/go"
    mkfifo "$tmp/pipe"
    start sh -c 'exec cg-limit --status-fd 9 sh -c "until [ -e $0/go ]; do sleep 0.01; done; exit 7" 9>"$0/pipe"' "$tmp"
    : <"$tmp/pipe"
    : >"$tmp/go"
    wait "$started"
    status=$?
    ended 7
    said_only '^cg-limit: cannot report to the descriptor 9: Broken pipe$'
}

#
# What root inside may do to get away.
#

# The script $tmp/freeze PID freezes a process of the container: on v1 in a group outside of it.
case $version in
1) freeze="echo \$1 >$freezer/$parent/cgroup.procs; echo FROZEN >$freezer/$parent/freezer.state" ;;
2) freeze="mkdir $pids/$group/sub; echo \$1 >$pids/$group/sub/cgroup.procs; echo 1 >$pids/$group/sub/cgroup.freeze" ;;
esac
make_freeze() {
    [ "$version" = 2 ] || mkdir "$freezer/$parent"
    printf '#!/bin/sh\n%s\n' "$freeze" >"$tmp/freeze"
    chmod +x "$tmp/freeze"
}

is_frozen() {
    case $version in
    1) grep -q FROZEN "$freezer/$parent/freezer.state" ;;
    2) grep -q 'frozen 1' "$pids/$group/sub/cgroup.events" ;;
    esac
} 2>/dev/null

testFrozenProcessesAreKilled() {
    [ "$version" = 2 ] || { needs_root && return; } # v1: who is frozen there does not die, and only root can move it out
    make_freeze
    attempt cg-limit --name "$name" sh -c 'sleep 1000 & "$0" $!; exit 4' "$tmp/freeze"
    ended 4
    assertEquals '' "$(cat "$tmp/err")"
    left_nothing
    assertEquals '' "$(left_processes)"
}

# Starts one that freezes itself.
start_frozen() {
    make_freeze
    start cg-limit --name "$name" sh -c '"$0" $$; sleep 1000' "$tmp/freeze"
    await 20 is_frozen || fail "it did not freeze: $(cat "$tmp/err")"
}

testFrozenProgIsKilledWithItsSupervisor() {
    [ "$version" = 2 ] || { needs_root && return; }
    start_frozen
    kill -KILL "$started"
    wait "$started"
    attempt cg-limit true
    ended 0
    left_nothing
    assertEquals '' "$(left_processes)"
}

# On v1 nothing ends a frozen process before it is thawed.
testFrozenProgIsTerminated() {
    start_frozen
    kill "$started"
    if [ $version = 1 ]; then
        sleep 0.3
        is_gone "$started" && fail 'it has ended'
        echo THAWED >"$freezer/$parent/freezer.state"
    fi
    wait "$started"
    assertEquals 143 $?
    left_nothing
}

testStoppedProcessesAreKilled() {
    attempt cg-limit --name "$name" sh -c 'sleep 1000 & kill -STOP $!; exit 4'
    ended 4
    left_nothing
    assertEquals '' "$(left_processes)"
}

testProgThatMovesIsKilled() {
    start cg-limit --name "$name" sh -c 'mkdir -p "$0/here/there" "$1/elsewhere"
        sleep 1000 & echo $! >"$0/here/cgroup.procs"
        echo 0 >"$0/here/there/cgroup.procs"; [ "$0" = "$1" ] || echo 0 >"$1/elsewhere/cgroup.procs"
        : >"$2"; sleep 1000; :' "$memory/$group" "$pids/$group" "$tmp/moved"
    await 20 [ -e "$tmp/moved" ] || fail "it did not move: $(cat "$tmp/err")"
    kill "$started"
    wait "$started"
    assertEquals 143 $?
    left_nothing
    assertEquals '' "$(left_processes)"
}

# Below a parent of its own, where nobody else sweeps.
testWhatAKilledSupervisorLeavesIsSwept() {
    needs_root && return
    make_parent
    start cg-limit --parent "/$parent" sh -c 'sleep 1000 & sleep 1000 & : >"$0"; wait' "$tmp/swept"
    await 20 [ -e "$tmp/swept" ] || fail 'it did not start'
    kill -KILL "$started"
    wait "$started"
    assertEquals 'they survive' 2 "$(left_processes | grep -c sleep)"
    attempt cg-limit --parent "/$parent" true
    ended 0
    assertEquals '' "$(find "$memory/$parent" "$pids/$parent" -mindepth 1 -type d)"
    assertEquals '' "$(left_processes)"
}

. shunit2
