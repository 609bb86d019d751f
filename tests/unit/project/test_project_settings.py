"""Settings, clock, blocks, errors and the closed words."""

from __future__ import annotations

import inspect
import re
import subprocess
from dataclasses import fields
from datetime import datetime, timezone
from pathlib import Path

import pytest

from bot import blocks, clock, errors, vocabulary
from bot.settings import ROOT, Settings, environment_name, read_settings
from bot.vocabulary import AUDIENCE_OF_ROLE, KIND_OF_ACT, Act, BlockType, Nation, Role, Word

NAMES = [environment_name(field.name) for field in fields(Settings)]

# --- settings


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_in_the_handbook(name: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / "docs" / "operating.md").read_text())


def test_the_handbook_names_no_setting_that_there_is_not() -> None:
    text = (ROOT / "docs" / "operating.md").read_text()
    assert set(re.findall(r"\bSAFER_SLEEP_[A-Z_]+\b", text)) <= set(NAMES)


def test_names_of_settings() -> None:
    assert environment_name("database_url") == "DATABASE_URL"
    assert environment_name("jwt_secret") == "SAFER_SLEEP_JWT_SECRET"


def test_without_an_environment_everything_has_its_default() -> None:
    assert read_settings({}) == Settings()
    assert read_settings({name: "" for name in NAMES}) == Settings()
    assert Settings().demo is False and Settings().pilot is False


@pytest.mark.parametrize(
    ("name", "raw", "field", "value"),
    [
        ("SAFER_SLEEP_PORT", "9000", "port", 9000),
        ("SAFER_SLEEP_TURN_TIMEOUT_SECONDS", "2.5", "turn_timeout_seconds", 2.5),
        ("SAFER_SLEEP_NATION", "wales", "nation", Nation.WALES),
        ("SAFER_SLEEP_DEMO", "1", "demo", True),
        ("SAFER_SLEEP_DEMO", "yes", "demo", True),
        ("SAFER_SLEEP_PILOT", "off", "pilot", False),
        ("DATABASE_URL", "postgresql://x", "database_url", "postgresql://x"),
        ("SAFER_SLEEP_HOST", "0.0.0.0", "host", "0.0.0.0"),
    ],
)
def test_a_setting_is_read(name: str, raw: str, field: str, value: object) -> None:
    assert getattr(read_settings({name: raw}), field) == value


def test_a_folder_is_absolute() -> None:
    assert read_settings({"SAFER_SLEEP_DATA_DIR": "here"}).data_dir == Path("here").resolve()


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("SAFER_SLEEP_PORT", "many"),
        ("SAFER_SLEEP_PORT", "80.5"),
        ("SAFER_SLEEP_NATION", "france"),
        ("SAFER_SLEEP_DEMO", "maybe"),
        ("SAFER_SLEEP_TURN_TIMEOUT_SECONDS", "soon"),
    ],
)
def test_a_wrong_setting_is_named(name: str, raw: str) -> None:
    with pytest.raises(errors.SettingsError, match=name) as caught:
        read_settings({name: raw})
    assert raw in str(caught.value)


def test_the_secret(tmp_path: Path) -> None:
    assert Settings(jwt_secret="x" * 32).secret() == "x" * 32
    with pytest.raises(errors.SettingsError, match="32 characters"):
        Settings(jwt_secret="x" * 31).secret()
    with pytest.raises(errors.SettingsError, match="SAFER_SLEEP_JWT_SECRET is not set"):
        Settings(data_dir=tmp_path).secret()
    assert not list(tmp_path.iterdir())
    demo = Settings(demo=True, data_dir=tmp_path / "deep")
    assert len(demo.secret()) >= 32
    assert demo.secret() == demo.secret()
    (kept,) = (tmp_path / "deep").iterdir()
    assert kept.stat().st_mode & 0o077 == 0


def test_where_the_record_is(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).store_url == f"sqlite:///{tmp_path}/safer-sleep.sqlite"
    assert Settings(database_url="postgresql://x").store_url == "postgresql://x"


# --- clock

UTC = timezone.utc


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        (datetime(2026, 1, 10, 22, 29, tzinfo=UTC), False),
        (datetime(2026, 1, 10, 22, 30, tzinfo=UTC), True),
        (datetime(2026, 1, 10, 3, 0, tzinfo=UTC), True),
        (datetime(2026, 1, 10, 6, 29, 59, tzinfo=UTC), True),
        (datetime(2026, 1, 10, 6, 30, tzinfo=UTC), False),
        (datetime(2026, 1, 10, 12, 0, tzinfo=UTC), False),
        # In summer the clock on the wall is an hour ahead.
        (datetime(2026, 7, 10, 21, 29, tzinfo=UTC), False),
        (datetime(2026, 7, 10, 21, 30, tzinfo=UTC), True),
        (datetime(2026, 7, 10, 5, 30, tzinfo=UTC), False),
    ],
)
def test_night(moment: datetime, night: bool) -> None:
    assert clock.is_night(moment, "Europe/London") is night


def test_a_moment_can_be_fixed_and_let_go() -> None:
    one, two = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)
    with clock.at(one):
        assert clock.now() == one
        with clock.at(two):
            assert clock.now() == two
        assert clock.now() == one
    assert clock.now() > two or clock.now().year >= 2025
    assert clock.now().tzinfo is not None
    with pytest.raises(ValueError, match="timezone"), clock.at(datetime(2026, 1, 1)):
        pass
    with pytest.raises(KeyError), clock.at(one):
        raise KeyError
    assert clock.now() != one


# --- blocks

EVERY = [
    blocks.paragraph("One."),
    blocks.paragraph("One.", statement="alcohol.1", version=2),
    blocks.care_card("emergency", "Title", ["Call.", "Stay."], [{"label": "999", "href": "tel:999"}]),
    blocks.choices([("Yes", "/affirm"), ("No", "/deny")]),
    blocks.choices([("I am through", "/resume")], passive=True),
    blocks.sources([{"name": "N", "year": "2024", "url": "https://e.org"}]),
    blocks.bullets(["a", "b"], "Title"),
    blocks.bullets(["a"]),
    blocks.error("Sorry.", [{"label": "999", "href": "tel:999"}], "no_answer"),
]


@pytest.mark.parametrize("block", EVERY, ids=lambda block: block["type"])
def test_a_block_comes_through_rasa_as_it_went_in(block: blocks.Block) -> None:
    sent = blocks.to_rasa(block)
    assert blocks.from_rasa({**sent, "custom": sent.get("json_message", {})}) == [block]


@pytest.mark.parametrize("block", EVERY, ids=lambda block: block["type"])
def test_a_block_says_the_same_in_words(block: blocks.Block) -> None:
    words = blocks.as_text(block)
    for text in (block.get("text"), block.get("title"), *(block.get("items") or ())):
        if isinstance(text, str):
            assert text in words
    for option in block.get("options", ()):
        assert option["label"] in words


def test_levels_of_a_care_card() -> None:
    for level, words in blocks.LEVELS.items():
        assert blocks.care_card(level, "T", ["x"], [])["level_text"] == words
    with pytest.raises(ValueError, match="calm"):
        blocks.care_card("calm", "T", ["x"], [])


def test_a_message_of_nothing_is_no_block() -> None:
    for message in ({}, {"text": ""}, {"text": None}, {"custom": {}}, {"buttons": []}):
        assert blocks.from_rasa(message) == []


def test_types_are_closed() -> None:
    assert {block["type"] for block in EVERY} <= {kind.value for kind in BlockType}


# --- closed words


def test_the_tables_over_closed_words_are_whole() -> None:
    assert set(KIND_OF_ACT) == set(Act)
    assert set(AUDIENCE_OF_ROLE) == set(Role)


def test_a_word_is_its_value_everywhere() -> None:
    for _, cls in inspect.getmembers(vocabulary, inspect.isclass):
        if issubclass(cls, Word) and cls is not Word:
            for member in cls:
                assert str(member) == f"{member}" == member.value == member
                assert re.fullmatch(r"[a-z]+([_-][a-z]+)*", member.value), member


# --- errors


def all_errors() -> list[type[Exception]]:
    return [
        cls
        for _, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, Exception) and cls.__module__ == "bot.errors"
    ]


def test_errors_are_one_tree_as_its_docstring_draws_it() -> None:
    assert errors.__doc__ is not None
    for cls in all_errors():
        assert issubclass(cls, errors.SaferSleepError)
        assert re.search(rf"\b{cls.__name__}\b", errors.__doc__), cls.__name__
    assert issubclass(errors.WeightsError, errors.UnderstandingError)
    assert issubclass(errors.StoreUnavailable, errors.RecordError)


def test_request_errors_have_a_status_and_a_code_of_their_own() -> None:
    requests = [cls for cls in all_errors() if issubclass(cls, errors.RequestError)]
    leaves = [cls for cls in requests if cls is not errors.RequestError]
    assert {cls.status for cls in leaves} == {400, 401, 403, 404, 429}
    assert len({cls.code for cls in requests}) == len(requests)


# --- files of the repository


def repository() -> list[Path]:
    """Every file that is, or is about to be, in the repository."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for path in (ROOT / line for line in done.stdout.splitlines()) if path.is_file()]


ELSEWHERE = [
    "/wor" + "k/",
    "../sha" + "red",
    "--index" + "-url",
    "pypi" + ".org",
    "python" + "hosted.org",
    "extra" + "-index",
    "registry." + "npmjs",
    "hugging" + "face.co",
    "proxy." + "golang",
]
"""Written in two parts, so that this file is not its own first finding."""


def test_no_file_names_a_place_of_one_machine_or_a_package_index() -> None:
    found = []
    for path in repository():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [(str(path.relative_to(ROOT)), part) for part in ELSEWHERE if part in text]
    assert found == []


def test_nothing_that_is_made_is_kept() -> None:
    for path in repository():
        name = str(path.relative_to(ROOT))
        assert not re.search(r"^(models|var|results|\.venv|\.rasa)/|\.sqlite$|\.onnx$|\.tar\.gz$", name), name


def test_only_our_documented_variable_is_read_from_the_environment() -> None:
    """Rooms ask ``settings()``; the environment is read in one place."""
    readers = {
        str(path.relative_to(ROOT))
        for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "actions").rglob("*.py")]
        if re.search(r"os\.environ\b|os\.getenv|from os import environ", path.read_text())
    }
    # minilm.py reads OMP_NUM_THREADS, which is the numerical libraries' own.
    assert "bot/settings.py" in readers
    # The benchmark hands its own environment on to the processes that it measures.
    readers = {name for name in readers if not name.startswith("bot/evaluation/")}
    assert readers == {"bot/settings.py", "bot/understanding/minilm.py"}
