# shellcheck shell=sh disable=SC2034,SC2154
# subjects.sh: what is measured, one line each, as bench.h reads it. Sourced by run, which sets:
#
#   $root         the root file system of all         $payload   the program in it
#   $here         the bench's own programs            $work      a directory of this run
#   $BENCH_PEERS  the peers that are asked for        $inline    whether minictr has --inline
#   $legacy       "ns=FILE" where the control groups are hybrid and a peer has to see those of version 1 alone

tab=$(printf '\t')

# subject LABEL WORD...
subject() {
    printf '%s' "$1"
    shift
    printf '\t%s' ${legacy_for_this:+"$legacy_for_this"} "$@"
    echo
}
legacy_for_this=

# The peers that are missing, by name, into $work/missing; true when it is there, with $program as its path.
have() {
    case " $BENCH_PEERS " in
    *" $1 "*) ;;
    *) return 1 ;;
    esac
    program=$(command -v "$1") && return
    grep -qx "$1: not installed" "$work/missing" || echo "$1: not installed" >>"$work/missing"
    return 1
}

# stages LABEL STAGE...: a chain by hand.
stages() {
    label=$1 first=$2
    shift 2
    subject "$label" "bin/$first" "$@"
}

ours() {
    subject "same calls, one process" "$here/floor" "$root" "$payload" "$@"
    subject "the default's, one process" "$here/floor" --default "$root" "$payload" "$@"
    for options in --bare '--bare --inline' '' --inline --no-init '--no-init --inline'; do
        case $options in
        *--inline*) [ "$inline" ] || continue ;;
        esac
        # shellcheck disable=SC2086
        subject "minictr${options:+ $options}" bin/minictr $options --root "$root" "$payload" "$@"
    done
}

# The capabilities that systemd-nspawn leaves, but for one that this machine may have taken from root itself.
nspawn=audit_control,audit_write,chown,dac_override,dac_read_search,fowner,fsetid,ipc_owner,kill,lease,linux_immutable,mknod
nspawn=$nspawn,net_bind_service,net_broadcast,net_raw,setfcap,setgid,setpcap,setuid,sys_admin,sys_boot,sys_chroot
nspawn=$nspawn,sys_nice,sys_ptrace,sys_tty_config
held=$(sed -n 's/^CapBnd:[^0-9a-f]*/0x/p' /proc/self/status)
[ $((held >> 24 & 1)) = 0 ] || nspawn=$nspawn,sys_resource

# Each peer, and the stages that isolate as much as it does.
peers() {
    if have unshare; then
        subject "unshare, chroot" "$program" --mount --uts --ipc --pid --cgroup --fork "--mount-proc=$root/proc" \
            "$(command -v chroot)" "$root" "$payload" "$@"
        stages "stages like unshare" ns-enter -muipC root-setup "$root" mnt-proc /proc "$payload" "$@"
    fi
    if have bwrap; then
        subject bwrap "$program" --unshare-pid --unshare-uts --unshare-ipc --unshare-cgroup --hostname minictr \
            --bind "$root" / --proc /proc --dev /dev --tmpfs /mytemp "$payload" "$@"
        stages "stages like bwrap" ns-enter -muipC uts-name minictr root-setup "$root" mnt-tmpfs /mytemp mnt-proc /proc \
            mnt-dev /dev mnt-mask --ro /proc/sys --ro /proc/irq --ro /proc/bus priv-lock pid-init "$payload" "$@"
    fi
    if have systemd-nspawn; then
        subject systemd-nspawn "$program" --quiet --register=no --keep-unit --pipe "--directory=$root" "$payload" "$@"
        stages "stages like nspawn" fd-close ns-enter -muipC uts-name minictr root-setup --nodev "$root" \
            mnt-tmpfs /mytemp mnt-proc /proc mnt-dev /dev mnt-sys /sys mnt-mask --default cap-keep "$nspawn" \
            priv-lock sys-filter --default "$payload" "$@"
    fi
    if have firejail; then
        subject firejail "$program" --quiet --noprofile --nonewprivs --seccomp --caps.drop=all "--chroot=$root" "$payload" "$@"
        stages "stages like firejail" fd-close ns-enter -muip root-setup --nodev "$root" mnt-proc /proc mnt-dev /dev mnt-sys /sys \
            mnt-mask --default cap-keep none priv-lock sys-filter --default pid-init "$payload" "$@"
    fi
    bundle=$work/bundle${1:+-$1}
    legacy_for_this=$legacy
    have crun && subject crun "$program" --root "$work/crun" run --bundle "$bundle" @
    legacy_for_this=
    have runc && subject runc "$program" --root "$work/runc" run --bundle "$bundle" @
    legacy_for_this=$legacy
    have podman && subject podman "$program" --root /run/podman --runroot /run/podman-run --tmpdir /run/podman-tmp \
        --cgroup-manager cgroupfs --storage-driver vfs run --rm --network host --cgroupns private --log-driver none \
        --memory 512m --pids-limit 512 --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --rootfs "$root" "$payload" "$@"
    legacy_for_this=
}

# N programs that only execute the next, and the payload: without a libc, and as empty stages. Each word is
# executed with those behind it.
executed() {
    # shellcheck disable=SC2046
    subject "$1 without a libc" $(repeat "$here/bare" "$1") "$root$payload"
}
empty_stages() {
    # shellcheck disable=SC2046
    subject "$1 empty stages" "$here/pass" $(repeat pass $(($1 - 1))) "$root$payload"
}
repeat() {
    for _ in $(seq "$2"); do
        echo "$1"
    done
}
