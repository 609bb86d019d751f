"""Fixtures of the portal's tests."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

with warnings.catch_warnings():  # third-party modules that warn while they are imported
    warnings.simplefilter("ignore")
    import spacy.cli  # noqa: F401

sys.path.insert(0, str(Path(__file__).parent))

from portal_harness import Client, Portal, running_portal


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """A portal of its own for one test."""
    with running_portal(tmp_path) as running:
        yield running


@pytest.fixture
def client(portal: Portal) -> Client:
    """An anonymous parent with a session."""
    return portal.started()
