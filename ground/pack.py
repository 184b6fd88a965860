"""A new version as what changed in it: a signed `sinyal-NEW-from-OLD.pack` that a hall turns into the wheel again.

A tar.xz with `pack.json` first (v 2, version, base, the SHA-256 of the new RECORD), then the files of the new wheel that the old
one has not, at the same place, or below `delta/` what changed in them (JSON: [first piece, count] of the old file, or new text in
Latin-1; of a compiled catalogue its messages as lines, as one more of them moves all of its index). RECORD travels with the head
of each digest, enough to name a file that is another one. The hall writes all of RECORD anew, and that must have its SHA-256: the
wheel that comes out is the one that was packed, or there is none.

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
import struct
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

VERSION = 2
READS = re.compile(rb"^VERSION = (\d+)$", re.MULTILINE)
MAX_BYTES = 50_000_000
DROPPED = ("bench/", "collector/", "dashboards/", "demo/", "lab/")
"""What no hall runs: the server's half of the wheel."""
DELTA = "delta/"
DEB, DEB_HEAD = b"!<arch>\n", 60
"""A Debian package is an archive of `ar`: each member behind a head of so many bytes, at an even place (deb(5))."""
DEB_PROGRAM, DEB_MODULES = "usr/bin/sinyal-agent", "usr/share/sinyal-agent/"
INSTEAD = "give the whole wheel, or the package where the hall is of the Debian package"
PIECE = re.compile(rb"[^\n\0]*[\n\0]+|[^\n\0]+")
"""A line of a text."""
CATALOGUE, MO_HEAD, MO_ROW = ".mo", struct.Struct("<7I"), struct.Struct("<2I")
"""Its head: magic, format, messages, where the index of ids and that of texts begin, size and place of no hash table; a row of
an index: length, place."""
HEAD_OF_DIGEST = len("sha256=") + 6
DIST_INFO = re.compile(r"sinyal-([^/]+)\.(dist-info|data)/")


class PackError(ValueError):
    """A pack is damaged, or does not fit what is installed."""


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack holds: the version it makes and the one it starts from, the digest of RECORD, files by place in the wheel."""

    version: str
    base: str
    record: str
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
    changed, record = dict[str, bytes](), ""
    for name, content in new.items():
        before = had.get(place_of(name))
        if name.endswith(".dist-info/RECORD"):
            rows = _rows(content)
            changed[name], record = _csv((file, head[:HEAD_OF_DIGEST], "") for file, head, _ in rows), digest(_csv(rows))
        elif before is None:
            changed[name] = content
        elif before != content:
            step = _step(name, before, content)
            changed |= {name: content} if step is None else {DELTA + name: step}
    about = {"v": VERSION, "version": _version(new), "base": _version(old), "record": record}
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
            raise PackError(f"the pack has format {about['v']}, this version reads {VERSION}; {INSTEAD}")
        return Pack(str(about["version"]), str(about["base"]), str(about["record"]), files)
    except (lzma.LZMAError, tarfile.TarError, KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PackError(f"the pack is damaged ({error!r})") from None


def wheel_of(pack: Pack, installed: Callable[[str], bytes | None]) -> bytes:
    """Return the wheel that a pack makes. `installed` gives a file of the installed version by its place, None: not there.

    Raises PackError naming the first file that neither has as it must be: the installed version is not the one packed against.
    """
    record_name = next((name for name in pack.files if name.endswith(".dist-info/RECORD")), None)
    if record_name is None:
        raise PackError("the pack has no RECORD")
    rows = []
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, wanted, size in _rows(pack.files[record_name]):
            if name == record_name:
                rows.append((name, wanted, size))
                continue
            content = pack.files.get(name)
            if content is None:
                content = installed(place_of(name))
                if content is not None and (change := pack.files.get(DELTA + name)) is not None:
                    content = _stepped(name, content, change)
            if content is None or not (sha := f"sha256={digest(content)}").startswith(wanted):
                raise PackError(f"{name}: is not here as version {pack.base} has it; {INSTEAD}")
            wheel.writestr(name, content)
            rows.append((name, sha, str(len(content))))
        record = _csv(rows)
        if digest(record) != pack.record:
            raise PackError(f"what is installed is not version {pack.base}; {INSTEAD}")
        wheel.writestr(record_name, record)
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


def messages(catalogue: bytes) -> bytes:
    """Return the messages of a compiled catalogue, each a line of JSON: its id and its text. Raises PackError."""
    try:
        count, *starts = MO_HEAD.unpack_from(catalogue)[2:5]
        spans = ([MO_ROW.unpack_from(catalogue, start + MO_ROW.size * n) for start in starts] for n in range(count))
        lines = ([catalogue[at : at + length].decode() for length, at in both] for both in spans)
        return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
    except (struct.error, UnicodeDecodeError) as error:
        raise PackError(f"this is no compiled catalogue ({error})") from None


def catalogue_of(lines: bytes) -> bytes:
    """Return the compiled catalogue of messages, laid out as babel does it. Raises ValueError."""
    both = [json.loads(line) for line in lines.splitlines()]
    texts = [text.encode() for column in zip(*both, strict=True) for text in column]
    index, at = b"", MO_HEAD.size + 2 * len(both) * MO_ROW.size
    for text in texts:
        index += MO_ROW.pack(len(text), at)
        at += len(text) + 1
    begins = (MO_HEAD.size, MO_HEAD.size + len(both) * MO_ROW.size)
    return MO_HEAD.pack(0x950412DE, 0, len(both), *begins, 0, 0) + index + b"".join(text + b"\0" for text in texts)


def _step(name: str, before: bytes, content: bytes) -> bytes | None:
    """Return what makes a file's new content of its old; None: the whole of it must travel."""
    if not name.endswith(CATALOGUE):
        return delta(before, content)
    after = messages(content)
    return delta(messages(before), after) if catalogue_of(after) == content else None


def _stepped(name: str, before: bytes, change: bytes) -> bytes:
    if not name.endswith(CATALOGUE):
        return apply(before, change)
    try:
        return catalogue_of(apply(messages(before), change))
    except ValueError as error:
        raise PackError(f"{name}: is not here as it must be ({error}); {INSTEAD}") from None


def _rows(record: bytes) -> list[tuple[str, str, str]]:
    rows = csv.reader(record.decode(errors="replace").splitlines())
    return [(row[0], row[1], row[2]) for row in rows if len(row) == 3 and not _left(row[0])]


def _csv(rows: Iterable[tuple[str, str, str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


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


def check_read_by(older: bytes) -> None:
    """Check that halls with this wheel or package read packs of the format that is made here. Raises PackError."""
    found = READS.search(_files(older).get("ground/pack.py", b""))
    if found is None:
        raise PackError(f"the old version reads no packs; {INSTEAD}")
    if int(found[1]) != VERSION:
        raise PackError(f"the old version reads packs of format {int(found[1])}, this is {VERSION}; {INSTEAD}")


def main() -> int:
    """Write the pack of two wheels or Debian packages, OLD and NEW, into this folder; return the exit code."""
    if len(sys.argv) != 3:
        print("usage: python -m ground.pack OLD NEW    (two wheels, or two sinyal-agent_*.deb)", file=sys.stderr)
        return 2
    try:
        older, newer = (Path(name).read_bytes() for name in sys.argv[1:])
        check_read_by(older)
        content = make(older, newer)
        found = read(content)
        had = {place_of(name): old for name, old in _files(older).items()}
        wheel_of(found, had.get)  # what no hall could make again is not given away
    except (OSError, PackError) as error:
        print(f"pack: {error}", file=sys.stderr)
        return 1
    out = Path(f"sinyal-{found.version}-from-{found.base}.pack")
    out.write_bytes(content)
    print(f"{out}: {len(content):,} bytes, {len(found.files)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
