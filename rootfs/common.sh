# shellcheck shell=sh
# What from-host, from-archive and from-debian share. Sourced by them; each defines usage().

me=${0##*/}
home=$(dirname "$(readlink -f "$0")")/..
umask 022

# One language for the reasons the tools give; UTF-8 because bsdtar refuses names otherwise.
LC_ALL=C.UTF-8
export LC_ALL

# What a user typed or an archive holds must not control a terminal, which some do by U+0080 to U+009F as well.
c1=$(printf '\302')
plain() {
    case $1 in
        *[[:cntrl:]]* | *"$c1"*)
            printf '%s' "$1" | LC_ALL=C tr '[:cntrl:]' '?' | LC_ALL=C sed 's/\xc2[\x80-\x9f]/??/g'
            ;;
        *) printf '%s' "$1" ;;
    esac
}

on_terminal() {
    [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]
}

clear_status() {
    if on_terminal; then
        printf '\r\033[K' >&2
    fi
}

# One line, rewritten each time; what wraps could not be rewritten.
status() {
    if on_terminal; then
        printf '\r\033[K%.78s' "$(plain "$1")" >&2
    fi
}

note() {
    clear_status
    printf '%s: %s\n' "$me" "$(plain "$1")" >&2
}

# die MESSAGE [HINT]
die() {
    note "$1"
    if [ $# -gt 1 ]; then
        note "hint: $2"
    fi
    exit 125
}

version() {
    number=
    if [ -r "$home/VERSION" ]; then
        read -r number <"$home/VERSION" || :
    fi
    printf '%s (minictr)%s\n' "$me" "${number:+ $number}"
}

options() {
    for word; do
        case $word in
            --) return ;;
            --help) usage; exit 0 ;;
            --version) version; exit 0 ;;
            -?*) die "unknown option: $word" ;;
        esac
    done
}

package_of() {
    case $1 in
        bsdtar) echo libarchive-tools ;;
        chroot | mknod | realpath | sha256sum) echo coreutils ;;
        find) echo findutils ;;
        ldconfig | ldd) echo libc-bin ;;
        unshare) echo util-linux ;;
        *) echo "$1" ;;
    esac
}

need() {
    for program; do
        if ! command -v "$program" >/dev/null; then
            die "$program is missing" "apt-get install $(package_of "$program")"
        fi
    done
}

# be_root DIR WORD...: without root the script is started again, with the same words, as the root of
# a user namespace. That has the ids that minictr gives to the containers of this user, so they will
# find each file to belong to whom it should.
be_root() {
    if [ "$(id -u)" -eq 0 ]; then
        return
    fi
    if [ ! -x "$home/bin/ns-enter" ] || [ ! -x "$home/bin/minictr" ]; then
        die "cannot make $1 without root: bin/ns-enter and bin/minictr are not built" "make"
    fi
    shift
    case $("$home/bin/minictr" --print true) in
        '') exit 125 ;;
        *' --map-auto '*) set -- -U --map-auto sh "$0" -- "$@" ;;
        *) set -- -U sh "$0" -- "$@" ;;
    esac
    # Where root finds more programs.
    PATH=$PATH:/usr/sbin:/sbin
    exec "$home/bin/ns-enter" "$@"
}

# Whether there is one user and group only, in a user namespace of its own.
is_alone() {
    [ "$(awk '{ count += $3 } END { print count }' /proc/self/uid_map)" = 1 ]
}

why_alone() {
    if command -v newuidmap >/dev/null && command -v newgidmap >/dev/null; then
        echo "/etc/subuid and /etc/subgid give you no other ids"
    else
        echo "newuidmap is missing (apt-get install uidmap)"
    fi
}

# begin DIR: everything is built in $part, beside DIR, so that DIR appears whole or not at all.
# The tree itself is $tree; $part stays mode 0700, so nobody else can use what is half done.
begin() {
    dir=$1
    while [ "$dir" != / ] && [ "${dir%/}" != "$dir" ]; do
        dir=${dir%/}
    done
    case $dir in
        '') die "the name of the directory to make is empty" ;;
        -*) dir=./$dir ;;
    esac
    case $dir in
        */*) parent=${dir%/*}; parent=${parent:-/} ;;
        *) parent=. ;;
    esac
    if [ ! -d "$parent" ]; then
        die "cannot make $dir: $parent is not a directory"
    fi
    if [ -e "$dir" ] || [ -L "$dir" ]; then
        die "cannot make $dir: it exists already"
    fi

    part=
    trap 'leave $?' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 131' QUIT
    trap 'exit 141' PIPE
    trap 'exit 143' TERM
    # A signal that killed mktemp could leave a directory whose name nobody knows.
    part=$(trap '' HUP INT QUIT PIPE TERM; mktemp -d "$dir.part.XXXXXX" 2>&1) || {
        reason=$part
        part=
        die "cannot make $dir: ${reason#mktemp: }"
    }
    tree=$part/root
    mkdir "$tree"
    # In a user namespace nobody may; minictr has its own /dev.
    makes_nodes=
    if mknod "$part/node" c 1 3 2>/dev/null; then
        makes_nodes=yes
    fi
}

leave() {
    trap '' HUP INT QUIT PIPE TERM
    trap - EXIT
    if [ "$1" -ne 0 ]; then
        clear_status
    fi
    if [ "$part" ]; then
        # Through a file, since dash knows of no jobs inside $( ).
        jobs -p >"$part/jobs" || :
        while read -r pid; do
            kill -KILL "$pid" 2>/dev/null || :
            wait "$pid" || :
        done <"$part/jobs" || :
        # What a killed child has started may write for an instant longer.
        for delay in 0.1 0.2 0.3; do
            if rm -rf --one-file-system -- "$part" 2>/dev/null; then
                break
            fi
            sleep "$delay"
        done
        if [ -e "$part" ]; then
            note "cannot remove $part: remove it by hand"
        fi
    fi
    case $1 in
        0 | 129 | 130 | 131 | 141 | 143) exit "$1" ;;
        *) exit 125 ;;
    esac
}

# A shell heeds a signal only after its foreground command; so commands that take long run
# in the background, and leave() kills them.
run() {
    "$@" &
    wait "$!"
}

# What COMMAND gave on standard error as its reason, without its own name.
reason() {
    read -r line <"$part/err" || :
    printf '%s' "${line#"${1##*/}: "}"
}

# try WHAT COMMAND...: run COMMAND; "WHAT: reason" when it fails.
try() {
    what=$1
    shift
    run "$@" 2>"$part/err" || die "$what: $(reason "$1")"
}

add_device() {
    if [ "$makes_nodes" ] && [ ! -e "$tree/dev/$1" ] && [ ! -L "$tree/dev/$1" ]; then
        try "cannot make the device /dev/$1" mknod -m 0666 "$tree/dev/$1" c "$2" "$3"
    fi
}

add_devices() {
    add_device null 1 3
    add_device zero 1 5
    add_device full 1 7
    add_device random 1 8
    add_device urandom 1 9
    add_device tty 5 0
    while read -r link target; do
        if [ ! -e "$tree/dev/$link" ] && [ ! -L "$tree/dev/$link" ]; then
            ln -s "$target" "$tree/dev/$link"
        fi
    done <<'END'
fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
END
    if [ "$makes_nodes" ] && ! (: >"$tree/dev/null") 2>/dev/null; then
        die "cannot make $dir: device nodes do not work there" \
            "the file system is mounted nodev; choose another directory"
    fi
}

# finish SOURCE: make the tree fit for read-only use and give it its name.
finish() {
    for name in proc sys dev tmp mytemp; do
        # Neither test follows a link out of the tree: a link is left as it is.
        if [ -e "$tree/$name" ] || [ -L "$tree/$name" ]; then
            continue
        fi
        case $name in
            tmp) mkdir -m 1777 "$tree/$name" ;;
            *) mkdir "$tree/$name" ;;
        esac
    done
    chmod 0755 "$tree"

    # From here on the directory may exist: a signal must not make that look like a failure.
    trap '' HUP INT QUIT PIPE TERM
    # Some versions of mv succeed when -n made them do nothing.
    mv -nT -- "$tree" "$dir" 2>"$part/err" || :
    if [ -e "$tree" ]; then
        if [ -e "$dir" ] || [ -L "$dir" ]; then
            die "cannot make $dir: it was made by another meanwhile"
        fi
        die "cannot make $dir: $(reason mv)"
    fi
    if on_terminal; then
        size=$(du -sm -- "$dir")
        clear_status
        printf '%s: %s MiB, from %s\n' "$(plain "$dir")" "${size%%[!0-9]*}" "$(plain "$1")" >&2
    fi
}
