# shellcheck shell=bash
# completion.bash: completes the command lines of minictr and its stages in bash.
#
# The options and operands are those of each program's own --help, asked for when TAB is pressed, and
# kept. A line is read as the chain reads it: options, operands, then PROG, which may be the next
# stage. That is asked beside the stage before it, where the chain will find it. Only the first stage
# is executed by the path that is typed: a path further on may be one of a container's.

# tests/completion.sh compares these with the sources.
_minictr_programs=(cap-keep cg-join cg-limit chain-break chain-detach chain-time ctr-diff ctr-exec
    ctr-kill ctr-ls ctr-pause ctr-resume ctr-stat cwd-set env-set fd-close fs-allow id-set minictr
    mnt-bind mnt-dev mnt-mask mnt-overlay mnt-proc mnt-sys mnt-tmpfs net-up ns-enter pid-fork
    pid-init priv-lock res-limit root-open root-setup sys-filter tty-pty tty-relay uts-name)
_minictr_capabilities=(chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap
    linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module
    sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time
    sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog
    wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore)
_minictr_limits=(as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime
    sigpending stack)
declare -gA _minictr_help # by path; global, though bash-completion sources this file in a function

_minictr_is_ours() {
    local name
    for name in "${_minictr_programs[@]}"; do
        [[ $1 == "$name" ]] && return
    done
    return 1
}

# _minictr_ask PROGRAM: sets stage, directory, operands, and takes: each option, and the name of its
# argument.
_minictr_ask() {
    local program=$1 help line
    local option='^  (-(.), |    )--([a-z0-9-]+)(\[=[^ ]*| ([^ ]+))?( |$)'

    stage=${1##*/} takes=() operands=()
    if [[ $program == \~/* ]]; then
        program=$HOME/${program:2}
    elif [[ $program != */* && $directory && -x $directory/$program ]]; then
        program=$directory/$program
    elif [[ $program != */* ]]; then
        program=$(type -P -- "$program") || return
    fi
    [[ $program == /* ]] || program=$PWD/$program
    directory=${program%/*}
    help=${_minictr_help[$program]-}
    [[ $help ]] || { help=$("$program" --help </dev/null); } 2>/dev/null || return
    _minictr_help[$program]=$help

    read -ra operands <<<"${help%%$'\n'*}"
    operands=("${operands[@]:2}") # without "usage: STAGE"
    [[ ${operands[0]-} != *OPTION...* ]] || operands=("${operands[@]:1}")
    while IFS= read -r line; do
        [[ $line =~ $option ]] || continue
        takes[--${BASH_REMATCH[3]}]=${BASH_REMATCH[5]}
        [[ ! ${BASH_REMATCH[2]} ]] || takes[-${BASH_REMATCH[2]}]=${BASH_REMATCH[5]}
    done <<<"$help"
}

# _minictr_offer PREFIX WORD...: offers PREFIX with those words that go on from what is typed. Of
# that, readline replaces only what is behind the last "=" or ":".
_minictr_offer() {
    local prefix=$1 word
    shift
    for word; do
        word=$prefix$word
        [[ $word != "$typed"* ]] || COMPREPLY+=("${word:${#typed}-${#replaced}}")
    done
}

# _minictr_offer_value PREFIX OPTION NAME: offers what --help calls NAME: what OPTION takes, or, when
# that is empty, an operand. What is not listed here, as a number, nobody can guess.
_minictr_offer_value() {
    local prefix=$1 value=${typed#"$1"} list='' word words=()

    case "$stage $2 $3" in
    'cap-keep  LIST' | *' --cap-keep '*)
        list=yes words=("${_minictr_capabilities[@]}")
        [[ $value == *,* ]] || words+=(default all none)
        ;;
    *' --groups '*) list=yes && mapfile -t words < <(compgen -g) ;;
    *' --scope '*) list=yes words=(sockets signals) ;;
    *' --securebits '*) list=yes words=(noroot no-setuid-fixup no-cap-ambient-raise) ;;
    *' --sys-filter '*) words=(default none) && compopt -o bashdefault -o default ;;
    ctr-*'  '*NAME* | 'cg-join  NAME')
        while read -r word _; do
            words+=("$word")
        done < <("$directory/ctr-ls" 2>/dev/null | tail -n +2)
        ;;
    *' --unset '*) mapfile -t words < <(compgen -e) ;;
    *' LEVEL') words=(off noaccess invisible ptraceable) ;;
    *' STAGE'*) words=("${_minictr_programs[@]}") ;;
    *'NAME=VALUE'*) mapfile -t words < <(compgen -e -S =) ;;
    *'NAME=SOFT'*) words=("${_minictr_limits[@]/%/=}") ;;
    *' USER'*)
        if [[ $value == *:* ]]; then
            prefix+=${value%%:*}:
            mapfile -t words < <(compgen -g)
        else
            mapfile -t words < <(compgen -u)
        fi
        ;;
    *' PROG')
        [[ $value == */* ]] || mapfile -t words < <(compgen -c -- "$value")
        words+=("${_minictr_programs[@]}")
        compopt -o bashdefault -o default
        ;;
    *' DIR'*) compopt -o dirnames ;;
    *' DEVICE'* | *' FILE'* | *' LAYER'* | *' PATH'* | *' SOURCE'* | *' TARGET')
        compopt -o bashdefault -o default
        ;;
    *' '[[:lower:]]*) IFS='|' read -ra words <<<"$3" ;;
    esac

    if [[ $list && $value == *,* ]]; then
        prefix+=${value%,*},
        for word in "${words[@]}"; do
            [[ ,$value == *",$word,"* ]] || _minictr_offer "$prefix" "$word"
        done
    else
        _minictr_offer "$prefix" "${words[@]}"
    fi
    [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
}

_minictr() {
    local IFS=$' \t\n' rest=${COMP_LINE:0:COMP_POINT} words=() first=() blanks word i
    local typed replaced stage='' directory='' operands=() option expected=program foreign=''
    local -A takes=()

    # Bash has "--user=a:b" as five words. Here it is one; first says where in COMP_WORDS it begins.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blanks=${rest%%[![:space:]]*}
        rest=${rest#"$blanks"} word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$rest
        rest=${rest#"$word"} word=${word//[\"\'\\]/}
        if [[ $blanks || $i == 0 ]]; then
            words+=("$word") first+=("$i")
        else
            words[-1]+=$word
        fi
    done
    typed=${words[-1]} replaced=$word
    [[ $replaced == *[!=:]* ]] || replaced=''

    for ((i = 0; i < ${#words[@]} - 1; i++)); do
        word=${words[i]}
        if [[ $expected == argument ]]; then
            expected=option
            continue
        elif [[ $expected == option && $word == -?* ]]; then
            option=$word
            [[ $word == --* ]] || option=-${word: -1} # -mup
            [[ ! ${takes[$option]-} ]] || expected=argument
            [[ $word != -- ]] || expected=operand
            continue
        elif [[ $expected == option || $expected == operand ]]; then
            expected=operand
            [[ ${operands[0]-} != *=*...* || $word == *=* ]] || operands=("${operands[@]:1}")
            if [[ ${operands[0]-} == *=*...* ]]; then
                operands[0]=[${operands[0]#[} # no more is needed
                continue
            elif [[ ${operands[0]-} != PROG ]]; then
                [[ ${operands[0]-} == *... ]] || operands=("${operands[@]:1}")
                continue
            fi
        fi
        # PROG. When it is none of ours, as strace, there may be a stage further on.
        if _minictr_is_ours "${word##*/}"; then
            [[ ! $stage ]] || word=${word##*/}
            expected=option
            _minictr_ask "$word" || expected=program
        elif [[ $expected == operand ]]; then
            foreign=${first[i]} expected=program
        fi
    done

    COMPREPLY=()
    if [[ $expected == argument ]]; then
        _minictr_offer_value '' "$option" "${takes[$option]}"
    elif [[ $expected == option && $typed == --*=* ]]; then
        option=${typed%%=*}
        [[ ! ${takes[$option]-} ]] || _minictr_offer_value "$option=" "$option" "${takes[$option]}"
    elif [[ $expected == option && $typed == -* ]]; then
        _minictr_offer '' "${!takes[@]}"
    elif [[ $expected != program ]]; then
        for word in "${operands[@]}"; do
            _minictr_offer_value '' '' "$word"
            [[ $word == \[* ]] || break
        done
    elif [[ $foreign ]] && declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$foreign"
    elif [[ $foreign ]] && declare -F _command_offset >/dev/null; then
        _command_offset "$foreign"
    else
        compopt -o bashdefault -o default
    fi
}

complete -F _minictr "${_minictr_programs[@]}"
