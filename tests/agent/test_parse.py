"""`agent.parse` as another program uses it, and `sinyal-agent parse` as a person runs it."""

from __future__ import annotations

import doctest
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import agent.parse
from tests.agent.at.foreign import seeds

ROOT = Path(__file__).parents[2]

SESSION = (
    b'AT+QENG="servingcell"\r\r\n'
    b'+QENG: "servingcell","NOCONN","LTE","FDD",510,10,1A2B301,211,1850,3,5,5,1F4A,-97,-11,-66,12,-\r\n\r\nOK\r\n'
)


def parse(*args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "agent.parse", *args], input=stdin, capture_output=True, timeout=60, check=False)


def test_reads_standard_input() -> None:
    done = parse("-", stdin=SESSION)
    out = json.loads(done.stdout)
    assert done.returncode == 0
    assert (out["family"], out["registration"], out["rat"], out["plmn"]) == ("quectel", "home", "lte", "51010")
    assert (out["rsrp_dbm"], out["bandwidth_dl_mhz"], out["cells"]) == (-97, 20, [])


def test_reads_a_file_with_a_family(tmp_path: Path) -> None:
    path = tmp_path / "session.txt"
    path.write_bytes(SESSION.replace(b"\r", b""))
    out = json.loads(parse("--family", "quectel", str(path)).stdout)
    assert out["pci"] == 211


def test_names_the_operator() -> None:
    out = json.loads(parse(stdin=b'AT+COPS?\n+COPS: 0,0,"XL Axiata",7\nOK\n').stdout)
    assert out["operator"] == "XL Axiata"
    assert "plmn" not in out


def test_nothing_readable_is_3() -> None:
    for data in (b"", b"hello\n", b"AT+CSQ\r\n+CME ERROR: 4\r\n", b"\xff\xfe\x00\x80" * 50):
        done = parse("-", stdin=data)
        assert done.returncode == 3, data
        assert json.loads(done.stdout)["cells"] == []
        assert not done.stderr


def test_bad_usage_is_2(tmp_path: Path) -> None:
    for args, word in (
        (["--family", "nokia", "-"], "nokia"),
        ([str(tmp_path / "none.txt")], "none.txt"),
        ([str(tmp_path)], "cannot read"),
    ):
        done = parse(*args)
        assert done.returncode == 2
        assert word in done.stderr.decode()
        assert b"Traceback" not in done.stderr
        assert not done.stdout


def test_help_teaches() -> None:
    assert b"examples:" in parse("--help").stdout


HEAVY = ("serial", "paho", "pydantic", "influxdb_client", "requests", "yaml", "cryptography")
ALONE = """
import importlib.abc, json, sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {heavy!r}:
            raise ImportError(f"{{name}} is not to be loaded")

sys.meta_path.insert(0, Refuse())
from agent.parse import parse
for session in json.load(sys.stdin):
    parse(session)
print(sorted(set({heavy!r}) & {{name.split(".")[0] for name in sys.modules}}))
"""


def test_reading_every_capture_needs_no_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE.format(heavy=HEAVY)],
        input=json.dumps([text for _, text in seeds()]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_the_examples_of_docstring_and_readme_are_true() -> None:
    assert doctest.testmod(agent.parse).attempted == 1
    assert doctest.testmod(agent.parse).failed == 0
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    code = next(block for block in blocks if "agent.parse" in block)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT)
    assert done.stdout.strip() == code.rpartition("# ")[2].strip()


def test_the_public_name_is_one() -> None:
    assert agent.parse.__all__ == ["parse"]
    assert agent.parse.parse("AT+CSQ\n+CSQ: 19,99\nOK") == {"rssi_dbm": -75.0, "cells": [], "family": "generic"}
    assert agent.parse.parse(b"\xef\xbb\xbfAT+CSQ\n+CSQ: 19,99\nOK")["rssi_dbm"] == -75
    with pytest.raises(KeyError, match="nokia"):
        agent.parse.parse("", family="nokia")
