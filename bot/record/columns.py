"""Column types that mean the same on SQLite and PostgreSQL."""

# mypy: disable-error-code="import-untyped", allow-subclassing-any

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import DateTime, String
from sqlalchemy.types import TypeDecorator

from bot.vocabulary import Word


class Moment(TypeDecorator):
    """A timezone-aware time, kept and given back as UTC.

    SQLite has no times with a zone: there the UTC time is kept without one, and gets it
    back when it is read.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Refuse a time without a zone (``ValueError``): nobody knows what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time needs a timezone")
        utc = value.astimezone(timezone.utc)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """The stored time, timezone-aware UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=timezone.utc)
        return value.astimezone(timezone.utc)


class Closed(TypeDecorator):
    """A word of one closed list of :mod:`bot.vocabulary`, kept as its value."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[Word]) -> None:
        """Take the enum whose members may be kept."""
        super().__init__()
        self.words = words

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Refuse a word that is not in the list (``ValueError``)."""
        return None if value is None else str(self.words(value).value)

    def process_result_value(self, value: str | None, dialect: Any) -> Word | None:
        """The member of the enum."""
        return None if value is None else self.words(value)
