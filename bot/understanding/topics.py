"""Which topics are in a message: several at once, each with a probability.

Training examples carry their topics as NLU metadata (``metadata: {topics: [...]}`` on an
intent block or on one example); everything without topics is an example of none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from bot.errors import UnderstandingError
from bot.understanding.features import feature_rows, linear_scores, readable
from bot.understanding.fingerprints import code_fingerprint
from bot.understanding.guard import guarded
from bot.understanding.minilm import Vectors

TOPICS = "topics"
"""Message key: ranked list of ``{"id": str, "score": float}``, the topics judged present."""

TOPIC_SCORES = "topic_scores"
"""Message key: the likeliest topics with their scores, whether judged present or not."""

SHOWN = 5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent):
    """One logistic regression a topic over n-grams and the sentence vector.

    The threshold above which a topic counts as present is chosen by cross-validation on
    the training data (highest F1 over all topics) and saved with the model.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Components that must come before this one."""
        return [Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        """What must be installed."""
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Regularisation, folds of the cross-validation and the seed."""
        return {"C": 6.0, "folds": 3, "random_state": 42}

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._topics: list[str] = []
        self._weights = np.zeros((0, 0), dtype=np.float32)
        self._bias = np.zeros(0)
        self._threshold = 0.5

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TopicClassifier:
        """A new, untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Refuse settings that cannot work.

        Raises:
            UnderstandingError: naming the setting.
        """
        if config.get("folds", 3) < 2:
            raise UnderstandingError("TopicClassifier: folds must be 2 or more")

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Retrain when the helpers change."""
        return code_fingerprint("features.py", "topics.py")

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the topics of every example that has text."""
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        labels = [topics_of(message) for message in examples]
        self._topics = sorted({topic for each in labels for topic in each})
        if self._topics:
            rows = feature_rows(examples)
            truth = np.array([[topic in each for topic in self._topics] for each in labels])
            self._threshold = self._choose_threshold(rows, truth)
            self._weights, self._bias = self._fit(rows, truth)
        self._persist()
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing later in training needs topics."""
        return training_data

    @guarded
    def process(self, messages: list[Message]) -> list[Message]:
        """Set the ranked topics of each message."""
        with_words = [message for message in messages if readable(message)]
        if not self._topics or not with_words:
            return messages
        rows = feature_rows(with_words)
        for message, scores in zip(with_words, linear_scores(rows, self._weights, self._bias)):
            order = np.argsort(-scores)[:SHOWN]
            ranked = [{"id": self._topics[i], "score": round(float(scores[i]), 4)} for i in order]
            present = [each for each in ranked if float(str(each["score"])) >= self._threshold]
            message.set(TOPIC_SCORES, ranked, add_to_output=True)
            message.set(TOPICS, present, add_to_output=True)
        return messages

    def _fit(self, rows: csr_matrix, truth: Vectors) -> tuple[Vectors, Vectors]:
        weights, bias = [], []
        for column in truth.T:
            if column.all() or not column.any():
                weights.append(np.zeros(rows.shape[1]))
                bias.append(6.0 if column.all() else -6.0)
                continue
            model = LogisticRegression(
                C=self._config["C"],
                class_weight="balanced",
                solver="liblinear",
                random_state=self._config["random_state"],
            ).fit(rows, column)
            weights.append(model.coef_[0])
            bias.append(float(model.intercept_[0]))
        return np.ascontiguousarray(np.array(weights, dtype=np.float32).T), np.array(bias)

    def _choose_threshold(self, rows: csr_matrix, truth: Vectors) -> float:
        folds = min(self._config["folds"], rows.shape[0])
        if folds < 2:
            return 0.5
        scores = np.zeros(truth.shape)
        splitter = KFold(folds, shuffle=True, random_state=self._config["random_state"])
        for train, test in splitter.split(truth):
            weights, bias = self._fit(rows[train], truth[train])
            scores[test] = linear_scores(rows[test], weights, bias)
        candidates = np.arange(0.2, 0.9, 0.02)
        return float(max(candidates, key=lambda t: _f1(scores >= t, truth)))

    def _persist(self) -> None:
        with self._storage.write_to(self._resource) as folder:
            np.savez(
                folder / "topics.npz",
                weights=self._weights,
                bias=self._bias.astype(np.float32),
            )
            (folder / "topics.json").write_text(
                json.dumps({"topics": self._topics, "threshold": self._threshold})
            )

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TopicClassifier:
        """Read the trained component back."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            stored = json.loads((folder / "topics.json").read_text())
            with np.load(folder / "topics.npz", allow_pickle=False) as arrays:
                component._weights, component._bias = arrays["weights"], arrays["bias"]
        component._topics, component._threshold = stored["topics"], stored["threshold"]
        return component


def topics_of(message: Message) -> tuple[str, ...]:
    """The topics in an example's metadata; the example's own win over its block's."""
    metadata = message.get("metadata") or {}
    for level in ("example", "intent"):
        found = metadata.get(level)
        if isinstance(found, dict) and isinstance(found.get(TOPICS), Iterable):
            return tuple(found[TOPICS])
    return ()


def _f1(found: Vectors, truth: Vectors) -> float:
    hits = float((found & truth).sum())
    return 2 * hits / max(1.0, float(found.sum() + truth.sum()))
