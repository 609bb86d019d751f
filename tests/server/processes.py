"""The real server in a process of its own, people who talk to it, and what it wrote down."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil
from portal_harness import Client
from sqlalchemy import text

from bot.portal.tokens import make_demo_token
from bot.record import Record, open_record
from bot.settings import ROOT, Settings
from bot.vocabulary import Role

COMMAND = [sys.executable, "-m", "bot.cli"]
START_SECONDS = 60
OURS = ("SAFER_SLEEP_", "DATABASE_URL")
OF_THE_TESTS = {"OMP_NUM_THREADS", "TQDM_DISABLE", "SQLALCHEMY_WARN_20"}
"""What tests/conftest.py sets for itself; whoever runs the assistant has none of it."""

SOFA = "he'll only settle on me so i end up nodding off on the sofa with him most nights"
OWN_WORDS = "i'd put him in the cot before i nod off and not sleep on the sofa"
NOT_BREATHING = "my baby isnt breathing"

WRITTEN = {
    "advice_given": "message_id, statement_id, version, topic",
    "understanding_check": "message_id, statement_id, method, outcome",
    "hazard_answer": "message_id, fact, about, value",
    "conversation_agreement": "message_id, agreement",
    "refusal": "message_id, topic",
    "escalation": "message_id, flag",
}
"""What a conversation leaves in the record, by table: what makes one row the same as another."""


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """A process environment with these settings (``port="8080"``) and no others of ours."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(OURS) and k not in OF_THE_TESTS}
    named = {
        "DATABASE_URL" if k == "database_url" else f"SAFER_SLEEP_{k.upper()}": settings[k] for k in settings
    }
    return {
        **clean,
        "SAFER_SLEEP_DATA_DIR": str(folder),
        "SAFER_SLEEP_TIMEZONE": where_it_is_afternoon(),
        **named,
    }


def where_it_is_afternoon() -> str:
    """A timezone in which it is between 14:00 and 15:00: at night, answers are shorter."""
    east = 14 - datetime.now(timezone.utc).hour
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Server:
    """``safer-sleep run`` on a folder of its own; it can be killed and started again."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.started = 0.0
        self.first_answer_seconds = 0.0
        self._settings = {"demo": "1", "port": str(self.port), "database_url": database_url}
        self._process: subprocess.Popen[bytes] | None = None
        self._times = 0

    def start(self) -> Server:
        """Start the process and wait for its line."""
        self._times += 1
        self.folder.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
            self._process = subprocess.Popen(
                [*COMMAND, "run"],
                cwd=ROOT,
                env=environment(self.folder, **self._settings),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        while not self.stdout.endswith("\n"):
            assert self._process.poll() is None, f"the server ended:\n{self.stderr}"
            assert time.monotonic() - self.started < START_SECONDS, f"it does not start:\n{self.stderr}"
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        assert self._process.wait(10) == -signal.SIGKILL

    def stop(self) -> int:
        """Ask it to end, and give its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        return int(self._process.returncode)

    @property
    def stdout(self) -> str:
        return self._file("out").read_text()

    @property
    def stderr(self) -> str:
        return self._file("err").read_text()

    @property
    def memory_mb(self) -> float:
        """What the process holds in memory now."""
        assert self._process is not None
        return float(psutil.Process(self._process.pid).memory_info().rss) / 1024**2

    def token(self, subject: str, family: str | None, role: Role = Role.PARENT) -> str:
        """A token signed with this server's secret."""
        return make_demo_token(Settings(data_dir=self.folder, demo=True), subject, family, role)

    def person(self, subject: str, family: str | None = None, role: Role = Role.PARENT) -> Person:
        """Somebody who has opened a chat; in a family named after them if no other is named."""
        person = Person(self.address, token=self.token(subject, family or f"family-of-{subject}", role))
        person.hear(person.start(person.token)["messages"][0]["blocks"])
        return person

    @contextmanager
    def record(self) -> Iterator[Record]:
        """The record that the server writes, opened here too."""
        settings = Settings(data_dir=self.folder, database_url=self._settings["database_url"])
        record = open_record(settings.store_url)
        try:
            yield record
        finally:
            record.close()

    def written(self, session_id: str) -> dict[str, list[tuple[Any, ...]]]:
        """What the record holds of a session's conversation, sorted."""
        found = {}
        with self.record() as record, record.unit_of_work(reading=True) as uow:
            for table, columns in WRITTEN.items():
                rows = uow.execute(
                    text(
                        f"SELECT {columns} FROM {table} WHERE conversation_id ="
                        " (SELECT conversation_id FROM portal_session WHERE session_id = :session_id)"
                    ),
                    {"session_id": session_id},
                )
                found[table] = sorted(tuple(row) for row in rows)
        return found

    def _file(self, what: str) -> Path:
        return self.folder / f"server-{self._times}.{what}"


@dataclass
class Person(Client):
    """Somebody with a chat: presses choices by their label, and remembers the last answer."""

    address: str
    token: str = ""
    session: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)

    def hear(self, blocks: list[dict[str, Any]]) -> None:
        self.blocks = blocks

    def body(self, said: str) -> dict[str, str]:
        """What is sent for ``said``: a text, or a choice of the last answer as ``[label]``."""
        if not said.startswith("["):
            return {"text": said}
        options = {o["label"]: o["id"] for block in self.blocks for o in block.get("options", [])}
        assert said[1:-1] in options, f"there is no choice {said}, only {list(options)}"
        return {"choice": options[said[1:-1]]}

    def tell(self, message_id: str, said: str) -> list[dict[str, Any]]:
        """Say something and hear the answer, which must be saved."""
        answer = self.say(message_id, **self.body(said))
        assert answer["message_id"] == message_id
        assert answer["saved"] is True, answer
        self.hear(answer["blocks"])
        return self.blocks

    def words(self) -> str:
        """The last answer as JSON."""
        return json.dumps(self.blocks, ensure_ascii=False)


def statements(blocks: Sequence[dict[str, Any]]) -> set[str]:
    """The statements of the guidance that an answer gave."""
    return {block["statement"] for block in blocks if "statement" in block}


def without_choice_ids(blocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """An answer without what differs each time it is made."""
    return [
        {**b, "options": [o["label"] for o in b["options"]]} if b["type"] == "choices" else b for b in blocks
    ]
