"""Advice: what applies to this household, in few words, committed before it is said."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import teach_back
from actions.asking import ask_again, ask_agreement, ask_fact, check_understanding
from actions.turn import Event, TurnState, read_turn
from bot import blocks
from bot.guidance.choose import Choice, MessageContext, choose
from bot.guidance.facts import TOGETHER, Known
from bot.guidance.library import Statement, load_library
from bot.record import AdviceEntry, Entry, Outcome, RefusalEntry
from bot.settings import settings
from bot.vocabulary import Answer, Kind

NIGHT_CHOICES = [("More", "/ask_more"), ("Tomorrow", "/later")]


class ActionAdvise(Action):
    """Answers a question, a disclosure or an argument about sleep."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_advise"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """Take it as said back where that was asked for, else advise on its topics."""
        turn = await read_turn(dispatcher, tracker)
        if not await teach_back.take(turn):
            await advise(turn, turn.topics)
        return turn.events()


class ActionExplainWhy(Action):
    """Says why, and where the advice comes from."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_explain_why"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """The mechanism and the sources of what was said last."""
        turn = await read_turn(dispatcher, tracker)
        statements = said_last(turn)
        if not statements:
            turn.utter("utter_nothing_to_explain")
            return turn.events()
        for statement in statements[:2]:
            if statement.entry.why:
                turn.utter("utter_why", why=turn.worded(statement.entry.why.text()))
        turn.say(source_block(statements))
        if turn.question:
            ask_again(turn, turn.question)
        return turn.events()


class ActionSayMore(Action):
    """Goes on with the topic, without repeating what was said."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_say_more"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """The next statements of the last topics, or an honest end."""
        turn = await read_turn(dispatcher, tracker)
        topics = list(turn.slots.get("last_topics") or [])
        if not topics:
            turn.utter("utter_nothing_to_explain")
        else:
            await advise(turn, topics, more=True)
        return turn.events()


class ActionUntilTomorrow(Action):
    """Stops for now without losing the place."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_until_tomorrow"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """Say that it can wait, and ask whether to keep it where nobody asked yet."""
        turn = await read_turn(dispatcher, tracker)
        await turn.keep([])
        turn.change(question=None)
        turn.utter("utter_until_tomorrow")
        if turn.can_agree:
            ask_agreement(turn)
        return turn.events()


class ActionDecline(Action):
    """Respects that somebody does not want to talk about something."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_decline"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[Event]:
        """Record it as declined and drop the question."""
        turn = await read_turn(dispatcher, tracker)
        topics = turn.topics or tuple(turn.slots.get("last_topics") or ())
        topics = load_library().by_danger(topics)
        entries: list[Entry] = [RefusalEntry(turn.message_id, topic) for topic in topics[:1]]
        if turn.asked_fact:
            # Not asked again here; for a hazard, not saying counts as yes. Not kept as an answer.
            declined = Known(turn.asked_fact, TOGETHER, Answer.DONT_KNOW.value, turn.moment)
            turn.household = turn.household.with_answers((declined,))
        await turn.keep(entries)
        turn.change(question=None)
        turn.utter("utter_declined")
        turn.utter("utter_anything_else")
        return turn.events()


async def advise(turn: TurnState, topics: Sequence[str], more: bool = False, tailored: bool = False) -> None:
    """Choose, commit, speak, and end with one question.

    Args:
        turn: the turn.
        topics: the topics to answer.
        more: whether this goes on with what was said, so that no first line is needed.
        tailored: whether only what a new fact changes is said; while facts are still
            being asked, often nothing but the next question.
    """
    library = load_library()
    given = list(turn.slots.get("statements_given") or [])
    message = MessageContext(
        turn.kind, turn.tonight, turn.nearness, given, settings().pilot, tailored, fresh=more or tailored
    )
    choice = choose(library, turn.household, topics, message)
    if tailored and choice.ask is not None:
        await turn.keep([])
        if choice.ask == turn.asked_fact:
            turn.utter("utter_and_anyone_else")
        ask_fact(turn, choice.ask)
        return
    fresh = list(choice.statements)
    if not fresh and not choice.holding:
        await turn.keep([])
        if more or tailored:
            turn.utter("utter_anything_else" if tailored else "utter_nothing_more")
        else:
            turn.utter("utter_no_checked_advice", lullaby_trust=turn.contact("lullaby_trust"))
        turn.change(question=None)
        return
    outcome = await turn.keep([AdviceEntry(turn.message_id, s.id, s.version, s.topic, "chat") for s in fresh])
    turn.change(
        statements_given=list(dict.fromkeys([*given, *(s.id for s in fresh)])),
        last_statements=[s.id for s in fresh],
        last_topics=list(choice.topics),
        unsure_count=0,
    )
    if turn.tonight:
        _answer_tonight(turn, choice, fresh)
        return
    if not (more or tailored):
        _acknowledge(turn, choice)
    for wording in choice.holding:
        turn.say(blocks.paragraph(turn.worded(wording)))
    for statement in fresh:
        turn.say(statement_block(turn, statement, statement.entry.say.text()))
    if turn.session is not None and outcome is not Outcome.SAVED:
        turn.utter("utter_not_saved")
    elif turn.agreed and turn.kind != Kind.DISCLOSURE and not more:
        turn.utter("utter_saved")
    if choice.later:
        titles = [library.topics[topic].file.title.text().lower() for topic in choice.later]
        turn.utter("utter_also", topics=" and ".join(titles))
    _close(turn, choice, fresh)


def _answer_tonight(turn: TurnState, choice: Choice, fresh: Sequence[Statement]) -> None:
    """Two bubbles and one thing to do; nothing is asked, offered or checked."""
    if choice.holding:
        turn.say(blocks.paragraph(turn.worded(choice.holding[0])))
    else:
        wording = fresh[0].entry.tonight or fresh[0].entry.say
        turn.say(statement_block(turn, fresh[0], wording.text()))
    turn.utter("utter_night_more")
    turn.say(blocks.choices(NIGHT_CHOICES))
    turn.change(question=None)


def _acknowledge(turn: TurnState, choice: Choice) -> None:
    """One first line that fits; each is said once in a conversation, then left out."""
    used = list(turn.slots.get("lines_used") or [])
    lines = load_library().topics[choice.topics[0]].acknowledgements(turn.kind)
    line = next((line for line in lines if line not in used), None)
    if line is not None:
        turn.say(blocks.paragraph(line))
        turn.change(lines_used=[*used, line])


def _close(turn: TurnState, choice: Choice, fresh: Sequence[Statement]) -> None:
    """End with one question: the fact that matters, or whether it made sense."""
    if choice.ask is not None:
        if turn.asked_fact == choice.ask:
            turn.utter("utter_back_to_question")
        elif turn.asked_fact is None:
            turn.utter("utter_ask_a_few_things")
        ask_fact(turn, choice.ask)
        return
    offer = _offer_option(choice.offer)
    checkable = next((s for s in fresh if s.entry.key_points), None)
    if checkable is None:
        turn.change(question=None)
        if offer:
            turn.utter("utter_anything_else")
            turn.say(blocks.choices([offer]))
        return
    check_understanding(turn, checkable.id, offer)


def _offer_option(topic: str | None) -> tuple[str, str] | None:
    if topic is None:
        return None
    title = load_library().topics[topic].file.title.text()
    return (f"Next: {title.lower()}", f'/ask_advice{{"topic": "{topic}"}}')


def statement_block(turn: TurnState, statement: Statement, wording: str) -> blocks.Block:
    """A statement as a paragraph that carries its id and version."""
    return blocks.paragraph(turn.worded(wording), statement=statement.id, version=statement.version)


def source_block(statements: Sequence[Statement]) -> blocks.Block:
    """Every source of the statements, each once."""
    found = {source.url: source for statement in statements for source in statement.sources}
    return blocks.sources([{"name": s.name, "year": s.year, "url": s.url} for s in list(found.values())[:4]])


def said_last(turn: TurnState) -> list[Statement]:
    """The statements said in the last answer."""
    return [load_library().statement(each) for each in turn.slots.get("last_statements") or []]
