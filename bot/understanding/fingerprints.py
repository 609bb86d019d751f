"""Hashes that tell Rasa's training cache when something beside a component's class changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

HERE = Path(__file__).parent


def code_fingerprint(*names: str) -> str:
    """A hash over files of this folder (code, rules), for ``fingerprint_addon``."""
    return files_fingerprint([HERE / name for name in names])


def files_fingerprint(paths: list[Path]) -> str:
    """A hash over the contents of ``paths``, in order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
