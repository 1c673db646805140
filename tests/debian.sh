# shellcheck shell=sh
# debian.sh: a whole Debian at work: apt, python3, a compiler, openssl, a person at a terminal. Everything
# happens in --ephemeral containers, and afterwards the root is byte for byte as it was before.
#
# "make check-debian" makes the root, and runs this file here and in the machine of tests/vm.

. "$(dirname "$0")/lib.sh"

debian=${MINICTR_TEST_DEBIAN:-$top/.build/debian/root}
export debian

needs_debian() {
    [ -e "$debian/usr/bin/gcc" ] && return 1
    skip 'make check-debian makes the root that this takes'
}

# Every name with its kind, permissions, owners, time of change, link, and contents.
manifest() {
    (cd "$debian" && find . ! -type l -printf '%p %y %m %U:%G %s %T@ %C@ %n\n' -o -printf '%p -> %l %C@\n' &&
        find . -type f -exec sha256sum {} +) | LC_ALL=C sort
}

# shunit2 calls the tests in the order of the file: the first and the last of it are a pair.
testBefore() {
    needs_debian && return
    manifest >"$tmp/manifest"
    assertTrue 'thousands of files' "[ $(grep -c . "$tmp/manifest") -gt 10000 ]"
}

# inside SCRIPT: attempts it in a container, with time enough for a machine that is emulated.
inside() {
    attempt timeout 600 minictr --root "$debian" --ephemeral --memory 400M /bin/sh -ec "$1"
}

testWhatIsThere() {
    needs_debian && return
    inside '. /etc/os-release; echo "$ID"; hostname; cat /proc/1/comm; ls /proc | grep -c "^[0-9]"; readlink /proc/self/root'
    ended 0
    printed 'debian
minictr
pid-init
4
/'
}

# From a repository of one package, made inside: apt reads its lists as the user _apt.
testApt() {
    needs_debian && return
    inside '
        mkdir -p /srv/repository /tmp/hello/DEBIAN /tmp/hello/usr/bin
        cd /tmp
        printf "%s\n" "Package: hello-minictr" "Version: 1" "Architecture: all" "Maintainer: nobody <nobody@example.org>" \
            "Description: a greeting" >hello/DEBIAN/control
        printf "#!/bin/sh\necho hello from a package\n" >hello/usr/bin/hello-minictr
        chmod 755 hello/usr/bin/hello-minictr
        dpkg-deb --build --root-owner-group hello /srv/repository/hello.deb >/dev/null
        cd /srv/repository
        {
            cat /tmp/hello/DEBIAN/control
            echo "Filename: ./hello.deb"
            echo "Size: $(stat -c %s hello.deb)"
            echo "SHA256: $(sha256sum hello.deb | cut -d " " -f 1)"
        } >Packages
        rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
        echo "deb [trusted=yes] file:/srv/repository ./" >/etc/apt/sources.list
        apt-get update >/tmp/update 2>&1 || { cat /tmp/update; exit 1; }
        ! grep "^[EW]:" /tmp/update
        DEBIAN_FRONTEND=noninteractive apt-get -y install hello-minictr >/tmp/install 2>&1 || { cat /tmp/install; exit 1; }
        ! grep "^[EW]:" /tmp/install
        hello-minictr
        dpkg -s hello-minictr | grep ^Status
        apt-get -y purge hello-minictr >/dev/null 2>&1
        dpkg --audit'
    ended 0
    printed 'hello from a package
Status: install ok installed'
}

# Threads; processes that share memory, with semaphores and locks in /dev/shm; a pool; signals; files.
testPython() {
    needs_debian && return
    inside 'python3 -c "
import threading, multiprocessing, os, signal, socket, subprocess, tempfile, time
from multiprocessing import shared_memory

done = []
lock = threading.Lock()
def work(i):
    with lock:
        done.append(i * i)
threads = [threading.Thread(target=work, args=(i,)) for i in range(20)]
[t.start() for t in threads]
[t.join() for t in threads]
print(\"threads\", sum(done))

block = shared_memory.SharedMemory(create=True, size=4 << 20)
print(\"shm\", os.path.exists(\"/dev/shm/\" + block.name))
def fill(name):
    other = shared_memory.SharedMemory(name=name)
    other.buf[-5:] = b\"child\"
    other.close()
process = multiprocessing.Process(target=fill, args=(block.name,))
process.start()
process.join()
print(bytes(block.buf[-5:]).decode(), process.exitcode)
block.close()
block.unlink()

with multiprocessing.Pool(4) as pool:
    print(\"pool\", sum(pool.map(abs, range(-100, 0))))

signal.signal(signal.SIGALRM, lambda *_: print(\"alarm\"))
signal.setitimer(signal.ITIMER_REAL, 0.05)
signal.pause()

a, b = socket.socketpair()
a.send(b\"x\")
print(\"socket\", b.recv(1).decode())
with tempfile.NamedTemporaryFile() as file:
    file.write(b\"text\")
    file.flush()
    print(\"file\", subprocess.run([\"cat\", file.name], capture_output=True).stdout.decode())
"'
    ended 0
    printed 'threads 2470
shm True
child 0
pool 5050
alarm
socket x
file text'
}

testCompiler() {
    needs_debian && return
    inside '
        mkdir /usr/src/sums
        cd /usr/src/sums
        cat >sum.c <<END
#include "sum.h"
int sum(const int *from, int count) { return count ? *from + sum(from + 1, count - 1) : 0; }
END
        echo "int sum(const int *from, int count);" >sum.h
        cat >main.c <<END
#include <pthread.h>
#include <stdio.h>
#include "sum.h"
static void *run(void *out) { *(int *)out = sum((const int[]){1, 2, 3, 4}, 4); return 0; }
int main(void) {
    pthread_t thread;
    int out = 0;
    pthread_create(&thread, 0, run, &out);
    pthread_join(thread, 0);
    printf("the sum is %d\n", out);
    return 0;
}
END
        printf "%s\n" "CC = gcc" "CFLAGS = -O2 -Wall -Werror -pipe" "main: main.o sum.o" "main.o sum.o: sum.h" >Makefile
        make -j2 >/dev/null
        make -q
        install main /usr/local/bin/sums
        sums
        ldd /usr/local/bin/sums | grep -c libc.so.6'
    ended 0
    printed 'the sum is 10
1'
}

testOpenssl() {
    needs_debian && return
    inside '
        cd /tmp
        openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=box -days 2 -keyout key -out certificate 2>/dev/null
        openssl x509 -in certificate -noout -subject
        echo secret | openssl enc -aes-256-cbc -pbkdf2 -pass pass:x | openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:x
        openssl rand -hex 8 | grep -cE "^[0-9a-f]{16}$"
        openssl dgst -sha256 -sign key -out signature certificate
        openssl x509 -in certificate -pubkey -noout >public
        openssl dgst -sha256 -verify public -signature signature certificate'
    ended 0
    printed 'subject=CN = box
secret
1
Verified OK'
}

# What a user looks at first. mount(8) has a line for each mount, and none of them names the host's directories.
testMountAndDf() {
    needs_debian && return
    inside 'mount >/tmp/mounts
        awk "{ print \$1, \$2, \$3, \$4, \$5 }" /tmp/mounts
        grep -c . /tmp/mounts
        grep -c . /proc/self/mountinfo
        df -a >/tmp/df
        df / /dev /mytemp | sed 1d | awk "{ print \$NF }"'
    ended 0
    # One mount over another is shown twice.
    sed -n '1,/^[0-9]*$/p' "$tmp/out" | sed '$d' >"$tmp/mounts"
    assertEquals 'overlay on / type overlay' "$(head -n 1 "$tmp/mounts")"
    for line in 'tmpfs on /mytemp type tmpfs' 'proc on /proc type proc' 'tmpfs on /dev type tmpfs' 'devpts on /dev/pts type devpts' \
        'tmpfs on /dev/shm type tmpfs' 'mqueue on /dev/mqueue type mqueue' 'sysfs on /sys type sysfs'; do
        assertTrue "$line: $(cat "$tmp/mounts")" "grep -qxF '$line' '$tmp/mounts'"
    done
    assertEquals '' "$(grep -F "$top" "$tmp/out")"
    assertEquals '/
/dev
/mytemp' "$(tail -n 3 "$tmp/out")"
    count=$(grep -E '^[0-9]+$' "$tmp/out" | sort -u | grep -c .)
    assertEquals 'as many lines as mounts' 1 "$count"
}

# ps shows the container's processes, with their terminal; tty and script(1) have terminals of the container's own.
testAPersonAtATerminal() {
    needs_debian && return
    needs_expect && return
    play <<'PLAY'
set timeout 60
say "stty rows 33 cols 99; minictr --root \$debian --ephemeral --hostname box /bin/bash --norc"
see "# $"
say "PS1='box> '; stty -echo; echo be''gin"
see "begin\r\nbox> "
say "tty; stty size; echo"
see "/dev/pts/0\r\n33 99\r\n"
see "box> "
say "ps -e -o pid,comm; echo"
see "PID COMMAND\r\n +1 pid-init\r\n +\[0-9]+ bash\r\n +\[0-9]+ ps\r\n\r\nbox> "
say "sleep 1000 & sleep 1001 & jobs"
see "1]\[^\r]*Running +sleep 1000 &\r\n\[^\r]*2]\[^\r]*Running +sleep 1001 &\r\n"
see "box> "
say "kill %1; wait %1; echo status \$?"
see "status 143\r\n"
see "box> "
say "fg"
see "sleep 1001\r\n"
sleep 1
send "\x1a"
see "Stopped +sleep 1001\r\n"
see "box> "
say "bg"
see "sleep 1001 &\r\n"
see "box> "
say "fg"
see "sleep 1001\r\n"
sleep 1
send "\x03"
see "box> "
say "echo status \$?"
see "status 130\r\n"
see "box> "
say "script -qc 'tty; stty size; ps -o tty= -p \$\$' /tmp/typescript; echo"
see "/dev/pts/\[0-9]+\r\n33 99\r\n\[^\r]*pts/\[0-9]+\r\n"
see "box> "
say "grep -c ^/dev/pts /tmp/typescript"
see "1\r\n"
see "box> "
say "exit 3"
see "host> "
say "echo status \$?; modes"
see "status 3\r\n"
PLAY
}

testAfter() {
    needs_debian && return
    manifest >"$tmp/manifest.after"
    assertEquals '' "$(diff "$tmp/manifest" "$tmp/manifest.after" | head)"
}

. shunit2
