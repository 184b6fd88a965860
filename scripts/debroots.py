"""Clean roots of Debian, kept in a folder: each as a machine of a release has it. Needs root, mmdebstrap, qemu-user-static.

A foreign one is Debian's packages unpacked: under qemu their scripts take hours on a loaded machine, so none is run. What two of
them would have left is made here: dpkg's own notes, and Python's modules compiled, which the root of this machine's kind does.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

QEMU = {"arm64": "aarch64", "armhf": "arm"}
BINFMT = Path("/proc/sys/fs/binfmt_misc")
CURE = f"apt-get install qemu-user-static; mount -t binfmt_misc none {BINFMT}; /usr/lib/systemd/systemd-binfmt"
LIBRARIES = {"trixie": ("python3-pydantic", "python3-paho-mqtt", "python3-orjson", "python3-urllib3")}
"""What Debian 13 has new enough; Debian 12 takes sinyal-agent-libs."""
COMMON = ("ca-certificates", "systemd", "python3", "python3-cryptography", "python3-serial", "python3-packaging")
MARK = "sinyal-root-is-whole"
MERGED = 'cd "$1" && mkdir -p usr/bin usr/sbin usr/lib && ln -s usr/bin usr/sbin usr/lib .'
"""How every Debian that a hall has lays its folders; $1: the root."""
NOTED = r"""
set -e
cd "$1"
for deb in var/cache/apt/archives/*.deb; do
    name=$(dpkg-deb -f "$deb" Package)
    if [ "$(dpkg-deb -f "$deb" Multi-Arch)" = same ]; then name=$name:$(dpkg-deb -f "$deb" Architecture); fi
    { dpkg-deb -f "$deb" | sed '/^Package:/a Status: install ok installed'; echo; } >>var/lib/dpkg/status
    dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's,^[.],,; s,/$,,; s,^$,/.,' >"var/lib/dpkg/info/$name.list"
done
cp usr/share/base-passwd/passwd.master etc/passwd
cp usr/share/base-passwd/group.master etc/group
mkdir -p usr/local/bin
rm var/cache/apt/archives/*.deb
"""
"""Tells dpkg of what was unpacked by this machine; $1: the root."""


class MatrixError(Exception):
    """An action did not do what it must; the text is the end of what it printed."""


def sh(*argv: str | Path, root: Path | None = None) -> str:
    """Run a command, in a root if one is given; return what it printed. Raises MatrixError."""
    words = [str(word) for word in (("chroot", root, *argv) if root is not None else argv)]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment, timeout=1800)
    except subprocess.TimeoutExpired as error:
        raise MatrixError(f"{' '.join(words[:6])}: not done in {error.timeout:.0f} s") from error
    if done.returncode != 0:
        raise MatrixError(f"{' '.join(words[:6])}: {(done.stderr.strip() or done.stdout.strip())[-400:]}")
    return done.stdout


@contextmanager
def over(base: Path) -> Iterator[Path]:
    """Yield a root whose writes go when it is left."""
    with tempfile.TemporaryDirectory(prefix="sinyal-deb-") as name:
        top = Path(name)
        for part in ("up", "work", "root"):
            (top / part).mkdir()
        sh("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={base},upperdir={top}/up,workdir={top}/work", top / "root")
        try:
            sh("mount", "-t", "proc", "proc", top / "root/proc")
            yield top / "root"
        finally:
            for place in (top / "root/proc", top / "root"):
                subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


def clean_root(roots: Path, release: str, arch: str) -> Path:
    """Return the clean root of a release and machine, made unless it is there. Raises MatrixError."""
    folder = roots / f"{release}-{arch}"
    if arch in QEMU and not (BINFMT / f"qemu-{QEMU[arch]}").exists():
        raise MatrixError(f"{BINFMT}/qemu-{QEMU[arch]}: is missing, so nothing of {arch} runs here; {CURE}")
    if (folder / MARK).exists():
        return folder
    for place in ("proc", "sys", "dev"):  # a former try that was cut may have left the kernel's own in it
        subprocess.run(["umount", "-l", str(folder / place)], check=False, capture_output=True)
    sh("rm", "-rf", "--one-file-system", folder)
    ways = [f"--aptopt={path}" for path in Path("/etc/apt/apt.conf.d").glob("99*")]  # this machine's way to Debian's packages
    begin = ("mmdebstrap", "--mode=root", f"--architectures={arch}", "--dpkgopt=force-unsafe-io", *ways)
    packages = ",".join(("apt", *COMMON, *LIBRARIES.get(release, ())))
    kind: tuple[str, ...] = ("--variant=apt",)
    if arch in QEMU:  # mmdebstrap runs no hook after it has unpacked: what follows it is in foreign()
        kind = ("--variant=extract", "--include=?essential", f"--setup-hook={MERGED}")
        kind += ("--skip=check/qemu,download/empty,cleanup/apt/cache",)
    sh(*begin, *kind, f"--include={packages}", release, folder)  # from where mmdebstrap itself looks
    if arch in QEMU:
        foreign(folder, clean_root(roots, release, "amd64"))
    for path in (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/resolv.conf")):
        shutil.copy(path, folder / path.relative_to("/"))
    policy = folder / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")  # no service starts in a root
    policy.chmod(0o755)
    (folder / MARK).touch()
    return folder


def foreign(folder: Path, near: Path) -> None:
    """Do for an unpacked root what scripts of its packages would: tell dpkg, and compile Python's modules by the root near it."""
    sh("sh", "-c", NOTED, "noted", folder)
    with over(near) as root:
        sh("mount", "--bind", folder, root / "mnt")
        try:
            places = sorted(f"/mnt/{path.relative_to(folder)}" for path in (folder / "usr/lib").glob("python3*"))
            sh("python3", "-m", "compileall", "-q", "-s", "/mnt", "-p", "/", *places, root=root)
        finally:
            sh("umount", root / "mnt")
