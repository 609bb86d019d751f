"""What somebody does with a message: Rasa's logistic regression over n-grams and the vector."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.training_data.message import Message

from bot.understanding.features import readable
from bot.understanding.fingerprints import code_fingerprint
from bot.understanding.guard import guarded


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

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Retrain when the helpers change."""
        return code_fingerprint("acts.py", "features.py")

    @guarded
    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking of every message that has words."""
        with_words = [message for message in messages if readable(message)]
        if with_words:
            super().process(with_words)
        return messages
