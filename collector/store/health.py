"""What is wrong with the store, as the running collector says it on `/healthz`: for who only reads and sees no refusal."""

from __future__ import annotations

import requests

from collector.config import HttpSection
from collector.errors import Fault, StoreUnavailableError
from ground.words import Lang, mark, tr

ANSWER_S = 2.0
NAMES: dict[Fault, str] = {
    Fault.UNREACHABLE: mark("the database does not answer"),
    Fault.UNTRUSTED: mark("the certificate of the database is not trusted"),
    Fault.NOT_A_STORE: mark("what answers is not the database"),
    Fault.LOGIN_REFUSED: mark("the database refuses the login"),
    Fault.NOT_ALLOWED: mark("the database does not allow it"),
    Fault.MISSING: mark("the database or bucket is missing"),
    Fault.UNREADABLE: mark("the database takes readings but does not give them back"),
    Fault.HIDDEN: mark("the database hides readings in another retention policy"),
    Fault.TYPE_CONFLICT: mark("the database holds values of another type"),
    Fault.SERIES_LIMIT: mark("the database takes no new modems"),
    Fault.DISK_FULL: mark("the disk of the database is full"),
    Fault.BUSY: mark("the database is overloaded"),
    Fault.BROKEN: mark("the database reports a fault"),
}


def ask_faults(http: HttpSection) -> list[StoreUnavailableError]:
    """Return the faults of the store that the collector of this machine meets now; none where it is well, or not asked."""
    if not http.port:
        return []
    session = requests.Session()
    session.trust_env = False
    try:
        found = session.get(f"http://{http.host}:{http.port}/healthz", timeout=ANSWER_S).json().get("store_faults", [])
        return [StoreUnavailableError(str(one["reason"]), Fault(one["fault"])) for one in found]
    except (requests.RequestException, ValueError, TypeError, KeyError, AttributeError):
        return []  # it does not run, or is of another version: not for this to tell
    finally:
        session.close()


def telling(error: StoreUnavailableError, lang: Lang) -> str:
    """Return what is wrong with the store and what to do, for a person."""
    return f"{tr(NAMES[error.fault], lang)}: {tr(error.cure, lang)}"
