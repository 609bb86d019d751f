"""The guidance library: every topic and statement, read once and checked.

To add a topic, add ``bot/guidance/topics/<topic>.yml`` (and its training examples in
``data/nlu/topics/<topic>.yml``). Nothing else names the topics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from bot.errors import GuidanceError
from bot.files import read_yaml
from bot.guidance import conditions
from bot.guidance.facts import load_facts
from bot.guidance.schema import PLACEHOLDER, Source, StatementEntry, TopicFile, Wording
from bot.guidance.services import SERVICES_FILE, load_services
from bot.vocabulary import Evidence, Kind

GUIDANCE_DIR = Path(__file__).parent


@dataclass(frozen=True)
class Statement:
    """One piece of advice with its sources.

    Attributes:
        topic: the topic whose file it stands in.
        entry: the checked entry.
        sources: the full sources, in the order they are cited.
    """

    topic: str
    entry: StatementEntry
    sources: tuple[Source, ...]

    @property
    def id(self) -> str:
        """The statement's id, for example ``alcohol.1``."""
        return self.entry.id

    @property
    def version(self) -> int:
        """The wording's version; a record of advice given keeps it."""
        return self.entry.version

    @property
    def held(self) -> bool:
        """Whether the wording is held back from parents until somebody signs it."""
        return self.entry.evidence == Evidence.BACKGROUND and not self.entry.signed_off_by


@dataclass(frozen=True)
class Topic:
    """A topic and its statements in order of priority."""

    file: TopicFile
    statements: tuple[Statement, ...]

    @property
    def id(self) -> str:
        """The topic's id, which is its file's name."""
        return self.file.topic

    def acknowledgements(self, kind: Kind) -> tuple[str, ...]:
        """First lines that fit ``kind``; a question's where the kind has none."""
        return self.file.acknowledge.get(kind, ()) or self.file.acknowledge.get(Kind.QUESTION, ())


@dataclass(frozen=True)
class Library:
    """Every topic by id."""

    topics: Mapping[str, Topic]

    def statement(self, statement_id: str) -> Statement:
        """The statement of that id.

        Raises:
            GuidanceError: there is none.
        """
        topic = self.topics.get(statement_id.rsplit(".", 1)[0])
        for statement in topic.statements if topic else ():
            if statement.id == statement_id:
                return statement
        raise GuidanceError(f"there is no statement {statement_id!r}")

    def statements(self) -> Iterable[Statement]:
        """Every statement of every topic."""
        for topic in self.topics.values():
            yield from topic.statements

    def by_danger(self, topics: Iterable[str]) -> tuple[str, ...]:
        """The topics known here, the most dangerous first; ties keep their order."""
        known = [topic for topic in dict.fromkeys(topics) if topic in self.topics]
        return tuple(sorted(known, key=lambda topic: -self.topics[topic].file.danger))


@lru_cache(maxsize=4)
def load_library(folder: Path = GUIDANCE_DIR) -> Library:
    """Read and check the whole library under ``folder``.

    Raises:
        GuidanceError: naming file, statement and field of the first thing that is wrong.
    """
    sources = _read_sources(folder / "sources.yml")
    topics = {}
    for path in sorted((folder / "topics").glob("*.yml")):
        topic = _read_topic(path, sources)
        topics[topic.id] = topic
    if not topics:
        raise GuidanceError(f"no topic files in {folder / 'topics'}")
    for topic in topics.values():
        for following in topic.file.next:
            if following not in topics:
                raise GuidanceError(f"{topic.id}.yml: next: there is no topic {following!r}")
    return Library(topics)


def _read_yaml(path: Path) -> Any:
    try:
        return read_yaml(path)
    except (OSError, yaml.YAMLError) as error:
        raise GuidanceError(f"{path.name}: {error}") from error


def _read_sources(path: Path) -> dict[str, Source]:
    raw = _read_yaml(path)
    try:
        return {key: Source(**entry) for key, entry in raw["sources"].items()}
    except (TypeError, KeyError, ValidationError) as error:
        raise GuidanceError(f"{path.name}: {error}") from error


def _read_topic(path: Path, sources: Mapping[str, Source]) -> Topic:
    raw = _read_yaml(path)
    if not isinstance(raw, dict):
        raise GuidanceError(f"{path.name}: needs a mapping")
    try:
        file = TopicFile(**raw)
    except ValidationError as error:
        raise GuidanceError(f"{path.name}: {_where(raw, error)}") from error
    if file.topic != path.stem:
        raise GuidanceError(f"{path.name}: topic: is {file.topic!r}, the file's name says otherwise")
    statements = tuple(
        Statement(file.topic, entry, _check_entry(path, file, entry, sources))
        for entry in sorted(file.statements, key=lambda entry: entry.priority)
    )
    ids = [statement.id for statement in statements]
    for twice in {each for each in ids if ids.count(each) > 1}:
        raise GuidanceError(f"{path.name}: {twice}: id: is used twice")
    if all(s.held for s in statements) and file.holding is None:
        raise GuidanceError(f"{path.name}: holding: every statement is held, so it needs one")
    return Topic(file, statements)


def _check_entry(
    path: Path, file: TopicFile, entry: StatementEntry, sources: Mapping[str, Source]
) -> tuple[Source, ...]:
    where = f"{path.name}: {entry.id}"
    if not entry.id.startswith(f"{file.topic}."):
        raise GuidanceError(f"{where}: id: must begin with '{file.topic}.'")
    try:
        conditions.check(entry.applies_when, load_facts())
    except ValueError as error:
        raise GuidanceError(f"{where}: applies_when: {error}") from error
    missing = [key for key in entry.sources if key not in sources]
    if missing:
        raise GuidanceError(f"{where}: sources: {missing[0]!r} is not in sources.yml")
    if not entry.sources and entry.evidence != Evidence.BACKGROUND:
        raise GuidanceError(f"{where}: sources: needs at least one")
    if entry.evidence == Evidence.BACKGROUND and entry.holding is None and file.holding is None:
        raise GuidanceError(f"{where}: holding: a background statement needs a holding reply")
    services = load_services(SERVICES_FILE)
    for wording in (entry.say, entry.tonight, entry.why, entry.holding):
        for name in _placeholders(wording):
            if name not in services:
                raise GuidanceError(f"{where}: there is no service {name!r} in services.yml")
    return tuple(sources[key] for key in entry.sources)


def _placeholders(wording: Wording | None) -> Iterable[str]:
    for text in wording.__root__.values() if wording else ():
        yield from PLACEHOLDER.findall(text)


def _where(raw: dict[str, Any], error: ValidationError) -> str:
    """Turn pydantic's location into statement id and field."""
    first = error.errors()[0]
    location = [str(part) for part in first["loc"] if part != "__root__"]
    if location[:1] == ["statements"] and len(location) > 1 and location[1].isdigit():
        entry = raw["statements"][int(location[1])]
        name = entry.get("id", f"statement {location[1]}") if isinstance(entry, dict) else location[1]
        location = [str(name), *location[2:]]
    return f"{': '.join(location)}: {first['msg']}"
