"""The two ways in which rows leave the record: a person's wish, and time."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timezone
from typing import Any

from sqlalchemy import delete, insert, or_, select

from bot.record.database import AlreadyRecorded
from bot.record.entries import Session
from bot.record.models import (
    AdviceGiven,
    AdviceRecipient,
    Baby,
    Carer,
    Contact,
    Conversation,
    ConversationAgreement,
    Escalation,
    Family,
    HazardAnswer,
    MessageReceipt,
    Place,
    PortalSession,
    Refusal,
    UnderstandingCheck,
)
from bot.record.sessions import find
from bot.record.unit_of_work import UnitOfWork
from bot.record.visible import agreed_conversations
from bot.vocabulary import Agreement

SEVERAL = 500
"""How many conversations are deleted with one statement."""


def erase(uow: UnitOfWork, session_id: str) -> tuple[str, ...]:
    """Delete what hangs on a person's own conversations; return the sessions erased.

    This conversation; and when the person agreed (or did, and withdrew), all they had about
    this family. Another carer's rows and professionals' contacts stay.

    Raises:
        UnknownSession: there is no such session.
        AlreadyRecorded: the person agreed at the same time; start again.
    """
    conversations = _own(uow, find(uow, session_id, None))
    _hold(uow, conversations)
    if not _own(uow, find(uow, session_id, None)) <= conversations:
        raise AlreadyRecorded("they agreed until we held it: start again")
    carers = _carers_of(uow, conversations)
    sessions = _sessions_of(uow, conversations)
    _delete_conversations(uow, conversations)
    _delete_carers(uow, carers)
    return sessions


def purge(uow: UnitOfWork, now: datetime) -> tuple[str, ...]:
    """Delete conversations past their time that nobody agreed to keep, and expired sessions.

    A conversation is kept past its time only while an agreement ties it to a family.

    Returns:
        the ids of the sessions deleted.
    """
    kept = agreed_conversations(ConversationAgreement.family_id.is_not(None))
    past = select(Conversation.id).where(Conversation.keep_until <= now, Conversation.id.not_in(kept))
    past = past.order_by(Conversation.id)
    held = set(uow.execute(past.with_for_update()).scalars())
    over = held.intersection(uow.execute(past).scalars())  # less those agreed to until we held them
    carers = _carers_of(uow, over)
    sessions = _sessions_of(uow, over)
    _delete_conversations(uow, over)
    _delete_carers(uow, carers)
    expired = tuple(
        uow.execute(select(PortalSession.session_id).where(PortalSession.expires_at <= now)).scalars()
    )
    _delete_sessions(uow, expired)
    return (*sessions, *expired)


def _hold(uow: UnitOfWork, conversations: Collection[str]) -> None:
    """Until we commit, what somebody else writes there comes before this or is refused.

    Always in the order of the ids, so that two who hold several never wait for each other.
    """
    for some in _parts(conversations):
        these = select(Conversation.id).where(Conversation.id.in_(some)).order_by(Conversation.id)
        uow.execute(these.with_for_update()).all()


def _own(uow: UnitOfWork, session: Session) -> set[str]:
    """The conversations that go with this one.

    Of a carer who agreed: all that are tied to them, and theirs that nobody was asked about.
    """
    if session.carer_id is None or session.agreement not in (Agreement.AGREED, Agreement.WITHDRAWN):
        return {session.conversation_id}
    tied = select(ConversationAgreement.conversation_id).where(
        ConversationAgreement.carer_id == session.carer_id
    )
    theirs = select(PortalSession.conversation_id).where(
        PortalSession.subject == session.claims.subject,
        PortalSession.family_reference == session.claims.family_reference,
    )
    return set(uow.execute(tied).scalars()) | set(uow.execute(theirs).scalars())


def _carers_of(uow: UnitOfWork, conversations: Collection[str]) -> set[int]:
    carers: set[int] = set()
    for some in _parts(conversations):
        tied = select(ConversationAgreement.carer_id).where(
            ConversationAgreement.conversation_id.in_(some), ConversationAgreement.carer_id.is_not(None)
        )
        carers |= set(uow.execute(tied).scalars())
    return carers


def _sessions_of(uow: UnitOfWork, conversations: Collection[str]) -> tuple[str, ...]:
    sessions: list[str] = []
    for some in _parts(conversations):
        theirs = select(PortalSession.session_id).where(PortalSession.conversation_id.in_(some))
        sessions += uow.execute(theirs).scalars()
    return tuple(sessions)


def _delete_conversations(uow: UnitOfWork, conversations: Collection[str]) -> None:
    for some in _parts(conversations):
        advice = select(AdviceGiven.id).where(AdviceGiven.conversation_id.in_(some))
        _delete(
            uow,
            UnderstandingCheck,
            or_(UnderstandingCheck.conversation_id.in_(some), UnderstandingCheck.advice_id.in_(advice)),
        )
        _delete(uow, AdviceRecipient, AdviceRecipient.advice_id.in_(advice))
        for model in (AdviceGiven, HazardAnswer, Refusal, ConversationAgreement):
            _delete(uow, model, model.conversation_id.in_(some))
        _count_escalations(uow, some)
        sessions = select(PortalSession.session_id).where(PortalSession.conversation_id.in_(some))
        _delete(uow, MessageReceipt, MessageReceipt.session_id.in_(sessions))
        _delete(uow, PortalSession, PortalSession.conversation_id.in_(some))
        _delete(uow, Conversation, Conversation.id.in_(some))


def _count_escalations(uow: UnitOfWork, conversations: Collection[str]) -> None:
    """Keep of each red flag only that there was one on that day."""
    of_these = Escalation.conversation_id.in_(conversations)
    rows = uow.execute(select(Escalation.flag, Escalation.category, Escalation.at).where(of_these)).all()
    _delete(uow, Escalation, of_these)
    if rows:
        counts = [{"flag": row.flag, "category": row.category, "at": _day(row.at)} for row in rows]
        uow.execute(insert(Escalation).values(counts))


def _delete_sessions(uow: UnitOfWork, sessions: Collection[str]) -> None:
    for some in _parts(sessions):
        _delete(uow, MessageReceipt, MessageReceipt.session_id.in_(some))
        _delete(uow, PortalSession, PortalSession.session_id.in_(some))


def _delete_carers(uow: UnitOfWork, carers: Collection[int]) -> None:
    """Delete carers on whom nothing hangs any more, and families that are empty then.

    A family of which nobody is left, and that no professional met, keeps no babies.
    """
    for carer_id in carers:
        tied = select(ConversationAgreement.id).where(ConversationAgreement.carer_id == carer_id).limit(1)
        told = select(AdviceRecipient.id).where(AdviceRecipient.carer_id == carer_id).limit(1)
        if uow.execute(tied).first() or uow.execute(told).first():
            continue
        family_id = uow.execute(select(Carer.family_id).where(Carer.id == carer_id)).scalar_one_or_none()
        _delete(uow, Carer, Carer.id == carer_id)
        if family_id is not None:
            _delete_family_if_empty(uow, family_id)


def _delete_family_if_empty(uow: UnitOfWork, family_id: int) -> None:
    uow.execute(select(Family.id).where(Family.id == family_id).with_for_update()).all()
    left: tuple[Any, ...] = (Carer, Contact)
    for model in left:
        if uow.execute(select(model.id).where(model.family_id == family_id).limit(1)).first():
            return
    _delete(uow, Baby, Baby.family_id == family_id)
    _delete(uow, Place, Place.family_id == family_id)
    _delete(uow, Family, Family.id == family_id)


def _delete(uow: UnitOfWork, model: Any, which: Any) -> None:
    uow.execute(delete(model).where(which).execution_options(synchronize_session=False))


def _day(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(timezone.utc).date(), time(), timezone.utc)


def _parts(ids: Collection[str]) -> list[list[str]]:
    ordered = sorted(ids)
    return [ordered[place : place + SEVERAL] for place in range(0, len(ordered), SEVERAL)]
