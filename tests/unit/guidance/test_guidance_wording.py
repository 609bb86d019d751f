"""Every sentence that the assistant can say keeps to the wording rules.

Exceptions stand here, each with its reason; there are none elsewhere.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.blocks import LEVELS
from bot.dialogue.host import FAILURE_TEXT
from bot.guidance.emergencies import load_red_flags
from bot.guidance.facts import load_facts
from bot.guidance.library import GUIDANCE_DIR, load_library
from bot.guidance.schema import PHONE_NUMBER
from bot.guidance.services import load_services, resolve
from bot.settings import ROOT
from bot.vocabulary import Evidence, Kind, Nation

MOST_WORDS = 20

BLAME = (
    "your fault", "you should have", "you shouldn't", "should not have", "blame", "careless", "irresponsible",
    "selfish", "lazy", "silly", "stupid", "foolish", "naughty", "guilty", "ashamed", "shame", "negligent",
    "neglect", "reckless", "disappointed", "bad parent", "bad mother", "bad father", "bad mum", "bad dad",
    "good parent", "good mother", "failed", "ignorant", "you must admit", "thank you for being honest",
    "thanks for being honest", "confess", "admit", "how could you", "wrong of you", "risked your baby",
)  # fmt: skip
FEAR = ("killed", "will die", "could die tonight", "suffocate to death", "tragic", "horrific", "deadly")
JARGON = ("supine", "prone", "hypoxia", "aetiology", "modifiable", "adherence", "co-morbid", "overlaying")
OFFICE = ("111 online", "your gp", "i've noted", "i have noted", "great question")

EXCEPTIONS = {
    ("redflag.6", "bad parent"): "says that somebody is not a bad parent for having such thoughts",
    ("out_of_routine.4", "shame"): "tells a practitioner to ask in a way that carries no shame",
    ("room_sharing.4", "ashamed"): "says that a small home is nothing to be ashamed of",
    ("redflag.6", "safe"): "another safe adult: about a person who can help, promises nothing about sleep",
}
"""(where, word): why the word may stand there."""

Said = tuple[str, str]


def library_words() -> Iterator[Said]:
    library = load_library()
    for statement in library.statements():
        for name in ("say", "tonight", "why", "holding"):
            wording = getattr(statement.entry, name)
            if wording is not None:
                yield statement.id, wording.text()
        for point in statement.entry.key_points:
            yield statement.id, point.point
    for topic in library.topics.values():
        yield f"{topic.id}.title", topic.file.title.text()
        for kind in Kind:
            for line in topic.file.acknowledge.get(kind, ()):
                yield f"{topic.id}.{kind}", line
        if topic.file.holding is not None:
            yield f"{topic.id}.holding", topic.file.holding.text()


def red_flag_words() -> Iterator[Said]:
    for flag in load_red_flags().values():
        for line in (flag.title, flag.first_line, *flag.then):
            yield flag.id, line


def response_words() -> Iterator[Said]:
    domain: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text())
    for name, variants in domain["responses"].items():
        for variant in variants:
            yield name, variant["text"]


def code_words() -> Iterator[Said]:
    """Labels and lines that stand in the actions' code, docstrings left out."""
    for path in sorted((ROOT / "actions").glob("*.py")):
        tree = ast.parse(path.read_text())
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        logs = {
            id(argument)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "error"
            for argument in node.args
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | logs:
                first = node.value.strip()[:1]
                if first.isupper() and node.value not in Kind.__members__:
                    yield f"actions/{path.name}:{node.lineno}", node.value


def other_words() -> Iterator[Said]:
    for fact in load_facts().values():
        yield f"fact.{fact.id}", fact.ask
    for name, nations in load_services().items():
        for line in nations.values():
            yield f"service.{name}", line.title
            yield f"service.{name}", line.purpose
    yield "failure", FAILURE_TEXT
    for level in LEVELS.values():
        yield "level", level


EVERYTHING = list(
    dict.fromkeys([*library_words(), *red_flag_words(), *response_words(), *code_words(), *other_words()])
)


def sentences(text: str) -> list[str]:
    return [each for each in re.split(r"(?<=[.!?:])\s+", text) if each]


def full_sentences(text: str) -> list[str]:
    return [each for each in re.split(r"(?<=[.!?])\s+", text) if each]


def holds(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w']){re.escape(word)}(?![\w'])", text, re.IGNORECASE) is not None


def breaking(words: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return [
        (where, word, text)
        for where, text in EVERYTHING
        for word in words
        if holds(text, word) and (where, word) not in EXCEPTIONS
    ]


POINTS = {point.point for statement in load_library().statements() for point in statement.entry.key_points}


def test_there_is_something_to_look_at() -> None:
    places = {where.split(".")[0].split(":")[0] for where, _ in EVERYTHING}
    assert {"alcohol", "co_sleeping_bed", "redflag", "utter_hello", "fact", "service", "failure"} <= places
    assert len(EVERYTHING) > 600


def test_sentences_have_at_most_twenty_words() -> None:
    long = [
        (where, len(sentence.split()), sentence)
        for where, text in EVERYTHING
        for sentence in sentences(text)
        if len(sentence.split()) > MOST_WORDS
    ]
    assert long == []


@pytest.mark.parametrize("nation", list(Nation))
def test_they_do_with_the_numbers_of_each_nation_too(nation: Nation) -> None:
    """A number counts as one word, however it is grouped."""
    long = []
    for where, text in EVERYTHING:
        resolved = re.sub(r"(?<=\d) (?=\d)", "", resolve(text, nation))
        long += [(where, each) for each in sentences(resolved) if len(each.split()) > MOST_WORDS]
    assert long == []


@pytest.mark.parametrize("words", [BLAME, FEAR, JARGON, OFFICE], ids=["blame", "fear", "jargon", "office"])
def test_words_that_are_not_said(words: tuple[str, ...]) -> None:
    assert breaking(words) == []


def test_safer_not_safe() -> None:
    """Nothing is promised: "safer", never "safe", "safest", "safely" or "no risk"."""
    assert (
        breaking(("safe", "safest", "safely", "risk-free", "no risk", "guarantee", "guaranteed", "fine to"))
        == []
    )


def test_every_exception_is_still_needed() -> None:
    for where, word in EXCEPTIONS:
        assert any(place == where and holds(text, word) for place, text in EVERYTHING), (where, word)


def test_no_exclamation_marks_semicolons_brackets_or_emoji() -> None:
    wrong = [
        (where, text)
        for where, text in EVERYTHING
        if re.search(r"[!;\[\]()]", text) or any(ord(letter) > 0x2030 for letter in text)
    ]
    assert wrong == []


def test_baby_is_baby() -> None:
    """Never he or she: the baby may be either, and there may be two."""
    assert (
        breaking(("he", "she", "him", "her", "his", "hers", "himself", "herself", "it's", "boy", "girl"))
        == []
    )


def test_a_number_is_never_written_out() -> None:
    """Every phone number comes from services.yml, because nations differ."""
    literal = [
        (where, text) for where, text in EVERYTHING if PHONE_NUMBER.search(text) and "service" not in where
    ]
    assert literal == []


def test_first_lines_fit_once_each() -> None:
    """At least three lines a kind, all different, none said of another kind or topic."""
    seen: dict[str, str] = {}
    for topic in load_library().topics.values():
        for kind in (Kind.QUESTION, Kind.DISCLOSURE, Kind.STATEMENT):
            lines = topic.file.acknowledge.get(kind, ())
            assert len(lines) >= 3, (topic.id, kind)
            for line in lines:
                assert line not in seen, (topic.id, seen.get(line), line)
                seen[line] = topic.id
                assert line.strip() == line and line.endswith("."), line
                assert len(sentences(line)) == 1, line


def test_a_statement_is_at_most_three_sentences_and_two_at_night() -> None:
    for statement in load_library().statements():
        entry = statement.entry
        assert len(full_sentences(entry.say.text())) <= 3, statement.id
        if entry.tonight:
            assert len(full_sentences(entry.tonight.text())) <= 2, statement.id
        if entry.why:
            assert len(full_sentences(entry.why.text())) <= 3, statement.id


def test_naming_the_points_that_were_missed_keeps_to_twenty_words() -> None:
    """Key points are said as part of a sentence: "The other part is: {missing}."."""
    from actions.teach_back import _first

    long = []
    for statement in load_library().statements():
        points = tuple(point.point for point in statement.entry.key_points)
        if points and len(_first(points).split()) > MOST_WORDS:
            long.append((statement.id, len(_first(points).split())))
    assert long == []


def test_every_wording_ends_as_a_sentence() -> None:
    for where, text in [*library_words(), *red_flag_words(), *response_words()]:
        named = where.endswith(".title") or text in {flag.title for flag in load_red_flags().values()}
        assert named or text[-1] in ".?}" or text in POINTS, (where, text)
    for statement in load_library().statements():
        for name in ("say", "tonight", "why", "holding"):
            wording = getattr(statement.entry, name)
            assert wording is None or wording.text()[-1] in ".?", (statement.id, name)


def test_ids_and_files_match_their_topic() -> None:
    for path in sorted((GUIDANCE_DIR / "topics").glob("*.yml")):
        topic = load_library().topics[path.stem]
        for statement in topic.statements:
            assert re.fullmatch(rf"{path.stem}\.\d+[a-z]?", statement.id), statement.id
            assert statement.topic == path.stem


def test_sources_have_name_year_and_address() -> None:
    raw: dict[str, dict[str, str]] = yaml.safe_load((GUIDANCE_DIR / "sources.yml").read_text())["sources"]
    for key, source in raw.items():
        assert source["name"].strip(), key
        assert re.search(r"\b(19|20)\d\d\b|^n\.d\.|^c\.20\d\d", source["year"]), (key, source["year"])
        assert re.match(r"https?://[^\s/]+\.[a-z]{2,}", source["url"]), (key, source["url"])


def test_every_statement_but_background_cites_a_source() -> None:
    for statement in load_library().statements():
        if statement.entry.evidence != Evidence.BACKGROUND:
            assert statement.sources, statement.id
        for source in statement.sources:
            assert source.url.startswith("http")


def test_dates_of_review() -> None:
    for statement in load_library().statements():
        entry = statement.entry
        assert entry.reviewed_on < entry.review_due
        assert (entry.review_due - entry.reviewed_on).days <= 366, statement.id


def test_phrasings_belong_to_one_statement() -> None:
    seen: dict[str, str] = {}
    for statement in load_library().statements():
        for phrasing in statement.entry.asked_as:
            key = re.sub(r"\W+", " ", phrasing.lower()).strip()
            assert key not in seen, (statement.id, seen.get(key), phrasing)
            seen[key] = statement.id


def test_parents_are_told_any_alcohol() -> None:
    """NICE's two units are for practitioners; parents and carers hear the stricter rule."""
    for statement in load_library().statements():
        words = " ".join(
            wording.text()
            for wording in (statement.entry.say, statement.entry.tonight, statement.entry.why)
            if wording is not None
        )
        if re.search(r"\b(two|2) (or more )?units\b", words):
            assert [str(each) for each in statement.entry.audience] == ["practitioner"], statement.id


def test_the_wording_files_hold_no_todo() -> None:
    for path in [*Path(GUIDANCE_DIR).rglob("*.yml"), ROOT / "domain.yml"]:
        assert not re.search(r"\b(TODO|FIXME|XXX|TBC|lorem)\b", path.read_text()), path.name
