"""A record to test with, once on SQLite and once on a PostgreSQL database of its own."""

from __future__ import annotations

import os

os.environ.setdefault("SQLALCHEMY_WARN_20", "1")  # before SQLAlchemy is imported

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.util import deprecations

from bot.record import AdviceEntry, Claims, Record, Session, database, open_record
from bot.record.database import make_engine
from bot.record.migrating import migrate
from bot.record.models import Base
from bot.vocabulary import Role

HERE = Path(__file__).parent
POSTGRES = os.environ.get(
    "SAFER_SLEEP_TEST_POSTGRES", "postgresql+psycopg2://postgres@127.0.0.1:5432/postgres"
)
NOW = datetime(2026, 3, 1, 2, 30, tzinfo=timezone.utc)
COUNTS = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {table.name}) AS {table.name}" for table in Base.metadata.sorted_tables
)

deprecations.SQLALCHEMY_WARN_20 = True  # where something imported SQLAlchemy before us


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What SQLAlchemy 2.0 will have removed is an error in every test of this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("error::sqlalchemy.exc.RemovedIn20Warning"))
            if "postgresql" in item.name:
                item.add_marker(pytest.mark.postgres)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Quicker, and the same to us: being on disk matters only when the power goes."""
    if request.node.originalname != "test_what_is_recorded_is_on_disk":
        monkeypatch.setattr(database, "SYNCHRONOUS", "OFF")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the tables in it, to copy."""
    path = tmp_path_factory.mktemp("template") / "record.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The address of a PostgreSQL server; without one the test is skipped (in CI it fails)."""
    try:
        psycopg2.connect(_plain(POSTGRES), connect_timeout=2).close()
    except psycopg2.OperationalError as error:
        reason = f"no PostgreSQL at SAFER_SLEEP_TEST_POSTGRES: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return POSTGRES


@pytest.fixture(scope="session")
def new_postgres(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases, and drops them in the end."""
    made: list[str] = []

    def make() -> str:
        name = f"safer_sleep_test_{secrets.token_hex(6)}"
        _administer(postgres_server, f"CREATE DATABASE {name}")
        # Quicker, and the same to us: it matters only when the server itself loses power.
        _administer(postgres_server, f"ALTER DATABASE {name} SET synchronous_commit = off")
        made.append(name)
        return make_url(postgres_server).set(database=name).render_as_string(hide_password=False)

    yield make
    for name in made:
        _administer(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_database(new_postgres: Callable[[], str]) -> str:
    """A database with the tables in it."""
    url = new_postgres()
    migrate(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store with its tables and no rows."""
    if request.param == "sqlite":
        path = tmp_path / "record.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgres_database")
    with closing(psycopg2.connect(_plain(url))) as connection:
        tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
        # Far quicker than TRUNCATE.
        connection.cursor().execute("; ".join(f"DELETE FROM {name}" for name in tables))
        connection.commit()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite'}"
    url: str = request.getfixturevalue("new_postgres")()
    return url


@pytest.fixture
def record(store_url: str, tmp_path: Path) -> Iterator[Record]:
    """An open record with an outbox."""
    opened = open_record(store_url, tmp_path / "outbox.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def start(record: Record) -> Callable[..., Session]:
    """Starts a session: ``start("anna", "family-1", Role.PARENT, at=NOW)``."""

    def start(
        subject: str = "anna",
        family: str | None = "family-1",
        role: Role = Role.PARENT,
        at: datetime = NOW,
    ) -> Session:
        return record.start_session(Claims(subject, role, family), at, hours=24, keep_days=30)

    return start


@pytest.fixture
def rows(record: Record) -> Callable[..., dict[str, int]]:
    """Counts the rows of the tables that have any, or of those named."""

    def rows(*names: str) -> dict[str, int]:
        with record.unit_of_work(reading=True) as uow:
            counts = uow.execute(text(COUNTS)).one()._asdict()
        return {name: count for name, count in counts.items() if (name in names if names else count)}

    return rows


@pytest.fixture
def outage(record: Record) -> Callable[[], Any]:
    """The store cannot be reached inside ``with outage():``."""

    @contextmanager
    def outage() -> Iterator[None]:
        working = record.engine
        if working.dialect.name == "sqlite":
            record.engine = make_engine("sqlite:////dev/null/no-folder/record.sqlite")
        else:
            record.engine = make_engine("postgresql+psycopg2://postgres@127.0.0.1:1/nothing")
        try:
            yield
        finally:
            record.engine = working

    return outage


@pytest.fixture
def queries(record: Record) -> Iterator[list[str]]:
    """The statements that the record sends, as they are sent."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(record.engine, "before_cursor_execute", note)
    yield sent
    event.remove(record.engine, "before_cursor_execute", note)


@pytest.fixture
def advice() -> Callable[..., list[AdviceEntry]]:
    """Makes entries: ``advice("m1", "alcohol.1", "alcohol.2")``."""

    def advice(message_id: str, *statement_ids: str) -> list[AdviceEntry]:
        return [
            AdviceEntry(message_id, each, 1, each.split(".")[0], "chat")
            for each in statement_ids or ("alcohol.1",)
        ]

    return advice


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _administer(url: str, command: str) -> None:
    connection = psycopg2.connect(_plain(url))
    connection.autocommit = True
    try:
        connection.cursor().execute(command)
    finally:
        connection.close()
