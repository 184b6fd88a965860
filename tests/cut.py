"""A power cut between two changes of a name: what comes before is done, nothing after it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest


class PowerCutError(BaseException):
    """Nothing after this happens."""


def cut_before(act: int, acts: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the power before call number `act` (0 is the first) of these functions of os; then none of them works any more."""
    done = [0]

    def guard(real: Any) -> Any:
        def guarded(*args: Any, **named: Any) -> Any:
            done[0] += 1
            if done[0] > act:
                raise PowerCutError
            return real(*args, **named)

        return guarded

    for name in acts:
        monkeypatch.setattr(os, name, guard(getattr(os, name)))
