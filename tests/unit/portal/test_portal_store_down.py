"""When the store is down the chat goes on; it says that nothing is saved."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from portal_harness import Client, Portal
from test_portal_messages import ASK, choice, error_of

from bot import blocks
from bot.errors import StoreUnavailable, UnknownSession
from bot.record import Record


@pytest.fixture
def store(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Store:
    return Store(portal.record, monkeypatch)


class Store:
    """Takes the record down and brings it back."""

    CALLS = ("session", "start_session", "receipt", "receipts_after", "save_receipt", "erase")

    def __init__(self, record: Record, patch: pytest.MonkeyPatch) -> None:
        self.record, self.patch = record, patch

    def goes_down(self, slowly: float = 0.0) -> None:
        def fail(*args: Any, **more: Any) -> Any:
            time.sleep(slowly)
            raise StoreUnavailable("down")

        for name in self.CALLS:
            self.patch.setattr(self.record, name, fail)
        self.patch.setattr(self.record, "ready", lambda: False)

    def comes_back(self) -> None:
        self.patch.undo()


def test_a_known_session_is_answered(client: Client, store: Store) -> None:
    store.goes_down()
    answer = client.say("m1", "hello")
    assert answer == {"message_id": "m1", "blocks": [blocks.paragraph("You said: hello")], "saved": False}


def test_a_session_nobody_can_ask_about_is_answered(portal: Portal, store: Store) -> None:
    store.goes_down()
    client = portal.client()
    client.session = "0" * 32
    assert client.say("m1", "hello")["saved"] is False
    store.comes_back()
    error_of(client.post("m2", "hello"), 401, "not_authorised")


def test_a_retry_still_gets_the_same_answer(portal: Portal, client: Client, store: Store) -> None:
    store.goes_down()
    portal.assistant.script["hello"] = ASK
    first = client.say("m1", "hello")
    assert client.say("m1", "hello") == first
    assert portal.assistant.texts() == ["hello"]


def test_choices_still_work(portal: Portal, client: Client, store: Store) -> None:
    portal.assistant.script["hello"] = ASK
    before = client.say("m1", "hello")
    store.goes_down()
    during = client.say("m2", "hello")
    client.say("m3", choice=choice(before, "Yes"))
    client.say("m4", choice=choice(during, "No"))
    payloads = [payload for *_, payload in portal.assistant.heard[-2:]]
    assert payloads == ['/affirm{"about": "breathing"}', "/deny"]


def test_what_waited_is_stored_in_order_when_it_is_back(portal: Portal, client: Client, store: Store) -> None:
    client.say("m1", "one")
    store.goes_down()
    client.say("m2", "two")
    client.say("m3", "three")
    error_of(client.call("GET", "/api/messages"), 503, "store_unavailable")
    store.comes_back()
    assert client.say("m4", "four")["saved"] is True
    stored = [receipt.message_id for receipt in portal.record.receipts_after(client.session, None)]
    assert stored == ["open", "m1", "m2", "m3", "m4"]


def test_a_session_begun_while_it_is_down_goes_on(portal: Portal, store: Store) -> None:
    store.goes_down()
    client = portal.started()
    client.say("m1", "hello")
    store.comes_back()
    assert client.say("m2", "hello again")["saved"] is False
    history = client.call("GET", "/api/messages").json()["messages"]
    assert [each["message_id"] for each in history] == ["open", "m1", "m2"]
    assert client.call("DELETE", "/api/session").status_code == 204
    error_of(client.post("m3", "hello"), 401, "not_authorised")


def test_a_store_that_hangs_is_waited_for_once(portal: Portal, client: Client, store: Store) -> None:
    store.goes_down(slowly=1.4)
    began = time.perf_counter()
    client.say("m1", "hello")
    client.say("m2", "hello")
    assert time.perf_counter() - began < 2.0


def test_nothing_is_called_deleted_that_is_not(portal: Portal, client: Client, store: Store) -> None:
    store.goes_down()
    error_of(client.call("DELETE", "/api/session"), 503, "store_unavailable")
    assert portal.assistant.forgotten == []
    store.comes_back()
    assert client.call("DELETE", "/api/session").status_code == 204


def test_a_session_erased_meanwhile_keeps_nothing(
    portal: Portal, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any) -> Any:
        raise UnknownSession("erased")

    monkeypatch.setattr(portal.record, "save_receipt", gone)
    assert client.say("m1", "hello")["saved"] is False


def test_health_says_so(portal: Portal, store: Store) -> None:
    store.goes_down()
    response = portal.client().call("GET", "/health")
    assert response.status_code == 200
    assert response.json()["database"] is False


def test_a_tracker_that_could_not_be_erased_is_erased_later(
    portal: Portal, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget = portal.assistant.forget

    async def fail(session_id: str) -> None:
        raise StoreUnavailable("down")

    monkeypatch.setattr(portal.assistant, "forget", fail)
    error_of(client.call("DELETE", "/api/session"), 503, "store_unavailable")
    monkeypatch.setattr(portal.assistant, "forget", forget)
    asyncio.run(portal.chat.forget_the_rest(set()))
    assert portal.assistant.forgotten == [client.session]


def test_a_chat_is_said_to_be_erased_when_only_its_tracker_is_left(
    portal: Portal, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(session_id: str) -> None:
        raise StoreUnavailable("down")

    monkeypatch.setattr(portal.assistant, "forget", fail)
    # The block as the action sends it: a key of its own, without a type.
    portal.assistant.script["delete"] = [blocks.paragraph("Deleted."), {"erased": [client.session]}]
    answer = client.say("m1", "delete")
    assert (answer["blocks"], answer["ended"]) == ([blocks.paragraph("Deleted.")], True)
