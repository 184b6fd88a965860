"""Steps of an installation: each looks first, is told in a line, and what was installed is tried by the user of the services."""

from __future__ import annotations

import argparse
import os
import pwd
from pathlib import Path

import pytest

from ground.errors import ConfigError
from ground.install import Machine, StepError, add_arguments, machine_of, perform, trial
from ground.words import phrase, said

NOBODY = "nobody"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    return {str(p.relative_to(root)): (p.stat().st_mode & 0o7777, p.read_bytes()) for p in root.rglob("*") if p.is_file()}


def write_all(machine: Machine) -> None:
    machine.folder("/etc/x", 0o750)
    machine.file("/etc/x/ours", b"1", 0o640)
    machine.file("/etc/x/theirs", b"1", once=True)
    machine.link("/usr/local/bin/x", Path("/opt/x"))


def test_the_second_time_nothing_changes_and_what_a_person_edits_is_kept(tmp_path: Path) -> None:
    write_all(Machine(tmp_path))
    (tmp_path / "etc/x/theirs").write_bytes(b"mine")
    before = tree(tmp_path)
    again = Machine(tmp_path)
    write_all(again)
    assert again.done == []
    assert again.kept == [str(tmp_path / "etc/x/theirs")]
    assert tree(tmp_path) == before
    assert (tmp_path / "usr/local/bin/x").readlink() == Path("/opt/x")


def test_a_file_and_a_mode_that_were_changed_are_put_right(tmp_path: Path) -> None:
    write_all(Machine(tmp_path))
    before = tree(tmp_path)
    (tmp_path / "etc/x/ours").write_bytes(b"2")
    (tmp_path / "etc/x/ours").chmod(0o666)
    again = Machine(tmp_path)
    write_all(again)
    assert tree(tmp_path) == before
    assert len(again.done) > 0


def test_a_dry_run_tells_everything_and_does_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_all(Machine(tmp_path, dry=True))
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out.count("(would)") == 4


def test_what_a_umask_of_077_closed_is_opened_for_reading_and_no_further(tmp_path: Path) -> None:
    program, data = tmp_path / "bin" / "program", tmp_path / "lib" / "data"
    for path, mode in ((program, 0o700), (data, 0o600)):
        path.parent.mkdir(mode=0o700)
        path.touch(mode)
    machine = Machine(tmp_path)
    machine.readable(tmp_path)
    assert [p.stat().st_mode & 0o777 for p in (program, data, program.parent)] == [0o755, 0o644, 0o755]
    machine.done.clear()
    machine.readable(tmp_path)
    assert machine.done == []


def test_a_stage_is_a_line_and_a_fault_ends_it_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise StepError("no network; plug it in")

    machine = Machine()
    stages = [("packages", lambda: phrase("{n} new", n=2)), ("services", fail), ("trial", lambda: phrase("never"))]
    assert not perform(machine, stages, "en")  # type: ignore[arg-type]
    told = capsys.readouterr()
    assert told.out == "1/3 packages: 2 new\n"
    assert told.err == "2/3 services: FAILED: no network; plug it in\nAfter curing it, run the same command again.\n"


def program(folder: Path, rows: str) -> Path:
    """Write a program whose `doctor` says this; everybody may run it."""
    for place in (folder, *folder.parents):
        if place.name.startswith(("pytest", "test", "popen")):
            place.chmod(place.stat().st_mode | 0o055)
    path = folder / "bin" / "program"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\ncat <<'ROWS'\n{rows}\nROWS\n")
    path.chmod(0o755)
    return path


@needs_root
def test_a_trial_tells_faults_with_their_cures_and_notes_what_wants_attention(tmp_path: Path) -> None:
    pwd.getpwnam(NOBODY)
    fine = '{"name": "clock", "state": "ok", "text": "kept"}'
    wants = '{"name": "channels", "state": "warning", "text": "nobody is told", "cure": "add one"}'
    machine = Machine()
    how = trial(machine, program(tmp_path, f"[{fine}, {wants}]"), NOBODY, "en")
    assert said(how, "en") == "2 checks, nothing is broken"
    assert [said(note, "en") for note in machine.notes] == ["channels: nobody is told -> add one"]
    (tmp_path / "bin/program").write_text(
        '#!/bin/sh\necho \'[{"name": "broker", "state": "fault", "text": "away", "cure": "start it"}]\'\n'
    )
    with pytest.raises(StepError, match="broker: away -> start it"):
        trial(machine, tmp_path / "bin/program", NOBODY, "en")


@needs_root
def test_a_program_that_the_user_of_the_services_cannot_run_is_a_fault(tmp_path: Path) -> None:
    path = program(tmp_path, "[]")
    path.parent.chmod(0o700)
    with pytest.raises(StepError, match=rf"the user nobody cannot run {path}: .*; sudo chmod -R a\+rX {tmp_path}"):
        trial(Machine(), path, NOBODY, "en")


def test_not_root_is_told_to_use_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser, "")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ConfigError, match="needs root; run it with sudo"):
        machine_of(parser.parse_args([]))
