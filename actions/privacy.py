"""What is kept, agreeing to it, and deleting it."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.asking import AGREEMENT, DELETE, ask_delete
from actions.turn import Event, TurnState, in_thread, read_turn
from bot import blocks
from bot.errors import RecordError
from bot.guidance.library import load_library
from bot.record import AgreementEntry, Outcome, the_record
from bot.settings import settings
from bot.vocabulary import Act, Agreement


class ActionShowRecord(Action):
    """Answers "what do you keep about me?" with this person's own rows only."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_show_record"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """What kind of thing is kept, what was said here, with whom it is shared, for how long."""
        turn = await read_turn(dispatcher, tracker)
        turn.utter("utter_what_is_kept")
        try:
            history = await in_thread(lambda: the_record().history(turn.session_id, turn.moment))
            answers = await in_thread(lambda: the_record().answers(turn.session_id, turn.moment))
        except RecordError:
            turn.utter("utter_what_is_kept_unknown")
            return turn.events()
        items = [_title(topic) for topic in dict.fromkeys(row.topic for row in history.advice)]
        facts = turn.household.facts
        told = [f"{facts[a.fact].ask} {a.value.replace('_', ' ')}" for a in answers if a.fact in facts]
        if items:
            turn.say(blocks.bullets(items, "Advice I gave you about"))
        if told:
            turn.say(blocks.bullets(list(dict.fromkeys(told)), "What you told me"))
        if turn.agreed:
            turn.utter("utter_what_is_kept_agreed")
        else:
            turn.utter("utter_what_is_kept_not_agreed", days=settings().anonymous_days)
        turn.say(blocks.choices([("Delete it", "/delete_record"), ("Carry on", "/resume")]))
        return turn.events()


class ActionDeleteRecord(Action):
    """Asks once before deleting for good."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_delete_record"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """Ask; the yes is taken by ``action_answer``."""
        turn = await read_turn(dispatcher, tracker)
        ask_delete(turn)
        return turn.events()


async def take(turn: TurnState) -> bool:
    """Treat the message as the answer to an open question of this conversation, if it is one."""
    if turn.question not in {AGREEMENT, DELETE}:
        return False
    if not turn.sure or turn.act not in {Act.AFFIRM, Act.DENY}:
        return False
    turn.change(question=None)
    if turn.question == AGREEMENT:
        await _agree(turn, turn.act == Act.AFFIRM)
    elif turn.act == Act.AFFIRM:
        await _delete(turn)
    else:
        turn.utter("utter_kept")
    return True


async def _agree(turn: TurnState, agreed: bool) -> None:
    agreement = Agreement.AGREED if agreed else Agreement.DECLINED
    outcome = await turn.keep([AgreementEntry(turn.message_id, agreement)])
    if not agreed:
        turn.utter("utter_not_agreed")
    elif outcome is Outcome.SAVED:
        turn.utter("utter_agreed")
    else:
        turn.utter("utter_agreement_waiting")
    turn.utter("utter_anything_else")


async def _delete(turn: TurnState) -> None:
    try:
        erased = await in_thread(lambda: the_record().erase(turn.session_id))
    except RecordError:
        turn.utter("utter_not_deleted")
        return
    turn.learnt = ()
    # The host erases the trackers when the turn is over: Rasa saves this one at its end.
    sessions = list(dict.fromkeys([*erased, turn.session_id]))
    turn.dispatcher.utter_message(response="utter_deleted", json_message={"erased": sessions})


def _title(topic: str) -> str:
    found = load_library().topics.get(topic)
    return found.file.title.text() if found else topic
