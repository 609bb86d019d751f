"""A server that is killed: what was committed is there, the rest is not, a retry is once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from bot.record import AdviceEntry, Outcome

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 3, 1, 2, 30, tzinfo=timezone.utc)
SAID = [
    AdviceEntry("m1", "alcohol.1", 1, "alcohol", "chat"),
    AdviceEntry("m1", "alcohol.2", 1, "alcohol", "chat"),
]

SERVER = """
import os, signal, sys
from datetime import datetime, timezone
from pathlib import Path
from bot.record import AdviceEntry, open_record
from bot.record.outbox import Outbox
from bot.record.unit_of_work import UnitOfWork

url, outbox, session_id, moment = sys.argv[1:]
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
commit = UnitOfWork.commit
if moment == "before the commit":
    UnitOfWork.commit = die
elif moment == "after the commit":
    UnitOfWork.commit = lambda self: (commit(self), die())
elif moment == "before the outbox forgets":
    Outbox.remove = die
record = open_record(url, Path(outbox))
said = [AdviceEntry("m1", f"alcohol.{n}", 1, "alcohol", "chat") for n in (1, 2)]
if moment == "after it went to the outbox":
    record.outbox.put(session_id, said, datetime(2026, 3, 1, 2, 30, tzinfo=timezone.utc))
    die()
if moment == "before the outbox forgets":
    record.drain()
record.append(session_id, said, datetime(2026, 3, 1, 2, 30, tzinfo=timezone.utc))
print("it lived")
"""


@pytest.mark.parametrize(("moment", "there"), [("before the commit", 0), ("after the commit", 2)])
def test_killed_while_it_appends(record, start, rows, store_url, tmp_path, moment, there):
    session = start()
    serve_until_killed(store_url, tmp_path, session, moment)
    assert rows("advice_given", "advice_recipient") == {"advice_given": there, "advice_recipient": there}
    assert record.append(session.session_id, SAID, NOW) is Outcome.SAVED
    assert rows("advice_given", "advice_recipient") == {"advice_given": 2, "advice_recipient": 2}


def test_killed_after_it_went_to_the_outbox(record, start, rows, store_url, tmp_path):
    session = start()
    serve_until_killed(store_url, tmp_path, session, "after it went to the outbox")
    assert rows("advice_given") == {"advice_given": 0}
    assert record.drain() == 2
    assert rows("advice_given") == {"advice_given": 2}


def test_killed_after_it_wrote_what_waited_and_before_the_outbox_forgot(
    record, start, rows, outage, store_url, tmp_path
):
    session = start()
    with outage():
        assert record.append(session.session_id, SAID, NOW) is Outcome.WAITING
    record.close()
    serve_until_killed(store_url, tmp_path, session, "before the outbox forgets")
    assert rows("advice_given") == {"advice_given": 2}
    assert not record.outbox.is_empty()
    record.drain()
    assert record.outbox.is_empty()
    assert rows("advice_given", "advice_recipient") == {"advice_given": 2, "advice_recipient": 2}


def serve_until_killed(url, folder, session, moment):
    command = [sys.executable, "-c", SERVER, url, str(folder / "outbox.sqlite"), session.session_id, moment]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert done.stdout == b""
