"""One turn as an action sees it: who is talking, what was meant, what is known.

Who is talking is looked up in the record by the session id; never read from message
metadata, slots or the channel, which a client could forge.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot import blocks
from bot.blocks import Block
from bot.clock import is_night, now
from bot.errors import RecordError, StoreUnavailable, UnknownSession
from bot.guidance.answers import facts_from
from bot.guidance.facts import Household, Known
from bot.guidance.services import resolve
from bot.record import AnswerEntry, Entry, Outcome, Session, the_record
from bot.settings import settings
from bot.vocabulary import AUDIENCE_OF_ROLE, Act, Agreement, Answer, Audience, Kind, Nation

logger = logging.getLogger(__name__)

T = TypeVar("T")
Event = dict[str, Any]

TONIGHT = {"now", "tonight"}

FACT = "fact:"
"""What the open question begins with while a fact is asked."""

UNDERSTANDING = ("make sense", "makes sense", "understand", "got it", "i see")
"""Words that answer whether something was clear, and no question about a fact."""

SURE = 0.6
"""How sure an act must be to count as an answer to something that matters."""


async def in_thread(work: Callable[[], T], seconds: float | None = None) -> T:
    """Run database work in a thread, for at most ``seconds`` (``store_timeout_seconds``).

    Raises:
        StoreUnavailable: it took longer.
    """
    try:
        return await asyncio.wait_for(asyncio.to_thread(work), seconds or settings().store_timeout_seconds)
    except asyncio.TimeoutError as error:
        raise StoreUnavailable("the store did not answer in time") from error


@dataclass
class TurnState:
    """Everything an action needs of one turn, and what it says and changes.

    Attributes:
        dispatcher: rasa-sdk's dispatcher.
        session_id: Rasa's sender id, which is the portal's session id.
        message_id: the client's id of the message; with the session it keys what is recorded.
        session: the session row; None for somebody the record does not know (stock shell).
        text: what the person typed.
        act: what they did with it.
        kind: how the first line should sound.
        topics: the topics judged present.
        nearness: for a statement, how near the message is to its phrasings.
        entities: entities with normalised values.
        flags: the red flags that fired.
        slots: the conversation's slots.
        household: what this person has told us, this message included.
        learnt: what this message told.
        sure: whether the act is sure enough to answer a question that matters.
        before: the household before this message.
        moment: the time of the turn, timezone-aware.
    """

    dispatcher: CollectingDispatcher
    session_id: str
    message_id: str
    session: Session | None
    text: str
    act: Act
    kind: Kind
    topics: tuple[str, ...]
    nearness: Mapping[str, float]
    entities: Sequence[Mapping[str, Any]]
    flags: tuple[str, ...]
    slots: Mapping[str, Any]
    household: Household
    learnt: tuple[Known, ...]
    moment: datetime
    sure: bool = True
    before: Household = field(default_factory=Household)
    parse: Mapping[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """What was asked last, as ``kind:detail``; empty when nothing is open."""
        return str(self.slots.get("question") or "")

    @property
    def asked_fact(self) -> str | None:
        """The fact that was asked last, if one was."""
        return fact_asked(self.question)

    @property
    def nation(self) -> Nation:
        """Whose phone lines apply."""
        return self.session.claims.nation if self.session else settings().nation

    @property
    def agreed(self) -> bool:
        """Whether this conversation is kept with the family's record."""
        return bool(self.session and self.session.agreement == Agreement.AGREED)

    @property
    def can_agree(self) -> bool:
        """Whether there is a family to agree for, and nobody was asked yet."""
        return bool(
            self.session
            and self.session.claims.is_family
            and self.session.agreement is None
            and not self.slots.get("agreement_asked")
        )

    @property
    def tonight(self) -> bool:
        """Night hours, or "now" or "tonight" in the message: answer first, one thing to do."""
        said = any(e["entity"] == "when" and e["value"].get("name") in TONIGHT for e in self.entities)
        return said or is_night(self.moment, settings().timezone)

    def unlearn(self) -> None:
        """Take nothing from this message as a fact: it was said for another purpose."""
        self.learnt, self.household = (), self.before

    def change(self, **slots: Any) -> None:
        """Set slots at the end of the action."""
        self.changes.update(slots)

    def utter(self, response: str, **values: Any) -> None:
        """Say one of the domain's connecting lines."""
        self.dispatcher.utter_message(response=response, **values)

    def say(self, block: Block) -> None:
        """Say a block."""
        self.dispatcher.utter_message(**blocks.to_rasa(block))

    def contact(self, name: str) -> str:
        """A service's number where the person is, or the general route."""
        return resolve(f"{{service:{name}}}", self.nation)

    def worded(self, text: str) -> str:
        """Guidance wording with the numbers of the person's nation put in."""
        return resolve(text, self.nation)

    async def keep(self, entries: Sequence[Entry]) -> Outcome | None:
        """Commit what was said. None when there is nobody to keep it for, or no store at all."""
        learnt: list[Entry] = [
            AnswerEntry(self.message_id, known.fact, known.about, str(known.value)) for known in self.learnt
        ]
        everything = [*learnt, *entries]
        if self.session is None or not everything:
            return None
        try:
            return await in_thread(lambda: the_record().append(self.session_id, everything, self.moment))
        except RecordError as error:
            logger.error("an append failed: %s", type(error).__name__)
            return None

    def events(self) -> list[Event]:
        """The events that end the action.

        A question is open for one turn only, unless the action asks it again: so that a
        later yes or no is never taken as the answer to something long gone. What was put
        aside can be taken up again ("carry on").
        """
        slots: dict[str, Any] = {"household": [known_to_json(known) for known in self.household.known]}
        if "question" not in self.changes:
            slots["question"] = None
            if self.question:
                slots["paused_conversation"] = self.question
        slots.update(self.changes)
        return [SlotSet(name, value) for name, value in slots.items()]


async def read_turn(dispatcher: CollectingDispatcher, tracker: Tracker) -> TurnState:
    """Gather the turn; works without the record too (the person still gets advice)."""
    moment = now()
    message = tracker.latest_message or {}
    session = await _session(tracker.sender_id, moment)
    act = _act(message)
    entities = [e for e in message.get("entities") or [] if isinstance(e.get("value"), dict)]
    sure = float((message.get("intent") or {}).get("confidence") or 0.0) >= SURE
    text = str(message.get("text") or "")
    answers = sure and not any(words in text.lower() for words in UNDERSTANDING)
    asked = fact_asked(str(tracker.get_slot("question") or ""))
    learnt = facts_from(entities, act, asked, moment, answers)
    audience = AUDIENCE_OF_ROLE[session.claims.role] if session else Audience.PARENT
    known = tuple(known_from_json(each) for each in tracker.get_slot("household") or [])
    before = Household(known, audience).standing_at(moment)
    return TurnState(
        dispatcher=dispatcher,
        session_id=tracker.sender_id,
        message_id=str(message.get("message_id") or "none"),
        session=session,
        text=text,
        act=act,
        kind=Kind(message.get("kind") or Kind.QUESTION),
        topics=_topics(message),
        nearness={s["id"]: float(s["score"]) for s in message.get("statements") or []},
        entities=entities,
        flags=tuple(message.get("red_flags") or ()),
        slots=tracker.current_slot_values(),
        household=before.with_answers(learnt),
        learnt=learnt,
        moment=moment,
        sure=sure,
        before=before,
        parse=message,
    )


def fact_asked(question: str) -> str | None:
    """The fact that an open question asks for, if it asks for one."""
    return question.removeprefix(FACT) if question.startswith(FACT) else None


async def household_from_record(session_id: str, moment: datetime) -> list[dict[str, Any]]:
    """What this person told earlier, for the ``household`` slot; empty where nothing is known."""
    try:
        rows = await in_thread(lambda: the_record().answers(session_id, moment))
    except RecordError:
        return []
    household = Household()
    for row in reversed(rows):
        if row.fact in household.facts:
            is_number = household.facts[row.fact].type == "number"
            value = float(row.value) if is_number and row.value not in set(Answer) else row.value
            household = household.with_answers((Known(row.fact, row.about, value, row.at),))
    return [known_to_json(known) for known in household.standing_at(moment).known]


def known_to_json(known: Known) -> dict[str, Any]:
    """A known answer as a slot holds it."""
    return {"fact": known.fact, "about": known.about, "value": known.value, "at": known.at.isoformat()}


def known_from_json(raw: Mapping[str, Any]) -> Known:
    """A known answer out of a slot."""
    return Known(raw["fact"], raw["about"], raw["value"], datetime.fromisoformat(raw["at"]))


async def _session(session_id: str, moment: datetime) -> Session | None:
    try:
        return await in_thread(lambda: the_record().session(session_id, moment))
    except UnknownSession:
        return None
    except RecordError as error:
        logger.error("the session could not be looked up: %s", type(error).__name__)
        return None


def _act(message: Mapping[str, Any]) -> Act:
    name = message.get("act") or (message.get("intent") or {}).get("name")
    return Act(name) if name in set(Act) else Act.OUT_OF_SCOPE


def _topics(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Topics understood in words, or named by a choice that was pressed."""
    pressed = [e["value"] for e in message.get("entities") or [] if e.get("entity") == "topic"]
    return tuple(pressed) or tuple(topic["id"] for topic in message.get("topics") or [])
