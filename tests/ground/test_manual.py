"""Man page, completion and reference say what the parsers say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import agent.cli
import collector.cli
import dashboards.cli
from ground import manual

PARSERS = {each.prog: each for each in (agent.cli.whole_parser(), collector.cli.whole_parser(), dashboards.cli.whole_parser())}


@pytest.mark.parametrize("name", PARSERS)
def test_every_command_and_option_is_in_all_three(name: str) -> None:
    parser = PARSERS[name]
    page, completion, reference = manual.man(parser, "1.0"), manual.bash(parser), manual.markdown(parser)
    told = page.replace("\\-", "-")
    for command in manual.commands(parser):
        assert command.prog in told
        assert f" {command.prog}\n" in reference
        for option in manual.options(command):
            assert manual.called(option) in told
            assert all(word in completion for word in option.option_strings)


@pytest.mark.parametrize("name", PARSERS)
def test_the_man_page_is_right_roff(name: str) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed (apt install groff)")
    argv = ["groff", "-man", "-Tutf8", "-ww", "-Wbreak", "-Kutf8"]
    done = subprocess.run(argv, input=manual.man(PARSERS[name], "1.0"), capture_output=True, text=True, check=True)
    assert "warning" not in done.stderr
    assert name in done.stdout


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("sinyal-agent qua", {"quarantine"}),
        ("sinyal-agent status --la", {"--lang"}),
        ("sinyal-agent quarantine res", {"resend"}),
        ("sinyal-collector doc", {"doctor"}),
        ("sinyal-collector export --sta", {"--start"}),
        ("sinyal-agent run --log-level de", {"debug"}),
    ],
)
def test_bash_completes(line: str, wanted: set[str], tmp_path: Path) -> None:
    words = line.split()
    (tmp_path / "c").write_text(manual.bash(PARSERS[words[0]]))
    quoted = " ".join(f"'{word}'" for word in words)
    call = f"_{words[0].replace('-', '_')}; echo ${{COMPREPLY[*]}}"
    script = f"source {tmp_path}/c; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; {call}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == wanted


def test_the_command_writes_both_below_a_folder(tmp_path: Path) -> None:
    assert agent.cli.main(["manual", "--into", str(tmp_path)]) == 0
    assert (tmp_path / "man/man1/sinyal-agent.1").read_text().startswith(".TH SINYAL-AGENT 1")
    assert (tmp_path / "bash-completion/completions/sinyal-agent").is_file()
