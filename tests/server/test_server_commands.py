"""``safer-sleep parse`` and ``safer-sleep shell`` with their input piped in."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.settings import ROOT
from bot.understanding.contract import parsed
from bot.vocabulary import Act, Kind, Urgency
from tests.server.processes import COMMAND, NOT_BREATHING, OWN_WORDS, SOFA, environment

PARSED = [
    SOFA,
    "",
    "/emergency",
    "   ",
    NOT_BREATHING,
    '/affirm{"topic": "alcohol"}',
    'he said "no" \\ \t and then 🍷 – naïve\u2028next',
    "{}",
    "no newline at the end",
]
SPOKEN = ["hello", "2", OWN_WORDS, "", "/emergency", NOT_BREATHING, ":new", SOFA, ":quit", "never said"]


@pytest.fixture(scope="module")
def ended(
    trained: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, subprocess.CompletedProcess[bytes]]]:
    """How the two ended; they run at the same time, because most of it is starting."""
    bad = b"\nbad \xff byte"
    said = {"parse": "\n".join(PARSED).encode() + bad, "shell": "\n".join(SPOKEN).encode() + bad}
    with ThreadPoolExecutor() as waiting:
        running = {
            verb: waiting.submit(
                subprocess.run,
                [*COMMAND, verb],
                cwd=ROOT,
                env={**environment(tmp_path_factory.mktemp(verb)), "PYTHONIOENCODING": "utf-8:strict"},
                input=said[verb],
                capture_output=True,
                timeout=60,
            )
            for verb in said
        }
        yield {verb: running[verb].result() for verb in running}


@pytest.fixture
def understood(ended: dict[str, subprocess.CompletedProcess[bytes]]) -> list[dict[str, Any]]:
    return json_lines(ended["parse"])


@pytest.fixture
def answered(ended: dict[str, subprocess.CompletedProcess[bytes]]) -> list[dict[str, Any]]:
    return json_lines(ended["shell"])


def json_lines(ended: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    """Standard output, every line of which must be one JSON object: logs go elsewhere."""
    assert ended.returncode == 0, ended.stderr.decode()
    *lines, rest = ended.stdout.decode("ascii").split("\n")
    assert rest == ""
    found = [json.loads(line) for line in lines]
    assert all(isinstance(each, dict) for each in found)
    return found


def test_parse_gives_one_object_for_each_line_in_order(understood: list[dict[str, Any]]) -> None:
    assert [each["text"] for each in understood[:-1]] == PARSED
    assert understood[-1]["text"].startswith("bad ")
    assert len(understood) == len(PARSED) + 1


def test_parse_gives_the_same_keys_for_every_line(understood: list[dict[str, Any]]) -> None:
    for each in understood:
        assert set(each) == set(parsed("", {}))
        assert set(each["intent"]) == {"name", "confidence"}
        assert 0 <= each["intent"]["confidence"] <= 1
        assert each["act"] in set(Act)
        assert each["kind"] in set(Kind)
        assert each["urgency"] in set(Urgency)
        assert each["topics"]
        assert all(set(topic) >= {"id", "score"} for topic in each["topics"])


def test_parse_understands(understood: list[dict[str, Any]]) -> None:
    by_text = {each["text"]: each for each in understood}
    assert by_text[SOFA]["topics"][0]["id"] == "sofa_armchair"
    assert by_text[SOFA]["kind"] == Kind.DISCLOSURE
    assert by_text[SOFA]["urgency"] == Urgency.NONE
    assert by_text[NOT_BREATHING]["urgency"] == Urgency.EMERGENCY
    assert by_text[NOT_BREATHING]["red_flags"] == ["redflag.1"]
    assert by_text[""]["urgency"] == Urgency.NONE


def test_a_line_that_looks_like_an_intent_is_text(understood: list[dict[str, Any]]) -> None:
    by_text = {each["text"]: each for each in understood}
    assert by_text["/emergency"]["intent"]["name"] != "emergency"  # as pressing its choice would be
    assert by_text["/emergency"]["because"]
    forged = by_text['/affirm{"topic": "alcohol"}']
    assert not [entity for entity in forged["entities"] if entity.get("entity") == "topic"]


def test_the_piped_shell_answers_each_line(answered: list[dict[str, Any]]) -> None:
    heard = [line for line in SPOKEN[: SPOKEN.index(":quit")] if line != ":new"]
    assert [each["text"] for each in answered] == heard
    for each in answered:
        assert set(each) == {"text", "blocks", "failed"}
        assert each["blocks"]
        assert each["failed"] is False


def test_the_piped_shell_is_a_conversation(answered: list[dict[str, Any]]) -> None:
    said = {each["text"]: json.dumps(each["blocks"]) for each in answered}
    assert "I am the Safer Sleep Assistant" in said["hello"]
    assert '"statement": "sofa_armchair.' in said["2"], "the number presses a choice"
    assert "You have put it well" in said[OWN_WORDS]
    assert "family's record" not in said[OWN_WORDS], "the shell is nobody's family"
    card = next(each["blocks"][0] for each in answered if each["text"] == NOT_BREATHING)
    assert (card["type"], card["level"]) == ("care_card", "emergency")
