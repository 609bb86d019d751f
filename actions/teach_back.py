"""Did it make sense: a check of our explaining, never of the person.

A bare yes is kept as ``self_report`` and covers nothing; what somebody says in their own
words is compared with the statement's key points.
"""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.asking import CHECK_UNDERSTANDING, ask_agreement, ask_fact
from actions.turn import Event, TurnState, read_turn
from bot import blocks
from bot.guidance.library import Statement, load_library
from bot.guidance.said_back import assess
from bot.record import CheckEntry
from bot.vocabulary import Act, CheckMethod, CheckOutcome

ADVICE_ACTS = {Act.ASK_ADVICE, Act.ARGUE}
SAYING_BACK = {Act.TELL_PRACTICE, Act.INFORM, Act.AFFIRM, Act.DENY, Act.CORRECT}
AGAIN_CHOICES = [("It makes sense", "/affirm"), ("Why?", "/ask_why")]


class ActionSayAgain(Action):
    """Says the last advice in another way."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_say_again"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """The shortest wording and the why; it is worth going over next time."""
        turn = await read_turn(dispatcher, tracker)
        if turn.asked_fact:
            turn.utter("utter_back_to_question")
            ask_fact(turn, turn.asked_fact)
            return turn.events()
        last = turn.slots.get("last_statements") or []
        if not last:
            turn.utter("utter_nothing_to_explain")
            return turn.events()
        statement = load_library().statement(_open_check(turn) or last[0])
        await turn.keep(
            [
                CheckEntry(
                    turn.message_id,
                    statement.id,
                    CheckMethod.SELF_REPORT,
                    CheckOutcome.WORTH_GOING_OVER,
                )
            ]
        )
        say_another_way(turn, statement)
        return turn.events()


def say_another_way(turn: TurnState, statement: Statement) -> None:
    """Another wording of a statement, and why."""
    turn.utter("utter_another_way")
    shorter = statement.entry.tonight or statement.entry.say
    turn.say(blocks.paragraph(turn.worded(shorter.text())))
    if statement.entry.why:
        turn.say(blocks.paragraph(turn.worded(statement.entry.why.text())))
    turn.say(blocks.choices(AGAIN_CHOICES))
    turn.change(question=f"{CHECK_UNDERSTANDING}{statement.id}")


async def take(turn: TurnState) -> bool:
    """Treat the message as the answer to an open check, if it is one.

    Returns:
        whether it was; if not, nothing was said or changed.
    """
    statement_id = _open_check(turn)
    if statement_id is None:
        return False
    statement = load_library().statement(statement_id)
    found = assess(statement.entry.key_points, turn.text) if _may_say_back(turn) else None
    if found is not None and _is_attempt(turn, found.outcome):
        turn.unlearn()  # "whoever has been drinking does not sleep next to him" is a plan
        await _keep(turn, statement, CheckMethod.TEACH_BACK, found.outcome)
        missing = _first(found.missing)
        if found.outcome == CheckOutcome.SAID_BACK:
            turn.utter("utter_said_back")
        elif found.outcome == CheckOutcome.PARTLY:
            turn.utter("utter_said_back_partly", missing=missing)
        else:
            turn.utter("utter_worth_going_over", missing=missing)
    elif turn.act == Act.AFFIRM and turn.sure:
        await _keep(turn, statement, CheckMethod.SELF_REPORT, CheckOutcome.PARTLY)
        turn.utter("utter_self_reported")
    elif turn.act in {Act.DENY, Act.DONT_KNOW}:
        await _keep(turn, statement, CheckMethod.SELF_REPORT, CheckOutcome.WORTH_GOING_OVER)
        say_another_way(turn, statement)
        return True
    else:
        return False
    turn.change(question=None)
    if turn.can_agree:
        ask_agreement(turn)
    else:
        turn.utter("utter_anything_else")
    return True


def _may_say_back(turn: TurnState) -> bool:
    return turn.act in SAYING_BACK or (turn.act in ADVICE_ACTS and "?" not in turn.text)


def _is_attempt(turn: TurnState, outcome: CheckOutcome) -> bool:
    """Whether it was meant as saying it back.

    A disclosure or question that only touches a key point's words is no attempt; nor is
    what reads as a question, unless every point is in it.
    """
    if turn.act in ADVICE_ACTS:
        return outcome == CheckOutcome.SAID_BACK
    return outcome != CheckOutcome.WORTH_GOING_OVER or turn.act == Act.INFORM


def _open_check(turn: TurnState) -> str | None:
    if not turn.question.startswith(CHECK_UNDERSTANDING):
        return None
    return turn.question.removeprefix(CHECK_UNDERSTANDING)


async def _keep(turn: TurnState, statement: Statement, method: CheckMethod, outcome: CheckOutcome) -> None:
    await turn.keep([CheckEntry(turn.message_id, statement.id, method, outcome)])


def _first(points: tuple[str, ...]) -> str:
    """The key point that matters most of those that were missing, as part of a sentence."""
    return points[0][:1].lower() + points[0][1:] if points else ""
