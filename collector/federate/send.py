"""A regency's end: writes letters of what changed and brings the node above what it has not; a province passes on what it took.

Who takes a letter twice has it once, so nothing is remembered of what was brought: the other end is asked how far it is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import orjson
import requests

from collector.config import Config
from collector.errors import CollectorError
from collector.federate.chain import Chain, Head, alone
from collector.federate.gather import Seen, parts, read_record, read_register
from collector.federate.keys import own_key, regencies
from collector.federate.letter import VERSION, Letter, pack
from collector.rollup import bring_up_to_date
from collector.sites.sites import read_sites
from collector.store.store import Store

FOLDER, SEEN = "federation", "seen.json"
TIMEOUT_S = (10.0, 120.0)
log = logging.getLogger(__name__)


class NotSentError(CollectorError):
    """Letters wait here: the node above does not answer, or does not take them. The text says why."""


@dataclass(slots=True)
class Sent:
    """How many letters of a regency the node above took, and their bytes."""

    letters: int = 0
    size: int = 0


def write_letters(config: Config, state_folder: Path, store: Store, now_ns: int) -> int:
    """Write what changed since the last time as letters of this regency; return how many. Raises as the store does."""
    regency, folder = config.federation.regency, state_folder / FOLDER
    bring_up_to_date(store, read_sites(config.sites.file), now_ns)
    register, record = read_register(config.sites.file, regency), read_record(state_folder, regency)
    with alone(folder):
        chain, key = Chain(folder, regency), own_key(folder)
        path = chain.folder / SEEN
        seen = Seen(**orjson.loads(path.read_bytes())) if path.exists() else Seen()
        head, count = chain.head(), 0
        for part in parts(store, register, record, seen, now_ns):
            letter = Letter(
                regency, head.number + 1, head.digest, now_ns // 10**6, version("sinyal"), part.first, part.last, part.tables
            )
            chain.add(letter.number, pack(letter, key))
            head, count = chain.head(), count + 1
        chain.keep(SEEN, orjson.dumps(asdict(seen)))
    return count


class Above:
    """The node above. What is asked and answered is JSON, but for the letters."""

    def __init__(self, url: str, ca: Path | None) -> None:
        self._url, self._session = url.rstrip("/"), requests.Session()
        self._session.verify = str(ca) if ca else True

    def head(self, regency: str) -> Head:
        """Ask how far it is with a regency. Raises NotSentError."""
        said = self._ask("GET", regency)
        if int(said.get("v", 0)) < VERSION:
            text = f"{self._url} knows form {said.get('v')} of letters, this end writes {VERSION}"
            raise NotSentError(f"{text}; upgrade sinyal there")
        return Head(int(said["number"]), str(said["digest"]))

    def bring(self, regency: str, data: bytes) -> None:
        """Bring a letter; it is there when this returns. Raises NotSentError."""
        self._ask("POST", regency, data)

    def _ask(self, method: str, regency: str, data: bytes | None = None) -> Mapping[str, str]:
        try:
            reply = self._session.request(method, f"{self._url}/{regency}", data=data, timeout=TIMEOUT_S, allow_redirects=False)
            said = dict(reply.json())
        except (requests.RequestException, ValueError, TypeError) as error:
            raise NotSentError(f"{self._url}: gives no answer of a node above: {error}") from None
        if reply.status_code != 200:
            raise NotSentError(f"{self._url}: {reply.status_code}: {said.get('detail')}")
        return said


def send(config: Config, state_folder: Path) -> dict[str, Sent]:
    """Bring the letters of this regency and of those that it took, as far as they wait. Raises NotSentError."""
    settings, folder = config.federation, state_folder / FOLDER
    above = Above(str(settings.above), settings.ca)
    own = {settings.regency} - {""}
    return {code: _bring(above, Chain(folder, code), own=code in own) for code in sorted(own | regencies(folder).keys())}


def _bring(above: Above, chain: Chain, *, own: bool) -> Sent:
    theirs, sent = above.head(chain.regency), Sent()
    if own and chain.digest_of(theirs.number) != theirs.digest and chain.head() != theirs:
        with alone(chain.folder.parent):
            chain.go_on_above(theirs)
            (chain.folder / SEEN).unlink(missing_ok=True)
        what = f"the node above has letter {theirs.number}, which this server did not write"
        why = f"restored from an older backup, or a second server sends as {chain.regency}"
        raise NotSentError(f"{what} ({why}); the next `federate send` goes on above it and says everything anew")
    for _, data in chain.after(theirs.number):
        above.bring(chain.regency, data)
        sent.letters, sent.size = sent.letters + 1, sent.size + len(data)
    return sent
