"""Nothing of a family is kept before its person agreed; and what an agreement does."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bot.record import (
    AgreementEntry,
    AnswerEntry,
    CheckEntry,
    EscalationEntry,
    RefusalEntry,
)
from bot.vocabulary import Agreement, CheckMethod, CheckOutcome, Role

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=timezone.utc)
AGREED = AgreementEntry("yes", Agreement.AGREED)
OF_A_FAMILY = ("family", "carer", "baby", "place", "contact")


def everything(advice):
    return [
        *advice("m1", "alcohol.1", "sofa_armchair.1"),
        CheckEntry("m1", "alcohol.1", CheckMethod.TEACH_BACK, CheckOutcome.PARTLY),
        AnswerEntry("m1", "smokes", "partner", "yes", said_alone=True),
        RefusalEntry("m1", "drugs_cannabis"),
        EscalationEntry("m1", "redflag.1", "breathing"),
    ]


def test_before_agreement_no_row_of_a_family_exists(record, start, rows, advice):
    session = start()
    record.append(session.session_id, everything(advice), NOW)
    assert rows(*OF_A_FAMILY) == dict.fromkeys(OF_A_FAMILY, 0)
    assert rows("advice_given", "advice_recipient", "understanding_check") == {
        "advice_given": 2,
        "advice_recipient": 2,
        "understanding_check": 1,
    }
    assert record.family_advice("family-1", NOW) == ()
    assert session.agreement is None


@pytest.mark.parametrize("word", [Agreement.DECLINED, Agreement.WITHDRAWN])
def test_a_no_makes_no_family_and_no_carer(record, start, rows, advice, word):
    session = start()
    record.append(session.session_id, [*everything(advice), AgreementEntry("no", word)], NOW)
    assert rows(*OF_A_FAMILY) == dict.fromkeys(OF_A_FAMILY, 0)
    assert record.session(session.session_id, NOW).agreement is word
    assert record.family_advice("family-1", NOW) == ()
    assert not start(at=NOW + timedelta(hours=1)).returning


def test_agreement_makes_the_conversation_count_from_its_start(record, start, rows, advice):
    session = start(role=Role.PARTNER)
    record.append(session.session_id, everything(advice), NOW)
    record.append(session.session_id, [AGREED], NOW + timedelta(minutes=1))
    assert rows("family", "carer", "conversation_agreement") == {
        "family": 1,
        "carer": 1,
        "conversation_agreement": 1,
    }
    given = record.family_advice("family-1", NOW + timedelta(minutes=1))
    assert [(row.statement_id, row.roles, row.by_role) for row in given] == [
        ("sofa_armchair.1", (Role.PARTNER,), None),
        ("alcohol.1", (Role.PARTNER,), None),
    ]
    assert given[1].check_method is CheckMethod.TEACH_BACK
    assert given[1].check_outcome is CheckOutcome.PARTLY
    assert given[0].check_method is None


def test_who_agreed_once_is_not_asked_again(record, start, advice):
    first = start()
    record.append(first.session_id, [*advice("m1"), AGREED], NOW)
    later = start(at=NOW + timedelta(days=2))
    assert later.agreement is Agreement.AGREED
    assert later.returning
    record.append(later.session_id, advice("m1", "crying_coping.1"), NOW + timedelta(days=2))
    given = record.family_advice("family-1", NOW + timedelta(days=2))
    assert [row.statement_id for row in given] == ["crying_coping.1", "alcohol.1"]


def test_a_first_agreement_without_advice_is_not_returning(record, start):
    record.append(start().session_id, [AGREED], NOW)
    assert not start(at=NOW + timedelta(days=1)).returning


@pytest.mark.parametrize(
    ("subject", "family", "role"),
    [
        ("anna", "family-2", Role.PARENT),
        ("anna", None, Role.PARENT),
        ("ben", "family-1", Role.PARTNER),
    ],
)
def test_agreement_is_of_one_person_in_one_family(record, start, advice, subject, family, role):
    record.append(start().session_id, [*advice("m1"), AGREED], NOW)
    other = start(subject, family, role, at=NOW + timedelta(hours=1))
    assert other.agreement is None
    assert not other.returning


@pytest.mark.parametrize("word", [Agreement.DECLINED, Agreement.WITHDRAWN])
def test_after_a_no_the_next_conversation_asks_again(record, start, advice, word):
    first = start()
    record.append(first.session_id, [*advice("m1"), AGREED], NOW)
    second = start(at=NOW + timedelta(hours=1))
    record.append(second.session_id, [AgreementEntry("no", word)], NOW + timedelta(hours=1))
    assert record.session(second.session_id, NOW + timedelta(hours=1)).agreement is word
    assert start(at=NOW + timedelta(hours=2)).agreement is None


def test_a_no_is_about_this_conversation_and_a_withdrawal_about_all(record, start, advice):
    first = start()
    record.append(first.session_id, [*advice("m1"), AGREED], NOW)
    second = start(at=NOW + timedelta(hours=1))
    record.append(second.session_id, advice("m1", "alcohol.2"), NOW + timedelta(hours=1))
    record.append(second.session_id, [AgreementEntry("no", Agreement.DECLINED)], NOW + timedelta(hours=2))
    later = NOW + timedelta(days=1)
    assert [row.statement_id for row in record.family_advice("family-1", later)] == ["alcohol.1"]
    record.append(second.session_id, [AgreementEntry("out", Agreement.WITHDRAWN)], NOW + timedelta(hours=3))
    assert record.family_advice("family-1", later) == ()
    assert record.session(first.session_id, NOW + timedelta(hours=4)).agreement is Agreement.WITHDRAWN
    assert [
        row.statement_id for row in record.history(second.session_id, NOW + timedelta(hours=4)).advice
    ] == ["alcohol.2"]


def test_who_withdrew_may_agree_again(record, start, advice):
    session = start()
    for minute, entry in enumerate(
        [AGREED, AgreementEntry("no", Agreement.WITHDRAWN), AgreementEntry("again", Agreement.AGREED)]
    ):
        record.append(session.session_id, [entry], NOW + timedelta(minutes=minute))
    record.append(session.session_id, advice("m9"), NOW + timedelta(minutes=9))
    assert record.session(session.session_id, NOW).agreement is Agreement.AGREED
    assert len(record.family_advice("family-1", NOW + timedelta(hours=1))) == 1


def test_a_message_that_said_no_cannot_be_resent_as_yes(record, start, rows):
    session = start()
    record.append(session.session_id, [AgreementEntry("m1", Agreement.DECLINED)], NOW)
    record.append(session.session_id, [AgreementEntry("m1", Agreement.AGREED)], NOW)
    assert record.session(session.session_id, NOW).agreement is Agreement.DECLINED
    assert rows("family", "carer") == {"family": 0, "carer": 0}


@pytest.mark.parametrize("family", [None, "family-1"])
def test_neither_the_anonymous_nor_a_practitioner_becomes_a_carer(record, start, rows, advice, family):
    role = Role.PARENT if family is None else Role.HEALTH_VISITOR
    session = start("hv-7", family, role)
    record.append(session.session_id, [*advice("m1"), AGREED], NOW)
    assert record.session(session.session_id, NOW).agreement is Agreement.AGREED
    assert rows("family", "carer") == {"family": 0, "carer": 0}
    assert record.family_advice("family-1", NOW) == ()
