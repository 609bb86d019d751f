"""The assistant in one process: the model, the actions, and one way to take a turn.

The portal, the shell and the conversation tests all go through :meth:`Assistant.turn`,
so that what is tested is what runs.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import blocks
from bot.blocks import Block
from bot.dialogue import without_tensorflow
from bot.dialogue.training import models_folder
from bot.errors import ModelError, StoreUnavailable
from bot.guidance.emergencies import emergency_links, load_red_flags
from bot.guidance.library import load_library
from bot.settings import ROOT, Settings, log_to_stderr, settings

logger = logging.getLogger(__name__)

FAILURE_TEXT = (
    "Something went wrong on our side and I cannot answer just now. "
    "If a baby or anyone else is in danger, call the emergency services now."
)


@dataclass(frozen=True)
class Turn:
    """One answered message.

    Attributes:
        blocks: what to show, in order; never empty.
        parse: what was understood, where the caller asked to have it explained.
        milliseconds: how long it took.
        failed: whether the emergency-line block stands in for an answer.
    """

    blocks: tuple[Block, ...]
    parse: dict[str, Any] = field(default_factory=dict)
    milliseconds: float = 0.0
    failed: bool = False


class Assistant:
    """A loaded model with its actions.

    Attributes:
        agent: Rasa's agent.
    """

    def __init__(self, agent: Any, config: Settings, conversations: Any) -> None:
        self.agent = agent
        self._settings = config
        self._conversations = conversations
        self._seen: set[str] = set()

    @classmethod
    async def load(cls, model: Path | None = None, config: Settings | None = None) -> Assistant:
        """Load the newest model (or ``model``) and read one message to warm up.

        Raises:
            ModelError: there is no model, or it cannot be loaded.
        """
        config = config or settings()
        prepare()
        from rasa.core.agent import Agent
        from rasa.utils.endpoints import EndpointConfig

        from bot.dialogue.in_process import InProcessActions
        from bot.dialogue.tracker_store import ConversationStore

        path = model or newest_model(config)
        actions = EndpointConfig(url=config.action_endpoint) if config.action_endpoint else InProcessActions()
        conversations = ConversationStore(None, config.conversations_url)
        try:
            agent = Agent.load(str(path), action_endpoint=actions, tracker_store=conversations)
        except Exception as error:
            raise ModelError(f"the model {path.name} cannot be loaded: {error}") from error
        if not agent.is_ready():
            raise ModelError(f"the model {path.name} cannot be loaded; run `make train`")
        assistant = cls(agent, config, conversations)
        load_library()
        load_red_flags()
        await assistant.parse("hello")
        _give_back_memory()
        return assistant

    async def parse(self, text: str) -> dict[str, Any]:
        """What is understood of ``text``, with no conversation around it."""
        from bot.understanding.english import clean

        return dict(await self.agent.parse_message(clean(text) or " "))

    async def turn(
        self,
        session_id: str,
        text: str,
        message_id: str,
        payload: str | None = None,
        explain: bool = False,
    ) -> Turn:
        """Take one turn and answer, whatever happens.

        A crash, an empty answer or more than ``turn_timeout_seconds`` becomes the
        emergency-line block: silence is never an answer.

        Args:
            session_id: the server-made session id.
            text: what the person typed; leading slashes are removed.
            message_id: the client's id of the message; actions key what they record on it.
            payload: the intent of a choice the person pressed, instead of ``text``.
            explain: whether the turn says what was understood (another read of the store).
        """
        from rasa.core.channels.channel import UserMessage

        from bot.dialogue.output import BlockChannel
        from bot.understanding.english import clean

        started = time.perf_counter()
        given = await self._given(session_id, message_id)
        if given:
            return Turn(tuple(given), {}, _since(started))
        channel = BlockChannel()
        said = payload if payload is not None else clean(text)
        message = UserMessage(
            said or " ", channel, session_id, input_channel="saferchat", message_id=message_id
        )
        try:
            await asyncio.wait_for(self.agent.handle_message(message), self._settings.turn_timeout_seconds)
        except Exception as error:  # a crash is never silence
            logger.error("a turn failed: %s", type(error).__name__)
            return Turn((failure_block(self._settings),), {}, _since(started), failed=True)
        found = channel.blocks
        if not found:
            logger.error("a turn gave an empty answer")
            return Turn((failure_block(self._settings),), {}, _since(started), failed=True)
        milliseconds = _since(started)
        parse = await self._last_parse(session_id) if explain else {}
        return Turn(tuple(found), parse, milliseconds)

    async def _given(self, session_id: str, message_id: str) -> list[Block]:
        """What the conversation has as the answer to this message; nothing where it is new.

        A server that was killed after the turn was stored and before its answer was kept
        gets the message again: taking it twice would answer whatever is asked now. That can
        only be so the first time this process sees the session.
        """
        from rasa.shared.core.events import BotUttered, UserUttered

        if session_id in self._seen:
            return []
        self._seen.add(session_id)
        try:
            tracker = await self.agent.tracker_store.retrieve(session_id)
        except StoreUnavailable:
            return []
        found: list[Block] | None = None
        for event in tracker.events if tracker else ():
            if isinstance(event, UserUttered):
                if found is not None:
                    break
                found = [] if event.message_id == message_id else None
            elif found is not None and isinstance(event, BotUttered):
                found += blocks.from_rasa({"text": event.text, **event.data})
        return found or []

    async def _last_parse(self, session_id: str) -> dict[str, Any]:
        """What was understood of the last message; nothing where the store cannot say."""
        try:
            tracker = await self.agent.tracker_store.retrieve(session_id)
        except StoreUnavailable:
            return {}
        return dict(tracker.latest_message.parse_data) if tracker and tracker.latest_message else {}

    async def forget(self, session_id: str) -> None:
        """Erase the conversation itself; what was recorded of it is the record's to erase.

        Raises:
            StoreUnavailable: the conversations cannot be reached.
        """
        self._seen.discard(session_id)
        await self._conversations.erase(session_id)

    async def conversations(self) -> list[str]:
        """The session ids of every conversation that is kept.

        Raises:
            StoreUnavailable: the conversations cannot be reached.
        """
        return list(await self._conversations.keys())

    def close(self) -> None:
        """Close the conversations' store."""
        self._conversations.close()


def prepare() -> None:
    """Quiet logging, no TensorFlow, fast checks. Safe to call more than once."""
    log_to_stderr()
    # Old libraries that Rasa pins warn of their own future; people who run us cannot act on it.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    without_tensorflow.install(ROOT / "config.yml")
    from bot.dialogue.in_process import cache_event_types, compile_result_check

    compile_result_check()
    cache_event_types()


def newest_model(config: Settings) -> Path:
    """The newest model file in the models folder.

    Raises:
        ModelError: there is none.
    """
    folder = models_folder(config)
    if folder.is_file():
        return folder
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise ModelError(f"there is no model in {folder.name}/; run `make train`")
    return models[-1]


def failure_block(config: Settings) -> Block:
    """The block that stands in for an answer that failed."""
    return blocks.error(FAILURE_TEXT, emergency_links(config.nation), "no_answer")


def _give_back_memory() -> None:
    """Hand what loading used for a moment back to the system (50 MB of the encoder's alone).

    glibc keeps freed memory unless asked; other C libraries have no such call.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
