"""What is given to the record and what it gives back: plain frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum
from typing import Any

from bot.errors import RecordError
from bot.vocabulary import AUDIENCE_OF_ROLE, Agreement, Audience, CheckMethod, CheckOutcome, Nation, Role

LONGEST = 1000
"""The longest text, in characters, that an entry may hold."""


class Outcome(str, Enum):
    """What became of an append. Only ``SAVED`` may be called recorded."""

    SAVED = "saved"
    WAITING = "waiting"

    def __str__(self) -> str:
        return str(self.value)


class Checked:
    """A dataclass whose texts the database can keep."""

    def __post_init__(self) -> None:
        """Refuse empty, over-long and NUL-holding texts (``RecordError``)."""
        for each in fields(self):  # type: ignore[arg-type]
            value = getattr(self, each.name)
            if isinstance(value, str) and (not value or len(value) > LONGEST or "\0" in value):
                raise RecordError(
                    f"{type(self).__name__}.{each.name} needs 1 to {LONGEST} characters, none of them NUL"
                )


@dataclass(frozen=True)
class Claims(Checked):
    """Who is talking, as the host portal's token says it.

    Attributes:
        subject: one carer or practitioner, pseudonymous.
        role: what they are to the baby.
        family_reference: the family, pseudonymous; None for somebody anonymous.
        contact_type: the occasion, in the portal's word; None where there is none.
        nation: whose phone lines apply.
    """

    subject: str
    role: Role = Role.PARENT
    family_reference: str | None = None
    contact_type: str | None = None
    nation: Nation = Nation.ENGLAND

    @property
    def is_family(self) -> bool:
        """Whether an agreement can tie this person to a family's record as a carer of it."""
        return self.family_reference is not None and AUDIENCE_OF_ROLE[self.role] != Audience.PRACTITIONER


@dataclass(frozen=True)
class Session:
    """A conversation session.

    Attributes:
        session_id: 128 random bits in hexadecimal; whoever has it is this person.
        conversation_id: the random reference that the conversation's rows hang on.
        claims: who is talking.
        started_at: timezone-aware UTC.
        expires_at: timezone-aware UTC; from then on the session is unknown.
        agreement: the person's newest word on keeping this conversation; None before any.
        returning: an earlier agreed conversation of this person in this family has advice.
        carer_id: the record's number of this person, None while no carer row exists.
    """

    session_id: str
    conversation_id: str
    claims: Claims
    started_at: datetime
    expires_at: datetime
    agreement: Agreement | None = None
    returning: bool = False
    carer_id: int | None = field(default=None, repr=False)


@dataclass(frozen=True)
class AdviceEntry(Checked):
    """A statement of the guidance was said. ``how`` is a word such as ``chat`` or ``plan``."""

    message_id: str
    statement_id: str
    version: int
    topic: str
    how: str


@dataclass(frozen=True)
class CheckEntry(Checked):
    """A person said a statement back, or did not."""

    message_id: str
    statement_id: str
    method: CheckMethod
    outcome: CheckOutcome


@dataclass(frozen=True)
class AnswerEntry(Checked):
    """A fact was told. ``about`` is a relation word (me, partner, anyone, baby, household)."""

    message_id: str
    fact: str
    about: str
    value: str
    said_alone: bool | None = None


@dataclass(frozen=True)
class RefusalEntry(Checked):
    """A person did not want to go into a topic."""

    message_id: str
    topic: str


@dataclass(frozen=True)
class AgreementEntry(Checked):
    """A person said whether this conversation is kept with their family's record."""

    message_id: str
    agreement: Agreement


@dataclass(frozen=True)
class EscalationEntry(Checked):
    """A red flag was answered."""

    message_id: str
    flag: str
    category: str


Entry = AdviceEntry | CheckEntry | AnswerEntry | RefusalEntry | AgreementEntry | EscalationEntry

ENTRY_KINDS: dict[str, type[Any]] = {
    "advice": AdviceEntry,
    "check": CheckEntry,
    "answer": AnswerEntry,
    "refusal": RefusalEntry,
    "agreement": AgreementEntry,
    "escalation": EscalationEntry,
}
"""The name under which each entry waits in the outbox."""


@dataclass(frozen=True)
class AdviceRow:
    """A statement this person was given, with the newest check of it (None: not checked)."""

    statement_id: str
    version: int
    topic: str
    at: datetime
    this_conversation: bool
    check_method: CheckMethod | None
    check_outcome: CheckOutcome | None


@dataclass(frozen=True)
class History:
    """What this person was told, newest first."""

    advice: tuple[AdviceRow, ...] = ()


@dataclass(frozen=True)
class AnswerRow:
    """What this person told."""

    fact: str
    about: str
    value: str
    at: datetime


@dataclass(frozen=True)
class FamilyAdviceRow:
    """A statement that a family was given, for practitioners.

    Attributes:
        roles: who was there, in the order they were noted.
        by_role: the professional who said it; None for the assistant.
    """

    statement_id: str
    version: int
    topic: str
    how: str
    at: datetime
    roles: tuple[Role, ...]
    by_role: Role | None
    check_method: CheckMethod | None
    check_outcome: CheckOutcome | None


@dataclass(frozen=True)
class Receipt:
    """The answer that a message got, as it was sent."""

    message_id: str
    blocks: list[dict[str, Any]]
    choices: list[dict[str, Any]]
    at: datetime
