"""Files that a person edits: whatever an editor or spreadsheet leaves in them is read as meant or named, never something else."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config import load
from collector.errors import ConfigError
from collector.sites.sites import one_spelling, read_sites
from dashboards.needs.boundaries import read_context
from ground import toml
from ground.edited import clean_secret, decode_file, read_secret

COLLECTOR = '[broker]\nhost = "127.0.0.1"\ntls = false\n[store]\nengine = "sqlite"\npath = "s.db"\n'
HEADER = "code,kecamatan,desa,lat,lon,coordinate_source,population,power,antenna,booster,operators,sim_expiry,source"
ROWS = ["6408012001,Muara Ancalong,Senyiur,0.30347,116.53742,centroid,,,,,,,office"]
ROWS.append("6408012002,Muara Ancalong,Kelinjau Ilir,0.44595,116.48849,centroid,,,,,,,office")
TABLE = "\n".join([HEADER, *ROWS]) + "\n"
TOKEN = "tgram://123456789:ABCdefGHI/12345678"

AS_MEANT = {
    "utf-8 mark": b"\xef\xbb\xbf" + COLLECTOR.encode(),
    "mark in the middle": COLLECTOR.replace("[store]", "\ufeff[store]").encode(),
    "utf-16": COLLECTOR.encode("utf-16"),
    "utf-16 big endian": b"\xfe\xff" + COLLECTOR.encode("utf-16-be"),
    "windows line ends": COLLECTOR.replace("\n", "\r\n").encode(),
    "old mac line ends": COLLECTOR.replace("\n", "\r").encode(),
    "nbsp around =": COLLECTOR.replace(" = ", "\u00a0=\u00a0").encode(),
    "nbsp before the key": COLLECTOR.replace("host", "\u00a0\u2003host").encode(),
    "nbsp in a value": COLLECTOR.replace('127.0.0.1"', '127.0.0.1"\u00a0').encode(),
    "nbsp before the closing quote": COLLECTOR.replace('127.0.0.1"', '127.0.0.1\u00a0"').encode(),
    "zero width in a key": COLLECTOR.replace("engine", "en\u200bgine").encode(),
    "zero width in a value": COLLECTOR.replace("sqlite", "\u2060sqlite\u200e").encode(),
}


@pytest.mark.parametrize("name", AS_MEANT)
def test_a_toml_file_is_read_as_meant(tmp_path: Path, name: str) -> None:
    plain, path = tmp_path / "plain.toml", tmp_path / "collector.toml"
    plain.write_text(COLLECTOR)
    path.write_bytes(AS_MEANT[name])
    assert load(path) == load(plain)


REFUSED = [
    (
        '"127.0.0.1"',
        "\u201c127.0.0.1\u201d",
        'collector.toml: line 2: \u201c (U+201C, left double quotation mark) is not the plain "',
    ),
    ('"127.0.0.1"', '"127.0.0.1\u201d', "collector.toml: line 2: \u201d (U+201D"),
    ('"127.0.0.1"', '"\u201c127.0.0.1\u201d"', "collector.toml: broker.host: \u201c (U+201C"),
    ("tls = false", "tls = false\nport = \u22121", "collector.toml: line 4: \u2212 (U+2212, minus sign) is not the plain -"),
    ("tls = false", "tls \uff1d false", "collector.toml: line 3: \uff1d (U+FF1D, fullwidth equals sign) is not the plain ="),
    ("tls = false", "tls = false # x\u2028port = 1", "collector.toml:3: has (U+2028, line separator)"),
    ("tls = false", "tls = false # \0", "collector.toml:3: has a NUL"),
    ("tls = false", "tls = f\u0430lse", "collector.toml: line 3: \u0430 (U+0430, cyrillic small letter a)"),
]


@pytest.mark.parametrize(("old", "new", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_a_toml_file_is_refused_with_line_character_and_cure(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "collector.toml"
    path.write_text(COLLECTOR.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(message)
    assert ";" in str(caught.value)


def test_a_toml_file_in_another_encoding_names_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "collector.toml"
    path.write_bytes(COLLECTOR.replace("[store]", "# caf\u00e9\n[store]").encode("cp1252"))
    with pytest.raises(ConfigError, match=r"^collector\.toml:4: byte 0xE9 \(\u00e9 in Windows-1252\) is not UTF-8; save"):
        load(path)


@given(
    st.text(alphabet="ab1=\" '[].\n\u00a0\u200b\ufeff\u201c\u2019\u2028\u00e9#", max_size=40),
    st.sampled_from(("utf-8-sig", "utf-16", "cp1252")),
)
def test_any_file_gives_what_toml_itself_reads_or_a_fault(
    tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "any.toml"
    path.write_bytes(text.encode(encoding, errors="ignore"))
    try:
        found = toml.read(path, "any.toml")
    except ConfigError:
        return
    plain = "".join(c for c in path.read_bytes().decode(encoding) if c not in "\u200b\ufeff").replace("\u00a0", " ")
    assert found == {key: value.strip() if isinstance(value, str) else value for key, value in tomllib.loads(plain).items()}


@pytest.mark.parametrize("around", ["\ufeff{}\r\n", " {} ", "\u00a0{}\u200b\n\n", "\n{}\n", "\u2028{}\x85"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_secret_is_what_stands_between_the_marks(tmp_path: Path, around: str, encoding: str) -> None:
    path = tmp_path / "telegram"
    path.write_text(around.format(TOKEN), encoding=encoding)
    assert read_secret(path) == TOKEN


@pytest.mark.parametrize("char", ["\u200b", "\u00a0", "\u201d", "\ufeff", "\n", "\u00ad", "\x07"])
def test_a_doubtful_character_inside_a_secret_is_named_and_the_secret_is_not(tmp_path: Path, char: str) -> None:
    path = tmp_path / "telegram"
    path.write_text(f"\n{TOKEN[:20]}{char}{TOKEN[20:]}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"telegram:2: has .*U\+{ord(char):04X}.*: write it anew") as caught:
        read_secret(path)
    assert not any(part in str(caught.value) for part in (TOKEN[:12], TOKEN[-8:]))


def test_letters_of_a_password_are_left_alone() -> None:
    assert clean_secret(" p\u00e4ss w\u00f6rd`\u00b4 ", "X") == "p\u00e4ss w\u00f6rd`\u00b4"
    with pytest.raises(ConfigError, match="X: is empty"):
        clean_secret("\ufeff \n", "X")


TABLES = {
    "mark": b"\xef\xbb\xbf" + TABLE.encode(),
    "utf-16 with tabs": TABLE.replace(",", "\t").encode("utf-16"),
    "semicolons and decimal commas": TABLE.replace(",", ";").replace(".", ",").encode(),
    "sep=": b"sep=;\r\n" + TABLE.replace(",", ";").replace("\n", "\r\n").encode(),
    "empty tail rows": (TABLE + ",,,,,,,,,,,,\n" * 3 + "\n\n").encode(),
    "empty tail columns": TABLE.replace("\n", ",,\n").encode(),
    "empty rows before": (b",,,,\n\n" + TABLE.encode()),
    "line break in a cell": TABLE.replace("Kelinjau Ilir", '"Kelinjau\r\nIlir"').encode(),
    "nbsp and double blanks": TABLE.replace("Muara Ancalong", " Muara\u00a0 Ancalong\u200b ").encode(),
    "capitals": TABLE.replace("centroid", "Centroid").replace("code,", "Code,").encode(),
    "old mac line ends": TABLE.replace("\n", "\r").encode(),
    "a typographic minus": TABLE.replace(",0.30347,", ",\u22120.30347,").encode(),
    "windows-1252": TABLE.replace("Muara Ancalong", "Muara\u00a0Ancalong").encode("cp1252"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_as_meant(tmp_path: Path, name: str) -> None:
    plain, path = tmp_path / "plain.csv", tmp_path / "sites.csv"
    plain.write_text(TABLE.replace(",0.30347,", ",-0.30347,") if "minus" in name else TABLE)
    path.write_bytes(TABLES[name])
    assert read_sites(path) == read_sites(plain)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read a file")
def test_a_file_that_only_root_may_read_says_sudo(tmp_path: Path) -> None:
    path = tmp_path / "collector.toml"
    path.write_text(COLLECTOR)
    path.chmod(0o600)
    for folder in tmp_path.parents:
        if folder.name.startswith(("pytest", "popen")):
            folder.chmod(folder.stat().st_mode | 0o055)
    tmp_path.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(ConfigError, match="this user may not read it; run the command with sudo"):
            load(path)
    finally:
        os.seteuid(0)


def test_letters_of_windows_1252_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes(TABLE.replace("Senyiur", "S\u00e9nyiur \u2013 Hulu").encode("cp1252"))
    assert read_sites(path)["6408012001"].desa == "S\u00e9nyiur \u2013 Hulu"


BAD_TABLES = [
    (TABLE.replace("Senyiur", "S\u00e9").encode() + b"\xe9", "sites.csv:4: byte 0xE9"),
    (TABLE.replace("Senyiur", "S\ufffdnyiur").encode(), "sites.csv:2: has \ufffd (U+FFFD, replacement character)"),
    (
        TABLE.replace("Senyiur", "S\u00e9nyiur".encode().decode("cp1252")).encode(),
        "sites.csv:2: has '\u00c3\u00a9', which was '\u00e9'",
    ),
    (TABLE.replace("Senyiur", '"Senyiur"x').encode(), "sites.csv:2: not CSV"),
    (TABLE.replace("office\n", "office,note\n", 1).encode(), "sites.csv:2: row: has not as many cells"),
    (TABLE.replace("lat,", "desa,").encode(), "sites.csv:1: lat: column is missing"),
    (TABLE.replace("source\n", "desa\n").encode(), "sites.csv:1: desa: two columns have this name"),
    (TABLE.replace(",116.53742,", ",11653742,").encode(), "sites.csv:2: lon: must be between 95 and 141"),
    (
        TABLE.replace("Senyiur", "\u201cSenyiur, Hulu\u201d").encode(),
        "sites.csv:2: row: has not as many cells",
    ),
    (b"", "sites.csv:1: is empty"),
]


@pytest.mark.parametrize(("data", "message"), BAD_TABLES, ids=[message for _, message in BAD_TABLES])
def test_a_table_that_cannot_be_sure_is_refused_with_line_and_cure(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        read_sites(path)
    assert str(caught.value).startswith(message)
    assert ";" in str(caught.value)


def test_a_row_after_a_cell_of_two_lines_keeps_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(TABLE.replace("Senyiur", '"Sen\nyiur"').replace("0.44595", "x"))
    with pytest.raises(ConfigError, match=r"^sites\.csv:4: lat: must be between"):
        read_sites(path)


def test_one_kecamatan_stays_one_however_it_is_written() -> None:
    names = ["MUARA ANCALONG", "MUARA ANCALONG", "Muara Ancalong", "Muara-Ancalong", "Muara Ancalong", "muara  ancalong", "Telen"]
    assert one_spelling(names) == dict.fromkeys(names[:-1], "Muara Ancalong") | {"Telen": "Telen"}


def test_the_context_file_is_read_by_the_same_reader(tmp_path: Path) -> None:
    path = tmp_path / "kutim_context.csv"
    path.write_bytes(
        "code;blankspot_list_37;pln_program_2025_15;no_pln_grid_2026_13;note;\r\n64.08.01.2001;1;;0;x;\r\n;;;;;\r\n".encode(
            "utf-16"
        )
    )
    context = read_context(path)["6408012001"]
    assert (context.blank_spot_list, context.pln_programme, context.no_grid_plan) == (True, None, False)


def test_nobody_reads_an_edited_file_past_the_one_reader() -> None:
    """A program that parses TOML or CSV by itself would fail on the next byte order mark."""
    root = Path(__file__).parents[2]
    ours = {
        "ground/toml.py",
        "ground/table.py",
        "dashboards/web/texts.py",
        "collector/server/settings.py",
        "ground/pack.py",
    }  # texts, pack: shipped; settings: argv
    ours |= {"collector/store/exporter.py", "collector/sites/form.py", "dashboards/needs/csv.py"}  # write only
    ours |= {"collector/federate/take.py", "collector/federate/table.py"}  # write only; take reads by collector/sites
    found = {
        path.relative_to(root).as_posix()
        for part in ("agent", "collector", "dashboards", "demo", "ground", "telemetry")
        for path in (root / part).rglob("*.py")
        if {"import tomllib", "import csv"} & set(decode_file(path).split("\n"))
    }
    assert found <= ours
