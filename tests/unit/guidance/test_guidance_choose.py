"""The pure choice of what to say: what is never said comes before what is."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.guidance import conditions
from bot.guidance.choose import ABOUT_IT, MOST_CHUNKS, Choice, MessageContext, choose
from bot.guidance.facts import BEDSHARE_HAZARDS, TOGETHER, Household, Known, Value, load_facts
from bot.guidance.library import Library, load_library
from bot.vocabulary import Audience, Evidence, Kind

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=timezone.utc)
FACTS = load_facts()
LIBRARY = load_library()
TIPS = ("co_sleeping_bed.5", "co_sleeping_bed.5b", "co_sleeping_bed.5c", "co_sleeping_bed.6")
"""What is said about sharing a bed with less risk: only ever to a home without a hazard."""

ANSWERS: list[Value] = ["yes", "no", "dont_know", "not_asked", 0.0, 1.0, 36.0, 37.0, 2500.0, 2501.0]

settings.register_profile("ours", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.load_profile("ours")


def answer(fact: str) -> st.SearchStrategy[Known]:
    about = (
        ("me", "partner", "grandmother", TOGETHER) if FACTS[fact].about == "adult" else (FACTS[fact].about,)
    )
    return st.builds(
        lambda who, value, hours: Known(fact, who, value, NOW - timedelta(hours=hours)),
        st.sampled_from(about),
        st.sampled_from(ANSWERS),
        st.integers(0, 30),
    )


nearly_clear = st.permutations(BEDSHARE_HAZARDS).map(
    lambda order: [
        Known(fact, TOGETHER if FACTS[fact].about == "adult" else FACTS[fact].about, "no", NOW)
        for fact in order
    ]
)
"""Everything asked, every answer no: what random answers then disturb."""

disturbances = st.lists(st.sampled_from(BEDSHARE_HAZARDS).flatmap(answer), max_size=4)
left_out = st.sets(st.sampled_from(BEDSHARE_HAZARDS), max_size=2)


def known_no_for_everybody(fact: str, answers: list[Known]) -> bool:
    """Said here in other words than the library's: does the last word on ``fact`` clear everybody?"""
    last: dict[str, Known] = {}
    for each in answers:
        if each.fact == fact:
            if each.about == TOGETHER or FACTS[fact].about != "adult":
                last = {}
            last[each.about] = each
    hours = FACTS[fact].lasts_hours
    standing = {
        who: each.value
        for who, each in last.items()
        if hours is None or NOW - each.at < timedelta(hours=hours)
    }
    if FACTS[fact].about == "adult":
        everybody = standing.pop(TOGETHER, None)
        return everybody == "no" and all(value in ("no", "not_asked") for value in standing.values())
    if len(standing) != 1:
        return False
    (value,) = standing.values()
    if FACTS[fact].type == "number" and not isinstance(value, str):
        return value >= 37 if fact == "gestation_weeks" else value > 2500
    return value == "no"


def household_after(answers: list[Known], audience: Audience) -> Household:
    household = Household(audience=audience)
    for each in answers:
        household = household.with_answers((each,))
    return household.standing_at(NOW)


@settings(max_examples=150)
@given(
    base=nearly_clear,
    missing=left_out,
    more=disturbances,
    audience=st.sampled_from(list(Audience)),
    tonight=st.booleans(),
    tailored=st.booleans(),
    pilot=st.booleans(),
    tip=st.sampled_from(TIPS),
    extra=st.lists(st.sampled_from(sorted(LIBRARY.topics)), max_size=2),
)
@example(
    base=[], missing=set(), more=[], audience=Audience.PARENT, tonight=False, tailored=True, pilot=True,
    tip=TIPS[0], extra=[],
)  # fmt: skip
def test_bed_sharing_tips_wait_until_every_hazard_is_a_known_no(
    base: list[Known],
    missing: set[str],
    more: list[Known],
    audience: Audience,
    tonight: bool,
    tailored: bool,
    pilot: bool,
    tip: str,
    extra: list[str],
) -> None:
    answers = [known for known in base if known.fact not in missing] + more
    household = household_after(answers, audience)
    message = MessageContext(
        tonight=tonight, tailored=tailored, pilot=pilot, asked=dict.fromkeys([tip, *TIPS[:2]], 1.0)
    )
    choice = choose(LIBRARY, household, ["co_sleeping_bed", *extra], message)
    clear = all(known_no_for_everybody(fact, answers) for fact in BEDSHARE_HAZARDS)
    said = {statement.id for statement in choice.statements}
    if not clear or audience == Audience.OTHER_CARER:
        assert not said & set(TIPS)
    elif not extra:
        assert said & set(TIPS), "a home without a hazard does get them"


def all_clear(audience: Audience = Audience.PARENT, **changes: Value) -> Household:
    values = {**dict.fromkeys(BEDSHARE_HAZARDS, "no"), **changes}
    return household_after(
        [
            Known(fact, TOGETHER if FACTS[fact].about == "adult" else FACTS[fact].about, value, NOW)
            for fact, value in values.items()
        ],
        audience,
    )


@pytest.mark.parametrize("tip", TIPS)
@pytest.mark.parametrize("audience", [Audience.PARENT, Audience.PRACTITIONER])
def test_each_tip_is_said_to_a_home_without_a_hazard(tip: str, audience: Audience) -> None:
    choice = choose(LIBRARY, all_clear(audience), ["co_sleeping_bed"], MessageContext(asked={tip: 1.0}))
    assert tip in {statement.id for statement in choice.statements}


@pytest.mark.parametrize("tip", TIPS)
@pytest.mark.parametrize("hazard", BEDSHARE_HAZARDS)
@pytest.mark.parametrize("value", ["yes", "dont_know", "not_asked"])
def test_one_hazard_is_enough(tip: str, hazard: str, value: str) -> None:
    choice = choose(
        LIBRARY, all_clear(**{hazard: value}), ["co_sleeping_bed"], MessageContext(asked={tip: 1.0})
    )
    assert tip not in {statement.id for statement in choice.statements}
    assert (choice.ask == hazard) is (value == "not_asked")


def test_the_tips_are_the_only_ones_that_need_a_home_without_a_hazard() -> None:
    needing = {s.id for s in LIBRARY.statements() if "clear" in str(s.entry.applies_when)}
    assert needing == set(TIPS)
    for tip in TIPS:
        entry = LIBRARY.statement(tip).entry
        assert entry.applies_when == {"bed_sharing": "clear"}
        assert entry.worth_asking
        assert Audience.OTHER_CARER not in entry.audience


topics_of_a_message = st.lists(
    st.sampled_from([*sorted(LIBRARY.topics), "out_of_scope", "chitchat", "flying"]), max_size=6
)
nearness = st.dictionaries(
    st.sampled_from([statement.id for statement in LIBRARY.statements()]), st.floats(0, 1), max_size=8
)


@settings(max_examples=200)
@given(
    topics=topics_of_a_message,
    asked=nearness,
    already=st.lists(st.sampled_from([s.id for s in LIBRARY.statements()]), max_size=8),
    base=nearly_clear,
    missing=left_out,
    more=disturbances,
    audience=st.sampled_from(list(Audience)),
    kind=st.sampled_from(list(Kind)),
    tonight=st.booleans(),
    pilot=st.booleans(),
    tailored=st.booleans(),
)
def test_what_holds_for_every_choice(
    topics: list[str],
    asked: dict[str, float],
    already: list[str],
    base: list[Known],
    missing: set[str],
    more: list[Known],
    audience: Audience,
    kind: Kind,
    tonight: bool,
    pilot: bool,
    tailored: bool,
) -> None:
    household = household_after([k for k in base if k.fact not in missing] + more, audience)
    message = MessageContext(kind, tonight, asked, already, pilot, tailored)
    choice = choose(LIBRARY, household, topics, message)
    known_topics = {topic for topic in topics if topic in LIBRARY.topics}

    assert set(choice.topics) == known_topics
    dangers = [LIBRARY.topics[topic].file.danger for topic in choice.topics]
    assert dangers == sorted(dangers, reverse=True)
    assert len(choice.statements) <= (1 if tonight else MOST_CHUNKS)
    assert len({statement.id for statement in choice.statements}) == len(choice.statements)
    for statement in choice.statements:
        assert statement.topic in known_topics
        assert audience in statement.entry.audience
        assert conditions.applies(statement.entry.applies_when, household) is True
        assert pilot or not (
            statement.entry.evidence == Evidence.BACKGROUND and not statement.entry.signed_off_by
        )
        if tailored:
            assert statement.entry.applies_when != "always"
    if tonight:
        assert choice.ask is None
        assert choice.offer is None
        assert len(choice.holding) <= 1
    if choice.ask is not None:
        assert household.get(choice.ask) in (None, "not_asked")
    if choice.offer is not None:
        assert choice.offer in LIBRARY.topics
        assert choice.offer in choice.later or choice.offer not in known_topics
    for topic in choice.later:
        assert topic in known_topics
        assert topic not in {statement.topic for statement in choice.statements}
    if choice.statements:
        assert choice.statements[0].topic in known_topics
    if pilot:
        assert choice.holding == ()


def ids(choice: Choice) -> list[str]:
    return [statement.id for statement in choice.statements]


def entry(id: str, priority: int, **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "priority": priority,
        "say": {"en": f"Words of {id}."},
        "audience": ["parent", "other_carer", "practitioner"],
        "sources": ["A"],
        "evidence": "seen",
        "version": 1,
        "reviewed_on": "2026-11-22",
        "review_due": "2027-11-22",
        **more,
    }


HELD = {"evidence": "background", "sources": [], "holding": {"en": "No checked advice on this one."}}
SMALL: dict[str, dict[str, Any]] = {
    "low": {
        "danger": 10,
        "next": ["mid", "high", "held"],
        "statements": [entry("low.1", 1), entry("low.2", 2)],
    },
    "mid": {
        "danger": 50,
        "statements": [
            entry("mid.1", 1),
            entry("mid.2", 3),
            entry("mid.3", 2, applies_when={"fact": "smokes", "is": "yes"}),
            entry("mid.4", 4, applies_when={"fact": "breastfed", "is": "yes"}, worth_asking=True),
            entry("mid.5", 9, **HELD),
            entry("mid.6", 1, audience=["practitioner"]),
        ],
    },
    "high": {"danger": 90, "statements": [entry("high.1", 1), entry("high.2", 2)]},
    "held": {
        "danger": 30,
        "holding": {"en": "No checked advice on any of this."},
        "statements": [entry("held.1", 1, evidence="background", sources=[])],
    },
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Four topics whose every statement is known."""
    folder: Path = tmp_path_factory.mktemp("library")
    (folder / "topics").mkdir()
    (folder / "sources.yml").write_text("sources: {A: {name: N, year: '2024', url: 'https://e.org'}}")
    for name, content in SMALL.items():
        file = {
            "topic": name,
            "title": {"en": name},
            "acknowledge": {"question": ["A line."]},
            **copy.deepcopy(content),
        }
        (folder / "topics" / f"{name}.yml").write_text(yaml.safe_dump(file))
    return load_library(folder)


def test_one_topic_gets_two_chunks_in_order_of_priority(small: Library) -> None:
    assert ids(choose(small, Household(), ["mid"], MessageContext())) == ["mid.1", "mid.2"]
    assert ids(choose(small, Household(), ["low"], MessageContext())) == ["low.1", "low.2"]


def test_the_most_dangerous_topic_is_first_whatever_the_message_says_first(small: Library) -> None:
    for order in (["low", "mid", "high"], ["high", "low", "mid"], ["mid", "high", "low"]):
        choice = choose(small, Household(), order, MessageContext())
        assert choice.topics == ("high", "mid", "low")
        assert ids(choice) == ["high.1", "mid.1", "low.1"]


def test_two_topics_take_turns(small: Library) -> None:
    assert ids(choose(small, Household(), ["low", "high"], MessageContext())) == ["high.1", "low.1", "high.2"]


def test_a_fourth_topic_is_named_for_later_and_offered_first(small: Library) -> None:
    choice = choose(small, Household(), ["low", "mid", "high", "held"], MessageContext(pilot=True))
    assert ids(choice) == ["high.1", "mid.1", "held.1"]
    assert choice.later == ("low",)
    assert choice.offer == "low"


def test_the_statement_that_was_asked_for_rises(small: Library) -> None:
    asked = MessageContext(asked={"mid.2": 0.9})
    assert ids(choose(small, Household(), ["mid"], asked))[0] == "mid.2"
    barely = MessageContext(asked={"mid.2": 0.1})
    assert ids(choose(small, Household(), ["mid"], barely))[0] == "mid.1"


def test_what_was_given_comes_last(small: Library) -> None:
    given_before = MessageContext(already=["mid.1"])
    assert ids(choose(small, Household(), ["mid"], given_before)) == ["mid.2", "mid.1"]
    asked_again = MessageContext(already=["mid.1"], asked={"mid.1": 1.0})
    assert ids(choose(small, Household(), ["mid"], asked_again)) == ["mid.2", "mid.1"]


def test_a_condition_not_decided_is_not_said(small: Library) -> None:
    smokes = Household().with_answers((Known("smokes", "me", "yes", NOW),))
    assert "mid.3" in ids(choose(small, smokes, ["mid"], MessageContext()))
    assert "mid.3" not in ids(choose(small, Household(), ["mid"], MessageContext(asked={"mid.3": 1.0})))


def test_only_what_is_worth_asking_is_asked(small: Library) -> None:
    assert choose(small, Household(), ["mid"], MessageContext()).ask == "breastfed"
    assert choose(small, Household(), ["low"], MessageContext()).ask is None
    knows = Household().with_answers((Known("breastfed", "baby", "no", NOW),))
    assert choose(small, knows, ["mid"], MessageContext()).ask is None


def test_an_answer_brings_only_what_depends_on_a_fact(small: Library) -> None:
    breastfed = Household().with_answers((Known("breastfed", "baby", "yes", NOW),))
    assert ids(choose(small, breastfed, ["mid"], MessageContext(tailored=True))) == ["mid.4"]
    assert ids(choose(small, Household(), ["mid"], MessageContext(tailored=True))) == []


def test_at_night_one_thing_and_nothing_asked(small: Library) -> None:
    choice = choose(small, Household(), ["low", "mid", "high"], MessageContext(tonight=True))
    assert ids(choice) == ["high.1"]
    assert (choice.ask, choice.offer) == (None, None)
    assert choice.later == ("mid", "low")


def test_for_whom_a_statement_is(small: Library) -> None:
    assert "mid.6" not in ids(choose(small, Household(), ["mid"], MessageContext(asked={"mid.6": 1.0})))
    nurse = Household(audience=Audience.PRACTITIONER)
    assert "mid.6" in ids(choose(small, nurse, ["mid"], MessageContext(asked={"mid.6": 1.0})))


def test_a_question_about_a_held_statement_gets_its_holding_reply(small: Library) -> None:
    message = MessageContext(asked={"mid.5": ABOUT_IT})
    choice = choose(small, Household(), ["mid"], message)
    assert choice.holding == ("No checked advice on this one.",)
    assert "mid.5" not in ids(choice)
    just_below = MessageContext(asked={"mid.5": ABOUT_IT - 0.01})
    assert choose(small, Household(), ["mid"], just_below).holding == ()


def test_a_pilot_sees_what_is_held_and_no_holding_reply(small: Library) -> None:
    choice = choose(small, Household(), ["mid"], MessageContext(asked={"mid.5": 1.0}, pilot=True))
    assert "mid.5" in ids(choice)
    assert choice.holding == ()


def test_a_topic_that_is_all_held_gets_its_own_holding_reply(small: Library) -> None:
    choice = choose(small, Household(), ["held"], MessageContext())
    assert choice.holding == ("No checked advice on any of this.",)
    assert ids(choice) == []
    night = choose(small, Household(), ["held"], MessageContext(tonight=True))
    assert night.holding == ("No checked advice on any of this.",)


def test_what_is_offered_next(small: Library) -> None:
    assert choose(small, Household(), ["low"], MessageContext()).offer == "mid"
    assert choose(small, Household(), ["low"], MessageContext(already=["mid.1"])).offer == "high"
    everything = MessageContext(already=["mid.1", "high.2", "held.1"])
    assert choose(small, Household(), ["low"], everything).offer is None


def test_nothing_known_nothing_said() -> None:
    for topics in ([], ["out_of_scope"], ["flying"]):
        assert choose(LIBRARY, Household(), topics, MessageContext()) == Choice((), ())


@pytest.mark.parametrize("topic", sorted(LIBRARY.topics))
@pytest.mark.parametrize("audience", list(Audience))
@pytest.mark.parametrize("tonight", [False, True])
def test_every_topic_says_something_to_everybody(topic: str, audience: Audience, tonight: bool) -> None:
    choice = choose(LIBRARY, Household(audience=audience), [topic], MessageContext(tonight=tonight))
    assert choice.statements or choice.holding


def test_bed_sharing_at_night_before_anything_is_known_is_the_stricter_rule() -> None:
    choice = choose(LIBRARY, Household(), ["co_sleeping_bed"], MessageContext(tonight=True))
    assert ids(choice) == ["co_sleeping_bed.2"]
    assert "own cot" in choice.statements[0].entry.say.text()
