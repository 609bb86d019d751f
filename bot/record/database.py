"""The connection to the database: SQLite by default, PostgreSQL by its address.

Nothing is opened at import. Errors of SQLAlchemy and of the drivers become the record's
own in :func:`foreign_errors`, and nowhere else.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, exc
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool

from bot.errors import RecordError, StoreUnavailable

STATEMENT_MILLISECONDS = 1500
"""How long one statement, or the wait for a lock, may take."""

CONNECT_SECONDS = 2

SYNCHRONOUS = "FULL"
"""When SQLite has written: FULL is on disk, even if the power goes."""

READING = {"safer_sleep_reading": True}
"""Execution options of a transaction that only reads (it never waits for a writer)."""


LOST_A_RACE = {"40001", "40P01"}
"""PostgreSQL's codes for a transaction that was stopped in favour of another's."""


class AlreadyRecorded(RecordError):
    """Somebody else was faster: a key refused a row, or their transaction ours. Try again and see."""


def make_engine(url: str) -> Any:
    """An engine in 2.0 style for ``url``; it connects when it is first used.

    Raises:
        RecordError: the address cannot be understood, or its database is of another kind.
    """
    try:
        address = make_url(url)
    except exc.ArgumentError:
        raise RecordError("the address of the record cannot be understood") from None
    if address.get_backend_name() == "sqlite":
        return _sqlite(address)
    if address.get_backend_name() == "postgresql":
        return _postgresql(address)
    raise RecordError(f"the record cannot be kept in {address.get_backend_name()!r}")


@contextmanager
def foreign_errors() -> Iterator[None]:
    """Turn errors of the database into ours, without the values that were being written.

    Raises:
        AlreadyRecorded: a unique or foreign key refused a row.
        StoreUnavailable: the database is down, locked, full, too slow or not migrated.
        RecordError: the database refused a value.
    """
    try:
        yield
    except exc.SQLAlchemyError as error:
        ours = _ours(error)
        if ours is None:  # a mistake of ours, not a failure of the database
            raise
        # Not "from error": the driver's message can hold what was being written.
        raise ours(type(getattr(error, "orig", None) or error).__name__) from None


def is_sqlite(engine: Any) -> bool:
    """Whether ``engine`` keeps its data in an SQLite file."""
    return bool(engine.dialect.name == "sqlite")


def empty_log(engine: Any) -> None:
    """Empty SQLite's write-ahead log, as far as nobody is reading from it.

    Raises:
        StoreUnavailable: the file is locked.
    """
    with foreign_errors():
        connection = engine.raw_connection()  # not in a transaction, where it cannot be done
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(type(error).__name__) from None
        finally:
            connection.close()


def make_private(path: Path) -> None:
    """Make the file at ``path`` if it is missing, readable by this user alone.

    A file that cannot be made is left to the database to complain about.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError:
        pass


def _ours(error: Exception) -> type[RecordError] | None:
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    if isinstance(error, exc.IntegrityError) or code in LOST_A_RACE:
        return AlreadyRecorded
    if isinstance(error, (exc.DataError, exc.NotSupportedError)):
        return RecordError
    if isinstance(error, (exc.DBAPIError, exc.TimeoutError)):
        return StoreUnavailable
    return RecordError if isinstance(error, exc.StatementError) else None


def _postgresql(address: Any) -> Any:
    return create_engine(
        address,
        future=True,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=STATEMENT_MILLISECONDS / 1000,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": f"-c statement_timeout={STATEMENT_MILLISECONDS} -c timezone=UTC",
        },
    )


def _sqlite(address: Any) -> Any:
    in_memory = address.database in (None, "", ":memory:")
    if not in_memory:
        make_private(Path(address.database))
    engine = create_engine(
        address,
        future=True,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=1 if in_memory else 5,
        max_overflow=0 if in_memory else 10,
        pool_timeout=STATEMENT_MILLISECONDS / 1000,
        connect_args={"check_same_thread": False, "timeout": STATEMENT_MILLISECONDS / 1000},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # pysqlite's own way of beginning transactions breaks savepoints: _begin_sqlite begins.
    connection.isolation_level = None
    for setting in ("journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")


def _begin_sqlite(connection: Any) -> None:
    # A transaction that starts by reading and then writes fails at once, without waiting,
    # when another has written meanwhile. So those that will write say so at the start.
    reading = connection.get_execution_options().get("safer_sleep_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
