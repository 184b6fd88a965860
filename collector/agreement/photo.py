"""A photo that comes from a phone: a JPEG and nothing else (ITU-T T.81, annex B), rid of what tells about its maker.

Segments that say where, when and with what it was taken (EXIF, XMP, comments) are taken out. What is not a picture from its first
byte to its last, or not one that every browser shows, is refused: no file is kept that is a photo for one program and something
else for another.
"""

from __future__ import annotations

from collections.abc import Iterator

from collector.agreement.rules import RefusedError
from ground.words import Phrase, phrase

MAX_BYTES, SIDE_MAX, SCANS_MAX = 256_000, 4096, 32
"""What a phone makes is at most 200 kB and 1,280 pixels wide; an office may take a photo with another program.

A progressive one has some ten scans; 20,000 empty ones fit into it too, and decoding them takes half a minute."""
SOS, DRI, DQT, DHT = 0xDA, 0xDD, 0xDB, 0xC4
FRAMES = {0xC0, 0xC1, 0xC2}
"""Baseline, extended and progressive, Huffman-coded: what browsers decode."""
KEPT = FRAMES | {SOS, DRI, DQT, DHT}
JFIF, ADOBE = (0xE0, b"JFIF\0"), (0xEE, b"Adobe")
"""Application segments without which colours would be wrong; all others tell of the maker."""
DROPPED = {*range(0xE0, 0xF0), 0xFE}
JFIF_BYTES, ADOBE_BYTES = 14, 12


def cleaned(content: bytes) -> bytes:
    """Return the photo with its picture alone. Raises RefusedError where it is no JPEG, cut off, too large, or more than one."""
    if len(content) > MAX_BYTES:
        raise RefusedError(phrase("photo: at most {kb} kB; take it on the page, which makes it smaller", kb=MAX_BYTES // 1000))
    out, seen = bytearray(b"\xff\xd8"), list[int]()
    for marker, head, coded in _segments(content):
        if marker in FRAMES:
            _check_frame(head, first=not FRAMES & {*seen})
        if marker == SOS and (len(head) != 4 + 2 * head[0] or seen.count(SOS) >= SCANS_MAX):
            raise _none(phrase("a scan with a wrong length, or too many"))
        if marker in KEPT or (marker == ADOBE[0] and head.startswith(ADOBE[1]) and len(head) == ADOBE_BYTES):
            out += _segment(marker, head) + coded
        elif marker == JFIF[0] and head.startswith(JFIF[1]):
            out += _segment(marker, head[:JFIF_BYTES].ljust(JFIF_BYTES, b"\0")[:-2] + b"\0\0")  # without a thumbnail
        elif marker not in DROPPED:
            raise _none(phrase("segment {hex}", hex=format(marker, "02x")))
        seen.append(marker)
    if not {SOS, DQT} <= {*seen} or not FRAMES & {*seen}:
        raise _none(phrase("no picture in it"))
    return bytes(out + b"\xff\xd9")


def _segments(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield marker and content of each segment, and the coded data that follow where it is a scan. Raises RefusedError."""
    if not content.startswith(b"\xff\xd8\xff") or not content.endswith(b"\xff\xd9"):
        raise _none(phrase("it does not begin and end as one"))
    at, end = 2, len(content) - 2
    while at < end:
        if content[at] != 0xFF:
            raise _none(phrase("no marker at byte {n}", n=at))
        marker, after = content[at + 1], at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if after > end or after < at + 5:
            raise _none(phrase("cut off at byte {n}", n=at))
        begin, at = at + 4, _coded_until(content, after, end) if marker == SOS else after
        yield marker, content[begin:after], content[after:at]


def _coded_until(content: bytes, at: int, end: int) -> int:
    """Return where the coded data of a scan end: at the first marker that is no stuffed byte and no restart."""
    while (at := content.find(b"\xff", at, end)) >= 0:
        if content[at + 1] != 0 and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at += 2
    return end


def _check_frame(head: bytes, *, first: bool) -> None:
    if not first or len(head) < 6:
        raise _none(phrase("more than one picture"))
    height, width = (int.from_bytes(head[k : k + 2], "big") for k in (1, 3))
    small = 0 < height <= SIDE_MAX and 0 < width <= SIDE_MAX
    if not small or head[0] != 8 or head[5] not in {1, 3} or len(head) != 6 + 3 * head[5]:
        raise _none(
            phrase("{w} x {h} pixels; at most {most} on a side, 8 bits, grey or colour", w=width, h=height, most=SIDE_MAX)
        )


def _segment(marker: int, head: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(head) + 2).to_bytes(2, "big") + head


def _none(why: Phrase) -> RefusedError:
    return RefusedError(phrase("photo: no JPEG ({why})", why=why))
