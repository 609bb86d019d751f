"""A small pipeline of the real components, trained once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.understanding import encoder, statements
from bot.understanding.acts import ActClassifier
from bot.understanding.encoder import SentenceEncoder
from bot.understanding.entities import EntityRules
from bot.understanding.language import LanguageComponent
from bot.understanding.ngrams import NgramFeaturizer
from bot.understanding.resolver import TurnResolver
from bot.understanding.statements import StatementRanker
from bot.understanding.topics import TopicClassifier

CONTEXT = ExecutionContext(GraphSchema({}), node_name="tested")

PHRASES = {
    ("ask_advice", "sofa_armchair"): [
        "can we nap on the sofa",
        "is the settee ok for a sleep",
        "sofa naps ok",
    ],
    ("ask_advice", "alcohol"): ["is a glass of wine ok", "can i drink beer tonight", "wine and night feeds"],
    ("tell_practice", "sleep_position"): [
        "he sleeps on his tummy",
        "on her front every night",
        "always on his side",
    ],
    ("tell_practice", "bedding_clutter"): [
        "she has a blanket and teddy",
        "two blankets in the cot",
        "a pillow in it",
    ],
    ("argue", "about_sids"): [
        "cot death is so rare though",
        "sids is just bad luck",
        "cot death never happens",
    ],
    ("ask_advice", "room_sharing"): [
        "when can he go in his own room",
        "own room at 4 months",
        "her own bedroom yet",
    ],
    ("ask_advice", "dummies"): ["does a dummy help", "dummy at night or not", "take the dummy out"],
    ("tell_practice", "swaddling"): [
        "we swaddle him tight",
        "wrapped in a muslin swaddle",
        "swaddled every night",
    ],
    ("greet", None): ["hello", "hi there", "morning"],
    ("thank", None): ["thanks", "thank you so much", "cheers for that"],
    ("goodbye", None): ["bye", "see you later", "good night then"],
    ("affirm", None): ["yes", "yeah ok", "yes please"],
    ("deny", None): ["no", "nope", "no thanks"],
    ("ask_why", None): ["why", "why is that", "how come"],
    ("later", None): ["tomorrow please", "not now later", "another day"],
    ("emergency", None): ["hes not breathing", "shes gone blue", "he wont wake up"],
    ("urgent", None): ["he has a bruise", "fever of 39", "there is a mark on her leg"],
    ("check", None): ["hes very quiet", "she is so sleepy", "help me"],
}


def example(text: str, intent: str, topic: str | None) -> Message:
    """A training example as Rasa's reader makes it."""
    data: dict[str, Any] = {"text": text, "intent": intent}
    if topic is not None:
        data["metadata"] = {"intent": {"topics": [topic]}}
    return Message(data=data)


@dataclass
class Small:
    """The components, trained on :data:`PHRASES`, with their storage."""

    storage: LocalModelStorage
    components: dict[str, Any]

    def through(self, text: str, upto: str = "resolver", tracker: Any = None) -> Message:
        """One message through the pipeline, as far as ``upto``."""
        message = Message(data={"text": text})
        for name, component in self.components.items():
            if name == "resolver":
                component.process([message], tracker=tracker)
            else:
                component.process([message])
            if name == upto:
                break
        return message

    def featurized(self, text: str) -> Message:
        """One message with its features, before any classifier."""
        return self.through(text, "encoder")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    folder: Path = tmp_path_factory.mktemp("small")
    (folder / "storage").mkdir()
    storage = LocalModelStorage.create(folder / "storage")
    patch = pytest.MonkeyPatch()
    patch.setattr(encoder, "CACHE_DIR", folder / "vectors")
    patch.setattr(statements, "CACHE_DIR", folder / "vectors")
    data = TrainingData(
        [example(text, intent, topic) for (intent, topic), texts in PHRASES.items() for text in texts]
    )

    def made(cls: Any, name: str, **config: Any) -> Any:
        return cls.create({**cls.get_default_config(), **config}, storage, Resource(name), CONTEXT)

    language = made(LanguageComponent, "language")
    language.process_training_data(data)
    words = made(NgramFeaturizer, "words")
    words.train(data)
    words.process_training_data(data)
    vectors = made(SentenceEncoder, "encoder")
    vectors.process_training_data(data)
    acts, topics = made(ActClassifier, "acts"), made(TopicClassifier, "topics")
    ranker = made(StatementRanker, "statements")
    for each in (acts, topics, ranker):
        each.train(data)
    patch.undo()
    return Small(
        storage,
        {
            "language": language,
            "words": words,
            "encoder": vectors,
            "acts": acts,
            "topics": topics,
            "statements": ranker,
            "entities": made(EntityRules, "entities"),
            "resolver": made(TurnResolver, "resolver"),
        },
    )


@pytest.fixture
def loaded(small: Small) -> Callable[[str], Any]:
    """The component of that name, read back from what was persisted."""

    def load(name: str) -> Any:
        cls = type(small.components[name])
        return cls.load(cls.get_default_config(), small.storage, Resource(name), CONTEXT)

    return load
