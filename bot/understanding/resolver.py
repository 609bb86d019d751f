"""The last component: one intent for the policies, out of everything understood.

It gets the tracker as well as the message, so that earlier fragments ("help" / "hes not
moving") and the state of the conversation count. It sets the intent that policies see,
and always keeps the classified act in ``act``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.understanding.decision import Signals, decide
from bot.understanding.fingerprints import code_fingerprint
from bot.understanding.guard import FAILED, guarded
from bot.understanding.ngrams import KNOWN_WORDS
from bot.understanding.red_flag_rules import Firing, rules
from bot.understanding.topics import TOPIC_SCORES, TOPICS
from bot.vocabulary import KIND_OF_ACT, OUT_OF_SCOPE, Act, Urgency

ACT, KIND, URGENCY, RED_FLAGS, BECAUSE = "act", "kind", "urgency", "red_flags", "because"
QUESTION_SLOT = "question"
FRAGMENT_WORDS = 5
FRAGMENTS_BACK = 2

_SAFETY = {Urgency.EMERGENCY.value, Urgency.URGENT.value, Urgency.CHECK.value}
_ADVICE_ACTS = {Act.ASK_ADVICE, Act.TELL_PRACTICE, Act.ARGUE}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class TurnResolver(GraphComponent):
    """Sets ``intent``, ``act``, ``kind``, ``urgency``, ``red_flags`` and ``because``."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """How sure the act must be without a topic, and which share of its words must be known."""
        return {"act_threshold": 0.28, "known_words": 0.34, "surely_other": 0.9}

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TurnResolver:
        """A new component; compiles the red-flag rules once a process."""
        rules()
        return cls(config)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Changes with the rules and the decision table."""
        return code_fingerprint("red_flags.yml", "red_flag_rules.py", "scope.py", "decision.py")

    @guarded
    def process(
        self, messages: list[Message], tracker: Optional[DialogueStateTracker] = None
    ) -> list[Message]:
        """Resolve each message; a failure on the way degrades to ``check``."""
        for message in messages:
            try:
                self._resolve(message, tracker)
            except Exception:
                _degrade(message)
                raise
        return messages

    def _resolve(self, message: Message, tracker: DialogueStateTracker | None) -> None:
        text = message.get(TEXT) or ""
        ranking = message.get("intent_ranking") or []
        act, confidence = _likeliest_act(ranking)
        firings = _with_fragments(text, tracker)
        verdict = decide(
            Signals(
                firings=firings,
                probabilities={
                    each["name"]: float(each["confidence"]) for each in ranking if each["name"] in _SAFETY
                },
                checking=_question(tracker).startswith("check:"),
                act=act,
                failed=bool(message.get(FAILED)),
            )
        )
        intent = (
            verdict.urgency.value
            if verdict.urgency != Urgency.NONE
            else self._intent(message, act, confidence)
        )
        if verdict.urgency == Urgency.NONE and intent == Act.OUT_OF_SCOPE.value:
            act = Act.OUT_OF_SCOPE
        top = verdict.confidence if verdict.urgency != Urgency.NONE else confidence
        message.set(INTENT, {"name": intent, "confidence": top}, add_to_output=True)
        message.set(ACT, act.value, add_to_output=True)
        message.set(KIND, KIND_OF_ACT[act].value, add_to_output=True)
        message.set(URGENCY, verdict.urgency.value, add_to_output=True)
        message.set(RED_FLAGS, list(verdict.flags), add_to_output=True)
        message.set(BECAUSE, verdict.because, add_to_output=True)
        message.set(TOPICS, _topics(message, act), add_to_output=True)

    def _intent(self, message: Message, act: Act, confidence: float) -> str:
        scored = message.get(TOPIC_SCORES) or []
        if scored and scored[0]["id"] == OUT_OF_SCOPE and scored[0]["score"] >= self._config["surely_other"]:
            return Act.OUT_OF_SCOPE.value
        if (message.get(KNOWN_WORDS) or 0.0) < self._config["known_words"] and not message.get(ENTITIES):
            return "nlu_fallback"
        present = [topic["id"] for topic in message.get(TOPICS) or []]
        if act in _ADVICE_ACTS and present == [OUT_OF_SCOPE]:
            return Act.OUT_OF_SCOPE.value
        if confidence >= self._config["act_threshold"] or (act in _ADVICE_ACTS and present):
            return act.value
        if present and present[0] not in {OUT_OF_SCOPE, "chitchat"} and scored[0]["score"] > 0.6:
            return Act.ASK_ADVICE.value
        return "nlu_fallback"


def _degrade(message: Message) -> None:
    """What a turn becomes when even this component fails."""
    message.set(INTENT, {"name": Urgency.CHECK.value, "confidence": 0.0}, add_to_output=True)
    message.set(URGENCY, Urgency.CHECK.value, add_to_output=True)
    message.set(BECAUSE, "the turn resolver failed", add_to_output=True)


def _likeliest_act(ranking: Sequence[dict[str, Any]]) -> tuple[Act, float]:
    for each in ranking:
        if each["name"] in set(Act):
            return Act(each["name"]), float(each["confidence"])
    return Act.OUT_OF_SCOPE, 0.0


def _topics(message: Message, act: Act) -> list[dict[str, Any]]:
    """The topics judged present; never empty for a message that wants advice."""
    present = list(message.get(TOPICS) or [])
    scored = message.get(TOPIC_SCORES) or []
    if act == Act.OUT_OF_SCOPE:
        return [t for t in present if t["id"] == OUT_OF_SCOPE] or [{"id": OUT_OF_SCOPE, "score": 1.0}]
    real = [topic for topic in present if topic["id"] not in {OUT_OF_SCOPE, "chitchat"}]
    if not real and act in _ADVICE_ACTS:
        real = [topic for topic in scored if topic["id"] not in {OUT_OF_SCOPE, "chitchat"}][:1]
    return real or present


def _question(tracker: DialogueStateTracker | None) -> str:
    value = tracker.get_slot(QUESTION_SLOT) if tracker else None
    return value if isinstance(value, str) else ""


def _with_fragments(text: str, tracker: DialogueStateTracker | None) -> tuple[Firing, ...]:
    """What fires on the message, alone or joined to the short messages just before it."""
    firings = rules().find(text)
    if tracker is None or any(not f.excused and f.urgency == Urgency.EMERGENCY for f in firings):
        return firings
    earlier: list[str] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered) and event.text:
            if event.text == text and not earlier:
                continue
            if len(event.text.split()) > FRAGMENT_WORDS or event.text.startswith("/"):
                break
            earlier.insert(0, event.text)
            if len(earlier) == FRAGMENTS_BACK:
                break
    if not earlier or len(text.split()) > FRAGMENT_WORDS:
        return firings
    alone = {f.rule for text_before in earlier for f in rules().find(text_before)}
    joined = rules().find(" ".join([*earlier, text]))
    return firings + tuple(f for f in joined if f.rule not in alone)
