"""What to say: a pure choice from the library for one household and one message."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot.guidance import conditions
from bot.guidance.facts import Household
from bot.guidance.library import Library, Statement, Topic
from bot.vocabulary import Kind

MOST_CHUNKS = 3
"""At most this many statements in one answer: small chunks with a check after (teach-back)."""

USUAL_CHUNKS = 2
"""As many for one topic; a third only where the message has more topics."""

ASKED_BONUS = 12.0
"""How much a statement whose phrasing matches the message rises above file priority."""

ABOUT_IT = 0.6
"""From this nearness on the nearest statement of a topic is what the message is about."""


@dataclass(frozen=True)
class MessageContext:
    """What a choice needs to know about the message.

    Attributes:
        kind: how the first line should sound.
        tonight: night hours, or "now" or "tonight" in the message: answer first, one thing.
        asked: for a statement id, how near the message is to its ``asked_as`` (0 to 1).
        already: statement ids given in this conversation; they come last, unless they
            are about a hazard of this household.
        pilot: whether held wording may be shown, marked unsigned.
        tailored: only statements that depend on a fact: after an answer, what it changes.
        fresh: only statements that were not given yet: "more".
    """

    kind: Kind = Kind.QUESTION
    tonight: bool = False
    asked: Mapping[str, float] = field(default_factory=dict)
    already: Collection[str] = ()
    pilot: bool = False
    tailored: bool = False
    fresh: bool = False


@dataclass(frozen=True)
class Choice:
    """What to say now.

    Attributes:
        topics: the topics answered, the most dangerous first.
        statements: the statements to say, in order; one at night.
        holding: wordings to say where the best answer is held back for sign-off.
        ask: the fact that is worth asking now; None at night.
        offer: the topic to offer next; None at night or where none is left.
        later: further topics in the message that were not answered yet.
    """

    topics: tuple[str, ...]
    statements: tuple[Statement, ...]
    holding: tuple[str, ...] = ()
    ask: str | None = None
    offer: str | None = None
    later: tuple[str, ...] = ()


def choose(library: Library, household: Household, topics: Sequence[str], message: MessageContext) -> Choice:
    """Choose the statements that answer ``topics`` for this ``household``.

    A statement whose condition is not yet decided is never said; the first fact that
    would decide it is asked instead. Bed-sharing tips therefore wait until every hazard
    has been asked and is no (evidence: assistant-wide rule 3). At night the stricter
    rule stands alone and nothing is asked.

    Args:
        library: the guidance.
        household: what is known; its audience decides what may be said.
        topics: the topics judged present in the message, likeliest first.
        message: what else matters about the message.
    """
    present = library.by_danger(topics)
    ranked = {topic: _ranked(library.topics[topic], household, message) for topic in present}
    holding = _holding(library, ranked, present, message)
    usual = USUAL_CHUNKS if len(present) < 2 else MOST_CHUNKS
    chunks = 1 if message.tonight else max(1, usual - len(holding))
    statements = _share_out([[s for s in ranked[t] if _sayable(s, message)] for t in present], chunks)
    said_topics = {statement.topic for statement in statements}
    later = tuple(topic for topic in present if topic not in said_topics and not holding)
    if message.tonight:
        # One bubble of advice: where the message is about a held statement, its holding reply.
        return Choice(present, () if holding else statements, holding[:1], None, None, later)
    return Choice(
        topics=present,
        statements=statements,
        holding=holding,
        ask=_fact_to_ask(library, household, present),
        offer=_offer(library, present, later, message),
        later=later,
    )


def _ranked(topic: Topic, household: Household, message: MessageContext) -> list[Statement]:
    """The topic's statements that apply, the ones that answer the message best first."""

    def order(statement: Statement) -> tuple[bool, bool, float]:
        nearness = message.asked.get(statement.id, 0.0)
        # What is written for this household's own facts comes before what is for everybody.
        return (
            statement.entry.applies_when == "always",
            statement.id in message.already,
            statement.entry.priority - ASKED_BONUS * nearness,
        )

    fitting = [
        statement
        for statement in topic.statements
        if household.audience in statement.entry.audience
        and not (message.tailored and statement.entry.applies_when == "always")
        and not (message.fresh and statement.id in message.already)
        and conditions.applies(statement.entry.applies_when, household)
    ]
    return sorted(fitting, key=order)


def _sayable(statement: Statement, message: MessageContext) -> bool:
    return not statement.held or message.pilot


def _share_out(ranked: list[list[Statement]], chunks: int) -> tuple[Statement, ...]:
    """Take turns over the topics, the most dangerous first, until ``chunks`` are taken."""
    taken: list[Statement] = []
    depth = 0
    while len(taken) < chunks and any(len(each) > depth for each in ranked):
        for each in ranked:
            if len(each) > depth and len(taken) < chunks:
                taken.append(each[depth])
        depth += 1
    return tuple(taken)


def _holding(
    library: Library,
    ranked: Mapping[str, list[Statement]],
    present: Sequence[str],
    message: MessageContext,
) -> tuple[str, ...]:
    """A holding reply for each topic where the message is about a statement that is held.

    Also where nothing else of the topic may be said. At most one a topic.
    """
    replies = []
    for topic in present:
        held = [s for s in ranked[topic] if not _sayable(s, message)]
        nearest = max((message.asked.get(s.id, 0.0) for s in ranked[topic]), default=0.0)
        about = [s for s in held if message.asked.get(s.id, 0.0) >= max(nearest, ABOUT_IT)]
        if not about and held and len(held) == len(ranked[topic]):
            about = held
        for statement in about[:1]:
            wording = statement.entry.holding or library.topics[topic].file.holding
            if wording is not None:
                replies.append(wording.text())
    return tuple(dict.fromkeys(replies))


def _fact_to_ask(library: Library, household: Household, present: Sequence[str]) -> str | None:
    for topic in present:
        for statement in library.topics[topic].statements:
            entry = statement.entry
            if not entry.worth_asking or household.audience not in entry.audience:
                continue
            for fact in conditions.unknown_facts(statement.entry.applies_when, household):
                return fact
    return None


def _offer(
    library: Library, present: Sequence[str], later: Sequence[str], message: MessageContext
) -> str | None:
    given = {statement.rsplit(".", 1)[0] for statement in message.already}
    following = [topic for each in present for topic in library.topics[each].file.next]
    for topic in [*later, *following]:
        if topic not in given and (topic in later or topic not in present):
            return topic
    return None
