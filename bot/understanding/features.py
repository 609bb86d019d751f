"""The features of a message as one row: n-grams and the sentence vector side by side."""

from __future__ import annotations

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
    return vstack([_row(message) for message in messages]).tocsr()


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
