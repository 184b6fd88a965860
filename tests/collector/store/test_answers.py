"""What a store answers is understood as it was meant, and its reason survives."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from collector.errors import PointsRefusedError, StoreUnavailableError
from collector.store.answers import check_write, reason_of, shorten

RECORDED = tomllib.loads(Path(__file__).with_name("answers.toml").read_text(encoding="utf-8"))["answer"]


def meaning(status: int, body: str, headers: dict[str, str] | None = None) -> str:
    try:
        check_write(status, body, headers or {})
    except PointsRefusedError as error:
        return "expired" if error.expired else f"refused:{error.fault}" if error.fault else "refused"
    except StoreUnavailableError as error:
        return str(error.fault)
    return "stored"


@pytest.mark.parametrize("answer", RECORDED, ids=lambda answer: f"{answer['server']} {answer['asked'][:40]}")
def test_recorded_answers_mean_what_they_meant(answer: dict[str, str]) -> None:
    assert meaning(int(answer["status"]), answer["body"]) == answer["means"]


@given(st.integers(100, 599), st.text(max_size=400))
def test_only_204_is_a_success(status: int, body: str) -> None:
    assert (meaning(status, body) == "stored") == (status == 204)


def test_a_success_tells_whether_it_bears_the_mark_of_influxdb() -> None:
    assert check_write(204, "", CaseInsensitiveDict({"x-influxdb-version": "1.6.7~rc0"}))
    assert not check_write(204, "", {"Server": "nginx"})


def test_a_disk_that_is_full_is_named_whatever_the_status() -> None:
    for status in (400, 500, 507):
        assert (
            meaning(status, '{"error":"[shard 4] write /var/lib/influxdb/wal/_00001.wal: no space left on device"}')
            == "disk_full"
        )


def test_the_reason_survives_a_long_line_that_it_quotes() -> None:
    line = "signal,site=6408012001 " + "x" * 5000
    with pytest.raises(PointsRefusedError, match=r"bad timestamp$"):
        check_write(400, json.dumps({"error": f"unable to parse '{line}': bad timestamp"}), {})


@given(st.text(max_size=1000), st.integers(20, 400))
def test_shortened_texts_keep_their_end_and_their_bound(text: str, most: int) -> None:
    short = shorten(text, most)
    assert len(short) <= most
    assert short[-(most // 2) :] == text[-(most // 2) :] or len(text) < most // 2


def test_a_web_page_is_told_by_its_words() -> None:
    assert (
        reason_of("<html><head><style>a{}</style></head><body><h1>502 Bad Gateway</h1>nginx</body></html>")
        == "502 Bad Gateway nginx"
    )


def test_retry_after_is_taken_and_bounded() -> None:
    dates = (("Fri, 27 Nov 2099 20:00:00 GMT", 300.0), ("Fri, 27 Nov 2020 20:00:00 GMT", 0.0))
    for text, seconds in (("7", 7.0), ("99999", 300.0), ("tomorrow", None), *dates):
        with pytest.raises(StoreUnavailableError) as found:
            check_write(429, "", {"Retry-After": text})
        assert found.value.retry_after_s == seconds
