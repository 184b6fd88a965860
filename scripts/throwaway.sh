#!/bin/bash
# The README from the first command to the last, in throwaway systems over this one: a server and a hall, and with --try a newcomer.
# Every line of its code blocks under "Install" runs as it stands there, and every command of its tables that names no placeholder;
# then the server is lost and comes back. Prints every command and its time, then removes all. Needs root, Debian 12 or newer, network.
#
#   sudo scripts/throwaway.sh              # over the running system; nothing of it is changed
#   sudo scripts/throwaway.sh --base DIR   # over a clean one, of
#                                          # `debootstrap --include=ca-certificates,curl,make,python3-venv,sudo,systemd bookworm DIR`
#   sudo scripts/throwaway.sh --try --base DIR   # what "Try it" says too, and the lines of Python; without `make test`
#   sudo scripts/throwaway.sh --deb build/deb/bookworm-amd64 --base DIR
#       # the server from its package instead of a venv; the agent's package over the hall's venv, then upgrade, downgrade, purge
#
# What is not as in life: the name of the server (localhost), the modem (simulated, so `enroll` names its port), systemd (a stand-in
# starts what the unit files say, as their user and with their capabilities, without their other locks) and the network (both use this
# machine's, so the ports of a server must be free). The server is set up under a umask of 077, the hall under 022.
# exit: 0 everything ran and the hall's readings came back; 1 or the code of the command that failed; 2 cannot be run here
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
SITE=6408012001
base=/
newcomer=
debs=
while [ $# -gt 0 ]; do
    case $1 in
        --try) newcomer=yes ;;
        --base) base=$(realpath "$2"); shift ;;
        --deb) debs=$(realpath "$2"); shift ;;
        *) sed -n '2,/^set/{/^set/!p}' "$0"; exit 2 ;;
    esac
    shift
done

if [ -z "${THROWAWAY:-}" ]; then
    [ "$(id -u)" = 0 ] || { echo "throwaway: needs root; put sudo before it" >&2; exit 2; }
    [ ! -e "$base/etc/sinyal" ] || { echo "throwaway: $base/etc/sinyal exists; run this where Sinyal is not installed" >&2; exit 2; }
    for port in 80 443 8883 8884 8080 8086 8088 9464; do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "throwaway: port $port is in use" >&2; exit 2; }
    done
    THROWAWAY=$(mktemp -d)
    export THROWAWAY
    trap 'rmdir "$THROWAWAY"' EXIT
    # Mounts and processes of a namespace end with it: also after Ctrl-C nothing is left.
    unshare --mount --pid --fork --kill-child -- "$0" ${newcomer:+--try} ${debs:+--deb "$debs"} --base "$base"
    exit
fi

# A root of its own: reads fall through to the base, writes stay in memory.
make_root() {
    local top=$THROWAWAY/$1
    mkdir -p "$top"/{up,work,root}
    mount -t overlay overlay -o "lowerdir=$base,upperdir=$top/up,workdir=$top/work" "$top/root"
    mount -t proc -o ro proc "$top/root/proc"  # read-only: no setting of the kernel is touched
    mount --rbind /dev "$top/root/dev"
    mount -t tmpfs tmpfs "$top/root/run"
    mount -t tmpfs tmpfs "$top/root/tmp"
    for file in resolv.conf pip.conf ssl/certs/ca-certificates.crt; do  # this machine's way to the network and its mirrors
        [ ! -e "/etc/$file" ] || cp -L "/etc/$file" "$top/root/etc/$file"
    done
    echo "127.0.0.1 localhost $(uname -n)" >"$top/root/etc/hosts"
    mkdir -p "$top/root/root/sinyal"
    mkdir -p "$top/root/media/usb" "$top/root/root/sinyal"
    printf 'AT+CESQ\n+CESQ: 99,99,255,255,20,44\nOK\n' >"$top/root/root/sinyal/session.txt"
    [ -z "$debs" ] || cp "$debs"/*.deb "$top/root/media/usb/"
    tar --exclude=./.venv --exclude=./.git --exclude=./build --exclude='./.*_cache' -c . | tar -x -C "$top/root/root/sinyal"
    install -m 755 /dev/stdin "$top/root/usr/local/bin/systemctl" <<'STAND_IN'
#!/bin/sh
# systemctl start|stop|restart|reload|kill|is-active UNIT...: what the unit files say, without systemd.
mkdir -p /run/units
verb=$1; shift
case $1 in --signal=SIG*) signal=${1#--signal=SIG}; shift ;; --quiet | --now) shift ;; esac
key() { cat "/lib/systemd/system/$1" "/etc/systemd/system/$1" "/etc/systemd/system/$1.d/"*.conf 2>/dev/null | sed -n "s/^$2=//p"; }
up() { [ -s "/run/units/$1" ] && kill -0 "$(cat "/run/units/$1")" 2>/dev/null; }
for unit in "$@"; do
    unit=${unit%.service}.service
    case $unit in sinyal-*.timer.service) continue ;; sinyal-* | mosquitto.* | influxdb.* | nginx.*) ;; *) continue ;; esac
    case $verb in
        is-active) up "$unit" || exit 3 ;;
        reload | kill) kill -"${signal:-HUP}" "$(cat "/run/units/$unit")" ;;
        stop | restart) if up "$unit"; then
            kill "$(cat "/run/units/$unit")"
            while up "$unit"; do sleep 0.1; done
        fi ;;
    esac
    case $verb in start | restart) ;; *) continue ;; esac
    up "$unit" && continue
    if [ "$unit" = nginx.service ]; then
        setsid nginx -g 'daemon off;' >>/var/log/nginx.service.log 2>&1 </dev/null &
        echo $! >/run/units/nginx.service
        continue
    fi
    user=$(key "$unit" User)
    mkdir -p /run/mosquitto /var/log/mosquitto; chown mosquitto: /run/mosquitto /var/log/mosquitto 2>/dev/null
    for setting in $(key "$unit" Environment); do export "${setting?}"; done
    rights=$(key "$unit" CapabilityBoundingSet | tr A-Z a-z | sed 's/ *cap_/,+/g; s/^/--bounding-set=-all/')
    eval "exec setsid setpriv --reuid ${user:-root} --regid ${user:-root} --init-groups $rights $(key "$unit" ExecStart)" \
        >>"/var/log/$unit.log" 2>&1 </dev/null &
    echo $! >"/run/units/$unit"
    [ "$(key "$unit" Type)" != oneshot ] || wait $! || exit 1
done
STAND_IN
}

# Say and do one command below a root; fails as the command does.
on() {
    local where=$1 began=$EPOCHREALTIME code=0
    shift
    printf '\n%s# %s\n' "$where" "$*"
    chroot "$THROWAWAY/$where/root" bash -c "umask ${mask[$where]} && cd /root/sinyal && export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin && $*" \
        2>&1 </dev/null | sed 's/^/    /' || code=$?
    took "$began"
    return $code
}

# Print the lines of the code blocks of the README below a heading, with the name of this server and the port of this modem.
block() {
    python3 - "$1" <<'LINES'
import re, sys
text = open("README.md", encoding="utf-8").read()
part = re.split(r"^#+ ", text.split(f"\n{sys.argv[1]}\n", 1)[1], maxsplit=1, flags=re.M)[0]
for code in re.findall(r"^```sh\n(.*?)^```", part, re.M | re.S):
    for line in filter(str.strip, code.splitlines()):
        print(line.replace("sinyal.example.go.id", "localhost").replace("enroll 6408012001", "enroll 6408012001 --modem telkomsel=/tmp/modem"))
LINES
}

# Print the calls of our programs in the tables of the README that name no placeholder and no file that is not there.
calls() {
    python3 - <<'CALLS'
import re
text = open("README.md", encoding="utf-8").read()
tables = "\n".join(line for line in text.split("\n## Operate\n")[1].split("\n## What it stands on")[0].splitlines() if line.startswith("|"))
for call in dict.fromkeys(re.findall(r"`((?:sudo )?sinyal-(?:agent|collector|dashboards) [^`]+)`", tables)):
    if not re.search(r"[A-Z]{4}|\.whl|revoke|restore|archive|recompute", call):  # the last two want an extra that Install does not bring
        print(call)
CALLS
}

# Do one call of the tables: it may say that something is wrong (1) or that there is nothing (3), but not that it is no command.
try_call() {
    local where=server code=0
    case $1 in *sinyal-agent*) where=hall ;; esac
    case $1 in *" aim"*) on hall systemctl stop sinyal-agent ;; esac    # as its row of the table says
    on "$where" "timeout --kill-after=10 20 $1" >"$THROWAWAY/out" || code=$?
    cat "$THROWAWAY/out"
    case $1 in *" aim"*) on hall systemctl start sinyal-agent ;; esac
    case $code in 0 | 1 | 3 | 124 | 130 | 137) ;; *) echo "throwaway: exit $code" >&2; exit 1 ;; esac
    ! grep -q Traceback "$THROWAWAY/out"
}

# Repeat a command below a root until it succeeds; three minutes at most.
until_on() {
    local where=$1 began=$EPOCHREALTIME
    shift
    printf '\n%s# until %s; do sleep 1; done\n' "$where" "$*"
    for _ in $(seq 180); do
        if chroot "$THROWAWAY/$where/root" bash -c "$*" >/dev/null 2>&1; then
            took "$began"
            return
        fi
        sleep 1
    done
    echo "throwaway: did not come" >&2
    exit 1
}

took() {
    awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "    -- %.1f s\n", to - from }'
}

logs() {
    tail -n 8 "$THROWAWAY"/*/root/var/log/{{sinyal,mosquitto,influxdb,nginx}*.service,nginx/error}.log >&2 2>/dev/null || true
}

mount -t tmpfs tmpfs "$THROWAWAY"
trap 'code=$?; [ $code = 0 ] || logs; exit $code' EXIT
declare -A mask=([server]=077 [hall]=022 [laptop]=022)
make_root server
make_root hall
export="sinyal-collector export --start 2020-01-01 --end 2100-01-01 --site $SITE"    # a line of names, and a line a reading
started=$SECONDS

if [ -n "$newcomer" ]; then
    echo "== Try it"
    make_root laptop
    on laptop make demo    # without a terminal it ends by itself, with 0 when all that was measured is stored
    on laptop '{ setsid make look >/tmp/look 2>&1 & } && job=$!
        until grep -q "ready in" /tmp/look; do kill -0 $job || { cat /tmp/look; exit 1; }; sleep 1; done
        curl -sSf "$(sed -n "s/^live page *//p" /tmp/look)" | grep -o "<title>.*</title>" || bad=1; kill -- -$job; wait $job; cat /tmp/look; exit ${bad:-0}'
    with='export PATH="$PWD/.venv/bin:$PATH" &&'    # the third line of its block
    while read -r call; do on laptop "$with $call"; done < <(sed -n '/^## Try it/,/^## Install/p' README.md | grep -o '`sinyal-demo [^`]*`' | tr -d '`')
    for call in 'sinyal-collector fleet' "$export" "sinyal-dashboards needs --no-pdf --out /tmp/map --from $(date -d -20days +%F) --to $(date +%F)"; do
        on laptop "$with $call --sqlite month.db >/tmp/out && wc -l /tmp/out && head -3 /tmp/out"
    done
    on laptop "$with python - <<'LINES' && ls /tmp/map
$(sed -n '/^```python$/,/^```$/{/^```/!p}' README.md)
LINES"
fi

echo; echo "== The server"
if [ -n "$debs" ]; then
    on server 'apt-get update -qq; apt-get install --yes --quiet /media/usb/sinyal-server_*.deb | tail -3'
    while read -r line; do on server "${line/\/opt\/sinyal\/bin\//}"; done < <(block "### The server" | grep -v 'venv\|pip install')
else
    while read -r line; do on server "$line"; done < <(block "### The server")
fi
on server "curl --silent --show-error --fail --cacert /etc/sinyal/pki/ca.crt https://localhost/ | grep -o '<title>.*</title>'"

echo; echo "== A hall"
chroot "$THROWAWAY/hall/root" python3 -m venv /tmp/modem-venv    # what is simulated is not part of the hall
chroot "$THROWAWAY/hall/root" /tmp/modem-venv/bin/pip install --quiet -c /root/sinyal/requirements/sinyal.lock '/root/sinyal[agent]'
chroot "$THROWAWAY/hall/root" /tmp/modem-venv/bin/python -c \
    'import sys; from demo.modem_command import *; p = argparse.ArgumentParser(); add_arguments(p); sys.exit(modem_main(p.parse_args()))' \
    --family quectel --link /tmp/modem >"$THROWAWAY/modem.log" 2>&1 &
until [ -e "$THROWAWAY/hall/root/tmp/modem" ]; do sleep 0.1; done
chmod 666 "$(readlink "$THROWAWAY/hall/root/tmp/modem")"
plugged=$SECONDS
while read -r line; do
    case $line in
        *enroll*)
            on server "$line"
            cp "$THROWAWAY/server/root/root/sinyal/senyiur.sinyal" "$THROWAWAY/hall/root/root/sinyal/"
            ;;
        *) on hall "$line" ;;
    esac
done < <(block "### A hall")
on server "sinyal-collector settings $SITE sampling.frame_interval_s=10 || true"    # its file says every five minutes
until_on server "[ \$($export | wc -l) -gt 1 ]"
echo "    first reading stored $((SECONDS - plugged)) s after the hall was begun"

lifecycle() {
    local old=/media/usb/sinyal-agent_*.deb new=/tmp/new.deb
    on hall 'apt-get update -qq; apt-get install --yes --quiet /media/usb/sinyal-agent*.deb | tail -3'
    on hall 'ls -l /usr/local/bin /etc/systemd/system/sinyal-agent.service 2>&1 | grep sinyal-agent; command -v sinyal-agent; man -w sinyal-agent || true'
    on hall 'sinyal-agent install senyiur.sinyal && sinyal-agent status'
    on hall "dpkg-deb -R $old /tmp/new && sed -i 's/^Version: .*/Version: 9.9/' /tmp/new/DEBIAN/control &&
        mv /tmp/new/usr/share/sinyal-agent/sinyal-{[0-9]*,9.9}.dist-info && sed -i 's/^Version: .*/Version: 9.9/' /tmp/new/usr/share/sinyal-agent/sinyal-9.9.dist-info/METADATA &&
        dpkg-deb -b /tmp/new $new >/dev/null && apt-get install --yes --quiet $new | tail -2"
    for move in "apt-get install --yes --quiet --reinstall $new" "apt-get install --yes --quiet --allow-downgrades $old"; do
        on hall "$move | tail -1; systemctl restart sinyal-agent"
        until_on hall "sinyal-agent doctor --json --lang en >/tmp/doctor; ! grep -q '\"fault\"' /tmp/doctor"
        on hall "dpkg-query -W sinyal-agent; sinyal-agent doctor --lang en || true"
    done
    on hall 'systemctl stop sinyal-agent; apt-get purge --yes --quiet sinyal-agent sinyal-agent-libs | tail -4; ls /etc/sinyal /usr/share/sinyal-agent 2>&1; ls /var/lib/sinyal'
    on hall "apt-get install --yes --quiet /media/usb/sinyal-agent*.deb | tail -1; sinyal-agent install senyiur.sinyal && sinyal-agent status"
}
if [ -n "$debs" ]; then
    echo; echo "== The agent's package over the venv; upgrade, downgrade, purge, anew"
    lifecycle
fi

echo; echo "== Operate, recover: the tables"
while read -r call; do try_call "$call"; done < <(calls)

echo; echo "== The server is lost"
on server systemctl start sinyal-backup.service    # what the timer does every night
on server 'cat /var/log/sinyal-backup.service.log; cp $(ls -t /var/backups/sinyal/sinyal-*.tar.gz | head -1) /root/sinyal.tar.gz'    # to another house
on server 'systemctl stop sinyal-collector sinyal-watch sinyal-dashboards mosquitto influxdb;
    rm -rf /etc/sinyal /var/lib/sinyal /var/lib/mosquitto/* /var/lib/influxdb/* /var/backups/sinyal'
on server 'sinyal-collector install --host localhost'
on server sinyal-collector restore /root/sinyal.tar.gz
before=$(chroot "$THROWAWAY/server/root" bash -c "$export" 2>/dev/null | wc -l)
until_on server "[ \$($export | wc -l) -gt $before ]"
echo "    $((before - 1)) readings came back, and the hall goes on by itself"
on server "ls -l /etc/sinyal/pki /var/lib/mosquitto; sinyal-collector settings $SITE || true; sinyal-collector fleet"
on server "sinyal-collector doctor --lang en || true"
on hall "sinyal-agent doctor --lang en || true"
on server "sinyal-collector revoke $SITE"
echo; echo "all of it: $((SECONDS - started)) s"
