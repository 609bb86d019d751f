"""Said once is one row, however often and from wherever it is handed in; and all or nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select

from bot.errors import RecordError, StoreUnavailable, UnknownSession
from bot.record import (
    AdviceEntry,
    AgreementEntry,
    AlreadyRecorded,
    AnswerEntry,
    CheckEntry,
    Claims,
    EscalationEntry,
    Outcome,
    RefusalEntry,
    open_record,
)
from bot.record.models import AdviceGiven, Audit, Family, HazardAnswer
from bot.vocabulary import Agreement, CheckMethod, CheckOutcome, Role

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=timezone.utc)
LATER = NOW + timedelta(minutes=5)
A_MESSAGE = [
    AgreementEntry("m1", Agreement.AGREED),
    AdviceEntry("m1", "alcohol.1", 3, "alcohol", "chat"),
    AdviceEntry("m1", "alcohol.2", 1, "alcohol", "chat"),
    CheckEntry("m1", "alcohol.1", CheckMethod.TEACH_BACK, CheckOutcome.SAID_BACK),
    AnswerEntry("m1", "smokes", "me", "no", said_alone=True),
    AnswerEntry("m1", "smokes", "partner", "dont_know"),
    RefusalEntry("m1", "drugs_cannabis"),
    EscalationEntry("m1", "redflag.1", "breathing"),
]
ITS_ROWS = {
    "conversation": 1,
    "portal_session": 1,
    "family": 1,
    "carer": 1,
    "conversation_agreement": 1,
    "advice_given": 2,
    "advice_recipient": 2,
    "understanding_check": 1,
    "hazard_answer": 2,
    "refusal": 1,
    "escalation": 1,
}


def test_the_same_message_twice_is_one_of_each_row(record, start, rows):
    session = start()
    assert record.append(session.session_id, A_MESSAGE, NOW) is Outcome.SAVED
    assert rows() == ITS_ROWS
    assert record.append(session.session_id, A_MESSAGE, LATER) is Outcome.SAVED
    assert rows() == ITS_ROWS
    assert {row.at for row in record.history(session.session_id, LATER).advice} == {NOW}


def test_a_repeat_with_another_value_does_not_change_what_was_said(record, start):
    session = start()
    record.append(session.session_id, [AnswerEntry("m1", "smokes", "me", "no")], NOW)
    record.append(session.session_id, [AnswerEntry("m1", "smokes", "me", "yes")], NOW)
    assert [row.value for row in record.answers(session.session_id, NOW)] == ["no"]


def test_the_same_words_in_another_message_or_conversation_are_rows_of_their_own(record, start, rows, advice):
    first, second = start("anna"), start("ben")
    for session, message in [(first, "m1"), (first, "m2"), (second, "m1")]:
        record.append(session.session_id, advice(message), NOW)
    assert rows("advice_given", "advice_recipient") == {"advice_given": 3, "advice_recipient": 3}


def test_a_check_repeated_after_the_advice_was_repeated_is_still_one(record, start, rows, advice):
    session = start()
    check = CheckEntry("m2", "alcohol.1", CheckMethod.TEACH_BACK, CheckOutcome.PARTLY)
    record.append(session.session_id, advice("m1"), NOW)
    message = [check, *advice("m2")]  # not said back, so said again
    record.append(session.session_id, message, LATER)
    record.append(session.session_id, message, LATER)
    assert rows("understanding_check", "advice_given") == {"understanding_check": 1, "advice_given": 2}
    assert [row.check_outcome for row in record.history(session.session_id, LATER).advice] == [
        None,
        CheckOutcome.PARTLY,
    ]


def test_a_message_repeated_after_its_person_agreed_has_one_recipient(record, start, rows, advice):
    session = start()
    record.append(session.session_id, advice("m1"), NOW)
    record.append(session.session_id, [AgreementEntry("m2", Agreement.AGREED)], NOW)
    record.append(session.session_id, advice("m1"), NOW)
    assert rows("advice_recipient") == {"advice_recipient": 1}


def test_two_threads_with_the_same_message_write_it_once(record, start, rows):
    session = start()
    assert together(*[lambda: record.append(session.session_id, A_MESSAGE, NOW)] * 6) == [Outcome.SAVED] * 6
    assert rows() == ITS_ROWS


def test_two_carers_who_agree_at_once_are_of_one_family(record, start, rows):
    sessions = [start(subject, role=Role.PARTNER) for subject in ("anna", "ben", "cleo", "dov")]
    agreed = AgreementEntry("m1", Agreement.AGREED)
    together(*[lambda s=s: record.append(s.session_id, [agreed], NOW) for s in sessions])
    assert rows("family", "carer") == {"family": 1, "carer": 4}


def test_two_servers_write_a_message_once(record, start, store_url, tmp_path, rows):
    session = start()
    other = open_record(store_url, tmp_path / "other-outbox.sqlite")
    together(*[lambda r=r: r.append(session.session_id, A_MESSAGE, NOW) for r in (record, other)])
    other.close()
    assert rows() == ITS_ROWS


def test_one_entry_that_makes_no_sense_leaves_none_of_its_message(record, start, rows, advice):
    session = start()
    wrong = CheckEntry("m1", "never.1", CheckMethod.TEACH_BACK, CheckOutcome.SAID_BACK)
    with pytest.raises(RecordError, match="was not given"):
        record.append(session.session_id, [*advice("m1"), wrong], NOW)
    assert rows() == {"conversation": 1, "portal_session": 1}


def test_leaving_a_unit_of_work_without_commit_keeps_nothing(record, rows):
    row = {"reference": "family-1", "nation": "wales", "at": NOW}
    with record.unit_of_work() as uow:
        uow.insert_once(Family, [row])
    assert rows() == {}
    with pytest.raises(ZeroDivisionError), record.unit_of_work() as uow:
        uow.insert_once(Family, [row])
        raise ZeroDivisionError
    assert rows() == {}
    with record.unit_of_work() as uow:
        uow.insert_once(Family, [row])
        uow.rollback()
        uow.commit()
    assert rows() == {}
    with record.unit_of_work() as uow:
        assert uow.insert_once(Family, [row]) == 1
        assert uow.insert_once(Family, [row]) == 0
        uow.commit()
    assert rows() == {"family": 1}


def test_a_savepoint_gives_up_only_what_came_after_it(record, rows):
    row = {"who": "hv-7", "role": Role.MIDWIFE, "what": "record", "at": NOW}
    with record.unit_of_work() as uow:
        uow.insert_once(Audit, [row])
        with uow.session.begin_nested() as savepoint:
            uow.insert_once(Audit, [row])
            savepoint.rollback()
        uow.commit()
    assert rows() == {"audit": 1}


def test_a_taken_key_is_already_recorded_and_holds_nobodys_words(record):
    row = {"reference": "family-secret", "nation": "wales", "at": NOW}
    with pytest.raises(AlreadyRecorded) as caught, record.unit_of_work() as uow:
        uow.execute(insert(Family).values(row))
        uow.execute(insert(Family).values(row))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "row",
    [
        {"conversation_id": None, "contact_id": None},
        {"conversation_id": "nobody's", "contact_id": None},
    ],
)
def test_advice_needs_exactly_one_place_that_exists(record, row):
    row = {
        **row,
        "message_id": "m",
        "statement_id": "s.1",
        "version": 1,
        "topic": "s",
        "how": "chat",
        "at": NOW,
    }
    with pytest.raises(AlreadyRecorded), record.unit_of_work() as uow:
        uow.execute(insert(AdviceGiven).values(row))
        uow.commit()


def test_times_need_a_zone_and_come_back_as_utc(record, start):
    session = start()
    paris = timezone(timedelta(hours=1))
    record.append(session.session_id, [AnswerEntry("m1", "smokes", "me", "no")], NOW.astimezone(paris))
    (row,) = record.answers(session.session_id, NOW)
    assert row.at == NOW
    assert row.at.utcoffset() == timedelta(0)
    with pytest.raises(RecordError), record.unit_of_work() as uow:
        uow.execute(insert(Audit).values(who="x", role=Role.MIDWIFE, what="y", at=datetime(2026, 1, 1)))


def test_a_word_outside_its_list_is_refused_and_a_known_one_is_kept_as_its_value(record, start):
    with pytest.raises(RecordError), record.unit_of_work() as uow:
        uow.execute(insert(Audit).values(who="x", role="wizard", what="y", at=NOW))
    session = start(role=Role.FOSTER_CARER)
    with record.unit_of_work(reading=True) as uow:
        stored = uow.session.connection().exec_driver_sql("SELECT role, nation FROM portal_session").one()
    assert tuple(stored) == ("foster_carer", "england")
    assert record.session(session.session_id, NOW).claims == Claims("anna", Role.FOSTER_CARER, "family-1")


@pytest.mark.parametrize("text", ["", "a\0b", "x" * 1001])
def test_texts_that_no_database_should_hold_are_refused_at_once(text):
    with pytest.raises(RecordError):
        AnswerEntry("m1", "smokes", "me", text)
    with pytest.raises(RecordError):
        Claims(text)


def test_what_is_said_with_quotes_or_in_any_script_comes_back_the_same(record, start):
    session = start()
    said = "'; DROP TABLE family; -- 🍼 मेरी %s :x"
    record.append(session.session_id, [AnswerEntry("m1", "smokes", "me", said)], NOW)
    assert record.answers(session.session_id, NOW)[0].value == said
    with record.unit_of_work(reading=True) as uow:
        assert uow.execute(select(HazardAnswer.value)).scalar_one() == said


def test_nothing_to_append_is_saved(record):
    assert record.append("nobody", [], NOW) is Outcome.SAVED


def test_a_message_gets_the_same_receipt_again(record, start):
    session = start()
    blocks = [{"type": "paragraph", "text": "Put baby on their back. 🍼"}]
    assert record.receipt(session.session_id, "m1") is None
    first = record.save_receipt(session.session_id, "m1", blocks, [{"title": "Yes"}], NOW)
    again = record.save_receipt(session.session_id, "m1", [{"type": "error"}], [], LATER)
    assert first == again == record.receipt(session.session_id, "m1")
    assert (first.blocks, first.choices, first.at) == (blocks, [{"title": "Yes"}], NOW)


def test_receipts_come_in_their_order_after_the_one_named(record, start):
    session, other = start(), start("ben")
    for number in (3, 1, 2):
        record.save_receipt(session.session_id, f"m{number}", [], [], NOW)
    record.save_receipt(other.session_id, "m1", [], [], NOW)

    def after(message_id):
        return [each.message_id for each in record.receipts_after(session.session_id, message_id)]

    assert after(None) == after("never-sent") == ["m3", "m1", "m2"]
    assert after("m3") == ["m1", "m2"]
    assert after("m2") == []


def test_a_receipt_needs_its_session(record):
    with pytest.raises(UnknownSession):
        record.save_receipt("f" * 32, "m1", [], [], NOW)


def test_a_store_that_is_down_says_so(record, start, outage):
    session = start()
    with outage():
        assert not record.ready()
        for ask in (
            lambda: record.session(session.session_id, NOW),
            lambda: record.history(session.session_id, NOW),
            lambda: record.family_advice("family-1", NOW),
            lambda: record.save_receipt(session.session_id, "m1", [], [], NOW),
            lambda: record.receipt(session.session_id, "m1"),
            lambda: record.erase(session.session_id),
            lambda: record.purge(NOW),
            lambda: start(),
        ):
            with pytest.raises(StoreUnavailable):
                ask()
    assert record.ready()


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/x"])
def test_an_address_that_cannot_be_used_is_refused_when_the_record_is_opened(url):
    with pytest.raises(RecordError):
        open_record(url)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_what_is_recorded_is_on_disk(record):
    with record.unit_of_work(reading=True) as uow:
        ask = uow.session.connection().exec_driver_sql
        assert ask("PRAGMA synchronous").scalar() == 2
        assert ask("PRAGMA journal_mode").scalar() == "wal"
    record.outbox.put("f" * 32, [], NOW)
    with record.outbox._open() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def together(*jobs):
    """Run jobs at the same time, each in a thread; return what they returned."""
    barrier = threading.Barrier(len(jobs))

    def run(job):
        barrier.wait(timeout=5)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [running.result() for running in [pool.submit(run, job) for job in jobs]]
