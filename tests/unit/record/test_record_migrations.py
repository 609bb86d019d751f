"""The tables: made, taken back and made again, and equal to the models."""

from __future__ import annotations

import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import exc, inspect, select
from sqlalchemy.orm import declarative_base

from bot.errors import StoreUnavailable
from bot.record import open_record
from bot.record.database import make_engine
from bot.record.migrating import downgrade, head, migrate
from bot.record.models import Base

TABLES = {table.name for table in Base.metadata.sorted_tables}


def tables_of(url):
    engine = make_engine(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_up_down_and_up_again(empty_url):
    record = open_record(empty_url)
    assert not record.ready()
    record.migrate()
    assert tables_of(empty_url) == TABLES | {"alembic_version"}
    assert record.ready()
    record.migrate()
    assert record.ready()
    downgrade(empty_url)
    assert tables_of(empty_url) == {"alembic_version"}
    assert not record.ready()
    record.migrate()
    assert tables_of(empty_url) == TABLES | {"alembic_version"}
    assert record.ready()
    record.close()


def test_the_steps_and_the_models_agree(store_url):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = make_engine(store_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_the_checks_of_the_models_are_in_the_tables(store_url):
    engine = make_engine(store_url)
    inspector = inspect(engine)
    for table in Base.metadata.sorted_tables:
        wanted = {str(check.name) for check in table.constraints if type(check).__name__ == "CheckConstraint"}
        assert {check["name"] for check in inspector.get_check_constraints(table.name)} == wanted
    engine.dispose()


def test_servers_that_start_together_take_turns(empty_url):
    with ThreadPoolExecutor(3) as pool:
        starting = [pool.submit(migrate, empty_url) for _ in range(3)]
        assert [server.exception() for server in starting] == [None] * 3
    assert tables_of(empty_url) == TABLES | {"alembic_version"}


def test_a_database_that_is_down_cannot_be_migrated():
    with pytest.raises(StoreUnavailable):
        migrate("postgresql+psycopg2://postgres@127.0.0.1:1/nothing")
    with pytest.raises(StoreUnavailable):
        migrate("sqlite:////dev/null/no-folder/record.sqlite")


def test_the_newest_step_is_known():
    assert head() == "0001"


def test_the_record_is_imported_without_connecting_to_anything():
    code = (
        "import sys, bot.record as r;"
        "from bot.record.record import open_record; open_record('sqlite:////dev/null/x.sqlite');"
        "open_record('postgresql+psycopg2://postgres@127.0.0.1:1/nothing');"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('rasa', 'rasa_sdk', 'alembic')"
        " or m.startswith('bot.') and m.split('.')[1] not in ('record', 'vocabulary', 'errors', 'settings')))"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_sqlalchemy_2_removed_is_an_error_here():
    """The gate itself: were it off, the old way of writing a query would pass."""
    with pytest.raises(exc.RemovedIn20Warning):
        select([Base.metadata.tables["family"]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        declarative_base()
