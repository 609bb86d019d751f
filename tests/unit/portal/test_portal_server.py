"""The server as a process: one line to stdout, clear errors, a graceful stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bot.dialogue.server import guidance_hash, run_server
from bot.errors import ModelError, SettingsError
from bot.settings import Settings

SERVE = textwrap.dedent(
    """
    import sys
    from bot.dialogue.server import run_server
    from bot.settings import read_settings
    from portal_harness import FakeAssistant

    async def load(settings):
        print("a library that prints")
        assistant = FakeAssistant()
        assistant.seconds = float(sys.argv[1])
        return assistant

    run_server(read_settings(), load)
    """
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([os.getcwd(), str(Path(__file__).parent)]),
        "PYTHONWARNINGS": "ignore",
        "SAFER_SLEEP_DATA_DIR": str(tmp_path / "new" / "folder"),
        "SAFER_SLEEP_DEMO": "1",
        "SAFER_SLEEP_PORT": "0",
    }
    command = [sys.executable, "-c", SERVE, "0.5"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def test_it_tells_its_address_answers_and_stops(server: subprocess.Popen[str]) -> None:
    assert server.stdout is not None
    line = server.stdout.readline()
    assert line.startswith("Safer Sleep Assistant is ready: http://127.0.0.1:")
    address = line.split()[-1].rstrip("/")
    health = requests.get(f"{address}/health", timeout=5).json()
    assert (health["ready"], health["database"]) == (True, True)
    assert health["guidance"] == guidance_hash()
    session = requests.post(f"{address}/api/session", timeout=5).json()["session"]
    said = {"message_id": "m1", "text": "hello", "session": session}
    assert requests.post(f"{address}/api/messages", json=said, timeout=5).json()["saved"] is True
    server.send_signal(signal.SIGTERM)
    rest, errors = server.communicate(timeout=15)
    assert (server.returncode, rest) == (0, ""), errors
    assert "a library that prints" in errors
    assert "ERROR" not in errors


def test_it_does_not_start_without_a_secret(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SAFER_SLEEP_JWT_SECRET is not set"):
        run_server(Settings(data_dir=tmp_path))


def test_it_says_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = Settings(data_dir=tmp_path, demo=True, port=taken.getsockname()[1])
        with pytest.raises(SettingsError, match="SAFER_SLEEP_PORT"):
            run_server(settings)


def test_it_says_when_there_is_no_model(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data_dir=tmp_path, demo=True, port=0, model=str(tmp_path / "no-models"))
    with pytest.raises(ModelError, match="there is no model"):
        run_server(settings)
    assert "Traceback" not in capfd.readouterr().err
