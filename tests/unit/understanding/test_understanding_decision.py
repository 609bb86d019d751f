"""The decision table, row by row."""

from __future__ import annotations

import pytest

from bot.understanding import decision
from bot.understanding.decision import LIKELY, SURE, Signals, decide
from bot.understanding.red_flag_rules import Firing
from bot.vocabulary import Act, Urgency

EMERGENCY, URGENT, CHECK, NONE = Urgency.EMERGENCY, Urgency.URGENT, Urgency.CHECK, Urgency.NONE


def rule(urgency: Urgency, excused: bool = False, flag: str = "redflag.9", name: str = "r") -> Firing:
    return Firing(name, flag, urgency, 2, frozenset({"past"}) if excused else frozenset())


def sure(**probabilities: float) -> dict[str, float]:
    return {"emergency": 0.0, "urgent": 0.0, "check": 0.0, **probabilities}


@pytest.mark.parametrize(
    ("firings", "probabilities", "urgency"),
    [
        # emergency, not excused
        ([rule(EMERGENCY)], sure(), EMERGENCY),
        ([rule(EMERGENCY)], sure(emergency=0.99), EMERGENCY),
        ([rule(EMERGENCY), rule(URGENT), rule(CHECK, True)], sure(), EMERGENCY),
        ([rule(EMERGENCY, True), rule(EMERGENCY)], sure(), EMERGENCY),
        # none, and a sure classifier
        ([], sure(emergency=SURE), EMERGENCY),
        ([], sure(emergency=0.999), EMERGENCY),
        # excused, and a sure classifier
        ([rule(EMERGENCY, True)], sure(emergency=SURE), CHECK),
        ([rule(CHECK, True)], sure(emergency=SURE), CHECK),
        # urgent and check rules
        ([rule(URGENT)], sure(), URGENT),
        ([rule(URGENT), rule(CHECK)], sure(), URGENT),
        ([rule(CHECK)], sure(), CHECK),
        ([rule(EMERGENCY, True), rule(CHECK)], sure(), CHECK),
        ([rule(EMERGENCY, True), rule(URGENT)], sure(), URGENT),
        # the three together
        ([], sure(check=LIKELY), CHECK),
        ([], sure(urgent=LIKELY), URGENT),
        ([], sure(urgent=LIKELY * 0.6, check=LIKELY * 0.4), URGENT),
        ([], sure(urgent=LIKELY * 0.4, check=LIKELY * 0.6), CHECK),
        ([], sure(emergency=SURE - 0.02, check=LIKELY / 4), CHECK),
        ([], sure(emergency=SURE - 0.02, check=LIKELY / 4, urgent=LIKELY / 4), CHECK),
        # anything else
        ([], sure(), NONE),
        ([], {}, NONE),
        ([], sure(check=LIKELY - 0.01), NONE),
        ([], sure(emergency=LIKELY * 0.3, urgent=LIKELY * 0.3, check=LIKELY * 0.3), NONE),
        ([rule(EMERGENCY, True)], sure(), NONE),
        ([rule(EMERGENCY, True)], sure(emergency=SURE - 0.01), NONE),
        ([rule(URGENT, True), rule(CHECK, True)], sure(urgent=0.9), NONE),
    ],
)
def test_row(firings: list[Firing], probabilities: dict[str, float], urgency: Urgency) -> None:
    verdict = decide(Signals(firings=firings, probabilities=probabilities))
    assert verdict.urgency == urgency
    assert bool(verdict.because) is (urgency != NONE)
    if urgency == NONE:
        assert verdict.flags == ()
    elif verdict.because.startswith(("rule", "excused")):
        assert verdict.flags
    assert 0.0 <= verdict.confidence <= 1.0 + 1e-9


def test_the_documented_table_holds_the_numbers_in_use() -> None:
    assert decision.__doc__ is not None
    assert decision.__doc__.count(f"emergency ≥ {SURE:.2f}") == 2
    assert decision.__doc__.count(f"together ≥ {LIKELY:.2f}") == 1


def test_a_rule_lower_than_the_classifier_does_not_hide_an_emergency() -> None:
    """A sure classifier is not weaker for a check or urgent rule that fired as well."""
    for lower in (CHECK, URGENT):
        verdict = decide(Signals(firings=[rule(lower)], probabilities=sure(emergency=0.99)))
        assert verdict.urgency in {EMERGENCY, lower}


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("firings", [[], [rule(CHECK)], [rule(URGENT)]])
def test_while_a_check_is_open_only_a_clear_no_calms(act: Act, firings: list[Firing]) -> None:
    verdict = decide(Signals(firings=firings, checking=True, act=act))
    assert verdict.urgency == (NONE if act == Act.DENY else EMERGENCY)


def test_a_no_does_not_calm_what_the_rules_see() -> None:
    signals = Signals(firings=[rule(EMERGENCY)], checking=True, act=Act.DENY)
    assert decide(signals).urgency == EMERGENCY
    signals = Signals(probabilities=sure(emergency=0.9), checking=True, act=Act.DENY)
    assert decide(signals).urgency == EMERGENCY


def test_a_failure_is_a_check_and_never_lowers() -> None:
    assert decide(Signals(failed=True)).urgency == CHECK
    assert decide(Signals(failed=True)).because == "a component failed"
    assert decide(Signals(failed=True, firings=[rule(EMERGENCY)])).urgency == EMERGENCY
    assert decide(Signals(failed=True, firings=[rule(EMERGENCY, True)])).urgency == CHECK
    assert decide(Signals(failed=True, firings=[rule(URGENT)])).urgency == URGENT


def test_flags_of_a_rule_come_once_each_in_order() -> None:
    firings = [
        rule(EMERGENCY, flag="redflag.4"),
        rule(EMERGENCY, flag="redflag.1"),
        rule(EMERGENCY, flag="redflag.4"),
    ]
    assert decide(Signals(firings=firings)).flags == ("redflag.4", "redflag.1")
    lower = [rule(EMERGENCY, flag="redflag.4"), rule(CHECK, flag="redflag.3")]
    assert decide(Signals(firings=lower)).flags == ("redflag.4",)


def test_why_names_the_rule_or_the_score() -> None:
    assert decide(Signals(firings=[rule(EMERGENCY, name="gas")])).because == "rule gas"
    assert "0.90" in decide(Signals(probabilities=sure(emergency=0.9))).because
