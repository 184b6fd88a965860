"""One sample, one meaning: every reader gives the same answer, for every registration and technology."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab.servers import Server, influxd
from telemetry.meaning import Registration, Service, Standing
from tests.readers import cases, disagreements, table


def test_every_reader_says_what_a_sample_means(tmp_path: Path, start_server: Callable[[Callable[[], Server]], Server]) -> None:
    all_cases, readers = table(start_server(lambda: influxd(tmp_path / "influxd")).url)
    assert len(readers) == 8
    assert disagreements(all_cases, readers) == []


def test_the_cases_cover_every_registration_and_every_answer() -> None:
    found = cases()
    assert {case.registration for case in found} == {*Registration, "absent"}
    assert {case.standing for case in found} == {*Standing, None}
    assert {word.service for word in Registration} == set(Service) - {Service.UNKNOWN}
