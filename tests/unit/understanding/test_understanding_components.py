"""The graph components one by one: one message, persisted and loaded, and nothing at all."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from bot.errors import UnderstandingError
from bot.understanding import entities, resolver
from bot.understanding.contract import parsed
from bot.understanding.encoder import VECTOR, SentenceEncoder
from bot.understanding.guard import FAILED, guarded
from bot.understanding.ngrams import KNOWN_WORDS
from bot.understanding.statements import SHOWN as STATEMENTS_SHOWN
from bot.understanding.topics import SHOWN as TOPICS_SHOWN
from bot.understanding.topics import TopicClassifier, topics_of
from bot.vocabulary import KIND_OF_ACT, OUT_OF_SCOPE, Act

NOTHING = ["", " ", "\n", "😴", "?", "…", "\u200b"]


def tracker_after(*texts: str, question: str | None = None) -> DialogueStateTracker:
    events: list[Any] = []
    for text in texts:
        events += [UserUttered(text), BotUttered("...")]
    if question is not None:
        events.append(SlotSet("question", question))
    slot = AnySlot("question", mappings=[], influence_conversation=False)
    return DialogueStateTracker.from_events("somebody", events, [slot])


# --- tokens and vectors


def test_tokens_keep_their_place(small: Any) -> None:
    message = small.through("isn't he, asleep?", "language")
    tokens = message.get("text_tokens")
    assert [token.text for token in tokens] == ["is", "n't", "he", ",", "asleep", "?"]
    for token in tokens:
        assert "isn't he, asleep?"[token.start : token.end] == token.text


def test_intents_are_never_split(small: Any) -> None:
    message = Message(data={"text": "hi", "intent": "ask_advice"})
    small.components["language"].process([message])
    assert [token.text for token in small.components["language"].tokenize(message, "intent")] == [
        "ask_advice"
    ]


def test_the_vector_is_one_and_so_are_its_features(small: Any) -> None:
    message = small.featurized("can we nap on the sofa")
    vector = message.get(VECTOR)
    assert vector.shape == (384,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-4)
    sequence, sentence = message.get_dense_features("text")
    assert sequence.features.shape == (len(message.get("text_tokens")), 384)
    assert sentence.features.shape == (1, 384)
    assert np.allclose(sentence.features[0], vector)


def test_vectors_know_likeness(small: Any) -> None:
    sofa, settee, wine = (
        small.featurized(text).get(VECTOR)
        for text in ("can he sleep on the sofa", "is it ok if baby naps on the settee", "a glass of wine")
    )
    assert sofa @ settee > sofa @ wine + 0.2


def test_a_message_alone_and_among_others_has_one_vector(small: Any) -> None:
    alone = small.featurized("is the settee ok").get(VECTOR)
    messages = [Message(data={"text": text}) for text in ("is the settee ok", "x " * 60, "")]
    small.components["encoder"].process(messages)
    assert np.allclose(messages[0].get(VECTOR), alone, atol=2e-2)


def test_the_encoder_needs_tokens_first() -> None:
    assert SentenceEncoder.required_components()


# --- acts


def test_an_act_with_its_whole_ranking(small: Any) -> None:
    message = small.through("hello", "acts")
    ranking = message.get("intent_ranking")
    assert message.get("intent")["name"] == "greet"
    assert len(ranking) == 13 > 10, "Rasa would cut at ten"
    scores = [each["confidence"] for each in ranking]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1.0)
    assert {"emergency", "urgent", "check"} <= {each["name"] for each in ranking}


# --- topics


def test_topics_are_ranked_and_cut_at_five(small: Any) -> None:
    message = small.through("can we nap on the sofa", "topics")
    ranked = message.get("topic_scores")
    assert ranked[0]["id"] == "sofa_armchair"
    assert len(ranked) == TOPICS_SHOWN < 8, "there are more topics than are shown"
    scores = [each["score"] for each in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert message.get("topics") == [e for e in ranked if e["score"] >= small.components["topics"]._threshold]


def test_small_talk_has_no_topic(small: Any) -> None:
    assert small.through("hello", "topics").get("topics") == []


def test_a_message_may_have_two_topics(small: Any) -> None:
    message = small.through("two blankets in the cot and he sleeps on his tummy every night", "topics")
    assert {each["id"] for each in message.get("topic_scores")[:2]} == {"bedding_clutter", "sleep_position"}


def test_an_examples_own_topics_win_over_its_blocks() -> None:
    both = Message(data={"metadata": {"intent": {"topics": ["a"]}, "example": {"topics": ["b", "c"]}}})
    assert topics_of(both) == ("b", "c")
    assert topics_of(Message(data={"metadata": {"intent": {"topics": ["a"]}}})) == ("a",)
    assert topics_of(Message(data={"metadata": {"intent": {"topics": []}}})) == ()
    assert topics_of(Message(data={"metadata": {"intent": {"other": 1}}})) == ()
    assert topics_of(Message(data={})) == ()


def test_folds_that_cannot_work_are_refused() -> None:
    with pytest.raises(UnderstandingError, match="folds"):
        TopicClassifier.validate_config({"folds": 1})
    TopicClassifier.validate_config({"folds": 2})


# --- statements


def test_the_nearest_statements_best_first(small: Any) -> None:
    message = small.through("is one beer ok if she sleeps in our bed", "statements")
    nearest = message.get("statements")
    assert nearest[0]["id"] == "alcohol.1"
    assert len(nearest) == STATEMENTS_SHOWN == len({each["id"] for each in nearest})
    scores = [each["score"] for each in nearest]
    assert scores == sorted(scores, reverse=True)
    assert nearest[0]["score"] == pytest.approx(1.0, abs=0.02), "it is one of the phrasings"


def test_every_statement_with_phrasings_can_be_found(small: Any) -> None:
    from bot.guidance.library import load_library

    wanted = {s.id for s in load_library().statements() if s.entry.asked_as}
    assert set(small.components["statements"]._ids) == wanted


# --- persisted and loaded


@pytest.mark.parametrize("text", ["can we nap on the sofa", "wibble", "hes gone blue?"])
def test_the_words_loaded_again_are_the_same(small: Any, loaded: Callable[[str], Any], text: str) -> None:
    rows = []
    for component in (small.components["words"], loaded("words")):
        message = Message(data={"text": text})
        component.process([message])
        _, sentence = message.get_sparse_features("text")
        rows.append((sentence.features.toarray(), message.get(KNOWN_WORDS)))
    assert np.allclose(rows[0][0], rows[1][0])
    assert rows[0][1] == rows[1][1]


@pytest.mark.parametrize("name", ["acts", "topics", "statements"])
@pytest.mark.parametrize(
    "text", ["can we nap on the sofa", "hello", "hes gone blue", "two blankets and wine"]
)
def test_loaded_again_it_answers_the_same(
    small: Any, loaded: Callable[[str], Any], name: str, text: str
) -> None:
    keys = ("intent", "intent_ranking", "topics", "topic_scores", "statements")
    before, after = small.featurized(text), small.featurized(text)
    small.components[name].process([before])
    loaded(name).process([after])
    for key in keys:
        first, second = before.get(key), after.get(key)
        if isinstance(first, list):
            assert [e.get("id", e.get("name")) for e in first] == [e.get("id", e.get("name")) for e in second]
            scores = [[e.get("score", e.get("confidence")) for e in each] for each in (first, second)]
            assert scores[0] == pytest.approx(scores[1], abs=2e-4)
        elif key == "intent" and first:
            assert first["name"] == second["name"]
    assert any(after.get(key) for key in keys)


# --- nothing to read


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_breaks_no_component(small: Any, text: str) -> None:
    message = small.through(text)
    assert not message.get(FAILED)
    assert message.get("urgency") == "none"
    assert message.get("intent")["name"] in {"nlu_fallback", "out_of_scope", *(act.value for act in Act)}


def test_a_very_long_message(small: Any) -> None:
    message = small.through("he sleeps on the sofa " * 400)
    assert not message.get(FAILED)
    assert len(message.get("topic_scores")) == TOPICS_SHOWN
    assert message.get("urgency") == "none"


# --- the guard


class Breaks:
    """A component that fails on every message."""

    @guarded
    def process(self, messages: list[Message]) -> list[Message]:
        raise RuntimeError("he is called Wilfred")


def test_a_failure_marks_the_message_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    messages = [Message(data={"text": "wilfred has a cold"}), Message(data={"text": "b"})]
    with caplog.at_level(logging.DEBUG):
        assert Breaks().process(messages) == messages
        Breaks().process(messages)
    assert [message.get(FAILED) for message in messages] == [["Breaks", "Breaks"]] * 2
    assert "RuntimeError" in caplog.text
    assert "ilfred" not in caplog.text


@pytest.mark.parametrize("name", ["words", "encoder", "acts", "topics", "statements", "entities"])
def test_a_component_that_fails_makes_the_turn_a_check(
    small: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fails(*args: Any, **kwargs: Any) -> Any:
        raise MemoryError

    if name == "entities":
        monkeypatch.setattr(entities, "find_entities", fails)
    elif name == "words":
        monkeypatch.setattr("bot.understanding.ngrams.clean", fails)
    elif name == "encoder":
        monkeypatch.setattr("bot.understanding.encoder.encoder", fails)
    elif name == "statements":
        monkeypatch.setattr(small.components[name], "_vectors", np.zeros((3, 2)))
    else:
        monkeypatch.setattr(f"bot.understanding.{name}.readable", fails)
    message = small.through("thank you so much")
    assert type(small.components[name]).__name__ in message.get(FAILED)
    assert message.get("intent")["name"] == "check"
    assert message.get("urgency") == "check"


def test_an_emergency_survives_a_component_that_fails(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.understanding.encoder.encoder", lambda: 1 / 0)
    assert small.through("hes not breathing").get("intent")["name"] == "emergency"


def test_when_the_resolver_itself_fails(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "decide", lambda signals: 1 / 0)
    message = small.through("hello")
    assert message.get("intent")["name"] == message.get("urgency") == "check"
    assert "TurnResolver" in message.get(FAILED)


# --- the resolver


def resolved(
    small: Any,
    text: str = "some words",
    ranking: dict[str, float] | None = None,
    topics: dict[str, float] | None = None,
    tracker: DialogueStateTracker | None = None,
    present: float = 0.5,
    known_words: float = 1.0,
) -> Message:
    """The resolver alone, on given results of the components before it."""
    scored = [{"id": name, "score": score} for name, score in (topics or {}).items()]
    message = Message(
        data={
            "text": text,
            KNOWN_WORDS: known_words,
            "intent_ranking": [{"name": n, "confidence": c} for n, c in (ranking or {}).items()],
            "topic_scores": scored,
            "topics": [each for each in scored if each["score"] >= present],
        }
    )
    small.components["resolver"].process([message], tracker=tracker)
    return message


@pytest.mark.parametrize(
    ("ranking", "topics", "intent", "first_topic"),
    [
        ({"ask_advice": 0.9}, {"alcohol": 0.9}, "ask_advice", "alcohol"),
        ({"ask_advice": 0.9}, {"alcohol": 0.3}, "ask_advice", "alcohol"),
        ({"tell_practice": 0.1}, {"alcohol": 0.9}, "tell_practice", "alcohol"),
        ({"ask_advice": 0.9}, {"out_of_scope": 0.9, "alcohol": 0.1}, "out_of_scope", OUT_OF_SCOPE),
        ({"out_of_scope": 0.9}, {"alcohol": 0.9}, "out_of_scope", OUT_OF_SCOPE),
        ({"thank": 0.9}, {}, "thank", None),
        ({"thank": 0.1}, {"alcohol": 0.9}, "ask_advice", "alcohol"),
        ({"thank": 0.1}, {"alcohol": 0.55}, "nlu_fallback", "alcohol"),
        ({"thank": 0.1}, {}, "nlu_fallback", None),
        ({}, {}, "nlu_fallback", OUT_OF_SCOPE),
        ({"thank": 0.1}, {"chitchat": 0.9}, "nlu_fallback", "chitchat"),
    ],
)
def test_the_intent_that_policies_see(
    small: Any, ranking: dict[str, float], topics: dict[str, float], intent: str, first_topic: str | None
) -> None:
    message = resolved(small, ranking=ranking, topics=topics)
    assert message.get("intent")["name"] == intent
    assert [each["id"] for each in message.get("topics")][:1] == ([first_topic] if first_topic else [])
    assert message.get("urgency") == "none"


def test_words_that_training_never_saw_are_not_guessed_at(small: Any) -> None:
    ranking, topics = {"ask_advice": 0.9}, {"alcohol": 0.9}
    message = resolved(small, ranking=ranking, topics=topics, known_words=0.0)
    assert message.get("intent")["name"] == "nlu_fallback"
    danger = resolved(small, text="hes not breathing", ranking=ranking, known_words=0.0)
    assert danger.get("intent")["name"] == "emergency"
    assert small.through("wibble wobble zxqv").get("intent")["name"] == "nlu_fallback"


@pytest.mark.parametrize(
    ("text", "share"), [("sofa", 1.0), ("sofa wibble", 0.5), ("wibble", 0.0), ("", None)]
)
def test_how_many_words_are_known(small: Any, text: str, share: float | None) -> None:
    assert small.through(text, "words").get(KNOWN_WORDS) == share


@pytest.mark.parametrize("act", [act for act in Act if act not in {Act.OUT_OF_SCOPE}])
def test_the_act_is_kept_beside_the_intent(small: Any, act: Act) -> None:
    message = resolved(small, text="hes not breathing", ranking={act.value: 0.9})
    assert message.get("intent")["name"] == "emergency"
    assert message.get("act") == act.value
    assert message.get("kind") == KIND_OF_ACT[act].value
    assert message.get("red_flags") == ["redflag.1"]


def test_a_safety_act_is_no_act(small: Any) -> None:
    message = resolved(small, ranking={"emergency": 0.3, "thank": 0.25, "greet": 0.2})
    assert message.get("act") == "thank"


def test_a_sure_classifier_without_a_rule(small: Any) -> None:
    assert resolved(small, ranking={"emergency": 0.95}).get("intent")["name"] == "emergency"
    assert resolved(small, ranking={"urgent": 0.95}).get("intent")["name"] == "urgent"


def test_an_open_check_needs_a_clear_no(small: Any) -> None:
    tracker = tracker_after("hes floppy", question="check:redflag.1")
    for act in ("affirm", "dont_know", "greet", "ask_advice"):
        assert resolved(small, ranking={act: 0.9}, tracker=tracker).get("intent")["name"] == "emergency"
    assert resolved(small, ranking={"deny": 0.9}, tracker=tracker).get("intent")["name"] == "deny"
    other = tracker_after("x", question="fact:smokes")
    assert resolved(small, ranking={"affirm": 0.9}, tracker=other).get("intent")["name"] == "affirm"


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (("hes not",), "breathing"),
        (("help", "hes stopped"), "breathing"),
        (("she wont",), "wake up"),
        (("not",), "breathing"),
    ],
)
def test_fragments_are_read_together(small: Any, before: tuple[str, ...], text: str) -> None:
    assert resolved(small, text=text, ranking={"inform": 0.9}).get("urgency") != "emergency"
    together = resolved(small, text=text, ranking={"inform": 0.9}, tracker=tracker_after(*before, text))
    assert together.get("intent")["name"] == "emergency"


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (("hes not breathing",), "thanks"),
        (("my big boy is such a good sleeper he is not",), "breathing"),
        (("hes not", "a", "b"), "breathing"),
        (("/not",), "breathing"),
        (("hes not",), "breathing is what we talked about at the class"),
    ],
)
def test_only_short_recent_messages_are_fragments(small: Any, before: tuple[str, ...], text: str) -> None:
    message = resolved(small, text=text, ranking={"inform": 0.9}, tracker=tracker_after(*before, text))
    assert message.get("urgency") == "none"


def test_everything_that_parse_gives_out(small: Any) -> None:
    message = small.through("hes 9 weeks, can we nap on the sofa")
    given = parsed("hes 9 weeks", message.as_dict(only_output_properties=True))
    assert set(given) == {
        "text", "intent", "act", "topics", "kind", "urgency", "red_flags", "because", "entities",
    }  # fmt: skip
    assert given["topics"][0]["id"] == "sofa_armchair"
    assert [entity["value"] for entity in given["entities"] if entity["entity"] == "baby_age"] == [
        {"weeks": 9.0}
    ]


def test_parse_of_nothing_is_still_whole() -> None:
    given = parsed("", {})
    assert given["topics"] == [{"id": "out_of_scope", "score": 1.0}]
    assert (given["act"], given["kind"], given["urgency"]) == ("out_of_scope", "question", "none")
    assert given["intent"] == {"name": None, "confidence": 0.0}
