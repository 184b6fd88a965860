"""Files that a person edits: what an editor, a spreadsheet or a copied web page leaves in them is read as meant, or named.

Read as meant, because it can mean nothing else: a byte order mark (UTF-8, UTF-16), line ends of any system, blanks that are no
plain blank (NBSP and its kin), characters without width. Everything else is refused with file, line, character and cure.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path

from ground.errors import ConfigError

BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""Blanks that are not the one of the keyboard, as a class of a regular expression."""
UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
"""Characters that show nothing: zero width, joiners, marks of direction, soft hyphen, byte order mark."""
FALSE_BREAKS = "\v\f\x1c-\x1e\x85\u2028\u2029"
"""Characters that some editors show as the end of a line and some do not."""
QUOTES = dict.fromkeys("“”„‟«»″＂", '"') | dict.fromkeys("‘’‚‛′`´＇", "'")  # noqa: RUF001 - they are what is looked for
DASHES = dict.fromkeys("‐‑‒–—―−﹣－", "-")  # noqa: RUF001
PLAIN = QUOTES | DASHES | {"…": "...", "＝": "=", "，": ",", "；": ";"}  # noqa: RUF001
"""What a word processor or a phone puts in place of a plain character."""
WORD_PROCESSOR = "“”„‟‘’‚‛"  # noqa: RUF001
"""Quotes that nobody types into a password."""
_BLANKS, _UNSEEN, _BREAKS = (re.compile(f"[{chars}]") for chars in (BLANKS, UNSEEN, FALSE_BREAKS))
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TWICE = re.compile(
    r"[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]+"
)
"""What UTF-8 looks like when it was read as Windows-1252."""


class MissingFileError(ConfigError):
    """There is no such file."""


def read_text(path: Path) -> str:
    r"""Return the text of a file, its lines ended by \n, without characters that show nothing and with plain blanks only.

    Raises ConfigError for what cannot be read, naming file, line, character and cure.
    """
    text = decode_file(path)
    if found := _BREAKS.search(text):
        where = f"{path.name}:{_line(text, found.start())}"
        raise ConfigError(f"{where}: has {called(found[0])}, which only some editors take as the end of a line; delete it")
    return _BLANKS.sub(" ", _UNSEEN.sub("", text))


def decode_file(path: Path, name: str = "", *, spreadsheet: bool = False) -> str:
    r"""Return the text of a file with \n at the ends of its lines and every other character left in.

    `spreadsheet`: a table may be in Windows-1252, as Excel saves it; not where UTF-8 is mixed in. Raises as `read_text` does.
    """
    data, name = _bytes(path), name or path.name
    encoding = "utf-8"
    for mark, kind in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], kind
            break
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        windows = _windows(data) if spreadsheet and encoding == "utf-8" else None
        if windows is None:
            raise ConfigError(_not_text(data, error, name)) from None
        text = windows
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        what = "a NUL, so this is no UTF-8 text (UTF-16 without its mark?)"
        raise ConfigError(f"{name}:{_line(text, text.index(chr(0)))}: has {what}; save it as UTF-8")
    return text


def clean_secret(text: str, source: str) -> str:
    """Return a password, token or address as it was meant: without marks and blanks around it.

    Raises ConfigError naming `source`, line and character (never the secret) where one inside cannot be meant.
    """
    edge = re.compile(rf"^[\s{BLANKS}{UNSEEN}]+|[\s{BLANKS}{UNSEEN}]+$")
    before = edge.match(text)
    first = _line(text, before.end()) if before else 1
    secret = edge.sub("", text)
    if not secret:
        raise ConfigError(f"{source}: is empty; write the secret there")
    for number, char in enumerate(secret):
        if _doubtful(char):
            where = f"{source}:{first + secret.count(chr(10), 0, number)}"
            raise ConfigError(f"{where}: has {called(char)} inside; a secret is one line of plain characters: write it anew")
    return secret


def read_secret(path: Path) -> str:
    """Return the secret that a file holds. Raises ConfigError, which never repeats it."""
    try:
        return clean_secret(decode_file(path, str(path)), str(path))
    except MissingFileError:
        raise ConfigError(f"{path}: no such file; write the secret there, readable for this user alone") from None


def tidy(text: str) -> str:
    """Return a cell or name with single plain blanks, no line breaks and nothing unseen; composed (NFC)."""
    return " ".join(unicodedata.normalize("NFC", _BLANKS.sub(" ", _UNSEEN.sub("", _BREAKS.sub(" ", text)))).split())


def plain_dashes(text: str) -> str:
    """Return a number or date with the minus of the keyboard for what a spreadsheet or word processor put there."""
    return text.translate({ord(dash): plain for dash, plain in DASHES.items()})


def same(text: str) -> str:
    """Return what two spellings of one name have in common: capitals, blanks, dashes and quotes do not count."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def called(char: str) -> str:
    """Return a character as a person can find it: `“ (U+201C)`, with its name where it shows nothing."""
    name = unicodedata.name(char, "a control character").lower()
    seen = f"{char} " if char.isprintable() and not char.isspace() else ""
    return f"{seen}(U+{ord(char):04X}, {name})"


def foreign(line: str) -> str | None:
    """Return the cure for the first character of a line that no keyboard writes; None where all are plain."""
    for char in line:
        if char in PLAIN:
            return f"{called(char)} is not the plain {PLAIN[char]}; type {PLAIN[char]} there"
        if ord(char) > 126 or (ord(char) < 32 and char != "\t"):
            return f"{called(char)} may stand inside quotes only; delete it or type it anew"
    return None


def damage(text: str) -> str | None:
    """Return what was done to a text before it came here, with the cure; None where nothing shows."""
    if "\ufffd" in text:
        return f"has {called(chr(0xFFFD))}: a letter was lost when the file was saved; write it anew and save as UTF-8"
    if (found := _TWICE.search(text)) and (meant := _once(found[0])):
        return f"has {found[0]!r}, which was {meant!r} before it was opened as Windows-1252; write it anew and save as UTF-8"
    return None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingFileError(f"{path}: no such file; put it there or correct the path") from None
    except PermissionError:
        raise ConfigError(f"{path}: this user may not read it; run the command with sudo") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); make it a text file that this user may read") from None


def _windows(data: bytes) -> str | None:
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return None if any(_once(found) for found in _TWICE.findall(text)) else text


def _once(text: str) -> str | None:
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return None


def _not_text(data: bytes, error: UnicodeDecodeError, name: str) -> str:
    byte = data[error.start : error.start + 1]
    likely = byte.decode("cp1252", errors="ignore")
    what = f" ({likely} in Windows-1252)" if likely.isprintable() and likely else ""
    line = data.count(b"\n", 0, error.start) + 1
    return f"{name}:{line}: byte 0x{byte.hex().upper()}{what} is not UTF-8; save the file as UTF-8"


def _doubtful(char: str) -> bool:
    unseen = _BLANKS.match(char) or _UNSEEN.match(char) or _BREAKS.match(char)
    return bool(unseen) or char in WORD_PROCESSOR or not char.isprintable()


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
