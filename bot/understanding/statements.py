"""How near a message is to the phrasings that each advice statement answers.

The guidance files' ``asked_as`` lines are this component's training data; it reads them
as data (this room imports no other room). ``bot.guidance.choose`` uses the nearness to
put the statement first that answers what was asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.files import read_yaml
from bot.settings import ROOT
from bot.understanding.encoder import CACHE_DIR, VECTOR, VectorCache
from bot.understanding.english import clean
from bot.understanding.fingerprints import code_fingerprint, files_fingerprint
from bot.understanding.guard import guarded
from bot.understanding.minilm import Vectors

STATEMENTS = "statements"
"""Message key: nearest statements as ``{"id": str, "score": float}``, nearest first."""

SHOWN = 12


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class StatementRanker(GraphComponent):
    """Cosine between the message and each statement's phrasings, the best phrasing counts."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Where the guidance files are, from the project's folder."""
        return {"guidance": "bot/guidance/topics"}

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._ids: list[str] = []
        self._index: tuple[list[str], Vectors] | None = None
        self._vectors = np.zeros((0, 0), dtype=np.float32)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> StatementRanker:
        """A new, untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Retrain when the guidance files change."""
        paths = guidance_files({**cls.get_default_config(), **config}["guidance"])
        return files_fingerprint(paths) + code_fingerprint(
            "statements.py", "encoder.py", "minilm.py", "english.py"
        )

    def train(self, training_data: TrainingData) -> Resource:
        """Encode every phrasing of every statement."""
        phrasings = [
            (entry["id"], clean(phrasing))
            for path in guidance_files(self._config["guidance"])
            for entry in read_yaml(path)["statements"]
            for phrasing in entry.get("asked_as", ())
        ]
        self._ids = [statement for statement, _ in phrasings]
        cache = VectorCache(CACHE_DIR / "statements.npz")
        self._vectors = cache.encode([text for _, text in phrasings])
        with self._storage.write_to(self._resource) as folder:
            np.save(folder / "vectors.npy", self._vectors.astype(np.float32))
            (folder / "ids.json").write_text(json.dumps(self._ids))
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing later in training needs statements."""
        return training_data

    @guarded
    def process(self, messages: list[Message]) -> list[Message]:
        """Set the nearest statements of each message."""
        for message in messages:
            vector = message.get(VECTOR)
            if vector is None or not self._ids:
                continue
            statements, phrasing_of = self._by_statement()
            best = np.full(len(statements), -1.0, dtype=np.float32)
            np.maximum.at(best, phrasing_of, self._vectors @ vector)
            nearest = np.argsort(-best, kind="stable")[:SHOWN]
            message.set(
                STATEMENTS,
                [{"id": statements[i], "score": round(float(best[i]), 4)} for i in nearest],
                add_to_output=True,
            )
        return messages

    def _by_statement(self) -> tuple[list[str], Vectors]:
        """The statements, and for each phrasing the place of its statement among them."""
        if self._index is None:
            statements = list(dict.fromkeys(self._ids))
            places = {statement: place for place, statement in enumerate(statements)}
            self._index = statements, np.array([places[each] for each in self._ids])
        return self._index

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> StatementRanker:
        """Read the trained component back."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._vectors = np.load(folder / "vectors.npy", allow_pickle=False)
            component._ids = json.loads((folder / "ids.json").read_text())
        return component


def guidance_files(folder: str) -> list[Path]:
    """The topic files under ``folder`` (from the project's root), in order of name."""
    return sorted((ROOT / folder).glob("*.yml"))
