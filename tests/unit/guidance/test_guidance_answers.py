"""What a message tells about the household, from real entities and a given act."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from bot.guidance.answers import facts_from
from bot.guidance.facts import TOGETHER, Household, load_facts
from bot.understanding.entities import find_entities
from bot.vocabulary import Act

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=timezone.utc)
ASK, TELL, INFORM = Act.ASK_ADVICE, Act.TELL_PRACTICE, Act.INFORM
YES, NO, UNSURE, CORRECT = Act.AFFIRM, Act.DENY, Act.DONT_KNOW, Act.CORRECT


def told(text: str, act: Act, asked: str | None = None) -> set[tuple[str, str, object]]:
    """Fact, about and value of everything in the message."""
    known = facts_from(find_entities(text), act, asked, NOW)
    return {(k.fact, k.about, k.value if isinstance(k.value, float | int) else str(k.value)) for k in known}


@pytest.mark.parametrize(
    ("text", "act", "expected"),
    [
        ("my partner smokes", INFORM, {("smokes", "partner", "yes")}),
        ("his dad smokes outside", INFORM, {("smokes", "partner", "yes")}),
        ("i vape", INFORM, {("smokes", "me", "yes")}),
        ("we both vape", INFORM, {("smokes", "me", "yes"), ("smokes", "partner", "yes")}),
        ("my nan smokes", TELL, {("smokes", "grandmother", "yes")}),
        ("i dont smoke", INFORM, {("smokes", "me", "no")}),
        ("i'm not a smoker", INFORM, {("smokes", "me", "no")}),
        ("i quit smoking years ago", INFORM, {("smokes", "me", "no")}),
        (
            "my partner smokes, i dont smoke",
            INFORM,
            {("smokes", "partner", "yes"), ("smokes", "me", "no")},
        ),
        ("we quit smoking", INFORM, {("smokes", "me", "no"), ("smokes", "partner", "no")}),
        ("ive had a few beers", TELL, {("alcohol_tonight", "me", "yes")}),
        ("my husband had a pint", TELL, {("alcohol_tonight", "partner", "yes")}),
        ("i havent had any wine", INFORM, {("alcohol_tonight", "me", "no")}),
        ("hubby had a joint", TELL, {("drugs_tonight", "partner", "yes")}),
        ("im on codeine since the section", TELL, {("sedating_medicine", "me", "yes")}),
        ("i take mirtazapine at night", INFORM, {("sedating_medicine", "me", "yes")}),
        # A question tells nothing about tonight, unless it says how much.
        ("can i have a glass of wine", ASK, set()),
        ("is it ok to smoke outside", ASK, set()),
        ("what about codeine", ASK, set()),
        ("had 3 pints, can he come in with me", ASK, {("alcohol_tonight", "me", "yes")}),
        ("my mum smoked and i was fine", Act.ARGUE, set()),
        # Later is a plan, not tonight.
        ("we're off to a wedding and i'll be drinking", TELL, {("planned_drinking", "household", "yes")}),
        ("having some wine on saturday", TELL, {("planned_drinking", "household", "yes")}),
        ("a few drinks at the weekend", INFORM, {("planned_drinking", "household", "yes")}),
        ("i wont be drinking at the christening", INFORM, {("planned_drinking", "household", "no")}),
        ("had wine tonight", TELL, {("alcohol_tonight", "me", "yes")}),
        # Baby.
        ("hes 9 weeks", INFORM, {("baby_age_weeks", "baby", 9.0)}),
        ("she was born at 33 weeks", INFORM, {("gestation_weeks", "baby", 33.0)}),
        ("he was prem", TELL, {("gestation_weeks", "baby", "yes")}),
        ("prem, born at 33 weeks", TELL, {("gestation_weeks", "baby", 33.0)}),
        ("he was born at 33 weeks so prem", TELL, {("gestation_weeks", "baby", 33.0)}),
        ("he wasnt premature", INFORM, {("gestation_weeks", "baby", "no")}),
        ("full term baby", INFORM, {("gestation_weeks", "baby", "no")}),
        ("shes 5lb 2", INFORM, {("birth_weight_grams", "baby", 2325)}),
        ("theyre twins", INFORM, {("more_than_one_baby", "household", "yes")}),
        ("not twins", INFORM, {("more_than_one_baby", "household", "no")}),
        ("she's poorly", TELL, {("baby_unwell", "baby", "yes")}),
        ("he isn't poorly", INFORM, {("baby_unwell", "baby", "no")}),
        ("what if she's poorly", ASK, set()),
        ("ebf here", INFORM, {("breastfed", "baby", "yes")}),
        ("36 weeks", INFORM, set()),
        # Corrections.
        ("sorry nine weeks not nine months", CORRECT, {("baby_age_weeks", "baby", 9.0)}),
        ("i meant he was born at 36 weeks not 38 weeks", CORRECT, {("gestation_weeks", "baby", 36.0)}),
        (
            "actually my partner does smoke",
            CORRECT,
            {("smokes", "partner", "yes"), ("smokes", TOGETHER, "not_asked")},
        ),
        # Acts that tell nothing.
        ("hello i had wine", Act.GREET, set()),
        ("thanks, my partner smokes", Act.THANK, set()),
        ("lets talk about smoking tomorrow", Act.LATER, set()),
        ("", INFORM, set()),
    ],
)
def test_told_without_being_asked(text: str, act: Act, expected: set[tuple[str, str, object]]) -> None:
    assert told(text, act) == expected


@pytest.mark.parametrize(
    ("asked", "text", "act", "expected"),
    [
        ("smokes", "yes", YES, {("smokes", TOGETHER, "yes")}),
        ("smokes", "nope", NO, {("smokes", TOGETHER, "no")}),
        ("smokes", "not sure", UNSURE, {("smokes", TOGETHER, "dont_know")}),
        ("smokes", "yes my partner", YES, {("smokes", "partner", "yes")}),
        ("smokes", "yes we both do", YES, {("smokes", TOGETHER, "yes")}),
        ("smokes", "no my partner smokes outside", NO, {("smokes", "partner", "yes")}),
        ("smokes", "no but i vape", NO, {("smokes", "me", "yes")}),
        ("smokes", "no, just vapes", NO, {("smokes", "me", "yes")}),
        ("smokes", "no only my dad smokes", NO, {("smokes", "grandfather", "yes")}),
        ("smokes", "no neither of us smoke", NO, {("smokes", TOGETHER, "no")}),
        ("smokes", "neither of us smokes", INFORM, {("smokes", TOGETHER, "no")}),
        ("smokes", "i dont smoke", INFORM, {("smokes", "me", "no")}),
        ("alcohol_tonight", "no i havent had a drink", NO, {("alcohol_tonight", "me", "no")}),
        ("alcohol_tonight", "no just the one glass of wine", NO, {("alcohol_tonight", "me", "yes")}),
        (
            "alcohol_tonight",
            "no, my sister had a couple of beers",
            NO,
            {("alcohol_tonight", "sibling", "yes")},
        ),
        ("drugs_tonight", "he had a joint", YES, {("drugs_tonight", "partner", "yes")}),
        ("sedating_medicine", "yes im on codeine", YES, {("sedating_medicine", "me", "yes")}),
        ("gestation_weeks", "yes", YES, {("gestation_weeks", "baby", "yes")}),
        ("gestation_weeks", "no he was born at 39 weeks", NO, {("gestation_weeks", "baby", 39.0)}),
        ("gestation_weeks", "no idea", UNSURE, {("gestation_weeks", "baby", "dont_know")}),
        ("birth_weight_grams", "no she was 7lb 2", NO, {("birth_weight_grams", "baby", 3232)}),
        ("more_than_one_baby", "no just him", NO, {("more_than_one_baby", "household", "no")}),
        ("baby_unwell", "no shes not unwell", NO, {("baby_unwell", "baby", "no")}),
        # A question or another topic is no answer to what was asked.
        ("smokes", "is wine ok tonight", ASK, set()),
        ("smokes", "why does it matter", Act.ASK_WHY, set()),
        ("smokes", "i'd rather not say", Act.REFUSE, set()),
        ("smokes", "hes 9 weeks", INFORM, {("baby_age_weeks", "baby", 9.0)}),
    ],
)
def test_told_when_asked(asked: str, text: str, act: Act, expected: set[tuple[str, str, object]]) -> None:
    assert told(text, act, asked) == expected


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("smokes", "no i dont smoke but my partner does"),
        ("smokes", "no i don't but my partner does"),
        ("smokes", "not me but my husband does"),
        ("smokes", "i dont, he does"),
        ("smokes", "no not me, only my mum"),
        ("smokes", "no not indoors my partner does outside"),
        ("alcohol_tonight", "not much, 2 cans"),
        ("alcohol_tonight", "no i haven't but he has"),
        ("sedating_medicine", "i havent but hubby has"),
    ],
)
def test_a_no_about_one_person_never_clears_the_others(asked: str, text: str) -> None:
    """The most dangerous mistake: a hazard that counts as asked and answered no for everybody."""
    known = facts_from(find_entities(text), Act.DENY, asked, NOW)
    household = Household().with_answers(known)
    assert household.is_hazard(asked) is not False


def test_an_answer_is_about_whom_the_fact_is_about() -> None:
    people = {"me", "partner", "grandmother", "grandfather", "friend", "sibling", "sitter", TOGETHER}
    for name, fact in load_facts().items():
        for act in (Act.AFFIRM, Act.DENY, Act.DONT_KNOW):
            (known,) = facts_from([], act, name, NOW)
            assert known.fact == name
            assert known.about in (people if fact.about == "adult" else {fact.about})
            assert known.at == NOW


def test_only_facts_of_the_closed_list_come_out() -> None:
    texts = [
        "we both vape and had 3 pints at a wedding, twins born at 33 weeks, 4lb, poorly, ebf, on codeine"
    ]
    for text in texts:
        for known in facts_from(find_entities(text), Act.TELL_PRACTICE, None, NOW):
            assert known.fact in load_facts()
