"""Writing down what was said, in the transaction of the caller.

Every function inserts once: on a taken key the row that is there is the answer, so a
message may be handed in any number of times.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import select

from bot.errors import RecordError
from bot.record.database import AlreadyRecorded
from bot.record.entries import (
    AdviceEntry,
    AgreementEntry,
    AnswerEntry,
    CheckEntry,
    Claims,
    Entry,
    EscalationEntry,
    RefusalEntry,
    Session,
)
from bot.record.models import (
    AdviceGiven,
    AdviceRecipient,
    Carer,
    ConversationAgreement,
    Escalation,
    Family,
    HazardAnswer,
    Refusal,
    UnderstandingCheck,
)
from bot.record.unit_of_work import UnitOfWork
from bot.record.visible import agreed_conversations, newest_word
from bot.vocabulary import AUDIENCE_OF_ROLE, Agreement, Audience


def write(uow: UnitOfWork, session: Session, entries: Sequence[Entry], at: datetime) -> None:
    """Write ``entries`` of one session in their order; those of one kind in one statement.

    Raises:
        RecordError: a check is of a statement that this person was not given.
    """
    for kind, together in groupby(entries, key=type):
        several = list(together)
        if kind is AdviceEntry:
            _advice(uow, session, several, at)  # type: ignore[arg-type]
        elif kind is AgreementEntry:
            for each in several:
                session = _agreement(uow, session, each, at)  # type: ignore[arg-type]
        elif kind is CheckEntry:
            _checks(uow, session, several, at)  # type: ignore[arg-type]
        else:
            _plain(uow, session, several, at)


def _plain(uow: UnitOfWork, session: Session, entries: Sequence[Entry], at: datetime) -> None:
    model = {AnswerEntry: HazardAnswer, RefusalEntry: Refusal, EscalationEntry: Escalation}[type(entries[0])]
    uow.insert_once(model, [_said(session, each, at) for each in entries])


def _advice(uow: UnitOfWork, session: Session, entries: Sequence[AdviceEntry], at: datetime) -> None:
    uow.insert_once(AdviceGiven, [_said(session, each, at) for each in entries])
    given = uow.execute(
        select(AdviceGiven.id).where(
            AdviceGiven.conversation_id == session.conversation_id,
            AdviceGiven.message_id.in_({each.message_id for each in entries}),
        )
    ).scalars()
    carer_id = session.carer_id if session.agreement == Agreement.AGREED else None
    role = session.claims.role
    # One person is in a conversation: the key is their role, so that a message repeated
    # after they agreed does not make a second recipient of them.
    uow.insert_once(
        AdviceRecipient,
        [{"advice_id": each, "carer_id": carer_id, "role": role, "person": role.value} for each in given],
    )


def _checks(uow: UnitOfWork, session: Session, entries: Sequence[CheckEntry], at: datetime) -> None:
    for entry in entries:
        said = _said(session, entry, at)
        said["advice_id"] = _newest_advice(uow, session, entry.statement_id)
        uow.insert_once(UnderstandingCheck, [said])


def _newest_advice(uow: UnitOfWork, session: Session, statement_id: str) -> int:
    own = AdviceGiven.conversation_id == session.conversation_id
    seen = own
    if session.carer_id is not None:
        seen = own | AdviceGiven.conversation_id.in_(
            agreed_conversations(ConversationAgreement.carer_id == session.carer_id)
        )
    found: int | None = uow.execute(
        select(AdviceGiven.id)
        .where(AdviceGiven.statement_id == statement_id, seen)
        .order_by(own.desc(), AdviceGiven.at.desc(), AdviceGiven.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise RecordError("a check of a statement that this person was not given")
    return found


def _agreement(uow: UnitOfWork, session: Session, entry: AgreementEntry, at: datetime) -> Session:
    """Write the person's word; ``agreed`` makes the family and the carer, no other word does."""
    if _is_written(uow, session, entry):
        return session
    carer_id = session.carer_id
    if entry.agreement == Agreement.AGREED and session.claims.is_family:
        carer_id = _get_or_create_carer(uow, session.claims, at)
    family_id = None
    if carer_id is not None:
        family_id = uow.execute(select(Carer.family_id).where(Carer.id == carer_id)).scalar_one()
    row = {
        "conversation_id": session.conversation_id,
        "message_id": entry.message_id,
        "family_id": family_id,
        "carer_id": carer_id,
        "agreement": entry.agreement,
        "at": at,
    }
    new = uow.insert_once(ConversationAgreement, [row])
    if new and carer_id is not None and entry.agreement == Agreement.WITHDRAWN:
        _withdraw_elsewhere(uow, row)
    return _with_word(uow, session, carer_id)


def _is_written(uow: UnitOfWork, session: Session, entry: AgreementEntry) -> bool:
    """Whether that message has said its word already (then it must not make a carer)."""
    row = select(ConversationAgreement.id).where(
        ConversationAgreement.conversation_id == session.conversation_id,
        ConversationAgreement.message_id == entry.message_id,
    )
    return uow.execute(row).first() is not None


def _with_word(uow: UnitOfWork, session: Session, carer_id: int | None) -> Session:
    word = uow.execute(select(newest_word(session.conversation_id))).scalar_one()
    return replace(session, agreement=Agreement(word) if word else None, carer_id=carer_id)


def _withdraw_elsewhere(uow: UnitOfWork, row: dict[str, object]) -> None:
    """A withdrawal is about all that was kept of this person, not about one conversation."""
    others = agreed_conversations(
        ConversationAgreement.carer_id == row["carer_id"],
        ConversationAgreement.conversation_id != row["conversation_id"],
    )
    for conversation_id in uow.execute(others).scalars().all():
        uow.insert_once(
            ConversationAgreement, [{**row, "conversation_id": conversation_id, "message_id": None}]
        )


def _get_or_create_carer(uow: UnitOfWork, claims: Claims, at: datetime) -> int:
    family = {"reference": claims.family_reference, "nation": claims.nation, "at": at}
    uow.insert_once(Family, [family])
    family_id = _found(
        uow.execute(select(Family.id).where(Family.reference == claims.family_reference)).scalar_one_or_none()
    )
    carer = {
        "family_id": family_id,
        "subject": claims.subject,
        "role": claims.role,
        "is_parent": AUDIENCE_OF_ROLE[claims.role] == Audience.PARENT,
        "at": at,
    }
    uow.insert_once(Carer, [carer])
    return _found(
        uow.execute(
            select(Carer.id).where(Carer.family_id == family_id, Carer.subject == claims.subject)
        ).scalar_one_or_none()
    )


def _found(row_id: int | None) -> int:
    if row_id is None:  # it was there when we inserted, and was erased before we looked
        raise AlreadyRecorded("the row was erased meanwhile")
    return row_id


def _said(session: Session, entry: Entry, at: datetime) -> dict[str, object]:
    return {**vars(entry), "conversation_id": session.conversation_id, "at": at}
