"""What could not be written waits here: a file of its own beside the server.

Entries keep the session id they came with and the time they were said, and are written in
their order when the store is back. Replaying one that was written already changes nothing,
because the store's unique keys are the same.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from bot.errors import StoreUnavailable
from bot.record import database
from bot.record.database import STATEMENT_MILLISECONDS, make_private
from bot.record.entries import ENTRY_KINDS, Entry


class OutboxUnavailable(StoreUnavailable):
    """The outbox's file cannot be read or written."""


TABLE = """
CREATE TABLE IF NOT EXISTS waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    entry_key TEXT NOT NULL UNIQUE
)
"""

NAME_OF_KIND = {kind: name for name, kind in ENTRY_KINDS.items()}

KEYS = {
    "advice": ("message_id", "statement_id"),
    "check": ("message_id", "statement_id"),
    "answer": ("message_id", "fact", "about"),
    "refusal": ("message_id", "topic"),
    "agreement": ("message_id",),
    "escalation": ("message_id", "flag"),
}
"""What makes an entry the same one within its session, as in the store."""


@dataclass(frozen=True)
class Waiting:
    """Entries of one session that were handed in together, oldest first."""

    ids: tuple[int, ...]
    session_id: str
    at: datetime
    entries: tuple[Entry, ...]


class Outbox:
    """The waiting entries. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Take the file, which is made when the first entry waits."""
        self.path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def put(self, session_id: str, entries: Sequence[Entry], at: datetime) -> None:
        """Keep ``entries``, each once; when this returns they are on disk.

        Raises:
            OutboxUnavailable: the file cannot be written.
        """
        rows = [
            (session_id, at.isoformat(), NAME_OF_KIND[type(each)], _body(each), _key(session_id, each))
            for each in entries
        ]
        with self._open() as connection, _transaction(connection):
            connection.executemany(
                "INSERT OR IGNORE INTO waiting (session_id, at, kind, body, entry_key)"
                " VALUES (?, ?, ?, ?, ?)",
                rows,
            )

    def is_empty(self) -> bool:
        """Whether nothing waits.

        Raises:
            OutboxUnavailable: the file cannot be read.
        """
        if not self.path.exists():
            return True
        with self._open() as connection:
            return connection.execute("SELECT 1 FROM waiting LIMIT 1").fetchone() is None

    def next(self) -> Waiting | None:
        """The oldest entries that belong together; None when nothing waits."""
        if not self.path.exists():
            return None
        with self._open() as connection:
            rows = connection.execute(
                "SELECT id, session_id, at, kind, body FROM waiting ORDER BY id LIMIT 100"
            ).fetchall()
        for (session_id, at), together in groupby(rows, key=lambda row: (row[1], row[2])):
            several = list(together)
            entries = tuple(_entry(kind, body) for _, _, _, kind, body in several)
            ids = tuple(row[0] for row in several)
            return Waiting(ids, session_id, datetime.fromisoformat(at), entries)
        return None

    def remove(self, ids: Sequence[int]) -> None:
        """Forget entries that have been written."""
        with self._open() as connection, _transaction(connection):
            connection.executemany("DELETE FROM waiting WHERE id = ?", [(each,) for each in ids])

    def erase(self, session_ids: Sequence[str]) -> None:
        """Forget everything that waits for these sessions."""
        if not self.path.exists():
            return
        with self._open() as connection, _transaction(connection):
            connection.executemany(
                "DELETE FROM waiting WHERE session_id = ?", [(each,) for each in session_ids]
            )

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = _connect(self.path)
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                raise OutboxUnavailable(f"the outbox cannot be used: {type(error).__name__}") from None


def _connect(path: Path) -> sqlite3.Connection:
    make_private(path)
    connection = sqlite3.connect(
        path, timeout=STATEMENT_MILLISECONDS / 1000, check_same_thread=False, isolation_level=None
    )
    # No write-ahead log: what was erased or written to the store must not stay in one.
    for setting in ("journal_mode=DELETE", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute(f"PRAGMA synchronous={database.SYNCHRONOUS}")
    connection.execute(TABLE)
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _body(entry: Entry) -> str:
    return json.dumps(vars(entry))


def _key(session_id: str, entry: Entry) -> str:
    kind = NAME_OF_KIND[type(entry)]
    return json.dumps([session_id, kind, *(getattr(entry, name) for name in KEYS[kind])])


def _entry(kind: str, body: str) -> Entry:
    made: Entry = ENTRY_KINDS[kind](**json.loads(body))
    return made
