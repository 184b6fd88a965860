"""Make the image of a card: FAT, a read-only root with the agent's package, a partition for all that a hall keeps. Needs root.

usage: python -m scripts.image --debs DIR --out DIR [--arch arm64|amd64] [--name NAME]
  --debs: what `python -m scripts.deb` left in build/deb for that machine; a foreign machine needs qemu-user-static.
  --out keeps tree/ (Debian 12 by mmdebstrap, some minutes; made once), boot.vfat and root.ext4 (what another root puts onto
  partitions 1 and 2), data.ext4 (partition 3, of a fresh card alone), sinyal.img of the three, and manifest.json.

What is written where is config/image/places.toml. sudo apt-get install mmdebstrap mtools dosfstools fdisk
exit: 0 made, and read back as the table says; 1 it is not, or cannot be made here
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from scripts.platforms import ROOT

RECIPE = ROOT / "config/image"
PLACES = tomllib.loads((RECIPE / "places.toml").read_text(encoding="utf-8"))
DATA: dict[str, str] = PLACES["data"]
MEMORY: dict[str, int] = PLACES["memory"]
MACHINE_ID = "/etc/machine-id"
"""A file, and mounted by systemd itself before it reads fstab: sinyal-card.service binds it."""
START_MIB, BOOT_MIB, ROOT_MIB, DATA_MIB = 4, 256, 1536, 1024
"""Where the first partition begins, and sizes; a spool is bounded at 500 MB, a version that an update brings is below 2 MB."""
SIGNATURE = "73696e79"
"""Of the partition table, the same in all images: every root fits every card."""
USER_ID = 900
"""Of the user sinyal, the same in all roots: what one wrote, another may read."""
KERNELS = {"amd64": ("linux-image-cloud-amd64",), "arm64": ("linux-image-arm64", "raspi-firmware", "firmware-brcm80211")}
CONSOLES = {"amd64": "console=ttyS0", "arm64": "console=serial0,115200 console=tty1"}
PACKAGES = ("systemd-sysv", "systemd-timesyncd", "udev", "dbus", "initramfs-tools", "iproute2", "kmod")
OFF = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service")
"""What would write to the root."""
NETWORK = "[Match]\nName=en* eth* usb* ww*\n\n[Network]\nDHCP=yes\n"
NAME = "usr/lib/sinyal-image/name"
"""Which root this is."""


class ImageError(Exception):
    """A program refused; the text is the end of what it printed."""


def sh(*argv: str | Path, text: str | None = None) -> str:
    """Run a program and return what it printed. Raises ImageError."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, input=text)
    except FileNotFoundError:
        raise ImageError(f"{words[0]} is not here: sudo apt-get install mmdebstrap mtools dosfstools fdisk") from None
    if done.returncode != 0:
        raise ImageError(f"{' '.join(words[:4])}: {(done.stderr.strip() or done.stdout.strip())[-600:]}")
    return done.stdout


def fstab() -> str:
    """Return the fstab of the table: the root only read, a bind for each folder of the data partition, the rest in memory."""
    lines = [
        f"PARTUUID={SIGNATURE}-01 /boot/firmware vfat ro,umask=0077 0 0",
        f"PARTUUID={SIGNATURE}-02 / ext4 ro,noatime 0 0",
        f"PARTUUID={SIGNATURE}-03 /data ext4 noatime,nodev,nosuid,data=ordered,commit=5 0 2",
        *(f"/data{place} {place} none bind 0 0" for place in DATA if place != MACHINE_ID),
    ]
    for place, mib in MEMORY.items():
        lines.append(f"tmpfs {place} tmpfs nosuid,nodev,mode={'1777' if place.endswith('tmp') else '755'},size={mib}M 0 0")
    return "\n".join(lines) + "\n"


def make_tree(tree: Path, arch: str, debs: list[Path]) -> None:
    """Install Debian and the agent's packages into a folder, unless they are there."""
    if (tree / "usr/bin/sinyal-agent").exists():
        return
    shutil.rmtree(tree, ignore_errors=True)
    apt, packages = Path("/etc/apt"), " ".join(str(path.resolve()) for path in debs)
    sources = (apt / "sources.list.d/debian.sources", apt / "sources.list")
    hooks = (
        f'chroot "$1" useradd --system --uid {USER_ID} --home-dir /var/lib/sinyal --shell /usr/sbin/nologin sinyal',
        'mkdir "$1/tmp/debs"',
        f"copy-in {packages} /tmp/debs",
        'chroot "$1" sh -c "apt-get install -y --no-install-recommends systemd-resolved /tmp/debs/*.deb && rm -r /tmp/debs"',
    )
    sh(
        *("mmdebstrap", "--mode=root", "--variant=minbase", f"--architectures={arch}"),
        *(f"--aptopt={path}" for path in apt.glob("apt.conf.d/99*")),  # this machine's way to Debian's packages
        f"--include={','.join(PACKAGES + KERNELS[arch])}",
        *(f"--customize-hook={hook}" for hook in hooks),
        "bookworm",
        tree,
        *[path for path in sources if path.exists()][:1],
    )


def settle_tree(tree: Path, name: str) -> None:
    """Write what a read-only root needs: fstab, units, folders to mount on. May be done again."""
    texts = {f"usr/lib/systemd/system/{path.name}": path.read_text(encoding="utf-8") for path in RECIPE.glob("*.service")}
    texts |= {f"usr/lib/sinyal-image/{path.name}": path.read_text(encoding="utf-8") for path in RECIPE.glob("*.sh")}
    texts |= {
        "etc/fstab": fstab(),
        "etc/hostname": "sinyal\n",
        "etc/systemd/network/20-sinyal.network": NETWORK,
        NAME: f"{name}\n",
    }
    texts |= {"etc/machine-id": ""}  # systemd keeps one in memory then, until sinyal-card.service
    for path, text in texts.items():
        _write(tree / path, text)
    for place in ("/data", "/boot/firmware", *MEMORY):
        (tree / place.lstrip("/")).mkdir(parents=True, exist_ok=True)
    (tree / "etc/resolv.conf").unlink(missing_ok=True)
    (tree / "etc/resolv.conf").symlink_to("/run/systemd/resolve/stub-resolv.conf")
    ours = [path.name for path in RECIPE.glob("*.service")]
    sh("systemctl", f"--root={tree}", "--quiet", "enable", "systemd-networkd.service", "systemd-resolved.service", *ours)
    sh("systemctl", f"--root={tree}", "--quiet", "mask", "systemd-networkd-wait-online.service", *OFF)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def make_boot(tree: Path, out: Path, arch: str) -> Path:
    """Make the FAT part: what raspi-firmware laid out, else kernel and initrd alone; and how the kernel starts."""
    image, files = out / "boot.vfat", sorted((tree / "boot/firmware").iterdir())
    image.unlink(missing_ok=True)
    sh("mkfs.vfat", "-C", "-F", "32", "-n", "BOOTFS", image, str(BOOT_MIB * 1024))
    if files:
        sh("mcopy", "-s", "-i", image, *files, "::")
    for short in ("vmlinuz", "initrd.img") if not files else ():
        sh("mcopy", "-i", image, max((tree / "boot").glob(f"{short}-*")), f"::{short}")
    _write(out / "cmdline.txt", f"{CONSOLES[arch]} root=PARTUUID={SIGNATURE}-02 ro rootwait panic=10\n")
    sh("mcopy", "-o", "-i", image, out / "cmdline.txt", "::")
    return image


def make_ext4(image: Path, tree: Path, mib: int, *options: str) -> Path:
    """Make a file system of a folder, without mounting it."""
    image.unlink(missing_ok=True)
    sh("mke2fs", "-q", "-t", "ext4", "-L", f"sinyal-{image.stem}", *options, "-d", tree, image, f"{mib}M")
    return image


def make_data(tree: Path, out: Path) -> Path:
    """Make the data partition of a fresh card: the folders of the table as the packages left them."""
    source = out / "data"
    shutil.rmtree(source, ignore_errors=True)
    for place in DATA:
        (source / place.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        sh("cp", "-a", tree / place.lstrip("/"), source / place.lstrip("/"))
    return make_ext4(out / "data.ext4", source, DATA_MIB)


def put(image: Path, number: int, part: Path, more: str = "") -> None:
    """Write a file system onto a partition (1: FAT, 2: root, 3: data) of an image; the others are not touched."""
    start = START_MIB + sum((BOOT_MIB, ROOT_MIB)[: number - 1])
    sh("dd", f"if={part}", f"of={image}", "bs=1M", f"seek={start}", f"conv=notrunc{more}", "status=none")


def make_image(image: Path, parts: list[Path]) -> None:
    """Make the image of its three partitions."""
    image.unlink(missing_ok=True)
    with image.open("wb") as file:
        file.truncate((START_MIB + BOOT_MIB + ROOT_MIB + DATA_MIB) * 2**20)
    rows = f"label: dos\nlabel-id: 0x{SIGNATURE}\nstart={START_MIB}MiB, size={BOOT_MIB}MiB, type=c, bootable\n"
    sh("sfdisk", "--quiet", image, text=f"{rows}size={ROOT_MIB}MiB, type=83\nsize={DATA_MIB}MiB, type=83\n")
    for number, part in enumerate(parts, 1):
        put(image, number, part, ",sparse")


def wrong(out: Path) -> list[str]:
    """Read the file systems back; return what is not as the table says."""
    root, data = out / "root.ext4", out / "data.ext4"
    found = [] if _look(root, "cat /etc/fstab") == fstab() else ["root: /etc/fstab is not the table's"]
    if "has_journal" in _look(root, "stats"):
        found.append("root: has a journal, which mounting would write")
    found += [
        f"root: {place} is not there to mount on" for place in (*DATA, *MEMORY, "/data") if not _look(root, f"stat {place}")
    ]
    found += [f"data: {place} is missing" for place in DATA if not _look(data, f"stat {place}")]
    if f"User: {USER_ID:5d}" not in _look(data, "stat /var/lib/sinyal"):
        found.append(f"data: /var/lib/sinyal is not the user's, {USER_ID}")
    return found


def _look(image: Path, command: str) -> str:
    return sh("debugfs", "-R", command, image)


def make(out: Path, arch: str, debs: list[Path], name: str) -> list[str]:
    """Make tree, partitions, image and manifest; return what is wrong with them. Raises ImageError."""
    out.mkdir(parents=True, exist_ok=True)
    tree = out / "tree"
    make_tree(tree, arch, debs)
    settle_tree(tree, name)
    parts = [make_boot(tree, out, arch), make_ext4(out / "root.ext4", tree, ROOT_MIB, "-O", "^has_journal")]
    make_image(out / "sinyal.img", [*parts, make_data(tree, out)])
    digests = {part.name: hashlib.sha256(part.read_bytes()).hexdigest() for part in parts}
    packages = sh("dpkg-query", f"--admindir={tree}/var/lib/dpkg", "-W", "-f", "${Package}=${Version}\n").splitlines()
    about = {"name": name, "arch": arch, "sha256": digests, "places": PLACES, "packages": packages}
    _write(out / "manifest.json", json.dumps(about, indent=1) + "\n")
    return wrong(out)


def main() -> int:
    """Make an image, say what it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--debs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--arch", choices=KERNELS, default="arm64")
    parser.add_argument("--name", default="1", help="of this root, for people; default: %(default)s")
    args = parser.parse_args()
    try:
        found = make(args.out, args.arch, sorted(args.debs.glob("sinyal-agent*.deb")), args.name)
    except (ImageError, OSError) as error:
        found = [str(error)]
    for line in found:
        print(f"image: {line}", file=sys.stderr)
    if not found:
        print(f"{args.out}/sinyal.img: root {args.name}, read back as config/image/places.toml says")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
