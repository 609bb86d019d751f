"""Messages: known session, one answer each, in order, nothing private out, nothing forged in."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from portal_harness import Client, FakeTurn, Portal, running_portal

from bot import blocks, clock
from bot.vocabulary import Role

DANGER = "my baby is not breathing"


def error_of(response: requests.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an error, checked for its one shape and its emergency links."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    assert set(body) == {"error", "blocks"}
    assert set(body["error"]) == {"code", "message"}
    assert body["error"]["code"] == code
    assert "tel:999" in [link["href"] for link in body["blocks"][0]["links"]]
    assert "999" in body["blocks"][0]["text"]
    return body


def choice(answer: dict[str, Any], label: str) -> str:
    options = [o for block in answer["blocks"] if block["type"] == "choices" for o in block["options"]]
    return next(str(option["id"]) for option in options if option["label"] == label)


# Sessions ------------------------------------------------------------------------------


def test_a_session_starts_with_a_greeting(portal: Portal) -> None:
    body = portal.client().start()
    assert set(body) == {"session", "expires_at", "messages"}
    assert body["messages"] == [{"message_id": "open", "blocks": [blocks.paragraph("Hello.")]}]
    assert body["expires_at"].endswith("Z")
    assert portal.assistant.heard == [(body["session"], "", "open", "/greet")]
    session = portal.record.session(body["session"], clock.now())
    assert session.claims.subject.startswith("anonymous-")
    assert (session.claims.role, session.claims.family_reference) == (Role.PARENT, None)


def test_role_and_family_come_from_the_token_alone(portal: Portal) -> None:
    client = portal.started(portal.token(role="midwife", family="family-7"))
    claims = portal.record.session(client.session, clock.now()).claims
    assert (claims.subject, claims.role, claims.family_reference) == ("carer-1", Role.MIDWIFE, "family-7")


def test_the_token_may_come_as_a_bearer(portal: Portal) -> None:
    bearer = {"Authorization": f"Bearer {portal.token(family='family-7')}"}
    body = portal.client().call("POST", "/api/session", headers=bearer).json()
    assert portal.record.session(body["session"], clock.now()).claims.family_reference == "family-7"


def test_a_bad_token_starts_nothing(portal: Portal) -> None:
    token = portal.token(exp=1)
    response = portal.client().call("POST", "/api/session", json={"token": token})
    body = error_of(response, 401, "not_authorised")
    assert token not in str(body)
    assert portal.assistant.heard == []


@pytest.mark.parametrize("forged", [{"role": "midwife"}, {"family": "f"}, {"metadata": {}}, {"token": 7}])
def test_a_session_takes_nothing_but_a_token(portal: Portal, forged: dict[str, Any]) -> None:
    error_of(portal.client().call("POST", "/api/session", json=forged), 400, "bad_request")


def test_an_expired_session_is_over(portal: Portal, client: Client) -> None:
    with clock.at(clock.now() + timedelta(hours=25)):
        error_of(client.post("m1", "hello"), 401, "not_authorised")
        error_of(client.call("GET", "/api/messages"), 401, "not_authorised")


@pytest.mark.parametrize("session", ["", "0" * 32, "demo", "a" * 33, "../../etc", "ü" * 32])
def test_an_unknown_session_is_refused_with_the_emergency_links(portal: Portal, session: str) -> None:
    client = portal.client()
    error_of(client.post("m1", "hello", session=session), 401, "not_authorised")
    assert portal.assistant.heard == []


# Messages ------------------------------------------------------------------------------


def test_an_answer_has_exactly_this(client: Client) -> None:
    assert client.say("m1", "can she sleep on her front?") == {
        "message_id": "m1",
        "blocks": [blocks.paragraph("You said: can she sleep on her front?")],
        "saved": True,
    }


def test_the_session_may_stand_in_the_body(portal: Portal, client: Client) -> None:
    other = portal.client()
    assert other.say("m1", "hello", session=client.session)["saved"] is True


@pytest.mark.parametrize(
    "forged",
    [
        {"metadata": {"role": "midwife", "family": "family-7"}},
        {"role": "midwife"},
        {"family": "family-7"},
        {"sender": "someone"},
        {"payload": "/affirm"},
        {"input_channel": "rest"},
    ],
)
def test_anything_forged_is_refused(portal: Portal, client: Client, forged: dict[str, Any]) -> None:
    error_of(client.post("m1", "hello", **forged), 400, "bad_request")
    assert portal.assistant.texts() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 8000,
        b'{"message_id": "m1"}',
        b'{"text": "hello"}',
        b'{"message_id": "m1", "text": ""}',
        b'{"message_id": "m1", "text": " \\n "}',
        b'{"message_id": "m1", "text": 7}',
        b'{"message_id": "m1", "text": null}',
        b'{"message_id": "m1", "text": "a", "choice": "b"}',
        b'{"message_id": "m1", "choice": null}',
        b'{"message_id": "m1", "choice": ["a"]}',
        b'{"message_id": "m 1", "text": "hello"}',
        b'{"message_id": "m1\\n", "text": "hello"}',
        b'{"message_id": "", "text": "hello"}',
        b'{"message_id": 1, "text": "hello"}',
        b'{"message_id": "' + b"m" * 65 + b'", "text": "hello"}',
    ],
)
def test_a_malformed_body_is_refused(portal: Portal, client: Client, body: bytes) -> None:
    error_of(client.call("POST", "/api/messages", data=body), 400, "bad_request")
    assert portal.assistant.texts() == []


def test_an_error_repeats_nothing_that_was_sent(client: Client) -> None:
    response = client.post("m1", "hello", my_partner_hits_me="every night")
    assert "partner" not in response.text


def test_a_lone_surrogate_is_answered(portal: Portal, client: Client) -> None:
    body = b'{"message_id": "m1", "text": "hello \\ud800"}'
    portal.assistant.script["hello \ud800"] = [blocks.paragraph("Hello.")]
    assert client.call("POST", "/api/messages", data=body).status_code == 200


def test_a_retry_gets_the_same_answer_from_one_turn(portal: Portal, client: Client) -> None:
    portal.assistant.script["hello"] = [blocks.choices([("Yes", "/affirm"), ("No", "/deny")])]
    first = client.say("m1", "hello")
    assert client.say("m1", "hello") == first
    assert client.say("m1", "something else") == first
    assert portal.assistant.texts() == ["hello"]


def test_a_client_that_hangs_up_finds_its_answer(portal: Portal, client: Client) -> None:
    portal.assistant.seconds = 0.5
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{portal.address}/api/messages",
            json={"message_id": "m1", "text": "hello", "session": client.session},
            timeout=0.2,
        )
    assert client.say("m1", "hello")["blocks"] == [blocks.paragraph("You said: hello")]
    assert portal.assistant.texts() == ["hello"]


def test_quick_messages_are_answered_in_their_order(portal: Portal, client: Client) -> None:
    portal.assistant.seconds = 0.1
    finished: list[str] = []

    def say(name: str) -> None:
        client.say(name, name)
        finished.append(name)

    threads = [threading.Thread(target=say, args=(f"m{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
        time.sleep(0.03)
    for thread in threads:
        thread.join()
    names = ["m0", "m1", "m2", "m3"]
    assert portal.assistant.texts() == names
    assert finished == names
    stored = client.call("GET", "/api/messages").json()["messages"]
    assert [each["message_id"] for each in stored] == ["open", *names]


def test_one_session_does_not_wait_for_another(portal: Portal) -> None:
    clients = [portal.started() for _ in range(5)]
    portal.assistant.seconds = 0.4
    began = time.perf_counter()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda c: c.say("m1", "hello"), clients))
    assert time.perf_counter() - began < 1.2


def test_a_failed_turn_is_run_again(portal: Portal, client: Client) -> None:
    failed = FakeTurn((blocks.error("Something went wrong.", [], "no_answer"),), failed=True)
    portal.assistant.script["hello"] = failed
    assert client.say("m1", "hello")["saved"] is False
    del portal.assistant.script["hello"]
    assert client.say("m1", "hello")["blocks"] == [blocks.paragraph("You said: hello")]
    ids = [m["message_id"] for m in client.call("GET", "/api/messages").json()["messages"]]
    assert ids == ["open", "m1"]


def test_an_assistant_that_raises_is_an_error_with_the_emergency_links(
    portal: Portal, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(session_id: str) -> Any:
        raise RuntimeError("secret words of a person")

    portal.assistant.script["hello"] = fail
    body = error_of(client.post("m1", "hello"), 500, "failed")
    assert "secret words" not in str(body)
    assert "secret words" not in caplog.text
    assert "RuntimeError at " in caplog.text


# Length and pace -----------------------------------------------------------------------


def test_only_the_start_of_a_long_message_is_read(portal: Portal, client: Client) -> None:
    answer = client.say("m1", "x" * 700)
    assert portal.assistant.texts() == ["x" * 500]
    assert "500 characters" in answer["blocks"][0]["text"]
    assert answer["blocks"][1]["text"].startswith("You said: x")


def test_five_hundred_characters_are_not_too_many(portal: Portal, client: Client) -> None:
    answer = client.say("m1", " " + "😴" * 500 + "\n")
    assert portal.assistant.texts() == ["😴" * 500]
    assert len(answer["blocks"]) == 1


@pytest.mark.parametrize("before", [480, 501, 740, 1500, 15000])
def test_danger_anywhere_in_a_long_message_is_read(portal: Portal, client: Client, before: int) -> None:
    client.say("m1", "blah " * (before // 5) + DANGER)
    assert DANGER in portal.assistant.texts()[0]
    assert len(portal.assistant.texts()[0]) <= 500


def test_a_body_over_16_kilobytes_is_refused_with_the_emergency_links(client: Client) -> None:
    error_of(client.post("m1", "x" * 17_000), 413, "too_large")


def test_over_the_limit_only_danger_is_answered(portal: Portal, client: Client) -> None:
    for n in range(30):
        client.say(f"m{n}", "hello")
    response = client.post("m30", "hello")
    error_of(response, 429, "too_many_requests")
    assert response.headers["Retry-After"] == "60"
    assert client.say("m31", DANGER)["saved"] is True
    assert client.say("m0", "hello")["saved"] is True, "a retry is no new message"
    assert portal.started().say("m1", "hello")["saved"] is True, "another session has its own limit"


def test_the_limit_looks_for_danger_with_the_real_rules(tmp_path: Path) -> None:
    from bot.dialogue.server import is_alarming

    with running_portal(tmp_path, alarming=is_alarming) as portal:
        client = portal.started()
        for n in range(30):
            client.say(f"m{n}", "hello")
        error_of(client.post("m30", "can he have a blanket"), 429, "too_many_requests")
        client.say("m31", "my baby isnt breathing")


# Choices -------------------------------------------------------------------------------

ASK = [
    blocks.paragraph("Is she breathing?"),
    blocks.choices([("Yes", '/affirm{"about": "breathing"}'), ("No", "/deny")], passive=True),
]


def test_choices_are_opaque_and_mean_their_payload(portal: Portal, client: Client) -> None:
    portal.assistant.script["hello"] = ASK
    answer = client.say("m1", "hello")
    assert "affirm" not in str(answer)
    assert [set(option) for option in answer["blocks"][1]["options"]] == [{"label", "id"}, {"label", "id"}]
    assert answer["blocks"][1]["passive"] is True
    client.say("m2", choice=choice(answer, "Yes"))
    assert portal.assistant.heard[-1][1:] == ("Yes", "m2", '/affirm{"about": "breathing"}')
    receipt = portal.record.receipt(client.session, "m1")
    assert receipt is not None
    assert receipt.choices == [
        {"id": choice(answer, "Yes"), "payload": '/affirm{"about": "breathing"}', "label": "Yes"},
        {"id": choice(answer, "No"), "payload": "/deny", "label": "No"},
    ]


def test_a_choice_is_known_after_a_restart(portal: Portal, client: Client) -> None:
    portal.assistant.script["hello"] = ASK
    answer = client.say("m1", "hello")
    portal.chat._memory.drop(client.session)
    client.say("m2", choice=choice(answer, "No"))
    assert portal.assistant.heard[-1][3] == "/deny"


def test_a_choice_is_bound_to_its_session(portal: Portal, client: Client) -> None:
    portal.assistant.script["hello"] = ASK
    answer = client.say("m1", "hello")
    error_of(portal.started().post("m1", choice=choice(answer, "Yes")), 400, "bad_request")
    error_of(client.post("m2", choice="affirm"), 400, "bad_request")
    assert len(portal.assistant.texts()) == 1


def test_a_payload_that_is_typed_is_only_text(portal: Portal, client: Client) -> None:
    client.say("m1", '/affirm{"role": "midwife"}')
    assert portal.assistant.heard[-1][3] is None


def test_nothing_private_leaves(portal: Portal, client: Client) -> None:
    portal.assistant.script["hello"] = [
        {"type": "paragraph", "text": "Hi.", "_why": "rule 7", "more": [{"_deep": 1, "open": 2}]}
    ]
    shown = {"type": "paragraph", "text": "Hi.", "more": [{"open": 2}]}
    assert client.say("m1", "hello")["blocks"] == [shown]


# History and leaving -------------------------------------------------------------------


def test_history_is_in_order_and_from_where_one_left(client: Client) -> None:
    said = [client.say(f"m{n}", f"message {n}") for n in range(3)]
    history = client.call("GET", "/api/messages").json()["messages"]
    assert [each["message_id"] for each in history] == ["open", "m0", "m1", "m2"]
    assert history[1] == {"message_id": "m0", "blocks": said[0]["blocks"]}
    later = client.call("GET", "/api/messages?after=m1").json()["messages"]
    assert [each["message_id"] for each in later] == ["m2"]
    assert client.call("GET", "/api/messages?after=m2").json() == {"messages": []}
    error_of(client.call("GET", "/api/messages?after=a%20b"), 400, "bad_request")


def test_nobody_reads_another_session(portal: Portal, client: Client) -> None:
    client.say("m1", "something private")
    other = portal.started()
    assert "private" not in other.call("GET", "/api/messages").text
    assert other.say("m1", "hello")["blocks"] == [blocks.paragraph("You said: hello")]
    error_of(portal.client().call("GET", "/api/messages"), 401, "not_authorised")


def test_deleting_erases_the_record_and_the_tracker(portal: Portal, client: Client) -> None:
    client.say("m1", "something private")
    response = client.call("DELETE", "/api/session")
    assert (response.status_code, response.content) == (204, b"")
    assert portal.assistant.forgotten == [client.session]
    assert portal.record.receipts_after(client.session, None) == ()
    error_of(client.post("m2", "hello"), 401, "not_authorised")
    assert client.call("DELETE", "/api/session").status_code == 204, "again is no error"


def test_a_chat_that_erases_itself_leaves_no_receipt(portal: Portal, client: Client) -> None:
    def erase(session_id: str) -> Any:
        portal.record.erase(session_id)
        return [
            blocks.paragraph("Your chat is deleted.", erased=[session_id, "an-earlier-one"]),
        ]

    portal.assistant.script["delete my chat"] = erase
    answer = client.say("m1", "delete my chat")
    assert answer == {
        "message_id": "m1",
        "blocks": [blocks.paragraph("Your chat is deleted.")],
        "saved": False,
        "ended": True,
    }
    assert set(portal.assistant.forgotten) == {client.session, "an-earlier-one"}
    error_of(client.post("m2", "hello"), 401, "not_authorised")
