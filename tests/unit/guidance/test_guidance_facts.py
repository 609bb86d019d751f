"""What is known of a household: several adults, everybody at once, corrections, and nights that end."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bot.guidance.facts import TOGETHER, Household, Known, Value, load_facts

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=timezone.utc)


def told(*answers: tuple[str, str, Value]) -> Household:
    """A household after these answers (fact, about, value), one after the other."""
    household = Household()
    for fact, about, value in answers:
        household = household.with_answers((Known(fact, about, value, NOW),))
    return household


@pytest.mark.parametrize(
    ("answers", "value", "hazard"),
    [
        ([], None, None),
        ([("me", "no")], "not_asked", None),
        ([("me", "no"), ("partner", "no")], "not_asked", None),
        ([(TOGETHER, "no")], "no", False),
        ([("me", "yes")], "yes", True),
        ([("me", "no"), ("partner", "yes")], "yes", True),
        ([("partner", "yes"), ("me", "no")], "yes", True),
        ([("me", "dont_know"), ("partner", "no")], "dont_know", True),
        ([("me", "dont_know"), ("partner", "yes")], "yes", True),
        ([("partner", "yes"), ("partner", "no")], "not_asked", None),
        ([("partner", "yes"), (TOGETHER, "no")], "no", False),
        ([(TOGETHER, "no"), ("partner", "yes")], "yes", True),
        ([(TOGETHER, "no"), ("partner", "no")], "no", False),
        ([(TOGETHER, "yes"), ("me", "no")], "yes", True),
        ([(TOGETHER, "yes"), (TOGETHER, "no")], "no", False),
        ([(TOGETHER, "not_asked")], None, None),
        ([("me", "yes"), (TOGETHER, "not_asked")], None, None),
        ([(TOGETHER, "not_asked"), ("me", "no")], "not_asked", None),
    ],
)
def test_over_several_adults_the_most_cautious_answer_counts(
    answers: list[tuple[str, Value]], value: Value | None, hazard: bool | None
) -> None:
    household = told(*[("smokes", about, each) for about, each in answers])
    assert household.get("smokes") == value
    assert household.is_hazard("smokes") is hazard


def test_a_new_answer_about_baby_replaces_the_old_one() -> None:
    household = told(("gestation_weeks", "baby", "yes"), ("gestation_weeks", "baby", 39.0))
    assert household.get("gestation_weeks") == 39.0
    assert household.is_hazard("gestation_weeks") is False
    assert len(household.known) == 1


def test_answers_to_other_facts_stay() -> None:
    household = told(
        ("smokes", "me", "yes"), ("alcohol_tonight", TOGETHER, "no"), ("breastfed", "baby", "yes")
    )
    assert {known.fact for known in household.known} == {"smokes", "alcohol_tonight", "breastfed"}


def test_the_audience_stays() -> None:
    from bot.vocabulary import Audience

    household = Household(audience=Audience.OTHER_CARER)
    assert household.with_answers(()).audience == Audience.OTHER_CARER
    assert household.standing_at(NOW).audience == Audience.OTHER_CARER


@pytest.mark.parametrize("fact", ["alcohol_tonight", "drugs_tonight", "sedating_medicine"])
def test_a_night_is_over_after_eighteen_hours(fact: str) -> None:
    for answer, hazard in (("no", False), ("yes", True)):
        household = told((fact, TOGETHER, answer))
        before = household.standing_at(NOW + timedelta(hours=17, minutes=59))
        assert before.is_hazard(fact) is hazard
        assert household.standing_at(NOW + timedelta(hours=18)).is_hazard(fact) is None


def test_being_unwell_is_asked_again_after_a_day() -> None:
    household = told(("baby_unwell", "baby", "no"))
    assert household.standing_at(NOW + timedelta(hours=23)).is_hazard("baby_unwell") is False
    assert household.standing_at(NOW + timedelta(hours=24)).is_hazard("baby_unwell") is None


@pytest.mark.parametrize(
    "fact", ["smokes", "smoked_in_pregnancy", "gestation_weeks", "birth_weight_grams", "more_than_one_baby"]
)
def test_what_does_not_change_stands(fact: str) -> None:
    about = TOGETHER if load_facts()[fact].about == "adult" else load_facts()[fact].about
    household = told((fact, about, "no")).standing_at(NOW + timedelta(days=400))
    assert household.is_hazard(fact) is False


@pytest.mark.parametrize(
    ("fact", "value", "hazard"),
    [
        ("gestation_weeks", 36, True),
        ("gestation_weeks", 37.0, False),
        ("gestation_weeks", "yes", True),
        ("gestation_weeks", "dont_know", True),
        ("gestation_weeks", "no", False),
        ("gestation_weeks", None, None),
        ("gestation_weeks", "not_asked", None),
        ("birth_weight_grams", 2500, True),
        ("birth_weight_grams", 2500.5, False),
        ("birth_weight_grams", "yes", True),
    ],
)
def test_the_value_that_is_a_hazard(fact: str, value: Value | None, hazard: bool | None) -> None:
    assert load_facts()[fact].is_hazard_value(value) is hazard


@pytest.mark.parametrize("fact", [f.id for f in load_facts().values() if f.hazard and f.type == "yes_no"])
def test_a_number_is_no_clear_no_to_a_yes_or_no_hazard(fact: str) -> None:
    """A stored or typed number must never unlock a bed-sharing tip."""
    for value in (0.0, 1, 12.5):
        assert load_facts()[fact].is_hazard_value(value) is not False


def test_every_hazard_can_be_asked_and_every_number_says_when_it_is_one() -> None:
    for fact in load_facts().values():
        assert fact.ask.endswith("?") or "? " in fact.ask, fact.id
        assert fact.type in {"yes_no", "number"}, fact.id
        if fact.hazard and fact.type == "number":
            assert (fact.below is None) != (fact.at_most is None), fact.id
