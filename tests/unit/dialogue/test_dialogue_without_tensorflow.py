"""The stand-in for TensorFlow: answers are equal with it and without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.dialogue import without_tensorflow
from bot.dialogue.without_tensorflow import NEEDS_TENSORFLOW, STOOD_IN, needs_tensorflow
from bot.settings import ROOT

CONFIG = """
recipe: default.v1
assistant_id: tiny
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: CountVectorsFeaturizer
  - name: LogisticRegressionClassifier
policies:
  - name: RulePolicy
"""
DOMAIN = """
version: "3.1"
intents: [greet, ask_cot, thank]
responses:
  utter_greet: [{text: "Hello."}]
  utter_cot: [{text: "A clear, flat cot."}]
  utter_thank: [{text: "You are welcome."}]
"""
DATA = """
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello there
    - hi
    - good morning
- intent: ask_cot
  examples: |
    - which cot
    - is the cot ok
    - cot or basket
- intent: thank
  examples: |
    - thanks
    - thank you
    - cheers
rules:
- rule: greet
  steps: [{intent: greet}, {action: utter_greet}]
- rule: cot
  steps: [{intent: ask_cot}, {action: utter_cot}]
- rule: thank
  steps: [{intent: thank}, {action: utter_thank}]
"""

SCRIPT = """
import asyncio, json, sys, warnings
warnings.simplefilter("ignore")
from pathlib import Path
here, with_stand_in = Path(sys.argv[1]), sys.argv[2] == "stand-in"
sys.path.insert(0, sys.argv[3])
from bot.dialogue import without_tensorflow
if with_stand_in:
    assert without_tensorflow.install(here / "config.yml")
import tensorflow
from rasa.model_training import train
from rasa.core.agent import Agent
result = train(
    domain=str(here / "domain.yml"), config=str(here / "config.yml"), training_files=[str(here / "data.yml")],
    output=str(here / sys.argv[2]), fixed_model_name="tiny", force_training=True,
)
agent = Agent.load(result.model)
answers = {}
async def ask():
    for text in ["hello", "is a cot ok", "thanks a lot", "something else", "", "hi which cot thank you"]:
        parse = await agent.parse_message(text)
        said = await agent.handle_text(text, sender_id=text)
        answers[text] = [
            [[each["name"], round(each["confidence"], 6)] for each in parse["intent_ranking"]],
            [each.get("text") for each in said],
        ]
asyncio.run(ask())
print("ANSWERS" + json.dumps({
    "answers": answers,
    "real": not without_tensorflow.installed(),
    "keras": hasattr(tensorflow, "__file__") and tensorflow.__file__ is not None,
    "layers": len([name for name in sys.modules if name.startswith("tensorflow.python")]),
}))
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The tiny assistant, trained and asked once with the real TensorFlow and once without."""
    running = {}
    for which in ("real", "stand-in"):
        folder: Path = tmp_path_factory.mktemp(which)
        for name, text in (("config.yml", CONFIG), ("domain.yml", DOMAIN), ("data.yml", DATA)):
            (folder / name).write_text(text)
        environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
        running[which] = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", SCRIPT, str(folder), which, str(ROOT)],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    results = {}
    for which, process in running.items():
        out, err = process.communicate(timeout=150)
        assert process.returncode == 0, err[-3000:]
        (line,) = [line for line in out.splitlines() if line.startswith("ANSWERS")]
        results[which] = json.loads(line.removeprefix("ANSWERS"))
    return results


def test_one_had_the_real_tensorflow_and_one_had_not(trained: dict[str, dict[str, Any]]) -> None:
    assert trained["real"]["real"] is True and trained["real"]["keras"] is True
    assert trained["real"]["layers"] > 100
    assert trained["stand-in"]["real"] is False
    assert trained["stand-in"]["layers"] < 20


def test_the_answers_are_equal(trained: dict[str, dict[str, Any]]) -> None:
    assert trained["stand-in"]["answers"] == trained["real"]["answers"]


def test_and_they_are_answers(trained: dict[str, dict[str, Any]]) -> None:
    answers = trained["real"]["answers"]
    assert answers["hello"][1] == ["Hello."]
    assert answers["is a cot ok"][1] == ["A clear, flat cot."]
    assert len(answers["hello"][0]) == 3


@pytest.mark.parametrize("name", NEEDS_TENSORFLOW)
@pytest.mark.parametrize("part", ["pipeline", "policies"])
def test_a_component_that_needs_tensorflow_is_seen(tmp_path: Path, name: str, part: str) -> None:
    config = tmp_path / "config.yml"
    config.write_text(f"{part}:\n  - name: WhitespaceTokenizer\n  - name: {name}\n    epochs: 1\n")
    assert needs_tensorflow(config)
    config.write_text(f"{part}:\n  - name: rasa.some.module.{name}\n")
    assert needs_tensorflow(config)


@pytest.mark.parametrize("text", ["", "pipeline:\npolicies:\n", "pipeline: [{name: WhitespaceTokenizer}]"])
def test_what_does_not_need_it(tmp_path: Path, text: str) -> None:
    config = tmp_path / "config.yml"
    config.write_text(text)
    assert not needs_tensorflow(config)


def test_our_own_config_does_not() -> None:
    assert not needs_tensorflow(ROOT / "config.yml")


REFUSES = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from bot.dialogue import without_tensorflow as w
before = list(sys.meta_path)
print(w.install(Path(sys.argv[1])), w.installed(), sys.meta_path == before)
"""


@pytest.mark.parametrize(
    ("config", "outcome"),
    [
        ("pipeline: [{name: DIETClassifier}]", "False False True"),
        ("policies: [{name: TEDPolicy}]", "False False True"),
        ("pipeline: [{name: WhitespaceTokenizer}]", "True True False"),
    ],
)
def test_install_refuses_where_tensorflow_is_needed(tmp_path: Path, config: str, outcome: str) -> None:
    (tmp_path / "config.yml").write_text(config)
    done = subprocess.run(
        [sys.executable, "-c", REFUSES, str(tmp_path / "config.yml"), str(ROOT)],
        capture_output=True, text=True, timeout=30, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.strip() == outcome, done.stderr


def test_installing_twice_is_once() -> None:
    assert without_tensorflow.installed()
    finders = len(sys.meta_path)
    assert without_tensorflow.install(ROOT / "config.yml")
    assert len(sys.meta_path) == finders


def test_every_stood_in_module_can_be_used_as_rasa_uses_it() -> None:
    import tensorflow as tf
    from tensorflow.keras.layers import Layer

    class Mine(Layer):
        def __init__(self) -> None:
            super().__init__()

    def function(x: int) -> int:
        return x + 1

    assert isinstance(Mine(), Mine)
    assert tf.function(function)(1) == 2
    assert tf.function(experimental=True)(function)(1) == 2
    assert tf.__version__ == without_tensorflow.VERSION
    for name in STOOD_IN:
        assert __import__(name).__spec__.name == name
    with pytest.raises(AttributeError):
        tf.__no_such_dunder__  # noqa: B018
