"""Domain, rules, training data and configuration agree with each other and with the code."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader

from bot.guidance.library import load_library
from bot.settings import ROOT
from bot.understanding.topics import topics_of
from bot.vocabulary import CHITCHAT, OUT_OF_SCOPE, Act

# Rasa loads its plugins by a method that Python has since deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")

TOPICS = set(
    [
        "about_sids",
        "sleep_position",
        "rolling",
        "sleep_surface",
        "bedding_clutter",
        "products_sleep_aids",
        "temperature_overheating",
        "room_sharing",
        "co_sleeping_bed",
        "sofa_armchair",
        "alcohol",
        "drugs_cannabis",
        "smoking_vaping",
        "sedating_medication",
        "tiredness_night_feeds",
        "out_of_routine",
        "travel_housing",
        "prematurity_low_birth_weight",
        "twins_multiples",
        "swaddling",
        "slings_carriers",
        "car_seats_sitting_devices",
        "dummies",
        "breastfeeding_feeding",
        "illness_fever",
        "parental_mental_health",
        "crying_coping",
        "other_carers",
        "domestic_abuse",
        "law_overlaying",
        "gas_cold_fire",
        "daytime_naps",
        "older_baby",
    ]
)
SAFETY = ("emergency", "urgent", "check")
UNTRAINED = {"nlu_fallback"}
"""Set by the turn resolver, never learnt."""

DOMAIN: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text())
INTENTS = [each if isinstance(each, str) else next(iter(each)) for each in DOMAIN["intents"]]
NLU_FILES = sorted((ROOT / "data" / "nlu").rglob("*.yml"))
STORY_FILES = sorted((ROOT / "data" / "stories").glob("*.yml"))


def blocks(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"])


def examples(block: dict[str, Any]) -> list[str]:
    return [line.strip().removeprefix("- ") for line in block["examples"].splitlines() if line.strip()]


def normalised(text: str) -> str:
    words = re.findall(r"\w+", text.lower().replace("'", "").replace("’", ""))
    return " ".join(words) or text.strip()


ALL = [
    (path, block["intent"], tuple((block.get("metadata") or {}).get("topics", ())), text)
    for path in NLU_FILES
    for block in blocks(path)
    for text in examples(block)
]


def rules() -> list[dict[str, Any]]:
    return [rule for path in STORY_FILES for rule in yaml.safe_load(path.read_text()).get("rules", [])]


def stories() -> list[dict[str, Any]]:
    return [story for path in STORY_FILES for story in yaml.safe_load(path.read_text()).get("stories", [])]


STEPS = [step for each in [*rules(), *stories()] for step in each["steps"]]


# --- the domain


def test_every_act_and_every_urgency_is_an_intent() -> None:
    assert set(INTENTS) == {act.value for act in Act} | set(SAFETY) | UNTRAINED
    assert len(INTENTS) == len(set(INTENTS))


def test_every_intent_is_used_by_a_rule_or_a_story() -> None:
    used = {step["intent"] for step in STEPS if "intent" in step}
    assert used == set(INTENTS)


def test_every_intent_has_examples() -> None:
    count = Counter(intent for _, intent, _, _ in ALL)
    assert set(count) == set(INTENTS) - UNTRAINED
    assert min(count.values()) >= 20


def test_every_response_is_used_and_every_one_used_is_there() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "actions").glob("*.py"))
    used = set(re.findall(r"\butter_[a-z_]+\b", code)) - {"utter_message"}
    used |= {step["action"] for step in STEPS if str(step.get("action", "")).startswith("utter_")}
    assert used == set(DOMAIN["responses"])


def test_every_action_of_a_rule_is_in_the_domain_and_back() -> None:
    in_rules = {
        step["action"] for step in STEPS if "action" in step and not step["action"].startswith("utter_")
    }
    listed = set(DOMAIN["actions"])
    assert in_rules <= listed
    # The session starts by itself.
    assert listed - in_rules <= {"action_session_start"}


def test_placeholders_of_responses_are_filled_by_the_code() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "actions").glob("*.py"))
    for name, variants in DOMAIN["responses"].items():
        for variant in variants:
            for placeholder in re.findall(r"\{(\w+)\}", variant["text"]):
                assert re.search(rf'"{name}",\s*{placeholder}=', code), (name, placeholder)


def test_entities_reach_no_policy_and_slots_influence_nothing() -> None:
    for intent in DOMAIN["intents"]:
        assert next(iter(intent.values())) == {"use_entities": []}, intent
    for name, slot in DOMAIN["slots"].items():
        assert slot["influence_conversation"] is False, name
        assert [mapping["type"] for mapping in slot["mappings"]] == ["custom"], name


CONTAINED = {
    ("chitchat", "chitchat"): "itself",
}
"""Pairs of names (inner, outer) where one is part of the other; each with its reason."""


def test_no_intent_name_is_part_of_anothers() -> None:
    """Rasa's issue 8102: a name inside another's has been mistaken for it."""
    pairs = {(a, b) for a in INTENTS for b in INTENTS if a != b and (a in b)}
    assert pairs - set(CONTAINED) == set()


def test_intents_need_no_quoting() -> None:
    for name in INTENTS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name), name


# --- rules


@pytest.mark.parametrize("intent", SAFETY)
def test_safety_has_its_rule_in_every_state(intent: str) -> None:
    (rule,) = [rule for rule in rules() if any(step.get("intent") == intent for step in rule["steps"])]
    assert rule["steps"] == [{"intent": intent}, {"action": f"action_{intent}"}]
    assert set(rule) == {"rule", "steps"}, "no condition, and nothing about where a conversation starts"


def test_no_story_goes_on_after_an_emergency() -> None:
    for story in stories():
        assert not any(step.get("intent") in SAFETY for step in story["steps"]), story["story"]


def test_rules_have_one_name_each() -> None:
    names = [rule["rule"] for rule in rules()]
    assert len(names) == len(set(names))


def test_every_rule_answers_and_none_checks_a_slot() -> None:
    for rule in rules():
        assert set(rule) == {"rule", "steps"}, rule["rule"]
        first, *then = [next(iter(step)) for step in rule["steps"]]
        assert first == "intent" and set(then) == {"action"}, rule["rule"]


def test_rasa_itself_finds_nothing_to_mend() -> None:
    importer = TrainingDataImporter.load_from_config(
        str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")]
    )
    domain = importer.get_domain()
    domain.check_missing_responses()
    assert set(domain.intents) >= set(INTENTS)
    assert not importer.get_stories().is_empty()


# --- training data


def test_topics_in_the_data_are_the_known_ones() -> None:
    found = {topic for _, _, topics, _ in ALL for topic in topics}
    assert found <= TOPICS | {OUT_OF_SCOPE, CHITCHAT}, "an unknown id would be a topic of its own"
    assert set(load_library().topics) | {OUT_OF_SCOPE, CHITCHAT} <= found, "it could never be found"


def test_guidance_topics_are_known_and_have_their_data() -> None:
    files = {path.stem for path in (ROOT / "data" / "nlu" / "topics").glob("*.yml")}
    guidance = set(load_library().topics)
    assert guidance <= TOPICS
    assert guidance <= files
    assert files <= TOPICS


@pytest.mark.parametrize(
    "path", sorted((ROOT / "data" / "nlu" / "topics").glob("*.yml")), ids=lambda p: p.stem
)
def test_a_topics_file_is_about_its_topic(path: Path) -> None:
    mentions = Counter(topic for p, _, topics, _ in ALL if p == path for topic in topics)
    assert mentions.most_common(1)[0][0] == path.stem
    assert mentions[path.stem] >= 60
    for block in blocks(path):
        assert block["intent"] in {"ask_advice", "tell_practice", "argue"}
        assert block["metadata"]["topics"]
    assert {block["intent"] for block in blocks(path)} == {"ask_advice", "tell_practice", "argue"}


def test_advice_always_has_a_topic() -> None:
    for path, intent, topics, text in ALL:
        if intent in {"ask_advice", "tell_practice", "argue"}:
            assert topics, (path.name, text)
        assert len(topics) == len(set(topics)), (path.name, topics)


def test_no_example_is_said_twice_under_two_labels() -> None:
    seen: dict[str, set[tuple[str, tuple[str, ...]]]] = defaultdict(set)
    for _, intent, topics, text in ALL:
        seen[normalised(text)].add((intent, tuple(sorted(topics))))
    assert {text: sorted(labels) for text, labels in seen.items() if len(labels) > 1} == {}


def test_no_example_is_said_twice_at_all() -> None:
    """Two that differ in letter case or marks alone are one; except where that is what is taught."""
    count = Counter(text.lower().strip() for _, _, _, text in ALL)
    assert [text for text, times in count.items() if times > 1] == []


def test_the_evaluation_messages_are_not_in_the_training_data() -> None:
    trained = {normalised(text) for _, _, _, text in ALL}
    trained |= {normalised(p) for s in load_library().statements() for p in s.entry.asked_as}
    for path in sorted((ROOT / "tests" / "evaluation").glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        assert len(rows) > 100
        # One or two words ("help", "yes") cannot be worded in any other way.
        both = [
            row["id"]
            for row in rows
            if len(normalised(row["text"]).split()) > 2 and normalised(row["text"]) in trained
        ]
        assert both == [], path.name


@pytest.mark.parametrize("path", NLU_FILES, ids=lambda path: path.stem)
def test_topics_survive_rasas_reader(path: Path) -> None:
    """Rasa's own writer loses metadata, so files are written by hand; its reader must not."""
    expected = Counter(
        (block["intent"], tuple((block.get("metadata") or {}).get("topics", ())), text)
        for block in blocks(path)
        for text in examples(block)
    )
    read = RasaYAMLReader().read(str(path))
    found = Counter((m.get("intent"), topics_of(m), m.get("text")) for m in read.training_examples)
    assert found == expected


@pytest.mark.parametrize("path", NLU_FILES, ids=lambda path: path.stem)
def test_a_data_file_was_not_written_by_rasa(path: Path) -> None:
    for block in blocks(path):
        assert set(block) <= {"intent", "metadata", "examples"}, block["intent"]
        assert isinstance(block["examples"], str)
        assert len(examples(block)) >= 2, (block["intent"], block.get("metadata"))
    assert not re.search(r"\]\s*\(|\{\"", path.read_text()), "that would be read as an entity"


# --- configuration


@pytest.mark.parametrize("name", ["endpoints.yml", "credentials.yml", "config.yml", "domain.yml"])
def test_no_variable_that_may_be_unset(name: str) -> None:
    """Rasa replaces ${X}, and stops where X is not set: every stock command would break."""
    code = "\n".join(
        line for line in (ROOT / name).read_text().splitlines() if not line.lstrip().startswith("#")
    )
    assert "${" not in code


def test_no_stock_channel_is_mounted() -> None:
    mounted = yaml.safe_load((ROOT / "credentials.yml").read_text()) or {}
    assert not set(mounted) & {"rest", "socketio", "callback", "rasa", "cmdline"}
    assert mounted == {}


def test_nothing_that_needs_tensorflow_is_configured() -> None:
    config = yaml.safe_load((ROOT / "config.yml").read_text())
    names = [entry["name"] for part in ("pipeline", "policies") for entry in config[part]]
    assert not [name for name in names if re.search(r"DIET|TED|ConveRT|LanguageModel|ResponseSelector", name)]
    assert config["assistant_id"] not in {"placeholder_default", ""}
