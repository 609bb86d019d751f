"""Erasing takes a person's own rows and nobody else's; time takes what nobody agreed to keep."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.errors import UnknownSession
from bot.record import (
    AgreementEntry,
    AnswerEntry,
    CheckEntry,
    EscalationEntry,
    RefusalEntry,
)
from bot.record.appending import write
from bot.record.models import AdviceGiven, AdviceRecipient, Baby, Carer, Contact, Escalation, Family, Place
from bot.record.sessions import find
from bot.vocabulary import Agreement, CheckMethod, CheckOutcome, Role

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=timezone.utc)
LATER = NOW + timedelta(hours=1)
AGREED = AgreementEntry("yes", Agreement.AGREED)


@pytest.fixture
def talk(record, start, advice):
    """A whole conversation: ``talk("anna", AGREED)``."""

    def talk(subject="anna", *agreement, at=NOW, family="family-1"):
        session = start(subject, family, at=at)
        said = [
            *advice("m1", "alcohol.1", "alcohol.2"),
            CheckEntry("m1", "alcohol.1", CheckMethod.TEACH_BACK, CheckOutcome.SAID_BACK),
            AnswerEntry("m1", "smokes", "me", "yes"),
            RefusalEntry("m1", "drugs_cannabis"),
            EscalationEntry("m1", "redflag.1", "breathing"),
            *agreement,
        ]
        record.append(session.session_id, said, at)
        record.save_receipt(session.session_id, "m1", [{"type": "paragraph"}], [], at)
        return session

    return talk


ONE_TALK = {
    "conversation": 1,
    "portal_session": 1,
    "advice_given": 2,
    "advice_recipient": 2,
    "understanding_check": 1,
    "hazard_answer": 1,
    "refusal": 1,
    "escalation": 1,
    "message_receipt": 1,
}
AGREED_TALK = {**ONE_TALK, "conversation_agreement": 1, "family": 1, "carer": 1}


def test_erasing_a_conversation_leaves_only_a_count_of_red_flags(record, talk, rows):
    session = talk()
    assert rows() == ONE_TALK
    assert record.erase(session.session_id) == (session.session_id,)
    assert rows() == {"escalation": 1}
    with record.unit_of_work(reading=True) as uow:
        left = uow.session.execute(select(Escalation)).scalar_one()
    assert (left.conversation_id, left.message_id) == (None, None)
    assert (left.flag, left.category) == ("redflag.1", "breathing")
    assert left.at == datetime(2026, 3, 1, tzinfo=timezone.utc)
    with pytest.raises(UnknownSession):
        record.session(session.session_id, NOW)


def test_erasing_again_is_no_error(record, talk):
    session = talk()
    record.erase(session.session_id)
    assert record.erase(session.session_id) == ()


def test_erasing_takes_all_of_a_carer_who_agreed_and_nothing_of_the_other(record, talk, rows):
    ben = talk("ben", AGREED)
    asked_before = talk("anna")  # nobody was asked about this one
    first = talk("anna", AGREED)
    later = talk("anna", at=LATER)
    elsewhere = talk("anna", AGREED, family="family-2")
    erased = record.erase(later.session_id)
    assert set(erased) == {asked_before.session_id, first.session_id, later.session_id}
    assert record.session(ben.session_id, LATER).agreement is Agreement.AGREED
    assert record.session(elsewhere.session_id, LATER).agreement is Agreement.AGREED
    assert rows() == {name: count * 2 for name, count in AGREED_TALK.items()} | {"escalation": 5}
    assert len(record.history(ben.session_id, LATER).advice) == 2
    assert record.receipt(ben.session_id, "m1") is not None
    assert len(record.family_advice("family-1", LATER)) == 2


def test_after_erasing_a_person_is_new(record, talk, start):
    talk("ben", AGREED)
    record.erase(talk("anna", AGREED).session_id)
    again = start("anna", at=LATER)
    assert again.agreement is None
    assert not again.returning


def test_the_last_carer_takes_the_family_its_babies_and_places_along(record, talk, rows):
    session = talk("anna", AGREED)
    with record.unit_of_work() as uow:
        family_id = uow.execute(select(Family.id)).scalar_one()
        uow.insert_once(Baby, [{"family_id": family_id, "status": "home", "at": NOW}])
        uow.insert_once(Place, [{"family_id": family_id, "label": "at home"}])
        uow.commit()
    record.erase(session.session_id)
    assert rows() == {"escalation": 1}


def test_a_declined_conversation_is_erased_alone(record, talk, rows):
    kept = talk("anna", AGREED)
    declined = talk("anna", AgreementEntry("no", Agreement.DECLINED), at=LATER)
    assert record.erase(declined.session_id) == (declined.session_id,)
    assert rows() == AGREED_TALK | {"escalation": 2}
    assert record.session(kept.session_id, LATER).agreement is Agreement.AGREED


def test_who_withdrew_can_have_everything_erased(record, talk, rows):
    talk("anna", AGREED)
    last = talk("anna", AgreementEntry("no", Agreement.WITHDRAWN), at=LATER)
    assert len(record.erase(last.session_id)) == 2
    assert rows() == {"escalation": 2}


def test_a_professionals_contact_stays_with_the_carer_it_names(record, talk, rows):
    session = talk("anna", AGREED)
    visit(record)
    record.erase(session.session_id)
    assert rows() == {
        "family": 1,
        "carer": 1,
        "contact": 1,
        "advice_given": 1,
        "advice_recipient": 1,
        "escalation": 1,
    }
    assert len(record.family_advice("family-1", LATER)) == 1


def test_an_anonymous_person_can_erase_too(record, talk, rows):
    anonymous = talk("x1", AGREED, family=None)
    other = talk("x1", family=None)
    assert record.erase(anonymous.session_id) == (anonymous.session_id,)
    assert record.session(other.session_id, NOW).session_id == other.session_id
    assert rows() == ONE_TALK | {"escalation": 2}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # PostgreSQL's files are its own
def test_erased_words_are_not_left_in_the_database_file(record, start, store_url):
    path = Path(store_url.removeprefix("sqlite:///"))
    session = start()
    record.append(session.session_id, [AnswerEntry("m1", "smokes", "me", "walrus-secret")], NOW)

    def bytes_kept():
        return b"".join(each.read_bytes() for each in path.parent.glob("record.sqlite*"))

    assert b"walrus-secret" in bytes_kept()
    record.erase(session.session_id)
    assert b"walrus-secret" not in bytes_kept()


def test_time_takes_what_nobody_agreed_to_keep(record, talk, rows):
    talk("anna")
    talk("ben", AgreementEntry("no", Agreement.DECLINED))
    talk("x1", AGREED, family=None)  # agreed, but to no family's record
    kept = talk("cleo", AGREED)
    record.purge(NOW + timedelta(days=30) - timedelta(seconds=1))
    assert rows("conversation", "portal_session", "message_receipt", "advice_given") == {
        "conversation": 4,
        "portal_session": 0,
        "message_receipt": 0,
        "advice_given": 8,
    }
    assert record.purge(NOW + timedelta(days=30)) == ()
    assert rows() == {
        name: count
        for name, count in (AGREED_TALK | {"escalation": 4}).items()
        if name not in ("portal_session", "message_receipt")
    }
    assert len(record.family_advice("family-1", NOW + timedelta(days=99))) == 2
    assert kept.session_id


def test_purging_names_the_sessions_that_went(record, talk):
    gone = talk("anna")
    stays = talk("ben", at=LATER)
    assert record.purge(gone.expires_at) == (gone.session_id,)
    assert record.session(stays.session_id, LATER).session_id == stays.session_id


def test_a_conversation_past_its_time_takes_its_living_session_along(record, rows):
    from bot.record import Claims

    session = record.start_session(Claims("anna"), NOW, hours=72, keep_days=1)
    assert record.purge(NOW + timedelta(days=1)) == (session.session_id,)
    assert rows() == {}


def test_a_withdrawn_conversation_goes_in_time_and_its_carer_with_it(record, talk, rows):
    talk("anna", AGREED, AgreementEntry("no", Agreement.WITHDRAWN))
    record.purge(NOW + timedelta(days=31))
    assert rows() == {"escalation": 1}


def test_who_came_back_after_the_session_went_still_has_their_history(record, talk, start):
    talk("anna", AGREED)
    month = NOW + timedelta(days=40)
    record.purge(month)
    again = start("anna", at=month)
    assert again.returning
    assert len(record.history(again.session_id, month).advice) == 2
    assert record.erase(again.session_id) == (again.session_id,)
    assert record.family_advice("family-1", month) == ()


def test_many_conversations_go_at_once(record, rows, start, monkeypatch):
    monkeypatch.setattr("bot.record.erasing.SEVERAL", 2)
    for _ in range(5):
        start()
    assert len(record.purge(NOW + timedelta(days=30))) == 5
    assert rows() == {}


def visit(record):
    with record.unit_of_work() as uow:
        carer = uow.session.execute(select(Carer)).scalar_one()
        contact = Contact(
            family_id=carer.family_id,
            message_id="v1",
            at=NOW,
            type="visit",
            channel="home",
            by_subject="hv-7",
            by_role=Role.HEALTH_VISITOR,
        )
        uow.session.add(contact)
        uow.session.flush()
        said = AdviceGiven(
            contact_id=contact.id,
            message_id="v1",
            statement_id="alcohol.1",
            version=1,
            topic="alcohol",
            how="visit",
            at=NOW,
        )
        uow.session.add(said)
        uow.session.flush()
        uow.session.add(
            AdviceRecipient(advice_id=said.id, carer_id=carer.id, role=Role.PARENT, person=str(carer.id))
        )
        uow.commit()


def test_erasing_while_the_person_is_still_talking_leaves_all_or_nothing(record, start, rows, advice):
    for _ in range(6):
        session = start("anna")
        together(
            lambda s=session: record.append(s.session_id, [*advice("m1"), AGREED], NOW),
            lambda s=session: record.erase(s.session_id),
        )
        record.erase(session.session_id)  # had the erasing come first, the append was refused
        assert rows() == {}


def test_one_carer_leaves_while_the_other_agrees(record, start, rows, advice):
    for _ in range(6):
        anna, ben = start("anna"), start("ben")
        record.append(anna.session_id, [AGREED], NOW)
        together(
            lambda s=anna: record.erase(s.session_id),
            lambda s=ben: record.append(s.session_id, [*advice("m1"), AGREED], NOW),
        )
        assert rows("family", "carer", "conversation") == {"family": 1, "carer": 1, "conversation": 1}
        record.erase(ben.session_id)
        assert rows() == {}


def test_who_agrees_just_before_time_is_up_is_kept(record, start, rows, advice):
    session = start("anna")
    record.append(session.session_id, advice("m1"), NOW)
    month = NOW + timedelta(days=30)
    with record.unit_of_work() as uow:  # an agreement that is written and not yet committed
        write(uow, find(uow, session.session_id, NOW), [AGREED], NOW)
        purging = threading.Thread(target=record.purge, args=(month,))
        purging.start()
        purging.join(timeout=0.4)
        assert purging.is_alive()
        uow.commit()
    purging.join(timeout=5)
    assert rows("conversation", "advice_given", "portal_session") == {
        "conversation": 1,
        "advice_given": 1,
        "portal_session": 0,
    }


def together(*jobs):
    """Run jobs at the same time; a session that was erased meanwhile may be unknown."""
    barrier = threading.Barrier(len(jobs))

    def run(job):
        barrier.wait(timeout=5)
        job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        errors = [running.exception() for running in [pool.submit(run, job) for job in jobs]]
    assert [error for error in errors if error and not isinstance(error, UnknownSession)] == []


def test_a_person_who_erases_from_two_windows_at_once(record, start, rows):
    for _ in range(3):
        sessions = [start("anna") for _ in range(3)]
        for session in sessions:
            record.append(session.session_id, [AGREED], NOW)
        together(*[lambda s=session: record.erase(s.session_id) for session in sessions])
        assert rows() == {}
