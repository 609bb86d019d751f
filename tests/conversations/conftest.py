"""Every ``.yml`` under this folder is a conversation, run against the whole assistant.

The model is the trained one, the actions and the record are real, all in one process.
``harness.py`` says what a step may be.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conversations.harness import Script, Stage, StepFailed, read_script

_stage: list[Stage] = []


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """A conversation script is a test file."""
    if file_path.suffix == ".yml":
        return ScriptFile.from_parent(parent, path=file_path)
    return None


class ScriptFile(pytest.File):
    """One conversation script."""

    def collect(self) -> Iterator[pytest.Item]:
        """The one test in it."""
        yield ScriptItem.from_parent(self, name=self.path.stem)


class ScriptItem(pytest.Item):
    """Plays a script."""

    def runtest(self) -> None:
        """Play it on the one stage of this run."""
        the_stage().play(self.script())

    def script(self) -> Script:
        """Read the script."""
        return read_script(self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The conversation so far, instead of a stack trace."""
        if isinstance(excinfo.value, StepFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """What is shown while running."""
        return self.path, 0, self.path.stem.replace("_", " ")


def the_stage() -> Stage:
    """The assistant, loaded once."""
    if not _stage:
        _stage.append(Stage())
    return _stage[0]


def pytest_sessionfinish() -> None:
    """Close what was opened."""
    for stage in _stage:
        stage.close()


@pytest.fixture(scope="session")
def stage() -> Stage:
    """The assistant for tests written in Python."""
    return the_stage()
