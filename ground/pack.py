"""A new version as what changed in it: a signed `sinyal-NEW-from-OLD.pack` that a hall turns into the wheel again.

A tar.xz with `pack.json` first (v 1, version, base), then the files of the new wheel that the old one has not, at the same place,
or below `delta/` what changed in them (JSON: [first piece, count] of the old file, or new text in Latin-1). RECORD of the new one
names the SHA-256 of every file: the wheel that comes out is the one that was packed, or there is none.

Halls of the Debian package have other files and say `+deb`: their pack is made of two packages of sinyal-agent instead of wheels.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import lzma
import re
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

VERSION = 1
MAX_BYTES = 50_000_000
DROPPED = ("bench/", "collector/", "dashboards/", "demo/", "lab/")
"""What no hall runs: the server's half of the wheel."""
DELTA = "delta/"
DEB, DEB_HEAD = b"!<arch>\n", 60
"""A Debian package is an archive of `ar`: each member behind a head of so many bytes, at an even place (deb(5))."""
DEB_PROGRAM, DEB_MODULES = "usr/bin/sinyal-agent", "usr/share/sinyal-agent/"
PIECE = re.compile(rb"[^\n\0]*[\n\0]+|[^\n\0]+")
"""A line of a text, or a message of a compiled catalogue."""
DIST_INFO = re.compile(r"sinyal-([^/]+)\.(dist-info|data)/")


class PackError(ValueError):
    """A pack is damaged, or does not fit what is installed."""


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack holds: the version it makes, the one it starts from, its files by place in the wheel."""

    version: str
    base: str
    files: Mapping[str, bytes]


def digest(content: bytes) -> str:
    """Return the digest of a file as RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def place_of(name: str) -> str:
    """Return the place of a file without the version that names its folder, by which both versions find it."""
    return DIST_INFO.sub(r"\2/", name, count=1)


def make(older: bytes, newer: bytes) -> bytes:
    """Return the pack of two wheels (less what no hall runs), or of two Debian packages of the agent. Raises PackError."""
    old, new = _files(older), _files(newer)
    had = {place_of(name): content for name, content in old.items()}
    changed: dict[str, bytes] = {}
    for name, content in new.items():
        before = had.get(place_of(name))
        if name.endswith(".dist-info/RECORD"):
            changed[name] = b"".join(row for row in content.splitlines(keepends=True) if not _left(row.decode(errors="replace")))
        elif before is None:
            changed[name] = content
        elif before != content:
            changed[DELTA + name] = delta(before, content)
    about = {"v": VERSION, "version": _version(new), "base": _version(old)}
    members = {"pack.json": json.dumps(about).encode(), **changed}
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return lzma.compress(plain.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def read(content: bytes) -> Pack:
    """Read a pack whose signature was checked. Raises PackError."""
    try:
        unpacker = lzma.LZMADecompressor(memlimit=100_000_000)
        plain = unpacker.decompress(content, MAX_BYTES)
        if not unpacker.eof:
            raise PackError("the pack is damaged or too large")
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
            files = {member.name: file.read() for member in tar if (file := tar.extractfile(member)) is not None}
        about = json.loads(files.pop("pack.json"))
        if about["v"] != VERSION:
            raise PackError(f"the pack has format {about['v']}, this version reads {VERSION}; give the whole wheel")
        return Pack(str(about["version"]), str(about["base"]), files)
    except (lzma.LZMAError, tarfile.TarError, KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PackError(f"the pack is damaged ({error!r})") from None


def wheel_of(pack: Pack, installed: Callable[[str], bytes | None]) -> bytes:
    """Return the wheel that a pack makes. `installed` gives a file of the installed version by its place, None: not there.

    Raises PackError naming the first file that neither has as it must be: the installed version is not the one packed against.
    """
    record_name = next((name for name in pack.files if name.endswith(".dist-info/RECORD")), None)
    if record_name is None:
        raise PackError("the pack has no RECORD")
    lines = pack.files[record_name].decode(errors="replace").splitlines()
    rows = [row for row in csv.reader(lines) if len(row) == 3 and not _left(row[0])]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, wanted, _ in rows:
            if name == record_name:
                continue
            content = pack.files.get(name)
            if content is None:
                content = installed(place_of(name))
                if content is not None and (change := pack.files.get(DELTA + name)) is not None:
                    content = apply(content, change)
            if content is None or f"sha256={digest(content)}" != wanted:
                raise PackError(f"{name}: is not here as version {pack.base} has it; give the whole wheel")
            wheel.writestr(name, content)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        wheel.writestr(record_name, text.getvalue())
    return out.getvalue()


def delta(old: bytes, new: bytes) -> bytes:
    """Return what makes the new content of the old."""
    before, after = PIECE.findall(old), PIECE.findall(new)
    steps: list[list[int] | str] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            steps.append([i1, i2 - i1])
        elif j2 > j1:
            steps.append(b"".join(after[j1:j2]).decode("latin-1"))
    return json.dumps(steps, ensure_ascii=False).encode()


def apply(old: bytes, change: bytes) -> bytes:
    """Return the new content; of another old one it is rubbish, which the digest tells. Raises PackError."""
    before, out = PIECE.findall(old), list[bytes]()
    try:
        for step in json.loads(change):
            out += [step.encode("latin-1")] if isinstance(step, str) else before[step[0] : step[0] + step[1]]
    except (ValueError, TypeError, LookupError) as error:
        raise PackError(f"the pack is damaged ({error!r})") from None
    return b"".join(out)


def _left(name: str) -> bool:
    return name.startswith(DROPPED)


def _files(wheel: bytes) -> dict[str, bytes]:
    if wheel.startswith(DEB):
        return _of_debian(wheel)
    try:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/") and not _left(name)}
    except zipfile.BadZipFile as error:
        raise PackError(f"no wheel ({error})") from None


def _of_debian(package: bytes) -> dict[str, bytes]:
    """Return what a Debian package of the agent puts below /usr/share/sinyal-agent, and its program, as a wheel has them."""
    at, files, program = len(DEB), dict[str, bytes](), b""
    try:
        while not package[at:].startswith(b"data.tar"):
            at += DEB_HEAD + (int(package[at + 48 : at + 58]) + 1) // 2 * 2
        data = package[at + DEB_HEAD : at + DEB_HEAD + int(package[at + 48 : at + 58])]
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if (file := tar.extractfile(member)) is not None and name == DEB_PROGRAM:
                    program = file.read()
                elif file is not None and name.startswith(DEB_MODULES):
                    files[name.removeprefix(DEB_MODULES)] = file.read()
    except (ValueError, EOFError, tarfile.TarError, lzma.LZMAError) as error:
        raise PackError(f"no Debian package that can be read ({error})") from None
    info = f"sinyal-{_version(files)}"
    files[f"{info}.data/data/bin/sinyal-agent"] = program
    rows = [f"{name},sha256={digest(content)},{len(content)}" for name, content in sorted(files.items())]
    return {**files, f"{info}.dist-info/RECORD": "\n".join([*rows, f"{info}.dist-info/RECORD,,"]).encode()}


def _version(files: Mapping[str, bytes]) -> str:
    found = next((match[1] for name in files if (match := DIST_INFO.match(name)) and match[2] == "dist-info"), None)
    if found is None:
        raise PackError("this is no wheel or package of sinyal")
    return found


def main() -> int:
    """Write the pack of two wheels or Debian packages, OLD and NEW, into this folder; return the exit code."""
    if len(sys.argv) != 3:
        print("usage: python -m ground.pack OLD NEW    (two wheels, or two sinyal-agent_*.deb)", file=sys.stderr)
        return 2
    content = make(*(Path(name).read_bytes() for name in sys.argv[1:]))
    found = read(content)
    out = Path(f"sinyal-{found.version}-from-{found.base}.pack")
    out.write_bytes(content)
    print(f"{out}: {len(content):,} bytes, {len(found.files)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
