"""Emergencies: the instruction first, in every state, and nothing after it.

Needs no database: what was shown is recorded if the store answers within a moment.
"""

from __future__ import annotations

import logging

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.asking import ask_again
from actions.turn import Event, TurnState, in_thread, read_turn
from bot import blocks
from bot.errors import RecordError
from bot.guidance.emergencies import card_lines, emergency_links, gravest, links
from bot.record import EscalationEntry, the_record
from bot.vocabulary import Act, Urgency

logger = logging.getLogger(__name__)

CHECK = "check:"
STORE_SECONDS = 0.5
"""How long an emergency reply may wait for the record before it goes without."""


class ActionEmergency(Action):
    """Shows the red card and stops whatever was going on."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_emergency"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """The card, one passive choice, and the place kept for later."""
        turn = await read_turn(dispatcher, tracker)
        show_card(turn, Urgency.EMERGENCY)
        await note_escalation(turn, Urgency.EMERGENCY)
        return [*turn.events(), *closed(turn)]


class ActionUrgent(Action):
    """Shows what needs help today."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_urgent"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """The urgent card; the conversation waits."""
        turn = await read_turn(dispatcher, tracker)
        show_card(turn, Urgency.URGENT)
        await note_escalation(turn, Urgency.URGENT)
        return [*turn.events(), *closed(turn)]


class ActionCheck(Action):
    """Asks the one question that settles it, with the emergency line shown."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_check"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """Ask; anything but a clear no is then an emergency (the turn resolver sees to it)."""
        turn = await read_turn(dispatcher, tracker)
        paused = _paused(turn)
        turn.utter("utter_check_line", emergency=turn.contact("emergency"))
        turn.utter("utter_check_asked")
        turn.say(blocks.choices([("Yes, or I am not sure", "/emergency"), ("No", "/deny")]))
        flag = gravest(turn.flags).id
        await note_escalation(turn, Urgency.CHECK)
        return [
            *turn.events(),
            ActiveLoop(None),
            SlotSet("question", f"{CHECK}{flag}"),
            SlotSet("paused_conversation", paused),
        ]


def show_card(turn: TurnState, urgency: Urgency) -> None:
    """The instruction first, then short steps, with numbers that can be tapped."""
    flag = gravest(_flags(turn))
    first, steps = card_lines(flag, turn.nation)
    level = "emergency" if urgency == Urgency.EMERGENCY else "urgent"
    tappable = links(flag.services, turn.nation) or emergency_links(turn.nation)
    turn.say(blocks.care_card(level, flag.title, [first, *steps], tappable))
    if urgency == Urgency.EMERGENCY:
        label = "I am through to " + turn.contact("emergency")
        turn.say(blocks.choices([(label, "/resume")], passive=True))
    else:
        turn.utter("utter_urgent_next")


def closed(turn: TurnState) -> list[Event]:
    """Nothing goes on after the card: loops end, the open question waits in its own slot."""
    return [
        ActiveLoop(None),
        SlotSet("question", None),
        SlotSet("paused_conversation", _paused(turn)),
    ]


async def note_escalation(turn: TurnState, urgency: Urgency) -> None:
    """Record that it was shown: the flag and the time, no words and no identity."""
    if turn.session is None:
        return
    entry = EscalationEntry(turn.message_id, gravest(_flags(turn)).id, urgency.value)
    try:
        await in_thread(lambda: the_record().append(turn.session_id, [entry], turn.moment), STORE_SECONDS)
    except RecordError as error:
        logger.error("an escalation was not recorded: %s", type(error).__name__)


async def take(turn: TurnState) -> bool:
    """A clear no to the check question; everything else never gets here."""
    if not turn.question.startswith(CHECK) or turn.act != Act.DENY or not turn.sure:
        return False
    paused = turn.slots.get("paused_conversation")
    turn.change(question=None, paused_conversation=None)
    turn.utter("utter_check_clear", emergency=turn.contact("emergency"))
    if not (paused and ask_again(turn, str(paused))):
        turn.utter("utter_anything_else")
    return True


def _flags(turn: TurnState) -> tuple[str, ...]:
    """What fired on the message, and what an open check was about."""
    checked = turn.question.removeprefix(CHECK) if turn.question.startswith(CHECK) else ""
    return turn.flags or ((checked,) if checked else ())


def _paused(turn: TurnState) -> str | None:
    """The question that was open, for later; an open check is not resumed."""
    if turn.question and not turn.question.startswith(CHECK):
        return turn.question
    earlier = turn.slots.get("paused_conversation")
    return str(earlier) if earlier else None
