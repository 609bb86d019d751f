"""What every test shares: a data folder of its own, and no network beyond this machine."""

from __future__ import annotations

import os
import tempfile
import warnings

# Before anything of ours is imported: settings are read once.
_FOLDER = tempfile.mkdtemp(prefix="safer-sleep-tests-")
os.environ["SAFER_SLEEP_DATA_DIR"] = _FOLDER
os.environ.pop("DATABASE_URL", None)
os.environ.setdefault("SQLALCHEMY_WARN_20", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

# Rasa's pinned libraries warn while they are imported; that is not ours to mend. From here
# on a warning is an error (pyproject.toml lists the few exceptions).
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from bot.dialogue.host import prepare

    prepare()
    import rasa.core.agent
    import rasa.model_training
    import rasa.server  # noqa: F401
