"""A portal on a real socket, with a real record and an assistant that does as it is told."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import requests
from sanic import Sanic

from bot import blocks
from bot.blocks import Block
from bot.portal.app import make_app
from bot.portal.chat import Chat, Versions
from bot.record import Record, open_record
from bot.settings import Settings

Sanic.test_mode = True  # several applications, one after the other, in one process

SECRET = "a-secret-for-tests-that-is-long-enough"


@dataclass(frozen=True)
class FakeTurn:
    blocks: tuple[Block, ...]
    failed: bool = False


@dataclass
class FakeAssistant:
    """Answers "You said: ..." unless ``script`` has something for the text or payload."""

    script: dict[str, Any] = field(default_factory=dict)
    heard: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    seconds: float = 0.0

    async def turn(self, session_id: str, text: str, message_id: str, payload: str | None = None) -> FakeTurn:
        self.heard.append((session_id, text, message_id, payload))
        if self.seconds:
            await asyncio.sleep(self.seconds)
        answer = self.script.get(payload or text)
        if callable(answer):
            answer = answer(session_id)
        if isinstance(answer, FakeTurn):
            return answer
        if answer is not None:
            return FakeTurn(tuple(answer))
        said = "Hello." if payload == "/greet" else f"You said: {text}"
        return FakeTurn((blocks.paragraph(said),))

    async def forget(self, session_id: str) -> None:
        self.forgotten.append(session_id)

    def texts(self) -> list[str]:
        """What was heard after the greeting."""
        return [text for _, text, message_id, _ in self.heard if message_id != "open"]


class Client:
    """Somebody at the other end."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = ""

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Session {self.session}"} if self.session else {}
        headers.update(more.pop("headers", {}))
        return requests.request(method, self.address + path, headers=headers, timeout=20, **more)

    def start(self, token: str | None = None) -> dict[str, Any]:
        self.session = ""
        response = self.call("POST", "/api/session", json={"token": token} if token else {})
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        self.session = body["session"]
        return body

    def post(self, message_id: str, text: str | None = None, **more: Any) -> requests.Response:
        body = {"message_id": message_id, **more}
        if text is not None:
            body["text"] = text
        return self.call("POST", "/api/messages", json=body)

    def say(self, message_id: str, text: str | None = None, **more: Any) -> dict[str, Any]:
        response = self.post(message_id, text, **more)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


@dataclass
class Portal:
    """A running portal and what stands behind it."""

    address: str
    chat: Chat
    assistant: FakeAssistant
    record: Record
    settings: Settings

    def client(self) -> Client:
        return Client(self.address)

    def started(self, token: str | None = None) -> Client:
        client = self.client()
        client.start(token)
        return client

    def token(self, **claims: Any) -> str:
        said = {"sub": "carer-1", "aud": "safer-sleep", "exp": int(time.time()) + 600, **claims}
        return jwt.encode({k: v for k, v in said.items() if v is not None}, SECRET, algorithm="HS256")


def sounds_dangerous(text: str) -> bool:
    return "not breathing" in text


@contextmanager
def running_portal(
    folder: Path,
    script: dict[str, Any] | None = None,
    alarming: Callable[[str], bool] = sounds_dangerous,
    **settings: Any,
) -> Iterator[Portal]:
    """A portal that listens on a free port of this machine until the block is left."""
    chosen = Settings(**{"data_dir": folder, "jwt_secret": SECRET, "store_timeout_seconds": 1.0, **settings})
    record = open_record(chosen.store_url)
    record.migrate()
    chat = Chat(chosen, record, alarming)
    assistant = FakeAssistant(script or {})
    chat.assistant = assistant
    chat.versions = Versions("test-model", "abc123")
    app = make_app(chat)
    up = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def started(app: Any, loop: Any) -> None:
        loops.append(loop)
        up.set()

    async def stopped(app: Any, loop: Any) -> None:
        await chat.close()

    app.register_listener(started, "after_server_start")
    app.register_listener(stopped, "after_server_stop")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        run = {"sock": listener, "register_sys_signals": False, "access_log": False, "motd": False}
        thread = threading.Thread(target=app.run, kwargs=run, daemon=True)
        thread.start()
        assert up.wait(10), "the portal did not start"
        try:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            yield Portal(address, chat, assistant, record, chosen)
        finally:
            loops[0].call_soon_threadsafe(app.stop)
            thread.join(10)
            record.close()
