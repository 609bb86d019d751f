"""The red-flag rules: each phrase fires, each idiom does not, and what excuses a phrase."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.errors import UnderstandingError
from bot.guidance.emergencies import load_red_flags
from bot.understanding.red_flag_rules import RULES_FILE, RedFlagRules, rules
from bot.vocabulary import Urgency

RAW: dict[str, Any] = yaml.safe_load(RULES_FILE.read_text())
PHRASES = [(rule["id"], phrase) for rule in RAW["rules"] for phrase in rule["phrases"]]


def instance(phrase: str, filler: int = 0) -> str:
    """The plainest words that a phrase of the rules file stands for."""
    words = []
    for part in phrase.split():
        if part == "*":
            words += ["oh"] * filler
            continue
        first = part.rstrip("?").split("|")[0]
        words.append(RAW["concepts"][first[1:]][0] if first.startswith("@") else first)
    return " ".join(words)


def fired(text: str) -> dict[str, bool]:
    """The rules that match, and whether each is excused."""
    return {firing.rule: firing.excused for firing in rules().find(text)}


def gravest(text: str) -> Urgency:
    """The most urgent rule that matches and is not excused."""
    return next((f.urgency for f in rules().find(text) if not f.excused), Urgency.NONE)


@pytest.mark.parametrize(("rule", "phrase"), PHRASES)
def test_every_phrase_can_match(rule: str, phrase: str) -> None:
    """A phrase that spaCy's tokens never look like would be dead weight."""
    assert rule in fired(instance(phrase))


@pytest.mark.parametrize("idiom", RAW["idioms"])
def test_no_idiom_fires(idiom: str) -> None:
    for filler in (0, 1):
        assert fired(instance(idiom, filler)) == {}


def test_flags_and_urgencies_exist() -> None:
    for rule in RAW["rules"]:
        assert rule["flag"] in load_red_flags(), rule["id"]
        Urgency(rule["urgency"])
        assert set(rule.get("ignores", ())) <= set(RAW["scopes"]), rule["id"]
    assert len({rule["id"] for rule in RAW["rules"]}) == len(RAW["rules"])


def test_every_red_flag_of_the_evidence_has_a_rule() -> None:
    assert {rule["flag"] for rule in RAW["rules"]} == {f"redflag.{number}" for number in range(1, 16)}


@pytest.mark.parametrize(
    "text",
    [
        "hes not breathing",
        "HES NOT BREATHING",
        "he’s not breathing",
        "hes nt breathing",
        "shes stopped breathing",
        "he cant breathe",
        "she wont wake up",
        "cant wake her",
        "he is unresponsive",
        "shes gone blue",
        "his lips are blue",
        "hes limp",
        "think hes dead",
        "he's gasping for air",
        "shes not moving",
        "she isnt moving",
        "hes not responding",
        "he went grey",
        "baby blue help",
        "struggling to breathe",
        "shes having a fit",
        "he is grunting",
        "being sick and its green vomit",
        "sucking in under his ribs",
        "rash that doesnt fade",
        "i dropped him",
        "my husband shook her",
        "he fell off the bed",
        "hes been shaken",
        "bleeding wont stop",
        "i am so drunk right now with baby",
        "passed out on the sofa with him",
        "too drunk to look after her",
        "i want to die",
        "i want to kill myself",
        "they would be better off without me",
        "i'm suicidal",
        "ive taken an overdose",
        "voices telling me to do it",
        "hes going to kill me",
        "he is hitting me",
        "my partner hit me",
        "im going to shake him",
        "about to snap",
        "feel like throwing her",
        "he swallowed a battery",
        "she ate a tablet",
        "i can smell gas",
        "carbon monoxide alarm",
        "slumped in the car seat",
        "shes choking",
        "something stuck in her throat",
        "my partner has collapsed",
    ],
)
def test_danger_now_is_an_emergency(text: str) -> None:
    assert gravest(text) == Urgency.EMERGENCY


@pytest.mark.parametrize(
    "text",
    [
        "im drunk and hes on my chest",
        "im drunk with the baby on the sofa",
        "im pissed and on the sofa with baby",
        "could someone help hes not breathing",
        "my friend is coming hes not breathing",
        "my nephew isnt breathing",
        "minding my niece and shes gone blue",
        "i just woke up when i picked him up he was limp and not breathing",
    ],
)
def test_danger_now_that_stands_among_other_words(text: str) -> None:
    """Somebody else's baby, a friend on the way or a "could" does not make it a story."""
    assert gravest(text) == Urgency.EMERGENCY


@pytest.mark.parametrize(
    "text",
    [
        "there is a bruise on his leg",
        "fever of 39",
        "temperature of 38.5",
        "temp of 39",
        "hes burning up",
        "our baby died",
        "i lost my son",
        "i cant cope anymore",
        "end of my tether",
        "im scared of him",
        "he wont let me leave",
        "thoughts of hurting him",
        "shes not safe there",
    ],
)
def test_what_needs_help_today_is_urgent(text: str) -> None:
    assert gravest(text) == Urgency.URGENT


@pytest.mark.parametrize(
    "text", ["help", "999", "hes very floppy", "shes so sleepy and not feeding", "ambulance"]
)
def test_what_may_be_danger_is_checked(text: str) -> None:
    assert gravest(text) == Urgency.CHECK


@pytest.mark.parametrize(
    "text",
    [
        "i could kill for a coffee",
        "this heat is killing me",
        "could murder a curry",
        "a cake to die for",
        "dying for a wee",
        "he slept like the dead",
        "sleeps like a log",
        "milk drunk",
        "in a milk coma",
        "passed out on my shoulder",
        "he was out cold by 7",
        "she has blue eyes",
        "a blue blanket",
        "his high chair",
        "high needs baby",
        "i havent had a drink",
        "out like a light",
        "will it fit in the cot",
        "the sheet does not fit",
        "a snug fit",
        "it helps with wind",
        "can you help",
        "losing sleep",
        "losing my hair",
        "he wont sleep",
        "not settling",
        "stopped feeding",
        "stop swaddling",
        "can he sleep on his front",
        "is a glass of wine ok",
        "we bed share",
        "whats the right temperature",
        "the room is 16 degrees",
        "when should i stop using a dummy",
        "she smokes outside",
        "hello",
        "",
    ],
)
def test_ordinary_talk_fires_nothing(text: str) -> None:
    assert gravest(text) == Urgency.NONE


@pytest.mark.parametrize(
    "text",
    [
        "the cot is painted grey",
        "a purple vest for the party",
        "is the grey mattress any good",
        "we are both sober",
        "we will both be sober",
        "he wont let me put him down",
        "he does not let me sleep",
        "he makes me laugh",
        "i touched the mattress and it was warm",
        "my dog died in the spring",
        "we fell out of our routine",
        "he fell out of his routine",
        "it hit me how tired i am",
        "dying of tiredness lol",
        "worried about him choking on sick if hes on his back",
    ],
)
def test_ordinary_talk_in_which_a_word_of_danger_stands(text: str) -> None:
    """A red card, or a helpline for abuse, is no answer to these."""
    assert gravest(text) == Urgency.NONE


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("what are the signs of not breathing", "not_breathing"),
        ("what if he stops breathing", "breathing_trouble"),
        ("i read a story about a baby who stopped breathing", "not_breathing"),
        ("he had a fit last year", "breathing_trouble"),
        ("no hes not choking", "choking"),
        ("i would never shake him, i never dropped him", "hurt"),
        ("a leaflet about choking, never choking on food", "choking"),
        ("he died in eastenders and collapsed", "adult_collapsed"),
    ],
)
def test_what_excuses_a_phrase(text: str, rule: str) -> None:
    assert fired(text).get(rule) is True


def test_not_breathing_holds_its_own_negation() -> None:
    assert fired("not breathing") == {"not_breathing": False}


def test_now_is_never_past() -> None:
    assert fired("yesterday she had a fit")["breathing_trouble"] is True
    assert fired("yesterday she had a fit and now again")["breathing_trouble"] is False
    assert gravest("she was fine yesterday, now shes blue") == Urgency.EMERGENCY


def test_a_scope_ends_with_its_sentence() -> None:
    assert gravest("My friend told me a story. Hes not breathing.") == Urgency.EMERGENCY
    assert gravest("He was poorly last year! hes not breathing") == Urgency.EMERGENCY


@pytest.mark.parametrize(
    "text", ["he is unresponsve", "unrespnsive", "hes brething now not breathimg", "strugling to breathe"]
)
def test_long_words_may_have_one_letter_wrong(text: str) -> None:
    assert gravest(text) == Urgency.EMERGENCY


def test_short_words_may_not() -> None:
    assert fired("one tray of food") == {}
    assert fired("hes lump") == {}


def test_lol_and_emoji_lower_nothing() -> None:
    for text in ("hes not breathing lol", "not breathing 😂😂", "haha hes gone blue"):
        assert gravest(text) == Urgency.EMERGENCY


def test_the_gravest_and_least_excused_comes_first() -> None:
    found = rules().find("hes not breathing help there is a bruise")
    assert [firing.urgency for firing in found] == [Urgency.EMERGENCY, Urgency.URGENT, Urgency.CHECK]


def test_a_firing_holds_no_words() -> None:
    for firing in rules().find("hes not breathing"):
        assert "breath" not in repr(firing).replace("not_breathing", "")


@pytest.mark.parametrize(
    "change",
    [
        {"rules": [{"id": "x", "flag": "redflag.1", "urgency": "soon", "phrases": ["a"]}]},
        {"rules": [{"id": "x", "flag": "redflag.1", "urgency": "check", "phrases": ["@nobody"]}]},
        {"rules": [{"id": "x", "flag": "redflag.1", "urgency": "check"}]},
        {"idioms": ["@nobody here"]},
    ],
)
def test_a_wrong_rules_file_is_an_error_that_names_it(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "some_rules.yml"
    path.write_text(yaml.safe_dump({"concepts": {}, "rules": [], "scopes": {}, "idioms": [], **change}))
    with pytest.raises(UnderstandingError, match=r"some_rules\.yml"):
        RedFlagRules(path)


def test_a_rule_with_an_optional_part_and_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "r.yml"
    path.write_text(
        yaml.safe_dump(
            {
                "concepts": {"baby": ["bub"]},
                "scopes": {},
                "idioms": [],
                "rules": [
                    {"id": "x", "flag": "redflag.1", "urgency": "check", "phrases": ["@baby was? * zonk"]}
                ],
            }
        )
    )
    small = RedFlagRules(path)
    for text in ("bub zonk", "bub was zonk", "bub was so very very zonk"):
        assert small.find(text), text
    for text in ("bub was so very very very much zonk", "zonk bub", "bub, was zonked"):
        assert not small.find(text), text
