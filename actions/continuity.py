"""What this person was told before: asked for, or on coming back."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.asking import COMING_BACK, check_understanding
from actions.turn import Event, TurnState, in_thread, read_turn
from bot.errors import RecordError
from bot.guidance.library import load_library
from bot.record import AdviceRow, the_record
from bot.vocabulary import Act, CheckOutcome

GO_OVER_FIRST = (CheckOutcome.WORTH_GOING_OVER, CheckOutcome.PARTLY, None)


class ActionRecall(Action):
    """Answers "what have you told me?"."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_recall"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """The topics, and which of them were said back."""
        turn = await read_turn(dispatcher, tracker)
        rows = await told(turn)
        if rows is None:
            turn.utter("utter_what_is_kept_unknown")
        elif not rows:
            turn.utter("utter_nothing_before")
        else:
            turn.utter("utter_history", topics=titles(rows))
            back = [row for row in rows if row.check_outcome == CheckOutcome.SAID_BACK]
            if back:
                turn.utter("utter_history_said_back", topics=titles(back))
        return turn.events()


async def told(turn: TurnState) -> Sequence[AdviceRow] | None:
    """This person's own advice rows, newest first; None where the store cannot say."""
    if turn.session is None:
        return ()
    try:
        history = await in_thread(lambda: the_record().history(turn.session_id, turn.moment))
    except RecordError:
        return None
    return history.advice


async def where_we_were(turn: TurnState) -> None:
    """Detail of the last conversation; said only after the person tapped for it."""
    rows = await told(turn)
    earlier = [row for row in rows or () if not row.this_conversation] or list(rows or ())
    if not earlier:
        turn.utter("utter_nothing_before")
        return
    turn.utter("utter_where_we_were", topics=titles(earlier))
    library = load_library()
    over = next((row for wanted in GO_OVER_FIRST for row in earlier if row.check_outcome == wanted), None)
    if over is not None and over.topic in library.topics:
        statement = library.statement(over.statement_id)
        turn.utter("utter_where_we_were_over", statement=turn.worded(statement.entry.say.text()))
        turn.change(
            last_statements=[statement.id],
            last_topics=[statement.topic],
        )
        check_understanding(turn, statement.id)
    else:
        turn.utter("utter_anything_else")


async def take(turn: TurnState) -> bool:
    """The answer to "Carry on where we were?"."""
    if turn.question != COMING_BACK or not turn.sure or turn.act not in {Act.AFFIRM, Act.DENY}:
        return False
    turn.change(question=None)
    if turn.act == Act.AFFIRM:
        await where_we_were(turn)
    else:
        turn.utter("utter_hello_what_for")
    return True


def titles(rows: Sequence[AdviceRow]) -> str:
    """The topics of some rows as a list in words, each once."""
    library = load_library()
    names = [
        library.topics[row.topic].file.title.text().lower() for row in rows if row.topic in library.topics
    ]
    unique = list(dict.fromkeys(names))
    return ", ".join(unique[:-1]) + (" and " if len(unique) > 1 else "") + unique[-1] if unique else ""
