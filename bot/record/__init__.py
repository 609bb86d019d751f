"""What was said to whom. Start at :func:`open_record`; :class:`Record` is the front door."""

from bot.record.database import AlreadyRecorded
from bot.record.entries import (
    AdviceEntry,
    AdviceRow,
    AgreementEntry,
    AnswerEntry,
    AnswerRow,
    CheckEntry,
    Claims,
    Entry,
    EscalationEntry,
    FamilyAdviceRow,
    History,
    Outcome,
    Receipt,
    RefusalEntry,
    Session,
)
from bot.record.record import Record, open_record, the_record

__all__ = [
    "AdviceEntry",
    "AdviceRow",
    "AgreementEntry",
    "AlreadyRecorded",
    "AnswerEntry",
    "AnswerRow",
    "CheckEntry",
    "Claims",
    "Entry",
    "EscalationEntry",
    "FamilyAdviceRow",
    "History",
    "Outcome",
    "Receipt",
    "Record",
    "RefusalEntry",
    "Session",
    "open_record",
    "the_record",
]
