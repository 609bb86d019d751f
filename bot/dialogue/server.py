"""The server: loads the assistant, opens the record, serves the portal, stops gracefully.

One line goes to stdout, the address, when everything is ready; all else goes to stderr.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TextIO

from sanic import Sanic

from bot.clock import now
from bot.dialogue import without_tensorflow
from bot.dialogue.host import Assistant, newest_model
from bot.errors import ModelError, RecordError, SettingsError
from bot.portal.app import make_app
from bot.portal.chat import Answering, Chat, Versions
from bot.record import Record, open_record, the_record
from bot.settings import ROOT, Settings, log_to_stderr
from bot.settings import settings as process_settings

logger = logging.getLogger(__name__)

HOUSEKEEPING_SECONDS = 60.0
GUIDANCE = ROOT / "bot" / "guidance"

Load = Callable[[Settings], Awaitable[Answering]]


def run_server(settings: Settings, load: Load | None = None) -> None:
    """Serve until somebody stops the process (SIGINT or SIGTERM).

    Args:
        settings: of this deployment.
        load: gives the assistant, loaded and warm; the trained model's by default.

    Raises:
        SettingsError: there is no usable secret outside demo mode, or the port is taken.
        ModelError: there is no model, or it cannot be loaded.
        RecordError: the record's address cannot be understood.
    """
    settings.secret()
    without_tensorflow.install(ROOT / "config.yml")  # before anything imports spaCy, which looks for it
    if load is None:
        newest_model(settings)  # said now, rather than while starting
    out = sys.stdout
    log_to_stderr(settings.log_level)
    # Sanic logs whole exceptions, in which a person's words may stand; ours are logged by us.
    logging.getLogger("sanic.error").setLevel(logging.CRITICAL)
    listener = _listen(settings)
    with contextlib.redirect_stdout(sys.stderr), contextlib.closing(listener):
        app = build_app(settings, load or _load_model, out, listener.getsockname()[1])
        app.run(sock=listener, access_log=False, motd=False)


def build_app(settings: Settings, load: Load, out: TextIO, port: int) -> Sanic:
    """The application with its starting and stopping.

    Args:
        settings: of this deployment.
        load: gives the assistant, loaded and warm.
        out: where the address is told when everything is ready.
        port: where it listens.
    """
    record = _record(settings)
    chat = Chat(settings, record, is_alarming)
    app = make_app(chat)
    tasks: list[asyncio.Task[None]] = []

    async def start(app: Sanic, loop: Any) -> None:
        is_alarming("")  # the rules are compiled now, not at the first message that needs them
        await asyncio.to_thread(keep_house, record)
        chat.assistant = await load(settings)
        if isinstance(chat.assistant, Assistant):
            await forget_erased(record, chat.assistant)
        chat.versions = Versions(_model_name(settings), guidance_hash())

    async def started(app: Sanic, loop: Any) -> None:
        tasks.append(asyncio.create_task(_keep_house_again(record, chat)))
        print(f"Safer Sleep Assistant is ready: http://{_shown(settings.host)}:{port}/", file=out, flush=True)

    async def stop(app: Sanic, loop: Any) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await chat.close()
        await asyncio.to_thread(record.close)
        if isinstance(chat.assistant, Assistant):
            await asyncio.to_thread(chat.assistant.close)

    app.register_listener(start, "before_server_start")
    app.register_listener(started, "after_server_start")
    app.register_listener(stop, "after_server_stop")
    return app


def is_alarming(text: str) -> bool:
    """Whether any red-flag rule matches, excused or not: the fast check."""
    from bot.understanding.red_flag_rules import rules

    return bool(rules().find(text))


def keep_house(record: Record) -> None:
    """Bring the record's tables up to date and write what waits in its outbox.

    A store that is down is no reason not to answer people: it is tried again later.
    """
    try:
        if not record.ready():
            record.migrate()
        record.drain()
    except RecordError as error:
        logger.error("the record is not reachable: %s", type(error).__name__)


def purge(record: Record) -> set[str]:
    """Delete what is past its time; the sessions whose conversations are to be forgotten."""
    try:
        return set(record.purge(now()))
    except RecordError as error:
        logger.error("nothing was purged: %s", type(error).__name__)
        return set()


async def forget_erased(record: Record, assistant: Assistant) -> None:
    """Erase conversations whose session is gone: a kill came between the two erasures.

    At start only: a session begun while the store was down has no row until it is back.
    """
    try:
        kept = await assistant.conversations()
        for session_id in await asyncio.to_thread(record.unknown_sessions, kept):
            await assistant.forget(session_id)
    except RecordError as error:
        logger.error("erased conversations are still to be forgotten: %s", type(error).__name__)


def guidance_hash() -> str:
    """Twelve characters that change with any guidance file."""
    digest = hashlib.sha256()
    for path in sorted(GUIDANCE.rglob("*.yml")):
        digest.update(path.relative_to(GUIDANCE).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


async def _keep_house_again(record: Record, chat: Chat) -> None:
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        await asyncio.to_thread(keep_house, record)
        await chat.forget_the_rest(await asyncio.to_thread(purge, record))


def _record(settings: Settings) -> Record:
    """The record that the actions use too, so that one outbox is drained by one of us."""
    if settings == process_settings():
        return the_record()
    return open_record(settings.store_url, outbox=settings.data_dir / "outbox.sqlite")


async def _load_model(settings: Settings) -> Answering:
    return await Assistant.load(config=settings)


def _model_name(settings: Settings) -> str:
    try:
        return newest_model(settings).name
    except ModelError:  # the assistant was loaded from elsewhere
        return ""


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"SAFER_SLEEP_HOST and SAFER_SLEEP_PORT: cannot listen on"
            f" {settings.host}:{settings.port}: {error.strerror}"
        ) from error
    return listener


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
