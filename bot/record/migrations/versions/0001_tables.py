"""The record's tables."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("family_reference", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_family_reference", "audit", ["family_reference"])
    op.create_table(
        "conversation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("keep_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversation"),
    )
    op.create_index("ix_conversation_keep_until", "conversation", ["keep_until"])
    op.create_table(
        "family",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("nation", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_family"),
        sa.UniqueConstraint("reference", name="uq_family_reference"),
    )
    op.create_table(
        "baby",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("birth_order", sa.Integer(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("gestation_weeks", sa.Integer(), nullable=True),
        sa.Column("birth_weight_grams", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name="fk_baby_family_id"),
        sa.PrimaryKeyConstraint("id", name="pk_baby"),
        sa.UniqueConstraint("family_id", "birth_order", "at", name="uq_baby_family_id_birth_order_at"),
    )
    op.create_table(
        "carer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("is_parent", sa.Boolean(), nullable=False),
        sa.Column("safe_to_contact", sa.Boolean(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name="fk_carer_family_id"),
        sa.PrimaryKeyConstraint("id", name="pk_carer"),
        sa.UniqueConstraint("family_id", "subject", name="uq_carer_family_id_subject"),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("by_subject", sa.String(), nullable=False),
        sa.Column("by_role", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name="fk_contact_family_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
        sa.UniqueConstraint(
            "family_id", "by_subject", "message_id", name="uq_contact_family_id_by_subject_message_id"
        ),
    )
    op.create_table(
        "escalation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("flag", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_escalation_conversation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_escalation"),
        sa.UniqueConstraint(
            "conversation_id", "message_id", "flag", name="uq_escalation_conversation_id_message_id_flag"
        ),
    )
    op.create_table(
        "hazard_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("fact", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("said_alone", sa.Boolean(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_hazard_answer_conversation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_hazard_answer"),
        sa.UniqueConstraint(
            "conversation_id",
            "message_id",
            "fact",
            "about",
            name="uq_hazard_answer_conversation_id_message_id_fact_about",
        ),
    )
    op.create_table(
        "place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name="fk_place_family_id"),
        sa.PrimaryKeyConstraint("id", name="pk_place"),
        sa.UniqueConstraint("family_id", "label", name="uq_place_family_id_label"),
    )
    op.create_table(
        "portal_session",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("family_reference", sa.String(), nullable=True),
        sa.Column("contact_type", sa.String(), nullable=True),
        sa.Column("nation", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_portal_session_conversation_id"
        ),
        sa.PrimaryKeyConstraint("session_id", name="pk_portal_session"),
        sa.UniqueConstraint("conversation_id", name="uq_portal_session_conversation_id"),
    )
    op.create_index("ix_portal_session_expires_at", "portal_session", ["expires_at"])
    op.create_index("ix_portal_session_subject", "portal_session", ["subject"])
    op.create_table(
        "refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name="fk_refusal_conversation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_refusal"),
        sa.UniqueConstraint(
            "conversation_id", "message_id", "topic", name="uq_refusal_conversation_id_message_id_topic"
        ),
    )
    op.create_table(
        "advice_given",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("statement_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(conversation_id IS NULL) <> (contact_id IS NULL)", name=op.f("ck_advice_given_one_place")
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_advice_given_contact_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_advice_given_conversation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_advice_given"),
        sa.UniqueConstraint("contact_id", "statement_id", name="uq_advice_given_contact_id_statement_id"),
        sa.UniqueConstraint(
            "conversation_id",
            "message_id",
            "statement_id",
            name="uq_advice_given_conversation_id_message_id_statement_id",
        ),
    )
    op.create_table(
        "conversation_agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("family_id", sa.Integer(), nullable=True),
        sa.Column("carer_id", sa.Integer(), nullable=True),
        sa.Column("agreement", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["carer_id"], ["carer.id"], name="fk_conversation_agreement_carer_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_conversation_agreement_conversation_id"
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name="fk_conversation_agreement_family_id"),
        sa.PrimaryKeyConstraint("id", name="pk_conversation_agreement"),
        sa.UniqueConstraint(
            "conversation_id", "message_id", name="uq_conversation_agreement_conversation_id_message_id"
        ),
    )
    op.create_index("ix_conversation_agreement_carer_id", "conversation_agreement", ["carer_id"])
    op.create_index(
        "ix_conversation_agreement_conversation_id", "conversation_agreement", ["conversation_id"]
    )
    op.create_index("ix_conversation_agreement_family_id", "conversation_agreement", ["family_id"])
    op.create_table(
        "message_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("blocks", sa.JSON(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["portal_session.session_id"], name="fk_message_receipt_session_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message_receipt"),
        sa.UniqueConstraint("session_id", "message_id", name="uq_message_receipt_session_id_message_id"),
    )
    op.create_table(
        "advice_recipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("advice_id", sa.Integer(), nullable=False),
        sa.Column("carer_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["advice_id"], ["advice_given.id"], name="fk_advice_recipient_advice_id"),
        sa.ForeignKeyConstraint(["carer_id"], ["carer.id"], name="fk_advice_recipient_carer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_advice_recipient"),
        sa.UniqueConstraint("advice_id", "person", name="uq_advice_recipient_advice_id_person"),
    )
    op.create_index("ix_advice_recipient_carer_id", "advice_recipient", ["carer_id"])
    op.create_table(
        "understanding_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("advice_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("statement_id", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(conversation_id IS NULL) <> (contact_id IS NULL)", name=op.f("ck_understanding_check_one_place")
        ),
        sa.ForeignKeyConstraint(["advice_id"], ["advice_given.id"], name="fk_understanding_check_advice_id"),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_understanding_check_contact_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_understanding_check_conversation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_understanding_check"),
        sa.UniqueConstraint(
            "contact_id", "statement_id", name="uq_understanding_check_contact_id_statement_id"
        ),
        sa.UniqueConstraint(
            "conversation_id",
            "message_id",
            "statement_id",
            name="uq_understanding_check_conversation_id_message_id_statement_id",
        ),
    )
    op.create_index("ix_understanding_check_advice_id", "understanding_check", ["advice_id"])


def downgrade() -> None:
    """Take the step back."""
    op.drop_table("understanding_check")
    op.drop_table("advice_recipient")
    op.drop_table("message_receipt")
    op.drop_table("conversation_agreement")
    op.drop_table("advice_given")
    op.drop_table("refusal")
    op.drop_table("portal_session")
    op.drop_table("place")
    op.drop_table("hazard_answer")
    op.drop_table("escalation")
    op.drop_table("contact")
    op.drop_table("carer")
    op.drop_table("baby")
    op.drop_table("family")
    op.drop_table("conversation")
    op.drop_table("audit")
