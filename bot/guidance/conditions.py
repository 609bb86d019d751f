"""When a statement applies, in three values: yes, no, and not known yet.

A condition is plain YAML::

    always
    {fact: smokes, is: yes}
    {fact: gestation_weeks, below: 37}
    {bed_sharing: clear}           # every hazard asked, every answer no
    {bed_sharing: hazard}          # some answer is yes or don't know
    {all: [...]}  {any: [...]}  {not: ...}

The logic is Kleene's: an unknown fact decides nothing unless the rest already does.
``dont_know`` about a hazard counts as yes (evidence: assistant-wide rule 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.guidance.facts import BEDSHARE_HAZARDS, Facts, Household
from bot.vocabulary import Answer

Verdict = bool | None
"""True, False, or None for not known yet."""

BED_SHARING_STATES = ("clear", "hazard")


def applies(condition: Any, household: Household) -> Verdict:
    """Whether ``condition`` holds for ``household``.

    Raises:
        ValueError: the condition is not one of the forms above.
    """
    if condition == "always":
        return True
    word, value = _single(condition)
    if word == "all":
        return _all([applies(each, household) for each in value])
    if word == "any":
        return _any([applies(each, household) for each in value])
    if word == "not":
        inner = applies(value, household)
        return None if inner is None else not inner
    if word == "bed_sharing":
        state = bed_sharing(household)
        return None if state is None else state == value
    return _fact(condition, household)


def bed_sharing(household: Household) -> str | None:
    """``hazard``, ``clear``, or None while a hazard has not been asked.

    Source: NICE NG194 and Lullaby Trust never-lists; don't know counts as yes.
    """
    verdicts = [household.is_hazard(fact) for fact in BEDSHARE_HAZARDS]
    if any(verdicts):
        return "hazard"
    return None if None in verdicts else "clear"


def unknown_facts(condition: Any, household: Household) -> tuple[str, ...]:
    """The facts, in the order to ask, that stand between ``condition`` and a verdict."""
    if condition == "always" or applies(condition, household) is not None:
        return ()
    word, value = _single(condition)
    if word in {"all", "any"}:
        found = [fact for each in value for fact in unknown_facts(each, household)]
        return tuple(dict.fromkeys(found))
    if word == "not":
        return unknown_facts(value, household)
    if word == "bed_sharing":
        return tuple(f for f in BEDSHARE_HAZARDS if household.is_hazard(f) is None)
    return (condition["fact"],)


def check(condition: Any, facts: Facts) -> None:
    """Refuse a condition that is malformed or names an unknown fact.

    Raises:
        ValueError: saying what is wrong.
    """
    if condition == "always":
        return
    word, value = _single(condition)
    if word in {"all", "any"}:
        if not isinstance(value, list) or not value:
            raise ValueError(f"'{word}' needs a list of conditions")
        for each in value:
            check(each, facts)
    elif word == "not":
        check(value, facts)
    elif word == "bed_sharing":
        if value not in BED_SHARING_STATES:
            raise ValueError("'bed_sharing' is 'clear' or 'hazard'")
    else:
        if value not in facts:
            raise ValueError(f"there is no fact {value!r} in facts.yml")
        if not set(condition) & {"is", "below", "at_least"}:
            raise ValueError(f"the condition on {value!r} needs 'is', 'below' or 'at_least'")


def _single(condition: Any) -> tuple[str, Any]:
    if not isinstance(condition, Mapping):
        raise ValueError(f"a condition is 'always' or a mapping, not {condition!r}")
    for word in ("all", "any", "not", "bed_sharing", "fact"):
        if word in condition:
            return word, condition[word]
    raise ValueError(f"a condition needs all, any, not, bed_sharing or fact: {dict(condition)!r}")


def _fact(condition: Mapping[str, Any], household: Household) -> Verdict:
    value = household.get(condition["fact"])
    if value is None or value == Answer.NOT_ASKED:
        return None
    if "is" in condition:
        wanted = condition["is"]
        wanted = {True: Answer.YES, False: Answer.NO}.get(wanted, wanted)
        if value == Answer.DONT_KNOW:
            hazard = household.facts[condition["fact"]].hazard
            return str(wanted) == Answer.YES if hazard else False
        return str(value) == str(wanted)
    if isinstance(value, str):
        # A number known only as yes or no to the hazard's own question.
        return (value != Answer.NO) == ("below" in condition)
    if "below" in condition:
        return float(value) < float(condition["below"])
    return float(value) >= float(condition["at_least"])


def _all(verdicts: list[Verdict]) -> Verdict:
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _any(verdicts: list[Verdict]) -> Verdict:
    if True in verdicts:
        return True
    return None if None in verdicts else False
