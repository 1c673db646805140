# shellcheck shell=sh
# terminal.sh: a person at a terminal: job control, ^C, ^Z and fg, the window's size, and the
# terminal as it was afterwards. expect(1) plays the person, at a bash of the host.

. "$(dirname "$0")/lib.sh"

testShellIsInteractiveWithoutAWarning() {
    needs_expect && return
    play <<'PLAY'
say "minictr --root \$root --hostname box /bin/bash --norc"
expect {
    -re {bash: [^\r\n]*} { puts "\nWARNING"; exit 1 }
    -re {bash-[0-9.]+# } {}
    timeout { puts "\nMISSING: prompt"; exit 1 }
}
say "hostname; case \$- in *i*) echo inter''active;; esac"
see "box\r\ninteractive\r\n.*# $"
say "exit 7"
see "host> "
say "echo status \$?"
see "status 7\r\n"
PLAY
}

testJobControlInside() {
    needs_expect && return
    play <<'PLAY'
say "minictr --root \$root /bin/bash --norc"
see "# $"
say "sleep 100"
sleep 0.3
send "\x03"
see "# $"
say "echo interrupted \$?"
see "interrupted 130\r\n.*# $"
say "sleep 100"
sleep 0.3
send "\x1a"
see "Stopped +sleep 100\r\n.*# $"
say "jobs; echo listed"
see "Stopped +sleep 100\r\nlisted\r\n.*# $"
say "fg"
see "sleep 100\r\n"
sleep 0.3
send "\x03"
see "# $"
say "exit"
see "host> "
PLAY
}

# In a script nobody but the supervisor gives the terminal back: the read after it would stop.
testTerminalIsGivenBack() {
    needs_expect && return
    play <<'PLAY'
say "stty -g >\$tmp/before"
say "sh -c 'minictr --root \$root /bin/bash --norc; stty -g >\$tmp/after; read x; echo got \$x'"
see "# $"
say "exit"
sleep 0.5
say "word"
see "got word\r\nhost> "
say "cmp \$tmp/before \$tmp/after && echo the same"
see "the same\r\n"
PLAY
}

interrupted() {
    play <<PLAY
say "minictr --root \\\$root $1 sleep 100"
sleep 0.5
send "\\x03"
see "host> "
say "echo status \\\$?"
see "status 130\\r\\n"
PLAY
}

testInterruptEndsAProgram() {
    needs_expect && return
    interrupted ""
}

testInterruptEndsAProgramThatIsProcessOne() {
    needs_expect && return
    interrupted "--no-tty --no-init"
}

testInterruptInAPipeline() {
    needs_expect && return
    play <<'PLAY'
say "minictr --root \$root sleep 100 | cat"
sleep 0.5
send "\x03"
see "host> "
PLAY
}

# The program counts on while it is continued, and only then.
testStopAndContinue() {
    needs_expect && return
    play <<'PLAY'
say "minictr --no-tty --root \$root sh -c 'sleep 0.7; echo went on; sleep 100'"
sleep 0.3
send "\x1a"
see "Stopped.*host> "
sleep 0.7
say "echo still here"
see "still here\r\nhost> "
say "fg"
see "went on\r\n"
# Not at once: while dash starts a program (vfork(2)) it does not take signals, in a container or not.
sleep 0.3
send "\x1a"
see "Stopped.*host> "
say "bg"
see "host> "
say "jobs"
see "Running.*host> "
say "kill %1; wait; echo over"
see "over\r\n"
PLAY
}

testStopAndContinueAProgramThatIsProcessOne() {
    needs_expect && return
    play <<'PLAY'
say "minictr --no-tty --root \$root --no-init sleep 100"
sleep 0.5
send "\x1a"
see "Stopped.*host> "
say "fg"
sleep 0.3
send "\x03"
see "host> "
say "echo status \$?"
see "status 130\r\n"
PLAY
}

testStopAndContinueInAPipeline() {
    needs_expect && return
    play <<'PLAY'
say "minictr --root \$root sh -c 'sleep 0.7; echo went on; sleep 100' | cat"
sleep 0.3
send "\x1a"
see "Stopped.*host> "
say "fg"
see "went on\r\n"
sleep 0.3
send "\x03"
see "host> "
PLAY
}

testWindowSizeReachesInside() {
    needs_expect && return
    play <<'PLAY'
say "minictr --root \$root /bin/bash --norc"
see "# $"
stty rows 31 columns 97 < $spawn_out(slave,name)
say "stty size"
see "31 97\r\n.*# $"
say "trap 'stty size' WINCH; sleep 100 & wait; kill %1"
sleep 0.3
stty rows 32 columns 98 < $spawn_out(slave,name)
see "32 98\r\n"
say "exit"
see "host> "
PLAY
}

# The shell that reads is in the foreground; a container that ends in the background stays there.
testBackgroundLeavesTheTerminalAlone() {
    needs_expect && return
    play <<'PLAY'
say "minictr --root \$root sleep 0.5 &"
see "host> "
say "read x"
sleep 1
say "typed"
say "echo got \$x"
see "got typed\r\n"
PLAY
}

# Nor does one take the terminal back that was in the foreground first.
testOneThatWasSentToTheBackgroundEndsThere() {
    needs_expect && return
    play <<'PLAY'
say "minictr --no-tty --root \$root sleep 1"
sleep 0.3
send "\x1a"
see "Stopped.*host> "
say "bg"
see "host> "
sleep 2
say "echo still here"
see "still here\r\n.*host> "
say "echo still here"
see "still here\r\n"
PLAY
}

. shunit2
