"""The four steps of a card as a terminal log: `python -m tests.film --roots DIR --deb FILE`. Needs root.

DIR is as for `python -m scripts.debmatrix`, FILE the agent's package. The card's FAT part is a folder, Raspberry Pi OS a clean
root of Debian 13 with Debian's own cloud-init, which reads the very file that `enroll --card` wrote; then the unit's script runs
as at the first boot. No board, no modem, no systemd: what `sinyal-agent install` misses it says, and the unit would try again.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from collector.enrol import enroll_command
from collector.enrol.card import PLACE
from scripts.debroots import clean_root, over, sh
from tests.collector.enrol.plant import make_plant, run

SITE = "6408012001"
SEED = "var/lib/cloud/seed/nocloud"
ONLY = "datasource_list: [NoCloud]\nnetwork: {config: disabled}\n"


def say(step: str, text: str) -> None:
    print(f"\n=== {step}: {text}", flush=True)


def shown(root: Path, *words: str) -> int:
    """Run a command in the root; print it, what it says, and its code."""
    print(f"$ {' '.join(words)}", flush=True)
    done = subprocess.run(
        ["chroot", root, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    lines = done.stdout.decode(errors="replace").splitlines()
    print(
        "\n".join(lines if len(lines) < 30 else [*lines[:4], f"[{len(lines) - 24} lines]", *lines[-20:]]),
        f"-> {done.returncode}",
        flush=True,
    )
    return done.returncode


def first_boot(root: Path, fat: Path) -> bool:
    """Do what the first boot of the card does; return whether the package runs and nothing but the hall's own steps is open."""
    shutil.copytree(fat, root / "boot/firmware", dirs_exist_ok=True)
    (root / SEED).mkdir(parents=True)
    shutil.copy(fat / "user-data", root / SEED)
    (root / SEED / "meta-data").write_text("instance-id: card\ndsmode: local\n")
    (root / "etc/cloud/cloud.cfg.d/99-only.cfg").write_text(ONLY)
    good = shown(root, "cloud-init", "schema", "--config-file", "/boot/firmware/user-data") == 0
    good &= shown(root, "cloud-init", "init", "--local") == 0
    good &= shown(root, "cloud-init", "single", "--name", "write_files", "--frequency", "always") == 0
    good &= shown(root, "ls", "-l", PLACE, "/etc/systemd/system/sinyal-first.service") == 0
    ended = shown(root, "sh", f"{PLACE}/first.sh") == 0
    good &= shown(root, "dpkg-query", "-W", "sinyal-agent") == 0
    wiped = SITE not in (root / "boot/firmware/user-data").read_text()
    print(f"the script came to its end: {ended}; the bundle is wiped from the card: {wiped}")
    return good and ended is wiped


def main() -> int:
    """Play it; return 1 where a step failed that needs no hall."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roots", type=Path, required=True, metavar="DIR")
    parser.add_argument("--deb", type=Path, required=True, metavar="FILE")
    args = parser.parse_args()
    base = clean_root(args.roots, "trixie", "amd64")
    with over(base) as root, tempfile.TemporaryDirectory(prefix="sinyal-film-") as name:
        fat = Path(name) / "bootfs"
        fat.mkdir()
        say("1", "Raspberry Pi OS onto the card (here: a clean root with cloud-init)")
        sh("apt-get", "update", "-q", root=root)
        sh("apt-get", "install", "-y", "-q", "--no-install-recommends", "cloud-init", root=root)
        plant = make_plant(Path(name) / "server")
        say("2", f"$ sinyal-collector enroll {SITE} --card {fat} --deb {args.deb.name}")
        if code := run(enroll_command, SITE, "--card", fat, "--deb", args.deb, "--config", plant.config):
            return code
        print(*(f"{path.name} {path.stat().st_size:,} bytes" for path in sorted(fat.iterdir())), sep="\n")
        say("3", "card into the board")
        say("4", "power on")
        return 0 if first_boot(root, fat) else 1


if __name__ == "__main__":
    sys.exit(main())
