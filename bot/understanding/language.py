"""The first component: tokens by spaCy for every component after it."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from bot.understanding.english import english
from bot.understanding.fingerprints import code_fingerprint


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class LanguageComponent(Tokenizer):
    """Tokenizes with spaCy's blank English."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's tokenizer settings; intents are never split."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    @staticmethod
    def required_packages() -> list[str]:
        """What must be installed."""
        return ["spacy"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageComponent:
        """A new component; it has nothing to learn."""
        return cls(config)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Retrain what depends on tokens when their rules change."""
        return code_fingerprint("english.py", "language.py")

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """spaCy's tokens of ``attribute``, without white space."""
        text = message.get(attribute) or ""
        return [
            Token(token.text, token.idx, lemma=token.lower_)
            for token in english().make_doc(text)
            if not token.is_space
        ]
