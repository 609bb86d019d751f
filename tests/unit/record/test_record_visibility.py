"""Who sees what: a carer their own, and never another's."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from bot.errors import UnknownSession
from bot.record import AgreementEntry, AnswerEntry, CheckEntry
from bot.record.models import AdviceGiven, AdviceRecipient, Baby, Carer, Contact, Family
from bot.vocabulary import Agreement, BabyStatus, CheckMethod, CheckOutcome, Role

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=timezone.utc)
AGREED = AgreementEntry("yes", Agreement.AGREED)
LATER = NOW + timedelta(hours=2)


def answer(message_id, fact, about="me", value="yes"):
    return AnswerEntry(message_id, fact, about, value)


def test_two_carers_of_one_family_never_see_each_other(record, start, advice):
    anna, ben = start("anna"), start("ben", role=Role.PARTNER)
    record.append(
        anna.session_id, [AGREED, *advice("m1", "alcohol.1"), answer("m1", "smokes", "partner")], NOW
    )
    record.append(ben.session_id, [AGREED, *advice("m1", "crying_coping.1"), answer("m1", "breastfed")], NOW)
    for person, statement, fact in [
        (anna, "alcohol.1", "smokes"),
        (ben, "crying_coping.1", "breastfed"),
        (start("anna", at=LATER), "alcohol.1", "smokes"),
        (start("ben", role=Role.PARTNER, at=LATER), "crying_coping.1", "breastfed"),
    ]:
        seen = record.history(person.session_id, LATER).advice
        assert [row.statement_id for row in seen] == [statement]
        assert [row.fact for row in record.answers(person.session_id, LATER)] == [fact]
    told = record.family_advice("family-1", LATER)
    assert {(row.statement_id, row.roles) for row in told} == {
        ("alcohol.1", (Role.PARENT,)),
        ("crying_coping.1", (Role.PARTNER,)),
    }


def test_a_carer_cannot_check_what_another_was_told(record, start, advice):
    anna, ben = start("anna"), start("ben")
    record.append(anna.session_id, [AGREED, *advice("m1")], NOW)
    record.append(ben.session_id, [AGREED, *advice("m1", "alcohol.2")], NOW)
    check = CheckEntry("m2", "alcohol.1", CheckMethod.TEACH_BACK, CheckOutcome.SAID_BACK)
    with pytest.raises(Exception, match="was not given"):
        record.append(ben.session_id, [check], NOW)
    assert record.history(anna.session_id, NOW).advice[0].check_outcome is None


def test_conversations_nobody_agreed_to_keep_are_seen_only_in_themselves(record, start, advice):
    first, second = start(), start()
    record.append(first.session_id, [*advice("m1"), answer("m1", "smokes")], NOW)
    assert record.history(second.session_id, NOW).advice == ()
    assert record.answers(second.session_id, NOW) == ()
    record.append(second.session_id, [AGREED], NOW)
    assert record.history(second.session_id, NOW).advice == ()


def test_history_is_newest_first_and_says_which_conversation(record, start, advice):
    first = start()
    record.append(first.session_id, [AGREED, *advice("m1", "alcohol.1", "alcohol.2")], NOW)
    second = start(at=LATER)
    record.append(second.session_id, advice("m1", "alcohol.1"), LATER)
    seen = record.history(second.session_id, LATER).advice
    assert [(row.statement_id, row.this_conversation, row.at) for row in seen] == [
        ("alcohol.1", True, LATER),
        ("alcohol.2", False, NOW),
        ("alcohol.1", False, NOW),
    ]
    assert [row.version for row in seen] == [1, 1, 1]
    assert {row.topic for row in seen} == {"alcohol"}


def test_the_newest_check_counts_and_may_be_of_an_earlier_conversation(record, start, advice):
    first = start()
    record.append(first.session_id, [AGREED, *advice("m1", "alcohol.1")], NOW)
    second = start(at=LATER)
    for minute, outcome in enumerate([CheckOutcome.PARTLY, CheckOutcome.SAID_BACK]):
        entry = CheckEntry(f"c{minute}", "alcohol.1", CheckMethod.TEACH_BACK, outcome)
        record.append(second.session_id, [entry], LATER + timedelta(minutes=minute))
    (row,) = record.history(second.session_id, LATER + timedelta(hours=1)).advice
    assert (row.check_method, row.check_outcome) == (CheckMethod.TEACH_BACK, CheckOutcome.SAID_BACK)


def test_a_check_is_of_what_was_said_in_this_conversation_first(record, start, advice):
    first = start()
    record.append(first.session_id, [AGREED, *advice("m1", "alcohol.1")], NOW)
    record.append(start(at=LATER).session_id, advice("m1", "alcohol.1"), LATER)
    check = CheckEntry("m2", "alcohol.1", CheckMethod.TEACH_BACK, CheckOutcome.SAID_BACK)
    record.append(first.session_id, [check], LATER)
    seen = record.history(first.session_id, LATER).advice
    assert [(row.this_conversation, row.check_outcome) for row in seen] == [
        (False, None),
        (True, CheckOutcome.SAID_BACK),
    ]


def test_answers_come_newest_first_and_all_of_them(record, start):
    session = start()
    record.append(
        session.session_id, [answer("m1", "smokes", value="no"), answer("m1", "smokes", "partner")], NOW
    )
    record.append(session.session_id, [answer("m2", "smokes", value="yes")], LATER)
    assert [(row.about, row.value, row.at) for row in record.answers(session.session_id, LATER)] == [
        ("me", "yes", LATER),
        ("partner", "yes", NOW),
        ("me", "no", NOW),
    ]


def test_twins_are_two_rows_and_a_correction_is_a_third(record, rows):
    with record.unit_of_work() as uow:
        family = Family(reference="family-1", nation="england", at=NOW)
        uow.session.add(family)
        uow.session.flush()
        born = date(2026, 1, 2)
        for order, grams, at in [(1, 2300, NOW), (2, 1900, NOW), (2, 1950, LATER)]:
            uow.session.add(
                Baby(
                    family_id=family.id,
                    birth_order=order,
                    born_on=born,
                    gestation_weeks=35,
                    birth_weight_grams=grams,
                    status=BabyStatus.HOME,
                    at=at,
                )
            )
        uow.commit()
    assert rows("baby") == {"baby": 3}
    with record.unit_of_work(reading=True) as uow:
        babies = uow.session.execute(select(Baby).order_by(Baby.id)).scalars().all()
    assert [(baby.birth_order, baby.birth_weight_grams, baby.at) for baby in babies] == [
        (1, 2300, NOW),
        (2, 1900, NOW),
        (2, 1950, LATER),
    ]
    assert babies[0].status is BabyStatus.HOME
    assert babies[0].born_on == born


def test_a_professionals_contact_is_in_the_family_record_and_in_no_carers(record, start, advice):
    anna = start("anna")
    record.append(anna.session_id, [AGREED], NOW)
    add_contact(record, "sofa_armchair.1")
    (told,) = record.family_advice("family-1", LATER)
    assert (told.statement_id, told.by_role, told.roles, told.how) == (
        "sofa_armchair.1",
        Role.HEALTH_VISITOR,
        (Role.PARENT, Role.GRANDPARENT),
        "visit",
    )
    assert record.history(anna.session_id, LATER).advice == ()
    assert record.family_advice("family-2", LATER) == ()
    assert record.family_advice("family-1", NOW - timedelta(days=1)) == ()


def test_a_session_is_known_until_it_expires(record, start):
    session = start()
    assert len(session.session_id) == 32
    assert int(session.session_id, 16) >= 0
    assert session.session_id != session.conversation_id
    assert session.expires_at == NOW + timedelta(hours=24)
    assert record.session(session.session_id, session.expires_at - timedelta(seconds=1)) == session
    for unknown, at in [
        (session.session_id, session.expires_at),
        ("f" * 32, NOW),
        (session.conversation_id, NOW),
        ("", NOW),
        ("a\0b", NOW),
    ]:
        with pytest.raises(UnknownSession):
            record.session(unknown, at)
        with pytest.raises(UnknownSession):
            record.history(unknown, at)
        with pytest.raises(UnknownSession):
            record.answers(unknown, at)
        with pytest.raises(UnknownSession):
            record.append(unknown, [answer("m1", "smokes")], at)


def test_who_looked_is_noted(record, rows):
    record.audit("hv-7", Role.HEALTH_VISITOR, "family record", "family-1", NOW)
    record.audit("hv-7", Role.HEALTH_VISITOR, "family record", "family-1", NOW)
    assert rows() == {"audit": 2}


def add_contact(record, statement_id):
    """A health visitor's visit, with a carer of family-1 and a grandparent there."""
    with record.unit_of_work() as uow:
        carer = uow.session.execute(select(Carer).where(Carer.subject == "anna")).scalar_one()
        contact = Contact(
            family_id=carer.family_id,
            message_id="v1",
            at=NOW,
            type="new_birth_visit",
            channel="home",
            by_subject="hv-7",
            by_role=Role.HEALTH_VISITOR,
        )
        uow.session.add(contact)
        uow.session.flush()
        given = AdviceGiven(
            contact_id=contact.id,
            message_id="v1",
            statement_id=statement_id,
            version=1,
            topic="sofa_armchair",
            how="visit",
            at=NOW,
        )
        uow.session.add(given)
        uow.session.flush()
        uow.session.add(
            AdviceRecipient(advice_id=given.id, carer_id=carer.id, role=Role.PARENT, person=str(carer.id))
        )
        uow.session.add(AdviceRecipient(advice_id=given.id, role=Role.GRANDPARENT, person="grandparent"))
        uow.commit()
