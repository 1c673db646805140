#compdef cap-keep cg-join cg-limit chain-break chain-detach chain-time ctr-diff ctr-exec ctr-kill ctr-ls ctr-pause ctr-resume ctr-stat cwd-set env-set fd-close fs-allow id-set minictr mnt-bind mnt-dev mnt-mask mnt-overlay mnt-proc mnt-sys mnt-tmpfs net-up ns-enter pid-fork pid-init priv-lock res-limit root-open root-setup sys-filter tty-pty tty-relay uts-name
# completion.zsh: completes the command lines of minictr and its stages in zsh. Its place is a
# directory of fpath, its name there _minictr.
#
# As in completion.bash all is read from the program's own --help, and a stage is asked beside the one
# before it, only the first by the path that is typed. PROG is completed as a command line of its own.

typeset -gA _minictr_help # by path
# tests/completion.sh compares these with the sources.
typeset -ga _minictr_capabilities=(chown dac_override dac_read_search fowner fsetid kill setgid
    setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner
    sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource
    sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog
    wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore)
typeset -ga _minictr_limits=(as core cpu data fsize locks memlock msgqueue nice nofile nproc rss
    rtprio rttime sigpending stack)

# _minictr_value OPTION NAME: completes what --help calls NAME: what OPTION takes, or an operand.
_minictr_value() {
    local expl
    case "$stage $1 $2" in
    ('cap-keep operand LIST' | *' --cap-keep '*)
        [[ $PREFIX == *,* ]] || _wanted sets expl set compadd default all none
        _wanted capabilities expl capability _sequence compadd - $_minictr_capabilities
        ;;
    (*' --groups '*) _sequence _groups ;;
    (*' --scope '*) _wanted scopes expl scope _sequence compadd - sockets signals ;;
    (*' --securebits '*)
        _wanted bits expl bit _sequence compadd - noroot no-setuid-fixup no-cap-ambient-raise ;;
    (*' --sys-filter '*) _wanted policies expl policy compadd default none; _files ;;
    ((ctr-*|cg-join)' operand NAME')
        _wanted containers expl container compadd \
            ${${${(f)"$($_minictr_directory/ctr-ls 2>/dev/null)"}[2,-1]}%% *}
        ;;
    (*' --unset '*) _parameters -g '*export*' ;;
    (*' LEVEL') _wanted levels expl level compadd off noaccess invisible ptraceable ;;
    (*' STAGE') _wanted stages expl stage compadd ${(k)_comps[(R)_minictr]} ;;
    (*' NAME=VALUE') _parameters -q -S = -g '*export*' ;;
    (*' NAME=SOFT') _wanted limits expl limit compadd -q -S = $_minictr_limits ;;
    (*' USER')
        if compset -P '*:'; then _groups; else _users; fi ;;
    (*' --bind '*)
        compset -P '*:'
        _files
        ;;
    (*' DIR') _directories ;;
    (*' '(DEVICE|FILE|LAYER|PATH|SOURCE|TARGET)) _files ;;
    (*' '[a-z,]##) compadd ${(s:,:)2} ;;
    (*) _message $2 ;;
    esac
}

# Completes the rest of the line: pairs, as NAME=VALUE, when the stage takes such; and PROG.
_minictr_rest() {
    local expl ret=1 name
    if [[ -n $pairs ]]; then
        while ((CURRENT > 1)) && [[ $words[1] == *=* ]]; do
            shift words
            ((CURRENT--))
            needed=
        done
        ((CURRENT == 1)) && _minictr_value operand $pairs && ret=0
        [[ -z $needed ]] || return ret
    fi
    if ((CURRENT == 1)); then
        for name in ${(k)_comps[(R)_minictr]}; do # in PATH or not
            (($+commands[$name])) || _wanted commands expl stage compadd $name && ret=0
        done
    fi
    _normal && ret=0
    return ret
}

_minictr() {
    local program=${(Q)words[1]} help line operand name once about needed pairs
    local stage=${program:t}
    local -a specs match mbegin mend
    # That of the stage before: this function calls itself by way of _normal.
    local _minictr_directory=$_minictr_directory

    [[ $program == '~/'* ]] && program=$HOME/${program:2}
    if [[ -n $_minictr_directory && -x $_minictr_directory/$stage ]]; then
        program=$_minictr_directory/$stage
    elif [[ -n $_minictr_directory || $program != */* ]]; then
        program=$commands[$stage]
    fi
    [[ -n $program ]] || return
    program=${program:a}
    _minictr_directory=${program:h}
    help=$_minictr_help[$program]
    [[ -n $help ]] || help=$($program --help 2>/dev/null </dev/null) || return
    _minictr_help[$program]=$help

    for operand in ${${=${help%%$'\n'*}}[3,-1]}; do
        name=${${operand#\[}%%[^A-Z=]*}
        case $operand in
        (*OPTION...*) ;;
        (*=*...*)
            pairs=$name
            [[ $operand == \[* ]] || needed=yes
            ;;
        (PROG)
            specs+=('*::: : _minictr_rest')
            break
            ;;
        (*...*)
            specs+=("*: : _minictr_value operand $name")
            break
            ;;
        (*) specs+=(": : _minictr_value operand $name") ;;
        esac
    done
    help=${help//$'\n'${(l:28:)}/  } # descriptions of several lines
    for line in ${(f)help}; do
        [[ $line =~ '^  (-(.), |    )--([a-z0-9-]+)(\[=[^ ]*| ([^ ]+))?( +(.*))?$' ]] || continue
        about="[${${match[7]//  / }//(#m)[][\\:]/\\$MATCH}]"
        once="(${match[2]:+-$match[2] }--$match[3])"
        [[ $match[5] == *... ]] && once='*'
        name=${${match[5]%%[^A-Za-z=|]*}//|/,}
        if [[ -n $name ]]; then
            specs+=("$once--$match[3]=$about: : _minictr_value --$match[3] $name")
            [[ -z $match[2] ]] || specs+=("$once-$match[2]+$about: : _minictr_value --$match[3] $name")
        else
            specs+=("$once--$match[3]$about")
            [[ -z $match[2] ]] || specs+=("$once-$match[2]$about")
        fi
    done
    _arguments -s -S -A '-*' : $specs
}

_minictr "$@"
