"""Not understood: ask once what was meant, with real choices; then hand over to people."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.handover import hand_over
from actions.turn import Event, read_turn
from bot import blocks
from bot.guidance.library import load_library

SHOWN = 3


class ActionAskWhatWasMeant(Action):
    """Two stages: the likeliest readings as choices, then people."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_ask_what_was_meant"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """Ask the first time; hand over the second time in a row."""
        turn = await read_turn(dispatcher, tracker)
        count = int(turn.slots.get("unsure_count") or 0) + 1
        library = load_library()
        scored = [topic["id"] for topic in turn.parse.get("topic_scores") or []]
        likely = [topic for topic in scored if topic in library.topics][:SHOWN]
        if count > 1 or not likely:
            hand_over(turn)
            return turn.events()
        turn.utter("utter_ask_what_was_meant")
        options = [
            (library.topics[topic].file.title.text(), f'/ask_advice{{"topic": "{topic}"}}')
            for topic in likely
        ]
        turn.say(blocks.choices([*options, ("Something else", "/ask_human")]))
        turn.change(unsure_count=count)
        return turn.events()
