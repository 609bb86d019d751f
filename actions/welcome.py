"""Hello, and coming back."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import continuity
from actions.asking import COMING_BACK, ask_again
from actions.turn import Event, TurnState, household_from_record, read_turn
from bot import blocks
from bot.clock import now
from bot.guidance.library import load_library

FIRST_TOPICS = ("co_sleeping_bed", "sofa_armchair", "alcohol", "sleep_position")


class ActionSessionStart(Action):
    """Rebuilds what is known from the record: the slot is only a copy."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_session_start"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """Start the session with the household as the record knows it."""
        household: list[dict[str, Any]] = await household_from_record(tracker.sender_id, now())
        return [SessionStarted(), SlotSet("household", household), ActionExecuted("action_listen")]


class ActionWelcome(Action):
    """Says hello; neutral on coming back, because somebody else may hold the phone."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_welcome"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """Greet, and offer a start."""
        turn = await read_turn(dispatcher, tracker)
        if turn.session is not None and turn.session.returning:
            turn.utter("utter_welcome_back")
            turn.say(blocks.choices([("Yes", "/affirm"), ("Something else", "/deny")]))
            turn.change(question=COMING_BACK)
        else:
            turn.utter("utter_hello")
            turn.utter("utter_hello_what_for")
            turn.say(blocks.choices(_first_choices()))
        return turn.events()


class ActionResume(Action):
    """Carries on: after an emergency, with the question that was open, or with last time."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_resume"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """Return to what was happening, kindly."""
        turn = await read_turn(dispatcher, tracker)
        paused = turn.slots.get("paused_conversation")
        if _just_after_a_card(tracker):
            turn.utter("utter_through")
            turn.utter("utter_through_later")
        elif paused or turn.question:
            _take_up(turn, str(turn.question or paused))
        else:
            await continuity.where_we_were(turn)
        return turn.events()


class ActionLetGo(Action):
    """Puts what was asked aside before something else is said."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_let_go"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """A later yes or no is then no answer to it."""
        turn = await read_turn(dispatcher, tracker)
        return turn.events()


class ActionAboutAssistant(Action):
    """Says what this is and who reads it."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_about_assistant"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """A program, checked advice, nobody reading along."""
        turn = await read_turn(dispatcher, tracker)
        turn.utter("utter_about_assistant")
        turn.utter("utter_no_one_reads")
        return turn.events()


def _take_up(turn: TurnState, question: str) -> None:
    turn.change(paused_conversation=None, question=None)
    turn.utter("utter_back_to_question")
    if not ask_again(turn, question):
        turn.utter("utter_anything_else")


def _just_after_a_card(tracker: Tracker) -> bool:
    """Whether the last thing the assistant did, before this turn, was to show a card."""
    names = [e.get("name") for e in tracker.events if e.get("event") == "action"]
    done = [name for name in names if name not in {"action_listen", None}]
    return bool(done) and done[-1] in {"action_emergency", "action_urgent"}


def _first_choices() -> list[tuple[str, str]]:
    library = load_library()
    return [
        (library.topics[topic].file.title.text(), f'/ask_advice{{"topic": "{topic}"}}')
        for topic in FIRST_TOPICS
        if topic in library.topics
    ]
