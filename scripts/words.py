"""Keep the catalogue of words: gather the messages of the code, compare them with the Indonesian, compile it.

usage: python scripts/words.py [--check | --compile]
  (nothing)   put new messages into locale/id/LC_MESSAGES/sinyal.po, take out what no code uses any more, compile;
              a merge conflict in the .po is solved: what either side translated is kept
  --check     change no .po; end with 1 where a message is missing, unused or fuzzy, or its placeholders differ
  --compile   compile where the .po is newer; instant otherwise
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ground", "telemetry", "agent", "collector", "dashboards", "demo")
PO = ROOT / "locale" / "id" / "LC_MESSAGES" / "sinyal.po"
MO = PO.with_suffix(".mo")
KEYWORDS = {
    "tr": None,
    "ntr": (1, 2),
    "mark": None,
    "mark_in": ((1, "c"), 2),
    "phrase": None,
    "sentence": None,
    **dict.fromkeys(("fine", "unseen", "wanting", "broken"), (1,)),
    "t": None,
    "t_in": ((1, "c"), 2),
    "t_n": (1, 2),
}
"""Functions whose first text is a message id: of words.py and doctor.py in ground/, and `t` that knows its language."""
NOT_OUR_WORD = {
    r"\bbalai\b": "kantor desa",
    r"\bbacaan\b": "pengukuran",
    r"modem (diam|bisu)|tidak (ada yang )?menjawab": "tidak merespons",
    r"\bmasa\b(?! aktif)": "periode",
    r"\bkeadaan\b": "kondisi",
    r"sel pelayan": "sel aktif (serving cell)",
    r"\bsaring": "filter",
    r"keterangan peta": "legenda",
    r"10 % terburuk": "persentil ke-10",
    r"serentak": "bersamaan",
    r"dengan sendirinya": "secara otomatis",
    r"tegangan kurang": "tegangan rendah",
    r"menyala ulang": "mulai ulang",
    r"\bmutu\b": "kualitas",
    r"\bcelah\b": "bagian kosong",
    r"poin %": "poin persentase",
    r"pita frekuensi": "pita",
    r"antena dalam": "antena internal",
    r"\bbidik": "arahkan",
    r"\bkacau\b": "tidak terbaca",
    r"\bmenyapa\b": "menghubungi",
    r"belum dipercaya": "belum sinkron",
    r"\bditebak\b": "diperkirakan",
    r"gambar terakhir": "data terakhir",
    r"sekali uji": "satu kali pengujian",
    r"ruang kosong": "sisa penyimpanan",
}
"""One thing has one word in Indonesian: what is not said, and what is."""
CONFLICT = re.compile(r"<{7} .*?\n(.*?)(?:\|{7} .*?\n.*?)?={7}\n(.*?)>{7} .*?\n", re.DOTALL)
NOTE = "Translators:"
UNKEPT = ('"PO-Revision', '"Generated-By', '"Report-Msgid', '"Last-Translator', '"Language-Team')
"""Headers that say nothing here, or something else on every day."""
MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""When the catalogue says that it was made: the same tree gives the same bytes of what is compiled, and small updates."""
HEADER = """\
# Indonesian words of Sinyal. How to work on them: CONTRIBUTING.md, "Translate".
# After `#.`: a hint from the code. `{name}` is filled in: keep it, in any order.
"""


def messages() -> Catalog:
    """Return every message id that the code uses, with its file and the hint beside it."""
    catalogue = Catalog()
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            method = {".py": "python", ".html": "jinja2.ext:babel_extract"}.get(path.suffix)
            if method is None:
                continue
            with path.open("rb") as file:
                for line, found, comments, context in extract(method, file, KEYWORDS, [NOTE], {"silent": "false"}, True):
                    hints = [comment.removeprefix(NOTE).strip() for comment in comments]
                    where = [(path.relative_to(ROOT).as_posix(), line)]
                    catalogue.add(found, locations=where, auto_comments=hints, context=context)
    return catalogue


def translated() -> Catalog:
    """Return the Indonesian catalogue as it is on disk; after a merge with conflicts in it, what either side has, ours first."""
    text = PO.read_text(encoding="utf-8")
    ours, theirs = (_read(CONFLICT.sub(side, text)) for side in (r"\1", r"\2"))
    for message in theirs:
        if message.id and not any(_texts(found.string if (found := ours.get(message.id, message.context)) else "")):
            ours[message.id] = message
    return ours


def _read(text: str) -> Catalog:
    return read_po(BytesIO(text.encode()), locale="id", domain="sinyal", abort_invalid=True)


def update() -> None:
    """Write the .po anew: new messages without Indonesian, what is no longer used taken out, translations kept."""
    catalogue = translated()
    catalogue.update(messages(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    catalogue.creation_date = MADE
    catalogue.header_comment = HEADER.rstrip()
    for message in catalogue:
        message.locations = sorted({(file, 0) for file, _ in message.locations})
    out = BytesIO()
    write_po(out, catalogue, width=130, sort_output=True, include_lineno=False)
    kept = [line for line in out.getvalue().decode().splitlines() if not line.startswith(UNKEPT)]
    PO.write_text("\n".join(kept) + "\n", encoding="utf-8")


def compile_words() -> None:
    """Write the .mo that programs read, where the .po is newer."""
    if MO.exists() and MO.stat().st_mtime_ns > PO.stat().st_mtime_ns:
        return
    part = MO.with_suffix(f".{os.getpid()}.mo")
    with part.open("wb") as file:
        write_mo(file, translated())
    part.replace(MO)


def hidden() -> Iterator[str]:
    """Yield the calls with a text inside an f-string: Python before 3.12 hides them from the gathering."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for outer in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for node in ast.walk(outer) if isinstance(outer, ast.JoinedStr) else ():
                    if not isinstance(node, ast.Call):
                        continue
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    texts = [arg for arg in node.args if isinstance(arg, ast.Constant) and arg.value not in ("id", "en")]
                    if name in KEYWORDS and texts:
                        yield f"hidden: {name}(…) inside an f-string, {path.relative_to(ROOT)}:{node.lineno}; take it out"


def faults(used: Catalog) -> Iterator[str]:
    """Yield what keeps the catalogue from being whole, one line per message; `used`: what the code uses."""
    yield from hidden()
    yield from strange()
    known = translated()
    ids = {(m.context, m.id) for m in used if m.id}
    for message in known:
        if not message.id:
            continue
        if (message.context, message.id) not in ids:
            yield f"unused: {_shown(message)}"
        elif message.fuzzy:
            yield f"fuzzy: {_shown(message)}"
    for message in used:
        if message.id:
            yield from _untold(message, known.get(message.id, message.context))


def strange() -> Iterator[str]:
    """Yield the translations that call a thing by another word than all others do."""
    for message in translated():
        for text in _texts(message.string) if message.id else []:
            for pattern, word in NOT_OUR_WORD.items():
                if re.search(pattern, text, re.IGNORECASE):
                    yield f"not our word: {text!r}: say {word!r}"


def _untold(message: Message, found: Message | None) -> Iterator[str]:
    texts = _texts(found.string) if found else []
    where = ", ".join(sorted({file for file, _ in message.locations}))
    if not texts or not all(texts):
        yield f"missing: {_shown(message)} ({where})"
        return
    wanted = placeholders(_texts(message.id)[-1])
    for text in texts:
        if placeholders(text) != wanted:
            yield f"placeholders differ: {_shown(message)} has {sorted(wanted)}, Indonesian {sorted(placeholders(text))}"


def placeholders(text: str) -> set[str]:
    """Return the names in braces. Raises ValueError for a brace that is not closed."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _texts(found: str | Iterable[str] | None) -> list[str]:
    return [] if found is None else [found] if isinstance(found, str) else list(found)


def _shown(message: Message) -> str:
    return " | ".join(_texts(message.id)) + (f" [{message.context}]" if message.context else "")


def main(words: list[str]) -> int:
    """Do what was asked for; 0 whole, 1 with what is not, 2 for a wrong word."""
    if words not in ([], ["--check"], ["--compile"]):
        print(__doc__)
        return 2
    if not words:
        update()
    compile_words()
    if words == ["--compile"]:
        return 0
    found = list(faults(messages()))
    for fault in found:
        print(fault)
    count = sum(1 for message in translated() if message.id)
    if found:
        print(
            f"words: {len(found)} faults; `make words` adds and removes messages, the Indonesian goes into {PO.relative_to(ROOT)}"
        )
    else:
        print(f"words: {count} messages, 0 missing, 0 unused, 0 fuzzy")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
