"""Training, only when something that the model is made of has changed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from bot.errors import ModelError
from bot.settings import ROOT, Settings

MADE_OF = (
    "config.yml",
    "domain.yml",
    "requirements.txt",
    "data/**/*.yml",
    "bot/guidance/topics/*.yml",
    "bot/understanding/*.py",
    "bot/understanding/*.yml",
    "bot/vocabulary.py",
    "bot/files.py",
)
"""What a model is made of, as patterns from the project's folder."""

MODEL_NAME = "safer-sleep"


def train_if_stale(config: Settings, force: bool = False) -> bool:
    """Train unless the newest model was made of exactly what is here now.

    Returns:
        whether a model was trained.

    Raises:
        ModelError: training failed; the message says where to look.
    """
    folder = models_folder(config)
    wanted = fingerprint()
    if not force and is_fresh(folder, wanted):
        return False
    from bot.dialogue.host import prepare

    prepare()
    from rasa.model_training import train

    _show_progress()
    started = time.perf_counter()
    bars = io.StringIO()  # Rasa draws a bar for every handful of rules; shown only on failure
    try:
        with contextlib.redirect_stderr(bars):
            result = train(
                domain=str(ROOT / "domain.yml"),
                config=str(ROOT / "config.yml"),
                training_files=[str(ROOT / "data")],
                output=str(folder),
                fixed_model_name=MODEL_NAME,
                force_training=force,
            )
    except BaseException:
        sys.stderr.write(bars.getvalue())
        raise
    if result.code != 0 or not result.model:
        sys.stderr.write(bars.getvalue())
        raise ModelError("training failed; run `make train` to see Rasa's own report")
    mark = {"fingerprint": wanted, "seconds": round(time.perf_counter() - started, 1)}
    mark_file(folder).write_text(json.dumps(mark))
    return True


def _show_progress() -> None:
    """Rasa says which component it trains or takes from its cache; show that and no more."""
    hooks = logging.getLogger("rasa.engine.training.hooks")
    if not hooks.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("  %(message)s"))
        hooks.addHandler(handler)
        hooks.setLevel(logging.INFO)
        hooks.propagate = False


def models_folder(config: Settings) -> Path:
    """Where models are kept."""
    folder = Path(config.model)
    return folder if folder.is_absolute() else ROOT / folder


def mark_file(folder: Path) -> Path:
    """The file that says what the model in ``folder`` was made of."""
    return folder / f"{MODEL_NAME}.json"


def is_fresh(folder: Path, wanted: str) -> bool:
    """Whether the model in ``folder`` was made of what ``wanted`` stands for."""
    try:
        mark = json.loads(mark_file(folder).read_text())
    except (OSError, ValueError):
        return False
    return mark.get("fingerprint") == wanted and (folder / f"{MODEL_NAME}.tar.gz").is_file()


def fingerprint(root: Path = ROOT, patterns: Iterable[str] = MADE_OF) -> str:
    """A hash over everything the model is made of."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
