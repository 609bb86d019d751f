"""How many questions a message costs the database (times depend on the machine; these do not)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bot.record import AgreementEntry, CheckEntry
from bot.vocabulary import Agreement, CheckMethod, CheckOutcome

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=timezone.utc)
BEGINNING = ("BEGIN", "BEGIN IMMEDIATE", "select 1", "SELECT 1")


@pytest.fixture
def asked(queries):
    """The statements sent since the last time, without those that open a transaction."""

    def asked():
        seen = [each for each in queries if each not in BEGINNING]
        queries.clear()
        return seen

    return asked


def test_a_message_with_three_statements_costs_seven(record, start, advice, asked):
    session = start()
    asked()
    record.session(session.session_id, NOW)
    assert len(asked()) == 1
    record.append(session.session_id, advice("m1", "alcohol.1", "alcohol.2", "alcohol.3"), NOW)
    assert len(asked()) == 4  # the session, the advice, its ids, who was there
    record.save_receipt(session.session_id, "m1", [], [], NOW)
    assert len(asked()) == 2  # the receipt, and the one that is kept


def test_ten_statements_cost_no_more_than_three(record, start, advice, asked):
    session = start()
    asked()
    record.append(session.session_id, advice("m1", *(f"alcohol.{n}" for n in range(10))), NOW)
    assert len(asked()) == 4


def test_reading_costs_the_same_however_long_the_history(record, start, advice, asked):
    session = start()
    record.append(session.session_id, [AgreementEntry("yes", Agreement.AGREED)], NOW)
    costs = set()
    for number in range(1, 6):
        later = start(at=NOW + timedelta(hours=number))
        at = NOW + timedelta(hours=number)
        record.append(later.session_id, advice("m1"), at)
        check = CheckEntry("m2", "alcohol.1", CheckMethod.TEACH_BACK, CheckOutcome.PARTLY)
        record.append(later.session_id, [check], at)
        asked()
        assert len(record.history(later.session_id, at).advice) == number
        costs.add(("history", len(asked())))
        record.answers(later.session_id, at)
        costs.add(("answers", len(asked())))
        assert len(record.family_advice("family-1", at)) == number
        costs.add(("family", len(asked())))
        record.session(later.session_id, at)
        costs.add(("session", len(asked())))
    assert costs == {("history", 3), ("answers", 2), ("family", 3), ("session", 1)}


def test_many_records_opened_and_closed_leave_no_open_files(store_url, tmp_path):
    psutil = pytest.importorskip("psutil")
    from bot.record import open_record

    process = psutil.Process()
    before = process.num_fds()
    for _ in range(25):
        record = open_record(store_url, tmp_path / "outbox.sqlite")
        record.ready()
        record.outbox.put("f" * 32, [], NOW)
        record.close()
    assert process.num_fds() - before <= 2
