"""What a message tells about the household: pure functions over entities and acts.

Answers are read from entities and the act, never from free text, so that "is wine ok
tonight" is never taken as the answer to whatever was asked before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.guidance.facts import TOGETHER, Facts, Known, Value, load_facts
from bot.vocabulary import Act, Answer

SUBSTANCE_FACTS = {
    "drink": "alcohol_tonight",
    "smoking": "smokes",
    "drug": "drugs_tonight",
    "medicine": "sedating_medicine",
}
NUMBER_FACTS = {
    "baby_age": ("baby_age_weeks", "weeks"),
    "gestation": ("gestation_weeks", "weeks"),
    "birth_weight": ("birth_weight_grams", "grams"),
}
LATER = {"tomorrow", "friday", "saturday", "sunday", "weekend", "next_week"}
ANSWERING = {Act.AFFIRM: Answer.YES, Act.DENY: Answer.NO, Act.DONT_KNOW: Answer.DONT_KNOW}
TELLING = {Act.TELL_PRACTICE, Act.INFORM, Act.CORRECT, Act.AFFIRM, Act.DENY, Act.ASK_ADVICE, Act.ARGUE}


def facts_from(
    entities: Sequence[Mapping[str, Any]], act: Act, asked: str | None, at: datetime, sure: bool = True
) -> tuple[Known, ...]:
    """The answers in one message.

    Args:
        entities: entities with normalised values, as ``safer-sleep parse`` gives them.
        act: what the person did with the message.
        asked: the fact that was asked just before, if any.
        at: when it was said, timezone-aware.
        sure: whether the act is sure enough to be a yes or no; an unsure one is asked again.
    """
    facts = load_facts()
    told = _told(entities, act, asked, facts, at) if act in TELLING else ()
    if asked is None:
        return told
    if any(known.fact == asked for known in told):
        return _for_everybody(told, asked, entities, at)
    if sure and act in ANSWERING and _answers_for_all(facts[asked].about, act, entities):
        return (*told, Known(asked, _about(entities, facts[asked].about), ANSWERING[act], at))
    return told


def _told(
    entities: Sequence[Mapping[str, Any]], act: Act, asked: str | None, facts: Facts, at: datetime
) -> tuple[Known, ...]:
    later = any(e["entity"] == "event" for e in entities) or any(
        e["entity"] == "when" and e["value"]["name"] in LATER for e in entities
    )
    drinkers = [entity for entity in entities if entity["entity"] == "drink"]
    found: dict[tuple[str, str], Known] = {}

    def keep(fact: str, about: str, value: Value) -> None:
        if fact in facts:
            found[fact, about] = Known(fact, about, value, at)

    for entity in entities:
        name, value = entity["entity"], entity["value"]
        if value.get("taken_back"):
            continue
        if name in SUBSTANCE_FACTS:
            # A question ("can I have a glass of wine?") tells nothing about tonight.
            if act in {Act.ASK_ADVICE, Act.ARGUE} and not _amount(entities):
                continue
            if name == "drink" and later:
                keep("planned_drinking", "household", value["answer"])
            else:
                for about in _people(value["about"]):
                    keep(SUBSTANCE_FACTS[name], about, value["answer"])
        elif name in NUMBER_FACTS:
            fact, unit = NUMBER_FACTS[name]
            keep(fact, "baby", value[unit])
        elif name == "units" and asked == "alcohol_tonight" and not later and not drinkers:
            # "not much, 2 cans" is a yes.
            keep("alcohol_tonight", "me", Answer.YES.value)
        elif name == "premature" and ("gestation_weeks", "baby") not in found:
            keep("gestation_weeks", "baby", value["answer"])
        elif name == "term" and ("gestation_weeks", "baby") not in found:
            keep("gestation_weeks", "baby", Answer.NO.value)
        elif name == "multiples":
            keep("more_than_one_baby", "household", value["answer"])
        elif name == "unwell" and act not in {Act.ASK_ADVICE, Act.ARGUE}:
            keep("baby_unwell", "baby", value["answer"])
        elif name == "feeding" and value["name"] == "breastfed" and act != Act.ARGUE:
            keep("breastfed", "baby", Answer.YES.value)
    if act == Act.CORRECT:
        # Taking back what was said of one adult makes a yes about everybody open again.
        reopened = [
            Known(fact, TOGETHER, Answer.NOT_ASKED.value, at)
            for fact, about in found
            if facts[fact].about == "adult" and about != TOGETHER
        ]
        return (*dict.fromkeys(reopened), *found.values())
    return tuple(found.values())


def _for_everybody(
    told: tuple[Known, ...], asked: str, entities: Sequence[Mapping[str, Any]], at: datetime
) -> tuple[Known, ...]:
    """A no that names nobody, or names us all, is a no about everybody who was asked about.

    "no dont smoke", "neither of us smoke"; but "no i dont smoke" says nothing of the others.
    """
    answers = [known for known in told if known.fact == asked]
    if load_facts()[asked].about != "adult" or not all(k.value == Answer.NO for k in answers):
        return told
    if _named(entities) <= {"us"} or "nobody_else" in _named(entities):
        return (*[k for k in told if k.fact != asked], Known(asked, TOGETHER, Answer.NO.value, at))
    return told


def _answers_for_all(kind: str, act: Act, entities: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a bare yes or no answers the whole question.

    "no, not me but my partner does" names somebody else: it is asked again. "no i havent"
    is an answer about that person alone (see :func:`_about`).
    """
    if kind != "adult" or act != Act.DENY:
        return True
    return _named(entities) <= {"me", "us", "nobody_else"}


def _named(entities: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(e["value"]["name"]) for e in entities if e["entity"] == "person"}


def _amount(entities: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an amount was drunk already ("had 2 glasses"), not only wondered about."""
    return any(e["entity"] == "units" and e["value"].get("had") for e in entities)


def _people(about: str) -> tuple[str, ...]:
    return ("me", "partner") if about == "us" else (about,)


def _about(entities: Sequence[Mapping[str, Any]], kind: str) -> str:
    """Whom a bare yes is about: the one person named with it, else everybody asked about."""
    if kind != "adult":
        return kind
    named = _named(entities)
    if "nobody_else" in named:
        return TOGETHER
    people = named - {"us"}
    return people.pop() if len(people) == 1 else TOGETHER
