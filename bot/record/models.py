"""The tables of the record.

Append-only: what was said stays as it was said, and a correction is a new row (the newest
one counts). Rows leave only by erasure and expiry (:mod:`bot.record.erasing`).

Everything a person said or was told hangs on a random conversation id. Only their
agreement ties a conversation to a family and a carer::

    portal_session ─> conversation <─ conversation_agreement ─> carer ─> family
                           ^                                               ^
      advice_given, understanding_check, hazard_answer,        baby, place, contact
      refusal, escalation

Every row that says "this was said" has a unique key made of the conversation, the message
id and what was said, so that the same message sent twice is one row.
"""

# mypy: disable-error-code="import-untyped", allow-subclassing-any

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import declarative_base

from bot.record.columns import Closed, Moment
from bot.vocabulary import Agreement, BabyStatus, CheckMethod, CheckOutcome, Nation, Role

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

if TYPE_CHECKING:

    class Base:
        """What SQLAlchemy 1.4, which has no types, makes of a declarative base."""

        metadata: ClassVar[Any]
        __table__: ClassVar[Any]

        def __init__(self, **values: Any) -> None: ...

else:
    Base = declarative_base(metadata=MetaData(naming_convention=NAMES))

ONE_PLACE = "(conversation_id IS NULL) <> (contact_id IS NULL)"
"""Said in a conversation with the assistant, or at a professional's contact: exactly one."""


class Family(Base):
    """A family by the host portal's pseudonymous reference."""

    __tablename__ = "family"
    id = Column(Integer, primary_key=True)
    reference = Column(String, nullable=False, unique=True)
    nation = Column(Closed(Nation), nullable=False)
    at = Column(Moment, nullable=False)


class Baby(Base):
    """A baby as known at a time; for each birth order the newest row counts."""

    __tablename__ = "baby"
    __table_args__ = (UniqueConstraint("family_id", "birth_order", "at"),)
    id = Column(Integer, primary_key=True)
    family_id = Column(ForeignKey("family.id"), nullable=False)
    birth_order = Column(Integer, nullable=False, default=1)
    born_on = Column(Date)
    due_on = Column(Date)
    gestation_weeks = Column(Integer)
    birth_weight_grams = Column(Integer)
    status = Column(Closed(BabyStatus), nullable=False)
    at = Column(Moment, nullable=False)


class Carer(Base):
    """One person who cares for the family's baby; the subject is pseudonymous."""

    __tablename__ = "carer"
    __table_args__ = (UniqueConstraint("family_id", "subject"),)
    id = Column(Integer, primary_key=True)
    family_id = Column(ForeignKey("family.id"), nullable=False)
    subject = Column(String, nullable=False)
    role = Column(Closed(Role), nullable=False)
    is_parent = Column(Boolean, nullable=False)
    safe_to_contact = Column(Boolean)
    at = Column(Moment, nullable=False)


class Place(Base):
    """A place where the family's baby sleeps."""

    __tablename__ = "place"
    __table_args__ = (UniqueConstraint("family_id", "label"),)
    id = Column(Integer, primary_key=True)
    family_id = Column(ForeignKey("family.id"), nullable=False)
    label = Column(String, nullable=False)


class Contact(Base):
    """A professional's contact with a family: a visit, a call, a clinic."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("family_id", "by_subject", "message_id"),)
    id = Column(Integer, primary_key=True)
    family_id = Column(ForeignKey("family.id"), nullable=False)
    message_id = Column(String, nullable=False)
    at = Column(Moment, nullable=False)
    type = Column(String, nullable=False)
    channel = Column(String, nullable=False)
    by_subject = Column(String, nullable=False)
    by_role = Column(Closed(Role), nullable=False)
    outcome = Column(String)


class Conversation(Base):
    """A conversation with the assistant; its id says nothing about anybody."""

    __tablename__ = "conversation"
    id = Column(String, primary_key=True)
    started_at = Column(Moment, nullable=False)
    keep_until = Column(Moment, nullable=False, index=True)


class PortalSession(Base):
    """Who is talking, from the host portal's token; gone when it has expired."""

    __tablename__ = "portal_session"
    session_id = Column(String, primary_key=True)
    conversation_id = Column(ForeignKey("conversation.id"), nullable=False, unique=True)
    subject = Column(String, nullable=False, index=True)
    role = Column(Closed(Role), nullable=False)
    family_reference = Column(String)
    contact_type = Column(String)
    nation = Column(Closed(Nation), nullable=False)
    started_at = Column(Moment, nullable=False)
    expires_at = Column(Moment, nullable=False, index=True)


class ConversationAgreement(Base):
    """A person's word on keeping a conversation with their family's record.

    The newest row of a conversation counts. ``message_id`` is empty where nobody said it
    in that conversation: a standing agreement at its start, a withdrawal said elsewhere.
    """

    __tablename__ = "conversation_agreement"
    __table_args__ = (UniqueConstraint("conversation_id", "message_id"),)
    id = Column(Integer, primary_key=True)
    conversation_id = Column(ForeignKey("conversation.id"), nullable=False, index=True)
    message_id = Column(String)
    family_id = Column(ForeignKey("family.id"), index=True)
    carer_id = Column(ForeignKey("carer.id"), index=True)
    agreement = Column(Closed(Agreement), nullable=False)
    at = Column(Moment, nullable=False)


class AdviceGiven(Base):
    """A statement that was said, in a version, in a conversation or at a contact."""

    __tablename__ = "advice_given"
    __table_args__ = (
        UniqueConstraint("conversation_id", "message_id", "statement_id"),
        UniqueConstraint("contact_id", "statement_id"),
        CheckConstraint(ONE_PLACE, name="one_place"),
    )
    id = Column(Integer, primary_key=True)
    conversation_id = Column(ForeignKey("conversation.id"))
    contact_id = Column(ForeignKey("contact.id"))
    message_id = Column(String, nullable=False)
    statement_id = Column(String, nullable=False)
    version = Column(Integer, nullable=False)
    topic = Column(String, nullable=False)
    how = Column(String, nullable=False)
    at = Column(Moment, nullable=False)


class AdviceRecipient(Base):
    """Who was there when advice was given; the carer is empty while nobody agreed."""

    __tablename__ = "advice_recipient"
    __table_args__ = (UniqueConstraint("advice_id", "person"),)
    id = Column(Integer, primary_key=True)
    advice_id = Column(ForeignKey("advice_given.id"), nullable=False)
    carer_id = Column(ForeignKey("carer.id"), index=True)
    role = Column(Closed(Role), nullable=False)
    person = Column(String, nullable=False)
    """The key within the advice: a carer's id, or the role where there is none."""


class UnderstandingCheck(Base):
    """What a person said back of advice that was given."""

    __tablename__ = "understanding_check"
    __table_args__ = (
        UniqueConstraint("conversation_id", "message_id", "statement_id"),
        UniqueConstraint("contact_id", "statement_id"),
        CheckConstraint(ONE_PLACE, name="one_place"),
    )
    id = Column(Integer, primary_key=True)
    advice_id = Column(ForeignKey("advice_given.id"), nullable=False, index=True)
    conversation_id = Column(ForeignKey("conversation.id"))
    contact_id = Column(ForeignKey("contact.id"))
    message_id = Column(String, nullable=False)
    statement_id = Column(String, nullable=False)
    method = Column(Closed(CheckMethod), nullable=False)
    outcome = Column(Closed(CheckOutcome), nullable=False)
    at = Column(Moment, nullable=False)


class HazardAnswer(Base):
    """A fact that a person told, and about whom: a relation word, never a name."""

    __tablename__ = "hazard_answer"
    __table_args__ = (UniqueConstraint("conversation_id", "message_id", "fact", "about"),)
    id = Column(Integer, primary_key=True)
    conversation_id = Column(ForeignKey("conversation.id"), nullable=False)
    message_id = Column(String, nullable=False)
    fact = Column(String, nullable=False)
    about = Column(String, nullable=False)
    value = Column(Text, nullable=False)
    said_alone = Column(Boolean)
    at = Column(Moment, nullable=False)


class Refusal(Base):
    """A topic that a person did not want to go into."""

    __tablename__ = "refusal"
    __table_args__ = (UniqueConstraint("conversation_id", "message_id", "topic"),)
    id = Column(Integer, primary_key=True)
    conversation_id = Column(ForeignKey("conversation.id"), nullable=False)
    message_id = Column(String, nullable=False)
    topic = Column(String, nullable=False)
    at = Column(Moment, nullable=False)


class Escalation(Base):
    """A red flag that was answered. Once its conversation is gone, only a count by day."""

    __tablename__ = "escalation"
    __table_args__ = (UniqueConstraint("conversation_id", "message_id", "flag"),)
    id = Column(Integer, primary_key=True)
    conversation_id = Column(ForeignKey("conversation.id"))
    message_id = Column(String)
    flag = Column(String, nullable=False)
    category = Column(String, nullable=False)
    at = Column(Moment, nullable=False)


class MessageReceipt(Base):
    """The answer that a message got: a retry gets it again, the dialogue does not run again."""

    __tablename__ = "message_receipt"
    __table_args__ = (UniqueConstraint("session_id", "message_id"),)
    id = Column(Integer, primary_key=True)
    session_id = Column(ForeignKey("portal_session.session_id"), nullable=False)
    message_id = Column(String, nullable=False)
    blocks = Column(JSON, nullable=False)
    choices = Column(JSON, nullable=False)
    at = Column(Moment, nullable=False)


class Audit(Base):
    """Who looked at what."""

    __tablename__ = "audit"
    id = Column(Integer, primary_key=True)
    who = Column(String, nullable=False)
    role = Column(Closed(Role), nullable=False)
    what = Column(String, nullable=False)
    family_reference = Column(String, index=True)
    at = Column(Moment, nullable=False)
