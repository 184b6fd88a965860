"""What an answer of ClickHouse means, and which address is asked; words of 18.16 and 26.9."""

from __future__ import annotations

import copy

import pytest

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError
from collector.store.clickhouse.engine import _body
from collector.store.clickhouse.nodes import Nodes, _refusal, _text, quoted

OLD = "Code: {code}, e.displayText() = DB::Exception: {text}, e.what() = DB::Exception\n"
NEW = "Code: {code}. DB::Exception: {text}. (NAME)"


@pytest.mark.parametrize("form", [OLD, NEW])
@pytest.mark.parametrize(
    ("status", "code", "text", "fault"),
    [
        (404, 81, "Database sinyal doesn't exist", Fault.MISSING),
        (500, 193, "Wrong password for user sinyal", Fault.LOGIN_REFUSED),
        (500, 516, "sinyal: Authentication failed", Fault.LOGIN_REFUSED),
        (500, 497, "Not enough privileges", Fault.NOT_ALLOWED),
        (500, 243, "Not enough space", Fault.DISK_FULL),
        (500, 1001, "write failed: No space left on device", Fault.DISK_FULL),
        (500, 252, "Too many parts (300). Merges are processing significantly slower than inserts.", Fault.BUSY),
        (500, 285, "Number of alive replicas (1) is less than requested quorum (2).", Fault.BUSY),
        (500, 225, "Can't get data for node: session expired", Fault.BUSY),
        (500, 49, "Logical error", Fault.BROKEN),
    ],
)
def test_a_refusal_is_the_stores_fault_by_its_code(form: str, status: int, code: int, text: str, fault: Fault) -> None:
    error = _refusal(status, form.format(code=code, text=text), {}, writes=True)
    assert isinstance(error, StoreUnavailableError)
    assert error.fault is fault
    assert text[:20] in error.reason
    told = copy.copy(error)  # a process that fills the store tells it to the one that began it
    assert (type(told), vars(told)) == (type(error), vars(error))


def test_data_that_cannot_be_read_are_refused_for_themselves_and_only_when_written() -> None:
    body = OLD.format(code=27, text="Cannot parse input")
    assert isinstance(_refusal(400, body, {}, writes=True), PointsRefusedError)
    assert isinstance(_refusal(400, body, {}, writes=False), StoreUnavailableError)


@pytest.mark.parametrize(
    ("status", "fault"), [(302, Fault.NOT_A_STORE), (404, Fault.NOT_A_STORE), (502, Fault.UNREACHABLE), (429, Fault.BUSY)]
)
def test_what_has_no_code_is_a_proxy_or_a_stranger(status: int, fault: Fault) -> None:
    error = _refusal(status, "<html>hello</html>", {}, writes=True)
    assert isinstance(error, StoreUnavailableError)
    assert error.fault is fault


def test_the_next_address_is_asked_and_then_stays_the_first() -> None:
    nodes, asked = Nodes(["http://a/", "http://b", "http://c"]), []

    def works(url: str) -> str:
        asked.append(url)
        if url == "http://a":
            raise StoreUnavailableError("a is away")
        return url

    assert [nodes.first_that(works), nodes.first_that(works)] == ["http://b"] * 2
    assert asked == ["http://a", "http://b", "http://b"]

    def never(url: str) -> str:
        raise StoreUnavailableError(f"{url} is away")

    with pytest.raises(StoreUnavailableError, match="http://b is away"):
        nodes.first_that(never)


def test_texts_go_in_and_out_as_they_are() -> None:
    assert quoted("x' OR '1'='1\\") == "'x\\' OR \\'1\\'=\\'1\\\\'"
    assert _text("a\\tb\\nc\\\\d\\'e") == "a\tb\nc\\d'e"


def test_what_no_column_holds_is_refused_before_it_is_sent() -> None:
    """18.16 would store another number for one that is too big, and say nothing."""
    for value in (2**63, float("nan"), float("inf"), "\ud800"):
        with pytest.raises(PointsRefusedError):
            _body([{"x": value}])
    assert _body([{"x": 2**63 - 1, "absent": None}, {"x": False}]) == b'{"x":9223372036854775807}\n{"x":false}'
