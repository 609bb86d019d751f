"""Sessions: starting one, and finding out who is talking."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select

from bot.errors import UnknownSession
from bot.record.entries import Claims, Session
from bot.record.models import (
    AdviceGiven,
    Carer,
    Conversation,
    ConversationAgreement,
    Family,
    MessageReceipt,
    PortalSession,
)
from bot.record.unit_of_work import UnitOfWork
from bot.record.visible import agreed_conversations, carer_of_session, newest_word
from bot.vocabulary import Agreement

MOST_AT_ONCE = 500
"""How many ids one query asks about."""


def start(uow: UnitOfWork, claims: Claims, now: datetime, hours: float, keep_days: float) -> str:
    """Start a session and its conversation; return the session's id.

    A carer whose newest word was ``agreed`` need not be asked again.
    """
    session_id, conversation_id = secrets.token_hex(16), secrets.token_hex(16)
    keep_until = now + timedelta(days=keep_days)
    uow.insert_once(Conversation, [{"id": conversation_id, "started_at": now, "keep_until": keep_until}])
    who = {
        "session_id": session_id,
        "conversation_id": conversation_id,
        "subject": claims.subject,
        "role": claims.role,
        "family_reference": claims.family_reference,
        "contact_type": claims.contact_type,
        "nation": claims.nation,
        "started_at": now,
        "expires_at": now + timedelta(hours=hours),
    }
    uow.insert_once(PortalSession, [who])
    if claims.is_family:
        _carry_standing_agreement(uow, claims, conversation_id, now)
    return session_id


def find(uow: UnitOfWork, session_id: str, now: datetime | None) -> Session:
    """The session with that id, in one query.

    Args:
        uow: an open transaction.
        session_id: what the client sent.
        now: the moment at which it must not have expired; None finds expired ones too.

    Raises:
        UnknownSession: it is missing or has expired.
    """
    if "\0" in session_id:  # PostgreSQL's driver cannot even ask for it
        raise UnknownSession("there is no such session")
    row = uow.execute(_session_query(), {"session_id": session_id}).one_or_none()
    if row is None or (now is not None and row.expires_at <= now):
        raise UnknownSession("there is no such session, or it has expired")
    claims = Claims(row.subject, row.role, row.family_reference, row.contact_type, row.nation)
    known = row.carer_id if claims.is_family else None
    return Session(
        session_id=row.session_id,
        conversation_id=row.conversation_id,
        claims=claims,
        started_at=row.started_at,
        expires_at=row.expires_at,
        agreement=row.agreement,
        returning=bool(row.has_earlier_advice) and known is not None,
        carer_id=known,
    )


@lru_cache(maxsize=1)
def _session_query() -> Any:
    """Built once: building it takes SQLAlchemy longer than the database takes to answer."""
    carer_id = carer_of_session()
    earlier = agreed_conversations(
        ConversationAgreement.carer_id == carer_id,
        ConversationAgreement.conversation_id != PortalSession.conversation_id,
    ).correlate(PortalSession)
    advised = select(AdviceGiven.id).where(AdviceGiven.conversation_id.in_(earlier)).exists()
    return select(
        PortalSession.__table__,
        newest_word(PortalSession.conversation_id).label("agreement"),
        carer_id.label("carer_id"),
        advised.label("has_earlier_advice"),
    ).where(PortalSession.session_id == bindparam("session_id"))


def save_receipt(
    uow: UnitOfWork, session_id: str, message_id: str, blocks: Any, choices: Any, now: datetime
) -> None:
    """Keep the answer that a message got, unless it has one."""
    row = {
        "session_id": session_id,
        "message_id": message_id,
        "blocks": blocks,
        "choices": choices,
        "at": now,
    }
    uow.insert_once(MessageReceipt, [row])


def _carry_standing_agreement(uow: UnitOfWork, claims: Claims, conversation_id: str, now: datetime) -> None:
    newest = uow.execute(
        select(Carer.id, Carer.family_id, ConversationAgreement.agreement)
        .join(Family, Family.id == Carer.family_id)
        .join(ConversationAgreement, ConversationAgreement.carer_id == Carer.id)
        .where(Carer.subject == claims.subject, Family.reference == claims.family_reference)
        .order_by(ConversationAgreement.at.desc(), ConversationAgreement.id.desc())
        .limit(1)
    ).one_or_none()
    if newest is None or newest.agreement != Agreement.AGREED:
        return
    row = {
        "conversation_id": conversation_id,
        "family_id": newest.family_id,
        "carer_id": newest.id,
        "agreement": Agreement.AGREED,
        "at": now,
    }
    uow.insert_once(ConversationAgreement, [row])


def known(uow: UnitOfWork, session_ids: Sequence[str]) -> set[str]:
    """Those of ``session_ids`` that have a session row, expired or not."""
    found: set[str] = set()
    for start_at in range(0, len(session_ids), MOST_AT_ONCE):
        some = list(session_ids[start_at : start_at + MOST_AT_ONCE])
        query = select(PortalSession.session_id).where(PortalSession.session_id.in_(some))
        found |= {row[0] for row in uow.execute(query)}
    return found
