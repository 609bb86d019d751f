"""The rules that find danger in words: spaCy Matcher patterns from ``red_flags.yml``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from bot.errors import UnderstandingError
from bot.files import read_yaml
from bot.understanding.english import english, read
from bot.understanding.scope import scopes_of
from bot.vocabulary import Urgency

RULES_FILE = Path(__file__).with_name("red_flags.yml")
FUZZY_FROM = 7
"""Words of this many letters or more also match with one letter wrong."""


@dataclass(frozen=True)
class Firing:
    """One rule that matched.

    Attributes:
        rule: the rule's id in ``red_flags.yml``.
        flag: the red flag of the evidence base, ``redflag.1`` to ``redflag.15``.
        urgency: what the rule asks for.
        words: how many words matched (never the words themselves).
        scopes: what excuses it; empty when nothing does.
    """

    rule: str
    flag: str
    urgency: Urgency
    words: int
    scopes: frozenset[str]

    @property
    def excused(self) -> bool:
        """Whether the phrase is negated, hypothetical, past or somebody else's."""
        return bool(self.scopes)


class RedFlagRules:
    """All rules, compiled.

    Raises:
        UnderstandingError: a rule names an unknown concept or urgency.
    """

    def __init__(self, path: Path = RULES_FILE) -> None:
        raw = read_yaml(path)
        self._concepts: dict[str, list[str]] = raw["concepts"]
        self._scopes: dict[str, list[str]] = raw["scopes"]
        self._rules = {rule["id"]: rule for rule in raw["rules"]}
        self._matcher = Matcher(english().vocab)
        self._idioms = Matcher(english().vocab)
        try:
            for name, rule in self._rules.items():
                Urgency(rule["urgency"])
                self._matcher.add(name, [p for each in rule["phrases"] for p in self._patterns(each)])
            self._idioms.add("idiom", [p for each in raw["idioms"] for p in self._patterns(each)])
        except (KeyError, ValueError) as error:
            raise UnderstandingError(f"{path.name}: {error}") from error

    def find(self, text: str) -> tuple[Firing, ...]:
        """Every rule that matches ``text``, the gravest and least excused first."""
        doc = read(text)
        idioms = filter_spans(self._spans(self._idioms, doc))
        firings: dict[str, Firing] = {}
        for span in self._spans(self._matcher, doc):
            if any(i.start < span.end and span.start < i.end for i in idioms):
                continue
            rule = self._rules[span.label_]
            excuses = scopes_of(span, self._scopes) - set(rule.get("ignores", ()))
            firing = Firing(span.label_, rule["flag"], Urgency(rule["urgency"]), len(span), excuses)
            known = firings.get(span.label_)
            if known is None or (known.excused and not firing.excused):
                firings[span.label_] = firing
        return tuple(sorted(firings.values(), key=lambda f: (f.excused, _rank(f.urgency))))

    def _spans(self, matcher: Matcher, doc: Doc) -> list[Span]:
        return list(matcher(doc, as_spans=True))

    def _patterns(self, phrase: str) -> list[list[dict[str, Any]]]:
        """The Matcher patterns of one phrase: each long word exact or with a letter wrong."""
        parts = [self._choices(part) for part in phrase.split()]
        return [[token for tokens in chosen for token in tokens] for chosen in product(*parts)]

    def _choices(self, part: str) -> list[list[dict[str, Any]]]:
        if part == "*":
            return [[{"OP": "?", "IS_PUNCT": False} for _ in range(3)]]
        words = list(self._words(part.rstrip("?").split("|")))
        long_words = [word for word in words if len(word) >= FUZZY_FROM]
        optional = {"OP": "?"} if part.endswith("?") else {}
        choices = [[{"LOWER": {"IN": words}, **optional}]]
        if long_words:
            choices.append([{"LOWER": {"FUZZY1": {"IN": long_words}}, **optional}])
        return choices

    def _words(self, alternatives: Iterable[str]) -> Iterable[str]:
        for word in alternatives:
            if word.startswith("@"):
                yield from (each.lower() for each in self._concepts[word[1:]])
            else:
                yield word.lower()


def _rank(urgency: Urgency) -> int:
    return [Urgency.EMERGENCY, Urgency.URGENT, Urgency.CHECK, Urgency.NONE].index(urgency)


@lru_cache(maxsize=1)
def rules() -> RedFlagRules:
    """The rules of this process."""
    return RedFlagRules()
