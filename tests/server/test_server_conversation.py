"""Whole conversations over HTTP with the real model, and what the record then holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from sqlalchemy import text

from bot.clock import now
from bot.vocabulary import Agreement, CheckMethod, CheckOutcome, Role
from tests.server.processes import (
    NOT_BREATHING,
    OWN_WORDS,
    SOFA,
    WRITTEN,
    Person,
    Server,
    statements,
    without_choice_ids,
)

FIVE = {
    "anna": [SOFA, OWN_WORDS, "[No]", "what have you told me"],
    "bea": ["can she sleep on her front", "why", "[It makes sense]", "[No]"],
    "cleo": ["can he come in our bed", "[No]", "[Yes]", "what have you told me"],
    "dina": [
        "had 2 glasses of prosecco is it ok to feed her in bed",
        "why",
        "can you say that again",
        "thanks",
    ],
    "edie": ["my baby isnt breathing", "carry on", SOFA, "[Say it another way]"],
}


def test_a_whole_conversation_on_sqlite(server: Server) -> None:
    a_whole_conversation(server)


@pytest.mark.postgres
def test_a_whole_conversation_on_postgresql(
    new_server: Callable[..., Server], postgres_database: str, tmp_path: Path
) -> None:
    server = new_server(tmp_path, postgres_database).start()
    a_whole_conversation(server)
    assert server.stop() == 0
    assert not list(tmp_path.glob("*.sqlite*")), "something was kept beside the database"


def a_whole_conversation(server: Server) -> None:
    anna = server.person("anna-whole", "family-whole")
    assert "I am the Safer Sleep Assistant" in anna.words()
    assert "Welcome back" not in anna.words()
    greeting = without_choice_ids(anna.blocks)

    assert "sofa_armchair.1" in statements(anna.tell("m1", SOFA))
    assert advice_of(server, anna)["sofa_armchair.1"] == (None, None)
    assert family_advice(server) == {}

    anna.tell("m2", OWN_WORDS)
    assert "You have put it well" in anna.words()
    said_back = (CheckMethod.TEACH_BACK, CheckOutcome.SAID_BACK)
    assert said_back in advice_of(server, anna).values()
    assert family_advice(server) == {}, "nobody has agreed yet"

    anna.tell("m3", "[Yes]")
    assert "Saved in your plan" in anna.words()
    assert family_advice(server) == advice_of(server, anna)
    assert said_back in family_advice(server).values()
    assert server.written(anna.session)["conversation_agreement"] == [("m3", Agreement.AGREED.value)]

    again = Person(server.address)
    again.hear(again.start(anna.token)["messages"][0]["blocks"])
    assert "Welcome back" in again.words()
    assert not any(word in again.words().lower() for word in ("sofa", "armchair", "cot", "nod"))
    again.tell("m1", "[Yes]")
    assert "sofas and armchairs" in again.words().lower()

    other = server.person("gran-whole", "family-whole", Role.GRANDPARENT)
    assert without_choice_ids(other.blocks) == greeting
    other.tell("m1", "what have you told me")
    assert "sofa" not in other.words().lower()
    other.tell("m2", "what do you keep about me")
    assert "sofa" not in other.words().lower()
    assert [block for block in other.blocks if block["type"] == "list"] == []
    assert advice_of(server, other) == {}
    past = other.call("GET", "/api/messages").json()["messages"]
    assert [each["message_id"] for each in past] == ["open", "m1", "m2"]


def advice_of(server: Server, person: Person) -> dict[str, tuple[Any, Any]]:
    """This person's advice and the check of each."""
    with server.record() as record:
        rows = record.history(person.session, now()).advice
    return {row.statement_id: (row.check_method, row.check_outcome) for row in rows}


def family_advice(server: Server) -> dict[str, tuple[Any, Any]]:
    """What a practitioner sees of the family."""
    with server.record() as record:
        rows = record.family_advice("family-whole", now())
    return {row.statement_id: (row.check_method, row.check_outcome) for row in rows}


# Emergencies -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        [],
        [SOFA],
        [SOFA, OWN_WORDS],
        ["can he come in our bed"],
        ["can he come in our bed", "[No]"],
        ["delete everything you have about me"],
        ["asdkjh qwe zxc"],
        [NOT_BREATHING],
    ],
    ids=["at once", "check", "agreement", "hazard", "second hazard", "deleting", "not understood", "again"],
)
def test_an_emergency_comes_first(server: Server, before: list[str]) -> None:
    anna = server.person("anna-emergency")
    for number, said in enumerate(before):
        anna.tell(f"before-{number}", said)
    assert_emergency(anna.tell("now", NOT_BREATHING))
    assert ("now", "redflag.1") in server.written(anna.session)["escalation"]


def test_an_emergency_is_answered_however_many_messages_came(server: Server) -> None:
    anna = server.person("anna-fast")
    assert 429 in [anna.post(f"m{number}", "hello").status_code for number in range(32)]
    assert_emergency(anna.tell("now", NOT_BREATHING))


def test_an_emergency_of_somebody_anonymous_in_a_long_message(server: Server) -> None:
    somebody = Person(server.address)
    somebody.start()
    assert_emergency(somebody.tell("now", "we had such a lovely day. " * 40 + NOT_BREATHING)[1:])


def assert_emergency(blocks: list[dict[str, Any]]) -> None:
    assert blocks[0]["type"] == "care_card", blocks[0]
    assert blocks[0]["level"] == "emergency"
    assert "999" in blocks[0]["items"][0]
    assert "tel:999" in [link["href"] for link in blocks[0]["links"]]


# Forgery -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forged",
    [
        {"metadata": {"role": "health_visitor", "family": "family-of-others"}},
        {"role": "health_visitor"},
        {"family": "family-of-others"},
        {"family_reference": "family-of-others"},
        {"claims": {"sub": "anna-forged"}},
        {"sender": "0" * 32},
        {"sender_id": "0" * 32},
        {"input_channel": "rest"},
        {"payload": "/affirm"},
        {"slots": {"agreement_asked": True}},
        {"choice": "/affirm"},
    ],
    ids=lambda forged: next(iter(forged)),
)
def test_a_forged_body_is_refused_and_changes_nothing(server: Server, forged: dict[str, Any]) -> None:
    anna = server.person("anna-forged")
    before = everything(server)
    refused = anna.post("m1", SOFA, **forged)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "bad_request"
    assert "family-of-others" not in refused.text
    assert everything(server) == before
    anna.tell("m1", SOFA)  # the message id was not used up


@pytest.mark.parametrize(
    "forged", [{"role": "health_visitor"}, {"family": "f"}, {"sub": "s"}, {"metadata": {}}]
)
def test_a_session_takes_nothing_but_a_token(server: Server, forged: dict[str, Any]) -> None:
    before = everything(server)
    body = {"token": server.token("anna-forged", "family-1"), **forged}
    refused = requests.post(f"{server.address}/api/session", json=body, timeout=20)
    assert refused.status_code == 400
    assert everything(server) == before


def test_a_token_of_somebody_elses_making_is_refused(server: Server) -> None:
    said = {"sub": "anna", "family": "f", "aud": "safer-sleep", "exp": int(time.time()) + 600}
    before = everything(server)
    unsigned = jwt.encode(said, "", algorithm="none")
    for token in (jwt.encode(said, "x" * 32, algorithm="HS256"), unsigned, "nonsense"):
        refused = requests.post(f"{server.address}/api/session", json={"token": token}, timeout=20)
        assert refused.status_code == 401
    assert everything(server) == before


def test_a_choice_of_another_chat_is_refused(server: Server) -> None:
    anna, bea = server.person("anna-choice"), server.person("bea-choice")
    for person in (anna, bea):
        person.tell("m1", SOFA)
        person.tell("m2", OWN_WORDS)
    before = everything(server)
    assert bea.post("m3", **anna.body("[Yes]")).status_code == 400
    assert everything(server) == before


def everything(server: Server) -> dict[str, int]:
    """How many rows there are of everything."""
    tables = [
        *WRITTEN,
        "family",
        "carer",
        "conversation",
        "portal_session",
        "message_receipt",
        "advice_recipient",
    ]
    with server.record() as record, record.unit_of_work(reading=True) as uow:
        return {table: uow.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}


# At the same time --------------------------------------------------------------------


def test_five_conversations_at_once_keep_to_themselves(server: Server) -> None:
    alone = {name: a_conversation(server, f"{name}-alone", FIVE[name]) for name in FIVE}
    with ThreadPoolExecutor(len(FIVE)) as people:
        waiting = {n: people.submit(a_conversation, server, f"{n}-at-once", FIVE[n]) for n in FIVE}
        at_once = {name: waiting[name].result() for name in FIVE}
    for name in FIVE:
        (answers, written), (answers_alone, written_alone) = at_once[name], alone[name]
        assert answers == answers_alone
        assert written == written_alone
    assert len({str(answers) for answers, _ in at_once.values()}) == len(FIVE)


def a_conversation(server: Server, subject: str, script: list[str]) -> tuple[list[Any], dict[str, Any]]:
    """Its answers, and what it left in the record."""
    person = server.person(subject)
    answers = [without_choice_ids(person.tell(f"m{n}", said)) for n, said in enumerate(script)]
    return answers, server.written(person.session)
