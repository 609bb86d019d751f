"""The record's front door: what actions and the portal call.

Everything here is synchronous; callers run it in a thread and wait at most two seconds::

    record = open_record(settings().store_url, outbox=settings().data_dir / "outbox.sqlite")
    record.migrate()
    session = record.start_session(claims, now(), hours=24, keep_days=30)
    outcome = record.append(session.session_id, [AdviceEntry(...)], now())
    if outcome is Outcome.SAVED: ...  # only then may anybody say that it is recorded
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from bot.errors import RecordError, StoreUnavailable, UnknownSession
from bot.record import appending, erasing, migrating, reading, sessions
from bot.record.database import AlreadyRecorded, empty_log, is_sqlite, make_engine
from bot.record.entries import (
    AnswerRow,
    Claims,
    Entry,
    FamilyAdviceRow,
    History,
    Outcome,
    Receipt,
    Session,
)
from bot.record.models import Audit
from bot.record.outbox import Outbox, OutboxUnavailable
from bot.record.unit_of_work import UnitOfWork, unit_of_work
from bot.settings import settings
from bot.vocabulary import Role

T = TypeVar("T")
TRIES = 3
"""How often a transaction is tried that others, writing at the same time, made fail."""

log = logging.getLogger(__name__)


def open_record(url: str, outbox: Path | None = None) -> Record:
    """The record at ``url``; nothing is connected until it is used.

    Args:
        url: an SQLAlchemy address, SQLite or PostgreSQL.
        outbox: the file where entries wait while the store is down; None for no waiting.

    Raises:
        RecordError: the address cannot be understood.
    """
    return Record(url, Outbox(outbox) if outbox is not None else None)


class Record:
    """What was said to whom. Safe to use from several threads.

    Every method may raise :class:`~bot.errors.StoreUnavailable`; times are timezone-aware.
    """

    def __init__(self, url: str, outbox: Outbox | None) -> None:
        """Use :func:`open_record`."""
        self.url = url
        self.outbox = outbox
        self.engine: Any = make_engine(url)
        self._draining = threading.Lock()

    # The store -----------------------------------------------------------------

    def migrate(self) -> None:
        """Bring the tables up to date (or make them)."""
        migrating.migrate(self.url)

    def ready(self) -> bool:
        """Whether the store answers and its tables are up to date. Never raises."""
        try:
            with self.unit_of_work(reading=True) as uow:
                return migrating.is_up_to_date(uow.session)
        except RecordError:
            return False

    def close(self) -> None:
        """Close every connection; they are opened again when needed."""
        self.engine.dispose()
        if self.outbox is not None:
            self.outbox.close()

    @contextmanager
    def unit_of_work(self, reading: bool = False) -> Iterator[UnitOfWork]:
        """One transaction; leaving it without ``commit()`` rolls it back.

        Args:
            reading: promises not to write, and so never waits for a writer.
        """
        with unit_of_work(self.engine, reading) as uow:
            yield uow

    # Sessions ------------------------------------------------------------------

    def start_session(self, claims: Claims, now: datetime, hours: float, keep_days: float) -> Session:
        """Start a session and its conversation.

        Args:
            claims: who is talking, from a token that was checked.
            now: the present moment.
            hours: how long the session lives.
            keep_days: how long the conversation is kept if nobody agrees to more.
        """
        self._drain_first()

        def start(uow: UnitOfWork) -> Session:
            session_id = sessions.start(uow, claims, now, hours, keep_days)
            return sessions.find(uow, session_id, None)

        return self._write(start)

    def session(self, session_id: str, now: datetime) -> Session:
        """The session with that id.

        Raises:
            UnknownSession: it is missing or has expired.
        """
        with self.unit_of_work(reading=True) as uow:
            return sessions.find(uow, session_id, now)

    def unknown_sessions(self, session_ids: Sequence[str]) -> set[str]:
        """Those of ``session_ids`` that have no session row: erased or purged, or never begun here."""
        with self.unit_of_work(reading=True) as uow:
            return set(session_ids) - sessions.known(uow, session_ids)

    # Writing -------------------------------------------------------------------

    def append(
        self, session_id: str, entries: Sequence[Entry], now: datetime, durable: bool = True
    ) -> Outcome:
        """Write ``entries`` in one transaction: all or none, and each only once.

        Args:
            session_id: who is talking.
            entries: what was said, in its order.
            now: when.
            durable: wait in the outbox when the store is down.

        Returns:
            ``SAVED`` when they are committed, ``WAITING`` when they wait in the outbox.

        Raises:
            UnknownSession: there is no such session; nothing is kept.
            StoreUnavailable: nothing is kept, not even in the outbox.
            RecordError: an entry makes no sense, such as a check of advice never given.
        """
        if not entries:
            return Outcome.SAVED
        try:
            self._drain_first()
            self._write(lambda uow: _append(uow, session_id, entries, now))
            return Outcome.SAVED
        except StoreUnavailable:
            if not durable or self.outbox is None:
                raise
            self.outbox.put(session_id, entries, now)
            return Outcome.WAITING

    def drain(self) -> int:
        """Write what waits in the outbox, oldest first, each once.

        What can never be written (its session was erased, or never was) is dropped.

        Returns:
            how many entries were written.

        Raises:
            StoreUnavailable: the store is still down; what was not written goes on waiting.
        """
        if self.outbox is None or self.outbox.is_empty():
            return 0
        written = 0
        with self._draining:
            while (waiting := self.outbox.next()) is not None:
                written += self._write_waiting(waiting.session_id, waiting.entries, waiting.at)
                self.outbox.remove(waiting.ids)
        return written

    def save_receipt(
        self,
        session_id: str,
        message_id: str,
        blocks: Sequence[dict[str, Any]],
        choices: Sequence[dict[str, Any]],
        now: datetime,
    ) -> Receipt:
        """Keep the answer that a message got; the first answer stays.

        Returns:
            the answer that is kept: send this one.

        Raises:
            UnknownSession: there is no such session.
        """

        def save(uow: UnitOfWork) -> Receipt:
            sessions.save_receipt(uow, session_id, message_id, list(blocks), list(choices), now)
            kept = reading.receipt(uow, session_id, message_id)
            if kept is None:
                raise AlreadyRecorded("the receipt was erased meanwhile")
            return kept

        try:
            return self._write(save)
        except AlreadyRecorded:  # the session that it belongs to is not there
            raise UnknownSession("there is no such session") from None

    def audit(self, who: str, role: Role, what: str, family_reference: str | None, now: datetime) -> None:
        """Note that somebody looked.

        Args:
            who: the pseudonymous subject of who looked.
            role: what they are.
            what: what they looked at, in a short word.
            family_reference: whose it was; None for no single family's.
            now: when.
        """
        row = {"who": who, "role": role, "what": what, "family_reference": family_reference, "at": now}
        self._write(lambda uow: uow.insert_once(Audit, [row]))

    # Reading -------------------------------------------------------------------

    def history(self, session_id: str, now: datetime) -> History:
        """What this person was told, in this conversation and in those they agreed to keep.

        Raises:
            UnknownSession: there is no such session.
        """
        with self.unit_of_work(reading=True) as uow:
            return History(reading.history(uow, sessions.find(uow, session_id, now), now))

    def answers(self, session_id: str, now: datetime) -> tuple[AnswerRow, ...]:
        """What this person told, newest first; as visible as :meth:`history`.

        Raises:
            UnknownSession: there is no such session.
        """
        with self.unit_of_work(reading=True) as uow:
            return reading.answers(uow, sessions.find(uow, session_id, now), now)

    def receipt(self, session_id: str, message_id: str) -> Receipt | None:
        """The answer that a message got, or None while it has none."""
        with self.unit_of_work(reading=True) as uow:
            return reading.receipt(uow, session_id, message_id)

    def receipts_after(self, session_id: str, message_id: str | None) -> tuple[Receipt, ...]:
        """The answers after that of ``message_id``, oldest first (all: None or not known)."""
        with self.unit_of_work(reading=True) as uow:
            return reading.receipts_after(uow, session_id, message_id)

    def family_advice(self, family_reference: str, now: datetime) -> tuple[FamilyAdviceRow, ...]:
        """What a family was told, newest first; for practitioners only.

        All conversations that a carer of the family agreed to keep, and professionals'
        contacts. Declined, withdrawn and unlinked conversations are not in it.
        """
        with self.unit_of_work(reading=True) as uow:
            return reading.family_advice(uow, family_reference, now)

    # Leaving -------------------------------------------------------------------

    def erase(self, session_id: str) -> tuple[str, ...]:
        """Delete this person's own rows, here and in the outbox.

        This conversation; and when they agreed, all their conversations in the family,
        with their carer row unless a professional's contact names it. Never another
        carer's rows, nor a professional's. Erasing again is no error.

        Returns:
            the ids of the sessions erased, so that the caller can erase their trackers.
        """

        def erase(uow: UnitOfWork) -> tuple[str, ...]:
            try:
                return erasing.erase(uow, session_id)
            except UnknownSession:
                return ()

        try:
            erased = self._write(erase)
        finally:
            self._erase_waiting([session_id])
        self._erase_waiting(erased)
        self._forget_log()
        return erased

    def purge(self, now: datetime) -> tuple[str, ...]:
        """Delete conversations past their time that nobody agreed to keep, and expired sessions.

        What waits in the outbox is written first.

        Returns:
            the ids of the sessions deleted, so that the caller can erase their trackers.
        """
        self._drain_first()
        purged = self._write(lambda uow: erasing.purge(uow, now))
        self._forget_log()
        return purged

    # Within --------------------------------------------------------------------

    def _write(self, work: Callable[[UnitOfWork], T]) -> T:
        """Do ``work`` in a transaction; again when somebody writing at the same time won."""
        for attempt in range(1, TRIES + 1):
            try:
                with self.unit_of_work() as uow:
                    done = work(uow)
                    uow.commit()
                    return done
            except AlreadyRecorded:
                if attempt == TRIES:
                    raise
        raise AssertionError("not reached")

    def _write_waiting(self, session_id: str, entries: Sequence[Entry], at: datetime) -> int:
        try:
            self._write(lambda uow: _append(uow, session_id, entries, at))
            return len(entries)
        except StoreUnavailable:
            raise
        except RecordError as error:
            if len(entries) == 1 or isinstance(error, UnknownSession):
                log.warning("%d waiting entries were dropped: %s", len(entries), type(error).__name__)
                return 0
        # One of them is wrong: the others are still written.
        return sum(self._write_waiting(session_id, [each], at) for each in entries)

    def _drain_first(self) -> None:
        """What was said before is written before; a broken outbox does not stop the store."""
        try:
            self.drain()
        except OutboxUnavailable:
            log.error("the outbox cannot be read; what waits in it is not written")

    def _erase_waiting(self, session_ids: Sequence[str]) -> None:
        if self.outbox is not None and session_ids:
            self.outbox.erase(session_ids)

    def _forget_log(self) -> None:
        """Empty SQLite's write-ahead log, in which deleted rows can still be read."""
        if is_sqlite(self.engine):
            try:
                empty_log(self.engine)
            except StoreUnavailable:  # it is emptied with the next one
                log.warning("the write-ahead log was not emptied")


def _append(uow: UnitOfWork, session_id: str, entries: Sequence[Entry], at: datetime) -> None:
    appending.write(uow, sessions.find(uow, session_id, at), entries, at)


@lru_cache(maxsize=1)
def the_record() -> Record:
    """The record of this process, by its settings: one outbox, drained by one of us.

    Nothing is connected until it is used.
    """
    config = settings()
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return open_record(config.store_url, outbox=config.data_dir / "outbox.sqlite")
