"""Reading back: what this person was told and told us; what a family was told."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.record.entries import AdviceRow, AnswerRow, FamilyAdviceRow, Receipt, Session
from bot.record.models import (
    AdviceGiven,
    AdviceRecipient,
    Contact,
    ConversationAgreement,
    Family,
    HazardAnswer,
    MessageReceipt,
    UnderstandingCheck,
)
from bot.record.unit_of_work import UnitOfWork
from bot.record.visible import agreed_conversations
from bot.vocabulary import Role


def history(uow: UnitOfWork, session: Session, now: datetime) -> tuple[AdviceRow, ...]:
    """The advice that this person was given until ``now``, newest first."""
    given = uow.execute(
        select(AdviceGiven.__table__)
        .where(_sees(AdviceGiven, session), AdviceGiven.at <= now)
        .order_by(AdviceGiven.at.desc(), AdviceGiven.id.desc())
    ).all()
    checks = _newest_checks(uow, [row.id for row in given])
    return tuple(
        AdviceRow(
            statement_id=row.statement_id,
            version=row.version,
            topic=row.topic,
            at=row.at,
            this_conversation=row.conversation_id == session.conversation_id,
            check_method=checks[row.id].method if row.id in checks else None,
            check_outcome=checks[row.id].outcome if row.id in checks else None,
        )
        for row in given
    )


def answers(uow: UnitOfWork, session: Session, now: datetime) -> tuple[AnswerRow, ...]:
    """The facts that this person told until ``now``, newest first."""
    rows = uow.execute(
        select(HazardAnswer.fact, HazardAnswer.about, HazardAnswer.value, HazardAnswer.at)
        .where(_sees(HazardAnswer, session), HazardAnswer.at <= now)
        .order_by(HazardAnswer.at.desc(), HazardAnswer.id.desc())
    )
    return tuple(AnswerRow(*row) for row in rows)


def family_advice(uow: UnitOfWork, family_reference: str, now: datetime) -> tuple[FamilyAdviceRow, ...]:
    """The advice that a family was given until ``now``, newest first, by whomever."""
    agreed = agreed_conversations(
        ConversationAgreement.family_id.in_(select(Family.id).where(Family.reference == family_reference))
    )
    family = Family.reference == family_reference
    contacts = select(Contact.id).join(Family, Family.id == Contact.family_id).where(family)
    given = uow.execute(
        select(AdviceGiven.__table__, Contact.by_role)
        .outerjoin(Contact, Contact.id == AdviceGiven.contact_id)
        .where(
            AdviceGiven.conversation_id.in_(agreed) | AdviceGiven.contact_id.in_(contacts),
            AdviceGiven.at <= now,
        )
        .order_by(AdviceGiven.at.desc(), AdviceGiven.id.desc())
    ).all()
    ids = [row.id for row in given]
    checks, roles = _newest_checks(uow, ids), _roles(uow, ids)
    return tuple(
        FamilyAdviceRow(
            statement_id=row.statement_id,
            version=row.version,
            topic=row.topic,
            how=row.how,
            at=row.at,
            roles=tuple(roles[row.id]),
            by_role=row.by_role,
            check_method=checks[row.id].method if row.id in checks else None,
            check_outcome=checks[row.id].outcome if row.id in checks else None,
        )
        for row in given
    )


def receipt(uow: UnitOfWork, session_id: str, message_id: str) -> Receipt | None:
    """The answer that a message of a session got; None while it has none."""
    row = uow.execute(
        select(MessageReceipt.__table__).where(
            MessageReceipt.session_id == session_id, MessageReceipt.message_id == message_id
        )
    ).one_or_none()
    return None if row is None else _receipt(row)


def receipts_after(uow: UnitOfWork, session_id: str, message_id: str | None) -> tuple[Receipt, ...]:
    """The answers of a session after that of ``message_id``, oldest first.

    All of them when it is None, or is not known.
    """
    rows = uow.execute(
        select(MessageReceipt.__table__)
        .where(MessageReceipt.session_id == session_id)
        .order_by(MessageReceipt.id)
    ).all()
    known = [place for place, row in enumerate(rows) if row.message_id == message_id]
    return tuple(_receipt(row) for row in rows[known[0] + 1 if known else 0 :])


def _sees(model: Any, session: Session) -> Any:
    """The rows of ``model`` that this person may see: never another carer's."""
    own = model.conversation_id == session.conversation_id
    if session.carer_id is None:
        return own
    agreed = agreed_conversations(ConversationAgreement.carer_id == session.carer_id)
    return own | model.conversation_id.in_(agreed)


def _newest_checks(uow: UnitOfWork, advice_ids: Sequence[int]) -> dict[int, Any]:
    rows = uow.execute(
        select(UnderstandingCheck.__table__)
        .where(UnderstandingCheck.advice_id.in_(advice_ids))
        .order_by(UnderstandingCheck.at, UnderstandingCheck.id)
    )
    return {row.advice_id: row for row in rows}


def _roles(uow: UnitOfWork, advice_ids: Sequence[int]) -> dict[int, list[Role]]:
    rows = uow.execute(
        select(AdviceRecipient.advice_id, AdviceRecipient.role)
        .where(AdviceRecipient.advice_id.in_(advice_ids))
        .order_by(AdviceRecipient.id)
    )
    roles: dict[int, list[Role]] = defaultdict(list)
    for advice_id, role in rows:
        roles[advice_id].append(role)
    return roles


def _receipt(row: Any) -> Receipt:
    return Receipt(row.message_id, row.blocks, row.choices, row.at)
