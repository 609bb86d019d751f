"""People to talk to: the health visitor first, then phone lines."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.turn import Event, TurnState, read_turn
from bot import blocks
from bot.guidance.services import service

LINES = ("lullaby_trust", "nhs_urgent", "samaritans")


class ActionHandOver(Action):
    """Hands over to people."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_hand_over"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """Who can help, with their numbers."""
        turn = await read_turn(dispatcher, tracker)
        hand_over(turn)
        return turn.events()


def hand_over(turn: TurnState) -> None:
    """The health visitor, then the lines that are verified where the person is."""
    turn.utter("utter_hand_over")
    found = [service(name, turn.nation) for name in LINES]
    turn.say(blocks.bullets([f"{s.title}: {s.contact}, for {s.purpose}" for s in found if s is not None]))
    turn.utter("utter_no_one_reads")
    turn.change(question=None, unsure_count=0)
