"""Where conversations are kept between turns: one row an event, appended once.

Rasa's own SQL store has no way to delete a conversation and waits for ever when the
database is away at start; this one can erase, and fails at once (the agent then carries
on in memory, so that people are still answered).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import StoreUnavailable

_tables = sa.MetaData()
events = sa.Table(
    "tracker_event",
    _tables,
    sa.Column("sender_id", sa.String(64), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("data", sa.Text, nullable=False),
)


class ConversationStore(TrackerStore, SerializedTrackerAsText):
    """Keeps trackers in SQLite or PostgreSQL.

    Args:
        domain: Rasa's domain; the agent sets it.
        url: an SQLAlchemy address.
    """

    def __init__(self, domain: Domain | None, url: str) -> None:
        self._url = sa.engine.make_url(url)
        if self._url.get_backend_name() == "sqlite" and self._url.database:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        self._engine = sa.create_engine(self._url, future=True, **_pool(self._url))
        if self._url.get_backend_name() == "sqlite":
            sa.event.listen(self._engine, "connect", _write_ahead)
        self._made = False
        super().__init__(domain)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append the events that are not stored yet."""
        with self._transaction() as connection:
            stored = connection.execute(
                sa.select(sa.func.count()).where(events.c.sender_id == tracker.sender_id)
            ).scalar_one()
            rows = [
                {"sender_id": tracker.sender_id, "position": stored + i, "data": json.dumps(event.as_dict())}
                for i, event in enumerate(list(tracker.events)[stored - self._before(tracker) :])
            ]
            if rows:
                connection.execute(sa.insert(events), rows)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation of the last session of ``sender_id``, or None."""
        stored = self._read(sender_id)
        starts = [i for i, data in enumerate(stored) if data.get("event") == SessionStarted.type_name]
        first = starts[-1] if starts else 0
        if not stored:
            return None
        tracker = self._tracker(sender_id, stored[first:])
        tracker.stored_before = first
        return tracker

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The whole conversation, over all its sessions, or None."""
        stored = self._read(conversation_id)
        return self._tracker(conversation_id, stored) if stored else None

    async def keys(self) -> list[str]:
        """Every conversation there is."""
        with self._transaction() as connection:
            return list(connection.execute(sa.select(events.c.sender_id).distinct()).scalars())

    async def erase(self, sender_id: str) -> None:
        """Delete a conversation for good."""
        with self._transaction() as connection:
            connection.execute(sa.delete(events).where(events.c.sender_id == sender_id))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _tracker(self, sender_id: str, stored: list[dict[str, Any]]) -> Any:
        slots = self.domain.slots if self.domain else []
        return DialogueStateTracker.from_dict(sender_id, stored, slots)

    @staticmethod
    def _before(tracker: DialogueStateTracker) -> int:
        """How many stored events came before this tracker's first (earlier sessions)."""
        return int(getattr(tracker, "stored_before", 0))

    def _read(self, sender_id: str) -> list[dict[str, Any]]:
        with self._transaction() as connection:
            rows = connection.execute(
                sa.select(events.c.data).where(events.c.sender_id == sender_id).order_by(events.c.position)
            ).scalars()
            return [json.loads(data) for data in rows]

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        try:
            if not self._made:
                _tables.create_all(self._engine)
                self._made = True
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreUnavailable(f"the conversation store: {type(error).__name__}") from error


def _pool(url: Any) -> dict[str, Any]:
    """SQLite keeps its one connection open: opening and closing costs 3 ms a transaction."""
    if url.get_backend_name() != "sqlite":
        return {"pool_size": 5}
    return {"poolclass": sa.pool.QueuePool, "pool_size": 2, "connect_args": {"check_same_thread": False}}


def _write_ahead(connection: Any, _: Any) -> None:
    """SQLite: readers do not wait for writers, and a commit costs one write.

    ``NORMAL`` survives a killed process; only a power cut may cost the last turn of a
    conversation. What was said to be recorded is the record's, which waits for the disk.
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=1500")
    cursor.close()
