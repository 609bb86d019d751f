"""Servers that are processes, with the trained model; trained first where that is needed."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import make_url

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "portal"))

from bot.settings import ROOT
from tests.server.processes import COMMAND, SOFA, Server, environment

POSTGRES = os.environ.get(
    "SAFER_SLEEP_TEST_POSTGRES", "postgresql+psycopg2://postgres@127.0.0.1:5432/postgres"
)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The model of what is here now."""
    folder = tmp_path_factory.mktemp("training")
    done = subprocess.run(
        [*COMMAND, "train"], cwd=ROOT, env=environment(folder), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def new_server(trained: None) -> Iterator[Callable[..., Server]]:
    """Makes servers, not started yet, and ends them."""
    made: list[Server] = []

    def make(folder: Path, database_url: str = "") -> Server:
        made.append(Server(folder, database_url))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def server(new_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server on SQLite that has answered one message (``first_answer_seconds``)."""
    running = new_server(tmp_path_factory.mktemp("server")).start()
    running.person("the-first").tell("m1", SOFA)
    running.first_answer_seconds = time.monotonic() - running.started
    yield running
    assert running.stop() == 0, running.stderr
    assert running.stdout == f"Safer Sleep Assistant is ready: {running.address}/\n"


@pytest.fixture
def postgres_database() -> Iterator[str]:
    """An empty PostgreSQL database; without a server the test is skipped (in CI it fails)."""
    try:
        administrator = psycopg2.connect(_plain(POSTGRES), connect_timeout=2)
    except psycopg2.OperationalError as error:
        reason = f"no PostgreSQL that trusts us at {POSTGRES}: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    administrator.autocommit = True
    name = f"safer_sleep_server_test_{secrets.token_hex(6)}"
    administrator.cursor().execute(f"CREATE DATABASE {name}")
    yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    administrator.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
    administrator.close()


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
