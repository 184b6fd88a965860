"""Who of office, kecamatan and departments may sign in: passwords (argon2id) and sessions, beside the entries in the same file.

What somebody may do is an entry of the record (`Person`); the password and the sessions are not, for they must be forgotten.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from collector.agreement.ledger import belong_to_folder
from collector.agreement.rules import Actor
from collector.agreement.state import State

SESSION_MS = 12 * 3_600_000
"""A day at the office."""
LENGTH_MIN = 10
TRIES, TRIES_OF_ALL, WAIT_MS = 8, 64, 15 * 60_000
"""So many wrong passwords for one name, from one address and from all, and they wait so long: 6,144 guesses a day, of passwords
of ten characters; and no stranger at one address keeps a name out that signs in from another."""
HASH_WAIT_S = 2.0
_TABLES = """
CREATE TABLE IF NOT EXISTS password (name TEXT PRIMARY KEY, hash TEXT NOT NULL, once_until_ms INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session (
  token TEXT PRIMARY KEY, name TEXT NOT NULL, form TEXT NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID;
"""
_USE_UP = "UPDATE password SET hash = '' WHERE name = ? AND hash = ?"
"""A one-time password is gone with its first use; that another is still to be chosen stays."""
_WHO = """SELECT session.name, form, once_until_ms FROM session JOIN password ON password.name = session.name
  WHERE token = ? AND until_ms > ?"""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in; `form` stands in each form, so that no other page can send one in this name.

    `must_choose`: it was a one-time password; nothing may be done before another is chosen.
    """

    actor: Actor
    form: str
    must_choose: bool = False


class People:
    """Passwords and sessions. A token is kept as its hash: who reads the file cannot sign in with it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP, Password Storage: argon2id
        self._nobody = self._hasher.hash(secrets.token_hex(16))
        self._tries: dict[str, list[tuple[int, str]]] = {}
        self._lock = threading.Lock()
        self._one_hash = threading.Lock()
        with closing(self._open()) as db:
            db.executescript(_TABLES)
            if "once_until_ms" not in {row[1] for row in db.execute("PRAGMA table_info(password)")}:
                db.execute("ALTER TABLE password ADD COLUMN once_until_ms INTEGER")  # a file of before one-time passwords
        path.chmod(0o600)
        belong_to_folder(path)

    def set_password(self, name: str, password: str, once_until_ms: int | None = None) -> None:
        """Set a password, and end the sessions of that name. Raises ValueError where it is too short.

        `once_until_ms`: it works once, until then, and only to choose another.
        """
        if len(password) < LENGTH_MIN:
            raise ValueError(f"a password has at least {LENGTH_MIN} characters")
        with closing(self._open()) as db, db:
            db.execute("INSERT OR REPLACE INTO password VALUES (?, ?, ?)", (name, self._hasher.hash(password), once_until_ms))
            db.execute("DELETE FROM session WHERE name = ?", (name,))

    def sign_in(self, name: str, password: str, state: State, now_ms: int, address: str = "") -> str | None:
        """Return the token of a new session; None where name or password is wrong, or wait after wrong ones.

        `address`: from where. It takes as long for a name that is not there.
        """
        with self._lock:
            wrong = [one for one in self._tries.get(name, []) if one[0] > now_ms - WAIT_MS]
            if len(wrong) >= TRIES_OF_ALL or sum(one[1] == address for one in wrong) >= TRIES:
                return None
            if name in state.people:
                self._tries[name] = [*wrong, (now_ms, address)]  # before the answer is known: tries side by side count too
        with closing(self._open()) as db:
            row = db.execute("SELECT hash, once_until_ms FROM password WHERE name = ?", (name,)).fetchone()
        # Each takes 19 MiB: many at once must take neither the memory nor the threads of the public page.
        if not self._one_hash.acquire(timeout=HASH_WAIT_S):
            with self._lock:  # nothing was tried
                if name in self._tries:
                    self._tries[name] = _without((now_ms, address), self._tries[name])
            return None
        try:
            self._hasher.verify(row[0] if row else self._nobody, password)
        except (VerificationError, InvalidHashError):
            return None
        finally:
            self._one_hash.release()
        if row is None or _actor(name, state) is None or (row[1] is not None and row[1] < now_ms):
            return None
        with self._lock:
            self._tries[name] = [one for one in self._tries.get(name, []) if one[1] != address]
        token = secrets.token_urlsafe(32)
        with closing(self._open()) as db, db:
            if row[1] is not None and not db.execute(_USE_UP, (name, row[0])).rowcount:
                return None  # somebody else was first
            db.execute("DELETE FROM session WHERE until_ms < ?", (now_ms,))
            form = secrets.token_urlsafe(16)
            db.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (_hash(token), name, form, now_ms + SESSION_MS))
        return token

    def session(self, token: str, state: State, now_ms: int) -> Session | None:
        """Return who is signed in with a token; None where nobody is, or may no more."""
        with closing(self._open()) as db:
            row = db.execute(_WHO, (_hash(token), now_ms)).fetchone()
        actor = _actor(row[0], state) if row else None
        return Session(actor, row[1], must_choose=row[2] is not None) if actor else None

    def sign_out(self, token: str) -> None:
        """End a session."""
        with closing(self._open()) as db, db:
            db.execute("DELETE FROM session WHERE token = ?", (_hash(token),))

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10)


def _actor(name: str, state: State) -> Actor | None:
    person = state.people.get(name)
    return Actor(person.name, person.role, person.kecamatan) if person and person.active else None


def _without(one: tuple[int, str], tries: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the tries with one less of a kind."""
    at = tries.index(one) if one in tries else len(tries)
    return tries[:at] + tries[at + 1 :]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
