#!/bin/bash
# README "Install" and "Recover" from the first command to the last, in two throwaway systems over this one: a server and a hall.
# Prints every command and its time, then removes both. Needs root, Debian 12 or newer, network.
#
#   sudo scripts/throwaway.sh              # over the running system; nothing of it is changed
#   sudo scripts/throwaway.sh --base DIR   # over a clean one, of `debootstrap --include=ca-certificates,curl,python3-venv,systemd bookworm DIR`
#
# What is not real: the modem (simulated), systemd (a stand-in starts what the unit files say, as their user and with their
# capabilities, without their other locks) and the network (both use this machine's, so the ports of a server must be free).
# exit: 0 the hall's readings came back and go on; 1 or the code of the command that failed; 2 cannot be run here
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
SITE=6408012001
base=/
[ "${1:-}" != --base ] || base=$(realpath "$2")

if [ -z "${THROWAWAY:-}" ]; then
    [ "$(id -u)" = 0 ] || { echo "throwaway: needs root; put sudo before it" >&2; exit 2; }
    [ ! -e "$base/etc/sinyal" ] || { echo "throwaway: $base/etc/sinyal exists; run this where Sinyal is not installed" >&2; exit 2; }
    for port in 8883 8884 8080 8086 8088 9464; do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "throwaway: port $port is in use" >&2; exit 2; }
    done
    THROWAWAY=$(mktemp -d)
    export THROWAWAY
    trap 'rmdir "$THROWAWAY"' EXIT
    # Mounts and processes of a namespace end with it: also after Ctrl-C nothing is left.
    unshare --mount --pid --fork --kill-child -- "$0" "$@"
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
    cp -L /etc/resolv.conf "$top/root/etc/resolv.conf" 2>/dev/null || true
    echo "127.0.0.1 localhost" >"$top/root/etc/hosts"
    mkdir -p "$top/root/root/sinyal"
    tar --exclude=./.venv --exclude=./.git --exclude=./build --exclude='./.*_cache' -c . | tar -x -C "$top/root/root/sinyal"
    install -m 755 /dev/stdin "$top/root/usr/local/bin/systemctl" <<'STAND_IN'
#!/bin/sh
# systemctl start|stop|restart|reload|kill UNIT...: what the unit files say, without systemd.
mkdir -p /run/units
verb=$1; shift
case $1 in --signal=SIG*) signal=${1#--signal=SIG}; shift ;; esac
key() { cat "/lib/systemd/system/$1" "/etc/systemd/system/$1" "/etc/systemd/system/$1.d/"*.conf 2>/dev/null | sed -n "s/^$2=//p"; }
up() { [ -s "/run/units/$1" ] && kill -0 "$(cat "/run/units/$1")" 2>/dev/null; }
for unit in "$@"; do
    unit=${unit%.service}.service
    case $unit in sinyal-*.timer.service) continue ;; sinyal-* | mosquitto.* | influxdb.*) ;; *) continue ;; esac
    case $verb in
        reload | kill) kill -"${signal:-HUP}" "$(cat "/run/units/$unit")" ;;
        stop | restart) if up "$unit"; then
            kill "$(cat "/run/units/$unit")"
            while up "$unit"; do sleep 0.1; done
        fi ;;
    esac
    case $verb in start | restart) ;; *) continue ;; esac
    up "$unit" && continue
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
    local where=$1 began=$EPOCHREALTIME
    shift
    printf '\n%s# %s\n' "$where" "$*"
    chroot "$THROWAWAY/$where/root" bash -c "cd /root/sinyal && PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin && $*" 2>&1 | sed 's/^/    /'
    took "$began"
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
    tail -n 5 "$THROWAWAY"/*/root/var/log/{sinyal,mosquitto,influxdb}*.service.log >&2
    echo "throwaway: did not come" >&2
    exit 1
}

took() {
    awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "    -- %.1f s\n", to - from }'
}

mount -t tmpfs tmpfs "$THROWAWAY"
make_root server
make_root hall
c=/opt/sinyal/bin/sinyal-collector
export="$c export --start 2020-01-01 --end 2100-01-01 --site $SITE"    # a line of names, and a line a reading
started=$SECONDS

echo "== The server"
on server python3 -m venv /opt/sinyal
on server "/opt/sinyal/bin/pip install --quiet --root-user-action ignore -c requirements/sinyal.lock '.[collector,dashboards]'"
on server $c install --host localhost
until_on server "curl -s http://127.0.0.1:9464/healthz | grep -q '\"broker\": true'"
on server $c enroll $SITE --modem telkomsel=/tmp/modem --out /root/senyiur.sinyal

echo; echo "== The hall"
cp "$THROWAWAY/server/root/root/senyiur.sinyal" "$THROWAWAY/hall/root/root/"
on hall python3 -m venv /opt/sinyal/0.1.0
on hall "/opt/sinyal/0.1.0/bin/pip install --quiet --root-user-action ignore -c requirements/sinyal.lock '.[agent]'"
chroot "$THROWAWAY/hall/root" /opt/sinyal/0.1.0/bin/python -c \
    'import sys; from demo.modem import *; p = argparse.ArgumentParser(); add_arguments(p); sys.exit(modem_main(p.parse_args()))' \
    --family quectel --link /tmp/modem >"$THROWAWAY/modem.log" 2>&1 &
until [ -e "$THROWAWAY/hall/root/tmp/modem" ]; do sleep 0.1; done
chmod 666 "$(readlink "$THROWAWAY/hall/root/tmp/modem")"
plugged=$SECONDS
on hall /opt/sinyal/0.1.0/bin/sinyal-agent install /root/senyiur.sinyal
on server "$c settings $SITE sampling.frame_interval_s=10 || true"    # its file says every five minutes
until_on server "[ \$($export | wc -l) -gt 1 ]"
echo "    first reading stored $((SECONDS - plugged)) s after the install in the hall began"
on hall 'sinyal-agent status --lang en || true'

echo; echo "== The server is lost"
on server systemctl start sinyal-backup.service    # what the timer does every night
on server 'cat /var/log/sinyal-backup.service.log; cp /var/backups/sinyal/sinyal-*.tar.gz /root/sinyal.tar.gz'    # to another house
on server 'systemctl stop sinyal-collector sinyal-watch sinyal-dashboards mosquitto influxdb;
    rm -rf /etc/sinyal /var/lib/sinyal /var/lib/mosquitto/* /var/lib/influxdb/* /var/backups/sinyal'
on server $c install --host localhost
on server $c restore /root/sinyal.tar.gz
before=$(chroot "$THROWAWAY/server/root" bash -c "$export" 2>/dev/null | wc -l)
until_on server "[ \$($export | wc -l) -gt $before ]"
echo "    $((before - 1)) readings came back, and the hall goes on by itself"
on server "ls -l /etc/sinyal/pki /var/lib/mosquitto; $c settings $SITE || true; $c fleet"
echo; echo "all of it: $((SECONDS - started)) s"
