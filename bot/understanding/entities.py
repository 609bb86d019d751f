"""Facts in a message, with normalised values: ages, weights, substances, people, places.

Words come from ``lexicon.yml`` through spaCy's EntityRuler; numbers with units through
``values.py``. A substance carries whom it is about and whether it was denied, so that
"my partner smokes, I don't" gives two answers.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.language import Language
from spacy.tokens import Span

from bot.files import read_yaml
from bot.understanding import values
from bot.understanding.english import clean, spelled_out
from bot.understanding.fingerprints import code_fingerprint
from bot.understanding.guard import guarded

LEXICON_FILE = Path(__file__).with_name("lexicon.yml")
EXTRACTOR = "EntityRules"
SUBSTANCES = ("drink", "smoking", "drug", "medicine")
STATES = (*SUBSTANCES, "unwell", "multiples", "premature")
"""Entities that can be denied, and whose answer is yes or no."""

_NEGATIONS = {
    "not",
    "n't",
    "nt",
    "never",
    "no",
    "neither",
    "nobody",
    "noone",
    "none",
    "without",
    "nor",
    "stopped",
    "quit",
}
_EVERYBODY = {"nobody", "noone", "none", "anyone", "everybody", "everyone"}
_CLAUSE_ENDS = {",", ".", "!", "?", ";", "but", "and", "though", "although", "however", "\n"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EntityRules(GraphComponent):
    """Finds entities by rule; nothing is learnt."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """There is nothing to set."""
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntityRules:
        """A new component; compiles the lexicon once a process."""
        ruler()
        return cls()

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Changes with the lexicon and the number rules."""
        return code_fingerprint("entities.py", "values.py", "lexicon.yml")

    @guarded
    def process(self, messages: list[Message]) -> list[Message]:
        """Set the entities of each message."""
        for message in messages:
            message.set(ENTITIES, find_entities(message.get(TEXT) or ""), add_to_output=True)
        return messages


@lru_cache(maxsize=1)
def ruler() -> Language:
    """A blank English pipeline with the lexicon as an EntityRuler."""
    nlp = spacy.blank("en")
    rules = nlp.add_pipe("entity_ruler", config={"overwrite_ents": True})
    lexicon = read_yaml(LEXICON_FILE)
    patterns = []
    for group, content in lexicon.items():
        tables = content.items() if group == "substances" else [(_singular(group), content)]
        for label, table in tables:
            for value, ways in table.items():
                for way in ways:
                    tokens = [{"LOWER": token.lower_} for token in nlp.make_doc(str(way))]
                    patterns.append({"label": label, "pattern": tokens, "id": str(value)})
    rules.add_patterns(patterns)
    return nlp


def find_entities(text: str) -> list[dict[str, Any]]:
    """Entities of ``text`` in Rasa's shape, in the order they stand.

    ``value`` is a mapping: ``{"weeks": 9.0}``, ``{"grams": 2325}``, ``{"units": 4.2}``,
    ``{"name": "wine", "answer": "yes", "about": "partner"}``, ``{"name": "wedding"}``.
    """
    text = spelled_out(clean(text))
    doc = ruler()(text)
    found = [_from_span(span) for span in doc.ents]
    for each in [*values.ages(text), *values.weights(text), *values.drinks(text)]:
        found.append(_entity(each.entity, dict(each.value), each.start, each.end))
    _mark_corrected(found, text)
    return sorted(found, key=lambda entity: (entity["start"], entity["end"]))


def _from_span(span: Span) -> dict[str, Any]:
    value: dict[str, Any] = {"name": span.ent_id_}
    if span.label_ in STATES:
        value["answer"] = "no" if _denied(span) else "yes"
    if span.label_ in SUBSTANCES:
        value["about"] = _about(span)
    return _entity(span.label_, value, span.start_char, span.end_char)


def _entity(name: str, value: dict[str, Any], start: int, end: int) -> dict[str, Any]:
    return {"entity": name, "value": value, "start": start, "end": end, "extractor": EXTRACTOR}


def _clause(span: Span) -> tuple[int, int]:
    doc = span.doc
    start = span.start
    while start > 0 and doc[start - 1].lower_ not in _CLAUSE_ENDS:
        start -= 1
    end = span.end
    while end < len(doc) and doc[end].lower_ not in _CLAUSE_ENDS:
        end += 1
    return start, end


def _denied(span: Span) -> bool:
    """Whether a negation stands before the span in its clause.

    A "no" that answers ("no my partner smokes outside") denies nothing; only one right
    before the word does ("no drinks").
    """
    start, _ = _clause(span)
    before = span.doc[max(start, span.start - 5) : span.start]
    return _no_one(span) or any(
        token.lower_ in _NEGATIONS and (token.lower_ != "no" or token.i == span.start - 1) for token in before
    )


def _no_one(span: Span) -> bool:
    before = span.doc[max(0, span.start - 5) : span.start].text.lower().replace("-", " ")
    return " no one " in f" {before} "


def _about(span: Span) -> str:
    """Whom a substance is about: everybody in "nobody smokes", else the nearest person.

    The nearest before it in its clause, else the nearest after it.
    """
    start, end = _clause(span)
    doc = span.doc
    if _EVERYBODY & {token.lower_ for token in doc[start : span.start]} or _no_one(span):
        return "anyone"
    before = [e for e in doc.ents if e.label_ == "person" and start <= e.start < span.start]
    after = [e for e in doc.ents if e.label_ == "person" and span.end <= e.start < end]
    if before:
        return str(before[-1].ent_id_)
    if any(token.lower_ in {"he", "she", "his", "her"} for token in doc[start : span.start]):
        return "partner"
    return str(after[0].ent_id_) if after else "me"


def _mark_corrected(found: list[dict[str, Any]], text: str) -> None:
    """In "nine weeks not nine months" the second value is taken back."""
    for entity in found:
        before = text[max(0, entity["start"] - 8) : entity["start"]].lower()
        is_number = entity["entity"] in {"baby_age", "gestation", "birth_weight", "weeks_unclear"}
        if is_number and (before.rstrip().endswith((" not", "n't")) or before.strip() == "not"):
            entity["value"]["taken_back"] = True


def _singular(group: str) -> str:
    return {"people": "person", "places": "sleep_place", "events": "event"}.get(group, group)
