"""What a guidance file may hold, checked when it is read.

One YAML file a topic (``bot/guidance/topics/<topic>.yml``); the keys are those of
:class:`TopicFile`. The loader (``bot/guidance/library.py``) turns a failed check into a
:class:`~bot.errors.GuidanceError` that names file, statement and field.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pydantic import BaseModel, Extra, Field, validator

from bot.vocabulary import Audience, Evidence, Kind

ENGLISH = "en"
PLACEHOLDER = re.compile(r"\{service:([a-z_0-9]+)\}")
PHONE_NUMBER = re.compile(
    r"(?<![\d.])\b(?:999|111|112|116\s?123|0\d{2,4}[\s\d]{6,10}\d)\b(?!\s*(?:%|per|in|babies|deaths))"
)


def not_empty(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse an empty list."""
    if not value:
        raise ValueError("needs at least one entry")
    return value


class Strict(BaseModel):
    """Unknown keys are errors, and nothing changes after reading."""

    class Config:
        """Pydantic's settings for all of them."""

        extra = Extra.forbid
        frozen = True


class Wording(Strict):
    """The same words by language code; English is always there."""

    __root__: dict[str, str]

    @validator("__root__")
    def has_english(cls, value: dict[str, str]) -> dict[str, str]:
        """Refuse wordings without English or with a number that is not looked up by nation."""
        if not value.get(ENGLISH, "").strip():
            raise ValueError("needs words under 'en'")
        for text in value.values():
            if PHONE_NUMBER.search(text):
                raise ValueError("holds a literal phone number; write {service:name} instead")
        return {language: " ".join(text.split()) for language, text in value.items()}

    def text(self, language: str = ENGLISH) -> str:
        """The words in ``language``, or in English where there are none."""
        return self.__root__.get(language, self.__root__[ENGLISH])


class KeyPoint(Strict):
    """One thing a person says back when a statement was understood.

    ``words`` are groups; each group is alternatives separated by ``|``. The point counts
    as said when every group has an alternative in what the person said.
    """

    point: str
    words: tuple[str, ...]

    _words = validator("words", allow_reuse=True)(not_empty)


class Source(Strict):
    """Where a statement comes from."""

    name: str
    year: str
    url: str


class StatementEntry(Strict):
    """One piece of advice, as it stands in a topic's file."""

    id: str
    priority: int = Field(ge=1)
    say: Wording
    tonight: Wording | None = None
    why: Wording | None = None
    key_points: tuple[KeyPoint, ...] = ()
    asked_as: tuple[str, ...] = ()
    applies_when: Any = "always"
    worth_asking: bool = False
    audience: tuple[Audience, ...]
    sources: tuple[str, ...] = ()
    evidence: Evidence
    version: int = Field(ge=1)
    reviewed_on: date
    review_due: date
    signed_off_by: str | None = None
    holding: Wording | None = None
    figures: str | None = None

    _audience = validator("audience", allow_reuse=True)(not_empty)

    @validator("review_due")
    def due_after_review(cls, value: date, values: dict[str, Any]) -> date:
        """Refuse a review that is due before the last one."""
        if "reviewed_on" in values and value <= values["reviewed_on"]:
            raise ValueError("must be later than reviewed_on")
        return value


class TopicFile(Strict):
    """A whole topic."""

    topic: str = Field(regex=r"^[a-z][a-z_0-9]*$")
    title: Wording
    danger: int = Field(ge=0, le=100)
    private: bool = False
    acknowledge: dict[Kind, tuple[str, ...]]
    next: tuple[str, ...] = ()
    holding: Wording | None = None
    statements: tuple[StatementEntry, ...]

    _statements = validator("statements", allow_reuse=True)(not_empty)
