"""What may be known about a baby, a household or one adult, and what is known now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from bot.errors import GuidanceError
from bot.files import read_yaml
from bot.vocabulary import Answer, Audience

FACTS_FILE = Path(__file__).with_name("facts.yml")
TOGETHER = "anyone"
"""Whom an answer is about when the question was put about everybody in the bed."""

Value = str | int | float


@dataclass(frozen=True)
class Fact:
    """One entry of ``facts.yml``."""

    id: str
    about: str
    type: str
    ask: str
    hazard: bool = False
    lasts_hours: int | None = None
    below: float | None = None
    at_most: float | None = None

    def is_hazard_value(self, value: Value | None) -> bool | None:
        """Whether ``value`` is the hazard; None while it has not been asked.

        A number that the person only knows as yes or no ("born before 37 weeks? yes") is
        kept as that answer. ``dont_know`` counts as yes.
        """
        if value is None or value == Answer.NOT_ASKED:
            return None
        if value in (Answer.YES, Answer.DONT_KNOW):
            return True
        if value == Answer.NO:
            return False
        if self.type != "number":
            return None  # a number answers no yes-or-no question
        number = float(value)
        if self.below is not None:
            return number < self.below
        if self.at_most is not None:
            return number <= self.at_most
        return False


Facts = Mapping[str, Fact]


@lru_cache(maxsize=4)
def load_facts(path: Path = FACTS_FILE) -> dict[str, Fact]:
    """Read the closed list of facts.

    Raises:
        GuidanceError: naming the fact and field that is wrong.
    """
    raw = read_yaml(path)
    facts = {}
    for name, entry in raw["facts"].items():
        try:
            when = entry.get("hazard_when", {})
            facts[name] = Fact(
                id=name,
                about=entry["about"],
                type=entry["type"],
                ask=" ".join(entry["ask"]["en"].split()),
                hazard=entry.get("hazard", False),
                lasts_hours=entry.get("lasts_hours"),
                below=when.get("below"),
                at_most=when.get("at_most"),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise GuidanceError(f"{path.name}: fact {name}: {error!r}") from error
        if facts[name].about not in {"baby", "household", "adult"}:
            raise GuidanceError(f"{path.name}: fact {name}: about is baby, household or adult")
    return facts


BEDSHARE_HAZARDS: tuple[str, ...] = tuple(fact.id for fact in load_facts().values() if fact.hazard)
"""Every fact that rules out sharing a bed, in the order they are asked."""


@dataclass(frozen=True)
class Known:
    """One answer: who it is about, what was said, and when."""

    fact: str
    about: str
    value: Value
    at: datetime


@dataclass(frozen=True)
class Household:
    """What the person now talking has told us, the newest answer for each fact and person.

    Attributes:
        known: the answers that still stand.
        audience: for whom statements are chosen.
        facts: the closed list the answers belong to.
    """

    known: tuple[Known, ...] = ()
    audience: Audience = Audience.PARENT
    facts: Facts = field(default_factory=load_facts)

    def get(self, fact: str) -> Value | None:
        """The answer that counts for ``fact``: over several adults the most cautious one."""
        values = [k.value for k in self.known if k.fact == fact and k.value != Answer.NOT_ASKED]
        if not values:
            return None
        for cautious in (Answer.YES, Answer.DONT_KNOW):
            if cautious in values:
                return cautious
        numbers = [value for value in values if not isinstance(value, str)]
        if numbers and self.facts[fact].type == "number":
            return min(numbers)
        if self.facts[fact].about == "adult" and self.facts[fact].hazard:
            # A no about one adult says nothing about the others in the bed.
            together = [k.value for k in self.known if k.fact == fact and k.about == TOGETHER]
            return together[-1] if together else Answer.NOT_ASKED
        return values[-1]

    def is_hazard(self, fact: str) -> bool | None:
        """Whether ``fact`` rules out sharing a bed; None while it has not been asked."""
        return self.facts[fact].is_hazard_value(self.get(fact))

    def with_answers(self, answers: tuple[Known, ...]) -> Household:
        """The household after ``answers``: each replaces what was known of that fact and person.

        An answer about everybody replaces what was said of each adult singly.
        """
        known = list(self.known)
        for new in answers:
            known = [
                old
                for old in known
                if old.fact != new.fact
                or (new.about not in (old.about, TOGETHER) and self.facts[new.fact].about == "adult")
            ]
            known.append(new)
        return Household(tuple(known), self.audience, self.facts)

    def standing_at(self, moment: datetime) -> Household:
        """Without the answers that were only about a night that is over."""
        return Household(
            tuple(each for each in self.known if self._stands(each, moment)),
            self.audience,
            self.facts,
        )

    def _stands(self, each: Known, moment: datetime) -> bool:
        hours = self.facts[each.fact].lasts_hours
        return hours is None or moment - each.at < timedelta(hours=hours)
