from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from hypothesis import given, settings
from hypothesis import strategies as st

from ground import pack
from ground.pack import PackError, apply, delta
from scripts.words import MO
from tests.wheels import wheel_of

TEXT = st.lists(st.sampled_from([b"a\n", b"b\n", b"\0", b"caf\xc3\xa9\0", b"\xff\xfe", b"x" * 40 + b"\n"]), max_size=30).map(
    b"".join
)


@settings(max_examples=40)
@given(TEXT, TEXT)
def test_a_delta_makes_the_new_of_the_old(old: bytes, new: bytes) -> None:
    assert apply(old, delta(old, new)) == new


def test_what_did_not_change_does_not_travel() -> None:
    old = b"".join(b"line %d\n" % n for n in range(2000))
    new = old.replace(b"line 77\n", b"another\n")
    assert len(delta(old, new)) < 60


@pytest.mark.parametrize("change", [b"", b"{", b"7", b"[[1]]", b"[{}]", '["\u4e00"]'.encode()])
def test_a_damaged_delta_is_an_error(change: bytes) -> None:
    with pytest.raises(PackError, match="damaged"):
        apply(b"a\nb\n", change)


def test_a_pack_names_no_file_that_no_hall_runs() -> None:
    server = {f"collector/part_{n}.py": f"# {n}\n" for n in range(50)}
    old, new = (wheel_of(version, "def main(): pass\n", more=server) for version in ("0.1.0", "0.2.0"))
    packed = pack.read(pack.make(old, new))
    (record,) = [content for name, content in packed.files.items() if name.endswith("/RECORD")]
    assert b"fake_agent.py" in record
    assert b"collector/" not in record


WORDS = "share/locale/id/LC_MESSAGES/sinyal.mo"


def catalogue(*texts: str) -> bytes:
    """Compile a catalogue, as setup.py and scripts/reach.py do; one message has a plural and a context."""
    words, out = Catalog(locale="id", domain="sinyal"), io.BytesIO()
    words.add(("{n} hall", "{n} halls"), ("{n} kantor desa",), context="list")
    for text in texts:
        words.add(text, text.upper())
    write_mo(out, words)
    return out.getvalue()


def package(version: str, words: bytes) -> bytes:
    """Make a wheel of a catalogue, and of 200 files that never change."""
    files = {WORDS: words, f"sinyal-{version}.dist-info/METADATA": f"Version: {version}\n".encode()}
    files |= {f"agent/part_{n}.py": b"# %d\n" % n for n in range(200)}
    rows = [f"{name},sha256={pack.digest(content)},{len(content)}" for name, content in files.items()]
    files[f"sinyal-{version}.dist-info/RECORD"] = "\n".join([*rows, f"sinyal-{version}.dist-info/RECORD,,"]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
    return out.getvalue()


def files_in(wheel: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


TEXTS = [f"what the meter says, {n}" for n in range(500)]
OLD = package("0.1.0", catalogue(*TEXTS))
NEW = package("0.2.0", catalogue(*TEXTS, "one more"))


def installed(wheel: bytes) -> dict[str, bytes]:
    return {pack.place_of(name): content for name, content in files_in(wheel).items()}


def test_one_more_message_travels_alone_and_the_catalogue_is_the_same() -> None:
    packed = pack.make(OLD, NEW)
    content = pack.read(packed)
    assert len(content.files[pack.DELTA + WORDS]) < 200
    made, wanted = files_in(pack.wheel_of(content, installed(OLD).get)), files_in(NEW)
    record = "sinyal-0.2.0.dist-info/RECORD"
    assert made.pop(record).split() == wanted.pop(record).split()
    assert made == wanted
    assert len(packed) < 200 * 14  # the whole of 200 digests would be more


def test_the_catalogue_of_this_tree_is_laid_out_as_a_pack_does_it() -> None:
    compiled = MO.read_bytes()
    assert pack.catalogue_of(pack.messages(compiled)) == compiled


def test_a_catalogue_of_another_layout_travels_whole() -> None:
    other = bytearray(catalogue("a", "b"))
    other[24] = 28  # where a hash table of no rows begins says nothing
    content = pack.read(pack.make(OLD, package("0.2.0", bytes(other))))
    assert content.files[WORDS] == other


@pytest.mark.parametrize("place", [WORDS, "agent/part_7.py"])
@pytest.mark.parametrize("damaged", [b"", b"x" * 40, None])
def test_what_a_hall_has_otherwise_is_named(place: str, damaged: bytes | None) -> None:
    here = {name: content for name, content in installed(OLD).items() if name != place}
    if damaged is not None:
        here[place] = damaged
    with pytest.raises(PackError, match=re.escape(place) + ".*give the whole wheel"):
        pack.wheel_of(pack.read(pack.make(OLD, NEW)), here.get)


def test_a_pack_of_another_record_makes_nothing() -> None:
    content = replace(pack.read(pack.make(OLD, NEW)), record="x")
    with pytest.raises(PackError, match="what is installed is not version"):
        pack.wheel_of(content, installed(OLD).get)


@pytest.mark.parametrize(("reads", "said"), [(None, "reads no packs"), (1, "reads packs of format 1"), (pack.VERSION, "")])
def test_who_makes_a_pack_is_told_when_the_old_version_cannot_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reads: int | None, said: str
) -> None:
    knows = {"ground/pack.py": f"VERSION = {reads}\n"} if reads else {}
    (tmp_path / "old.whl").write_bytes(wheel_of("0.1.0", "a", more=knows))
    (tmp_path / "new.whl").write_bytes(wheel_of("0.2.0", "b", more=knows))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pack", "old.whl", "new.whl"])
    assert pack.main() == bool(said)
    assert said in capsys.readouterr().err
    assert Path("sinyal-0.2.0-from-0.1.0.pack").exists() != bool(said)


def test_a_pack_that_no_hall_could_use_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, version in (("old.whl", "0.1.0"), ("new.whl", "0.2.0")):
        content = wheel_of(version, version, more={"ground/pack.py": f"VERSION = {pack.VERSION}\n"})
        (tmp_path / name).write_bytes(_with_record_of_sha512(content) if name == "new.whl" else content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pack", "old.whl", "new.whl"])
    assert pack.main() == 1
    assert "whole wheel" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.pack"))


def _with_record_of_sha512(wheel: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel)) as given, zipfile.ZipFile(out, "w") as changed:
        for name in given.namelist():
            content = given.read(name)
            changed.writestr(name, content.replace(b"sha256=", b"sha512=") if name.endswith("/RECORD") else content)
    return out.getvalue()


def test_what_is_no_wheel_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old.whl").write_bytes(b"no wheel")
    monkeypatch.setattr("sys.argv", ["pack", str(tmp_path / "old.whl"), str(tmp_path / "missing.whl")])
    assert pack.main() == 1
    assert "missing.whl" in capsys.readouterr().err
