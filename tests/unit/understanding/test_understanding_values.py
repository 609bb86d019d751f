"""Ages, gestation, weights and drinks as people type them."""

from __future__ import annotations

import pytest

from bot.understanding import values
from bot.understanding.english import clean, spelled_out

MONTH = 52 / 12


def read(text: str) -> list[tuple[str, float]]:
    """Every number with a unit in ``text``: its name and its value."""
    text = spelled_out(clean(text))
    found = [*values.ages(text), *values.weights(text), *values.drinks(text)]
    found.sort(key=lambda each: each.start)
    return [(each.entity, float(next(iter(each.value.values())))) for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Ages.
        ("hes 9 weeks", [("baby_age", 9)]),
        ("shes 9wks old", [("baby_age", 9)]),
        ("nine week old baby boy", [("baby_age", 9)]),
        ("my 12-week-old", [("baby_age", 12)]),
        ("LO is 3 months", [("baby_age", 3 * MONTH)]),
        ("shes three and a half months", [("baby_age", 3.5 * MONTH)]),
        ("a 4mo", [("baby_age", 4 * MONTH)]),
        ("5 mths and still swaddled", [("baby_age", 5 * MONTH)]),
        ("he is ten days old", [("baby_age", 10 / 7)]),
        ("only 2 days old", [("baby_age", 2 / 7)]),
        ("a couple of weeks old", [("baby_age", 2)]),
        ("he's a year old", [("baby_age", 52)]),
        ("my 1yo and my 6 week old", [("baby_age", 52), ("baby_age", 6)]),
        ("half a year old", [("baby_age", 26)]),
        ("6m old", [("baby_age", 6 * MONTH)]),
        ("30 weeks old", [("baby_age", 30)]),
        ("twenty weeks", [("baby_age", 20)]),
        # Born early, and how far along.
        ("born at 35 weeks", [("gestation", 35)]),
        ("she was born at 34+5", [("gestation", 34 + 5 / 7)]),
        ("he was a 32 weeker", [("gestation", 32)]),
        ("arrived 6 weeks early", [("gestation", 34)]),
        ("she came three weeks early", [("gestation", 37)]),
        ("five weeks premature", [("gestation", 35)]),
        ("4 weeks prem", [("gestation", 36)]),
        ("29 weeks gestation", [("gestation", 29)]),
        ("he came at 33 weeks", [("gestation", 33)]),
        ("i'm 30 weeks pregnant", [("pregnant", 30)]),
        ("im 12 weeks pregnant", []),
        ("36 weeks", [("weeks_unclear", 36)]),
        ("shes 38 weeks", [("weeks_unclear", 38)]),
        ("born at 31 weeks, now 9 weeks old", [("gestation", 31), ("baby_age", 9)]),
        # Weights.
        ("he weighed 5lb 2", [("birth_weight", 2325)]),
        ("5 lb 2 oz", [("birth_weight", 2325)]),
        ("6lbs", [("birth_weight", 2722)]),
        ("5 and a half lb", [("birth_weight", 2495)]),
        ("7 pounds and a half", [("birth_weight", 3402)]),
        ("five and a half pounds", [("birth_weight", 2495)]),
        ("5 pounds 8 ounces", [("birth_weight", 2495)]),
        ("4lb 15oz", [("birth_weight", 2240)]),
        ("2.4kg", [("birth_weight", 2400)]),
        ("2,4 kg", [("birth_weight", 2400)]),
        ("3 kilos", [("birth_weight", 3000)]),
        ("1900g", [("birth_weight", 1900)]),
        ("2350 grams", [("birth_weight", 2350)]),
        ("i lost 2 stone and 20 pounds", []),
        ("a 90g pot of puree", []),
        # Drink.
        ("two pints", [("units", 4)]),
        ("a glass of wine", [("units", 2.1)]),
        ("1 small glass of wine", [("units", 1.5)]),
        ("3 small glasses of wine", [("units", 4.5)]),
        ("a large glass of red", [("units", 3)]),
        ("half a bottle of wine", [("units", 4.5)]),
        ("a bottle of prosecco", [("units", 9)]),
        ("2 shots", [("units", 2)]),
        ("4 cans", [("units", 8)]),
        ("14 units", [("units", 14)]),
        ("a glass of water", []),
        ("2 bottles of milk", []),
        ("a bottle at 3am", []),
        ("6 bottles a day", []),
        # No unit of age, weight or drink at all.
        ("0 blankets and 2 toys", []),
        ("his room is 20 degrees", []),
        ("2.5 tog", []),
        ("it's 3am", []),
        ("my 35 year old sister", []),
        ("he feeds 8 times a day", []),
        ("we only do it twice a week", []),
        ("the wedding is in 3 weeks", []),
        ("we stopped bed sharing 2 weeks ago", []),
        ("my 3 year old had it too, hes 8 weeks", [("baby_age", 156), ("baby_age", 8)]),
        ("an hour", []),
        ("", []),
    ],
)
def test_numbers_with_units(text: str, expected: list[tuple[str, float]]) -> None:
    found = read(text)
    assert [name for name, _ in found] == [name for name, _ in expected]
    for (_, value), (name, wanted) in zip(found, expected):
        assert value == pytest.approx(wanted, abs=1 if name == "birth_weight" else 0.06)


@pytest.mark.parametrize(
    ("text", "value"), [("nine", 9), ("9", 9), ("9.5", 9.5), (" Twelve ", 12), ("half a", 0.5), ("a", 1)]
)
def test_a_number_in_words_or_digits(text: str, value: float) -> None:
    assert values.number(text) == value


def test_the_place_of_a_value_is_where_it_stands() -> None:
    text = "so she was born at 35 weeks"
    (found,) = values.ages(text)
    assert text[found.start : found.end] == "35 weeks"


@pytest.mark.parametrize("grams", [399, 6501])
def test_no_newborn_weighs_that(grams: int) -> None:
    assert values.weights(f"{grams}g") == []


@pytest.mark.parametrize("grams", [400, 6500])
def test_the_lightest_and_the_heaviest(grams: int) -> None:
    assert [each.value["grams"] for each in values.weights(f"{grams}g")] == [grams]


@pytest.mark.parametrize(
    ("weeks", "name"), [(21, "baby_age"), (22, "weeks_unclear"), (43, "weeks_unclear"), (44, "baby_age")]
)
def test_weeks_that_may_be_either(weeks: int, name: str) -> None:
    assert [each.entity for each in values.ages(f"shes {weeks} weeks")] == [name]
