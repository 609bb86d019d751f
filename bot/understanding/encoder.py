"""The sentence encoder as a graph component: dense features, one vector a message.

Training encodes in batches and keeps every vector in a cache file, so that retraining
after an edit of data encodes only what is new.
"""

from __future__ import annotations

import hashlib
import logging
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.settings import ROOT
from bot.understanding.english import clean
from bot.understanding.fingerprints import code_fingerprint
from bot.understanding.guard import guarded
from bot.understanding.minilm import DIMENSIONS, MODEL_SHA256, Vectors, encoder

logger = logging.getLogger(__name__)

CACHE_DIR = ROOT / "models" / "vectors"
"""Where vectors of training texts are kept between trainings."""

VECTOR = "sentence_vector"
"""Message key: the message's unit vector, float32 of length 384."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """Adds MiniLM's sentence vector to every message."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Components that must come before this one."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """What must be installed."""
        return ["onnxruntime", "tokenizers"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's featurizer settings."""
        return {**DenseFeaturizer.get_default_config(), "alias": None}

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        """Load the encoder at start, so that missing weights are an error then."""
        encoder()
        return cls(config, execution_context.node_name)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """There is nothing to get wrong."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Retrain when the weights or the reading of text change."""
        return MODEL_SHA256 + code_fingerprint("minilm.py", "english.py", "encoder.py")

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add vectors to every training example, from the cache where it has them."""
        examples = [m for m in training_data.training_examples if m.get(TEXT)]
        cache = VectorCache(CACHE_DIR / "encoder.npz")
        vectors = cache.encode([clean(m.get(TEXT)) for m in examples])
        for message, vector in zip(examples, vectors):
            self._add(message, vector)
        return training_data

    @guarded
    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector to each message."""
        vectors = encoder().encode([clean(m.get(TEXT) or "") for m in messages])
        for message, vector in zip(messages, vectors):
            self._add(message, vector)
        return messages

    def _add(self, message: Message, vector: Vectors) -> None:
        message.set(VECTOR, vector)
        row = vector.reshape(1, DIMENSIONS)
        tokens = message.get("text_tokens") or [None]
        for kind, value in (
            (FEATURE_TYPE_SEQUENCE, np.repeat(row, len(tokens), axis=0)),
            (FEATURE_TYPE_SENTENCE, row),
        ):
            message.add_features(Features(value, kind, TEXT, self._identifier))


class VectorCache:
    """Vectors by text, kept in one file. Losing it costs time, nothing else."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def encode(self, texts: list[str]) -> Vectors:
        """Vectors of ``texts`` in order; what is new is encoded and kept."""
        known = self._read()
        keys = [hashlib.sha256(f"{MODEL_SHA256}{text}".encode()).hexdigest()[:32] for text in texts]
        new = {key: text for key, text in zip(keys, texts) if key not in known}
        if new:
            logger.info("encoding %d new texts", len(new))
            for key, vector in zip(new, encoder().encode(list(new.values()))):
                known[key] = vector
            self._write({key: known[key] for key in dict.fromkeys(keys)})
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, DIMENSIONS))

    def _read(self) -> dict[str, Vectors]:
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                return dict(zip(stored["keys"].tolist(), stored["vectors"]))
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
            return {}

    def _write(self, vectors: dict[str, Vectors]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial.npz")
        np.savez(partial, keys=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
        partial.replace(self.path)
