"""One ClickHouse or several replicas over HTTP: which address is asked, and what an answer means.

No client library: those follow the server's versions, and this is one POST, the same for 18.16 and today's. A success is 200 with
ClickHouse's mark; one without it is anybody's.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

import requests

from collector.errors import Fault, PointsRefusedError, StoreUnavailableError
from collector.store.answers import fault_of, reason_of, retry_after, shorten
from collector.store.influx import no_answer
from collector.store.store import Row, rows_of
from telemetry.frame import Value

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 60.0
FAILOVER_TIMEOUT_S = 12.0
"""The same where another address can be asked."""
MARK = "X-ClickHouse-Server-Display-Name"
"""Header of every answer of ClickHouse, 18.16 to 26."""
MISSING_DATABASE, MISSING_TABLE = 81, 60
SCHEMA_CODES = (MISSING_DATABASE, MISSING_TABLE, 16, 117)
"""The table is not as it was when it was looked at: 16 and 117 are an unknown column."""
_CODE = re.compile(r"Code: (\d+)")
_DATA = frozenset((6, 26, 27, 33, 41, 53, 69, 72, 117, 349))
_FAULTS: dict[Fault, tuple[int, ...]] = {
    Fault.LOGIN_REFUSED: (192, 193, 194, 516),
    Fault.NOT_ALLOWED: (164, 291, 497),
    Fault.MISSING: (MISSING_DATABASE, MISSING_TABLE),
    Fault.DISK_FULL: (243,),
    Fault.BUSY: (159, 202, 209, 225, 241, 242, 252, 285, 286, 289, 319, 999),
}
_FAULT_OF = {code: fault for fault, codes in _FAULTS.items() for code in codes}
ABSENT = "\\N"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANS = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0"}
T = TypeVar("T")
log = logging.getLogger(__name__)


class RefusalError(StoreUnavailableError):
    """What a ClickHouse said with a code of its own."""

    def __init__(self, code: int, reason: str, fault: Fault, retry_after_s: float | None) -> None:
        super().__init__(reason, fault, retry_after_s)
        self.code = code

    def __reduce__(self) -> tuple[type[RefusalError], tuple[int, str, Fault, float | None]]:  # type: ignore[override]
        """Let it pass from a process to another as it is."""
        return type(self), (self.code, self.reason, self.fault, self.retry_after_s)


class Nodes:
    """The addresses of one store. The one that answered last is asked first."""

    def __init__(self, urls: Sequence[str], username: str | None = None, password: str | None = None) -> None:
        self.urls = [url.rstrip("/") for url in urls]
        self.current = self.urls[0]
        self._timeout_s = (CONNECT_TIMEOUT_S, FAILOVER_TIMEOUT_S if len(urls) > 1 else ANSWER_TIMEOUT_S)
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the user's session has no place between collector and store
        if username is not None:
            self._session.auth = (username, password or "")

    def first_that(self, works: Callable[[str], T]) -> T:
        """Return what the first address gives that is well, beginning with the current one; raises what that one raised."""
        return self.each_of(1, works)[0]

    def each_of(self, count: int, works: Callable[[str], T]) -> list[T]:
        """Return what so many addresses give, from the current one on; where fewer are well, raises what the first raised."""
        at, first, found = self.urls.index(self.current), None, list[T]()
        for url in (*self.urls[at:], *self.urls[:at]):
            try:
                found.append(works(url))
            except StoreUnavailableError as error:
                first = first or error
                continue
            if len(found) == 1 and first is not None:
                self.current = url
                log.warning("event=store_address url=%s reason=%r", url, first.reason)
            if len(found) >= count:
                return found
        raise first or StoreUnavailableError("fewer addresses than copies are wanted")

    def ask(
        self, url: str, query: str, data: bytes | BinaryIO | None = None, settings: Mapping[str, str] | None = None
    ) -> tuple[str, bool]:
        """Run one statement and return its whole answer, and whether ClickHouse's mark was on it.

        With `data` the statement is an INSERT of it. Raises PointsRefusedError, RefusalError or StoreUnavailableError.
        """
        params = {**(settings or {}), "wait_end_of_query": "1"}  # else an error comes after a success and half of the rows
        body = query.encode() if data is None else data
        params |= {} if data is None else {"query": query}
        try:
            reply = self._session.post(f"{url}/", params=params, data=body, timeout=self._timeout_s, allow_redirects=False)
            reply.encoding = "utf-8"
            text = reply.text
        except requests.RequestException as error:
            raise no_answer(url, error) from None
        if reply.status_code == 200:
            return text, MARK in reply.headers
        raise _refusal(reply.status_code, text, reply.headers, writes=data is not None)

    def rows(self, url: str, question: str, measurement: str = "") -> Iterator[Row]:
        """Ask for rows; raises as `ask` does, before the first of them."""
        text, _ = self.ask(url, f"{question} FORMAT TabSeparatedWithNamesAndTypes")
        lines = text.split("\n")
        names, types = (lines[at].split("\t") if len(lines) > at + 1 else [] for at in (0, 1))
        if not names or len(names) != len(types) or lines[-1]:
            raise StoreUnavailableError(f"{url}: the answer to a query is not ClickHouse's, or ends too early", Fault.NOT_A_STORE)
        readers = [_reader(kind) for kind in types]
        return rows_of(measurement, names, (_cells(readers, line) for line in lines[2:-1]))

    def fetch(self, url: str, question: str, path: Path) -> None:
        """Write the whole answer to a question into a file, as it comes. Raises as `ask` does, OSError for the file."""
        params = {"wait_end_of_query": "1"}
        try:
            with self._session.post(
                f"{url}/", params=params, data=question.encode(), timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S), stream=True
            ) as reply:
                if reply.status_code != 200:
                    raise _refusal(reply.status_code, reply.text, reply.headers, writes=False)
                with path.open("wb") as file:
                    for part in reply.iter_content(1 << 20):
                        file.write(part)
        except requests.RequestException as error:
            raise no_answer(url, error) from None

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _refusal(status: int, body: str, headers: Mapping[str, str], *, writes: bool) -> StoreUnavailableError | PointsRefusedError:
    reason = shorten(reason_of(body) or "no reason given")
    found = _CODE.search(body)
    if found is None:
        text = f"HTTP {status}: {reason}"
        if 300 <= status < 400:
            text = f"HTTP {status}: sends us on to {headers.get('Location', 'somewhere else')}"
        return StoreUnavailableError(text, fault_of(status, body), retry_after(headers))
    code = int(found[1])
    if writes and code in _DATA and code not in SCHEMA_CODES:
        return PointsRefusedError(reason)
    fault = Fault.DISK_FULL if "no space left" in body.lower() else _FAULT_OF.get(code, Fault.BROKEN)
    return RefusalError(code, reason, fault, retry_after(headers))


def quoted(value: str) -> str:
    """Return a text as SQL writes it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _reader(kind: str) -> Callable[[str], Value]:
    bare = kind.removeprefix("Nullable(")
    return int if bare.startswith(("Int", "UInt")) else float if bare.startswith("Float") else _text


def _cells(readers: Sequence[Callable[[str], Value]], line: str) -> list[Value | None]:
    cells = zip(readers, line.split("\t"), strict=True)
    return [None if cell == ABSENT else read(cell) for read, cell in cells]


def _text(cell: str) -> str:
    return _ESCAPED.sub(lambda found: _MEANS.get(found[1], found[1]), cell) if "\\" in cell else cell
