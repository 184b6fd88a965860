"""`alerts test`: one line per destination, exit codes, no addresses."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.notify import command
from tests.collector.notify.parts import post
from tests.collector.notify.services import Hook, Mailbox


def run(folder: Path, *names: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([*names, "--alerts", str(folder / "alerts.toml")]))


def test_it_tells_which_channels_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Hook(answer=lambda _number: 403) as hook, Mailbox() as mails:
        post(
            tmp_path,
            f'[destination.surel]\nurl = "{mails.url}"\n[destination.wa]\nurl = "{hook.url}"\n'
            '[destination.sms]\nurl = "json://127.0.0.1:9/"\nform = "sms"\n',
        )
        assert run(tmp_path, "surel") == command.OK
        assert run(tmp_path, "surel", "wa") == command.INCOMPLETE
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["surel: taken by the service"] * 2
    assert lines[2].startswith("wa: NOT taken: Failed to send JSON POST notification: ")
    assert "error=403" in lines[2]
    assert mails.subjects == ["[Uji coba] Sinyal: pesan uji coba"] * 2


def test_it_names_what_is_missing(tmp_path: Path) -> None:
    post(tmp_path, "")
    assert run(tmp_path) == command.NOTHING
    post(tmp_path, '[destination.surel]\nurl = "json://127.0.0.1:9/"\n')
    with pytest.raises(ConfigError, match=r"no \[destination.wa\]; known here: surel"):
        run(tmp_path, "wa")
