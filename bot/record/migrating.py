"""Bringing the tables up to date, from within the program.

The steps are in ``bot/record/migrations/versions``. Two servers that start together take
turns; a step that fails leaves the tables as they were.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot.record.database import foreign_errors, is_sqlite, make_engine

SCRIPTS = Path(__file__).with_name("migrations")
TURN = 7_301_450_771
"""The number of the lock that servers wait for on PostgreSQL."""


def migrate(url: str, to: str = "head") -> None:
    """Upgrade the database at ``url``; an up-to-date one stays as it is.

    Raises:
        StoreUnavailable: the database is down or locked.
    """
    from alembic import command

    with _connection(url) as connection:
        command.upgrade(_config(connection), to)


def downgrade(url: str, to: str = "base") -> None:
    """Take the steps back to ``to``; the rows of tables that go are lost.

    Raises:
        StoreUnavailable: the database is down or locked.
    """
    from alembic import command

    with _connection(url) as connection:
        command.downgrade(_config(connection), to)


def is_up_to_date(session: Any) -> bool:
    """Whether the newest step has been taken, in an open SQLAlchemy session."""
    return bool(session.execute(text("SELECT version_num FROM alembic_version")).scalar() == head())


@lru_cache(maxsize=1)
def head() -> str:
    """The name of the newest step."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory(str(SCRIPTS)).get_current_head())


@contextmanager
def _connection(url: str) -> Iterator[Any]:
    engine = make_engine(url)
    try:
        with foreign_errors(), engine.begin() as connection:
            if not is_sqlite(engine):
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
            yield connection
    finally:
        engine.dispose()


def _config(connection: Any) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
