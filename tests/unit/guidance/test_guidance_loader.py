"""Reading the library: what is wrong in a file is an error that names file, statement and field."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.errors import GuidanceError
from bot.guidance import emergencies, facts, services
from bot.guidance.library import load_library
from bot.vocabulary import Kind, Nation

STATEMENT: dict[str, Any] = {
    "id": "napping.1",
    "priority": 2,
    "say": {"en": "Put baby on their back."},
    "audience": ["parent"],
    "sources": ["A"],
    "evidence": "seen",
    "version": 1,
    "reviewed_on": "2026-11-22",
    "review_due": "2027-11-22",
}
TOPIC: dict[str, Any] = {
    "topic": "napping",
    "title": {"en": "Naps"},
    "danger": 10,
    "acknowledge": {"question": ["That is a fair question."]},
    "statements": [STATEMENT],
}
SOURCES = {"sources": {"A": {"name": "A page", "year": "2024", "url": "https://example.org/a"}}}

Edit = Callable[[dict[str, Any]], None]


def write(folder: Path, edit: Edit | None = None, name: str = "napping.yml") -> Path:
    """A library of one topic, edited."""
    topic = copy.deepcopy(TOPIC)
    if edit is not None:
        edit(topic)
    (folder / "topics").mkdir(exist_ok=True)
    (folder / "topics" / name).write_text(yaml.safe_dump(topic), encoding="utf-8")
    (folder / "sources.yml").write_text(yaml.safe_dump(SOURCES), encoding="utf-8")
    return folder


def in_statement(**changes: Any) -> Edit:
    """Change keys of the one statement; None takes the key out."""

    def edit(topic: dict[str, Any]) -> None:
        for key, value in changes.items():
            topic["statements"][0][key] = value
            if value is None:
                del topic["statements"][0][key]

    return edit


def in_topic(**changes: Any) -> Edit:
    def edit(topic: dict[str, Any]) -> None:
        topic.update(changes)

    return edit


def twice(topic: dict[str, Any]) -> None:
    topic["statements"].append(copy.deepcopy(STATEMENT))


def test_a_right_file_is_read(tmp_path: Path) -> None:
    library = load_library(write(tmp_path))
    statement = library.statement("napping.1")
    assert statement.entry.say.text() == "Put baby on their back."
    assert [source.name for source in statement.sources] == ["A page"]
    assert library.topics["napping"].file.title.text() == "Naps"


@pytest.mark.parametrize(
    ("edit", "parts"),
    [
        (in_statement(colour="red"), ["napping.1", "colour", "extra"]),
        (in_topic(colour="red"), ["colour", "extra"]),
        (in_statement(say={"cy": "Helo."}), ["napping.1", "say", "'en'"]),
        (in_statement(say={"en": "   "}), ["napping.1", "say", "'en'"]),
        (in_topic(title={"cy": "Cysgu"}), ["title", "'en'"]),
        (in_statement(say=None), ["napping.1", "say", "required"]),
        (in_statement(sources=["A", "NOWHERE"]), ["napping.1", "sources", "NOWHERE"]),
        (in_statement(sources=[]), ["napping.1", "sources", "at least one"]),
        (in_statement(say={"en": "Call {service:nobody}."}), ["napping.1", "nobody", "services.yml"]),
        (in_statement(tonight={"en": "Call {service:nobody}."}), ["napping.1", "nobody"]),
        (in_statement(why={"en": "Call {service:nobody}."}), ["napping.1", "nobody"]),
        (in_statement(holding={"en": "Call {service:nobody}."}), ["napping.1", "nobody"]),
        (
            in_statement(applies_when={"fact": "shoe_size", "is": "yes"}),
            ["napping.1", "applies_when", "shoe_size"],
        ),
        (
            in_statement(applies_when={"all": [{"not": {"fact": "shoe_size", "is": "yes"}}]}),
            ["napping.1", "applies_when", "shoe_size"],
        ),
        (in_statement(applies_when={"fact": "smokes"}), ["napping.1", "applies_when", "smokes"]),
        (in_statement(applies_when={"bed_sharing": "maybe"}), ["napping.1", "applies_when", "clear"]),
        (in_statement(applies_when={"all": []}), ["napping.1", "applies_when", "all"]),
        (in_statement(applies_when={"any": "smokes"}), ["napping.1", "applies_when", "any"]),
        (in_statement(applies_when={"perhaps": 1}), ["napping.1", "applies_when", "perhaps"]),
        (in_statement(applies_when="sometimes"), ["napping.1", "applies_when", "sometimes"]),
        (in_statement(say={"en": "Call 999 now."}), ["napping.1", "say", "phone number"]),
        (in_statement(tonight={"en": "Call 0808 802 6869."}), ["napping.1", "tonight", "phone number"]),
        (in_statement(why={"en": "Ring 116 123."}), ["napping.1", "why", "phone number"]),
        (in_statement(say={"en": "Fine.", "cy": "Ffoniwch 111."}), ["napping.1", "say", "phone number"]),
        (
            in_statement(evidence="background", sources=[]),
            ["napping.1", "holding", "background"],
        ),
        (twice, ["napping.1", "id", "twice"]),
        (in_topic(next=["flying"]), ["next", "flying"]),
        (in_statement(id="dozing.1"), ["dozing.1", "id", "napping."]),
        (in_topic(topic="dozing"), ["topic", "dozing"]),
        (in_topic(danger=101), ["danger"]),
        (in_topic(statements=[]), ["statements", "at least one"]),
        (in_statement(audience=[]), ["napping.1", "audience", "at least one"]),
        (in_statement(audience=["everyone"]), ["napping.1", "audience"]),
        (in_statement(evidence="rumour"), ["napping.1", "evidence"]),
        (in_statement(version=0), ["napping.1", "version"]),
        (in_statement(review_due="2026-11-22"), ["napping.1", "review_due", "later"]),
        (in_statement(key_points=[{"point": "x", "words": []}]), ["napping.1", "key_points", "words"]),
        (in_topic(acknowledge={"shouting": ["x"]}), ["acknowledge"]),
    ],
)
def test_the_error_names_file_statement_and_field(tmp_path: Path, edit: Edit, parts: list[str]) -> None:
    with pytest.raises(GuidanceError) as caught:
        load_library(write(tmp_path, edit))
    message = str(caught.value)
    assert message.startswith("napping.yml")
    for part in parts:
        assert part in message


def test_a_topic_where_everything_is_held_needs_a_holding_reply_of_its_own(tmp_path: Path) -> None:
    edit = in_statement(evidence="background", holding={"en": "I have no checked advice on naps."})
    with pytest.raises(GuidanceError, match=r"napping\.yml: holding"):
        load_library(write(tmp_path, edit))


def test_the_same_topic_is_read_once_it_has_one(tmp_path: Path) -> None:
    def edit(topic: dict[str, Any]) -> None:
        in_statement(evidence="background", sources=[])(topic)
        in_topic(holding={"en": "I have no checked advice on naps."})(topic)

    assert load_library(write(tmp_path, edit)).statement("napping.1").held


def test_background_that_somebody_signed_is_not_held(tmp_path: Path) -> None:
    edit = in_statement(evidence="background", holding={"en": "Later."}, signed_off_by="A nurse")
    assert not load_library(write(tmp_path, edit)).statement("napping.1").held


@pytest.mark.parametrize("text", ["[1, 2]", "just words", ""])
def test_a_file_that_is_no_mapping(tmp_path: Path, text: str) -> None:
    write(tmp_path)
    (tmp_path / "topics" / "napping.yml").write_text(text)
    with pytest.raises(GuidanceError, match=r"^napping\.yml: needs a mapping"):
        load_library(tmp_path)


def test_a_file_that_is_no_yaml(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "topics" / "napping.yml").write_text("topic: [")
    with pytest.raises(GuidanceError, match=r"^napping\.yml:"):
        load_library(tmp_path)


@pytest.mark.parametrize("text", ["sources: {A: {name: x}}", "other: {}", "[]", "sources: {A: 5}"])
def test_a_wrong_sources_file(tmp_path: Path, text: str) -> None:
    write(tmp_path)
    (tmp_path / "sources.yml").write_text(text)
    with pytest.raises(GuidanceError, match=r"^sources\.yml:"):
        load_library(tmp_path)


def test_a_folder_without_topics(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "topics" / "napping.yml").unlink()
    with pytest.raises(GuidanceError, match="no topic files"):
        load_library(tmp_path)


def test_a_statement_that_there_is_not() -> None:
    for name in ("alcohol.999", "flying.1", "alcohol", ""):
        with pytest.raises(GuidanceError, match="no statement"):
            load_library().statement(name)


def test_statements_come_in_the_order_of_priority() -> None:
    for topic in load_library().topics.values():
        priorities = [statement.entry.priority for statement in topic.statements]
        assert priorities == sorted(priorities)


def test_white_space_of_folded_text_is_one_space(tmp_path: Path) -> None:
    edit = in_statement(say={"en": "Put baby\n  on their   back.\n"})
    assert load_library(write(tmp_path, edit)).statement("napping.1").entry.say.text() == (
        "Put baby on their back."
    )


def test_a_wording_falls_back_to_english(tmp_path: Path) -> None:
    edit = in_statement(say={"en": "Hello.", "cy": "Helo."})
    say = load_library(write(tmp_path, edit)).statement("napping.1").entry.say
    assert (say.text(), say.text("cy"), say.text("pl")) == ("Hello.", "Helo.", "Hello.")


@pytest.mark.parametrize(
    "text",
    ["37 weeks", "up to 50 times", "2 in 1,000", "18 C", "2.5 kg", "111 babies", "999 deaths"],
)
def test_ordinary_numbers_are_no_phone_numbers(tmp_path: Path, text: str) -> None:
    load_library(write(tmp_path, in_statement(say={"en": f"About {text} here."})))


def test_a_kind_without_lines_of_its_own_takes_the_lines_for_a_question(tmp_path: Path) -> None:
    topic = load_library(write(tmp_path)).topics["napping"]
    assert topic.acknowledgements(Kind.DISCLOSURE) == ("That is a fair question.",)


def test_the_more_dangerous_topic_comes_first_and_ties_keep_their_order(tmp_path: Path) -> None:
    write(tmp_path)
    for name, danger in (("b", 50), ("c", 90), ("d", 50)):
        copied = {**copy.deepcopy(TOPIC), "topic": name, "danger": danger}
        copied["statements"] = [{**STATEMENT, "id": f"{name}.1"}]
        (tmp_path / "topics" / f"{name}.yml").write_text(yaml.safe_dump(copied))
    library = load_library(tmp_path)
    assert library.by_danger(["napping", "d", "b", "c", "d", "flying"]) == ("c", "d", "b", "napping")
    assert library.by_danger(["b", "d"]) == ("b", "d")
    assert library.by_danger(["out_of_scope", "chitchat"]) == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("facts: {shoes: {about: baby, type: yes_no}}", "shoes"),
        ("facts: {shoes: {about: dog, type: yes_no, ask: {en: x}}}", "shoes"),
        ("facts: {shoes: {type: yes_no, ask: {en: x}}}", "about"),
        ("facts: {shoes: [1]}", "shoes"),
        ("facts: {shoes: {about: baby, type: yes_no, ask: {cy: x}}}", "'en'"),
    ],
)
def test_a_wrong_facts_file_names_the_fact(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "facts.yml"
    path.write_text(text)
    with pytest.raises(GuidanceError, match=r"^facts\.yml: fact shoes") as caught:
        facts.load_facts(path)
    assert named in str(caught.value)


def test_a_service_without_its_check_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "services.yml"
    path.write_text("services: {helpline: {title: T, purpose: p, nations: {england: {contact: '0800 1'}}}}")
    with pytest.raises(GuidanceError, match=r"^services\.yml: service helpline: verified"):
        services.load_services(path)


@pytest.mark.parametrize(
    "entry", ["{title: T, verified: x}", "{nations: {england: {href: a}}, title: T, purpose: p}", "[]"]
)
def test_a_wrong_service_names_itself(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "services.yml"
    path.write_text(f"services: {{helpline: {entry}}}")
    with pytest.raises(GuidanceError, match=r"^services\.yml: service helpline"):
        services.load_services(path)


def test_a_service_of_a_nation_that_is_left_out_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "services.yml"
    path.write_text(
        "services: {h: {title: T, purpose: p, verified: v, nations: {wales: {contact: '0800 1'}}}}"
    )
    assert set(services.load_services(path)["h"]) == {Nation.WALES}


@pytest.mark.parametrize("field", ["title", "first_line", "then", "services", "danger"])
def test_a_wrong_red_flag_names_itself(tmp_path: Path, field: str) -> None:
    entry = {"title": "T", "first_line": "Call.", "then": [], "services": [], "danger": 1}
    del entry[field]
    path = tmp_path / "red_flags.yml"
    path.write_text(yaml.safe_dump({"red_flags": {"redflag.77": entry}}))
    with pytest.raises(GuidanceError, match=rf"^red_flags\.yml: redflag\.77: .*{field}"):
        emergencies.load_red_flags(path)
