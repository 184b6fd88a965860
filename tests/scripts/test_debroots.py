"""Clean roots of Debian: what is said where a foreign one cannot run. Roots themselves are made by scripts.debmatrix."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import debroots


def test_machine_that_kernel_cannot_run_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched for a root in which no program would run."""
    monkeypatch.setattr(debroots, "BINFMT", tmp_path)
    with pytest.raises(debroots.MatrixError, match=r"qemu-arm: is missing.*qemu-user-static.*systemd-binfmt"):
        debroots.clean_root(tmp_path / "roots", "trixie", "armhf")
    assert not (tmp_path / "roots").exists()
