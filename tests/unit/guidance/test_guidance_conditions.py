"""When a statement applies: three values, and a doubt about a hazard counts as yes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from bot.guidance import conditions
from bot.guidance.facts import BEDSHARE_HAZARDS, TOGETHER, Household, Known, Value, load_facts

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=timezone.utc)


def home(**answers: Value) -> Household:
    """A household that gave these answers, each about everybody it concerns."""
    facts = load_facts()
    return Household().with_answers(
        tuple(
            Known(fact, TOGETHER if facts[fact].about == "adult" else facts[fact].about, value, NOW)
            for fact, value in answers.items()
        )
    )


def all_clear(**changes: Value) -> Household:
    return home(**{**dict.fromkeys(BEDSHARE_HAZARDS, "no"), **changes})


YES = {"fact": "breastfed", "is": "yes"}
NO = {"fact": "has_own_cot", "is": "yes"}
UNKNOWN = {"fact": "shares_bed", "is": "yes"}
KLEENE = home(breastfed="yes", has_own_cot="no")


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("always", True),
        (YES, True),
        (NO, False),
        (UNKNOWN, None),
        ({"not": YES}, False),
        ({"not": NO}, True),
        ({"not": UNKNOWN}, None),
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"all": [YES, UNKNOWN]}, None),
        ({"all": [UNKNOWN, NO]}, False),
        ({"all": [UNKNOWN, UNKNOWN]}, None),
        ({"any": [NO, NO]}, False),
        ({"any": [YES, NO]}, True),
        ({"any": [UNKNOWN, YES]}, True),
        ({"any": [UNKNOWN, NO]}, None),
        ({"all": [{"any": [UNKNOWN, YES]}, {"not": NO}]}, True),
        ({"not": {"all": [UNKNOWN, NO]}}, True),
    ],
)
def test_kleene(condition: Any, verdict: bool | None) -> None:
    assert conditions.applies(condition, KLEENE) is verdict


@pytest.mark.parametrize(
    ("value", "condition", "verdict"),
    [
        ("yes", {"is": "yes"}, True),
        ("yes", {"is": True}, True),
        ("no", {"is": True}, False),
        ("no", {"is": False}, True),
        ("no", {"is": "no"}, True),
        ("dont_know", {"is": "yes"}, True),
        ("dont_know", {"is": "no"}, False),
        ("not_asked", {"is": "yes"}, None),
        ("not_asked", {"is": "no"}, None),
    ],
)
def test_a_yes_or_no_hazard(value: Value, condition: dict[str, Any], verdict: bool | None) -> None:
    assert conditions.applies({"fact": "smokes", **condition}, home(smokes=value)) is verdict


def test_a_doubt_about_what_is_no_hazard_is_neither() -> None:
    household = home(breastfed="dont_know")
    assert conditions.applies({"fact": "breastfed", "is": "yes"}, household) is False
    assert conditions.applies({"fact": "breastfed", "is": "no"}, household) is False


@pytest.mark.parametrize(
    ("value", "condition", "verdict"),
    [
        (36.9, {"below": 37}, True),
        (37, {"below": 37}, False),
        (37, {"at_least": 37}, True),
        (36.9, {"at_least": 37}, False),
        ("yes", {"below": 37}, True),
        ("dont_know", {"below": 37}, True),
        ("no", {"below": 37}, False),
        ("no", {"at_least": 37}, True),
        ("yes", {"at_least": 37}, False),
        ("not_asked", {"below": 37}, None),
    ],
)
def test_a_number_known_exactly_or_only_as_an_answer(
    value: Value, condition: dict[str, Any], verdict: bool | None
) -> None:
    household = home(gestation_weeks=value)
    assert conditions.applies({"fact": "gestation_weeks", **condition}, household) is verdict


def test_bed_sharing_is_clear_only_when_every_hazard_was_asked() -> None:
    assert conditions.bed_sharing(Household()) is None
    assert conditions.bed_sharing(all_clear()) == "clear"
    for hazard in BEDSHARE_HAZARDS:
        assert conditions.bed_sharing(all_clear(**{hazard: "not_asked"})) is None
        for answer in ("yes", "dont_know"):
            assert conditions.bed_sharing(all_clear(**{hazard: answer})) == "hazard"
            assert conditions.bed_sharing(home(**{hazard: answer})) == "hazard"


@pytest.mark.parametrize(
    ("fact", "value", "state"),
    [
        ("gestation_weeks", 36.99, "hazard"),
        ("gestation_weeks", 37, "clear"),
        ("gestation_weeks", 41.3, "clear"),
        ("birth_weight_grams", 2500, "hazard"),
        ("birth_weight_grams", 2501, "clear"),
        ("birth_weight_grams", 900, "hazard"),
    ],
)
def test_bed_sharing_at_the_borders(fact: str, value: Value, state: str) -> None:
    assert conditions.bed_sharing(all_clear(**{fact: value})) == state


def test_bed_sharing_as_a_condition() -> None:
    for household, clear, hazard in (
        (Household(), None, None),
        (all_clear(), True, False),
        (home(smokes="yes"), False, True),
    ):
        assert conditions.applies({"bed_sharing": "clear"}, household) is clear
        assert conditions.applies({"bed_sharing": "hazard"}, household) is hazard


def test_the_list_of_hazards_is_the_one_of_the_evidence() -> None:
    assert set(BEDSHARE_HAZARDS) == {
        "alcohol_tonight",
        "smokes",
        "drugs_tonight",
        "sedating_medicine",
        "smoked_in_pregnancy",
        "gestation_weeks",
        "birth_weight_grams",
        "more_than_one_baby",
        "baby_unwell",
    }


def test_what_is_still_to_ask_in_order() -> None:
    clear = {"bed_sharing": "clear"}
    assert conditions.unknown_facts(clear, Household()) == BEDSHARE_HAZARDS
    assert conditions.unknown_facts(clear, home(smokes="no")) == tuple(
        fact for fact in BEDSHARE_HAZARDS if fact != "smokes"
    )
    assert conditions.unknown_facts(clear, home(smokes="yes")) == ()
    assert conditions.unknown_facts(clear, all_clear()) == ()
    assert conditions.unknown_facts("always", Household()) == ()
    assert conditions.unknown_facts({"any": [UNKNOWN, YES, UNKNOWN]}, Household()) == (
        "shares_bed",
        "breastfed",
    )
    assert conditions.unknown_facts({"any": [UNKNOWN, YES]}, KLEENE) == ()
    assert conditions.unknown_facts({"all": [{"not": UNKNOWN}, YES]}, KLEENE) == ("shares_bed",)


@pytest.mark.parametrize("condition", ["never", 5, [], None, {"maybe": 1}])
def test_what_is_no_condition(condition: Any) -> None:
    with pytest.raises(ValueError):
        conditions.applies(condition, Household())
    with pytest.raises(ValueError):
        conditions.check(condition, load_facts())
