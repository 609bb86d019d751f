"""Which conversations count for whom: the one place where this is decided.

A conversation counts for a carer, and for their family, while its newest agreement row
says ``agreed``. A carer sees those of their own and the one they are in; never another's.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from bot.record.models import Carer, ConversationAgreement, Family, PortalSession
from bot.vocabulary import Agreement


def newest_word(conversation_id: Any) -> Any:
    """The newest word on a conversation, as a scalar subquery (NULL before any)."""
    row = aliased(ConversationAgreement)
    return (
        select(row.agreement)
        .where(row.conversation_id == conversation_id)
        .order_by(row.at.desc(), row.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def carer_of_session() -> Any:
    """The carer of the enclosing query's ``portal_session``, as a scalar subquery (NULL: none)."""
    return (
        select(Carer.id)
        .join(Family, Family.id == Carer.family_id)
        .where(Carer.subject == PortalSession.subject, Family.reference == PortalSession.family_reference)
        .correlate(PortalSession)
        .scalar_subquery()
    )


def agreed_conversations(*conditions: Any) -> Any:
    """The ids of conversations whose newest word is ``agreed``.

    Args:
        conditions: on the agreement rows, such as ``ConversationAgreement.carer_id == 1``.
    """
    row, newer = ConversationAgreement, aliased(ConversationAgreement)
    later = or_(newer.at > row.at, and_(newer.at == row.at, newer.id > row.id))
    overruled = select(newer.id).where(newer.conversation_id == row.conversation_id, later).exists()
    return select(row.conversation_id).where(row.agreement == Agreement.AGREED, ~overruled, *conditions)
