"""A kill between the record's erasure and the conversation's leaves words behind until the next start."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.clock import now
from bot.dialogue.host import Assistant
from bot.dialogue.server import forget_erased, purge
from bot.dialogue.tracker_store import ConversationStore
from bot.record import Claims, open_record
from bot.settings import Settings


async def said(store: ConversationStore, session_id: str) -> None:
    await store.save(DialogueStateTracker.from_events(session_id, [UserUttered("some words")]))


async def test_only_conversations_without_a_session_are_forgotten_at_start(tmp_path: Path) -> None:
    record = open_record(f"sqlite:///{tmp_path / 'record.sqlite'}")
    record.migrate()
    store = ConversationStore(Domain.empty(), f"sqlite:///{tmp_path / 'conversations.sqlite'}")
    assistant = Assistant(None, Settings(data_dir=tmp_path), store)
    kept = record.start_session(Claims("anna"), now(), 24, 30).session_id
    erased = record.start_session(Claims("bea"), now(), 24, 30).session_id
    for session_id in (kept, erased):
        await said(store, session_id)
    record.erase(erased)
    assert set(await store.keys()) == {kept, erased}

    await forget_erased(record, assistant)

    assert await store.keys() == [kept]
    assert await store.retrieve(erased) is None
    record.close()
    assistant.close()


async def test_a_store_that_is_down_at_start_forgets_nothing(tmp_path: Path) -> None:
    record = open_record(f"sqlite:///{tmp_path / 'missing' / 'record.sqlite'}")
    store = ConversationStore(Domain.empty(), f"sqlite:///{tmp_path / 'conversations.sqlite'}")
    assistant = Assistant(None, Settings(data_dir=tmp_path), store)
    await said(store, "a" * 32)

    await forget_erased(record, assistant)

    assert await store.keys() == ["a" * 32]
    record.close()
    assistant.close()


def test_purging_says_whose_conversations_are_past_their_time(tmp_path: Path) -> None:
    record = open_record(f"sqlite:///{tmp_path / 'record.sqlite'}")
    record.migrate()
    old = record.start_session(Claims("anna"), now() - timedelta(days=40), 24, 30).session_id
    new = record.start_session(Claims("bea"), now(), 24, 30).session_id

    assert purge(record) == {old}
    assert record.unknown_sessions([old, new, "x" * 32]) == {old, "x" * 32}
    record.close()
