"""The features of a message as one row: n-grams and the sentence vector side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import csr_matrix, hstack, vstack


def readable(message: Message) -> bool:
    """Whether the message has words: without any there are no n-grams to classify."""
    _, sparse = message.get_sparse_features(attribute=TEXT)
    return bool((message.get(TEXT) or "").strip()) and sparse is not None


def feature_rows(messages: list[Message]) -> csr_matrix:
    """One row a message: its sparse sentence features, then its dense ones.

    Raises:
        ValueError: a message has no features at all.
    """
    return vstack([_row(message) for message in messages]).tocsr().astype(np.float32)


def linear_scores(rows: csr_matrix, weights: Any, bias: Any) -> Any:
    """``rows @ weights + bias`` as probabilities, shape (rows, labels).

    Args:
        rows: float32, as :func:`feature_rows` gives them.
        weights: float32, contiguous, shape (features, labels): anything else is copied
            whole for every message.
        bias: shape (labels,).
    """
    return 1.0 / (1.0 + np.exp(-np.asarray(rows @ weights + bias, dtype=np.float64)))


def _row(message: Message) -> csr_matrix:
    parts = []
    _, sparse = message.get_sparse_features(attribute=TEXT)
    _, dense = message.get_dense_features(attribute=TEXT)
    if sparse:
        parts.append(csr_matrix(sparse.features))
    if dense:
        parts.append(csr_matrix(np.asarray(dense.features)))
    if not parts:
        raise ValueError("a message reached the classifier without features")
    return hstack(parts).tocsr()
