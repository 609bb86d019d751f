"""Whether what somebody said back holds a statement's key points.

A test of our explaining, never of the person (teach-back; NHS England, NHS Scotland).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.guidance.schema import KeyPoint
from bot.vocabulary import CheckOutcome

_WORDS = re.compile(r"[a-z0-9']+")
PREFIX_FROM = 4
"""Alternatives of this many letters or more also match longer forms ("cot" does not match "cotton")."""


@dataclass(frozen=True)
class SaidBack:
    """The outcome, and the key points that were not in what was said."""

    outcome: CheckOutcome
    missing: tuple[str, ...]


def assess(points: tuple[KeyPoint, ...], said: str) -> SaidBack | None:
    """Compare ``said`` with the key points; None where nothing of them is in it.

    None means that it was no attempt at saying it back, so that the caller can treat the
    message as whatever else it is.
    """
    words = _WORDS.findall(said.lower().replace("’", "'"))
    text = " " + " ".join(words) + " "
    missing = tuple(point.point for point in points if not _holds(point, words, text))
    if not points or (len(missing) == len(points) and not _touches(points, words, text)):
        return None
    if not missing:
        return SaidBack(CheckOutcome.SAID_BACK, ())
    if len(missing) < len(points):
        return SaidBack(CheckOutcome.PARTLY, missing)
    return SaidBack(CheckOutcome.WORTH_GOING_OVER, missing)


def _holds(point: KeyPoint, words: list[str], text: str) -> bool:
    return all(_any(group, words, text) for group in point.words)


def _touches(points: tuple[KeyPoint, ...], words: list[str], text: str) -> bool:
    return any(_any(point.words[0], words, text) for point in points)


def _any(group: str, words: list[str], text: str) -> bool:
    for alternative in group.split("|"):
        if " " in alternative:
            if f" {alternative} " in text:
                return True
        elif any(
            word == alternative or (len(alternative) >= PREFIX_FROM and word.startswith(alternative))
            for word in words
        ):
            return True
    return False
