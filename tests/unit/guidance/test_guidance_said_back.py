"""What somebody says back is compared with the key points: a test of our explaining."""

from __future__ import annotations

import pytest

from bot.guidance.library import load_library
from bot.guidance.said_back import SaidBack, assess
from bot.guidance.schema import KeyPoint
from bot.vocabulary import CheckOutcome

COT = KeyPoint(point="Own cot", words=("cot|moses|own space", "sleep|put"))
SOBER = KeyPoint(point="One stays sober", words=("sober|not drink|no drink",))
BOTH = (COT, SOBER)


@pytest.mark.parametrize(
    ("said", "outcome", "missing"),
    [
        ("put her in the cot and one of us stays sober", CheckOutcome.SAID_BACK, ()),
        ("Cot sleeping, and ONE SOBER adult.", CheckOutcome.SAID_BACK, ()),
        ("sleeps in his own space, i do not drink", CheckOutcome.SAID_BACK, ()),
        ("she sleeps in the cot", CheckOutcome.PARTLY, ("One stays sober",)),
        ("someone sober", CheckOutcome.PARTLY, ("Own cot",)),
        ("the cot", CheckOutcome.WORTH_GOING_OVER, ("Own cot", "One stays sober")),
    ],
)
def test_how_much_was_said(said: str, outcome: CheckOutcome, missing: tuple[str, ...]) -> None:
    assert assess(BOTH, said) == SaidBack(outcome, missing)


@pytest.mark.parametrize("said", ["", "yes", "what about cotton sheets", "can i put him in the car", "?!"])
def test_what_is_no_attempt(said: str) -> None:
    assert assess(BOTH, said) is None


def test_without_key_points_nothing_can_be_said_back() -> None:
    assert assess((), "put her in the cot") is None


def test_short_words_match_whole_words_only() -> None:
    point = KeyPoint(point="p", words=("cot",))
    assert assess((point,), "cotton") is None
    assert assess((point,), "the cot.") is not None


def test_longer_words_match_longer_forms() -> None:
    point = KeyPoint(point="p", words=("drink",))
    assert assess((point,), "nobody drinking") is not None
    assert assess((point,), "a soft-drink") is not None


def test_phrases_match_words_in_a_row() -> None:
    point = KeyPoint(point="p", words=("next to me",))
    assert assess((point,), "right next to me please") is not None
    assert assess((point,), "next, to be honest, me") is None
    assert assess((point,), "next to men") is None


def test_curly_apostrophes_count_as_straight_ones() -> None:
    point = KeyPoint(point="p", words=("won't",))
    assert assess((point,), "we won’t") == SaidBack(CheckOutcome.SAID_BACK, ())


@pytest.mark.parametrize("statement", [s.id for s in load_library().statements() if s.entry.key_points])
def test_somebody_who_says_every_point_has_said_it_back(statement: str) -> None:
    """Each point can be met: one alternative of every group, in a sentence."""
    points = load_library().statement(statement).entry.key_points
    said = ". ".join(" ".join(group.split("|")[0] for group in point.words) for point in points)
    assert assess(points, said) == SaidBack(CheckOutcome.SAID_BACK, ())


@pytest.mark.parametrize("statement", [s.id for s in load_library().statements() if s.entry.key_points])
def test_the_advice_itself_holds_some_of_its_key_points(statement: str) -> None:
    """Somebody who repeats our words is not told that they missed everything."""
    entry = load_library().statement(statement).entry
    found = assess(entry.key_points, entry.say.text())
    assert found is not None
    assert found.outcome in {CheckOutcome.SAID_BACK, CheckOutcome.PARTLY}


@pytest.mark.parametrize("statement", [s.id for s in load_library().statements() if s.entry.key_points])
def test_a_bare_yes_says_nothing_back(statement: str) -> None:
    points = load_library().statement(statement).entry.key_points
    for said in ("yes", "ok thanks", "got it", "yes that makes sense"):
        found = assess(points, said)
        assert found is None or found.outcome != CheckOutcome.SAID_BACK


def test_groups_are_plain_lower_case_words() -> None:
    for statement in load_library().statements():
        for point in statement.entry.key_points:
            for group in point.words:
                for alternative in group.split("|"):
                    assert alternative and alternative == alternative.strip().lower(), (statement.id, group)
                    assert "’" not in alternative
