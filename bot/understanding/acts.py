"""What somebody does with a message: Rasa's logistic regression over n-grams and the vector."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message

from bot.understanding.features import feature_rows, linear_scores, readable
from bot.understanding.fingerprints import code_fingerprint
from bot.understanding.guard import guarded
from bot.understanding.minilm import Vectors


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ActClassifier(LogisticRegressionClassifier):  # type: ignore[misc]
    """Rasa's own classifier, which a message without words or a failure does not break.

    The whole ranking is kept: the turn resolver needs the safety acts' probabilities.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's settings, with the strength cross-validation chose and the whole ranking."""
        return {
            **LogisticRegressionClassifier.get_default_config(),
            "solver": "liblinear",
            "C": 10.0,
            "ranking_length": 0,
        }

    def __init__(self, config: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        # Rasa offers no setting for C; its 1.0 is too weak for TF-IDF features.
        self.clf.set_params(C=self.config["C"])
        self._weights: Vectors | None = None

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Retrain when the helpers change."""
        return code_fingerprint("acts.py", "features.py")

    @guarded
    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking of every message that has words.

        One-vs-rest probabilities as scikit-learn gives them, over weights laid out once:
        its own ``predict_proba`` copies the whole matrix for every message.
        """
        with_words = [message for message in messages if readable(message)]
        if not with_words:
            return messages
        scores = linear_scores(feature_rows(with_words), self._laid_out(), self.clf.intercept_)
        names = [str(name) for name in self.clf.classes_]
        for message, row in zip(with_words, scores / scores.sum(axis=1, keepdims=True)):
            order = np.argsort(-row)
            ranking = [{"name": names[i], "confidence": float(row[i])} for i in order]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _laid_out(self) -> Vectors:
        if self._weights is None:
            self._weights = np.ascontiguousarray(self.clf.coef_.T, dtype=np.float32)
        return self._weights

    def persist(self) -> None:
        """Keep names and weights as plain arrays.

        Rasa's own way goes through skops, whose import alone takes two seconds at start.
        """
        with self._model_storage.write_to(self._resource) as folder:
            np.savez(
                folder / "acts.npz",
                names=np.array([str(name) for name in self.clf.classes_]),
                weights=self.clf.coef_.astype(np.float32),
                bias=self.clf.intercept_,
            )

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ActClassifier:
        """Read the trained component back."""
        component = cls(config, execution_context.node_name, model_storage, resource)
        with (
            model_storage.read_from(resource) as folder,
            np.load(folder / "acts.npz", allow_pickle=False) as stored,
        ):
            component.clf.classes_ = stored["names"]
            component.clf.coef_ = stored["weights"]
            component.clf.intercept_ = stored["bias"]
        return component
