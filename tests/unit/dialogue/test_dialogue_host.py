"""One turn, whatever happens: an answer, or the emergency line."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot import blocks
from bot.dialogue import training
from bot.dialogue.host import FAILURE_TEXT, Assistant, failure_block, newest_model
from bot.dialogue.output import BlockChannel
from bot.errors import ModelError, StoreUnavailable
from bot.settings import ROOT, Settings
from bot.vocabulary import Nation


class Agent:
    """Rasa's agent, as far as a turn needs it."""

    def __init__(self, says: Any = (), parse: dict[str, Any] | None = None, retrieve: Any = None) -> None:
        self.says = says
        self.heard: list[Any] = []
        self.parse = parse
        self.tracker_store = SimpleNamespace(retrieve=retrieve or self._retrieve)

    async def handle_message(self, message: Any) -> None:
        self.heard.append(message)
        if isinstance(self.says, BaseException):
            await message.output_channel.send_response("x", {"text": "Half an answer."})
            raise self.says
        for each in self.says:
            if isinstance(each, float):
                await asyncio.sleep(each)
            else:
                await message.output_channel.send_response("x", each)

    async def parse_message(self, text: str) -> dict[str, Any]:
        return {"text": text}

    async def _retrieve(self, session_id: str) -> Any:
        if self.parse is None:
            return None
        return SimpleNamespace(events=[], latest_message=SimpleNamespace(parse_data=self.parse))


def assistant(agent: Agent, **config: Any) -> Assistant:
    return Assistant(agent, Settings(**config), None)


FAILED = blocks.error(
    FAILURE_TEXT,
    [
        {"label": "Emergency services: 999", "href": "tel:999"},
        {"label": "Emergency services by textphone or Relay UK: 18000", "href": "tel:18000"},
    ],
    "no_answer",
)


async def test_an_answer_comes_with_its_parse() -> None:
    agent = Agent([{"text": "One."}, {"text": "Two."}], {"act": "greet"})
    turn = await assistant(agent).turn("s", "hello", "m1", explain=True)
    assert [block["text"] for block in turn.blocks] == ["One.", "Two."]
    assert turn.parse == {"act": "greet"}
    assert turn.failed is False
    assert turn.milliseconds >= 0


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("x"), StoreUnavailable("down"), OSError("disk"), KeyError("a")]
)
async def test_a_crash_is_the_emergency_line_alone(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    turn = await assistant(Agent(error)).turn("s", "my baby is called Wilfred", "m1")
    assert turn.blocks == (FAILED,)
    assert turn.failed is True
    assert type(error).__name__ in caplog.text
    assert "Wilfred" not in caplog.text


@pytest.mark.parametrize("says", [(), [{}], [{"text": ""}], [{"custom": {}}]])
async def test_an_empty_answer_is_the_emergency_line(says: Any) -> None:
    turn = await assistant(Agent(says)).turn("s", "hello", "m1")
    assert turn.blocks == (FAILED,)
    assert turn.failed is True


async def test_a_turn_that_takes_too_long_is_the_emergency_line() -> None:
    agent = Agent([{"text": "Half."}, 5.0, {"text": "Late."}])
    turn = await assistant(agent, turn_timeout_seconds=0.05).turn("s", "hello", "m1")
    assert turn.blocks == (FAILED,)
    assert turn.failed is True
    assert turn.milliseconds < 3000


async def test_a_turn_in_time_is_not() -> None:
    turn = await assistant(Agent([0.01, {"text": "Fine."}]), turn_timeout_seconds=3.0).turn(
        "s", "hello", "m1"
    )
    assert turn.failed is False


async def test_a_store_that_is_down_afterwards_costs_only_the_parse() -> None:
    async def down(session_id: str) -> Any:
        raise StoreUnavailable("down")

    turn = await assistant(Agent([{"text": "Fine."}], retrieve=down)).turn("s", "hello", "m1", explain=True)
    assert [block["text"] for block in turn.blocks] == ["Fine."]
    assert turn.parse == {}


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("/emergency", "emergency"),
        (" //deny", "deny"),
        ("\u200b/greet", "greet"),
        ("hello", "hello"),
        ("/", ""),
        ("", ""),
    ],
)
async def test_a_leading_slash_is_text(typed: str, heard: str) -> None:
    agent = Agent([{"text": "x"}])
    await assistant(agent).turn("s", typed, "m1")
    assert agent.heard[0].text == heard


async def test_a_choice_that_was_pressed_is_an_intent() -> None:
    agent = Agent([{"text": "x"}])
    await assistant(agent).turn("session-7", "Yes", "m9", payload="/affirm")
    (message,) = agent.heard
    assert (message.text, message.sender_id, message.message_id) == ("/affirm", "session-7", "m9")
    assert message.input_channel == "saferchat"


async def test_parse_reads_a_slash_as_text_too() -> None:
    assert (await assistant(Agent()).parse("/greet"))["text"] == "greet"
    assert (await assistant(Agent()).parse(""))["text"] == " "


@pytest.mark.parametrize("nation", list(Nation))
def test_the_failure_block_can_be_tapped_everywhere(nation: Nation) -> None:
    block = failure_block(Settings(nation=nation))
    assert [link["href"] for link in block["links"]] == ["tel:999", "tel:18000"]
    assert block["type"] == "error"


# --- the channel


async def sent(*messages: dict[str, Any]) -> list[blocks.Block]:
    channel = BlockChannel()
    for message in messages:
        await channel.send_response("somebody", message)
    return channel.blocks


async def test_text_is_a_paragraph() -> None:
    assert await sent({"text": "Hello."}) == [{"type": "paragraph", "text": "Hello."}]


async def test_blocks_keep_their_order_and_come_once() -> None:
    card = blocks.care_card("urgent", "T", ["Call."], [])
    order = [
        blocks.paragraph("a"),
        card,
        blocks.choices([("Yes", "/affirm")]),
        blocks.paragraph("b", statement="x.1"),
    ]
    as_rasa_sends = [
        {
            "text": message.get("text"),
            "buttons": message.get("buttons"),
            "custom": message.get("json_message", {}),
        }
        for message in (blocks.to_rasa(block) for block in order)
    ]
    assert await sent(*as_rasa_sends) == order


async def test_a_response_with_more_keeps_both() -> None:
    assert await sent({"text": "Done.", "custom": {"erased": ["s1"]}}) == [
        {"type": "paragraph", "text": "Done.", "erased": ["s1"]}
    ]


async def test_buttons_of_a_response_are_choices() -> None:
    assert await sent({"text": "Q?", "buttons": [{"title": "Yes", "payload": "/affirm"}]}) == [
        blocks.paragraph("Q?"),
        blocks.choices([("Yes", "/affirm")]),
    ]


def test_the_channels_name() -> None:
    assert BlockChannel.name() == "saferchat"


# --- the model that there is


def test_no_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model in .*make train"):
        newest_model(Settings(model=str(tmp_path)))


def test_the_newest_model_is_taken(tmp_path: Path) -> None:
    import os

    for age, name in ((100, "b.tar.gz"), (50, "a.tar.gz"), (70, "c.tar.gz")):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    assert newest_model(Settings(model=str(tmp_path))).name == "a.tar.gz"
    assert newest_model(Settings(model=str(tmp_path / "b.tar.gz"))).name == "b.tar.gz"


async def test_a_model_that_cannot_be_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"not an archive")
    with pytest.raises(ModelError, match=r"broken\.tar\.gz"):
        await Assistant.load(broken, Settings(data_dir=tmp_path))


def test_stale_is_told_from_fresh(tmp_path: Path) -> None:
    assert training.is_fresh(tmp_path, "x") is False
    training.mark_file(tmp_path).write_text(json.dumps({"fingerprint": "x"}))
    assert training.is_fresh(tmp_path, "x") is False, "there is no model beside it"
    (tmp_path / "safer-sleep.tar.gz").write_bytes(b"")
    assert training.is_fresh(tmp_path, "x") is True
    assert training.is_fresh(tmp_path, "y") is False
    training.mark_file(tmp_path).write_text("{")
    assert training.is_fresh(tmp_path, "x") is False


@pytest.mark.parametrize(
    "name",
    [
        "config.yml",
        "domain.yml",
        "data/nlu/topics/x.yml",
        "data/stories/x.yml",
        "bot/guidance/topics/x.yml",
        "bot/understanding/x.py",
        "bot/understanding/x.yml",
        "bot/vocabulary.py",
        "requirements.txt",
    ],
)
def test_the_fingerprint_changes_with_what_a_model_is_made_of(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    seen = {training.fingerprint(tmp_path)}
    for text in ("a", "b"):
        path.write_text(text)
        seen.add(training.fingerprint(tmp_path))
    (tmp_path / "README.md").write_text("not part of it")
    seen.add(training.fingerprint(tmp_path))
    assert len(seen) == 3


# --- the trained model itself


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.fixture(scope="module")
def real(loop: asyncio.AbstractEventLoop) -> Iterator[Assistant]:
    """The assistant on the trained model, trained first where it is stale."""
    subprocess.run([sys.executable, "-W", "ignore", "-m", "bot.cli", "train"], check=True, cwd=ROOT)
    made = loop.run_until_complete(Assistant.load())
    yield made
    made.close()


def test_a_real_turn(real: Assistant, loop: asyncio.AbstractEventLoop) -> None:
    turn = loop.run_until_complete(real.turn("real-1", "can he nap with me on the sofa", "m1", explain=True))
    assert turn.failed is False
    assert {"sofa_armchair"} <= {topic["id"] for topic in turn.parse["topics"]}
    assert any(str(block.get("statement", "")).startswith("sofa_armchair.") for block in turn.blocks)


def test_a_slash_is_text_for_the_real_model(real: Assistant, loop: asyncio.AbstractEventLoop) -> None:
    turn = loop.run_until_complete(real.turn("real-2", "/delete_record", "m1", explain=True))
    assert turn.parse["text"] == "delete_record"
    assert len(turn.parse["intent_ranking"]) > 1, "Rasa would have read an intent typed by hand"


def test_a_real_action_that_raises_is_the_emergency_line(
    real: Assistant,
    loop: asyncio.AbstractEventLoop,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def breaks(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("he is called Wilfred")

    monkeypatch.setitem(real.agent.action_endpoint.executor.actions, "action_welcome", breaks)
    with caplog.at_level(logging.DEBUG):
        turn = loop.run_until_complete(real.turn("real-3", "hello from wilfred", "m1", payload="/greet"))
    assert turn.failed is True
    assert turn.blocks == (FAILED,)
    ours = [each for each in caplog.records if each.name.startswith("bot")]
    assert not any("ilfred" in each.getMessage() for each in ours)
    monkeypatch.undo()
    again = loop.run_until_complete(real.turn("real-3", "hello", "m2", payload="/greet"))
    assert again.failed is False


def test_the_emergency_needs_nobody_and_nothing(real: Assistant, loop: asyncio.AbstractEventLoop) -> None:
    turn = loop.run_until_complete(real.turn("real-4", "hes not breathing", "m1", explain=True))
    assert turn.blocks[0]["type"] == "care_card"
    assert "999" in turn.blocks[0]["items"][0]
    assert turn.parse["urgency"] == "emergency"


@pytest.mark.parametrize(
    "text", ["", "   ", "😴", "?" * 500, "a" * 3000, "\x00\x01", "{}", '/ask_advice{"topic": "x"}', "[a](b)"]
)
def test_whatever_is_typed_there_is_an_answer(
    real: Assistant, loop: asyncio.AbstractEventLoop, text: str
) -> None:
    turn = loop.run_until_complete(real.turn("real-5", text, f"m{len(text)}"))
    assert turn.blocks
    assert turn.failed is False
