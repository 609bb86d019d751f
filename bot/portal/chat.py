"""What happens to a message: known session, same answer once, one at a time, always answered.

Nothing here knows HTTP. A store that is down costs the keeping, never the answer.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from bot import blocks
from bot.blocks import Block
from bot.clock import now
from bot.errors import (
    BadRequest,
    ModelError,
    NotAuthorised,
    RecordError,
    StoreUnavailable,
    TooManyRequests,
    UnknownSession,
)
from bot.portal import outgoing
from bot.portal.bodies import LONGEST_TEXT, Message
from bot.portal.memory import MESSAGES_A_MINUTE, Memory, Seen
from bot.portal.store import Store
from bot.portal.tokens import read_token
from bot.record import Claims, Receipt, Record
from bot.settings import Settings

logger = logging.getLogger(__name__)
T = TypeVar("T")

OPENING = "open"
"""The message id of the turn that greets."""

GREET = "/greet"
MOST_PIECES = 8
"""How many pieces of an over-long message are looked at for danger."""

TOO_LONG = (
    f"Your message was longer than I can read, so I read {LONGEST_TEXT} characters of it. "
    "If I missed something, please send it again on its own."
)


class Answered(Protocol):
    """What the assistant answers with (:class:`bot.dialogue.host.Turn`)."""

    @property
    def blocks(self) -> Sequence[Block]:
        """What to show, in order; never empty."""

    @property
    def failed(self) -> bool:
        """Whether the emergency-line block stands in for an answer."""


class Answering(Protocol):
    """What the portal needs of :class:`bot.dialogue.host.Assistant`."""

    async def turn(self, session_id: str, text: str, message_id: str, payload: str | None = None) -> Answered:
        """Take one turn."""

    async def forget(self, session_id: str) -> None:
        """Erase the conversation's tracker."""


@dataclass(frozen=True)
class Answer:
    """An answered message.

    Attributes:
        message_id: the client's id of the message.
        blocks: what to show.
        saved: whether the answer is stored; a retry and a reload then get it again.
        ended: whether this message erased the chat, so that its session is over.
    """

    message_id: str
    blocks: list[Block]
    saved: bool
    ended: bool = False


@dataclass(frozen=True)
class Started:
    """A session with its greeting."""

    session_id: str
    expires_at: datetime
    opening: Answer


@dataclass(frozen=True)
class Versions:
    """What is running: the model's file name and the hash of the guidance."""

    model: str = ""
    guidance: str = ""


class Chat:
    """The portal's conversations.

    Attributes:
        assistant: who answers; None until it is loaded and warm.
        versions: what is running.
    """

    def __init__(self, settings: Settings, record: Record, alarming: Callable[[str], bool]) -> None:
        """Make the chat; set :attr:`assistant` when it is ready.

        Args:
            settings: of this deployment.
            record: where sessions and answers are kept.
            alarming: a fast check of a text for red flags.
        """
        self.settings = settings
        self.assistant: Answering | None = None
        self.versions = Versions()
        self._record = record
        self._alarming = alarming
        self._store = Store(settings.store_timeout_seconds)
        self._memory = Memory()
        self._to_forget: set[str] = set()
        self._under_way: set[asyncio.Task[Any]] = set()

    # What clients may do -----------------------------------------------------------

    async def start(self, token: str | None) -> Started:
        """Start a session and greet.

        Args:
            token: the host portal's; None for an anonymous parent.

        Raises:
            NotAuthorised: the token is not valid.
            ModelError: the assistant is not ready.
        """
        self._ready()
        claims = self._anonymous() if token is None else read_token(token, self.settings)
        return await self._to_the_end(self._start(claims))

    async def answer(self, session_id: str, message: Message) -> Answer:
        """Answer a message, or give again the answer it got.

        It is answered to the end even when the client hangs up meanwhile, so that its retry
        finds the answer.

        Raises:
            NotAuthorised: the record says that there is no such session.
            BadRequest: the choice is not one of this session's.
            TooManyRequests: over the limit, and the text holds no danger.
            ModelError: the assistant is not ready.
        """
        self._ready()
        return await self._to_the_end(self._answer(session_id, message))

    async def history(self, session_id: str, after: str | None) -> list[Answer]:
        """The answers of a session in order, from the one after ``after`` (all: None).

        Raises:
            NotAuthorised: there is no such session.
            StoreUnavailable: they cannot be read now.
        """
        async with self._memory.lock(session_id):
            seen = await self._known(session_id)
            await self._store_waiting(session_id, seen)
            if not seen.stored or after in seen.waiting:
                return [Answer(r.message_id, r.blocks, False) for r in _after(seen, after)]
            receipts = await self._store.ask(self._record.receipts_after, session_id, after)
            stored = [Answer(r.message_id, r.blocks, True) for r in receipts]
            return stored + [Answer(r.message_id, r.blocks, False) for r in seen.waiting.values()]

    async def delete(self, session_id: str) -> None:
        """Erase this person's conversation, here and in the trackers. Again is no error.

        Raises:
            StoreUnavailable: nothing could be erased; try again.
            ModelError: the assistant is not ready.
        """
        self._ready()
        await self._to_the_end(self._delete(session_id))

    async def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether the assistant is ready, and what to tell about it."""
        ready = self.assistant is not None
        try:
            database = await self._store.insist(self._record.ready)
        except RecordError:
            database = False
        return ready, {
            "live": True,
            "ready": ready,
            "model": self.versions.model,
            "guidance": self.versions.guidance,
            "database": database,
        }

    async def forget_the_rest(self, purged: set[str]) -> None:
        """Erase the trackers of ``purged`` sessions, and those that could not be erased before."""
        if self._to_forget or purged:
            try:
                await self._forget(self._ready(), purged)
            except RecordError as error:
                logger.error("conversations are still to be forgotten: %s", type(error).__name__)

    async def close(self) -> None:
        """Finish what is under way and take no more."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self.settings.turn_timeout_seconds)
        self._store.close()

    # Starting ----------------------------------------------------------------------

    def _anonymous(self) -> Claims:
        return Claims(subject=f"anonymous-{secrets.token_hex(16)}", nation=self.settings.nation)

    async def _start(self, claims: Claims) -> Started:
        hours = self.settings.session_hours
        session_id, expires_at = secrets.token_hex(16), now() + timedelta(hours=hours)
        stored = True
        try:
            session = await self._store.ask(
                self._record.start_session, claims, now(), hours, self.settings.anonymous_days
            )
            session_id, expires_at = session.session_id, session.expires_at
        except RecordError as error:  # somebody may need help now: go on without keeping
            logger.warning("a session was not stored: %s", type(error).__name__)
            stored = False
        seen = self._memory.see(session_id, expires_at, stored)
        async with self._memory.lock(session_id):
            opening = await self._turn(session_id, seen, OPENING, "", GREET)
        return Started(session_id, expires_at, opening)

    # Answering ---------------------------------------------------------------------

    async def _answer(self, session_id: str, message: Message) -> Answer:
        async with self._memory.lock(session_id):
            seen = await self._known(session_id)
            await self._store_waiting(session_id, seen)
            given = await self._given(session_id, seen, message.message_id)
            if given is not None:
                return given
            payload: str | None = None
            text, cut = self._readable(message.text)
            if message.choice is not None:
                payload, text = await self._chosen(session_id, seen, message.choice)
            if seen.too_fast() and not self._alarming(text):
                raise TooManyRequests(f"at most {MESSAGES_A_MINUTE} messages a minute")
            notice = [blocks.paragraph(TOO_LONG)] if cut else []
            return await self._turn(session_id, seen, message.message_id, text, payload, notice)

    async def _turn(
        self,
        session_id: str,
        seen: Seen,
        message_id: str,
        text: str,
        payload: str | None,
        notice: Sequence[Block] = (),
    ) -> Answer:
        assistant = self._ready()
        turn = await assistant.turn(session_id, text, message_id, payload=payload)
        answer = outgoing.prepare([*notice, *turn.blocks])
        if answer.erased:
            try:
                await self._forget(assistant, {session_id, *answer.erased})
            except RecordError as error:  # the record has erased it: what is left is tried again
                logger.error("a conversation is still to be forgotten: %s", type(error).__name__)
            return Answer(message_id, answer.blocks, saved=False, ended=True)
        receipt = Receipt(message_id, answer.blocks, answer.choices, now())
        if turn.failed:  # a retry runs it again
            return Answer(message_id, answer.blocks, saved=False)
        return await self._keep(session_id, seen, receipt)

    def _readable(self, text: str) -> tuple[str, bool]:
        """The part of ``text`` that is read, and whether that is less than all of it.

        It is the first part, unless a later one sounds dangerous and the first does not.
        """
        text = text.strip()
        if len(text) <= LONGEST_TEXT:
            return text, False
        step = LONGEST_TEXT // 2  # so that no sentence is cut in two by every piece
        starts = range(0, min(len(text), MOST_PIECES * step), step)
        pieces = [text[start : start + LONGEST_TEXT] for start in starts] + [text[-LONGEST_TEXT:]]
        return next((piece for piece in pieces if self._alarming(piece)), pieces[0]), True

    # Sessions, answers and choices ----------------------------------------------------

    async def _known(self, session_id: str) -> Seen:
        """The session, or what can be told of it while the store is down.

        Raises:
            NotAuthorised: the record says there is none, or it is known here to be over.
        """
        seen = self._memory.get(session_id)
        if seen is not None and seen.expires_at is not None and seen.expires_at <= now():
            raise NotAuthorised("the session has expired")
        if seen is not None and not seen.stored:
            return seen
        try:
            session = await self._store.ask(self._record.session, session_id, now())
        except UnknownSession:
            self._memory.drop(session_id)
            raise NotAuthorised("there is no such session") from None
        except RecordError:
            # Nobody can tell. It is asked for again when the store is back.
            return seen or self._memory.see(session_id, None)
        return self._memory.see(session_id, session.expires_at)

    async def _given(self, session_id: str, seen: Seen, message_id: str) -> Answer | None:
        """The answer that this message got before."""
        if message_id in seen.waiting:
            return Answer(message_id, seen.waiting[message_id].blocks, saved=False)
        if not seen.stored:
            return None
        try:
            receipt = await self._store.ask(self._record.receipt, session_id, message_id)
        except RecordError:
            return None
        return None if receipt is None else Answer(message_id, receipt.blocks, saved=True)

    async def _chosen(self, session_id: str, seen: Seen, choice_id: str) -> tuple[str, str]:
        """The payload and label of a choice that this session was given.

        Raises:
            BadRequest: it was given no such choice.
            StoreUnavailable: nobody can tell.
        """
        found = _find(seen.choices, choice_id)
        if found is None and seen.stored:
            stored = await self._store.ask(self._record.receipts_after, session_id, None)
            found = _find([receipt.choices for receipt in stored], choice_id)
        if found is None:
            raise BadRequest("this chat was given no such choice")
        return found

    async def _keep(self, session_id: str, seen: Seen, receipt: Receipt) -> Answer:
        """Store an answer, or let it wait here until that can be done."""
        seen.choices.append(receipt.choices)
        try:
            if not seen.stored:
                raise StoreUnavailable("the session is not stored")
            kept = await self._store.ask(self._save, session_id, receipt)
            return Answer(kept.message_id, kept.blocks, saved=True)
        except UnknownSession:  # it was erased meanwhile, elsewhere
            self._memory.drop(session_id)
        except StoreUnavailable:
            seen.wait(receipt)
        except RecordError as error:
            logger.error("an answer cannot be stored: %s", type(error).__name__)
        return Answer(receipt.message_id, receipt.blocks, saved=False)

    async def _store_waiting(self, session_id: str, seen: Seen) -> None:
        """Store the answers that wait, oldest first, if the store is back."""
        while seen.stored and seen.waiting:
            receipt = next(iter(seen.waiting.values()))
            try:
                await self._store.ask(self._save, session_id, receipt)
            except StoreUnavailable:
                return
            except RecordError as error:  # it never can be
                logger.error("an answer cannot be stored: %s", type(error).__name__)
            seen.waiting.pop(receipt.message_id)

    def _save(self, session_id: str, receipt: Receipt) -> Receipt:
        return self._record.save_receipt(
            session_id, receipt.message_id, receipt.blocks, receipt.choices, receipt.at
        )

    # Leaving -----------------------------------------------------------------------

    async def _delete(self, session_id: str) -> None:
        async with self._memory.lock(session_id):
            seen = self._memory.get(session_id)
            erased: tuple[str, ...] = ()
            if seen is None or seen.stored:
                erased = await self._store.insist(self._record.erase, session_id)
            await self._forget(self._ready(), {session_id, *erased})

    async def _forget(self, assistant: Answering, session_ids: set[str]) -> None:
        """Erase trackers, and those that could not be erased before.

        Raises:
            StoreUnavailable: some are left; they are tried again with the next.
        """
        for each in session_ids:
            self._memory.drop(each)
        self._to_forget |= session_ids
        for each in list(self._to_forget):
            await assistant.forget(each)
            self._to_forget.discard(each)

    # Within ------------------------------------------------------------------------

    def _ready(self) -> Answering:
        if self.assistant is None:
            raise ModelError("the assistant is not ready")
        return self.assistant

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # seen, even when the client who would hear of it has hung up


def _find(given: Iterable[Sequence[dict[str, Any]]], choice_id: str) -> tuple[str, str] | None:
    found = (outgoing.find_choice(choices, choice_id) for choices in given)
    return next((each for each in found if each is not None), None)


def _after(seen: Seen, message_id: str | None) -> list[Receipt]:
    receipts = list(seen.waiting.values())
    places = [place for place, receipt in enumerate(receipts) if receipt.message_id == message_id]
    return receipts[places[0] + 1 :] if places else receipts
