"""The encoder's files, its cache, and what makes Rasa train again."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rasa.engine.recipes.default_recipe import DefaultV1Recipe

from bot.errors import SaferSleepError, WeightsError
from bot.settings import ROOT, Settings
from bot.understanding import encoder as encoder_module
from bot.understanding import fingerprints, minilm
from bot.understanding.acts import ActClassifier
from bot.understanding.encoder import SentenceEncoder, VectorCache
from bot.understanding.entities import EntityRules
from bot.understanding.language import LanguageComponent
from bot.understanding.minilm import DIMENSIONS, MiniLM, weight_paths
from bot.understanding.ngrams import NgramFeaturizer
from bot.understanding.resolver import TurnResolver
from bot.understanding.statements import StatementRanker
from bot.understanding.topics import TopicClassifier


def deploys(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(minilm, "settings", lambda: Settings(encoder_dir=str(folder)))


def test_the_packages_files_are_the_expected_ones() -> None:
    model, tokenizer = weight_paths()
    minilm.check(model, minilm.MODEL_SHA256)
    minilm.check(tokenizer, minilm.TOKENIZER_SHA256)


def test_a_missing_file_says_which_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deploys(monkeypatch, tmp_path)
    assert weight_paths() == (tmp_path / "model.onnx", tmp_path / "tokenizer.json")
    with pytest.raises(WeightsError) as caught:
        MiniLM(*weight_paths())
    message = str(caught.value)
    assert "model.onnx is missing" in message
    assert "SAFER_SLEEP_ENCODER_DIR" in message and "requirements" in message
    assert isinstance(caught.value, SaferSleepError)


def test_a_missing_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = weight_paths()
    (tmp_path / "model.onnx").symlink_to(model)
    deploys(monkeypatch, tmp_path)
    with pytest.raises(WeightsError, match=r"tokenizer\.json is missing"):
        MiniLM(*weight_paths())


@pytest.mark.parametrize("wrong", ["model.onnx", "tokenizer.json"])
def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    for source, name in zip(weight_paths(), ("model.onnx", "tokenizer.json")):
        (tmp_path / name).symlink_to(source)
    (tmp_path / wrong).unlink()
    (tmp_path / wrong).write_bytes(b"something else")
    deploys(monkeypatch, tmp_path)
    with pytest.raises(WeightsError, match=rf"{re.escape(wrong)} is not the expected file: SHA-256 "):
        MiniLM(*weight_paths())


def test_a_package_that_is_not_installed(tmp_path: Path) -> None:
    path = minilm._package_file("no_such_package_of_ours", "model.onnx")
    with pytest.raises(WeightsError, match="missing"):
        minilm.check(path, "0")


def test_vectors_of_nothing_and_of_much() -> None:
    assert minilm.encoder().encode([]).shape == (0, DIMENSIONS)
    vectors = minilm.encoder().encode(["", "a", "word " * 500])
    assert vectors.shape == (3, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-3)


def test_vectors_come_in_the_order_of_the_texts() -> None:
    texts = [f"{'long ' * (n % 7)}text {n}" for n in range(40)]
    together = minilm.encoder().encode(texts)
    for place in (0, 13, 39):
        alone = minilm.encoder().encode([texts[place]])[0]
        assert alone @ together[place] > 0.99


class Counting:
    """An encoder that counts what it encodes."""

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += texts
        return np.array(
            [[len(text), ord(text[0])] + [0] * (DIMENSIONS - 2) for text in texts], dtype=np.float32
        )


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    made = Counting()
    monkeypatch.setattr(encoder_module, "encoder", lambda: made)
    return made


def test_a_second_run_encodes_nothing(tmp_path: Path, counting: Counting) -> None:
    path = tmp_path / "deep" / "vectors.npz"
    texts = ["one", "three", "one", "fourteen"]
    first = VectorCache(path).encode(texts)
    assert counting.encoded == ["one", "three", "fourteen"]
    second = VectorCache(path).encode(texts)
    assert counting.encoded == ["one", "three", "fourteen"]
    assert np.array_equal(first, second)
    assert first[:, 0].tolist() == [3, 5, 3, 8]
    assert not list(path.parent.glob("*partial*"))


def test_only_what_is_new_is_encoded(tmp_path: Path, counting: Counting) -> None:
    cache = VectorCache(tmp_path / "vectors.npz")
    cache.encode(["a", "b"])
    cache.encode(["b", "c", "a"])
    assert counting.encoded == ["a", "b", "c"]
    assert cache.encode(["c", "a"])[:, 1].tolist() == [ord("c"), ord("a")]


def test_no_texts_at_all(tmp_path: Path, counting: Counting) -> None:
    assert VectorCache(tmp_path / "vectors.npz").encode([]).shape == (0, DIMENSIONS)


@pytest.mark.parametrize("damage", ["empty", "garbage", "cut short", "other keys", "a folder"])
def test_a_damaged_cache_costs_time_and_nothing_else(tmp_path: Path, counting: Counting, damage: str) -> None:
    path = tmp_path / "vectors.npz"
    VectorCache(path).encode(["a", "b"])
    whole = path.read_bytes()
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "garbage":
        path.write_bytes(b"not a zip file at all")
    elif damage == "cut short":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "other keys":
        np.savez(path, other=np.zeros(2))
    else:
        path = tmp_path / "elsewhere" / "vectors.npz"
    assert VectorCache(path).encode(["a", "b"])[:, 1].tolist() == [ord("a"), ord("b")]
    assert counting.encoded == ["a", "b", "a", "b"]


def test_other_weights_are_another_cache(
    tmp_path: Path, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = VectorCache(tmp_path / "vectors.npz")
    cache.encode(["a"])
    monkeypatch.setattr(encoder_module, "MODEL_SHA256", "another")
    cache.encode(["a"])
    assert counting.encoded == ["a", "a"]


DEPENDS_ON = [
    (LanguageComponent, "english.py"),
    (NgramFeaturizer, "ngrams.py"),
    (NgramFeaturizer, "english.py"),
    (ActClassifier, "features.py"),
    (TopicClassifier, "features.py"),
    (TopicClassifier, "topics.py"),
    (StatementRanker, "statements.py"),
    (EntityRules, "entities.py"),
    (EntityRules, "values.py"),
    (EntityRules, "lexicon.yml"),
    (TurnResolver, "red_flags.yml"),
    (TurnResolver, "red_flag_rules.py"),
    (TurnResolver, "scope.py"),
    (TurnResolver, "decision.py"),
    # How a text becomes a vector is in these, and a trained model was made of those vectors.
    (SentenceEncoder, "english.py"),
    (SentenceEncoder, "minilm.py"),
    (StatementRanker, "english.py"),
    (StatementRanker, "minilm.py"),
]


@pytest.mark.parametrize(("component", "name"), DEPENDS_ON, ids=lambda each: getattr(each, "__name__", each))
def test_training_again_when_a_file_it_is_made_of_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, component: Any, name: str
) -> None:
    folder = tmp_path / "understanding"
    shutil.copytree(fingerprints.HERE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprints, "HERE", folder)
    config = component.get_default_config()
    before = component.fingerprint_addon(config)
    assert component.fingerprint_addon(config) == before
    with (folder / name).open("a") as file:
        file.write("\n# changed\n")
    assert component.fingerprint_addon(config) != before


def test_statements_train_again_when_guidance_changes(tmp_path: Path) -> None:
    config = {"guidance": str(tmp_path)}
    (tmp_path / "a.yml").write_text("statements: []")
    before = StatementRanker.fingerprint_addon(config)
    (tmp_path / "a.yml").write_text("statements: [] # x")
    changed = StatementRanker.fingerprint_addon(config)
    (tmp_path / "b.yml").write_text("statements: []")
    assert len({before, changed, StatementRanker.fingerprint_addon(config)}) == 3


def test_a_hash_over_files_tells_names_and_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("x")
    two.write_text("x")
    hashes = {
        fingerprints.files_fingerprint([one]),
        fingerprints.files_fingerprint([two]),
        fingerprints.files_fingerprint([one, two]),
        fingerprints.files_fingerprint([two, one]),
    }
    assert len(hashes) == 4


NAMES = [
    entry["name"]
    for part in ("pipeline", "policies")
    for entry in yaml.safe_load((ROOT / "config.yml").read_text())[part]
]

RESOLVE = """
import json, sys
from pathlib import Path
from bot.dialogue import without_tensorflow
without_tensorflow.install(Path("config.yml"))
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
recipe, found = DefaultV1Recipe(), {}
for name in json.loads(sys.argv[1]):
    found[name] = recipe._from_registry(name).clazz.__name__
print(json.dumps(found))
"""


def test_every_name_in_the_config_resolves_in_a_clean_process() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SAFER_SLEEP")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RESOLVE, json.dumps(NAMES)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {name: name.rsplit(".", 1)[-1] for name in NAMES}


def test_the_resolver_is_last_and_the_language_first() -> None:
    pipeline = [name for name in NAMES if not name.endswith("Policy")]
    assert pipeline[0].endswith("LanguageComponent")
    assert pipeline[-1].endswith("TurnResolver")
    assert DefaultV1Recipe.name == "default.v1"
