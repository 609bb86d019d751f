"""An answer to whatever was asked last, a fact told on its own, or a correction.

Each conversation takes the answers to its own questions (``take``); what none of them
takes is a fact that was told, and is kept.
"""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import advice, asking, continuity, emergency, privacy, teach_back
from actions.turn import Event, TurnState, read_turn
from bot.guidance.library import load_library
from bot.vocabulary import Act

TAKERS = (emergency.take, privacy.take, continuity.take, teach_back.take)


class ActionAnswer(Action):
    """Dispatches an answer to the conversation that asked."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """The first conversation that asked takes it; else it is a fact or a topic."""
        turn = await read_turn(dispatcher, tracker)
        for take in TAKERS:
            if await take(turn):
                return turn.events()
        await _told_something(turn)
        return turn.events()


async def _told_something(turn: TurnState) -> None:
    topics = list(turn.slots.get("last_topics") or [])
    if turn.learnt or turn.asked_fact:
        if any(entity["entity"] == "weeks_unclear" for entity in turn.entities) and not turn.learnt:
            turn.utter("utter_ask_weeks_unclear")
            return
        if not turn.learnt and turn.asked_fact:
            # Not an answer to what was asked: ask it once more in the same words.
            turn.utter("utter_back_to_question")
            asking.ask_fact(turn, turn.asked_fact)
            return
        if turn.act == Act.CORRECT:
            turn.utter("utter_changed")
        elif not turn.asked_fact:  # no stock thanks after each of several questions
            turn.utter("utter_thanks_for_telling")
        await advise_anew(turn, topics or list(turn.topics))
        return
    if turn.question and not turn.sure and asking.ask_again(turn, turn.question):
        return
    known = load_library().by_danger(turn.topics)
    if turn.act in {Act.INFORM, Act.CORRECT} and known:
        await advice.advise(turn, known)
        return
    await turn.keep([])
    turn.change(question=None)
    turn.utter("utter_anything_else")


async def advise_anew(turn: TurnState, topics: list[str]) -> None:
    """What the new fact changes: the next question, or what now applies."""
    if topics:
        await advice.advise(turn, topics, tailored=True)
    else:
        await turn.keep([])
        turn.utter("utter_anything_else")
