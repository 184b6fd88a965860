"""A card with a read-only root, started in an emulated PC: `python -m tests.image --debs DIR --home DIR`. Needs root, qemu.

DIR is build/deb/bookworm-amd64 of `python -m scripts.deb`. The image of scripts/image.py for amd64 gets the bundle of a hall on
its FAT part (neither its modem nor its server is there) and starts; once samples are in the spool the plug is pulled (the
emulator is killed). Then partitions 1 and 2 are overwritten with those of an older root, as a rollback does, and it starts
again. Everything is asked inside and read from the serial console. It is no Raspberry Pi: another processor, no firmware.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from collector.enrol.bundle import agent_toml, make_bundle
from collector.enrol.ca import Authority
from scripts import image

SITE = "6408012001"
LONGEST_S = 570
ASK = """\
systemctl start --no-block multi-user.target
export PYTHONPATH=/usr/share/sinyal-agent:/usr/lib/sinyal-agent
rows() { setpriv --reuid=sinyal --regid=sinyal --init-groups python3 -P - 2>/dev/null <<'LOOK'
from pathlib import Path
from agent.spool.installation import Installations
from agent.spool.look import connect_to_look
db = connect_to_look(Path("/var/lib/sinyal/spool.db"))
first, last, rows = db.execute("SELECT min(seq), max(seq), count(*) FROM spool").fetchone()
if rows > MORE:
    print(Installations(db).now, first, last, rows)
LOOK
}
say() { echo "SHOWN $1: $2" >/dev/ttyS0; }  # opened anew each time: the login prompt hangs up who had it open
until [ -n "$(rows)" ]; do sleep 3; done
say name "$(cat /usr/lib/sinyal-image/name)"
say root "$(findmnt -no SOURCE,FSTYPE,OPTIONS /)"
say write "$(touch /usr/written 2>&1)"
say spool "$(findmnt -no SOURCE,OPTIONS -T /var/lib/sinyal/spool.db)"
say agent "$(systemctl is-active sinyal-agent)"
say failed "$(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1 | tr '\\n' ' ')"
say machine "$(cat /etc/machine-id)"
say rows "$(rows)"
echo SHOWN end >/dev/ttyS0
"""


def bundle(folder: Path) -> Path:
    """Make a hall's bundle under an authority of its own."""
    authority, path = Authority.create(folder), folder / f"{SITE}.sinyal"
    toml = agent_toml(SITE, "Senyiur", "Muara Ancalong", "broker.invalid", 8883, {"telkomsel": "/dev/ttyUSB2"})
    ca_pem, pair = (folder / "ca.crt").read_bytes(), authority.client(SITE)
    path.write_bytes(make_bundle(site=SITE, version="0.1.0", toml=toml, readme="", ca_pem=ca_pem, pair=pair, extras={}))
    return path


def start(home: Path, more: int) -> dict[str, str]:
    """Start the image, ask, and pull the plug; return what it said. `more`: how many rows of the spool it must have more than."""
    card, log, fat = home / "sinyal.img", home / "console.log", f"{home}/sinyal.img@@{image.START_MIB}M"
    (home / "ask.sh").write_text(ASK.replace("MORE", str(more)))
    image.sh("mcopy", "-o", "-i", fat, home / "ask.sh", "::")
    image.sh("mcopy", "-n", "-i", fat, "::vmlinuz", "::initrd.img", "::cmdline.txt", home)
    words = (home / "cmdline.txt").read_text().strip()
    words += ' quiet systemd.run="/bin/sh /boot/firmware/ask.sh" systemd.run_success_action=none'
    argv = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "512", "-nographic", "-no-reboot", "-nic", "none"]
    argv += ["-kernel", f"{home}/vmlinuz", "-initrd", f"{home}/initrd.img", "-append", words]
    argv += ["-drive", f"file={card},format=raw,if=virtio"]
    began = time.monotonic()
    machine = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with log.open("wb") as console, machine:
        late = threading.Timer(LONGEST_S, machine.kill)
        late.start()
        for line in machine.stdout or ():
            console.write(line)
            if b"SHOWN end" in line:
                break
        late.cancel()
        machine.kill()  # the plug
    lines = re.findall(r"SHOWN ([^\r\n]+)", log.read_text(errors="replace"))
    print(f"-- started, asked, plug pulled: {time.monotonic() - began:.0f} s", *lines, sep="\n", flush=True)
    if "end" not in lines:
        raise SystemExit(f"image: it did not come to its end; see {log}")
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def main() -> int:
    """Show it; return 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--debs", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="6 GB; the root in it is made once")
    args = parser.parse_args()
    home, debs, older = args.home, sorted(args.debs.glob("sinyal-agent*.deb")), args.home / "older"
    wrong = image.make(home, "amd64", debs, "older")
    older.mkdir(exist_ok=True)
    for part in ("boot.vfat", "root.ext4"):
        (home / part).replace(older / part)
    wrong += image.make(home, "amd64", debs, "newer")
    print("read back:", wrong or "as config/image/places.toml says", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        image.sh("mcopy", "-i", f"{home}/sinyal.img@@{image.START_MIB}M", bundle(Path(folder)), "::")
    before = start(home, more=3)
    inst, first, last, rows = before["rows"].split()
    image.put(home / "sinyal.img", 1, older / "boot.vfat")
    image.put(home / "sinyal.img", 2, older / "root.ext4")
    after = start(home, more=int(rows))
    inst2, first2, last2, rows2 = after["rows"].split()
    both = (before, after)
    must = {
        "the older root runs": (before["name"], after["name"]) == ("newer", "older"),
        "nobody writes to the root": all(" ro," in said["root"] and "Read-only" in said["write"] for said in both),
        "the spool is on the third partition": all(said["spool"].startswith("/dev/vda3") for said in both),
        "the agent runs": all(said["agent"] == "active" for said in both),
        "the same installation goes on": inst == inst2 and before["machine"] == after["machine"],
        "every row is still there": first == first2 and int(rows2) - int(rows) == int(last2) - int(last) > 0,
    }
    for what, holds in must.items():
        print("yes" if holds else "NO ", what)
    return 0 if all(must.values()) and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
