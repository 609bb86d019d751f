"""The server is killed (``kill -9``) between messages and during them, and started again.

Every conversation says the same eight things. One is left in peace; what it heard and what
it left in the record is what all the others must hear and leave. A person whose answer did
not come sends the same message again, with the same id, as the page does.
"""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from bot.record import Receipt
from tests.server.processes import (
    OWN_WORDS,
    SOFA,
    Person,
    Server,
    statements,
    without_choice_ids,
)

SCRIPT = [
    SOFA,
    OWN_WORDS,
    "[Yes]",  # kept with the family's record
    "can he come in our bed",
    "[No]",  # nobody drinks
    "[Yes]",  # somebody smokes
    "can she sleep on her front",
    "[It makes sense]",
]
KILLS = 3

BETWEEN = {"anna": (1, 3, 5), "bea": (2, 4, 6), "cleo": (3, 5, 7)}
"""The message after whose answer each kill comes; together every gap of the script."""

DURING = {"dina": (1, 3, 5), "edie": (2, 4, 6), "fay": (3, 5, 7), "gail": (4, 6, 8)}
"""The message in whose turn each kill comes; together every message of the script."""

STORED = {"hana": (3, 5, 6)}
"""The same, at the moment when the dialogue has stored the turn and the answer is not kept yet."""

EVERYBODY = {**BETWEEN, **DURING, **STORED}
KINDS = {"between messages": BETWEEN, "during a turn": DURING, "as the turn is stored": STORED}


@dataclass
class Talk:
    """A conversation: what was sent and heard, by message id."""

    person: Person
    sent: dict[str, dict[str, str]] = field(default_factory=dict)
    heard: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def go_on(self, to: int) -> None:
        """Say the script up to message ``to``."""
        for number in range(len(self.heard) + 1, to + 1):
            self.send(number)

    def send(self, number: int) -> list[dict[str, Any]]:
        """Send a message of the script; a repeated one just as it was sent before."""
        message_id = f"m{number}"
        if message_id not in self.sent:
            self.sent[message_id] = self._body(SCRIPT[number - 1])
        answer = self.person.say(message_id, **self.sent[message_id])
        assert answer["saved"] is True, answer
        self.person.hear(answer["blocks"])
        self.heard[message_id] = answer["blocks"]
        return self.person.blocks

    def send_into_the_kill(self, number: int, wait: float) -> None:
        """Send a message whose answer may never come."""
        time.sleep(wait)
        try:
            self.send(number)
        except requests.RequestException:
            return

    def _body(self, said: str) -> dict[str, str]:
        try:
            return self.person.body(said)
        except AssertionError:  # it went astray; the tests will say so
            return {"text": said.strip("[]")}


@dataclass
class Story:
    """What happened, for the tests to judge."""

    in_peace: Talk
    talks: dict[str, Talk]
    lost: list[str] = field(default_factory=list)
    retried: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    written: dict[str, dict[str, list[tuple[Any, ...]]]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(server: Server) -> Story:
    """All conversations, with the kills in them."""
    in_peace = Talk(server.person("in-peace"))
    in_peace.go_on(len(SCRIPT))
    story = Story(in_peace, {name: Talk(server.person(name)) for name in EVERYBODY})
    for kill in range(KILLS):
        for name, stops in EVERYBODY.items():
            story.talks[name].go_on(stops[kill] - (0 if name in BETWEEN else 1))
        kill_in_the_middle(server, story, kill)
        receipts = look_at_what_is_left(server, story)
        server.start()
        for name, stops in EVERYBODY.items():
            message_id = f"m{stops[kill]}"
            known = receipts[name].get(message_id)
            again = story.talks[name].send(stops[kill])
            if known is not None:
                story.retried.append((f"{name} {message_id}", known.blocks, again))
    for talk in story.talks.values():
        talk.go_on(len(SCRIPT))
    for name, talk in [("in-peace", in_peace), *story.talks.items()]:
        story.written[name] = server.written(talk.person.session)
    return story


def kill_in_the_middle(server: Server, story: Story, kill: int) -> None:
    """Kill while messages are under way; when, the last of them says: its turn is stored."""
    (last,) = STORED
    with ThreadPoolExecutor(len(DURING) + 1) as under_way:
        for place, name in enumerate(DURING):
            wait = 0.012 * place
            under_way.submit(story.talks[name].send_into_the_kill, DURING[name][kill], wait)
        under_way.submit(story.talks[last].send_into_the_kill, STORED[last][kill], 0.0)
        wait_until_stored(server, story.talks[last].person.session, f"m{STORED[last][kill]}")
        server.kill()


def wait_until_stored(server: Server, session_id: str, message_id: str) -> None:
    """Wait until the dialogue's store has the turn of a message."""
    deadline = time.monotonic() + 10
    query = "SELECT 1 FROM tracker_event WHERE sender_id = ? AND data LIKE ?"
    with closing(sqlite3.connect(server.folder / "conversations.sqlite")) as conversations:
        while not conversations.execute(query, (session_id, f'%"message_id": "{message_id}"%')).fetchone():
            assert time.monotonic() < deadline, "the turn never came to its end"


def look_at_what_is_left(server: Server, story: Story) -> dict[str, dict[str, Receipt]]:
    """Check what is on disk against what people were told; give the answers that are kept."""
    for path in ("safer-sleep.sqlite", "conversations.sqlite"):
        with closing(sqlite3.connect(server.folder / path)) as file:
            if file.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                story.broken.append(path)
    receipts = {}
    with server.record() as record:
        for name, talk in story.talks.items():
            kept = record.receipts_after(talk.person.session, None)
            receipts[name] = {receipt.message_id: receipt for receipt in kept}
    for name, talk in story.talks.items():
        written = server.written(talk.person.session)
        given = {(row[0], row[1]) for row in written["advice_given"]}
        agreed = {row[0] for row in written["conversation_agreement"]}
        for message_id, answer in talk.heard.items():
            receipt = receipts[name].get(message_id)
            if receipt is None or receipt.blocks != answer:
                story.lost.append(f"the answer to {name} {message_id}")
            for statement in statements(answer):
                if (message_id, statement) not in given:
                    story.lost.append(f"{statement} to {name} {message_id}")
            if "Saved in your plan. You will not" in str(answer) and message_id not in agreed:
                story.lost.append(f"the agreement of {name} {message_id}")
    return receipts


def test_nothing_that_was_answered_is_lost(story: Story) -> None:
    assert story.lost == []
    assert story.broken == []


def test_a_message_sent_again_gets_the_answer_that_was_kept(story: Story) -> None:
    assert len(story.retried) >= len(BETWEEN) * KILLS
    for which, kept, again in story.retried:
        assert again == kept, which


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_on_as_if_nothing_had_happened(story: Story, kind: str) -> None:
    for name in KINDS[kind]:
        for message_id, answer in story.in_peace.heard.items():
            heard = without_choice_ids(story.talks[name].heard[message_id])
            assert heard == without_choice_ids(answer), f"{name} {message_id}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_holds_everything_once(story: Story, kind: str) -> None:
    in_peace = story.written["in-peace"]
    assert all(in_peace[table] for table in ("advice_given", "understanding_check", "hazard_answer"))
    assert len(in_peace["conversation_agreement"]) == 1
    for name in KINDS[kind]:
        assert story.written[name] == in_peace, name


def test_a_session_still_has_all_its_answers(story: Story) -> None:
    for talk in story.talks.values():
        past = talk.person.call("GET", "/api/messages").json()["messages"][1:]
        assert {each["message_id"]: each["blocks"] for each in past} == talk.heard
