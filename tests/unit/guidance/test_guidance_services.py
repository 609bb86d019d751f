"""Phone lines are right for the nation, and a line that is not verified is never shown."""

from __future__ import annotations

import re

import pytest

from bot.guidance.emergencies import (
    DEFAULT_FLAG,
    card_lines,
    emergency_links,
    gravest,
    links,
    load_red_flags,
)
from bot.guidance.library import load_library
from bot.guidance.services import GENERAL_ROUTE, load_services, resolve, service
from bot.vocabulary import Nation

FLAGS = load_red_flags()
GENERAL = GENERAL_ROUTE


def test_every_red_flag_of_the_evidence_is_there() -> None:
    assert set(FLAGS) == {f"redflag.{number}" for number in range(1, 16)} | {DEFAULT_FLAG}


@pytest.mark.parametrize("flag", sorted(FLAGS))
@pytest.mark.parametrize("nation", list(Nation))
def test_the_first_line_is_a_number_or_an_instruction(flag: str, nation: Nation) -> None:
    first, steps = card_lines(FLAGS[flag], nation)
    instruction = re.search(r"\b(call|put|take|get)\b [a-z0-9]", first, re.IGNORECASE)
    assert instruction or re.search(r"\b\d{3,}\b", first)
    for line in [first, *steps]:
        assert "{" not in line
        assert line.strip() == line and line


@pytest.mark.parametrize("flag", sorted(FLAGS))
@pytest.mark.parametrize("nation", list(Nation))
def test_every_card_names_the_emergency_number_and_can_be_tapped(flag: str, nation: Nation) -> None:
    first, steps = card_lines(FLAGS[flag], nation)
    assert "999" in " ".join([first, *steps])
    tappable = links(FLAGS[flag].services, nation)
    assert {"tel:999", "tel:18000"} <= {link["href"] for link in tappable}
    assert all(link["label"] and re.match(r"(tel|sms|https):", link["href"]) for link in tappable)


@pytest.mark.parametrize("flag", sorted(FLAGS))
@pytest.mark.parametrize("nation", list(Nation))
def test_where_a_nation_has_no_line_the_sentence_still_holds(flag: str, nation: Nation) -> None:
    """The general route stands in for a missing line; some sentences cannot take it."""
    first, steps = card_lines(FLAGS[flag], nation)
    assert f"{GENERAL} or a GP" not in first
    if flag != "redflag.3":
        assert GENERAL not in first, "danger to life is no matter for a GP"
    for step in steps:
        assert f"{GENERAL} or a GP" not in step
        assert not (GENERAL in step and "mental health option" in step)


@pytest.mark.parametrize("flag", ["redflag.11"])
def test_a_smell_of_gas_has_a_number_everywhere(flag: str) -> None:
    for nation in Nation:
        first, _ = card_lines(FLAGS[flag], nation)
        assert re.search(r"\b\d{3,}\b", first), nation


def test_gravest() -> None:
    assert gravest([]).id == gravest(["redflag.99", ""]).id == DEFAULT_FLAG
    assert gravest(["redflag.3"]).id == "redflag.3"
    assert gravest(["redflag.3", "redflag.99", "redflag.8", "redflag.4"]).id == "redflag.8"
    assert gravest(["redflag.6", "redflag.1"]).id == gravest(["redflag.1", "redflag.6"]).id == "redflag.1"
    for flag in FLAGS:
        assert gravest([flag, "redflag.1"]).id == "redflag.1"


def test_breathing_comes_before_everything() -> None:
    dangers = {flag.id: flag.danger for flag in FLAGS.values()}
    assert max(dangers, key=dangers.__getitem__) == "redflag.1"
    assert len(set(dangers.values())) == len(dangers), "two flags of one danger: which is shown is chance"


def test_services_named_by_cards_and_statements_exist() -> None:
    table = load_services()
    for flag in FLAGS.values():
        assert set(flag.services) <= set(table)
        named = set(re.findall(r"\{service:(\w+)\}", " ".join([flag.first_line, *flag.then])))
        assert named <= set(table)
        assert named <= set(flag.services), f"{flag.id}: a number that is said can also be tapped"


def test_nhs_111_is_englands_until_the_others_are_verified() -> None:
    assert service("nhs_urgent", Nation.ENGLAND) is not None
    assert service("nhs_urgent", Nation.NORTHERN_IRELAND) is None
    assert resolve("Call {service:nhs_urgent}.", Nation.ENGLAND) == "Call 111."
    assert resolve("Call {service:nhs_urgent}.", Nation.NORTHERN_IRELAND) == f"Call {GENERAL}."


def test_northern_ireland_never_hears_of_111() -> None:
    for statement in load_library().statements():
        for wording in (
            statement.entry.say,
            statement.entry.tonight,
            statement.entry.why,
            statement.entry.holding,
        ):
            if wording is not None:
                assert not re.search(r"\b111\b", resolve(wording.text(), Nation.NORTHERN_IRELAND)), (
                    statement.id
                )
    for flag in FLAGS.values():
        first, steps = card_lines(flag, Nation.NORTHERN_IRELAND)
        shown = [first, *steps, *[f"{x}" for x in links(flag.services, Nation.NORTHERN_IRELAND)]]
        assert not any(re.search(r"\b111\b", line) for line in shown)


def test_emergency_links_everywhere() -> None:
    for nation in Nation:
        assert [link["href"] for link in emergency_links(nation)] == ["tel:999", "tel:18000"]


def test_links_leave_out_what_is_not_there() -> None:
    assert links(("nhs_urgent", "nobody"), Nation.NORTHERN_IRELAND) == []
    assert links(("nhs_urgent",), Nation.ENGLAND) == [{"label": "NHS 111: 111", "href": "tel:111"}]


def test_resolve_leaves_other_braces_and_resolves_several() -> None:
    text = "Call {service:emergency}, then {service:samaritans}. Not {this}."
    assert resolve(text, Nation.WALES) == "Call 999, then 116 123. Not {this}."
    assert resolve("nothing here", Nation.WALES) == "nothing here"
    assert resolve("{service:nobody}", Nation.WALES) == GENERAL


def test_what_a_link_calls_is_what_is_shown() -> None:
    for name, nations in load_services().items():
        for nation, line in nations.items():
            if line.href.startswith("tel:"):
                assert line.href == "tel:" + re.sub(r"\D", "", line.contact), (name, nation)


def test_every_service_says_whether_it_is_always_open() -> None:
    for nations in load_services().values():
        for line in nations.values():
            assert line.always_open in {"yes", "no", "unknown"}
            assert line.title and line.purpose and line.contact
