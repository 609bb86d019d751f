"""Conversation scripts: what people and the assistant say, as YAML that reads like a play.

A script is a mapping with ``about`` (one sentence), optionally ``role``, ``family``
(``none`` for somebody anonymous), ``nation`` and ``at`` (a time in London), and ``steps``.
A step is one of:

=================================  ====================================================
they say: text                     a person types
they press: label                  a person presses a choice of the last answer
bot gives: [ids]                   the answer holds these statements (any order)
bot gives first: id                the first statement of the answer
bot never gives: [ids or id*]      no statement of the answer matches
bot acknowledges: kind             the first line is one of the topic's lines for this kind
bot says: [parts]                  the answer holds these words
bot never says: [parts]            the answer holds none of them
bot asks: question                 what is open now begins with this (``nothing`` for none)
bot shows: level                   the answer holds a care card of this level, first
bot shows no card: true            no care card in the answer
bot offers: [labels]               the choices of the answer hold these
bot answers in: n bubbles          that many blocks that are not choices
understood: {act, kind, ...}       what was understood of the last message
record holds: {advice, checks, answers}   rows of this person's record
family record holds: {advice: [...]}      what a practitioner would see; [] for nothing
family record lacks: [ids or id*]         what a practitioner would not see
another conversation: {as, after days}    a new session: same person, or another carer
=================================  ====================================================
"""

from __future__ import annotations

import asyncio
import fnmatch
import itertools
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bot import clock
from bot.blocks import Block, as_text
from bot.dialogue.host import Assistant, Turn
from bot.errors import UnknownSession
from bot.guidance.library import load_library
from bot.record import Claims, Session, the_record
from bot.settings import ROOT
from bot.vocabulary import BlockType, Kind, Nation, Role

LONDON = ZoneInfo("Europe/London")
AN_AFTERNOON = "2026-11-24 14:00"
_numbers = itertools.count(1)


class StepFailed(AssertionError):
    """A step did not come true; the message shows the conversation so far."""


@dataclass(frozen=True)
class Script:
    """A conversation as it stands in its file."""

    path: Path
    about: str
    steps: list[dict[str, Any]]
    role: Role = Role.PARENT
    family: str | None = ""
    nation: Nation = Nation.ENGLAND
    at: str = AN_AFTERNOON


def read_script(path: Path) -> Script:
    """Read a script; a wrong key is an error that names it."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    unknown = set(raw) - {"about", "role", "family", "nation", "at", "steps"}
    assert not unknown, f"{path.name}: unknown keys {unknown}"
    assert raw.get("about") and raw.get("steps"), f"{path.name}: needs 'about' and 'steps'"
    family = raw.get("family", "")
    return Script(
        path,
        raw["about"],
        raw["steps"],
        Role(raw.get("role", "parent")),
        None if family == "none" else family,
        Nation(raw.get("nation", "england")),
        str(raw.get("at", AN_AFTERNOON)),
    )


class Stage:
    """The assistant with its record, loaded once for all scripts."""

    def __init__(self) -> None:
        # In a process of its own: training is a command that people run, and takes memory.
        subprocess.run([sys.executable, "-m", "bot.cli", "train"], check=True, cwd=ROOT)
        self.loop = asyncio.new_event_loop()
        self.assistant = self.loop.run_until_complete(Assistant.load())
        self.record = the_record()
        self.record.migrate()

    def play(self, script: Script) -> None:
        """Play a script to its end."""
        Play(self, script).run()

    def close(self) -> None:
        """Let go of the record and the loop."""
        self.assistant.close()
        self.record.close()
        self.loop.close()


@dataclass
class Play:
    """One script being played."""

    stage: Stage
    script: Script
    session: Session | None = None
    turn: Turn | None = None
    lines: list[str] = field(default_factory=list)
    spoken: int = 0

    def __post_init__(self) -> None:
        number = next(_numbers)
        self.subject = f"person-{number}"
        self.family = None if self.script.family is None else self.script.family or f"family-{number}"
        self.moment = datetime.fromisoformat(self.script.at).replace(tzinfo=LONDON)
        self.role = self.script.role

    def run(self) -> None:
        """Every step in order."""
        self._start_session()
        for step in self.script.steps:
            assert len(step) == 1, f"a step is one thing: {step}"
            ((words, value),) = step.items()
            handler = STEPS.get(words)
            assert handler is not None, f"{self.script.path.name}: there is no step {words!r}"
            with ExitStack() as stack:
                stack.enter_context(clock.at(self.moment.astimezone(clock.UTC)))
                handler(self, value)
            self.moment += timedelta(seconds=20)

    # What people do ------------------------------------------------------------

    def they_say(self, text: str) -> None:
        """Type a message."""
        self._take(str(text), None)

    def they_press(self, label: str) -> None:
        """Press a choice that the last answer showed."""
        options = {o["label"]: o["payload"] for b in self._blocks("choices") for o in b["options"]}
        self.check(label in options, f"there is no choice {label!r}, only {list(options)}")
        self._take(label, options[label])

    def another_conversation(self, value: Mapping[str, Any]) -> None:
        """Come back in a new session."""
        self.moment += timedelta(days=value.get("after days", 0))
        who = value.get("as", "same person")
        if who != "same person":
            self.role = Role(who)
            self.subject = f"{self.subject}-{who}"
        self._start_session()
        self.lines.append(f"--- {who}, {self.moment:%d %B %H:%M}")

    # What the assistant does ---------------------------------------------------

    def bot_gives(self, ids: list[str]) -> None:
        missing = set(ids) - set(self.given())
        self.check(not missing, f"did not give {sorted(missing)}")

    def bot_gives_first(self, statement: str) -> None:
        self.check(self.given()[:1] == [statement], f"gave first {self.given()[:1]}")

    def bot_never_gives(self, patterns: list[str]) -> None:
        wrong = [s for s in self.given() for p in patterns if fnmatch.fnmatch(s, p)]
        self.check(not wrong, f"gave {wrong}")

    def bot_acknowledges(self, kind: str) -> None:
        lines = {
            line for topic in load_library().topics.values() for line in topic.acknowledgements(Kind(kind))
        }
        first = as_text(self.blocks()[0])
        self.check(first in lines, f"the first line is no line for a {kind}: {first!r}")

    def bot_says(self, parts: list[str] | str) -> None:
        for part in [parts] if isinstance(parts, str) else parts:
            self.check(part.lower() in self.text().lower(), f"did not say {part!r}")

    def bot_never_says(self, parts: list[str] | str) -> None:
        for part in [parts] if isinstance(parts, str) else parts:
            self.check(part.lower() not in self.text().lower(), f"said {part!r}")

    def bot_asks(self, question: str) -> None:
        found = self._slot("question") or "nothing"
        self.check(str(found).startswith(question), f"what is open is {found!r}")

    def bot_shows(self, level: str) -> None:
        first = self.blocks()[0]
        self.check(first.get("level") == level, f"the first block is {first}")
        rest = [b["type"] for b in self.blocks()[1:]]
        allowed = {"choices"} if level == "emergency" else {"choices", "paragraph"}
        self.check(set(rest) <= allowed, f"after the card came {rest}")

    def bot_shows_no_card(self, value: bool) -> None:
        self.check(not self._blocks("care_card"), "showed a care card")

    def bot_offers(self, labels: list[str]) -> None:
        found = [o["label"] for b in self._blocks("choices") for o in b["options"]]
        missing = [label for label in labels if label not in found]
        self.check(not missing, f"did not offer {missing}, only {found}")

    def bot_answers_in(self, bubbles: str) -> None:
        count = len([b for b in self.blocks() if b["type"] != BlockType.CHOICES])
        self.check(f"{count} bubbles" == bubbles, f"answered in {count} bubbles")

    def understood(self, wanted: Mapping[str, Any]) -> None:
        parse = self.turn.parse if self.turn else {}
        for key, value in wanted.items():
            found: Any = parse.get(key)
            if key == "topics":
                found = [topic["id"] for topic in parse.get("topics", [])]
                self.check(set(value) <= set(found), f"understood topics {found}")
            elif key == "intent":
                self.check(parse["intent"]["name"] == value, f"intent {parse['intent']}")
            else:
                self.check(found == value, f"understood {key} {found!r}")

    def record_holds(self, wanted: Mapping[str, Any]) -> None:
        assert self.session is not None
        now = clock.now()
        try:
            history = self.stage.record.history(self.session.session_id, now).advice
        except UnknownSession:  # erased, session and all
            self.check(wanted == {"advice": []}, "the record knows nothing of this session")
            return
        rows = {row.statement_id: row for row in history}
        for statement in wanted.get("advice", []):
            self.check(statement in rows, f"the record has only {sorted(rows)}")
        if wanted.get("advice") == []:
            self.check(not rows, f"the record has {sorted(rows)}")
        for statement, outcome in wanted.get("checks", {}).items():
            row = rows.get(statement)
            found = f"{row.check_method} {row.check_outcome}" if row else "no row"
            self.check(outcome in found, f"the check of {statement} is {found}")
        answers: dict[str, str] = {}
        for answer in self.stage.record.answers(self.session.session_id, now):
            answers.setdefault(answer.fact, f"{answer.value} about {answer.about}")
        for fact, value in wanted.get("answers", {}).items():
            found = answers.get(fact, "not there")
            self.check(str(value).lower() in found.lower(), f"the answer to {fact} is {found}")

    def family_record_holds(self, wanted: Mapping[str, Any]) -> None:
        assert self.family is not None
        rows = self.stage.record.family_advice(self.family, clock.now())
        found = {row.statement_id for row in rows}
        if not wanted["advice"]:
            self.check(not found, f"the family's record has {sorted(found)}")
        missing = set(wanted["advice"]) - found
        self.check(not missing, f"the family's record has only {sorted(found)}")

    def family_record_lacks(self, patterns: list[str]) -> None:
        assert self.family is not None
        rows = self.stage.record.family_advice(self.family, clock.now())
        wrong = {r.statement_id for r in rows for p in patterns if fnmatch.fnmatch(r.statement_id, p)}
        self.check(not wrong, f"the family's record has {sorted(wrong)}")

    # Within --------------------------------------------------------------------

    def blocks(self) -> list[Block]:
        """The blocks of the last answer."""
        return list(self.turn.blocks) if self.turn else []

    def given(self) -> list[str]:
        """The statements of the last answer."""
        return [b["statement"] for b in self.blocks() if b.get("statement")]

    def text(self) -> str:
        """The last answer in words."""
        return "\n".join(as_text(block) for block in self.blocks())

    def check(self, truth: bool, complaint: str) -> None:
        """Fail with the conversation so far."""
        if not truth:
            parse = self.turn.parse if self.turn else {}
            seen = {k: parse.get(k) for k in ("act", "kind", "topics", "urgency", "because")}
            raise StepFailed(
                "\n".join([f"{self.script.path.name}: the assistant {complaint}", *self.lines, f"{seen}"])
            )

    def _start_session(self) -> None:
        claims = Claims(self.subject, self.role, self.family, None, self.script.nation)
        with clock.at(self.moment.astimezone(clock.UTC)):
            self.session = self.stage.record.start_session(claims, clock.now(), 24, 30)

    def _take(self, text: str, payload: str | None) -> None:
        assert self.session is not None
        self.spoken += 1
        self.turn = self.stage.loop.run_until_complete(
            self.stage.assistant.turn(
                self.session.session_id, text, f"message-{self.spoken}", payload=payload, explain=True
            )
        )
        self.lines.append(f"> {text}")
        self.lines += [f"  {as_text(block)}" for block in self.turn.blocks]
        for block in self.turn.blocks:
            for session_id in block.get("erased", []):
                self.stage.loop.run_until_complete(self.stage.assistant.forget(session_id))

    def _blocks(self, kind: str) -> list[Block]:
        return [block for block in self.blocks() if block["type"] == kind]

    def _slot(self, name: str) -> Any:
        assert self.session is not None
        tracker = self.stage.loop.run_until_complete(
            self.stage.assistant.agent.tracker_store.retrieve(self.session.session_id)
        )
        return tracker.get_slot(name) if tracker else None


STEPS: dict[str, Callable[[Play, Any], None]] = {
    "they say": Play.they_say,
    "they press": Play.they_press,
    "another conversation": Play.another_conversation,
    "bot gives": Play.bot_gives,
    "bot gives first": Play.bot_gives_first,
    "bot never gives": Play.bot_never_gives,
    "bot acknowledges": Play.bot_acknowledges,
    "bot says": Play.bot_says,
    "bot never says": Play.bot_never_says,
    "bot asks": Play.bot_asks,
    "bot shows": Play.bot_shows,
    "bot shows no card": Play.bot_shows_no_card,
    "bot offers": Play.bot_offers,
    "bot answers in": Play.bot_answers_in,
    "understood": Play.understood,
    "record holds": Play.record_holds,
    "family record holds": Play.family_record_holds,
    "family record lacks": Play.family_record_lacks,
}
