"""A stand-in for TensorFlow, so that Rasa starts in 2 s instead of 7 and in 200 MB.

Importing Rasa 3.6 imports TensorFlow, Keras and two companions even where no component
uses them. :func:`install` puts a finder first on ``sys.meta_path`` that answers those
imports with modules whose every attribute is a class that can be subclassed, called, or
used as a decorator that returns what it decorates. Our own commands install it unless
``config.yml`` names a component that needs TensorFlow; stock ``rasa`` commands use the
real one. ``tests/unit/dialogue/test_without_tensorflow.py`` shows that answers are equal.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from bot.files import read_yaml

STOOD_IN = ("tensorflow", "keras", "tensorflow_hub", "tensorflow_text", "tensorflow_addons")
VERSION = "2.12.0"

NEEDS_TENSORFLOW = (
    "DIETClassifier",
    "ResponseSelector",
    "TEDPolicy",
    "UnexpecTEDIntentPolicy",
    "ConveRTFeaturizer",
    "LanguageModelFeaturizer",
)
"""Rasa components that cannot work on the stand-in."""


class _Anything(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _make(name)

    def __getitem__(cls, item: Any) -> Any:
        return cls

    def __or__(cls, other: Any) -> Any:
        return Any

    def __ror__(cls, other: Any) -> Any:
        return Any


def _make(name: str) -> Any:
    def new(cls: type, *args: Any, **kwargs: Any) -> Any:
        # As a decorator, with or without arguments, hand back what is decorated.
        if len(args) == 1 and not kwargs and callable(args[0]) and cls.__module__ == __name__:
            return args[0]
        return object.__new__(cls)

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        return None

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return args[0] if len(args) == 1 and callable(args[0]) else self

    def attribute(self: Any, wanted: str) -> Any:
        if wanted.startswith("__"):
            raise AttributeError(wanted)
        return _make(wanted)

    return _Anything(name, (), {"__new__": new, "__init__": init, "__call__": call, "__getattr__": attribute})


class _StandIn(ModuleType):
    __version__ = VERSION
    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = _make(name)
        setattr(self, name, made)
        return made


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname.split(".")[0] in STOOD_IN:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


def install(config: Path) -> bool:
    """Install the stand-in unless ``config`` names a component that needs TensorFlow.

    Must run before Rasa is imported. Returns whether the stand-in is in place.
    """
    if installed():
        return True
    if needs_tensorflow(config) or "tensorflow" in sys.modules:
        return False
    sys.meta_path.insert(0, _Finder())
    return True


def installed() -> bool:
    """Whether the stand-in is in place in this process."""
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)


def needs_tensorflow(config: Path) -> bool:
    """Whether a component in ``config`` (a Rasa ``config.yml``) needs TensorFlow."""
    content = read_yaml(config) or {}
    names = [
        str(entry.get("name", "")) for part in ("pipeline", "policies") for entry in content.get(part) or []
    ]
    return any(name.rsplit(".", 1)[-1] in NEEDS_TENSORFLOW for name in names)
