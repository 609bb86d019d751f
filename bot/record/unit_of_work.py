"""One transaction: all of it is kept, or none."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as OrmSession

from bot.record.database import READING, foreign_errors
from bot.record.models import Base

INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class UnitOfWork:
    """A transaction that is open. Leaving it without :meth:`commit` rolls it back.

    Attributes:
        session: the SQLAlchemy session, for queries in 2.0 style.
    """

    def __init__(self, session: Any) -> None:
        """Take the session in which the work is done."""
        self.session = session

    def commit(self) -> None:
        """Keep everything; when this returns, it is on disk."""
        self.session.commit()

    def rollback(self) -> None:
        """Keep nothing of what was done since the last commit."""
        self.session.rollback()

    def execute(self, statement: Any, values: Mapping[str, Any] | None = None) -> Any:
        """Run one statement, with values for its bound names, and return SQLAlchemy's result."""
        return self.session.execute(statement, values)

    def insert_once(self, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
        """Insert ``rows`` in one statement; where a unique key is taken, the row there stays.

        Safe against others who insert the same at the same time: the unique key decides.

        Returns:
            how many rows were new.
        """
        if not rows:
            return 0
        insert = INSERT[self.session.get_bind().dialect.name]
        statement = insert(model.__table__).on_conflict_do_nothing()
        # Values are given apart from the statement: SQLAlchemy then compiles it only once.
        values = rows[0] if len(rows) == 1 else list(rows)
        return int(self.session.execute(statement, values).rowcount)


@contextmanager
def unit_of_work(engine: Any, reading: bool = False) -> Iterator[UnitOfWork]:
    """Open a transaction on ``engine``; ``reading`` promises not to write.

    Raises:
        StoreUnavailable: the database is down, locked, full or too slow.
        AlreadyRecorded: a key refused a row that was not inserted with ``insert_once``.
    """
    bind = engine.execution_options(**READING) if reading else engine
    with foreign_errors(), OrmSession(bind=bind, future=True, expire_on_commit=False) as session:
        yield UnitOfWork(session)
