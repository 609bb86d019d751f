"""While the store is down entries wait, and are written once and in order when it is back."""

from __future__ import annotations

import logging
import sqlite3
import stat
import threading
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest

from bot.errors import StoreUnavailable, UnknownSession
from bot.record import (
    AgreementEntry,
    AnswerEntry,
    CheckEntry,
    EscalationEntry,
    Outcome,
    RefusalEntry,
    open_record,
)
from bot.vocabulary import Agreement, CheckMethod, CheckOutcome

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=timezone.utc)
AGREED = AgreementEntry("yes", Agreement.AGREED)
SAID_BACK = CheckEntry("c1", "alcohol.1", CheckMethod.TEACH_BACK, CheckOutcome.SAID_BACK)


def minute(number):
    return NOW + timedelta(minutes=number)


def test_entries_wait_and_are_written_in_order_before_the_next(record, start, outage, advice):
    session = start()
    with outage():
        assert record.append(session.session_id, advice("m1", "alcohol.1"), minute(1)) is Outcome.WAITING
        assert record.append(session.session_id, [SAID_BACK, AGREED], minute(2)) is Outcome.WAITING
        assert record.append(session.session_id, advice("m3", "alcohol.2"), minute(3)) is Outcome.WAITING
    assert record.append(session.session_id, advice("m4", "alcohol.3"), minute(4)) is Outcome.SAVED
    seen = record.history(session.session_id, minute(5)).advice
    assert [(row.statement_id, row.at) for row in seen] == [
        ("alcohol.3", minute(4)),
        ("alcohol.2", minute(3)),
        ("alcohol.1", minute(1)),
    ]
    assert seen[2].check_outcome is CheckOutcome.SAID_BACK
    assert len(record.family_advice("family-1", minute(5))) == 3
    assert record.drain() == 0


def test_every_kind_of_entry_comes_out_as_it_went_in(record, start, outage, advice, rows):
    session = start()
    entries = [
        *advice("m1"),
        SAID_BACK,
        AnswerEntry("m1", "smokes", "partner", "dont_know", said_alone=False),
        RefusalEntry("m1", "alcohol"),
        AGREED,
        EscalationEntry("m1", "redflag.1", "breathing"),
    ]
    with outage():
        record.append(session.session_id, entries, NOW)
        assert record.outbox.next().entries == tuple(entries)
        assert record.outbox.next().at == NOW
    assert record.drain() == 6
    assert rows() == {
        "conversation": 1,
        "portal_session": 1,
        "family": 1,
        "carer": 1,
        "conversation_agreement": 1,
        "advice_given": 1,
        "advice_recipient": 1,
        "understanding_check": 1,
        "hazard_answer": 1,
        "refusal": 1,
        "escalation": 1,
    }


def test_a_message_that_waits_twice_or_was_saved_before_is_written_once(record, start, outage, advice, rows):
    session = start()
    record.append(session.session_id, advice("m1"), NOW)
    with outage():
        for _ in range(3):
            record.append(session.session_id, advice("m1", "alcohol.1", "alcohol.2"), minute(1))
    assert record.drain() == 2
    assert record.drain() == 0
    assert rows("advice_given", "advice_recipient") == {"advice_given": 2, "advice_recipient": 2}


def test_a_new_server_finds_what_the_old_one_left(record, start, outage, advice, store_url, tmp_path):
    session = start()
    with outage():
        record.append(session.session_id, advice("m1"), minute(1))
    record.close()
    again = open_record(store_url, tmp_path / "outbox.sqlite")
    assert again.drain() == 1
    assert [row.at for row in again.history(session.session_id, minute(2)).advice] == [minute(1)]
    again.close()


def test_what_waits_is_written_even_when_its_session_has_expired_since(record, start, outage, advice, rows):
    session = start()
    with outage():
        record.append(session.session_id, advice("m1"), minute(1))
    record.purge(session.expires_at + timedelta(hours=1))
    assert rows("portal_session", "advice_given") == {"portal_session": 0, "advice_given": 1}


def test_what_was_said_after_the_session_expired_or_without_one_is_dropped(
    record, start, outage, advice, rows, caplog
):
    session = start()
    with outage():
        record.append("f" * 32, advice("m1"), minute(1))
        record.append(session.session_id, advice("m1"), session.expires_at)
        record.append(session.session_id, advice("m2"), minute(2))
    with caplog.at_level(logging.WARNING):
        assert record.drain() == 1
    assert rows("advice_given") == {"advice_given": 1}
    assert "2 waiting" not in caplog.text
    assert caplog.text.count("dropped: UnknownSession") == 2
    assert record.outbox.is_empty()


def test_one_wrong_entry_does_not_hold_up_the_others(record, start, outage, advice, rows):
    session = start()
    wrong = CheckEntry("c1", "never.1", CheckMethod.TEACH_BACK, CheckOutcome.SAID_BACK)
    with outage():
        record.append(session.session_id, [*advice("m1"), wrong, *advice("m2")], minute(1))
    assert record.drain() == 2
    assert rows("advice_given", "understanding_check") == {"advice_given": 2, "understanding_check": 0}
    assert record.outbox.is_empty()


def test_while_it_is_still_down_nothing_is_lost(record, start, outage, advice):
    session = start()
    with outage():
        record.append(session.session_id, advice("m1"), minute(1))
        with pytest.raises(StoreUnavailable):
            record.drain()
    assert record.drain() == 1


def test_agreement_that_waits_counts_for_the_session_started_next(record, start, outage, advice):
    session = start()
    record.append(session.session_id, advice("m1"), NOW)
    with outage():
        record.append(session.session_id, [AGREED], minute(1))
    later = start(at=minute(9))
    assert later.agreement is Agreement.AGREED
    assert later.returning


def test_a_withdrawal_that_waited_stays_the_newest_word(record, start, outage):
    session = start()
    record.append(session.session_id, [AGREED], NOW)
    with outage():
        record.append(session.session_id, [AgreementEntry("no", Agreement.WITHDRAWN)], minute(1))
    record.drain()
    assert record.session(session.session_id, minute(2)).agreement is Agreement.WITHDRAWN


def test_erasing_reaches_what_waits(record, start, outage, advice, rows):
    anna, ben = start("anna"), start("ben")
    with outage():
        record.append(anna.session_id, advice("m1"), minute(1))
        record.append(ben.session_id, advice("m1"), minute(1))
        with pytest.raises(StoreUnavailable):
            record.erase(anna.session_id)
    assert record.drain() == 1
    with outage():
        record.append(ben.session_id, advice("m2"), minute(2))
    assert record.erase(ben.session_id) == (ben.session_id,)
    assert record.outbox.is_empty()
    assert rows("advice_given") == {"advice_given": 0}


def test_erasing_reaches_what_waits_for_their_other_conversations(record, start, outage, advice):
    first = start("anna")
    record.append(first.session_id, [AGREED], NOW)
    second = start("anna", at=minute(1))
    with outage():
        record.append(first.session_id, advice("m2"), minute(2))
    record.erase(second.session_id)
    assert record.outbox.is_empty()


def test_what_was_erased_is_not_left_in_the_outbox_file(record, start, outage):
    session = start()
    with outage():
        record.append(session.session_id, [AnswerEntry("m1", "smokes", "me", "walrus-secret")], minute(1))
    assert b"walrus-secret" in record.outbox.path.read_bytes()
    record.erase(session.session_id)
    assert b"walrus-secret" not in record.outbox.path.read_bytes()
    assert stat.S_IMODE(record.outbox.path.stat().st_mode) == 0o600


def test_without_durable_or_without_outbox_nothing_waits(record, start, outage, advice, store_url):
    session = start()
    with outage(), pytest.raises(StoreUnavailable):
        record.append(session.session_id, advice("m1"), NOW, durable=False)
    assert record.outbox.is_empty()
    record.outbox = None
    with outage(), pytest.raises(StoreUnavailable):
        record.append(session.session_id, advice("m1"), NOW)
    assert record.history(session.session_id, NOW).advice == ()


def test_an_unknown_session_does_not_wait(record, advice):
    with pytest.raises(UnknownSession):
        record.append("f" * 32, advice("m1"), NOW)
    assert record.outbox.is_empty()


def test_a_broken_outbox_does_not_stop_a_working_store(record, start, outage, advice):
    record.outbox.path.write_bytes(b"this is no database" * 100)
    session = start()
    assert record.append(session.session_id, advice("m1"), NOW) is Outcome.SAVED
    with outage(), pytest.raises(StoreUnavailable):
        record.append(session.session_id, advice("m2"), NOW)


def test_several_threads_drain_once(record, start, outage, advice, rows):
    session = start()
    with outage():
        for number in range(12):
            record.append(session.session_id, advice(f"m{number}"), minute(number))
    written = []
    threads = [threading.Thread(target=lambda: written.append(record.drain())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sum(written) == 12
    assert rows("advice_given") == {"advice_given": 12}


def test_a_locked_store_is_not_waited_for_longer_than_its_limit(record, start, advice, store_url):
    session = start()
    with locked(store_url):
        before = datetime.now(timezone.utc)
        assert record.append(session.session_id, advice("m1"), NOW) is Outcome.WAITING
        assert timedelta(seconds=1) < datetime.now(timezone.utc) - before < timedelta(seconds=1.9)
    assert record.drain() == 1


@contextmanager
def locked(url):
    """Somebody else holds the store's tables."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield
            holder.execute("ROLLBACK")
        return
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as holder:
        holder.cursor().execute("LOCK TABLE advice_given IN ACCESS EXCLUSIVE MODE")
        yield
        holder.rollback()
